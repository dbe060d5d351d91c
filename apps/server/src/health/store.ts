import { pendingMigrations } from '../db/migrate.ts';
import type { Database } from '../db/tables.ts';

/** Whether anybody has an account, and whether anybody has used one. */
export async function findUsers(db: Database): Promise<{ hasUsers: boolean; hasLogins: boolean }> {
  const user = await db.selectFrom('users').where('deleted_at', 'is', null).select('id').limit(1).executeTakeFirst();
  const login = await db
    .selectFrom('users')
    .where('last_login', 'is not', null)
    .where('deleted_at', 'is', null)
    .select('id')
    .limit(1)
    .executeTakeFirst();
  return { hasUsers: user !== undefined, hasLogins: login !== undefined };
}

/** Names of migrations that the database still lacks. @throws where it does not answer */
export async function missingMigrations(db: Database): Promise<string[]> {
  return pendingMigrations(db);
}
