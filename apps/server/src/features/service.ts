import type * as endpoints from '@halyard/contract';
import type { Feature, InputOf, LifecycleStage, ListedFeature, Page } from '@halyard/contract';
import {
  type FeatureScope,
  openEnvironment,
  openFeature,
  openProject,
  openProjectAndEnvironment,
  type ProjectScope,
} from '../access/service.ts';
import { countCodeReferences } from '../code-references/service.ts';
import { changeProject, type RecordChange } from '../changes/service.ts';
import type { Context } from '../context.ts';
import { invalid, invalidTogether, notFound } from '../errors.ts';
import { valueOfColumns } from '../db/values.ts';
import { addStatesOfFeature, environmentStatesOf, removeStatesOfFeature } from '../feature-states/service.ts';
import { setMetadata } from '../metadata/service.ts';
import { startVersionsOfFeature } from '../feature-versions/service.ts';
import { addOption, optionsOf } from '../multivariate-options/service.ts';
import { matchesNamePattern, nameKey } from '../names.ts';
import { removeSegmentsOfFeature } from '../segments/service.ts';
import { stageOf, staleBefore } from './lifecycle.ts';
import {
  addOwners,
  type Belongings,
  belongingsOf,
  changeLinks,
  countFeatures,
  environmentFacts,
  environmentIdsOf,
  type FoundFeature,
  findFeature,
  findFeatures,
  findFeaturesById,
  groupsOf,
  insertFeature,
  type LinkChanges,
  markDeleted,
  membersOf,
  nameIsTaken,
  type OwnerIds,
  removeOwners,
  replaceTags,
  type StateRow,
  type StoredFeature,
  tagsOfProject,
  updateFeature as updateRow,
  updateFeatures,
} from './store.ts';

/** @throws RequestError 400 for filters that need an environment where none is given. */
export async function listFeatures(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.listFeatures>,
): Promise<Page<ListedFeature>> {
  const scope = await openToList(ctx, params.project_id, query.environment);
  const { environmentId } = scope;
  if (environmentId === null && (query.is_enabled !== undefined || query.value_search || query.lifecycle_stage)) {
    throw invalid({ environment: ['This field is required to filter by state, value or lifecycle stage.'] });
  }
  const { lifecycle_stage: stage, ...rest } = query;
  const filter = {
    ...rest,
    environmentId: environmentId ?? undefined,
    lifecycle: stage && { stage, staleBefore: limitOf(ctx, scope) },
  };
  const { count, found } = await findFeatures(ctx.db, scope.projectId, filter, {
    limit: query.page_size,
    offset: (query.page - 1) * query.page_size,
  });
  return { count, results: await listed(ctx, scope, found, environmentId) };
}

export async function getFeature(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.getFeature>,
): Promise<ListedFeature> {
  const scope = await openToList(ctx, params.project_id, query.environment);
  const { environmentId } = scope;
  const { found } = await findFeatures(
    ctx.db,
    scope.projectId,
    { featureId: params.feature_id, environmentId: environmentId ?? undefined },
    { limit: 1, offset: 0 },
  );
  const [feature] = await listed(ctx, scope, found, environmentId);
  if (feature === undefined) throw notFound();
  return feature;
}

export async function getFeatureByUuid(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getFeatureByUuid>,
): Promise<Feature> {
  const feature = await findFeature(ctx.db, { uuid: params.uuid });
  if (feature === null) throw notFound();
  await openProject(ctx, feature.project, 'VIEW_PROJECT');
  return withBelongings(ctx, feature);
}

/** The feature by itself, without what an environment serves of it. */
export async function currentFeature(
  ctx: Context,
  { params }: { params: { project_id: number; feature_id: number } },
): Promise<Feature> {
  const { projectId } = await openProject(ctx, params.project_id, 'VIEW_PROJECT');
  const feature = await findFeature(ctx.db, { id: params.feature_id, projectId });
  if (feature === null) throw notFound();
  return withBelongings(ctx, feature);
}

