import type * as endpoints from '@halyard/contract';
import type { InputOf, TrustRelationship } from '@halyard/contract';
import { createLocalJWKSet, decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import { z } from 'zod';
import { makeTrustToken, trustTokenSeconds } from '../access/trust-token.ts';
import type { Context } from '../context.ts';
import { unauthenticated } from '../errors.ts';
import { OutboundError } from '../outbound/client.ts';
import { clientKey, limit } from '../throttle/service.ts';
import { originHash } from './service.ts';
import { findByOrigin } from './store.ts';

/**
 * Gives whoever brings a fitting token of a trusted issuer one of our own. Only an issuer that somebody registered is
 * ever asked for its keys. @throws RequestError 401 for every other token, 429
 */
export async function exchangeToken(ctx: Context, { body }: InputOf<typeof endpoints.exchangeToken>) {
  await limit(ctx, { scope: 'oidc-token', key: clientKey(ctx), rate: { count: 60, seconds: 60 } });
  const claimed = unverified(body.token);
  const audience = Array.isArray(claimed.aud) && claimed.aud.length === 1 ? claimed.aud[0] : claimed.aud;
  if (typeof claimed.iss !== 'string' || typeof audience !== 'string') throw unauthenticated(notTrusted);
  const relationship = await findByOrigin(ctx.db, originHash({ issuer: claimed.iss, audience }));
  if (relationship === null) throw unauthenticated(notTrusted);
  const payload = await verified(ctx, body.token, relationship);
  const rules = JSON.parse(relationship.claim_rules) as TrustRelationship['claim_rules'];
  if (!rules.every((rule) => holds(rule, payload))) throw unauthenticated('The token does not fit the claim rules.');
  const { id, generation } = relationship;
  const accessToken = await makeTrustToken(ctx, { id, generation });
  return { access_token: accessToken, token_type: 'Bearer' as const, expires_in: trustTokenSeconds };
}

/** Whether a text fits a pattern in which `*` is any text and `?` any character, in time that grows with both alone. */
export function fits(text: string, pattern: string): boolean {
  let at = 0;
  let of = 0;
  let star = -1;
  let resume = 0;
  while (at < text.length) {
    if (pattern[of] === '*') {
      star = of++;
      resume = at;
    } else if (of < pattern.length && (pattern[of] === '?' || pattern[of] === text[at])) {
      of++;
      at++;
    } else if (star >= 0) {
      of = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[of] === '*') of++;
  return of === pattern.length;
}

function holds(rule: TrustRelationship['claim_rules'][number], payload: JWTPayload): boolean {
  const claim = Object.hasOwn(payload, rule.claim) ? payload[rule.claim] : undefined;
  const values = (Array.isArray(claim) ? claim : [claim]).filter((value) =>
    ['string', 'number', 'boolean'].includes(typeof value),
  );
  return values.some((value) => rule.values.some((pattern) => fits(String(value), pattern)));
}

function unverified(token: string): JWTPayload {
  try {
    return decodeJwt(token);
  } catch {
    throw unauthenticated(notTrusted); // No token at all.
  }
}

const discovery = z.object({ issuer: z.string(), jwks_uri: z.string() });
const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

async function verified(
  ctx: Context,
  token: string,
  trusted: { issuer: string; audience: string },
): Promise<JWTPayload> {
  const { issuer, audience } = trusted;
  try {
    const found = await fetchJson(ctx, `${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`, discovery);
    const isSafe = found.jwks_uri.startsWith('https://') || issuer.startsWith('http://');
    if (found.issuer !== issuer || !isSafe) throw unauthenticated(noKeys);
    const keys = createLocalJWKSet(await fetchJson(ctx, found.jwks_uri, keySet));
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms: ['RS256', 'ES256'],
      requiredClaims: ['exp'],
      currentDate: new Date(ctx.now()),
    });
    return payload;
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw unauthenticated('The token has expired.');
    if (error instanceof errors.JOSEError || error instanceof TypeError) throw unauthenticated(notTrusted);
    throw error;
  }
}

async function fetchJson<T>(ctx: Context, url: string, schema: z.ZodType<T>): Promise<T> {
  try {
    const answer = await ctx.outbound.send({ method: 'GET', url, headers: { accept: 'application/json' } });
    const parsed = answer.status === 200 ? schema.safeParse(JSON.parse(answer.body)) : null;
    if (parsed?.success) return parsed.data;
  } catch (error) {
    if (!(error instanceof OutboundError || error instanceof SyntaxError)) throw error;
    ctx.log.warn({ err: error }, 'a trusted issuer did not tell its keys');
  }
  throw unauthenticated(noKeys);
}

const notTrusted = 'The token is not one that any trust relationship trusts.';
const noKeys = 'The issuer does not tell the keys that its tokens are signed with.';
