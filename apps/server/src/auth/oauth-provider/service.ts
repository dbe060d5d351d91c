import type * as endpoints from '@halyard/contract';
import {
  type AuthorisedApplication,
  type InputOf,
  type OAuthConsentQuestion,
  type OAuthScope,
  type OAuthServerMetadata,
  oauthScopes,
  type RegisteredOAuthClient,
} from '@halyard/contract';
import { scopesFrom } from '../../access/scopes.ts';
import { requireUser } from '../../access/service.ts';
import { type Context, inTransaction } from '../../context.ts';
import { notFound, RequestError } from '../../errors.ts';
import { randomHex, sha256 } from '../../secrets.ts';
import { clientKey, limit } from '../../throttle/service.ts';
import { plusSeconds } from '../../time.ts';
import {
  addressWith,
  isRegistered,
  oauthError,
  type Parameters,
  redirectProblem,
  requiredText,
  scopesOf,
  textOf,
} from './parameters.ts';
import {
  deleteExpired,
  deleteGrants,
  deleteUnusedClients,
  findClient,
  insertClient,
  insertGrant,
  listGrantsOf,
  noteClientUsed,
} from './store.ts';

/** From the browser to the application and back: no longer than that takes. */
const codeSeconds = 60;
/** Five hundred in a month, counted over 24 days because a timer reaches no further. */
export const registrationRate = { count: 400, seconds: 24 * 86_400 };
const unusedClientSeconds = 14 * 86_400;

const grantTypes = ['authorization_code', 'refresh_token'];

/** What a scope means, for the person who is asked. */
const scopeTexts: Record<OAuthScope, string> = {
  mcp: 'Read and change features, segments and identities as you can, but not keys, permissions and integrations',
  'admin-api': 'Do everything that you can do, but not change your password or your account',
};

export async function getOAuthServerMetadata(ctx: Context): Promise<OAuthServerMetadata> {
  const { publicUrl } = ctx.config;
  return {
    issuer: publicUrl,
    authorization_endpoint: `${publicUrl}/oauth/authorize`,
    token_endpoint: `${publicUrl}/o/token/`,
    registration_endpoint: `${publicUrl}/o/register/`,
    revocation_endpoint: `${publicUrl}/o/revoke_token/`,
    introspection_endpoint: `${publicUrl}/o/introspect/`,
    scopes_supported: [...oauthScopes],
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: grantTypes,
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['none'],
    revocation_endpoint_auth_methods_supported: ['none'],
    introspection_endpoint_auth_methods_supported: ['Bearer'],
    authorization_response_iss_parameter_supported: true,
  };
}

/**
 * Registers an application of anybody's. It gets no secret, since programs that people install cannot keep one.
 * @throws RequestError 400 in the form of RFC 7591, 429
 */
export async function registerOAuthClient(
  ctx: Context,
  { body }: InputOf<typeof endpoints.registerOAuthClient>,
): Promise<RegisteredOAuthClient> {
  await limit(ctx, { scope: 'dcr_register', key: clientKey(ctx), rate: registrationRate });
  const name = clientName(body.client_name);
  const redirectUris = redirectsOf(body.redirect_uris);
  const grants = subset(body.grant_types, grantTypes, 'grant_types');
  const responses = subset(body.response_types, ['code'], 'response_types');
  if (![undefined, null, 'none'].includes(body.token_endpoint_auth_method as undefined)) {
    throw badMetadata('token_endpoint_auth_method must be none: applications get no secret.');
  }
  const at = ctx.now();
  const clientId = randomHex(32);
  await insertClient(ctx.db, {
    client_id: clientId,
    name,
    redirect_uris: JSON.stringify(redirectUris),
    created_at: at,
    last_used_at: null,
  });
  return {
    client_id: clientId,
    client_id_issued_at: Math.floor(Date.parse(at) / 1000),
    client_name: name,
    redirect_uris: redirectUris,
    grant_types: grants,
    response_types: responses,
    token_endpoint_auth_method: 'none',
  };
}

/** @throws RequestError 400 for a request that could not be granted either. */
export async function getOAuthConsent(
  ctx: Context,
  { query }: InputOf<typeof endpoints.getOAuthConsent>,
): Promise<OAuthConsentQuestion> {
  const { client, redirectUri, scopes } = await readRequest(ctx, query);
  return {
    application: { name: client.name, client_id: client.client_id },
    scopes: Object.fromEntries(scopes.map((scope) => [scope, scopeTexts[scope]])),
    redirect_uri: redirectUri,
    is_verified: false,
  };
}

/** The way back to the application: with a code where the person said yes. @throws RequestError 400 as getOAuthConsent does */
export async function decideOAuthConsent(
  ctx: Context,
  { body }: InputOf<typeof endpoints.decideOAuthConsent>,
): Promise<{ redirect_uri: string }> {
  const { userId } = requireUser(ctx);
  const { client, redirectUri, scopes, state, codeChallenge } = await readRequest(ctx, body);
  const iss = ctx.config.publicUrl;
  if (!body.allow) return { redirect_uri: addressWith(redirectUri, { error: 'access_denied', state, iss }) };
  const code = randomHex(64);
  const at = ctx.now();
  await inTransaction(ctx, async (ctx) => {
    await noteClientUsed(ctx.db, client.id, at);
    await insertGrant(ctx.db, {
      oauth_client_id: client.id,
      user_id: userId,
      scope: scopes.join(' '),
      redirect_uri: redirectUri,
      code_hash: sha256(code),
      code_challenge: codeChallenge,
      code_used_at: null,
      created_at: at,
      last_used_at: at,
      expires_at: plusSeconds(at, codeSeconds),
    });
  });
  return { redirect_uri: addressWith(redirectUri, { code, state, iss }) };
}

