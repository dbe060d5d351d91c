import type * as endpoints from '@halyard/contract';
import type {
  FeatureSegment,
  FeatureSegmentChanges,
  InputOf,
  ListedFeatureSegment,
  Page,
  SegmentOverride,
} from '@halyard/contract';
import { type EnvironmentScope, openEnvironment } from '../access/service.ts';
import type { RecordChange } from '../changes/service.ts';
import type { Context } from '../context.ts';
import { type FieldErrors, invalid, invalidTogether, notFound } from '../errors.ts';
import {
  addSegmentOverrideState,
  auditedServed,
  changeDirectly,
  liveStates,
  plainInput,
  removeSegmentOverrideStates,
  typedForm,
} from '../feature-states/service.ts';
import {
  countFeatureSegments,
  deleteFeatureSegments,
  type FeatureSegmentFilter,
  findFeature,
  findFeatureSegments,
  findPlaces,
  findPlacesBesideSegment,
  findSegment,
  findSegments,
  insertFeatureSegment,
  insertFeatureSegments,
  type Place,
  type StoredFeatureSegment,
  setPriorities,
  setSegment,
} from './store.ts';

/** @throws RequestError 404 also for a feature that is not of the environment's project. */
export async function listFeatureSegments(
  ctx: Context,
  { query }: InputOf<typeof endpoints.listFeatureSegments>,
): Promise<Page<ListedFeatureSegment>> {
  const scope = await openEnvironment(ctx, { id: query.environment }, 'VIEW_ENVIRONMENT');
  if ((await findFeature(ctx.db, scope.projectId, query.feature)) === null) throw notFound();
  const filter = { environmentId: scope.environmentId, featureId: query.feature };
  const count = await countFeatureSegments(ctx.db, filter);
  const window = { limit: query.page_size, offset: (query.page - 1) * query.page_size };
  return { count, results: (await findFeatureSegments(ctx.db, filter, window)).map(listed) };
}

/**
 * Lets a segment override a feature, as the weakest. No version: nothing is served differently before there is a state.
 * @throws RequestError 400 for a feature or segment that the project has not, for a pair that there is, and for a segment
 * of another feature.
 */
export async function createFeatureSegment(
  ctx: Context,
  { body }: InputOf<typeof endpoints.createFeatureSegment>,
): Promise<FeatureSegment> {
  const scope = await openEnvironment(ctx, { id: body.environment }, 'MANAGE_SEGMENT_OVERRIDES');
  return changeDirectly(ctx, scope, async (ctx) => {
    const feature = await findFeature(ctx.db, scope.projectId, body.feature);
    if (feature === null) throw invalid({ feature: [unknownId(body.feature)] });
    return addFeatureSegment(ctx, scope, feature.id, { segmentId: body.segment, fieldErrors: (errors) => errors });
  });
}

export async function getFeatureSegment(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getFeatureSegment>,
): Promise<ListedFeatureSegment> {
  const found = await findOne(ctx, { ids: [params.feature_segment_id] });
  await openEnvironment(ctx, { id: found.environmentId }, 'VIEW_ENVIRONMENT');
  return listed(found);
}

export async function getFeatureSegmentByUuid(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getFeatureSegmentByUuid>,
): Promise<ListedFeatureSegment> {
  const found = await findOne(ctx, { uuid: params.uuid });
  await openEnvironment(ctx, { id: found.environmentId }, 'VIEW_ENVIRONMENT');
  return listed(found);
}

/**
 * Lets an override be for another segment: its state and its place stay. The segment that it is for already takes no version.
 * @throws RequestError 400 for another feature or environment, and for a segment as createFeatureSegment does.
 */
