import type { Feature, FeatureListQuery, LifecycleStage, MetadataValue, Person } from '@halyard/contract';
import { type Expression, type ExpressionBuilder, type Insertable, type Selectable, type SqlBool, sql } from 'kysely';
import { containsText, insertRow, upsertRows } from '../db/statements.ts';
import type { Database, FeatureStateTable, FeatureTable, Tables } from '../db/tables.ts';
import { contentTypes } from '../metadata/content-types.ts';
import type { Timestamp } from '../time.ts';

/** A feature without what belongs to it: variants, tags, owners, custom fields. */
export type StoredFeature = Omit<Feature, 'multivariate_options' | 'tags' | 'owners' | 'group_owners' | 'metadata'>;

export type FeatureFilter = Omit<
  Partial<FeatureListQuery>,
  'page' | 'page_size' | 'environment' | 'lifecycle_stage'
> & {
  featureId?: number;
  environmentId?: number | undefined;
  /** Which stage, and the time before which a feature that did not change is stale. Needs `environmentId`. */
  lifecycle?: { stage: LifecycleStage; staleBefore: Timestamp } | undefined;
};

/** A feature as a list finds it: with its state in the environment, and the one that overrides it for the segment. */
export interface FoundFeature {
  feature: StoredFeature;
  state: StateRow | null;
  segmentState: StateRow | null;
}

/** A page of the features of a project, and how many there are on all pages: one statement, two past the last page. */
export async function findFeatures(
  db: Database,
  projectId: number,
  filter: FeatureFilter,
  window: { limit: number; offset: number },
): Promise<{ count: number; found: FoundFeature[] }> {
  const direction = filter.sort_direction === 'DESC' ? 'desc' : 'asc';
  // Ids start at 1: without an environment or a segment, none of these rows is there.
  const { environmentId = 0, segment = 0, identity = 0 } = filter;
  const rows = await filtered(db, projectId, filter)
    .leftJoin('feature_states as own', (join) =>
      join
        .onRef('own.feature_id', '=', 'features.id')
        .on('own.environment_id', '=', environmentId)
        .on('own.scope', '=', 'environment'),
    )
    .leftJoin('feature_segments as place', (join) =>
      join
        .onRef('place.feature_id', '=', 'features.id')
        .on('place.environment_id', '=', environmentId)
        .on('place.segment_id', '=', segment),
    )
    .leftJoin('feature_states as segmental', 'segmental.feature_segment_id', 'place.id')
    .leftJoin('feature_states as personal', (join) =>
      join
        .onRef('personal.feature_id', '=', 'features.id')
        .on('personal.environment_id', '=', environmentId)
        .on('personal.scope', '=', `identity:${identity}`),
    )
    .selectAll('features')
    .select([
      'own.id as own_id',
      'own.enabled as own_enabled',
      'own.value_type as own_value_type',
      'own.string_value as own_string_value',
      'own.integer_value as own_integer_value',
      'own.boolean_value as own_boolean_value',
      'segmental.id as segmental_id',
      'segmental.enabled as segmental_enabled',
      'segmental.value_type as segmental_value_type',
      'segmental.string_value as segmental_string_value',
      'segmental.integer_value as segmental_integer_value',
      'segmental.boolean_value as segmental_boolean_value',
      sql<number>`count(*) over ()`.as('count'),
    ])
    .orderBy((eb) => eb.case().when('segmental.id', 'is', null).then(1).else(0).end())
    .orderBy((eb) => eb.case().when('personal.id', 'is', null).then(1).else(0).end())
    .orderBy(filter.sort_field === 'name' ? 'features.name' : 'features.created_date', direction)
    .orderBy('features.id', direction)
    .limit(window.limit)
    .offset(window.offset)
    .execute();
  const found = rows.map((row) => ({
    feature: shown(row),
    state: stateOf(row.own_id, {
      enabled: row.own_enabled,
      value_type: row.own_value_type,
      string_value: row.own_string_value,
      integer_value: row.own_integer_value,
      boolean_value: row.own_boolean_value,
    }),
    segmentState: stateOf(row.segmental_id, {
      enabled: row.segmental_enabled,
      value_type: row.segmental_value_type,
      string_value: row.segmental_string_value,
      integer_value: row.segmental_integer_value,
      boolean_value: row.segmental_boolean_value,
    }),
  }));
  const [first] = rows;
  if (first !== undefined) return { count: Number(first.count), found };
  return { count: window.offset === 0 ? 0 : await countFeatures(db, projectId, filter), found };
}

