import { createHash } from 'node:crypto';
import type { TraitValue } from '@halyard/contract';
import type { Outcome } from '@halyard/engine';
import type { Opened } from './environments.ts';
import { valuesOf } from './identities/answer.ts';
import type { IdentityCache } from './identities/cache.ts';
import { type GivenTrait, isLonger, isObject, maxIdentifierLength, overlay } from './identities/traits.ts';
import type { KeyKind, Publication, Served } from './publication.ts';
import { type EdgeRequest, normalPath, readJson } from './request.ts';
import { type Answer, asciiBytes, asciiJson, type HeaderSets, matchesEtag, nothing, Refusal } from './responses.ts';

interface OfrepRequest {
  opened: Opened;
  request: EdgeRequest;
  identities: IdentityCache;
  headers: HeaderSets;
}

/** Who an OFREP context speaks of; null for nobody: the environment's own states answer. */
interface OfrepIdentity {
  identifier: string;
  traits: GivenTrait[];
}

export const ofrepPrefix = '/ofrep/v1/evaluate/flags';
const inactivityDelaySec = 120;

/** OpenFeature providers carry the key in one of three headers. */
export function ofrepKeyOf(request: EdgeRequest): string | undefined {
  const bearer = /^bearer\s+(.+)$/i.exec(request.header('authorization') ?? '')?.[1]?.trim();
  return request.header('x-environment-key') || request.header('x-api-key') || bearer;
}

/** `POST /ofrep/v1/evaluate/flags/{key}`: one flag, in the terms of OpenFeature. */
export async function answerOfrepFlag({ opened, request, identities, headers }: OfrepRequest): Promise<Answer> {
  const context = readContext(request);
  const identity = await identityOf(opened, context, identities);
  const { publication } = opened.environment;
  const key = keyOf(normalPath(request.path)) as string;
  const served = publication.engine.decideOne(key, identity);
  const json = served === undefined ? '' : ofrepJson(publication, served, opened.kind);
  if (json === '') {
    throw new Refusal(404, { errorCode: 'FLAG_NOT_FOUND', errorDetails: `Flag '${key}' was not found.` });
  }
  return { status: 200, headers: headers.json, body: asciiBytes(json) };
}

/** `POST /ofrep/v1/evaluate/flags`: all flags. The tag is one of the content: other attributes may give other flags. */
export async function answerOfrepBulk(
  request: OfrepRequest & { streamPath: (clientKey: string) => string },
): Promise<Answer> {
  const { opened, headers } = request;
  const identity = await identityOf(opened, readContext(request.request), request.identities);
  const { publication } = opened.environment;
  const { document } = publication.published;
  const decided = publication.engine.decide(identity);
  const flags = wireOrder(publication)
    .map((index) => ofrepJson(publication, decided[index] as Served, opened.kind))
    .filter((json) => json !== '');
  const metadata = asciiJson({ environment: document.name });
  const requestUri = request.streamPath(document.api_key);
  const eventStreams = document.project.enable_realtime_updates
    ? `,"eventStreams":${asciiJson([{ type: 'sse', endpoint: { requestUri }, inactivityDelaySec }])}`
    : '';
  const json = `{"flags":[${flags.join(',')}],"metadata":${metadata}${eventStreams}}`;
  const etag = `"${createHash('sha256').update(json).digest('base64url').slice(0, 27)}"`;
  const tagged = [...headers.json, 'ETag', etag];
  if (matchesEtag(request.request.header('if-none-match'), etag)) {
    return { status: 304, headers: tagged, body: nothing };
  }
  return { status: 200, headers: tagged, body: asciiBytes(json) };
}

/** The body of a refused OFREP request: providers understand an error only with a code, and with a key for one flag. */
export function ofrepFailure(refusal: Refusal, path: string): unknown {
  const body = refusal.body as { detail?: string; errorCode?: string; errorDetails?: string };
  const isParseError = refusal.status === 400 && body.detail !== undefined;
  const key = keyOf(path);
  return {
    ...(key === null ? {} : { key }),
    errorCode: body.errorCode ?? (isParseError ? 'PARSE_ERROR' : 'GENERAL'),
    errorDetails: body.errorDetails ?? body.detail ?? '',
    ...body,
  };
}

