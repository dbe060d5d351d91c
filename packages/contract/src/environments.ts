import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import type { EnvironmentDocument } from './environment-document.ts';
import {
  blankableTextInput,
  booleanInput,
  id,
  idInput,
  integerInput,
  page,
  pageQuery,
  pathId,
  textInput,
  time,
  uuid,
} from './fields.ts';
import { metadataInput, metadataValue } from './metadata.ts';

/** An environment as lists of other objects show it. */
export const lightEnvironment = z.object({
  id,
  uuid,
  name: z.string(),
  /** The client-side key; it names the environment in paths as well. */
  api_key: z.string(),
  description: z.string().nullable(),
  project: id,
  minimum_change_request_approvals: z.number().int().nullable(),
  allow_client_traits: z.boolean(),
  banner_text: z.string().nullable(),
  banner_colour: z.string().nullable(),
  /** null inherits the project's setting. */
  hide_disabled_flags: z.boolean().nullable(),
  /** Kept as it was given. People are bucketed by environment and identifier either way, so that all SDKs agree. */
  use_identity_composite_key_for_hashing: z.boolean(),
  /** Older name of `use_identity_composite_key_for_hashing`. */
  use_mv_v2_evaluation: z.boolean(),
  hide_sensitive_data: z.boolean(),
  use_v2_feature_versioning: z.boolean(),
  use_identity_overrides_in_local_eval: z.boolean(),
  is_creating: z.boolean(),
});
export type LightEnvironment = z.output<typeof lightEnvironment>;

export const environment = lightEnvironment.extend({ metadata: z.array(metadataValue) });
export type Environment = z.output<typeof environment>;

export const environmentWithTotals = environment.extend({ total_segment_overrides: z.number().int() });
export type EnvironmentWithTotals = z.output<typeof environmentWithTotals>;

/** An environment keeps its project and its key; a request that names them is not an error. */
export const updateEnvironmentInput = z.object({
  name: textInput(2000),
  description: blankableTextInput(20_000).nullish(),
  minimum_change_request_approvals: integerInput({ min: 0 }).nullish(),
  allow_client_traits: booleanInput.optional(),
  banner_text: blankableTextInput(255).nullish(),
  banner_colour: blankableTextInput(7).nullish(),
  hide_disabled_flags: booleanInput.nullish(),
  use_identity_composite_key_for_hashing: booleanInput.optional(),
  hide_sensitive_data: booleanInput.optional(),
  use_identity_overrides_in_local_eval: booleanInput.optional(),
  /** Replaced as a whole where it is given. */
  metadata: metadataInput.optional(),
});

export const patchEnvironmentInput = updateEnvironmentInput.partial();
export type EnvironmentInput = z.output<typeof patchEnvironmentInput>;

export const createEnvironmentInput = updateEnvironmentInput.extend({ project: idInput });

export const cloneEnvironmentInput = z.object({
  name: textInput(2000),
  /** Accepted for clients that send it: a copy is always complete when it is answered. */
  clone_feature_states_async: booleanInput.optional(),
});

/** What a client needs to go on with a new copy. */
export const clonedEnvironment = lightEnvironment.pick({ id: true, name: true, api_key: true, project: true });
export type ClonedEnvironment = z.output<typeof clonedEnvironment>;

const tag = 'environments';
const oneEnvironment = z.object({ environment_api_key: z.string().max(100) });

export const listEnvironments = endpoint({
  id: 'listEnvironments',
  method: 'GET',
  path: '/api/v1/environments/',
  tag,
  summary: 'List the environments of a project',
  // A wrong id is refused with the same words as a missing one.
  query: pageQuery.extend({ project: idInput.optional().catch(undefined) }),
  paged: true,
  response: page(environment),
  errors: [403, 404],
});

export const listProjectEnvironments = endpoint({
  id: 'listProjectEnvironments',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/environments/',
  tag,
  summary: 'List the environments of a project, all at once',
  params: z.object({ project_id: pathId }),
  response: z.array(lightEnvironment),
  errors: [403, 404],
});

