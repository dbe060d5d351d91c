import type { Insertable, Selectable } from 'kysely';
import { insertRow } from '../db/statements.ts';
import type { Database, EnvironmentKeyTable } from '../db/tables.ts';

export type StoredKey = Selectable<EnvironmentKeyTable>;

/** Keys in the order in which they were made. */
export async function findKeys(db: Database, environmentId: number): Promise<StoredKey[]> {
  return db
    .selectFrom('environment_keys')
    .where('environment_id', '=', environmentId)
    .selectAll()
    .orderBy('id')
    .limit(1000)
    .execute();
}

export async function findKey(db: Database, environmentId: number, keyId: number): Promise<StoredKey | null> {
  const row = await db
    .selectFrom('environment_keys')
    .where('id', '=', keyId)
    .where('environment_id', '=', environmentId)
    .selectAll()
    .executeTakeFirst();
  return row ?? null;
}

export async function insertKey(db: Database, key: Insertable<EnvironmentKeyTable>): Promise<number> {
  return insertRow(db, 'environment_keys', key);
}

export async function updateKey(
  db: Database,
  keyId: number,
  changes: Partial<Pick<Insertable<EnvironmentKeyTable>, 'name' | 'active' | 'expires_at'>>,
): Promise<void> {
  await db.updateTable('environment_keys').set(changes).where('id', '=', keyId).execute();
}

export async function deleteKey(db: Database, keyId: number): Promise<void> {
  await db.deleteFrom('environment_keys').where('id', '=', keyId).execute();
}
