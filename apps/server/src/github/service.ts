import type * as endpoints from '@halyard/contract';
import type { GithubIntegration, GithubRepository, InputOf, Page } from '@halyard/contract';
import { openOrganisation, openProject, type OrganisationScope } from '../access/service.ts';
import { changeOrganisation, changeProject } from '../changes/service.ts';
import type { GithubApp } from '../config.ts';
import type { Context } from '../context.ts';
import { factsOf } from '../db/dialects/dialect.ts';
import { forbidden, invalid, invalidRequest, invalidTogether, notFound, RequestError } from '../errors.ts';
import { orBadGateway } from '../trackers/tracker.ts';
import { createGithub, type Github } from './api.ts';
import {
  countRepositories,
  deleteIntegration,
  deleteRepository,
  findByInstallation,
  findIntegration,
  findRepositories,
  findRepository,
  findUses,
  freeInstallation,
  insertIntegration,
  insertRepository,
  type Integration,
  type Repository,
  updateIntegration,
  updateRepository,
} from './store.ts';

export async function listGithubIntegrations(
  ctx: Context,
  { params }: InputOf<typeof endpoints.listGithubIntegrations>,
): Promise<Page<GithubIntegration>> {
  const { organisationId } = await openOrganisation(ctx, params.organisation_id, 'MEMBER');
  const found = await findIntegration(ctx.db, organisationId);
  return found === null ? { count: 0, results: [] } : { count: 1, results: [shown(found)] };
}

export async function getGithubIntegration(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getGithubIntegration>,
): Promise<GithubIntegration> {
  const { organisationId } = await openOrganisation(ctx, params.organisation_id, 'MEMBER');
  return shown(await readOne(ctx, organisationId, params.github_id));
}

/**
 * An installation is one organisation's: whoever names it first.
 * @throws RequestError 403 where there is no app, 400 where the organisation has one or the installation is taken
 */
export async function createGithubIntegration(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.createGithubIntegration>,
): Promise<GithubIntegration> {
  const scope = await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  appOf(ctx);
  return changed(ctx, scope, async (ctx, record) => {
    if ((await findIntegration(ctx.db, scope.organisationId)) !== null) {
      throw invalidRequest('This integration already exists for this organisation.');
    }
    const row = {
      organisation_id: scope.organisationId,
      installation_id: body.installation_id,
      created_at: ctx.now(),
    };
    await refuseTaken(ctx, body.installation_id);
    const id = await insertIntegration(ctx.db, row);
    record({ ...step(id), changeType: 'CREATE', log: 'GitHub integration created', after: body });
    return shown({ ...row, id });
  });
}

export async function updateGithubIntegration(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.patchGithubIntegration>,
): Promise<GithubIntegration> {
  const scope = await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  return changed(ctx, scope, async (ctx, record) => {
    const before = await readOne(ctx, scope.organisationId, params.github_id);
    const installationId = body.installation_id ?? before.installation_id;
    if (installationId === before.installation_id) return shown(before);
    await refuseTaken(ctx, installationId);
    await updateIntegration(ctx.db, before.id, installationId);
    const values = { before: { installation_id: before.installation_id }, after: { installation_id: installationId } };
    record({ ...step(before.id), changeType: 'UPDATE', log: 'GitHub integration updated', ...values });
    return shown({ ...before, installation_id: installationId });
  });
}

export async function deleteGithubIntegration(
  ctx: Context,
  { params }: InputOf<typeof endpoints.deleteGithubIntegration>,
): Promise<void> {
  const scope = await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  await readOne(ctx, scope.organisationId, params.github_id);
  await removeIntegration(ctx, scope);
}

/** Forgets an installation that is no more. */
export async function forgetInstallation(ctx: Context, installationId: string): Promise<void> {
  const found = await findByInstallation(ctx.db, installationId);
  if (found !== null) await removeIntegration(ctx, { organisationId: found.organisation_id });
}

async function removeIntegration(ctx: Context, scope: OrganisationScope): Promise<void> {
  await changed(ctx, scope, async (ctx, record) => {
    const before = await findIntegration(ctx.db, scope.organisationId);
    if (before === null) return;
    await deleteIntegration(ctx.db, before.id);
    const values = { before: { installation_id: before.installation_id } };
    record({ ...step(before.id), changeType: 'DELETE', log: 'GitHub integration deleted', ...values });
  });
}

