import type * as endpoints from '@halyard/contract';
import {
  type FeatureState,
  type FeatureValue,
  type InputOf,
  type ListedFeatureState,
  type Page,
  type PageQuery,
  scalarOf,
  type TypedFeatureState,
  typedValueOf,
  valueFromText,
} from '@halyard/contract';
import { type EnvironmentScope, openEnvironment } from '../access/service.ts';
import { type Change, changeEnvironment, type RecordChange } from '../changes/service.ts';
import type { Context } from '../context.ts';
import { invalid, invalidRequest, invalidTogether, notFound, refused } from '../errors.ts';
import {
  countStates,
  deleteStates,
  deleteVariantsOfOption,
  environmentStateIds,
  featuresOfProject,
  findFeature,
  findFeatureSegment,
  findIdentity,
  findLiveStates,
  findStates,
  insertStates,
  insertVariants,
  type LiveState,
  largestWeightSum,
  optionsOfFeature,
  optionsOfProject,
  setVariants,
  type State,
  type StateFilter,
  updateState,
  updateStates,
  updateVariant,
  usesVersions,
} from './store.ts';
import { columnsOfValue } from '../db/values.ts';

export async function listEnvironmentFeatureStates(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.listEnvironmentFeatureStates>,
): Promise<Page<ListedFeatureState>> {
  const { environmentId } = await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'VIEW_ENVIRONMENT');
  const filter: StateFilter = {
    environmentId,
    kind: query.anyIdentity === undefined ? 'environment' : 'identity',
    ...(query.feature !== undefined && { featureId: query.feature }),
    ...(query.feature_name !== undefined && { featureName: query.feature_name }),
  };
  return pageOf(ctx, filter, query, (state) => ({
    ...shown(state),
    feature_state_value: state.value,
    identity: state.identity,
  }));
}

/** @throws RequestError 400 without an identity, or where the identity has an override of this feature already. */
export async function createEnvironmentFeatureState(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.createEnvironmentFeatureState>,
): Promise<FeatureState> {
  const scope = await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'UPDATE_FEATURE_STATE');
  if (body.feature === undefined) throw refused('Feature not provided');
  const feature = await featureOf(ctx, scope, body.feature);
  const wanted = body.identity ?? undefined;
  if (wanted === undefined && body.identifier === undefined) throw invalidTogether(alreadyExists);
  const identity = await findIdentity(
    ctx.db,
    scope.environmentId,
    wanted === undefined ? { identifier: body.identifier as string } : { id: wanted },
  );
  if (identity === null) {
    throw wanted === undefined
      ? refused('Invalid identifier')
      : invalidTogether('Identity does not exist in environment.');
  }
  return scalarForm(await addIdentityOverride(ctx, scope, { feature, identity, input: body }));
}

export async function getEnvironmentFeatureState(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getEnvironmentFeatureState>,
): Promise<FeatureState> {
  const { environmentId } = await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'VIEW_ENVIRONMENT');
  return scalarForm(await findState(ctx, { environmentId, stateId: params.state_id }));
}

export async function updateEnvironmentFeatureState(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.updateEnvironmentFeatureState>,
): Promise<FeatureState> {
  const scope = await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'UPDATE_FEATURE_STATE');
  return scalarForm(await changeState(ctx, scope, { stateId: params.state_id }, body));
}

/** Removes an identity override. @throws RequestError 400 for the environment's own state, which goes with its feature. */
export async function deleteEnvironmentFeatureState(
  ctx: Context,
  { params }: InputOf<typeof endpoints.deleteEnvironmentFeatureState>,
): Promise<void> {
  const scope = await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'UPDATE_FEATURE_STATE');
  await removeIdentityOverride(ctx, scope, { stateId: params.state_id });
}

export async function listTypedFeatureStates(
  ctx: Context,
  { query }: InputOf<typeof endpoints.listTypedFeatureStates>,
): Promise<Page<TypedFeatureState>> {
  if (query.environment === undefined) throw invalidRequest("'environment' GET parameter is required.");
  const { environmentId } = await openEnvironment(ctx, { id: query.environment }, 'VIEW_ENVIRONMENT');
  const filter: StateFilter = {
    environmentId,
    ...(query.feature !== undefined && { featureId: query.feature }),
    ...(query.feature_segment !== undefined && { featureSegmentId: query.feature_segment }),
  };
  return pageOf(ctx, filter, query, typedForm);
}

