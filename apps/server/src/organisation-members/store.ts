import type { Member, MemberRole } from '@halyard/contract';
import { insertRow } from '../db/statements.ts';
import type { Database } from '../db/tables.ts';
import type { Timestamp } from '../time.ts';

/** In the order in which they joined. */
export async function findMembers(
  db: Database,
  organisationId: number,
  filter: { userIds?: number[]; exceptUserId?: number | undefined },
  limit: number,
): Promise<Member[]> {
  let query = db
    .selectFrom('organisation_members')
    .innerJoin('users', 'users.id', 'organisation_members.user_id')
    .where('organisation_members.organisation_id', '=', organisationId)
    .select([
      'users.id',
      'users.email',
      'users.first_name',
      'users.last_name',
      'users.last_login',
      'users.uuid',
      'organisation_members.role',
      'organisation_members.date_joined',
    ])
    .orderBy('organisation_members.id')
    .limit(limit);
  if (filter.userIds !== undefined) query = query.where('users.id', 'in', filter.userIds);
  if (filter.exceptUserId !== undefined) query = query.where('users.id', '<>', filter.exceptUserId);
  return query.execute();
}

/** Members who can still act as administrators once these users no longer do. */
export async function countOtherAdmins(db: Database, organisationId: number, userIds: number[]): Promise<number> {
  const { count } = await db
    .selectFrom('organisation_members')
    .innerJoin('users', 'users.id', 'organisation_members.user_id')
    .where('organisation_members.organisation_id', '=', organisationId)
    .where('organisation_members.role', '=', 'ADMIN')
    .where('users.is_active', '=', 1)
    .where('users.id', 'not in', userIds)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function insertMember(
  db: Database,
  member: { organisationId: number; userId: number; role: MemberRole },
  at: Timestamp,
): Promise<void> {
  await insertRow(db, 'organisation_members', {
    organisation_id: member.organisationId,
    user_id: member.userId,
    role: member.role,
    date_joined: at,
  });
}

export async function updateRole(
  db: Database,
  member: { organisationId: number; userId: number },
  role: MemberRole,
): Promise<void> {
  await db
    .updateTable('organisation_members')
    .set({ role })
    .where('organisation_id', '=', member.organisationId)
    .where('user_id', '=', member.userId)
    .execute();
}

export async function deleteMembers(db: Database, organisationId: number, userIds: number[]): Promise<void> {
  await db
    .deleteFrom('organisation_members')
    .where('organisation_id', '=', organisationId)
    .where('user_id', 'in', userIds)
    .execute();
}
