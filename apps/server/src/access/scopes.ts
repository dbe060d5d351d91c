import { type Endpoint, type OAuthScope, oauthScopes } from '@halyard/contract';
import type { Actor } from '../context.ts';
import { RequestError } from '../errors.ts';

/**
 * What an assistant has no business with, by the endpoints' tags: who may do what, and the keys and secrets that would outlive
 * its token. Of those that list people it may read.
 */
const administration = new Set([
  'environment keys',
  'integrations',
  'master keys',
  'permissions',
  'platform',
  'trust relationships',
  'webhooks',
]);
const readOnly = new Set(['groups', 'organisation members']);

/** Scopes as they are stored and sent: words, joined by blanks. */
export function scopesFrom(text: string): OAuthScope[] {
  const words = text.split(' ');
  return oauthScopes.filter((scope) => words.includes(scope));
}

/**
 * Holds an application to what the person let it do. With `admin-api` that is all that the person may, with `mcp` what is about
 * features. @throws RequestError 403 in the form of RFC 6750
 */
export function requireScope(actor: Actor, endpoint: Pick<Endpoint, 'tag' | 'method'>): void {
  if (actor.kind !== 'user' || actor.scopes === undefined || actor.scopes.includes('admin-api')) return;
  const isOpen = !administration.has(endpoint.tag) && (endpoint.method === 'GET' || !readOnly.has(endpoint.tag));
  if (isOpen && actor.scopes.includes('mcp')) return;
  throw new RequestError(
    'forbidden',
    { detail: 'The application was not allowed this: it takes the scope admin-api.' },
    { 'WWW-Authenticate': 'Bearer error="insufficient_scope", scope="admin-api"' },
  );
}