/** How many features of the environment's project are in each stage there. */
export async function countFeatureLifecycles(
  ctx: Context,
  { params }: InputOf<typeof endpoints.countFeatureLifecycles>,
): Promise<Record<LifecycleStage, number>> {
  const scope = await openEnvironment(ctx, { id: params.environment_id }, 'VIEW_ENVIRONMENT');
  const staleBefore = limitOf(ctx, scope);
  const count = (stage: LifecycleStage) =>
    countFeatures(ctx.db, scope.projectId, {
      environmentId: scope.environmentId,
      lifecycle: { stage, staleBefore },
    });
  return {
    new: await count('new'),
    live: await count('live'),
    stale: await count('stale'),
    permanent: await count('permanent'),
    needs_monitoring: 0,
    to_remove: await count('to_remove'),
  };
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
  if (project.enforce_feature_owners === 1 && body.owners.length === 0 && body.group_owners.length === 0) {
    throw invalidTogether('This project requires at least one owner or group owner when creating a feature.');
  }
  return changeProject(ctx, scope, async (ctx, record) => {
    if (await nameIsTaken(ctx.db, scope.projectId, nameKey(body.name))) throw invalid({ name: [nameTaken] });
    await refuseForeignTags(ctx, scope, body.tags);
    const owners = await ownersOfNewFeature(ctx, scope, body);
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
    await startVersionsOfFeature(ctx, scope.projectId, id);
    await replaceTags(ctx.db, id, body.tags);
    await addOwners(ctx.db, id, owners);
    await setMetadata(ctx, scope, { entity: 'feature', id }, body.metadata);
    const feature = await readFeature(ctx, scope.projectId, id);
    const log = `New Flag / Remote Config created: ${feature.name}`;
    record({ ...stepOf(feature), changeType: 'CREATE', log, after: audited(feature) });
    for (const state of await environmentStatesOf(ctx, id)) {
      record({
        objectType: 'FEATURE_STATE',
        objectId: state.id,
        objectUuid: state.uuid,
        changeType: 'CREATE',
        log,
        after: state.audited,
        environmentId: state.environmentId,
        // The feature's own step gives this environment its version.
        keepsDocuments: true,
      });
    }
    return feature;
  });
}

/** Changes what a feature is. A repeat of what it is changes nothing and takes no version. */
export async function updateFeature(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.updateFeature>,
): Promise<Feature> {
  const scope = await openFeature(ctx, idsOf(params), 'CREATE_FEATURE');
  const isServed =
    body.description !== undefined || body.is_archived !== undefined || body.is_server_key_only !== undefined;
  return changeFeature(ctx, scope, { keepsDocuments: !isServed }, async (ctx) => {
    const changes = {
      ...(body.description !== undefined && { description: body.description }),
      ...(body.is_archived !== undefined && { is_archived: Number(body.is_archived) }),
      ...(body.is_server_key_only !== undefined && { is_server_key_only: Number(body.is_server_key_only) }),
    };
    if (isServed) await updateRow(ctx.db, scope.featureId, changes);
    if (body.tags !== undefined) {
      await refuseForeignTags(ctx, scope, body.tags);
      await replaceTags(ctx.db, scope.featureId, body.tags);
    }
    if (body.metadata !== undefined) {
      await setMetadata(ctx, scope, { entity: 'feature', id: scope.featureId }, body.metadata);
    }
  });
}

/** What can change of a feature; each list is all that there shall be. What is absent stays. */
export interface FeatureChange {
  description?: string | null | undefined;
  is_archived?: boolean | undefined;
  is_server_key_only?: boolean | undefined;
  tags?: number[] | undefined;
  owners?: number[] | undefined;
  group_owners?: number[] | undefined;
  metadata?: { model_field: number; field_value: string }[] | undefined;
}

/**
 * Changes many features, inside a change of the project: in as many statements for one as for hundreds, but for custom
 * fields. All environments take one version for all of it.
 * @throws RequestError 404 for a feature that the project has not, 400 for what single changes refuse, too.
 */
