import type { Insertable, Selectable, Updateable } from 'kysely';
import { insertRow, upsertRows } from '../db/statements.ts';
import type { Database, GitlabHookTable, GitlabIntegrationTable } from '../db/tables.ts';

export type Integration = Selectable<GitlabIntegrationTable>;
export type Hook = Selectable<GitlabHookTable>;

export async function findIntegration(
  db: Database,
  by: { projectId: number } | { webhookUuid: string },
): Promise<Integration | null> {
  let query = db.selectFrom('gitlab_integrations').selectAll();
  query =
    'projectId' in by ? query.where('project_id', '=', by.projectId) : query.where('webhook_uuid', '=', by.webhookUuid);
  return (await query.executeTakeFirst()) ?? null;
}

export async function insertIntegration(db: Database, row: Insertable<GitlabIntegrationTable>): Promise<number> {
  return insertRow(db, 'gitlab_integrations', row);
}

export async function updateIntegration(
  db: Database,
  gitlabId: number,
  changes: Updateable<GitlabIntegrationTable>,
): Promise<void> {
  await db.updateTable('gitlab_integrations').set(changes).where('id', '=', gitlabId).execute();
}

/** Deletes it and answers the hooks that it had. */
export async function deleteIntegration(db: Database, gitlabId: number): Promise<Hook[]> {
  const hooks = await takeHooks(db, gitlabId);
  await db.deleteFrom('gitlab_integrations').where('id', '=', gitlabId).execute();
  return hooks;
}

/** Forgets which hooks there are, and answers them. */
export async function takeHooks(db: Database, gitlabId: number): Promise<Hook[]> {
  const hooks = await db
    .selectFrom('gitlab_hooks')
    .where('gitlab_id', '=', gitlabId)
    .selectAll()
    .orderBy('id')
    .execute();
  await db.deleteFrom('gitlab_hooks').where('gitlab_id', '=', gitlabId).execute();
  return hooks;
}

export async function hasHook(db: Database, gitlabId: number, pathKey: string): Promise<boolean> {
  const query = db.selectFrom('gitlab_hooks').where('gitlab_id', '=', gitlabId).where('path_key', '=', pathKey);
  return (await query.select('id').executeTakeFirst()) !== undefined;
}

export async function putHook(db: Database, hook: Insertable<GitlabHookTable>): Promise<void> {
  await upsertRows(db, 'gitlab_hooks', [hook], { key: ['gitlab_id', 'path_key'], update: ['hook_id', 'path'] });
}
