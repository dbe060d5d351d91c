import { type OAuthScope, oauthScopes } from '@halyard/contract';
import { type ErrorCode, RequestError } from '../../errors.ts';

/** What comes with a request of OAuth, by name. */
export type Parameters = Record<string, unknown>;

/** A refusal as OAuth tells it: a word that programs read, and a sentence for people. */
export function oauthError(error: string, description: string, code: ErrorCode = 'invalid'): RequestError {
  return new RequestError(code, { error, error_description: description });
}

/** A parameter's text. One without a value counts as one that is not there. @throws RequestError 400 for what is no text */
export function textOf(given: Parameters, name: string, maxLength = 4096): string | undefined {
  const value = given[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (Array.isArray(value)) throw oauthError('invalid_request', `${name} must be there once.`);
  if (typeof value !== 'string' || value.includes('\0')) throw oauthError('invalid_request', `${name} must be text.`);
  if (value.length > maxLength) {
    throw oauthError('invalid_request', `${name} has more than ${maxLength} characters.`);
  }
  return value;
}

/** @throws RequestError 400 where it is not there. */
export function requiredText(given: Parameters, name: string): string {
  const value = textOf(given, name);
  if (value === undefined) throw oauthError('invalid_request', `${name} is missing.`);
  return value;
}

/** The scopes that a parameter asks for, each once; `otherwise` where it asks for none. @throws RequestError 400 for others */
export function scopesOf(
  given: Parameters,
  { allowed = oauthScopes, otherwise }: { allowed?: readonly OAuthScope[]; otherwise: readonly OAuthScope[] },
): readonly OAuthScope[] {
  const words = (textOf(given, 'scope') ?? '').split(' ').filter((word) => word !== '');
  if (words.length === 0) return otherwise;
  const unknown = words.filter((word) => !allowed.includes(word as OAuthScope));
  if (unknown.length > 0) throw oauthError('invalid_scope', `A scope must be one of: ${allowed.join(', ')}.`);
  return allowed.filter((scope) => words.includes(scope));
}

/**
 * What is wrong with an address that an application wants its people sent to; null where nothing is. Codes go to TLS servers and
 * to programs on the person's own machine, and nowhere else.
 */
export function redirectProblem(uri: unknown): string | null {
  if (typeof uri !== 'string' || uri.length > 2000 || !/^[!-[\]-~]+$/.test(uri)) return 'is not an address';
  const url = URL.parse(uri);
  if (url === null) return 'is not an address';
  if (uri.includes('#')) return 'must not have a fragment';
  if (url.username !== '' || url.password !== '') return 'must not name a user';
  if (url.protocol === 'https:' || isLoopback(url)) return null;
  return 'must begin with https://, or be a loopback address such as http://127.0.0.1/callback';
}

/**
 * Whether an address is one of the registered: the same text. A program on the person's own machine takes whatever port is free
 * when it asks, so the port of loopback addresses does not count (RFC 8252).
 */
export function isRegistered(uri: string, registered: readonly string[]): boolean {
  if (registered.includes(uri)) return true;
  if (redirectProblem(uri) !== null) return false;
  const url = new URL(uri);
  return isLoopback(url) && registered.some((one) => isLoopback(new URL(one)) && withoutPort(one) === withoutPort(uri));
}

/** An address with parameters of our answer, beside those that it has. */
export function addressWith(uri: string, parameters: Record<string, string | undefined>): string {
  const url = new URL(uri);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url.href;
}

function isLoopback(url: URL): boolean {
  return url.protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
}

function withoutPort(uri: string): string {
  const url = new URL(uri);
  url.port = '';
  return url.href;
}
