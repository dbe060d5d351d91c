import { type EvaluationCount, type RequestCount, Unavailable, type UsageStore } from '@halyard/edge';
import { type Insertable, sql } from 'kysely';
import type { Logger } from 'pino';
import { factsOf } from '../db/dialects/dialect.ts';
import { groupCommit } from '../db/group-commit.ts';
import { chunks } from '../db/statements.ts';
import type { Database, EvaluationCountTable, RequestCountTable } from '../db/tables.ts';
import { sha256 } from '../secrets.ts';
import { now } from '../time.ts';

type Row = Insertable<EvaluationCountTable>;
type RequestRow = Insertable<RequestCountTable>;

const maxCount = 2_147_483_647;
const rowsPerStatement = 500;

/** The Edge's evaluation counts in hourly buckets and its requests in daily ones. Writes of many requests share a commit. */
export function createUsageStore({ db, log }: { db: Database; log: Logger }): UsageStore {
  const add = groupCommit({ db, log, write: addGroup });
  const addRequests = groupCommit({ db, log, write: addRequestGroup });

  async function guarded<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw factsOf(db).isUnavailable(error) ? new Unavailable(error) : error;
    }
  }

  return {
    add: (counts) => guarded(add(counts)),
    async addRequests(counts) {
      const left: RequestCount[] = [];
      const add = async (group: RequestCount[]) => {
        try {
          await addRequests(group);
        } catch (error) {
          if (factsOf(db).isUnavailable(error)) left.push(...group);
          // Mostly an environment that is gone by now.
          else log.warn({ err: error, environment: group[0]?.environmentId }, 'requests could not be counted');
        }
      };
      await Promise.all([...Map.groupBy(counts, (count) => count.environmentId).values()].map(add));
      if (left.length > 0) log.warn({ left: left.length }, 'requests could not be counted yet; trying again');
      return left;
    },
    async firstEvaluated({ environmentId, sdkLabel }) {
      await guarded(
        db
          .updateTable('environments')
          .set({ first_evaluated_at: now(), first_evaluated_sdk_label: sdkLabel })
          .where('id', '=', environmentId)
          .where('first_evaluated_at', 'is', null)
          .execute(),
      );
    },
  };
}

async function addGroup(db: Database, requests: readonly (readonly EvaluationCount[])[]): Promise<undefined[]> {
  const bucketStart = `${now().slice(0, 13)}:00:00.000000Z`;
  const rows = new Map<string, Row>();
  for (const count of requests.flat()) {
    const row = rowOf(count, bucketStart);
    const known = rows.get(row.bucket_key);
    if (known === undefined) rows.set(row.bucket_key, row);
    else known.count = Math.min(maxCount, known.count + row.count);
  }
  // In one order everywhere, so that two processes wait for each other instead of blocking each other.
  const sorted = [...rows.values()].sort((a, b) => (a.bucket_key < b.bucket_key ? -1 : 1));
  for (const part of chunks(sorted, rowsPerStatement)) await addRows(db, 'evaluation_counts', part);
  return requests.map(() => undefined);
}

async function addRequestGroup(db: Database, groups: readonly (readonly RequestCount[])[]): Promise<undefined[]> {
  const day = now().slice(0, 10);
  const rows = new Map<string, RequestRow>();
  for (const count of groups.flat()) {
    const row = requestRowOf(count, day);
    const known = rows.get(row.bucket_key);
    if (known === undefined) rows.set(row.bucket_key, row);
    else known.count = Math.min(maxCount, known.count + row.count);
  }
  const sorted = [...rows.values()].sort((a, b) => (a.bucket_key < b.bucket_key ? -1 : 1));
  for (const part of chunks(sorted, rowsPerStatement)) await addRows(db, 'request_counts', part);
  return groups.map(() => undefined);
}

/** Adds to the bucket where there is one; a bucket that is full stays full instead of failing everybody's counts. */
async function addRows(
  db: Database,
  table: 'evaluation_counts' | 'request_counts',
  rows: Row[] | RequestRow[],
): Promise<void> {
  const insert = db.insertInto(table).values(rows as Row[]);
  const old = sql.ref(`${table}.count`);
  if (factsOf(db).supportsOnConflict) {
    const added = sql.ref('excluded.count');
    await insert.onConflict((on) => on.column('bucket_key').doUpdateSet({ count: sum(old, added) })).execute();
  } else {
    const added = sql`values(${sql.ref('count')})`;
    await insert.onDuplicateKeyUpdate({ count: sum(old, added) }).execute();
  }
}

function sum(old: ReturnType<typeof sql.ref>, added: ReturnType<typeof sql.ref>) {
  return sql<number>`case when ${old} > ${sql.lit(maxCount)} - ${added} then ${sql.lit(maxCount)} else ${old} + ${added} end`;
}

function rowOf(given: EvaluationCount, bucketStart: string): Row {
  const { environmentId, featureName, sdkUserAgent, applicationName, applicationVersion } = given;
  const enabled = given.enabled === null ? null : Number(given.enabled);
  const labels = [environmentId, featureName, bucketStart, sdkUserAgent, applicationName, applicationVersion, enabled];
  return {
    bucket_key: sha256(JSON.stringify(labels)),
    environment_id: environmentId,
    feature_name: featureName,
    bucket_start: bucketStart,
    sdk_user_agent: sdkUserAgent,
    application_name: applicationName,
    application_version: applicationVersion,
    enabled,
    count: given.count,
  };
}

function requestRowOf(given: RequestCount, day: string): RequestRow {
  const { environmentId, kind, sdkUserAgent, applicationName, applicationVersion, count } = given;
  return {
    bucket_key: sha256(JSON.stringify([environmentId, kind, day, sdkUserAgent, applicationName, applicationVersion])),
    environment_id: environmentId,
    kind,
    day,
    sdk_user_agent: sdkUserAgent,
    application_name: applicationName,
    application_version: applicationVersion,
    count: Math.min(maxCount, count),
  };
}
