import type * as endpoints from '@halyard/contract';
import {
  type FeatureValue,
  type Flag,
  type FlagInput,
  type FlagStateInput,
  type FlagValue,
  type InputOf,
  typedValueOf,
} from '@halyard/contract';
import type { EnvironmentPermission } from '../access/permissions.ts';
import { hasPermission } from '../access/rights.ts';
import { type EnvironmentScope, openEnvironment, rightsInEnvironment } from '../access/service.ts';
import type { Context } from '../context.ts';
import { type FieldErrors, forbidden, invalid, notFound, RequestError, refused } from '../errors.ts';
import { reordered, segmentNames } from '../feature-segments/service.ts';
import { liveStates, type ServedState, variantIdsOf, weighTooMuch } from '../feature-states/service.ts';
import { changeServed, statesOfVersion, type VersionSnapshot } from '../feature-versions/service.ts';
import { findChange, findFeature, findLiveState, segmentsOf } from './store.ts';

/** A feature in one environment, with what decides how it may be written. */
interface OpenedFlag {
  scope: EnvironmentScope;
  feature: { id: number; name: string };
  /** Ids of its variants, the oldest first. */
  variantIds: number[];
}

/** @throws RequestError 404 also for those who may neither see nor change anything of it. */
export async function getFlag(ctx: Context, { params }: InputOf<typeof endpoints.getFlag>): Promise<Flag> {
  const { scope, may } = await openFor(ctx, params.environment_api_key, [
    'VIEW_ENVIRONMENT',
    'UPDATE_FEATURE_STATE',
    'MANAGE_SEGMENT_OVERRIDES',
  ]);
  if (may.size === 0) throw notFound();
  const { feature } = await featureIn(ctx, scope, { id: params.feature_id });
  return shown(await liveStates(ctx, { environmentIds: [scope.environmentId], featureId: feature.id }));
}

/** @throws RequestError 404 for those without any right, 403 for those who lack one that the body takes, 400, 409. */
export async function replaceFlag(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.replaceFlag>,
): Promise<Flag> {
  const flag = await openFlag(ctx, params, neededFor(body));
  return write(ctx, flag, body, 'replace');
}

export async function patchFlag(ctx: Context, { params, body }: InputOf<typeof endpoints.patchFlag>): Promise<Flag> {
  const flag = await openFlag(ctx, params, neededFor(body));
  return write(ctx, flag, body, 'merge');
}

export async function deleteFlagSegmentOverride(
  ctx: Context,
  { params }: InputOf<typeof endpoints.deleteFlagSegmentOverride>,
): Promise<Flag> {
  const flag = await openFlag(ctx, params, ['MANAGE_SEGMENT_OVERRIDES']);
  return removeOverride(ctx, flag, params.segment_id);
}

/** Sets one state. @throws RequestError 403 where changes are to be requested, 400 for a feature or segment that is not there. */
export async function updateFlagV1(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.updateFlagV1>,
): Promise<void> {
  const state = { enabled: body.enabled, value: body.value };
  const changes: FlagInput =
    body.segment == null
      ? { environment_default: state }
      : { segment_overrides: [{ segment: { id: body.segment.id }, priority: body.segment.priority, ...state }] };
  const flag = await openExperiment(ctx, params.environment_api_key, body.feature, neededFor(changes));
  await write(ctx, flag, changes, 'merge');
}

/** Sets the environment's own state and overrides; variants that are not named keep their weights. */
export async function updateFlagV2(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.updateFlagV2>,
): Promise<void> {
  const needed: EnvironmentPermission[] = ['UPDATE_FEATURE_STATE'];
  if ((body.segment_overrides ?? []).length > 0) needed.push('MANAGE_SEGMENT_OVERRIDES');
  const flag = await openExperiment(ctx, params.environment_api_key, body.feature, needed);
  const changes: FlagInput = {
    environment_default: body.environment_default,
    segment_overrides: (body.segment_overrides ?? []).map((override) => ({
      segment: { id: override.segment_id },
      priority: override.priority,
      enabled: override.enabled,
      value: override.value,
      ...(override.multivariate_feature_state_values !== undefined && {
        variants: override.multivariate_feature_state_values.map((weight) => ({
          id: weight.multivariate_feature_option,
          weight: weight.percentage_allocation,
        })),
      }),
    })),
  };
  await write(ctx, flag, changes, 'merge', { someVariants: true });
}

