import { call, type Input } from '../api/client.ts';
import { read, refresh } from '../api/query.ts';
import { saveFeature } from '../features/queries.ts';

/** Identities of an environment, in pages; in double quotes `q` is the whole identifier. */
export const identities = (environment: string, q: string, page: number, page_size = 50) =>
  read('listIdentities', { params: { environment_api_key: environment }, query: { q, page, page_size } });

const one = (environment: string, identity: number) => ({
  params: { environment_api_key: environment, identity_id: identity },
});

export const identity = (environment: string, id: number) => read('getIdentity', one(environment, id));
export const traits = (environment: string, id: number) =>
  read('listTraits', { ...one(environment, id), query: { page_size: 200 } } as Input<'listTraits'>);
/** What the identity gets of every feature, and why. */
export const resolved = (environment: string, id: number) => read('listResolvedFeatures', one(environment, id));

export async function createIdentity(environment: string, identifier: string) {
  const created = await call('createIdentity', { params: { environment_api_key: environment }, body: { identifier } });
  await refresh('listIdentities');
  return created;
}

/** Makes sure that somebody is known in an environment, whom an SDK may not have asked for yet. */
export async function ensureIdentity(environment: string, identifier: string): Promise<void> {
  const found = await call('listIdentities', {
    params: { environment_api_key: environment },
    query: { q: `"${identifier}"`, page_size: 1 },
  });
  if (found.count === 0) await createIdentity(environment, identifier);
}

export async function deleteIdentity(environment: string, id: number) {
  await call('deleteIdentity', one(environment, id));
  await refresh('listIdentities');
}

/** Sets a trait to a text, number or boolean. */
export async function saveTrait(
  environment: string,
  id: number,
  trait: { id?: number; key: string; value: string | number | boolean },
) {
  const typed =
    typeof trait.value === 'boolean'
      ? { value_type: 'bool' as const, boolean_value: trait.value }
      : typeof trait.value === 'number'
        ? Number.isInteger(trait.value)
          ? { value_type: 'int' as const, integer_value: trait.value }
          : { value_type: 'float' as const, float_value: trait.value }
        : { value_type: 'unicode' as const, string_value: trait.value };
  const body = { trait_key: trait.key, ...typed };
  if (trait.id === undefined) await call('createTrait', { ...one(environment, id), body });
  else await call('updateTrait', { params: { ...one(environment, id).params, trait_id: trait.id }, body });
  await refresh('listTraits', 'listResolvedFeatures', 'explainFeatures');
}

export async function deleteTrait(environment: string, id: number, trait: number) {
  await call('deleteTrait', { params: { ...one(environment, id).params, trait_id: trait }, query: {} });
  await refresh('listTraits', 'listResolvedFeatures', 'explainFeatures');
}

/** Overrides a feature for an identity, or with null lets the feature be as for everybody; it can be undone. */
export async function setOverride(
  project: number,
  feature: number,
  place: { environment: number; identity: number },
  override: { enabled: boolean; value: string | number | boolean | null } | null,
  note?: string,
) {
  const identity = { identity: place.identity };
  const answer = await saveFeature(project, feature, {
    environments: [
      {
        environment: place.environment,
        identity_overrides: override
          ? { set: [{ ...identity, ...override }], remove: [] }
          : { set: [], remove: [identity] },
      },
    ],
    note: note ?? null,
  });
  await refresh('listResolvedFeatures', 'explainFeatures', 'getFeaturePage');
  return answer;
}

/** Gives an identity exactly the overrides of another one. */
export async function copyOverrides(environment: string, from: number, to: number) {
  await call('cloneIdentityOverrides', { ...one(environment, to), body: { source_identity_id: from } });
  await refresh('listResolvedFeatures', 'explainFeatures', 'getFeatureTable', 'getFeaturePage');
}
