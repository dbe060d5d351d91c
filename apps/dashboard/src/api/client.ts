import type * as contract from '@halyard/contract';
import { endpoints } from 'virtual:endpoints';
import { ApiError, UnreachableError } from './errors.ts';
import { noteReachable } from './reachability.ts';
import { forgetToken, token } from './token.ts';

type Contract = typeof contract;

/** Names of the contract's endpoints, as it exports them. */
export type EndpointName = {
  [Name in keyof Contract]: Contract[Name] extends contract.Endpoint<infer _P, infer _Q, infer _B, infer _R>
    ? Name
    : never;
}[keyof Contract];

/** What an endpoint is given: `params`, `query` and `body`, as far as it has them. Of the query any part may be left out. */
export type Input<Name extends EndpointName> =
  Contract[Name] extends contract.Endpoint<infer P, infer Q, infer B, infer _R>
    ? Part<'params', P> & Optional<'query', Q> & Part<'body', B>
    : never;

/** What it answers. */
export type Answer<Name extends EndpointName> =
  Contract[Name] extends contract.Endpoint<infer _P, infer _Q, infer _B, infer R> ? R : never;

type Part<Key extends string, T> = [T] extends [undefined] ? unknown : { [K in Key]: T };
type Optional<Key extends string, T> = [T] extends [undefined] ? unknown : { [K in Key]?: Partial<T> };

interface Sent {
  params?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
}

interface CallOptions {
  signal?: AbortSignal | undefined;
  headers?: Record<string, string>;
}

let sessionLost = () => {};

/** Says what happens when the server no longer knows the token. */
export function onSessionLost(listener: () => void): void {
  sessionLost = listener;
}

/**
 * Calls an endpoint of the contract by its name. Throws `ApiError` for a refusal and `UnreachableError` where there was no
 * answer.
 */
export async function call<Name extends EndpointName>(
  name: Name,
  input: Input<Name>,
  options: CallOptions = {},
): Promise<Answer<Name>> {
  return callAt<Answer<Name>>(endpoints[name] as string, input as Sent, options);
}

/** As `call`, for an endpoint that is known by its method and path only, such as `GET /api/v1/projects/{project_id}/`. */
export async function callAt<T>(endpoint: string, input: Sent, options: CallOptions = {}): Promise<T> {
  const response = await request(endpoint, input, options);
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

/** The address of an endpoint that a browser opens itself. */
export function addressOf<Name extends EndpointName>(name: Name, input: Input<Name>): string {
  return address((endpoints[name] as string).split(' ')[1] as string, input as Sent);
}

/** As `call`, for an endpoint that answers a file: gives its content and the name to save it under. */
export async function download<Name extends EndpointName>(name: Name, input: Input<Name>): Promise<File> {
  const response = await request(endpoints[name] as string, input as Sent, {});
  const disposition = response.headers.get('content-disposition') ?? '';
  const fileName = /filename="?([^";]+)"?/.exec(disposition)?.[1] ?? 'halyard.json';
  return new File([await response.blob()], fileName);
}

/** As `call`, for an endpoint that answers a stream of server-sent events. */
export function openStream<Name extends EndpointName>(name: Name, input: Input<Name>, options: CallOptions) {
  return request(endpoints[name] as string, input as Sent, options);
}

async function request(endpoint: string, input: Sent, { signal, headers }: CallOptions): Promise<Response> {
  const [method, path] = endpoint.split(' ') as [string, string];
  const sentToken = token();
  const isFile = input.body instanceof FormData;
  const init: RequestInit = {
    method,
    headers: {
      accept: 'application/json, text/event-stream',
      ...(sentToken && { authorization: `Token ${sentToken}` }),
      ...(input.body !== undefined && !isFile && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(input.body !== undefined && { body: isFile ? (input.body as FormData) : JSON.stringify(input.body) }),
    ...(signal && { signal }),
  };
  const response = await fetch(address(path, input), init).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    noteReachable(false);
    throw new UnreachableError(error);
  });
  // A 502 of ours is about another service, and says so in JSON; a proxy's is about us.
  const isOurs = response.status === 502 && response.headers.get('content-type')?.includes('json') === true;
  const answered = isOurs || ![502, 503, 504].includes(response.status);
  noteReachable(answered);
  if (response.ok) return response;
  if (!answered) throw new UnreachableError(response.status);

  const body = await response.json().catch(() => undefined);
  if (response.status === 401 && sentToken && token() === sentToken) {
    forgetToken();
    sessionLost();
  }
  throw new ApiError(response.status, body);
}

function address(path: string, { params = {}, query = {} }: Sent): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])));
  const search = new URLSearchParams(
    Object.entries(query).flatMap(([key, value]) =>
      value === undefined || value === null || value === '' ? [] : [[key, String(value)]],
    ),
  ).toString();
  return search ? `${filled}?${search}` : filled;
}
