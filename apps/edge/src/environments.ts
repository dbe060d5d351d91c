import type { PublishedEnvironment } from '@halyard/contract';
import { LRUCache } from 'lru-cache';
import type { DocumentReader } from './documents/reader.ts';
import { createPublication, type KeyKind, type Publication, sha256 } from './publication.ts';
import type { HeaderSets } from './responses.ts';

/** An environment that somebody asked for; `publication` is replaced by each newer version. */
export interface Environment {
  readonly id: number;
  publication: Publication;
  /** The first evaluation by a known SDK is noted, or being noted, by this process. */
  firstEvaluationNoted: boolean;
}

/** What a key opens. */
export interface Opened {
  environment: Environment;
  kind: KeyKind;
}

/** The environments in memory, and which key opens which. */
export interface Environments {
  /** What a key opens now: at once where it is in memory. Null for a key that opens nothing, or not any more. */
  open(key: string): Opened | null | Promise<Opened | null>;
  close(): void;
}

interface KnownKey extends Opened {
  /** SHA-256 of a server-side key. */
  hash: string | null;
}

const maxKeyLength = 200;
const maxUnknownKeys = 10_000;
/** How long a key that nobody knows is refused without asking again; any publication ends it earlier. */
const unknownKeyTtlMs = 10_000;
const maxKnownKeys = 50_000;

/** Follows a reader and answers which environment a key opens. */
export function createEnvironments(options: {
  documents: DocumentReader;
  headers: HeaderSets;
  now: () => number;
  /** Called after a newer version took the place of an older one. */
  published: (environment: Environment) => void;
  removed: (environmentId: number) => void;
}): Environments {
  const byId = new Map<number, Environment>();
  const keys = new LRUCache<string, KnownKey>({ max: maxKnownKeys });
  const unknownKeys = new LRUCache<string, number>({ max: maxUnknownKeys });
  const searches = new Map<string, Promise<Opened | null>>();
  // What the reader told while searches were under way: what they find may be older than that.
  const meanwhile = new Map<number, PublishedEnvironment | null>();

  const unsubscribe = options.documents.subscribe({
    published(published) {
      unknownKeys.clear();
      if (searches.size > 0)
        meanwhile.set(published.environmentId, newer(published, meanwhile.get(published.environmentId)));
      const environment = byId.get(published.environmentId);
      if (environment === undefined || published.version <= environment.publication.version) return;
      environment.publication = createPublication(published, options.headers);
      options.published(environment);
    },
    removed(environmentId) {
      if (searches.size > 0) meanwhile.set(environmentId, null);
      if (!byId.delete(environmentId)) return;
      for (const [key, known] of keys.entries()) if (known.environment.id === environmentId) keys.delete(key);
      options.removed(environmentId);
    },
  });

  function stillOpens(known: KnownKey, key: string): boolean {
    const { publication } = known.environment;
    if (known.hash === null) return publication.published.document.api_key === key;
    const stored = publication.keyHashes.get(known.hash);
    return stored?.active === true && options.now() < stored.expiresAtMs;
  }

  async function search(key: string): Promise<Opened | null> {
    const found = await options.documents.find({ key });
    const published = found && newest(found);
    if (published === null) {
      unknownKeys.set(key, options.now() + unknownKeyTtlMs);
      return null;
    }
    let environment = byId.get(published.environmentId);
    if (environment === undefined) {
      const publication = createPublication(published, options.headers);
      environment = { id: published.environmentId, publication, firstEvaluationNoted: false };
      byId.set(environment.id, environment);
    } else if (published.version > environment.publication.version) {
      environment.publication = createPublication(published, options.headers);
      options.published(environment);
    }
    const isServerKey = key.startsWith('ser.');
    const known: KnownKey = {
      environment,
      kind: isServerKey ? 'server' : 'client',
      hash: isServerKey ? sha256(key) : null,
    };
    if (!stillOpens(known, key)) {
      unknownKeys.set(key, options.now() + unknownKeyTtlMs);
      return null;
    }
    keys.set(key, known);
    return known;
  }

  function newest(found: PublishedEnvironment): PublishedEnvironment | null {
    const told = meanwhile.get(found.environmentId);
    return told === null ? null : newer(found, told);
  }

  return {
    open(key) {
      const known = keys.get(key);
      if (known !== undefined) {
        if (stillOpens(known, key)) return known;
        keys.delete(key);
      }
      if (key.length > maxKeyLength) return null;
      const refusedUntil = unknownKeys.get(key);
      if (refusedUntil !== undefined && options.now() < refusedUntil) return null;
      const running = searches.get(key);
      if (running !== undefined) return running;
      const started = search(key).finally(() => {
        searches.delete(key);
        if (searches.size === 0) meanwhile.clear();
      });
      searches.set(key, started);
      return started;
    },
    close: unsubscribe,
  };
}

function newer(published: PublishedEnvironment, other: PublishedEnvironment | null | undefined): PublishedEnvironment {
  return other === null || other === undefined || published.version >= other.version ? published : other;
}