/** Gives an existing feature segment its state. @throws RequestError 400 where it has one. */
export async function createTypedFeatureState(
  ctx: Context,
  { body }: InputOf<typeof endpoints.createTypedFeatureState>,
): Promise<TypedFeatureState> {
  const scope = await openEnvironment(ctx, { id: body.environment }, 'MANAGE_SEGMENT_OVERRIDES');
  const feature = await featureOf(ctx, scope, body.feature);
  const featureSegment = await findFeatureSegment(ctx.db, scope.environmentId, body.feature_segment);
  if (featureSegment === null || featureSegment.featureId !== feature.id) {
    throw invalidTogether('Feature Segment does not belong to environment.');
  }
  const state = await changeDirectly(ctx, scope, (ctx, record) =>
    addSegmentOverrideState(ctx, scope, record, { feature, featureSegment, input: plainInput(body) }),
  );
  return typedForm(state);
}

export async function updateTypedFeatureState(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.updateTypedFeatureState>,
): Promise<TypedFeatureState> {
  const [found] = await findStates(ctx.db, { stateId: params.state_id });
  if (found === undefined) throw notFound();
  const permission = found.featureSegment === null ? 'UPDATE_FEATURE_STATE' : 'MANAGE_SEGMENT_OVERRIDES';
  const scope = await openEnvironment(ctx, { id: found.environmentId }, permission);
  return typedForm(await changeState(ctx, scope, { stateId: found.id }, plainInput(body)));
}

/** The state as its updates answer it. */
export async function currentTypedFeatureState(
  ctx: Context,
  { params }: { params: { state_id: number } },
): Promise<TypedFeatureState> {
  const found = await findState(ctx, { stateId: params.state_id });
  await openEnvironment(ctx, { id: found.environmentId }, 'VIEW_ENVIRONMENT');
  return typedForm(found);
}

export async function getFeatureStateByUuid(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getFeatureStateByUuid>,
): Promise<TypedFeatureState> {
  const [found] = await findStates(ctx.db, { uuid: params.uuid });
  if (found === undefined) throw notFound();
  await openEnvironment(ctx, { id: found.environmentId }, 'VIEW_ENVIRONMENT');
  return typedForm(found);
}

/** What can change in a state; what is not given stays. */
export interface StateChanges {
  enabled?: boolean | undefined;
  feature_state_value?: FeatureValue | undefined;
  multivariate_feature_state_values?:
    | { multivariate_feature_option: number; percentage_allocation: number }[]
    | undefined;
  /** Only to say the same again: a state keeps its feature and its environment. */
  feature?: number | undefined;
  environment?: number | null | undefined;
}

/**
 * Changes a state of the environment. Asking for what is there already changes nothing and takes no version.
 * @throws RequestError 404 where the environment has no such state, 400 for weights that do not fit the feature.
 */
export async function changeState(
  ctx: Context,
  scope: EnvironmentScope,
  which: { stateId: number; identityId?: number },
  changes: StateChanges,
): Promise<State> {
  return changeEnvironment(ctx, scope, async (ctx, record) => {
    const before = await findState(ctx, { environmentId: scope.environmentId, ...which });
    if (before.identity === null) await refuseVersioned(ctx, scope.environmentId);
    if (changes.feature !== undefined && changes.feature !== before.featureId) {
      throw invalidTogether('Cannot change the feature of a feature state');
    }
    if (changes.environment != null && changes.environment !== before.environmentId) {
      throw invalidTogether('Cannot change the environment of a feature state');
    }
    const toggled = changes.enabled !== undefined && changes.enabled !== before.enabled;
    const revalued = changes.feature_state_value !== undefined && changes.feature_state_value !== before.value;
    const reweighed = await setWeights(ctx, before, changes.multivariate_feature_state_values);
    if (!toggled && !revalued && !reweighed) return before;
    await updateState(
      ctx.db,
      before.id,
      {
        ...(toggled && { enabled: changes.enabled ? 1 : 0 }),
        ...(revalued && columnsOfValue(changes.feature_state_value as FeatureValue)),
      },
      ctx.now(),
    );
    const after = await findState(ctx, { stateId: before.id });
    const step = {
      objectId: before.id,
      objectUuid: before.uuid,
      changeType: 'UPDATE',
      before: audited(before),
      after: audited(after),
    } as const;
    if (toggled) record({ ...step, objectType: 'FEATURE_STATE', log: toggleText(after) });
    if (revalued) record({ ...step, objectType: 'FEATURE_STATE', log: valueText(after) });
    if (reweighed) record({ ...step, objectType: 'FEATURE_STATE', log: weightText(after) });
    return after;
  });
}

