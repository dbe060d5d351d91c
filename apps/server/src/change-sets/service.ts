import type * as endpoints from '@halyard/contract';
import type { ChangeOutcome, ChangeSet, ChangeSetPart, InputOf, ServedForm } from '@halyard/contract';
import { openEnvironment, openProjectWithRights, type ProjectWithRights } from '../access/service.ts';
import { changeEnvironment, type RecordChange } from '../changes/service.ts';
import type { Context } from '../context.ts';
import { notFound, RequestError, refused } from '../errors.ts';
import { segmentNames } from '../feature-segments/service.ts';
import { enableEachFeature, removeIdentityOverride, type ServedState } from '../feature-states/service.ts';
import { adoptServed, changeServed, deleteFeatureVersion } from '../feature-versions/service.ts';
import { changeEachFeature, type FeatureChange } from '../features/service.ts';
import { setIdentityOverride } from './saves.ts';
import { changedSince, differences, keyOf, type Snapshot, takeSnapshot } from './snapshots.ts';
import {
  environmentIdsOf,
  findChangeSet,
  findChangeSets,
  findPerson,
  markUndone,
  namesOfEnvironments,
  namesOfFeatures,
  type StoredChangeSet,
} from './store.ts';
import { inChangeSet, type Need, refuseWithout, setOptions, visibleParts } from './writing.ts';

export async function getChangeSet(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getChangeSet>,
): Promise<ChangeSet> {
  const scope = await openProjectWithRights(ctx, params.project_id, 'VIEW_PROJECT');
  const found = await findOne(ctx, scope.projectId, params.change_set_id);
  const parts = visibleParts(scope, found.parts);
  return {
    id: found.id,
    kind: found.kind,
    note: found.note,
    created_date: found.created_date,
    author: found.user_id === null ? null : await findPerson(ctx.db, found.user_id),
    can_be_undone: canBeUndone(found),
    undone_by: found.undone_by,
    undoes: found.undoes,
    features: await namesOfFeatures(ctx.db, featureIdsOf(parts)),
    environments: await namesOfEnvironments(ctx.db, environmentIdsIn(parts)),
    parts,
  };
}

/** What change sets did to one feature, by their ids. */
export async function changeSetsOf(ctx: Context, scope: ProjectWithRights, featureId: number, ids: number[]) {
  const found = await findChangeSets(ctx.db, scope.projectId, ids);
  return new Map(
    found.map((one) => [
      one.id,
      {
        id: one.id,
        kind: one.kind,
        note: one.note,
        can_be_undone: canBeUndone(one),
        undone_by: one.undone_by,
        undoes: one.undoes,
        other_features: featureIdsOf(one.parts).filter((id) => id !== featureId).length,
        parts: visibleParts(scope, one.parts).filter((part) => part.feature === featureId),
      },
    ]),
  );
}

/**
 * Puts back what a change set changed, as a change set of its own, which can be undone, too.
 * @throws RequestError 409 where any of it was changed since, 403 as the single changes, 400 for what cannot be undone.
 */
export async function undoChangeSet(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.undoChangeSet>,
): Promise<ChangeOutcome> {
  const scope = await openProjectWithRights(ctx, params.project_id, 'VIEW_PROJECT');
  const { parts } = await findOne(ctx, scope.projectId, params.change_set_id);
  refuseWithout(scope, needsOf(parts));
  const about = { kind: 'undo', note: body.note, dryRun: body.dry_run, undoes: params.change_set_id } as const;
  const outcome = await inChangeSet(ctx, scope, about, async (ctx, record, changeSetId) => {
    // Read inside the change: somebody may have been faster.
    const found = await findOne(ctx, scope.projectId, params.change_set_id);
    if (found.undone_by !== null) throw conflict('This was undone already.', []);
    if (!canBeUndone(found)) throw refused('What was deleted cannot be brought back.');
    const extent = {
      projectId: scope.projectId,
      featureIds: featureIdsOf(parts),
      environmentIds: environmentIdsIn(parts),
      identityOverrides: parts.some(({ part }) => part === 'identity_override' || part === 'multivariate_options'),
    };
    const before = await takeSnapshot(ctx, extent);
    const changed = changedSince(parts, before);
    const there = new Set(await environmentIdsOf(ctx.db, scope.projectId));
    if (changed.length > 0 || extent.environmentIds.some((id) => !there.has(id))) {
      throw conflict('This was changed again since.', changed);
    }
    await putBack(ctx, scope, record, parts, before);
    await markUndone(ctx.db, found.id, changeSetId);
    const calledOff = parts
      .filter((part) => part.part === 'scheduled_version')
      .map((part) => ({ ...part, before: part.after, after: part.before }));
    return [...differences(before, await takeSnapshot(ctx, extent)), ...calledOff];
  });
  return { ...outcome, parts: visibleParts(scope, outcome.parts) };
}

