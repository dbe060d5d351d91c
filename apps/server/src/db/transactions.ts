import type { Logger } from 'pino';
import { factsOf } from './dialects/dialect.ts';
import type { Database } from './tables.ts';

const attempts = 8;

/**
 * Runs `work` in one transaction and answers what it answers. `work` runs again when the database says that it lost a
 * race, so it must not do anything outside the database.
 */
export async function runTransaction<T>(
  { db, log }: { db: Database; log: Logger },
  work: (db: Database) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction().execute(work);
    } catch (error) {
      if (attempt === attempts || !factsOf(db).isRetryable(error)) throw error;
      log.debug({ attempt, err: error }, 'transaction lost a race; running it again');
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20 * attempt));
    }
  }
}
