import type * as endpoints from '@halyard/contract';
import type { Feature, InputOf, ListedFeature, Page } from '@halyard/contract';
import { openEnvironment, openFeature, openProject } from '../access/service.ts';
import { changeProject } from '../changes/service.ts';
import type { Context } from '../context.ts';
import { invalid, notFound } from '../errors.ts';
import { addStatesOfFeature, removeStatesOfFeature, valueOf } from '../feature-states/service.ts';
import { addOption, optionsOf } from '../multivariate-options/service.ts';
import { matchesNamePattern, nameKey } from '../names.ts';
import { removeSegmentsOfFeature } from '../segments/service.ts';
import {
  countFeatures,
  environmentFacts,
  environmentIdsOf,
  findFeature,
  findFeatures,
  insertFeature,
  markDeleted,
  nameIsTaken,
  type StoredFeature,
  updateFeature as updateRow,
} from './store.ts';

/** @throws RequestError 400 for filters that need an environment where none is given. */
export async function listFeatures(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.listFeatures>,
): Promise<Page<ListedFeature>> {
  const { projectId } = await openProject(ctx, params.project_id, 'VIEW_PROJECT');
  const environmentId = await environmentOf(ctx, projectId, query.environment);
  if (environmentId === null && (query.is_enabled !== undefined || query.value_search)) {
    throw invalid({ environment: ['This field is required to filter by state or value.'] });
  }
  const filter = { ...query, environmentId: environmentId ?? undefined };
  const count = await countFeatures(ctx.db, projectId, filter);
  const features = await findFeatures(ctx.db, projectId, filter, {
    limit: query.page_size,
    offset: (query.page - 1) * query.page_size,
  });
  return { count, results: await listed(ctx, features, environmentId) };
}

export async function getFeature(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.getFeature>,
): Promise<ListedFeature> {
  const { projectId, featureId } = await openFeature(ctx, idsOf(params), 'VIEW_PROJECT');
  const environmentId = await environmentOf(ctx, projectId, query.environment);
  const [feature] = await listed(
    ctx,
    [(await findFeature(ctx.db, { id: featureId, projectId })) as StoredFeature],
    environmentId,
  );
  return feature as ListedFeature;
}

export async function getFeatureByUuid(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getFeatureByUuid>,
): Promise<Feature> {
  const feature = await findFeature(ctx.db, { uuid: params.uuid });
  if (feature === null) throw notFound();
  await openProject(ctx, feature.project, 'VIEW_PROJECT');
  return withOptions(ctx, feature);
}

/** Creates a feature with a state in every environment. @throws RequestError 400 for a name that is taken or refused. */
export async function createFeature(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.createFeature>,
): Promise<Feature> {
  const scope = await openProject(ctx, params.project_id, 'CREATE_FEATURE');
  const { project } = scope;
  if (project.feature_name_regex !== null && !matchesNamePattern(project.feature_name_regex, body.name)) {
    throw invalid({ name: [`Feature name must match regex: ${project.feature_name_regex}`] });
  }
  return changeProject(ctx, scope, async (ctx, record) => {
    if (await nameIsTaken(ctx.db, scope.projectId, nameKey(body.name))) throw invalid({ name: [nameTaken] });
    const id = await insertFeature(ctx.db, {
      uuid: crypto.randomUUID(),
      project_id: scope.projectId,
      name: body.name,
      name_key: nameKey(body.name),
      type: 'STANDARD',
      initial_value: body.initial_value ?? null,
      default_enabled: Number(body.default_enabled),
      description: body.description ?? null,
      is_archived: Number(body.is_archived),
      is_server_key_only: Number(body.is_server_key_only),
      created_date: ctx.now(),
      deleted_at: null,
    });
    const environmentIds = await environmentIdsOf(ctx.db, scope.projectId);
    const preventDefaults = project.prevent_flag_defaults === 1;
    await addStatesOfFeature(ctx, environmentIds, {
      id,
      initialValue: preventDefaults ? null : (body.initial_value ?? null),
      enabled: !preventDefaults && body.default_enabled,
    });
    for (const option of body.multivariate_options ?? []) await addOption(ctx, id, option);
    const feature = await findWithOptions(ctx, scope.projectId, id);
    const log = `New Flag / Remote Config created: ${feature.name}`;
    const step = { objectId: id, objectUuid: feature.uuid, changeType: 'CREATE', log, after: feature } as const;
    record({ ...step, objectType: 'FEATURE' });
    return feature;
  });
}

