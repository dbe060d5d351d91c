import type * as endpoints from '@halyard/contract';
import type {
  ChangeSetPart,
  DraftEnvironment,
  DraftState,
  DraftWeight,
  InputOf,
  SavedFeature,
  SaveFeatureInput,
} from '@halyard/contract';
import { type EnvironmentScope, openEnvironment, openProjectWithRights } from '../access/service.ts';
import type { Context } from '../context.ts';
import { invalid, notFound, RequestError } from '../errors.ts';
import { pageOf, versionOfSettings, versionOfStates } from '../feature-pages/service.ts';
import { segmentNames } from '../feature-segments/service.ts';
import {
  addIdentityOverride,
  changeState,
  identityIn,
  liveStates,
  mergedWeights,
  removeIdentityOverride,
  type ServedState,
  variantIdsOf,
} from '../feature-states/service.ts';
import { changeServed, scheduleServed } from '../feature-versions/service.ts';
import { changeEachFeature } from '../features/service.ts';
import { differences, keyOf, type Snapshot, servedForm, takeSnapshot } from './snapshots.ts';
import { environmentIdsOf } from './store.ts';
import { atField, inChangeSet, type Need, refuseWithout, setOptions, visibleParts } from './writing.ts';

/**
 * Saves a draft of one feature: all of it, or nothing.
 * @throws RequestError 403 naming the parts that the caller may not change, 409 where somebody else changed what the draft
 * is about, 400 with its messages where the request has the field.
 */
export async function saveFeature(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.saveFeature>,
): Promise<SavedFeature> {
  const scope = await openProjectWithRights(ctx, params.project_id, 'VIEW_PROJECT');
  const { projectId } = scope;
  const featureId = params.feature_id;
  if (new Set(body.environments.map((one) => one.environment)).size < body.environments.length) {
    throw invalid({ environments: ['Each environment can be there once.'] });
  }
  const own = new Set(await environmentIdsOf(ctx.db, projectId));
  const foreign = body.environments.findIndex(({ environment }) => !own.has(environment));
  if (foreign !== -1) {
    const id = body.environments[foreign]?.environment;
    await atField(['environments', foreign], async () => {
      throw invalid({ environment: [`Invalid pk "${id}" - object does not exist.`] });
    });
  }
  refuseWithout(scope, needsOf(body));
  const options = body.settings?.multivariate_options;
  const extent = {
    projectId,
    featureIds: [featureId],
    environmentIds: options === undefined ? body.environments.map((one) => one.environment) : [...own],
    identityOverrides: options !== undefined || body.environments.some((one) => one.identity_overrides !== undefined),
  };
  const about = { kind: 'save', note: body.note, dryRun: body.dry_run } as const;
  const outcome = await inChangeSet(ctx, scope, about, async (ctx, record) => {
    const before = await takeSnapshot(ctx, extent);
    const feature = before.features.get(featureId);
    if (feature === undefined) throw notFound();
    await refuseOldDraft(ctx, scope, featureId, body, before);
    const weighsNew = body.environments.some((one) => JSON.stringify(one).includes('"option_ref"'));
    const refs =
      options === undefined
        ? new Map<string, number>()
        : await setOptions(
            ctx,
            params,
            options.map((option) => ({
              ...option,
              key: option.key ?? null,
              string_value: option.string_value ?? null,
              integer_value: option.integer_value ?? null,
              boolean_value: option.boolean_value ?? null,
            })),
            { weightless: weighsNew, path: ['settings', 'multivariate_options'] },
          );
    if (body.settings !== undefined) {
      const { base: _, multivariate_options: __, ...settings } = body.settings;
      const wanted = new Map([[featureId, settings]]);
      await atField(['settings'], () => changeEachFeature(ctx, scope, record, wanted));
    }
    const optionIds = new Set(await variantIdsOf(ctx, featureId));
    const scheduled: ChangeSetPart[] = [];
    for (const [index, draft] of body.environments.entries()) {
      const place = await openEnvironment(ctx, { id: draft.environment }, 'VIEW_ENVIRONMENT');
      const weights = (given: DraftWeight[], path: (string | number)[]) =>
        weightsOf(given, { optionIds, refs, path: ['environments', index, ...path] });
      const part = await saveServed(ctx, place, { feature, draft, index, weights, body });
      if (part !== null) scheduled.push(part);
      await saveIdentityOverrides(ctx, place, { feature, draft, index, weights, before });
    }
    return [...differences(before, await takeSnapshot(ctx, extent)), ...scheduled];
  });
  return {
    ...outcome,
    parts: visibleParts(scope, outcome.parts),
    page: body.dry_run ? null : await pageOf(ctx, scope, featureId),
  };
}

