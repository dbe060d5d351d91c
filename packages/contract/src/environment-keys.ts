import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { booleanInput, id, pathId, textInput, time } from './fields.ts';

/** A server-side key: it opens the whole document of its environment. */
export const environmentKey = z.object({
  id,
  /** `ser.` and 22 letters and digits; asterisks where it cannot be decrypted any more. */
  key: z.string(),
  name: z.string(),
  active: z.boolean(),
  created_at: time,
  expires_at: time.nullable(),
});
export type EnvironmentKey = z.output<typeof environmentKey>;

export const environmentKeyInput = z.object({
  name: textInput(100),
  active: booleanInput.optional(),
  /** The key opens nothing from this moment on; null for never. */
  expires_at: time.nullish(),
});
export const patchEnvironmentKeyInput = environmentKeyInput.partial();

const tag = 'environment keys';
const inEnvironment = z.object({ environment_api_key: z.string().max(100) });
const oneKey = inEnvironment.extend({ key_id: pathId });

export const listEnvironmentKeys = endpoint({
  id: 'listEnvironmentKeys',
  method: 'GET',
  path: '/api/v1/environments/{environment_api_key}/api-keys/',
  tag,
  summary: 'List the server-side keys of an environment',
  params: inEnvironment,
  response: z.array(environmentKey),
  errors: [403, 404],
});

export const createEnvironmentKey = endpoint({
  id: 'createEnvironmentKey',
  method: 'POST',
  path: '/api/v1/environments/{environment_api_key}/api-keys/',
  tag,
  summary: 'Create a server-side key',
  params: inEnvironment,
  body: environmentKeyInput,
  status: 201,
  response: environmentKey,
  errors: [403, 404],
});

export const updateEnvironmentKey = endpoint({
  id: 'updateEnvironmentKey',
  method: 'PUT',
  path: '/api/v1/environments/{environment_api_key}/api-keys/{key_id}/',
  tag,
  summary: 'Rename, switch off or limit a server-side key; what is not given stays',
  params: oneKey,
  body: environmentKeyInput,
  response: environmentKey,
  errors: [403, 404],
});

export const patchEnvironmentKey = endpoint({
  id: 'patchEnvironmentKey',
  method: 'PATCH',
  path: '/api/v1/environments/{environment_api_key}/api-keys/{key_id}/',
  tag,
  summary: 'Change some of a server-side key',
  params: oneKey,
  body: patchEnvironmentKeyInput,
  response: environmentKey,
  errors: [403, 404],
});

export const deleteEnvironmentKey = endpoint({
  id: 'deleteEnvironmentKey',
  method: 'DELETE',
  path: '/api/v1/environments/{environment_api_key}/api-keys/{key_id}/',
  tag,
  summary: 'Delete a server-side key; it opens nothing any more',
  params: oneKey,
  status: 204,
  errors: [403, 404],
});
