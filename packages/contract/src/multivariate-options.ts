import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import {
  blankableTextInput,
  booleanInput,
  id,
  integerInput,
  numberInput,
  page,
  pageQuery,
  pathId,
  uuid,
} from './fields.ts';
import { featureValueLimit } from './values.ts';

/** One of the weighted values of a multivariate feature, the same in every environment but for its weight. */
export const multivariateOption = z.object({
  id,
  uuid,
  type: z.enum(['unicode', 'int', 'bool']),
  string_value: z.string().nullable(),
  integer_value: z.number().int().nullable(),
  boolean_value: z.boolean().nullable(),
  /** Percent that a new environment starts with. */
  default_percentage_allocation: z.number().min(0).max(100),
  key: z.string().nullable(),
  feature: id,
});
export type MultivariateOption = z.output<typeof multivariateOption>;

/** A stable name of a variant; `control` is what everybody else gets. */
const variantKey = z.preprocess(
  (value) => (typeof value === 'string' && value.trim() === '' ? null : value),
  z
    .string()
    .max(255, { error: 'Ensure this field has no more than 255 characters.' })
    .regex(/^[-a-zA-Z0-9_]+$/, {
      error: 'Enter a valid "slug" consisting of letters, numbers, underscores or hyphens.',
    })
    .refine((key) => key !== 'control', { error: '"control" is reserved for people who get no variant.' })
    .nullish(),
);

export const multivariateOptionInput = z.object({
  type: z.enum(['unicode', 'int', 'bool']).default('unicode'),
  string_value: blankableTextInput(featureValueLimit).nullish(),
  integer_value: integerInput().nullish(),
  boolean_value: booleanInput.nullish(),
  default_percentage_allocation: numberInput({ min: 0, max: 100 }).default(100),
  key: variantKey,
});
export type MultivariateOptionInput = z.output<typeof multivariateOptionInput>;

export const patchMultivariateOptionInput = z.object({
  type: z.enum(['unicode', 'int', 'bool']).optional(),
  string_value: blankableTextInput(featureValueLimit).nullish(),
  integer_value: integerInput().nullish(),
  boolean_value: booleanInput.nullish(),
  default_percentage_allocation: numberInput({ min: 0, max: 100 }).optional(),
  key: variantKey,
});
export type PatchMultivariateOptionInput = z.output<typeof patchMultivariateOptionInput>;

const ofFeature = z.object({ project_id: pathId, feature_id: pathId });
const oneOption = ofFeature.extend({ option_id: pathId });
const tag = 'multivariate options';
const path = '/api/v1/projects/{project_id}/features/{feature_id}/mv-options/';

export const listMultivariateOptions = endpoint({
  id: 'listMultivariateOptions',
  method: 'GET',
  path,
  tag,
  summary: 'List the variants of a feature',
  params: ofFeature,
  query: pageQuery,
  paged: true,
  response: page(multivariateOption),
  errors: [403, 404],
});

export const createMultivariateOption = endpoint({
  id: 'createMultivariateOption',
  method: 'POST',
  path,
  tag,
  summary: 'Add a variant; every environment gives it its default weight',
  params: ofFeature,
  body: multivariateOptionInput,
  status: 201,
  response: multivariateOption,
  errors: [403, 404],
});

export const getMultivariateOption = endpoint({
  id: 'getMultivariateOption',
  method: 'GET',
  path: `${path}{option_id}/`,
  tag,
  summary: 'Read a variant',
  params: oneOption,
  response: multivariateOption,
  errors: [403, 404],
});

export const updateMultivariateOption = endpoint({
  id: 'updateMultivariateOption',
  method: 'PUT',
  path: `${path}{option_id}/`,
  tag,
  summary: 'Replace a variant; weights that environments already have stay',
  params: oneOption,
  body: patchMultivariateOptionInput,
  response: multivariateOption,
  errors: [403, 404],
});

export const patchMultivariateOption = endpoint({
  id: 'patchMultivariateOption',
  method: 'PATCH',
  path: `${path}{option_id}/`,
  tag,
  summary: 'Change some of a variant',
  params: oneOption,
  body: patchMultivariateOptionInput,
  response: multivariateOption,
  errors: [403, 404],
});

export const deleteMultivariateOption = endpoint({
  id: 'deleteMultivariateOption',
  method: 'DELETE',
  path: `${path}{option_id}/`,
  tag,
  summary: 'Remove a variant from every environment',
  params: oneOption,
  status: 204,
  errors: [403, 404],
});

export const getMultivariateOptionByUuid = endpoint({
  id: 'getMultivariateOptionByUuid',
  method: 'GET',
  path: '/api/v1/multivariate/options/get-by-uuid/{uuid}/',
  tag,
  summary: 'Read a variant by its uuid',
  params: z.object({ uuid }),
  response: multivariateOption,
  errors: [403, 404],
});
