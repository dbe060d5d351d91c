import type { Insertable } from 'kysely';
import { insertRow } from '../db/statements.ts';
import type { Database, TrustRelationshipTable } from '../db/tables.ts';

export type StoredTrustRelationship = NonNullable<Awaited<ReturnType<typeof findTrustRelationship>>>;

/** Those that are not deleted, oldest first. */
export async function findTrustRelationships(
  db: Database,
  organisationId: number,
  window: { limit: number; offset: number },
) {
  return living(db)
    .where('trust_relationships.organisation_id', '=', organisationId)
    .orderBy('trust_relationships.id')
    .limit(window.limit)
    .offset(window.offset)
    .execute();
}

export async function countTrustRelationships(db: Database, organisationId: number): Promise<number> {
  const { count } = await db
    .selectFrom('trust_relationships')
    .where('organisation_id', '=', organisationId)
    .where('deleted_at', 'is', null)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function findTrustRelationship(db: Database, organisationId: number, id: number) {
  const row = await living(db)
    .where('trust_relationships.organisation_id', '=', organisationId)
    .where('trust_relationships.id', '=', id)
    .executeTakeFirst();
  return row ?? null;
}

/** The one for an issuer and audience, in an organisation that is not deleted. */
export async function findByOrigin(db: Database, originHash: string): Promise<StoredTrustRelationship | null> {
  const row = await living(db)
    .innerJoin('organisations', 'organisations.id', 'trust_relationships.organisation_id')
    .where('organisations.deleted_at', 'is', null)
    .where('trust_relationships.origin_hash', '=', originHash)
    .executeTakeFirst();
  return row ?? null;
}

export async function insertTrustRelationship(db: Database, row: Insertable<TrustRelationshipTable>): Promise<number> {
  return insertRow(db, 'trust_relationships', row);
}

export async function updateTrustRelationship(
  db: Database,
  id: number,
  changes: Partial<Insertable<TrustRelationshipTable>>,
): Promise<void> {
  await db.updateTable('trust_relationships').set(changes).where('id', '=', id).execute();
}

function living(db: Database) {
  return db
    .selectFrom('trust_relationships')
    .innerJoin('master_keys', 'master_keys.id', 'trust_relationships.master_key_id')
    .where('trust_relationships.deleted_at', 'is', null)
    .selectAll('trust_relationships')
    .select('master_keys.prefix');
}
