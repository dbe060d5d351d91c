import type * as endpoints from '@halyard/contract';
import {
  type ExportedFeature,
  type FeatureImport,
  featureExportFile,
  type FeatureValue,
  type InputOf,
  type Page,
  valueFromText,
} from '@halyard/contract';
import { type EnvironmentScope, openEnvironment, openOrganisation } from '../access/service.ts';
import { changeProject, type RecordChange } from '../changes/service.ts';
import type { Context } from '../context.ts';
import { invalid } from '../errors.ts';
import { administeredEnvironments, keptSeconds } from '../feature-exports/service.ts';
import { adoptServed } from '../feature-versions/service.ts';
import { matchesNamePattern, nameKey } from '../names.ts';
import { plusSeconds } from '../time.ts';
import {
  countImports,
  deleteOlder,
  deleteOverrides,
  environmentIdsOf,
  findFeatures,
  findImport,
  findImports,
  findOptions,
  findStates,
  insertFeatures,
  insertImport,
  insertOptions,
  insertStates,
  markMultivariate,
  type NewOption,
  saveStates,
  saveWeights,
  type StoredFeature,
  type StoredOption,
} from './store.ts';

/**
 * Imports features in one transaction: what is new comes into every environment as it was created, and into this one as
 * it stands in the file; what is there already is left or overwritten in this environment alone.
 * @throws RequestError 400 that names the item of the file, after which nothing is changed.
 */
export async function createFeatureImport(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.createFeatureImport>,
): Promise<FeatureImport> {
  const scope = await openEnvironment(ctx, { id: params.environment_id }, 'VIEW_ENVIRONMENT');
  await openOrganisation(ctx, scope.organisationId, 'ADMIN');
  const items = parse(body.file);
  refuseNames(scope, items);
  return changeProject(ctx, scope, async (ctx, record) => {
    const known = new Map(
      (
        await findFeatures(
          ctx.db,
          scope.projectId,
          items.map((item) => nameKey(item.name)),
        )
      ).map((feature) => [feature.name_key, feature]),
    );
    const created = items.filter((item) => !known.has(nameKey(item.name)));
    await addFeatures(ctx, scope, record, created);
    if (body.strategy === 'OVERWRITE_DESTRUCTIVE') {
      const overwritten = items.flatMap((item) => {
        const feature = known.get(nameKey(item.name));
        return feature === undefined ? [] : [{ item, feature }];
      });
      await overwriteFeatures(ctx, scope, record, overwritten);
    }
    await deleteOlder(ctx.db, plusSeconds(ctx.now(), -keptSeconds));
    const id = await insertImport(ctx.db, {
      environment_id: scope.environmentId,
      strategy: body.strategy,
      status: 'SUCCESS',
      created_at: ctx.now(),
    });
    return (await findImport(ctx.db, id)) as FeatureImport;
  });
}

/** Imports into the environments that the actor administers. */
export async function listFeatureImports(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.listFeatureImports>,
): Promise<Page<FeatureImport>> {
  const environmentIds = await administeredEnvironments(ctx, params.project_id);
  const window = { limit: query.page_size, offset: (query.page - 1) * query.page_size };
  return {
    count: await countImports(ctx.db, environmentIds),
    results: await findImports(ctx.db, environmentIds, window),
  };
}

/** @throws RequestError 400 */
function parse(text: string): ExportedFeature[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw refusedFile(`This is not JSON: ${(error as Error).message}`);
  }
  const parsed = featureExportFile.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const [index, ...path] = issue?.path ?? [];
  throw refusedFile(
    index === undefined
      ? 'Expected a list of features.'
      : `Item ${Number(index) + 1}: ${path.length === 0 ? '' : `${path.join('.')}: `}${issue?.message}`,
  );
}