export async function deleteSegmentOverride(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.deleteSegmentOverride>,
): Promise<void> {
  const flag = await openExperiment(ctx, params.environment_api_key, body.feature, ['MANAGE_SEGMENT_OVERRIDES']);
  await removeOverride(ctx, flag, body.segment.id);
}

/**
 * Serves what a version served, or what was served before a change. In an environment with versions that is a new version.
 * @throws RequestError 404 for a version or change that is not this feature's, 400 for a change that cannot be undone.
 */
export async function revertFeature(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.revertFeature>,
): Promise<Flag> {
  const scope = await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'UPDATE_FEATURE_STATE');
  await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'MANAGE_SEGMENT_OVERRIDES');
  refuseWhereRequested(scope, 'forbidden');
  const { feature } = await featureIn(ctx, scope, { id: params.feature_id });
  const { version_uuid: uuid, change_id: changeId } = body;
  if ((uuid === undefined) === (changeId === undefined)) {
    throw refused("Give either 'version_uuid' or 'change_id'.");
  }
  const what = uuid === undefined ? `Undo of change ${changeId}` : `Revert to version ${uuid}`;
  const states = await changeServed(
    ctx,
    scope,
    feature,
    async (ctx, live) => {
      const wanted =
        uuid === undefined
          ? await statesBefore(ctx, scope, feature, changeId as number, live)
          : await statesOfVersion(ctx, scope, feature.id, uuid);
      return thatCanBeServed(ctx, scope, feature, wanted);
    },
    { description: what },
  );
  return shown(states);
}

/** What a change left behind, put back into what is served now. */
async function statesBefore(
  ctx: Context,
  scope: EnvironmentScope,
  feature: { id: number },
  changeId: number,
  live: ServedState[],
): Promise<ServedState[]> {
  const { environmentId } = scope;
  const change = await findChange(ctx.db, environmentId, changeId);
  if (change === null) throw notFound();
  const before = change.before === null ? null : JSON.parse(change.before);
  if (change.object_type === 'EF_VERSION') {
    const snapshot = before as VersionSnapshot | null;
    if ((snapshot ?? JSON.parse(change.after ?? 'null'))?.feature.id !== feature.id) throw notFound();
    if (snapshot === null || change.change_type !== 'UPDATE') throw irreversible();
    return snapshot.feature_states.map((state) => ({ segmentId: state.segment?.id ?? null, ...fromAudit(state) }));
  }
  if (change.object_type === 'FEATURE_STATE') {
    const state = await findLiveState(ctx.db, environmentId, feature.id, change.object_id ?? 0);
    if (state === null) throw irreversible();
    if (before === null) return live.filter(({ segmentId }) => segmentId !== state.segmentId || segmentId === null);
    const undone = difference(fromAudit(before), fromAudit(JSON.parse(change.after ?? 'null') ?? before));
    return live.map((now) => (now.segmentId === state.segmentId ? { ...now, ...undone } : now));
  }
  if (change.object_type !== 'FEATURE' || change.object_id !== feature.id || before === null) throw irreversible();
  if (Array.isArray(before)) {
    const segmentOf = await segmentsOf(ctx.db, environmentId, feature.id);
    const order = new Map((before as number[]).map((id, index) => [segmentOf.get(id), index]));
    const overrides = live.filter(({ segmentId }) => segmentId !== null);
    const moves = overrides.flatMap((item) => {
      const priority = order.get(item.segmentId as number);
      return priority === undefined ? [] : [{ item, priority }];
    });
    return [...live.filter(({ segmentId }) => segmentId === null), ...reordered(overrides, moves)];
  }
  if (typeof before.segment !== 'number' || typeof before.enabled !== 'boolean') throw irreversible();
  const restored = { segmentId: before.segment as number, ...fromAudit(before) };
  const others = live.filter(({ segmentId }) => segmentId !== restored.segmentId);
  const own = others.filter(({ segmentId }) => segmentId === null);
  const overrides = [...others.filter(({ segmentId }) => segmentId !== null), restored];
  return [...own, ...reordered(overrides, [{ item: restored, priority: Number(before.priority ?? 0) }])];
}