/** Changes what a feature is. A repeat of what it is changes nothing and takes no version. */
export async function updateFeature(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.updateFeature>,
): Promise<Feature> {
  const scope = await openFeature(ctx, idsOf(params), 'CREATE_FEATURE');
  return changeProject(ctx, scope, async (ctx, record) => {
    const before = await findWithOptions(ctx, scope.projectId, scope.featureId);
    const changes = {
      ...(body.description !== undefined && { description: body.description }),
      ...(body.is_archived !== undefined && { is_archived: Number(body.is_archived) }),
      ...(body.is_server_key_only !== undefined && { is_server_key_only: Number(body.is_server_key_only) }),
    };
    if (Object.keys(changes).length === 0) return before;
    await updateRow(ctx.db, scope.featureId, changes);
    const after = await findWithOptions(ctx, scope.projectId, scope.featureId);
    if (JSON.stringify(before) === JSON.stringify(after)) return after;
    const log = `Flag / Remote Config updated: ${after.name}`;
    record({
      objectType: 'FEATURE',
      objectId: after.id,
      objectUuid: after.uuid,
      changeType: 'UPDATE',
      log,
      before,
      after,
    });
    return after;
  });
}

export async function deleteFeature(ctx: Context, { params }: InputOf<typeof endpoints.deleteFeature>): Promise<void> {
  const scope = await openFeature(ctx, idsOf(params), 'DELETE_FEATURE');
  await changeProject(ctx, scope, async (ctx, record) => {
    const before = await findWithOptions(ctx, scope.projectId, scope.featureId);
    await removeStatesOfFeature(ctx, scope.featureId);
    await markDeleted(ctx.db, scope.featureId, ctx.now());
    await removeSegmentsOfFeature(ctx, scope.featureId);
    const log = `Flag / Remote Config Deleted: ${before.name}`;
    record({ objectType: 'FEATURE', objectId: before.id, objectUuid: before.uuid, changeType: 'DELETE', log, before });
  });
}

async function listed(ctx: Context, features: StoredFeature[], environmentId: number | null): Promise<ListedFeature[]> {
  const ids = features.map((feature) => feature.id);
  const options = await optionsOf(ctx, ids);
  const facts = environmentId === null ? null : await environmentFacts(ctx.db, environmentId, ids);
  return features.map((feature) => {
    const fact = facts?.get(feature.id);
    return {
      ...feature,
      multivariate_options: options.get(feature.id) ?? [],
      environment_feature_state: fact?.state
        ? { id: fact.state.id, enabled: fact.state.enabled === 1, feature_state_value: valueOf(fact.state) }
        : null,
      num_segment_overrides: fact?.segmentOverrides ?? null,
      num_identity_overrides: fact?.identityOverrides ?? null,
    };
  });
}

/** @throws RequestError 400 for an environment that is not the project's. */
async function environmentOf(
  ctx: Context,
  projectId: number,
  environmentId: number | undefined,
): Promise<number | null> {
  if (environmentId === undefined) return null;
  const { projectId: owner } = await openEnvironment(ctx, { id: environmentId }, 'VIEW_ENVIRONMENT');
  if (owner !== projectId) throw invalid({ environment: [`Invalid pk "${environmentId}" - object does not exist.`] });
  return environmentId;
}

async function findWithOptions(ctx: Context, projectId: number, featureId: number): Promise<Feature> {
  const feature = await findFeature(ctx.db, { id: featureId, projectId });
  if (feature === null) throw notFound();
  return withOptions(ctx, feature);
}

async function withOptions(ctx: Context, feature: StoredFeature): Promise<Feature> {
  const options = await optionsOf(ctx, [feature.id]);
  return { ...feature, multivariate_options: options.get(feature.id) ?? [] };
}

function idsOf(params: { project_id: number; feature_id: number }) {
  return { projectId: params.project_id, featureId: params.feature_id };
}

const nameTaken =
  'Feature with that name already exists for this project. Note that feature names are case insensitive.';
