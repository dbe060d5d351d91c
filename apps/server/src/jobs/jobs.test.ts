import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Context } from '../context.ts';
import { inTransaction } from '../context.ts';
import type { Database } from '../db/tables.ts';
import { emptyDatabase } from '../testing/context.ts';
import { plusSeconds, now as systemNow, type Timestamp } from '../time.ts';
import { enqueue } from './service.ts';
import { createWorker, type Worker, type WorkerOptions } from './worker.ts';

/** Workers that work when a test says so, on a database and by a clock of their own. */
let db: Database;
let drop: () => Promise<void>;
let at: Timestamp;
let workers: Worker[];
let done: unknown[];

beforeEach(async () => {
  ({ db, drop } = await emptyDatabase());
  at = systemNow();
  workers = [];
  done = [];
});

afterEach(async () => {
  for (const worker of workers) await worker.stop();
  await drop();
});

const log = pino({ level: 'silent' });

function context(): Context {
  return {
    db,
    log,
    now: () => at,
    afterCommit: (work: () => void) => work(),
    wakeWorker: () => undefined,
  } as unknown as Context;
}

/** A process that runs until the test is over. */
function startWorker(handlers: WorkerOptions['handlers'], options: Partial<WorkerOptions> = {}): Worker {
  const worker = createWorker({ db, log, context, handlers, intervalMs: 1_000_000, ...options });
  workers.push(worker);
  return worker;
}

const note = async (_ctx: Context, payload: unknown) => void done.push(payload);
const later = (seconds: number) => {
  at = plusSeconds(at, seconds);
};
const jobsOf = (kind: string) => db.selectFrom('jobs').where('kind', '=', kind).selectAll().orderBy('id').execute();

