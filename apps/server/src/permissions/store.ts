import type { GrantedGroup, UserSummary } from '@halyard/contract';
import type { Selectable } from 'kysely';
import { insertRow, upsertRows } from '../db/statements.ts';
import type { Database, PermissionGrantTable } from '../db/tables.ts';

/** An organisation, a project or an environment: what lies below is null. */
export interface GrantPlace {
  organisationId: number;
  projectId: number | null;
  environmentId: number | null;
}

export type Grantee = { userId: number } | { groupId: number };

export type StoredGrant = Selectable<PermissionGrantTable>;

/** Rows of users or of groups at one place, oldest first. */
export async function findGrants(
  db: Database,
  place: GrantPlace,
  who: 'user' | 'group',
  filter: { id?: number; granteeId?: number | undefined },
  limit: number,
): Promise<StoredGrant[]> {
  const column = who === 'user' ? 'user_id' : 'group_id';
  let query = at(db, place).where(column, 'is not', null);
  if (filter.id !== undefined) query = query.where('id', '=', filter.id);
  if (filter.granteeId !== undefined) query = query.where(column, '=', filter.granteeId);
  return query.selectAll().orderBy('id').limit(limit).execute();
}

/** Rows of everybody in an organisation itself, or in a project and all of its environments; oldest first. */
export async function findGrantsThroughout(
  db: Database,
  { organisationId, projectId }: { organisationId: number; projectId: number | null },
): Promise<StoredGrant[]> {
  return db
    .selectFrom('permission_grants')
    .where('organisation_id', '=', organisationId)
    .where('project_id', projectId === null ? 'is' : '=', projectId)
    .selectAll()
    .orderBy('id')
    .limit(100_000)
    .execute();
}

/** Writes rows, or replaces what those of the same people and groups at the same places give. */
export async function upsertGrants(
  db: Database,
  grants: { place: GrantPlace; grantee: Grantee; admin: boolean; permissions: string[] }[],
): Promise<void> {
  if (grants.length === 0) return;
  await upsertRows(
    db,
    'permission_grants',
    grants.map(({ place, grantee, admin, permissions }) => rowOf(place, grantee, { admin, permissions })),
    { key: ['grant_key'], update: ['admin', 'permissions'] },
  );
}

export async function deleteGrants(db: Database, ids: number[]): Promise<void> {
  if (ids.length > 0) await db.deleteFrom('permission_grants').where('id', 'in', ids).execute();
}

export async function insertGrant(
  db: Database,
  place: GrantPlace,
  grantee: Grantee,
  given: { admin: boolean; permissions: string[] },
): Promise<number> {
  return insertRow(db, 'permission_grants', rowOf(place, grantee, given));
}

export async function grantExists(db: Database, place: GrantPlace, grantee: Grantee): Promise<boolean> {
  const row = await db
    .selectFrom('permission_grants')
    .where('grant_key', '=', keyOf(place, grantee))
    .select('id')
    .executeTakeFirst();
  return row !== undefined;
}

export async function updateGrant(
  db: Database,
  id: number,
  given: { admin: boolean; permissions: string[] },
): Promise<void> {
  await db
    .updateTable('permission_grants')
    .set({ admin: Number(given.admin), permissions: JSON.stringify(given.permissions) })
    .where('id', '=', id)
    .execute();
}

export async function deleteGrant(db: Database, id: number): Promise<void> {
  await db.deleteFrom('permission_grants').where('id', '=', id).execute();
}

/** Everything that was granted to these users in an organisation, its projects and their environments. */
export async function deleteGrantsOfUsers(db: Database, organisationId: number, userIds: number[]): Promise<void> {
  await db
    .deleteFrom('permission_grants')
    .where('organisation_id', '=', organisationId)
    .where('user_id', 'in', userIds)
    .execute();
}

export async function deleteGrantsOfGroup(db: Database, groupId: number): Promise<void> {
  await db.deleteFrom('permission_grants').where('group_id', '=', groupId).execute();
}

/** Those of these users who are members of the organisation. */
export async function findMembers(db: Database, organisationId: number, userIds: number[]): Promise<UserSummary[]> {
  if (userIds.length === 0) return [];
  return db
    .selectFrom('organisation_members')
    .innerJoin('users', 'users.id', 'organisation_members.user_id')
    .where('organisation_members.organisation_id', '=', organisationId)
    .where('users.id', 'in', userIds)
    .select(['users.id', 'users.uuid', 'users.email', 'users.first_name', 'users.last_name', 'users.last_login'])
    .orderBy('users.id')
    .execute();
}

/** Those of these groups that the organisation has, with the ids of their users. */
export async function findGroups(db: Database, organisationId: number, groupIds: number[]): Promise<GrantedGroup[]> {
  if (groupIds.length === 0) return [];
  const groups = await db
    .selectFrom('user_groups')
    .where('organisation_id', '=', organisationId)
    .where('id', 'in', groupIds)
    .selectAll()
    .orderBy('id')
    .execute();
  const members = await db
    .selectFrom('user_group_members')
    .where('group_id', 'in', groupIds)
    .select(['group_id', 'user_id'])
    .orderBy('user_id')
    .execute();
  const usersOf = new Map<number, number[]>(groups.map((group) => [group.id, []]));
  for (const member of members) usersOf.get(member.group_id)?.push(member.user_id);
  return groups.map((group) => ({
    id: group.id,
    name: group.name,
    users: usersOf.get(group.id) as number[],
    is_default: group.is_default === 1,
    external_id: group.external_id,
  }));
}

/** The environments of a project, oldest first, at most 10,000. */
export async function findEnvironments(db: Database, projectId: number) {
  return db
    .selectFrom('environments')
    .where('project_id', '=', projectId)
    .where('deleted_at', 'is', null)
    .select(['id', 'name', 'api_key'])
    .orderBy('id')
    .limit(10_000)
    .execute();
}

function at(db: Database, { organisationId, projectId, environmentId }: GrantPlace) {
  return db
    .selectFrom('permission_grants')
    .where('organisation_id', '=', organisationId)
    .where('project_id', projectId === null ? 'is' : '=', projectId)
    .where('environment_id', environmentId === null ? 'is' : '=', environmentId);
}

function rowOf(place: GrantPlace, grantee: Grantee, given: { admin: boolean; permissions: string[] }) {
  return {
    grant_key: keyOf(place, grantee),
    organisation_id: place.organisationId,
    project_id: place.projectId,
    environment_id: place.environmentId,
    user_id: 'userId' in grantee ? grantee.userId : null,
    group_id: 'groupId' in grantee ? grantee.groupId : null,
    admin: Number(given.admin),
    permissions: JSON.stringify(given.permissions),
  };
}

/** What a grant is known by: one row for a person or a group at a place. */
export function keyOf({ organisationId, projectId, environmentId }: GrantPlace, grantee: Grantee): string {
  const place =
    environmentId !== null
      ? `environment:${environmentId}`
      : projectId !== null
        ? `project:${projectId}`
        : `organisation:${organisationId}`;
  return `${place}/${'userId' in grantee ? `user:${grantee.userId}` : `group:${grantee.groupId}`}`;
}
