import type * as endpoints from '@halyard/contract';
import type { InputOf, MultivariateOption, MultivariateOptionInput, Page } from '@halyard/contract';
import { openFeature, openProject } from '../access/service.ts';
import { changeProject } from '../changes/service.ts';
import type { Context } from '../context.ts';
import type { ValueColumns } from '../db/tables.ts';
import { invalid, notFound } from '../errors.ts';
import { addVariantEverywhere, removeVariantEverywhere } from '../feature-states/service.ts';
import { addVariantToVersions, removeVariantFromVersions } from '../feature-versions/service.ts';
import { deleteOption, findOptions, insertOption, projectOfFeature, setFeatureType, updateOption } from './store.ts';

export async function listMultivariateOptions(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.listMultivariateOptions>,
): Promise<Page<MultivariateOption>> {
  const { featureId } = await openFeature(ctx, idsOf(params), 'VIEW_PROJECT');
  const options = await findOptions(ctx.db, { featureIds: [featureId] });
  const start = (query.page - 1) * query.page_size;
  return { count: options.length, results: options.slice(start, start + query.page_size) };
}

export async function getMultivariateOption(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getMultivariateOption>,
): Promise<MultivariateOption> {
  await openFeature(ctx, idsOf(params), 'VIEW_PROJECT');
  return findOption(ctx, params);
}

export async function getMultivariateOptionByUuid(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getMultivariateOptionByUuid>,
): Promise<MultivariateOption> {
  const [option] = await findOptions(ctx.db, { uuid: params.uuid });
  const projectId = option === undefined ? null : await projectOfFeature(ctx.db, option.feature);
  if (option === undefined || projectId === null) throw notFound();
  await openProject(ctx, projectId, 'VIEW_PROJECT');
  return option;
}

/** Adds a variant. @throws RequestError 400 where the weights of the feature's variants would pass 100 in any environment. */
export async function createMultivariateOption(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.createMultivariateOption>,
): Promise<MultivariateOption> {
  const scope = await openFeature(ctx, idsOf(params), 'CREATE_FEATURE');
  return changeProject(ctx, scope, async (ctx, record) => {
    const option = await addOption(ctx, scope.featureId, body);
    record({
      objectType: 'FEATURE',
      objectId: scope.featureId,
      objectUuid: scope.feature.uuid,
      changeType: 'UPDATE',
      log: `Multivariate option added to feature '${scope.feature.name}'.`,
      after: option,
    });
    return option;
  });
}

export async function updateMultivariateOption(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.updateMultivariateOption>,
): Promise<MultivariateOption> {
  const scope = await openFeature(ctx, idsOf(params), 'CREATE_FEATURE');
  return changeProject(ctx, scope, async (ctx, record) => {
    const before = await findOption(ctx, params);
    const given = { ...before, ...withoutUndefined(body) };
    const siblings = await findOptions(ctx.db, { featureIds: [scope.featureId] });
    const others = siblings.filter((option) => option.id !== before.id);
    refuseBadSiblings(others, given);
    await updateOption(ctx.db, before.id, {
      ...valueColumns(given),
      key: given.key ?? null,
      default_percentage_allocation: given.default_percentage_allocation,
    });
    const after = await findOption(ctx, params);
    if (JSON.stringify(after) !== JSON.stringify(before)) {
      record({
        objectType: 'FEATURE',
        objectId: scope.featureId,
        objectUuid: scope.feature.uuid,
        changeType: 'UPDATE',
        log: `Multivariate option changed for feature '${scope.feature.name}'.`,
        before,
        after,
      });
    }
    return after;
  });
}

export async function deleteMultivariateOption(
  ctx: Context,
  { params }: InputOf<typeof endpoints.deleteMultivariateOption>,
): Promise<void> {
  const scope = await openFeature(ctx, idsOf(params), 'CREATE_FEATURE');
  await changeProject(ctx, scope, async (ctx, record) => {
    const before = await findOption(ctx, params);
    await removeVariantEverywhere(ctx, before.id);
    await removeVariantFromVersions(ctx, before.id);
    await deleteOption(ctx.db, before.id);
    const left = await findOptions(ctx.db, { featureIds: [scope.featureId] });
    if (left.length === 0) await setFeatureType(ctx.db, scope.featureId, 'STANDARD');
    record({
      objectType: 'FEATURE',
      objectId: scope.featureId,
      objectUuid: scope.feature.uuid,
      changeType: 'UPDATE',
      log: `Multivariate option removed from feature '${scope.feature.name}'.`,
      before,
    });
  });
}

/** Adds a variant to a feature and to its state in each environment, inside a change of the project. */
export async function addOption(
  ctx: Context,
  featureId: number,
  input: MultivariateOptionInput,
): Promise<MultivariateOption> {
  refuseBadSiblings(await findOptions(ctx.db, { featureIds: [featureId] }), input);
  const optionId = await insertOption(ctx.db, {
    uuid: crypto.randomUUID(),
    feature_id: featureId,
    ...valueColumns(input),
    key: input.key ?? null,
    default_percentage_allocation: input.default_percentage_allocation,
  });
  await setFeatureType(ctx.db, featureId, 'MULTIVARIATE');
  const added = { id: optionId, featureId, weight: input.default_percentage_allocation };
  await addVariantEverywhere(ctx, added);
  await addVariantToVersions(ctx, added);
  const options = await findOptions(ctx.db, { featureIds: [featureId] });
  return options.find((option) => option.id === optionId) as MultivariateOption;
}

/** The variants of many features, by feature id. */
export async function optionsOf(ctx: Context, featureIds: number[]): Promise<Map<number, MultivariateOption[]>> {
  return Map.groupBy(await findOptions(ctx.db, { featureIds }), (option) => option.feature);
}

async function findOption(
  ctx: Context,
  params: { feature_id: number; option_id: number },
): Promise<MultivariateOption> {
  const options = await findOptions(ctx.db, { featureIds: [params.feature_id] });
  const option = options.find((candidate) => candidate.id === params.option_id);
  if (option === undefined) throw notFound();
  return option;
}

/** @throws RequestError 400 for weights beyond 100 or a key that a sibling has. */
function refuseBadSiblings(
  others: MultivariateOption[],
  option: { key?: string | null | undefined; default_percentage_allocation: number },
): void {
  const sum = others.reduce(
    (total, other) => total + other.default_percentage_allocation,
    option.default_percentage_allocation,
  );
  if (sum > 100 + 1e-6) throw invalid({ default_percentage_allocation: ['Invalid percentage allocation'] });
  if (option.key != null && others.some((other) => other.key === option.key)) {
    throw invalid({ key: ['Another variant of this feature has this key.'] });
  }
}

function valueColumns(
  option: Pick<MultivariateOptionInput, 'type' | 'string_value' | 'integer_value' | 'boolean_value'>,
): ValueColumns {
  const { type } = option;
  return {
    value_type: type,
    string_value: type === 'unicode' ? (option.string_value ?? null) : null,
    integer_value: type === 'int' ? (option.integer_value ?? null) : null,
    boolean_value: type === 'bool' && option.boolean_value != null ? Number(option.boolean_value) : null,
  };
}

function idsOf(params: { project_id: number; feature_id: number }) {
  return { projectId: params.project_id, featureId: params.feature_id };
}

function withoutUndefined<T extends object>(given: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never;
}
