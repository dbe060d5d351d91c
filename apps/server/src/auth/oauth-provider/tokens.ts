import { createHash } from 'node:crypto';
import type * as endpoints from '@halyard/contract';
import type { InputOf, OAuthIntrospection, OAuthScope, OAuthTokens } from '@halyard/contract';
import { scopesFrom } from '../../access/scopes.ts';
import { requireUser } from '../../access/service.ts';
import { type Context, inTransaction } from '../../context.ts';
import { randomHex, sha256 } from '../../secrets.ts';
import { plusSeconds, type Timestamp } from '../../time.ts';
import { oauthError, type Parameters, requiredText, scopesOf, textOf } from './parameters.ts';
import { revokeGrants } from './service.ts';
import {
  deleteToken,
  extendGrant,
  findClient,
  findGrantByCode,
  findToken,
  insertToken,
  markCodeUsed,
  markTokenUsed,
} from './store.ts';

const accessSeconds = 15 * 60;
const refreshSeconds = 30 * 86_400;

/**
 * Tokens for a code or for a refresh token. Either works once: whoever brings one again may have stolen it, or been robbed of
 * it, so that all that came of the same consent ends. @throws RequestError 400 and 401 in the form of RFC 6749
 */
export async function issueOAuthTokens(
  ctx: Context,
  { body }: InputOf<typeof endpoints.issueOAuthTokens>,
): Promise<OAuthTokens> {
  const grantType = requiredText(body, 'grant_type');
  if (grantType === 'authorization_code') return exchangeCode(ctx, body);
  if (grantType === 'refresh_token') return refresh(ctx, body);
  throw oauthError('unsupported_grant_type', 'grant_type must be authorization_code or refresh_token.');
}

async function exchangeCode(ctx: Context, given: Parameters): Promise<OAuthTokens> {
  const client = await clientOf(ctx, given);
  const codeHash = sha256(requiredText(given, 'code'));
  const verifier = requiredText(given, 'code_verifier');
  if (!/^[\w.~-]{43,128}$/.test(verifier)) throw oauthError('invalid_request', 'code_verifier must be as in RFC 7636.');
  const grant = await findGrantByCode(ctx.db, codeHash);
  if (grant === null || grant.oauth_client_id !== client.id) throw badGrant();
  if (grant.code_used_at !== null) return endReused(ctx, grant.id, 'code');
  const isProved =
    grant.redirect_uri === textOf(given, 'redirect_uri') &&
    grant.code_challenge === createHash('sha256').update(verifier).digest('base64url');
  const at = ctx.now();
  if (!isProved || grant.expires_at <= at || grant.is_active === 0) throw badGrant();
  const tokens = await inTransaction(ctx, async (ctx) => {
    const isFirst = await markCodeUsed(ctx.db, grant.id, { at, expiresAt: plusSeconds(at, refreshSeconds) });
    return isFirst ? issue(ctx, { grantId: grant.id, all: scopesFrom(grant.scope), at }) : null;
  });
  return tokens ?? endReused(ctx, grant.id, 'code');
}

async function refresh(ctx: Context, given: Parameters): Promise<OAuthTokens> {
  const client = await clientOf(ctx, given);
  const token = await findToken(ctx.db, sha256(requiredText(given, 'refresh_token')));
  if (token === null || token.kind !== 'refresh' || token.oauth_client_id !== client.id) throw badGrant();
  if (token.used_at !== null) return endReused(ctx, token.grant_id, 'refresh token');
  const at = ctx.now();
  if (token.expires_at <= at || token.is_active === 0) throw badGrant();
  const all = scopesFrom(token.scope);
  const scopes = scopesOf(given, { allowed: all, otherwise: all });
  const outcome = await inTransaction(ctx, async (ctx) => {
    // Holds the grant, so that nobody ends it meanwhile.
    if (!(await extendGrant(ctx.db, token.grant_id, { at, expiresAt: plusSeconds(at, refreshSeconds) })))
      return 'ended';
    if (!(await markTokenUsed(ctx.db, token.id, at))) return 'reused';
    return issue(ctx, { grantId: token.grant_id, all, scopes, at });
  });
  if (outcome === 'ended') throw badGrant();
  return outcome === 'reused' ? endReused(ctx, token.grant_id, 'refresh token') : outcome;
}

