import { sql } from 'kysely';
import type { Context } from '../context.ts';
import { factsOf } from '../db/dialects/dialect.ts';
import type { Database } from '../db/tables.ts';
import { sha256 } from '../secrets.ts';
import type { Timestamp } from '../time.ts';
import { plusSeconds } from '../time.ts';
import type { Throttle } from './memory.ts';

const mostCounted = 2_147_483_647;

/** Counts in the database, for any number of processes together. A count belongs to a stretch of the clock. */
export function createSharedThrottle({ db, now }: { db: Database; now: () => Timestamp }): Throttle {
  return {
    async count({ scope, key, rate }) {
      const at = now();
      const second = Math.floor(Date.parse(`${at.slice(0, 19)}Z`) / 1000);
      const stretch = Math.floor(second / rate.seconds);
      const secondsLeft = (stretch + 1) * rate.seconds - second;
      const bucketKey = sha256(JSON.stringify([scope, key, rate.count, rate.seconds, stretch]));
      await addOne(db, bucketKey, plusSeconds(at, secondsLeft));
      return (await readCount(db, bucketKey)) > rate.count ? secondsLeft : 0;
    },
  };
}

/** Forgets stretches that are over. Safe to repeat. */
async function forgetOldCounts(db: Database, now: Timestamp): Promise<void> {
  await db.deleteFrom('throttle_counts').where('ends_at', '<', now).execute();
}

/** One statement, so that no two attempts at once count as one. */
async function addOne(db: Database, bucketKey: string, endsAt: Timestamp): Promise<void> {
  const count = sql<number>`case when ${sql.ref('throttle_counts.count')} < ${sql.lit(mostCounted)} then ${sql.ref('throttle_counts.count')} + 1 else ${sql.lit(mostCounted)} end`;
  const insert = db.insertInto('throttle_counts').values({ bucket_key: bucketKey, count: 1, ends_at: endsAt });
  if (factsOf(db).supportsOnConflict) {
    await insert.onConflict((on) => on.column('bucket_key').doUpdateSet({ count })).execute();
  } else {
    await insert.onDuplicateKeyUpdate({ count }).execute();
  }
}

async function readCount(db: Database, bucketKey: string): Promise<number> {
  const row = await db
    .selectFrom('throttle_counts')
    .where('bucket_key', '=', bucketKey)
    .select('count')
    .executeTakeFirst();
  return row?.count ?? 0;
}

/** The jobs of this slice by kind. */
export const throttleJobs = {
  'throttle.clean': { run: (ctx: Context) => forgetOldCounts(ctx.db, ctx.now()), everySeconds: 3600 },
};
