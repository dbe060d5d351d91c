import type * as endpoints from '@halyard/contract';
import { type GitlabIntegration, type InputOf, secretMask } from '@halyard/contract';
import { openProject } from '../access/service.ts';
import { changeProject } from '../changes/service.ts';
import type { Context } from '../context.ts';
import { factsOf } from '../db/dialects/dialect.ts';
import { invalid, invalidRequest, notFound, RequestError } from '../errors.ts';
import { enqueue } from '../jobs/service.ts';
import { randomHex, sha256 } from '../secrets.ts';
import { orBadGateway, TrackerError } from '../trackers/tracker.ts';
import { createGitlab, type Gitlab } from './api.ts';
import {
  deleteIntegration,
  findIntegration,
  type Hook,
  hasHook,
  insertIntegration,
  type Integration,
  putHook,
  takeHooks,
  updateIntegration,
} from './store.ts';

export async function listGitlabIntegrations(
  ctx: Context,
  { params }: InputOf<typeof endpoints.listGitlabIntegrations>,
): Promise<GitlabIntegration[]> {
  const { projectId } = await openProject(ctx, params.project_id, 'VIEW_PROJECT');
  const found = await findIntegration(ctx.db, { projectId });
  return found === null ? [] : [shown(found)];
}

export async function getGitlabIntegration(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getGitlabIntegration>,
): Promise<GitlabIntegration> {
  const { projectId } = await openProject(ctx, params.project_id, 'VIEW_PROJECT');
  return shown(await readOne(ctx, projectId, params.gitlab_id));
}

/** @throws RequestError 400 where there is one already, or the address is in an internal network */
export async function createGitlabIntegration(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.createGitlabIntegration>,
): Promise<GitlabIntegration> {
  const scope = await openProject(ctx, params.project_id, 'ADMIN');
  if (body.access_token === secretMask) throw invalid({ access_token: ['Enter the token itself.'] });
  const url = await allowedAddress(ctx, body.gitlab_instance_url);
  try {
    return await changeProject(ctx, scope, async (ctx, record) => {
      if ((await findIntegration(ctx.db, { projectId: scope.projectId })) !== null) throw alreadyThere();
      const row = {
        project_id: scope.projectId,
        instance_url: url,
        access_token_encrypted: ctx.vault.encrypt(body.access_token),
        labeling_enabled: Number(body.labeling_enabled ?? false) as 0 | 1,
        webhook_uuid: crypto.randomUUID(),
        webhook_secret_encrypted: ctx.vault.encrypt(randomHex(40)),
        created_at: ctx.now(),
      };
      const id = await insertIntegration(ctx.db, row);
      const after = audited(row);
      record({ ...step(id), changeType: 'CREATE', log: 'GitLab integration created', after });
      return shown({ ...row, id });
    });
  } catch (error) {
    if (!factsOf(ctx.db).isUniqueViolation(error)) throw error;
    throw alreadyThere();
  }
}

/** A token goes to the address that it was entered for: another address needs the token again. @throws RequestError 400 */
export async function updateGitlabIntegration(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.patchGitlabIntegration>,
): Promise<GitlabIntegration> {
  const scope = await openProject(ctx, params.project_id, 'ADMIN');
  const url = body.gitlab_instance_url && (await allowedAddress(ctx, body.gitlab_instance_url));
  const token = body.access_token === secretMask ? undefined : body.access_token;
  return changeProject(ctx, scope, async (ctx, record) => {
    const before = await readOne(ctx, scope.projectId, params.gitlab_id);
    const movesOrigin = url !== undefined && new URL(url).origin !== new URL(before.instance_url).origin;
    if (movesOrigin && token === undefined) {
      throw invalid({ access_token: ['Enter the token for the new address.'] });
    }
    const after: Integration = {
      ...before,
      instance_url: url ?? before.instance_url,
      labeling_enabled: Number(body.labeling_enabled ?? before.labeling_enabled === 1) as 0 | 1,
    };
    const keepsToken = token === undefined || token === ctx.vault.decrypt(before.access_token_encrypted);
    if (!keepsToken) after.access_token_encrypted = ctx.vault.encrypt(token);
    if (JSON.stringify(before) === JSON.stringify(after)) return shown(before);
    // Hooks of the old address are of no use at the new one.
    if (after.instance_url !== before.instance_url) {
      await removeHooks(ctx, before, await takeHooks(ctx.db, before.id));
    }
    const { id, ...columns } = after;
    await updateIntegration(ctx.db, id, columns);
    const values = { before: audited(before), after: audited(after) };
    record({ ...step(id), changeType: 'UPDATE', log: 'GitLab integration updated', ...values });
    return shown(after);
  });
}

export async function deleteGitlabIntegration(
  ctx: Context,
  { params }: InputOf<typeof endpoints.deleteGitlabIntegration>,
): Promise<void> {
  const scope = await openProject(ctx, params.project_id, 'ADMIN');
  await changeProject(ctx, scope, async (ctx, record) => {
    const before = await readOne(ctx, scope.projectId, params.gitlab_id);
    await removeHooks(ctx, before, await deleteIntegration(ctx.db, before.id));
    const values = { before: audited(before) };
    record({ ...step(before.id), changeType: 'DELETE', log: 'GitLab integration deleted', ...values });
  });
}

