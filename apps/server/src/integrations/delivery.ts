import type { IntegrationVendor } from '@halyard/contract';
import type { StoredChange } from '../changes/service.ts';
import type { Context } from '../context.ts';
import { enqueue } from '../jobs/service.ts';
import { plusSeconds } from '../time.ts';
import { attempt, backOffSeconds, type Outcome } from './attempts.ts';
import { toldOf } from './events.ts';
import { deliverIdentities } from './identity-delivery.ts';
import {
  beginAttempt,
  findDueDeliveries,
  findInOrganisations,
  findIntegration,
  findIntegrationById,
  insertDeliveries,
  nextAttempt,
  removeExpired,
  saveOutcome,
  type StoredIntegration,
  type StoredIntegrationDelivery,
} from './store.ts';
import type { AuditEvent, IntegrationConfig } from './vendor.ts';
import { changeVendors, vendors } from './vendors.ts';

const deliverKind = 'integrations.deliver';

/** Writes down what changes have to tell to which integrations, in the transaction in which the changes are ticked off. */
export async function writeIntegrationDeliveries(ctx: Context, changes: StoredChange[]): Promise<void> {
  const told = changes.filter((change) => change.project_id !== null && toldTypes.has(change.object_type));
  if (told.length === 0) return;
  const organisationIds = [...new Set(told.map((change) => change.organisation_id))];
  const integrations = await findInOrganisations(ctx.db, organisationIds, Object.keys(changeVendors));
  if (integrations.length === 0) return;
  const byPlace = new Map(integrations.map((one) => [`${one.place} ${one.vendor}`, one]));
  const withListeners = new Set(integrations.map((one) => one.organisation_id));
  const events = await toldOf(
    ctx,
    told.filter((change) => withListeners.has(change.organisation_id)),
  );
  const at = ctx.now();
  const deliveries = events.flatMap(({ change, environmentId, aboutFlags, event }) => {
    const places = [
      ...(change.project_id === null ? [] : [`project:${change.project_id}`]),
      ...(environmentId === null ? [] : [`environment:${environmentId}`]),
      `organisation:${change.organisation_id}`,
    ];
    return Object.entries(changeVendors).flatMap(([name, { hears }]) => {
      if ((hears === 'flags') !== aboutFlags) return [];
      const found = places.map((place) => byPlace.get(`${place} ${name}`)).find((one) => one !== undefined);
      if (found === undefined || found.enabled === 0) return [];
      return {
        integration_id: found.id,
        event_key: `${change.id}${aboutFlags ? `:${environmentId}` : ''}`,
        event: JSON.stringify(event),
        state: 'pending' as const,
        attempts: 0,
        next_attempt_at: at,
        response_status: null,
        error: null,
        created_at: at,
        finished_at: null,
        expires_at: plusSeconds(at, deliveriesStaySeconds),
      };
    });
  });
  if (deliveries.length === 0) return;
  await insertDeliveries(ctx.db, deliveries);
  for (const id of new Set(deliveries.map((delivery) => delivery.integration_id))) await wakeDelivery(ctx, id);
}

const toldTypes = new Set(['FEATURE', 'FEATURE_STATE', 'SEGMENT', 'EF_VERSION']);

/** Lets what waits for an integration be sent. */
export async function wakeDelivery(ctx: Context, integrationId: number, runAt = ctx.now()): Promise<void> {
  await enqueue(ctx, { kind: deliverKind, payload: { integrationId }, uniqueKey: String(integrationId), runAt });
}

/** The jobs of this slice by kind. */
export const integrationJobs = {
  [deliverKind]: { run: deliver, concurrency: 8 },
  'integrations.clean': { run: (ctx: Context) => removeExpired(ctx.db, ctx.now()), everySeconds: 3600 },
};

/** Sends what is due to one integration, one after the other. After no answer the others are left for a moment later. */
async function deliver(ctx: Context, { integrationId }: { integrationId: number }, signal: AbortSignal): Promise<void> {
  const integration = await findIntegrationById(ctx.db, integrationId);
  if (integration === null || integration.enabled === 0) return;
  const vendor = vendors[integration.vendor as IntegrationVendor];
  const config = await configToSend(ctx, integration);
  if (vendor.hears === 'identities') {
    const next = await deliverIdentities(ctx, { integration, vendor, config }, signal);
    if (next !== null) await wakeDelivery(ctx, integrationId, next);
    return;
  }
  let pauseSeconds = 0;
  for (const delivery of await findDueDeliveries(ctx.db, { integrationId, now: ctx.now(), limit: 100 })) {
    if (signal.aborted) throw new Error('stopped');
    if (!(await beginAttempt(ctx.db, delivery, plusSeconds(ctx.now(), attemptSeconds)))) continue;
    const outcome: Outcome =
      typeof config === 'string'
        ? { status: null, error: config, again: false }
        : await attempt(ctx, vendor, vendor.toRequest(config, JSON.parse(delivery.event) as AuditEvent));
    await finish(ctx, delivery, outcome);
    if (outcome.status === null && outcome.again) {
      pauseSeconds = 5;
      break;
    }
  }
  const next = await nextAttempt(ctx.db, integrationId);
  if (next === null) return;
  const soonest = plusSeconds(ctx.now(), pauseSeconds);
  await wakeDelivery(ctx, integrationId, next > soonest ? next : soonest);
}

/** Answers why not, where nothing can be sent. */
async function configToSend(ctx: Context, integration: StoredIntegration): Promise<IntegrationConfig | string> {
  const config = ctx.vault.decrypt(integration.config_encrypted);
  if (config === null) return 'The settings cannot be read any more. Set them again.';
  if (integration.vendor !== 'slack') return JSON.parse(config) as IntegrationConfig;
  const workspace = await findIntegration(ctx.db, `project:${integration.project_id}`, 'slack-workspace');
  const connection = workspace === null ? null : ctx.vault.decrypt(workspace.config_encrypted);
  if (connection === null) return 'No Slack workspace is connected.';
  return { ...JSON.parse(config), ...JSON.parse(connection), url: ctx.config.slack.url };
}

async function finish(ctx: Context, delivery: StoredIntegrationDelivery, outcome: Outcome): Promise<void> {
  const attempts = delivery.attempts + 1;
  const at = ctx.now();
  const seen = { response_status: outcome.status, error: outcome.error };
  if (outcome.error !== null && outcome.again && attempts < maxAttempts) {
    const next_attempt_at = plusSeconds(at, backOffSeconds(attempts));
    await saveOutcome(ctx.db, delivery.id, { ...seen, state: 'pending', next_attempt_at, finished_at: null });
    return;
  }
  const state = outcome.error === null ? 'delivered' : 'failed';
  await saveOutcome(ctx.db, delivery.id, { ...seen, state, next_attempt_at: at, finished_at: at });
}

const maxAttempts = 8;
const deliveriesStaySeconds = 14 * 86_400;
/** Longer than the client waits for an answer. */
const attemptSeconds = 60;
