import type { Insertable, Selectable } from 'kysely';
import { insertRow } from '../db/statements.ts';
import type { Database, OrganisationTable } from '../db/tables.ts';
import type { Timestamp } from '../time.ts';

export type StoredOrganisation = Selectable<OrganisationTable> & { members: number };

/** In the order of their ids. */
export async function findOrganisations(db: Database, ids: number[]): Promise<StoredOrganisation[]> {
  if (ids.length === 0) return [];
  const rows = await withMembers(db).where('organisations.id', 'in', ids).orderBy('organisations.id').execute();
  return rows.map((row) => ({ ...row, members: Number(row.members) }));
}

export async function findOrganisationId(db: Database, uuid: string): Promise<number | null> {
  const row = await db
    .selectFrom('organisations')
    .where('uuid', '=', uuid)
    .where('deleted_at', 'is', null)
    .select('id')
    .executeTakeFirst();
  return row?.id ?? null;
}

export async function insertOrganisation(db: Database, organisation: Insertable<OrganisationTable>): Promise<number> {
  return insertRow(db, 'organisations', organisation);
}

export async function updateOrganisation(
  db: Database,
  organisationId: number,
  changes: Partial<
    Pick<
      Insertable<OrganisationTable>,
      'name' | 'webhook_notification_email' | 'restrict_project_create_to_admin' | 'force_2fa'
    >
  >,
): Promise<void> {
  await db.updateTable('organisations').set(changes).where('id', '=', organisationId).execute();
}

/** Hides the organisation with its projects and environments. */
export async function markDeleted(db: Database, organisationId: number, at: Timestamp): Promise<void> {
  await db.updateTable('organisations').set({ deleted_at: at }).where('id', '=', organisationId).execute();
  await db
    .updateTable('projects')
    .set({ deleted_at: at, name_key: null })
    .where('organisation_id', '=', organisationId)
    .where('deleted_at', 'is', null)
    .execute();
  await db
    .updateTable('environments')
    .set({ deleted_at: at, name_key: null })
    .where('project_id', 'in', (eb) =>
      eb.selectFrom('projects').where('organisation_id', '=', organisationId).select('id'),
    )
    .where('deleted_at', 'is', null)
    .execute();
}

function withMembers(db: Database) {
  return db
    .selectFrom('organisations')
    .where('organisations.deleted_at', 'is', null)
    .selectAll('organisations')
    .select((eb) =>
      eb
        .selectFrom('organisation_members')
        .whereRef('organisation_members.organisation_id', '=', 'organisations.id')
        .select((count) => count.fn.countAll<number>().as('count'))
        .$asScalar()
        .$notNull()
        .as('members'),
    );
}