function irreversible(): RequestError {
  return refused('This change cannot be undone here: it is not about what the feature serves in this environment.');
}

/** What a change changed, as it was before: later changes of the rest stay. */
function difference(
  before: Omit<ServedState, 'segmentId'>,
  after: Omit<ServedState, 'segmentId'>,
): Partial<ServedState> {
  return {
    ...(before.enabled !== after.enabled && { enabled: before.enabled }),
    ...(before.value !== after.value && { value: before.value }),
    ...(JSON.stringify(before.weights) !== JSON.stringify(after.weights) && { weights: before.weights }),
  };
}

function fromAudit(state: VersionSnapshot['feature_states'][number]): Omit<ServedState, 'segmentId'> {
  return {
    enabled: state.enabled,
    value: state.feature_state_value,
    weights: state.multivariate_feature_state_values.map((weight) => ({
      optionId: weight.multivariate_feature_option,
      weight: weight.percentage_allocation,
    })),
  };
}

/** Segments and variants that are gone stay gone; variants that came later get nobody. */
async function thatCanBeServed(
  ctx: Context,
  scope: EnvironmentScope,
  feature: { id: number },
  states: ServedState[],
): Promise<ServedState[]> {
  const variants = await variantIdsOf(ctx, feature.id);
  const known = new Set(variants);
  const asked = states.map(({ segmentId }) => segmentId).filter((id) => id !== null);
  const names = await segmentNames(ctx, scope, feature.id, asked);
  return states
    .filter(({ segmentId }) => segmentId === null || names.has(segmentId))
    .map((state) => {
      const weights = state.weights.filter(({ optionId }) => known.has(optionId));
      const named = new Set(weights.map(({ optionId }) => optionId));
      const missing = state.segmentId === null ? variants.filter((id) => !named.has(id)) : [];
      return { ...state, weights: [...weights, ...missing.map((optionId) => ({ optionId, weight: 0 }))] };
    });
}

type Mode = 'replace' | 'merge';

/** Makes a flag be what the input says. @throws RequestError 400 for what does not fit the feature. */
async function write(
  ctx: Context,
  { scope, feature, variantIds }: OpenedFlag,
  input: FlagInput,
  mode: Mode,
  options: { someVariants?: boolean } = {},
): Promise<Flag> {
  const rules = { variantIds, mode, someVariants: options.someVariants ?? false };
  const { environment_default: own, segment_overrides: overrides } = input;
  if (own !== undefined) {
    const error = problemOf(own, { ...rules, variantsRequired: mode === 'replace' && variantIds.length > 0 });
    if (error !== null) throw invalid({ environment_default: error });
  }
  if (overrides !== undefined) await checkOverrides(ctx, scope, feature, overrides, rules);
  const states = await changeServed(ctx, scope, feature, async (_, live) => {
    const before = live.find((state) => state.segmentId === null);
    const after = own === undefined || before === undefined ? before : stateFrom(before, own, mode);
    const known = live.filter((state) => state.segmentId !== null);
    const next = overrides === undefined ? known : overridesFrom(known, overrides, mode);
    const all = [...(after === undefined ? [] : [after]), ...next];
    if (all.some((state) => weighTooMuch(state.weights))) throw invalid({ variants: [tooHeavy] });
    return all;
  });
  return shown(states);
}

function overridesFrom(
  live: ServedState[],
  input: NonNullable<FlagInput['segment_overrides']>,
  mode: Mode,
): ServedState[] {
  const next = new Map(mode === 'merge' ? live.map((state) => [state.segmentId, state]) : []);
  const before = new Map(live.map((state) => [state.segmentId, state]));
  for (const override of input) {
    const id = override.segment.id;
    next.set(id, stateFrom(before.get(id) ?? { segmentId: id, ...blank }, override, mode));
  }
  const moves = input.flatMap(({ segment, priority }) =>
    priority == null ? [] : [{ item: next.get(segment.id) as ServedState, priority }],
  );
  return reordered([...next.values()], moves);
}

