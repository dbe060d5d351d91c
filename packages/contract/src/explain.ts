import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { operators, ruleTypes } from './evaluation.ts';
import { blankableTextInput, exactTextInput, id, idInput, pathId, textInput } from './fields.ts';
import { segmentTestInput } from './segments.ts';
import { scalarValue } from './values.ts';

/** Most people of one playground, and most columns: people times environments. */
export const playgroundPeopleLimit = 20;
export const playgroundColumnLimit = 200;
/** Longest value that a playground shows, in characters; what is longer is cut. */
export const playgroundValueLimit = 200;

const traitValue = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** Objects and lists count as their JSON text, as where an SDK sends them. */
const traitValueInput = z.preprocess(
  (value) => (typeof value === 'object' && value !== null ? JSON.stringify(value) : value),
  z.union([z.number(), z.boolean(), z.null(), exactTextInput(2000)]),
);

/**
 * Who asks, as an SDK says it on `/identities/`: stored traits of a known identifier count, with the given ones over them; null takes
 * one away. Without an identifier the traits alone; with neither, what `/flags/` serves to nobody in particular.
 */
const personInput = z.object({
  identifier: blankableTextInput(2000).nullish(),
  traits: z
    .array(z.object({ trait_key: textInput(200), trait_value: traitValueInput }))
    .max(1000)
    .nullish(),
});
export type PersonInput = z.output<typeof personInput>;

/** Who asked, with what is known of them. */
const person = z.object({
  /** Null for nobody in particular. */
  identifier: z.string().nullable(),
  /** Made of the traits, because none was given. */
  is_generated: z.boolean(),
  /** The identity as it is known; null where it is not. */
  identity: id.nullable(),
  /** `hidden`: what is stored is for those who may see identities, so it was not used. `none`: there was no identifier. */
  stored: z.enum(['used', 'unknown', 'hidden', 'none']),
  /** Those that the evaluation saw. */
  traits: z.array(
    z.object({
      trait_key: z.string(),
      trait_value: traitValue,
      source: z.enum(['stored', 'given']),
    }),
  ),
});
export type ExplainedPerson = z.output<typeof person>;

/** `reached` is false where the answer was certain before this part was looked at. */
const parts = { matched: z.boolean(), reached: z.boolean() };

const explainedCondition = z.object({
  ...parts,
  operator: z.enum(operators),
  /** Empty for a percentage split over identities. */
  property: z.string(),
  value: z.string().nullable(),
  /** What the property stands for; null where nothing is set. */
  actual: traitValue,
  /** Where a percentage split puts it, of 100. */
  percentage: z.number().nullable(),
});
export type ExplainedCondition = z.output<typeof explainedCondition>;

const innerRule = z.object({
  ...parts,
  type: z.enum(ruleTypes),
  rules: z.array(z.never()).max(0),
  conditions: z.array(explainedCondition),
});
const explainedRule = innerRule.extend({ rules: z.array(innerRule) });
export type ExplainedRule = z.output<typeof explainedRule>;

const segmentName = z.object({ id, name: z.string() });
const explainedSegment = segmentName.extend({ matched: z.boolean(), rules: z.array(explainedRule) });
export type ExplainedSegment = z.output<typeof explainedSegment>;

const step = {
  /** `outranked`: it matches, and a stronger one wins. `skipped`: nobody in particular is in no segment. */
  result: z.enum(['wins', 'outranked', 'no match', 'skipped']),
  enabled: z.boolean(),
  /** The control value where there are variants. */
  value: scalarValue,
};

const explanationStep = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('environment'), ...step }),
  z.object({ kind: z.literal('segment'), ...step, segment: segmentName, priority: z.number().int().nullable() }),
  z.object({ kind: z.literal('identity'), ...step }),
  z.object({
    kind: z.literal('split'),
    /** Hashed together with the person's key. */
    seed: z.string(),
    percentage: z.number(),
    /** The range of each: from, inclusive, to, exclusive. Beyond all of them the control value is served. */
    variants: z.array(
      z.object({
        key: z.string().nullable(),
        value: scalarValue,
        weight: z.number(),
        from: z.number(),
        to: z.number(),
        hit: z.boolean(),
      }),
    ),
  }),
]);
export type ExplanationStep = z.output<typeof explanationStep>;

const feature = z.object({ id, name: z.string(), type: z.string() });
const decidedBy = z.enum(['environment', 'segment', 'identity']);
/** Which SDKs are told of the feature: `none` where it is off and features that are off are hidden. */
const visibility = z.enum(['all', 'server', 'none']);

const explainedFeature = z.object({
  feature,
  enabled: z.boolean(),
  value: scalarValue,
  variant: z.string().nullable(),
  /** As the SDKs word it. */
  reason: z.string(),
  decided_by: decidedBy,
  visibility,
  /** The environment's own state, each segment override with the strongest first, the identity's override, the split of what won. */
  steps: z.array(explanationStep),
});
export type ExplainedFeature = z.output<typeof explainedFeature>;

