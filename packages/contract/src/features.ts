import { z } from 'zod';
import { codeReferenceCount } from './code-references.ts';
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
import { metadataInput, metadataValue } from './metadata.ts';
import { multivariateOption, multivariateOptionInput } from './multivariate-options.ts';
import { person } from './people.ts';
import { featureValueLimit, scalarValue } from './values.ts';

export const featureTypes = ['STANDARD', 'MULTIVARIATE'] as const;

/**
 * Where a feature stands in one environment, by the project's `stale_flags_limit_days`: `permanent` with a permanent tag;
 * `new` if it was made within the limit and is as it was made; `live` if it changed within the limit; `stale` after it;
 * `to_remove` if it is archived as well. `needs_monitoring` is in the contract, but nothing leads to it.
 */
export const lifecycleStages = ['new', 'live', 'stale', 'permanent', 'needs_monitoring', 'to_remove'] as const;
export type LifecycleStage = (typeof lifecycleStages)[number];

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
  /** Ids. */
  tags: z.array(id),
  owners: z.array(person),
  group_owners: z.array(z.object({ id, name: z.string() })),
  metadata: z.array(metadataValue),
});
export type Feature = z.output<typeof feature>;

/** A feature in a list: with `?environment=` its state there, how many overrides it has and when it last changed. */
export const listedFeature = feature.extend({
  environment_feature_state: listedState.nullable(),
  /** With `?segment=` beside `?environment=`: what overrides the feature there. */
  segment_feature_state: listedState.nullable(),
  num_segment_overrides: z.number().int().nullable(),
  num_identity_overrides: z.number().int().nullable(),
  is_num_identity_overrides_complete: z.literal(true),
  last_modified_in_any_environment: time.nullable(),
  last_modified_in_current_environment: time.nullable(),
  lifecycle_stage: z.enum(lifecycleStages).nullable(),
  /** Of every repository of the project that was ever scanned, the feature named in it or not. */
  code_references_counts: z.array(codeReferenceCount),
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
  tags: z.array(idInput).max(200).default([]),
  /** Ids of people. Without any, the person who creates the feature owns it. */
  owners: z.array(idInput).max(200).default([]),
  group_owners: z.array(idInput).max(200).default([]),
  metadata: metadataInput.default([]),
});
export type CreateFeatureInput = z.output<typeof createFeatureInput>;

/**
 * Name, project, initial value and default state are set once, and owners have actions of their own; a request that
 * repeats them is not an error. Tags and custom fields are replaced as a whole where they are given.
 */
export const updateFeatureInput = z.object({
  description: blankableTextInput(20_000).nullish(),
  is_archived: booleanInput.optional(),
  is_server_key_only: booleanInput.optional(),
  tags: z.array(idInput).max(200).optional(),
  metadata: metadataInput.optional(),
});
export type UpdateFeatureInput = z.output<typeof updateFeatureInput>;

export const featureOwnersInput = z.object({ user_ids: z.array(idInput).max(200) });
export const featureGroupOwnersInput = z.object({ group_ids: z.array(idInput).max(200) });

/** Ids with commas between them. */
function idList(message: string) {
  return z
    .preprocess((value) => (Array.isArray(value) ? value.join(',') : value), z.string().max(10_000))
    .transform((text, check) => {
      const parts = text.split(',').map((part) => part.trim());
      const ids = parts.filter((part) => part !== '').map(Number);
      if (ids.every((value) => Number.isSafeInteger(value))) return [...new Set(ids)];
      check.addIssue({ code: 'custom', message });
      return z.NEVER;
    });
}

export const featureListQuery = pageQuery.extend({
  search: z.string().max(2000).optional(),
  sort_field: z.enum(['created_date', 'name']).default('created_date'),
  sort_direction: z.enum(['ASC', 'DESC']).default('ASC'),
  is_archived: booleanInput.optional(),
  type: z.enum(featureTypes).optional(),
  environment: idInput.optional(),
  is_enabled: booleanInput.optional(),
  value_search: z.string().max(2000).optional(),
  /** Ids; empty for features without any tag. */
  tags: idList('Tag IDs must be integers.').optional(),
  /** Whether a feature must have all of the tags, or one of them. */
  tag_strategy: z.enum(['INTERSECTION', 'UNION']).default('INTERSECTION'),
  /** Features of one of these people, or of one of the groups. */
  owners: idList('Owner IDs must be integers.').optional(),
  group_owners: idList('Group owner IDs must be integers.').optional(),
  lifecycle_stage: z.enum(lifecycleStages).optional(),
  /** With `environment`: features that are overridden for this segment come first. */
  segment: idInput.optional(),
  /** With `environment`: features that are overridden for this identity come first. */
  identity: z
    .string()
    .max(20)
    .transform((text, check) => {
      if (/^\d{1,10}$/.test(text)) return Number(text);
      check.addIssue({ code: 'custom', message: 'Must be a valid integer.' });
      return z.NEVER;
    })
    .optional(),
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
  conditional: true,
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
  conditional: true,
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
  conditional: true,
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
  conditional: true,
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

const ownerAction = { method: 'POST', tag, params: oneFeature, response: feature } as const;

export const addFeatureOwners = endpoint({
  ...ownerAction,
  errors: [403, 404],
  id: 'addFeatureOwners',
  path: '/api/v1/projects/{project_id}/features/{feature_id}/add-owners/',
  summary: 'Let people own a feature',
  body: featureOwnersInput,
});

export const removeFeatureOwners = endpoint({
  ...ownerAction,
  errors: [403, 404],
  id: 'removeFeatureOwners',
  path: '/api/v1/projects/{project_id}/features/{feature_id}/remove-owners/',
  summary: 'Let people own a feature no more',
  body: featureOwnersInput,
});

export const addFeatureGroupOwners = endpoint({
  ...ownerAction,
  errors: [403, 404],
  id: 'addFeatureGroupOwners',
  path: '/api/v1/projects/{project_id}/features/{feature_id}/add-group-owners/',
  summary: 'Let groups own a feature',
  body: featureGroupOwnersInput,
});

export const removeFeatureGroupOwners = endpoint({
  ...ownerAction,
  errors: [403, 404],
  id: 'removeFeatureGroupOwners',
  path: '/api/v1/projects/{project_id}/features/{feature_id}/remove-group-owners/',
  summary: 'Let groups own a feature no more',
  body: featureGroupOwnersInput,
});

export const countFeatureLifecycles = endpoint({
  id: 'countFeatureLifecycles',
  method: 'GET',
  path: '/api/v1/environments/{environment_id}/feature-lifecycle-counts/',
  tag,
  summary: 'Count the features of an environment by where they stand',
  params: z.object({ environment_id: pathId }),
  response: z.object({
    new: z.number().int(),
    live: z.number().int(),
    stale: z.number().int(),
    permanent: z.number().int(),
    needs_monitoring: z.number().int(),
    to_remove: z.number().int(),
  }),
  errors: [403, 404],
});
