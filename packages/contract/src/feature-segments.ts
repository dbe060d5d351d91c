import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { typedFeatureState, typedFeatureStateInput } from './feature-states.ts';
import { id, idInput, integerInput, page, pageQuery, pathId, uuid } from './fields.ts';

const priority = z.number().int().min(0);

/** That a segment may override a feature in an environment, and how strongly: 0 wins over 1. */
const featureSegment = z.object({ id, uuid, feature: id, segment: id, environment: id, priority });
export type FeatureSegment = z.output<typeof featureSegment>;

/** The same in a list, where the feature is known and the segment is told by name. */
const listedFeatureSegment = featureSegment
  .omit({ feature: true })
  .extend({ segment_name: z.string(), is_feature_specific: z.boolean() });
export type ListedFeatureSegment = z.output<typeof listedFeatureSegment>;

/** A segment override in one: the state, and where it stands among its siblings. */
const segmentOverride = typedFeatureState.extend({
  feature_segment: z.object({ id, uuid, segment: id, priority }),
});
export type SegmentOverride = z.output<typeof segmentOverride>;

const tag = 'segment overrides';
const oneFeatureSegment = z.object({ feature_segment_id: pathId });

export const listFeatureSegments = endpoint({
  id: 'listFeatureSegments',
  method: 'GET',
  path: '/api/v1/features/feature-segments/',
  tag,
  summary: 'List the segments that override a feature in an environment, the strongest first',
  query: pageQuery.extend({ environment: idInput, feature: idInput }),
  paged: true,
  response: page(listedFeatureSegment),
  errors: [403, 404],
});

export const createFeatureSegment = endpoint({
  id: 'createFeatureSegment',
  method: 'POST',
  path: '/api/v1/features/feature-segments/',
  tag,
  summary: 'Let a segment override a feature, as the weakest; its state is made afterwards',
  body: z.object({ feature: idInput, segment: idInput, environment: idInput }),
  status: 201,
  response: featureSegment,
  errors: [403, 404],
});

export const getFeatureSegment = endpoint({
  id: 'getFeatureSegment',
  method: 'GET',
  path: '/api/v1/features/feature-segments/{feature_segment_id}/',
  tag,
  summary: 'Read a feature segment',
  params: oneFeatureSegment,
  response: listedFeatureSegment,
  errors: [403, 404],
});

export const getFeatureSegmentByUuid = endpoint({
  id: 'getFeatureSegmentByUuid',
  method: 'GET',
  path: '/api/v1/features/feature-segments/get-by-uuid/{uuid}/',
  tag,
  summary: 'Read a feature segment by its uuid',
  params: z.object({ uuid }),
  response: listedFeatureSegment,
  errors: [403, 404],
});

/** What stays the same may be repeated; the priority is changed by update-priorities. */
const featureSegmentInput = z.object({ feature: idInput, segment: idInput, environment: idInput });
const featureSegmentChanges = featureSegmentInput.partial();
export type FeatureSegmentChanges = z.output<typeof featureSegmentChanges>;

export const updateFeatureSegment = endpoint({
  id: 'updateFeatureSegment',
  method: 'PUT',
  path: '/api/v1/features/feature-segments/{feature_segment_id}/',
  tag,
  summary: 'Give an override, with its state and its priority, to another segment',
  params: oneFeatureSegment,
  body: featureSegmentInput,
  response: featureSegment,
  errors: [403, 404],
});

export const patchFeatureSegment = endpoint({
  id: 'patchFeatureSegment',
  method: 'PATCH',
  path: '/api/v1/features/feature-segments/{feature_segment_id}/',
  tag,
  summary: 'Give an override, with its state and its priority, to another segment',
  params: oneFeatureSegment,
  body: featureSegmentChanges,
  response: featureSegment,
  errors: [403, 404],
});

export const deleteFeatureSegment = endpoint({
  id: 'deleteFeatureSegment',
  method: 'DELETE',
  path: '/api/v1/features/feature-segments/{feature_segment_id}/',
  tag,
  summary: 'Remove a segment override with its state; weaker ones move up',
  params: oneFeatureSegment,
  status: 204,
  errors: [403, 404],
});

export const updatePriorities = endpoint({
  id: 'updatePriorities',
  method: 'POST',
  path: '/api/v1/features/feature-segments/update-priorities/',
  tag,
  summary: 'Move segment overrides of one feature to new priorities; those that are not named make room',
  body: z
    .array(z.object({ id: idInput, priority: integerInput({ min: 0 }) }))
    .min(1)
    .max(10_000),
  response: z.array(listedFeatureSegment),
  errors: [403, 404],
});

export const createSegmentOverride = endpoint({
  id: 'createSegmentOverride',
  method: 'POST',
  path: '/api/v1/environments/{environment_api_key}/features/{feature_id}/create-segment-override/',
  tag,
  summary: 'Override a feature for a segment: its place and its state in one step',
  params: z.object({ environment_api_key: z.string().max(100), feature_id: pathId }),
  body: typedFeatureStateInput.extend({
    feature_segment: z.object({
      segment: idInput,
      /** Weaker ones make room; without it the override is the weakest. */
      priority: integerInput({ min: 0 }).nullish(),
    }),
  }),
  status: 201,
  response: segmentOverride,
  errors: [403, 404],
});