export async function updateFeatureSegment(
  ctx: Context,
  { params, body }: { params: InputOf<typeof endpoints.getFeatureSegment>['params']; body: FeatureSegmentChanges },
): Promise<FeatureSegment> {
  const { environmentId } = await findOne(ctx, { ids: [params.feature_segment_id] });
  const scope = await openEnvironment(ctx, { id: environmentId }, 'MANAGE_SEGMENT_OVERRIDES');
  return changeDirectly(ctx, scope, async (ctx, record) => {
    const before = await findOne(ctx, { environmentId, id: params.feature_segment_id });
    const { id, uuid, featureId, priority } = before;
    if ((body.feature ?? featureId) !== featureId) throw invalid({ feature: [staysTheSame] });
    if ((body.environment ?? environmentId) !== environmentId) throw invalid({ environment: [staysTheSame] });
    const segmentId = body.segment ?? before.segmentId;
    const after = { id, uuid, feature: featureId, segment: segmentId, environment: environmentId, priority };
    if (segmentId === before.segmentId) return after;
    await checkSegment(ctx, scope, featureId, { segmentId, fieldErrors: (errors) => errors });
    await setSegment(ctx.db, id, segmentId);
    const moved = await findOne(ctx, { environmentId, id });
    record({
      objectType: 'FEATURE',
      objectId: featureId,
      changeType: 'UPDATE',
      log: `Segment override of feature '${before.featureName}' moved from segment '${before.segmentName}' to segment '${moved.segmentName}'`,
      before: listed(before),
      after: listed(moved),
    });
    return after;
  });
}

/** Removes a segment override with its state; weaker ones move up. */
export async function deleteFeatureSegment(
  ctx: Context,
  { params }: InputOf<typeof endpoints.deleteFeatureSegment>,
): Promise<void> {
  const { environmentId } = await findOne(ctx, { ids: [params.feature_segment_id] });
  const scope = await openEnvironment(ctx, { id: environmentId }, 'MANAGE_SEGMENT_OVERRIDES');
  await changeDirectly(ctx, scope, async (ctx, record) => {
    const removed = await findOne(ctx, { environmentId, id: params.feature_segment_id });
    await removePlaces(ctx, record, [removed]);
    await arrange(ctx, await findPlaces(ctx.db, environmentId, removed.featureId));
  });
}

/**
 * Moves segment overrides of one feature; the others keep their order around them. Those that want one priority stand one
 * after the other, in the order of the request.
 * Answers all of the feature's, the strongest first. An order that is there already takes no version.
 * @throws RequestError 404 where the first is not the caller's, 400 where others are not of the same feature and environment.
 */
export async function updatePriorities(
  ctx: Context,
  { body }: InputOf<typeof endpoints.updatePriorities>,
): Promise<ListedFeatureSegment[]> {
  const wanted = new Map(body.map(({ id, priority }) => [id, priority]));
  const { environmentId, featureId } = await findOne(ctx, { ids: [...wanted.keys()].slice(0, 1) });
  const scope = await openEnvironment(ctx, { id: environmentId }, 'MANAGE_SEGMENT_OVERRIDES');
  return changeDirectly(ctx, scope, async (ctx, record) => {
    const places = await findPlaces(ctx.db, environmentId, featureId);
    const known = new Map(places.map((place) => [place.id, place]));
    const moved = [...wanted].sort(([, a], [, b]) => a - b).map(([id]) => known.get(id));
    if (!moved.every((place) => place !== undefined)) {
      throw invalidTogether('Some of the provided ids were not found.');
    }
    const order = reordered(
      places,
      moved.map((place) => ({ item: place, priority: wanted.get(place.id) as number })),
    );
    const changed = await arrange(ctx, order);
    const all = await findFeatureSegments(ctx.db, { environmentId, featureId }, { limit: 10_000, offset: 0 });
    if (changed) {
      recordOrder(record, { id: featureId, name: all[0]?.featureName ?? '' }, places, all);
    }
    return all.map(listed);
  });
}

/** Overrides a feature for a segment: its place and its state in one change. @throws RequestError 400 as createFeatureSegment does. */
export async function createSegmentOverride(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.createSegmentOverride>,
): Promise<SegmentOverride> {
  const scope = await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'MANAGE_SEGMENT_OVERRIDES');
  const { feature_segment: place, ...input } = body;
  return changeDirectly(ctx, scope, async (ctx, record) => {
    const feature = await findFeature(ctx.db, scope.projectId, params.feature_id);
    if (feature === null) throw notFound();
    const { id, uuid, segment, priority } = await addFeatureSegment(ctx, scope, feature.id, {
      segmentId: place.segment,
      priority: place.priority,
      fieldErrors: (errors) => ({ feature_segment: errors }),
    });
    const override = { feature, featureSegment: { id }, input: plainInput(input) };
    const state = await addSegmentOverrideState(ctx, scope, record, override);
    return { ...typedForm(state), feature_segment: { id, uuid, segment, priority } };
  });
}

