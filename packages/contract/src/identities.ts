import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { featureState, featureStateInput, listedFeatureState } from './feature-states.ts';
import {
  booleanInput,
  exactTextInput,
  id,
  idInput,
  integerInput,
  numberInput,
  page,
  pageQuery,
  pathId,
  textInput,
  time,
} from './fields.ts';
import { scalarValue } from './values.ts';

export const identity = z.object({ id, identifier: z.string(), environment: id });
export type Identity = z.output<typeof identity>;

export const traitTypes = ['unicode', 'int', 'bool', 'float'] as const;

/** A trait with its value in the column that its type names; the other columns are null. */
export const trait = z.object({
  id,
  trait_key: z.string(),
  value_type: z.enum(traitTypes),
  string_value: z.string().nullable(),
  integer_value: z.number().int().nullable(),
  boolean_value: z.boolean().nullable(),
  float_value: z.number().nullable(),
  created_date: time,
});
export type Trait = z.output<typeof trait>;

const identityInput = z.object({ identifier: textInput(2000) });

const traitValueColumns = z.object({
  string_value: exactTextInput(2000).nullish(),
  integer_value: integerInput().nullish(),
  boolean_value: booleanInput.nullish(),
  float_value: numberInput({ min: -Number.MAX_VALUE, max: Number.MAX_VALUE }).nullish(),
});

/** Columns that `value_type` does not name are ignored. */
const traitInput = traitValueColumns.extend({
  trait_key: textInput(200),
  value_type: z.enum(traitTypes).default('unicode'),
});

const patchTraitInput = traitValueColumns.extend({
  trait_key: textInput(200).optional(),
  value_type: z.enum(traitTypes).optional(),
});
export type TraitInput = z.output<typeof patchTraitInput>;

/** What an identity gets of one feature, and why. */
export const resolvedFeature = z.object({
  feature: z.object({ id, name: z.string(), type: z.string() }),
  enabled: z.boolean(),
  feature_state_value: scalarValue,
  overridden_by: z.enum(['SEGMENT', 'IDENTITY']).nullable(),
  segment: z.object({ id, name: z.string() }).nullable(),
  multivariate_feature_state_values: z.array(
    z.object({ multivariate_feature_option: z.object({ value: scalarValue }), percentage_allocation: z.number() }),
  ),
});
export type ResolvedFeature = z.output<typeof resolvedFeature>;

const tag = 'identities';
const inEnvironment = z.object({ environment_api_key: z.string().max(100) });
const oneIdentity = inEnvironment.extend({ identity_id: pathId });
const oneTrait = oneIdentity.extend({ trait_id: pathId });
const oneOverride = oneIdentity.extend({ state_id: pathId });

export const listIdentities = endpoint({
  id: 'listIdentities',
  method: 'GET',
  path: '/api/v1/environments/{environment_api_key}/identities/',
  tag,
  summary: 'List the identities of an environment, those known for longest first',
  params: inEnvironment,
  query: pageQuery.extend({
    /** Part of the identifier; in double quotes the whole of it. */
    q: z.string().max(2002).optional(),
  }),
  paged: true,
  response: page(identity),
  errors: [403, 404],
});

export const createIdentity = endpoint({
  id: 'createIdentity',
  method: 'POST',
  path: '/api/v1/environments/{environment_api_key}/identities/',
  tag,
  summary: 'Create an identity',
  params: inEnvironment,
  body: identityInput,
  status: 201,
  response: identity,
  errors: [403, 404],
});

export const getIdentity = endpoint({
  id: 'getIdentity',
  method: 'GET',
  path: '/api/v1/environments/{environment_api_key}/identities/{identity_id}/',
  tag,
  summary: 'Read an identity',
  params: oneIdentity,
  response: identity,
  errors: [403, 404],
});

export const updateIdentity = endpoint({
  id: 'updateIdentity',
  method: 'PUT',
  path: '/api/v1/environments/{environment_api_key}/identities/{identity_id}/',
  tag,
  summary: 'Give an identity another identifier; its traits and overrides stay with it',
  params: oneIdentity,
  body: identityInput,
  response: identity,
  errors: [403, 404],
});

export const patchIdentity = endpoint({
  id: 'patchIdentity',
  method: 'PATCH',
  path: '/api/v1/environments/{environment_api_key}/identities/{identity_id}/',
  tag,
  summary: 'The same as PUT',
  params: oneIdentity,
  body: identityInput.partial(),
  response: identity,
  errors: [403, 404],
});

export const deleteIdentity = endpoint({
  id: 'deleteIdentity',
  method: 'DELETE',
  path: '/api/v1/environments/{environment_api_key}/identities/{identity_id}/',
  tag,
  summary: 'Delete an identity with its traits and overrides',
  params: oneIdentity,
  status: 204,
  errors: [403, 404],
});

export const listTraits = endpoint({
  id: 'listTraits',
  method: 'GET',
  path: '/api/v1/environments/{environment_api_key}/identities/{identity_id}/traits/',
  tag,
  summary: 'List the traits of an identity, in the order in which they were first set',
  params: oneIdentity,
  query: pageQuery,
  paged: true,
  response: page(trait),
  errors: [403, 404],
});

