import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { emailInput, id, idInput, page, pageQuery, pathId, time } from './fields.ts';
import { memberRoles } from './organisation-members.ts';
import { organisation } from './organisations.ts';
import { userSummary } from './permissions.ts';

/** An invitation by e-mail, as lists show it. What its link carries is in the mail and nowhere else. */
export const invite = z.object({
  id,
  email: z.string(),
  date_created: time,
  invited_by: userSummary.nullable(),
  permission_groups: z.array(id),
});
export type Invite = z.output<typeof invite>;

export const createdInvite = z.object({
  id,
  email: z.string(),
  role: z.enum(memberRoles),
  date_created: time,
  permission_groups: z.array(id),
});
export type CreatedInvite = z.output<typeof createdInvite>;

/** A link that lets everybody in who has it, until it ends or is deleted. */
export const inviteLink = z.object({
  id,
  hash: z.string(),
  date_created: time,
  role: z.enum(memberRoles),
  expires_at: time.nullable(),
});
export type InviteLink = z.output<typeof inviteLink>;

const inviteInput = z.object({
  email: emailInput,
  role: z.enum(memberRoles).default('USER'),
  permission_groups: z.array(idInput).max(100).default([]),
});
export type InviteInput = z.output<typeof inviteInput>;

const inOrganisation = z.object({ organisation_id: pathId });
const oneInvite = inOrganisation.extend({ invite_id: pathId });
const oneLink = inOrganisation.extend({ invite_link_id: pathId });
const byHash = z.object({ hash: z.string().max(100) });
const tag = 'invites';

export const inviteUsers = endpoint({
  id: 'inviteUsers',
  method: 'POST',
  path: '/api/v1/organisations/{organisation_id}/invite/',
  tag,
  summary: 'Invite people by e-mail, all or none',
  params: inOrganisation,
  body: z.object({
    invites: z.array(inviteInput).max(100).default([]),
    /** Addresses to invite as users, for clients that know no roles. */
    emails: z.array(emailInput).max(100).default([]),
  }),
  status: 201,
  response: z.array(createdInvite),
  errors: [403, 404, 429],
});

export const listInvites = endpoint({
  id: 'listInvites',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/invites/',
  tag,
  summary: 'List the invitations by e-mail that nobody accepted yet',
  params: inOrganisation,
  query: pageQuery,
  paged: true,
  response: page(invite),
  errors: [403, 404],
});

export const createInvite = endpoint({
  id: 'createInvite',
  method: 'POST',
  path: '/api/v1/organisations/{organisation_id}/invites/',
  tag,
  summary: 'Invite somebody by e-mail',
  params: inOrganisation,
  body: inviteInput,
  status: 201,
  response: createdInvite,
  errors: [403, 404, 429],
});

export const getInvite = endpoint({
  id: 'getInvite',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/invites/{invite_id}/',
  tag,
  summary: 'Read an invitation by e-mail',
  params: oneInvite,
  response: invite,
  errors: [403, 404],
});

export const deleteInvite = endpoint({
  id: 'deleteInvite',
  method: 'DELETE',
  path: '/api/v1/organisations/{organisation_id}/invites/{invite_id}/',
  tag,
  summary: 'Take back an invitation by e-mail',
  params: oneInvite,
  status: 204,
  errors: [403, 404],
});

export const resendInvite = endpoint({
  id: 'resendInvite',
  method: 'POST',
  path: '/api/v1/organisations/{organisation_id}/invites/{invite_id}/resend/',
  tag,
  summary: 'Send an invitation again, with a new link in place of the old one',
  params: oneInvite,
  errors: [403, 404, 429],
});

export const listInviteLinks = endpoint({
  id: 'listInviteLinks',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/invite-links/',
  tag,
  summary: 'List the invitation links of an organisation',
  params: inOrganisation,
  response: z.array(inviteLink),
  errors: [403, 404],
});

export const createInviteLink = endpoint({
  id: 'createInviteLink',
  method: 'POST',
  path: '/api/v1/organisations/{organisation_id}/invite-links/',
  tag,
  summary: 'Create an invitation link; everybody who has it may join until it ends',
  params: inOrganisation,
  body: z.object({
    role: z.enum(memberRoles).default('USER'),
    expires_at: z.preprocess((value) => (value === '' ? null : value), z.iso.datetime({ offset: true }).nullish()),
  }),
  status: 201,
  response: inviteLink,
  errors: [403, 404],
});

export const deleteInviteLink = endpoint({
  id: 'deleteInviteLink',
  method: 'DELETE',
  path: '/api/v1/organisations/{organisation_id}/invite-links/{invite_link_id}/',
  tag,
  summary: 'Delete an invitation link, so that nobody joins by it any more',
  params: oneLink,
  status: 204,
  errors: [403, 404],
});

export const joinByLink = endpoint({
  id: 'joinByLink',
  method: 'POST',
  path: '/api/v1/users/join/link/{hash}/',
  tag,
  summary: 'Join an organisation by its invitation link; joining twice is fine',
  auth: 'user',
  params: byHash,
  response: organisation,
  errors: [400, 403, 404],
});

export const joinByInvite = endpoint({
  id: 'joinByInvite',
  method: 'POST',
  path: '/api/v1/users/join/{hash}/',
  tag,
  summary: 'Join an organisation by an invitation that was sent to you',
  auth: 'user',
  params: byHash,
  response: organisation,
  errors: [400, 403, 404],
});
