import type * as endpoints from '@halyard/contract';
import type {
  DocumentFeatureState,
  EnvironmentDocument,
  FeatureState,
  Identity,
  InputOf,
  ListedFeatureState,
  Page,
  ResolvedFeature,
  Trait,
  TraitInput,
  TraitValue,
} from '@halyard/contract';
import { compileDocument } from '@halyard/engine';
import type { EnvironmentPermission } from '../access/permissions.ts';
import { type EnvironmentScope, openEnvironment } from '../access/service.ts';
import { changeEnvironment } from '../changes/service.ts';
import { type Context, inTransaction } from '../context.ts';
import { factsOf } from '../db/dialects/dialect.ts';
import { publishedOf } from '../documents/service.ts';
import { invalid, invalidTogether, notFound, type RequestError, refused } from '../errors.ts';
import {
  addIdentityOverride,
  changeState,
  featureOf,
  findState,
  identityOverridesOf,
  removeIdentityOverride,
  removeOverridesOfIdentity,
  scalarForm,
} from '../feature-states/service.ts';
import {
  countIdentities,
  countTraits,
  deleteIdentity as deleteIdentityRow,
  deleteTraitEverywhere,
  deleteTrait as deleteTraitRow,
  findIdentities,
  findIdentity,
  findNewestIdentities,
  findTrait,
  findTraitKeys,
  findTraits,
  holdIdentity,
  type IdentitySearch,
  insertIdentity,
  insertTrait,
  updateIdentifier,
  updateTrait as updateTraitRow,
  valueOfTrait,
} from './store.ts';

const maxTraitKeys = 10_000;
const maxSampledTraits = 50_000;

export async function listIdentities(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.listIdentities>,
): Promise<Page<Identity>> {
  const { environmentId } = await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'VIEW_IDENTITIES');
  const search = searchOf(query.q);
  const window = { limit: query.page_size, offset: (query.page - 1) * query.page_size };
  return {
    count: await countIdentities(ctx.db, environmentId, search),
    results: await findIdentities(ctx.db, environmentId, search, window),
  };
}

/** Creates an identity. It is in no document, so no version. @throws RequestError 400 for an identifier that is taken. */
export async function createIdentity(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.createIdentity>,
): Promise<Identity> {
  const { environmentId } = await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'MANAGE_IDENTITIES');
  const { identifier } = body;
  return refusingDuplicates(
    ctx,
    () => identifierTaken(identifier),
    async () => {
      const id = await insertIdentity(ctx.db, { environmentId, identifier }, ctx.now());
      // An Edge may remember that there was none.
      ctx.afterCommit(() => ctx.forgetIdentity(environmentId, identifier));
      return { id, identifier, environment: environmentId };
    },
  );
}

export async function getIdentity(ctx: Context, { params }: InputOf<typeof endpoints.getIdentity>): Promise<Identity> {
  return (await openOne(ctx, params, 'VIEW_IDENTITIES')).identity;
}

/** Renames an identity. Only where it has overrides, which name it, is that a change of the environment. */
export async function updateIdentity(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.patchIdentity>,
): Promise<Identity> {
  const { scope } = await openOne(ctx, params, 'MANAGE_IDENTITIES');
  const { environmentId } = scope;
  return refusingDuplicates(
    ctx,
    () => identifierTaken(body.identifier ?? ''),
    () =>
      changeEnvironment(ctx, scope, async (ctx, record) => {
        const before = await holdOne(ctx, environmentId, params.identity_id);
        const after = { ...before, identifier: body.identifier ?? before.identifier };
        if (after.identifier === before.identifier) return before;
        await updateIdentifier(ctx.db, before.id, after.identifier);
        const overrides = await identityOverridesOf(ctx, environmentId, before.id);
        if (overrides.length > 0) {
          const log = `Identity updated: ${after.identifier}`;
          record({ objectType: 'IDENTITY', objectId: before.id, changeType: 'UPDATE', log, before, after });
        }
        ctx.afterCommit(() => {
          ctx.forgetIdentity(environmentId, before.identifier);
          ctx.forgetIdentity(environmentId, after.identifier);
        });
        return after;
      }),
  );
}

