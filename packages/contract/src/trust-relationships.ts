import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { booleanInput, exactTextInput, id, page, pageQuery, pathId, textInput } from './fields.ts';

const claimRule = z.object({ claim: z.string(), values: z.array(z.string()) });

/** An issuer whose tokens, where they fit, are exchanged for one that acts for the organisation. */
export const trustRelationship = z.object({
  id,
  name: z.string(),
  issuer: z.string(),
  audience: z.string(),
  claim_rules: z.array(claimRule),
  is_admin: z.boolean(),
  master_api_key_id: z.string(),
  master_api_key_prefix: z.string(),
});
export type TrustRelationship = z.output<typeof trustRelationship>;

const issuerInput = textInput(2000).refine(
  (text) => /^https:\/\/[^\s?#@]+$/i.test(text) && URL.canParse(text),
  'The issuer must be an https:// URL without a query or fragment.',
);
const trustRelationshipInput = z.object({
  name: textInput(100),
  issuer: issuerInput,
  audience: textInput(500),
  /** Each of them must hold: the claim fits one of the patterns, in which `*` is any text and `?` any character. */
  claim_rules: z
    .array(z.object({ claim: textInput(255), values: z.array(exactTextInput(500)).min(1).max(100) }))
    .max(50)
    .default([]),
  is_admin: booleanInput,
});
/** Without the default: what a PATCH leaves out stays. */
const trustRelationshipChanges = trustRelationshipInput
  .extend({ claim_rules: trustRelationshipInput.shape.claim_rules.unwrap() })
  .partial();
export type TrustRelationshipChanges = z.output<typeof trustRelationshipChanges>;

const inOrganisation = z.object({ organisation_id: pathId });
const one = inOrganisation.extend({ trust_relationship_id: pathId });
const common = { tag: 'trust relationships', auth: 'user' } as const;
const all = '/api/v1/organisations/{organisation_id}/trust-relationships/';
const single = `${all}{trust_relationship_id}/`;

export const listTrustRelationships = endpoint({
  ...common,
  id: 'listTrustRelationships',
  method: 'GET',
  path: all,
  summary: 'List whose tokens are trusted to act for an organisation',
  params: inOrganisation,
  query: pageQuery,
  paged: true,
  response: page(trustRelationship),
  errors: [403, 404],
});

export const createTrustRelationship = endpoint({
  ...common,
  id: 'createTrustRelationship',
  method: 'POST',
  path: all,
  summary: 'Trust the tokens of an issuer that fit the rules',
  params: inOrganisation,
  body: trustRelationshipInput,
  status: 201,
  response: trustRelationship,
  errors: [403, 404],
});

export const getTrustRelationship = endpoint({
  ...common,
  id: 'getTrustRelationship',
  method: 'GET',
  path: single,
  summary: 'Read whose tokens are trusted',
  params: one,
  response: trustRelationship,
  errors: [403, 404],
});

export const updateTrustRelationship = endpoint({
  ...common,
  id: 'updateTrustRelationship',
  method: 'PUT',
  path: single,
  summary: 'Replace whose tokens are trusted; a change of that voids what was given out',
  params: one,
  body: trustRelationshipInput,
  response: trustRelationship,
  errors: [403, 404],
});

export const patchTrustRelationship = endpoint({
  ...common,
  id: 'patchTrustRelationship',
  method: 'PATCH',
  path: single,
  summary: 'Change whose tokens are trusted; a change of that voids what was given out',
  params: one,
  body: trustRelationshipChanges,
  response: trustRelationship,
  errors: [403, 404],
});

export const deleteTrustRelationship = endpoint({
  ...common,
  id: 'deleteTrustRelationship',
  method: 'DELETE',
  path: single,
  summary: 'Trust these tokens no more; what was given out is void at once',
  params: one,
  status: 204,
  errors: [403, 404],
});

export const exchangeToken = endpoint({
  id: 'exchangeToken',
  method: 'POST',
  path: '/api/v1/auth/oidc/token/',
  tag: 'trust relationships',
  summary: 'Exchange a token of a trusted issuer for one that acts for the organisation for an hour',
  auth: 'anyone',
  body: z.object({ token: textInput(16_384) }),
  response: z.object({ access_token: z.string(), token_type: z.literal('Bearer'), expires_in: z.number().int() }),
  errors: [401, 429],
});
