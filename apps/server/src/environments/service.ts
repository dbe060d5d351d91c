import type * as endpoints from '@halyard/contract';
import type {
  ClonedEnvironment,
  Environment,
  EnvironmentDocument,
  EnvironmentInput,
  EnvironmentWithTotals,
  InputOf,
  LightEnvironment,
  MetadataValueInput,
  OnboardingStatus,
  Page,
} from '@halyard/contract';
import {
  type EnvironmentScope,
  openEnvironment,
  openProject,
  openVisibleEnvironments,
  type ProjectScope,
} from '../access/service.ts';
import { changeEnvironment, changeProject, type RecordChange } from '../changes/service.ts';
import type { Context } from '../context.ts';
import { documentOf } from '../documents/service.ts';
import { invalid, invalidRequest, notFound } from '../errors.ts';
import { addStatesOfEnvironment } from '../feature-states/service.ts';
import { startVersioning } from '../feature-versions/service.ts';
import { metadataOf, setMetadata } from '../metadata/service.ts';
import { exactNameKey } from '../names.ts';
import { grantAdminToCreator } from '../permissions/service.ts';
import { randomText } from '../secrets.ts';
import {
  copyFeatureSegments,
  copyFeatureStates,
  countEnvironments,
  countSegmentOverrides,
  type EnvironmentChanges,
  type EnvironmentSettings,
  findEnvironment,
  findEnvironments,
  findEnvironmentsById,
  findFirstEvaluation,
  insertEnvironment,
  markDeleted,
  nameIsTaken,
  noteFirstEvaluation,
  readSettings,
  updateEnvironment as updateRow,
} from './store.ts';

/** The environments of a project that the actor may see. @throws RequestError 400 without the project. */
export async function listEnvironments(
  ctx: Context,
  { query }: InputOf<typeof endpoints.listEnvironments>,
): Promise<Page<Environment>> {
  if (query.project === undefined) throw invalidRequest('Invalid or missing value for project parameter.');
  const visible = await openVisibleEnvironments(ctx, query.project);
  const count = await countEnvironments(ctx.db, visible);
  const environments = await findEnvironments(ctx.db, visible, {
    limit: query.page_size,
    offset: (query.page - 1) * query.page_size,
  });
  return { count, results: await withMetadata(ctx, environments) };
}

/** At most 10,000. */
export async function listProjectEnvironments(
  ctx: Context,
  { params }: InputOf<typeof endpoints.listProjectEnvironments>,
): Promise<LightEnvironment[]> {
  const { projectId } = await openProject(ctx, params.project_id, 'ADMIN');
  return findEnvironments(ctx.db, { projectId, environmentIds: null }, { limit: 10_000, offset: 0 });
}

export async function getEnvironment(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getEnvironment>,
): Promise<EnvironmentWithTotals> {
  const { environmentId } = await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'VIEW_ENVIRONMENT');
  return {
    ...(await completed(ctx, await readEnvironment(ctx, environmentId))),
    total_segment_overrides: await countSegmentOverrides(ctx.db, environmentId),
  };
}

/** The environment without the counts of what is in it, which others change. */
export async function currentEnvironment(
  ctx: Context,
  { params }: { params: { environment_api_key: string } },
): Promise<Environment> {
  const { total_segment_overrides: _, ...environment } = await getEnvironment(ctx, { params });
  return environment;
}

export async function getEnvironmentByUuid(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getEnvironmentByUuid>,
): Promise<Environment> {
  const environment = await findEnvironment(ctx.db, { uuid: params.uuid });
  if (environment === null) throw notFound();
  await openEnvironment(ctx, { id: environment.id }, 'VIEW_ENVIRONMENT');
  return completed(ctx, environment);
}

/** Creates an environment with a state of each feature. @throws RequestError 400 for a name that the project has already. */
export async function createEnvironment(
  ctx: Context,
  { body }: InputOf<typeof endpoints.createEnvironment>,
): Promise<Environment> {
  const scope = await openProject(ctx, body.project, 'CREATE_ENVIRONMENT');
  return changeProject(ctx, scope, async (ctx, record) => {
    const created = await addEnvironment(ctx, scope, body.name, { ...defaults, ...columnsOf(body) });
    const preventDefaults = scope.project.prevent_flag_defaults === 1;
    await addStatesOfEnvironment(ctx, created.id, { id: scope.projectId, preventDefaults });
    await setMetadata(ctx, scope, { entity: 'environment', id: created.id }, body.metadata ?? []);
    const environment = await completed(ctx, created);
    recordCreated(record, environment);
    return environment;
  });
}

