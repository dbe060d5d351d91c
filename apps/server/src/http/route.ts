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
}

/** Joins an endpoint to a service function; the types of both must agree. */
export function route<P, Q, B, R>(endpoint: Endpoint<P, Q, B, R>, service: Service<P, Q, B, R>): Route {
  return { endpoint, service } as unknown as Route;
}
