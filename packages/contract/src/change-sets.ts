import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { scalarValueInput } from './feature-states.ts';
import { featurePage } from './feature-pages.ts';
import { blankableTextInput, booleanInput, exactTextInput, id, idInput, numberInput, pathId, time } from './fields.ts';
import { metadataInput } from './metadata.ts';
import { multivariateOptionInput } from './multivariate-options.ts';
import { scalarValue } from './values.ts';

/*
 * A change set is what one save, bulk action or copy changed: all of it at once or nothing, with a note, and it can be
 * undone as a whole.
 */

export const changeSetKinds = ['save', 'bulk', 'copy', 'undo'] as const;
export type ChangeSetKind = (typeof changeSetKinds)[number];

const weight = z.object({ option: id, percentage_allocation: z.number().min(0).max(100) });
const served = z.object({
  /** Null for the environment's own state. */
  segment: id.nullable(),
  enabled: z.boolean(),
  value: scalarValue,
  weights: z.array(weight),
});
export type ServedForm = z.output<typeof served>;

const override = z.object({ enabled: z.boolean(), value: scalarValue, weights: z.array(weight) });
const option = z.object({
  id,
  key: z.string().nullable(),
  type: z.enum(['unicode', 'int', 'bool']),
  string_value: z.string().nullable(),
  integer_value: z.number().int().nullable(),
  boolean_value: z.boolean().nullable(),
  default_percentage_allocation: z.number().min(0).max(100),
});
export type OptionForm = z.output<typeof option>;
const customField = z.object({ model_field: id, field_value: z.string() });

/** One thing that changed, with what it was and what it is. */
function part<Name extends string, T extends z.ZodType>(name: Name, value: T) {
  return z.object({ part: z.literal(name), feature: id, before: value, after: value });
}
const inEnvironment = { environment: id };

export const changeSetPart = z.discriminatedUnion('part', [
  part('description', z.string().nullable()),
  part('is_archived', z.boolean()),
  part('is_server_key_only', z.boolean()),
  /** Ids. */
  part('tags', z.array(id)),
  part('owners', z.array(id)),
  part('group_owners', z.array(id)),
  part('metadata', z.array(customField)),
  part('multivariate_options', z.array(option)),
  /** Whether the environment's own state is on, where nothing else of it changed. */
  part('enabled', z.boolean()).extend(inEnvironment),
  /** The environment's own state, then the segment overrides, the strongest first. */
  part('states', z.array(served)).extend(inEnvironment),
  part('identity_override', override.nullable()).extend({
    ...inEnvironment,
    identity: z.object({ id, identifier: z.string() }),
  }),
  /** A version that goes live later: nothing is served differently before. */
  part('scheduled_version', z.object({ uuid: z.uuid(), live_from: time, states: z.array(served) }).nullable()).extend(
    inEnvironment,
  ),
  /** The feature is gone, which cannot be undone. */
  part('deleted', z.boolean()),
]);
export type ChangeSetPart = z.output<typeof changeSetPart>;

export const changeSet = z.object({
  id,
  kind: z.enum(changeSetKinds),
  note: z.string().nullable(),
  created_date: time,
  /** Who made it; null for a master key, and for somebody whose account is gone. */
  author: z.object({ id, email: z.string(), first_name: z.string(), last_name: z.string() }).nullable(),
  /** Whether undo would be tried: nobody did it before, and nothing was deleted. */
  can_be_undone: z.boolean(),
  undone_by: id.nullable(),
  undoes: id.nullable(),
  /** Names of what the parts name by id. */
  features: z.array(z.object({ id, name: z.string() })),
  environments: z.array(z.object({ id, name: z.string() })),
  /** Those of environments that the caller may not see are left out. */
  parts: z.array(changeSetPart),
});
export type ChangeSet = z.output<typeof changeSet>;

