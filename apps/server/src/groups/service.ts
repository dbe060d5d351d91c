import type * as endpoints from '@halyard/contract';
import type { Group, GroupChanges, GroupSummary, InputOf, Page } from '@halyard/contract';
import { hasPermission, isAdmin, type Rights } from '../access/rights.ts';
import { openOrganisation, type OrganisationScope, requireUser, rightsInOrganisation } from '../access/service.ts';
import { changeOrganisation } from '../changes/service.ts';
import { type Context, inTransaction } from '../context.ts';
import { forbidden, invalid, notFound, refused } from '../errors.ts';
import { takeGrantsFromGroup } from '../permissions/service.ts';
import {
  countGroups,
  deleteGroup as deleteRow,
  deleteMembers,
  deleteMembersEverywhere,
  externalIdIsTaken,
  findGroupIds,
  findGroups,
  findGroupsOfUser,
  findMemberIds,
  findSummaries,
  insertGroup,
  insertMembers,
  setGroupAdmins,
  updateGroup as updateRow,
} from './store.ts';

/** All groups for who may manage groups; for other members those that they are administrators of. */
export async function listGroups(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.listGroups>,
): Promise<Page<Group>> {
  const { organisation_id: organisationId } = params;
  const rights = await rightsInOrganisation(ctx, organisationId);
  if (rights === null) throw notFound();
  const isManager = hasPermission(rights, 'MANAGE_USER_GROUPS');
  // A master key without rights is in no group: it manages what the user 0, who does not exist, manages.
  const filter = isManager ? {} : { managedBy: ctx.actor.kind === 'user' ? ctx.actor.userId : 0 };
  return {
    count: await countGroups(ctx.db, organisationId, filter),
    results: await findGroups(ctx.db, organisationId, filter, windowOf(query)),
  };
}

/** At most 10,000. */
export async function listGroupSummaries(
  ctx: Context,
  { params }: InputOf<typeof endpoints.listGroupSummaries>,
): Promise<GroupSummary[]> {
  const { organisationId } = await openOrganisation(ctx, params.organisation_id, 'MEMBER');
  return findSummaries(ctx.db, organisationId, {}, { limit: 10_000, offset: 0 });
}

export async function listOwnGroups(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.listOwnGroups>,
): Promise<Page<GroupSummary>> {
  const { userId } = requireUser(ctx);
  const { organisationId } = await openOrganisation(ctx, params.organisation_id, 'MEMBER');
  const filter = { ofUser: userId };
  return {
    count: await countGroups(ctx.db, organisationId, filter),
    results: await findSummaries(ctx.db, organisationId, filter, windowOf(query)),
  };
}

/** @throws RequestError 400 for an external id that the organisation has already. */
export async function createGroup(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.createGroup>,
): Promise<Group> {
  const scope = await openOrganisation(ctx, params.organisation_id, 'MANAGE_USER_GROUPS');
  const { organisationId } = scope;
  return changeOrganisation(ctx, scope, async (ctx, record) => {
    const columns = columnsOf(body);
    await refuseTakenExternalId(ctx, organisationId, columns.external_id, null);
    const id = await insertGroup(ctx.db, {
      organisation_id: organisationId,
      is_default: 0,
      external_id: null,
      ...columns,
      name: body.name,
    });
    const after = await readGroup(ctx, organisationId, id);
    record({ ...stepOf(after), changeType: 'CREATE', log: `New Group created: ${after.name}`, after });
    return after;
  });
}

export async function getGroup(ctx: Context, { params }: InputOf<typeof endpoints.getGroup>): Promise<Group> {
  return (await openGroup(ctx, params)).group;
}

/** Changes a group. A repeat of what it is changes nothing. @throws RequestError 400 for a taken external id. */
export async function updateGroup(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.patchGroup>,
): Promise<Group> {
  return changeGroup(ctx, params, 'changed', async (ctx, group, { organisationId }) => {
    const columns = columnsOf(body);
    await refuseTakenExternalId(ctx, organisationId, columns.external_id, group.id);
    if (Object.keys(columns).length > 0) await updateRow(ctx.db, group.id, columns);
  });
}

/**
 * Creates or changes a group with who is in it and who manages it, all or nothing. Who manages it, administrators choose.
 * @throws RequestError 400 and 403 as the single steps.
 */
