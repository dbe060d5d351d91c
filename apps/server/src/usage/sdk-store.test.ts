import type { EvaluationCount, UsageStore } from '@halyard/edge';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
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