/** Deletes an identity with its traits and overrides; each override that goes is a change of the environment. */
export async function deleteIdentity(
  ctx: Context,
  { params }: InputOf<typeof endpoints.deleteIdentity>,
): Promise<void> {
  const { scope } = await openOne(ctx, params, 'MANAGE_IDENTITIES');
  const { environmentId } = scope;
  await changeEnvironment(ctx, scope, async (ctx, record) => {
    const identity = await holdOne(ctx, environmentId, params.identity_id);
    await removeOverridesOfIdentity(ctx, scope, record, identity.id);
    await deleteIdentityRow(ctx.db, identity.id);
    ctx.afterCommit(() => ctx.forgetIdentity(environmentId, identity.identifier));
  });
}

export async function listTraits(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.listTraits>,
): Promise<Page<Trait>> {
  const { identity } = await openOne(ctx, params, 'VIEW_IDENTITIES');
  const window = { limit: query.page_size, offset: (query.page - 1) * query.page_size };
  return { count: await countTraits(ctx.db, identity.id), results: await findTraits(ctx.db, identity.id, window) };
}

/** @throws RequestError 400 for a key that the identity has, and for a value that is missing. */
export async function createTrait(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.createTrait>,
): Promise<Trait> {
  return changeTraits(ctx, params, async (ctx, identity) => {
    const traitId = await insertTrait(ctx.db, identity.id, columnsOf(body), ctx.now());
    return findOneTrait(ctx, identity, traitId);
  });
}

export async function getTrait(ctx: Context, { params }: InputOf<typeof endpoints.getTrait>): Promise<Trait> {
  const { identity } = await openOne(ctx, params, 'VIEW_IDENTITIES');
  return findOneTrait(ctx, identity, params.trait_id);
}

/** @throws RequestError 400 for a key that the identity has, and for a value that is missing. */
export async function updateTrait(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.patchTrait>,
): Promise<Trait> {
  return changeTraits(ctx, params, async (ctx, identity) => {
    const before = await findOneTrait(ctx, identity, params.trait_id);
    const { trait_key = before.trait_key, value_type = before.value_type } = body;
    // A value of another type does not outlive its type; one of the same type stays where none is given.
    const column = columnOfType[value_type];
    const given = body[column] === undefined ? before : body;
    await updateTraitRow(ctx.db, before.id, columnsOf({ ...given, trait_key, value_type }));
    return findOneTrait(ctx, identity, before.id);
  });
}

/** The keys of all traits in an environment, sorted. */
export async function listTraitKeys(
  ctx: Context,
  { params }: InputOf<typeof endpoints.listTraitKeys>,
): Promise<{ keys: string[] }> {
  const { environmentId } = await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'VIEW_ENVIRONMENT');
  return { keys: await findTraitKeys(ctx.db, environmentId, maxTraitKeys) };
}

/** Deletes the traits of one key from all identities of an environment; a key that nobody has is no error. */
export async function deleteTraitsOfKey(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.deleteTraitsOfKey>,
): Promise<{ key: string }> {
  const { environmentId } = await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'ADMIN');
  await inTransaction(ctx, async (ctx) => {
    const identifiers = await deleteTraitEverywhere(ctx.db, environmentId, body.key);
    ctx.afterCommit(() => {
      for (const identifier of identifiers) ctx.forgetIdentity(environmentId, identifier);
    });
  });
  return { key: body.key };
}

