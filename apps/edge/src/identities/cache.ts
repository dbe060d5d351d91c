import { LRUCache } from 'lru-cache';
import type { IdentityName, IdentityStore, StoredIdentity } from './store.ts';

/**
 * Identities in memory in front of their store. An answer comes at once where the identity is in memory, also when it is
 * known that there is none.
 */
export interface IdentityCache {
  /** What is stored of an identity. Concurrent first calls share one question to the store. */
  load(name: IdentityName): StoredIdentity | null | Promise<StoredIdentity | null>;
  /** The same where it is in memory; undefined where it is not. Two calls answer the same object as long as nothing changed. */
  peek(name: IdentityName): StoredIdentity | null | undefined;
  save(request: Parameters<IdentityStore['save']>[0]): Promise<StoredIdentity>;
  increment(request: Parameters<IdentityStore['increment']>[0]): Promise<StoredIdentity | null>;
  /** Drops what is in memory, because somebody else changed or deleted the identity. */
  forget(name: IdentityName): void;
}

/** Running writes of one identity. Where two overlap, nobody can say whose answer is the newer one: none is remembered. */
interface Writes {
  running: number;
  overlapped: boolean;
}

const doubtMs = 60_000;

// The LRU cannot hold null.
interface Entry {
  stored: StoredIdentity | null;
}

export function createIdentityCache(options: {
  store: IdentityStore;
  maxIdentities: number;
  /** How long to trust what is in memory; null for ever, which is right where all writes go through this process. */
  ttlMs: number | null;
}): IdentityCache {
  const { store } = options;
  const entries = new LRUCache<string, Entry>({
    max: options.maxIdentities,
    ...(options.ttlMs === null ? {} : { ttl: options.ttlMs }),
  });
  const loads = new Map<string, Promise<StoredIdentity | null>>();
  const writes = new Map<string, Writes>();

  async function write<T extends StoredIdentity | null>(
    name: IdentityName,
    remember: boolean,
    work: () => Promise<T>,
  ): Promise<T> {
    const key = keyOf(name);
    loads.delete(key); // What a running load reads may be older than what is written now.
    const running = writes.get(key) ?? { running: 0, overlapped: false };
    writes.set(key, running);
    if (++running.running > 1 || !remember) running.overlapped = true;
    try {
      const stored = await work();
      if (running.overlapped) entries.delete(key);
      else entries.set(key, { stored });
      return stored;
    } catch (error) {
      // The database may have kept it and lost only the answer: what is in memory serves on, but not for long.
      const doubtful = entries.get(key);
      if (doubtful !== undefined) entries.set(key, doubtful, { ttl: doubtMs });
      throw error;
    } finally {
      if (--running.running === 0) writes.delete(key);
      loads.delete(key);
    }
  }

  return {
    load(name) {
      const key = keyOf(name);
      const entry = entries.get(key);
      if (entry !== undefined) return entry.stored;
      const running = loads.get(key);
      if (running !== undefined) return running;
      const load = store.find(name).then(
        (stored) => {
          if (loads.get(key) === load) {
            loads.delete(key);
            entries.set(key, { stored });
          }
          return stored;
        },
        (error) => {
          if (loads.get(key) === load) loads.delete(key);
          throw error;
        },
      );
      loads.set(key, load);
      return load;
    },
    peek: (name) => entries.get(keyOf(name))?.stored,
    save: (request) => write(request, true, () => store.save(request)),
    increment: (request) => write(request, false, () => store.increment(request)),
    forget(name) {
      const key = keyOf(name);
      entries.delete(key);
      loads.delete(key);
      const running = writes.get(key);
      if (running !== undefined) running.overlapped = true;
    },
  };
}

function keyOf(name: IdentityName): string {
  return `${name.environmentId}:${name.identifier}`;
}
