import type { ExportedFeature, FeatureExport } from '@halyard/contract';
import type { Insertable, Selectable } from 'kysely';
import { insertRow } from '../db/statements.ts';
import type { Database, FeatureExportTable } from '../db/tables.ts';
import type { Timestamp } from '../time.ts';
import { valueOfColumns } from '../db/values.ts';

export type StoredExport = Selectable<FeatureExportTable>;

/** Exports of environments, the newest first, without their files. */
export async function findExports(
  db: Database,
  environmentIds: number[],
  window: { limit: number; offset: number },
): Promise<FeatureExport[]> {
  if (environmentIds.length === 0) return [];
  return db
    .selectFrom('feature_exports')
    .where('environment_id', 'in', environmentIds)
    .select(['id', 'name', 'environment_id', 'status', 'created_at'])
    .orderBy('id', 'desc')
    .limit(window.limit)
    .offset(window.offset)
    .execute();
}

export async function countExports(db: Database, environmentIds: number[]): Promise<number> {
  if (environmentIds.length === 0) return 0;
  const { count } = await db
    .selectFrom('feature_exports')
    .where('environment_id', 'in', environmentIds)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function findExport(db: Database, exportId: number): Promise<StoredExport | null> {
  return (await db.selectFrom('feature_exports').where('id', '=', exportId).selectAll().executeTakeFirst()) ?? null;
}

export async function insertExport(db: Database, row: Insertable<FeatureExportTable>): Promise<number> {
  return insertRow(db, 'feature_exports', row);
}

export async function deleteOlder(db: Database, before: Timestamp): Promise<void> {
  await db.deleteFrom('feature_exports').where('created_at', '<', before).execute();
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

/** The first of the tags that the project has not; null where it has them all. */
export async function findUnknownTag(db: Database, projectId: number, tagIds: number[]): Promise<number | null> {
  if (tagIds.length === 0) return null;
  const rows = await db
    .selectFrom('tags')
    .where('project_id', '=', projectId)
    .where('id', 'in', tagIds)
    .select('id')
    .execute();
  const known = new Set(rows.map((row) => row.id));
  return tagIds.find((id) => !known.has(id)) ?? null;
}

/** Features that are not archived as they stand in an environment, in the order in which they were made. */
export async function readFeatures(
  db: Database,
  filter: { environmentId: number; tagIds: number[] },
): Promise<ExportedFeature[]> {
  let states = db
    .selectFrom('feature_states')
    .innerJoin('features', 'features.id', 'feature_states.feature_id')
    .where('feature_states.environment_id', '=', filter.environmentId)
    .where('feature_states.scope', '=', 'environment')
    .where('features.deleted_at', 'is', null)
    .where('features.is_archived', '=', 0);
  if (filter.tagIds.length > 0) {
    states = states.where('features.id', 'in', (eb) =>
      eb.selectFrom('feature_tags').where('tag_id', 'in', filter.tagIds).select('feature_tags.feature_id'),
    );
  }
  const rows = await states
    .select([
      'feature_states.id',
      'features.name',
      'features.default_enabled',
      'features.is_server_key_only',
      'features.initial_value',
      'feature_states.enabled',
      'feature_states.value_type',
      'feature_states.string_value',
      'feature_states.integer_value',
      'feature_states.boolean_value',
    ])
    .orderBy('features.id')
    .execute();
  const variants = await states
    .innerJoin('feature_state_variants', 'feature_state_variants.feature_state_id', 'feature_states.id')
    .innerJoin('multivariate_options', 'multivariate_options.id', 'feature_state_variants.multivariate_option_id')
    .select([
      'feature_states.id as state_id',
      'feature_state_variants.percentage_allocation',
      'multivariate_options.default_percentage_allocation',
      'multivariate_options.value_type',
      'multivariate_options.string_value',
      'multivariate_options.integer_value',
      'multivariate_options.boolean_value',
    ])
    .orderBy('feature_state_variants.id')
    .execute();
  const byState = Map.groupBy(variants, (variant) => variant.state_id);
  return rows.map((row) => ({
    name: row.name,
    default_enabled: row.default_enabled === 1,
    is_server_key_only: row.is_server_key_only === 1,
    initial_value: row.initial_value,
    value: valueOfColumns(row),
    type: row.value_type,
    enabled: row.enabled === 1,
    multivariate: (byState.get(row.id) ?? []).map((variant) => ({
      percentage_allocation: variant.percentage_allocation,
      default_percentage_allocation: variant.default_percentage_allocation,
      value: valueOfColumns(variant),
      type: variant.value_type,
    })),
  }));
}
