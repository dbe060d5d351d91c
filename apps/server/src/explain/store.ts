import type { Database } from '../db/tables.ts';

/** Environments of a project, in the order in which they were made. */
export async function findEnvironmentIds(db: Database, projectId: number): Promise<number[]> {
  const rows = await db
    .selectFrom('environments')
    .where('project_id', '=', projectId)
    .where('deleted_at', 'is', null)
    .select('id')
    .orderBy('id')
    .limit(1000)
    .execute();
  return rows.map((row) => row.id);
}
