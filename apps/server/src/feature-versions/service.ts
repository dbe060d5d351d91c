import type * as endpoints from '@halyard/contract';
import {
  type FeatureValue,
  type FeatureVersion,
  type FeatureVersionDetail,
  type InputOf,
  type Page,
  scalarOf,
  typedValueOf,
  type VersionState,
  type VersionStateInput,
} from '@halyard/contract';
import { type EnvironmentScope, openEnvironment } from '../access/service.ts';
import { changeEnvironment, type RecordChange } from '../changes/service.ts';
import type { Context } from '../context.ts';
import { invalid, invalidTogether, notFound, RequestError, refused } from '../errors.ts';
import { placeOverrides, reordered, segmentNames } from '../feature-segments/service.ts';
import {
  auditedServed,
  hasVersions,
  liveStates,
  mergedWeights,
  type ServedState,
  serveStates,
  servesTheSame,
  tooMuchWeight,
  variantIdsOf,
  weighTooMuch,
} from '../feature-states/service.ts';
import { enqueue } from '../jobs/service.ts';
import { type Timestamp, toTimestamp } from '../time.ts';
import {
  countVersions,
  deleteVariantFromVersions,
  deleteVersions,
  findCurrent,
  findDue,
  findFeature,
  findPredecessor,
  findScheduled,
  findVersion,
  findVersionStates,
  findVersions,
  hasDraft,
  insertVariantIntoVersions,
  insertVersions,
  largestScheduledWeightSum,
  markApplied,
  markReplaced,
  type NewVersion,
  type NewVersionState,
  type StoredVersionState,
  saveVersionStates,
  setVersioning,
  updateVersion,
  type Version,
  versionedEnvironments,
} from './store.ts';
import { columnsOfValue } from '../db/values.ts';

/*
 * What is served stays in the live rows, with versions and without. A version is a snapshot beside them: publishing one
 * writes it onto the live rows, so that documents and lists know nothing of versions.
 */

/** Makes what is served the first version of each feature. @throws RequestError 400 where the environment has versions. */
export async function enableFeatureVersioning(
  ctx: Context,
  { params }: InputOf<typeof endpoints.enableFeatureVersioning>,
): Promise<void> {
  const scope = await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'ADMIN');
  await changeEnvironment(ctx, scope, async (ctx, record) => {
    if (await hasVersions(ctx, scope.environmentId)) throw refused('Environment already using v2 versioning.');
    await startVersioning(ctx, scope.environmentId);
    recordVersioning(scope, record, true);
  });
}

/** Removes the versions; what is served stays. Versions that wait for their time are called off. @throws RequestError 400 */
export async function disableFeatureVersioning(
  ctx: Context,
  { params }: InputOf<typeof endpoints.disableFeatureVersioning>,
): Promise<void> {
  const scope = await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'ADMIN');
  await changeEnvironment(ctx, scope, async (ctx, record) => {
    if (!(await hasVersions(ctx, scope.environmentId))) throw refused('Environment is not using v2 versioning.');
    await deleteVersions(ctx.db, { environmentId: scope.environmentId });
    await setVersioning(ctx.db, scope.environmentId, false);
    recordVersioning(scope, record, false);
  });
}

export async function listFeatureVersions(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.listFeatureVersions>,
): Promise<Page<FeatureVersion>> {
  const { scope, feature } = await openFeatureIn(ctx, params, 'VIEW_ENVIRONMENT');
  const at = ctx.now();
  const filter = {
    environmentId: scope.environmentId,
    featureId: feature.id,
    ...(query.is_live !== undefined && { liveAt: { at, isLive: query.is_live } }),
  };
  const count = await countVersions(ctx.db, filter);
  const window = { limit: query.page_size, offset: (query.page - 1) * query.page_size };
  return { count, results: (await findVersions(ctx.db, filter, window)).map((version) => shown(version, at)) };
}

/**
 * Makes a version of what is live and the changes given, all or nothing.
 * @throws RequestError 400 for changes that do not fit what is live, and for a second draft.
 */
