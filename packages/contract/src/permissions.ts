import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { booleanInput, id, idInput, pathId, time, uuid } from './fields.ts';

/** What the caller may do with one object; `admin` stands for all of it. */
export const ownPermissions = z.object({
  permissions: z.array(z.string()),
  admin: z.boolean(),
  tag_based_permissions: z.array(z.object({ permissions: z.array(z.string()), tags: z.array(id) })),
});
export type OwnPermissions = z.output<typeof ownPermissions>;

/** A key that may be granted. */
export const permissionDescription = z.object({
  key: z.string(),
  description: z.string(),
  /** Whether a role can give it for the features with some tags only. */
  supports_tag: z.boolean(),
});
export type PermissionDescription = z.output<typeof permissionDescription>;

const derivedFrom = z.object({
  groups: z.array(z.object({ id, name: z.string() })),
  roles: z.array(z.object({ id, name: z.string(), tags: z.array(id) })),
});

/** What a member may do with one object, and where each permission comes from. */
export const detailedPermissions = z.object({
  admin: z.boolean(),
  is_directly_granted: z.boolean(),
  derived_from: derivedFrom,
  permissions: z.array(
    z.object({ permission_key: z.string(), is_directly_granted: z.boolean(), derived_from: derivedFrom }),
  ),
});
export type DetailedPermissions = z.output<typeof detailedPermissions>;

/** What a member may do with a project and with each of its environments. */
export const permissionsThroughoutProject = ownPermissions.extend({
  environments: z.array(ownPermissions.extend({ id, name: z.string(), api_key: z.string() })),
});
export type PermissionsThroughoutProject = z.output<typeof permissionsThroughoutProject>;

/** A person, as others of the organisation see them. */
export const userSummary = z.object({
  id,
  uuid,
  email: z.string(),
  first_name: z.string(),
  last_name: z.string(),
  last_login: time.nullable(),
});
export type UserSummary = z.output<typeof userSummary>;

const grantedGroup = z.object({
  id,
  name: z.string(),
  users: z.array(id),
  is_default: z.boolean(),
  external_id: z.string().nullable(),
});
export type GrantedGroup = z.output<typeof grantedGroup>;

const tag = 'permissions';
const inOrganisation = z.object({ organisation_id: pathId });
const inProject = z.object({ project_id: pathId });
const inEnvironment = z.object({ environment_api_key: z.string().max(100) });

export const listOrganisationPermissions = endpoint({
  id: 'listOrganisationPermissions',
  method: 'GET',
  path: '/api/v1/organisations/permissions/',
  tag,
  summary: 'List what may be granted in an organisation',
  response: z.array(permissionDescription),
});

export const listProjectPermissions = endpoint({
  id: 'listProjectPermissions',
  method: 'GET',
  path: '/api/v1/projects/permissions/',
  tag,
  summary: 'List what may be granted in a project',
  response: z.array(permissionDescription),
});

export const listEnvironmentPermissions = endpoint({
  id: 'listEnvironmentPermissions',
  method: 'GET',
  path: '/api/v1/environments/permissions/',
  tag,
  summary: 'List what may be granted in an environment',
  response: z.array(permissionDescription),
});

export const getOwnOrganisationPermissions = endpoint({
  id: 'getOwnOrganisationPermissions',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/my-permissions/',
  tag,
  summary: 'Tell what you may do in an organisation',
  params: inOrganisation,
  response: ownPermissions,
  errors: [404],
});

export const getOwnProjectPermissions = endpoint({
  id: 'getOwnProjectPermissions',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/my-permissions/',
  tag,
  summary: 'Tell what you may do with a project',
  // A master key may ask and is told 400, as clients know it; it has no permissions of its own.
  params: inProject,
  response: ownPermissions,
  errors: [400, 404],
});

export const getOwnEnvironmentPermissions = endpoint({
  id: 'getOwnEnvironmentPermissions',
  method: 'GET',
  path: '/api/v1/environments/{environment_api_key}/my-permissions/',
  tag,
  summary: 'Tell what you may do with an environment',
  params: inEnvironment,
  response: ownPermissions,
  errors: [400, 404],
});

export const getDetailedOrganisationPermissions = endpoint({
  id: 'getDetailedOrganisationPermissions',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/user-detailed-permissions/{user_id}/',
  tag,
  summary: 'Tell what a member may do in an organisation, and why',
  params: inOrganisation.extend({ user_id: pathId }),
  response: detailedPermissions,
  errors: [403, 404],
});

export const getDetailedProjectPermissions = endpoint({
  id: 'getDetailedProjectPermissions',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/user-detailed-permissions/{user_id}/',
  tag,
  summary: 'Tell what a member may do with a project, and why',
  params: inProject.extend({ user_id: pathId }),
  response: detailedPermissions,
  errors: [403, 404],
});

export const getDetailedEnvironmentPermissions = endpoint({
  id: 'getDetailedEnvironmentPermissions',
  method: 'GET',
  path: '/api/v1/environments/{environment_api_key}/user-detailed-permissions/{user_id}/',
  tag,
  summary: 'Tell what a member may do with an environment, and why',
  params: inEnvironment.extend({ user_id: pathId }),
  response: detailedPermissions,
  errors: [403, 404],
});

