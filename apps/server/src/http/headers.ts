import type { ServerResponse } from 'node:http';

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

/** Headers of every answer: version, no caching, any origin (credentials travel in headers, never in cookies). */
export function sendCommonHeaders(response: ServerResponse, version: string): void {
  response.setHeader('Flagsmith-Version', version);
  response.setHeader('Cache-Control', 'max-age=0, no-cache, no-store, must-revalidate, private');
  response.setHeader('Pragma', 'no-cache');
  response.setHeader('Expires', 'Thu, 01 Jan 1970 00:00:00 GMT');
  response.setHeader('Access-Control-Allow-Origin', '*');
  response.setHeader('Access-Control-Expose-Headers', exposed);
  response.setHeader('X-Content-Type-Options', 'nosniff');
}

/** Answers a browser's question before it sends a cross-origin request. */
export function sendPreflight(response: ServerResponse): void {
  response.setHeader('Access-Control-Allow-Methods', 'DELETE, GET, OPTIONS, PATCH, POST, PUT');
  response.setHeader('Access-Control-Allow-Headers', allowedHeaders);
  response.setHeader('Access-Control-Max-Age', '86400');
  response.writeHead(200, { 'Content-Length': '0' });
  response.end();
}
