import type { AccessGrant, AccessGroup, AccessPerson } from '@halyard/contract';
import type { Database } from '../db/tables.ts';

/** Everybody of an organisation, or one of them; by name, at most 10,000. */
export async function listPeople(db: Database, organisationId: number, userId?: number): Promise<AccessPerson[]> {
  let query = db
    .selectFrom('organisation_members')
    .innerJoin('users', 'users.id', 'organisation_members.user_id')
    .where('organisation_members.organisation_id', '=', organisationId);
  if (userId !== undefined) query = query.where('users.id', '=', userId);
  return query
    .select(['users.id', 'users.email', 'users.first_name', 'users.last_name', 'organisation_members.role'])
    .orderBy('users.first_name')
    .orderBy('users.last_name')
    .orderBy('users.id')
    .limit(10_000)
    .execute();
}

/** All groups of an organisation with the ids of their users, or those that one user is in; by name. */
export async function listGroups(db: Database, organisationId: number, ofUserId?: number): Promise<AccessGroup[]> {
  const rows = await db
    .selectFrom('user_groups')
    .leftJoin('user_group_members', 'user_group_members.group_id', 'user_groups.id')
    .where('user_groups.organisation_id', '=', organisationId)
    .$if(ofUserId !== undefined, (query) => query.where('user_group_members.user_id', '=', ofUserId as number))
    .select(['user_groups.id', 'user_groups.name', 'user_group_members.user_id'])
    .orderBy('user_groups.name')
    .orderBy('user_groups.id')
    .orderBy('user_group_members.user_id')
    .limit(100_000)
    .execute();
  const groups = new Map<number, AccessGroup>();
  for (const { id, name, user_id } of rows) {
    const group = groups.get(id) ?? { id, name, users: [] };
    if (user_id !== null) group.users.push(user_id);
    groups.set(id, group);
  }
  return [...groups.values()];
}

/** What was granted in an organisation itself, or in a project and all of its environments. */
export async function listGrants(
  db: Database,
  place: { organisationId: number; projectId: number | null },
): Promise<AccessGrant[]> {
  const rows = await db
    .selectFrom('permission_grants')
    .where('organisation_id', '=', place.organisationId)
    .where('project_id', place.projectId === null ? 'is' : '=', place.projectId)
    .select(['environment_id', 'user_id', 'group_id', 'admin', 'permissions'])
    .orderBy('id')
    .limit(100_000)
    .execute();
  return rows.map((row) => ({
    environment: row.environment_id,
    user: row.user_id,
    group: row.group_id,
    admin: row.admin === 1,
    permissions: JSON.parse(row.permissions) as string[],
  }));
}

export async function organisationName(db: Database, organisationId: number): Promise<string> {
  const { name } = await db
    .selectFrom('organisations')
    .where('id', '=', organisationId)
    .select('name')
    .executeTakeFirstOrThrow();
  return name;
}

/** By name. */
export async function listProjects(db: Database, organisationId: number) {
  return db
    .selectFrom('projects')
    .where('organisation_id', '=', organisationId)
    .where('deleted_at', 'is', null)
    .select(['id', 'name'])
    .orderBy('name')
    .orderBy('id')
    .limit(10_000)
    .execute();
}

/** The environments of a project, or of all projects of an organisation; in the order in which they were made. */
export async function listEnvironments(db: Database, of: { projectId: number } | { organisationId: number }) {
  let query = db
    .selectFrom('environments')
    .innerJoin('projects', 'projects.id', 'environments.project_id')
    .where('projects.deleted_at', 'is', null)
    .where('environments.deleted_at', 'is', null);
  query =
    'projectId' in of
      ? query.where('environments.project_id', '=', of.projectId)
      : query.where('projects.organisation_id', '=', of.organisationId);
  return query
    .select(['environments.id', 'environments.project_id', 'environments.name'])
    .orderBy('environments.id')
    .limit(100_000)
    .execute();
}