/** @throws RequestError 400 for names that fold alike, and for new names that the project does not allow */
function refuseNames({ project }: EnvironmentScope, items: ExportedFeature[]): void {
  const first = new Map<string, number>();
  for (const [index, { name }] of items.entries()) {
    const key = nameKey(name);
    const other = first.get(key);
    if (other !== undefined) throw refusedFile(`Item ${index + 1}: name: Item ${other + 1} has the same name.`);
    first.set(key, index);
    if (project.feature_name_regex !== null && !matchesNamePattern(project.feature_name_regex, name)) {
      throw refusedFile(`Item ${index + 1}: name: Feature name must match regex: ${project.feature_name_regex}`);
    }
  }
}

async function addFeatures(
  ctx: Context,
  scope: EnvironmentScope,
  record: RecordChange,
  items: ExportedFeature[],
): Promise<void> {
  if (items.length === 0) return;
  const at = ctx.now();
  const features = await insertFeatures(
    ctx.db,
    items.map((item) => ({
      uuid: crypto.randomUUID(),
      project_id: scope.projectId,
      name: item.name,
      name_key: nameKey(item.name),
      type: item.multivariate.length > 0 ? ('MULTIVARIATE' as const) : ('STANDARD' as const),
      initial_value: item.initial_value,
      default_enabled: Number(item.default_enabled),
      description: null,
      is_archived: 0,
      is_server_key_only: Number(item.is_server_key_only),
      created_date: at,
      deleted_at: null,
    })),
  );
  const featureOf = new Map(features.map((feature) => [feature.name_key, feature]));
  const added = items.map((item) => ({ item, feature: featureOf.get(nameKey(item.name)) as StoredFeature }));
  const options = await insertOptions(
    ctx.db,
    added.flatMap(({ item, feature }) =>
      item.multivariate.map((variation) => optionOf(feature, variation, variation.default_percentage_allocation)),
    ),
  );
  const optionsOf = Map.groupBy(options, (option) => option.featureId);
  const environmentIds = await environmentIdsOf(ctx.db, scope.projectId);
  const preventDefaults = scope.project.prevent_flag_defaults === 1;
  await insertStates(
    ctx.db,
    environmentIds.flatMap((environmentId) =>
      added.map(({ item, feature }) => {
        const here = environmentId === scope.environmentId;
        const weights = (optionsOf.get(feature.id) ?? []).map((option, index) => ({
          optionId: option.id,
          weight: here ? (item.multivariate[index]?.percentage_allocation as number) : option.weight,
        }));
        if (here) return { environmentId, featureId: feature.id, enabled: item.enabled, value: item.value, weights };
        return {
          environmentId,
          featureId: feature.id,
          enabled: !preventDefaults && item.default_enabled,
          value: preventDefaults ? null : valueFromText(item.initial_value),
          weights,
        };
      }),
    ),
    at,
  );
  const ids = features.map((feature) => feature.id);
  await adoptServed(ctx, { projectId: scope.projectId }, ids);
  for (const { item, feature } of added) {
    record({
      objectType: 'FEATURE',
      objectId: feature.id,
      objectUuid: feature.uuid,
      changeType: 'CREATE',
      log: `New Flag / Remote Config created: ${feature.name}`,
      after: { id: feature.id, ...item },
    });
  }
}

