import type { EvaluationCount, UsageStore } from '@halyard/edge';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { insertRows } from '../db/statements.ts';
import type { Database } from '../db/tables.ts';
import { emptyDatabase } from '../testing/context.ts';
import { seedTenant, type Tenant } from '../testing/seed.ts';
import { createUsageStore } from './sdk-store.ts';

const log = pino({ level: 'silent' });
let database: Awaited<ReturnType<typeof emptyDatabase>>;
let db: Database;
let usage: UsageStore;
let tenant: Tenant;

beforeAll(async () => {
  database = await emptyDatabase();
  db = database.db;
  usage = createUsageStore({ db, log });
  tenant = await seedTenant(db);
});

afterAll(() => database?.drop());

function aCount(parts: Partial<EvaluationCount> = {}): EvaluationCount {
  return {
    environmentId: tenant.production.id,
    featureName: 'checkout',
    count: 1,
    enabled: null,
    sdkUserAgent: null,
    applicationName: null,
    applicationVersion: null,
    ...parts,
  };
}

async function rowsOf(featureName: string) {
  return db.selectFrom('evaluation_counts').selectAll().where('feature_name', '=', featureName).orderBy('id').execute();
}

async function totalOf(featureName: string): Promise<number> {
  return (await rowsOf(featureName)).reduce((sum, row) => sum + row.count, 0);
}

test('counts of one hour add up in one row', async () => {
  await usage.add([aCount({ featureName: 'adds', count: 2 }), aCount({ featureName: 'adds', count: 3 })]);
  await usage.add([aCount({ featureName: 'adds', count: 5 })]);

  expect(await totalOf('adds')).toBe(10);
  expect((await rowsOf('adds'))[0]?.bucket_start).toMatch(/T\d\d:00:00\.000000Z$/);
});

test('concurrent requests all count', async () => {
  await Promise.all(Array.from({ length: 40 }, () => usage.add([aCount({ featureName: 'crowd', count: 2 })])));

  expect(await totalOf('crowd')).toBe(80);
});

test('each combination of labels has its own row', async () => {
  await usage.add([
    aCount({ featureName: 'labels' }),
    aCount({ featureName: 'labels', enabled: true }),
    aCount({ featureName: 'labels', enabled: false }),
    aCount({ featureName: 'labels', sdkUserAgent: 'flagsmith-js-sdk/12.4.0' }),
    aCount({ featureName: 'labels', applicationName: 'shop', applicationVersion: '1' }),
    aCount({ featureName: 'labels', environmentId: tenant.development.id }),
  ]);

  expect((await rowsOf('labels')).map((row) => row.count)).toEqual([1, 1, 1, 1, 1, 1]);
});

test('a full bucket stays full instead of failing', async () => {
  await usage.add([aCount({ featureName: 'full', count: 2_147_483_647 })]);
  await usage.add([aCount({ featureName: 'full', count: 2_147_483_647 })]);

  expect(await totalOf('full')).toBe(2_147_483_647);
});

test('counts of an environment that is gone fail alone', async () => {
  const results = await Promise.allSettled([
    usage.add([aCount({ featureName: 'honest' })]),
    usage.add([aCount({ featureName: 'gone', environmentId: 999_999 })]),
  ]);

  expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected']);
  expect(await totalOf('honest')).toBe(1);
});

const isOwnDatabase = (process.env.TEST_DATABASE_URL ?? '') === '';

test.runIf(isOwnDatabase)(
  'of counts that find room for some, the others are answered and nothing of them is added',
  async () => {
    const environments = await manyEnvironments(501);
    const count = { kind: 'flags' as const, count: 1, sdkUserAgent: null, applicationVersion: null };
    const last = environments.at(-1) as number;
    const fit = environments.slice(0, -1).map((environmentId) => ({ ...count, environmentId, applicationName: null }));
    // Groups are of five hundred: those of the last are written by themselves.
    const tooMany = Array.from({ length: 3000 }, (_, i) => ({
      ...count,
      environmentId: last,
      applicationName: `${i} ${'x'.repeat(240)}`,
    }));
    const { page_count } = (await sql<{ page_count: number }>`pragma page_count`.execute(db)).rows[0] as {
      page_count: number;
    };
    await sql.raw(`pragma max_page_count = ${page_count + 150}`).execute(db);

    const left = await usage.addRequests([...fit, ...tooMany]);

    await sql.raw('pragma max_page_count = 1073741823').execute(db);
    const rows = db.selectFrom('request_counts').select(['environment_id', 'count']);
    const stored = await rows.where('environment_id', 'in', environments.slice(-400)).execute();
    expect(left).toEqual(tooMany);
    expect(stored.map((row) => row.environment_id).sort((a, b) => a - b)).toEqual(environments.slice(-400, -1));
  },
);

test('requests of an environment that is gone are left out, and the others counted', async () => {
  const count = {
    kind: 'flags' as const,
    count: 1,
    sdkUserAgent: null,
    applicationName: 'honest',
    applicationVersion: null,
  };

  const left = await usage.addRequests([
    { ...count, environmentId: 999_999 },
    { ...count, environmentId: tenant.production.id },
  ]);

  const rows = db.selectFrom('request_counts').where('application_name', '=', 'honest').select('environment_id');
  expect([left, await rows.execute()]).toEqual([[], [{ environment_id: tenant.production.id }]]);
});

/** Ids in ascending order. */
async function manyEnvironments(howMany: number): Promise<number[]> {
  const { id: _, ...one } = await db
    .selectFrom('environments')
    .where('id', '=', tenant.production.id)
    .selectAll()
    .executeTakeFirstOrThrow();
  const rows = Array.from({ length: howMany }, (_, i) => ({
    ...one,
    uuid: crypto.randomUUID(),
    name: `many ${i}`,
    name_key: `many ${i}`,
    api_key: `many ${i}`,
  }));
  await insertRows(db, 'environments', rows);
  const found = await db
    .selectFrom('environments')
    .where('name', 'like', 'many %')
    .select('id')
    .orderBy('id')
    .execute();
  return found.map(({ id }) => id);
}

test('only the first evaluation of an environment is noted', async () => {
  const environmentId = tenant.production.id;

  await usage.firstEvaluated({ environmentId, sdkLabel: 'flagsmith-js-sdk/12.4.0' });
  const first = await environment(environmentId);
  await usage.firstEvaluated({ environmentId, sdkLabel: 'flagsmith-python-sdk/6.1.0' });

  expect(first.first_evaluated_sdk_label).toBe('flagsmith-js-sdk/12.4.0');
  expect(await environment(environmentId)).toEqual(first);
});

function environment(id: number) {
  return db
    .selectFrom('environments')
    .select(['first_evaluated_at', 'first_evaluated_sdk_label'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
}
