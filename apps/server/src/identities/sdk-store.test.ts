import type { TraitValue } from '@halyard/contract';
import { type IdentityStore, Unavailable } from '@halyard/edge';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { factsOf } from '../db/dialects/dialect.ts';
import type { Database } from '../db/tables.ts';
import { emptyDatabase } from '../testing/context.ts';
import { seedTenant } from '../testing/seed.ts';
import { createIdentityStore } from './sdk-store.ts';

const log = pino({ level: 'silent' });
let database: Awaited<ReturnType<typeof emptyDatabase>>;
let db: Database;
let store: IdentityStore;
let environmentId: number;
let otherEnvironmentId: number;

beforeAll(async () => {
  database = await emptyDatabase();
  db = database.db;
  store = createIdentityStore({ db, log });
  const tenant = await seedTenant(db);
  environmentId = tenant.production.id;
  otherEnvironmentId = tenant.development.id;
});

afterAll(() => database?.drop());

function save(identifier: string, set: Record<string, TraitValue> = {}, remove: string[] = []) {
  return store.save({ environmentId, identifier, set: new Map(Object.entries(set)), remove });
}

async function traitsOf(identifier: string): Promise<Record<string, TraitValue> | null> {
  const stored = await store.find({ environmentId, identifier });
  return stored && Object.fromEntries([...stored.traits].map(([key, { value }]) => [key, value]));
}

describe('find', () => {
  test('an identity that nobody saved is unknown', async () => {
    expect(await store.find({ environmentId, identifier: 'nobody' })).toBeNull();
  });

  test('an identity without traits is known', async () => {
    await save('no traits');

    expect(await traitsOf('no traits')).toEqual({});
  });

  test('an identity of another environment is unknown', async () => {
    await save('only here', { plan: 'pro' });

    expect(await store.find({ environmentId: otherEnvironmentId, identifier: 'only here' })).toBeNull();
  });

  test('identifiers differ by upper and lower case, by blanks at the end and by characters beyond ASCII', async () => {
    for (const identifier of ['Case', 'case', 'case ', 'cäse']) await save(identifier, { name: identifier });

    expect(await traitsOf('Case')).toEqual({ name: 'Case' });
    expect(await traitsOf('case')).toEqual({ name: 'case' });
    expect(await traitsOf('case ')).toEqual({ name: 'case ' });
    expect(await traitsOf('cäse')).toEqual({ name: 'cäse' });
  });
});

