import type { EvaluationsOfDay, InputOf, Metric, Page, UsageOfDay, UsageQuery, UsageReport } from '@halyard/contract';
import type * as endpoints from '@halyard/contract';
import { openEnvironment, openFeature, openOrganisation } from '../access/service.ts';
import type { Context } from '../context.ts';
import { notFound } from '../errors.ts';
import { plusSeconds } from '../time.ts';
import {
  countStates,
  type Labels,
  type RequestFilter,
  sumByClient,
  sumByDay,
  sumByEnvironment,
  sumEvaluations,
  sumRequests,
  totalRequests,
} from './store.ts';

/** Requests of an organisation's SDKs, one entry for each day and set of labels, oldest day first. */
export async function getUsageData(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.getUsageData>,
): Promise<UsageOfDay[]> {
  await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  const entries = new Map<string, UsageOfDay>();
  for (const row of await sumRequests(ctx.db, filterOf(ctx, params.organisation_id, query))) {
    const labels = labelsOf(row);
    const key = JSON.stringify([row.day, labels]);
    const entry = entries.get(key) ?? { ...nothing, day: row.day, labels };
    entry[row.kind] += Number(row.count);
    entries.set(key, entry);
  }
  return [...entries.values()];
}

/** How many requests that are altogether. */
export async function getUsageTotal(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.getUsageTotal>,
): Promise<{ count: number }> {
  await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  return { count: await totalRequests(ctx.db, filterOf(ctx, params.organisation_id, query)) };
}

/** The same from three sides, for a screen: as many statements for one environment as for many. */
export async function getUsageReport(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.getUsageReport>,
): Promise<UsageReport> {
  const { organisationId } = await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  const fromDay = daysAgo(ctx, query.days - 1);
  const filter = { organisationId, fromDay, projectId: query.project_id, environmentId: query.environment_id };
  const days = new Map<string, UsageReport['days'][number]>();
  for (const row of await sumByDay(ctx.db, filter)) {
    const day = days.get(row.day) ?? { ...nothing, day: row.day };
    day[row.kind] += Number(row.count);
    days.set(row.day, day);
  }
  const environments = new Map<number, UsageReport['environments'][number]>();
  for (const row of await sumByEnvironment(ctx.db, { organisationId, fromDay })) {
    const project = { id: row.project_id, name: row.project_name };
    const environment = environments.get(row.id) ?? { ...nothing, id: row.id, name: row.name, project, total: 0 };
    environment[row.kind] += Number(row.count);
    environment.total += Number(row.count);
    environments.set(row.id, environment);
  }
  const clients = await sumByClient(ctx.db, filter, 100);
  return {
    from: fromDay,
    to: daysAgo(ctx, 0),
    days: [...days.values()],
    environments: [...environments.values()].sort((a, b) => b.total - a.total || a.id - b.id),
    clients: clients.map((row) => ({ ...labelsOf(row), count: Number(row.count) })),
  };
}

/** The requests of the last 30 days. */
export async function getUsage(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getUsage>,
): Promise<{ events: number }> {
  await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  return { events: await totalRequests(ctx.db, filterOf(ctx, params.organisation_id, {})) };
}

/** Nothing: there is no plan that could be used up. */
export async function listUsageNotifications(
  ctx: Context,
  { params }: InputOf<typeof endpoints.listUsageNotifications>,
): Promise<Page<never>> {
  await openOrganisation(ctx, params.organisation_id, 'MEMBER');
  return { count: 0, results: [] };
}

/** Evaluations of a feature in one environment of its project. @throws RequestError 404 for an environment elsewhere */
export async function getFeatureEvaluationData(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.getFeatureEvaluationData>,
): Promise<EvaluationsOfDay[]> {
  const ids = { projectId: params.project_id, featureId: params.feature_id };
  const { projectId, feature } = await openFeature(ctx, ids, 'VIEW_PROJECT');
  const scope = await openEnvironment(ctx, { id: query.environment_id }, 'VIEW_ENVIRONMENT');
  if (scope.projectId !== projectId) throw notFound();
  const rows = await sumEvaluations(ctx.db, {
    ...labelFilterOf(query),
    environmentId: scope.environmentId,
    featureName: feature.name,
    fromDay: daysAgo(ctx, query.period),
  });
  return rows.map((row) => ({ day: row.day, count: Number(row.count), labels: labelsOf(row) }));
}

/** What an environment holds, in the order of the ranks. */
export async function getEnvironmentMetrics(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getEnvironmentMetrics>,
): Promise<{ metrics: Metric[] }> {
  const { environmentId } = await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'ADMIN');
  const counts = await countStates(ctx.db, environmentId);
  const metric = (name: Metric['name'], entity: Metric['entity'], description: string, value: number) => ({
    value,
    description,
    name,
    entity,
  });
  return {
    metrics: [
      metric('total_features', 'features', 'Total features', counts.features),
      metric('enabled_features', 'features', 'Enabled features', counts.enabled),
      metric('segment_overrides', 'segments', 'Segment overrides', counts.segmentOverrides),
      metric('identity_overrides', 'identities', 'Identity overrides', counts.identityOverrides),
    ].map((one, index) => ({ ...one, rank: index + 1 })),
  };
}

const nothing = { flags: 0, identities: 0, traits: 0, environment_document: 0 };

/** @throws RequestError 404 for a billing period: nobody is billed */
function filterOf(ctx: Context, organisationId: number, query: UsageQuery): RequestFilter {
  if (query.period === 'current_billing_period' || query.period === 'previous_billing_period') {
    throw notFound('No billing periods found for this organisation.');
  }
  return {
    ...labelFilterOf(query),
    organisationId,
    projectId: query.project_id,
    environmentId: query.environment_id,
    fromDay: daysAgo(ctx, query.period === '90_day_period' ? 90 : 30),
  };
}

function labelFilterOf(
  query: Pick<UsageQuery, 'user_agent' | 'client_application_name' | 'client_application_version'>,
): Labels {
  return {
    sdkUserAgent: query.user_agent,
    applicationName: query.client_application_name,
    applicationVersion: query.client_application_version,
  };
}

function labelsOf(row: {
  sdk_user_agent: string | null;
  application_name: string | null;
  application_version: string | null;
}): UsageOfDay['labels'] {
  return {
    client_application_name: row.application_name,
    client_application_version: row.application_version,
    user_agent: row.sdk_user_agent,
  };
}

function daysAgo(ctx: Context, days: number): string {
  return plusSeconds(ctx.now(), -days * 86_400).slice(0, 10);
}