export const createEnvironment = endpoint({
  id: 'createEnvironment',
  method: 'POST',
  path: '/api/v1/environments/',
  tag,
  summary: 'Create an environment; it gets a state of every feature of the project',
  body: createEnvironmentInput,
  status: 201,
  response: environment,
  errors: [403, 404],
});

export const getEnvironment = endpoint({
  id: 'getEnvironment',
  method: 'GET',
  path: '/api/v1/environments/{environment_api_key}/',
  tag,
  summary: 'Read an environment',
  params: oneEnvironment,
  response: environmentWithTotals,
  errors: [403, 404],
  conditional: true,
});

export const getEnvironmentByUuid = endpoint({
  id: 'getEnvironmentByUuid',
  method: 'GET',
  path: '/api/v1/environments/get-by-uuid/{uuid}/',
  tag,
  summary: 'Read an environment by its uuid',
  params: z.object({ uuid }),
  response: environment,
  errors: [403, 404],
});

export const updateEnvironment = endpoint({
  id: 'updateEnvironment',
  method: 'PUT',
  path: '/api/v1/environments/{environment_api_key}/',
  tag,
  summary: 'Change an environment; what is not given stays',
  params: oneEnvironment,
  body: updateEnvironmentInput,
  response: environment,
  errors: [403, 404],
  conditional: true,
});

export const patchEnvironment = endpoint({
  id: 'patchEnvironment',
  method: 'PATCH',
  path: '/api/v1/environments/{environment_api_key}/',
  tag,
  summary: 'Change some of an environment',
  params: oneEnvironment,
  body: patchEnvironmentInput,
  response: environment,
  errors: [403, 404],
  conditional: true,
});

export const deleteEnvironment = endpoint({
  id: 'deleteEnvironment',
  method: 'DELETE',
  path: '/api/v1/environments/{environment_api_key}/',
  tag,
  summary: 'Delete an environment; SDKs get nothing from it any more',
  params: oneEnvironment,
  status: 204,
  errors: [403, 404],
  conditional: true,
});

export const cloneEnvironment = endpoint({
  id: 'cloneEnvironment',
  method: 'POST',
  path: '/api/v1/environments/{environment_api_key}/clone/',
  tag,
  summary: 'Copy an environment with its feature states and segment overrides, without identities and keys',
  params: oneEnvironment,
  body: cloneEnvironmentInput,
  response: clonedEnvironment,
  errors: [403, 404],
});

const onboardingStatus = z.object({
  first_evaluated_at: time.nullable(),
  first_evaluated_sdk_label: z.string().nullable(),
});
export type OnboardingStatus = z.output<typeof onboardingStatus>;

export const getOnboardingStatus = endpoint({
  id: 'getOnboardingStatus',
  method: 'GET',
  path: '/api/v1/environments/{environment_api_key}/onboarding-status/',
  tag,
  summary: 'Read when an SDK first asked for flags, and which; the client-side key is all that it takes',
  auth: 'anyone',
  params: oneEnvironment,
  response: onboardingStatus,
  errors: [404],
});

export const setOnboardingStatus = endpoint({
  id: 'setOnboardingStatus',
  method: 'PUT',
  path: '/api/v1/environments/{environment_api_key}/onboarding-status/',
  tag,
  summary: 'Report that an SDK asked for flags elsewhere; the first report stays',
  params: oneEnvironment,
  body: z.object({ first_evaluated_sdk_label: textInput(100) }),
  status: 204,
  errors: [403, 404],
});

export const getEnvironmentDocument = endpoint({
  id: 'getEnvironmentDocument',
  method: 'GET',
  path: '/api/v1/environments/{environment_api_key}/document/',
  tag,
  summary: 'Read the document that SDKs evaluate locally',
  params: oneEnvironment,
  response: z.custom<EnvironmentDocument>((value) => typeof value === 'object' && value !== null),
  errors: [403, 404],
});