export async function changeEachFeature(
  ctx: Context,
  scope: ProjectScope,
  record: RecordChange,
  wanted: Map<number, FeatureChange>,
): Promise<void> {
  const ids = [...wanted.keys()];
  const before = await readFeatures(ctx, scope.projectId, ids);
  if (before.size < ids.length) throw notFound();
  const links = (kind: 'tags' | 'owners' | 'group_owners') =>
    linkChanges(
      ids.map((featureId) => [
        featureId,
        linksOf(before.get(featureId) as Feature, kind),
        wanted.get(featureId)?.[kind],
      ]),
    );
  const changes = { tags: links('tags'), owners: links('owners'), group_owners: links('group_owners') };
  await refuseForeign(ctx, scope, changes);
  for (const kind of ['tags', 'owners', 'group_owners'] as const) await changeLinks(ctx.db, kind, changes[kind]);
  const contents = Map.groupBy(wanted, ([, change]) =>
    JSON.stringify({
      ...(change.description !== undefined && { description: change.description }),
      ...(change.is_archived !== undefined && { is_archived: Number(change.is_archived) }),
      ...(change.is_server_key_only !== undefined && { is_server_key_only: Number(change.is_server_key_only) }),
    }),
  );
  for (const [content, features] of contents) {
    const featureIds = features.map(([id]) => id);
    if (content !== '{}') await updateFeatures(ctx.db, featureIds, JSON.parse(content));
  }
  for (const [id, { metadata }] of wanted) {
    if (metadata !== undefined) await setMetadata(ctx, scope, { entity: 'feature', id }, metadata);
  }
  let isServed = false;
  for (const [id, after] of await readFeatures(ctx, scope.projectId, ids)) {
    const was = before.get(id) as Feature;
    if (JSON.stringify(was) === JSON.stringify(after)) continue;
    // One version serves what changed of all of them.
    const keepsDocuments: boolean = isServed || servedOf(was) === servedOf(after);
    isServed ||= !keepsDocuments;
    record({
      ...stepOf(after),
      changeType: 'UPDATE',
      log: `Flag / Remote Config updated: ${after.name}`,
      before: audited(was),
      after: audited(after),
      ...(keepsDocuments && { keepsDocuments: true as const }),
    });
  }
}

function servedOf({ description, is_archived, is_server_key_only }: Feature): string {
  return JSON.stringify([description, is_archived, is_server_key_only]);
}

function linksOf(feature: Feature, kind: 'tags' | 'owners' | 'group_owners'): number[] {
  return kind === 'tags' ? feature.tags : feature[kind].map(({ id }) => id);
}

function linkChanges(features: [featureId: number, before: number[], wanted: number[] | undefined][]): LinkChanges {
  const changes: LinkChanges = { add: [], remove: [] };
  for (const [featureId, before, wanted] of features) {
    if (wanted === undefined) continue;
    const known = new Set(before);
    const kept = new Set(wanted);
    for (const id of kept) if (!known.has(id)) changes.add.push({ featureId, id });
    for (const id of known) if (!kept.has(id)) changes.remove.push({ featureId, id });
  }
  return changes;
}

/** @throws RequestError 400 for a tag, a person or a group that is not of the project's or the organisation's. */
async function refuseForeign(
  ctx: Context,
  scope: ProjectScope,
  changes: Record<'tags' | 'owners' | 'group_owners', LinkChanges>,
): Promise<void> {
  const known = {
    tags: (ids: number[]) => tagsOfProject(ctx.db, scope.projectId, ids),
    owners: (ids: number[]) => membersOf(ctx.db, scope.organisationId, ids),
    group_owners: (ids: number[]) => groupsOf(ctx.db, scope.organisationId, ids),
  };
  for (const kind of ['tags', 'owners', 'group_owners'] as const) {
    const ids = [...new Set(changes[kind].add.map(({ id }) => id))];
    const found = new Set(await known[kind](ids));
    const foreign = ids.find((id) => !found.has(id));
    if (foreign !== undefined) throw invalid({ [kind]: [unknownId(foreign)] });
  }
}

/** Those of the features that the project has, by id, each with all that belongs to it. */
export async function readFeatures(ctx: Context, projectId: number, ids: number[]): Promise<Map<number, Feature>> {
  const features = await findFeaturesById(ctx.db, projectId, ids);
  const known = features.map((feature) => feature.id);
  const options = await optionsOf(ctx, known);
  const belongings = await belongingsOf(ctx.db, known);
  return new Map(
    features.map((feature) => [feature.id, complete(feature, options, belongings.get(feature.id) as Belongings)]),
  );
}

/** @throws RequestError 400 for somebody who is not a member of the organisation. */
export async function addFeatureOwners(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.addFeatureOwners>,
): Promise<Feature> {
  const scope = await openFeature(ctx, idsOf(params), 'CREATE_FEATURE');
  return changeFeature(ctx, scope, { keepsDocuments: true }, async (ctx) => {
    const userIds = [...new Set(body.user_ids)];
    const members = await membersOf(ctx.db, scope.organisationId, userIds);
    if (members.length < userIds.length) throw invalidTogether('Some users not found');
    await addOwners(ctx.db, scope.featureId, { userIds, groupIds: [] });
  });
}