/**
 * The way in for requests that change directly what an environment serves to everybody. Publishing a version has its own.
 * @throws RequestError 400 where only versions may change it.
 */
export async function changeDirectly<T>(
  ctx: Context,
  scope: EnvironmentScope,
  work: (ctx: Context, record: RecordChange) => Promise<T>,
): Promise<T> {
  return changeEnvironment(ctx, scope, async (ctx, record) => {
    await refuseVersioned(ctx, scope.environmentId);
    return work(ctx, record);
  });
}

/** Read inside the change: an environment may have been switched while the request waited for it. */
async function refuseVersioned(ctx: Context, environmentId: number): Promise<void> {
  if (await usesVersions(ctx.db, environmentId)) {
    throw refused('This environment uses v2 feature versioning. Use the environment feature version endpoint instead.');
  }
}

/** Whether what an environment serves changes by published versions only. */
export async function hasVersions(ctx: Context, environmentId: number): Promise<boolean> {
  return usesVersions(ctx.db, environmentId);
}

/** What a feature is to serve to everybody, or to everybody in a segment. */
export interface ServedState {
  /** Null for the environment's own state. */
  segmentId: number | null;
  enabled: boolean;
  value: FeatureValue;
  /** A variant that is not named gets nobody. */
  weights: { optionId: number; weight: number }[];
}

/** The environments' own states, each followed by its segment overrides, the strongest first. */
export async function liveStates(
  ctx: Context,
  filter: { environmentIds: number[]; featureId?: number; featureIds?: number[] },
): Promise<(LiveState & ServedState)[]> {
  const states = await findLiveStates(ctx.db, filter);
  return states.map((state) => ({ ...state, segmentId: state.override?.segmentId ?? null }));
}

/**
 * Lets a feature serve exactly the states given, inside a change of the environment: each segment that they name has its
 * place already. A state that is as wanted is not touched. Weights are for the caller to check. Answers the live states.
 */
export async function serveStates(
  ctx: Context,
  scope: EnvironmentScope,
  record: RecordChange,
  feature: { id: number; name: string },
  wanted: { states: ServedState[]; placeOf: Map<number, number> },
): Promise<(LiveState & ServedState)[]> {
  const filter = { environmentIds: [scope.environmentId], featureId: feature.id };
  const before = await liveStates(ctx, filter);
  const liveOf = new Map(before.map((state) => [state.segmentId, state]));
  const missing = wanted.states.filter((state) => !liveOf.has(state.segmentId));
  const changed = wanted.states.filter((state) => {
    const live = liveOf.get(state.segmentId);
    return live !== undefined && (live.enabled !== state.enabled || live.value !== state.value);
  });
  const ids = await insertStates(
    ctx.db,
    missing.map((state) => ({
      environment_id: scope.environmentId,
      feature_id: feature.id,
      ...placeOfState(wanted.placeOf, state.segmentId),
      enabled: Number(state.enabled),
      ...columnsOfValue(state.value),
    })),
    ctx.now(),
  );
  await updateStates(
    ctx.db,
    changed.map((state) => ({
      id: liveOf.get(state.segmentId)?.stateId as number,
      enabled: Number(state.enabled),
      ...columnsOfValue(state.value),
    })),
    ctx.now(),
  );
  const idOf = new Map(missing.map((state, index) => [state.segmentId, ids[index] as number]));
  await setVariants(
    ctx.db,
    wanted.states.flatMap((state) => {
      const live = liveOf.get(state.segmentId);
      const stateId = live?.stateId ?? (idOf.get(state.segmentId) as number);
      return weightChanges(live?.weights ?? [], state.weights).map((weight) => ({ stateId, ...weight }));
    }),
  );
  const after = await liveStates(ctx, filter);
  for (const state of after) recordDifference(record, feature, liveOf.get(state.segmentId), state);
  return after;
}

