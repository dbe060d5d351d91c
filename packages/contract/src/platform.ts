import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { id, time } from './fields.ts';

const count = z.number().int().min(0);

/** What the whole installation holds, and who used it in the days that were asked for. */
const platformSummary = z.object({
  total_organisations: count,
  total_projects: count,
  total_environments: count,
  total_flags: count,
  total_users: count,
  total_integrations: count,
  /** Organisations whose SDKs made requests. */
  active_organisations: count,
  /** People who logged in. */
  active_users: count,
  /** In the days that were asked for; the name is older than the question. */
  total_api_calls_30d: count,
});
export type PlatformSummary = z.output<typeof platformSummary>;

const calls = { id, name: z.string(), api_calls_30d: count, flag_evaluations_30d: count };

const platformOrganisation = z.object({
  id,
  name: z.string(),
  created_date: time,
  total_flags: count,
  /** Those that are not stale. */
  active_flags: count,
  stale_flags: count,
  total_users: count,
  active_users_30d: count,
  admin_users: count,
  api_calls_30d: count,
  api_calls_60d: count,
  api_calls_90d: count,
  /** Null: there is no limit, and so nothing is ever over one. */
  api_calls_allowed: z.null(),
  overage_30d: z.literal(0),
  overage_60d: z.literal(0),
  overage_90d: z.literal(0),
  flag_evaluations_30d: count,
  identity_requests_30d: count,
  project_count: count,
  environment_count: count,
  integration_count: count,
  projects: z.array(z.object({ ...calls, flags: count, environments: z.array(z.object(calls)) })),
});
export type PlatformOrganisation = z.output<typeof platformOrganisation>;

const platformUsageOfDay = z.object({
  date: z.iso.date(),
  api_calls: count,
  flag_evaluations: count,
  identity_requests: count,
});
export type PlatformUsageOfDay = z.output<typeof platformUsageOfDay>;

const place = { organisation_id: id, organisation_name: z.string() };

const staleFlagsOfProject = z.object({
  ...place,
  project_id: id,
  project_name: z.string(),
  stale_flags: count,
  total_flags: count,
});
export type StaleFlagsOfProject = z.output<typeof staleFlagsOfProject>;

const integrationsOfOrganisation = z.object({
  ...place,
  integration_type: z.string(),
  scope: z.enum(['organisation', 'project', 'environment']),
  count,
});
export type IntegrationsOfOrganisation = z.output<typeof integrationsOfOrganisation>;

const daysQuery = z.object({
  days: z
    .enum(['30', '60', '90'])
    .default('30')
    .transform((text) => Number(text)),
});

const common = { method: 'GET', tag: 'platform', auth: 'user', errors: [403] } as const;
const path = '/api/v1/admin/dashboard/';

export const getPlatformSummary = endpoint({
  ...common,
  id: 'getPlatformSummary',
  path: `${path}summary/`,
  summary: 'Count what the installation holds and who uses it; for superusers',
  query: daysQuery,
  response: platformSummary,
  errors: [403],
});

export const listPlatformOrganisations = endpoint({
  ...common,
  id: 'listPlatformOrganisations',
  path: `${path}organisations/`,
  summary: 'List all organisations with what they hold and use, by name; for superusers',
  response: z.array(platformOrganisation),
  errors: [403],
});

export const getPlatformUsage = endpoint({
  ...common,
  id: 'getPlatformUsage',
  path: `${path}usage-trends/`,
  summary: 'Read what SDKs asked for on each day, the oldest first; for superusers',
  query: daysQuery,
  response: z.array(platformUsageOfDay),
  errors: [403],
});

export const listPlatformStaleFlags = endpoint({
  ...common,
  id: 'listPlatformStaleFlags',
  path: `${path}stale-flags/`,
  summary: 'List all projects with how many of their features nobody has touched for long; for superusers',
  response: z.array(staleFlagsOfProject),
  errors: [403],
});

export const listPlatformIntegrations = endpoint({
  ...common,
  id: 'listPlatformIntegrations',
  path: `${path}integrations/`,
  summary: 'Count the integrations of each organisation by vendor and place; for superusers',
  response: z.array(integrationsOfOrganisation),
  errors: [403],
});