function needsOf(body: SaveFeatureInput): Need[] {
  const settings =
    body.settings === undefined ? [] : [{ part: 'settings', permission: 'CREATE_FEATURE', environment: null }];
  return [
    ...settings,
    ...body.environments.flatMap(({ environment, ...draft }, index) => {
      const need = (part: string, permission: string) => ({
        part: `environments.${index}.${part}`,
        permission,
        environment,
      });
      return [
        need('environment', 'VIEW_ENVIRONMENT'),
        ...(draft.state === undefined ? [] : [need('state', 'UPDATE_FEATURE_STATE')]),
        ...(draft.segment_overrides === undefined ? [] : [need('segment_overrides', 'MANAGE_SEGMENT_OVERRIDES')]),
        ...(draft.identity_overrides === undefined ? [] : [need('identity_overrides', 'UPDATE_FEATURE_STATE')]),
      ];
    }),
  ];
}

/** @throws RequestError 409 with the page as it is now, where anything that the draft changes is not as it found it. */
async function refuseOldDraft(
  ctx: Context,
  scope: Parameters<typeof pageOf>[1],
  featureId: number,
  body: SaveFeatureInput,
  before: Snapshot,
): Promise<void> {
  const feature = before.features.get(featureId);
  if (feature === undefined) throw notFound();
  const environmentIds = body.environments.map(({ environment }) => environment);
  const live = Map.groupBy(await liveStates(ctx, { environmentIds, featureId }), (state) => state.environmentId);
  const bases = [
    { environment: null, yours: body.settings?.base, current_version: versionOfSettings(feature) },
    ...body.environments.map(({ environment, base }) => ({
      environment,
      yours: base,
      current_version: versionOfStates(live.get(environment) ?? []),
    })),
  ];
  const conflicts = bases.filter(({ yours, current_version }) => yours !== undefined && yours !== current_version);
  if (conflicts.length === 0) return;
  throw new RequestError('conflict', {
    detail: 'Somebody else has changed this meanwhile. Look at what it is now, and try again.',
    code: 'conflict',
    conflicts,
    current: await pageOf(ctx, scope, featureId),
  });
}

type Weigh = (given: DraftWeight[], path: (string | number)[]) => Promise<ServedState['weights']>;

async function weightsOf(
  given: DraftWeight[],
  known: { optionIds: Set<number>; refs: Map<string, number>; path: (string | number)[] },
): Promise<ServedState['weights']> {
  return atField([...known.path, 'weights'], async () => {
    const wanted = given.map(({ option, option_ref: ref, percentage_allocation }, index) => {
      const id = option ?? known.refs.get(ref as string);
      if (id === undefined || !known.optionIds.has(id)) {
        throw invalid({ [index]: [`Invalid variant "${option ?? ref}" - object does not exist.`] });
      }
      return { multivariate_feature_option: id, percentage_allocation };
    });
    return mergedWeights(known.optionIds, [], wanted);
  });
}

interface Saving {
  feature: { id: number; name: string };
  draft: DraftEnvironment;
  index: number;
  weights: Weigh;
}