export async function createFeatureVersion(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.createFeatureVersion>,
): Promise<FeatureVersion> {
  const { scope, feature } = await openFeatureIn(ctx, params, 'UPDATE_FEATURE_STATE');
  return changeEnvironment(ctx, scope, async (ctx, record) => {
    const { environmentId } = scope;
    if (!(await hasVersions(ctx, environmentId))) {
      throw new RequestError('invalid', { environment: 'Environment must use v2 feature versioning.' });
    }
    if (!body.publish_immediately && (await hasDraft(ctx.db, environmentId, feature.id))) {
      throw invalidTogether('This feature has a draft version in this environment. Publish it or delete it first.');
    }
    await goLive(ctx, scope, record, feature);
    const live = await liveStates(ctx, { environmentIds: [environmentId], featureId: feature.id });
    const states = await withChanges(ctx, scope, feature, live, {
      create: body.feature_states_to_create ?? [],
      update: body.feature_states_to_update ?? [],
      deleteSegmentIds: body.segment_ids_to_delete_overrides ?? [],
    });
    const liveFrom = timeOf(body.live_from);
    const version = await addVersion(ctx, scope, feature, states, { description: body.description, liveFrom });
    return body.publish_immediately
      ? shown(await publish(ctx, scope, record, feature, version, liveFrom), ctx.now())
      : shown(version, ctx.now());
  });
}

export async function getFeatureVersion(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getFeatureVersion>,
): Promise<FeatureVersionDetail> {
  const { scope, feature } = await openFeatureIn(ctx, params, 'VIEW_ENVIRONMENT');
  return detail(ctx, await versionOf(ctx, scope, feature.id, params.version_uuid));
}

export async function getFeatureVersionByUuid(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getFeatureVersionByUuid>,
): Promise<FeatureVersionDetail> {
  const version = await findVersion(ctx.db, params.version_uuid);
  if (version === null) throw notFound();
  await openEnvironment(ctx, { id: version.environment_id }, 'VIEW_ENVIRONMENT');
  return detail(ctx, version);
}

/** @throws RequestError 400 for a version that is published. */
export async function patchFeatureVersion(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.patchFeatureVersion>,
): Promise<FeatureVersionDetail> {
  return changeDraft(ctx, params, async (ctx, { version }) => {
    await updateVersion(ctx.db, version.id, {
      ...(body.description !== undefined && { description: body.description }),
      ...(body.live_from !== undefined && { live_from: timeOf(body.live_from) }),
      updated_at: ctx.now(),
    });
    return detail(ctx, await reread(ctx, version));
  });
}

/** Discards a draft; calls off a version that waits for its time. @throws RequestError 400 for one that is or was live. */
export async function deleteFeatureVersion(
  ctx: Context,
  { params }: InputOf<typeof endpoints.deleteFeatureVersion>,
): Promise<void> {
  const { scope, feature } = await openFeatureIn(ctx, params, 'UPDATE_FEATURE_STATE');
  await changeEnvironment(ctx, scope, async (ctx, record) => {
    const version = await versionOf(ctx, scope, feature.id, params.version_uuid);
    if (version.applied_at !== null || isLive(version, ctx.now())) throw refused('Cannot delete a live version.');
    const before = await snapshot(ctx, scope, feature, version, await findVersionStates(ctx.db, version.id));
    await deleteVersions(ctx.db, { versionId: version.id });
    if (version.published === 0) return;
    record({
      objectType: 'EF_VERSION',
      objectId: version.id,
      objectUuid: version.uuid,
      changeType: 'DELETE',
      log: `Scheduled version called off for feature: ${feature.name}`,
      before,
      keepsDocuments: true,
    });
  });
}

/** Publishes a draft. Without a time it goes live at its own `live_from`, or at once. @throws RequestError 400 for one that is published. */
export async function publishFeatureVersion(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.publishFeatureVersion>,
): Promise<FeatureVersion> {
  const { scope, feature } = await openFeatureIn(ctx, params, 'UPDATE_FEATURE_STATE');
  return changeEnvironment(ctx, scope, async (ctx, record) => {
    const version = await versionOf(ctx, scope, feature.id, params.version_uuid);
    if (version.published === 1) throw refused('This version is published already.');
    const liveFrom = body.live_from === undefined ? version.live_from : timeOf(body.live_from);
    return shown(await publish(ctx, scope, record, feature, version, liveFrom), ctx.now());
  });
}

