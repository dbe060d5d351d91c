import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Context } from '../context.ts';
import type { Database } from '../db/tables.ts';
import { emptyDatabase } from '../testing/context.ts';
import { seedTenant, type Tenant } from '../testing/seed.ts';
import { now as systemNow, plusSeconds, type Timestamp } from '../time.ts';
import { createFollower, type Follower, type FollowerOptions } from './follower.ts';

/** Followers that look when a test says so, on a database and by a clock of their own. */
let db: Database;
let drop: () => Promise<void>;
let acme: Tenant;
let at: Timestamp;
let followers: Follower[];
let told: number[];

beforeEach(async () => {
  ({ db, drop } = await emptyDatabase());
  acme = await seedTenant(db);
  at = systemNow();
  followers = [];
  told = [];
});

afterEach(async () => {
  for (const follower of followers) await follower.stop();
  await drop();
});

function start(options: Partial<FollowerOptions> = {}): Follower {
  const log = pino({ level: 'silent' });
  const follower = createFollower({
    context: () => ({ db, log, now: () => at, afterCommit: (work: () => void) => work() }) as unknown as Context,
    log,
    reader: 'webhooks',
    consume: async (_ctx, changes) => void told.push(...changes.map((change) => change.id)),
    intervalMs: 1_000_000,
    ...options,
  });
  followers.push(follower);
  return follower;
}

/** A change with an id of its own choice, as if those before it were not committed yet. */
async function commit(...ids: number[]) {
  await db
    .insertInto('changes')
    .values(
      ids.map((id) => ({
        id,
        organisation_id: acme.organisationId,
        created_date: at,
        object_type: 'PROJECT',
        change_type: 'UPDATE' as const,
        log: '',
        is_system_event: 0,
      })) as never,
    )
    .execute();
}

const gapsOf = async () =>
  JSON.parse((await db.selectFrom('change_cursors').select('gaps').executeTakeFirstOrThrow()).gaps);

test('each change is told once, in its order, also in small portions', async () => {
  await commit(1, 2, 3, 4, 5);

  await start({ batch: 2 }).catchUp();
  await start({ batch: 2 }).catchUp();

  expect(told).toEqual([1, 2, 3, 4, 5]);
});

test('a change that is committed after one of a higher id is told, and does not hold that one up', async () => {
  const follower = start();
  await commit(1, 4);

  await follower.catchUp();
  const first = [...told];
  await commit(3);
  await follower.catchUp();
  await commit(2);
  await follower.catchUp();

  expect(first).toEqual([1, 4]);
  expect(told).toEqual([1, 4, 3, 2]);
  expect(await gapsOf()).toEqual([]);
});

test('an id that never turns up is forgotten after a while', async () => {
  const follower = start({ gapSeconds: 600 });
  await commit(1, 5);

  await follower.catchUp();
  const gaps = await gapsOf();
  at = plusSeconds(at, 601);
  await follower.catchUp();

  expect(gaps).toEqual([[2, 4, expect.any(String)]]);
  expect(await gapsOf()).toEqual([]);
});

test('what could not be written down is told again, and counts as told with what is written down', async () => {
  await commit(1, 2);
  let fails = true;
  const consume: FollowerOptions['consume'] = async (ctx, changes) => {
    await ctx.db
      .insertInto('settings')
      .values({ name: `told ${changes[0]?.id}`, value: '' })
      .execute();
    if (fails) throw new Error('died here');
  };
  await expect(start({ consume }).catchUp()).rejects.toThrow('died here');
  fails = false;

  await start({ consume }).catchUp();

  const rows = await db.selectFrom('settings').where('name', 'like', 'told%').selectAll().execute();
  expect(rows).toHaveLength(1);
});

test('many processes tell each change once', async () => {
  await commit(...Array.from({ length: 40 }, (_, index) => index + 1));

  await Promise.all(Array.from({ length: 4 }, () => start({ batch: 3 }).catchUp()));

  expect(told.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
});
