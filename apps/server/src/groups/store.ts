import type { Group, GroupSummary } from '@halyard/contract';
import type { Insertable } from 'kysely';
import { insertRow, insertRows } from '../db/statements.ts';
import type { Database, UserGroupTable } from '../db/tables.ts';

/** Which groups of an organisation: one, or those that a user is in or manages. */
export interface GroupFilter {
  id?: number;
  ofUser?: number;
  managedBy?: number;
}

interface Window {
  limit: number;
  offset: number;
}

/** Groups with their users, oldest first: three statements, however many there are. */
export async function findGroups(
  db: Database,
  organisationId: number,
  filter: GroupFilter,
  window: Window,
): Promise<Group[]> {
  const groups = await filtered(db, organisationId, filter)
    .selectAll('user_groups')
    .orderBy('user_groups.id')
    .limit(window.limit)
    .offset(window.offset)
    .execute();
  if (groups.length === 0) return [];
  const members = await db
    .selectFrom('user_group_members')
    .innerJoin('users', 'users.id', 'user_group_members.user_id')
    .where(
      'user_group_members.group_id',
      'in',
      groups.map((group) => group.id),
    )
    .select([
      'user_group_members.group_id',
      'user_group_members.is_admin',
      'users.id',
      'users.uuid',
      'users.email',
      'users.first_name',
      'users.last_name',
      'users.last_login',
    ])
    .orderBy('user_group_members.id')
    .execute();
  const usersOf = new Map<number, Group['users']>(groups.map((group) => [group.id, []]));
  for (const { group_id, is_admin, ...user } of members) {
    usersOf.get(group_id)?.push({ ...user, group_admin: is_admin === 1 });
  }
  return groups.map((group) => ({
    id: group.id,
    name: group.name,
    users: usersOf.get(group.id) as Group['users'],
    is_default: group.is_default === 1,
    external_id: group.external_id,
  }));
}

export async function findSummaries(
  db: Database,
  organisationId: number,
  filter: GroupFilter,
  window: Window,
): Promise<GroupSummary[]> {
  return filtered(db, organisationId, filter)
    .select(['user_groups.id', 'user_groups.name'])
    .orderBy('user_groups.id')
    .limit(window.limit)
    .offset(window.offset)
    .execute();
}

export async function countGroups(db: Database, organisationId: number, filter: GroupFilter): Promise<number> {
  const { count } = await filtered(db, organisationId, filter)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function externalIdIsTaken(
  db: Database,
  organisationId: number,
  externalId: string,
  exceptGroupId: number | null,
): Promise<boolean> {
  let query = db
    .selectFrom('user_groups')
    .where('organisation_id', '=', organisationId)
    .where('external_id', '=', externalId);
  if (exceptGroupId !== null) query = query.where('id', '<>', exceptGroupId);
  return (await query.select('id').executeTakeFirst()) !== undefined;
}

export async function insertGroup(db: Database, group: Insertable<UserGroupTable>): Promise<number> {
  return insertRow(db, 'user_groups', group);
}

export async function updateGroup(
  db: Database,
  groupId: number,
  changes: Partial<Pick<Insertable<UserGroupTable>, 'name' | 'is_default' | 'external_id'>>,
): Promise<void> {
  await db.updateTable('user_groups').set(changes).where('id', '=', groupId).execute();
}

/** Deletes a group with who is in it, and takes it out of invitations. */
export async function deleteGroup(db: Database, groupId: number): Promise<void> {
  await db.deleteFrom('user_group_members').where('group_id', '=', groupId).execute();
  await db.deleteFrom('invite_groups').where('group_id', '=', groupId).execute();
  await db.deleteFrom('user_groups').where('id', '=', groupId).execute();
}

/** Those of these users who are members of the organisation. */
export async function findMemberIds(db: Database, organisationId: number, userIds: number[]): Promise<number[]> {
  if (userIds.length === 0) return [];
  const rows = await db
    .selectFrom('organisation_members')
    .where('organisation_id', '=', organisationId)
    .where('user_id', 'in', userIds)
    .select('user_id')
    .execute();
  return rows.map((row) => row.user_id);
}

/** Ids of the groups that everybody joins, or of those among these that the organisation has. */
export async function findGroupIds(
  db: Database,
  organisationId: number,
  which: 'default' | number[],
): Promise<number[]> {
  if (which !== 'default' && which.length === 0) return [];
  const all = db.selectFrom('user_groups').where('organisation_id', '=', organisationId);
  const query = which === 'default' ? all.where('is_default', '=', 1) : all.where('id', 'in', which);
  return (await query.select('id').orderBy('id').execute()).map((row) => row.id);
}

/** Of these groups, those that a user is in. */
export async function findGroupsOfUser(db: Database, groupIds: number[], userId: number): Promise<number[]> {
  if (groupIds.length === 0) return [];
  const rows = await db
    .selectFrom('user_group_members')
    .where('group_id', 'in', groupIds)
    .where('user_id', '=', userId)
    .select('group_id')
    .execute();
  return rows.map((row) => row.group_id);
}

export async function insertMembers(db: Database, members: { groupId: number; userId: number }[]): Promise<void> {
  await insertRows(
    db,
    'user_group_members',
    members.map(({ groupId, userId }) => ({ group_id: groupId, user_id: userId, is_admin: 0 })),
  );
}

export async function deleteMembers(db: Database, groupId: number, userIds: number[]): Promise<void> {
  if (userIds.length === 0) return;
  await db.deleteFrom('user_group_members').where('group_id', '=', groupId).where('user_id', 'in', userIds).execute();
}

/** Takes users out of every group of an organisation. */
export async function deleteMembersEverywhere(db: Database, organisationId: number, userIds: number[]): Promise<void> {
  await db
    .deleteFrom('user_group_members')
    .where('user_id', 'in', userIds)
    .where('group_id', 'in', (eb) =>
      eb.selectFrom('user_groups').where('organisation_id', '=', organisationId).select('id'),
    )
    .execute();
}

export async function setGroupAdmins(
  db: Database,
  groupId: number,
  userIds: number[],
  isAdmin: boolean,
): Promise<void> {
  await db
    .updateTable('user_group_members')
    .set({ is_admin: Number(isAdmin) })
    .where('group_id', '=', groupId)
    .where('user_id', 'in', userIds)
    .execute();
}

function filtered(db: Database, organisationId: number, filter: GroupFilter) {
  let query = db.selectFrom('user_groups').where('user_groups.organisation_id', '=', organisationId);
  if (filter.id !== undefined) query = query.where('user_groups.id', '=', filter.id);
  const userId = filter.ofUser ?? filter.managedBy;
  if (userId === undefined) return query;
  return query.where('user_groups.id', 'in', (eb) => {
    const memberships = eb.selectFrom('user_group_members').where('user_id', '=', userId).select('group_id');
    return filter.managedBy === undefined ? memberships : memberships.where('is_admin', '=', 1);
  });
}
