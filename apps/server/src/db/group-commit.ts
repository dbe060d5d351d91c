import type { Logger } from 'pino';
import { factsOf } from './dialects/dialect.ts';
import type { Database } from './tables.ts';
import { runTransaction } from './transactions.ts';

export interface GroupCommitOptions<Item, Result> {
  db: Database;
  log: Logger;
  /** Writes a group inside one transaction and answers one result per item, in their order. May run again. */
  write: (db: Database, items: readonly Item[]) => Promise<Result[]>;
}

const maxItems = 500;

/**
 * Makes many small writes share a commit: what arrives while a group is being written becomes the next group. Each call
 * is answered when its group is durable. Where a group fails, it is halved until the call that cannot be written is
 * alone, so that it fails for itself only.
 */
export function groupCommit<Item, Result>(options: GroupCommitOptions<Item, Result>): (item: Item) => Promise<Result> {
  const { db } = options;
  const facts = factsOf(db);
  let waiting: Call<Item, Result>[] = [];
  let running = false;

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (running) return;
      running = true;
      // The other requests of this turn of the event loop belong to the same group.
      setImmediate(() => void writeAll());
    });

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting.slice(0, maxItems);
      waiting = waiting.slice(maxItems);
      await write(group);
    }
    running = false;
  }

  async function write(group: Call<Item, Result>[]): Promise<void> {
    try {
      const results = await runTransaction(options, (db) =>
        options.write(
          db,
          group.map((call) => call.item),
        ),
      );
      for (const [index, call] of group.entries()) call.resolve(results[index] as Result);
    } catch (error) {
      if (group.length === 1 || facts.isUnavailable(error)) {
        for (const call of group) call.reject(error);
        return;
      }
      const middle = Math.ceil(group.length / 2);
      await write(group.slice(0, middle));
      await write(group.slice(middle));
    }
  }
}

interface Call<Item, Result> {
  item: Item;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
}
