import { createHmac } from 'node:crypto';
import type { StoredChange } from '../changes/service.ts';
import { type Context, inTransaction } from '../context.ts';
import { enqueue } from '../jobs/service.ts';
import { sendMail } from '../mail/service.ts';
import { OutboundError, type OutboundRequest } from '../outbound/client.ts';
import { plusSeconds, type Timestamp } from '../time.ts';
import { type Event, eventsOf } from './events.ts';
import {
  beginAttempt,
  findDueDeliveries,
  findListeners,
  findRecipient,
  insertDeliveries,
  markFailureMailed,
  nextAttempt,
  type Recipient,
  removeOldDeliveries,
  saveOutcome,
  type StoredDelivery,
  type StoredWebhook,
} from './store.ts';

export const deliverKind = 'webhooks.deliver';

/** Writes down what changes have to tell to which webhooks, in the transaction in which the changes are ticked off. */
export async function writeDeliveries(ctx: Context, changes: StoredChange[]): Promise<void> {
  const listeners = await findListeners(ctx.db, [...new Set(changes.map((change) => change.organisation_id))]);
  if (listeners.length === 0) return;
  const organisationIds = new Set(listeners.map((webhook) => webhook.organisation_id));
  const events = await eventsOf(
    ctx,
    changes.filter((change) => organisationIds.has(change.organisation_id)),
  );
  const ordinals = new Map<number, number>();
  const deliveries = events.flatMap((event) => {
    const ordinal = ordinals.get(event.change.id) ?? 0;
    ordinals.set(event.change.id, ordinal + 1);
    const told = listeners.filter((webhook) => listensTo(webhook, event));
    if (told.length === 0) return [];
    const body = sortedJson({ event_type: event.type, data: event.data });
    return told.map((webhook) => ({
      webhook_id: webhook.id,
      change_id: event.change.id,
      ordinal,
      event_type: event.type,
      body,
      state: 'pending' as const,
      attempts: 0,
      next_attempt_at: ctx.now(),
      response_status: null,
      error: null,
      created_at: ctx.now(),
      finished_at: null,
    }));
  });
  if (deliveries.length === 0) return;
  await insertDeliveries(ctx.db, deliveries);
  for (const webhookId of new Set(deliveries.map((delivery) => delivery.webhook_id))) {
    await enqueue(ctx, { kind: deliverKind, payload: { webhookId }, uniqueKey: String(webhookId) });
  }
}

function listensTo(webhook: StoredWebhook, event: Event): boolean {
  if (webhook.organisation_id !== event.change.organisation_id) return false;
  if (webhook.environment_id === null) return event.type !== 'NEW_VERSION_PUBLISHED';
  return webhook.environment_id === event.environmentId;
}

/** The jobs of this slice by kind. */
export const webhookJobs = {
  [deliverKind]: { run: deliver, concurrency: 8 },
  'webhooks.clean': {
    run: (ctx: Context) => removeOldDeliveries(ctx.db, plusSeconds(ctx.now(), -deliveriesStaySeconds)),
    everySeconds: 3600,
  },
};

/**
 * Sends what is due of one webhook, one after the other, so that an address that does not answer keeps nobody else's
 * waiting. After no answer at all the others are left for a moment later.
 */
async function deliver(ctx: Context, { webhookId }: { webhookId: number }, signal: AbortSignal): Promise<void> {
  const webhook = await findRecipient(ctx.db, webhookId);
  if (webhook === null) return;
  const due = await findDueDeliveries(ctx.db, { webhookId, now: ctx.now(), limit: 100 });
  let pauseSeconds = 0;
  for (const delivery of due) {
    if (signal.aborted) throw new Error('stopped');
    if (!(await beginAttempt(ctx.db, delivery, plusSeconds(ctx.now(), attemptSeconds)))) continue;
    const outcome = await attempt(ctx, webhook, delivery);
    await finish(ctx, webhook, delivery, outcome);
    if (outcome.status === null && outcome.again) {
      pauseSeconds = 5;
      break;
    }
  }
  const next = await nextAttempt(ctx.db, webhookId);
  if (next === null) return;
  const soonest = plusSeconds(ctx.now(), pauseSeconds);
  const runAt = next > soonest ? next : soonest;
  await enqueue(ctx, { kind: deliverKind, payload: { webhookId }, uniqueKey: String(webhookId), runAt });
}

interface Outcome {
  /** Null where nobody answered. */
  status: number | null;
  error: string | null;
  /** Worth another attempt. */
  again: boolean;
}

async function attempt(ctx: Context, webhook: Recipient, delivery: StoredDelivery): Promise<Outcome> {
  const secret = webhook.secret_encrypted === null ? '' : ctx.vault.decrypt(webhook.secret_encrypted);
  // Better not at all than with a signature missing: SECRET_KEY is another one now.
  if (secret === null)
    return { status: null, error: 'The secret cannot be read any more. Set it again.', again: false };
  try {
    const { status } = await post(ctx, { url: webhook.url, body: delivery.body, secret, deliveryId: delivery.id });
    if (status >= 200 && status < 300) return { status, error: null, again: false };
    return { status, error: `The answer was HTTP ${status}.`, again: status >= 500 || status === 429 };
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error;
    return { status: null, error: error.message.slice(0, 500), again: error.reason !== 'refused' };
  }
}

