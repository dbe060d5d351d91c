import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Context } from '../context.ts';
import type { Database } from '../db/tables.ts';
import { plusSeconds } from '../time.ts';
import {
  claimJob,
  findDueJobs,
  insertRecurringJob,
  releaseJob,
  removeFailedJobs,
  removeJob,
  renewLease,
  type StoredJob,
} from './store.ts';

/**
 * Does one job. It may run again after it was done, where the process died before it could say so. Throwing lets it run
 * again later. `signal` fires when the process stops: a handler that ends early then loses no attempt.
 */
export type Handler = (ctx: Context, payload: never, signal: AbortSignal) => Promise<void>;

/** A handler with what differs from the usual. */
export interface JobDescription {
  run: Handler;
  /** Attempts before a job fails for good: 10, over about two hours. One that recurs is always tried again. */
  maxAttempts?: number;
  /** How many of the kind run at once in each process: 2. A kind never waits for another. */
  concurrency?: number;
  /** Makes it recur: it begins this long after it last ended, in one process at a time. Its payload is null. */
  everySeconds?: number;
}

export interface WorkerOptions {
  db: Database;
  log: Logger;
  /** A context of the system. */
  context: (log: Logger) => Context;
  /** By kind. Jobs of other kinds wait for a process that knows them. */
  handlers: Record<string, Handler | JobDescription>;
  /** How often to look for what other processes wrote, and for what became due. */
  intervalMs?: number;
  /** A job of a process that died is taken again after this long. */
  leaseSeconds?: number;
  /** How long `stop` waits for what is running. */
  stopMs?: number;
}

/** Runs the jobs of the `jobs` table, which any number of processes share. */
export interface Worker {
  /** Looks for work now. Never throws. */
  wake(): void;
  /** Runs all that is due, also what that makes due, and answers when nothing is. */
  runPending(): Promise<void>;
  /** Begins nothing more and lets what is running end; what does not is taken again when its lease ends. */
  stop(): Promise<void>;
}

/**
 * `run_at` is both when a waiting job may begin and, once it has begun, when its lease ends: to take a job is to move its
 * `run_at`, which exactly one process manages. While it runs the lease is renewed, so that it ends only with its process.
 */
