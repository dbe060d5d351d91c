import { type Context, inTransaction } from '../context.ts';
import { sha256 } from '../secrets.ts';
import type { Timestamp } from '../time.ts';
import { insertJob, insertOrRenewJob } from './store.ts';

/** Work for later: `kind` names its handler in app.ts, `payload` is JSON. */
export interface NewWork {
  kind: string;
  payload: unknown;
  /** Not before this moment; at once without it. */
  runAt?: Timestamp;
  /**
   * Within the kind, what makes two jobs the same: while one waits, the next only renews it (the newer payload, the
   * earlier time). One that has begun does not count, since it may not see what the asking transaction writes.
   */
  uniqueKey?: string;
}

/**
 * Writes a job in the transaction of `ctx` and wakes the worker after its commit: where the transaction is not committed
 * nothing runs, and where it is, the job runs at least once, on whichever process is alive. Handlers see repeats.
 */
export async function enqueue(ctx: Context, work: NewWork): Promise<void> {
  const job = {
    kind: work.kind,
    payload: JSON.stringify(work.payload ?? null),
    runAt: work.runAt ?? ctx.now(),
    createdAt: ctx.now(),
  };
  await inTransaction(ctx, async (ctx) => {
    if (work.uniqueKey === undefined) await insertJob(ctx.db, { ...job, uniqueKey: null });
    else await insertOrRenewJob(ctx.db, { ...job, uniqueKey: keyOf(work.kind, work.uniqueKey) });
    ctx.afterCommit(ctx.wakeWorker);
  });
}

function keyOf(kind: string, uniqueKey: string): string {
  return `${kind}:${uniqueKey.length > 100 ? sha256(uniqueKey) : uniqueKey}`;
}
