import { sql } from 'kysely';
import type { Database } from '../db/tables.ts';
import type { Timestamp } from '../time.ts';

/** More than an installation has; a list that grew past it would help nobody. */
const most = 100_000;

/** What is not deleted, and is in nothing that is. One statement. */
export async function countAll(db: Database) {
  const row = await db
    .selectNoFrom((eb) => [
      eb
        .selectFrom('organisations')
        .where('deleted_at', 'is', null)
        .select((one) => one.fn.countAll<number>().as('count'))
        .as('organisations'),
      livingProjects(db)
        .select((one) => one.fn.countAll<number>().as('count'))
        .as('projects'),
      livingEnvironments(db)
        .select((one) => one.fn.countAll<number>().as('count'))
        .as('environments'),
      livingProjects(db)
        .innerJoin('features', 'features.project_id', 'projects.id')
        .where('features.deleted_at', 'is', null)
        .select((one) => one.fn.countAll<number>().as('count'))
        .as('features'),
    ])
    .executeTakeFirstOrThrow();
  return {
    organisations: Number(row.organisations),
    projects: Number(row.projects),
    environments: Number(row.environments),
    features: Number(row.features),
  };
}

/** Accounts that are not closed, and those of them who logged in since. */
export async function countUsers(db: Database, since: Timestamp) {
  const row = await db
    .selectFrom('users')
    .where('deleted_at', 'is', null)
    .select([
      sql<number>`count(*)`.as('all'),
      sql<number | null>`sum(case when last_login >= ${since} then 1 else 0 end)`.as('active'),
    ])
    .executeTakeFirstOrThrow();
  return { all: Number(row.all), active: Number(row.active ?? 0) };
}

export async function countMembers(db: Database, since: Timestamp) {
  const rows = await db
    .selectFrom('organisation_members')
    .innerJoin('users', 'users.id', 'organisation_members.user_id')
    .where('users.deleted_at', 'is', null)
    .groupBy('organisation_members.organisation_id')
    .select([
      'organisation_members.organisation_id as organisationId',
      sql<number>`count(*)`.as('all'),
      sql<number>`sum(case when users.last_login >= ${since} then 1 else 0 end)`.as('active'),
      sql<number>`sum(case when organisation_members.role = 'ADMIN' then 1 else 0 end)`.as('admins'),
    ])
    .orderBy('organisation_members.organisation_id')
    .limit(most)
    .execute();
  return rows.map((row) => ({
    organisationId: row.organisationId,
    all: Number(row.all),
    active: Number(row.active),
    admins: Number(row.admins),
  }));
}

export async function listOrganisations(db: Database) {
  return db
    .selectFrom('organisations')
    .where('deleted_at', 'is', null)
    .select(['id', 'name', 'created_date'])
    .orderBy('name')
    .orderBy('id')
    .limit(most)
    .execute();
}

export async function listProjects(db: Database) {
  return livingProjects(db)
    .select([
      'projects.id',
      'projects.name',
      'organisations.id as organisationId',
      'organisations.name as organisationName',
    ])
    .orderBy('organisations.name')
    .orderBy('organisations.id')
    .orderBy('projects.name')
    .orderBy('projects.id')
    .limit(most)
    .execute();
}

export async function listEnvironments(db: Database) {
  return livingEnvironments(db)
    .select(['environments.id', 'environments.name', 'environments.project_id as projectId'])
    .orderBy('environments.id')
    .limit(most)
    .execute();
}

/** Each limit that some project has, once. */
export async function listStaleLimits(db: Database): Promise<number[]> {
  const rows = await livingProjects(db)
    .select('projects.stale_flags_limit_days as days')
    .distinct()
    .orderBy('days')
    .limit(most)
    .execute();
  return rows.map(({ days }) => days);
}

/**
 * Features of each project, and how many of them are stale: old, not archived, not permanent, and untouched in every
 * environment since the time that goes with the project's limit.
 */
export async function countFeatures(db: Database, limits: { days: number; before: Timestamp }[]) {
  if (limits.length === 0) return [];
  const cases = limits.map(({ days, before }) => sql`when ${sql.lit(days)} then ${sql.lit(before)}`);
  const before = sql<string>`case projects.stale_flags_limit_days ${sql.join(cases, sql` `)} end`;
  const rows = await livingProjects(db)
    .innerJoin('features', 'features.project_id', 'projects.id')
    .where('features.deleted_at', 'is', null)
    .groupBy('projects.id')
    .select((eb) => {
      const touched = eb.exists(
        eb
          .selectFrom('feature_states')
          .whereRef('feature_states.feature_id', '=', 'features.id')
          .where('feature_states.updated_at', '>=', before)
          .select(eb.lit(1).as('one')),
      );
      const permanent = eb.exists(
        eb
          .selectFrom('feature_tags')
          .innerJoin('tags', 'tags.id', 'feature_tags.tag_id')
          .whereRef('feature_tags.feature_id', '=', 'features.id')
          .where('tags.is_permanent', '=', 1)
          .select(eb.lit(1).as('one')),
      );
      const isStale = eb.and([
        eb('features.is_archived', '=', 0),
        eb('features.created_date', '<', before),
        eb.not(touched),
        eb.not(permanent),
      ]);
      return [
        'projects.id as projectId',
        sql<number>`count(*)`.as('total'),
        sql<number>`sum(case when ${isStale} then 1 else 0 end)`.as('stale'),
      ];
    })
    .orderBy('projects.id')
    .limit(most)
    .execute();
  return rows.map((row) => ({ projectId: row.projectId, total: Number(row.total), stale: Number(row.stale) }));
}

