import type { Segment, SegmentRule } from '@halyard/contract';
import { type Insertable, type Selectable, sql } from 'kysely';
import { containsText, insertRow } from '../db/statements.ts';
import type { Database, SegmentTable } from '../db/tables.ts';
import type { Timestamp } from '../time.ts';

/** A segment with the number of its present version, without its custom fields. */
export interface StoredSegment extends Omit<Segment, 'metadata'> {
  version: number;
}

export interface SegmentFilter {
  search?: string | undefined;
  includeFeatureSpecific: boolean;
}

/** Segments of a project in the order in which they were made. */
export async function findSegments(
  db: Database,
  projectId: number,
  filter: SegmentFilter,
  window: { limit: number; offset: number },
): Promise<StoredSegment[]> {
  const rows = await filtered(db, projectId, filter)
    .selectAll()
    .orderBy('id')
    .limit(window.limit)
    .offset(window.offset)
    .execute();
  return rows.map(stored);
}

export async function countSegments(db: Database, projectId: number, filter: SegmentFilter): Promise<number> {
  const { count } = await filtered(db, projectId, filter)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

function filtered(db: Database, projectId: number, filter: SegmentFilter) {
  let query = db.selectFrom('segments').where('project_id', '=', projectId).where('deleted_at', 'is', null);
  if (filter.search) query = query.where(containsText(db, sql.ref('segments.name'), filter.search));
  if (!filter.includeFeatureSpecific) query = query.where('feature_id', 'is', null);
  return query;
}

export async function findSegment(
  db: Database,
  by: { projectId: number; id: number } | { uuid: string },
): Promise<StoredSegment | null> {
  let query = db.selectFrom('segments').where('deleted_at', 'is', null).selectAll();
  query =
    'uuid' in by
      ? query.where('uuid', '=', by.uuid)
      : query.where('id', '=', by.id).where('project_id', '=', by.projectId);
  const row = await query.executeTakeFirst();
  return row === undefined ? null : stored(row);
}

export async function insertSegment(db: Database, segment: Insertable<SegmentTable>): Promise<number> {
  return insertRow(db, 'segments', segment);
}

export async function updateSegment(db: Database, segment: StoredSegment): Promise<void> {
  const { name, description, version, updated_at } = segment;
  await db
    .updateTable('segments')
    .set({ name, description, version, updated_at, rules: JSON.stringify(segment.rules) })
    .where('id', '=', segment.id)
    .execute();
}

/** Keeps a version of a segment that another one replaces. Its time is when it was made. */
export async function insertRevision(db: Database, segment: StoredSegment): Promise<void> {
  await insertRow(db, 'segment_revisions', {
    segment_id: segment.id,
    version: segment.version,
    name: segment.name,
    description: segment.description,
    rules: JSON.stringify(segment.rules),
    created_at: segment.updated_at,
  });
}

export async function markDeleted(db: Database, segmentId: number, at: Timestamp): Promise<void> {
  await db.updateTable('segments').set({ deleted_at: at }).where('id', '=', segmentId).execute();
}

/** Hides the segments that only a feature uses. */
export async function markDeletedWithFeature(db: Database, featureId: number, at: Timestamp): Promise<void> {
  await db
    .updateTable('segments')
    .set({ deleted_at: at })
    .where('feature_id', '=', featureId)
    .where('deleted_at', 'is', null)
    .execute();
}

export async function featureExists(db: Database, projectId: number, featureId: number): Promise<boolean> {
  const row = await db
    .selectFrom('features')
    .where('id', '=', featureId)
    .where('project_id', '=', projectId)
    .where('deleted_at', 'is', null)
    .select('id')
    .executeTakeFirst();
  return row !== undefined;
}

export interface OverrideFilter {
  segmentId: number;
  environmentId?: number | undefined;
}

/** Feature states that override a feature for the segment, in the order of their ids. */
export async function findOverrides(
  db: Database,
  filter: OverrideFilter,
  window: { limit: number; offset: number },
): Promise<{ id: number; feature: number; environment: number }[]> {
  return overrides(db, filter)
    .select([
      'feature_states.id',
      'feature_states.feature_id as feature',
      'feature_states.environment_id as environment',
    ])
    .orderBy('feature_states.id')
    .limit(window.limit)
    .offset(window.offset)
    .execute();
}

export async function countOverrides(db: Database, filter: OverrideFilter): Promise<number> {
  const { count } = await overrides(db, filter)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

function overrides(db: Database, { segmentId, environmentId }: OverrideFilter) {
  const query = db
    .selectFrom('feature_segments')
    .innerJoin('feature_states', 'feature_states.feature_segment_id', 'feature_segments.id')
    .innerJoin('features', 'features.id', 'feature_segments.feature_id')
    .innerJoin('environments', 'environments.id', 'feature_segments.environment_id')
    .where('feature_segments.segment_id', '=', segmentId)
    .where('features.deleted_at', 'is', null)
    .where('environments.deleted_at', 'is', null);
  return environmentId === undefined ? query : query.where('feature_segments.environment_id', '=', environmentId);
}

function stored(row: Selectable<SegmentTable>): StoredSegment {
  return {
    id: row.id,
    uuid: row.uuid,
    name: row.name,
    description: row.description,
    project: row.project_id,
    feature: row.feature_id,
    version_of: row.id,
    rules: JSON.parse(row.rules) as SegmentRule[],
    created_at: row.created_at,
    updated_at: row.updated_at,
    version: row.version,
  };
}
