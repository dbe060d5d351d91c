import type { Endpoint } from '@halyard/contract';
import type { Context } from '../context.ts';

/** What a request says, checked by its endpoint's schemas. */
export interface Input<Params = unknown, Query = unknown, Body = unknown> {
  params: Params;
  query: Query;
  body: Body;
}

/** A service function as HTTP sees it. */
export type Service<Params, Query, Body, Response> = (
  ctx: Context,
  input: Input<Params, Query, Body>,
) => Promise<Response>;

/** An endpoint with the service function that answers it. */
export interface Route {
  endpoint: Endpoint;
  service: Service<unknown, unknown, unknown, unknown>;
  /** The object that a conditional endpoint is about: two equal answers have the same `ETag`. */
  current?: Current<unknown>;
}

export type Current<Params> = (ctx: Context, input: { params: Params }) => Promise<unknown>;

/** Joins an endpoint to a service function; the types of both must agree. */
export function route<P, Q, B, R>(
  endpoint: Endpoint<P, Q, B, R>,
  service: Service<P, Q, B, R>,
  current?: Current<P>,
): Route {
  return { endpoint, service, current } as unknown as Route;
}

/** What a signature is checked with. */
export interface Signed {
  headers: Record<string, string | string[] | undefined>;
  bytes: Buffer;
}

/** Joins an endpoint whose requests are signed to a service function. */
export function signedRoute<P, Q, B, R>(
  endpoint: Endpoint<P, Q, B, R>,
  service: (ctx: Context, input: Input<P, Q, B> & { signed: Signed }) => Promise<R>,
): Route {
  return { endpoint, service } as unknown as Route;
}

/** One server-sent event. */
export interface StreamEvent {
  id: string;
  event: string;
  data: unknown;
}

/** Where a stream's events go. */
export interface StreamSink {
  send(event: StreamEvent): void;
  close(): void;
}

/** What the service of a stream answers. */
export interface EventStream {
  /** Called once, when the connection is ready. Answers what to do when it is closed, from either side. */
  open(sink: StreamSink): () => void;
  /** Called every few seconds with who asks now. @throws RequestError where they may not listen any more */
  check(ctx: Context): Promise<void>;
}

/** A service function of a stream; `lastEventId` is the last event that the client says it has. */
export type StreamService<Params, Query> = (
  ctx: Context,
  input: { params: Params; query: Query; lastEventId: string | null },
) => Promise<EventStream>;

/** Joins an endpoint that is a stream to a service function. */
export function streamRoute<P, Q, B, R>(endpoint: Endpoint<P, Q, B, R>, service: StreamService<P, Q>): Route {
  return { endpoint, service } as unknown as Route;
}
