import { createHash, randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { EvaluationListener, IdentityEvaluation } from '@halyard/edge';
import type { Logger } from 'pino';
import { type Context, inTransaction } from '../context.ts';
import { factsOf } from '../db/dialects/dialect.ts';
import { chunks } from '../db/statements.ts';
import type { Database } from '../db/tables.ts';
import { plusSeconds } from '../time.ts';
import { wakeDelivery } from './delivery.ts';
import { countPending, findEnabled, insertDeliveries, type StoredIntegration } from './store.ts';
import { createToldLately } from './told-lately.ts';
import { identityVendors } from './vendors.ts';

/** The Edge's way to integrations that hear of identities. */
export interface IntegrationListener extends EvaluationListener {
  /** Reads again who listens, because something was changed. Never throws. */
  wake(): void;
  close(): Promise<void>;
}

type IdentityVendorName = keyof typeof identityVendors;

const sharedPollMs = 5000;
const afterFailureMs = 1000;
/** Identities in one delivery, which one attempt can tell before another process would begin it again. */
const newsPerDelivery = 40;
const deliveryBytes = 256 * 1024;
const deliveriesPerStatement = 8;
const newDeliveriesAtOnce = 20;
/** Deliveries of one integration that wait; what comes on top is not told. */
const maxWaiting = 200;
const deliveriesStaySeconds = 86_400;
/** Evaluations between two looks at what else there is to do. */
const evaluationsAtOnce = 20;
/** An identity whose flags are as they were is told again after this at the latest, and half of it at the earliest. */
const sameAgainAfterMs = 20 * 60_000;
const maxIdentities = 100_000;

/** Writes down which identities are to be told to which integrations; `integrations.deliver` jobs send that. */
export function createIntegrationListener(options: {
  db: Database;
  log: Logger;
  context: () => Context;
  /** Whether webhooks may be sent at all. */
  webhooks: boolean;
}): IntegrationListener {
  const { db, log, context } = options;
  const names = (Object.keys(identityVendors) as IdentityVendorName[]).filter(
    (name) => options.webhooks || name !== 'webhook',
  );
  const told = createToldLately({ maxKeys: maxIdentities, forMs: sameAgainAfterMs });
  let interests = new Map<number, string>();
  let reading: Promise<void> | null = null;
  let readAgain = false;
  let closed = false;
  let retry: NodeJS.Timeout | null = null;
  const timer = factsOf(db).sharedByProcesses ? setInterval(wake, sharedPollMs).unref() : null;

  function wake(): void {
    readAgain = true;
    reading ??= (async () => {
      while (readAgain && !closed) {
        readAgain = false;
        try {
          interests = interestsOf(await findEnabled(db, { vendors: names }));
        } catch (error) {
          if (closed) return;
          log.warn({ err: error }, 'could not read which integrations hear of identities; trying again soon');
          retry = setTimeout(wake, afterFailureMs).unref();
        }
      }
      reading = null;
    })();
  }

  async function hear(evaluations: readonly IdentityEvaluation[]): Promise<void> {
    const byEnvironment = Map.groupBy(evaluations, ({ environmentId }) => environmentId);
    const integrations = await findEnabled(db, { vendors: names, environmentIds: [...byEnvironment.keys()] });
    if (integrations.length === 0) return;
    const waiting = await countPending(
      db,
      integrations.map(({ id }) => id),
    );
    for (const integration of integrations) {
      const news = await newsFor(integration, byEnvironment.get(integration.environment_id as number) ?? []);
      if (news.length === 0) continue;
      const room = Math.min(newDeliveriesAtOnce, maxWaiting - (waiting.get(integration.id) ?? 0));
      const { deliveries, leftOut } = packed(news, room);
      await write(integration, deliveries);
      for (const { key, digest } of deliveries.flat()) told.set(key, digest);
      if (leftOut > 0) {
        const { id, vendor } = integration;
        log.warn(
          { integration: id, vendor, leftOut },
          'identities were not told: too many wait, or they are too large',
        );
      }
    }
  }

  async function newsFor(integration: StoredIntegration, evaluations: IdentityEvaluation[]): Promise<News[]> {
    const vendor = identityVendors[integration.vendor as IdentityVendorName];
    const all: News[] = [];
    for (const [i, evaluation] of evaluations.entries()) {
      if (i > 0 && i % evaluationsAtOnce === 0) await setImmediate();
      const text = vendor.newsOf(evaluation);
      const digest = createHash('sha256').update(text).digest('base64url');
      const key = `${integration.id} ${integration.updated_at} ${evaluation.identifier}`;
      if (told.get(key) !== digest) all.push({ text, key, digest });
    }
    return all;
  }

  async function write(integration: StoredIntegration, deliveries: News[][]): Promise<void> {
    if (deliveries.length === 0) return;
    await inTransaction(context(), async (ctx) => {
      const at = ctx.now();
      const rows = deliveries.map((news) => ({
        integration_id: integration.id,
        event_key: randomUUID(),
        event: JSON.stringify(news.map(({ text }) => text)),
        state: 'pending' as const,
        attempts: 0,
        next_attempt_at: at,
        response_status: null,
        error: null,
        created_at: at,
        finished_at: null,
        expires_at: plusSeconds(at, deliveriesStaySeconds),
      }));
      for (const part of chunks(rows, deliveriesPerStatement)) await insertDeliveries(ctx.db, part);
      await wakeDelivery(ctx, integration.id);
    });
  }

  return {
    // While it is being read who listens, everybody might.
    interestIn: (environmentId) => (reading === null ? (interests.get(environmentId) ?? null) : 'unknown'),
    hear,
    wake,
    async close() {
      closed = true;
      if (timer !== null) clearInterval(timer);
      if (retry !== null) clearTimeout(retry);
      await reading;
    },
  };
}

/** What one integration is told of one identity. */
interface News {
  text: string;
  /** The integration as it is set up now, and the identity. */
  key: string;
  /** Of the text. */
  digest: string;
}

/** For each environment, which integrations listen as they are set up now. */
function interestsOf(integrations: StoredIntegration[]): Map<number, string> {
  const interests = new Map<number, string>();
  for (const { id, environment_id, updated_at } of integrations) {
    if (environment_id === null) continue;
    interests.set(environment_id, `${interests.get(environment_id) ?? ''}${id} ${updated_at},`);
  }
  return interests;
}

/** Spreads news over at most `room` deliveries, and counts what has no place. */
function packed(news: News[], room: number): { deliveries: News[][]; leftOut: number } {
  const deliveries: News[][] = [];
  let sizeBytes = 0;
  let leftOut = 0;
  for (const one of news) {
    const last = deliveries.at(-1);
    const bytes = Buffer.byteLength(one.text);
    const fits = last !== undefined && last.length < newsPerDelivery && sizeBytes + bytes <= deliveryBytes;
    if (fits) {
      last.push(one);
      sizeBytes += bytes;
    } else if (bytes <= deliveryBytes && deliveries.length < room) {
      deliveries.push([one]);
      sizeBytes = bytes;
    } else leftOut++;
  }
  return { deliveries, leftOut };
}
