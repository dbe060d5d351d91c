import type { Database } from '../tables.ts';
import { createTables, indexes } from './columns.ts';

/** Groups of members, what members and groups were granted, and invitations. */
export async function up(db: Database): Promise<void> {
  await createTables(db, ({ id, text, varchar, time, hash, bit, reference, optional }) => ({
    user_groups: {
      id,
      organisation_id: reference('organisations'),
      name: varchar(200),
      is_default: bit,
      external_id: optional(varchar(255)),
    },
    user_group_members: { id, group_id: reference('user_groups'), user_id: reference('users'), is_admin: bit },
    permission_grants: {
      id,
      grant_key: varchar(80),
      organisation_id: reference('organisations'),
      project_id: optional(reference('projects')),
      environment_id: optional(reference('environments')),
      user_id: optional(reference('users')),
      group_id: optional(reference('user_groups')),
      admin: bit,
      permissions: text,
    },
    invites: {
      id,
      organisation_id: reference('organisations'),
      email: varchar(254),
      hash,
      role: varchar(10),
      invited_by: optional(reference('users')),
      date_created: time,
    },
    invite_groups: { invite_id: reference('invites'), group_id: reference('user_groups') },
    invite_links: {
      id,
      organisation_id: reference('organisations'),
      hash,
      hash_encrypted: varchar(500),
      role: varchar(10),
      date_created: time,
      expires_at: optional(time),
    },
  }));

  await indexes(db, {
    unique: [
      ['user_groups', 'organisation_id', 'external_id'],
      ['user_group_members', 'group_id', 'user_id'],
      ['permission_grants', 'grant_key'],
      ['invites', 'hash'],
      ['invites', 'organisation_id', 'email'],
      ['invite_groups', 'invite_id', 'group_id'],
      ['invite_links', 'hash'],
    ],
    plain: [
      ['user_group_members', 'user_id'],
      ['permission_grants', 'organisation_id', 'project_id'],
      ['permission_grants', 'project_id', 'environment_id'],
      ['permission_grants', 'environment_id'],
      ['permission_grants', 'user_id', 'project_id'],
      ['permission_grants', 'group_id', 'project_id'],
      ['invites', 'invited_by'],
      ['invite_groups', 'group_id'],
      ['invite_links', 'organisation_id'],
    ],
  });
}
