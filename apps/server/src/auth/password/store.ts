import type { Database } from '../../db/tables.ts';

/** What a password is compared with; null for an address without an account. */
export async function findCredentials(db: Database, by: { email: string } | { userId: number }) {
  const row = await db
    .selectFrom('users')
    .where('email' in by ? 'email' : 'id', '=', 'email' in by ? by.email : by.userId)
    .select(['id', 'email', 'first_name', 'last_name', 'is_active', 'password_hash'])
    .executeTakeFirst();
  return row ?? null;
}
