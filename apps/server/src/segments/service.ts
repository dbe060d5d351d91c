import type * as endpoints from '@halyard/contract';
import type { InputOf, Page, SavedSegment, Segment, SegmentRuleInput } from '@halyard/contract';
import { compileContext } from '@halyard/engine';
import { openEnvironment, openProject, type ProjectScope } from '../access/service.ts';
import { changeProject, type RecordChange } from '../changes/service.ts';
import type { Context } from '../context.ts';
import { invalid, notFound } from '../errors.ts';
import { removeOverridesOfSegment } from '../feature-segments/service.ts';
import { openIdentity } from '../identities/service.ts';
import { copyMetadata, metadataOf, setMetadata } from '../metadata/service.ts';
import { laterThan } from '../time.ts';
import { problemsOf, rulesOfContext, treeOf, warningsOf } from './rules.ts';
import {
  countOverrides,
  countSegments,
  featureExists,
  findOverrides,
  findSegment,
  findSegments,
  insertRevision,
  insertSegment,
  markDeleted,
  markDeletedWithFeature,
  type StoredSegment,
  updateSegment as updateRow,
} from './store.ts';

/** @throws RequestError 404 also for an identity that is of no environment of the project. */
export async function listSegments(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.listSegments>,
): Promise<Page<Segment>> {
  const { projectId } = await openProject(ctx, params.project_id, 'VIEW_PROJECT');
  const filter = { search: query.q, includeFeatureSpecific: query.include_feature_specific };
  const window = { limit: query.page_size, offset: (query.page - 1) * query.page_size };
  if (query.identity === undefined) {
    const segments = await findSegments(ctx.db, projectId, filter, window);
    return { count: await countSegments(ctx.db, projectId, filter), results: await shown(ctx, segments) };
  }
  const all = await findSegments(ctx.db, projectId, filter, { limit: 10_000, offset: 0 });
  const matching = await segmentsWithIdentity(ctx, projectId, query.identity, all);
  const results = await shown(ctx, matching.slice(window.offset, window.offset + window.limit));
  return { count: matching.length, results };
}

export async function getSegment(ctx: Context, { params }: InputOf<typeof endpoints.getSegment>): Promise<Segment> {
  const { projectId } = await openProject(ctx, params.project_id, 'VIEW_PROJECT');
  return shownOne(ctx, await findOne(ctx, { projectId, id: params.segment_id }));
}

export async function getSegmentByUuid(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getSegmentByUuid>,
): Promise<Segment> {
  const segment = await findOne(ctx, { uuid: params.uuid });
  await openProject(ctx, segment.project, 'VIEW_PROJECT');
  return shownOne(ctx, segment);
}

/** @throws RequestError 400 for a condition that could never match, or a feature that is not the project's. */
export async function createSegment(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.createSegment>,
): Promise<SavedSegment> {
  const scope = await openProject(ctx, params.project_id, 'MANAGE_SEGMENTS');
  refuseProblems(body.rules);
  return changeProject(ctx, scope, async (ctx, record) => {
    const feature = body.feature ?? null;
    if (feature !== null && !(await featureExists(ctx.db, scope.projectId, feature))) {
      throw invalid({ feature: [`Invalid pk "${feature}" - object does not exist.`] });
    }
    const segment = { name: body.name, description: body.description ?? null, feature, rules: treeOf(body.rules, []) };
    return addSegment(ctx, scope, record, segment, (id) =>
      setMetadata(ctx, scope, { entity: 'segment', id }, body.metadata ?? []),
    );
  });
}

/** Changes a segment and keeps what it was. A repeat of what it is changes nothing and takes no version. */
export async function updateSegment(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.patchSegment>,
): Promise<SavedSegment> {
  const scope = await openProject(ctx, params.project_id, 'MANAGE_SEGMENTS');
  if (body.rules !== undefined) refuseProblems(body.rules);
  return changeProject(ctx, scope, async (ctx, record) => {
    const stored = await findOne(ctx, { projectId: scope.projectId, id: params.segment_id });
    if (body.feature !== undefined && body.feature !== stored.feature) {
      throw invalid({ feature: ['A segment keeps the feature that it was created for. Create another segment.'] });
    }
    const wanted: StoredSegment = {
      ...stored,
      ...(body.name !== undefined && { name: body.name }),
      ...(body.description !== undefined && { description: body.description }),
      ...(body.rules !== undefined && { rules: treeOf(body.rules, stored.rules) }),
    };
    const before = await shownOne(ctx, stored);
    if (body.metadata !== undefined) {
      await setMetadata(ctx, scope, { entity: 'segment', id: stored.id }, body.metadata);
    }
    const isSame = JSON.stringify(wanted) === JSON.stringify(stored);
    const next = isSame
      ? stored
      : { ...wanted, version: stored.version + 1, updated_at: laterThan(stored.updated_at, ctx.now()) };
    if (!isSame) {
      await insertRevision(ctx.db, stored);
      await updateRow(ctx.db, next);
    }
    const after = await shownOne(ctx, next);
    if (JSON.stringify(before) === JSON.stringify(after)) return saved(after);
    record({
      objectType: 'SEGMENT',
      objectId: after.id,
      objectUuid: after.uuid,
      changeType: 'UPDATE',
      log: `Segment updated: ${after.name}`,
      before,
      after,
      ...(isSame && { keepsDocuments: true }),
    });
    return saved(after);
  });
}