export const explanation = z.object({
  environment: z.object({ id, name: z.string(), api_key: z.string() }),
  /** Of the document that was evaluated. */
  version: z.number().int(),
  person,
  /** What splits hash; null for nobody in particular. */
  key: z.string().nullable(),
  /** The segments that the steps name. */
  segments: z.array(explainedSegment),
  features: z.array(explainedFeature),
});
export type Explanation = z.output<typeof explanation>;

const playgroundServed = z.object({
  enabled: z.boolean(),
  value: scalarValue,
  value_is_cut: z.boolean(),
  variant: z.string().nullable(),
  decided_by: decidedBy,
  segment: segmentName.nullable(),
  visibility,
});
export type PlaygroundServed = z.output<typeof playgroundServed>;

export const playground = z.object({
  environments: z.array(z.object({ id, name: z.string(), api_key: z.string() })),
  /** In the order of the request. */
  people: z.array(
    z.object({
      identifier: z.string().nullable(),
      is_generated: z.boolean(),
      /** Environments that know the identity. */
      known_in: z.array(id),
      /** Environments whose stored traits were not used, because they are hidden from who asks. */
      hidden_in: z.array(id),
    }),
  ),
  features: z.array(
    z.object({
      feature,
      /** Everything different that somebody gets. */
      served: z.array(playgroundServed),
      /** By environment and then by person: the place in `served`. */
      cells: z.array(z.array(z.number().int().nonnegative())),
    }),
  ),
});
export type Playground = z.output<typeof playground>;

export const segmentTest = z.object({
  person,
  matched: z.boolean(),
  rules: z.array(explainedRule),
});
export type SegmentTest = z.output<typeof segmentTest>;

export const segmentSample = z.object({
  matching: z.number().int(),
  /** The newest identities that were tried. */
  sampled: z.number().int(),
  /** The newest of those that match. */
  examples: z.array(z.object({ id, identifier: z.string() })),
});
export type SegmentSample = z.output<typeof segmentSample>;

export const traitSamples = z.object({
  /** The newest identities that were looked at. */
  sampled: z.number().int(),
  /** The most frequent first. */
  traits: z.array(
    z.object({
      key: z.string(),
      types: z.array(z.enum(['text', 'integer', 'boolean', 'float'])),
      /** Identities that have it. */
      count: z.number().int(),
      /** The most frequent first; none for those who may not see identities. */
      values: z.array(z.union([z.string(), z.number(), z.boolean()])),
    }),
  ),
});
export type TraitSamples = z.output<typeof traitSamples>;

const tag = 'explain';
const inEnvironment = z.object({ environment_api_key: z.string().max(100) });
const inProject = z.object({ project_id: pathId });
const featureIds = z.array(idInput).max(1000).optional();

export const explainFeatures = endpoint({
  id: 'explainFeatures',
  method: 'POST',
  path: '/api/v1/environments/{environment_api_key}/explain/',
  tag,
  summary: 'Explain what somebody gets of features and why; takes the body of /identities/ and stores nothing',
  params: inEnvironment,
  body: personInput.extend({ features: featureIds }),
  response: explanation,
  errors: [403, 404],
});

export const runPlayground = endpoint({
  id: 'runPlayground',
  method: 'POST',
  path: '/api/v1/projects/{project_id}/playground/',
  tag,
  summary: 'Show side by side what several people get in several environments; stores nothing',
  params: inProject,
  body: z.object({
    people: z.array(personInput).min(1).max(playgroundPeopleLimit),
    /** Without them all that the caller may see. */
    environments: z.array(idInput).min(1).max(playgroundColumnLimit).optional(),
    features: featureIds,
  }),
  response: playground,
  errors: [403, 404],
});

export const testSegment = endpoint({
  id: 'testSegment',
  method: 'POST',
  path: '/api/v1/projects/{project_id}/segments/test/',
  tag,
  summary: 'Tell whether somebody is in a segment with these rules, saved or not, condition by condition',
  params: inProject,
  body: segmentTestInput.extend(personInput.shape),
  response: segmentTest,
  errors: [403, 404],
});

export const sampleSegment = endpoint({
  id: 'sampleSegment',
  method: 'POST',
  path: '/api/v1/projects/{project_id}/segments/sample/',
  tag,
  summary: 'Count who of the newest identities of an environment would be in a segment with these rules',
  params: inProject,
  body: segmentTestInput,
  response: segmentSample,
  errors: [403, 404],
});

export const listTraitSamples = endpoint({
  id: 'listTraitSamples',
  method: 'GET',
  path: '/api/v1/environments/{environment_api_key}/trait-samples/',
  tag,
  summary: 'List traits of the newest identities with their types and some values, to choose from',
  params: inEnvironment,
  response: traitSamples,
  errors: [403, 404],
});