/** Deletes a trait, or with `deleteAllMatchingTraits` the traits of its key of every identity of the environment. */
export async function deleteTrait(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.deleteTrait>,
): Promise<void> {
  await changeTraits(ctx, params, async (ctx, identity) => {
    const trait = await findOneTrait(ctx, identity, params.trait_id);
    if (!query.deleteAllMatchingTraits) return deleteTraitRow(ctx.db, trait.id);
    const identifiers = await deleteTraitEverywhere(ctx.db, identity.environment, trait.trait_key);
    ctx.afterCommit(() => {
      for (const identifier of identifiers) ctx.forgetIdentity(identity.environment, identifier);
    });
  });
}

export async function listIdentityOverrides(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.listIdentityOverrides>,
): Promise<Page<ListedFeatureState>> {
  const { scope, identity } = await openOne(ctx, params, 'VIEW_IDENTITIES');
  const all = await identityOverridesOf(ctx, scope.environmentId, identity.id);
  const states = query.feature === undefined ? all : all.filter((state) => state.featureId === query.feature);
  const start = (query.page - 1) * query.page_size;
  return {
    count: states.length,
    results: states
      .slice(start, start + query.page_size)
      .map((state) => ({ ...scalarForm(state), identity: state.identity })),
  };
}

/** @throws RequestError 400 without a feature of the project, or where the identity overrides it already. */
export async function createIdentityOverride(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.createIdentityOverride>,
): Promise<FeatureState> {
  const { scope } = await openOne(ctx, params, 'UPDATE_FEATURE_STATE');
  const featureId = body.feature;
  if (featureId === undefined) throw refused('Feature not provided');
  return changeEnvironment(ctx, scope, async (ctx) => {
    const identity = await holdOne(ctx, scope.environmentId, params.identity_id);
    const feature = await featureOf(ctx, scope, featureId);
    return scalarForm(await addIdentityOverride(ctx, scope, { feature, identity, input: body }));
  });
}

export async function getIdentityOverride(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getIdentityOverride>,
): Promise<FeatureState> {
  const { scope } = await openOne(ctx, params, 'VIEW_IDENTITIES');
  return scalarForm(await findState(ctx, { environmentId: scope.environmentId, ...overrideOf(params) }));
}

export async function updateIdentityOverride(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.updateIdentityOverride>,
): Promise<FeatureState> {
  const { scope } = await openOne(ctx, params, 'UPDATE_FEATURE_STATE');
  return scalarForm(await changeState(ctx, scope, overrideOf(params), body));
}

export async function deleteIdentityOverride(
  ctx: Context,
  { params }: InputOf<typeof endpoints.deleteIdentityOverride>,
): Promise<void> {
  const { scope } = await openOne(ctx, params, 'UPDATE_FEATURE_STATE');
  await removeIdentityOverride(ctx, scope, overrideOf(params));
}

/** What the identity gets of each feature, in wire order, from its stored traits. */
export async function listResolvedFeatures(
  ctx: Context,
  { params }: InputOf<typeof endpoints.listResolvedFeatures>,
): Promise<ResolvedFeature[]> {
  const { scope, identity } = await openOne(ctx, params, 'VIEW_IDENTITIES');
  return resolve(ctx, scope, identity);
}

/**
 * Gives an identity exactly the overrides of another one; those that are alike stay.
 * @throws RequestError 404 also for a source that is of another environment.
 */
export async function cloneIdentityOverrides(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.cloneIdentityOverrides>,
): Promise<ResolvedFeature[]> {
  const { scope } = await openOne(ctx, params, 'UPDATE_FEATURE_STATE');
  const { environmentId } = scope;
  const target = await changeEnvironment(ctx, scope, async (ctx) => {
    const target = await holdOne(ctx, environmentId, params.identity_id);
    const source = await findOne(ctx, environmentId, body.source_identity_id);
    const wanted = await identityOverridesOf(ctx, environmentId, source.id);
    const present = await identityOverridesOf(ctx, environmentId, target.id);
    const wantedKeys = new Set(wanted.map(contentOf));
    const presentKeys = new Set(present.map(contentOf));
    // One after the other, because each is a step of its own in the audit log.
    for (const state of present) {
      if (wantedKeys.has(contentOf(state))) continue;
      await removeIdentityOverride(ctx, scope, { stateId: state.id, identityId: target.id });
    }
    for (const state of wanted) {
      if (presentKeys.has(contentOf(state))) continue;
      await addIdentityOverride(ctx, scope, {
        feature: { id: state.featureId, name: state.featureName },
        identity: target,
        input: {
          enabled: state.enabled,
          feature_state_value: state.value,
          multivariate_feature_state_values: state.variants.map(({ optionId, weight }) => ({
            multivariate_feature_option: optionId,
            percentage_allocation: weight,
          })),
        },
      });
    }
    return target;
  });
  return resolve(ctx, scope, target);
}