export async function listGithubRepositories(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.listGithubRepositories>,
): Promise<Page<GithubRepository>> {
  const { organisationId } = await openOrganisation(ctx, params.organisation_id, 'MEMBER');
  const { id } = await readOne(ctx, organisationId, params.github_id);
  const window = { limit: query.page_size, offset: (query.page - 1) * query.page_size };
  return {
    count: await countRepositories(ctx.db, id),
    results: (await findRepositories(ctx.db, id, window)).map(shownRepository),
  };
}

export async function getGithubRepository(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getGithubRepository>,
): Promise<GithubRepository> {
  const { organisationId } = await openOrganisation(ctx, params.organisation_id, 'MEMBER');
  return shownRepository(await readRepository(ctx, organisationId, params));
}

export async function createGithubRepository(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.createGithubRepository>,
): Promise<GithubRepository> {
  const { organisationId } = await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  const { id: githubId } = await readOne(ctx, organisationId, params.github_id);
  const scope = await ownProject(ctx, organisationId, body.project);
  return refusingRepeats(ctx, () =>
    changeProject(ctx, scope, async (ctx, record) => {
      const row = {
        github_id: githubId,
        project_id: scope.projectId,
        repository_owner: body.repository_owner,
        repository_name: body.repository_name,
        tagging_enabled: Number(body.tagging_enabled ?? false) as 0 | 1,
      };
      const after = shownRepository({ ...row, id: await insertRepository(ctx.db, row) });
      const log = `GitHub repository added: ${nameOf(row)}`;
      record({ ...step(after.id), keepsDocuments: true, changeType: 'CREATE', log, after });
      return after;
    }),
  );
}

export async function updateGithubRepository(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.patchGithubRepository>,
): Promise<GithubRepository> {
  const { organisationId } = await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  const known = await readRepository(ctx, organisationId, params);
  const scope = await ownProject(ctx, organisationId, body.project ?? known.project_id);
  return refusingRepeats(ctx, () =>
    changeProject(ctx, scope, async (ctx, record) => {
      const row = await readRepository(ctx, organisationId, params);
      const next = {
        ...row,
        project_id: scope.projectId,
        repository_owner: body.repository_owner ?? row.repository_owner,
        repository_name: body.repository_name ?? row.repository_name,
        tagging_enabled: Number(body.tagging_enabled ?? row.tagging_enabled === 1) as 0 | 1,
      };
      const [before, after] = [shownRepository(row), shownRepository(next)];
      if (JSON.stringify(before) === JSON.stringify(after)) return after;
      await updateRepository(ctx.db, next);
      const log = `GitHub repository updated: ${nameOf(next)}`;
      record({ ...step(row.id), keepsDocuments: true, changeType: 'UPDATE', log, before, after });
      return after;
    }),
  );
}

export async function deleteGithubRepository(
  ctx: Context,
  { params }: InputOf<typeof endpoints.deleteGithubRepository>,
): Promise<void> {
  const { organisationId } = await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  const known = await readRepository(ctx, organisationId, params);
  const scope = await ownProject(ctx, organisationId, known.project_id);
  await changeProject(ctx, scope, async (ctx, record) => {
    const row = await readRepository(ctx, organisationId, params);
    await deleteRepository(ctx.db, row.id);
    const log = `GitHub repository removed: ${nameOf(row)}`;
    const before = shownRepository(row);
    record({ ...step(row.id), keepsDocuments: true, changeType: 'DELETE', log, before });
  });
}

/** Only for those who may add one. @throws RequestError 400 without an installation, 403 without an app, 502 */
export async function browseGithubRepositories(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.browseGithubRepositories>,
) {
  const { organisationId } = await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  const github = await connected(ctx, organisationId);
  return orBadGateway('GitHub', () => github.repositories(query));
}

export function browseGithubItems(kind: 'issue' | 'pr') {
  return async (ctx: Context, { params, query }: InputOf<typeof endpoints.browseGithubIssues>) => {
    const { github, repository } = await openUsed(ctx, params.organisation_id, query);
    const { page, page_size, search_text: text, state } = query;
    return orBadGateway('GitHub', () => github.search({ kind, repository, text, state, page, page_size }));
  };
}

export async function browseGithubContributors(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.browseGithubContributors>,
) {
  const { github, repository } = await openUsed(ctx, params.organisation_id, query);
  return orBadGateway('GitHub', () => github.contributors(repository, query));
}

/** Members see what is in repositories that projects use, not all that the installation may. @throws RequestError 404 */
async function openUsed(ctx: Context, organisation: number, query: { repo_owner: string; repo_name: string }) {
  const { organisationId } = await openOrganisation(ctx, organisation, 'MEMBER');
  const github = await connected(ctx, organisationId);
  const { id } = (await findIntegration(ctx.db, organisationId)) as Integration;
  const [used] = await findUses(ctx.db, { githubId: id, owner: query.repo_owner, name: query.repo_name });
  if (used === undefined) throw notFound();
  return { github, repository: nameOf(used) };
}