/** Changes an environment. A repeat of what it is changes nothing and takes no version. */
export async function updateEnvironment(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.patchEnvironment>,
): Promise<Environment> {
  const scope = await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'ADMIN');
  const changes = columnsOf(body);
  const work = (ctx: Context, record: RecordChange) => applyChanges(ctx, scope, record, changes, body.metadata);
  // Names are unique in the project: one that is given is compared and set while nobody else names an environment.
  return body.name === undefined ? changeEnvironment(ctx, scope, work) : changeProject(ctx, scope, work);
}

/** Deletes an environment and frees its name; its document is withdrawn from every Edge. */
export async function deleteEnvironment(
  ctx: Context,
  { params }: InputOf<typeof endpoints.deleteEnvironment>,
): Promise<void> {
  const scope = await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'ADMIN');
  await changeEnvironment(ctx, scope, async (ctx, record) => {
    const before = await readEnvironment(ctx, scope.environmentId);
    await markDeleted(ctx.db, scope.environmentId, ctx.now());
    const log = `Environment deleted: ${before.name}`;
    record({
      objectType: 'ENVIRONMENT',
      objectId: before.id,
      objectUuid: before.uuid,
      changeType: 'DELETE',
      log,
      before,
    });
  });
}

/**
 * Copies settings, feature states and segment overrides; not identities with their overrides, and not server-side keys.
 * A copied state keeps its lineage. People land in other buckets than in the source all the same, because their identity
 * key starts with the environment's key.
 */
export async function cloneEnvironment(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.cloneEnvironment>,
): Promise<ClonedEnvironment> {
  const source = await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'VIEW_ENVIRONMENT');
  const scope = await openProject(ctx, source.projectId, 'CREATE_ENVIRONMENT');
  return changeProject(ctx, scope, async (ctx, record) => {
    const settings = await readSettings(ctx.db, source.environmentId);
    if (settings === null) throw notFound();
    const copy = await addEnvironment(ctx, scope, body.name, settings);
    const ids = { from: source.environmentId, to: copy.id };
    await copyFeatureStates(ctx.db, ids, await copyFeatureSegments(ctx.db, ids), ctx.now());
    if (source.environment.use_v2_feature_versioning === 1) await startVersioning(ctx, copy.id);
    recordCreated(record, copy);
    return { id: copy.id, name: copy.name, api_key: copy.api_key, project: copy.project };
  });
}

export async function getOnboardingStatus(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getOnboardingStatus>,
): Promise<OnboardingStatus> {
  const found = await findFirstEvaluation(ctx.db, params.environment_api_key);
  if (found === null) throw notFound();
  return found;
}

/** Notes an evaluation that this installation did not see. */
export async function setOnboardingStatus(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.setOnboardingStatus>,
): Promise<void> {
  const { environmentId } = await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'ADMIN');
  await noteFirstEvaluation(ctx.db, environmentId, { at: ctx.now(), sdkLabel: body.first_evaluated_sdk_label });
}

export async function getEnvironmentDocument(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getEnvironmentDocument>,
): Promise<EnvironmentDocument> {
  const scope = await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'VIEW_ENVIRONMENT');
  return documentOf(ctx, scope.environmentId);
}

/** Environments by id, also those that are deleted: what happened in them is still told. */
export async function environmentsById(ctx: Context, ids: number[]): Promise<Map<number, LightEnvironment>> {
  return new Map((await findEnvironmentsById(ctx.db, ids)).map((environment) => [environment.id, environment]));
}

/** Inserts an environment, which its creator administers, at version 0: the change that tells of it gives it the first. */
async function addEnvironment(
  ctx: Context,
  scope: ProjectScope,
  name: string,
  settings: EnvironmentSettings,
): Promise<LightEnvironment> {
  await refuseTakenName(ctx, scope.projectId, name);
  const at = ctx.now();
  const id = await insertEnvironment(ctx.db, {
    ...settings,
    uuid: crypto.randomUUID(),
    project_id: scope.projectId,
    name,
    name_key: exactNameKey(name),
    api_key: randomText(22),
    created_date: at,
    updated_at: at,
    deleted_at: null,
    version: 0,
    published_version: 0,
    is_creating: 0,
    use_v2_feature_versioning: 0,
    first_evaluated_at: null,
    first_evaluated_sdk_label: null,
  });
  await grantAdminToCreator(ctx, {
    organisationId: scope.organisationId,
    projectId: scope.projectId,
    environmentId: id,
  });
  return readEnvironment(ctx, id);
}

