import type { Database } from '../db/tables.ts';

/** A feature of the project, by its id or its name. */
export async function findFeature(db: Database, projectId: number, by: { id: number } | { name: string }) {
  let query = db.selectFrom('features').where('project_id', '=', projectId).where('deleted_at', 'is', null);
  query = 'id' in by ? query.where('id', '=', by.id) : query.where('name', '=', by.name);
  return (await query.select(['id', 'name', 'type']).executeTakeFirst()) ?? null;
}

/** A change that touched only this environment. */
export async function findChange(db: Database, environmentId: number, changeId: number) {
  const row = await db
    .selectFrom('changes')
    .where('id', '=', changeId)
    .where('environment_id', '=', environmentId)
    .select(['id', 'object_type', 'object_id', 'change_type', 'before', 'after', 'created_date'])
    .executeTakeFirst();
  return row ?? null;
}

/** The segment of a live segment override, by the id of its state; null for the environment's own state. */
export async function findLiveState(db: Database, environmentId: number, featureId: number, stateId: number) {
  const row = await db
    .selectFrom('feature_states')
    .leftJoin('feature_segments', 'feature_segments.id', 'feature_states.feature_segment_id')
    .where('feature_states.id', '=', stateId)
    .where('feature_states.environment_id', '=', environmentId)
    .where('feature_states.feature_id', '=', featureId)
    .where('feature_states.identity_id', 'is', null)
    .select('feature_segments.segment_id as segmentId')
    .executeTakeFirst();
  return row ?? null;
}

/** Segments by the ids of feature segments that are there. */
export async function segmentsOf(db: Database, environmentId: number, featureId: number): Promise<Map<number, number>> {
  const rows = await db
    .selectFrom('feature_segments')
    .where('environment_id', '=', environmentId)
    .where('feature_id', '=', featureId)
    .select(['id', 'segment_id'])
    .execute();
  return new Map(rows.map((row) => [row.id, row.segment_id]));
}
