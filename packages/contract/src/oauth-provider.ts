import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { booleanInput, time } from './fields.ts';

/** What a person can let an application do. */
export const oauthScopes = ['mcp', 'admin-api'] as const;
export type OAuthScope = (typeof oauthScopes)[number];

/** A parameter that the service reads by itself: OAuth has a form of its own for telling what is wrong with one. */
const parameter = z.unknown().optional().meta({ type: 'string' });
const parameters = z
  .unknown()
  .optional()
  .meta({ type: 'array', items: { type: 'string' } });

/** A form, or JSON; what is neither counts as an empty one, whose first parameter is then missing. */
function form<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.preprocess(
    (value) => (typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}),
    z.object(shape),
  );
}

const tag = 'applications';
const common = { tag, auth: 'anyone', method: 'POST' } as const;

/** RFC 8414. */
const serverMetadata = z.object({
  issuer: z.string(),
  authorization_endpoint: z.string(),
  token_endpoint: z.string(),
  registration_endpoint: z.string(),
  revocation_endpoint: z.string(),
  introspection_endpoint: z.string(),
  scopes_supported: z.array(z.enum(oauthScopes)),
  response_types_supported: z.array(z.literal('code')),
  response_modes_supported: z.array(z.literal('query')),
  grant_types_supported: z.array(z.string()),
  code_challenge_methods_supported: z.array(z.literal('S256')),
  token_endpoint_auth_methods_supported: z.array(z.literal('none')),
  revocation_endpoint_auth_methods_supported: z.array(z.literal('none')),
  introspection_endpoint_auth_methods_supported: z.array(z.literal('Bearer')),
  authorization_response_iss_parameter_supported: z.literal(true),
});
export type OAuthServerMetadata = z.output<typeof serverMetadata>;

export const getOAuthServerMetadata = endpoint({
  id: 'getOAuthServerMetadata',
  method: 'GET',
  path: '/.well-known/oauth-authorization-server',
  tag,
  summary: 'Read where applications register, ask for consent and get tokens (RFC 8414)',
  auth: 'anyone',
  response: serverMetadata,
});

/** RFC 7591. */
const registeredClient = z.object({
  client_id: z.string(),
  client_id_issued_at: z.number().int(),
  client_name: z.string(),
  redirect_uris: z.array(z.string()),
  grant_types: z.array(z.string()),
  response_types: z.array(z.string()),
  token_endpoint_auth_method: z.literal('none'),
});
export type RegisteredOAuthClient = z.output<typeof registeredClient>;

export const registerOAuthClient = endpoint({
  ...common,
  id: 'registerOAuthClient',
  path: '/o/register/',
  summary: 'Register an application without a secret; its redirects are https or loopback addresses (RFC 7591)',
  body: form({
    client_name: parameter,
    redirect_uris: parameters,
    grant_types: parameters,
    response_types: parameters,
    token_endpoint_auth_method: parameter,
  }),
  status: 201,
  response: registeredClient,
  errors: [429],
});

const tokens = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  /** Seconds. */
  expires_in: z.number().int(),
  refresh_token: z.string(),
  scope: z.string(),
});
export type OAuthTokens = z.output<typeof tokens>;

export const issueOAuthTokens = endpoint({
  ...common,
  id: 'issueOAuthTokens',
  path: '/o/token/',
  summary: 'Exchange an authorisation code, or a refresh token, for tokens; either works once (RFC 6749, 7636)',
  body: form({
    grant_type: parameter,
    client_id: parameter,
    code: parameter,
    redirect_uri: parameter,
    code_verifier: parameter,
    refresh_token: parameter,
    scope: parameter,
  }),
  response: tokens,
  errors: [401],
});

export const revokeOAuthToken = endpoint({
  ...common,
  id: 'revokeOAuthToken',
  path: '/o/revoke_token/',
  summary: 'Give a token back; a refresh token takes all that came of the same consent with it (RFC 7009)',
  body: form({ token: parameter, token_type_hint: parameter, client_id: parameter }),
  errors: [401],
});

/** RFC 7662. */
const introspection = z.union([
  z.object({
    active: z.literal(true),
    scope: z.string(),
    client_id: z.string(),
    username: z.string(),
    token_type: z.literal('Bearer').optional(),
    exp: z.number().int(),
    iat: z.number().int(),
    sub: z.string(),
    iss: z.string(),
  }),
  z.object({ active: z.literal(false) }),
]);
export type OAuthIntrospection = z.output<typeof introspection>;

export const introspectOAuthToken = endpoint({
  id: 'introspectOAuthToken',
  method: 'POST',
  path: '/o/introspect/',
  tag,
  summary: 'Ask whether a token is good; the caller shows it, or another one of the same person, as its own (RFC 7662)',
  auth: 'user',
  body: form({ token: parameter, token_type_hint: parameter }),
  response: introspection,
  errors: [403],
});

const authorisationRequest = {
  response_type: parameter,
  client_id: parameter,
  redirect_uri: parameter,
  scope: parameter,
  state: parameter,
  code_challenge: parameter,
  code_challenge_method: parameter,
};

/** Who asks, for what, and where the answer goes. */
const consentQuestion = z.object({
  application: z.object({ name: z.string(), client_id: z.string() }),
  /** What each scope means, in words. */
  scopes: z.record(z.string(), z.string()),
  redirect_uri: z.string(),
  /** Anybody can register an application under any name: none is verified. */
  is_verified: z.boolean(),
});
export type OAuthConsentQuestion = z.output<typeof consentQuestion>;

export const getOAuthConsent = endpoint({
  id: 'getOAuthConsent',
  method: 'GET',
  path: '/api/v1/oauth/authorize/',
  tag,
  summary: 'Check an authorisation request and read what to ask the person',
  auth: 'login',
  query: z.object(authorisationRequest),
  response: consentQuestion,
  errors: [403],
});

export const decideOAuthConsent = endpoint({
  id: 'decideOAuthConsent',
  method: 'POST',
  path: '/api/v1/oauth/authorize/',
  tag,
  summary: "Say yes or no for oneself; the answer is where to send the person's browser",
  auth: 'login',
  body: z.object({ ...authorisationRequest, allow: booleanInput }),
  response: z.object({ redirect_uri: z.string() }),
  errors: [403],
});

/** An application that may act for the person who asks. */
const authorisedApplication = z.object({
  client_id: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(oauthScopes)),
  /** When it was last allowed. */
  authorised_at: time,
  /** When it last got a new token. */
  last_used_at: time,
});
export type AuthorisedApplication = z.output<typeof authorisedApplication>;

export const listAuthorisedApplications = endpoint({
  id: 'listAuthorisedApplications',
  method: 'GET',
  path: '/api/v1/oauth/applications/',
  tag,
  summary: 'List the applications that may act for oneself, the one that was allowed last first',
  auth: 'login',
  response: z.array(authorisedApplication),
  errors: [403],
});

export const revokeAuthorisedApplication = endpoint({
  id: 'revokeAuthorisedApplication',
  method: 'DELETE',
  path: '/api/v1/oauth/applications/{client_id}/',
  tag,
  summary: 'Let an application no longer act for oneself; its tokens are void at once',
  auth: 'login',
  params: z.object({ client_id: z.string().max(100) }),
  status: 204,
  errors: [403, 404],
});