function stateOf(id: number | null, row: { [K in keyof Omit<StateRow, 'id'>]: StateRow[K] | null }): StateRow | null {
  return id === null ? null : ({ id, ...row } as StateRow);
}

export async function countFeatures(db: Database, projectId: number, filter: FeatureFilter): Promise<number> {
  const { count } = await filtered(db, projectId, filter)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

function filtered(db: Database, projectId: number, filter: FeatureFilter) {
  let query = db
    .selectFrom('features')
    .where('features.project_id', '=', projectId)
    .where('features.deleted_at', 'is', null);
  if (filter.featureId !== undefined) query = query.where('features.id', '=', filter.featureId);
  if (filter.search) query = query.where(containsText(db, sql.ref('features.name'), filter.search));
  if (filter.is_archived !== undefined) query = query.where('features.is_archived', '=', Number(filter.is_archived));
  if (filter.type !== undefined) query = query.where('features.type', '=', filter.type);
  if (filter.tags !== undefined) query = query.where((eb) => withTags(eb, filter.tags ?? [], filter.tag_strategy));
  if (filter.owners !== undefined || filter.group_owners !== undefined) {
    query = query.where((eb) => withOwners(eb, filter.owners ?? [], filter.group_owners ?? []));
  }
  const { environmentId, lifecycle } = filter;
  if (environmentId === undefined) return query;
  if (lifecycle !== undefined) query = query.where((eb) => inStage(eb, environmentId, lifecycle));
  if (filter.is_enabled !== undefined || filter.value_search) {
    query = query.where((eb) => {
      let states = statesIn(eb, environmentId).where('feature_states.scope', '=', 'environment');
      if (filter.is_enabled !== undefined)
        states = states.where('feature_states.enabled', '=', Number(filter.is_enabled));
      if (filter.value_search) {
        const wanted = filter.value_search;
        states = states.where((value) => {
          const matches: Expression<SqlBool>[] = [containsText(db, sql.ref('feature_states.string_value'), wanted)];
          if (/^-?\d{1,10}$/.test(wanted)) matches.push(value('feature_states.integer_value', '=', Number(wanted)));
          if (/^(true|false)$/i.test(wanted)) {
            matches.push(value('feature_states.boolean_value', '=', Number(wanted.toLowerCase() === 'true')));
          }
          return value.or(matches);
        });
      }
      return eb.exists(states);
    });
  }
  return query;
}

type FeatureExpressions = ExpressionBuilder<Tables, 'features'>;

function statesIn(eb: FeatureExpressions, environmentId: number) {
  return eb
    .selectFrom('feature_states')
    .select(eb.lit(1).as('one'))
    .whereRef('feature_states.feature_id', '=', 'features.id')
    .where('feature_states.environment_id', '=', environmentId);
}

/** An empty list asks for features without any tag. */
function withTags(eb: FeatureExpressions, tags: number[], strategy: FeatureFilter['tag_strategy']) {
  const links = eb.selectFrom('feature_tags').whereRef('feature_tags.feature_id', '=', 'features.id');
  if (tags.length === 0) return eb.not(eb.exists(links.select(eb.lit(1).as('one'))));
  const wanted = links.where('feature_tags.tag_id', 'in', tags);
  if (strategy === 'UNION') return eb.exists(wanted.select(eb.lit(1).as('one')));
  return eb(
    wanted.select((link) => link.fn.countAll<number>().as('count')),
    '=',
    tags.length,
  );
}

function withOwners(eb: FeatureExpressions, owners: number[], groups: number[]) {
  const ways: Expression<SqlBool>[] = [];
  if (owners.length > 0) {
    ways.push(
      eb.exists(
        eb
          .selectFrom('feature_owners')
          .select(eb.lit(1).as('one'))
          .whereRef('feature_owners.feature_id', '=', 'features.id')
          .where('feature_owners.user_id', 'in', owners),
      ),
    );
  }
  if (groups.length > 0) {
    ways.push(
      eb.exists(
        eb
          .selectFrom('feature_group_owners')
          .select(eb.lit(1).as('one'))
          .whereRef('feature_group_owners.feature_id', '=', 'features.id')
          .where('feature_group_owners.group_id', 'in', groups),
      ),
    );
  }
  return ways.length === 0 ? sql<SqlBool>`1 = 1` : eb.or(ways);
}

/** The same as `stageOf` in lifecycle.ts, for the database. */
function inStage(
  eb: FeatureExpressions,
  environmentId: number,
  { stage, staleBefore }: { stage: LifecycleStage; staleBefore: Timestamp },
): Expression<SqlBool> {
  const permanent = eb.exists(
    eb
      .selectFrom('feature_tags')
      .innerJoin('tags', 'tags.id', 'feature_tags.tag_id')
      .select(eb.lit(1).as('one'))
      .whereRef('feature_tags.feature_id', '=', 'features.id')
      .where('tags.is_permanent', '=', 1),
  );
  const changedLately = eb.exists(statesIn(eb, environmentId).where('feature_states.updated_at', '>=', staleBefore));
  const edited = eb.exists(
    statesIn(eb, environmentId).where((state) =>
      state.or([
        state('feature_states.scope', '<>', 'environment'),
        state('feature_states.updated_at', '>', state.ref('feature_states.created_at')),
      ]),
    ),
  );
  const isNew = eb.and([eb('features.created_date', '>=', staleBefore), eb.not(edited)]);
  const recent = eb.or([changedLately, eb('features.created_date', '>=', staleBefore)]);
  if (stage === 'permanent') return permanent;
  if (stage === 'new') return eb.and([eb.not(permanent), isNew]);
  if (stage === 'live') return eb.and([eb.not(permanent), eb.not(isNew), recent]);
  if (stage === 'stale') return eb.and([eb.not(permanent), eb.not(recent), eb('features.is_archived', '=', 0)]);
  if (stage === 'to_remove') return eb.and([eb.not(permanent), eb.not(recent), eb('features.is_archived', '=', 1)]);
  return sql<SqlBool>`1 = 0`;
}

export async function findFeature(
  db: Database,
  by: { id: number; projectId: number } | { uuid: string },
): Promise<StoredFeature | null> {
  let query = db.selectFrom('features').where('deleted_at', 'is', null).selectAll();
  query =
    'uuid' in by
      ? query.where('uuid', '=', by.uuid)
      : query.where('id', '=', by.id).where('project_id', '=', by.projectId);
  const row = await query.executeTakeFirst();
  return row === undefined ? null : shown(row);
}

/** Those of the features that the project has. */
export async function findFeaturesById(db: Database, projectId: number, ids: number[]): Promise<StoredFeature[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom('features')
    .where('project_id', '=', projectId)
    .where('id', 'in', ids)
    .where('deleted_at', 'is', null)
    .selectAll()
    .orderBy('id')
    .execute();
  return rows.map(shown);
}

export async function nameIsTaken(db: Database, projectId: number, nameKey: string): Promise<boolean> {
  const row = await db
    .selectFrom('features')
    .where('project_id', '=', projectId)
    .where('name_key', '=', nameKey)
    .select('id')
    .executeTakeFirst();
  return row !== undefined;
}

export async function insertFeature(db: Database, feature: Insertable<FeatureTable>): Promise<number> {
  return insertRow(db, 'features', feature);
}

/** Ties of features to tags, people or groups. */
export interface LinkChanges {
  add: { featureId: number; id: number }[];
  remove: { featureId: number; id: number }[];
}

/** Changes ties of many features, in as many statements for one as for hundreds. */
export async function changeLinks(
  db: Database,
  kind: 'tags' | 'owners' | 'group_owners',
  { add, remove }: LinkChanges,
): Promise<void> {
  const [table, column] = (
    {
      tags: ['feature_tags', 'tag_id'],
      owners: ['feature_owners', 'user_id'],
      group_owners: ['feature_group_owners', 'group_id'],
    } as const
  )[kind];
  for (const [id, links] of Map.groupBy(remove, (link) => link.id)) {
    await db
      .deleteFrom(table)
      .where(sql.ref(column), '=', id)
      .where(
        'feature_id',
        'in',
        links.map((link) => link.featureId),
      )
      .execute();
  }
  await upsertRows(db, table, add.map((link) => ({ feature_id: link.featureId, [column]: link.id })) as never, {
    key: ['feature_id', column] as never,
    update: [],
  });
}

export async function updateFeatures(
  db: Database,
  featureIds: number[],
  changes: Partial<Pick<Insertable<FeatureTable>, 'description' | 'is_archived' | 'is_server_key_only'>>,
): Promise<void> {
  await db.updateTable('features').set(changes).where('id', 'in', featureIds).execute();
}

export async function updateFeature(
  db: Database,
  featureId: number,
  changes: Partial<Pick<Insertable<FeatureTable>, 'description' | 'is_archived' | 'is_server_key_only'>>,
): Promise<void> {
  await db.updateTable('features').set(changes).where('id', '=', featureId).execute();
}

/** Hides the feature, frees its name and removes its segment links. */
export async function markDeleted(db: Database, featureId: number, at: Timestamp): Promise<void> {
  await db.updateTable('features').set({ deleted_at: at, name_key: null }).where('id', '=', featureId).execute();
  await db.deleteFrom('feature_segments').where('feature_id', '=', featureId).execute();
}

export async function environmentIdsOf(db: Database, projectId: number): Promise<number[]> {
  const rows = await db
    .selectFrom('environments')
    .where('project_id', '=', projectId)
    .where('deleted_at', 'is', null)
    .select('id')
    .orderBy('id')
    .execute();
  return rows.map((row) => row.id);
}

/** What is known of a feature in one environment. */
export interface EnvironmentFacts {
  segmentOverrides: number;
  identityOverrides: number;
  /** Whether anything was changed there since the feature got its state. */
  edited: boolean;
  lastModified: Timestamp | null;
  lastModifiedAnywhere: Timestamp | null;
}

/** By feature id, in one statement. */
export async function environmentFacts(
  db: Database,
  environmentId: number,
  featureIds: number[],
): Promise<Map<number, EnvironmentFacts>> {
  if (featureIds.length === 0) return new Map();
  const here = sql<boolean>`feature_states.environment_id = ${environmentId}`;
  const rows = await db
    .selectFrom('feature_states')
    .innerJoin('environments', 'environments.id', 'feature_states.environment_id')
    .where('feature_states.feature_id', 'in', featureIds)
    .where('environments.deleted_at', 'is', null)
    .groupBy('feature_states.feature_id')
    .select([
      'feature_states.feature_id',
      sql<number>`count(case when ${here} then feature_states.feature_segment_id end)`.as('segments'),
      sql<number>`count(case when ${here} then feature_states.identity_id end)`.as('identities'),
      sql<number>`max(case when ${here} and (feature_states.scope <> 'environment' or feature_states.updated_at > feature_states.created_at) then 1 else 0 end)`.as(
        'edited',
      ),
      sql<Timestamp | null>`max(case when ${here} then feature_states.updated_at end)`.as('last_modified'),
      sql<Timestamp | null>`max(feature_states.updated_at)`.as('last_modified_anywhere'),
    ])
    .execute();
  return new Map(
    rows.map((row) => [
      row.feature_id,
      {
        segmentOverrides: Number(row.segments),
        identityOverrides: Number(row.identities),
        edited: Number(row.edited) === 1,
        lastModified: row.last_modified,
        lastModifiedAnywhere: row.last_modified_anywhere,
      },
    ]),
  );
}

/** What belongs to a feature. */
export interface Belongings {
  tags: number[];
  isPermanent: boolean;
  owners: Person[];
  groupOwners: { id: number; name: string }[];
  metadata: MetadataValue[];
}

/** Tags, owners and custom fields by feature id, each in the order of their ids: one statement for any number of features. */
export async function belongingsOf(db: Database, featureIds: number[]): Promise<Map<number, Belongings>> {
  const belongings = new Map<number, Belongings>(
    featureIds.map((id) => [id, { tags: [], isPermanent: false, owners: [], groupOwners: [], metadata: [] }]),
  );
  if (featureIds.length === 0) return belongings;
  const none = sql<string>`''`;
  const rows = await db
    .selectFrom('feature_tags')
    .innerJoin('tags', 'tags.id', 'feature_tags.tag_id')
    .where('feature_tags.feature_id', 'in', featureIds)
    .select([
      sql<'tag' | 'owner' | 'group' | 'metadata'>`'tag'`.as('kind'),
      'feature_tags.feature_id',
      'tags.id',
      'tags.is_permanent as number',
      'tags.label as text',
      none.as('first_name'),
      none.as('last_name'),
      none.as('uuid'),
      sql<string | null>`''`.as('last_login'),
    ])
    .unionAll(
      db
        .selectFrom('feature_owners')
        .innerJoin('users', 'users.id', 'feature_owners.user_id')
        .where('feature_owners.feature_id', 'in', featureIds)
        .where('users.is_active', '=', 1)
        .select([
          sql<'tag' | 'owner' | 'group' | 'metadata'>`'owner'`.as('kind'),
          'feature_owners.feature_id',
          'users.id',
          sql<number>`0`.as('number'),
          'users.email as text',
          'users.first_name',
          'users.last_name',
          'users.uuid',
          'users.last_login',
        ]),
    )
    .unionAll(
      db
        .selectFrom('feature_group_owners')
        .innerJoin('user_groups', 'user_groups.id', 'feature_group_owners.group_id')
        .where('feature_group_owners.feature_id', 'in', featureIds)
        .select([
          sql<'tag' | 'owner' | 'group' | 'metadata'>`'group'`.as('kind'),
          'feature_group_owners.feature_id',
          'user_groups.id',
          sql<number>`0`.as('number'),
          'user_groups.name as text',
          none.as('first_name'),
          none.as('last_name'),
          none.as('uuid'),
          sql<string | null>`''`.as('last_login'),
        ]),
    )
    .unionAll(
      db
        .selectFrom('metadata_values')
        .where('metadata_values.content_type', '=', contentTypes.feature.id)
        .where('metadata_values.object_id', 'in', featureIds)
        .select([
          sql<'tag' | 'owner' | 'group' | 'metadata'>`'metadata'`.as('kind'),
          'metadata_values.object_id as feature_id',
          'metadata_values.id',
          'metadata_values.model_field_id as number',
          'metadata_values.field_value as text',
          none.as('first_name'),
          none.as('last_name'),
          none.as('uuid'),
          sql<string | null>`''`.as('last_login'),
        ]),
    )
    .execute();
  for (const row of rows.toSorted((a, b) => a.id - b.id)) {
    const own = belongings.get(row.feature_id) as Belongings;
    const { id, uuid, text, first_name, last_name, last_login } = row;
    if (row.kind === 'tag') {
      own.tags.push(id);
      own.isPermanent ||= row.number === 1;
    } else if (row.kind === 'owner') own.owners.push({ id, uuid, email: text, first_name, last_name, last_login });
    else if (row.kind === 'group') own.groupOwners.push({ id, name: text });
    else own.metadata.push({ id, model_field: row.number, field_value: text });
  }
  return belongings;
}

/** Those of the tags that are the project's. */
export async function tagsOfProject(db: Database, projectId: number, tagIds: number[]): Promise<number[]> {
  if (tagIds.length === 0) return [];
  const rows = await db
    .selectFrom('tags')
    .where('project_id', '=', projectId)
    .where('id', 'in', tagIds)
    .select('id')
    .execute();
  return rows.map((row) => row.id);
}

export async function replaceTags(db: Database, featureId: number, tagIds: number[]): Promise<void> {
  let others = db.deleteFrom('feature_tags').where('feature_id', '=', featureId);
  if (tagIds.length > 0) others = others.where('tag_id', 'not in', tagIds);
  await others.execute();
  await upsertRows(
    db,
    'feature_tags',
    tagIds.map((tag_id) => ({ feature_id: featureId, tag_id })),
    { key: ['feature_id', 'tag_id'], update: [] },
  );
}

/** Those of the people who are members of the organisation. */
export async function membersOf(db: Database, organisationId: number, userIds: number[]): Promise<number[]> {
  if (userIds.length === 0) return [];
  const rows = await db
    .selectFrom('organisation_members')
    .where('organisation_id', '=', organisationId)
    .where('user_id', 'in', userIds)
    .select('user_id')
    .execute();
  return rows.map((row) => row.user_id);
}

/** Those of the groups that are the organisation's. */
export async function groupsOf(db: Database, organisationId: number, groupIds: number[]): Promise<number[]> {
  if (groupIds.length === 0) return [];
  const rows = await db
    .selectFrom('user_groups')
    .where('organisation_id', '=', organisationId)
    .where('id', 'in', groupIds)
    .select('id')
    .execute();
  return rows.map((row) => row.id);
}

export interface OwnerIds {
  userIds: number[];
  groupIds: number[];
}

export async function addOwners(db: Database, featureId: number, { userIds, groupIds }: OwnerIds): Promise<void> {
  await upsertRows(
    db,
    'feature_owners',
    userIds.map((user_id) => ({ feature_id: featureId, user_id })),
    { key: ['feature_id', 'user_id'], update: [] },
  );
  await upsertRows(
    db,
    'feature_group_owners',
    groupIds.map((group_id) => ({ feature_id: featureId, group_id })),
    { key: ['feature_id', 'group_id'], update: [] },
  );
}

export async function removeOwners(db: Database, featureId: number, { userIds, groupIds }: OwnerIds): Promise<void> {
  if (userIds.length > 0) {
    await db.deleteFrom('feature_owners').where('feature_id', '=', featureId).where('user_id', 'in', userIds).execute();
  }
  if (groupIds.length > 0) {
    await db
      .deleteFrom('feature_group_owners')
      .where('feature_id', '=', featureId)
      .where('group_id', 'in', groupIds)
      .execute();
  }
}

export type StateRow = Pick<
  Selectable<FeatureStateTable>,
  'id' | 'enabled' | 'value_type' | 'string_value' | 'integer_value' | 'boolean_value'
>;

function shown(row: Selectable<FeatureTable>): StoredFeature {
  return {
    id: row.id,
    uuid: row.uuid,
    name: row.name,
    type: row.type,
    project: row.project_id,
    initial_value: row.initial_value,
    default_enabled: row.default_enabled === 1,
    description: row.description,
    is_archived: row.is_archived === 1,
    is_server_key_only: row.is_server_key_only === 1,
    created_date: row.created_date,
  };
}