/** Gives a token back; an unknown one is gone already. @throws RequestError 400 for one of another application, 401 */
export async function revokeOAuthToken(
  ctx: Context,
  { body }: InputOf<typeof endpoints.revokeOAuthToken>,
): Promise<undefined> {
  const client = await clientOf(ctx, body);
  const token = await findToken(ctx.db, sha256(requiredText(body, 'token')));
  if (token === null) return;
  if (token.oauth_client_id !== client.id) {
    throw oauthError('unauthorized_client', 'The token was issued to another application.');
  }
  if (token.kind === 'refresh') await revokeGrants(ctx, { id: token.grant_id });
  else await deleteToken(ctx.db, token.id);
}

/** What a token of the person who asks is good for. Of others' tokens, and of others than tokens, only that they are no good. */
export async function introspectOAuthToken(
  ctx: Context,
  { body }: InputOf<typeof endpoints.introspectOAuthToken>,
): Promise<OAuthIntrospection> {
  const { userId, scopes } = requireUser(ctx);
  const token = await findToken(ctx.db, sha256(requiredText(body, 'token')));
  const isGood =
    token !== null &&
    token.user_id === userId &&
    token.is_active === 1 &&
    token.used_at === null &&
    token.expires_at > ctx.now();
  // An application sees what it holds itself; only the person sees refresh tokens.
  if (!isGood || (scopes !== undefined && token.kind === 'refresh')) return { active: false };
  return {
    active: true,
    scope: token.scope,
    client_id: token.client_id,
    username: token.email,
    ...(token.kind === 'access' && { token_type: 'Bearer' as const }),
    exp: seconds(token.expires_at),
    iat: seconds(token.created_at),
    sub: token.uuid,
    iss: ctx.config.publicUrl,
  };
}

/** An access token and a refresh token; of both only the hashes are stored. */
async function issue(
  ctx: Context,
  wanted: { grantId: number; all: readonly OAuthScope[]; scopes?: readonly OAuthScope[]; at: Timestamp },
): Promise<OAuthTokens> {
  const { grantId, all, scopes = all, at } = wanted;
  const accessToken = randomHex(64);
  const refreshToken = randomHex(64);
  const common = { grant_id: grantId, created_at: at, used_at: null };
  await insertToken(ctx.db, {
    ...common,
    kind: 'access',
    token_hash: sha256(accessToken),
    scope: scopes.join(' '),
    expires_at: plusSeconds(at, accessSeconds),
  });
  await insertToken(ctx.db, {
    ...common,
    kind: 'refresh',
    token_hash: sha256(refreshToken),
    scope: all.join(' '),
    expires_at: plusSeconds(at, refreshSeconds),
  });
  return {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: accessSeconds,
    refresh_token: refreshToken,
    scope: scopes.join(' '),
  };
}

/** @throws RequestError 401 for an application that is not registered, or no longer. */
async function clientOf(ctx: Context, given: Parameters) {
  const client = await findClient(ctx.db, requiredText(given, 'client_id'));
  if (client !== null) return client;
  throw oauthError('invalid_client', 'No application is registered under this client_id.', 'unauthenticated');
}

async function endReused(ctx: Context, grantId: number, what: string): Promise<never> {
  ctx.log.warn({ grantId }, `a ${what} of an application came twice: all its tokens of that consent have ended`);
  await revokeGrants(ctx, { id: grantId });
  throw badGrant();
}

function badGrant() {
  return oauthError('invalid_grant', 'The code or token is wrong, was used before, has expired or was revoked.');
}

function seconds(at: Timestamp): number {
  return Math.floor(Date.parse(at) / 1000);
}
