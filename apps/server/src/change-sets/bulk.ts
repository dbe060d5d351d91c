import type * as endpoints from '@halyard/contract';
import type { ChangeFeaturesInput, ChangeOutcome, Feature, InputOf } from '@halyard/contract';
import { openEnvironment, openProjectWithRights, type ProjectScope } from '../access/service.ts';
import { changeEnvironment } from '../changes/service.ts';
import type { Context } from '../context.ts';
import { invalid } from '../errors.ts';
import { enableEachFeature } from '../feature-states/service.ts';
import { adoptServed } from '../feature-versions/service.ts';
import { changeEachFeature, deleteFeature, type FeatureChange } from '../features/service.ts';
import { differences, takeSnapshot } from './snapshots.ts';
import { environmentIdsOf } from './store.ts';
import { inChangeSet, refuseWithout } from './writing.ts';

/**
 * Changes many features in the same way: in as many statements for one as for hundreds, but for deleting them.
 * @throws RequestError 400 for features that the project has not, 403.
 */
export async function changeFeatures(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.changeFeatures>,
): Promise<ChangeOutcome> {
  const scope = await openProjectWithRights(ctx, params.project_id, 'VIEW_PROJECT');
  const toggles = body.action === 'enable' || body.action === 'disable';
  const environmentId = await environmentFor(ctx, scope, body);
  const permission = toggles ? 'UPDATE_FEATURE_STATE' : body.action === 'delete' ? 'DELETE_FEATURE' : 'CREATE_FEATURE';
  refuseWithout(scope, [{ part: 'action', permission, environment: environmentId }]);
  const featureIds = [...new Set(body.features)];
  const extent = {
    projectId: scope.projectId,
    featureIds,
    environmentIds: environmentId === null ? [] : [environmentId],
    identityOverrides: false,
  };
  const about = { kind: 'bulk', note: body.note, dryRun: body.dry_run } as const;
  return inChangeSet(ctx, scope, about, async (ctx, record) => {
    const before = await takeSnapshot(ctx, extent);
    const unknown = featureIds.find((id) => !before.features.has(id));
    if (unknown !== undefined) throw invalid({ features: [`Invalid pk "${unknown}" - object does not exist.`] });
    if (environmentId !== null) {
      const place = await openEnvironment(ctx, { id: environmentId }, 'UPDATE_FEATURE_STATE');
      await changeEnvironment(ctx, place, async (ctx, record) => {
        const features = [...before.features.values()];
        const changed = await enableEachFeature(ctx, place, record, features, body.action === 'enable');
        await adoptServed(ctx, { projectId: scope.projectId, environmentId }, changed);
      });
    } else if (body.action === 'delete') {
      for (const id of featureIds) {
        await deleteFeature(ctx, { params: { project_id: scope.projectId, feature_id: id } });
      }
    } else {
      const wanted = new Map([...before.features].map(([id, feature]) => [id, changeOf(feature, body)]));
      await changeEachFeature(ctx, scope, record, wanted);
    }
    return differences(before, await takeSnapshot(ctx, extent));
  });
}

/** The environment that is turned on or off in; null for other actions. @throws RequestError 400 */
async function environmentFor(ctx: Context, scope: ProjectScope, body: ChangeFeaturesInput): Promise<number | null> {
  const { action, environment } = body;
  if (action !== 'enable' && action !== 'disable') return null;
  if (environment === undefined) throw invalid({ environment: ['This field is required.'] });
  if ((await environmentIdsOf(ctx.db, scope.projectId)).includes(environment)) return environment;
  throw invalid({ environment: [`Invalid pk "${environment}" - object does not exist.`] });
}

function changeOf(feature: Feature, body: ChangeFeaturesInput): FeatureChange {
  const owners = feature.owners.map(({ id }) => id);
  const groups = feature.group_owners.map(({ id }) => id);
  const without = (ids: number[], gone: number[]) => ids.filter((id) => !gone.includes(id));
  if (body.action === 'add_tags') return { tags: [...feature.tags, ...body.tags] };
  if (body.action === 'remove_tags') return { tags: without(feature.tags, body.tags) };
  if (body.action === 'add_owners') {
    return { owners: [...owners, ...body.owners], group_owners: [...groups, ...body.group_owners] };
  }
  if (body.action === 'remove_owners') {
    return { owners: without(owners, body.owners), group_owners: without(groups, body.group_owners) };
  }
  return { is_archived: body.action === 'archive' };
}