/** An identity by its id alone, with what an evaluation needs of it. @throws RequestError 404 for outsiders, 403 for those who may not see identities. */
export async function openIdentity(
  ctx: Context,
  identityId: number,
): Promise<{ scope: EnvironmentScope; identifier: string; traits: Map<string, TraitValue> }> {
  const identity = await findIdentity(ctx.db, { id: identityId });
  if (identity === null) throw notFound();
  const scope = await openEnvironment(ctx, { id: identity.environment }, 'VIEW_IDENTITIES');
  return { scope, identifier: identity.identifier, traits: await traitsOf(ctx, identity.id) };
}

/**
 * The newest identities of an environment, the newest first, with those of their traits that `keys` names or all. At a cost that
 * does not grow with the environment. Whether they may be seen is for the caller to check.
 */
export async function newestIdentities(
  ctx: Context,
  environmentId: number,
  options: { limit: number; keys: string[] | null },
): Promise<{ id: number; identifier: string; traits: Map<string, TraitValue> }[]> {
  const found = await findNewestIdentities(ctx.db, environmentId, { ...options, traitLimit: maxSampledTraits });
  return found.map(({ id, identifier, traits }) => ({
    id,
    identifier,
    traits: new Map([...traits].map(([key, { value }]) => [key, value])),
  }));
}

async function openOne(
  ctx: Context,
  params: { environment_api_key: string; identity_id: number },
  permission: EnvironmentPermission,
): Promise<{ scope: EnvironmentScope; identity: Identity }> {
  const scope = await openEnvironment(ctx, { apiKey: params.environment_api_key }, permission);
  return { scope, identity: await findOne(ctx, scope.environmentId, params.identity_id) };
}

async function findOne(ctx: Context, environmentId: number, id: number): Promise<Identity> {
  const identity = await findIdentity(ctx.db, { environmentId, id });
  if (identity === null) throw notFound();
  return identity;
}

/** The same in a transaction, in which it stays as it is. */
async function holdOne(ctx: Context, environmentId: number, id: number): Promise<Identity> {
  await holdIdentity(ctx.db, id);
  return findOne(ctx, environmentId, id);
}

async function findOneTrait(ctx: Context, identity: Identity, traitId: number): Promise<Trait> {
  const trait = await findTrait(ctx.db, identity.id, traitId);
  if (trait === null) throw notFound();
  return trait;
}

/** Runs `work` on the traits of an identity, and lets the Edge read them again. Traits are in no document, so no version. */
async function changeTraits<T>(
  ctx: Context,
  params: { environment_api_key: string; identity_id: number },
  work: (ctx: Context, identity: Identity) => Promise<T>,
): Promise<T> {
  const { scope } = await openOne(ctx, params, 'MANAGE_IDENTITIES');
  return refusingDuplicates(ctx, keyTaken, () =>
    inTransaction(ctx, async (ctx) => {
      const identity = await holdOne(ctx, scope.environmentId, params.identity_id);
      const result = await work(ctx, identity);
      ctx.afterCommit(() => ctx.forgetIdentity(scope.environmentId, identity.identifier));
      return result;
    }),
  );
}

