import type * as endpoints from '@halyard/contract';
import type {
  InputOf,
  IntegrationsOfOrganisation,
  PlatformOrganisation,
  PlatformSummary,
  PlatformUsageOfDay,
  StaleFlagsOfProject,
} from '@halyard/contract';
import { requireUser } from '../access/service.ts';
import type { Context } from '../context.ts';
import { forbidden } from '../errors.ts';
import { staleBefore } from '../features/lifecycle.ts';
import { plusSeconds, type Timestamp } from '../time.ts';
import { isSuperuser } from '../users/service.ts';
import {
  countAll,
  countFeatures,
  countIntegrations,
  countMembers,
  countUsers,
  listEnvironments,
  listOrganisations,
  listProjects,
  listStaleLimits,
  sumEvaluationsByDay,
  sumEvaluationsByEnvironment,
  sumRequestsByDay,
  sumRequestsByEnvironment,
} from './store.ts';

/*
 * The whole installation at a glance, for those who run it. Each answer takes the same few statements however much there is,
 * and none of them reads a feature or an identity one by one.
 */

export async function getPlatformSummary(
  ctx: Context,
  { query }: InputOf<typeof endpoints.getPlatformSummary>,
): Promise<PlatformSummary> {
  await requireSuperuser(ctx);
  const since = daysAgo(ctx, query.days);
  const totals = await countAll(ctx.db);
  const users = await countUsers(ctx.db, since);
  const requests = await sumRequestsByEnvironment(ctx.db, since.slice(0, 10));
  return {
    total_organisations: totals.organisations,
    total_projects: totals.projects,
    total_environments: totals.environments,
    total_flags: totals.features,
    total_users: users.all,
    total_integrations: sum(await countIntegrations(ctx.db), ({ count }) => count),
    active_organisations: new Set(requests.map(({ organisationId }) => organisationId)).size,
    active_users: users.active,
    total_api_calls_30d: sum(requests, ({ count }) => count),
  };
}

export async function listPlatformOrganisations(ctx: Context): Promise<PlatformOrganisation[]> {
  await requireSuperuser(ctx);
  const since = daysAgo(ctx, 30);
  const members = new Map((await countMembers(ctx.db, since)).map((row) => [row.organisationId, row]));
  const features = new Map((await readFeatures(ctx)).map((row) => [row.projectId, row]));
  const integrations = Map.groupBy(await countIntegrations(ctx.db), (row) => row.organisationId);
  const environments = Map.groupBy(await listEnvironments(ctx.db), (row) => row.projectId);
  const projects = Map.groupBy(await listProjects(ctx.db), (row) => row.organisationId);
  const evaluations = new Map(
    (await sumEvaluationsByEnvironment(ctx.db, since)).map((row) => [row.environmentId, row.count]),
  );
  const windows = new Map(
    await Promise.all(
      [30, 60, 90].map(async (days) => {
        const rows = await sumRequestsByEnvironment(ctx.db, daysAgo(ctx, days).slice(0, 10));
        return [days, Map.groupBy(rows, (row) => row.environmentId)] as const;
      }),
    ),
  );
  const callsOf = (environmentId: number, days: number) =>
    sum(windows.get(days)?.get(environmentId) ?? [], ({ count }) => count);
  const identityCallsOf = (environmentId: number) =>
    sum(
      (windows.get(30)?.get(environmentId) ?? []).filter(({ kind }) => kind === 'identities'),
      ({ count }) => count,
    );

  return (await listOrganisations(ctx.db)).map((organisation) => {
    const ownProjects = projects.get(organisation.id) ?? [];
    const shownProjects = ownProjects.map(({ id, name }) => {
      const shown = (environments.get(id) ?? []).map((environment) => ({
        id: environment.id,
        name: environment.name,
        api_calls_30d: callsOf(environment.id, 30),
        flag_evaluations_30d: evaluations.get(environment.id) ?? 0,
      }));
      return {
        id,
        name,
        api_calls_30d: sum(shown, (one) => one.api_calls_30d),
        flag_evaluations_30d: sum(shown, (one) => one.flag_evaluations_30d),
        flags: features.get(id)?.total ?? 0,
        environments: shown,
      };
    });
    const environmentIds = shownProjects.flatMap((project) => project.environments.map(({ id }) => id));
    const callsIn = (days: number) => sum(environmentIds, (id) => callsOf(id, days));
    const total = sum(ownProjects, ({ id }) => features.get(id)?.total ?? 0);
    const stale = sum(ownProjects, ({ id }) => features.get(id)?.stale ?? 0);
    const people = members.get(organisation.id);
    return {
      id: organisation.id,
      name: organisation.name,
      created_date: organisation.created_date,
      total_flags: total,
      active_flags: total - stale,
      stale_flags: stale,
      total_users: people?.all ?? 0,
      active_users_30d: people?.active ?? 0,
      admin_users: people?.admins ?? 0,
      api_calls_30d: callsIn(30),
      api_calls_60d: callsIn(60),
      api_calls_90d: callsIn(90),
      api_calls_allowed: null,
      overage_30d: 0,
      overage_60d: 0,
      overage_90d: 0,
      flag_evaluations_30d: sum(shownProjects, (one) => one.flag_evaluations_30d),
      identity_requests_30d: sum(environmentIds, identityCallsOf),
      project_count: ownProjects.length,
      environment_count: environmentIds.length,
      integration_count: sum(integrations.get(organisation.id) ?? [], ({ count }) => count),
      projects: shownProjects,
    };
  });
}