/**
 * Turns features on or off in an environment, inside a change of it: in as many statements for one as for hundreds. The
 * environment takes one version for all of it. Answers the features whose state is another one now.
 */
export async function enableEachFeature(
  ctx: Context,
  scope: EnvironmentScope,
  record: RecordChange,
  features: { id: number; name: string }[],
  enabled: boolean,
): Promise<number[]> {
  const names = new Map(features.map(({ id, name }) => [id, name]));
  const live = await liveStates(ctx, { environmentIds: [scope.environmentId], featureIds: [...names.keys()] });
  const changed = live.filter((state) => state.segmentId === null && state.enabled !== enabled);
  await updateStates(
    ctx.db,
    changed.map((state) => ({ id: state.stateId, enabled: Number(enabled), ...columnsOfValue(state.value) })),
    ctx.now(),
  );
  for (const [index, state] of changed.entries()) {
    const after = { ...state, enabled };
    record({
      objectType: 'FEATURE_STATE',
      objectId: state.stateId,
      objectUuid: state.uuid,
      changeType: 'UPDATE',
      log: toggleText({ featureName: names.get(state.featureId) ?? '', identity: null, featureSegment: null }),
      before: auditedLive(state),
      after: auditedLive(after),
      // One version serves what changed of all of them.
      ...(index > 0 && { keepsDocuments: true }),
    });
  }
  return changed.map((state) => state.featureId);
}

/** An identity of the environment; null where it has no such. */
export async function identityIn(
  ctx: Context,
  environmentId: number,
  by: { id: number } | { identifier: string },
): Promise<{ id: number; identifier: string } | null> {
  return findIdentity(ctx.db, environmentId, by);
}

/** Identity overrides of a feature, in any environment. */
export async function identityOverridesOfFeature(ctx: Context, featureId: number): Promise<State[]> {
  return findStates(ctx.db, { featureId, kind: 'identity' }, { limit: 10_000, offset: 0 });
}

/** The weights to set; a variant that is not wanted any more keeps its row, because rows tell the order of the ranges. */
function weightChanges(live: ServedState['weights'], wanted: ServedState['weights']): ServedState['weights'] {
  const next = new Map(live.map(({ optionId }) => [optionId, 0]));
  for (const { optionId, weight } of wanted) next.set(optionId, weight);
  const known = new Map(live.map(({ optionId, weight }) => [optionId, weight]));
  return [...next]
    .map(([optionId, weight]) => ({ optionId, weight }))
    .filter(({ optionId, weight }) => known.get(optionId) !== weight)
    .sort((a, b) => a.optionId - b.optionId);
}

/** Whether two states serve the same. */
export function servesTheSame(a: ServedState, b: ServedState): boolean {
  return (
    a.segmentId === b.segmentId && a.enabled === b.enabled && a.value === b.value && weighTheSame(a.weights, b.weights)
  );
}

function weighTheSame(a: ServedState['weights'], b: ServedState['weights']): boolean {
  const weightOf = new Map(a.map(({ optionId, weight }) => [optionId, weight]));
  return weightChanges(a, b).every(({ optionId, weight }) => weight === (weightOf.get(optionId) ?? 0));
}