/** SDKs create identities and traits at any moment: the unique index is the only one who knows. */
async function refusingDuplicates<T>(ctx: Context, refusal: () => RequestError, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw factsOf(ctx.db).isUniqueViolation(error) ? refusal() : error;
  }
}

/** The value in the column of its type. @throws RequestError 400 where it is not given */
function columnsOf(given: TraitInput & Pick<Trait, 'trait_key' | 'value_type'>): Omit<Trait, 'id' | 'created_date'> {
  const { trait_key, value_type } = given;
  const empty = { string_value: null, integer_value: null, boolean_value: null, float_value: null };
  const column = columnOfType[value_type];
  const value = given[column];
  if (value == null) throw invalid({ [column]: ['This field is required.'] });
  return { trait_key, value_type, ...empty, [column]: value };
}

const columnOfType = {
  unicode: 'string_value',
  int: 'integer_value',
  bool: 'boolean_value',
  float: 'float_value',
} as const;

async function traitsOf(ctx: Context, identityId: number): Promise<Map<string, TraitValue>> {
  const traits = await findTraits(ctx.db, identityId, { limit: 10_000, offset: 0 });
  return new Map(traits.map((trait) => [trait.trait_key, valueOfTrait(trait)]));
}

async function resolve(ctx: Context, scope: EnvironmentScope, identity: Identity): Promise<ResolvedFeature[]> {
  const { document } = await publishedOf(ctx, scope.environmentId);
  const traits = await traitsOf(ctx, identity.id);
  const sources = sourcesOf(document, identity.identifier);
  const outcomes = compileDocument(document).decide({ identifier: identity.identifier, traits });
  return outcomes.map((outcome) => {
    const source = sources.get(outcome.stateUuid);
    return {
      feature: outcome.feature,
      enabled: outcome.enabled,
      feature_state_value: outcome.value,
      overridden_by: outcome.source === 'environment' ? null : outcome.source === 'segment' ? 'SEGMENT' : 'IDENTITY',
      segment: source?.segment ?? null,
      multivariate_feature_state_values: (source?.state.multivariate_feature_state_values ?? []).map((weight) => ({
        multivariate_feature_option: { value: weight.multivariate_feature_option.value },
        percentage_allocation: weight.percentage_allocation,
      })),
    };
  });
}

/** The feature states that may serve an identity, by uuid, with the segment that brings them. */
function sourcesOf(document: EnvironmentDocument, identifier: string) {
  const sources = new Map<string, { state: DocumentFeatureState; segment: { id: number; name: string } | null }>();
  const add = (states: DocumentFeatureState[], segment: { id: number; name: string } | null) => {
    for (const state of states) sources.set(state.featurestate_uuid, { state, segment });
  };
  add(document.feature_states, null);
  for (const { id, name, feature_states } of document.project.segments) add(feature_states, { id, name });
  for (const override of document.identity_overrides) {
    if (override.identifier === identifier) add(override.identity_features, null);
  }
  return sources;
}

/** All that two overrides of one feature can differ in, as text. */
function contentOf(state: Awaited<ReturnType<typeof findState>>): string {
  const weights = state.variants.map(({ optionId, weight }) => [optionId, weight] as const);
  return JSON.stringify([state.featureId, state.enabled, state.value, weights.toSorted(([a], [b]) => a - b)]);
}

/** In double quotes the whole identifier, else part of it. */
function searchOf(q: string | undefined): IdentitySearch {
  if (q === undefined || q === '') return null;
  const quoted = /^"(.*)"$/s.exec(q);
  return quoted === null ? { contains: q } : { is: quoted[1] as string };
}

function overrideOf(params: { identity_id: number; state_id: number }) {
  return { stateId: params.state_id, identityId: params.identity_id };
}

function identifierTaken(identifier: string): RequestError {
  return invalid({ identifier: [`Identity with identifier '${identifier}' already exists in this environment`] });
}

function keyTaken(): RequestError {
  return invalidTogether('The fields identity, trait_key must make a unique set.');
}