/** Gives the environment the states of the file. Variants that it lacks are added everywhere, in other environments for nobody. */
async function overwriteFeatures(
  ctx: Context,
  scope: EnvironmentScope,
  record: RecordChange,
  overwritten: { item: ExportedFeature; feature: StoredFeature }[],
): Promise<void> {
  if (overwritten.length === 0) return;
  const byId = new Map(overwritten.map((one) => [one.feature.id, one]));
  const featureIds = [...byId.keys()];
  const removed = await deleteOverrides(ctx.db, scope.environmentId, featureIds);
  const before = Map.groupBy(await findOptions(ctx.db, featureIds), (option) => option.featureId);
  const missing = overwritten.flatMap(({ item, feature }) => {
    const options = before.get(feature.id) ?? [];
    let free = 100 - options.reduce((sum, option) => sum + option.weight, 0);
    return item.multivariate
      .filter((variation) => !options.some((option) => isSame(option, variation)))
      .map((variation) => {
        const weight = Math.max(0, Math.min(free, variation.default_percentage_allocation));
        free -= weight;
        return optionOf(feature, variation, weight);
      });
  });
  await insertOptions(ctx.db, missing);
  await markMultivariate(ctx.db, [...new Set(missing.map((option) => option.feature_id))]);
  const options = Map.groupBy(await findOptions(ctx.db, featureIds), (option) => option.featureId);
  const states = await findStates(ctx.db, scope.projectId, featureIds);
  const isNew = new Set(missing.map((option) => option.uuid));
  const weights = states.flatMap((state) => {
    const { item } = byId.get(state.featureId) as (typeof overwritten)[0];
    return (options.get(state.featureId) ?? [])
      .filter((option) => state.environmentId === scope.environmentId || isNew.has(option.uuid))
      .map((option) => ({
        stateId: state.id,
        optionId: option.id,
        weight:
          state.environmentId === scope.environmentId
            ? (item.multivariate.find((variation) => isSame(option, variation))?.percentage_allocation ?? 0)
            : 0,
      }));
  });
  await saveWeights(ctx.db, weights);
  const weightsOf = Map.groupBy(weights, (weight) => weight.stateId);
  const changed: { stateId: number; enabled: boolean; value: FeatureValue }[] = [];
  const touched: number[] = [];
  for (const state of states) {
    if (state.environmentId !== scope.environmentId) continue;
    const { item, feature } = byId.get(state.featureId) as (typeof overwritten)[0];
    const old = audited(state, state.weights);
    const after = audited(item, weightsOf.get(state.id) ?? []);
    if (JSON.stringify([old.enabled, old.feature_state_value]) !== JSON.stringify([item.enabled, item.value])) {
      changed.push({ stateId: state.id, enabled: item.enabled, value: item.value });
    }
    const isRepeat = JSON.stringify(old) === JSON.stringify(after) && !removed.has(feature.id);
    if (isRepeat) continue;
    touched.push(feature.id);
    record({
      objectType: 'FEATURE_STATE',
      objectId: state.id,
      objectUuid: state.uuid,
      featureId: feature.id,
      changeType: 'UPDATE',
      log: logOf(feature.name, old, after),
      before: old,
      after,
      environmentId: scope.environmentId,
    });
  }
  await saveStates(ctx.db, changed, ctx.now());
  await adoptServed(ctx, { projectId: scope.projectId, environmentId: scope.environmentId }, touched);
  for (const featureId of new Set(missing.map((option) => option.feature_id))) {
    const { feature } = byId.get(featureId) as (typeof overwritten)[0];
    record({
      objectType: 'FEATURE',
      objectId: feature.id,
      objectUuid: feature.uuid,
      changeType: 'UPDATE',
      log: `Multivariate option added to feature '${feature.name}'.`,
      after: options.get(feature.id),
    });
  }
}

function optionOf(
  feature: StoredFeature,
  variation: ExportedFeature['multivariate'][number],
  weight: number,
): NewOption {
  return { uuid: crypto.randomUUID(), feature_id: feature.id, value: variation.value, type: variation.type, weight };
}

/** Variations are the same where type and value are. */
function isSame(option: StoredOption, variation: { type: string; value: FeatureValue }): boolean {
  return option.type === variation.type && option.value === variation.value;
}

function audited(state: { enabled: boolean; value: FeatureValue }, weights: { optionId: number; weight: number }[]) {
  return {
    enabled: state.enabled,
    feature_state_value: state.value,
    multivariate_feature_state_values: weights
      .toSorted((a, b) => a.optionId - b.optionId)
      .map(({ optionId, weight }) => ({ multivariate_feature_option: optionId, percentage_allocation: weight })),
  };
}

function logOf(name: string, before: ReturnType<typeof audited>, after: ReturnType<typeof audited>): string {
  if (before.enabled !== after.enabled) return `Flag state updated for feature: ${name}`;
  if (before.feature_state_value !== after.feature_state_value)
    return `Remote config value updated for feature: ${name}`;
  return `Multivariate value changed for feature '${name}'.`;
}

function refusedFile(message: string) {
  return invalid({ file: [message] });
}