/** Removes what a segment overrides in every environment, inside a change of the project. */
export async function removeOverridesOfSegment(ctx: Context, segmentId: number): Promise<unknown[]> {
  const places = await findPlacesBesideSegment(ctx.db, segmentId);
  const own = places.filter((place) => place.segmentId === segmentId).map((place) => place.id);
  const removed = await removeSegmentOverrideStates(ctx, own);
  await deleteFeatureSegments(ctx.db, own);
  await arrange(
    ctx,
    places.filter((place) => place.segmentId !== segmentId),
  );
  return removed;
}

/**
 * Lets exactly these segments override a feature, the strongest first, inside a change of the environment; what others
 * override goes. Answers the feature segment of each. That the segments may is for the caller to check.
 */
export async function placeOverrides(
  ctx: Context,
  scope: EnvironmentScope,
  record: RecordChange,
  feature: { id: number; name: string },
  segmentIds: number[],
): Promise<Map<number, number>> {
  const { environmentId } = scope;
  const filter = { environmentId, featureId: feature.id };
  const stored = await findFeatureSegments(ctx.db, filter, { limit: 10_000, offset: 0 });
  const wanted = new Set(segmentIds);
  const known = new Set(stored.map((place) => place.segmentId));
  const unwanted = stored.filter((place) => !wanted.has(place.segmentId));
  const live =
    unwanted.length === 0 ? [] : await liveStates(ctx, { environmentIds: [environmentId], featureId: feature.id });
  const served = new Set(live.map((state) => state.segmentId));
  await removePlaces(
    ctx,
    record,
    unwanted.filter((place) => served.has(place.segmentId)),
  );
  await insertFeatureSegments(
    ctx.db,
    segmentIds
      .filter((id) => !known.has(id))
      .map((id) => ({
        uuid: crypto.randomUUID(),
        environment_id: environmentId,
        feature_id: feature.id,
        segment_id: id,
        priority: segmentIds.indexOf(id),
      })),
  );
  const places = await findPlaces(ctx.db, environmentId, feature.id);
  const placeOf = new Map(places.map((place) => [place.segmentId, place]));
  const order = segmentIds.map((id) => placeOf.get(id)).filter((place) => place !== undefined);
  // What waits for its state overrides nothing yet: it stays, as the weakest.
  await arrange(ctx, [...order, ...places.filter((place) => !wanted.has(place.segmentId))]);
  const before = stored.filter((place) => wanted.has(place.segmentId));
  const after = order.filter((place) => known.has(place.segmentId));
  if (after.some((place, index) => place.id !== before[index]?.id)) recordOrder(record, feature, before, after);
  return new Map(order.map((place) => [place.segmentId, place.id]));
}

/** The same list with some of its items at new priorities; the others keep their order around them. */
export function reordered<T>(list: T[], moves: { item: T; priority: number }[]): T[] {
  const moved = new Set(moves.map(({ item }) => item));
  const order = list.filter((item) => !moved.has(item));
  let next = 0;
  for (const { item, priority } of moves.toSorted((a, b) => a.priority - b.priority)) {
    const position = Math.min(Math.max(priority, next), order.length);
    order.splice(position, 0, item);
    next = position + 1;
  }
  return order;
}

/** Names of the project's segments that may override a feature, by id; others are not there. */
export async function segmentNames(
  ctx: Context,
  scope: EnvironmentScope,
  featureId: number,
  segmentIds: number[],
): Promise<Map<number, string>> {
  const segments = await findSegments(ctx.db, scope.projectId, segmentIds);
  return new Map(
    segments
      .filter((segment) => segment.featureId === null || segment.featureId === featureId)
      .map((segment) => [segment.id, segment.name]),
  );
}

/** Removes segment overrides with their states. Those that stay have to be arranged. */
async function removePlaces(ctx: Context, record: RecordChange, removed: StoredFeatureSegment[]): Promise<void> {
  const [first] = removed;
  if (first === undefined) return;
  const ids = removed.map((place) => place.id);
  const states = await liveStates(ctx, { environmentIds: [first.environmentId], featureId: first.featureId });
  const stateOf = new Map(states.map((state) => [state.segmentId, state]));
  await removeSegmentOverrideStates(ctx, ids);
  await deleteFeatureSegments(ctx.db, ids);
  for (const place of removed) {
    const state = stateOf.get(place.segmentId);
    record({
      objectType: 'FEATURE',
      objectId: place.featureId,
      changeType: 'UPDATE',
      log: `Flag state / Remote config value deleted for feature '${place.featureName}' and segment '${place.segmentName}'`,
      before: { ...listed(place), ...(state !== undefined && auditedServed(state)) },
    });
  }
}