/** One entry for each day, today included, also where nobody asked for anything. */
export async function getPlatformUsage(
  ctx: Context,
  { query }: InputOf<typeof endpoints.getPlatformUsage>,
): Promise<PlatformUsageOfDay[]> {
  await requireSuperuser(ctx);
  const firstDay = daysAgo(ctx, query.days - 1).slice(0, 10);
  const requests = Map.groupBy(await sumRequestsByDay(ctx.db, firstDay), ({ day }) => day);
  const evaluations = new Map((await sumEvaluationsByDay(ctx.db, firstDay)).map((row) => [row.day, row.count]));
  return Array.from({ length: query.days }, (_, index) => {
    const date = daysAgo(ctx, query.days - 1 - index).slice(0, 10);
    const ofDay = requests.get(date) ?? [];
    return {
      date,
      api_calls: sum(ofDay, ({ count }) => count),
      flag_evaluations: evaluations.get(date) ?? 0,
      identity_requests: sum(
        ofDay.filter(({ kind }) => kind === 'identities'),
        ({ count }) => count,
      ),
    };
  });
}

export async function listPlatformStaleFlags(ctx: Context): Promise<StaleFlagsOfProject[]> {
  await requireSuperuser(ctx);
  const features = new Map((await readFeatures(ctx)).map((row) => [row.projectId, row]));
  return (await listProjects(ctx.db)).map((project) => ({
    organisation_id: project.organisationId,
    organisation_name: project.organisationName,
    project_id: project.id,
    project_name: project.name,
    stale_flags: features.get(project.id)?.stale ?? 0,
    total_flags: features.get(project.id)?.total ?? 0,
  }));
}

export async function listPlatformIntegrations(ctx: Context): Promise<IntegrationsOfOrganisation[]> {
  await requireSuperuser(ctx);
  return (await countIntegrations(ctx.db)).map((row) => ({
    organisation_id: row.organisationId,
    organisation_name: row.organisationName,
    integration_type: row.vendor,
    scope: row.scope,
    count: row.count,
  }));
}

/** @throws RequestError 403 */
async function requireSuperuser(ctx: Context): Promise<void> {
  const { userId } = requireUser(ctx);
  if (!(await isSuperuser(ctx, userId))) throw forbidden();
}

/** Projects differ in how long a feature may lie untouched; there are few such limits. */
async function readFeatures(ctx: Context) {
  const limits = await listStaleLimits(ctx.db);
  return countFeatures(
    ctx.db,
    limits.map((days) => ({ days, before: staleBefore(ctx.now(), days) })),
  );
}

function daysAgo(ctx: Context, days: number): Timestamp {
  return plusSeconds(ctx.now(), -days * 86_400);
}

function sum<T>(list: readonly T[], of: (item: T) => number): number {
  return list.reduce((total, item) => total + of(item), 0);
}
