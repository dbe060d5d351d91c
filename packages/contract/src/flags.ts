import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { booleanInput, id, idInput, integerInput, numberInput, pathId, uuid } from './fields.ts';
import { featureValueLimit } from './values.ts';

/*
 * A feature in an environment as one document: its own state and all segment overrides. It is read and written the same
 * way whether the environment has versions or not.
 */

const valueTypes = ['string', 'integer', 'boolean'] as const;
const flagValue = z.object({ type: z.enum(valueTypes), value: z.string() });
export type FlagValue = z.output<typeof flagValue>;

const variant = z.object({ id, weight: z.number().min(0).max(100) });
const flagState = z.object({ enabled: z.boolean(), value: flagValue.nullable(), variants: z.array(variant) });

export const flag = z.object({
  environment_default: flagState,
  /** The strongest first. */
  segment_overrides: z.array(flagState.extend({ segment: z.object({ id }), priority: z.number().int().min(0) })),
});
export type Flag = z.output<typeof flag>;

/** The value is text whatever its type. */
const flagValueInput = z.object({
  type: z.enum(valueTypes),
  value: z
    .string()
    .max(featureValueLimit, { error: `Ensure this field has no more than ${featureValueLimit} characters.` })
    .refine((text) => !text.includes('\0'), { error: 'Null characters are not allowed.' }),
});

const flagStateInput = z.object({
  enabled: booleanInput.optional(),
  value: flagValueInput.nullish(),
  variants: z
    .array(z.object({ id: idInput, weight: numberInput({ min: 0, max: 100 }) }))
    .max(100)
    .optional(),
});
export type FlagStateInput = z.output<typeof flagStateInput>;

export const flagInput = z.object({
  environment_default: flagStateInput.optional(),
  segment_overrides: z
    .array(
      flagStateInput.extend({
        segment: z.object({ id: idInput }),
        priority: integerInput({ min: 0 }).nullish(),
      }),
    )
    .max(10_000)
    .optional(),
});
export type FlagInput = z.output<typeof flagInput>;

const featureName = z
  .object({ name: z.string().max(2000).optional(), id: idInput.optional() })
  .refine((feature) => (feature.name === undefined) !== (feature.id === undefined), {
    error: "Name the feature by 'name' or by 'id'.",
  });

const weights = z
  .array(z.object({ multivariate_feature_option: idInput, percentage_allocation: numberInput({ min: 0, max: 100 }) }))
  .max(100)
  .optional();

const tag = 'flags';
const one = z.object({ environment_api_key: z.string().max(100), feature_id: pathId });
const inEnvironment = one.pick({ environment_api_key: true });
const path = '/api/__future__/environments/{environment_api_key}/features/{feature_id}/';
const experiments = '/api/experiments/environments/{environment_api_key}/';

export const getFlag = endpoint({
  id: 'getFlag',
  method: 'GET',
  path,
  tag,
  summary: 'Read what a feature serves in an environment',
  params: one,
  response: flag,
  errors: [404],
});

export const replaceFlag = endpoint({
  id: 'replaceFlag',
  method: 'PUT',
  path,
  tag,
  summary: 'Replace the properties that are named, as a whole; segment overrides that are not listed go',
  params: one,
  body: flagInput,
  response: flag,
  errors: [403, 404, 409],
});

export const patchFlag = endpoint({
  id: 'patchFlag',
  method: 'PATCH',
  path,
  tag,
  summary: 'Change what is given; segment overrides are found by their segment, or added',
  params: one,
  body: flagInput,
  response: flag,
  errors: [403, 404, 409],
});

export const deleteFlagSegmentOverride = endpoint({
  id: 'deleteFlagSegmentOverride',
  method: 'DELETE',
  path: `${path}segment-overrides/{segment_id}/`,
  tag,
  summary: 'Remove a segment override',
  params: one.extend({ segment_id: pathId }),
  response: flag,
  errors: [403, 404, 409],
});

export const updateFlagV1 = endpoint({
  id: 'updateFlagV1',
  method: 'POST',
  path: `${experiments}update-flag-v1/`,
  tag,
  summary: "Set the environment's own state, or with `segment` one override",
  params: inEnvironment,
  body: z.object({
    feature: featureName,
    segment: z.object({ id: idInput, priority: integerInput({ min: 0 }).nullish() }).nullish(),
    enabled: booleanInput,
    value: flagValueInput,
  }),
  status: 204,
  errors: [403, 404],
});

export const updateFlagV2 = endpoint({
  id: 'updateFlagV2',
  method: 'POST',
  path: `${experiments}update-flag-v2/`,
  tag,
  summary: "Set the environment's own state and any number of overrides",
  params: inEnvironment,
  body: z.object({
    feature: featureName,
    environment_default: z.object({ enabled: booleanInput, value: flagValueInput }),
    segment_overrides: z
      .array(
        z.object({
          segment_id: idInput,
          priority: integerInput({ min: 0 }).nullish(),
          enabled: booleanInput,
          value: flagValueInput,
          multivariate_feature_state_values: weights,
        }),
      )
      .max(10_000)
      .optional(),
  }),
  status: 204,
  errors: [403, 404],
});

export const deleteSegmentOverride = endpoint({
  id: 'deleteSegmentOverride',
  method: 'POST',
  path: `${experiments}delete-segment-override/`,
  tag,
  summary: 'Remove a segment override, by feature and segment',
  params: inEnvironment,
  body: z.object({ feature: featureName, segment: z.object({ id: idInput }) }),
  status: 204,
  errors: [403, 404],
});

export const revertFeature = endpoint({
  id: 'revertFeature',
  method: 'POST',
  path: '/api/v1/environments/{environment_api_key}/features/{feature_id}/revert/',
  tag,
  summary: 'Serve an earlier version again, or undo one change',
  params: one,
  body: z.object({
    /** Where the environment has versions: the one to serve again. */
    version_uuid: uuid.optional(),
    /** A change of this feature in this environment, to be undone: what was before it is served again. */
    change_id: idInput.optional(),
  }),
  response: flag,
  errors: [403, 404],
});
