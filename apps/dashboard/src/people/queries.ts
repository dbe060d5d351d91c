import type { AccessChange, AccessPage, MemberRole } from '@halyard/contract';
import { call, type Input } from '../api/client.ts';
import { queryClient, read, refresh } from '../api/query.ts';
import { queryOptions } from '@tanstack/react-query';

const of = (organisation: number) => ({ params: { organisation_id: organisation } });

/** Members, groups and invitations. */
export const people = (organisation: number) => read('getPeoplePage', of(organisation));

export async function setRole(organisation: number, user: number, role: MemberRole) {
  await call('updateMemberRole', { params: { organisation_id: organisation, user_id: user }, body: { role } });
  await refreshPeople();
}

export async function removeMember(organisation: number, user: number) {
  await call('removeMembers', { ...of(organisation), body: [{ id: user }] });
  await refreshPeople();
}

export async function invite(organisation: number, emails: string[], role: MemberRole, groups: number[]) {
  await call('inviteUsers', {
    ...of(organisation),
    body: { invites: emails.map((email) => ({ email, role, permission_groups: groups })), emails: [] },
  });
  await refreshPeople();
}

export const resendInvite = (organisation: number, id: number) =>
  call('resendInvite', { params: { organisation_id: organisation, invite_id: id } });

export async function withdrawInvite(organisation: number, id: number) {
  await call('deleteInvite', { params: { organisation_id: organisation, invite_id: id } });
  await refreshPeople();
}

export async function createLink(organisation: number, role: MemberRole, expiresAt: string | null) {
  await call('createInviteLink', { ...of(organisation), body: { role, expires_at: expiresAt } });
  await refreshPeople();
}

export async function deleteLink(organisation: number, id: number) {
  await call('deleteInviteLink', { params: { organisation_id: organisation, invite_link_id: id } });
  await refreshPeople();
}

export async function saveGroup(organisation: number, body: Input<'saveGroup'>['body']) {
  await call('saveGroup', { ...of(organisation), body });
  await refreshPeople();
}

export async function deleteGroup(organisation: number, group: number) {
  await call('deleteGroup', { params: { organisation_id: organisation, group_id: group } });
  await refreshPeople();
}

/** What one member may do throughout the organisation. */
export const memberAccess = (organisation: number, user: number) =>
  read('getMemberAccess', { params: { organisation_id: organisation, user_id: user } });

/** Where access is looked at: a project with its environments, or the organisation itself. */
export type AccessScope = { project: number } | { organisation: number };

export const access = (scope: AccessScope) =>
  queryOptions<AccessPage>({
    queryKey: ['project' in scope ? 'getProjectAccess' : 'getOrganisationAccess', scope],
    queryFn: ({ signal }) =>
      'project' in scope
        ? call('getProjectAccess', { params: { project_id: scope.project } }, { signal })
        : call('getOrganisationAccess', of(scope.organisation), { signal }),
  });

/** Saves a draft as a whole; the answer is the page as it is after. */
export async function saveAccess(scope: AccessScope, changes: AccessChange[]): Promise<AccessPage> {
  const page =
    'project' in scope
      ? await call('saveProjectAccess', { params: { project_id: scope.project }, body: { changes } })
      : await call('saveOrganisationAccess', { ...of(scope.organisation), body: { changes } });
  queryClient.setQueryData(access(scope).queryKey, page);
  await refresh('getMemberAccess', 'getSession');
  return page;
}

/** Memberships and groups change what people may do. */
const refreshPeople = () => refresh('getPeoplePage', 'getProjectAccess', 'getOrganisationAccess', 'getMemberAccess');
