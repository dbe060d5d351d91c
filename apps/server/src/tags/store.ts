import type { Tag } from '@halyard/contract';
import type { Insertable, Selectable, Updateable } from 'kysely';
import { insertRow, upsertRows } from '../db/statements.ts';
import type { Database, TagTable } from '../db/tables.ts';

/** Tags of a project in the order in which they were made. */
export async function findTags(
  db: Database,
  projectId: number,
  window: { limit: number; offset: number },
): Promise<Tag[]> {
  const rows = await db
    .selectFrom('tags')
    .where('project_id', '=', projectId)
    .selectAll()
    .orderBy('id')
    .limit(window.limit)
    .offset(window.offset)
    .execute();
  return rows.map(shown);
}

export async function countTags(db: Database, projectId: number): Promise<number> {
  const { count } = await db
    .selectFrom('tags')
    .where('project_id', '=', projectId)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function findTag(
  db: Database,
  projectId: number,
  by: { id: number } | { uuid: string },
): Promise<Tag | null> {
  let query = db.selectFrom('tags').where('project_id', '=', projectId).selectAll();
  query = 'uuid' in by ? query.where('uuid', '=', by.uuid) : query.where('id', '=', by.id);
  const row = await query.executeTakeFirst();
  return row === undefined ? null : shown(row);
}

export async function insertTag(db: Database, tag: Insertable<TagTable>): Promise<number> {
  return insertRow(db, 'tags', tag);
}

export async function updateTag(db: Database, tagId: number, changes: Updateable<TagTable>): Promise<void> {
  await db.updateTable('tags').set(changes).where('id', '=', tagId).execute();
}

/** The id of the tag that the platform keeps in a project, if it has made it. */
export async function findSystemTag(db: Database, projectId: number, type: TagTable['type']): Promise<number | null> {
  const row = await db
    .selectFrom('tags')
    .where('project_id', '=', projectId)
    .where('type', '=', type)
    .where('is_system_tag', '=', 1)
    .select('id')
    .orderBy('id')
    .executeTakeFirst();
  return row?.id ?? null;
}

/** The tags that the platform keeps in a project for a service. */
export async function findSystemTags(
  db: Database,
  projectId: number,
  type: TagTable['type'],
): Promise<{ id: number; label: string }[]> {
  return db
    .selectFrom('tags')
    .where('project_id', '=', projectId)
    .where('type', '=', type)
    .where('is_system_tag', '=', 1)
    .select(['id', 'label'])
    .orderBy('id')
    .execute();
}

/** Attaches a tag to features; to one that has it, nothing happens. */
export async function attachTag(db: Database, tagId: number, featureIds: number[]): Promise<void> {
  const rows = featureIds.map((feature_id) => ({ feature_id, tag_id: tagId }));
  await upsertRows(db, 'feature_tags', rows, { key: ['feature_id', 'tag_id'], update: [] });
}

export async function detachTag(db: Database, tagId: number, featureIds: number[]): Promise<void> {
  if (featureIds.length === 0) return;
  await db.deleteFrom('feature_tags').where('tag_id', '=', tagId).where('feature_id', 'in', featureIds).execute();
}

/** Removes a tag, from features as well. */
export async function deleteTag(db: Database, tagId: number): Promise<void> {
  await db.deleteFrom('feature_tags').where('tag_id', '=', tagId).execute();
  await db.deleteFrom('tags').where('id', '=', tagId).execute();
}

function shown(row: Selectable<TagTable>): Tag {
  return {
    id: row.id,
    uuid: row.uuid,
    label: row.label,
    color: row.color,
    description: row.description,
    project: row.project_id,
    is_permanent: row.is_permanent === 1,
    is_system_tag: row.is_system_tag === 1,
    type: row.type,
  };
}