function recordOrder(
  record: RecordChange,
  feature: { id: number; name: string },
  before: { id: number }[],
  after: { id: number }[],
): void {
  record({
    objectType: 'FEATURE',
    objectId: feature.id,
    changeType: 'UPDATE',
    log: `Segment overrides re-ordered for feature '${feature.name}'.`,
    before: before.map(({ id }) => id),
    after: after.map(({ id }) => id),
  });
}

/** To be called inside a change of the environment, whose row keeps the priorities dense. */
async function addFeatureSegment(
  ctx: Context,
  scope: EnvironmentScope,
  featureId: number,
  wanted: {
    segmentId: number;
    priority?: number | null | undefined;
    /** Where the client looks for messages about the segment. */
    fieldErrors: (errors: FieldErrors) => FieldErrors;
  },
): Promise<FeatureSegment> {
  const { environmentId } = scope;
  const { segment, places } = await checkSegment(ctx, scope, featureId, wanted);
  const priority = Math.min(wanted.priority ?? places.length, places.length);
  const uuid = crypto.randomUUID();
  const id = await insertFeatureSegment(ctx.db, {
    uuid,
    environment_id: environmentId,
    feature_id: featureId,
    segment_id: segment.id,
    priority,
  });
  await arrange(ctx, places.toSpliced(priority, 0, { id, environmentId, featureId, segmentId: segment.id, priority }));
  return { id, uuid, feature: featureId, segment: segment.id, environment: environmentId, priority };
}

/** A segment that may get a place. @throws RequestError 400 for one that may not, or has one. */
async function checkSegment(
  ctx: Context,
  scope: EnvironmentScope,
  featureId: number,
  wanted: { segmentId: number; fieldErrors: (errors: FieldErrors) => FieldErrors },
): Promise<{ segment: { id: number }; places: Place[] }> {
  const segment = await findSegment(ctx.db, scope.projectId, wanted.segmentId);
  if (segment === null) throw invalid(wanted.fieldErrors({ segment: [unknownId(wanted.segmentId)] }));
  if (segment.featureId !== null && segment.featureId !== featureId) {
    throw invalid({
      feature: [`Can only create segment override(using this segment) for feature ${segment.featureId}`],
    });
  }
  const places = await findPlaces(ctx.db, scope.environmentId, featureId);
  if (places.some((place) => place.segmentId === segment.id)) {
    throw invalidTogether('The fields feature, environment, segment must make a unique set.');
  }
  return { segment, places };
}

/** Numbers places from 0 within feature and environment, in the order given. Answers whether anything changed. */
async function arrange(ctx: Context, places: Place[]): Promise<boolean> {
  const next = new Map<string, number>();
  const changes: { id: number; priority: number }[] = [];
  for (const place of places) {
    const key = `${place.environmentId}:${place.featureId}`;
    const priority = next.get(key) ?? 0;
    next.set(key, priority + 1);
    if (place.priority !== priority) changes.push({ id: place.id, priority });
  }
  await setPriorities(ctx.db, changes);
  return changes.length > 0;
}

async function findOne(ctx: Context, filter: FeatureSegmentFilter): Promise<StoredFeatureSegment> {
  const [found] = await findFeatureSegments(ctx.db, filter, { limit: 1, offset: 0 });
  if (found === undefined) throw notFound();
  return found;
}

function listed(stored: StoredFeatureSegment): ListedFeatureSegment {
  return {
    id: stored.id,
    uuid: stored.uuid,
    segment: stored.segmentId,
    segment_name: stored.segmentName,
    environment: stored.environmentId,
    priority: stored.priority,
    is_feature_specific: stored.segmentFeatureId !== null,
  };
}

const staysTheSame = 'An override stays with its feature and its environment.';

function unknownId(id: number): string {
  return `Invalid pk "${id}" - object does not exist.`;
}
