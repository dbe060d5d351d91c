import type { Person } from '@halyard/contract';
import { type Expression, type Selectable, type SqlBool, sql } from 'kysely';
import { containsText } from '../db/statements.ts';
import type { ChangeTable, Database } from '../db/tables.ts';
import type { Timestamp } from '../time.ts';

export type StoredChange = Selectable<ChangeTable>;

/** Where the records are that somebody may see. */
export type AuditPlace = { organisationIds?: number[]; projectId?: number };

export interface AuditFilter {
  projectId?: number | undefined;
  featureId?: number | undefined;
  environmentIds?: number[] | undefined;
  search?: string | undefined;
  isSystemEvent?: boolean | undefined;
  userId?: number | undefined;
  from?: Timestamp | undefined;
  /** The last moment; a change at it counts. */
  until?: Timestamp | undefined;
  objectType?: string | undefined;
  objectId?: number | undefined;
  /** Only records that are older than this one. */
  before?: number | undefined;
}

/** The newest first. */
export async function findChanges(
  db: Database,
  place: AuditPlace,
  filter: AuditFilter,
  window: { limit: number; offset: number },
): Promise<StoredChange[]> {
  if (place.organisationIds?.length === 0) return [];
  return filtered(db, place, filter)
    .selectAll()
    .orderBy('id', 'desc')
    .limit(window.limit)
    .offset(window.offset)
    .execute();
}

export async function countChanges(db: Database, place: AuditPlace, filter: AuditFilter): Promise<number> {
  if (place.organisationIds?.length === 0) return 0;
  const { count } = await filtered(db, place, filter)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function findChange(db: Database, place: AuditPlace, changeId: number): Promise<StoredChange | null> {
  const row = await filtered(db, place, {}).where('id', '=', changeId).selectAll().executeTakeFirst();
  return row ?? null;
}

function filtered(db: Database, place: AuditPlace, filter: AuditFilter) {
  let query = db.selectFrom('changes');
  if (place.organisationIds !== undefined) query = query.where('organisation_id', 'in', place.organisationIds);
  if (place.projectId !== undefined) query = query.where('project_id', '=', place.projectId);
  if (filter.projectId !== undefined) query = query.where('project_id', '=', filter.projectId);
  if (filter.featureId !== undefined) query = query.where(isAboutFeature(filter.featureId));
  if (filter.environmentIds !== undefined) query = query.where('environment_id', 'in', filter.environmentIds);
  if (filter.search) query = query.where(containsText(db, sql.ref('changes.log'), filter.search));
  if (filter.isSystemEvent !== undefined) query = query.where('is_system_event', '=', Number(filter.isSystemEvent));
  if (filter.userId !== undefined) query = query.where('user_id', '=', filter.userId);
  if (filter.from !== undefined) query = query.where('created_date', '>=', filter.from);
  if (filter.until !== undefined) query = query.where('created_date', '<=', filter.until);
  if (filter.objectType !== undefined) query = query.where('object_type', '=', filter.objectType);
  if (filter.objectId !== undefined) query = query.where('object_id', '=', filter.objectId);
  if (filter.before !== undefined) query = query.where('id', '<', filter.before);
  return query;
}

/** Steps on a feature, on a state of it, whose record begins with the feature, and on a version of it. */
function isAboutFeature(featureId: number): Expression<SqlBool> {
  const ofState = `{"feature":${featureId},%`;
  return sql<SqlBool>`(
    (changes.object_type = 'FEATURE' and changes.object_id = ${featureId})
    or (changes.object_type = 'FEATURE_STATE' and (${sql.ref('changes.before')} like ${ofState} or ${sql.ref('changes.after')} like ${ofState}))
    or (changes.object_type = 'EF_VERSION' and changes.object_uuid in
      (select uuid from feature_versions where feature_id = ${featureId}))
  )`;
}

export async function peopleById(db: Database, ids: number[]): Promise<Map<number, Person>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom('users')
    .where('id', 'in', ids)
    .where('deleted_at', 'is', null)
    .select(['id', 'uuid', 'email', 'first_name', 'last_name', 'last_login'])
    .execute();
  return new Map(rows.map((row) => [row.id, row]));
}

/** What was changed together, with its note. */
export async function changeSetsById(
  db: Database,
  ids: number[],
): Promise<Map<number, { id: number; note: string | null }>> {
  if (ids.length === 0) return new Map();
  const rows = await db.selectFrom('change_sets').where('id', 'in', ids).select(['id', 'note']).execute();
  return new Map(rows.map((row) => [row.id, row]));
}

export async function masterKeysById(
  db: Database,
  ids: number[],
): Promise<Map<number, { prefix: string; name: string }>> {
  if (ids.length === 0) return new Map();
  const rows = await db.selectFrom('master_keys').where('id', 'in', ids).select(['id', 'prefix', 'name']).execute();
  return new Map(rows.map(({ id, prefix, name }) => [id, { prefix, name }]));
}