/** GitHub as an organisation uses it. @throws RequestError 400 without an installation, 403 without an app */
async function connected(ctx: Context, organisationId: number): Promise<Github> {
  const app = appOf(ctx);
  const integration = await findIntegration(ctx.db, organisationId);
  if (integration === null) {
    throw new RequestError('invalid', { error: 'This organisation has no GitHub integration.' });
  }
  return createGithub(ctx, app, integration.installation_id);
}

/** A repository as a project uses it, by `owner/name`; null where it does not, or GitHub is not set up. */
export async function githubOf(
  ctx: Context,
  scope: { organisationId: number; projectId: number },
  repository: string,
): Promise<{ github: Github; tagging: boolean } | null> {
  const app = ctx.config.githubApp;
  const integration = app === null ? null : await findIntegration(ctx.db, scope.organisationId);
  if (app === null || integration === null) return null;
  const [owner = '', name = ''] = repository.split('/');
  const [used] = await findUses(ctx.db, { githubId: integration.id, projectId: scope.projectId, owner, name });
  if (used === undefined) return null;
  const github = createGithub(ctx, app, integration.installation_id);
  return { github, tagging: used.tagging_enabled === 1 };
}

/** The projects that use the repository which an installation's call is about, and whether their features get tags. */
export async function projectsUsing(
  ctx: Context,
  installationId: string,
  repository: string,
): Promise<{ projectId: number; tagging: boolean }[]> {
  const integration = await findByInstallation(ctx.db, installationId);
  if (integration === null) return [];
  const [owner = '', name = ''] = repository.split('/');
  const uses = await findUses(ctx.db, { githubId: integration.id, owner, name });
  return uses.map((use) => ({ projectId: use.project_id, tagging: use.tagging_enabled === 1 }));
}

function appOf(ctx: Context): GithubApp {
  const { githubApp } = ctx.config;
  if (githubApp === null) throw forbidden('No GitHub App is set up for this installation.');
  return githubApp;
}

async function readOne(ctx: Context, organisationId: number, githubId: number): Promise<Integration> {
  const found = await findIntegration(ctx.db, organisationId);
  if (found?.id !== githubId) throw notFound();
  return found;
}

async function readRepository(
  ctx: Context,
  organisationId: number,
  params: { github_id: number; repository_id: number },
): Promise<Repository> {
  const { id } = await readOne(ctx, organisationId, params.github_id);
  const found = await findRepository(ctx.db, id, params.repository_id);
  if (found === null) throw notFound();
  return found;
}

async function ownProject(ctx: Context, organisationId: number, projectId: number) {
  try {
    const scope = await openProject(ctx, projectId, 'ADMIN');
    if (scope.organisationId === organisationId) return scope;
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
  }
  throw invalid({ project: [`Invalid pk "${projectId}" - object does not exist.`] });
}

/** The database decides where two ask at once. */
async function refusingRepeats<T>(ctx: Context, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!factsOf(ctx.db).isUniqueViolation(error)) throw error;
    throw invalidTogether('The project uses this repository already.');
  }
}

async function changed<T>(
  ctx: Context,
  scope: OrganisationScope,
  work: Parameters<typeof changeOrganisation<T>>[2],
): Promise<T> {
  try {
    return await changeOrganisation(ctx, scope, work);
  } catch (error) {
    if (!factsOf(ctx.db).isUniqueViolation(error)) throw error;
    throw invalid({ installation_id: [taken] });
  }
}

async function refuseTaken(ctx: Context, installationId: string): Promise<void> {
  await freeInstallation(ctx.db, installationId);
  if ((await findByInstallation(ctx.db, installationId)) !== null) throw invalid({ installation_id: [taken] });
}

const taken = 'Another organisation uses this installation.';

function step(objectId: number) {
  return { objectType: 'INTEGRATION', objectId } as const;
}

function nameOf(row: { repository_owner: string; repository_name: string }): string {
  return `${row.repository_owner}/${row.repository_name}`;
}

function shown({ id, installation_id, organisation_id }: Integration): GithubIntegration {
  return { id, installation_id, organisation: organisation_id };
}

function shownRepository(row: Repository): GithubRepository {
  return {
    id: row.id,
    github_configuration: row.github_id,
    project: row.project_id,
    repository_owner: row.repository_owner,
    repository_name: row.repository_name,
    tagging_enabled: row.tagging_enabled === 1,
  };
}
