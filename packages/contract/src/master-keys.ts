import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { booleanInput, id, page, pageQuery, pathId, textInput, time } from './fields.ts';

/** A key with which programs act for an organisation. */
export const masterKey = z.object({
  /** The prefix again: what else there is of the key, nobody needs. */
  id: z.string(),
  /** First eight characters of the key: its public name. */
  prefix: z.string(),
  name: z.string(),
  created: time,
  created_by: id.nullable(),
  is_admin: z.boolean(),
  revoked: z.boolean(),
  expiry_date: time.nullable(),
  has_expired: z.boolean(),
  /** To the hour; null for one that was never used. */
  last_used_at: time.nullable(),
});
export type MasterKey = z.output<typeof masterKey>;

/** With the key itself, which is told once. */
export const createdMasterKey = masterKey.extend({ key: z.string() });
export type CreatedMasterKey = z.output<typeof createdMasterKey>;

const masterKeyInput = z.object({
  name: textInput(50),
  is_admin: booleanInput.optional(),
  expiry_date: z.iso.datetime({ offset: true, local: true }).nullish(),
  revoked: booleanInput.optional(),
});
const masterKeyChanges = masterKeyInput.partial();
export type MasterKeyChanges = z.output<typeof masterKeyChanges>;

const inOrganisation = z.object({ organisation_id: pathId });
const one = inOrganisation.extend({ prefix: z.string().max(100) });
const tag = 'master keys';
const auth = 'user';

export const listMasterKeys = endpoint({
  id: 'listMasterKeys',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/master-api-keys/',
  tag,
  summary: 'List the keys of an organisation that are not revoked',
  auth,
  params: inOrganisation,
  query: pageQuery,
  paged: true,
  response: page(masterKey),
  errors: [403, 404],
});

export const createMasterKey = endpoint({
  id: 'createMasterKey',
  method: 'POST',
  path: '/api/v1/organisations/{organisation_id}/master-api-keys/',
  tag,
  summary: 'Create a key; the answer is the only one that shows it',
  auth,
  params: inOrganisation,
  body: masterKeyInput.omit({ revoked: true }),
  status: 201,
  response: createdMasterKey,
  errors: [403, 404],
});

export const getMasterKey = endpoint({
  id: 'getMasterKey',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/master-api-keys/{prefix}/',
  tag,
  summary: 'Read what is known of a key',
  auth,
  params: one,
  response: masterKey,
  errors: [403, 404],
});

export const updateMasterKey = endpoint({
  id: 'updateMasterKey',
  method: 'PUT',
  path: '/api/v1/organisations/{organisation_id}/master-api-keys/{prefix}/',
  tag,
  summary: 'Rename a key, change when it expires, or revoke it for good; what is not given stays',
  auth,
  params: one,
  body: masterKeyInput,
  response: masterKey,
  errors: [403, 404],
});

export const patchMasterKey = endpoint({
  id: 'patchMasterKey',
  method: 'PATCH',
  path: '/api/v1/organisations/{organisation_id}/master-api-keys/{prefix}/',
  tag,
  summary: 'The same, without the need to repeat the name',
  auth,
  params: one,
  body: masterKeyChanges,
  response: masterKey,
  errors: [403, 404],
});

export const deleteMasterKey = endpoint({
  id: 'deleteMasterKey',
  method: 'DELETE',
  path: '/api/v1/organisations/{organisation_id}/master-api-keys/{prefix}/',
  tag,
  summary: 'Revoke a key for good',
  auth,
  params: one,
  status: 204,
  errors: [403, 404],
});
