import { type ExpressionBuilder, sql } from 'kysely';
import type { Database, Tables } from '../db/tables.ts';

export interface Labels {
  sdkUserAgent?: string | undefined;
  applicationName?: string | undefined;
  applicationVersion?: string | undefined;
}

export interface RequestFilter extends Labels {
  organisationId: number;
  projectId?: number | undefined;
  environmentId?: number | undefined;
  /** `2026-01-31` */
  fromDay: string;
}

const maxRows = 50_000;

/** Requests by day, labels and kind, oldest day first. */
export async function sumRequests(db: Database, filter: RequestFilter) {
  return requestsOf(db, filter)
    .groupBy(['day', 'sdk_user_agent', 'application_name', 'application_version', 'kind'])
    .select(['day', 'sdk_user_agent', 'application_name', 'application_version', 'kind'])
    .select((eb) => eb.fn.sum<number>('request_counts.count').as('count'))
    .orderBy('day')
    .orderBy('sdk_user_agent')
    .orderBy('application_name')
    .orderBy('application_version')
    .limit(maxRows)
    .execute();
}

export async function sumByDay(db: Database, filter: RequestFilter) {
  return requestsOf(db, filter)
    .groupBy(['day', 'kind'])
    .select(['day', 'kind'])
    .select((eb) => eb.fn.sum<number>('request_counts.count').as('count'))
    .orderBy('day')
    .execute();
}

/** Requests by environment and kind; those of deleted environments and projects are left out. */
export async function sumByEnvironment(db: Database, filter: RequestFilter) {
  return requestsOf(db, filter)
    .where('environments.deleted_at', 'is', null)
    .where('projects.deleted_at', 'is', null)
    .groupBy(['environments.id', 'environments.name', 'projects.id', 'projects.name', 'kind'])
    .select(['environments.id', 'environments.name', 'projects.id as project_id', 'projects.name as project_name'])
    .select(['kind', (eb) => eb.fn.sum<number>('request_counts.count').as('count')])
    .limit(maxRows)
    .execute();
}

/** Requests by labels, the busiest first. */
export async function sumByClient(db: Database, filter: RequestFilter, limit: number) {
  return requestsOf(db, filter)
    .groupBy(['sdk_user_agent', 'application_name', 'application_version'])
    .select(['sdk_user_agent', 'application_name', 'application_version'])
    .select((eb) => eb.fn.sum<number>('request_counts.count').as('count'))
    .orderBy('count', 'desc')
    .orderBy('sdk_user_agent')
    .limit(limit)
    .execute();
}

export async function totalRequests(db: Database, filter: RequestFilter): Promise<number> {
  const row = await requestsOf(db, filter)
    .select((eb) => eb.fn.sum<number | null>('request_counts.count').as('count'))
    .executeTakeFirst();
  return Number(row?.count ?? 0);
}

/** Evaluations of a feature by day and labels, oldest day first. */
export async function sumEvaluations(
  db: Database,
  filter: Labels & { environmentId: number; featureName: string; fromDay: string },
) {
  const day = sql<string>`substr(bucket_start, 1, 10)`;
  return db
    .selectFrom('evaluation_counts')
    .where('environment_id', '=', filter.environmentId)
    .where('bucket_start', '>=', filter.fromDay)
    .where('feature_name', '=', filter.featureName)
    .where((eb) => withLabels(eb as never, filter))
    .groupBy([day, 'sdk_user_agent', 'application_name', 'application_version'])
    .select([day.as('day'), 'sdk_user_agent', 'application_name', 'application_version'])
    .select((eb) => eb.fn.sum<number>('count').as('count'))
    .orderBy(day)
    .orderBy('sdk_user_agent')
    .orderBy('application_name')
    .orderBy('application_version')
    .limit(maxRows)
    .execute();
}

/** What the live features of an environment have there. */
export async function countStates(db: Database, environmentId: number) {
  const row = await db
    .selectFrom('feature_states')
    .innerJoin('features', 'features.id', 'feature_states.feature_id')
    .where('feature_states.environment_id', '=', environmentId)
    .where('features.deleted_at', 'is', null)
    .select([
      sql<number>`sum(case when scope = 'environment' then 1 else 0 end)`.as('features'),
      sql<number>`sum(case when scope = 'environment' and enabled = 1 then 1 else 0 end)`.as('enabled'),
      sql<number>`sum(case when feature_segment_id is not null then 1 else 0 end)`.as('segmentOverrides'),
      sql<number>`sum(case when identity_id is not null then 1 else 0 end)`.as('identityOverrides'),
    ])
    .executeTakeFirstOrThrow();
  return {
    features: Number(row.features ?? 0),
    enabled: Number(row.enabled ?? 0),
    segmentOverrides: Number(row.segmentOverrides ?? 0),
    identityOverrides: Number(row.identityOverrides ?? 0),
  };
}

function requestsOf(db: Database, filter: RequestFilter) {
  return db
    .selectFrom('request_counts')
    .innerJoin('environments', 'environments.id', 'request_counts.environment_id')
    .innerJoin('projects', 'projects.id', 'environments.project_id')
    .where('projects.organisation_id', '=', filter.organisationId)
    .where('day', '>=', filter.fromDay)
    .where((eb) => {
      const wanted = [withLabels(eb as never, filter)];
      if (filter.projectId !== undefined) wanted.push(eb('environments.project_id', '=', filter.projectId));
      if (filter.environmentId !== undefined) wanted.push(eb('environments.id', '=', filter.environmentId));
      return eb.and(wanted);
    });
}

/** The columns of labels are called the same in both tables. */
function withLabels(eb: ExpressionBuilder<Tables, 'request_counts'>, labels: Labels) {
  const wanted = [];
  if (labels.sdkUserAgent !== undefined) wanted.push(eb('sdk_user_agent', '=', labels.sdkUserAgent));
  if (labels.applicationName !== undefined) wanted.push(eb('application_name', '=', labels.applicationName));
  if (labels.applicationVersion !== undefined) wanted.push(eb('application_version', '=', labels.applicationVersion));
  return eb.and(wanted);
}
