import type { Insertable, Selectable, Updateable } from 'kysely';
import { insertRow } from '../db/statements.ts';
import type { Database, ExternalResourceTable } from '../db/tables.ts';

export type Resource = Selectable<ExternalResourceTable>;

/** A resource with where its feature is. */
export interface PlacedResource extends Resource {
  feature_name: string;
  organisation_id: number;
}

/** What is linked to a feature, in the order in which it was. */
export async function findResources(db: Database, featureId: number): Promise<Resource[]> {
  const query = db.selectFrom('external_resources').where('feature_id', '=', featureId).selectAll();
  return query.orderBy('id').limit(1000).execute();
}

export async function findResource(db: Database, featureId: number, resourceId: number): Promise<Resource | null> {
  const query = db.selectFrom('external_resources').where('feature_id', '=', featureId).where('id', '=', resourceId);
  return (await query.selectAll().executeTakeFirst()) ?? null;
}

/** Null where it, its feature or its project is gone. */
export async function findPlaced(db: Database, resourceId: number): Promise<PlacedResource | null> {
  const query = placed(db).where('features.deleted_at', 'is', null).where('external_resources.id', '=', resourceId);
  return (await query.executeTakeFirst()) ?? null;
}

/** The same item may be linked to features of many projects. */
export async function findByUrl(db: Database, urlKey: string, projectIds: number[]): Promise<PlacedResource[]> {
  if (projectIds.length === 0) return [];
  return placed(db)
    .where('features.deleted_at', 'is', null)
    .where('external_resources.url_key', '=', urlKey)
    .where('external_resources.project_id', 'in', projectIds)
    .orderBy('external_resources.id')
    .limit(1000)
    .execute();
}

/** What is linked to features, those that were deleted included. */
export async function findOfFeatures(db: Database, featureIds: number[]): Promise<PlacedResource[]> {
  if (featureIds.length === 0) return [];
  return placed(db).where('external_resources.feature_id', 'in', featureIds).orderBy('external_resources.id').execute();
}

/** Those of the projects in which anything is linked to a feature. */
export async function projectsWithResources(db: Database, projectIds: number[]): Promise<Set<number>> {
  if (projectIds.length === 0) return new Set();
  const rows = await db
    .selectFrom('external_resources')
    .where('project_id', 'in', projectIds)
    .select('project_id')
    .distinct()
    .execute();
  return new Set(rows.map((row) => row.project_id));
}

export async function insertResource(db: Database, row: Insertable<ExternalResourceTable>): Promise<number> {
  return insertRow(db, 'external_resources', row);
}

export async function updateResource(
  db: Database,
  resourceId: number,
  changes: Updateable<ExternalResourceTable>,
): Promise<void> {
  await db.updateTable('external_resources').set(changes).where('id', '=', resourceId).execute();
}

export async function deleteResources(db: Database, resourceIds: number[]): Promise<void> {
  if (resourceIds.length === 0) return;
  await db.deleteFrom('external_resources').where('id', 'in', resourceIds).execute();
}

/** The project of a feature of an organisation's. */
export async function findProjectOf(db: Database, organisationId: number, featureId: number): Promise<number | null> {
  const row = await db
    .selectFrom('features')
    .innerJoin('projects', 'projects.id', 'features.project_id')
    .where('features.id', '=', featureId)
    .where('projects.organisation_id', '=', organisationId)
    .select('projects.id')
    .executeTakeFirst();
  return row?.id ?? null;
}

/** Names by id, for a comment. */
export async function namesOf(db: Database, table: 'environments' | 'segments', ids: number[]) {
  if (ids.length === 0) return new Map<number, string>();
  const rows = await db.selectFrom(table).where('id', 'in', ids).select(['id', 'name']).execute();
  return new Map(rows.map((row) => [row.id, row.name]));
}

export async function environmentIdsOf(db: Database, projectId: number): Promise<number[]> {
  const rows = await db
    .selectFrom('environments')
    .where('project_id', '=', projectId)
    .where('deleted_at', 'is', null)
    .select('id')
    .orderBy('id')
    .limit(1000)
    .execute();
  return rows.map((row) => row.id);
}

function placed(db: Database) {
  return db
    .selectFrom('external_resources')
    .innerJoin('features', 'features.id', 'external_resources.feature_id')
    .innerJoin('projects', 'projects.id', 'features.project_id')
    .where('projects.deleted_at', 'is', null)
    .selectAll('external_resources')
    .select(['features.name as feature_name', 'projects.organisation_id']);
}
