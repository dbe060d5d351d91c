import type { Feature, FeatureListQuery } from '@halyard/contract';
import { type Expression, type Insertable, type Selectable, type SqlBool, sql } from 'kysely';
import { containsText, insertRow } from '../db/statements.ts';
import type { Database, FeatureTable } from '../db/tables.ts';
import type { Timestamp } from '../time.ts';

/** A feature without its variants, which another slice adds. */
export type StoredFeature = Omit<Feature, 'multivariate_options'>;

export type FeatureFilter = Omit<FeatureListQuery, 'page' | 'page_size'> & { environmentId?: number | undefined };

export async function findFeatures(
  db: Database,
  projectId: number,
  filter: FeatureFilter,
  window: { limit: number; offset: number },
): Promise<StoredFeature[]> {
  const direction = filter.sort_direction === 'DESC' ? 'desc' : 'asc';
  const rows = await filtered(db, projectId, filter)
    .selectAll('features')
    .orderBy(filter.sort_field === 'name' ? 'features.name' : 'features.created_date', direction)
    .orderBy('features.id', direction)
    .limit(window.limit)
    .offset(window.offset)
    .execute();
  return rows.map(shown);
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
  if (filter.search) query = query.where(containsText(sql.ref('features.name'), filter.search));
  if (filter.is_archived !== undefined) query = query.where('features.is_archived', '=', Number(filter.is_archived));
  if (filter.type !== undefined) query = query.where('features.type', '=', filter.type);
  if (filter.environmentId !== undefined && (filter.is_enabled !== undefined || filter.value_search)) {
    query = query.where((eb) => {
      let states = eb
        .selectFrom('feature_states')
        .select(eb.lit(1).as('one'))
        .whereRef('feature_states.feature_id', '=', 'features.id')
        .where('feature_states.environment_id', '=', filter.environmentId as number)
        .where('feature_states.scope', '=', 'environment');
      if (filter.is_enabled !== undefined)
        states = states.where('feature_states.enabled', '=', Number(filter.is_enabled));
      if (filter.value_search) {
        const wanted = filter.value_search;
        states = states.where((value) => {
          const matches: Expression<SqlBool>[] = [containsText(sql.ref('feature_states.string_value'), wanted)];
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

/** What the environment serves by itself, and how many overrides it has, by feature. */
export async function environmentFacts(db: Database, environmentId: number, featureIds: number[]) {
  const facts = new Map<number, { state: StateRow | null; segmentOverrides: number; identityOverrides: number }>();
  if (featureIds.length === 0) return facts;
  for (const id of featureIds) facts.set(id, { state: null, segmentOverrides: 0, identityOverrides: 0 });
  const states = await db
    .selectFrom('feature_states')
    .where('environment_id', '=', environmentId)
    .where('scope', '=', 'environment')
    .where('feature_id', 'in', featureIds)
    .select(['id', 'feature_id', 'enabled', 'value_type', 'string_value', 'integer_value', 'boolean_value'])
    .execute();
  for (const state of states) (facts.get(state.feature_id) as { state: StateRow | null }).state = state;
  const counts = await db
    .selectFrom('feature_states')
    .where('environment_id', '=', environmentId)
    .where('scope', '<>', 'environment')
    .where('feature_id', 'in', featureIds)
    .groupBy('feature_id')
    .select((eb) => [
      'feature_id',
      eb.fn.count<number>('feature_segment_id').as('segments'),
      eb.fn.count<number>('identity_id').as('identities'),
    ])
    .execute();
  for (const count of counts) {
    const fact = facts.get(count.feature_id) as { segmentOverrides: number; identityOverrides: number };
    fact.segmentOverrides = Number(count.segments);
    fact.identityOverrides = Number(count.identities);
  }
  return facts;
}

export type StateRow = Pick<
  Selectable<import('../db/tables.ts').FeatureStateTable>,
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