export async function listVersionStates(
  ctx: Context,
  { params }: InputOf<typeof endpoints.listVersionStates>,
): Promise<VersionState[]> {
  const { scope, feature } = await openFeatureIn(ctx, params, 'VIEW_ENVIRONMENT');
  const version = await versionOf(ctx, scope, feature.id, params.version_uuid);
  return shownStates(version, await findVersionStates(ctx.db, version.id));
}

/** @throws RequestError 400 for the environment's own state, and for a segment that has its override. */
export async function createVersionState(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.createVersionState>,
): Promise<VersionState> {
  return changeDraft(ctx, params, async (ctx, { scope, feature, version }) => {
    const before = await findVersionStates(ctx.db, version.id);
    const changes = { create: [body], update: [], deleteSegmentIds: [] };
    await save(ctx, version, await withChanges(ctx, scope, feature, before, changes));
    return stateIn(ctx, version, (state) => state.segmentId === body.feature_segment?.segment);
  });
}

/** @throws RequestError 404 for a state that the version has not, 400 where its segment would change. */
export async function updateVersionState(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.updateVersionState>,
): Promise<VersionState> {
  return changeDraft(ctx, params, async (ctx, { scope, feature, version }) => {
    const before = await findVersionStates(ctx.db, version.id);
    const state = before.find((candidate) => candidate.id === params.state_id);
    if (state === undefined) throw notFound();
    const segment = body.feature_segment?.segment ?? state.segmentId;
    if (segment !== state.segmentId) throw invalid({ feature_segment: ['A state keeps its segment.'] });
    const place = segment === null ? null : { segment, priority: body.feature_segment?.priority };
    const changes = { create: [], update: [{ ...body, feature_segment: place }], deleteSegmentIds: [] };
    await save(ctx, version, await withChanges(ctx, scope, feature, before, changes));
    return stateIn(ctx, version, (candidate) => candidate.id === state.id);
  });
}

/** @throws RequestError 404 for a state that the version has not, 400 for the environment's own. */
export async function deleteVersionState(
  ctx: Context,
  { params }: InputOf<typeof endpoints.deleteVersionState>,
): Promise<void> {
  await changeDraft(ctx, params, async (ctx, { version }) => {
    const before = await findVersionStates(ctx.db, version.id);
    const state = before.find((candidate) => candidate.id === params.state_id);
    if (state === undefined) throw notFound();
    if (state.segmentId === null) throw refused('Cannot delete environment default feature state.');
    await save(
      ctx,
      version,
      before.filter((candidate) => candidate !== state),
    );
  });
}

/**
 * Changes what a feature serves to everybody in an environment, in whichever way the environment keeps it: directly, or by
 * publishing one version. `decide` gets what is served, the environment's own state first, then the overrides, the
 * strongest first, and answers what shall be. Asking for what is there changes nothing.
 */
export async function changeServed(
  ctx: Context,
  scope: EnvironmentScope,
  feature: { id: number; name: string },
  decide: (ctx: Context, live: ServedState[]) => Promise<ServedState[]>,
  about: { description?: string } = {},
): Promise<ServedState[]> {
  return changeEnvironment(ctx, scope, async (ctx, record) => {
    const versioned = await hasVersions(ctx, scope.environmentId);
    if (versioned) await goLive(ctx, scope, record, feature);
    const filter = { environmentIds: [scope.environmentId], featureId: feature.id };
    const live = await liveStates(ctx, filter);
    const wanted = await decide(ctx, live);
    const same =
      live.length === wanted.length && live.every((state, index) => servesTheSame(state, wanted[index] as ServedState));
    if (same) return live;
    if (!versioned) return serve(ctx, scope, record, feature, wanted);
    const version = await addVersion(ctx, scope, feature, wanted, { description: about.description, liveFrom: null });
    await publish(ctx, scope, record, feature, version, null);
    return liveStates(ctx, filter);
  });
}

