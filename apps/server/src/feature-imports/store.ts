import { type FeatureImport, type FeatureValue } from '@halyard/contract';
import type { Insertable } from 'kysely';
import { chunks, insertRow, insertRows, upsertRows } from '../db/statements.ts';
import type { Database, FeatureImportTable, FeatureTable, ValueColumns } from '../db/tables.ts';
import type { Timestamp } from '../time.ts';
import { columnsOfValue, valueOfColumns } from '../db/values.ts';

/*
 * Writes to tables of other slices: a file holds thousands of features, and their services write one at a time.
 */

export async function findImports(
  db: Database,
  environmentIds: number[],
  window: { limit: number; offset: number },
): Promise<FeatureImport[]> {
  if (environmentIds.length === 0) return [];
  return db
    .selectFrom('feature_imports')
    .where('environment_id', 'in', environmentIds)
    .selectAll()
    .orderBy('id', 'desc')
    .limit(window.limit)
    .offset(window.offset)
    .execute();
}

export async function countImports(db: Database, environmentIds: number[]): Promise<number> {
  if (environmentIds.length === 0) return 0;
  const { count } = await db
    .selectFrom('feature_imports')
    .where('environment_id', 'in', environmentIds)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function findImport(db: Database, importId: number): Promise<FeatureImport | null> {
  return (await db.selectFrom('feature_imports').where('id', '=', importId).selectAll().executeTakeFirst()) ?? null;
}

export async function insertImport(db: Database, row: Insertable<FeatureImportTable>): Promise<number> {
  return insertRow(db, 'feature_imports', row);
}

export async function deleteOlder(db: Database, before: Timestamp): Promise<void> {
  await db.deleteFrom('feature_imports').where('created_at', '<', before).execute();
}

export interface StoredFeature {
  id: number;
  uuid: string;
  name: string;
  name_key: string | null;
}

/** Those of the names that the project has. */
export async function findFeatures(db: Database, projectId: number, nameKeys: string[]): Promise<StoredFeature[]> {
  const found: StoredFeature[] = [];
  for (const part of chunks(nameKeys, perStatement)) {
    found.push(
      ...(await db
        .selectFrom('features')
        .where('project_id', '=', projectId)
        .where('name_key', 'in', part)
        .select(['id', 'uuid', 'name', 'name_key'])
        .orderBy('id')
        .execute()),
    );
  }
  return found;
}

/** Inserts features of one project, and answers them. */
export async function insertFeatures(db: Database, features: Insertable<FeatureTable>[]): Promise<StoredFeature[]> {
  await insertRows(db, 'features', features);
  const [first] = features;
  return first === undefined
    ? []
    : findFeatures(
        db,
        first.project_id,
        features.map((feature) => feature.name_key ?? ''),
      );
}

export interface NewOption {
  uuid: string;
  feature_id: number;
  value: FeatureValue;
  type: ValueColumns['value_type'];
  weight: number;
}

export interface StoredOption {
  id: number;
  uuid: string;
  featureId: number;
  type: string;
  value: FeatureValue;
  weight: number;
}

/** Inserts variants without a key, and answers those of their features in the order given. */
export async function insertOptions(db: Database, options: NewOption[]): Promise<StoredOption[]> {
  await insertRows(
    db,
    'multivariate_options',
    options.map(({ uuid, feature_id, value, type, weight }) => ({
      uuid,
      feature_id,
      key: null,
      ...columnsOfValue(value),
      value_type: type,
      default_percentage_allocation: weight,
    })),
  );
  return findOptions(db, [...new Set(options.map((option) => option.feature_id))]);
}

export async function findOptions(db: Database, featureIds: number[]): Promise<StoredOption[]> {
  const found: StoredOption[] = [];
  for (const part of chunks(featureIds, perStatement)) {
    const rows = await db
      .selectFrom('multivariate_options')
      .where('feature_id', 'in', part)
      .selectAll()
      .orderBy('id')
      .execute();
    found.push(
      ...rows.map((row) => ({
        id: row.id,
        uuid: row.uuid,
        featureId: row.feature_id,
        type: row.value_type,
        value: valueOfColumns(row),
        weight: row.default_percentage_allocation,
      })),
    );
  }
  return found;
}

export async function markMultivariate(db: Database, featureIds: number[]): Promise<void> {
  for (const part of chunks(featureIds, perStatement)) {
    await db.updateTable('features').set({ type: 'MULTIVARIATE' }).where('id', 'in', part).execute();
  }
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

export interface NewState {
  environmentId: number;
  featureId: number;
  enabled: boolean;
  value: FeatureValue;
  weights: { optionId: number; weight: number }[];
}

/** Inserts environments' own states of new features, each the first of its lineage. */
export async function insertStates(db: Database, states: NewState[], at: Timestamp): Promise<void> {
  await insertRows(
    db,
    'feature_states',
    states.map((state) => ({
      uuid: crypto.randomUUID(),
      environment_id: state.environmentId,
      feature_id: state.featureId,
      scope: 'environment',
      identity_id: null,
      feature_segment_id: null,
      enabled: Number(state.enabled),
      ...columnsOfValue(state.value),
      lineage_id: 0,
      live_from: at,
      created_at: at,
      updated_at: at,
    })),
  );
  const ids = new Map<string, number>();
  for (const part of chunks([...new Set(states.map((state) => state.featureId))], perStatement)) {
    await db
      .updateTable('feature_states')
      .set((eb) => ({ lineage_id: eb.ref('id') }))
      .where('feature_id', 'in', part)
      .where('lineage_id', '=', 0)
      .execute();
    const rows = await db
      .selectFrom('feature_states')
      .where('feature_id', 'in', part)
      .select(['id', 'environment_id', 'feature_id'])
      .execute();
    for (const row of rows) ids.set(`${row.environment_id} ${row.feature_id}`, row.id);
  }
  await saveWeights(
    db,
    states.flatMap((state) =>
      state.weights.map((weight) => ({
        ...weight,
        stateId: ids.get(`${state.environmentId} ${state.featureId}`) as number,
      })),
    ),
  );
}

export interface StoredState {
  id: number;
  uuid: string;
  environmentId: number;
  featureId: number;
  enabled: boolean;
  value: FeatureValue;
  weights: { optionId: number; weight: number }[];
}

/** The environments' own states of features, in all environments of a project that are not deleted. */
export async function findStates(db: Database, projectId: number, featureIds: number[]): Promise<StoredState[]> {
  const found: StoredState[] = [];
  for (const part of chunks(featureIds, perStatement)) {
    const states = db
      .selectFrom('feature_states')
      .innerJoin('environments', 'environments.id', 'feature_states.environment_id')
      .where('environments.project_id', '=', projectId)
      .where('environments.deleted_at', 'is', null)
      .where('feature_states.feature_id', 'in', part)
      .where('feature_states.scope', '=', 'environment');
    const rows = await states.selectAll('feature_states').orderBy('feature_states.id').execute();
    const variants = await states
      .innerJoin('feature_state_variants', 'feature_state_variants.feature_state_id', 'feature_states.id')
      .selectAll('feature_state_variants')
      .orderBy('feature_state_variants.id')
      .execute();
    const byState = Map.groupBy(variants, (variant) => variant.feature_state_id);
    found.push(
      ...rows.map((row) => ({
        id: row.id,
        uuid: row.uuid,
        environmentId: row.environment_id,
        featureId: row.feature_id,
        enabled: row.enabled === 1,
        value: valueOfColumns(row),
        weights: (byState.get(row.id) ?? []).map((variant) => ({
          optionId: variant.multivariate_option_id,
          weight: variant.percentage_allocation,
        })),
      })),
    );
  }
  return found;
}

/** One statement per state: only those that change come here. */
export async function saveStates(
  db: Database,
  states: { stateId: number; enabled: boolean; value: FeatureValue }[],
  at: Timestamp,
): Promise<void> {
  for (const { stateId, enabled, value } of states) {
    await db
      .updateTable('feature_states')
      .set({ enabled: Number(enabled), ...columnsOfValue(value), updated_at: at })
      .where('id', '=', stateId)
      .execute();
  }
}

export async function saveWeights(
  db: Database,
  weights: { stateId: number; optionId: number; weight: number }[],
): Promise<void> {
  await upsertRows(
    db,
    'feature_state_variants',
    weights.map(({ stateId, optionId, weight }) => ({
      uuid: crypto.randomUUID(),
      feature_state_id: stateId,
      multivariate_option_id: optionId,
      percentage_allocation: weight,
    })),
    { key: ['feature_state_id', 'multivariate_option_id'], update: ['percentage_allocation'] },
  );
}

/** Removes the segment and identity overrides of features in one environment, and answers the features that had some. */
export async function deleteOverrides(db: Database, environmentId: number, featureIds: number[]): Promise<Set<number>> {
  const had = new Set<number>();
  for (const part of chunks(featureIds, perStatement)) {
    const overrides = db
      .selectFrom('feature_states')
      .where('environment_id', '=', environmentId)
      .where('feature_id', 'in', part)
      .where('scope', '<>', 'environment');
    const rows = await overrides.select(['id', 'feature_id']).execute();
    for (const row of rows) had.add(row.feature_id);
    for (const ids of chunks(
      rows.map((row) => row.id),
      perStatement,
    )) {
      await db.deleteFrom('feature_state_variants').where('feature_state_id', 'in', ids).execute();
      await db.deleteFrom('feature_states').where('id', 'in', ids).execute();
    }
    await db
      .deleteFrom('feature_segments')
      .where('environment_id', '=', environmentId)
      .where('feature_id', 'in', part)
      .execute();
  }
  return had;
}

const perStatement = 5000;