export const createTrait = endpoint({
  id: 'createTrait',
  method: 'POST',
  path: '/api/v1/environments/{environment_api_key}/identities/{identity_id}/traits/',
  tag,
  summary: 'Give an identity a trait',
  params: oneIdentity,
  body: traitInput,
  status: 201,
  response: trait,
  errors: [403, 404],
});

export const getTrait = endpoint({
  id: 'getTrait',
  method: 'GET',
  path: '/api/v1/environments/{environment_api_key}/identities/{identity_id}/traits/{trait_id}/',
  tag,
  summary: 'Read a trait',
  params: oneTrait,
  response: trait,
  errors: [403, 404],
});

export const updateTrait = endpoint({
  id: 'updateTrait',
  method: 'PUT',
  path: '/api/v1/environments/{environment_api_key}/identities/{identity_id}/traits/{trait_id}/',
  tag,
  summary: 'Replace a trait',
  params: oneTrait,
  body: traitInput,
  response: trait,
  errors: [403, 404],
});

export const patchTrait = endpoint({
  id: 'patchTrait',
  method: 'PATCH',
  path: '/api/v1/environments/{environment_api_key}/identities/{identity_id}/traits/{trait_id}/',
  tag,
  summary: 'Change some of a trait',
  params: oneTrait,
  body: patchTraitInput,
  response: trait,
  errors: [403, 404],
});

export const deleteTrait = endpoint({
  id: 'deleteTrait',
  method: 'DELETE',
  path: '/api/v1/environments/{environment_api_key}/identities/{identity_id}/traits/{trait_id}/',
  tag,
  summary: 'Delete a trait, or with `deleteAllMatchingTraits` the traits of this key of every identity',
  params: oneTrait,
  query: z.object({ deleteAllMatchingTraits: booleanInput.default(false) }),
  status: 204,
  errors: [403, 404],
});

export const listIdentityOverrides = endpoint({
  id: 'listIdentityOverrides',
  method: 'GET',
  path: '/api/v1/environments/{environment_api_key}/identities/{identity_id}/featurestates/',
  tag,
  summary: 'List the features that are overridden for an identity',
  params: oneIdentity,
  query: pageQuery.extend({ feature: idInput.optional() }),
  paged: true,
  response: page(listedFeatureState),
  errors: [403, 404],
});

export const createIdentityOverride = endpoint({
  id: 'createIdentityOverride',
  method: 'POST',
  path: '/api/v1/environments/{environment_api_key}/identities/{identity_id}/featurestates/',
  tag,
  summary: 'Override a feature for an identity',
  params: oneIdentity,
  body: featureStateInput,
  status: 201,
  response: featureState,
  errors: [403, 404],
});

export const getIdentityOverride = endpoint({
  id: 'getIdentityOverride',
  method: 'GET',
  path: '/api/v1/environments/{environment_api_key}/identities/{identity_id}/featurestates/{state_id}/',
  tag,
  summary: 'Read an identity override',
  params: oneOverride,
  response: featureState,
  errors: [403, 404],
  conditional: true,
});

export const updateIdentityOverride = endpoint({
  id: 'updateIdentityOverride',
  method: 'PUT',
  path: '/api/v1/environments/{environment_api_key}/identities/{identity_id}/featurestates/{state_id}/',
  tag,
  summary: 'Change an identity override; what is not given stays',
  params: oneOverride,
  body: featureStateInput,
  response: featureState,
  errors: [403, 404],
  conditional: true,
});

export const patchIdentityOverride = endpoint({
  id: 'patchIdentityOverride',
  method: 'PATCH',
  path: '/api/v1/environments/{environment_api_key}/identities/{identity_id}/featurestates/{state_id}/',
  tag,
  summary: 'The same as PUT',
  params: oneOverride,
  body: featureStateInput,
  response: featureState,
  errors: [403, 404],
  conditional: true,
});

export const deleteIdentityOverride = endpoint({
  id: 'deleteIdentityOverride',
  method: 'DELETE',
  path: '/api/v1/environments/{environment_api_key}/identities/{identity_id}/featurestates/{state_id}/',
  tag,
  summary: 'Remove an identity override',
  params: oneOverride,
  status: 204,
  errors: [403, 404],
  conditional: true,
});

export const listResolvedFeatures = endpoint({
  id: 'listResolvedFeatures',
  method: 'GET',
  path: '/api/v1/environments/{environment_api_key}/identities/{identity_id}/featurestates/all/',
  tag,
  summary: 'List what an identity gets of every feature, and what decides it',
  params: oneIdentity,
  response: z.array(resolvedFeature),
  errors: [403, 404],
});

export const cloneIdentityOverrides = endpoint({
  id: 'cloneIdentityOverrides',
  method: 'POST',
  path: '/api/v1/environments/{environment_api_key}/identities/{identity_id}/featurestates/clone-from-given-identity/',
  tag,
  summary: 'Give an identity exactly the overrides of another one of the environment',
  params: oneIdentity,
  body: z.object({ source_identity_id: idInput }),
  response: z.array(resolvedFeature),
  errors: [403, 404],
});
