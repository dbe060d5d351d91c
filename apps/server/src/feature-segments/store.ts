import { type Insertable, sql } from 'kysely';
import { chunks, insertRow, insertRows } from '../db/statements.ts';
import type { Database, FeatureSegmentTable } from '../db/tables.ts';

/** A feature segment with the names that its messages need. */
export interface StoredFeatureSegment {
  id: number;
  uuid: string;
  environmentId: number;
  featureId: number;
  featureName: string;
  segmentId: number;
  segmentName: string;
  /** The one feature that the segment is for. */
  segmentFeatureId: number | null;
  priority: number;
}

export type FeatureSegmentFilter =
  | { environmentId: number; featureId: number }
  | { environmentId: number; id: number }
  | { ids: number[] }
  | { uuid: string };

/** Feature segments in the order of their strength, those of deleted features and segments left out. */
export async function findFeatureSegments(
  db: Database,
  filter: FeatureSegmentFilter,
  window: { limit: number; offset: number },
): Promise<StoredFeatureSegment[]> {
  return filtered(db, filter)
    .select([
      'feature_segments.id',
      'feature_segments.uuid',
      'feature_segments.environment_id as environmentId',
      'feature_segments.feature_id as featureId',
      'features.name as featureName',
      'feature_segments.segment_id as segmentId',
      'segments.name as segmentName',
      'segments.feature_id as segmentFeatureId',
      'feature_segments.priority',
    ])
    .orderBy('feature_segments.priority')
    .orderBy('feature_segments.id')
    .limit(window.limit)
    .offset(window.offset)
    .execute();
}

export async function countFeatureSegments(db: Database, filter: FeatureSegmentFilter): Promise<number> {
  const { count } = await filtered(db, filter)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

function filtered(db: Database, filter: FeatureSegmentFilter) {
  let query = db
    .selectFrom('feature_segments')
    .innerJoin('features', 'features.id', 'feature_segments.feature_id')
    .innerJoin('segments', 'segments.id', 'feature_segments.segment_id')
    .where('features.deleted_at', 'is', null)
    .where('segments.deleted_at', 'is', null);
  if ('environmentId' in filter) query = query.where('feature_segments.environment_id', '=', filter.environmentId);
  if ('featureId' in filter) query = query.where('feature_segments.feature_id', '=', filter.featureId);
  if ('id' in filter) query = query.where('feature_segments.id', '=', filter.id);
  if ('ids' in filter) query = query.where('feature_segments.id', 'in', filter.ids);
  if ('uuid' in filter) query = query.where('feature_segments.uuid', '=', filter.uuid);
  return query;
}

/** Where a feature segment stands among those of its feature and environment. */
export interface Place {
  id: number;
  environmentId: number;
  featureId: number;
  segmentId: number;
  priority: number;
}

/** All places of a feature in an environment, the strongest first. */
export async function findPlaces(db: Database, environmentId: number, featureId: number): Promise<Place[]> {
  return db
    .selectFrom('feature_segments')
    .where('environment_id', '=', environmentId)
    .where('feature_id', '=', featureId)
    .select(placeColumns)
    .orderBy('priority')
    .orderBy('id')
    .execute();
}

/** All places, the strongest first, of each feature and environment that a segment has a place in. */
export async function findPlacesBesideSegment(db: Database, segmentId: number): Promise<Place[]> {
  return db
    .selectFrom('feature_segments')
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom('feature_segments as own')
          .select(eb.lit(1).as('one'))
          .where('own.segment_id', '=', segmentId)
          .whereRef('own.environment_id', '=', 'feature_segments.environment_id')
          .whereRef('own.feature_id', '=', 'feature_segments.feature_id'),
      ),
    )
    .select(placeColumns)
    .orderBy('priority')
    .orderBy('id')
    .execute();
}

const placeColumns = [
  'id',
  'environment_id as environmentId',
  'feature_id as featureId',
  'segment_id as segmentId',
  'priority',
] as const;

export async function insertFeatureSegment(db: Database, row: Insertable<FeatureSegmentTable>): Promise<number> {
  return insertRow(db, 'feature_segments', row);
}

export async function insertFeatureSegments(db: Database, rows: Insertable<FeatureSegmentTable>[]): Promise<void> {
  await insertRows(db, 'feature_segments', rows);
}

/** Gives feature segments other priorities. */
export async function setPriorities(db: Database, changes: { id: number; priority: number }[]): Promise<void> {
  for (const part of chunks(changes, 500)) {
    // As literals: a server that prepares the statement would take bound numbers of a `case` for text.
    const cases = part.map(({ id, priority }) => sql`when ${sql.lit(id)} then ${sql.lit(priority)}`);
    await db
      .updateTable('feature_segments')
      .set({ priority: sql<number>`case id ${sql.join(cases, sql` `)} end` })
      .where(
        'id',
        'in',
        part.map(({ id }) => id),
      )
      .execute();
  }
}

export async function setSegment(db: Database, id: number, segmentId: number): Promise<void> {
  await db.updateTable('feature_segments').set({ segment_id: segmentId }).where('id', '=', id).execute();
}

export async function deleteFeatureSegments(db: Database, ids: number[]): Promise<void> {
  for (const part of chunks(ids, 1000)) await db.deleteFrom('feature_segments').where('id', 'in', part).execute();
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

/** A segment of the project, with the feature that it is for. */
export async function findSegment(db: Database, projectId: number, segmentId: number) {
  const row = await db
    .selectFrom('segments')
    .where('id', '=', segmentId)
    .where('project_id', '=', projectId)
    .where('deleted_at', 'is', null)
    .select(['id', 'feature_id as featureId'])
    .executeTakeFirst();
  return row ?? null;
}

/** Those of the segments that are the project's, with the feature that each is for. */
export async function findSegments(db: Database, projectId: number, segmentIds: number[]) {
  const found: { id: number; name: string; featureId: number | null }[] = [];
  for (const part of chunks(segmentIds, 1000)) {
    const rows = await db
      .selectFrom('segments')
      .where('id', 'in', part)
      .where('project_id', '=', projectId)
      .where('deleted_at', 'is', null)
      .select(['id', 'name', 'feature_id as featureId'])
      .execute();
    found.push(...rows);
  }
  return found;
}
