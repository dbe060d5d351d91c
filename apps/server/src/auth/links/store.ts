import type { Insertable } from 'kysely';
import { insertRow } from '../../db/statements.ts';
import type { AccountTokenTable, Database } from '../../db/tables.ts';
import type { Timestamp } from '../../time.ts';

type Purpose = AccountTokenTable['purpose'];

export async function insertAccountToken(db: Database, token: Insertable<AccountTokenTable>): Promise<void> {
  await insertRow(db, 'account_tokens', token);
}

/** Whose token it is, while it is good; null otherwise. */
export async function findOwner(
  db: Database,
  token: { purpose: Purpose; tokenHash: string; now: Timestamp },
): Promise<{ id: number; userId: number; userUuid: string } | null> {
  const row = await db
    .selectFrom('account_tokens')
    .innerJoin('users', 'users.id', 'account_tokens.user_id')
    .where('account_tokens.token_hash', '=', token.tokenHash)
    .where('account_tokens.purpose', '=', token.purpose)
    .where('account_tokens.used_at', 'is', null)
    .where('account_tokens.expires_at', '>', token.now)
    .where('users.deleted_at', 'is', null)
    .select(['account_tokens.id', 'users.id as userId', 'users.uuid as userUuid'])
    .executeTakeFirst();
  return row ?? null;
}

/** Whose token it was, spent or expired; null for one that this user never had. */
export async function findFormerOwner(
  db: Database,
  token: { purpose: Purpose; tokenHash: string; userUuid: string },
): Promise<number | null> {
  const row = await db
    .selectFrom('account_tokens')
    .innerJoin('users', 'users.id', 'account_tokens.user_id')
    .where('account_tokens.token_hash', '=', token.tokenHash)
    .where('account_tokens.purpose', '=', token.purpose)
    .where('users.uuid', '=', token.userUuid)
    .select('users.id')
    .executeTakeFirst();
  return row?.id ?? null;
}

/** Spends a token; false where somebody else was quicker. */
export async function markUsed(db: Database, id: number, at: Timestamp): Promise<boolean> {
  const result = await db
    .updateTable('account_tokens')
    .set({ used_at: at })
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

export async function markAllUsed(db: Database, userId: number, at: Timestamp): Promise<void> {
  await db
    .updateTable('account_tokens')
    .set({ used_at: at })
    .where('user_id', '=', userId)
    .where('used_at', 'is', null)
    .execute();
}

/** How many of a purpose were made after a moment, spent ones included. */
export async function countMadeSince(
  db: Database,
  token: { userId: number; purpose: Purpose; since: Timestamp },
): Promise<number> {
  const { count } = await db
    .selectFrom('account_tokens')
    .where('user_id', '=', token.userId)
    .where('purpose', '=', token.purpose)
    .where('created_at', '>', token.since)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function deleteExpiredBefore(db: Database, time: Timestamp): Promise<void> {
  await db.deleteFrom('account_tokens').where('expires_at', '<', time).execute();
}

/** Who would get a link at an address; null where it has no account. */
export async function findRecipient(db: Database, email: string) {
  const row = await db
    .selectFrom('users')
    .where('email', '=', email)
    .where('deleted_at', 'is', null)
    .select(['id', 'uuid', 'email', 'is_active'])
    .executeTakeFirst();
  return row ?? null;
}

export async function findUserIdByUuid(db: Database, uuid: string): Promise<number | null> {
  const row = await db
    .selectFrom('users')
    .where('uuid', '=', uuid)
    .where('deleted_at', 'is', null)
    .select('id')
    .executeTakeFirst();
  return row?.id ?? null;
}

/** Takes the row of a user, so that what is counted and made for them happens one after the other. */
export async function holdUser(db: Database, userId: number): Promise<void> {
  await db
    .updateTable('users')
    .set((eb) => ({ is_active: eb.ref('is_active') }))
    .where('id', '=', userId)
    .execute();
}