/**
 * Lets a feature serve something else to everybody in an environment, from a time on: `decide` as in `changeServed`.
 * Null where that is what is served now. @throws RequestError 400 where the environment has no versions
 */
export async function scheduleServed(
  ctx: Context,
  scope: EnvironmentScope,
  feature: { id: number; name: string },
  decide: (ctx: Context, live: ServedState[]) => Promise<ServedState[]>,
  about: { description?: string | undefined; liveFrom: string },
): Promise<{ uuid: string; liveFrom: Timestamp; states: ServedState[] } | null> {
  return changeEnvironment(ctx, scope, async (ctx, record) => {
    if (!(await hasVersions(ctx, scope.environmentId))) {
      throw invalid({ live_from: [`${scope.environment.name} must use v2 feature versioning.`] });
    }
    await goLive(ctx, scope, record, feature);
    const live = await liveStates(ctx, { environmentIds: [scope.environmentId], featureId: feature.id });
    const states = await decide(ctx, live);
    const same =
      live.length === states.length && live.every((state, index) => servesTheSame(state, states[index] as ServedState));
    if (same) return null;
    const liveFrom = timeOf(about.liveFrom);
    const version = await addVersion(ctx, scope, feature, states, { description: about.description, liveFrom });
    const published = await publish(ctx, scope, record, feature, version, liveFrom);
    return { uuid: version.uuid, liveFrom: published.live_from as Timestamp, states };
  });
}

/** What a version of the feature serves, or served. @throws RequestError 404, 400 for one that never went live. */
export async function statesOfVersion(
  ctx: Context,
  scope: EnvironmentScope,
  featureId: number,
  uuid: string,
): Promise<ServedState[]> {
  const version = await versionOf(ctx, scope, featureId, uuid);
  if (version.applied_at === null) throw refused('This version never went live. Publish it instead.');
  return findVersionStates(ctx.db, version.id);
}

/** Versions of a feature, in any environment, that are published and wait for their time: the earliest first. */
export async function scheduledVersions(ctx: Context, featureId: number): Promise<Version[]> {
  return findScheduled(ctx.db, featureId);
}

/** Makes what a new environment serves the first version of each feature, inside a change that holds it. */
export async function startVersioning(ctx: Context, environmentId: number): Promise<void> {
  await setVersioning(ctx.db, environmentId, true);
  await addFirstVersions(ctx, { environmentIds: [environmentId] });
}

/** Gives a new feature its first version wherever the project has versions, inside a change of the project. */
export async function startVersionsOfFeature(ctx: Context, projectId: number, featureId: number): Promise<void> {
  await addFirstVersions(ctx, { environmentIds: await versionedEnvironments(ctx.db, projectId), featureId });
}

/**
 * Makes what features serve a version, wherever the project (or the one environment) has versions: for work that writes
 * live states of many features itself, in its own change.
 */
export async function adoptServed(
  ctx: Context,
  where: { projectId: number; environmentId?: number },
  featureIds: number[],
): Promise<void> {
  const versioned = await versionedEnvironments(ctx.db, where.projectId);
  const environmentIds = versioned.filter((id) => where.environmentId === undefined || id === where.environmentId);
  if (environmentIds.length === 0 || featureIds.length === 0) return;
  await markReplaced(ctx.db, { environmentIds, featureIds }, ctx.now());
  await addFirstVersions(ctx, { environmentIds, featureIds });
}

/**
 * Gives a new variant its weight in all versions that are served or may come to be.
 * @throws RequestError 400 where one that goes live by itself would pass 100 percent.
 */
export async function addVariantToVersions(
  ctx: Context,
  option: { id: number; featureId: number; weight: number },
): Promise<void> {
  const sum = await largestScheduledWeightSum(ctx.db, option.featureId);
  if (weighTooMuch([{ weight: sum }, option])) {
    throw invalid({ default_percentage_allocation: ['Invalid percentage allocation'] });
  }
  await insertVariantIntoVersions(ctx.db, option);
}

