import type * as endpoints from '@halyard/contract';
import type { ChangeOutcome, Comparison, FeatureDifference, InputOf, ServedForm } from '@halyard/contract';
import { openEnvironment, openProjectWithRights, type ProjectWithRights } from '../access/service.ts';
import type { Context } from '../context.ts';
import { invalid } from '../errors.ts';
import { liveStates } from '../feature-states/service.ts';
import { changeServed } from '../feature-versions/service.ts';
import { differences, keyOf, same, servedForm, takeSnapshot } from './snapshots.ts';
import { environmentIdsOf, findFeatures, namesOfSegments } from './store.ts';
import { inChangeSet, refuseWithout } from './writing.ts';

/** Compares what is served, not whether there is anything. Archived features are compared, too. */
export async function compareEnvironments(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.compareEnvironments>,
): Promise<Comparison> {
  const scope = await openProjectWithRights(ctx, params.project_id, 'VIEW_PROJECT');
  await refuseForeignEnvironments(ctx, scope, query);
  refuseWithout(scope, [
    { part: 'from', permission: 'VIEW_ENVIRONMENT', environment: query.from },
    { part: 'to', permission: 'VIEW_ENVIRONMENT', environment: query.to },
  ]);
  const live = await liveStates(ctx, { environmentIds: [query.from, query.to] });
  const states = Map.groupBy(live, (state) => keyOf(state.featureId, state.environmentId));
  const servedIn = (environmentId: number, featureId: number) =>
    (states.get(keyOf(featureId, environmentId)) ?? []).map(servedForm);
  const differing: FeatureDifference[] = [];
  const alike: number[] = [];
  for (const feature of await findFeatures(ctx.db, scope.projectId)) {
    const from = servedIn(query.from, feature.id);
    const to = servedIn(query.to, feature.id);
    if (same(from, to)) {
      alike.push(feature.id);
      continue;
    }
    const [a, b] = [ownOf(from), ownOf(to)];
    differing.push({
      feature,
      enabled: a?.enabled !== b?.enabled,
      value: a?.value !== b?.value,
      weights: !same(a?.weights, b?.weights),
      segment_overrides: !same(overridesOf(from), overridesOf(to)),
      from,
      to,
    });
  }
  const segmentIds = differing.flatMap(({ from, to }) => [...from, ...to].flatMap(({ segment }) => segment ?? []));
  return {
    differences: differing,
    same: alike,
    segments: await namesOfSegments(ctx.db, [...new Set(segmentIds)]),
  };
}

/**
 * Lets features serve in `to` what they serve in `from`, in whichever way `to` keeps it.
 * @throws RequestError 400 for a feature or environment that the project has not, 403.
 */
export async function copyStates(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.copyStates>,
): Promise<ChangeOutcome> {
  const scope = await openProjectWithRights(ctx, params.project_id, 'VIEW_PROJECT');
  await refuseForeignEnvironments(ctx, scope, body);
  refuseWithout(scope, [
    { part: 'from', permission: 'VIEW_ENVIRONMENT', environment: body.from },
    { part: 'to', permission: 'UPDATE_FEATURE_STATE', environment: body.to },
    ...(body.segment_overrides
      ? [{ part: 'segment_overrides', permission: 'MANAGE_SEGMENT_OVERRIDES', environment: body.to }]
      : []),
  ]);
  const featureIds = [...new Set(body.features)];
  const extent = { projectId: scope.projectId, featureIds, environmentIds: [body.to], identityOverrides: false };
  const about = { kind: 'copy', note: body.note, dryRun: body.dry_run } as const;
  return inChangeSet(ctx, scope, about, async (ctx) => {
    const before = await takeSnapshot(ctx, extent);
    const unknown = featureIds.find((id) => !before.features.has(id));
    if (unknown !== undefined) throw invalid({ features: [`Invalid pk "${unknown}" - object does not exist.`] });
    const place = await openEnvironment(ctx, { id: body.to }, 'UPDATE_FEATURE_STATE');
    const wanted = Map.groupBy(
      await liveStates(ctx, { environmentIds: [body.from], featureIds }),
      (state) => state.featureId,
    );
    const description = body.note ? { description: body.note } : {};
    for (const [featureId, states] of wanted) {
      const name = before.features.get(featureId)?.name ?? '';
      await changeServed(
        ctx,
        place,
        { id: featureId, name },
        async (_, live) =>
          body.segment_overrides
            ? states
            : [
                ...states.filter((state) => state.segmentId === null),
                ...live.filter((state) => state.segmentId !== null),
              ],
        description,
      );
    }
    return differences(before, await takeSnapshot(ctx, extent));
  });
}

/** @throws RequestError 400 for an environment that the project has not */
async function refuseForeignEnvironments(
  ctx: Context,
  scope: ProjectWithRights,
  { from, to }: { from: number; to: number },
): Promise<void> {
  const own = await environmentIdsOf(ctx.db, scope.projectId);
  for (const [field, id] of Object.entries({ from, to })) {
    if (!own.includes(id)) throw invalid({ [field]: [`Invalid pk "${id}" - object does not exist.`] });
  }
}

function ownOf(states: ServedForm[]): ServedForm | undefined {
  return states.find(({ segment }) => segment === null);
}

function overridesOf(states: ServedForm[]): ServedForm[] {
  return states.filter(({ segment }) => segment !== null);
}
