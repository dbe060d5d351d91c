import type { LightEnvironment } from '@halyard/contract';
import type { Insertable, Selectable } from 'kysely';
import { insertRow, insertRows } from '../db/statements.ts';
import type { Database, EnvironmentTable } from '../db/tables.ts';
import type { Timestamp } from '../time.ts';
import { shownEnvironment } from './wire.ts';

/** What is set of an environment and what a copy starts with. */
export type EnvironmentSettings = Pick<
  Selectable<EnvironmentTable>,
  | 'description'
  | 'minimum_change_request_approvals'
  | 'allow_client_traits'
  | 'banner_text'
  | 'banner_colour'
  | 'hide_disabled_flags'
  | 'hide_sensitive_data'
  | 'use_identity_composite_key_for_hashing'
  | 'use_identity_overrides_in_local_eval'
>;

export type EnvironmentChanges = Partial<EnvironmentSettings & { name: string; name_key: string }>;

/** Environments of a project: those with these ids, or all of them where it is null. */
export interface EnvironmentFilter {
  projectId: number;
  environmentIds: number[] | null;
}

/** In the order in which they were made. */
export async function findEnvironments(
  db: Database,
  filter: EnvironmentFilter,
  window: { limit: number; offset: number },
): Promise<LightEnvironment[]> {
  const rows = await filtered(db, filter).selectAll().orderBy('id').limit(window.limit).offset(window.offset).execute();
  return rows.map(shownEnvironment);
}