export async function removeVariantFromVersions(ctx: Context, optionId: number): Promise<void> {
  await deleteVariantFromVersions(ctx.db, optionId);
}

/** Lets versions go live whose time has come. A repeat does nothing; what is deleted meanwhile is left alone. */
export const versionJobs = {
  'feature-version-goes-live': async (
    ctx: Context,
    { environmentId, featureId }: { environmentId: number; featureId: number },
  ): Promise<void> => {
    const scope = await openIfThere(ctx, environmentId);
    const feature = scope === null ? null : await findFeature(ctx.db, scope.projectId, featureId);
    if (scope === null || feature === null) return;
    await changeEnvironment(ctx, scope, (ctx, record) => goLive(ctx, scope, record, feature));
  },
};

/** Makes a version go live at its time. @throws RequestError 400 for weights beyond 100 percent, which variants added later can make. */
async function publish(
  ctx: Context,
  scope: EnvironmentScope,
  record: RecordChange,
  feature: { id: number; name: string },
  version: Version,
  wantedTime: Timestamp | null,
): Promise<Version> {
  const states = await findVersionStates(ctx.db, version.id);
  if (states.some((state) => weighTooMuch(state.weights))) throw invalidTogether(tooMuchWeight);
  const at = ctx.now();
  const liveFrom = wantedTime !== null && wantedTime > at ? wantedTime : at;
  await updateVersion(ctx.db, version.id, {
    published: 1,
    live_from: liveFrom,
    updated_at: at,
    published_by: ctx.actor.kind === 'user' ? ctx.actor.userId : null,
    published_by_master_key: ctx.actor.kind === 'master_key' ? ctx.actor.masterKeyId : null,
  });
  if (liveFrom === at) {
    await goLive(ctx, scope, record, feature, version.id);
    return reread(ctx, version);
  }
  const published = await reread(ctx, version);
  await enqueue(ctx, {
    kind: 'feature-version-goes-live',
    payload: { environmentId: scope.environmentId, featureId: feature.id },
    runAt: liveFrom,
  });
  record({
    objectType: 'EF_VERSION',
    objectId: version.id,
    objectUuid: version.uuid,
    changeType: 'CREATE',
    log: publishedText(feature),
    after: await snapshot(ctx, scope, feature, published, states),
    keepsDocuments: true,
  });
  return published;
}

/**
 * Writes all versions whose time has come onto the live rows, in the order of their times: the last one wins. They are
 * one at most, unless nothing ran when a time came.
 */
async function goLive(
  ctx: Context,
  scope: EnvironmentScope,
  record: RecordChange,
  feature: { id: number; name: string },
  publishedNow?: number,
): Promise<void> {
  for (const version of await findDue(ctx.db, scope.environmentId, feature.id, ctx.now())) {
    const previous = await findCurrent(ctx.db, scope.environmentId, feature.id);
    const filter = { environmentIds: [scope.environmentId], featureId: feature.id };
    const before = await liveStates(ctx, filter);
    const after = await serve(ctx, scope, silent, feature, await findVersionStates(ctx.db, version.id));
    await markApplied(ctx.db, version, ctx.now());
    record({
      objectType: 'EF_VERSION',
      objectId: version.id,
      objectUuid: version.uuid,
      changeType: 'UPDATE',
      log:
        version.id === publishedNow
          ? publishedText(feature)
          : `Scheduled version went live for feature: ${feature.name}`,
      ...(previous !== null && { before: await snapshot(ctx, scope, feature, previous, before) }),
      after: await snapshot(ctx, scope, feature, version, after),
    });
  }
}

function publishedText(feature: { name: string }): string {
  return `New version published for feature: ${feature.name}`;
}

/** Single steps of a version are not told: the version is. */
const silent: RecordChange = () => undefined;

/** Lets a feature serve exactly these states; segments that are deleted are left out. */
async function serve(
  ctx: Context,
  scope: EnvironmentScope,
  record: RecordChange,
  feature: { id: number; name: string },
  states: ServedState[],
) {
  const placeOf = await placeOverrides(ctx, scope, record, feature, segmentIdsOf(states));
  return serveStates(ctx, scope, record, feature, { states, placeOf });
}