export function createWorker(options: WorkerOptions): Worker {
  const { db, log, leaseSeconds = 60 } = options;
  const kinds = describedKinds(options);
  const running = new Map<number, { kind: string; done: Promise<void> }>();
  const stopping = new AbortController();
  let pumping: Promise<void> | null = null;
  let again = false;
  let recurringExist = false;

  /** Begins what is due, as far as each kind has room, and answers how many jobs that were. */
  async function begin(): Promise<number> {
    const { now } = options.context(log);
    if (!recurringExist) {
      for (const [kind, { everySeconds }] of kinds) if (everySeconds !== null) await addRecurring(kind);
      recurringExist = true;
    }
    const room = new Map<string, number>();
    for (const [kind, { concurrency }] of kinds) {
      const free = concurrency - [...running.values()].filter((job) => job.kind === kind).length;
      if (free > 0) room.set(kind, free);
    }
    if (room.size === 0) return 0;
    const due = await findDueJobs(db, { kinds: [...room.keys()], now: now(), limit: 100 });
    let begun = 0;
    for (const job of due) {
      const free = room.get(job.kind) ?? 0;
      if (free === 0 || stopping.signal.aborted) continue;
      const claim = { id: randomUUID(), leaseEnd: plusSeconds(now(), leaseSeconds), keepsKey: recurs(job) };
      if (!(await claimJob(db, job, claim))) continue;
      room.set(job.kind, free - 1);
      begun++;
      running.set(job.id, { kind: job.kind, done: run({ ...job, attempts: job.attempts + 1 }, claim.id) });
    }
    return begun;
  }

  async function addRecurring(kind: string): Promise<void> {
    const at = options.context(log).now();
    await insertRecurringJob(db, { kind, payload: 'null', uniqueKey: `every:${kind}`, runAt: at, createdAt: at });
  }

  function recurs(job: StoredJob): boolean {
    return kinds.get(job.kind)?.everySeconds !== null;
  }

  async function run(job: StoredJob, claim: string): Promise<void> {
    const ctx = options.context(log.child({ job: job.id, kind: job.kind }));
    const renewal = setInterval(() => void renew(ctx, job, claim), (leaseSeconds * 1000) / 3);
    renewal.unref();
    try {
      const { run } = kinds.get(job.kind) as Kind;
      let failure: { error: unknown } | null = null;
      try {
        await run(ctx, JSON.parse(job.payload) as never, stopping.signal);
      } catch (error) {
        failure = { error };
      }
      clearInterval(renewal);
      const kept = await finish(ctx, job, claim, failure);
      if (!kept) ctx.log.warn('another process took this job while it ran; its lease had ended');
    } catch (error) {
      // The database did not take the outcome: the job runs again when its lease ends.
      ctx.log.error({ err: error }, 'how a job ended could not be stored; it will run again');
    } finally {
      clearInterval(renewal);
      running.delete(job.id);
      wake();
    }
  }

  async function finish(
    ctx: Context,
    job: StoredJob,
    claim: string,
    failure: { error: unknown } | null,
  ): Promise<boolean> {
    const own = { jobId: job.id, claim };
    const { everySeconds, maxAttempts } = kinds.get(job.kind) as Kind;
    if (failure === null && everySeconds === null) return removeJob(db, own);
    const lastError = failure === null ? null : describe(failure.error);
    if (failure !== null && stopping.signal.aborted) {
      const attempts = job.attempts - 1;
      return releaseJob(db, own, { state: 'waiting', runAt: ctx.now(), attempts, lastError });
    }
    if (everySeconds !== null) {
      if (failure !== null) ctx.log.error({ err: failure.error }, 'a recurring job failed; it runs again at its time');
      return releaseJob(db, own, {
        state: 'waiting',
        runAt: plusSeconds(ctx.now(), everySeconds),
        attempts: 0,
        lastError,
      });
    }
    const { attempts } = job;
    if (attempts >= maxAttempts) {
      ctx.log.error({ err: failure?.error, attempts }, 'a job failed for good');
      return releaseJob(db, own, { state: 'failed', runAt: ctx.now(), attempts, lastError });
    }
    ctx.log.warn({ err: failure?.error, attempts }, 'a job failed; it will be tried again');
    const runAt = plusSeconds(ctx.now(), backOffSeconds(attempts));
    return releaseJob(db, own, { state: 'waiting', runAt, attempts, lastError });
  }

  async function renew(ctx: Context, job: StoredJob, claim: string): Promise<void> {
    try {
      await renewLease(db, { jobId: job.id, claim, leaseEnd: plusSeconds(ctx.now(), leaseSeconds) });
    } catch (error) {
      ctx.log.warn({ err: error }, 'the lease of a job could not be renewed; trying again soon');
    }
  }

  function wake(): void {
    if (stopping.signal.aborted) return;
    again = true;
    pumping ??= (async () => {
      while (again && !stopping.signal.aborted) {
        again = false;
        try {
          if ((await begin()) > 0) again = true;
        } catch (error) {
          // The timer tries again; the table says what is still to do.
          log.error({ err: error }, 'looking for jobs failed; trying again soon');
        }
      }
      pumping = null;
    })();
  }

  const timer = setInterval(wake, options.intervalMs ?? 1000);
  timer.unref();

  return {
    wake,
    async runPending() {
      do {
        await Promise.all([...running.values()].map((job) => job.done));
        wake();
        await pumping;
      } while (running.size > 0);
    },
    async stop() {
      stopping.abort();
      clearInterval(timer);
      await pumping;
      const left = new Promise((resolve) => setTimeout(resolve, options.stopMs ?? 10_000).unref());
      await Promise.race([Promise.all([...running.values()].map((job) => job.done)), left]);
    },
  };
}

type Kind = Required<Omit<JobDescription, 'everySeconds'>> & { everySeconds: number | null };

function describedKinds({ handlers, db }: WorkerOptions): Map<string, Kind> {
  const own: Record<string, JobDescription> = {
    'jobs.clean': {
      run: (ctx) => removeFailedJobs(db, plusSeconds(ctx.now(), -failedJobsStaySeconds)),
      everySeconds: 3600,
    },
  };
  return new Map(
    Object.entries({ ...own, ...handlers }).map(([kind, given]) => {
      const {
        run,
        maxAttempts = 10,
        concurrency = 2,
        everySeconds = null,
      } = typeof given === 'function' ? { run: given } : given;
      return [kind, { run, maxAttempts, concurrency: everySeconds === null ? concurrency : 1, everySeconds }];
    }),
  );
}

const failedJobsStaySeconds = 14 * 86_400;

/** 4, 8, 16… seconds up to an hour, give or take a quarter, so that what failed together does not come back together. */
function backOffSeconds(attempts: number): number {
  return Math.round(Math.min(3600, 2 ** (attempts + 1)) * (0.75 + Math.random() / 2) * 1000) / 1000;
}

function describe(error: unknown): string {
  return (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 2000);
}
