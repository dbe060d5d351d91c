import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { booleanInput, id, idInput, pathId } from './fields.ts';
import { group, groupSummary } from './groups.ts';
import { invite, inviteLink } from './invites.ts';
import { member, memberRoles } from './organisation-members.ts';
import { detailedPermissions, permissionDescription } from './permissions.ts';

/*
 * What the screens about people and what they may do show, each in one request, and one save for all that was edited of
 * it: at once or not at all.
 */

/** Everybody of an organisation. What the caller may not manage is left out of the lists. */
export const peoplePage = z.object({
  members: z.array(member),
  /** With their members; only those that the caller may manage. */
  groups: z.array(group),
  /** Names of the others. */
  other_groups: z.array(groupSummary),
  /** Of an administrator alone. */
  invites: z.array(invite),
  invite_links: z.array(inviteLink),
  may_manage_people: z.boolean(),
  may_create_groups: z.boolean(),
});
export type PeoplePage = z.output<typeof peoplePage>;

const shortPerson = z.object({ id, email: z.string(), first_name: z.string(), last_name: z.string() });
export const accessPerson = shortPerson.extend({ role: z.enum(memberRoles) });
export type AccessPerson = z.output<typeof accessPerson>;

export const accessGroup = z.object({ id, name: z.string(), users: z.array(id) });
export type AccessGroup = z.output<typeof accessGroup>;

export const accessLevels = ['organisation', 'project', 'environment'] as const;
export type AccessLevel = (typeof accessLevels)[number];

/** Where something can be granted: an organisation, a project, or an environment of it. */
export const accessPlace = z.object({
  level: z.enum(accessLevels),
  /** Null for the organisation or project itself. */
  environment: id.nullable(),
  name: z.string(),
  may_edit: z.boolean(),
});
export type AccessPlace = z.output<typeof accessPlace>;

const given = z.object({ admin: z.boolean(), permissions: z.array(z.string()) });
export type GivenAccess = z.output<typeof given>;

/** What one person or one group was granted at one place. */
export const accessGrant = given.extend({
  environment: id.nullable(),
  user: id.nullable(),
  group: id.nullable(),
});
export type AccessGrant = z.output<typeof accessGrant>;

/**
 * Who may do what at some places, and what it comes from: what was granted to people and to groups, who is in a group, and
 * who administers the organisation. Who may not edit a place is told what concerns themselves there.
 */
export const accessPage = z.object({
  name: z.string(),
  places: z.array(accessPlace),
  /** What may be granted, by level, in the order in which to show it. */
  permissions: z.record(z.enum(accessLevels), z.array(permissionDescription)),
  people: z.array(accessPerson),
  groups: z.array(accessGroup),
  grants: z.array(accessGrant),
  /** Whom to ask: those who administer all of it. */
  administrators: z.array(shortPerson),
});
export type AccessPage = z.output<typeof accessPage>;

const keys = z.array(z.string().max(100)).max(100);
const changeInput = z
  .object({
    environment: idInput.nullish(),
    user: idInput.optional(),
    group: idInput.optional(),
    /** All that the person or group shall be granted at the place; what is not named goes. */
    admin: booleanInput.default(false),
    permissions: keys.default([]),
    /** What the draft found granted. Without it, the save happens in any case. */
    base: z.object({ admin: booleanInput, permissions: keys }).optional(),
  })
  .refine((change) => (change.user === undefined) !== (change.group === undefined), {
    error: 'Give either user or group.',
    path: ['user'],
  });
export type AccessChange = z.output<typeof changeInput>;
const saveInput = z.object({ changes: z.array(changeInput).min(1).max(1000) });

/** What a member may do throughout an organisation, and why. Places where it is nothing are left out. */
export const memberAccess = z.object({
  person: accessPerson,
  groups: z.array(groupSummary),
  organisation: detailedPermissions,
  projects: z.array(
    detailedPermissions.extend({
      id,
      name: z.string(),
      environments: z.array(detailedPermissions.extend({ id, name: z.string() })),
    }),
  ),
  /** What may be granted, by level, in the order in which to show it. */
  permissions: z.record(z.enum(accessLevels), z.array(permissionDescription)),
});
export type MemberAccess = z.output<typeof memberAccess>;

const tag = 'access pages';
const inOrganisation = z.object({ organisation_id: pathId });
const inProject = z.object({ project_id: pathId });

export const getPeoplePage = endpoint({
  id: 'getPeoplePage',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/people/',
  tag,
  summary: 'Read the members, groups and invitations of an organisation',
  params: inOrganisation,
  response: peoplePage,
  errors: [404],
});

export const getMemberAccess = endpoint({
  id: 'getMemberAccess',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/users/{user_id}/access/',
  tag,
  summary: 'Read what a member may do throughout an organisation, and why',
  params: inOrganisation.extend({ user_id: pathId }),
  response: memberAccess,
  errors: [403, 404],
});

export const getOrganisationAccess = endpoint({
  id: 'getOrganisationAccess',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/access/',
  tag,
  summary: 'Read who may do what in an organisation itself, and what it comes from',
  params: inOrganisation,
  response: accessPage,
  errors: [404],
});

export const saveOrganisationAccess = endpoint({
  id: 'saveOrganisationAccess',
  method: 'POST',
  path: '/api/v1/organisations/{organisation_id}/access/save/',
  tag,
  summary: 'Save a draft of who may do what in an organisation itself, all or nothing',
  params: inOrganisation,
  body: saveInput,
  response: accessPage,
  errors: [403, 404, 409],
});

export const getProjectAccess = endpoint({
  id: 'getProjectAccess',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/access/',
  tag,
  summary: 'Read who may do what in a project and its environments, and what it comes from',
  params: inProject,
  response: accessPage,
  errors: [403, 404],
});

export const saveProjectAccess = endpoint({
  id: 'saveProjectAccess',
  method: 'POST',
  path: '/api/v1/projects/{project_id}/access/save/',
  tag,
  summary: 'Save a draft of who may do what in a project and its environments, all or nothing',
  params: inProject,
  body: saveInput,
  response: accessPage,
  errors: [403, 404, 409],
});
