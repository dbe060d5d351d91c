import type * as endpoints from '@halyard/contract';
import type {
  CreatedInvite,
  InputOf,
  Invite,
  InviteInput,
  InviteLink,
  MemberRole,
  Organisation,
  Page,
} from '@halyard/contract';
import type { Selectable } from 'kysely';
import { openOrganisation, type OrganisationScope, requireUser } from '../access/service.ts';
import { changeOrganisation } from '../changes/service.ts';
import type { Context } from '../context.ts';
import type { InviteLinkTable } from '../db/tables.ts';
import { forbidden, invalid, notFound, refused } from '../errors.ts';
import { groupsAmong, joinGroups } from '../groups/service.ts';
import { pageAddress, sendMail } from '../mail/service.ts';
import { addMember, roleOfMember } from '../organisation-members/service.ts';
import { organisationFor } from '../organisations/service.ts';
import { randomText, sha256 } from '../secrets.ts';
import { limit } from '../throttle/service.ts';
import { toTimestamp } from '../time.ts';
import {
  countInvites,
  deleteInvite as deleteRow,
  deleteLink,
  emailIsInvited,
  findGroupIds,
  findInviteByHash,
  findInvites,
  findLinkByHash,
  findLinks,
  insertInviteGroups,
  insertInvites,
  insertLink,
  isOver,
  setInviteHash,
  type StoredInvite,
} from './store.ts';

/** Invites people by e-mail, all or none. @throws RequestError 400 for an address that is invited, or a group that there is not. */
export async function inviteUsers(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.inviteUsers>,
): Promise<CreatedInvite[]> {
  const scope = await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  const plain = body.emails.map((email): InviteInput => ({ email, role: 'USER', permission_groups: [] }));
  return invite(ctx, scope, [...body.invites, ...plain], {
    taken: (email) => invalid({ emails: [alreadyInvited(email)] }),
    badGroup: (at, message) =>
      invalid({ invites: body.invites.map((_, index) => (index === at ? { permission_groups: [message] } : {})) }),
  });
}

/** @throws RequestError 400 for an address that is invited, or a group that there is not. */
export async function createInvite(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.createInvite>,
): Promise<CreatedInvite> {
  const scope = await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  const [created] = await invite(ctx, scope, [body], {
    taken: (email) => invalid({ email: [alreadyInvited(email)] }),
    badGroup: (_, message) => invalid({ permission_groups: [message] }),
  });
  return created as CreatedInvite;
}

export async function listInvites(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.listInvites>,
): Promise<Page<Invite>> {
  const { organisationId } = await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  const window = { limit: query.page_size, offset: (query.page - 1) * query.page_size };
  const found = await findInvites(ctx.db, organisationId, {}, window);
  return { count: await countInvites(ctx.db, organisationId), results: found.map(shown) };
}

export async function getInvite(ctx: Context, { params }: InputOf<typeof endpoints.getInvite>): Promise<Invite> {
  const { organisationId } = await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  return shown(await readInvite(ctx, organisationId, params.invite_id));
}

export async function deleteInvite(ctx: Context, { params }: InputOf<typeof endpoints.deleteInvite>): Promise<void> {
  const scope = await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  await changeOrganisation(ctx, scope, async (ctx, record) => {
    const before = await readInvite(ctx, scope.organisationId, params.invite_id);
    await deleteRow(ctx.db, before.id);
    record({ ...stepOf(before), changeType: 'DELETE', log: `Invitation taken back: ${before.email}`, before });
  });
}

/** Sends an invitation again. Its link is a new one: we keep only the hash of what the old one carried. */
export async function resendInvite(
  ctx: Context,
  { params }: InputOf<typeof endpoints.resendInvite>,
): Promise<undefined> {
  const scope = await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  await limitInvites(ctx);
  await changeOrganisation(ctx, scope, async (ctx, record) => {
    const found = await readInvite(ctx, scope.organisationId, params.invite_id);
    const code = newCode();
    await setInviteHash(ctx.db, found.id, sha256(code));
    await mailInvite(ctx, await organisationFor(ctx, scope.organisationId, null), found.email, code);
    record({ ...stepOf(found), changeType: 'UPDATE', log: `Invitation sent again: ${found.email}`, after: found });
  });
}

export async function listInviteLinks(
  ctx: Context,
  { params }: InputOf<typeof endpoints.listInviteLinks>,
): Promise<InviteLink[]> {
  const { organisationId } = await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  return (await findLinks(ctx.db, organisationId, {})).map((link) => shownLink(ctx, link));
}

