import type { Database } from '../db/tables.ts';

export async function listOrganisations(db: Database, ids: number[]) {
  if (ids.length === 0) return [];
  return db
    .selectFrom('organisations')
    .where('id', 'in', ids)
    .where('deleted_at', 'is', null)
    .select(['id', 'uuid', 'name', 'force_2fa', 'restrict_project_create_to_admin'])
    .orderBy('name')
    .orderBy('id')
    .execute();
}

export async function listProjects(db: Database, organisationIds: number[]) {
  if (organisationIds.length === 0) return [];
  return db
    .selectFrom('projects')
    .where('organisation_id', 'in', organisationIds)
    .where('deleted_at', 'is', null)
    .select(['id', 'uuid', 'name', 'organisation_id'])
    .orderBy('name')
    .orderBy('id')
    .execute();
}

export type StoredEnvironment = Awaited<ReturnType<typeof listEnvironments>>[number];

export async function listEnvironments(db: Database, organisationIds: number[]) {
  if (organisationIds.length === 0) return [];
  return db
    .selectFrom('environments')
    .innerJoin('projects', 'projects.id', 'environments.project_id')
    .where('projects.organisation_id', 'in', organisationIds)
    .where('projects.deleted_at', 'is', null)
    .where('environments.deleted_at', 'is', null)
    .select([
      'environments.id',
      'environments.project_id',
      'environments.api_key',
      'environments.name',
      'environments.banner_colour',
      'environments.banner_text',
      'environments.use_v2_feature_versioning',
    ])
    .orderBy('environments.id')
    .execute();
}