/** A version as the audit log keeps it, complete: webhooks tell from two of them which states differ. */
export interface VersionSnapshot {
  uuid: string;
  feature: { id: number; name: string };
  description: string | null;
  live_from: string | null;
  /** False where it was only scheduled: nothing is served differently yet. */
  is_live: boolean;
  published_by: number | null;
  /** The environment's own state (`segment` is null), then the overrides, the strongest first. */
  feature_states: {
    segment: { id: number; name: string } | null;
    priority: number | null;
    enabled: boolean;
    feature_state_value: FeatureValue;
    multivariate_feature_state_values: { multivariate_feature_option: number; percentage_allocation: number }[];
  }[];
}

async function snapshot(
  ctx: Context,
  scope: EnvironmentScope,
  feature: { id: number; name: string },
  version: Version,
  states: ServedState[],
): Promise<VersionSnapshot> {
  const names = await segmentNames(ctx, scope, feature.id, segmentIdsOf(states));
  let priority = 0;
  return {
    uuid: version.uuid,
    feature: { id: feature.id, name: feature.name },
    description: version.description,
    live_from: version.live_from,
    is_live: isLive(version, ctx.now()),
    published_by: version.published_by,
    feature_states: states.map((state) => ({
      segment: state.segmentId === null ? null : { id: state.segmentId, name: names.get(state.segmentId) ?? '' },
      priority: state.segmentId === null ? null : priority++,
      ...auditedServed(state),
    })),
  };
}

/**
 * States with changes. Those of `update` keep what is not given; those that get a priority move there, and others make room.
 * @throws RequestError 400 for changes that do not fit the states.
 */
async function withChanges(
  ctx: Context,
  scope: EnvironmentScope,
  feature: { id: number },
  states: (ServedState & { id?: number })[],
  changes: { create: VersionStateInput[]; update: VersionStateInput[]; deleteSegmentIds: number[] },
): Promise<(ServedState & { id?: number })[]> {
  const optionIds = new Set(await variantIdsOf(ctx, feature.id));
  const asked = [...changes.create, ...changes.update].map((input) => input.feature_segment?.segment ?? null);
  const names = await segmentNames(ctx, scope, feature.id, [...new Set(asked.filter((id) => id !== null))]);
  const unknown = asked.find((id) => id !== null && !names.has(id));
  if (unknown !== undefined) {
    throw invalid({ feature_segment: { segment: [`Invalid pk "${unknown}" - object does not exist.`] } });
  }
  const deleted = new Set<number | null>(changes.deleteSegmentIds);
  const next = new Map(
    states.filter((state) => !deleted.has(state.segmentId)).map((state) => [state.segmentId, state]),
  );
  for (const input of changes.create) {
    const segmentId = input.feature_segment?.segment ?? null;
    if (segmentId === null) throw conflict('Cannot create FeatureState objects that are not segment overrides.');
    if (next.has(segmentId)) throw conflict(`${unresolvable} already exists for segment '${names.get(segmentId)}'`);
    next.set(segmentId, changed({ segmentId, enabled: false, value: null, weights: [] }, input, optionIds));
  }
  for (const input of changes.update) {
    const segmentId = input.feature_segment?.segment ?? null;
    const state = next.get(segmentId);
    if (state === undefined) {
      throw conflict(`${unresolvable} does not exist for segment '${names.get(segmentId as number)}'.`);
    }
    next.set(segmentId, changed(state, input, optionIds));
  }
  const overrides = [...next.values()].filter((state) => state.segmentId !== null);
  const moves = [...changes.create, ...changes.update].flatMap(({ feature_segment: place }) => {
    const item = place == null ? undefined : next.get(place.segment);
    return item === undefined || place?.priority == null ? [] : [{ item, priority: place.priority }];
  });
  const own = next.get(null);
  return [...(own === undefined ? [] : [own]), ...reordered(overrides, moves)];
}

