import { describe, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { seedTenant, seedUser } from '../testing/seed.ts';
import { plusSeconds } from '../time.ts';
import { createSharedThrottle, throttleJobs } from './shared.ts';

// In the future: the platform's own job forgets what is over.
const start = '2099-01-02T03:04:05.000000Z';
const rate = { count: 3, seconds: 60 };

describe('counting in the database', () => {
  const context = testContext();
  let time = start;
  const throttle = (name: string) => {
    const shared = createSharedThrottle({ db: context.db, now: () => time });
    return () => shared.count({ scope: 'test', key: name, rate });
  };

  test('lets as many through as the rate says, and answers how long the others wait', async () => {
    const attempt = throttle('one');

    const waits = [await attempt(), await attempt(), await attempt(), await attempt()];

    expect(waits).toEqual([0, 0, 0, 55]);
  });

  test('counts what other processes let through', async () => {
    const here = throttle('two');
    const elsewhere = throttle('two');
    await Promise.all([here(), elsewhere(), here()]);

    expect(await elsewhere()).toBe(55);
  });

  test('counts each of many who come at once', async () => {
    const attempt = throttle('three');

    const waits = await Promise.all(Array.from({ length: 10 }, attempt));

    expect(waits.filter((wait) => wait === 0).length).toBeLessThanOrEqual(3);
    const counts = await context.db.selectFrom('throttle_counts').select('count').execute();
    expect(counts.some(({ count }) => count === 10)).toBe(true);
  });

  test('begins again in the next stretch, and counts each key for itself', async () => {
    const attempt = throttle('four');
    for (let i = 0; i < 4; i++) await attempt();

    expect(await throttle('five')()).toBe(0);
    time = plusSeconds(start, 55);
    expect(await attempt()).toBe(0);
    time = start;
  });

  test('is forgotten once it is over', async () => {
    const before = await context.db.selectFrom('throttle_counts').selectAll().execute();
    time = '2020-01-02T03:04:05.000000Z';
    await throttle('six')();
    time = start;

    await throttleJobs['throttle.clean'].run(context.app.systemContext());

    expect(await context.db.selectFrom('throttle_counts').selectAll().execute()).toEqual(before);
  });
});

describe('limits on everything that somebody asks', () => {
  const context = testContext({ USER_THROTTLE_RATE: '2/hour', MASTER_API_KEY_THROTTLE_RATE: '1/hour' });
  const list = (as: string) => context.request({ path: '/api/v1/organisations/', as });

  test('count each person and each master key for themselves', async () => {
    const { admin, masterKey } = await seedTenant(context.db);
    const { authorization: other } = await seedUser(context.db);

    const person = [await list(admin), await list(admin), await list(admin)];
    const key = [await list(masterKey), await list(masterKey)];

    expect(person.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(key.map(({ status }) => status)).toEqual([200, 429]);
    expect((await list(other)).status).toBe(200);
    expect(Number(person[2]?.headers['retry-after'])).toBeGreaterThan(0);
  });
});
