import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { id, idInput, integerInput, page, pageQuery, pathId, textInput, time } from './fields.ts';

/** Who made the requests, as far as they said. */
const usageLabels = z.object({
  client_application_name: z.string().nullable(),
  client_application_version: z.string().nullable(),
  user_agent: z.string().nullable(),
});

/** One day and one set of labels. */
const usageOfDay = z.object({
  flags: z.number().int(),
  identities: z.number().int(),
  traits: z.number().int(),
  environment_document: z.number().int(),
  day: z.iso.date(),
  labels: usageLabels,
});
export type UsageOfDay = z.output<typeof usageOfDay>;

const evaluationsOfDay = z.object({ day: z.iso.date(), count: z.number().int(), labels: usageLabels });
export type EvaluationsOfDay = z.output<typeof evaluationsOfDay>;

const metric = z.object({
  value: z.number().int(),
  description: z.string(),
  name: z.enum(['total_features', 'enabled_features', 'segment_overrides', 'identity_overrides']),
  entity: z.enum(['features', 'segments', 'identities']),
  rank: z.number().int(),
});
export type Metric = z.output<typeof metric>;

const labelQuery = z.object({
  user_agent: textInput(255).optional(),
  client_application_name: textInput(255).optional(),
  client_application_version: textInput(255).optional(),
});

/** Without a period: the last 30 days. */
export const usageQuery = labelQuery.extend({
  project_id: idInput.optional(),
  environment_id: idInput.optional(),
  period: z.enum(['current_billing_period', 'previous_billing_period', '90_day_period']).optional(),
});
export type UsageQuery = z.output<typeof usageQuery>;

const requestCounts = z.object({
  flags: z.number().int(),
  identities: z.number().int(),
  traits: z.number().int(),
  environment_document: z.number().int(),
});

/** An organisation's requests seen from three sides. */
export const usageReport = z.object({
  /** First and last day that it is about, in UTC. */
  from: z.iso.date(),
  to: z.iso.date(),
  /** Days on which there were any, the oldest first. */
  days: z.array(requestCounts.extend({ day: z.iso.date() })),
  /** Environments that were asked, the busiest first, whatever project or environment the report is narrowed to. */
  environments: z.array(
    requestCounts.extend({
      id,
      name: z.string(),
      project: z.object({ id, name: z.string() }),
      total: z.number().int(),
    }),
  ),
  /** Who asked, the busiest first, no more than 100. */
  clients: z.array(usageLabels.extend({ count: z.number().int() })),
});
export type UsageReport = z.output<typeof usageReport>;

const inOrganisation = z.object({ organisation_id: pathId });
const inEnvironment = z.object({ environment_api_key: z.string().max(100) });
const tag = 'usage';

export const getUsageData = endpoint({
  id: 'getUsageData',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/usage-data/',
  tag,
  summary: 'Read how many requests SDKs made, by day and labels',
  params: inOrganisation,
  query: usageQuery,
  response: z.array(usageOfDay),
  errors: [403, 404],
});

export const getUsageTotal = endpoint({
  id: 'getUsageTotal',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/usage-data/total-count/',
  tag,
  summary: 'Read how many requests SDKs made altogether',
  params: inOrganisation,
  query: usageQuery,
  response: z.object({ count: z.number().int() }),
  errors: [403, 404],
});

export const getUsageReport = endpoint({
  id: 'getUsageReport',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/usage-report/',
  tag,
  summary: 'Read how many requests SDKs made: by day, by environment and by client',
  params: inOrganisation,
  query: z.object({
    /** How many days, today among them. */
    days: integerInput({ min: 1, max: 366 }).default(30),
    project_id: idInput.optional(),
    environment_id: idInput.optional(),
  }),
  response: usageReport,
  errors: [403, 404],
});

export const getUsage = endpoint({
  id: 'getUsage',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/usage/',
  tag,
  summary: 'Read the requests of the last 30 days; use usage-data/total-count/ instead',
  params: inOrganisation,
  response: z.object({ events: z.number().int() }),
  errors: [403, 404],
});

export const listUsageNotifications = endpoint({
  id: 'listUsageNotifications',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/api-usage-notification/',
  tag,
  summary: 'List notices of used-up plans: always empty, because there are no plans',
  params: inOrganisation,
  query: pageQuery,
  paged: true,
  response: page(z.object({ organisation_id: id, percent_usage: z.number().int(), notified_at: time })),
  errors: [404],
});

export const getFeatureEvaluationData = endpoint({
  id: 'getFeatureEvaluationData',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/features/{feature_id}/evaluation-data/',
  tag,
  summary: 'Read how often SDKs evaluated a feature in an environment, by day and labels',
  params: z.object({ project_id: pathId, feature_id: pathId }),
  query: labelQuery.extend({
    environment_id: idInput,
    /** Days. */
    period: integerInput({ min: 1, max: 366 }).default(30),
  }),
  response: z.array(evaluationsOfDay),
  errors: [403, 404],
});

export const getEnvironmentMetrics = endpoint({
  id: 'getEnvironmentMetrics',
  method: 'GET',
  path: '/api/v1/environments/{environment_api_key}/metrics/',
  tag,
  summary: 'Count what an environment holds',
  params: inEnvironment,
  response: z.object({ metrics: z.array(metric) }),
  errors: [403, 404],
});

export const listTraitKeys = endpoint({
  id: 'listTraitKeys',
  method: 'GET',
  path: '/api/v1/environments/{environment_api_key}/trait-keys/',
  tag: 'identities',
  summary: 'List the keys of all traits in an environment, at most 10 000 of them',
  params: inEnvironment,
  response: z.object({ keys: z.array(z.string()) }),
  errors: [403, 404],
});

export const deleteTraitsOfKey = endpoint({
  id: 'deleteTraitsOfKey',
  method: 'POST',
  path: '/api/v1/environments/{environment_api_key}/delete-traits/',
  tag: 'identities',
  summary: 'Delete the traits of one key from all identities of an environment',
  params: inEnvironment,
  body: z.object({ key: textInput(200) }),
  response: z.object({ key: z.string() }),
  errors: [403, 404],
});