function changed<S extends ServedState>(state: S, input: VersionStateInput, optionIds: Set<number>): S {
  const { enabled, feature_state_value: value, multivariate_feature_state_values: weights } = input;
  return {
    ...state,
    ...(enabled !== undefined && { enabled }),
    ...(value !== undefined && { value: scalarOf(value) }),
    ...(weights !== undefined && { weights: mergedWeights(optionIds, state.weights, weights) }),
  };
}

const unresolvable = 'An unresolvable conflict occurred: segment override';

/** 400 about changes that do not fit: `{"message":"…"}`. */
function conflict(message: string): RequestError {
  return new RequestError('invalid', { message });
}

/** Adds a draft. */
async function addVersion(
  ctx: Context,
  scope: EnvironmentScope,
  feature: { id: number },
  states: ServedState[],
  about: { description?: string | null | undefined; liveFrom: Timestamp | null },
): Promise<Version> {
  const version = {
    ...newVersion(ctx, { environmentId: scope.environmentId, featureId: feature.id }),
    description: about.description ?? null,
    live_from: about.liveFrom,
  };
  const [uuid] = await insertVersions(ctx.db, [{ version, states: states.map(columnsOf) }], ctx.now());
  return (await findVersion(ctx.db, uuid as string)) as Version;
}

/** Makes what is served versions that are published already. */
async function addFirstVersions(
  ctx: Context,
  filter: { environmentIds: number[]; featureId?: number; featureIds?: number[] },
): Promise<void> {
  const at = ctx.now();
  const states = Map.groupBy(
    await liveStates(ctx, filter),
    ({ environmentId, featureId }) => `${environmentId} ${featureId}`,
  );
  const versions = [...states.values()].map((states): NewVersion => {
    const version = newVersion(ctx, states[0] as { environmentId: number; featureId: number });
    return {
      version: {
        ...version,
        published: 1,
        live_from: at,
        applied_at: at,
        published_by: version.created_by ?? null,
        published_by_master_key: version.created_by_master_key ?? null,
      },
      states: states.map(columnsOf),
    };
  });
  await insertVersions(ctx.db, versions, at);
}

function newVersion(ctx: Context, of: { environmentId: number; featureId: number }): NewVersion['version'] {
  const at = ctx.now();
  return {
    environment_id: of.environmentId,
    feature_id: of.featureId,
    description: null,
    published: 0,
    live_from: null,
    applied_at: null,
    replaced_at: null,
    created_at: at,
    updated_at: at,
    created_by: ctx.actor.kind === 'user' ? ctx.actor.userId : null,
    created_by_master_key: ctx.actor.kind === 'master_key' ? ctx.actor.masterKeyId : null,
    published_by: null,
    published_by_master_key: null,
  };
}

async function save(ctx: Context, version: Version, states: (ServedState & { id?: number })[]): Promise<void> {
  const at = ctx.now();
  await saveVersionStates(
    ctx.db,
    version.id,
    states.map((state) => ({ ...columnsOf(state), ...(state.id !== undefined && { id: state.id }) })),
    at,
  );
  await updateVersion(ctx.db, version.id, { updated_at: at });
}

function columnsOf(state: ServedState): NewVersionState {
  return {
    segment_id: state.segmentId,
    enabled: Number(state.enabled),
    ...columnsOfValue(state.value),
    weights: state.weights.map(({ optionId, weight }) => ({ optionId, weight })),
  };
}

/** Runs `work` on a draft, in a change that nobody is told of. @throws RequestError 400 for a version that is published. */
async function changeDraft<T>(
  ctx: Context,
  params: { environment_id: number; feature_id: number; version_uuid: string },
  work: (
    ctx: Context,
    draft: { scope: EnvironmentScope; feature: { id: number; name: string }; version: Version },
  ) => Promise<T>,
): Promise<T> {
  const { scope, feature } = await openFeatureIn(ctx, params, 'UPDATE_FEATURE_STATE');
  return changeEnvironment(ctx, scope, async (ctx) => {
    const version = await versionOf(ctx, scope, feature.id, params.version_uuid);
    if (version.published === 1) throw refused('Cannot modify published version.');
    return work(ctx, { scope, feature, version });
  });
}

