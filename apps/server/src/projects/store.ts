import type { Project } from '@halyard/contract';
import type { Insertable } from 'kysely';
import { insertRow } from '../db/statements.ts';
import type { Database, ProjectTable } from '../db/tables.ts';
import type { Timestamp } from '../time.ts';
import { shownProject } from './wire.ts';

export type ProjectChanges = Partial<
  Omit<Insertable<ProjectTable>, 'id' | 'uuid' | 'organisation_id' | 'created_date' | 'deleted_at'>
>;

/** All projects of some organisations and single ones, in the order in which they were made, at most 10,000. */
export async function findProjects(
  db: Database,
  filter: { organisationIds: number[]; projectIds: number[]; uuid?: string | undefined },
): Promise<Project[]> {
  const { organisationIds, projectIds } = filter;
  if (organisationIds.length + projectIds.length === 0) return [];
  let query = db
    .selectFrom('projects')
    .where((eb) =>
      eb.or([
        ...(organisationIds.length === 0 ? [] : [eb('organisation_id', 'in', organisationIds)]),
        ...(projectIds.length === 0 ? [] : [eb('id', 'in', projectIds)]),
      ]),
    )
    .where('deleted_at', 'is', null);
  if (filter.uuid !== undefined) query = query.where('uuid', '=', filter.uuid);
  const rows = await query.selectAll().orderBy('id').limit(10_000).execute();
  return rows.map(shownProject);
}

export async function findProject(db: Database, by: { id: number } | { uuid: string }): Promise<Project | null> {
  let query = db.selectFrom('projects').where('deleted_at', 'is', null).selectAll();
  query = 'uuid' in by ? query.where('uuid', '=', by.uuid) : query.where('id', '=', by.id);
  const row = await query.executeTakeFirst();
  return row === undefined ? null : shownProject(row);
}

/** Deleted ones too. */
export async function findProjectsById(db: Database, ids: number[]): Promise<Project[]> {
  if (ids.length === 0) return [];
  const rows = await db.selectFrom('projects').where('id', 'in', ids).selectAll().execute();
  return rows.map(shownProject);
}

export async function nameIsTaken(db: Database, organisationId: number, nameKey: string): Promise<boolean> {
  const row = await db
    .selectFrom('projects')
    .where('organisation_id', '=', organisationId)
    .where('name_key', '=', nameKey)
    .select('id')
    .executeTakeFirst();
  return row !== undefined;
}

export async function insertProject(db: Database, project: Insertable<ProjectTable>): Promise<number> {
  return insertRow(db, 'projects', project);
}

export async function updateProject(db: Database, projectId: number, changes: ProjectChanges): Promise<void> {
  await db.updateTable('projects').set(changes).where('id', '=', projectId).execute();
}

/** Hides the project and its environments, and frees their names. */
export async function markDeleted(db: Database, projectId: number, at: Timestamp): Promise<void> {
  await db.updateTable('projects').set({ deleted_at: at, name_key: null }).where('id', '=', projectId).execute();
  await db
    .updateTable('environments')
    .set({ deleted_at: at, name_key: null })
    .where('project_id', '=', projectId)
    .where('deleted_at', 'is', null)
    .execute();
}

export async function countContents(db: Database, projectId: number): Promise<{ features: number; segments: number }> {
  const count = async (table: 'features' | 'segments') => {
    const row = await db
      .selectFrom(table)
      .where('project_id', '=', projectId)
      .where('deleted_at', 'is', null)
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    return Number(row.count);
  };
  return { features: await count('features'), segments: await count('segments') };
}