/** Deletes a segment with its overrides in every environment. */
export async function deleteSegment(ctx: Context, { params }: InputOf<typeof endpoints.deleteSegment>): Promise<void> {
  const scope = await openProject(ctx, params.project_id, 'MANAGE_SEGMENTS');
  await changeProject(ctx, scope, async (ctx, record) => {
    const before = await findOne(ctx, { projectId: scope.projectId, id: params.segment_id });
    const states = await removeOverridesOfSegment(ctx, before.id);
    await markDeleted(ctx.db, before.id, ctx.now());
    record({
      objectType: 'SEGMENT',
      objectId: before.id,
      objectUuid: before.uuid,
      changeType: 'DELETE',
      log: `Segment deleted: ${before.name}`,
      before: await shownOne(ctx, before),
      featureStates: states.map((state) => ({ before: state })),
    });
  });
}

/** Creates a segment with the rules of another one; its overrides are not copied. */
export async function cloneSegment(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.cloneSegment>,
): Promise<SavedSegment> {
  const scope = await openProject(ctx, params.project_id, 'MANAGE_SEGMENTS');
  return changeProject(ctx, scope, async (ctx, record) => {
    const { description, feature, rules } = await findOne(ctx, {
      projectId: scope.projectId,
      id: params.segment_id,
    });
    return addSegment(ctx, scope, record, { name: body.name, description, feature, rules }, (id) =>
      copyMetadata(ctx, 'segment', { from: params.segment_id, to: id }),
    );
  });
}

/** @throws RequestError 400 for an environment that is not the project's. */
export async function listAssociatedFeatures(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.listAssociatedFeatures>,
): Promise<Page<{ id: number; feature: number; environment: number }>> {
  const { projectId } = await openProject(ctx, params.project_id, 'VIEW_PROJECT');
  const segment = await findOne(ctx, { projectId, id: params.segment_id });
  if (query.environment !== undefined) {
    const { projectId: owner } = await openEnvironment(ctx, { id: query.environment }, 'VIEW_ENVIRONMENT');
    if (owner !== projectId) {
      throw invalid({ environment: [`Invalid pk "${query.environment}" - object does not exist.`] });
    }
  }
  const filter = { segmentId: segment.id, environmentId: query.environment };
  const window = { limit: query.page_size, offset: (query.page - 1) * query.page_size };
  return { count: await countOverrides(ctx.db, filter), results: await findOverrides(ctx.db, filter, window) };
}

/** Removes the segments that were made for a feature, inside the change that deletes it with its feature segments. */
export async function removeSegmentsOfFeature(ctx: Context, featureId: number): Promise<void> {
  await markDeletedWithFeature(ctx.db, featureId, ctx.now());
}

async function addSegment(
  ctx: Context,
  { projectId }: ProjectScope,
  record: RecordChange,
  given: Pick<Segment, 'name' | 'description' | 'feature' | 'rules'>,
  addMetadata: (segmentId: number) => Promise<void>,
): Promise<SavedSegment> {
  const at = ctx.now();
  const id = await insertSegment(ctx.db, {
    uuid: crypto.randomUUID(),
    project_id: projectId,
    feature_id: given.feature,
    name: given.name,
    description: given.description,
    rules: JSON.stringify(given.rules),
    version: 1,
    created_at: at,
    updated_at: at,
    deleted_at: null,
  });
  await addMetadata(id);
  const segment = await shownOne(ctx, await findOne(ctx, { projectId, id }));
  const log = `New Segment created: ${segment.name}`;
  const step = { objectId: id, objectUuid: segment.uuid, changeType: 'CREATE', log, after: segment } as const;
  record({ ...step, objectType: 'SEGMENT' });
  return saved(segment);
}

/** Those of the segments that the identity is in, as the SDKs of its environment would say. */
async function segmentsWithIdentity(
  ctx: Context,
  projectId: number,
  identityId: number,
  segments: StoredSegment[],
): Promise<StoredSegment[]> {
  const { scope, identifier, traits } = await openIdentity(ctx, identityId);
  if (scope.projectId !== projectId) throw notFound();
  const environment = compileContext({
    environment: { key: scope.environment.api_key, name: scope.environment.name },
    segments: Object.fromEntries(
      segments.map(({ id, name, rules }) => [
        id,
        { key: String(id), name, rules: rulesOfContext(rules), metadata: { id } },
      ]),
    ),
  });
  const matching = new Set(environment.evaluate({ identifier, traits }).segments.map(({ metadata }) => metadata?.id));
  return segments.filter((segment) => matching.has(segment.id));
}

function refuseProblems(rules: SegmentRuleInput[]): void {
  if (rules.every((rule) => rule.delete)) throw invalid({ rules: ['This list may not be empty.'] });
  const problems = problemsOf(rules);
  if (problems !== null) throw invalid(problems);
}

async function findOne(ctx: Context, by: { projectId: number; id: number } | { uuid: string }): Promise<StoredSegment> {
  const segment = await findSegment(ctx.db, by);
  if (segment === null) throw notFound();
  return segment;
}

function saved(segment: Segment): SavedSegment {
  return { ...segment, warnings: warningsOf(segment.rules) };
}

async function shown(ctx: Context, segments: StoredSegment[]): Promise<Segment[]> {
  const metadata = await metadataOf(
    ctx,
    'segment',
    segments.map((segment) => segment.id),
  );
  return segments.map(({ version: _, ...segment }) => ({ ...segment, metadata: metadata.get(segment.id) ?? [] }));
}

async function shownOne(ctx: Context, segment: StoredSegment): Promise<Segment> {
  const [one] = await shown(ctx, [segment]);
  return one as Segment;
}
