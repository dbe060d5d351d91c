import type * as endpoints from '@halyard/contract';
import type { InputOf, Member, MemberRole } from '@halyard/contract';
import { openOrganisation } from '../access/service.ts';
import { changeOrganisation, type OrganisationChange } from '../changes/service.ts';
import type { Context } from '../context.ts';
import { invalid, invalidRequest, notFound, RequestError } from '../errors.ts';
import { joinGroups, leaveGroups } from '../groups/service.ts';
import { takeGrantsFromUsers } from '../permissions/service.ts';
import { countOtherAdmins, deleteMembers, findMembers, insertMember, updateRole } from './store.ts';

/** The list is not paged on the wire; this is where it ends. */
const mostMembers = 10_000;

export async function listMembers(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.listMembers>,
): Promise<Member[]> {
  const { organisationId } = await openOrganisation(ctx, params.organisation_id, 'MEMBER');
  const caller = ctx.actor.kind === 'user' ? ctx.actor.userId : undefined;
  return findMembers(ctx.db, organisationId, { exceptUserId: query.exclude_current ? caller : undefined }, mostMembers);
}

/** @throws RequestError 400 where nobody would be left to administer the organisation. */
export async function updateMemberRole(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.updateMemberRole>,
): Promise<Member> {
  const scope = await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  const { organisationId } = scope;
  return changeOrganisation(ctx, scope, async (ctx, record) => {
    const [before] = await findMembers(ctx.db, organisationId, { userIds: [params.user_id] }, 1);
    if (before === undefined) throw notFound();
    if (before.role === body.role) return before;
    if (body.role !== 'ADMIN' && (await countOtherAdmins(ctx.db, organisationId, [before.id])) === 0) {
      throw invalid({ role: [lastAdmin] });
    }
    await updateRole(ctx.db, { organisationId, userId: before.id }, body.role);
    const after = { ...before, role: body.role };
    record({
      objectType: 'ORGANISATION_MEMBER',
      objectId: before.id,
      objectUuid: before.uuid,
      changeType: 'UPDATE',
      log: `Member's role changed to ${after.role}: ${after.email}`,
      before,
      after,
    });
    return after;
  });
}

/**
 * Takes from members their place, their groups and all that was granted to them; their accounts stay.
 * @throws RequestError 400 for somebody who is no member, and where nobody would be left to administer the organisation.
 */
export async function removeMembers(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.removeMembers>,
): Promise<{ id: number }[]> {
  const scope = await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  const { organisationId } = scope;
  const userIds = [...new Set(body.map((user) => user.id))];
  if (userIds.length === 0) return body;
  return changeOrganisation(ctx, scope, async (ctx, record) => {
    const members = await findMembers(ctx.db, organisationId, { userIds }, userIds.length);
    const known = new Set(members.map((member) => member.id));
    if (known.size < userIds.length) {
      const unknown = (id: number) => ({ id: [`Invalid pk "${id}" - object does not exist.`] });
      throw new RequestError(
        'invalid',
        body.map(({ id }) => (known.has(id) ? {} : unknown(id))),
      );
    }
    if ((await countOtherAdmins(ctx.db, organisationId, userIds)) === 0) throw invalidRequest(lastAdmin);
    await takeOut(ctx, organisationId, userIds);
    for (const member of members) {
      record({
        objectType: 'ORGANISATION_MEMBER',
        objectId: member.id,
        objectUuid: member.uuid,
        changeType: 'DELETE',
        log: `Member removed: ${member.email}`,
        before: member,
      });
    }
    return body;
  });
}

/** What an organisation would be without a member. Inside a change of it, so that nobody else leaves meanwhile. */
export async function standingOf(
  ctx: Context,
  { organisationId, userId }: { organisationId: number; userId: number },
): Promise<{ isAlone: boolean; isLastAdmin: boolean }> {
  const [other] = await findMembers(ctx.db, organisationId, { exceptUserId: userId }, 1);
  return {
    isAlone: other === undefined,
    isLastAdmin: (await countOtherAdmins(ctx.db, organisationId, [userId])) === 0,
  };
}

/** Lets a member go whose account is closed. Inside a change of the organisation. */
export async function leaveOrganisation(
  ctx: Context,
  { organisationId, userId }: { organisationId: number; userId: number },
  record: (change: OrganisationChange) => void,
): Promise<void> {
  const [member] = await findMembers(ctx.db, organisationId, { userIds: [userId] }, 1);
  if (member === undefined) return;
  await takeOut(ctx, organisationId, [userId]);
  record({
    objectType: 'ORGANISATION_MEMBER',
    objectId: member.id,
    objectUuid: member.uuid,
    changeType: 'DELETE',
    log: `Member closed their account: ${member.email}`,
    before: member,
  });
}

/**
 * Makes somebody a member, also of the groups that everybody joins, who is none yet. Inside a change of the organisation.
 */
export async function addMember(
  ctx: Context,
  member: { organisationId: number; userId: number; role: MemberRole },
): Promise<void> {
  await insertMember(ctx.db, member, ctx.now());
  await joinGroups(ctx, member, 'default');
}

/** What somebody is in an organisation; null for who is no member. */
export async function roleOfMember(ctx: Context, organisationId: number, userId: number): Promise<MemberRole | null> {
  const [member] = await findMembers(ctx.db, organisationId, { userIds: [userId] }, 1);
  return member?.role ?? null;
}

/** Takes from members their place, their groups and all that was granted to them. */
async function takeOut(ctx: Context, organisationId: number, userIds: number[]): Promise<void> {
  await takeGrantsFromUsers(ctx, organisationId, userIds);
  await leaveGroups(ctx, organisationId, userIds);
  await deleteMembers(ctx.db, organisationId, userIds);
}

const lastAdmin = 'An organisation needs an administrator. Make another member an administrator first.';