/** What a write did, or with `dry_run` would do: `change_set` is null where nothing is different. */
export const changeOutcome = z.object({ change_set: id.nullable(), parts: z.array(changeSetPart) });
export type ChangeOutcome = z.output<typeof changeOutcome>;

const note = blankableTextInput(2000).nullish();
const dryRun = booleanInput.default(false);

/** A variant by its id, or one that the same request creates by its `ref`. One that is not named gets nobody. */
const weightInput = z
  .object({
    option: idInput.optional(),
    option_ref: z.string().min(1).max(100).optional(),
    percentage_allocation: numberInput({ min: 0, max: 100 }),
  })
  .refine((given) => (given.option === undefined) !== (given.option_ref === undefined), {
    error: 'Give either option or option_ref.',
    path: ['option'],
  });
export type DraftWeight = z.output<typeof weightInput>;

const stateInput = z.object({
  enabled: booleanInput.optional(),
  value: scalarValueInput.optional(),
  weights: z.array(weightInput).max(100).optional(),
});
export type DraftState = z.output<typeof stateInput>;

const overrideInput = stateInput.extend({ segment: idInput });
const identityInput = z
  .object({ identity: idInput.optional(), identifier: exactTextInput(2000).optional() })
  .refine((given) => (given.identity === undefined) !== (given.identifier === undefined), {
    error: 'Give either identity or identifier.',
    path: ['identity'],
  });

const draftEnvironment = z.object({
  environment: idInput,
  /** `version` of the environment as the draft found it. Without it, the save happens in any case. */
  base: z.string().max(100).optional(),
  state: stateInput.optional(),
  /** All overrides that there shall be, the strongest first; those that are not named go. What is not given of one stays. */
  segment_overrides: z.array(overrideInput).max(1000).optional(),
  identity_overrides: z
    .object({
      set: z.array(identityInput.and(stateInput)).max(100).default([]),
      remove: z.array(identityInput).max(100).default([]),
    })
    .optional(),
});
export type DraftEnvironment = z.output<typeof draftEnvironment>;

const draftOption = multivariateOptionInput.extend({
  /** Without an id, it is a new one. */
  id: idInput.optional(),
  /** Names a new one within the request. */
  ref: z.string().min(1).max(100).optional(),
});
export type DraftOption = z.output<typeof draftOption>;

const draftSettings = z.object({
  /** `version` of the feature as the draft found it. Without it, the save happens in any case. */
  base: z.string().max(100).optional(),
  description: blankableTextInput(20_000).nullish(),
  is_archived: booleanInput.optional(),
  is_server_key_only: booleanInput.optional(),
  /** Each of these lists is all that there shall be. */
  tags: z.array(idInput).max(200).optional(),
  owners: z.array(idInput).max(200).optional(),
  group_owners: z.array(idInput).max(200).optional(),
  metadata: metadataInput.optional(),
  /**
   * Variants that are not named go. A new one gets its default weight everywhere, as if it were created by itself, unless
   * the request weighs it in an environment: then it gets nobody where the request says nothing.
   */
  multivariate_options: z.array(draftOption).max(100).optional(),
});
export type DraftSettings = z.output<typeof draftSettings>;

/** A draft of everything that can be edited of a feature; what is absent stays. */
export const saveFeatureInput = z.object({
  settings: draftSettings.optional(),
  environments: z.array(draftEnvironment).max(100).default([]),
  note,
  /** States and segment overrides go live at this time, where the environment has versions. */
  live_from: z.iso.datetime({ offset: true }).nullish(),
  dry_run: dryRun,
});
export type SaveFeatureInput = z.output<typeof saveFeatureInput>;

export const savedFeature = changeOutcome.extend({
  /** The feature as it is now; null where nothing was written. */
  page: featurePage.nullable(),
});
export type SavedFeature = z.output<typeof savedFeature>;

export const bulkActions = [
  'add_tags',
  'remove_tags',
  'add_owners',
  'remove_owners',
  'archive',
  'unarchive',
  'delete',
  'enable',
  'disable',
] as const;

