import type * as endpoints from '@halyard/contract';
import type { FeatureStep, InputOf, Page } from '@halyard/contract';
import { hasPermission } from '../access/rights.ts';
import { openProjectWithRights } from '../access/service.ts';
import { changeDetails } from '../audit/details.ts';
import { authorsOf } from '../audit/service.ts';
import { changeSetsOf } from '../change-sets/service.ts';
import type { Context } from '../context.ts';
import { readFeature } from '../features/service.ts';
import { countSteps, environmentIdsOf, findSteps, recordsOf, type StepKey } from './store.ts';

/** What happened to a feature, save by save, in the environments that the caller may see: nine statements for any page. */
export async function getFeatureHistory(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.getFeatureHistory>,
): Promise<Page<FeatureStep>> {
  const scope = await openProjectWithRights(ctx, params.project_id, 'VIEW_AUDIT_LOG');
  const { id: featureId } = await readFeature(ctx, scope.projectId, params.feature_id);
  const environmentIds = (await environmentIdsOf(ctx.db, scope.projectId)).filter((id) =>
    hasPermission(scope.rightsIn(id), 'VIEW_ENVIRONMENT'),
  );
  const history = { featureId, environmentIds };
  const window = { limit: query.page_size, offset: (query.page - 1) * query.page_size };
  const steps = await findSteps(ctx.db, history, window);
  const records = await recordsOf(ctx.db, history, steps);
  const recordsIn = Map.groupBy(records, (record) =>
    keyOf({ changeSetId: record.change_set_id, at: record.created_date }),
  );
  const changeSets = await changeSetsOf(
    ctx,
    scope,
    featureId,
    steps.flatMap(({ changeSetId }) => changeSetId ?? []),
  );
  const { people, masterKeys } = await authorsOf(ctx, records);
  return {
    count: await countSteps(ctx.db, history),
    results: steps.flatMap((step) => {
      const own = recordsIn.get(keyOf(step)) ?? [];
      const last = own.at(-1);
      if (last === undefined) return [];
      const author = people.get(last.user_id ?? 0);
      return [
        {
          id: last.id,
          created_date: last.created_date,
          author: author
            ? { id: author.id, email: author.email, first_name: author.first_name, last_name: author.last_name }
            : null,
          master_api_key: masterKeys.get(last.master_key_id ?? 0) ?? null,
          is_system_event: last.is_system_event === 1,
          change_set: changeSets.get(step.changeSetId ?? 0) ?? null,
          records: own.map((record) => ({
            id: record.id,
            log: record.log,
            environment: record.environment_id,
            change_details: changeDetails(parsed(record.before), parsed(record.after)),
          })),
        },
      ];
    }),
  };
}

function keyOf({ changeSetId, at }: StepKey): string {
  return changeSetId === null ? String(at) : `set ${changeSetId}`;
}

function parsed(json: string | null): unknown {
  return json === null ? null : JSON.parse(json);
}
