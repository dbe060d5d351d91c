import type { Invite } from '@halyard/contract';
import type { Insertable, Selectable } from 'kysely';
import { insertRow, insertRows } from '../db/statements.ts';
import type { Database, InviteLinkTable, InviteTable } from '../db/tables.ts';
import type { Timestamp } from '../time.ts';

export interface InviteFilter {
  id?: number;
  emails?: string[];
}

/** An invitation with the role that it gives, which lists do not show. */
export type StoredInvite = Invite & { role: InviteTable['role'] };

/** Oldest first, with who invited and the groups that they give: two statements, however many there are. */
export async function findInvites(
  db: Database,
  organisationId: number,
  filter: InviteFilter,
  window: { limit: number; offset: number },
): Promise<StoredInvite[]> {
  const rows = await filtered(db, organisationId, filter)
    .leftJoin('users', 'users.id', 'invites.invited_by')
    .select([
      'invites.id',
      'invites.email',
      'invites.role',
      'invites.date_created',
      'users.id as userId',
      'users.uuid as userUuid',
      'users.email as userEmail',
      'users.first_name',
      'users.last_name',
      'users.last_login',
    ])
    .orderBy('invites.id')
    .limit(window.limit)
    .offset(window.offset)
    .execute();
  const groupsOf = await findGroupIds(
    db,
    rows.map((row) => row.id),
  );
  return rows.map((row) => ({
    id: row.id,
    email: row.email,
    role: row.role,
    date_created: row.date_created,
    invited_by:
      row.userId === null
        ? null
        : {
            id: row.userId,
            uuid: row.userUuid as string,
            email: row.userEmail as string,
            first_name: row.first_name as string,
            last_name: row.last_name as string,
            last_login: row.last_login,
          },
    permission_groups: groupsOf.get(row.id) ?? [],
  }));
}

export async function countInvites(db: Database, organisationId: number): Promise<number> {
  const { count } = await filtered(db, organisationId, {})
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** The invitation whose link carries what has this hash, of an organisation that is not deleted. */
export async function findInviteByHash(db: Database, hash: string): Promise<Selectable<InviteTable> | null> {
  const row = await db
    .selectFrom('invites')
    .innerJoin('organisations', 'organisations.id', 'invites.organisation_id')
    .where('invites.hash', '=', hash)
    .where('organisations.deleted_at', 'is', null)
    .selectAll('invites')
    .executeTakeFirst();
  return row ?? null;
}

/** Whether an organisation that is not deleted invited this address. */
export async function emailIsInvited(db: Database, email: string): Promise<boolean> {
  const row = await db
    .selectFrom('invites')
    .innerJoin('organisations', 'organisations.id', 'invites.organisation_id')
    .where('invites.email', '=', email)
    .where('organisations.deleted_at', 'is', null)
    .select('invites.id')
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Inserts invitations; their ids are found by their addresses, which an organisation has once each. */
export async function insertInvites(db: Database, invites: Insertable<InviteTable>[]): Promise<void> {
  await insertRows(db, 'invites', invites);
}

export async function insertInviteGroups(db: Database, groups: { inviteId: number; groupId: number }[]): Promise<void> {
  await insertRows(
    db,
    'invite_groups',
    groups.map(({ inviteId, groupId }) => ({ invite_id: inviteId, group_id: groupId })),
  );
}

export async function setInviteHash(db: Database, inviteId: number, hash: string): Promise<void> {
  await db.updateTable('invites').set({ hash }).where('id', '=', inviteId).execute();
}

export async function deleteInvite(db: Database, inviteId: number): Promise<void> {
  await db.deleteFrom('invite_groups').where('invite_id', '=', inviteId).execute();
  await db.deleteFrom('invites').where('id', '=', inviteId).execute();
}

/** The groups that invitations give, by invitation. */
export async function findGroupIds(db: Database, inviteIds: number[]): Promise<Map<number, number[]>> {
  if (inviteIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('invite_groups')
    .where('invite_id', 'in', inviteIds)
    .select(['invite_id', 'group_id'])
    .orderBy('group_id')
    .execute();
  const groups = new Map<number, number[]>();
  for (const row of rows) groups.set(row.invite_id, [...(groups.get(row.invite_id) ?? []), row.group_id]);
  return groups;
}

/** Oldest first, at most 1,000. */
export async function findLinks(
  db: Database,
  organisationId: number,
  filter: { id?: number },
): Promise<Selectable<InviteLinkTable>[]> {
  let query = db.selectFrom('invite_links').where('organisation_id', '=', organisationId);
  if (filter.id !== undefined) query = query.where('id', '=', filter.id);
  return query.selectAll().orderBy('id').limit(1000).execute();
}

export async function findLinkByHash(db: Database, hash: string): Promise<Selectable<InviteLinkTable> | null> {
  const row = await db
    .selectFrom('invite_links')
    .innerJoin('organisations', 'organisations.id', 'invite_links.organisation_id')
    .where('invite_links.hash', '=', hash)
    .where('organisations.deleted_at', 'is', null)
    .selectAll('invite_links')
    .executeTakeFirst();
  return row ?? null;
}

export async function insertLink(db: Database, link: Insertable<InviteLinkTable>): Promise<number> {
  return insertRow(db, 'invite_links', link);
}

export async function deleteLink(db: Database, linkId: number): Promise<void> {
  await db.deleteFrom('invite_links').where('id', '=', linkId).execute();
}

export function isOver(link: { expires_at: string | null }, at: Timestamp): boolean {
  return link.expires_at !== null && link.expires_at <= at;
}

function filtered(db: Database, organisationId: number, filter: InviteFilter) {
  let query = db.selectFrom('invites').where('invites.organisation_id', '=', organisationId);
  if (filter.id !== undefined) query = query.where('invites.id', '=', filter.id);
  if (filter.emails !== undefined) query = query.where('invites.email', 'in', filter.emails);
  return query;
}
