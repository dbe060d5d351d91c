import type * as endpoints from '@halyard/contract';
import type { InputOf, LaunchDarklyImport } from '@halyard/contract';
import { openProject, type ProjectScope } from '../access/service.ts';
import { changeProject, type RecordChange } from '../changes/service.ts';
import type { Actor, Context } from '../context.ts';
import { factsOf } from '../db/dialects/dialect.ts';
import { createEnvironment } from '../environments/service.ts';
import { invalidRequest, notFound, RequestError } from '../errors.ts';
import { enqueue } from '../jobs/service.ts';
import { addContents } from '../project-exports/service.ts';
import { ImportFailure, type LdProject, readLaunchDarkly } from './api.ts';
import {
  findImport,
  findImports,
  findPresent,
  finishImport,
  insertImport,
  readImport,
  type StoredImport,
  uuidsOfFeatures,
} from './store.ts';
import { translate } from './translate.ts';

export async function listLaunchDarklyImports(
  ctx: Context,
  { params }: InputOf<typeof endpoints.listLaunchDarklyImports>,
): Promise<LaunchDarklyImport[]> {
  const { projectId } = await openProject(ctx, params.project_id, 'CREATE_ENVIRONMENT');
  return findImports(ctx.db, projectId, 100);
}

export async function getLaunchDarklyImport(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getLaunchDarklyImport>,
): Promise<LaunchDarklyImport> {
  const { projectId } = await openProject(ctx, params.project_id, 'CREATE_ENVIRONMENT');
  const found = await findImport(ctx.db, { id: params.import_id, projectId });
  if (found === null) throw notFound();
  return found;
}

/** Notes the import for the worker. @throws RequestError 400 while another one of the project is under way. */
export async function createLaunchDarklyImport(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.createLaunchDarklyImport>,
): Promise<LaunchDarklyImport> {
  const scope = await openProject(ctx, params.project_id, 'CREATE_ENVIRONMENT');
  const { actor } = ctx;
  try {
    return await changeProject(ctx, scope, async (ctx, record) => {
      const at = ctx.now();
      const id = await insertImport(ctx.db, {
        project_id: scope.projectId,
        open_project_id: scope.projectId,
        project_key: body.project_key,
        token_encrypted: ctx.vault.encrypt(body.token),
        created_by: actor.kind === 'user' ? actor.userId : null,
        created_by_master_key: actor.kind === 'master_key' ? actor.masterKeyId : null,
        created_at: at,
        updated_at: at,
        completed_at: null,
        result: null,
        requested_environment_count: null,
        requested_flag_count: null,
        deprecated_flag_count: 0,
        error_messages: '[]',
      });
      await enqueue(ctx, { kind: jobKind, payload: { importId: id, actor } satisfies Payload });
      record({
        objectType: 'IMPORT_REQUEST',
        objectId: id,
        changeType: 'CREATE',
        log: 'New LaunchDarkly import requested',
        after: { project_key: body.project_key },
        keepsDocuments: true,
      });
      return (await findImport(ctx.db, { id, projectId: scope.projectId })) as LaunchDarklyImport;
    });
  } catch (error) {
    if (!factsOf(ctx.db).isUniqueViolation(error)) throw error;
    throw invalidRequest('Existing import already in progress for this project');
  }
}

const jobKind = 'launch-darkly-import';

interface Payload {
  importId: number;
  /** Who asked: what they may do is looked up again when the import is made. */
  actor: Actor;
}

/** Does what was asked for. One that is done is left alone, so that a repeat changes nothing. */
export const launchDarklyImportJobs = {
  [jobKind]: async (ctx: Context, { importId, actor }: Payload, signal: AbortSignal): Promise<void> => {
    const stored = await readImport(ctx.db, importId);
    if (stored === null || stored.completed_at !== null) return;
    const ctxOfActor = { ...ctx, actor };
    try {
      const source = await read(ctx, stored, signal);
      await add(ctxOfActor, stored, source);
    } catch (error) {
      if (signal.aborted || factsOf(ctx.db).isUnavailable(error)) throw error;
      await fail(ctxOfActor, stored, error);
    }
  },
};

/** @throws ImportFailure */
async function read(ctx: Context, stored: StoredImport, signal: AbortSignal): Promise<LdProject> {
  const token = stored.token_encrypted === null ? null : ctx.vault.decrypt(stored.token_encrypted);
  if (token === null) throw new ImportFailure('The token can no longer be read. Begin the import again.');
  const { outbound, config } = ctx;
  return readLaunchDarkly({ outbound, url: config.launchDarklyUrl, token, projectKey: stored.project_key, signal });
}

