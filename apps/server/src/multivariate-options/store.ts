import type { MultivariateOption } from '@halyard/contract';
import type { Insertable, Selectable } from 'kysely';
import { insertRow } from '../db/statements.ts';
import type { Database, MultivariateOptionTable } from '../db/tables.ts';

/** The options of features, in the order in which they were made. */
export async function findOptions(
  db: Database,
  filter: { featureIds: number[] } | { uuid: string },
): Promise<MultivariateOption[]> {
  if ('featureIds' in filter && filter.featureIds.length === 0) return [];
  let query = db.selectFrom('multivariate_options').selectAll().orderBy('id');
  query = 'uuid' in filter ? query.where('uuid', '=', filter.uuid) : query.where('feature_id', 'in', filter.featureIds);
  return (await query.execute()).map(shown);
}

/** The project of a feature that is not deleted. */
export async function projectOfFeature(db: Database, featureId: number): Promise<number | null> {
  const row = await db
    .selectFrom('features')
    .where('id', '=', featureId)
    .where('deleted_at', 'is', null)
    .select('project_id')
    .executeTakeFirst();
  return row?.project_id ?? null;
}

export async function insertOption(db: Database, option: Insertable<MultivariateOptionTable>): Promise<number> {
  return insertRow(db, 'multivariate_options', option);
}

export async function updateOption(
  db: Database,
  optionId: number,
  changes: Partial<Insertable<MultivariateOptionTable>>,
): Promise<void> {
  await db.updateTable('multivariate_options').set(changes).where('id', '=', optionId).execute();
}

export async function deleteOption(db: Database, optionId: number): Promise<void> {
  await db.deleteFrom('multivariate_options').where('id', '=', optionId).execute();
}

/** A feature is multivariate exactly while it has options. */
export async function setFeatureType(
  db: Database,
  featureId: number,
  type: 'STANDARD' | 'MULTIVARIATE',
): Promise<void> {
  await db.updateTable('features').set({ type }).where('id', '=', featureId).execute();
}

function shown(row: Selectable<MultivariateOptionTable>): MultivariateOption {
  return {
    id: row.id,
    uuid: row.uuid,
    type: row.value_type,
    string_value: row.string_value,
    integer_value: row.integer_value,
    boolean_value: row.boolean_value === null ? null : row.boolean_value === 1,
    default_percentage_allocation: row.default_percentage_allocation,
    key: row.key,
    feature: row.feature_id,
  };
}