function recordDifference(
  record: RecordChange,
  feature: { name: string },
  before: (LiveState & ServedState) | undefined,
  after: LiveState & ServedState,
): void {
  const named = { featureName: feature.name, identity: null, featureSegment: after.override };
  const step = {
    objectType: 'FEATURE_STATE',
    objectId: after.stateId,
    objectUuid: after.uuid,
    after: auditedLive(after),
  } as const;
  if (before === undefined) {
    record({ ...step, changeType: 'CREATE', log: toggleText(named) });
    return;
  }
  const update = { ...step, changeType: 'UPDATE', before: auditedLive(before) } as const;
  if (before.enabled !== after.enabled) record({ ...update, log: toggleText(named) });
  if (before.value !== after.value) record({ ...update, log: valueText(named) });
  if (!weighTheSame(before.weights, after.weights)) record({ ...update, log: weightText(named) });
}

/** The same with its place, which may be gone when it is told of. */
function auditedLive(state: LiveState & ServedState) {
  return {
    feature: state.featureId,
    environment: state.environmentId,
    identity: null,
    identity_identifier: null,
    feature_segment: state.override && { segment: state.override.segmentId, priority: state.override.priority },
    ...auditedServed(state),
  };
}

/** A state as the audit log keeps it. */
export function auditedServed(state: Omit<ServedState, 'segmentId'>) {
  return {
    enabled: state.enabled,
    feature_state_value: state.value,
    multivariate_feature_state_values: state.weights.map(({ optionId, weight }) => ({
      multivariate_feature_option: optionId,
      percentage_allocation: weight,
    })),
  };
}

function placeOfState(placeOf: Map<number, number>, segmentId: number | null) {
  if (segmentId === null) return { scope: 'environment', identity_id: null, feature_segment_id: null };
  const featureSegmentId = placeOf.get(segmentId) as number;
  return { scope: `segment:${featureSegmentId}`, identity_id: null, feature_segment_id: featureSegmentId };
}

/**
 * Changes some weights of a list of them; variants that are not named keep theirs. The ids of the feature's variants are given.
 * @throws RequestError 400 for a variant that the feature has not, and for more than 100 percent.
 */
export function mergedWeights(
  optionIds: Set<number>,
  weights: ServedState['weights'],
  wanted: StateChanges['multivariate_feature_state_values'],
): ServedState['weights'] {
  const merged = new Map(weights.map(({ optionId, weight }) => [optionId, weight]));
  for (const { multivariate_feature_option: optionId, percentage_allocation: weight } of wanted ?? []) {
    if (!optionIds.has(optionId)) {
      throw invalid({ multivariate_feature_state_values: [`Invalid pk "${optionId}" - object does not exist.`] });
    }
    merged.set(optionId, weight);
  }
  const list = [...merged].map(([optionId, weight]) => ({ optionId, weight }));
  if (weighTooMuch(list)) throw invalidTogether(tooMuchWeight);
  return list;
}

export function weighTooMuch(weights: { weight: number }[]): boolean {
  return weights.reduce((total, { weight }) => total + weight, 0) > 100 + rounding;
}

export const tooMuchWeight = 'Multivariate percentage values exceed 100%.';

/** Ids of a feature's variants, the oldest first. */
export async function variantIdsOf(ctx: Context, featureId: number): Promise<number[]> {
  return (await optionsOfFeature(ctx.db, featureId)).map((option) => option.id);
}

/** Gives a new feature its state in each of the environments. */
export async function addStatesOfFeature(
  ctx: Context,
  environmentIds: number[],
  feature: { id: number; initialValue: string | null; enabled: boolean },
): Promise<void> {
  await insertStates(
    ctx.db,
    environmentIds.map((environmentId) => ({
      environment_id: environmentId,
      feature_id: feature.id,
      scope: 'environment',
      identity_id: null,
      feature_segment_id: null,
      enabled: feature.enabled ? 1 : 0,
      ...columnsOfValue(valueFromText(feature.initialValue)),
    })),
    ctx.now(),
  );
}

