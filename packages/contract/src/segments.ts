import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { operators, ruleTypes } from './evaluation.ts';
import {
  blankableTextInput,
  booleanInput,
  exactTextInput,
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

/** Most conditions of a segment, all its rules together. */
export const segmentConditionLimit = 100;
/** Longest property and longest value of a condition, in characters. */
export const conditionTextLimit = 1000;

/** Ids of rules and conditions are unique within their segment. */
const segmentCondition = z.object({
  id,
  operator: z.enum(operators),
  /** A trait key or a JSONPath that starts with `$.`; null or empty for a percentage split over identities. */
  property: z.string().nullable(),
  value: z.string().nullable(),
  description: z.string().nullable(),
});
export type SegmentCondition = z.output<typeof segmentCondition>;

const innerRule = z.object({
  id,
  type: z.enum(ruleTypes),
  rules: z.array(z.never()).max(0),
  conditions: z.array(segmentCondition),
});

/** A segment matches where each of its rules does. Rules hold conditions, and rules that hold conditions. */
export const segmentRule = innerRule.extend({ rules: z.array(innerRule) });
export type SegmentRule = z.output<typeof segmentRule>;

export const segment = z.object({
  id,
  uuid,
  name: z.string(),
  description: z.string().nullable(),
  project: id,
  /** The one feature that may use it; null for a segment of the whole project. */
  feature: id.nullable(),
  /** Its own id: earlier versions are not shown. */
  version_of: id,
  rules: z.array(segmentRule),
  metadata: z.array(metadataValue),
  created_at: time,
  updated_at: time,
});
export type Segment = z.output<typeof segment>;

/** A segment after it was saved: `warnings` say what other SDKs would read differently, or what is probably not meant. */
export const savedSegment = segment.extend({ warnings: z.array(z.string()) });
export type SavedSegment = z.output<typeof savedSegment>;

const conditionInput = z.object({
  id: idInput.nullish(),
  operator: z.enum(operators),
  property: blankableTextInput(conditionTextLimit).nullish(),
  /** Kept as text; `true` for true. */
  value: z
    .preprocess(
      (value) => (typeof value === 'boolean' ? String(value) : value),
      exactTextInput(conditionTextLimit).nullable(),
    )
    .optional(),
  description: blankableTextInput(20_000).nullish(),
  /** What is marked so is left out. */
  delete: booleanInput.optional(),
});
export type SegmentConditionInput = z.output<typeof conditionInput>;

const innerRuleInput = z.object({
  id: idInput.nullish(),
  type: z.enum(ruleTypes),
  /** Must be empty: two levels are all there is. */
  rules: z.array(z.unknown()).default([]),
  conditions: z.array(conditionInput).default([]),
  delete: booleanInput.optional(),
});

const ruleInput = innerRuleInput.extend({ rules: z.array(innerRuleInput).max(segmentConditionLimit).default([]) });
export type SegmentRuleInput = z.output<typeof ruleInput>;

const rulesInput = z.array(ruleInput).min(1).max(segmentConditionLimit);

/** Rules are replaced as a whole. A segment keeps the feature that it was created for. */
export const segmentInput = z
  .object({
    name: textInput(2000),
    description: blankableTextInput(20_000).nullish(),
    feature: idInput.nullish(),
    rules: rulesInput,
    /** Replaced as a whole where it is given. */
    metadata: metadataInput.optional(),
  })
  .superRefine(refuseLargeTrees);

export const patchSegmentInput = z
  .object({
    name: textInput(2000).optional(),
    description: blankableTextInput(20_000).nullish(),
    feature: idInput.nullish(),
    rules: rulesInput.optional(),
    metadata: metadataInput.optional(),
  })
  .superRefine(refuseLargeTrees);

/** Rules to try out. They need not be saved, and a condition that can never match is no error here. */
export const segmentTestInput = z
  .object({
    rules: rulesInput,
    /** Of which environment, for identities and their traits. */
    environment: idInput,
    /** The segment that has the rules: percentage splits are seeded with its id. */
    segment: idInput.nullish(),
  })
  .superRefine(refuseLargeTrees);

/** Clients look for these two under `segment`. */
function refuseLargeTrees({ rules = [] }: { rules?: SegmentRuleInput[] | undefined }, check: z.core.$RefinementCtx) {
  const refuse = (message: string) => check.addIssue({ code: 'custom', path: ['segment'], message });
  const kept = rules.filter((rule) => !rule.delete);
  const inner = kept.flatMap((rule) => rule.rules.filter((innerRule) => !innerRule.delete));
  if (inner.some((rule) => rule.rules.length > 0)) refuse('Rules must not be nested more than 2 levels deep.');
  const count = [...kept, ...inner].flatMap((rule) => rule.conditions.filter((condition) => !condition.delete)).length;
  if (count > segmentConditionLimit) {
    refuse(
      `The segment has ${count} conditions, which exceeds the maximum condition count of ${segmentConditionLimit}.`,
    );
  }
}

const tag = 'segments';
const inProject = z.object({ project_id: pathId });
const oneSegment = inProject.extend({ segment_id: pathId });

export const listSegments = endpoint({
  id: 'listSegments',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/segments/',
  tag,
  summary: 'List the segments of a project, or with `identity` those that an identity is in',
  params: inProject,
  query: pageQuery.extend({
    /** Part of the name. */
    q: z.string().max(2000).optional(),
    identity: idInput.optional(),
    include_feature_specific: booleanInput.default(true),
  }),
  paged: true,
  response: page(segment),
  errors: [403, 404],
});

export const createSegment = endpoint({
  id: 'createSegment',
  method: 'POST',
  path: '/api/v1/projects/{project_id}/segments/',
  tag,
  summary: 'Create a segment; a condition that could never match is refused',
  params: inProject,
  body: segmentInput,
  status: 201,
  response: savedSegment,
  errors: [403, 404],
});

export const getSegment = endpoint({
  id: 'getSegment',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/segments/{segment_id}/',
  tag,
  summary: 'Read a segment',
  params: oneSegment,
  response: segment,
  errors: [403, 404],
  conditional: true,
});

export const updateSegment = endpoint({
  id: 'updateSegment',
  method: 'PUT',
  path: '/api/v1/projects/{project_id}/segments/{segment_id}/',
  tag,
  summary: 'Replace the rules of a segment; its earlier version is kept',
  params: oneSegment,
  body: segmentInput,
  response: savedSegment,
  errors: [403, 404],
  conditional: true,
});

export const patchSegment = endpoint({
  id: 'patchSegment',
  method: 'PATCH',
  path: '/api/v1/projects/{project_id}/segments/{segment_id}/',
  tag,
  summary: 'Change some of a segment; rules are replaced as a whole where they are given',
  params: oneSegment,
  body: patchSegmentInput,
  response: savedSegment,
  errors: [403, 404],
  conditional: true,
});

export const deleteSegment = endpoint({
  id: 'deleteSegment',
  method: 'DELETE',
  path: '/api/v1/projects/{project_id}/segments/{segment_id}/',
  tag,
  summary: 'Delete a segment with its overrides in every environment',
  params: oneSegment,
  status: 204,
  errors: [403, 404],
  conditional: true,
});

export const cloneSegment = endpoint({
  id: 'cloneSegment',
  method: 'POST',
  path: '/api/v1/projects/{project_id}/segments/{segment_id}/clone/',
  tag,
  summary: 'Create a segment with the rules of another one',
  params: oneSegment,
  body: z.object({ name: textInput(2000) }),
  status: 201,
  response: savedSegment,
  errors: [403, 404],
});

export const listAssociatedFeatures = endpoint({
  id: 'listAssociatedFeatures',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/segments/{segment_id}/associated-features/',
  tag,
  summary: 'List the feature states that override a feature for a segment, in one environment or in all',
  params: oneSegment,
  query: pageQuery.extend({ environment: idInput.optional() }),
  paged: true,
  response: page(z.object({ id, feature: id, environment: id })),
  errors: [403, 404],
});

export const getSegmentByUuid = endpoint({
  id: 'getSegmentByUuid',
  method: 'GET',
  path: '/api/v1/segments/get-by-uuid/{uuid}/',
  tag,
  summary: 'Read a segment by its uuid',
  params: z.object({ uuid }),
  response: segment,
  errors: [403, 404],
});
