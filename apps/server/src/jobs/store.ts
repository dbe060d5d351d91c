import type { Selectable } from 'kysely';
import { insertRow, upsertRows } from '../db/statements.ts';
import type { Database, JobTable } from '../db/tables.ts';
import type { Timestamp } from '../time.ts';

export type StoredJob = Selectable<JobTable>;

export interface NewJob {
  kind: string;
  payload: string;
  uniqueKey: string | null;
  runAt: Timestamp;
  createdAt: Timestamp;
}

export async function insertJob(db: Database, job: NewJob): Promise<void> {
  await insertRow(db, 'jobs', rowOf(job));
}

/**
 * Inserts a job, or renews the one of the same key that nobody has begun: the newer payload, the earlier time. Its row
 * stays locked until the transaction ends, so that nobody begins it without seeing what this transaction writes.
 */
export async function insertOrRenewJob(db: Database, job: NewJob & { uniqueKey: string }): Promise<void> {
  await upsertRows(db, 'jobs', [rowOf(job)], { key: ['unique_key'], update: ['payload'] });
  await db
    .updateTable('jobs')
    .set({ run_at: job.runAt })
    .where('unique_key', '=', job.uniqueKey)
    .where('run_at', '>', job.runAt)
    .execute();
}

/** Makes sure that a job that runs again and again is there; one that is there stays as it is. */
export async function insertRecurringJob(db: Database, job: NewJob & { uniqueKey: string }): Promise<void> {
  const found = await db.selectFrom('jobs').where('unique_key', '=', job.uniqueKey).select('id').executeTakeFirst();
  if (found === undefined) await upsertRows(db, 'jobs', [rowOf(job)], { key: ['unique_key'], update: [] });
}

/** Jobs of these kinds that may begin, the longest due first. */
export async function findDueJobs(
  db: Database,
  { kinds, now, limit }: { kinds: string[]; now: Timestamp; limit: number },
): Promise<StoredJob[]> {
  return db
    .selectFrom('jobs')
    .where('state', '=', 'waiting')
    .where('run_at', '<=', now)
    .where('kind', 'in', kinds)
    .selectAll()
    .orderBy('run_at')
    .orderBy('id')
    .limit(limit)
    .execute();
}

/**
 * Takes a job until `leaseEnd`; false where somebody else was faster. Its key becomes free (but of one that recurs), so
 * that what is asked for from now on runs once more.
 */
export async function claimJob(
  db: Database,
  job: StoredJob,
  claim: { id: string; leaseEnd: Timestamp; keepsKey: boolean },
): Promise<boolean> {
  const result = await db
    .updateTable('jobs')
    .set({
      claim: claim.id,
      run_at: claim.leaseEnd,
      attempts: job.attempts + 1,
      ...(!claim.keepsKey && { unique_key: null }),
    })
    .where('id', '=', job.id)
    .where('state', '=', 'waiting')
    .where('attempts', '=', job.attempts)
    .where('run_at', '<=', job.run_at)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Keeps a claimed job for longer; false where it was lost. */
export async function renewLease(
  db: Database,
  { jobId, claim, leaseEnd }: { jobId: number; claim: string; leaseEnd: Timestamp },
): Promise<boolean> {
  const result = await db
    .updateTable('jobs')
    .set({ run_at: leaseEnd })
    .where('id', '=', jobId)
    .where('claim', '=', claim)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Removes a claimed job that is done; false where it was lost. */
export async function removeJob(db: Database, { jobId, claim }: { jobId: number; claim: string }): Promise<boolean> {
  const result = await db.deleteFrom('jobs').where('id', '=', jobId).where('claim', '=', claim).executeTakeFirst();
  return result.numDeletedRows === 1n;
}

/** Gives a claimed job back, to begin at `runAt`, or for good; false where it was lost. */
export async function releaseJob(
  db: Database,
  job: { jobId: number; claim: string },
  changes: { state: JobTable['state']; runAt: Timestamp; attempts: number; lastError: string | null },
): Promise<boolean> {
  const result = await db
    .updateTable('jobs')
    .set({
      state: changes.state,
      run_at: changes.runAt,
      attempts: changes.attempts,
      last_error: changes.lastError,
      claim: null,
    })
    .where('id', '=', job.jobId)
    .where('claim', '=', job.claim)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Removes jobs that failed for good before a moment. */
export async function removeFailedJobs(db: Database, before: Timestamp): Promise<void> {
  await db.deleteFrom('jobs').where('state', '=', 'failed').where('run_at', '<', before).execute();
}

function rowOf(job: NewJob) {
  return {
    kind: job.kind,
    payload: job.payload,
    unique_key: job.uniqueKey,
    state: 'waiting' as const,
    run_at: job.runAt,
    attempts: 0,
    claim: null,
    last_error: null,
    created_at: job.createdAt,
  };
}
