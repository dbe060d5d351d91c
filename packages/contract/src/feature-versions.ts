import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { typedFeatureStateInput } from './feature-states.ts';
import {
  blankableTextInput,
  booleanInput,
  id,
  idInput,
  integerInput,
  page,
  pageQuery,
  pathId,
  time,
  uuid,
} from './fields.ts';
import { typedValue } from './values.ts';

/** What a feature serves in an environment as one piece: its own state and all segment overrides. */
export const featureVersion = z.object({
  uuid,
  created_at: time,
  updated_at: time,
  published: z.boolean(),
  live_from: time.nullable(),
  /** Published, and its time has come. True for every version that ever went live; the newest of them is served. */
  is_live: z.boolean(),
  created_by: id.nullable(),
  published_by: id.nullable(),
  description: z.string().nullable(),
});
export type FeatureVersion = z.output<typeof featureVersion>;

export const featureVersionDetail = featureVersion.extend({
  /** The version that went live before this one; of a draft, the one that is live. */
  previous_version_uuid: uuid.nullable(),
  feature: id,
  environment: id,
});
export type FeatureVersionDetail = z.output<typeof featureVersionDetail>;

/** A state inside a version. It is not what is served: that has ids of its own. */
export const versionState = z.object({
  id,
  uuid,
  feature: id,
  environment: id,
  enabled: z.boolean(),
  feature_state_value: typedValue,
  feature_segment: z.object({ id, uuid, segment: id, priority: z.number().int().min(0) }).nullable(),
  multivariate_feature_state_values: z.array(
    z.object({ id, multivariate_feature_option: id, percentage_allocation: z.number().min(0).max(100) }),
  ),
  identity: z.null(),
  change_request: z.null(),
  live_from: time.nullable(),
  created_at: time,
  updated_at: time,
  deleted_at: z.null(),
});
export type VersionState = z.output<typeof versionState>;

const stateInput = typedFeatureStateInput.omit({ feature: true, environment: true });
const place = z.object({
  segment: idInput,
  /** Weaker ones make room. */
  priority: integerInput({ min: 0 }).nullish(),
});

/** Without a place it means the environment's own state. */
export const versionStateInput = stateInput.extend({ feature_segment: place.nullish() });
export type VersionStateInput = z.output<typeof versionStateInput>;

const states = z.array(versionStateInput).max(10_000).nullish();
const liveFrom = z.iso.datetime({ offset: true, local: true }).nullish();

export const createFeatureVersionInput = z.object({
  description: blankableTextInput(20_000).nullish(),
  /** Without it, or in the past: at once. */
  live_from: liveFrom,
  /** Segment overrides that the version that is live does not have. */
  feature_states_to_create: states,
  /** Others, found by their segment. What is not given in them stays. */
  feature_states_to_update: states,
  segment_ids_to_delete_overrides: z.array(idInput).max(10_000).nullish(),
  publish_immediately: booleanInput.default(false),
});
export type CreateFeatureVersionInput = z.output<typeof createFeatureVersionInput>;

const tag = 'feature versions';
const ofFeature = z.object({ environment_id: pathId, feature_id: pathId });
const oneVersion = ofFeature.extend({ version_uuid: uuid });
const oneState = oneVersion.extend({ state_id: pathId });
const path = '/api/v1/environments/{environment_id}/features/{feature_id}/versions/';
const ofEnvironment = z.object({ environment_api_key: z.string().max(100) });

export const enableFeatureVersioning = endpoint({
  id: 'enableFeatureVersioning',
  method: 'POST',
  path: '/api/v1/environments/{environment_api_key}/enable-v2-versioning/',
  tag,
  summary: 'Let features of an environment change by versions only; what is served becomes the first of each',
  params: ofEnvironment,
  status: 202,
  errors: [400, 403, 404],
});

export const disableFeatureVersioning = endpoint({
  id: 'disableFeatureVersioning',
  method: 'POST',
  path: '/api/v1/environments/{environment_api_key}/disable-v2-versioning/',
  tag,
  summary: 'Let features of an environment change directly again; its versions are removed, what is served stays',
  params: ofEnvironment,
  status: 202,
  errors: [400, 403, 404],
});