/** Also those who left the organisation. @throws RequestError 400 for somebody who is neither a member nor an owner. */
export async function removeFeatureOwners(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.removeFeatureOwners>,
): Promise<Feature> {
  const scope = await openFeature(ctx, idsOf(params), 'CREATE_FEATURE');
  return changeFeature(ctx, scope, { keepsDocuments: true }, async (ctx, before) => {
    const known = new Set([
      ...before.owners.map((owner) => owner.id),
      ...(await membersOf(ctx.db, scope.organisationId, body.user_ids)),
    ]);
    if (!body.user_ids.every((id) => known.has(id))) throw invalidTogether('Some users not found');
    await removeOwners(ctx.db, scope.featureId, { userIds: body.user_ids, groupIds: [] });
  });
}

/** @throws RequestError 400 for a group that is not the organisation's. */
export async function addFeatureGroupOwners(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.addFeatureGroupOwners>,
): Promise<Feature> {
  const scope = await openFeature(ctx, idsOf(params), 'CREATE_FEATURE');
  return changeFeature(ctx, scope, { keepsDocuments: true }, async (ctx) => {
    await addOwners(ctx.db, scope.featureId, { userIds: [], groupIds: await knownGroups(ctx, scope, body.group_ids) });
  });
}

/** @throws RequestError 400 for a group that is not the organisation's. */
export async function removeFeatureGroupOwners(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.removeFeatureGroupOwners>,
): Promise<Feature> {
  const scope = await openFeature(ctx, idsOf(params), 'CREATE_FEATURE');
  return changeFeature(ctx, scope, { keepsDocuments: true }, async (ctx) => {
    const groupIds = await knownGroups(ctx, scope, body.group_ids);
    await removeOwners(ctx.db, scope.featureId, { userIds: [], groupIds });
  });
}

export async function deleteFeature(ctx: Context, { params }: InputOf<typeof endpoints.deleteFeature>): Promise<void> {
  const scope = await openFeature(ctx, idsOf(params), 'DELETE_FEATURE');
  await changeProject(ctx, scope, async (ctx, record) => {
    const before = await readFeature(ctx, scope.projectId, scope.featureId);
    const states = await removeStatesOfFeature(ctx, scope.featureId);
    await markDeleted(ctx.db, scope.featureId, ctx.now());
    await removeSegmentsOfFeature(ctx, scope.featureId);
    const log = `Flag / Remote Config Deleted: ${before.name}`;
    const featureStates = states.map((state) => ({ before: state }));
    record({ ...stepOf(before), changeType: 'DELETE', log, before: audited(before), featureStates });
  });
}

/** Runs `work` and records what it changed of a feature; nothing where nothing is different. */
async function changeFeature(
  ctx: Context,
  scope: FeatureScope,
  { keepsDocuments }: { keepsDocuments: boolean },
  work: (ctx: Context, before: Feature) => Promise<void>,
): Promise<Feature> {
  return changeProject(ctx, scope, async (ctx, record) => {
    const before = await readFeature(ctx, scope.projectId, scope.featureId);
    await work(ctx, before);
    const after = await readFeature(ctx, scope.projectId, scope.featureId);
    if (JSON.stringify(before) === JSON.stringify(after)) return after;
    record({
      ...stepOf(after),
      changeType: 'UPDATE',
      log: `Flag / Remote Config updated: ${after.name}`,
      before: audited(before),
      after: audited(after),
      ...(keepsDocuments && { keepsDocuments: true as const }),
    });
    return after;
  });
}

/** Without owners, the person who creates a feature owns it; a master key is no person. */
async function ownersOfNewFeature(
  ctx: Context,
  scope: ProjectScope,
  body: { owners: number[]; group_owners: number[] },
): Promise<OwnerIds> {
  const members = new Set(await membersOf(ctx.db, scope.organisationId, body.owners));
  const stranger = body.owners.find((id) => !members.has(id));
  if (stranger !== undefined) throw invalid({ owners: [unknownId(stranger)] });
  const groups = new Set(await groupsOf(ctx.db, scope.organisationId, body.group_owners));
  const foreign = body.group_owners.find((id) => !groups.has(id));
  if (foreign !== undefined) throw invalid({ group_owners: [unknownId(foreign)] });
  const creator = ctx.actor.kind === 'user' ? [ctx.actor.userId] : [];
  return { userIds: members.size > 0 ? [...members] : creator, groupIds: [...groups] };
}

async function knownGroups(ctx: Context, scope: ProjectScope, groupIds: number[]): Promise<number[]> {
  const known = await groupsOf(ctx.db, scope.organisationId, groupIds);
  if (!groupIds.every((id) => known.includes(id))) throw invalidTogether('Some groups not found');
  return known;
}