describe('save', () => {
  test('every type of value comes back as it was', async () => {
    const traits = {
      text: 'größe 👋',
      empty: '',
      digits: '5',
      integer: 30,
      negative: -1,
      smallest: -2_147_483_648,
      fraction: 1.5,
      yes: true,
      no: false,
      large: 3_000_000_000,
    };

    await save('types', traits);

    expect(await traitsOf('types')).toEqual(traits);
  });

  test('it answers what is stored afterwards, in the order in which traits were first set', async () => {
    await save('ordered', { b: 1, a: 2 });

    const stored = await save('ordered', { c: 3, b: 4 });

    expect([...stored.traits].map(([key, { value }]) => [key, value])).toEqual([
      ['b', 4],
      ['a', 2],
      ['c', 3],
    ]);
  });

  test('a trait keeps its id when its value and its type change', async () => {
    const before = await save('retyped', { age: '30' });

    const after = await save('retyped', { age: 30 });

    expect(after.traits.get('age')).toEqual({ id: before.traits.get('age')?.id, value: 30 });
  });

  test('a removed trait is gone, and removing it again is no error', async () => {
    await save('removed', { plan: 'pro', age: 30 });

    await save('removed', {}, ['plan']);
    await save('removed', {}, ['plan']);

    expect(await traitsOf('removed')).toEqual({ age: 30 });
  });

  test('saving again changes nothing', async () => {
    const first = await save('again', { plan: 'pro' });

    const second = await save('again', { plan: 'pro' });

    expect(second).toEqual(first);
  });

  test('many concurrent saves of one new identity make one identity with all traits', async () => {
    const saves = Array.from({ length: 60 }, (_, i) => save('crowded', { [`trait ${i}`]: i }));

    const stored = await Promise.all(saves);

    expect(new Set(stored.map(({ id }) => id)).size).toBe(1);
    expect(Object.keys((await traitsOf('crowded')) ?? {})).toHaveLength(60);
  });

  test('two stores that create the same identities at the same time agree', async () => {
    const other = createIdentityStore({ db, log });
    const names = Array.from({ length: 40 }, (_, i) => `raced ${i}`);

    const [ours, theirs] = await Promise.all([
      Promise.all(names.map((name) => save(name, { from: 'ours', mine: 1 }))),
      Promise.all(
        names
          .toReversed()
          .map((identifier) =>
            other.save({ environmentId, identifier, set: new Map<string, TraitValue>([['theirs', 2]]), remove: [] }),
          ),
      ),
    ]);

    expect(ours.map(({ id }) => id)).toEqual(theirs.toReversed().map(({ id }) => id));
    expect(await traitsOf('raced 0')).toEqual({ from: 'ours', mine: 1, theirs: 2 });
  });

  test('requests of one group are applied in their order', async () => {
    await Promise.all([
      save('in order', { plan: 'free' }),
      save('in order', {}, ['plan']),
      save('in order', { plan: 'pro' }),
    ]);

    expect(await traitsOf('in order')).toEqual({ plan: 'pro' });
  });

  test('a request that cannot be written fails alone', async () => {
    const good = Array.from({ length: 20 }, (_, i) => save(`good ${i}`, { n: i }));
    const bad = store.save({ environmentId: 999_999, identifier: 'bad', set: new Map(), remove: [] });

    const [badResult, ...goodResults] = await Promise.allSettled([bad, ...good]);

    expect(badResult?.status).toBe('rejected');
    expect(goodResults.every((result) => result.status === 'fulfilled')).toBe(true);
    expect(await traitsOf('good 7')).toEqual({ n: 7 });
  });
});

describe('a database that takes no writes', () => {
  const isSqlite = () => factsOf(db).name === 'sqlite';

  test('refuses as unavailable, keeps nothing by halves and works again afterwards', async ({ skip }) => {
    if (!isSqlite()) skip();
    await sql`pragma query_only = on`.execute(db);
    const refused = await Promise.allSettled([save('unwritten', { plan: 'pro' }), save('neither')]);
    await sql`pragma query_only = off`.execute(db);

    expect(refused.map((result) => (result.status === 'rejected' ? result.reason : null))).toEqual([
      expect.any(Unavailable),
      expect.any(Unavailable),
    ]);
    expect(await traitsOf('unwritten')).toBeNull();
    await save('unwritten', { plan: 'pro' });
    expect(await traitsOf('unwritten')).toEqual({ plan: 'pro' });
  });
});

describe('increment', () => {
  const increment = (identifier: string, traitKey: string, by: number) =>
    store.increment({ environmentId, identifier, traitKey, by });

  test('a trait that is not there starts at 0, for an identity that is not there either', async () => {
    const stored = await increment('counted', 'visits', 3);

    expect(stored?.traits.get('visits')?.value).toBe(3);
  });

  test('concurrent steps all count', async () => {
    await Promise.all(Array.from({ length: 25 }, () => increment('stepped', 'visits', 2)));

    expect(await traitsOf('stepped')).toEqual({ visits: 50 });
  });

  test('a step may go down', async () => {
    await save('down', { credit: 5 });

    await increment('down', 'credit', -7);

    expect(await traitsOf('down')).toEqual({ credit: -2 });
  });

  test('a trait that is no integer is refused and left alone', async () => {
    await save('texted', { visits: '5' });

    expect(await increment('texted', 'visits', 1)).toBeNull();
    expect(await traitsOf('texted')).toEqual({ visits: '5' });
  });

  test('a sum beyond 32 bits is refused and the trait left alone', async () => {
    await save('full', { visits: 2_147_483_647 });

    expect(await increment('full', 'visits', 1)).toBeNull();
    expect(await traitsOf('full')).toEqual({ visits: 2_147_483_647 });
  });
});