/** Gives a new environment a state of each feature: as the feature was created, or off and empty. */
export async function addStatesOfEnvironment(
  ctx: Context,
  environmentId: number,
  project: { id: number; preventDefaults: boolean },
): Promise<void> {
  const features = await featuresOfProject(ctx.db, project.id);
  if (features.length === 0) return;
  const ids = await insertStates(
    ctx.db,
    features.map((feature) => ({
      environment_id: environmentId,
      feature_id: feature.id,
      scope: 'environment',
      identity_id: null,
      feature_segment_id: null,
      enabled: project.preventDefaults ? 0 : feature.default_enabled,
      ...columnsOfValue(project.preventDefaults ? null : valueFromText(feature.initial_value)),
    })),
    ctx.now(),
  );
  const stateOf = new Map(features.map((feature, index) => [feature.id, ids[index] as number]));
  const options = await optionsOfProject(ctx.db, project.id);
  await insertVariants(
    ctx.db,
    options.map((option) => ({
      stateId: stateOf.get(option.feature_id) as number,
      optionId: option.id,
      weight: option.weight,
    })),
  );
}

/** Gives a new variant its default weight in the environments' own states. @throws RequestError 400 where one would pass 100. */
export async function addVariantEverywhere(
  ctx: Context,
  option: { id: number; featureId: number; weight: number },
): Promise<void> {
  if ((await largestWeightSum(ctx.db, option.featureId)) + option.weight > 100 + rounding) {
    throw invalid({ default_percentage_allocation: ['Invalid percentage allocation'] });
  }
  const stateIds = await environmentStateIds(ctx.db, option.featureId);
  await insertVariants(
    ctx.db,
    stateIds.map((stateId) => ({ stateId, optionId: option.id, weight: option.weight })),
  );
}

export async function removeVariantEverywhere(ctx: Context, optionId: number): Promise<void> {
  await deleteVariantsOfOption(ctx.db, optionId);
}

/** Removes all states of a feature, and answers those of the environments themselves, as the audit log keeps them. */
export async function removeStatesOfFeature(ctx: Context, featureId: number): Promise<unknown[]> {
  const states = await environmentStatesOf(ctx, featureId);
  await deleteStates(ctx.db, { featureId });
  return states.map((state) => state.audited);
}

/** The environments' own states of a feature, in the order in which they were made, each as the audit log keeps it. */
export async function environmentStatesOf(ctx: Context, featureId: number) {
  const states = await findStates(ctx.db, { featureId, kind: 'environment' }, { limit: 10_000, offset: 0 });
  return states.map((state) => ({ ...state, audited: audited(state) }));
}

/** Gives a feature segment its state, inside a change of the environment. @throws RequestError 400 where it has one. */
export async function addSegmentOverrideState(
  ctx: Context,
  scope: EnvironmentScope,
  record: RecordChange,
  override: { feature: { id: number; name: string }; featureSegment: { id: number }; input: StateChanges },
): Promise<State> {
  const place = {
    scope: `segment:${override.featureSegment.id}`,
    identity_id: null,
    feature_segment_id: override.featureSegment.id,
  };
  const state = await addOverride(ctx, scope, override.feature.id, place, override.input);
  const log = toggleText(state);
  record({
    objectType: 'FEATURE_STATE',
    objectId: state.id,
    objectUuid: state.uuid,
    changeType: 'CREATE',
    log,
    after: audited(state),
  });
  return state;
}

/** Removes the states of feature segments, inside a change of their environments; answers them as the audit log keeps them. */
export async function removeSegmentOverrideStates(ctx: Context, featureSegmentIds: number[]): Promise<unknown[]> {
  if (featureSegmentIds.length === 0) return [];
  const states = await findStates(ctx.db, { featureSegmentIds }, { limit: 10_000, offset: 0 });
  await deleteStates(ctx.db, { featureSegmentIds });
  return states.map(audited);
}

/** Overrides a feature for an identity. @throws RequestError 400 where the identity overrides it already. */
export async function addIdentityOverride(
  ctx: Context,
  scope: EnvironmentScope,
  override: { feature: { id: number; name: string }; identity: { id: number }; input: StateChanges },
): Promise<State> {
  return changeEnvironment(ctx, scope, async (ctx, record) => {
    const place = {
      scope: `identity:${override.identity.id}`,
      identity_id: override.identity.id,
      feature_segment_id: null,
    };
    const state = await addOverride(ctx, scope, override.feature.id, place, override.input);
    const log = toggleText(state);
    record({
      objectType: 'FEATURE_STATE',
      objectId: state.id,
      objectUuid: state.uuid,
      changeType: 'CREATE',
      log,
      after: audited(state),
    });
    return state;
  });
}