async function openFeatureIn(
  ctx: Context,
  params: { environment_id: number; feature_id: number },
  permission: 'VIEW_ENVIRONMENT' | 'UPDATE_FEATURE_STATE',
) {
  const scope = await openEnvironment(ctx, { id: params.environment_id }, permission);
  const feature = await findFeature(ctx.db, scope.projectId, params.feature_id);
  if (feature === null) throw notFound();
  return { scope, feature };
}

async function versionOf(ctx: Context, scope: EnvironmentScope, featureId: number, uuid: string): Promise<Version> {
  const version = await findVersion(ctx.db, uuid);
  if (version?.environment_id !== scope.environmentId || version.feature_id !== featureId) throw notFound();
  return version;
}

async function reread(ctx: Context, version: Version): Promise<Version> {
  return (await findVersion(ctx.db, version.uuid)) as Version;
}

/** An environment for work that nobody asks for; null where it is gone. */
async function openIfThere(ctx: Context, environmentId: number): Promise<EnvironmentScope | null> {
  try {
    return await openEnvironment(ctx, { id: environmentId }, 'ADMIN');
  } catch (error) {
    if (error instanceof RequestError && error.code === 'not_found') return null;
    throw error;
  }
}

function recordVersioning(scope: EnvironmentScope, record: RecordChange, on: boolean): void {
  record({
    objectType: 'ENVIRONMENT',
    objectId: scope.environmentId,
    objectUuid: scope.environment.uuid,
    changeType: 'UPDATE',
    log: `Environment updated: ${scope.environment.name}`,
    before: { use_v2_feature_versioning: !on },
    after: { use_v2_feature_versioning: on },
    keepsDocuments: true,
  });
}

async function detail(ctx: Context, version: Version): Promise<FeatureVersionDetail> {
  return {
    ...shown(version, ctx.now()),
    previous_version_uuid: await findPredecessor(ctx.db, version),
    feature: version.feature_id,
    environment: version.environment_id,
  };
}

function shown(version: Version, at: Timestamp): FeatureVersion {
  return {
    uuid: version.uuid,
    created_at: version.created_at,
    updated_at: version.updated_at,
    published: version.published === 1,
    live_from: version.live_from,
    is_live: isLive(version, at),
    created_by: version.created_by,
    published_by: version.published_by,
    description: version.description,
  };
}

function isLive(version: Version, at: Timestamp): boolean {
  return version.published === 1 && version.live_from !== null && version.live_from <= at;
}

async function stateIn(
  ctx: Context,
  version: Version,
  which: (state: StoredVersionState) => boolean,
): Promise<VersionState> {
  const states = await findVersionStates(ctx.db, version.id);
  return shownStates(version, states)[states.findIndex(which)] as VersionState;
}

function shownStates(version: Version, states: StoredVersionState[]): VersionState[] {
  let priority = 0;
  return states.map((state) => ({
    id: state.id,
    uuid: state.uuid,
    feature: version.feature_id,
    environment: version.environment_id,
    enabled: state.enabled,
    feature_state_value: typedValueOf(state.value),
    feature_segment:
      state.segmentId === null
        ? null
        : { id: state.id, uuid: state.uuid, segment: state.segmentId, priority: priority++ },
    multivariate_feature_state_values: state.weights.map(({ id, optionId, weight }) => ({
      id,
      multivariate_feature_option: optionId,
      percentage_allocation: weight,
    })),
    identity: null,
    change_request: null,
    live_from: version.live_from,
    created_at: state.createdAt,
    updated_at: state.updatedAt,
    deleted_at: null,
  }));
}

function segmentIdsOf(states: ServedState[]): number[] {
  return states.map((state) => state.segmentId).filter((id) => id !== null);
}

/** A time as it was given; without an offset it is UTC. */
function timeOf(text: string | null | undefined): Timestamp | null {
  if (text == null) return null;
  return toTimestamp(/(Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`);
}
