import type { Selectable } from 'kysely';
import type { Database, EnvironmentTable, FeatureTable, ProjectTable } from '../db/tables.ts';
import type { Timestamp } from '../time.ts';

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

/** The user whom an application acts for with an access token, and what it may; null for a token that is none or has expired. */
export async function findApplicationUser(db: Database, token: { tokenHash: string; now: Timestamp }) {
  const row = await db
    .selectFrom('oauth_tokens')
    .innerJoin('oauth_grants', 'oauth_grants.id', 'oauth_tokens.grant_id')
    .innerJoin('users', 'users.id', 'oauth_grants.user_id')
    .where('oauth_tokens.token_hash', '=', token.tokenHash)
    .where('oauth_tokens.kind', '=', 'access')
    .where('oauth_tokens.expires_at', '>', token.now)
    .select(['users.id as userId', 'users.email', 'users.is_active', 'oauth_tokens.scope'])
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
      'master_keys.last_used_at',
    ])
    .executeTakeFirst();
  return row ?? null;
}

/** The one thing that is written here: nobody else sees a key being used. */
export async function noteKeyUse(db: Database, masterKeyId: number, at: string): Promise<void> {
  await db.updateTable('master_keys').set({ last_used_at: at }).where('id', '=', masterKeyId).execute();
}

/** The key behind a trust relationship that is as it was in `generation`; null where it is not, or is gone. */
export async function findTrusted(db: Database, claim: { id: number; generation: number }) {
  const row = await db
    .selectFrom('trust_relationships')
    .innerJoin('master_keys', 'master_keys.id', 'trust_relationships.master_key_id')
    .innerJoin('organisations', 'organisations.id', 'trust_relationships.organisation_id')
    .where('trust_relationships.id', '=', claim.id)
    .where('trust_relationships.generation', '=', claim.generation)
    .where('trust_relationships.deleted_at', 'is', null)
    .where('master_keys.revoked', '=', 0)
    .where('organisations.deleted_at', 'is', null)
    .select([
      'master_keys.id',
      'master_keys.organisation_id',
      'trust_relationships.is_admin',
      'trust_relationships.name',
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

/** An organisation that is not deleted. */
export async function findOrganisation(db: Database, organisationId: number) {
  const row = await db
    .selectFrom('organisations')
    .where('id', '=', organisationId)
    .where('deleted_at', 'is', null)
    .select(['id', 'restrict_project_create_to_admin'])
    .executeTakeFirst();
  return row ?? null;
}

/** A stored grant as it reaches one person: their own, or one of a group that they are in. */
export interface GrantRow {
  organisationId: number;
  projectId: number | null;
  environmentId: number | null;
  groupId: number | null;
  groupName: string | null;
  admin: number;
  /** JSON list of keys. */
  permissions: string;
}

/**
 * What was granted to a person directly and through groups, in one statement: in the organisation itself where
 * `projectId` is null; in a project and one of its environments, or all of them where `environmentId` is left out; or in
 * all projects of some organisations, without their environments; or everywhere in some organisations.
 */
export async function listGrants(
  db: Database,
  userId: number,
  place:
    | { organisationId: number; projectId: number | null; environmentId?: number | null }
    | { projectsOf: number[] }
    | { everywhereIn: number[] },
): Promise<GrantRow[]> {
  const narrowed = () => {
    const query = db.selectFrom('permission_grants');
    if ('everywhereIn' in place) return query.where('permission_grants.organisation_id', 'in', place.everywhereIn);
    if ('projectsOf' in place) {
      return query
        .where('permission_grants.organisation_id', 'in', place.projectsOf)
        .where('permission_grants.project_id', 'is not', null)
        .where('permission_grants.environment_id', 'is', null);
    }
    const { organisationId, projectId, environmentId } = place;
    const inPlace = query
      .where('permission_grants.organisation_id', '=', organisationId)
      .where('permission_grants.project_id', projectId === null ? 'is' : '=', projectId);
    if (environmentId === undefined) return inPlace;
    return inPlace.where((eb) =>
      eb.or([
        eb('permission_grants.environment_id', 'is', null),
        ...(environmentId === null ? [] : [eb('permission_grants.environment_id', '=', environmentId)]),
      ]),
    );
  };
  const columns = [
    'permission_grants.organisation_id as organisationId',
    'permission_grants.project_id as projectId',
    'permission_grants.environment_id as environmentId',
    'permission_grants.group_id as groupId',
    'user_groups.name as groupName',
    'permission_grants.admin',
    'permission_grants.permissions',
  ] as const;
  return narrowed()
    .leftJoin('user_groups', 'user_groups.id', 'permission_grants.group_id')
    .where('permission_grants.user_id', '=', userId)
    .select(columns)
    .unionAll(
      narrowed()
        .innerJoin('user_group_members', 'user_group_members.group_id', 'permission_grants.group_id')
        .leftJoin('user_groups', 'user_groups.id', 'permission_grants.group_id')
        .where('user_group_members.user_id', '=', userId)
        .select(columns),
    )
    .execute();
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
