import type { PublishedEnvironment, TraitValue } from '@halyard/contract';
import type { DocumentListener, DocumentReader } from '../documents/reader.ts';
import type { IdentityName, IdentityStore, StoredIdentity } from '../identities/store.ts';
import { sha256 } from '../publication.ts';
import { Unavailable } from '../unavailable.ts';
import type { EvaluationCount, RequestCount, UsageStore } from '../usage/store.ts';

/** A reader that holds its environments in memory. */
export interface MemoryDocuments extends DocumentReader {
  publish(published: PublishedEnvironment): void;
  remove(environmentId: number): void;
  /** Keys asked for, in order. */
  readonly asked: string[];
}

export function memoryDocuments(...published: PublishedEnvironment[]): MemoryDocuments {
  const environments = new Map(published.map((environment) => [environment.environmentId, environment]));
  const listeners = new Set<DocumentListener>();
  const asked: string[] = [];
  return {
    asked,
    async find({ key }) {
      asked.push(key);
      const hash = sha256(key);
      for (const environment of environments.values()) {
        const opens = environment.document.api_key === key || environment.serverKeys.some((one) => one.sha256 === hash);
        if (opens) return environment;
      }
      return null;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    publish(environment) {
      environments.set(environment.environmentId, environment);
      for (const listener of listeners) listener.published(environment);
    },
    remove(environmentId) {
      environments.delete(environmentId);
      for (const listener of listeners) listener.removed(environmentId);
    },
  };
}

/** An identity store in memory. */
export interface MemoryIdentities extends IdentityStore {
  /** Calls of the port, in order: `find user-1`, `save user-1`. */
  readonly calls: string[];
  /** Makes every call fail as if the database were away. */
  available: boolean;
  read(identifier: string): Record<string, TraitValue> | null;
}

export function memoryIdentities(): MemoryIdentities {
  const identities = new Map<string, StoredIdentity & { traits: Map<string, { id: number; value: TraitValue }> }>();
  let lastId = 0;
  const calls: string[] = [];
  const keyOf = (name: IdentityName) => `${name.environmentId}:${name.identifier}`;
  const begin = async (call: string, name: IdentityName) => {
    calls.push(`${call} ${name.identifier}`);
    await null;
    if (!store.available) throw new Unavailable(new Error('no database'));
  };
  const copy = (identity: StoredIdentity): StoredIdentity => ({ id: identity.id, traits: new Map(identity.traits) });
  const create = (name: IdentityName) => {
    const known = identities.get(keyOf(name));
    if (known !== undefined) return known;
    const identity = { id: ++lastId, traits: new Map<string, { id: number; value: TraitValue }>() };
    identities.set(keyOf(name), identity);
    return identity;
  };
  const set = (identity: { traits: Map<string, { id: number; value: TraitValue }> }, key: string, value: TraitValue) =>
    identity.traits.set(key, { id: identity.traits.get(key)?.id ?? ++lastId, value });

  const store: MemoryIdentities = {
    calls,
    available: true,
    async find(name) {
      await begin('find', name);
      const identity = identities.get(keyOf(name));
      return identity === undefined ? null : copy(identity);
    },
    async save(request) {
      await begin('save', request);
      const identity = create(request);
      for (const [key, value] of request.set) set(identity, key, value);
      for (const key of request.remove) identity.traits.delete(key);
      return copy(identity);
    },
    async increment({ traitKey, by, ...name }) {
      await begin('increment', name);
      const value = identities.get(keyOf(name))?.traits.get(traitKey)?.value ?? 0;
      if (typeof value !== 'number' || !Number.isInteger(value)) return null;
      const sum = value + by;
      if (sum > 2_147_483_647 || sum < -2_147_483_648) return null;
      const identity = create(name);
      set(identity, traitKey, sum);
      return copy(identity);
    },
    read(identifier) {
      for (const [key, identity] of identities) {
        if (!key.endsWith(`:${identifier}`)) continue;
        return Object.fromEntries([...identity.traits].map(([trait, { value }]) => [trait, value]));
      }
      return null;
    },
  };
  return store;
}

/** A usage store in memory. */
export interface MemoryUsage extends UsageStore {
  readonly counts: EvaluationCount[];
  readonly requests: RequestCount[];
  /** Makes counting requests fail as if the database were away. */
  available: boolean;
  /** The same for single environments. */
  readonly refuses: Set<number>;
  readonly firstEvaluations: { environmentId: number; sdkLabel: string }[];
}

export function memoryUsage(): MemoryUsage {
  const counts: EvaluationCount[] = [];
  const requests: RequestCount[] = [];
  const firstEvaluations: { environmentId: number; sdkLabel: string }[] = [];
  const store: MemoryUsage = {
    available: true,
    refuses: new Set(),
    counts,
    requests,
    firstEvaluations,
    async add(added) {
      counts.push(...added);
    },
    async addRequests(added) {
      const taken = added.filter((count) => store.available && !store.refuses.has(count.environmentId));
      requests.push(...taken);
      return added.filter((count) => !taken.includes(count));
    },
    async firstEvaluated(request) {
      firstEvaluations.push(request);
    },
  };
  return store;
}