const blank = { enabled: false, value: null, weights: [] };

/** A state with what the input gives: of a state that is replaced, all the rest falls back to off, empty and without weights. */
function stateFrom(state: ServedState, input: FlagStateInput, mode: Mode): ServedState {
  const base = mode === 'merge' ? state : { ...state, ...blank };
  const weights = new Map(base.weights.map(({ optionId, weight }) => [optionId, weight]));
  for (const { id, weight } of input.variants ?? []) weights.set(id, weight);
  return {
    segmentId: state.segmentId,
    enabled: input.enabled ?? base.enabled,
    value: input.value === undefined ? base.value : input.value === null ? null : parsed(input.value),
    weights: [...weights].map(([optionId, weight]) => ({ optionId, weight })),
  };
}

interface Rules {
  variantIds: number[];
  /** Whether weights may be given for some variants only. */
  someVariants: boolean;
  variantsRequired?: boolean;
}

async function checkOverrides(
  ctx: Context,
  scope: EnvironmentScope,
  feature: { id: number },
  overrides: NonNullable<FlagInput['segment_overrides']>,
  rules: Rules,
): Promise<void> {
  const ids = overrides.map(({ segment }) => segment.id);
  const names = await segmentNames(ctx, scope, feature.id, [...new Set(ids)]);
  const problems = overrides.map((override, index): FieldErrors => {
    const { id } = override.segment;
    if (ids.indexOf(id) !== index) return { segment: [`Duplicate segment: ${id}.`] };
    if (!names.has(id)) return { segment: ['Segment not found.'] };
    return problemOf(override, rules) ?? {};
  });
  if (problems.some((problem) => Object.keys(problem).length > 0)) throw invalid({ segment_overrides: problems });
  const priorities = overrides.map(({ priority }) => priority).filter((priority) => priority != null);
  if (new Set(priorities).size < priorities.length) {
    throw invalid({ segment_overrides: ['Segment overrides must not share a priority.'] });
  }
}

function problemOf(state: FlagStateInput, rules: Rules): FieldErrors | null {
  const value = state.value == null ? null : problemOfValue(state.value);
  if (value !== null) return { value: [value] };
  const variants = problemOfVariants(state.variants, rules);
  return variants === null ? null : { variants: [variants] };
}

function problemOfVariants(variants: FlagStateInput['variants'], rules: Rules): string | null {
  if (variants === undefined) return rules.variantsRequired ? incomplete : null;
  if (rules.variantIds.length === 0) return variants.length === 0 ? null : 'Feature is not multivariate.';
  const named = new Set(variants.map(({ id }) => id));
  if (variants.some(({ id }) => !rules.variantIds.includes(id))) return 'Variant not found.';
  if (!rules.someVariants && named.size < rules.variantIds.length) return incomplete;
  if (named.size < variants.length) return 'A variant is named twice.';
  return weighTooMuch(variants) ? tooHeavy : null;
}

const incomplete = "Must include all feature's variants.";
const tooHeavy = 'Total weight must not exceed 100.';

function problemOfValue({ type, value }: FlagValue): string | null {
  if (type === 'integer' && !(/^[+-]?\d+$/.test(value) && Math.abs(Number(value)) < 2_147_483_647)) {
    return `'${value.slice(0, 100)}' is not a valid integer.`;
  }
  if (type === 'boolean' && !/^(true|false)$/i.test(value)) {
    return `'${value.slice(0, 100)}' is not a valid boolean: use 'true' or 'false'.`;
  }
  return null;
}

function parsed({ type, value }: FlagValue): FeatureValue {
  if (type === 'integer') return Number(value);
  return type === 'boolean' ? value.toLowerCase() === 'true' : value;
}

