import type { PublishedEnvironment } from '@halyard/contract';
import { type DocumentListener, type DocumentReader, Unavailable } from '@halyard/edge';
import type { Logger } from 'pino';
import { factsOf } from '../db/dialects/dialect.ts';
import type { Database } from '../db/tables.ts';
import { sha256 } from '../secrets.ts';
import { buildPublished } from './build.ts';
import {
  findPublished,
  findPublishedByKey,
  findUnpublished,
  publishedVersions,
  readAtOneMoment,
  removePublished,
  savePublished,
} from './store.ts';

/**
 * Publishes the documents of environments whose version has grown, and hands them to those who listen in this process.
 * Killed between any two steps, it goes on where the database says that a document is behind.
 */
export interface Publisher extends DocumentReader {
  /** Looks for work now. Never throws. */
  wake(): void;
  /**
   * Publishes all that is behind, and answers when nothing is. @throws where the database cannot be read, and after all
   * others are published where a document cannot be built
   */
  publishPending(): Promise<void>;
  stop(): Promise<void>;
}

export function createPublisher(options: { db: Database; log: Logger; intervalMs?: number }): Publisher {
  const { db, log } = options;
  const listeners = new Set<DocumentListener>();
  /** Environments that were handed out, with the version: what other processes publish is looked up for these. */
  const handedOut = new Map<number, number>();
  let running: Promise<void> | null = null;
  let again = false;
  let stopped = false;

  async function publishPending(): Promise<void> {
    // One environment with rows that no document can be built from must not keep the others waiting.
    const failed = new Map<number, unknown>();
    for (;;) {
      const found = await findUnpublished(db, 100 + failed.size);
      const behind = found.filter((environmentId) => !failed.has(environmentId));
      if (behind.length === 0) break;
      for (const environmentId of behind) {
        try {
          await publishOne(environmentId);
        } catch (error) {
          if (factsOf(db).isUnavailable(error)) throw error;
          failed.set(environmentId, error);
        }
      }
    }
    if (failed.size > 0) {
      const ids = [...failed.keys()].join(', ');
      throw new AggregateError(failed.values(), `The documents of these environments could not be published: ${ids}`);
    }
  }

  async function publishOne(environmentId: number): Promise<void> {
    const rows = await readAtOneMoment(db, environmentId);
    if (rows === null) return;
    const { environment } = rows;
    const gone =
      (environment.deleted_at ?? environment.project_deleted_at ?? environment.organisation_deleted_at) !== null;
    if (gone) {
      const removed = await db.transaction().execute((db) => removePublished(db, environmentId, environment.version));
      if (removed) tellRemoved(environmentId);
      return;
    }
    const published = buildPublished(rows);
    const saved = await db.transaction().execute((db) => savePublished(db, published));
    if (!saved) return;
    tellPublished(published);
  }

  /** What other processes published: told here as well. */
  async function followOthers(): Promise<void> {
    if (handedOut.size === 0 || listeners.size === 0) return;
    const stored = await publishedVersions(db, [...handedOut.keys()]);
    for (const [environmentId, version] of handedOut) {
      const newest = stored.get(environmentId);
      if (newest === undefined) tellRemoved(environmentId);
      else if (newest > version) {
        const published = await findPublished(db, environmentId);
        if (published === null) continue;
        tellPublished(published);
      }
    }
  }

  async function find(key: string): Promise<PublishedEnvironment | null> {
    const published = await findPublishedByKey(
      db,
      key.startsWith('ser.') ? { serverKeyHash: sha256(key) } : { clientKey: key },
    );
    if (published !== null) handedOut.set(published.environmentId, published.version);
    return published;
  }

  function tellPublished(published: PublishedEnvironment): void {
    handedOut.set(published.environmentId, published.version);
    tell((listener) => listener.published(published));
  }

  function tellRemoved(environmentId: number): void {
    handedOut.delete(environmentId);
    tell((listener) => listener.removed(environmentId));
  }

  function tell(one: (listener: DocumentListener) => void): void {
    for (const listener of listeners) {
      try {
        one(listener);
      } catch (error) {
        log.error({ err: error }, 'a listener failed on a publication; it keeps what it had');
      }
    }
  }

  function wake(): void {
    if (stopped) return;
    again = true;
    running ??= (async () => {
      while (again && !stopped) {
        again = false;
        try {
          await publishPending();
        } catch (error) {
          // The timer tries again; the database says what is still to do.
          log.error({ err: error }, 'publishing documents failed; trying again soon');
        }
      }
      running = null;
    })();
  }

  const alone = factsOf(db).name === 'sqlite';
  const timer = setInterval(() => {
    wake();
    if (!alone)
      void followOthers().catch((error) =>
        log.error({ err: error }, 'looking for documents of other processes failed'),
      );
  }, options.intervalMs ?? 1000);
  timer.unref();

  return {
    wake,
    publishPending,
    async stop() {
      stopped = true;
      clearInterval(timer);
      await running;
    },
    async find({ key }) {
      try {
        return await find(key);
      } catch (error) {
        throw factsOf(db).isUnavailable(error) ? new Unavailable(error) : error;
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
