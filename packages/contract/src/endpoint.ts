import type { z } from 'zod';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * Who may call: anybody, a person's own login, that or an application which the person let act for them, or any of these or an
 * organisation's master key.
 */
export type Auth = 'anyone' | 'login' | 'user' | 'user or master key';

/** Statuses of refusals that a caller should expect. 400 goes with every body or query, 401 with every protected endpoint. */
export type ErrorStatus = 400 | 401 | 403 | 404 | 409 | 413 | 429 | 502 | 503;

/** One request described once: what the server checks, what OpenAPI shows and what clients are typed by. */
export interface Endpoint<Params = unknown, Query = unknown, Body = unknown, Response = unknown> {
  /** Unique; `operationId` in OpenAPI. */
  id: string;
  method: Method;
  /** With a trailing slash where the wire has one (both forms are accepted); parameters as `{name}`. */
  path: string;
  /** Product word that groups it in the documentation. */
  tag: string;
  /** One line in the imperative. */
  summary: string;
  auth: Auth;
  params: z.ZodType<Params>;
  query: z.ZodType<Query>;
  body: z.ZodType<Body>;
  /** 204, and 200 without a schema, answer an empty body; 302 sends a browser elsewhere. */
  status: 200 | 201 | 202 | 204 | 302;
  response: z.ZodType<Response>;
  /** The service answers `{count, results}`; the wire adds `next` and `previous`. */
  paged: boolean;
  errors: ErrorStatus[];
  /** The body comes as `multipart/form-data`, with files as `fileInput` reads them; JSON is taken as well. */
  multipart?: boolean;
  /** Largest body where it differs from the server's usual limit. */
  bodyLimitBytes?: number;
  /** The answer is a file: the name that a browser saves it under. */
  attachment?: string;
  /**
   * The answer is a stream of server-sent events whose `data` is `response`. It goes on after the `Last-Event-ID` that a
   * client sends, keeps the connection busy every 15 seconds, and ends when the caller may not listen any more. The token
   * comes in a header as everywhere: in an address it would end up in logs. Browsers read the stream with `fetch`.
   */
  stream?: boolean;
  /**
   * The answer carries an `ETag` of the object. A write that says `If-Match` happens only where the object is still so;
   * otherwise it is refused with 409 `{detail, code: "conflict", yours, current, current_etag}`. Without that header it
   * happens in any case.
   */
  conditional?: boolean;
  /** Its service is given the headers and the bytes of the body, which it checks a signature of. */
  signed?: boolean;
  /** The answer carries an `ETag` of itself: a request whose `If-None-Match` names it is answered 304, without a body. */
  revalidated?: boolean;
}

/** What differs from the usual: no parameters, no query, no body, 200, not paged. */
interface Description<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType> {
  id: string;
  method: Method;
  path: string;
  tag: string;
  summary: string;
  auth?: Auth;
  params?: P;
  query?: Q;
  body?: B;
  status?: 200 | 201 | 202 | 204 | 302;
  response?: R;
  paged?: boolean;
  errors?: ErrorStatus[];
  multipart?: boolean;
  bodyLimitBytes?: number;
  attachment?: string;
  stream?: boolean;
  conditional?: boolean;
  revalidated?: boolean;
  signed?: boolean;
}

/** Describes an endpoint. Without `auth` it takes a person's token or a master key. */
export function endpoint<
  P extends z.ZodType = z.ZodUndefined,
  Q extends z.ZodType = z.ZodUndefined,
  B extends z.ZodType = z.ZodUndefined,
  R extends z.ZodType = z.ZodUndefined,
>(description: Description<P, Q, B, R>): Endpoint<z.output<P>, z.output<Q>, z.output<B>, z.output<R>> {
  return {
    auth: 'user or master key',
    status: 200,
    paged: false,
    errors: [],
    ...description,
  } as unknown as Endpoint<z.output<P>, z.output<Q>, z.output<B>, z.output<R>>;
}

/** What the service function behind an endpoint is given: its checked `params`, `query` and `body`, as far as it has them. */
export type InputOf<E> =
  E extends Endpoint<infer P, infer Q, infer B, infer _R>
    ? Given<'params', P> & Given<'query', Q> & Given<'body', B>
    : never;

type Given<Name extends string, T> = [T] extends [undefined] ? unknown : { [K in Name]: T };
