import type { FeatureValue } from '@halyard/contract';
import type { Insertable } from 'kysely';
import { chunks, insertRow, insertRows, upsertRows } from '../db/statements.ts';
import type { Bit, Database, FeatureStateTable, ValueColumns } from '../db/tables.ts';
import { sha256 } from '../secrets.ts';
import type { Timestamp } from '../time.ts';
import { valueOfColumns } from '../db/values.ts';

/** A feature state with the names that its messages need. */
export interface State {
  id: number;
  uuid: string;
  environmentId: number;
  featureId: number;
  featureName: string;
  identity: { id: number; identifier: string } | null;
  featureSegment: { id: number; segmentName: string; segmentId: number; priority: number } | null;
  enabled: boolean;
  value: FeatureValue;
  variants: { id: number; optionId: number; weight: number }[];
  liveFrom: Timestamp;
  createdAt: Timestamp;
  updatedAt: Timestamp;
}

export interface StateFilter {
  environmentId?: number;
  stateId?: number;
  uuid?: string;
  featureId?: number;
  featureName?: string;
  featureSegmentId?: number;
  featureSegmentIds?: number[];
  identityId?: number;
  /** `environment`: the environment's own states; `identity`: identity overrides. Without it, all. */
  kind?: 'environment' | 'identity';
}

/** States in the order of their ids. Those of deleted features are not there. */
export async function findStates(
  db: Database,
  filter: StateFilter,
  window: { limit: number; offset: number } = { limit: 1, offset: 0 },
): Promise<State[]> {
  const rows = await filtered(db, filter)
    .leftJoin('identities', 'identities.id', 'feature_states.identity_id')
    .leftJoin('feature_segments', 'feature_segments.id', 'feature_states.feature_segment_id')
    .leftJoin('segments', 'segments.id', 'feature_segments.segment_id')
    .selectAll('feature_states')
    .select(['features.name as feature_name', 'identities.identifier', 'segments.name as segment_name'])
    .select(['feature_segments.segment_id', 'feature_segments.priority'])
    .orderBy('feature_states.id')
    .limit(window.limit)
    .offset(window.offset)
    .execute();
  const variants = await variantsOf(
    db,
    rows.map((row) => row.id),
  );
  return rows.map((row) => ({
    id: row.id,
    uuid: row.uuid,
    environmentId: row.environment_id,
    featureId: row.feature_id,
    featureName: row.feature_name,
    identity: row.identity_id === null ? null : { id: row.identity_id, identifier: row.identifier ?? '' },
    featureSegment:
      row.feature_segment_id === null
        ? null
        : {
            id: row.feature_segment_id,
            segmentName: row.segment_name ?? '',
            segmentId: row.segment_id ?? 0,
            priority: row.priority ?? 0,
          },
    enabled: row.enabled === 1,
    value: valueOfColumns(row),
    variants: variants.get(row.id) ?? [],
    liveFrom: row.live_from,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }));
}