export const listFeatureVersions = endpoint({
  id: 'listFeatureVersions',
  method: 'GET',
  path,
  tag,
  summary: 'List the versions of a feature in an environment: drafts, then by the time of going live, the newest first',
  params: ofFeature,
  query: pageQuery.extend({ is_live: booleanInput.optional() }),
  paged: true,
  response: page(featureVersion),
  errors: [403, 404],
});

export const createFeatureVersion = endpoint({
  id: 'createFeatureVersion',
  method: 'POST',
  path,
  tag,
  summary: 'Make a version from what is live and the changes given, as a draft or published at once',
  params: ofFeature,
  body: createFeatureVersionInput,
  status: 201,
  response: featureVersion,
  errors: [403, 404],
});

export const getFeatureVersion = endpoint({
  id: 'getFeatureVersion',
  method: 'GET',
  path: `${path}{version_uuid}/`,
  tag,
  summary: 'Read a version',
  params: oneVersion,
  response: featureVersionDetail,
  errors: [403, 404],
});

export const patchFeatureVersion = endpoint({
  id: 'patchFeatureVersion',
  method: 'PATCH',
  path: `${path}{version_uuid}/`,
  tag,
  summary: 'Describe a draft, or say when it shall go live',
  params: oneVersion,
  body: z.object({ description: blankableTextInput(20_000).nullish(), live_from: liveFrom }),
  response: featureVersionDetail,
  errors: [403, 404],
});

export const deleteFeatureVersion = endpoint({
  id: 'deleteFeatureVersion',
  method: 'DELETE',
  path: `${path}{version_uuid}/`,
  tag,
  summary: 'Discard a draft, or call off a version before it goes live',
  params: oneVersion,
  status: 204,
  errors: [400, 403, 404],
});

export const publishFeatureVersion = endpoint({
  id: 'publishFeatureVersion',
  method: 'POST',
  path: `${path}{version_uuid}/publish/`,
  tag,
  summary: 'Publish a draft, at once or for `live_from`',
  params: oneVersion,
  body: z.object({ live_from: liveFrom }),
  response: featureVersion,
  errors: [403, 404],
});

export const listVersionStates = endpoint({
  id: 'listVersionStates',
  method: 'GET',
  path: `${path}{version_uuid}/featurestates/`,
  tag,
  summary: "List the states of a version: the environment's own, then segment overrides, the strongest first",
  params: oneVersion,
  response: z.array(versionState),
  errors: [403, 404],
});

export const createVersionState = endpoint({
  id: 'createVersionState',
  method: 'POST',
  path: `${path}{version_uuid}/featurestates/`,
  tag,
  summary: 'Add a segment override to a draft',
  params: oneVersion,
  body: versionStateInput,
  status: 201,
  response: versionState,
  errors: [403, 404],
});

export const updateVersionState = endpoint({
  id: 'updateVersionState',
  method: 'PUT',
  path: `${path}{version_uuid}/featurestates/{state_id}/`,
  tag,
  summary: 'Change a state of a draft; what is not given stays',
  params: oneState,
  body: versionStateInput,
  response: versionState,
  errors: [403, 404],
});

export const patchVersionState = endpoint({
  id: 'patchVersionState',
  method: 'PATCH',
  path: `${path}{version_uuid}/featurestates/{state_id}/`,
  tag,
  summary: 'The same as PUT',
  params: oneState,
  body: versionStateInput,
  response: versionState,
  errors: [403, 404],
});

export const deleteVersionState = endpoint({
  id: 'deleteVersionState',
  method: 'DELETE',
  path: `${path}{version_uuid}/featurestates/{state_id}/`,
  tag,
  summary: 'Take a segment override out of a draft',
  params: oneState,
  status: 204,
  errors: [400, 403, 404],
});

export const getFeatureVersionByUuid = endpoint({
  id: 'getFeatureVersionByUuid',
  method: 'GET',
  path: '/api/v1/environment-feature-versions/{version_uuid}/',
  tag,
  summary: 'Read a version by its uuid',
  params: z.object({ version_uuid: uuid }),
  response: featureVersionDetail,
  errors: [403, 404],
});