describe('a job', () => {
  test('runs with its payload and is gone', async () => {
    await enqueue(context(), { kind: 'note', payload: { to: 'you' } });

    await startWorker({ note }).runPending();

    expect(done).toEqual([{ to: 'you' }]);
    expect(await jobsOf('note')).toEqual([]);
  });

  test('does not run where its transaction is not committed', async () => {
    const refused = inTransaction(context(), async (ctx) => {
      await enqueue(ctx, { kind: 'note', payload: 1 });
      throw new Error('refused');
    });

    await expect(refused).rejects.toThrow('refused');
    await startWorker({ note }).runPending();
    expect(done).toEqual([]);
  });

  test('wakes the worker after its commit, not before', async () => {
    const woken: string[] = [];
    const ctx = { ...context(), wakeWorker: () => woken.push('woken') } as unknown as Context;

    await inTransaction(ctx, async (ctx) => {
      await enqueue(ctx, { kind: 'note', payload: 1 });
      woken.push('written');
    });

    expect(woken).toEqual(['written', 'woken']);
  });

  test('does not run before its time', async () => {
    const worker = startWorker({ note });
    await enqueue(context(), { kind: 'note', payload: 1, runAt: plusSeconds(at, 60) });

    await worker.runPending();
    const before = [...done];
    later(60);
    await worker.runPending();

    expect(before).toEqual([]);
    expect(done).toEqual([1]);
  });

  test('of a kind that this process does not know waits for one that does', async () => {
    await enqueue(context(), { kind: 'note', payload: 1 });

    await startWorker({}).runPending();
    const before = [...done];
    await startWorker({ note }).runPending();

    expect(before).toEqual([]);
    expect(done).toEqual([1]);
  });

  test('runs once, however many processes there are', async () => {
    for (let number = 1; number <= 30; number++) await enqueue(context(), { kind: 'note', payload: number });
    const many = Array.from({ length: 4 }, () => startWorker({ note: { run: note, concurrency: 5 } }));

    await Promise.all(many.map((worker) => worker.runPending()));

    expect(done.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
  });
});

describe('jobs of the same key', () => {
  test('are one while none has begun: the newer payload, the earlier time', async () => {
    await enqueue(context(), { kind: 'note', payload: 1, uniqueKey: 'a' });
    await enqueue(context(), { kind: 'note', payload: 2, uniqueKey: 'a', runAt: plusSeconds(at, 600) });
    await enqueue(context(), { kind: 'note', payload: 3, uniqueKey: 'b' });

    await startWorker({ note }).runPending();

    expect(done).toEqual([2, 3]);
  });

  test('are two where the first has begun', async () => {
    const worker = startWorker({
      note: async (ctx, payload) => {
        done.push(payload);
        if (payload === 1) await enqueue(ctx, { kind: 'note', payload: 2, uniqueKey: 'a' });
      },
    });
    await enqueue(context(), { kind: 'note', payload: 1, uniqueKey: 'a' });

    await worker.runPending();

    expect(done).toEqual([1, 2]);
  });
});

describe('a job that fails', () => {
  const fail = async () => {
    done.push('tried');
    throw new Error('no such luck');
  };

  test('is tried again after a while that grows', async () => {
    const worker = startWorker({ fail });
    await enqueue(context(), { kind: 'fail', payload: null });
    const waits: number[] = [];

    for (let attempt = 1; attempt <= 4; attempt++) {
      await worker.runPending();
      const [job] = await jobsOf('fail');
      waits.push((Date.parse(job?.run_at ?? '') - Date.parse(at)) / 1000);
      at = job?.run_at ?? at;
    }

    expect(done).toHaveLength(4);
    for (const [index, usual] of [4, 8, 16, 32].entries()) {
      expect(waits[index]).toBeGreaterThanOrEqual(usual * 0.74);
      expect(waits[index]).toBeLessThanOrEqual(usual * 1.26);
    }
  });

  test('as often as its kind allows stays with its error, and is removed after 14 days', async () => {
    const worker = startWorker({ fail: { run: fail, maxAttempts: 2 } });
    await enqueue(context(), { kind: 'fail', payload: null });

    await worker.runPending();
    later(60);
    await worker.runPending();
    later(13 * 86_400);
    await worker.runPending();
    const [failed] = await jobsOf('fail');
    later(2 * 86_400);
    await worker.runPending();

    expect(done).toHaveLength(2);
    expect(failed).toMatchObject({ state: 'failed', attempts: 2, last_error: 'Error: no such luck' });
    expect(await jobsOf('fail')).toEqual([]);
  });

  test('does not keep others waiting', async () => {
    await enqueue(context(), { kind: 'fail', payload: null });
    await enqueue(context(), { kind: 'note', payload: 1 });

    await startWorker({ fail, note }).runPending();

    expect(done).toEqual(['tried', 1]);
  });
});

describe('a process that dies', () => {
  test('leaves its job to another when the lease ends', async () => {
    // One at a time: it must not take its own job again when the lease ends.
    const never = { run: () => new Promise<void>(() => undefined), concurrency: 1 };
    const stuck = startWorker({ note: never }, { stopMs: 1, leaseSeconds: 60 });
    await enqueue(context(), { kind: 'note', payload: 1 });
    stuck.wake();
    await expect.poll(async () => (await jobsOf('note'))[0]?.attempts).toBe(1);
    const other = startWorker({ note });

    await other.runPending();
    const before = [...done];
    later(61);
    await other.runPending();

    expect(before).toEqual([]);
    expect(done).toEqual([1]);
  });

  test('and comes back late does not touch what another has done', async () => {
    let end: () => void = () => undefined;
    const slow = startWorker({ note: () => new Promise<void>((resolve) => void (end = resolve)) });
    await enqueue(context(), { kind: 'note', payload: 1 });
    slow.wake();
    await expect.poll(async () => (await jobsOf('note'))[0]?.attempts).toBe(1);
    later(61);
    await startWorker({
      note: async () => {
        end();
        await slow.runPending();
        throw new Error('mine to tell');
      },
    }).runPending();

    expect((await jobsOf('note'))[0]).toMatchObject({ attempts: 2, last_error: 'Error: mine to tell' });
  });

  test('keeps its lease as long as it lives', async () => {
    let end: () => void = () => undefined;
    const slow = startWorker(
      { note: () => new Promise<void>((resolve) => void (end = resolve)) },
      { leaseSeconds: 0.03 },
    );
    await enqueue(context(), { kind: 'note', payload: 1 });
    slow.wake();
    await expect.poll(async () => (await jobsOf('note'))[0]?.attempts).toBe(1);
    later(600);

    await expect.poll(async () => ((await jobsOf('note'))[0]?.run_at ?? '') > at).toBe(true);
    end();
  });
});

describe('stopping', () => {
  test('lets what is running end, and begins nothing more', async () => {
    let end: () => void = () => undefined;
    const worker = startWorker({
      note: {
        run: (ctx, payload) => new Promise<void>((resolve) => void (end = resolve)).then(() => note(ctx, payload)),
        concurrency: 1,
      },
    });
    await enqueue(context(), { kind: 'note', payload: 1 });
    await enqueue(context(), { kind: 'note', payload: 2 });
    worker.wake();
    await expect.poll(async () => (await jobsOf('note'))[0]?.attempts).toBe(1);

    const stopped = worker.stop();
    end();
    await stopped;

    expect(done).toEqual([1]);
    expect(await jobsOf('note')).toMatchObject([{ payload: '2', attempts: 0 }]);
  });

  test('costs a job that ends early no attempt', async () => {
    const worker = startWorker({
      note: (_ctx, _payload, signal) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('stopped')))),
    });
    await enqueue(context(), { kind: 'note', payload: 1 });
    worker.wake();
    await expect.poll(async () => (await jobsOf('note'))[0]?.attempts).toBe(1);

    await worker.stop();

    expect(await jobsOf('note')).toMatchObject([{ attempts: 0, run_at: at, claim: null }]);
  });
});

describe('a job that recurs', () => {
  const every = { run: async () => void done.push('tick'), everySeconds: 60 };

  test('runs at each of its times, in one process', async () => {
    const [one, two] = [startWorker({ every }), startWorker({ every })] as const;

    for (let minute = 0; minute < 3; minute++) {
      await Promise.all([one.runPending(), two.runPending()]);
      later(60);
    }

    expect(done).toEqual(['tick', 'tick', 'tick']);
  });

  test('goes on after it failed, and says why it did', async () => {
    let fails = true;
    const worker = startWorker({
      every: {
        run: async () => {
          if (fails) throw new Error('not today');
          done.push('tick');
        },
        everySeconds: 60,
      },
    });

    await worker.runPending();
    const [failed] = await jobsOf('every');
    fails = false;
    later(60);
    await worker.runPending();

    expect(failed).toMatchObject({ state: 'waiting', last_error: 'Error: not today' });
    expect(done).toEqual(['tick']);
    expect(await jobsOf('every')).toMatchObject([{ last_error: null }]);
  });
});
