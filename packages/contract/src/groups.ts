import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { blankableTextInput, booleanInput, id, idInput, page, pageQuery, pathId, textInput } from './fields.ts';
import { userSummary } from './permissions.ts';

/** Members who are granted permissions together. */
export const group = z.object({
  id,
  name: z.string(),
  users: z.array(userSummary.extend({ group_admin: z.boolean() })),
  /** New members of the organisation join it by themselves. */
  is_default: z.boolean(),
  external_id: z.string().nullable(),
});
export type Group = z.output<typeof group>;

export const groupSummary = z.object({ id, name: z.string() });
export type GroupSummary = z.output<typeof groupSummary>;

const groupInput = z.object({
  name: textInput(200),
  is_default: booleanInput.optional(),
  external_id: blankableTextInput(255).nullish(),
});
const groupChanges = groupInput.partial();
export type GroupChanges = z.output<typeof groupChanges>;

const inOrganisation = z.object({ organisation_id: pathId });
const one = inOrganisation.extend({ group_id: pathId });
const membership = one.extend({ user_id: pathId });
const userIds = z.object({ user_ids: z.array(idInput).max(1000) });
/** All that a group shall be: who is not named leaves it. */
const groupDraft = groupInput.extend({
  /** Without an id, it is a new one. */
  id: idInput.optional(),
  users: z.array(z.object({ id: idInput, group_admin: booleanInput.default(false) })).max(10_000),
});
const tag = 'groups';

export const listGroups = endpoint({
  id: 'listGroups',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/groups/',
  tag,
  summary: 'List the groups that you may manage, with their members',
  params: inOrganisation,
  query: pageQuery,
  paged: true,
  response: page(group),
  errors: [404],
});

export const createGroup = endpoint({
  id: 'createGroup',
  method: 'POST',
  path: '/api/v1/organisations/{organisation_id}/groups/',
  tag,
  summary: 'Create a group',
  params: inOrganisation,
  body: groupInput,
  status: 201,
  response: group,
  errors: [403, 404],
});

export const saveGroup = endpoint({
  id: 'saveGroup',
  method: 'POST',
  path: '/api/v1/organisations/{organisation_id}/groups/save/',
  tag,
  summary: 'Create or change a group with who is in it and who manages it, all or nothing',
  params: inOrganisation,
  body: groupDraft,
  response: group,
  errors: [403, 404],
});

export const listGroupSummaries = endpoint({
  id: 'listGroupSummaries',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/groups/summaries/',
  tag,
  summary: 'List the names of all groups',
  params: inOrganisation,
  response: z.array(groupSummary),
  errors: [404],
});

export const listOwnGroups = endpoint({
  id: 'listOwnGroups',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/groups/my-groups/',
  tag,
  summary: 'List the groups that you are in',
  auth: 'user',
  params: inOrganisation,
  query: pageQuery,
  paged: true,
  response: page(groupSummary),
  errors: [403, 404],
});

export const getGroup = endpoint({
  id: 'getGroup',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/groups/{group_id}/',
  tag,
  summary: 'Read a group with its members',
  params: one,
  response: group,
  errors: [403, 404],
});

export const updateGroup = endpoint({
  id: 'updateGroup',
  method: 'PUT',
  path: '/api/v1/organisations/{organisation_id}/groups/{group_id}/',
  tag,
  summary: 'Change a group; what is not given stays',
  params: one,
  body: groupInput,
  response: group,
  errors: [403, 404],
});

export const patchGroup = endpoint({
  id: 'patchGroup',
  method: 'PATCH',
  path: '/api/v1/organisations/{organisation_id}/groups/{group_id}/',
  tag,
  summary: 'Change some of a group',
  params: one,
  body: groupChanges,
  response: group,
  errors: [403, 404],
});

export const deleteGroup = endpoint({
  id: 'deleteGroup',
  method: 'DELETE',
  path: '/api/v1/organisations/{organisation_id}/groups/{group_id}/',
  tag,
  summary: 'Delete a group with all that was granted to it',
  params: one,
  status: 204,
  errors: [403, 404],
});

export const addGroupUsers = endpoint({
  id: 'addGroupUsers',
  method: 'POST',
  path: '/api/v1/organisations/{organisation_id}/groups/{group_id}/add-users/',
  tag,
  summary: 'Take members of the organisation into a group, all or none',
  params: one,
  body: userIds,
  response: group,
  errors: [403, 404],
});

export const removeGroupUsers = endpoint({
  id: 'removeGroupUsers',
  method: 'POST',
  path: '/api/v1/organisations/{organisation_id}/groups/{group_id}/remove-users/',
  tag,
  summary: 'Take users out of a group',
  params: one,
  body: userIds,
  response: group,
  errors: [403, 404],
});

export const makeGroupAdmin = endpoint({
  id: 'makeGroupAdmin',
  method: 'POST',
  path: '/api/v1/organisations/{organisation_id}/groups/{group_id}/users/{user_id}/make-admin',
  tag,
  summary: 'Let a user of a group manage it',
  params: membership,
  errors: [403, 404],
});

export const removeGroupAdmin = endpoint({
  id: 'removeGroupAdmin',
  method: 'POST',
  path: '/api/v1/organisations/{organisation_id}/groups/{group_id}/users/{user_id}/remove-admin',
  tag,
  summary: 'Let a user of a group manage it no longer',
  params: membership,
  errors: [403, 404],
});
