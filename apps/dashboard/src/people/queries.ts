import type { MemberRole } from '@halyard/contract';
import { call } from '../api/client.ts';
import { read, refresh } from '../api/query.ts';

const of = (organisation: number) => ({ params: { organisation_id: organisation } });

export const members = (organisation: number) => read('listMembers', of(organisation));
export const invites = (organisation: number) =>
  read('listInvites', { ...of(organisation), query: { page_size: 100 } });
export const inviteLinks = (organisation: number) => read('listInviteLinks', of(organisation));

export async function setRole(organisation: number, user: number, role: MemberRole) {
  await call('updateMemberRole', { params: { organisation_id: organisation, user_id: user }, body: { role } });
  await refresh('listMembers');
}

export async function removeMember(organisation: number, user: number) {
  await call('removeMembers', { ...of(organisation), body: [{ id: user }] });
  await refresh('listMembers');
}

export async function invite(organisation: number, emails: string[], role: MemberRole) {
  await call('inviteUsers', {
    ...of(organisation),
    body: { invites: emails.map((email) => ({ email, role, permission_groups: [] })), emails: [] },
  });
  await refresh('listInvites');
}

export async function withdrawInvite(organisation: number, id: number) {
  await call('deleteInvite', { params: { organisation_id: organisation, invite_id: id } });
  await refresh('listInvites');
}

export async function createLink(organisation: number, role: MemberRole, expiresAt: string | null) {
  await call('createInviteLink', { ...of(organisation), body: { role, expires_at: expiresAt } });
  await refresh('listInviteLinks');
}

export async function deleteLink(organisation: number, id: number) {
  await call('deleteInviteLink', { params: { organisation_id: organisation, invite_link_id: id } });
  await refresh('listInviteLinks');
}
