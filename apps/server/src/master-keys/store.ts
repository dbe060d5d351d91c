import type { Insertable, Selectable } from 'kysely';
import { insertRow } from '../db/statements.ts';
import type { Database, MasterKeyTable } from '../db/tables.ts';

export type StoredMasterKey = Selectable<MasterKeyTable>;

/** Keys that are not revoked, oldest first. */
export async function findMasterKeys(
  db: Database,
  organisationId: number,
  window: { limit: number; offset: number },
): Promise<StoredMasterKey[]> {
  return usable(db, organisationId).selectAll().orderBy('id').limit(window.limit).offset(window.offset).execute();
}

export async function countMasterKeys(db: Database, organisationId: number): Promise<number> {
  const { count } = await usable(db, organisationId)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function findMasterKey(
  db: Database,
  organisationId: number,
  prefix: string,
): Promise<StoredMasterKey | null> {
  return (await usable(db, organisationId).where('prefix', '=', prefix).selectAll().executeTakeFirst()) ?? null;
}

export async function insertMasterKey(db: Database, key: Insertable<MasterKeyTable>): Promise<number> {
  return insertRow(db, 'master_keys', key);
}

export async function updateMasterKey(
  db: Database,
  keyId: number,
  changes: Partial<Pick<Insertable<MasterKeyTable>, 'name' | 'expiry_date' | 'revoked'>>,
): Promise<void> {
  await db.updateTable('master_keys').set(changes).where('id', '=', keyId).execute();
}

function usable(db: Database, organisationId: number) {
  return db
    .selectFrom('master_keys')
    .where('organisation_id', '=', organisationId)
    .where('revoked', '=', 0)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('trust_relationships')
            .whereRef('trust_relationships.master_key_id', '=', 'master_keys.id')
            .select('trust_relationships.id'),
        ),
      ),
    );
}