/** The token sees more than the project's members do: browsing is for those who may link. @throws RequestError 400, 502 */
export async function browseGitlabProjects(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.browseGitlabProjects>,
) {
  const gitlab = await connected(ctx, params.project_id);
  const { search_text: text, page, page_size } = query;
  return orBadGateway('GitLab', () => gitlab.projects({ text, page, page_size }));
}

export function browseGitlabItems(kind: 'issue' | 'change') {
  return async (ctx: Context, { params, query }: InputOf<typeof endpoints.browseGitlabIssues>) => {
    const gitlab = await connected(ctx, params.project_id);
    const { search_text: text, state, gitlab_project_id: project, page, page_size } = query;
    return orBadGateway('GitLab', () => gitlab.search({ kind, project, text, state, page, page_size }));
  };
}

/** The GitLab of a project; null where it has none, or its token cannot be read any more. */
export async function gitlabOf(
  ctx: Context,
  projectId: number,
): Promise<{ gitlab: Gitlab; url: string; labeling: boolean } | null> {
  const integration = await findIntegration(ctx.db, { projectId });
  const token = integration === null ? null : ctx.vault.decrypt(integration.access_token_encrypted);
  if (integration === null || token === null) return null;
  const url = integration.instance_url;
  return { gitlab: createGitlab(ctx, { url, token }), url, labeling: integration.labeling_enabled === 1 };
}

/** Lets a project at GitLab call us, unless it does already. @throws TrackerError */
export async function followGitlabProject(ctx: Context, projectId: number, path: string): Promise<void> {
  const integration = await findIntegration(ctx.db, { projectId });
  const connection = await gitlabOf(ctx, projectId);
  const secret = integration && ctx.vault.decrypt(integration.webhook_secret_encrypted);
  if (integration === null || connection === null || secret === null) return;
  const pathKey = sha256(path.toLowerCase());
  if (await hasHook(ctx.db, integration.id, pathKey)) return;
  const url = `${ctx.config.publicUrl}/api/v1/gitlab-webhook/${integration.webhook_uuid}/`;
  const hookId = await connection.gitlab.addHook(path, { url, secret });
  await putHook(ctx.db, { gitlab_id: integration.id, path_key: pathKey, path, hook_id: hookId });
}

/** Whose address was called, and the secret that the caller must show. */
export async function gitlabCalledAt(
  ctx: Context,
  webhookUuid: string,
): Promise<{ projectId: number; secret: string } | null> {
  const found = await findIntegration(ctx.db, { webhookUuid });
  const secret = found === null ? null : ctx.vault.decrypt(found.webhook_secret_encrypted);
  return found === null || secret === null ? null : { projectId: found.project_id, secret };
}

/** The jobs of this slice by kind. */
export const gitlabJobs = { 'gitlab.remove-hook': { run: removeHook, maxAttempts: 5 } };

interface RemoveHook {
  url: string;
  tokenEncrypted: string;
  path: string;
  hookId: string;
}

async function removeHooks(ctx: Context, integration: Integration, hooks: Hook[]): Promise<void> {
  for (const hook of hooks) {
    const payload: RemoveHook = {
      url: integration.instance_url,
      tokenEncrypted: integration.access_token_encrypted,
      path: hook.path,
      hookId: hook.hook_id,
    };
    await enqueue(ctx, { kind: 'gitlab.remove-hook', payload });
  }
}

async function removeHook(ctx: Context, { url, tokenEncrypted, path, hookId }: RemoveHook): Promise<void> {
  const token = ctx.vault.decrypt(tokenEncrypted);
  if (token === null) return;
  try {
    await createGitlab(ctx, { url, token }).removeHook(path, hookId);
  } catch (error) {
    if (!(error instanceof TrackerError) || error.again) throw error;
    ctx.log.warn({ err: error }, 'GitLab did not remove a hook; its calls are refused');
  }
}

async function connected(ctx: Context, project: number): Promise<Gitlab> {
  const { projectId } = await openProject(ctx, project, 'CREATE_FEATURE');
  const connection = await gitlabOf(ctx, projectId);
  if (connection === null) throw new RequestError('invalid', { error: 'This project has no GitLab integration.' });
  return connection.gitlab;
}

/** @throws RequestError 400 */
async function allowedAddress(ctx: Context, given: string): Promise<string> {
  const { origin, pathname, username, password } = new URL(given);
  if (username || password) throw invalid({ gitlab_instance_url: ['Enter an address without a name and a password.'] });
  const url = origin + pathname.replace(/\/+$/, '');
  if (await ctx.outbound.mayReach(url)) return url;
  throw invalid({ gitlab_instance_url: ['URLs must not target internal or private network addresses.'] });
}

async function readOne(ctx: Context, projectId: number, gitlabId: number): Promise<Integration> {
  const found = await findIntegration(ctx.db, { projectId });
  if (found?.id !== gitlabId) throw notFound();
  return found;
}

function alreadyThere(): RequestError {
  return invalidRequest('This integration already exists for this project.');
}

function step(objectId: number) {
  return { objectType: 'INTEGRATION', objectId, keepsDocuments: true } as const;
}

function audited(row: Pick<Integration, 'instance_url' | 'labeling_enabled'>) {
  return { gitlab_instance_url: row.instance_url, labeling_enabled: row.labeling_enabled === 1 };
}

function shown(row: Integration): GitlabIntegration {
  return {
    id: row.id,
    gitlab_instance_url: row.instance_url,
    access_token: secretMask,
    labeling_enabled: row.labeling_enabled === 1,
  };
}
