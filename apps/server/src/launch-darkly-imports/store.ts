import type { LaunchDarklyImport } from '@halyard/contract';
import type { Insertable, Selectable, Updateable } from 'kysely';
import { insertRow } from '../db/statements.ts';
import type { Database, LaunchDarklyImportTable } from '../db/tables.ts';

export type StoredImport = Selectable<LaunchDarklyImportTable>;

/** The newest first. */
export async function findImports(db: Database, projectId: number, limit: number): Promise<LaunchDarklyImport[]> {
  const rows = await shownRows(db, projectId).orderBy('launch_darkly_imports.id', 'desc').limit(limit).execute();
  return rows.map(shown);
}

export async function findImport(
  db: Database,
  by: { id: number; projectId: number },
): Promise<LaunchDarklyImport | null> {
  const row = await shownRows(db, by.projectId).where('launch_darkly_imports.id', '=', by.id).executeTakeFirst();
  return row === undefined ? null : shown(row);
}

/** With its token, while it has one. */
export async function readImport(db: Database, importId: number): Promise<StoredImport | null> {
  const query = db.selectFrom('launch_darkly_imports').where('id', '=', importId).selectAll();
  return (await query.executeTakeFirst()) ?? null;
}

export async function insertImport(db: Database, row: Insertable<LaunchDarklyImportTable>): Promise<number> {
  return insertRow(db, 'launch_darkly_imports', row);
}

/** Whether it was under way until now: what is done stays as it is. */
export async function finishImport(
  db: Database,
  importId: number,
  outcome: Updateable<LaunchDarklyImportTable>,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('launch_darkly_imports')
    .set(outcome)
    .where('id', '=', importId)
    .where('completed_at', 'is', null)
    .executeTakeFirst();
  return Number(numUpdatedRows) === 1;
}

/** What the project has that an import must not repeat. */
export async function findPresent(db: Database, projectId: number) {
  const environments = await db
    .selectFrom('environments')
    .where('project_id', '=', projectId)
    .where('deleted_at', 'is', null)
    .select(['id', 'name'])
    .orderBy('id')
    .execute();
  const features = await db
    .selectFrom('features')
    .where('project_id', '=', projectId)
    .where('name_key', 'is not', null)
    .select('name_key')
    .execute();
  const segments = await db
    .selectFrom('segments')
    .where('project_id', '=', projectId)
    .where('deleted_at', 'is', null)
    .select('name')
    .execute();
  return {
    environments,
    featureKeys: new Set(features.map((row) => row.name_key as string)),
    segments: new Set(segments.map((row) => row.name)),
  };
}

/** Uuids of features that were just made. */
export async function uuidsOfFeatures(db: Database, projectId: number): Promise<Map<number, string>> {
  const rows = await db.selectFrom('features').where('project_id', '=', projectId).select(['id', 'uuid']).execute();
  return new Map(rows.map((row) => [row.id, row.uuid]));
}

function shownRows(db: Database, projectId: number) {
  return db
    .selectFrom('launch_darkly_imports')
    .leftJoin('users', (join) =>
      join.onRef('users.id', '=', 'launch_darkly_imports.created_by').on('users.deleted_at', 'is', null),
    )
    .where('launch_darkly_imports.project_id', '=', projectId)
    .selectAll('launch_darkly_imports')
    .select('users.email');
}

function shown(row: StoredImport & { email: string | null }): LaunchDarklyImport {
  return {
    id: row.id,
    created_by: row.email,
    created_at: row.created_at,
    updated_at: row.updated_at,
    completed_at: row.completed_at,
    status: {
      requested_environment_count: row.requested_environment_count,
      requested_flag_count: row.requested_flag_count,
      deprecated_flag_count: row.deprecated_flag_count,
      result: row.result,
      error_messages: JSON.parse(row.error_messages) as string[],
    },
    project: row.project_id,
  };
}