/** Applications that hold tokens for the person who asks; several consents of one are told as one. */
export async function listAuthorisedApplications(ctx: Context): Promise<AuthorisedApplication[]> {
  const { userId } = requireUser(ctx);
  const grants = await listGrantsOf(ctx.db, userId, ctx.now());
  return [...Map.groupBy(grants, (grant) => grant.client_id).values()].map((ofClient) => {
    const [newest] = ofClient as [(typeof grants)[number]];
    return {
      client_id: newest.client_id,
      name: newest.name,
      scopes: scopesFrom(ofClient.map((grant) => grant.scope).join(' ')),
      authorised_at: newest.created_at,
      last_used_at: ofClient
        .map((grant) => grant.last_used_at)
        .sort()
        .at(-1) as string,
    };
  });
}

/** @throws RequestError 404 for an application that the person has not allowed. */
export async function revokeAuthorisedApplication(
  ctx: Context,
  { params }: InputOf<typeof endpoints.revokeAuthorisedApplication>,
): Promise<void> {
  const { userId } = requireUser(ctx);
  const client = await findClient(ctx.db, params.client_id);
  const revoked = client === null ? 0 : await revokeGrants(ctx, { userId, oauthClientId: client.id });
  if (revoked === 0) throw notFound();
}

/** Lets no application act for a person any more: where their sessions end, these end too. */
export async function revokeApplicationsOf(ctx: Context, userId: number): Promise<void> {
  await revokeGrants(ctx, { userId });
}

/** Ends grants with all their tokens, and says how many. */
export async function revokeGrants(
  ctx: Context,
  which: { id: number } | { userId: number; oauthClientId?: number },
): Promise<number> {
  return inTransaction(ctx, (ctx) => deleteGrants(ctx.db, which));
}

/** An authorisation request that may be put to the person. */
interface AuthorisationRequest {
  client: NonNullable<Awaited<ReturnType<typeof findClient>>>;
  redirectUri: string;
  scopes: readonly OAuthScope[];
  state: string | undefined;
  codeChallenge: string;
}

/**
 * Where the request tells for sure whose it is and where to answer, a refusal holds the address (`redirect_uri`) that takes the
 * person back to the application with it; otherwise nobody is sent anywhere.
 */
async function readRequest(ctx: Context, given: Parameters): Promise<AuthorisationRequest> {
  const client = await findClient(ctx.db, requiredText(given, 'client_id'));
  if (client === null) throw oauthError('invalid_client', 'No application is registered under this client_id.');
  const redirectUri = requiredText(given, 'redirect_uri');
  if (!isRegistered(redirectUri, JSON.parse(client.redirect_uris) as string[])) {
    throw oauthError('invalid_request', 'The application has not registered this redirect_uri.');
  }
  const state = textOf(given, 'state');
  try {
    return { client, redirectUri, state, ...readWishes(given) };
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    const refusal = error.body as Record<string, string>;
    const back = addressWith(redirectUri, { ...refusal, state, iss: ctx.config.publicUrl });
    throw new RequestError(error.code, { ...refusal, redirect_uri: back });
  }
}

function readWishes(given: Parameters): { scopes: readonly OAuthScope[]; codeChallenge: string } {
  if (requiredText(given, 'response_type') !== 'code') {
    throw oauthError('unsupported_response_type', 'response_type must be code.');
  }
  const codeChallenge = requiredText(given, 'code_challenge');
  if (textOf(given, 'code_challenge_method') !== 'S256' || !/^[\w-]{43}$/.test(codeChallenge)) {
    throw oauthError('invalid_request', 'code_challenge must be one of the method S256 (RFC 7636).');
  }
  return { scopes: scopesOf(given, { otherwise: ['mcp'] }), codeChallenge };
}

/** Plain letters only: a name that looks like another's must not stand on the page that asks for consent. */
function clientName(given: unknown): string {
  const name = typeof given === 'string' ? given.trim() : '';
  if (name === '') throw badMetadata('client_name is missing.');
  if (name.length > 255) throw badMetadata('client_name has more than 255 characters.');
  if (!/^[\w .()-]+$/.test(name)) {
    throw badMetadata('client_name may have letters, digits, blanks and - _ . ( ) only.');
  }
  return name;
}

function redirectsOf(given: unknown): string[] {
  if (!Array.isArray(given) || given.length === 0 || given.length > 5) {
    throw oauthError('invalid_redirect_uri', 'redirect_uris must be a list of one to five addresses.');
  }
  for (const uri of given) {
    const problem = redirectProblem(uri);
    if (problem !== null) throw oauthError('invalid_redirect_uri', `An address in redirect_uris ${problem}.`);
  }
  return given as string[];
}

/** What an application wants of what there is; all of it where it does not say. */
function subset(given: unknown, all: string[], name: string): string[] {
  if (given === undefined || given === null) return all;
  const wanted = Array.isArray(given) ? given : [];
  if (!wanted.includes(all[0]) || !wanted.every((one) => all.includes(one as string))) {
    throw badMetadata(
      `${name} must hold ${all[0]}${all.length > 1 ? `, and may hold ${all.slice(1).join(', ')}` : ''}.`,
    );
  }
  return all.filter((one) => wanted.includes(one));
}

function badMetadata(description: string): RequestError {
  return oauthError('invalid_client_metadata', description);
}

/** The jobs of this slice by kind. */
export const oauthJobs = {
  'oauth.clean': {
    run: async (ctx: Context) => {
      await deleteExpired(ctx.db, ctx.now());
      await deleteUnusedClients(ctx.db, plusSeconds(ctx.now(), -unusedClientSeconds));
    },
    everySeconds: 86_400,
  },
};