/** @throws RequestError 400 for a time that there is not, and where the installation has no links. */
export async function createInviteLink(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.createInviteLink>,
): Promise<InviteLink> {
  const scope = await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  const { organisationId } = scope;
  if (!ctx.config.inviteLinks) throw refused(noLinks);
  const expiresAt = body.expires_at == null ? null : toTimestamp(body.expires_at);
  if (body.expires_at != null && expiresAt === null) throw invalid({ expires_at: ['There is no such time.'] });
  return changeOrganisation(ctx, scope, async (ctx, record) => {
    const code = newCode();
    const id = await insertLink(ctx.db, {
      organisation_id: organisationId,
      hash: sha256(code),
      hash_encrypted: ctx.vault.encrypt(code),
      role: body.role,
      date_created: ctx.now(),
      expires_at: expiresAt,
    });
    const link = await readLink(ctx, organisationId, id);
    const after = withoutCode(link);
    record({
      objectType: 'INVITE',
      objectId: id,
      changeType: 'CREATE',
      log: `New invitation link (${link.role})`,
      after,
    });
    return shownLink(ctx, link);
  });
}

export async function deleteInviteLink(
  ctx: Context,
  { params }: InputOf<typeof endpoints.deleteInviteLink>,
): Promise<void> {
  const scope = await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  await changeOrganisation(ctx, scope, async (ctx, record) => {
    const link = await readLink(ctx, scope.organisationId, params.invite_link_id);
    await deleteLink(ctx.db, link.id);
    const before = withoutCode(link);
    const log = `Invitation link deleted (${link.role})`;
    record({ objectType: 'INVITE', objectId: link.id, changeType: 'DELETE', log, before });
  });
}

/**
 * Who is a member already stays what they are.
 * @throws RequestError 404 for a link that there is not, 400 for one that ended, 403 where the installation has no links.
 */
export async function joinByLink(
  ctx: Context,
  { params }: InputOf<typeof endpoints.joinByLink>,
): Promise<Organisation> {
  const hash = sha256(params.hash);
  const found = await findLinkByHash(ctx.db, hash);
  if (found === null) throw notFound();
  if (!ctx.config.inviteLinks) throw forbidden(noLinks);
  return join(ctx, found.organisation_id, async (ctx) => {
    // Again, now that nobody can delete it meanwhile.
    const link = await findLinkByHash(ctx.db, hash);
    if (link === null) throw notFound();
    if (isOver(link, ctx.now())) throw refused('Invite has expired');
    return { role: link.role, groupIds: [] };
  });
}

/**
 * Accepts an invitation, which is gone then. Who is a member already joins its groups and keeps their role.
 * @throws RequestError 404 for an invitation that there is not, 400 for somebody else's.
 */
export async function joinByInvite(
  ctx: Context,
  { params }: InputOf<typeof endpoints.joinByInvite>,
): Promise<Organisation> {
  const { email } = requireUser(ctx);
  const hash = sha256(params.hash);
  const found = await findInviteByHash(ctx.db, hash);
  if (found === null) throw notFound();
  return join(ctx, found.organisation_id, async (ctx) => {
    const invitation = await findInviteByHash(ctx.db, hash);
    if (invitation === null) throw notFound();
    if (invitation.email.toLowerCase() !== email.toLowerCase()) {
      throw refused('Registered email does not match invited email');
    }
    const groups = await findGroupIds(ctx.db, [invitation.id]);
    await deleteRow(ctx.db, invitation.id);
    return { role: invitation.role, groupIds: groups.get(invitation.id) ?? [] };
  });
}

/** Whether somebody may register where that takes an invitation: their address is invited, or they have a link that lasts. */
export async function isInvited(
  ctx: Context,
  { email, inviteHash }: { email: string; inviteHash: string | null },
): Promise<boolean> {
  if (await emailIsInvited(ctx.db, email.toLowerCase())) return true;
  if (inviteHash === null || !ctx.config.inviteLinks) return false;
  const link = await findLinkByHash(ctx.db, sha256(inviteHash));
  return link !== null && !isOver(link, ctx.now());
}

interface Refusals {
  taken: (email: string) => Error;
  badGroup: (index: number, message: string) => Error;
}

async function invite(
  ctx: Context,
  scope: OrganisationScope,
  inputs: InviteInput[],
  refusals: Refusals,
): Promise<CreatedInvite[]> {
  await limitInvites(ctx);
  if (inputs.length === 0) return [];
  const { organisationId } = scope;
  return changeOrganisation(ctx, scope, async (ctx, record) => {
    const emails = inputs.map((input) => input.email);
    const known = await findInvites(ctx.db, organisationId, { emails }, { limit: emails.length, offset: 0 });
    const twice = known[0]?.email ?? emails.find((email, index) => emails.indexOf(email) !== index);
    if (twice !== undefined) throw refusals.taken(twice);
    await refuseUnknownGroups(ctx, organisationId, inputs, refusals);

    const codes = new Map(emails.map((email) => [email, newCode()]));
    const invitedBy = ctx.actor.kind === 'user' ? ctx.actor.userId : null;
    const at = ctx.now();
    await insertInvites(
      ctx.db,
      inputs.map((input) => ({
        organisation_id: organisationId,
        email: input.email,
        hash: sha256(codes.get(input.email) as string),
        role: input.role,
        invited_by: invitedBy,
        date_created: at,
      })),
    );
    const window = { limit: emails.length, offset: 0 };
    const inserted = await findInvites(ctx.db, organisationId, { emails }, window);
    const idOf = new Map(inserted.map((one) => [one.email, one.id]));
    const groups = inputs.flatMap((input) =>
      [...new Set(input.permission_groups)].map((groupId) => ({ inviteId: idOf.get(input.email) as number, groupId })),
    );
    await insertInviteGroups(ctx.db, groups);
    const created = await findInvites(ctx.db, organisationId, { emails }, window);
    const organisation = await organisationFor(ctx, organisationId, null);
    for (const after of created) {
      await mailInvite(ctx, organisation, after.email, codes.get(after.email) as string);
      record({ ...stepOf(after), changeType: 'CREATE', log: `New invitation: ${after.email}`, after });
    }
    return created.map(({ invited_by: _, ...one }) => one);
  });
}