/** @throws RequestError 404 where the environment (or the identity) has no such state, 400 where it is no identity override. */
export async function removeIdentityOverride(
  ctx: Context,
  scope: EnvironmentScope,
  which: { stateId: number; identityId?: number },
): Promise<void> {
  await changeEnvironment(ctx, scope, async (ctx, record) => {
    const state = await findState(ctx, { environmentId: scope.environmentId, ...which });
    if (state.identity === null) {
      throw refused('Only identity overrides can be deleted here. Delete the segment override or the feature instead.');
    }
    await deleteStates(ctx.db, { stateIds: [state.id] });
    record(removalOf(state));
  });
}

/** Removes all overrides of an identity, inside a change of the environment. */
export async function removeOverridesOfIdentity(
  ctx: Context,
  scope: EnvironmentScope,
  record: RecordChange,
  identityId: number,
): Promise<void> {
  const states = await identityOverridesOf(ctx, scope.environmentId, identityId);
  await deleteStates(ctx.db, { identityId });
  for (const state of states) record(removalOf(state));
}

/** Overrides of one identity, in the order in which they were made. */
export async function identityOverridesOf(ctx: Context, environmentId: number, identityId: number): Promise<State[]> {
  return findStates(ctx.db, { environmentId, identityId }, { limit: 10_000, offset: 0 });
}

/** A state of the environment. @throws RequestError 404 */
export async function findState(ctx: Context, filter: StateFilter): Promise<State> {
  const [state] = await findStates(ctx.db, filter);
  if (state === undefined) throw notFound();
  return state;
}

/** A feature of the environment's project. @throws RequestError 400 where it has no such feature. */
export async function featureOf(
  ctx: Context,
  scope: EnvironmentScope,
  featureId: number,
): Promise<{ id: number; name: string }> {
  const feature = await findFeature(ctx.db, scope.projectId, featureId);
  if (feature === null) throw invalid({ feature: ['Feature does not exist in project'] });
  return feature;
}

/** The wire form with a scalar value. */
export function scalarForm(state: State): FeatureState {
  return { ...shown(state), feature_state_value: state.value, identity: state.identity?.id ?? null };
}

/** The wire form with a typed value. */
export function typedForm(state: State): TypedFeatureState {
  return { ...shown(state), feature_state_value: typedValueOf(state.value), identity: state.identity?.id ?? null };
}

/** The same request with its value as a scalar. */
export function plainInput(body: InputOf<typeof endpoints.updateTypedFeatureState>['body']): StateChanges {
  return {
    ...body,
    feature_state_value: body.feature_state_value === undefined ? undefined : scalarOf(body.feature_state_value),
  };
}

async function pageOf<T>(
  ctx: Context,
  filter: StateFilter,
  query: PageQuery,
  form: (state: State) => T,
): Promise<Page<T>> {
  const count = await countStates(ctx.db, filter);
  const states = await findStates(ctx.db, filter, {
    limit: query.page_size,
    offset: (query.page - 1) * query.page_size,
  });
  return { count, results: states.map(form) };
}

async function addOverride(
  ctx: Context,
  scope: EnvironmentScope,
  featureId: number,
  place: { scope: string; identity_id: number | null; feature_segment_id: number | null },
  input: StateChanges,
): Promise<State> {
  const { environmentId } = scope;
  const taken =
    place.identity_id === null
      ? { featureSegmentId: place.feature_segment_id as number }
      : { identityId: place.identity_id };
  if ((await countStates(ctx.db, { environmentId, featureId, ...taken })) > 0) throw invalidTogether(alreadyExists);
  const [stateId] = await insertStates(
    ctx.db,
    [
      {
        environment_id: environmentId,
        feature_id: featureId,
        ...place,
        enabled: input.enabled ? 1 : 0,
        ...columnsOfValue(input.feature_state_value ?? null),
      },
    ],
    ctx.now(),
  );
  const state = await findState(ctx, { stateId: stateId as number });
  const weighed = await setWeights(ctx, state, input.multivariate_feature_state_values);
  return weighed ? findState(ctx, { stateId: state.id }) : state;
}