export const getPermissionsThroughoutProject = endpoint({
  id: 'getPermissionsThroughoutProject',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/all-user-permissions/{user_id}/',
  tag,
  summary: 'Tell what a member may do with a project and each of its environments',
  params: inProject.extend({ user_id: pathId }),
  response: permissionsThroughoutProject,
  errors: [403, 404],
});

/** What one user or one group was granted at one place: a row of a list shows them, others name their id. */
export interface GrantRow {
  id: number;
  permissions: string[];
  /** Left out in an organisation, where administrators are named by their role. */
  admin?: boolean;
  user?: number | UserSummary;
  group?: number | GrantedGroup;
}

export interface GrantInput {
  user?: number | undefined;
  group?: number | undefined;
  permissions?: string[] | undefined;
  admin?: boolean | undefined;
}

export interface GrantParams {
  organisation_id?: number;
  project_id?: number;
  environment_api_key?: string;
}

export interface GrantListQuery {
  user?: number | undefined;
  group?: number | undefined;
}

const places = {
  Organisation: { path: '/api/v1/organisations/{organisation_id}', params: inOrganisation, words: 'an organisation' },
  Project: { path: '/api/v1/projects/{project_id}', params: inProject, words: 'a project' },
  Environment: { path: '/api/v1/environments/{environment_api_key}', params: inEnvironment, words: 'an environment' },
};

/** The six operations on the rows of users or of groups at one level. */
function grantEndpoints<Who extends 'user' | 'group'>(place: keyof typeof places, who: Who) {
  const { path, params, words } = places[place];
  const name = `${place}${who === 'user' ? 'User' : 'Group'}Permissions`;
  const url = `${path}/${who === 'user' ? 'user' : 'user-group'}-permissions/`;
  const hasAdmin = place !== 'Organisation';
  const row = z.object({ id, permissions: z.array(z.string()), ...(hasAdmin && { admin: z.boolean() }) });
  const shown = row.extend({ [who]: who === 'user' ? userSummary : grantedGroup }) as unknown as z.ZodType<GrantRow>;
  const written = row.extend({ [who]: id }) as unknown as z.ZodType<GrantRow>;
  const keys = z.array(z.string().max(100)).max(100);
  const input = z.object({
    [who]: idInput,
    permissions: keys.default([]),
    ...(hasAdmin && { admin: booleanInput.optional() }),
  });
  const changes = z.object({
    [who]: idInput.optional(),
    permissions: keys.optional(),
    ...(hasAdmin && { admin: booleanInput.optional() }),
  });
  const one = params.extend({ permission_id: pathId }) as unknown as z.ZodType<GrantParams & { permission_id: number }>;
  const many = params as unknown as z.ZodType<GrantParams>;
  const writeBody = input as unknown as z.ZodType<GrantInput>;
  const patchBody = changes as unknown as z.ZodType<GrantInput>;
  const query = z.object({ [who]: idInput.optional() }) as unknown as z.ZodType<GrantListQuery>;
  const whose = who === 'user' ? 'a member' : 'a group';
  const errors: (403 | 404)[] = [403, 404];
  return {
    place,
    who,
    list: endpoint({
      id: `list${name}`,
      method: 'GET',
      path: url,
      tag,
      summary: `List what ${who === 'user' ? 'members' : 'groups'} were granted in ${words}`,
      params: many,
      query,
      response: z.array(shown) as z.ZodType<GrantRow[]>,
      errors,
    }),
    create: endpoint({
      id: `create${name}`,
      method: 'POST',
      path: url,
      tag,
      summary: `Grant ${whose} permissions in ${words}`,
      params: many,
      body: writeBody,
      status: 201,
      response: written,
      errors,
    }),
    get: endpoint({
      id: `get${name}`,
      method: 'GET',
      path: `${url}{permission_id}/`,
      tag,
      summary: `Read what ${whose} was granted in ${words}`,
      params: one,
      response: written,
      errors,
    }),
    update: endpoint({
      id: `update${name}`,
      method: 'PUT',
      path: `${url}{permission_id}/`,
      tag,
      summary: `Replace what ${whose} was granted in ${words}`,
      params: one,
      body: writeBody,
      response: written,
      errors,
    }),
    patch: endpoint({
      id: `patch${name}`,
      method: 'PATCH',
      path: `${url}{permission_id}/`,
      tag,
      summary: `Change what ${whose} was granted in ${words}; what is not given stays`,
      params: one,
      body: patchBody,
      response: written,
      errors,
    }),
    delete: endpoint({
      id: `delete${name}`,
      method: 'DELETE',
      path: `${url}{permission_id}/`,
      tag,
      summary: `Take back what ${whose} was granted in ${words}`,
      params: one,
      status: 204,
      errors,
    }),
  };
}

export const organisationUserPermissions = grantEndpoints('Organisation', 'user');
export const organisationGroupPermissions = grantEndpoints('Organisation', 'group');
export const projectUserPermissions = grantEndpoints('Project', 'user');
export const projectGroupPermissions = grantEndpoints('Project', 'group');
export const environmentUserPermissions = grantEndpoints('Environment', 'user');
export const environmentGroupPermissions = grantEndpoints('Environment', 'group');
export type GrantEndpoints = ReturnType<typeof grantEndpoints>;
