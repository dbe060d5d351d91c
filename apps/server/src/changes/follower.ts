import type { Logger } from 'pino';
import { type Context, inTransaction } from '../context.ts';
import { plusSeconds, type Timestamp } from '../time.ts';
import {
  type ChangeCursor,
  findChangesAfter,
  findChangesIn,
  findCursor,
  type Gap,
  holdCursor,
  type StoredChange,
  saveCursor,
} from './store.ts';

export interface FollowerOptions {
  /** A context of the system. */
  context: () => Context;
  log: Logger;
  /** Name of the row in `change_cursors`, which a migration makes. */
  reader: string;
  /** Takes note of changes in the transaction of `ctx`, in which the cursor moves past them. It may run again. */
  consume: (ctx: Context, changes: StoredChange[]) => Promise<void>;
  intervalMs?: number;
  /** How long an id that was left out may still turn up. */
  gapSeconds?: number;
  /** Most changes that are handed over at once. */
  batch?: number;
}

/** Hands every committed change to a reader exactly once, whatever dies in between; processes take turns. */
export interface Follower {
  /** Looks for changes now. Never throws. */
  wake(): void;
  /** Hands over all that is there, and answers when nothing is. @throws what `consume` or the database threw */
  catchUp(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Where many connections write, ids are given out before they are committed: change 8 may be there while 7 is not yet.
 * A cursor that only remembered "up to 8" would lose 7. So the cursor remembers the ids that it passed without seeing them,
 * as gaps, and looks for these as well. The changes after a gap do not wait for it. A gap that stays empty for `gapSeconds`
 * was a transaction that was not committed, and is forgotten: no transaction of ours takes nearly as long as that.
 */
export function createFollower(options: FollowerOptions): Follower {
  const { context, log, reader, consume, gapSeconds = 600, batch = 200 } = options;
  let running: Promise<void> | null = null;
  let again = false;
  let stopped = false;

  async function catchUp(): Promise<void> {
    while (!stopped && (await hasNews())) {
      await inTransaction(context(), async (ctx) => {
        await holdCursor(ctx.db, reader);
        const cursor = await findCursor(ctx.db, reader);
        const late = await findChangesIn(ctx.db, cursor.gaps, batch);
        const news = await findChangesAfter(ctx.db, cursor.position, batch);
        await saveCursor(ctx.db, reader, movedCursor(cursor, { late, news }, ctx.now(), gapSeconds));
        if (late.length + news.length > 0) await consume(ctx, [...late, ...news]);
      });
    }
  }

  /** Read without a lock, so that looking costs others nothing. */
  async function hasNews(): Promise<boolean> {
    const { db, now } = context();
    const cursor = await findCursor(db, reader);
    if ((await findChangesAfter(db, cursor.position, 1)).length > 0) return true;
    if (cursor.gaps.length === 0) return false;
    const forgotten = plusSeconds(now(), -gapSeconds);
    return (
      cursor.gaps.some(([, , seenAt]) => seenAt < forgotten) || (await findChangesIn(db, cursor.gaps, 1)).length > 0
    );
  }

  function wake(): void {
    if (stopped) return;
    again = true;
    running ??= (async () => {
      while (again && !stopped) {
        again = false;
        try {
          await catchUp();
        } catch (error) {
          // The timer tries again; the cursor says what is still to do.
          log.error({ err: error, reader }, 'following changes failed; trying again soon');
        }
      }
      running = null;
    })();
  }

  const timer = setInterval(wake, options.intervalMs ?? 1000);
  timer.unref();

  return {
    wake,
    catchUp,
    async stop() {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}

/** The cursor behind what was found. More gaps than this are more failed transactions than anybody has. */
const maxGaps = 200;

function movedCursor(
  cursor: ChangeCursor,
  found: { late: StoredChange[]; news: StoredChange[] },
  now: Timestamp,
  gapSeconds: number,
): ChangeCursor {
  const forgotten = plusSeconds(now, -gapSeconds);
  const old = cursor.gaps.flatMap(([first, last, seenAt]) =>
    holes(found.late, first, last).map(([from, to]): Gap => [from, to, seenAt]),
  );
  const position = found.news.at(-1)?.id ?? cursor.position;
  const fresh = holes(found.news, cursor.position + 1, position).map(([from, to]): Gap => [from, to, now]);
  const gaps = [...old, ...fresh].filter(([, , seenAt]) => seenAt >= forgotten);
  return { position, gaps: gaps.slice(-maxGaps) };
}

/** What of the ids from `first` to `last` is not among the changes, which are in the order of their ids. */
function holes(changes: { id: number }[], first: number, last: number): [number, number][] {
  const list: [number, number][] = [];
  let next = first;
  for (const { id } of changes) {
    if (id < first || id > last) continue;
    if (id > next) list.push([next, id - 1]);
    next = id + 1;
  }
  if (next <= last) list.push([next, last]);
  return list;
}
