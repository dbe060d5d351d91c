import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import {
  blankableTextInput,
  booleanInput,
  id,
  idInput,
  page,
  pageQuery,
  pathId,
  textInput,
  time,
  uuid,
} from './fields.ts';
import { multivariateOption, multivariateOptionInput } from './multivariate-options.ts';
import { featureValueLimit, scalarValue } from './values.ts';

export const featureTypes = ['STANDARD', 'MULTIVARIATE'] as const;

/** The state of a feature in one environment, as lists of features show it. */
const listedState = z.object({
  id,
  enabled: z.boolean(),
  feature_state_value: scalarValue,
});

export const feature = z.object({
  id,
  uuid,
  name: z.string(),
  type: z.enum(featureTypes),
  project: id,
  initial_value: z.string().nullable(),
  default_enabled: z.boolean(),
  description: z.string().nullable(),
  is_archived: z.boolean(),
  is_server_key_only: z.boolean(),
  created_date: time,
  multivariate_options: z.array(multivariateOption),
});
export type Feature = z.output<typeof feature>;

/** A feature in a list: with `?environment=` its state there and how many overrides it has. */
export const listedFeature = feature.extend({
  environment_feature_state: listedState.nullable(),
  num_segment_overrides: z.number().int().nullable(),
  num_identity_overrides: z.number().int().nullable(),
});
export type ListedFeature = z.output<typeof listedFeature>;

const inProject = z.object({ project_id: pathId });
const oneFeature = inProject.extend({ feature_id: pathId });

export const createFeatureInput = z.object({
  name: textInput(2000),
  type: z.enum(featureTypes).optional(),
  initial_value: blankableTextInput(featureValueLimit).nullish(),
  default_enabled: booleanInput.default(false),
  description: blankableTextInput(20_000).nullish(),
  is_archived: booleanInput.default(false),
  is_server_key_only: booleanInput.default(false),
  multivariate_options: z.array(multivariateOptionInput).max(100).optional(),
});
export type CreateFeatureInput = z.output<typeof createFeatureInput>;

/** Name, project, initial value and default state are set once; a request that repeats them is not an error. */
export const updateFeatureInput = z.object({
  description: blankableTextInput(20_000).nullish(),
  is_archived: booleanInput.optional(),
  is_server_key_only: booleanInput.optional(),
});
export type UpdateFeatureInput = z.output<typeof updateFeatureInput>;

export const featureListQuery = pageQuery.extend({
  search: z.string().max(2000).optional(),
  sort_field: z.enum(['created_date', 'name']).default('created_date'),
  sort_direction: z.enum(['ASC', 'DESC']).default('ASC'),
  is_archived: booleanInput.optional(),
  type: z.enum(featureTypes).optional(),
  environment: idInput.optional(),
  is_enabled: booleanInput.optional(),
  value_search: z.string().max(2000).optional(),
});
export type FeatureListQuery = z.output<typeof featureListQuery>;

const tag = 'features';

export const listFeatures = endpoint({
  id: 'listFeatures',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/features/',
  tag,
  summary: 'List the features of a project',
  params: inProject,
  query: featureListQuery,
  paged: true,
  response: page(listedFeature),
  errors: [403, 404],
});

export const createFeature = endpoint({
  id: 'createFeature',
  method: 'POST',
  path: '/api/v1/projects/{project_id}/features/',
  tag,
  summary: 'Create a feature; it gets a state in every environment of the project',
  params: inProject,
  body: createFeatureInput,
  status: 201,
  response: feature,
  errors: [403, 404],
});

export const getFeature = endpoint({
  id: 'getFeature',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/features/{feature_id}/',
  tag,
  summary: 'Read a feature',
  params: oneFeature,
  query: z.object({ environment: idInput.optional() }),
  response: listedFeature,
  errors: [403, 404],
});

export const updateFeature = endpoint({
  id: 'updateFeature',
  method: 'PUT',
  path: '/api/v1/projects/{project_id}/features/{feature_id}/',
  tag,
  summary: 'Change what a feature is; its name, initial value and default state stay as they were created',
  params: oneFeature,
  body: updateFeatureInput,
  response: feature,
  errors: [403, 404],
});

export const patchFeature = endpoint({
  id: 'patchFeature',
  method: 'PATCH',
  path: '/api/v1/projects/{project_id}/features/{feature_id}/',
  tag,
  summary: 'Change some of what a feature is',
  params: oneFeature,
  body: updateFeatureInput,
  response: feature,
  errors: [403, 404],
});

export const deleteFeature = endpoint({
  id: 'deleteFeature',
  method: 'DELETE',
  path: '/api/v1/projects/{project_id}/features/{feature_id}/',
  tag,
  summary: 'Delete a feature with its states in every environment',
  params: oneFeature,
  status: 204,
  errors: [403, 404],
});

export const getFeatureByUuid = endpoint({
  id: 'getFeatureByUuid',
  method: 'GET',
  path: '/api/v1/features/get-by-uuid/{uuid}/',
  tag,
  summary: 'Read a feature by its uuid',
  params: z.object({ uuid }),
  response: feature,
  errors: [403, 404],
});
