/** What a request gets: bytes at once, or a stream of events. */
export type EdgeResponse = Answer | EventStream;

export interface Answer {
  status: number;
  /** Name, value, name, value… without Content-Length. Long-lived: a runtime may remember what it made of one. */
  headers: readonly string[];
  body: Uint8Array;
  /** To be called when the body was handed to the network, and never looked at again: its memory serves the next answer. */
  release?: () => void;
}

export interface EventStream {
  status: 200;
  headers: readonly string[];
  /** Starts the events. The returned function ends them; a runtime calls it when the client is gone. */
  open(sink: EventSink): () => void;
}

/** Where the events of one client go. */
export interface EventSink {
  /** Sends bytes as they are; the same array for every client, so that a runtime can frame it once. */
  write(bytes: Uint8Array): void;
  /** Bytes that were written and are not on their way yet. */
  readonly waitingBytes: number;
  /** Ends the client's stream. */
  close(): void;
}

export interface HeaderSets {
  /** Headers of every answer. */
  json: readonly string[];
  /** Answers without a body. */
  plain: readonly string[];
  /** To a browser's question before a cross-origin request. */
  preflight: readonly string[];
  eventStream: readonly string[];
}

const exposed = 'Retry-After, X-Flagsmith-Document-Updated-At, ETag, Link, Flagsmith-Version, X-Request-Id';
const allowedHeaders = [
  'accept',
  'authorization',
  'content-type',
  'user-agent',
  'x-csrftoken',
  'x-requested-with',
  'sentry-trace',
  'traceparent',
  'tracestate',
  'baggage',
  'x-environment-key',
  'x-api-key',
  'if-match',
  'if-none-match',
  'x-e2e-test-auth-token',
  'flagsmith-application-name',
  'flagsmith-application-version',
  'flagsmith-sdk-user-agent',
].join(', ');

/** Name after value after name: version, no caching, any origin (credentials travel in headers, never in cookies). */
export function commonHeaders(version: string): readonly string[] {
  return [
    'Flagsmith-Version',
    version,
    'Cache-Control',
    'max-age=0, no-cache, no-store, must-revalidate, private',
    'Pragma',
    'no-cache',
    'Expires',
    'Thu, 01 Jan 1970 00:00:00 GMT',
    'Access-Control-Allow-Origin',
    '*',
    'Access-Control-Expose-Headers',
    exposed,
    'X-Content-Type-Options',
    'nosniff',
  ];
}

/** What answers a browser's question before a cross-origin request, beside the common headers. */
export const preflightHeaders: readonly string[] = [
  'Access-Control-Allow-Methods',
  'DELETE, GET, OPTIONS, PATCH, POST, PUT',
  'Access-Control-Allow-Headers',
  allowedHeaders,
  'Access-Control-Max-Age',
  '86400',
];

/** The header sets of one release. */
export function headerSets(version: string): HeaderSets {
  const plain = [...commonHeaders(version), 'Vary', 'X-Environment-Key'];
  return {
    plain,
    json: ['Content-Type', 'application/json', ...plain],
    preflight: [...plain, ...preflightHeaders],
    // X-Accel-Buffering: a reverse proxy that collects output would hold events back.
    eventStream: ['Content-Type', 'text/event-stream', ...plain, 'X-Accel-Buffering', 'no'],
  };
}

/** A body of no bytes. */
export const nothing: Uint8Array = new Uint8Array(0);

/** What a handler throws when it refuses a request. */
export class Refusal extends Error {
  readonly status: number;
  readonly body: unknown;
  readonly headers: readonly string[];

  constructor(status: number, body: unknown, headers: readonly string[] = []) {
    super(`${status}: ${JSON.stringify(body)}`);
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** JSON with everything beyond ASCII escaped, so that its length in characters is its length in bytes. */
export function asciiJson(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string' && plainText.test(value)) return `"${value}"`;
  const text = JSON.stringify(value);
  return beyondAscii.test(text) ? text.replaceAll(eachBeyondAscii, escaped) : text;
}

/** The bytes of ASCII text. */
export function asciiBytes(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

/** True where `If-None-Match` names the tag; tags compare weakly, as RFC 9110 section 13.1.2 asks. */
export function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header === etag || header.trim() === '*') return true;
  return header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}

/** Printable ASCII without quote and backslash: JSON writes it as it is. */
const plainText = /^[ !#-[\]-~]*$/;
const beyondAscii = /[\u0080-\uffff]/;
const eachBeyondAscii = /[\u0080-\uffff]/g;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
