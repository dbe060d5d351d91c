import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { booleanInput, id, idInput, numberInput, page, pageQuery, pathId, time, uuid } from './fields.ts';
import { featureValueLimit, scalarValue, typedValue, typedValueInput } from './values.ts';

/** How much of the people a variant gets in one feature state. */
const variantWeight = z.object({
  id,
  multivariate_feature_option: id,
  percentage_allocation: z.number().min(0).max(100),
});

const variantWeightInput = z.object({
  multivariate_feature_option: idInput,
  percentage_allocation: numberInput({ min: 0, max: 100 }),
});

const stateFields = z.object({
  id,
  uuid,
  enabled: z.boolean(),
  feature: id,
  environment: id,
  feature_segment: id.nullable(),
  multivariate_feature_state_values: z.array(variantWeight),
  version: z.literal(1),
  live_from: time,
  created_at: time,
  updated_at: time,
  deleted_at: z.null(),
  change_request: z.null(),
  environment_feature_version: z.null(),
});

/** A feature state with its value as a scalar and its identity as an id. */
export const featureState = stateFields.extend({ feature_state_value: scalarValue, identity: id.nullable() });
export type FeatureState = z.output<typeof featureState>;

/** The same in a list, where the identity is told by name. */
export const listedFeatureState = stateFields.extend({
  feature_state_value: scalarValue,
  identity: z.object({ id, identifier: z.string() }).nullable(),
});
export type ListedFeatureState = z.output<typeof listedFeatureState>;

/** The same with its value as an object that says its type. */
export const typedFeatureState = stateFields.extend({ feature_state_value: typedValue, identity: id.nullable() });
export type TypedFeatureState = z.output<typeof typedFeatureState>;

/** A value given as a scalar; fractions, objects and lists are kept as text. */
export const scalarValueInput = z.preprocess(
  (value) => {
    if (typeof value === 'number' && !(Number.isInteger(value) && Math.abs(value) < 2_147_483_647))
      return String(value);
    return typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
  },
  z.union([
    z
      .string()
      .max(featureValueLimit, { error: `Ensure this field has no more than ${featureValueLimit} characters.` })
      .refine((text) => !text.includes('\0'), { error: 'Null characters are not allowed.' }),
    z.number().int(),
    z.boolean(),
    z.null(),
  ]),
);

export const featureStateInput = z.object({
  enabled: booleanInput.optional(),
  feature_state_value: scalarValueInput.optional(),
  multivariate_feature_state_values: z.array(variantWeightInput).max(100).optional(),
  feature: idInput.optional(),
  environment: idInput.nullish(),
});
export type FeatureStateInput = z.output<typeof featureStateInput>;

export const createFeatureStateInput = featureStateInput.extend({
  identity: idInput.nullish(),
  identifier: z.string().max(2000).optional(),
});

export const typedFeatureStateInput = z.object({
  enabled: booleanInput.optional(),
  feature_state_value: typedValueInput.optional(),
  multivariate_feature_state_values: z.array(variantWeightInput).max(100).optional(),
  feature: idInput.optional(),
  environment: idInput.nullish(),
});

export const createTypedFeatureStateInput = typedFeatureStateInput.extend({
  feature: idInput,
  environment: idInput,
  feature_segment: idInput,
});

const tag = 'feature states';
const inEnvironment = z.object({ environment_api_key: z.string().max(100) });
const oneInEnvironment = inEnvironment.extend({ state_id: pathId });

export const listEnvironmentFeatureStates = endpoint({
  id: 'listEnvironmentFeatureStates',
  method: 'GET',
  path: '/api/v1/environments/{environment_api_key}/featurestates/',
  tag,
  summary: "List the environment's own states, or with `anyIdentity` its identity overrides",
  params: inEnvironment,
  query: pageQuery.extend({
    feature: idInput.optional(),
    feature_name: z.string().optional(),
    anyIdentity: z.string().optional(),
  }),
  paged: true,
  response: page(listedFeatureState),
  errors: [403, 404],
});