export async function saveGroup(ctx: Context, { params, body }: InputOf<typeof endpoints.saveGroup>): Promise<Group> {
  const { id, users, ...columns } = body;
  return inTransaction(ctx, async (ctx) => {
    const group =
      id === undefined
        ? await createGroup(ctx, { params, body: columns })
        : await updateGroup(ctx, { params: { ...params, group_id: id }, body: columns });
    const one = { ...params, group_id: group.id };
    const wanted = new Map(users.map((user) => [user.id, user.group_admin]));
    const present = new Map(group.users.map((user) => [user.id, user.group_admin]));
    const joining = [...wanted.keys()].filter((userId) => !present.has(userId));
    const leaving = [...present.keys()].filter((userId) => !wanted.has(userId));
    if (leaving.length > 0) await removeGroupUsers(ctx, { params: one, body: { user_ids: leaving } });
    if (joining.length > 0) await addGroupUsers(ctx, { params: one, body: { user_ids: joining } });
    const changed = (to: boolean) =>
      [...wanted].filter(([userId, admin]) => admin === to && (present.get(userId) ?? false) !== to).map(([at]) => at);
    await changeGroupAdmins(ctx, one, changed(true), true);
    await changeGroupAdmins(ctx, one, changed(false), false);
    return readGroup(ctx, params.organisation_id, group.id);
  });
}

/** Deletes a group; its users lose what was granted to it. */
export async function deleteGroup(ctx: Context, { params }: InputOf<typeof endpoints.deleteGroup>): Promise<void> {
  const { scope } = await openGroup(ctx, params);
  await changeOrganisation(ctx, scope, async (ctx, record) => {
    const before = await readGroup(ctx, scope.organisationId, params.group_id);
    await takeGrantsFromGroup(ctx, before.id);
    await deleteRow(ctx.db, before.id);
    record({ ...stepOf(before), changeType: 'DELETE', log: `Group deleted: ${before.name}`, before });
  });
}

/**
 * Who is in it already stays. @throws RequestError 400 for users who are not of the organisation, 403 for oneself
 * where one does not administer the organisation.
 */
export async function addGroupUsers(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.addGroupUsers>,
): Promise<Group> {
  const userIds = [...new Set(body.user_ids)];
  return changeGroup(ctx, params, 'got users', async (ctx, group, scope) => {
    refuseOneself(ctx, scope.rights, userIds);
    const known = new Set(await findMemberIds(ctx.db, scope.organisationId, userIds));
    const missing = userIds.filter((id) => !known.has(id));
    if (missing.length > 0) throw refused(`Some users not found: ${missing.join(', ')}`);
    const present = new Set(group.users.map((user) => user.id));
    const joining = userIds.filter((id) => !present.has(id));
    await insertMembers(
      ctx.db,
      joining.map((userId) => ({ groupId: group.id, userId })),
    );
  });
}

/** Who is not in it is passed over. @throws RequestError 403 for oneself where one does not administer the organisation. */
export async function removeGroupUsers(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.removeGroupUsers>,
): Promise<Group> {
  return changeGroup(ctx, params, 'lost users', async (ctx, group, scope) => {
    refuseOneself(ctx, scope.rights, body.user_ids);
    await deleteMembers(ctx.db, group.id, body.user_ids);
  });
}

export async function makeGroupAdmin(
  ctx: Context,
  { params }: InputOf<typeof endpoints.makeGroupAdmin>,
): Promise<undefined> {
  await changeGroupAdmin(ctx, params, true);
}

export async function removeGroupAdmin(
  ctx: Context,
  { params }: InputOf<typeof endpoints.removeGroupAdmin>,
): Promise<undefined> {
  await changeGroupAdmin(ctx, params, false);
}

/** Those of these groups that the organisation has. */
export async function groupsAmong(ctx: Context, organisationId: number, groupIds: number[]): Promise<number[]> {
  return findGroupIds(ctx.db, organisationId, groupIds);
}

/** Takes a member into groups that they may be in already. Inside a change of the organisation. */
export async function joinGroups(
  ctx: Context,
  member: { organisationId: number; userId: number },
  which: 'default' | number[],
): Promise<void> {
  const groupIds = await findGroupIds(ctx.db, member.organisationId, which);
  const present = new Set(await findGroupsOfUser(ctx.db, groupIds, member.userId));
  const joining = groupIds.filter((groupId) => !present.has(groupId));
  await insertMembers(
    ctx.db,
    joining.map((groupId) => ({ groupId, userId: member.userId })),
  );
}