/** The flag's key: everything behind the prefix, because not every provider escapes a slash in it. */
function keyOf(path: string): string | null {
  if (!path.startsWith(`${ofrepPrefix}/`)) return null;
  const encoded = path.slice(ofrepPrefix.length + 1);
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}

/** @throws {Refusal} 400 */
function readContext(request: EdgeRequest): OfrepIdentity | null {
  const body = request.body.length === 0 ? {} : readJson(request);
  if (!isObject(body)) throw invalidContext('The body must be an object with a context.');
  const context = body.context ?? {};
  if (!isObject(context)) throw invalidContext('The context must be an object.');
  const { targetingKey } = context;
  if (targetingKey === undefined || targetingKey === null || targetingKey === '') return null;
  if (typeof targetingKey !== 'string') throw invalidContext('The targetingKey must be a string.');
  const identifier = targetingKey.toWellFormed();
  if (identifier.includes('\0') || isLonger(identifier, maxIdentifierLength)) {
    throw invalidContext(
      `The targetingKey must have no more than ${maxIdentifierLength} characters, none of them null.`,
    );
  }
  const traits: GivenTrait[] = [];
  for (const [key, value] of Object.entries(context)) {
    if (key === 'targetingKey') continue;
    if (isPrimitive(value)) traits.push({ key, value, transient: true });
    // The native providers keep traits in an object of that name.
    else if (key === 'traits' && isObject(value)) {
      for (const [name, inner] of Object.entries(value)) {
        if (isPrimitive(inner)) traits.push({ key: name, value: inner, transient: true });
      }
    }
  }
  return { identifier, traits };
}

function isPrimitive(value: unknown): value is TraitValue {
  return value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function invalidContext(errorDetails: string): Refusal {
  return new Refusal(400, { errorCode: 'INVALID_CONTEXT', errorDetails });
}

/** What is stored of the identity counts, with the attributes of the context laid over it; nothing is stored. */
async function identityOf({ environment, kind }: Opened, context: OfrepIdentity | null, identities: IdentityCache) {
  if (context === null) return null;
  const { identifier } = context;
  const stored = await identities.load({ environmentId: environment.id, identifier });
  const mayTellTraits = kind === 'server' || environment.publication.published.document.allow_client_traits;
  return { identifier, traits: valuesOf(overlay(stored, mayTellTraits ? context.traits : [])) };
}

/** Positions of the features, sorted by name: the same flags must give the same bytes. */
function wireOrder(publication: Publication): number[] {
  return publication.once('ofrep order', () => {
    const { features } = publication.engine;
    return features
      .map((_, index) => index)
      .sort((a, b) => ((features[a]?.name ?? '') < (features[b]?.name ?? '') ? -1 : 1));
  });
}

/** One flag as OFREP shows it; '' where the key must not see it. */
function ofrepJson(publication: Publication, served: Served, kind: KeyKind): string {
  if (served[kind] === '') return '';
  served.ofrep ??= asciiJson(success(publication, served.outcome));
  return served.ofrep;
}

/** `spec/sdk-api.md` §4.3. A disabled flag with a value has none here: the caller's own default counts. */
function success(publication: Publication, outcome: Outcome): Record<string, unknown> {
  const { document } = publication.published;
  const { enabled, value, variant, feature } = outcome;
  const segment = /^TARGETING_MATCH; segment=(.*)$/s.exec(outcome.reason)?.[1];
  const details = document.hide_sensitive_data
    ? {}
    : { 'flagsmith.reason': outcome.reason, ...(segment === undefined ? {} : { 'flagsmith.segment': segment }) };
  return {
    key: feature.name,
    reason: enabled ? openFeatureReason(outcome) : 'DISABLED',
    ...(enabled ? { value: value ?? true } : value === null ? { value: false } : {}),
    ...(variant === null ? {} : { variant }),
    metadata: { enabled, featureId: feature.id, ...details, environment: document.name },
  };
}

function openFeatureReason({ reason, variant }: Outcome): 'STATIC' | 'SPLIT' | 'TARGETING_MATCH' {
  if (reason.startsWith('SPLIT') || variant === 'control') return 'SPLIT';
  return reason.startsWith('TARGETING_MATCH') ? 'TARGETING_MATCH' : 'STATIC';
}
