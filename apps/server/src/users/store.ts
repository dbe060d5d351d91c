import type { CurrentUser, Onboarding, SignUpType } from '@halyard/contract';
import type { Insertable, Selectable } from 'kysely';
import { insertRow, upsertRows } from '../db/statements.ts';
import type { Database, UserTable } from '../db/tables.ts';
import type { Timestamp } from '../time.ts';

export async function findUser(db: Database, userId: number): Promise<CurrentUser | null> {
  const row = await db.selectFrom('users').where('id', '=', userId).selectAll().executeTakeFirst();
  return row === undefined ? null : shown(row);
}

/** What a user may do at all; null for one that there is not. */
export async function findStanding(db: Database, userId: number) {
  const row = await db
    .selectFrom('users')
    .where('id', '=', userId)
    .select(['is_active', 'is_superuser'])
    .executeTakeFirst();
  return row ?? null;
}

export async function insertUser(db: Database, user: Insertable<UserTable>): Promise<number> {
  return insertRow(db, 'users', user);
}

export async function emailIsTaken(db: Database, email: string): Promise<boolean> {
  const row = await db.selectFrom('users').where('email', '=', email).select('id').executeTakeFirst();
  return row !== undefined;
}

export async function findUserByEmail(
  db: Database,
  email: string,
): Promise<{ userId: number; isActive: boolean } | null> {
  const row = await db.selectFrom('users').where('email', '=', email).select(['id', 'is_active']).executeTakeFirst();
  return row === undefined ? null : { userId: row.id, isActive: row.is_active === 1 };
}

export async function anyUserExists(db: Database): Promise<boolean> {
  const row = await db.selectFrom('users').where('deleted_at', 'is', null).select('id').limit(1).executeTakeFirst();
  return row !== undefined;
}

/** Lets one transaction at a time pass until its end: a row that everybody who asks must write. */
export async function holdFirstAccount(db: Database): Promise<void> {
  await upsertRows(db, 'settings', [{ name: 'first-account', value: 'held' }], { key: ['name'], update: ['value'] });
}

export async function updateUser(
  db: Database,
  userId: number,
  changes: Partial<Omit<Insertable<UserTable>, 'id' | 'uuid' | 'date_joined' | 'sign_up_type'>>,
): Promise<void> {
  await db.updateTable('users').set(changes).where('id', '=', userId).execute();
}

/** Notes a visit where the last one noted is older than `before`. */
export async function noteVisit(
  db: Database,
  userId: number,
  visit: { at: Timestamp; before: Timestamp },
): Promise<void> {
  await db
    .updateTable('users')
    .set({ last_login: visit.at })
    .where('id', '=', userId)
    .where((eb) => eb.or([eb('last_login', 'is', null), eb('last_login', '<', visit.before)]))
    .execute();
}

function shown(row: Selectable<UserTable>): CurrentUser {
  return {
    id: row.id,
    uuid: row.uuid,
    email: row.email,
    first_name: row.first_name,
    last_name: row.last_name,
    sign_up_type: row.sign_up_type as SignUpType | null,
    auth_type: 'EMAIL',
    is_superuser: row.is_superuser === 1,
    date_joined: row.date_joined,
    onboarding: row.onboarding === null ? null : (JSON.parse(row.onboarding) as Onboarding),
    pylon_email_signature: null,
  };
}
