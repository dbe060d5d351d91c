import type { Context } from '../context.ts';
import { plusSeconds, type Timestamp } from '../time.ts';
import { attempt, backOffSeconds, type Outcome } from './attempts.ts';
import {
  beginAttempt,
  findPendingDeliveries,
  saveOutcome,
  type StoredIntegration,
  type StoredIntegrationDelivery,
} from './store.ts';
import type { IdentityVendor, IntegrationConfig } from './vendor.ts';

/** About three minutes: whoever is served again later is told again. */
const maxAttempts = 5;
const requestsAtOnce = 8;
const deliveriesPerRead = 10;
/** Longer than the client waits for the answers to one delivery. */
const attemptSeconds = 60;

/**
 * Sends what waits for an integration, and answers when it may go on; null where nothing waits. Deliveries keep their
 * order, so that an older state of an identity never comes after a newer one: one that has to be tried again holds up the
 * others.
 * @param config a text says why nothing can be sent
 */
export async function deliverIdentities(
  ctx: Context,
  {
    integration,
    vendor,
    config,
  }: { integration: StoredIntegration; vendor: IdentityVendor; config: IntegrationConfig | string },
  signal: AbortSignal,
): Promise<Timestamp | null> {
  for (const delivery of await findPendingDeliveries(ctx.db, integration.id, deliveriesPerRead)) {
    if (signal.aborted) throw new Error('stopped');
    if (delivery.next_attempt_at > ctx.now()) return delivery.next_attempt_at;
    if (!(await beginAttempt(ctx.db, delivery, plusSeconds(ctx.now(), attemptSeconds)))) return ctx.now();
    const news = JSON.parse(delivery.event) as string[];
    const results =
      typeof config === 'string'
        ? news.map((text) => ({ text, outcome: { status: null, error: config, again: false } }))
        : await tell(ctx, { vendor, config, news, signal });
    const nextAttemptAt = await finish(ctx, delivery, results);
    if (nextAttemptAt !== null) return nextAttemptAt;
  }
  const [next] = await findPendingDeliveries(ctx.db, integration.id, 1);
  return next?.next_attempt_at ?? null;
}

interface Result {
  text: string;
  outcome: Outcome;
}

/** Tells each identity, a few at once. Where nobody answers, the others are not tried. */
async function tell(
  ctx: Context,
  given: { vendor: IdentityVendor; config: IntegrationConfig; news: string[]; signal: AbortSignal },
): Promise<Result[]> {
  const { vendor, config, news, signal } = given;
  const results: Result[] = news.map((text) => ({
    text,
    outcome: { status: null, error: 'Not tried yet.', again: true },
  }));
  const left = results.values();
  let silent = false;
  const sender = async () => {
    for (const result of left) {
      if (silent || signal.aborted) return;
      result.outcome = await attempt(ctx, vendor, vendor.toRequest(config, result.text));
      silent ||= result.outcome.status === null && result.outcome.again;
    }
  };
  await Promise.all(Array.from({ length: requestsAtOnce }, sender));
  return results;
}

/** Keeps what is to be told again; what was told is forgotten. Answers when the next attempt may begin, where there is one. */
async function finish(ctx: Context, delivery: StoredIntegrationDelivery, results: Result[]): Promise<Timestamp | null> {
  const attempts = delivery.attempts + 1;
  const at = ctx.now();
  const failed = results.filter(({ outcome }) => outcome.error !== null);
  const again = failed.filter(({ outcome }) => outcome.again);
  const told = (failed.find(({ outcome }) => outcome.status !== null) ?? failed[0] ?? results[0])?.outcome;
  const seen = {
    response_status: told?.status ?? null,
    error: summary(told?.error ?? null, failed.length, results.length),
  };
  if (again.length > 0 && attempts < maxAttempts) {
    const next_attempt_at = plusSeconds(at, backOffSeconds(attempts));
    const event = JSON.stringify(again.map(({ text }) => text));
    await saveOutcome(ctx.db, delivery.id, { ...seen, state: 'pending', next_attempt_at, finished_at: null, event });
    return next_attempt_at;
  }
  const state = failed.length === 0 ? 'delivered' : 'failed';
  await saveOutcome(ctx.db, delivery.id, { ...seen, state, next_attempt_at: at, finished_at: at, event: '[]' });
  return null;
}

function summary(error: string | null, failed: number, all: number): string | null {
  if (error === null || failed === all) return error;
  return `${failed} of ${all} identities were not taken. ${error}`.slice(0, 500);
}
