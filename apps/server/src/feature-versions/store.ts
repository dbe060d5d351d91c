import type { FeatureValue } from '@halyard/contract';
import type { Insertable, Selectable, Updateable } from 'kysely';
import { chunks, insertRows, upsertRows } from '../db/statements.ts';
import type { Bit, Database, FeatureVersionTable, ValueColumns } from '../db/tables.ts';
import type { Timestamp } from '../time.ts';
import { valueOfColumns } from '../db/values.ts';

export type Version = Selectable<FeatureVersionTable>;

export interface VersionFilter {
  environmentId: number;
  featureId: number;
  /** Published, and its time has come at this moment. */
  liveAt?: { at: Timestamp; isLive: boolean };
}

/** Versions: drafts, then by the time of going live, the newest first. */
export async function findVersions(
  db: Database,
  filter: VersionFilter,
  window: { limit: number; offset: number },
): Promise<Version[]> {
  return filtered(db, filter)
    .selectAll()
    .orderBy((eb) => eb.fn.coalesce('live_from', eb.val('9999')), 'desc')
    .orderBy('id', 'desc')
    .limit(window.limit)
    .offset(window.offset)
    .execute();
}

export async function countVersions(db: Database, filter: VersionFilter): Promise<number> {
  const { count } = await filtered(db, filter)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

function filtered(db: Database, { environmentId, featureId, liveAt }: VersionFilter) {
  const query = db
    .selectFrom('feature_versions')
    .where('environment_id', '=', environmentId)
    .where('feature_id', '=', featureId);
  if (liveAt === undefined) return query;
  return query.where((eb) => {
    const isLive = eb.and([eb('published', '=', 1), eb('live_from', '<=', liveAt.at)]);
    return liveAt.isLive ? isLive : eb.or([eb('published', '=', 0), eb('live_from', '>', liveAt.at)]);
  });
}

/** A version of a feature that is not deleted. */
export async function findVersion(db: Database, uuid: string): Promise<Version | null> {
  const row = await db
    .selectFrom('feature_versions')
    .innerJoin('features', 'features.id', 'feature_versions.feature_id')
    .where('feature_versions.uuid', '=', uuid)
    .where('features.deleted_at', 'is', null)
    .selectAll('feature_versions')
    .executeTakeFirst();
  return row ?? null;
}

/** The version that is served. */
export async function findCurrent(db: Database, environmentId: number, featureId: number): Promise<Version | null> {
  const row = await db
    .selectFrom('feature_versions')
    .where('environment_id', '=', environmentId)
    .where('feature_id', '=', featureId)
    .where('applied_at', 'is not', null)
    .where('replaced_at', 'is', null)
    .selectAll()
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row ?? null;
}

/** Published versions whose time has come and which are not served yet, in the order of their times. */
export async function findDue(
  db: Database,
  environmentId: number,
  featureId: number,
  at: Timestamp,
): Promise<Version[]> {
  return db
    .selectFrom('feature_versions')
    .where('environment_id', '=', environmentId)
    .where('feature_id', '=', featureId)
    .where('published', '=', 1)
    .where('applied_at', 'is', null)
    .where('live_from', '<=', at)
    .selectAll()
    .orderBy('live_from')
    .orderBy('id')
    .limit(1000)
    .execute();
}

/** Versions of a feature, in any environment, that are published and wait for their time: the earliest first. */
export async function findScheduled(db: Database, featureId: number): Promise<Version[]> {
  return db
    .selectFrom('feature_versions')
    .where('feature_id', '=', featureId)
    .where('published', '=', 1)
    .where('applied_at', 'is', null)
    .selectAll()
    .orderBy('live_from')
    .orderBy('id')
    .limit(1000)
    .execute();
}

/** The uuid of the newest published version that went live before this one. */
export async function findPredecessor(db: Database, version: Version): Promise<string | null> {
  const { live_from } = version;
  const query = db
    .selectFrom('feature_versions')
    .where('environment_id', '=', version.environment_id)
    .where('feature_id', '=', version.feature_id)
    .where('published', '=', 1);
  const row = await (live_from === null
    ? query.where('id', '<>', version.id)
    : query.where((eb) =>
        eb.or([eb('live_from', '<', live_from), eb.and([eb('live_from', '=', live_from), eb('id', '<', version.id)])]),
      )
  )
    .select('uuid')
    .orderBy('live_from', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.uuid ?? null;
}

export async function hasDraft(db: Database, environmentId: number, featureId: number): Promise<boolean> {
  const row = await db
    .selectFrom('feature_versions')
    .where('environment_id', '=', environmentId)
    .where('feature_id', '=', featureId)
    .where('published', '=', 0)
    .select('id')
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

export async function updateVersion(
  db: Database,
  versionId: number,
  changes: Updateable<FeatureVersionTable>,
): Promise<void> {
  await db.updateTable('feature_versions').set(changes).where('id', '=', versionId).execute();
}

/** Notes that a version is served from now on, and no other of its feature in its environment. */
export async function markApplied(db: Database, version: Version, at: Timestamp): Promise<void> {
  await markReplaced(db, { environmentIds: [version.environment_id], featureIds: [version.feature_id] }, at);
  await updateVersion(db, version.id, { applied_at: at });
}

/** Notes that the versions of features in environments are not served any more. */
export async function markReplaced(
  db: Database,
  of: { environmentIds: number[]; featureIds: number[] },
  at: Timestamp,
): Promise<void> {
  for (const part of chunks(of.featureIds, 1000)) {
    await db
      .updateTable('feature_versions')
      .set({ replaced_at: at })
      .where('environment_id', 'in', of.environmentIds)
      .where('feature_id', 'in', part)
      .where('applied_at', 'is not', null)
      .where('replaced_at', 'is', null)
      .execute();
  }
}

/** A state inside a version. */
export interface StoredVersionState {
  id: number;
  uuid: string;
  segmentId: number | null;
  enabled: boolean;
  value: FeatureValue;
  weights: { id: number; optionId: number; weight: number }[];
  createdAt: Timestamp;
  updatedAt: Timestamp;
}

/** The states of a version: the environment's own, then the overrides, the strongest first. Deleted segments are left out. */
export async function findVersionStates(db: Database, versionId: number): Promise<StoredVersionState[]> {
  const rows = await db
    .selectFrom('version_states')
    .leftJoin('segments', 'segments.id', 'version_states.segment_id')
    .where('version_id', '=', versionId)
    .where('segments.deleted_at', 'is', null)
    .selectAll('version_states')
    .orderBy((eb) => eb.fn.coalesce('version_states.priority', eb.val(-1)))
    .orderBy('version_states.id')
    .execute();
  const variants = await db
    .selectFrom('version_state_variants')
    .innerJoin('version_states', 'version_states.id', 'version_state_variants.version_state_id')
    .where('version_states.version_id', '=', versionId)
    .selectAll('version_state_variants')
    .orderBy('version_state_variants.multivariate_option_id')
    .execute();
  const weights = Map.groupBy(variants, (variant) => variant.version_state_id);
  return rows.map((row) => ({
    id: row.id,
    uuid: row.uuid,
    segmentId: row.segment_id,
    enabled: row.enabled === 1,
    value: valueOfColumns(row),
    weights: (weights.get(row.id) ?? []).map((variant) => ({
      id: variant.id,
      optionId: variant.multivariate_option_id,
      weight: variant.percentage_allocation,
    })),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }));
}

export interface NewVersion {
  version: Omit<Insertable<FeatureVersionTable>, 'uuid'>;
  /** The environment's own state, then the overrides, the strongest first. */
  states: NewVersionState[];
}

export interface NewVersionState extends ValueColumns {
  segment_id: number | null;
  enabled: Bit;
  weights: { optionId: number; weight: number }[];
}

/** Inserts versions with their states, in as many statements for one as for many, and answers their uuids in the order given. */
export async function insertVersions(db: Database, list: NewVersion[], at: Timestamp): Promise<string[]> {
  const named = list.map((item) => ({ ...item, uuid: crypto.randomUUID() as string }));
  await insertRows(
    db,
    'feature_versions',
    named.map(({ version, uuid }) => ({ ...version, uuid })),
  );
  const versionIds = await idsOf(
    db,
    'feature_versions',
    named.map(({ uuid }) => uuid),
  );
  await insertStates(
    db,
    named.flatMap(({ uuid, states }) =>
      states.map((state, index) => ({
        ...state,
        version_id: versionIds.get(uuid) as number,
        priority: priorityAt(states, index),
      })),
    ),
    at,
  );
  return named.map(({ uuid }) => uuid);
}

/** Lets a version hold exactly these states; those that have an id keep it. */
export async function saveVersionStates(
  db: Database,
  versionId: number,
  states: (NewVersionState & { id?: number })[],
  at: Timestamp,
): Promise<void> {
  const rows = states.map((state, index) => ({ ...state, priority: priorityAt(states, index) }));
  const kept = rows.filter((state) => state.id !== undefined);
  const stored = await db.selectFrom('version_states').where('version_id', '=', versionId).selectAll().execute();
  const wanted = new Map(kept.map((state) => [state.id, state]));
  await deleteStates(
    db,
    stored.filter((row) => !wanted.has(row.id)).map((row) => row.id),
  );
  await upsertRows(
    db,
    'version_states',
    stored
      .filter((row) => wanted.has(row.id))
      .map((row) => {
        const { id: _, weights: __, ...changes } = wanted.get(row.id) as (typeof kept)[number];
        return { ...row, ...changes, updated_at: at };
      }),
    {
      key: ['id'],
      update: ['enabled', 'priority', 'value_type', 'string_value', 'integer_value', 'boolean_value', 'updated_at'],
    },
  );
  await upsertRows(
    db,
    'version_state_variants',
    kept.flatMap((state) =>
      state.weights.map(({ optionId, weight }) => ({
        version_state_id: state.id as number,
        multivariate_option_id: optionId,
        percentage_allocation: weight,
      })),
    ),
    { key: ['version_state_id', 'multivariate_option_id'], update: ['percentage_allocation'] },
  );
  await insertStates(
    db,
    rows.filter((state) => state.id === undefined).map((state) => ({ ...state, version_id: versionId })),
    at,
  );
}

async function insertStates(
  db: Database,
  states: (NewVersionState & { version_id: number; priority: number | null })[],
  at: Timestamp,
): Promise<void> {
  const named = states.map((state) => ({ ...state, uuid: crypto.randomUUID() as string }));
  await insertRows(
    db,
    'version_states',
    named.map((state) => ({
      uuid: state.uuid,
      version_id: state.version_id,
      segment_id: state.segment_id,
      priority: state.priority,
      enabled: state.enabled,
      value_type: state.value_type,
      string_value: state.string_value,
      integer_value: state.integer_value,
      boolean_value: state.boolean_value,
      created_at: at,
      updated_at: at,
    })),
  );
  const weighed = named.filter((state) => state.weights.length > 0);
  const stateIds = await idsOf(
    db,
    'version_states',
    weighed.map(({ uuid }) => uuid),
  );
  await insertRows(
    db,
    'version_state_variants',
    weighed.flatMap(({ uuid, weights }) =>
      weights.map(({ optionId, weight }) => ({
        version_state_id: stateIds.get(uuid) as number,
        multivariate_option_id: optionId,
        percentage_allocation: weight,
      })),
    ),
  );
}

function priorityAt(states: { segment_id: number | null }[], index: number): number | null {
  if (states[index]?.segment_id === null) return null;
  return index - (states[0]?.segment_id === null ? 1 : 0);
}

async function idsOf(
  db: Database,
  table: 'feature_versions' | 'version_states',
  uuids: string[],
): Promise<Map<string, number>> {
  const ids = new Map<string, number>();
  for (const part of chunks(uuids, 1000)) {
    const rows = await db.selectFrom(table).where('uuid', 'in', part).select(['id', 'uuid']).execute();
    for (const row of rows) ids.set(row.uuid, row.id);
  }
  return ids;
}

/** Removes versions with their states: one, or all of an environment. */
export async function deleteVersions(
  db: Database,
  which: { versionId: number } | { environmentId: number },
): Promise<void> {
  const [column, value] =
    'versionId' in which ? (['id', which.versionId] as const) : (['environment_id', which.environmentId] as const);
  const versions = db.selectFrom('feature_versions').where(column, '=', value).select('id');
  const states = db.selectFrom('version_states').where('version_id', 'in', versions).select('id');
  await db.deleteFrom('version_state_variants').where('version_state_id', 'in', states).execute();
  await db.deleteFrom('version_states').where('version_id', 'in', versions).execute();
  await db.deleteFrom('feature_versions').where(column, '=', value).execute();
}

async function deleteStates(db: Database, stateIds: number[]): Promise<void> {
  for (const part of chunks(stateIds, 1000)) {
    await db.deleteFrom('version_state_variants').where('version_state_id', 'in', part).execute();
    await db.deleteFrom('version_states').where('id', 'in', part).execute();
  }
}

/** Gives a variant its weight in the environments' own states of all versions that are served or may come to be. */
export async function insertVariantIntoVersions(
  db: Database,
  option: { id: number; featureId: number; weight: number },
): Promise<void> {
  await db
    .insertInto('version_state_variants')
    .columns(['version_state_id', 'multivariate_option_id', 'percentage_allocation'])
    .expression(
      db
        .selectFrom('version_states')
        .innerJoin('feature_versions', 'feature_versions.id', 'version_states.version_id')
        .where('feature_versions.feature_id', '=', option.featureId)
        .where('feature_versions.replaced_at', 'is', null)
        .where('version_states.segment_id', 'is', null)
        .select((eb) => ['version_states.id', eb.lit(option.id).as('option_id'), eb.lit(option.weight).as('weight')]),
    )
    .execute();
}

/** The largest sum of weights of the environments' own states in versions that will go live by themselves. */
export async function largestScheduledWeightSum(db: Database, featureId: number): Promise<number> {
  const row = await db
    .selectFrom('version_state_variants')
    .innerJoin('version_states', 'version_states.id', 'version_state_variants.version_state_id')
    .innerJoin('feature_versions', 'feature_versions.id', 'version_states.version_id')
    .where('feature_versions.feature_id', '=', featureId)
    .where('feature_versions.replaced_at', 'is', null)
    .where('feature_versions.published', '=', 1)
    .where('version_states.segment_id', 'is', null)
    .groupBy('version_states.id')
    .select((eb) => eb.fn.sum<number>('percentage_allocation').as('sum'))
    .orderBy('sum', 'desc')
    .limit(1)
    .executeTakeFirst();
  return Number(row?.sum ?? 0);
}

export async function deleteVariantFromVersions(db: Database, optionId: number): Promise<void> {
  await db.deleteFrom('version_state_variants').where('multivariate_option_id', '=', optionId).execute();
}

export async function setVersioning(db: Database, environmentId: number, on: boolean): Promise<void> {
  await db
    .updateTable('environments')
    .set({ use_v2_feature_versioning: Number(on) })
    .where('id', '=', environmentId)
    .execute();
}

/** Ids of the project's environments that have versions. */
export async function versionedEnvironments(db: Database, projectId: number): Promise<number[]> {
  const rows = await db
    .selectFrom('environments')
    .where('project_id', '=', projectId)
    .where('deleted_at', 'is', null)
    .where('use_v2_feature_versioning', '=', 1)
    .select('id')
    .orderBy('id')
    .execute();
  return rows.map((row) => row.id);
}

/** A feature of the project. */
export async function findFeature(db: Database, projectId: number, featureId: number) {
  const row = await db
    .selectFrom('features')
    .where('id', '=', featureId)
    .where('project_id', '=', projectId)
    .where('deleted_at', 'is', null)
    .select(['id', 'name', 'type'])
    .executeTakeFirst();
  return row ?? null;
}
