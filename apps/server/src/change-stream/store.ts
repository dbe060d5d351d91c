import type { StreamedChange } from '@halyard/contract';
import type { Database } from '../db/tables.ts';
import type { Timestamp } from '../time.ts';

/** A change with its project. */
export type ProjectChange = StreamedChange & { projectId: number };

/** Changes of projects after an id, in the order of their ids. */
export async function findChanges(
  db: Database,
  filter: { projectIds: number[]; afterId: number; notBefore?: Timestamp },
  limit: number,
): Promise<ProjectChange[]> {
  if (filter.projectIds.length === 0) return [];
  let query = db.selectFrom('changes').where('project_id', 'in', filter.projectIds).where('id', '>', filter.afterId);
  if (filter.notBefore !== undefined) query = query.where('created_date', '>=', filter.notBefore);
  const rows = await query
    .select([
      'id',
      'project_id',
      'environment_id',
      'object_type',
      'object_id',
      'change_type',
      'user_id',
      'created_date',
    ])
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    projectId: row.project_id as number,
    object_type: row.object_type,
    object_id: row.object_id,
    change_type: row.change_type,
    environment: row.environment_id,
    author_id: row.user_id,
    created_date: row.created_date,
  }));
}

/** When a change of a project was made; null for one that is not there. */
export async function findTime(db: Database, projectId: number, changeId: number): Promise<Timestamp | null> {
  const row = await db
    .selectFrom('changes')
    .where('id', '=', changeId)
    .where('project_id', '=', projectId)
    .select('created_date')
    .executeTakeFirst();
  return row?.created_date ?? null;
}

/** The newest change of all; 0 where there is none. */
export async function newestId(db: Database): Promise<number> {
  const row = await db.selectFrom('changes').select('id').orderBy('id', 'desc').limit(1).executeTakeFirst();
  return row?.id ?? 0;
}