export async function countStates(db: Database, filter: StateFilter): Promise<number> {
  const { count } = await filtered(db, filter)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

function filtered(db: Database, filter: StateFilter) {
  let query = db
    .selectFrom('feature_states')
    .innerJoin('features', 'features.id', 'feature_states.feature_id')
    .where('features.deleted_at', 'is', null);
  if (filter.environmentId !== undefined)
    query = query.where('feature_states.environment_id', '=', filter.environmentId);
  if (filter.stateId !== undefined) query = query.where('feature_states.id', '=', filter.stateId);
  if (filter.uuid !== undefined) query = query.where('feature_states.uuid', '=', filter.uuid);
  if (filter.featureId !== undefined) query = query.where('feature_states.feature_id', '=', filter.featureId);
  if (filter.featureName !== undefined) query = query.where('features.name', '=', filter.featureName);
  if (filter.featureSegmentIds !== undefined) {
    query = query.where('feature_states.feature_segment_id', 'in', filter.featureSegmentIds);
  }
  if (filter.featureSegmentId !== undefined) {
    query = query.where('feature_states.feature_segment_id', '=', filter.featureSegmentId);
  }
  if (filter.identityId !== undefined) query = query.where('feature_states.identity_id', '=', filter.identityId);
  if (filter.kind === 'environment') query = query.where('feature_states.scope', '=', 'environment');
  if (filter.kind === 'identity') query = query.where('feature_states.identity_id', 'is not', null);
  return query;
}

async function variantsOf(db: Database, stateIds: number[]): Promise<Map<number, State['variants']>> {
  const byState = new Map<number, State['variants']>();
  if (stateIds.length === 0) return byState;
  const rows = await db
    .selectFrom('feature_state_variants')
    .where('feature_state_id', 'in', stateIds)
    .selectAll()
    .orderBy('id')
    .execute();
  for (const row of rows) {
    const list = byState.get(row.feature_state_id) ?? [];
    list.push({ id: row.id, optionId: row.multivariate_option_id, weight: row.percentage_allocation });
    byState.set(row.feature_state_id, list);
  }
  return byState;
}

export type NewState = Omit<
  Insertable<FeatureStateTable>,
  'uuid' | 'lineage_id' | 'live_from' | 'created_at' | 'updated_at'
>;

/** Inserts states, each the first of its lineage, and answers their ids in the order given. */
export async function insertStates(db: Database, states: NewState[], at: Timestamp): Promise<number[]> {
  if (states.length === 0) return [];
  const rows = states.map((state) => ({
    ...state,
    uuid: crypto.randomUUID(),
    lineage_id: 0,
    live_from: at,
    created_at: at,
    updated_at: at,
  }));
  if (rows.length === 1) {
    const id = await insertRow(db, 'feature_states', rows[0] as (typeof rows)[0]);
    await db.updateTable('feature_states').set({ lineage_id: id }).where('id', '=', id).execute();
    return [id];
  }
  await insertRows(db, 'feature_states', rows);
  const uuids = rows.map((row) => row.uuid);
  await db
    .updateTable('feature_states')
    .set((eb) => ({ lineage_id: eb.ref('id') }))
    .where('uuid', 'in', uuids)
    .execute();
  const inserted = await db.selectFrom('feature_states').where('uuid', 'in', uuids).select(['id', 'uuid']).execute();
  const ids = new Map(inserted.map((row) => [row.uuid, row.id]));
  return uuids.map((uuid) => ids.get(uuid) as number);
}

export async function updateState(
  db: Database,
  stateId: number,
  changes: Partial<ValueColumns> & { enabled?: Bit },
  at: Timestamp,
): Promise<void> {
  await db
    .updateTable('feature_states')
    .set({ ...changes, updated_at: at })
    .where('id', '=', stateId)
    .execute();
}

/** Gives states another content each, in as many statements for one as for many. */
export async function updateStates(
  db: Database,
  changes: ({ id: number; enabled: Bit } & ValueColumns)[],
  at: Timestamp,
): Promise<void> {
  const changed = new Map(changes.map((change) => [change.id, change]));
  for (const part of chunks([...changed.keys()], 500)) {
    const rows = await db.selectFrom('feature_states').where('id', 'in', part).selectAll().execute();
    await upsertRows(
      db,
      'feature_states',
      rows.map((row) => ({ ...row, ...changed.get(row.id), updated_at: at })),
      {
        key: ['id'],
        update: ['enabled', 'value_type', 'string_value', 'integer_value', 'boolean_value', 'updated_at'],
      },
    );
  }
}

/** Sets weights, those that are there and those that are new. */
export async function setVariants(
  db: Database,
  variants: { stateId: number; optionId: number; weight: number }[],
): Promise<void> {
  await upsertRows(
    db,
    'feature_state_variants',
    variants.map((variant) => ({
      uuid: crypto.randomUUID(),
      feature_state_id: variant.stateId,
      multivariate_option_id: variant.optionId,
      percentage_allocation: variant.weight,
    })),
    { key: ['feature_state_id', 'multivariate_option_id'], update: ['percentage_allocation'] },
  );
}

/** What is served to everybody, or to everybody in a segment: a state that is no identity override. */
export interface LiveState {
  stateId: number;
  uuid: string;
  environmentId: number;
  featureId: number;
  /** Null where it is the environment's own. */
  override: { featureSegmentId: number; segmentId: number; segmentName: string; priority: number } | null;
  enabled: boolean;
  value: FeatureValue;
  weights: { optionId: number; weight: number }[];
}

/** The environments' own states, each followed by its segment overrides, the strongest first. Deleted features are left out. */
export async function findLiveStates(
  db: Database,
  filter: { environmentIds: number[]; featureId?: number; featureIds?: number[] },
): Promise<LiveState[]> {
  if (filter.environmentIds.length === 0) return [];
  let chosen = db
    .selectFrom('feature_states')
    .innerJoin('features', 'features.id', 'feature_states.feature_id')
    .leftJoin('feature_segments', 'feature_segments.id', 'feature_states.feature_segment_id')
    .leftJoin('segments', 'segments.id', 'feature_segments.segment_id')
    .where('feature_states.environment_id', 'in', filter.environmentIds)
    .where('feature_states.identity_id', 'is', null)
    .where('features.deleted_at', 'is', null)
    .where('segments.deleted_at', 'is', null);
  if (filter.featureId !== undefined) chosen = chosen.where('feature_states.feature_id', '=', filter.featureId);
  if (filter.featureIds !== undefined) chosen = chosen.where('feature_states.feature_id', 'in', filter.featureIds);
  const rows = await chosen
    .selectAll('feature_states')
    .select(['feature_segments.segment_id', 'feature_segments.priority', 'segments.name as segment_name'])
    .orderBy('feature_states.environment_id')
    .orderBy('feature_states.feature_id')
    .execute();
  const variants = await chosen
    .innerJoin('feature_state_variants', 'feature_state_variants.feature_state_id', 'feature_states.id')
    .select(['feature_state_id', 'multivariate_option_id', 'percentage_allocation'])
    .orderBy('feature_state_variants.id')
    .execute();
  const weights = Map.groupBy(variants, (variant) => variant.feature_state_id);
  const states = rows.map((row) => ({
    stateId: row.id,
    uuid: row.uuid,
    environmentId: row.environment_id,
    featureId: row.feature_id,
    override:
      row.feature_segment_id === null || row.segment_id === null
        ? null
        : {
            featureSegmentId: row.feature_segment_id,
            segmentId: row.segment_id,
            segmentName: row.segment_name ?? '',
            priority: row.priority ?? 0,
          },
    enabled: row.enabled === 1,
    value: valueOfColumns(row),
    weights: (weights.get(row.id) ?? []).map((variant) => ({
      optionId: variant.multivariate_option_id,
      weight: variant.percentage_allocation,
    })),
  }));
  const strength = (state: LiveState) => state.override?.priority ?? -1;
  return states.sort(
    (a, b) => a.environmentId - b.environmentId || a.featureId - b.featureId || strength(a) - strength(b),
  );
}

/** Whether what an environment serves changes by published versions only. */
export async function usesVersions(db: Database, environmentId: number): Promise<boolean> {
  const row = await db
    .selectFrom('environments')
    .where('id', '=', environmentId)
    .select('use_v2_feature_versioning')
    .executeTakeFirst();
  return row?.use_v2_feature_versioning === 1;
}

/** Removes states with their weights. */
export async function deleteStates(
  db: Database,
  filter: { stateIds: number[] } | { featureId: number } | { featureSegmentIds: number[] } | { identityId: number },
): Promise<void> {
  const [column, values] =
    'stateIds' in filter
      ? (['id', filter.stateIds] as const)
      : 'featureId' in filter
        ? (['feature_id', [filter.featureId]] as const)
        : 'featureSegmentIds' in filter
          ? (['feature_segment_id', filter.featureSegmentIds] as const)
          : (['identity_id', [filter.identityId]] as const);
  if (values.length === 0) return;
  const chosen = db.selectFrom('feature_states').where(column, 'in', values).select('id');
  await db.deleteFrom('feature_state_variants').where('feature_state_id', 'in', chosen).execute();
  await db.deleteFrom('feature_states').where(column, 'in', values).execute();
}

/** The variants that a feature has, with the weight that a new state starts with. */
export async function optionsOfFeature(db: Database, featureId: number) {
  const rows = await db
    .selectFrom('multivariate_options')
    .where('feature_id', '=', featureId)
    .select(['id', 'default_percentage_allocation as weight'])
    .orderBy('id')
    .execute();
  return rows;
}

export async function insertVariants(
  db: Database,
  variants: { stateId: number; optionId: number; weight: number }[],
): Promise<void> {
  if (variants.length === 0) return;
  await insertRows(
    db,
    'feature_state_variants',
    variants.map((variant) => ({
      uuid: crypto.randomUUID(),
      feature_state_id: variant.stateId,
      multivariate_option_id: variant.optionId,
      percentage_allocation: variant.weight,
    })),
  );
}

export async function updateVariant(db: Database, variantId: number, weight: number): Promise<void> {
  await db
    .updateTable('feature_state_variants')
    .set({ percentage_allocation: weight })
    .where('id', '=', variantId)
    .execute();
}

/** Ids of the environments' own states of a feature. */
export async function environmentStateIds(db: Database, featureId: number): Promise<number[]> {
  const rows = await db
    .selectFrom('feature_states')
    .where('feature_id', '=', featureId)
    .where('scope', '=', 'environment')
    .select('id')
    .orderBy('id')
    .execute();
  return rows.map((row) => row.id);
}

/** The largest sum of weights that any state of a feature has in any environment. */
export async function largestWeightSum(db: Database, featureId: number): Promise<number> {
  const row = await db
    .selectFrom('feature_state_variants')
    .innerJoin('feature_states', 'feature_states.id', 'feature_state_variants.feature_state_id')
    .where('feature_states.feature_id', '=', featureId)
    .where('feature_states.scope', '=', 'environment')
    .groupBy('feature_states.id')
    .select((eb) => eb.fn.sum<number>('percentage_allocation').as('sum'))
    .orderBy('sum', 'desc')
    .limit(1)
    .executeTakeFirst();
  return Number(row?.sum ?? 0);
}

export async function deleteVariantsOfOption(db: Database, optionId: number): Promise<void> {
  await db.deleteFrom('feature_state_variants').where('multivariate_option_id', '=', optionId).execute();
}

/** Features of a project with what a new environment's state starts from. */
export async function featuresOfProject(db: Database, projectId: number) {
  return db
    .selectFrom('features')
    .where('project_id', '=', projectId)
    .where('deleted_at', 'is', null)
    .select(['id', 'initial_value', 'default_enabled'])
    .orderBy('id')
    .execute();
}

export async function optionsOfProject(db: Database, projectId: number) {
  return db
    .selectFrom('multivariate_options')
    .innerJoin('features', 'features.id', 'multivariate_options.feature_id')
    .where('features.project_id', '=', projectId)
    .where('features.deleted_at', 'is', null)
    .select(['multivariate_options.id', 'feature_id', 'default_percentage_allocation as weight'])
    .orderBy('multivariate_options.id')
    .execute();
}

/** An identity of the environment. */
export async function findIdentity(db: Database, environmentId: number, by: { id: number } | { identifier: string }) {
  let query = db.selectFrom('identities').where('environment_id', '=', environmentId).select(['id', 'identifier']);
  query = 'id' in by ? query.where('id', '=', by.id) : query.where('identifier_hash', '=', sha256(by.identifier));
  return (await query.executeTakeFirst()) ?? null;
}

/** A feature segment of the environment. */
export async function findFeatureSegment(db: Database, environmentId: number, featureSegmentId: number) {
  const row = await db
    .selectFrom('feature_segments')
    .where('id', '=', featureSegmentId)
    .where('environment_id', '=', environmentId)
    .select(['id', 'feature_id as featureId'])
    .executeTakeFirst();
  return row ?? null;
}

/** A feature of the project. */
export async function findFeature(db: Database, projectId: number, featureId: number) {
  const row = await db
    .selectFrom('features')
    .where('id', '=', featureId)
    .where('project_id', '=', projectId)
    .where('deleted_at', 'is', null)
    .select(['id', 'name'])
    .executeTakeFirst();
  return row ?? null;
}
