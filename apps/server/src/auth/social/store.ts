import type { Insertable } from 'kysely';
import { insertRow } from '../../db/statements.ts';
import type { Database, SocialLoginTable } from '../../db/tables.ts';

type Provider = SocialLoginTable['provider'];

/** Whose account at a service it is; null where nobody has signed in with it yet. */
export async function findOwner(
  db: Database,
  account: { provider: Provider; subject: string },
): Promise<{ userId: number; isActive: boolean } | null> {
  const row = await db
    .selectFrom('social_logins')
    .innerJoin('users', 'users.id', 'social_logins.user_id')
    .where('social_logins.provider', '=', account.provider)
    .where('social_logins.subject', '=', account.subject)
    .select(['users.id', 'users.is_active'])
    .executeTakeFirst();
  return row === undefined ? null : { userId: row.id, isActive: row.is_active === 1 };
}

/** Services that a person signs in with. */
export async function findProviders(db: Database, userId: number): Promise<Provider[]> {
  const rows = await db
    .selectFrom('social_logins')
    .where('user_id', '=', userId)
    .select('provider')
    .orderBy('provider')
    .execute();
  return rows.map((row) => row.provider);
}

export async function insertSocialLogin(db: Database, login: Insertable<SocialLoginTable>): Promise<void> {
  await insertRow(db, 'social_logins', login);
}

export async function deleteSocialLogins(db: Database, userId: number): Promise<void> {
  await db.deleteFrom('social_logins').where('user_id', '=', userId).execute();
}