export async function countEnvironments(db: Database, filter: EnvironmentFilter): Promise<number> {
  const { count } = await filtered(db, filter)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function findEnvironment(
  db: Database,
  by: { id: number } | { uuid: string },
): Promise<LightEnvironment | null> {
  let query = db.selectFrom('environments').where('deleted_at', 'is', null).selectAll();
  query = 'uuid' in by ? query.where('uuid', '=', by.uuid) : query.where('id', '=', by.id);
  const row = await query.executeTakeFirst();
  return row === undefined ? null : shownEnvironment(row);
}

/** When an SDK first asked for the flags of an environment, and which; null for one that is not there. */
export async function findFirstEvaluation(db: Database, apiKey: string) {
  const row = await db
    .selectFrom('environments')
    .innerJoin('projects', 'projects.id', 'environments.project_id')
    .innerJoin('organisations', 'organisations.id', 'projects.organisation_id')
    .where('environments.api_key', '=', apiKey)
    .where('environments.deleted_at', 'is', null)
    .where('projects.deleted_at', 'is', null)
    .where('organisations.deleted_at', 'is', null)
    .select(['environments.first_evaluated_at', 'environments.first_evaluated_sdk_label'])
    .executeTakeFirst();
  return row ?? null;
}

/** Notes the first evaluation; a later one changes nothing. */
export async function noteFirstEvaluation(
  db: Database,
  environmentId: number,
  first: { at: Timestamp; sdkLabel: string },
): Promise<void> {
  await db
    .updateTable('environments')
    .set({ first_evaluated_at: first.at, first_evaluated_sdk_label: first.sdkLabel })
    .where('id', '=', environmentId)
    .where('first_evaluated_at', 'is', null)
    .execute();
}

/** Deleted ones too. */
export async function findEnvironmentsById(db: Database, ids: number[]): Promise<LightEnvironment[]> {
  if (ids.length === 0) return [];
  const rows = await db.selectFrom('environments').where('id', 'in', ids).selectAll().execute();
  return rows.map(shownEnvironment);
}

export async function readSettings(db: Database, environmentId: number): Promise<EnvironmentSettings | null> {
  const row = await db
    .selectFrom('environments')
    .where('id', '=', environmentId)
    .where('deleted_at', 'is', null)
    .select([
      'description',
      'minimum_change_request_approvals',
      'allow_client_traits',
      'banner_text',
      'banner_colour',
      'hide_disabled_flags',
      'hide_sensitive_data',
      'use_identity_composite_key_for_hashing',
      'use_identity_overrides_in_local_eval',
    ])
    .executeTakeFirst();
  return row ?? null;
}

export async function countSegmentOverrides(db: Database, environmentId: number): Promise<number> {
  const { count } = await db
    .selectFrom('feature_states')
    .innerJoin('features', 'features.id', 'feature_states.feature_id')
    .where('feature_states.environment_id', '=', environmentId)
    .where('feature_states.feature_segment_id', 'is not', null)
    .where('features.deleted_at', 'is', null)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function nameIsTaken(db: Database, projectId: number, nameKey: string): Promise<boolean> {
  const row = await db
    .selectFrom('environments')
    .where('project_id', '=', projectId)
    .where('name_key', '=', nameKey)
    .select('id')
    .executeTakeFirst();
  return row !== undefined;
}

export async function insertEnvironment(db: Database, environment: Insertable<EnvironmentTable>): Promise<number> {
  return insertRow(db, 'environments', environment);
}

export async function updateEnvironment(
  db: Database,
  environmentId: number,
  changes: EnvironmentChanges,
): Promise<void> {
  await db.updateTable('environments').set(changes).where('id', '=', environmentId).execute();
}

/** Hides the environment and frees its name. */
export async function markDeleted(db: Database, environmentId: number, at: Timestamp): Promise<void> {
  await db
    .updateTable('environments')
    .set({ deleted_at: at, name_key: null })
    .where('id', '=', environmentId)
    .execute();
}

/** Gives a new environment the segments that override features in another. Answers new ids by old ones. */
export async function copyFeatureSegments(
  db: Database,
  environments: { from: number; to: number },
): Promise<Map<number, number>> {
  const rows = await db
    .selectFrom('feature_segments')
    .innerJoin('segments', 'segments.id', 'feature_segments.segment_id')
    .innerJoin('features', 'features.id', 'feature_segments.feature_id')
    .where('feature_segments.environment_id', '=', environments.from)
    .where('segments.deleted_at', 'is', null)
    .where('features.deleted_at', 'is', null)
    .selectAll('feature_segments')
    .orderBy('feature_segments.id')
    .execute();
  await insertRows(
    db,
    'feature_segments',
    rows.map(({ id: _, ...row }) => ({ ...row, uuid: crypto.randomUUID(), environment_id: environments.to })),
  );
  const copies = await db
    .selectFrom('feature_segments')
    .where('environment_id', '=', environments.to)
    .select(['id', 'feature_id', 'segment_id'])
    .execute();
  const copyOf = new Map(copies.map((copy) => [`${copy.feature_id} ${copy.segment_id}`, copy.id]));
  return new Map(rows.map((row) => [row.id, copyOf.get(`${row.feature_id} ${row.segment_id}`) as number]));
}

/**
 * Gives a new environment the states of another with their weights and lineage, in the same order: its own states, and
 * those of the feature segments that were copied. Identity overrides stay behind.
 */
export async function copyFeatureStates(
  db: Database,
  environments: { from: number; to: number },
  featureSegments: Map<number, number>,
  at: Timestamp,
): Promise<void> {
  const found = await db
    .selectFrom('feature_states')
    .innerJoin('features', 'features.id', 'feature_states.feature_id')
    .where('feature_states.environment_id', '=', environments.from)
    .where('feature_states.identity_id', 'is', null)
    .where('features.deleted_at', 'is', null)
    .selectAll('feature_states')
    .orderBy('feature_states.id')
    .execute();
  const rows = found.filter((row) => row.feature_segment_id === null || featureSegments.has(row.feature_segment_id));
  const uuidOf = new Map(rows.map((row) => [row.id, crypto.randomUUID()]));
  await insertRows(
    db,
    'feature_states',
    rows.map(({ id, ...row }) => {
      const featureSegmentId =
        row.feature_segment_id === null ? null : (featureSegments.get(row.feature_segment_id) as number);
      return {
        ...row,
        uuid: uuidOf.get(id) as string,
        environment_id: environments.to,
        scope: featureSegmentId === null ? row.scope : `segment:${featureSegmentId}`,
        feature_segment_id: featureSegmentId,
        live_from: at,
        created_at: at,
        updated_at: at,
      };
    }),
  );
  const copies = await db
    .selectFrom('feature_states')
    .where('environment_id', '=', environments.to)
    .select(['id', 'uuid'])
    .execute();
  const idOf = new Map(copies.map((copy) => [copy.uuid, copy.id]));
  const variants = await db
    .selectFrom('feature_state_variants')
    .innerJoin('feature_states', 'feature_states.id', 'feature_state_variants.feature_state_id')
    .where('feature_states.environment_id', '=', environments.from)
    .where('feature_states.identity_id', 'is', null)
    .selectAll('feature_state_variants')
    .orderBy('feature_state_variants.id')
    .execute();
  await insertRows(
    db,
    'feature_state_variants',
    variants
      .filter((variant) => uuidOf.has(variant.feature_state_id))
      .map(({ id: _, ...variant }) => ({
        ...variant,
        uuid: crypto.randomUUID(),
        feature_state_id: idOf.get(uuidOf.get(variant.feature_state_id) as string) as number,
      })),
  );
}

function filtered(db: Database, { projectId, environmentIds }: EnvironmentFilter) {
  const query = db.selectFrom('environments').where('project_id', '=', projectId).where('deleted_at', 'is', null);
  // No id is 0: nothing is visible, and a list may not be empty.
  return environmentIds === null ? query : query.where('id', 'in', environmentIds.length === 0 ? [0] : environmentIds);
}
