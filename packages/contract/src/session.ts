import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { id, uuid } from './fields.ts';
import { memberRoles } from './organisation-members.ts';
import { currentUser } from './users.ts';

/** What the caller may do; `admin` stands for everything. */
const ownPermissions = z.object({ admin: z.boolean(), permissions: z.array(z.string()) });

export const sessionEnvironment = z.object({
  id,
  api_key: z.string(),
  name: z.string(),
  banner_colour: z.string().nullable(),
  banner_text: z.string().nullable(),
  use_v2_feature_versioning: z.boolean(),
  my_permissions: ownPermissions,
});
export type SessionEnvironment = z.output<typeof sessionEnvironment>;

export const sessionProject = z.object({
  id,
  uuid,
  name: z.string(),
  my_permissions: ownPermissions,
  /** Those that the person may see, in the order in which they were made. */
  environments: z.array(sessionEnvironment),
});
export type SessionProject = z.output<typeof sessionProject>;

export const sessionOrganisation = z.object({
  id,
  uuid,
  name: z.string(),
  role: z.enum(memberRoles),
  force_2fa: z.boolean(),
  my_permissions: ownPermissions,
  /** By name. */
  projects: z.array(sessionProject),
});
export type SessionOrganisation = z.output<typeof sessionOrganisation>;

/** Who is logged in and everything that they may see, down to environments: what a screen needs to draw its frame. */
export const ownSession = z.object({
  user: currentUser,
  may_create_organisations: z.boolean(),
  /** By name. */
  organisations: z.array(sessionOrganisation),
  version: z.string(),
});
export type OwnSession = z.output<typeof ownSession>;

export const getSession = endpoint({
  id: 'getSession',
  method: 'GET',
  path: '/api/v1/session/',
  tag: 'session',
  summary:
    'Read who is logged in, with the organisations, projects and environments that they may see and what they may do there',
  auth: 'user',
  response: ownSession,
  errors: [403],
});