/** Answers the version that was scheduled, where the draft is for later. */
async function saveServed(
  ctx: Context,
  place: EnvironmentScope,
  { feature, draft, index, weights, body }: Saving & { body: SaveFeatureInput },
): Promise<ChangeSetPart | null> {
  const { state, segment_overrides: overrides } = draft;
  if (state === undefined && overrides === undefined) return null;
  const segmentIds = (overrides ?? []).map(({ segment }) => segment);
  const names = await segmentNames(ctx, place, feature.id, segmentIds);
  const wrong = segmentIds.findIndex((id, at) => !names.has(id) || segmentIds.indexOf(id) < at);
  if (wrong !== -1) {
    const id = segmentIds[wrong] as number;
    await atField(['environments', index, 'segment_overrides', wrong], async () => {
      throw invalid({
        segment: [
          names.has(id) ? 'A segment overrides a feature once.' : `Invalid pk "${id}" - object does not exist.`,
        ],
      });
    });
  }
  const decide = async (_: Context, live: ServedState[]) => {
    const liveOf = new Map(live.map((one) => [one.segmentId, one]));
    const changed = async (segmentId: number | null, change: DraftState, path: (string | number)[]) => ({
      ...(liveOf.get(segmentId) ?? { enabled: false, value: null, weights: [] }),
      segmentId,
      ...(change.enabled !== undefined && { enabled: change.enabled }),
      ...(change.value !== undefined && { value: change.value }),
      ...(change.weights !== undefined && { weights: await weights(change.weights, path) }),
    });
    const next = [await changed(null, state ?? {}, ['state'])];
    if (overrides === undefined) return [...next, ...live.filter((one) => one.segmentId !== null)];
    for (const [at, override] of overrides.entries()) {
      next.push(await changed(override.segment, override, ['segment_overrides', at]));
    }
    return next;
  };
  const description = body.note || undefined;
  if (body.live_from == null || Date.parse(body.live_from) <= Date.parse(ctx.now())) {
    await changeServed(ctx, place, feature, decide, { ...(description !== undefined && { description }) });
    return null;
  }
  const version = await scheduleServed(ctx, place, feature, decide, { description, liveFrom: body.live_from });
  if (version === null) return null;
  return {
    part: 'scheduled_version',
    feature: feature.id,
    environment: place.environmentId,
    before: null,
    after: { uuid: version.uuid, live_from: version.liveFrom, states: version.states.map(servedForm) },
  };
}

async function saveIdentityOverrides(
  ctx: Context,
  place: EnvironmentScope,
  { feature, draft, index, weights, before }: Saving & { before: Snapshot },
): Promise<void> {
  const { set = [], remove = [] } = draft.identity_overrides ?? {};
  const path = ['environments', index, 'identity_overrides'];
  const identityOf = async (by: { identity?: number | undefined; identifier?: string | undefined }) => {
    const { environmentId } = place;
    const identity = await identityIn(
      ctx,
      environmentId,
      by.identity === undefined ? { identifier: by.identifier as string } : { id: by.identity },
    );
    if (identity === null) throw invalid({ identity: ['Identity does not exist in environment.'] });
    return { identity, stored: before.overrides.get(keyOf(feature.id, environmentId, identity.id)) };
  };
  for (const [at, by] of remove.entries()) {
    await atField([...path, 'remove', at], async () => {
      const { stored } = await identityOf(by);
      if (stored !== undefined) await removeIdentityOverride(ctx, place, { stateId: stored.stateId });
    });
  }
  for (const [at, wanted] of set.entries()) {
    const own = wanted.weights && (await weights(wanted.weights, ['identity_overrides', 'set', at]));
    await atField([...path, 'set', at], async () => {
      const { identity, stored } = await identityOf(wanted);
      await setIdentityOverride(ctx, place, feature, { identity, stored }, { ...wanted, weights: own });
    });
  }
}

/** Lets an identity get this; a variant that is not named gets nobody. */
export async function setIdentityOverride(
  ctx: Context,
  place: EnvironmentScope,
  feature: { id: number; name: string },
  {
    identity,
    stored,
  }: { identity: { id: number }; stored: { stateId: number; form: { weights: { option: number }[] } } | undefined },
  wanted: Pick<DraftState, 'enabled' | 'value'> & { weights?: ServedState['weights'] | undefined },
): Promise<void> {
  const given = wanted.weights;
  const named = new Set(given?.map(({ optionId }) => optionId));
  const others = (stored?.form.weights ?? []).filter(({ option }) => !named.has(option));
  const input = {
    enabled: wanted.enabled,
    feature_state_value: wanted.value,
    multivariate_feature_state_values: given && [
      ...others.map(({ option }) => ({ multivariate_feature_option: option, percentage_allocation: 0 })),
      ...given.map(({ optionId, weight }) => ({
        multivariate_feature_option: optionId,
        percentage_allocation: weight,
      })),
    ],
  };
  if (stored === undefined) await addIdentityOverride(ctx, place, { feature, identity, input });
  else await changeState(ctx, place, { stateId: stored.stateId, identityId: identity.id }, input);
}
