import { type Insertable, type Selectable, sql } from 'kysely';
import { insertRow } from '../db/statements.ts';
import type { Database, GithubIntegrationTable, GithubRepositoryTable } from '../db/tables.ts';

export type Integration = Selectable<GithubIntegrationTable>;
export type Repository = Selectable<GithubRepositoryTable>;

export async function findIntegration(db: Database, organisationId: number): Promise<Integration | null> {
  const query = db.selectFrom('github_integrations').where('organisation_id', '=', organisationId);
  return (await query.selectAll().executeTakeFirst()) ?? null;
}

export async function findByInstallation(db: Database, installationId: string): Promise<Integration | null> {
  const query = ofInstallation(db, installationId).where('organisations.deleted_at', 'is', null);
  return (await query.executeTakeFirst()) ?? null;
}

/** Takes an installation from an organisation that was deleted. */
export async function freeInstallation(db: Database, installationId: string): Promise<void> {
  const query = ofInstallation(db, installationId).where('organisations.deleted_at', 'is not', null);
  const found = await query.executeTakeFirst();
  if (found !== undefined) await deleteIntegration(db, found.id);
}

function ofInstallation(db: Database, installationId: string) {
  return db
    .selectFrom('github_integrations')
    .innerJoin('organisations', 'organisations.id', 'github_integrations.organisation_id')
    .where('github_integrations.installation_id', '=', installationId)
    .selectAll('github_integrations');
}

export async function insertIntegration(db: Database, row: Insertable<GithubIntegrationTable>): Promise<number> {
  return insertRow(db, 'github_integrations', row);
}

export async function updateIntegration(db: Database, githubId: number, installationId: string): Promise<void> {
  const query = db.updateTable('github_integrations').set({ installation_id: installationId });
  await query.where('id', '=', githubId).execute();
}

export async function deleteIntegration(db: Database, githubId: number): Promise<void> {
  await db.deleteFrom('github_repositories').where('github_id', '=', githubId).execute();
  await db.deleteFrom('github_integrations').where('id', '=', githubId).execute();
}

/** In the order in which they were added. */
export async function findRepositories(
  db: Database,
  githubId: number,
  window: { limit: number; offset: number },
): Promise<Repository[]> {
  return repositoriesOf(db, githubId)
    .selectAll('github_repositories')
    .orderBy('github_repositories.id')
    .limit(window.limit)
    .offset(window.offset)
    .execute();
}

export async function countRepositories(db: Database, githubId: number): Promise<number> {
  const { count } = await repositoriesOf(db, githubId)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function findRepository(db: Database, githubId: number, repositoryId: number): Promise<Repository | null> {
  const query = repositoriesOf(db, githubId).where('github_repositories.id', '=', repositoryId);
  return (await query.selectAll('github_repositories').executeTakeFirst()) ?? null;
}

/** What a project uses an installation for, by the name of the repository; in any of the projects without one. */
export async function findUses(
  db: Database,
  filter: { githubId: number; projectId?: number; owner: string; name: string },
): Promise<Repository[]> {
  let query = repositoriesOf(db, filter.githubId)
    .where(sql`lower(github_repositories.repository_owner)`, '=', filter.owner.toLowerCase())
    .where(sql`lower(github_repositories.repository_name)`, '=', filter.name.toLowerCase());
  if (filter.projectId !== undefined) query = query.where('github_repositories.project_id', '=', filter.projectId);
  return query.selectAll('github_repositories').orderBy('github_repositories.id').limit(1000).execute();
}

export async function insertRepository(db: Database, row: Insertable<GithubRepositoryTable>): Promise<number> {
  return insertRow(db, 'github_repositories', row);
}

export async function updateRepository(db: Database, { id, ...row }: Repository): Promise<void> {
  await db.updateTable('github_repositories').set(row).where('id', '=', id).execute();
}

export async function deleteRepository(db: Database, repositoryId: number): Promise<void> {
  await db.deleteFrom('github_repositories').where('id', '=', repositoryId).execute();
}

/** Of projects that are still there. */
function repositoriesOf(db: Database, githubId: number) {
  return db
    .selectFrom('github_repositories')
    .innerJoin('projects', 'projects.id', 'github_repositories.project_id')
    .where('github_repositories.github_id', '=', githubId)
    .where('projects.deleted_at', 'is', null);
}