function recordCreated(record: RecordChange, environment: LightEnvironment): void {
  record({
    objectType: 'ENVIRONMENT',
    objectId: environment.id,
    objectUuid: environment.uuid,
    changeType: 'CREATE',
    log: `New Environment created: ${environment.name}`,
    after: environment,
    environmentId: environment.id,
  });
}

async function applyChanges(
  ctx: Context,
  scope: EnvironmentScope,
  record: RecordChange,
  changes: EnvironmentChanges,
  metadata: MetadataValueInput[] | undefined,
): Promise<Environment> {
  const before = await completed(ctx, await readEnvironment(ctx, scope.environmentId));
  if (changes.name !== undefined && changes.name !== before.name) {
    await refuseTakenName(ctx, scope.projectId, changes.name);
  }
  if (metadata !== undefined) {
    await setMetadata(ctx, scope, { entity: 'environment', id: scope.environmentId }, metadata);
  }
  const isServed = Object.keys(changes).length > 0;
  if (isServed) await updateRow(ctx.db, scope.environmentId, changes);
  const after = await completed(ctx, await readEnvironment(ctx, scope.environmentId));
  if (JSON.stringify(before) === JSON.stringify(after)) return after;
  record({
    objectType: 'ENVIRONMENT',
    objectId: after.id,
    objectUuid: after.uuid,
    changeType: 'UPDATE',
    log: `Environment updated: ${after.name}`,
    before,
    after,
    environmentId: after.id,
    ...(!isServed && { keepsDocuments: true }),
  });
  return after;
}

async function refuseTakenName(ctx: Context, projectId: number, name: string): Promise<void> {
  if (await nameIsTaken(ctx.db, projectId, exactNameKey(name))) {
    throw invalid({ name: ['An environment with this name already exists.'] });
  }
}

async function readEnvironment(ctx: Context, environmentId: number): Promise<LightEnvironment> {
  const environment = await findEnvironment(ctx.db, { id: environmentId });
  if (environment === null) throw notFound();
  return environment;
}

async function completed(ctx: Context, environment: LightEnvironment): Promise<Environment> {
  const [one] = await withMetadata(ctx, [environment]);
  return one as Environment;
}

/** One statement for all of them. */
async function withMetadata(ctx: Context, environments: LightEnvironment[]): Promise<Environment[]> {
  const ids = environments.map((environment) => environment.id);
  const metadata = await metadataOf(ctx, 'environment', ids);
  return environments.map((environment) => ({ ...environment, metadata: metadata.get(environment.id) ?? [] }));
}

/** The columns that a request names. */
function columnsOf(input: EnvironmentInput): EnvironmentChanges {
  const bits = {
    allow_client_traits: input.allow_client_traits,
    hide_sensitive_data: input.hide_sensitive_data,
    use_identity_composite_key_for_hashing: input.use_identity_composite_key_for_hashing,
    use_identity_overrides_in_local_eval: input.use_identity_overrides_in_local_eval,
  };
  return {
    ...(input.name !== undefined && { name: input.name, name_key: exactNameKey(input.name) }),
    ...(input.description !== undefined && { description: input.description }),
    ...(input.banner_text !== undefined && { banner_text: input.banner_text }),
    ...(input.banner_colour !== undefined && { banner_colour: input.banner_colour }),
    ...(input.minimum_change_request_approvals !== undefined && {
      minimum_change_request_approvals: input.minimum_change_request_approvals,
    }),
    ...(input.hide_disabled_flags !== undefined && {
      hide_disabled_flags: input.hide_disabled_flags === null ? null : Number(input.hide_disabled_flags),
    }),
    ...Object.fromEntries(
      Object.entries(bits)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => [name, Number(value)]),
    ),
  };
}

const defaults: EnvironmentSettings = {
  description: null,
  minimum_change_request_approvals: null,
  allow_client_traits: 1,
  banner_text: null,
  banner_colour: null,
  hide_disabled_flags: null,
  hide_sensitive_data: 0,
  use_identity_composite_key_for_hashing: 1,
  use_identity_overrides_in_local_eval: 1,
};
