import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { booleanInput, id, idInput, pathId, time, uuid } from './fields.ts';

export const memberRoles = ['ADMIN', 'USER'] as const;
export type MemberRole = (typeof memberRoles)[number];

/** A person in an organisation. */
export const member = z.object({
  id,
  email: z.string(),
  first_name: z.string(),
  last_name: z.string(),
  last_login: time.nullable(),
  uuid,
  role: z.enum(memberRoles),
  /** When they joined the organisation. */
  date_joined: time,
});
export type Member = z.output<typeof member>;

const inOrganisation = z.object({ organisation_id: pathId });
const tag = 'organisation members';

export const listMembers = endpoint({
  id: 'listMembers',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/users/',
  tag,
  summary: 'List the members of an organisation, with `exclude_current` without the caller',
  params: inOrganisation,
  query: z.object({ exclude_current: booleanInput.optional() }),
  response: z.array(member),
  errors: [404],
});

export const updateMemberRole = endpoint({
  id: 'updateMemberRole',
  method: 'POST',
  path: '/api/v1/organisations/{organisation_id}/users/{user_id}/update-role/',
  tag,
  summary: 'Give a member another role; the last administrator stays one',
  params: inOrganisation.extend({ user_id: pathId }),
  body: z.object({ role: z.enum(memberRoles) }),
  response: member,
  errors: [403, 404],
});

const memberIds = z.array(z.object({ id: idInput })).max(1000);

export const removeMembers = endpoint({
  id: 'removeMembers',
  method: 'POST',
  path: '/api/v1/organisations/{organisation_id}/remove-users/',
  tag,
  summary: 'Take members out of an organisation, all or none; their accounts stay',
  params: inOrganisation,
  body: memberIds,
  response: z.array(z.object({ id })),
  errors: [403, 404],
});