async function finish(ctx: Context, webhook: Recipient, delivery: StoredDelivery, outcome: Outcome): Promise<void> {
  const attempts = delivery.attempts + 1;
  const at = ctx.now();
  const seen = { response_status: outcome.status, error: outcome.error };
  if (outcome.error === null) {
    await saveOutcome(ctx.db, delivery.id, { ...seen, state: 'delivered', next_attempt_at: at, finished_at: at });
    return;
  }
  if (outcome.again && attempts < maxAttempts) {
    const next_attempt_at = plusSeconds(at, backOffSeconds(attempts));
    await saveOutcome(ctx.db, delivery.id, { ...seen, state: 'pending', next_attempt_at, finished_at: null });
    return;
  }
  await inTransaction(ctx, async (ctx) => {
    await saveOutcome(ctx.db, delivery.id, { ...seen, state: 'failed', next_attempt_at: at, finished_at: at });
    await mailFailure(ctx, webhook, { delivery, attempts, error: outcome.error as string });
  });
}

/** At most one e-mail a day for each webhook: an address that is gone would fill the mailbox otherwise. */
async function mailFailure(
  ctx: Context,
  webhook: Recipient,
  failure: { delivery: StoredDelivery; attempts: number; error: string },
): Promise<void> {
  const to = webhook.webhook_notification_email;
  if (to === null) return;
  const at = ctx.now();
  if (!(await markFailureMailed(ctx.db, webhook.id, { at, before: plusSeconds(at, -86_400) }))) return;
  const place =
    webhook.environment_name === null
      ? `the organisation ${webhook.organisation_name}`
      : `the environment ${webhook.environment_name} of ${webhook.organisation_name}`;
  await sendMail(ctx, {
    to,
    subject: 'Webhook failure',
    text: [
      `A webhook of ${place} could not be delivered to ${new URL(webhook.url).host}.`,
      '',
      `Event: ${failure.delivery.event_type}`,
      `Attempts: ${failure.attempts}`,
      `Last error: ${failure.error}`,
      '',
      'The list of its deliveries shows them all. The next message about this webhook comes after a day at the earliest.',
    ].join('\n'),
  });
}

interface Message {
  url: string;
  body: string;
  secret: string;
  deliveryId?: number;
}

/** Sends one message. @throws OutboundError where nobody answers */
export async function post(ctx: Context, message: Message): Promise<{ status: number }> {
  return ctx.outbound.send(signedRequest(message));
}

/**
 * The request that carries a message. `X-Flagsmith-Signature` is the hex HMAC-SHA256 of the body under the secret, where
 * there is one; `X-Halyard-Delivery` is the same for each attempt, so that a receiver can tell a repeat.
 */
export function signedRequest(message: Message): OutboundRequest {
  return {
    method: 'POST',
    url: message.url,
    headers: {
      'content-type': 'application/json',
      ...(message.secret !== '' && {
        'x-flagsmith-signature': createHmac('sha256', message.secret).update(message.body, 'utf8').digest('hex'),
      }),
      ...(message.deliveryId !== undefined && { 'x-halyard-delivery': String(message.deliveryId) }),
    },
    body: message.body,
  };
}

/** What a test sends: the event that is most usual for the kind of webhook. */
export function exampleOf(type: 'environment' | 'organisation', at: Timestamp): string {
  if (type === 'organisation') {
    return sortedJson({
      event_type: 'AUDIT_LOG_CREATED',
      data: {
        id: 1,
        created_date: at,
        log: 'New Flag / Remote Config created: my_feature',
        author: { id: 1, email: 'user@example.com', first_name: 'Ada', last_name: 'Example' },
        environment: null,
        project: { id: 1, name: 'My project' },
        related_object_id: 1,
        related_object_uuid: null,
        related_object_type: 'FEATURE',
        is_system_event: false,
      },
    });
  }
  const state = (enabled: boolean) => ({
    feature: {
      id: 1,
      created_date: at,
      default_enabled: false,
      description: null,
      initial_value: null,
      name: 'my_feature',
      project: { id: 1, name: 'My project' },
      type: 'STANDARD',
    },
    environment: { id: 1, name: 'Development' },
    identity: null,
    identity_identifier: null,
    feature_segment: null,
    enabled,
    feature_state_value: null,
    multivariate_feature_state_values: [],
  });
  return sortedJson({
    event_type: 'FLAG_UPDATED',
    data: { changed_by: 'user@example.com', timestamp: at, new_state: state(true), previous_state: state(false) },
  });
}

/** JSON with the keys of each object in order. */
export function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

const maxAttempts = 8;
const deliveriesStaySeconds = 14 * 86_400;
/** Longer than the client waits for an answer. */
const attemptSeconds = 60;

/** 2, 8, 32… seconds: the seventh after more than two hours. */
function backOffSeconds(attempts: number): number {
  return Math.round(2 * 4 ** (attempts - 1) * (0.75 + Math.random() / 2) * 1000) / 1000;
}
