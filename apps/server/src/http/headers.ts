import type { ServerResponse } from 'node:http';
import { commonHeaders, preflightHeaders } from '@halyard/edge';

/** Headers of every answer, the same as the Edge's: a client must not see which part of the process answered. */
export function sendCommonHeaders(response: ServerResponse, version: string): void {
  setAll(response, commonHeaders(version));
}

/** Answers a browser's question before it sends a cross-origin request. */
export function sendPreflight(response: ServerResponse): void {
  setAll(response, preflightHeaders);
  response.writeHead(200, { 'Content-Length': '0' });
  response.end();
}

function setAll(response: ServerResponse, headers: readonly string[]): void {
  for (let i = 0; i < headers.length; i += 2) response.setHeader(headers[i] as string, headers[i + 1] as string);
}