async function removeOverride(ctx: Context, { scope, feature }: OpenedFlag, segmentId: number): Promise<Flag> {
  const states = await changeServed(ctx, scope, feature, async (_, live) => {
    const kept = live.filter((state) => state.segmentId !== segmentId);
    if (kept.length === live.length) throw notFound('Segment override not found.');
    return kept;
  });
  return shown(states);
}

/** What one must be allowed to change for an input. */
function neededFor(input: FlagInput): EnvironmentPermission[] {
  return [
    ...(input.environment_default === undefined ? [] : (['UPDATE_FEATURE_STATE'] as const)),
    ...(input.segment_overrides === undefined ? [] : (['MANAGE_SEGMENT_OVERRIDES'] as const)),
  ];
}

/** A flag for writing. That it is there is hidden from those who may write nothing of it. */
async function openFlag(
  ctx: Context,
  params: { environment_api_key: string; feature_id: number },
  needed: EnvironmentPermission[],
): Promise<OpenedFlag> {
  const { scope, may } = await openFor(ctx, params.environment_api_key, [
    'UPDATE_FEATURE_STATE',
    'MANAGE_SEGMENT_OVERRIDES',
  ]);
  if (may.size === 0) throw notFound();
  const opened = await featureIn(ctx, scope, { id: params.feature_id });
  if (needed.some((permission) => !may.has(permission))) throw forbidden();
  refuseWhereRequested(scope, 'conflict');
  return opened;
}

async function openExperiment(
  ctx: Context,
  apiKey: string,
  named: { name?: string | undefined; id?: number | undefined },
  needed: EnvironmentPermission[],
): Promise<OpenedFlag> {
  const { scope, may } = await openFor(ctx, apiKey, needed);
  if (may.size < needed.length) throw forbidden();
  refuseWhereRequested(scope, 'forbidden');
  const by = named.id === undefined ? { name: named.name as string } : { id: named.id };
  if ((await findFeature(ctx.db, scope.projectId, by)) === null) throw invalid({ feature: ['Feature not found.'] });
  return featureIn(ctx, scope, by);
}

/** Where changes are to be approved, nobody changes anything past the approval. */
function refuseWhereRequested(scope: EnvironmentScope, how: 'conflict' | 'forbidden'): void {
  if (scope.environment.minimum_change_request_approvals === null) return;
  const detail = 'This environment requires change requests. Make one instead.';
  if (how === 'forbidden') throw forbidden(detail);
  throw new RequestError('conflict', { detail, code: 'change_requests_enabled' });
}

async function openFor(ctx: Context, apiKey: string, permissions: EnvironmentPermission[]) {
  const scope = await openEnvironment(ctx, { apiKey }, 'MEMBER');
  const rights = await rightsInEnvironment(ctx, scope);
  if (rights === null) throw notFound();
  return { scope, may: new Set(permissions.filter((permission) => hasPermission(rights, permission))) };
}

async function featureIn(
  ctx: Context,
  scope: EnvironmentScope,
  by: { id: number } | { name: string },
): Promise<OpenedFlag> {
  const feature = await findFeature(ctx.db, scope.projectId, by);
  if (feature === null) throw notFound();
  return { scope, feature, variantIds: await variantIdsOf(ctx, feature.id) };
}

function shown(states: ServedState[]): Flag {
  const own = states.find((state) => state.segmentId === null);
  const overrides = states.filter((state) => state.segmentId !== null);
  return {
    environment_default: stateShown(own ?? { segmentId: null, ...blank }),
    segment_overrides: overrides.map((state, priority) => ({
      segment: { id: state.segmentId as number },
      priority,
      ...stateShown(state),
    })),
  };
}

function stateShown(state: ServedState): Flag['environment_default'] {
  return {
    enabled: state.enabled,
    value: valueShown(state.value),
    variants: state.weights.map(({ optionId, weight }) => ({ id: optionId, weight })).toSorted((a, b) => a.id - b.id),
  };
}

function valueShown(value: FeatureValue): FlagValue | null {
  if (value === null) return null;
  const { type } = typedValueOf(value);
  return { type: type === 'int' ? 'integer' : type === 'bool' ? 'boolean' : 'string', value: String(value) };
}