/** Answers whether anything changed. Variants that are not named keep their weight. */
async function setWeights(
  ctx: Context,
  state: State,
  wanted: StateChanges['multivariate_feature_state_values'],
): Promise<boolean> {
  if (wanted === undefined || wanted.length === 0) return false;
  const weights = new Map(state.variants.map((variant) => [variant.optionId, variant]));
  const merged = mergedWeights(new Set(await variantIdsOf(ctx, state.featureId)), state.variants, wanted);
  let changed = false;
  for (const { optionId, weight } of merged) {
    const existing = weights.get(optionId);
    if (existing?.weight === weight) continue;
    changed = true;
    if (existing === undefined) await insertVariants(ctx.db, [{ stateId: state.id, optionId, weight }]);
    else await updateVariant(ctx.db, existing.id, weight);
  }
  return changed;
}

function shown(state: State) {
  return {
    id: state.id,
    uuid: state.uuid,
    enabled: state.enabled,
    feature: state.featureId,
    environment: state.environmentId,
    feature_segment: state.featureSegment?.id ?? null,
    multivariate_feature_state_values: state.variants.map((variant) => ({
      id: variant.id,
      multivariate_feature_option: variant.optionId,
      percentage_allocation: variant.weight,
    })),
    version: 1 as const,
    live_from: state.liveFrom,
    created_at: state.createdAt,
    updated_at: state.updatedAt,
    deleted_at: null,
    change_request: null,
    environment_feature_version: null,
  };
}

/** As the audit log keeps a state, and as webhooks tell it later, when its place may be gone. */
function audited(state: State) {
  return {
    feature: state.featureId,
    environment: state.environmentId,
    identity: state.identity?.id ?? null,
    identity_identifier: state.identity?.identifier ?? null,
    feature_segment: state.featureSegment && {
      segment: state.featureSegment.segmentId,
      priority: state.featureSegment.priority,
    },
    enabled: state.enabled,
    feature_state_value: state.value,
    multivariate_feature_state_values: state.variants.map((variant) => ({
      id: variant.id,
      multivariate_feature_option: variant.optionId,
      percentage_allocation: variant.weight,
    })),
  };
}

function removalOf(state: State): Change {
  return {
    objectType: 'FEATURE_STATE',
    objectId: state.id,
    objectUuid: state.uuid,
    changeType: 'DELETE',
    log: `Flag state / Remote config value deleted for feature '${state.featureName}' and identity '${state.identity?.identifier}'`,
    before: audited(state),
  };
}

/** What the audit log calls a state by. */
type NamedState = Pick<State, 'featureName' | 'identity'> & { featureSegment: { segmentName: string } | null };

function toggleText(state: NamedState): string {
  if (state.identity !== null) {
    return `Flag state / Remote config value updated for feature '${state.featureName}' and identity '${state.identity.identifier}'`;
  }
  if (state.featureSegment !== null) {
    return `Flag state / Remote config value updated for feature '${state.featureName}' and segment '${state.featureSegment.segmentName}'`;
  }
  return `Flag state updated for feature: ${state.featureName}`;
}

function valueText(state: NamedState): string {
  if (state.identity !== null) {
    return `Remote config value updated for identity override on feature '${state.featureName}' and identity '${state.identity.identifier}'.`;
  }
  if (state.featureSegment !== null) {
    return `Remote config updated for segment override on feature '${state.featureName}' and segment '${state.featureSegment.segmentName}'.`;
  }
  return `Remote config value updated for feature: ${state.featureName}`;
}

function weightText(state: NamedState): string {
  if (state.identity !== null) {
    return `Multivariate value changed for feature '${state.featureName}' and identity '${state.identity.identifier}'.`;
  }
  if (state.featureSegment !== null) {
    return `Multivariate value changed for feature '${state.featureName}' and segment '${state.featureSegment.segmentName}'.`;
  }
  return `Multivariate value changed for feature '${state.featureName}'.`;
}

const alreadyExists =
  'Feature state already exists for this environment, feature, version, segment & identity combination';

/** Thirds add up to 100.00000000000001. */
const rounding = 1e-6;