/** Adds all of it in one transaction. */
async function add(ctx: Context, stored: StoredImport, source: LdProject): Promise<void> {
  const scope = await openProject(ctx, stored.project_id, 'CREATE_ENVIRONMENT');
  await changeProject(ctx, scope, async (ctx, record) => {
    const present = await findPresent(ctx.db, scope.projectId);
    const { contents, messages } = translate(source, {
      ...present,
      environments: present.environments.map((one) => one.name),
      featureNameRegex: scope.project.feature_name_regex,
    });
    const idOf = new Map(present.environments.map(({ id, name }) => [name, id]));
    // One by one: each is a step of its own in the audit log, and comes with the states of features that are there.
    for (const { name } of contents.environments) {
      if (idOf.has(name)) continue;
      const created = await createEnvironment(ctx, { body: { ...newEnvironment, name, project: scope.projectId } });
      idOf.set(name, created.id);
    }
    const environmentIds = contents.environments.map(({ name }) => idOf.get(name) as number);
    const { organisationId, projectId } = scope;
    const ids = await addContents(ctx, { organisationId, projectId, environmentIds }, contents);
    await recordFeatures(ctx, scope, record, contents.features, ids);
    await finish(ctx, record, stored, {
      result: messages.length === 0 ? 'success' : 'incomplete',
      messages,
      requested_environment_count: source.environments.length,
      requested_flag_count: source.flags.length,
      deprecated_flag_count: source.flags.filter((flag) => flag.deprecated === true).length,
    });
  });
}

async function recordFeatures(
  ctx: Context,
  { projectId }: ProjectScope,
  record: RecordChange,
  features: { name: string }[],
  ids: Map<string, number>,
): Promise<void> {
  const uuids = await uuidsOfFeatures(ctx.db, projectId);
  for (const feature of features) {
    const id = ids.get(feature.name) as number;
    record({
      objectType: 'FEATURE',
      objectId: id,
      objectUuid: uuids.get(id) as string,
      changeType: 'CREATE',
      log: `New Flag / Remote Config created: ${feature.name}`,
      after: { id, ...feature },
      // The import as a whole gives the environments their next version.
      keepsDocuments: true,
    });
  }
}

/** Says why nothing was imported. */
async function fail(ctx: Context, stored: StoredImport, error: unknown): Promise<void> {
  const isExpected = error instanceof ImportFailure || error instanceof RequestError;
  if (!isExpected) ctx.log.error({ err: error, import: stored.id }, 'an import from LaunchDarkly failed');
  const message =
    error instanceof ImportFailure
      ? error.message
      : error instanceof RequestError
        ? `Nothing was imported: ${JSON.stringify(error.body)}`
        : 'Nothing was imported, because of a mistake on our side. The log of the server has more.';
  const scope = await openProject({ ...ctx, actor: { kind: 'system' } }, stored.project_id, 'VIEW_PROJECT').catch(
    (problem) => {
      if (problem instanceof RequestError) return null; // The project is gone.
      throw problem;
    },
  );
  const outcome: Outcome = { result: 'failure', messages: [message] };
  if (scope === null) await finish(ctx, () => {}, stored, outcome);
  else await changeProject(ctx, scope, (ctx, record) => finish(ctx, record, stored, outcome));
}

async function finish(
  ctx: Context,
  record: RecordChange,
  stored: StoredImport,
  { messages, ...outcome }: Outcome,
): Promise<void> {
  const at = ctx.now();
  const errors = messages.length <= mostMessages ? messages : [...messages.slice(0, mostMessages), more(messages)];
  const isOurs = await finishImport(ctx.db, stored.id, {
    ...outcome,
    error_messages: JSON.stringify(errors),
    token_encrypted: null,
    open_project_id: null,
    completed_at: at,
    updated_at: at,
  });
  // Another process was faster: what this one did is undone with its transaction.
  if (!isOurs) throw new Error(`the import ${stored.id} is done already`);
  record({
    objectType: 'IMPORT_REQUEST',
    objectId: stored.id,
    changeType: 'UPDATE',
    log:
      outcome.result === 'success'
        ? 'LaunchDarkly import completed successfully'
        : outcome.result === 'failure'
          ? `LaunchDarkly import failed: ${messages.join('\n')}`
          : `LaunchDarkly import completed; what was left out:\n- ${errors.slice(0, 50).join('\n- ')}`,
    after: outcome,
    ...(outcome.result === 'failure' && { keepsDocuments: true as const }),
  });
}

interface Outcome {
  result: 'success' | 'incomplete' | 'failure';
  messages: string[];
  requested_environment_count?: number;
  requested_flag_count?: number;
  deprecated_flag_count?: number;
}

function more(messages: string[]): string {
  return `… and ${messages.length - mostMessages} more.`;
}

const mostMessages = 1000;
const newEnvironment = {
  description: null,
  allow_client_traits: true,
  hide_sensitive_data: false,
  use_identity_composite_key_for_hashing: true,
  use_identity_overrides_in_local_eval: true,
};
