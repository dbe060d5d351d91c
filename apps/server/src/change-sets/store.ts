import type { ChangeSetPart } from '@halyard/contract';
import type { Insertable, Selectable } from 'kysely';
import { insertRow } from '../db/statements.ts';
import type { ChangeSetTable, Database } from '../db/tables.ts';

export interface StoredChangeSet extends Omit<Selectable<ChangeSetTable>, 'parts'> {
  parts: ChangeSetPart[];
}

export async function findChangeSet(db: Database, projectId: number, id: number): Promise<StoredChangeSet | null> {
  const row = await db
    .selectFrom('change_sets')
    .where('id', '=', id)
    .where('project_id', '=', projectId)
    .selectAll()
    .executeTakeFirst();
  return row === undefined ? null : { ...row, parts: JSON.parse(row.parts) as ChangeSetPart[] };
}

export async function findChangeSets(db: Database, projectId: number, ids: number[]): Promise<StoredChangeSet[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom('change_sets')
    .where('project_id', '=', projectId)
    .where('id', 'in', ids)
    .selectAll()
    .execute();
  return rows.map((row) => ({ ...row, parts: JSON.parse(row.parts) as ChangeSetPart[] }));
}

export async function insertChangeSet(db: Database, changeSet: Insertable<ChangeSetTable>): Promise<number> {
  return insertRow(db, 'change_sets', changeSet);
}

/** Keeps what a change set changed. */
export async function completeChangeSet(db: Database, id: number, parts: ChangeSetPart[]): Promise<void> {
  await db
    .updateTable('change_sets')
    .set({ parts: JSON.stringify(parts) })
    .where('id', '=', id)
    .execute();
}

export async function markUndone(db: Database, id: number, undoneBy: number): Promise<void> {
  await db.updateTable('change_sets').set({ undone_by: undoneBy }).where('id', '=', id).execute();
}

/** Takes away a change set that changed nothing. */
export async function deleteChangeSet(db: Database, id: number): Promise<void> {
  await db.deleteFrom('change_sets').where('id', '=', id).execute();
}

export async function findPerson(db: Database, userId: number) {
  const row = await db
    .selectFrom('users')
    .where('id', '=', userId)
    .where('deleted_at', 'is', null)
    .select(['id', 'email', 'first_name', 'last_name'])
    .executeTakeFirst();
  return row ?? null;
}

/** Names of features, deleted ones too, by id. */
export async function namesOfFeatures(db: Database, ids: number[]) {
  if (ids.length === 0) return [];
  return db.selectFrom('features').where('id', 'in', ids).select(['id', 'name']).orderBy('id').execute();
}

export async function namesOfEnvironments(db: Database, ids: number[]) {
  if (ids.length === 0) return [];
  return db.selectFrom('environments').where('id', 'in', ids).select(['id', 'name']).orderBy('id').execute();
}

/** Ids of the project's environments. */
export async function environmentIdsOf(db: Database, projectId: number): Promise<number[]> {
  const rows = await db
    .selectFrom('environments')
    .where('project_id', '=', projectId)
    .where('deleted_at', 'is', null)
    .select('id')
    .orderBy('id')
    .execute();
  return rows.map((row) => row.id);
}

/** The oldest first. */
export async function findFeatures(db: Database, projectId: number) {
  const rows = await db
    .selectFrom('features')
    .where('project_id', '=', projectId)
    .where('deleted_at', 'is', null)
    .select(['id', 'name', 'is_archived'])
    .orderBy('id')
    .limit(10_000)
    .execute();
  return rows.map((row) => ({ ...row, is_archived: row.is_archived === 1 }));
}

export async function namesOfSegments(db: Database, ids: number[]) {
  if (ids.length === 0) return [];
  return db.selectFrom('segments').where('id', 'in', ids).select(['id', 'name']).orderBy('id').execute();
}