async function refuseUnknownGroups(
  ctx: Context,
  organisationId: number,
  inputs: InviteInput[],
  refusals: Refusals,
): Promise<void> {
  const wanted = [...new Set(inputs.flatMap((input) => input.permission_groups))];
  const known = new Set(await groupsAmong(ctx, organisationId, wanted));
  for (const [index, input] of inputs.entries()) {
    const unknown = input.permission_groups.find((id) => !known.has(id));
    if (unknown !== undefined) throw refusals.badGroup(index, `Invalid pk "${unknown}" - object does not exist.`);
  }
}

/** Makes the person who asks a member, as `accept` says, and answers the organisation as they see it now. */
async function join(
  ctx: Context,
  organisationId: number,
  accept: (ctx: Context) => Promise<{ role: MemberRole; groupIds: number[] }>,
): Promise<Organisation> {
  const { userId, email } = requireUser(ctx);
  return changeOrganisation(ctx, { organisationId }, async (ctx, record) => {
    const { role, groupIds } = await accept(ctx);
    const before = await roleOfMember(ctx, organisationId, userId);
    if (before === null) {
      await addMember(ctx, { organisationId, userId, role });
      const log = `New member by invitation: ${email}`;
      record({
        objectType: 'ORGANISATION_MEMBER',
        objectId: userId,
        changeType: 'CREATE',
        log,
        after: { email, role },
      });
    }
    await joinGroups(ctx, { organisationId, userId }, groupIds);
    return organisationFor(ctx, organisationId, before ?? role);
  });
}

async function mailInvite(ctx: Context, organisation: Organisation, to: string, code: string): Promise<void> {
  const name = organisation.name.length > 100 ? `${organisation.name.slice(0, 100)}…` : organisation.name;
  await sendMail(ctx, {
    to,
    subject: `You are invited to ${name}`,
    text: [
      `You are invited to work with the feature flags of ${name}.`,
      '',
      'Open this link to accept. It works once, for an account with this e-mail address:',
      pageAddress(ctx, 'invite', code),
      '',
      'If you did not expect this invitation, you need not do anything.',
    ].join('\n'),
  });
}

async function limitInvites(ctx: Context): Promise<void> {
  const { actor } = ctx;
  const key =
    actor.kind === 'user' ? `user:${actor.userId}` : actor.kind === 'master_key' ? `key:${actor.masterKeyId}` : '';
  await limit(ctx, { scope: 'invite', key, rate: { count: 10, seconds: 60 } });
}

async function readInvite(ctx: Context, organisationId: number, id: number): Promise<StoredInvite> {
  const [found] = await findInvites(ctx.db, organisationId, { id }, { limit: 1, offset: 0 });
  if (found === undefined) throw notFound();
  return found;
}

async function readLink(ctx: Context, organisationId: number, id: number): Promise<Selectable<InviteLinkTable>> {
  const [link] = await findLinks(ctx.db, organisationId, { id });
  if (link === undefined) throw notFound();
  return link;
}

function shown({ role: _, ...invitation }: StoredInvite): Invite {
  return invitation;
}

/** A link whose secret was encrypted under another SECRET_KEY is shown without it, so that it can be deleted. */
function shownLink(ctx: Context, link: Selectable<InviteLinkTable>): InviteLink {
  return { ...withoutCode(link), hash: ctx.vault.decrypt(link.hash_encrypted) ?? '' };
}

function withoutCode({ id, role, date_created, expires_at }: Selectable<InviteLinkTable>) {
  return { id, role, date_created, expires_at };
}

function stepOf(invitation: StoredInvite) {
  return { objectType: 'INVITE', objectId: invitation.id } as const;
}

function newCode(): string {
  return randomText(22);
}

function alreadyInvited(email: string): string {
  return `Invite for email ${email} already exists`;
}

const noLinks = 'Invite links are disabled for this installation.';
