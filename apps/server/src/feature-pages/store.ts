import { sql } from 'kysely';
import type { Database } from '../db/tables.ts';

/** Environments in the order in which they were made. */
export async function findEnvironments(db: Database, projectId: number) {
  return db
    .selectFrom('environments')
    .where('project_id', '=', projectId)
    .where('deleted_at', 'is', null)
    .selectAll()
    .orderBy('id')
    .limit(1000)
    .execute();
}

export async function findTags(db: Database, projectId: number) {
  return db.selectFrom('tags').where('project_id', '=', projectId).selectAll().orderBy('label').limit(10_000).execute();
}

/** Features, the oldest first, each with the number of its variants. */
export async function findFeatures(db: Database, projectId: number, limit: number) {
  return featuresOf(db, projectId)
    .selectAll('features')
    .select((eb) =>
      eb
        .selectFrom('multivariate_options')
        .whereRef('multivariate_options.feature_id', '=', 'features.id')
        .select((option) => option.fn.countAll<number>().as('count'))
        .as('variants'),
    )
    .orderBy('features.id')
    .limit(limit)
    .execute();
}

/** Tags and owners of all features of a project, by feature and then by id, in one statement. */
export async function findLinks(db: Database, projectId: number) {
  const none = sql<string>`''`;
  type Kind = 'tag' | 'person' | 'group';
  const rows = await featuresOf(db, projectId)
    .innerJoin('feature_tags', 'feature_tags.feature_id', 'features.id')
    .innerJoin('tags', 'tags.id', 'feature_tags.tag_id')
    .select([sql<Kind>`'tag'`.as('kind'), 'features.id as feature_id', 'tags.id', 'tags.is_permanent as number'])
    .select([none.as('text'), none.as('first_name'), none.as('last_name')])
    .unionAll(
      featuresOf(db, projectId)
        .innerJoin('feature_owners', 'feature_owners.feature_id', 'features.id')
        .innerJoin('users', 'users.id', 'feature_owners.user_id')
        .where('users.is_active', '=', 1)
        .select([sql<Kind>`'person'`.as('kind'), 'features.id as feature_id', 'users.id', sql<number>`0`.as('number')])
        .select(['users.email as text', 'users.first_name', 'users.last_name']),
    )
    .unionAll(
      featuresOf(db, projectId)
        .innerJoin('feature_group_owners', 'feature_group_owners.feature_id', 'features.id')
        .innerJoin('user_groups', 'user_groups.id', 'feature_group_owners.group_id')
        .select([sql<Kind>`'group'`.as('kind'), 'features.id as feature_id', 'user_groups.id'])
        .select([sql<number>`0`.as('number'), 'user_groups.name as text'])
        .select([none.as('first_name'), none.as('last_name')]),
    )
    .execute();
  return rows.sort((a, b) => a.feature_id - b.feature_id || a.id - b.id);
}

/** The environments' own states of all features of a project. */
export async function findOwnStates(db: Database, projectId: number, environmentIds: number[]) {
  if (environmentIds.length === 0) return [];
  return featuresOf(db, projectId)
    .innerJoin('feature_states', 'feature_states.feature_id', 'features.id')
    .where('feature_states.environment_id', 'in', environmentIds)
    .where('feature_states.scope', '=', 'environment')
    .select(['feature_states.id', 'feature_states.environment_id', 'feature_states.feature_id'])
    .select(['feature_states.enabled', 'feature_states.value_type', 'feature_states.string_value'])
    .select(['feature_states.integer_value', 'feature_states.boolean_value'])
    .select(['feature_states.created_at', 'feature_states.updated_at'])
    .execute();
}

/** How many overrides there are by environment and feature, and when the last of them changed. */
export async function countOverrides(db: Database, where: { projectId: number; featureId?: number }) {
  let query = featuresOf(db, where.projectId)
    .innerJoin('feature_states', 'feature_states.feature_id', 'features.id')
    .where('feature_states.scope', '<>', 'environment');
  if (where.featureId !== undefined) query = query.where('features.id', '=', where.featureId);
  return query
    .groupBy(['feature_states.environment_id', 'feature_states.feature_id'])
    .select(['feature_states.environment_id', 'feature_states.feature_id'])
    .select((eb) => [
      eb.fn.count<number>('feature_states.feature_segment_id').as('segments'),
      eb.fn.count<number>('feature_states.identity_id').as('identities'),
      eb.fn.max('feature_states.updated_at').as('updated_at'),
    ])
    .execute();
}

/** When features of environments were last evaluated, by their names. */
export async function lastEvaluations(db: Database, environmentIds: number[]) {
  if (environmentIds.length === 0) return [];
  return db
    .selectFrom('evaluation_counts')
    .where('environment_id', 'in', environmentIds)
    .groupBy(['environment_id', 'feature_name'])
    .select(['environment_id', 'feature_name'])
    .select((eb) => eb.fn.max('bucket_start').as('last'))
    .execute();
}