/** Takes users who leave an organisation out of its groups. Inside the change that removes them. */
export async function leaveGroups(ctx: Context, organisationId: number, userIds: number[]): Promise<void> {
  await deleteMembersEverywhere(ctx.db, organisationId, userIds);
}

interface GroupIds {
  organisation_id: number;
  group_id: number;
}

/** @throws RequestError 404 for outsiders and a group that there is not, 403 for who may not manage it. */
async function openGroup(
  ctx: Context,
  params: GroupIds,
): Promise<{ scope: OrganisationScope; rights: Rights; group: Group }> {
  const organisationId = params.organisation_id;
  const rights = await rightsInOrganisation(ctx, organisationId);
  if (rights === null) throw notFound();
  const group = await readGroup(ctx, organisationId, params.group_id);
  const { actor } = ctx;
  const isGroupAdmin =
    actor.kind === 'user' && group.users.some((user) => user.id === actor.userId && user.group_admin);
  if (!isGroupAdmin && !hasPermission(rights, 'MANAGE_USER_GROUPS')) throw forbidden();
  return { scope: { organisationId }, rights, group };
}

async function changeGroup(
  ctx: Context,
  params: GroupIds,
  what: string,
  work: (ctx: Context, group: Group, scope: OrganisationScope & { rights: Rights }) => Promise<void>,
): Promise<Group> {
  const { scope, rights } = await openGroup(ctx, params);
  return changeOrganisation(ctx, scope, async (ctx, record) => {
    const before = await readGroup(ctx, scope.organisationId, params.group_id);
    await work(ctx, before, { ...scope, rights });
    const after = await readGroup(ctx, scope.organisationId, params.group_id);
    if (JSON.stringify(before) === JSON.stringify(after)) return after;
    record({ ...stepOf(after), changeType: 'UPDATE', log: `Group ${what}: ${after.name}`, before, after });
    return after;
  });
}

/** @throws RequestError 404 for who is not in the group. */
async function changeGroupAdmin(
  ctx: Context,
  params: GroupIds & { user_id: number },
  isGroupAdmin: boolean,
): Promise<void> {
  await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  await changeGroup(ctx, params, 'changed who manages it', async (ctx, group) => {
    if (!group.users.some((user) => user.id === params.user_id)) throw notFound();
    await setGroupAdmins(ctx.db, group.id, [params.user_id], isGroupAdmin);
  });
}

/** The same for many, who are all in it. */
async function changeGroupAdmins(
  ctx: Context,
  params: GroupIds,
  userIds: number[],
  isGroupAdmin: boolean,
): Promise<void> {
  if (userIds.length === 0) return;
  await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  await changeGroup(ctx, params, 'changed who manages it', (ctx, group) =>
    setGroupAdmins(ctx.db, group.id, userIds, isGroupAdmin),
  );
}

/** Who manages groups must not choose what is granted to themselves. */
function refuseOneself({ actor }: Context, rights: Rights, userIds: number[]): void {
  if (actor.kind === 'user' && !isAdmin(rights) && userIds.includes(actor.userId)) throw forbidden();
}

async function refuseTakenExternalId(
  ctx: Context,
  organisationId: number,
  externalId: string | null | undefined,
  exceptGroupId: number | null,
): Promise<void> {
  if (externalId == null) return;
  if (await externalIdIsTaken(ctx.db, organisationId, externalId, exceptGroupId)) {
    throw invalid({ external_id: ['A group with this external id already exists.'] });
  }
}

async function readGroup(ctx: Context, organisationId: number, id: number): Promise<Group> {
  const [group] = await findGroups(ctx.db, organisationId, { id }, { limit: 1, offset: 0 });
  if (group === undefined) throw notFound();
  return group;
}

function columnsOf(body: GroupChanges) {
  return {
    ...(body.name !== undefined && { name: body.name }),
    ...(body.is_default !== undefined && { is_default: Number(body.is_default) }),
    ...(body.external_id !== undefined && { external_id: body.external_id === '' ? null : body.external_id }),
  };
}

function windowOf(query: { page: number; page_size: number }) {
  return { limit: query.page_size, offset: (query.page - 1) * query.page_size };
}

function stepOf(group: Group) {
  return { objectType: 'GROUP', objectId: group.id } as const;
}