export const changeFeaturesInput = z.object({
  features: z.array(idInput).min(1).max(1000),
  action: z.enum(bulkActions),
  /** For `add_tags` and `remove_tags`. */
  tags: z.array(idInput).max(200).default([]),
  /** For `add_owners` and `remove_owners`. */
  owners: z.array(idInput).max(200).default([]),
  group_owners: z.array(idInput).max(200).default([]),
  /** For `enable` and `disable`. */
  environment: idInput.optional(),
  note,
  dry_run: dryRun,
});
export type ChangeFeaturesInput = z.output<typeof changeFeaturesInput>;

const difference = z.object({
  feature: z.object({ id, name: z.string(), is_archived: z.boolean() }),
  enabled: z.boolean(),
  value: z.boolean(),
  weights: z.boolean(),
  segment_overrides: z.boolean(),
  /** The environment's own state, then the segment overrides, the strongest first. */
  from: z.array(served),
  to: z.array(served),
});
export type FeatureDifference = z.output<typeof difference>;

export const comparison = z.object({
  /** Features that serve something else there, in the order in which they were created. */
  differences: z.array(difference),
  /** Ids of the others. */
  same: z.array(id),
  segments: z.array(z.object({ id, name: z.string() })),
});
export type Comparison = z.output<typeof comparison>;

export const copyStatesInput = z.object({
  from: idInput,
  to: idInput,
  features: z.array(idInput).min(1).max(1000),
  /** Whether the segment overrides become those of `from`, too. */
  segment_overrides: booleanInput.default(false),
  note,
  dry_run: dryRun,
});

const tag = 'change sets';
const inProject = z.object({ project_id: pathId });
const oneFeature = inProject.extend({ feature_id: pathId });
const oneChangeSet = inProject.extend({ change_set_id: pathId });

export const saveFeature = endpoint({
  id: 'saveFeature',
  method: 'POST',
  path: '/api/v1/projects/{project_id}/features/{feature_id}/save/',
  tag,
  summary: 'Save a draft of a feature: settings, variants, states and overrides in every environment, all or nothing',
  params: oneFeature,
  body: saveFeatureInput,
  response: savedFeature,
  errors: [403, 404, 409],
});

export const changeFeatures = endpoint({
  id: 'changeFeatures',
  method: 'POST',
  path: '/api/v1/projects/{project_id}/features/bulk/',
  tag,
  summary: 'Change many features in the same way, all or nothing',
  params: inProject,
  body: changeFeaturesInput,
  response: changeOutcome,
  errors: [403, 404],
});

export const compareEnvironments = endpoint({
  id: 'compareEnvironments',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/compare/',
  tag,
  summary: 'Read which features serve something else in another environment',
  params: inProject,
  query: z.object({ from: idInput, to: idInput }),
  response: comparison,
  errors: [403, 404],
});

export const copyStates = endpoint({
  id: 'copyStates',
  method: 'POST',
  path: '/api/v1/projects/{project_id}/compare/copy/',
  tag,
  summary: 'Let features serve in an environment what they serve in another one, all or nothing',
  params: inProject,
  body: copyStatesInput,
  response: changeOutcome,
  errors: [403, 404],
});

export const getChangeSet = endpoint({
  id: 'getChangeSet',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/change-sets/{change_set_id}/',
  tag,
  summary: 'Read what a save, bulk action or copy changed',
  params: oneChangeSet,
  response: changeSet,
  errors: [403, 404],
});

export const undoChangeSet = endpoint({
  id: 'undoChangeSet',
  method: 'POST',
  path: '/api/v1/projects/{project_id}/change-sets/{change_set_id}/undo/',
  tag,
  summary: 'Put back what a save, bulk action or copy changed, as a change of its own',
  params: oneChangeSet,
  body: z.object({ note, dry_run: dryRun }),
  response: changeOutcome,
  errors: [403, 404, 409],
});