async function putBack(
  ctx: Context,
  scope: ProjectWithRights,
  record: RecordChange,
  parts: ChangeSetPart[],
  now: Snapshot,
): Promise<void> {
  const nameOf = (id: number) => ({ id, name: now.features.get(id)?.name ?? '' });
  const places = new Map(
    await Promise.all(
      environmentIdsIn(parts).map(async (id) => [id, await openEnvironment(ctx, { id }, 'VIEW_ENVIRONMENT')] as const),
    ),
  );
  const idOf = await putBackOptions(ctx, scope, parts);
  const settings = new Map<number, FeatureChange>();
  const toggles = new Map<string, { environment: number; enabled: boolean; features: number[] }>();
  for (const part of parts) {
    if (part.part === 'enabled') {
      const key = `${part.environment}:${part.before}`;
      const toggle = toggles.get(key) ?? { environment: part.environment, enabled: part.before, features: [] };
      toggles.set(key, { ...toggle, features: [...toggle.features, part.feature] });
    } else if (!('environment' in part) && part.part !== 'multivariate_options' && part.part !== 'deleted') {
      settings.set(part.feature, { ...settings.get(part.feature), [part.part]: part.before });
    }
  }
  if (settings.size > 0) await changeEachFeature(ctx, scope, record, settings);
  for (const { environment, enabled, features } of toggles.values()) {
    const place = places.get(environment);
    if (place === undefined) throw notFound();
    await changeEnvironment(ctx, place, async (ctx, record) => {
      const changed = await enableEachFeature(ctx, place, record, features.map(nameOf), enabled);
      await adoptServed(ctx, { projectId: scope.projectId, environmentId: environment }, changed);
    });
  }
  for (const part of parts) {
    if (!('environment' in part)) continue;
    const place = places.get(part.environment);
    if (place === undefined) throw notFound();
    if (part.part === 'states') {
      const wanted = part.before.map((state) => servedState(state, idOf));
      const segmentIds = wanted.flatMap((state) => state.segmentId ?? []);
      const names = await segmentNames(ctx, place, part.feature, segmentIds);
      if (segmentIds.some((id) => !names.has(id))) throw conflict('A segment is not there any more.', []);
      await changeServed(ctx, place, nameOf(part.feature), async () => wanted);
    } else if (part.part === 'identity_override') {
      const stored = now.overrides.get(keyOf(part.feature, part.environment, part.identity.id));
      if (part.before === null) {
        if (stored !== undefined) await removeIdentityOverride(ctx, place, { stateId: stored.stateId });
      } else {
        const { enabled, value, weights } = servedState({ segment: null, ...part.before }, idOf);
        await setIdentityOverride(
          ctx,
          place,
          nameOf(part.feature),
          { identity: part.identity, stored },
          {
            enabled,
            value,
            weights,
          },
        );
      }
    } else if (part.part === 'scheduled_version' && part.after !== null) {
      const ids = { environment_id: part.environment, feature_id: part.feature, version_uuid: part.after.uuid };
      try {
        await deleteFeatureVersion(ctx, { params: ids });
      } catch (error) {
        if (error instanceof RequestError && (error.code === 'invalid' || error.code === 'not_found')) {
          throw conflict('The version is live, or was called off already.', [{ part, current: null }]);
        }
        throw error;
      }
    }
  }
}

/** Answers the ids that variants have now which were gone. */
async function putBackOptions(
  ctx: Context,
  scope: ProjectWithRights,
  parts: ChangeSetPart[],
): Promise<Map<number, number>> {
  const idOf = new Map<number, number>();
  for (const part of parts) {
    if (part.part !== 'multivariate_options') continue;
    const there = new Set(part.after.map(({ id }) => id));
    const wanted = part.before.map(({ id, ...option }) =>
      there.has(id) ? { ...option, id } : { ...option, ref: String(id) },
    );
    const ids = { project_id: scope.projectId, feature_id: part.feature };
    const created = await setOptions(ctx, ids, wanted, { weightless: true, path: [] });
    for (const [ref, id] of created) idOf.set(Number(ref), id);
  }
  return idOf;
}

function servedState(state: ServedForm, idOf: Map<number, number>): ServedState {
  return {
    segmentId: state.segment,
    enabled: state.enabled,
    value: state.value,
    weights: state.weights.map(({ option, percentage_allocation: weight }) => ({
      optionId: idOf.get(option) ?? option,
      weight,
    })),
  };
}

function needsOf(parts: ChangeSetPart[]): Need[] {
  return parts.map((part, index) => {
    const need = (permission: string) => ({
      part: `parts.${index}.${part.part}`,
      permission,
      environment: 'environment' in part ? part.environment : null,
    });
    if (!('environment' in part)) return need('CREATE_FEATURE');
    const overrides = (states: ServedForm[]) => JSON.stringify(states.filter(({ segment }) => segment !== null));
    const onlyOverrides =
      part.part === 'states' &&
      JSON.stringify(part.before[0]) === JSON.stringify(part.after[0]) &&
      overrides(part.before) !== overrides(part.after);
    return need(onlyOverrides ? 'MANAGE_SEGMENT_OVERRIDES' : 'UPDATE_FEATURE_STATE');
  });
}

function canBeUndone(found: StoredChangeSet): boolean {
  const gone = found.parts.some(
    (part) => part.part === 'deleted' || (part.part === 'scheduled_version' && part.after === null),
  );
  return found.undone_by === null && !gone;
}

function conflict(detail: string, conflicts: { part: ChangeSetPart; current: unknown }[]): RequestError {
  return new RequestError('conflict', { detail, code: 'conflict', conflicts });
}

async function findOne(ctx: Context, projectId: number, id: number): Promise<StoredChangeSet> {
  const found = await findChangeSet(ctx.db, projectId, id);
  if (found === null) throw notFound();
  return found;
}

function featureIdsOf(parts: ChangeSetPart[]): number[] {
  return [...new Set(parts.map((part) => part.feature))];
}

function environmentIdsIn(parts: ChangeSetPart[]): number[] {
  return [...new Set(parts.flatMap((part) => ('environment' in part ? part.environment : [])))].sort((a, b) => a - b);
}