/** By organisation, vendor and the kind of place that they are set up in. */
export async function countIntegrations(db: Database) {
  const scope = sql<'organisation' | 'project' | 'environment'>`case
    when integrations.environment_id is not null then 'environment'
    when integrations.project_id is not null then 'project'
    else 'organisation' end`;
  const rows = await db
    .selectFrom('integrations')
    .innerJoin('organisations', 'organisations.id', 'integrations.organisation_id')
    .leftJoin('projects', 'projects.id', 'integrations.project_id')
    .leftJoin('environments', 'environments.id', 'integrations.environment_id')
    .where('integrations.deleted_at', 'is', null)
    .where('integrations.vendor', '<>', 'slack-workspace')
    .where('organisations.deleted_at', 'is', null)
    .where('projects.deleted_at', 'is', null)
    .where('environments.deleted_at', 'is', null)
    .groupBy(['organisations.id', 'organisations.name', 'integrations.vendor', scope])
    .select([
      'organisations.id as organisationId',
      'organisations.name as organisationName',
      'integrations.vendor',
      scope.as('scope'),
      sql<number>`count(*)`.as('count'),
    ])
    .orderBy('organisations.name')
    .orderBy('organisations.id')
    .orderBy('integrations.vendor')
    .orderBy(scope)
    .limit(most)
    .execute();
  return rows.map((row) => ({ ...row, count: Number(row.count) }));
}

/** Requests of SDKs from a day on, by environment and kind. */
export async function sumRequestsByEnvironment(db: Database, fromDay: string) {
  const rows = await livingEnvironments(db)
    .innerJoin('request_counts', 'request_counts.environment_id', 'environments.id')
    .where('request_counts.day', '>=', fromDay)
    .groupBy(['environments.id', 'organisations.id', 'request_counts.kind'])
    .select([
      'environments.id as environmentId',
      'organisations.id as organisationId',
      'request_counts.kind',
      sql<number>`sum(request_counts.count)`.as('count'),
    ])
    .orderBy('environments.id')
    .limit(most)
    .execute();
  return rows.map((row) => ({ ...row, count: Number(row.count) }));
}

export async function sumRequestsByDay(db: Database, fromDay: string) {
  const rows = await livingEnvironments(db)
    .innerJoin('request_counts', 'request_counts.environment_id', 'environments.id')
    .where('request_counts.day', '>=', fromDay)
    .groupBy(['request_counts.day', 'request_counts.kind'])
    .select(['request_counts.day', 'request_counts.kind', sql<number>`sum(request_counts.count)`.as('count')])
    .orderBy('request_counts.day')
    .limit(most)
    .execute();
  return rows.map((row) => ({ ...row, count: Number(row.count) }));
}

export async function sumEvaluationsByEnvironment(db: Database, since: string) {
  const rows = await livingEnvironments(db)
    .innerJoin('evaluation_counts', 'evaluation_counts.environment_id', 'environments.id')
    .where('evaluation_counts.bucket_start', '>=', since.slice(0, 10))
    .groupBy('environments.id')
    .select(['environments.id as environmentId', sql<number>`sum(evaluation_counts.count)`.as('count')])
    .orderBy('environments.id')
    .limit(most)
    .execute();
  return rows.map((row) => ({ ...row, count: Number(row.count) }));
}

export async function sumEvaluationsByDay(db: Database, fromDay: string) {
  const day = sql<string>`substr(evaluation_counts.bucket_start, 1, 10)`;
  const rows = await livingEnvironments(db)
    .innerJoin('evaluation_counts', 'evaluation_counts.environment_id', 'environments.id')
    .where('evaluation_counts.bucket_start', '>=', fromDay)
    .groupBy(day)
    .select([day.as('day'), sql<number>`sum(evaluation_counts.count)`.as('count')])
    .orderBy(day)
    .limit(most)
    .execute();
  return rows.map((row) => ({ ...row, count: Number(row.count) }));
}

function livingProjects(db: Database) {
  return db
    .selectFrom('projects')
    .innerJoin('organisations', 'organisations.id', 'projects.organisation_id')
    .where('projects.deleted_at', 'is', null)
    .where('organisations.deleted_at', 'is', null);
}

function livingEnvironments(db: Database) {
  return livingProjects(db)
    .innerJoin('environments', 'environments.project_id', 'projects.id')
    .where('environments.deleted_at', 'is', null);
}
