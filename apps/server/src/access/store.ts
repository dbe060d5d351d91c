import type { Selectable } from 'kysely';
import type { Database, EnvironmentTable, FeatureTable, ProjectTable } from '../db/tables.ts';

/** The user behind a token; null for a token that nobody has. */
export async function findTokenUser(db: Database, tokenHash: string) {
  const row = await db
    .selectFrom('user_tokens')
    .innerJoin('users', 'users.id', 'user_tokens.user_id')
    .where('user_tokens.token_hash', '=', tokenHash)
    .select(['user_tokens.id as tokenId', 'users.id as userId', 'users.email', 'users.is_active'])
    .executeTakeFirst();
  return row ?? null;
}

/** The master key with this prefix; null where there is none or its organisation is gone. */
export async function findMasterKey(db: Database, prefix: string) {
  const row = await db
    .selectFrom('master_keys')
    .innerJoin('organisations', 'organisations.id', 'master_keys.organisation_id')
    .where('master_keys.prefix', '=', prefix)
    .where('organisations.deleted_at', 'is', null)
    .select([
      'master_keys.id',
      'master_keys.organisation_id',
      'master_keys.key_hash',
      'master_keys.is_admin',
      'master_keys.name',
      'master_keys.revoked',
      'master_keys.expiry_date',
    ])
    .executeTakeFirst();
  return row ?? null;
}

export async function findRole(db: Database, organisationId: number, userId: number): Promise<'ADMIN' | 'USER' | null> {
  const row = await db
    .selectFrom('organisation_members')
    .where('organisation_id', '=', organisationId)
    .where('user_id', '=', userId)
    .select('role')
    .executeTakeFirst();
  return row?.role ?? null;
}

export async function organisationExists(db: Database, organisationId: number): Promise<boolean> {
  const row = await db
    .selectFrom('organisations')
    .where('id', '=', organisationId)
    .where('deleted_at', 'is', null)
    .select('id')
    .executeTakeFirst();
  return row !== undefined;
}

/** Ids of the organisations that a user belongs to, with the role in each. */
export async function listMemberships(db: Database, userId: number) {
  return db
    .selectFrom('organisation_members')
    .innerJoin('organisations', 'organisations.id', 'organisation_members.organisation_id')
    .where('organisation_members.user_id', '=', userId)
    .where('organisations.deleted_at', 'is', null)
    .select(['organisation_members.organisation_id as organisationId', 'organisation_members.role'])
    .orderBy('organisation_members.organisation_id')
    .execute();
}

/** A project that is not deleted, in an organisation that is not. */
export async function findProject(db: Database, projectId: number): Promise<Selectable<ProjectTable> | null> {
  const row = await db
    .selectFrom('projects')
    .innerJoin('organisations', 'organisations.id', 'projects.organisation_id')
    .where('projects.id', '=', projectId)
    .where('projects.deleted_at', 'is', null)
    .where('organisations.deleted_at', 'is', null)
    .selectAll('projects')
    .executeTakeFirst();
  return row ?? null;
}

export async function findEnvironment(
  db: Database,
  by: { apiKey: string } | { id: number },
): Promise<Selectable<EnvironmentTable> | null> {
  let query = db.selectFrom('environments').where('deleted_at', 'is', null).selectAll();
  query = 'apiKey' in by ? query.where('api_key', '=', by.apiKey) : query.where('id', '=', by.id);
  return (await query.executeTakeFirst()) ?? null;
}

export async function findFeature(
  db: Database,
  projectId: number,
  featureId: number,
): Promise<Selectable<FeatureTable> | null> {
  const row = await db
    .selectFrom('features')
    .where('id', '=', featureId)
    .where('project_id', '=', projectId)
    .where('deleted_at', 'is', null)
    .selectAll()
    .executeTakeFirst();
  return row ?? null;
}