export const createEnvironmentFeatureState = endpoint({
  id: 'createEnvironmentFeatureState',
  method: 'POST',
  path: '/api/v1/environments/{environment_api_key}/featurestates/',
  tag,
  summary: 'Override a feature for an identity, named by `identity` or `identifier`',
  params: inEnvironment,
  body: createFeatureStateInput,
  status: 201,
  response: featureState,
  errors: [403, 404],
});

export const getEnvironmentFeatureState = endpoint({
  id: 'getEnvironmentFeatureState',
  method: 'GET',
  path: '/api/v1/environments/{environment_api_key}/featurestates/{state_id}/',
  tag,
  summary: 'Read a feature state',
  params: oneInEnvironment,
  response: featureState,
  errors: [403, 404],
  conditional: true,
});

export const updateEnvironmentFeatureState = endpoint({
  id: 'updateEnvironmentFeatureState',
  method: 'PUT',
  path: '/api/v1/environments/{environment_api_key}/featurestates/{state_id}/',
  tag,
  summary: 'Turn a feature on or off, set its value, or weigh its variants; what is not given stays',
  params: oneInEnvironment,
  body: featureStateInput,
  response: featureState,
  errors: [403, 404],
  conditional: true,
});

export const patchEnvironmentFeatureState = endpoint({
  id: 'patchEnvironmentFeatureState',
  method: 'PATCH',
  path: '/api/v1/environments/{environment_api_key}/featurestates/{state_id}/',
  tag,
  summary: 'The same as PUT',
  params: oneInEnvironment,
  body: featureStateInput,
  response: featureState,
  errors: [403, 404],
  conditional: true,
});

export const deleteEnvironmentFeatureState = endpoint({
  id: 'deleteEnvironmentFeatureState',
  method: 'DELETE',
  path: '/api/v1/environments/{environment_api_key}/featurestates/{state_id}/',
  tag,
  summary: 'Remove an identity override',
  params: oneInEnvironment,
  status: 204,
  errors: [403, 404],
  conditional: true,
});

export const listTypedFeatureStates = endpoint({
  id: 'listTypedFeatureStates',
  method: 'GET',
  path: '/api/v1/features/featurestates/',
  tag,
  summary: 'List the states of an environment with all overrides',
  query: pageQuery.extend({
    environment: idInput.optional(),
    feature: idInput.optional(),
    feature_segment: idInput.optional(),
  }),
  paged: true,
  response: page(typedFeatureState),
  errors: [403, 404],
});

export const createTypedFeatureState = endpoint({
  id: 'createTypedFeatureState',
  method: 'POST',
  path: '/api/v1/features/featurestates/',
  tag,
  summary: 'Give a feature segment its state',
  body: createTypedFeatureStateInput,
  status: 201,
  response: typedFeatureState,
  errors: [403, 404],
});

const oneTyped = z.object({ state_id: pathId });

export const updateTypedFeatureState = endpoint({
  id: 'updateTypedFeatureState',
  method: 'PUT',
  path: '/api/v1/features/featurestates/{state_id}/',
  tag,
  summary: 'Change a feature state; what is not given stays',
  params: oneTyped,
  body: typedFeatureStateInput,
  response: typedFeatureState,
  errors: [403, 404],
  conditional: true,
});

export const patchTypedFeatureState = endpoint({
  id: 'patchTypedFeatureState',
  method: 'PATCH',
  path: '/api/v1/features/featurestates/{state_id}/',
  tag,
  summary: 'The same as PUT',
  params: oneTyped,
  body: typedFeatureStateInput,
  response: typedFeatureState,
  errors: [403, 404],
  conditional: true,
});

export const getFeatureStateByUuid = endpoint({
  id: 'getFeatureStateByUuid',
  method: 'GET',
  path: '/api/v1/features/featurestates/get-by-uuid/{uuid}/',
  tag,
  summary: 'Read a feature state by its uuid',
  params: z.object({ uuid }),
  response: typedFeatureState,
  errors: [403, 404],
});