/** Evaluations of one feature by environment and day, the oldest day first. */
export async function evaluationsByDay(
  db: Database,
  filter: { environmentIds: number[]; featureName: string; fromDay: string },
) {
  if (filter.environmentIds.length === 0) return [];
  const day = sql<string>`substr(bucket_start, 1, 10)`;
  return db
    .selectFrom('evaluation_counts')
    .where('environment_id', 'in', filter.environmentIds)
    .where('bucket_start', '>=', filter.fromDay)
    .where('feature_name', '=', filter.featureName)
    .groupBy(['environment_id', day])
    .select(['environment_id', day.as('day')])
    .select((eb) => [eb.fn.sum<number>('count').as('count'), eb.fn.max('bucket_start').as('last')])
    .orderBy(day)
    .execute();
}

/** How often flags were asked for in environments since a day, and the last day on which they were. */
export async function countRequests(db: Database, filter: { environmentIds: number[]; fromDay: string }) {
  if (filter.environmentIds.length === 0) return [];
  return db
    .selectFrom('request_counts')
    .where('environment_id', 'in', filter.environmentIds)
    .where('day', '>=', filter.fromDay)
    .where('kind', '<>', 'traits')
    .groupBy('environment_id')
    .select('environment_id')
    .select((eb) => [eb.fn.sum<number>('count').as('count'), eb.fn.max('day').as('last')])
    .execute();
}

/** The name of the oldest feature that is not archived. */
export async function findFirstFeature(db: Database, projectId: number): Promise<string | null> {
  const row = await featuresOf(db, projectId)
    .where('features.is_archived', '=', 0)
    .select('features.name')
    .orderBy('features.id')
    .limit(1)
    .executeTakeFirst();
  return row?.name ?? null;
}

/** When each state of one feature that is no identity override was made and changed, by id. */
export async function timesOfStates(db: Database, featureId: number) {
  const rows = await db
    .selectFrom('feature_states')
    .where('feature_id', '=', featureId)
    .where('identity_id', 'is', null)
    .select(['id', 'created_at', 'updated_at'])
    .execute();
  return new Map(rows.map((row) => [row.id, row]));
}

/** The newest identity overrides of a feature in each of the environments. */
export async function findIdentityOverrides(
  db: Database,
  filter: { environmentIds: number[]; featureId: number; limit: number },
) {
  if (filter.environmentIds.length === 0) return [];
  const numbered = db
    .selectFrom('feature_states')
    .where('feature_id', '=', filter.featureId)
    .where('environment_id', 'in', filter.environmentIds)
    .where('identity_id', 'is not', null)
    .select(['id as state_id'])
    .select(sql<number>`row_number() over (partition by environment_id order by id desc)`.as('place'));
  const rows = await db
    .selectFrom(numbered.as('numbered'))
    .innerJoin('feature_states', 'feature_states.id', 'numbered.state_id')
    .innerJoin('identities', 'identities.id', 'feature_states.identity_id')
    .where('numbered.place', '<=', filter.limit)
    .selectAll('feature_states')
    .select(['identities.identifier'])
    .orderBy('feature_states.id', 'desc')
    .execute();
  const ids = rows.map((row) => row.id);
  const variants =
    ids.length === 0
      ? []
      : await db
          .selectFrom('feature_state_variants')
          .where('feature_state_id', 'in', ids)
          .select(['feature_state_id', 'multivariate_option_id', 'percentage_allocation'])
          .orderBy('id')
          .execute();
  const weights = Map.groupBy(variants, (variant) => variant.feature_state_id);
  return rows.map((row) => ({ ...row, weights: weights.get(row.id) ?? [] }));
}

/** Segments of the project that may override a feature, by name. */
export async function findSegments(db: Database, projectId: number, featureId: number) {
  return db
    .selectFrom('segments')
    .where('project_id', '=', projectId)
    .where('deleted_at', 'is', null)
    .where((eb) => eb.or([eb('feature_id', 'is', null), eb('feature_id', '=', featureId)]))
    .select(['id', 'name', 'feature_id'])
    .orderBy('name')
    .orderBy('id')
    .limit(10_000)
    .execute();
}

/** What segments are, by id. */
export async function segmentsById(db: Database, segmentIds: number[]) {
  if (segmentIds.length === 0) return new Map<number, never>();
  const rows = await db
    .selectFrom('segments')
    .where('id', 'in', segmentIds)
    .select(['id', 'name', 'description', 'rules', 'feature_id'])
    .execute();
  return new Map(rows.map((row) => [row.id, row]));
}

export async function findMembers(db: Database, organisationId: number) {
  return db
    .selectFrom('organisation_members')
    .innerJoin('users', 'users.id', 'organisation_members.user_id')
    .where('organisation_members.organisation_id', '=', organisationId)
    .where('users.is_active', '=', 1)
    .select(['users.id', 'users.email', 'users.first_name', 'users.last_name'])
    .orderBy('users.id')
    .limit(5000)
    .execute();
}

export async function findGroups(db: Database, organisationId: number) {
  return db
    .selectFrom('user_groups')
    .where('organisation_id', '=', organisationId)
    .select(['id', 'name'])
    .orderBy('name')
    .limit(5000)
    .execute();
}

function featuresOf(db: Database, projectId: number) {
  return db
    .selectFrom('features')
    .where('features.project_id', '=', projectId)
    .where('features.deleted_at', 'is', null);
}
