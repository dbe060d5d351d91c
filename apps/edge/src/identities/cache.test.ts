import { describe, expect, test } from 'vitest';
import { memoryIdentities } from '../testing/memory.ts';
import { createIdentityCache } from './cache.ts';
import type { IdentityStore, StoredIdentity } from './store.ts';

const name = { environmentId: 7, identifier: 'u' };
const set = (traits: Record<string, string | number>) => ({
  ...name,
  set: new Map(Object.entries(traits)),
  remove: [],
});

/** A store whose answers are let go one by one, in any order. */
function heldStore() {
  const inner = memoryIdentities();
  const held: (() => void)[] = [];
  const hold = async <T>(work: () => Promise<T>): Promise<T> => {
    const result = await work();
    await new Promise<void>((resolve) => held.push(resolve));
    return result;
  };
  const store: IdentityStore = {
    find: (request) => hold(() => inner.find(request)),
    save: (request) => hold(() => inner.save(request)),
    increment: (request) => hold(() => inner.increment(request)),
  };
  const letGo = async (index: number) => {
    while (held[index] === undefined) await new Promise((resolve) => setImmediate(resolve));
    held[index]();
  };
  return { inner, store, letGo };
}

function cacheOf(store: IdentityStore, maxIdentities = 100) {
  return createIdentityCache({ store, maxIdentities, ttlMs: null });
}

const planOf = (stored: StoredIdentity | null) => stored?.traits.get('plan')?.value;

test('an identity in memory is answered at once and as the same object', async () => {
  const cache = cacheOf(memoryIdentities());
  const saved = await cache.save(set({ plan: 'pro' }));

  expect(cache.load(name)).toBe(saved);
  expect(cache.peek(name)).toBe(saved);
});

test('it is remembered that there is no such identity', async () => {
  const store = memoryIdentities();
  const cache = cacheOf(store);

  await cache.load(name);

  expect(cache.load(name)).toBeNull();
  expect(store.calls).toEqual(['find u']);
});

test('the number of identities in memory is bounded', async () => {
  const cache = cacheOf(memoryIdentities(), 2);
  for (const identifier of ['a', 'b', 'c']) await cache.load({ environmentId: 7, identifier });

  expect(cache.peek({ environmentId: 7, identifier: 'a' })).toBeUndefined();
  expect(cache.peek({ environmentId: 7, identifier: 'c' })).toBeNull();
});

test('identities of two environments are two', async () => {
  const cache = cacheOf(memoryIdentities());
  await cache.save(set({ plan: 'pro' }));

  expect(cache.peek({ environmentId: 8, identifier: 'u' })).toBeUndefined();
});

test('a load that fails is tried again', async () => {
  const store = memoryIdentities();
  const cache = cacheOf(store);
  store.available = false;
  await expect(cache.load(name)).rejects.toThrow('cannot take this request');

  store.available = true;

  expect(await cache.load(name)).toBeNull();
});

describe('nothing older than the newest write is remembered', () => {
  test('when a load overlaps with a save', async () => {
    const { store, letGo } = heldStore();
    const cache = cacheOf(store);
    const load = cache.load(name);
    const save = cache.save(set({ plan: 'pro' }));

    await letGo(1);
    await save;
    await letGo(0);
    await load;

    expect(planOf(cache.peek(name) ?? null)).toBe('pro');
  });

  test('when two saves overlap', async () => {
    const { store, letGo } = heldStore();
    const cache = cacheOf(store);
    const first = cache.save(set({ plan: 'free' }));
    const second = cache.save(set({ plan: 'pro' }));

    await letGo(1);
    await second;
    await letGo(0);
    await first;

    expect(cache.peek(name)).toBeUndefined();
  });

  test('when somebody else writes during a save', async () => {
    const { store, letGo } = heldStore();
    const cache = cacheOf(store);
    const save = cache.save(set({ plan: 'pro' }));

    cache.forget(name);
    await letGo(0);
    await save;

    expect(cache.peek(name)).toBeUndefined();
  });

  test('when somebody else writes during a load', async () => {
    const { store, letGo } = heldStore();
    const cache = cacheOf(store);
    const load = cache.load(name);

    cache.forget(name);
    await letGo(0);
    await load;

    expect(cache.peek(name)).toBeUndefined();
  });
});

test('a save that fails leaves what is in memory, so that the identity is served on', async () => {
  const store = memoryIdentities();
  const cache = cacheOf(store);
  const before = await cache.save(set({ plan: 'free' }));
  store.available = false;

  await expect(cache.save(set({ plan: 'pro' }))).rejects.toThrow('cannot take this request');

  expect(cache.peek(name)).toBe(before);
});