async function refuseForeignTags(ctx: Context, scope: ProjectScope, tagIds: number[]): Promise<void> {
  const known = await tagsOfProject(ctx.db, scope.projectId, tagIds);
  if (!tagIds.every((id) => known.includes(id))) {
    throw invalidTogether('Selected Tags must be from the same Project as current Feature');
  }
}

async function listed(
  ctx: Context,
  scope: ProjectScope,
  found: FoundFeature[],
  environmentId: number | null,
): Promise<ListedFeature[]> {
  const ids = found.map(({ feature }) => feature.id);
  const options = await optionsOf(ctx, ids);
  const belongings = await belongingsOf(ctx.db, ids);
  const facts = environmentId === null ? null : await environmentFacts(ctx.db, environmentId, ids);
  const code = await countCodeReferences(ctx, scope.projectId, found);
  const staleBefore = limitOf(ctx, scope);
  return found.map(({ feature, state, segmentState }) => {
    const own = belongings.get(feature.id) as Belongings;
    const fact = facts?.get(feature.id);
    return {
      ...complete(feature, options, own),
      environment_feature_state: state && shownState(state),
      segment_feature_state: segmentState && shownState(segmentState),
      num_segment_overrides: facts === null ? null : (fact?.segmentOverrides ?? 0),
      num_identity_overrides: facts === null ? null : (fact?.identityOverrides ?? 0),
      is_num_identity_overrides_complete: true,
      last_modified_in_any_environment: fact?.lastModifiedAnywhere ?? null,
      last_modified_in_current_environment: fact?.lastModified ?? null,
      lifecycle_stage:
        facts === null
          ? null
          : stageOf(
              {
                createdDate: feature.created_date,
                isArchived: feature.is_archived,
                isPermanent: own.isPermanent,
                edited: fact?.edited ?? false,
                lastModified: fact?.lastModified ?? null,
              },
              staleBefore,
            ),
      code_references_counts: code(feature.name),
    };
  });
}

function shownState(state: StateRow) {
  return { id: state.id, enabled: state.enabled === 1, feature_state_value: valueOfColumns(state) };
}

function limitOf(ctx: Context, { project }: ProjectScope) {
  return staleBefore(ctx.now(), project.stale_flags_limit_days);
}

/** @throws RequestError 400 for an environment that is not the project's. */
async function openToList(ctx: Context, projectId: number, environmentId: number | undefined) {
  const scope = await openProjectAndEnvironment(
    ctx,
    { projectId, environmentId },
    { project: 'VIEW_PROJECT', environment: 'VIEW_ENVIRONMENT' },
  );
  if (environmentId !== undefined && scope.environmentId === null) {
    throw invalid({ environment: [unknownId(environmentId)] });
  }
  return scope;
}

/** A feature with all that belongs to it, for somebody who may see it. @throws RequestError 404 */
export async function readFeature(ctx: Context, projectId: number, featureId: number): Promise<Feature> {
  const feature = await findFeature(ctx.db, { id: featureId, projectId });
  if (feature === null) throw notFound();
  return withBelongings(ctx, feature);
}

async function withBelongings(ctx: Context, feature: StoredFeature): Promise<Feature> {
  const options = await optionsOf(ctx, [feature.id]);
  const belongings = await belongingsOf(ctx.db, [feature.id]);
  return complete(feature, options, belongings.get(feature.id) as Belongings);
}

function complete(
  feature: StoredFeature,
  options: Map<number, Feature['multivariate_options']>,
  { tags, owners, groupOwners, metadata }: Belongings,
): Feature {
  return {
    ...feature,
    multivariate_options: options.get(feature.id) ?? [],
    tags,
    owners,
    group_owners: groupOwners,
    metadata,
  };
}

/** As the audit log keeps a feature: people by their ids, since what it keeps is never erased. */
function audited(feature: Feature) {
  return {
    ...feature,
    owners: feature.owners.map((owner) => owner.id),
    group_owners: feature.group_owners.map((group) => group.id),
  };
}

function stepOf(feature: Feature) {
  return { objectType: 'FEATURE', objectId: feature.id, objectUuid: feature.uuid } as const;
}

function idsOf(params: { project_id: number; feature_id: number }) {
  return { projectId: params.project_id, featureId: params.feature_id };
}

function unknownId(id: number): string {
  return `Invalid pk "${id}" - object does not exist.`;
}

const nameTaken =
  'Feature with that name already exists for this project. Note that feature names are case insensitive.';
