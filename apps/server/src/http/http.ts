import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Auth, Endpoint, Page } from '@halyard/contract';
import {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
  LogController,
} from 'fastify';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { Actor, Context } from '../context.ts';
import { Download } from '../download.ts';
import { Redirect } from '../redirect.ts';
import { forbidden, notFound, RequestError, refused, unauthenticated, unavailable } from '../errors.ts';
import { sendCommonHeaders, sendPreflight } from './headers.ts';
import { parseJson } from './json.ts';
import { compress } from './compression.ts';
import { conditionOf, etagOfText, matches } from './condition.ts';
import { parseMultipart } from './multipart.ts';
import type { Input, Route, Signed, StreamService } from './route.ts';
import { sendEvents } from './stream.ts';
import { check, checkParams } from './validation.ts';

export interface HttpOptions {
  routes: Route[];
  config: Config;
  log: Logger;
  /** Makes the context of a request: who asks is decided here. @throws RequestError 401, 403, 429 */
  contextOf: (request: {
    authorization: string | undefined;
    endpoint: Endpoint;
    address: string;
    log: Logger;
  }) => Promise<Context>;
  isUnavailable: (error: unknown) => boolean;
  /** Takes the requests that are its own before anything here sees them: the SDK-facing API. */
  firstLook?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** In tests: a response that does not fit its schema is an error. */
  checkResponses?: boolean;
  /** In tests: how often an open stream checks its client. */
  streamCheckMs?: number;
}

/** The HTTP server of the Core API: joins endpoints to services. */
export function createHttp(options: HttpOptions): FastifyInstance {
  const { config, routes } = options;
  const app = fastify({
    loggerInstance: options.log.child({}) as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: config.requestBodyLimitBytes,
    trustProxy: (_address, hop) => hop < config.trustedProxies,
    genReqId: (request) => requestIdOf(request),
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength: 2000 },
    serverFactory: (handler) => serverWith(handler, options.firstLook),
  }) as unknown as FastifyInstance;

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) => {
    bodies.set(request, body);
    return parseJson(body);
  });
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'buffer' },
    async (_: FastifyRequest, body: Buffer) => Object.fromEntries(new URLSearchParams(body.toString('utf8'))),
  );
  app.addContentTypeParser(
    'multipart/form-data',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, body: Buffer) => parseMultipart(request.headers['content-type'] ?? '', body),
  );

  app.addHook('onRequest', async (request, reply) => {
    sendCommonHeaders(reply.raw, config.version);
    reply.raw.setHeader('X-Request-Id', request.id);
    if (request.method === 'OPTIONS') {
      reply.hijack();
      sendPreflight(reply.raw);
    }
  });
  app.addHook('onSend', compress);
  app.addHook('onResponse', async (request, reply) => {
    request.log.info(
      {
        method: request.method,
        route: routeOf(request),
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
      },
      'request',
    );
  });

  for (const route of routes) addRoute(app, route, options);
  refuseOtherMethods(app, routes);
  app.setNotFoundHandler(async () => {
    throw notFound();
  });
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply, options));
  return app;
}

/** JSON as it came, for signatures. */
const bodies = new WeakMap<FastifyRequest, Buffer>();

function addRoute(app: FastifyInstance, route: Route, options: HttpOptions): void {
  const { endpoint, service } = route;
  app.route({
    method: endpoint.method,
    url: fastifyPath(endpoint.path),
    ...(endpoint.bodyLimitBytes !== undefined && { bodyLimit: endpoint.bodyLimitBytes }),
    onRequest: async (request) => {
      const isMultipart = /^multipart\/form-data\b/i.test(request.headers['content-type'] ?? '');
      if (isMultipart && !endpoint.multipart) throw unsupported(request);
      // Files and large bodies are read only from those who may ask at all.
      if (endpoint.multipart || endpoint.bodyLimitBytes !== undefined) await contextFor(route, request, options);
    },
    handler: async (request, reply) => {
      const ctx = await contextFor(route, request, options);
      const input: Input = {
        params: endpoint.params && checkParams(endpoint.params, request.params),
        query: endpoint.query && check(endpoint.query, request.query),
        body: endpoint.body && check(endpoint.body, request.body ?? {}),
        ...(endpoint.signed && {
          signed: { headers: request.headers, bytes: bodies.get(request) ?? Buffer.alloc(0) } satisfies Signed,
        }),
      };
      if (endpoint.stream) return startStream(route, { request, reply, ctx, input }, options);
      const condition = conditionOf(route, input, request.headers['if-match']);
      if (endpoint.method === 'GET') await condition?.after(ctx);
      const answer = await service(condition === null ? ctx : { ...ctx, precondition: condition }, input);
      const etag = condition?.etag() ?? null;
      if (etag !== null) reply.header('etag', etag);
      reply.code(endpoint.status);
      if (answer instanceof Redirect) return reply.header('location', answer.location).send('');
      if (endpoint.response === undefined) return reply.send('');
      if (answer instanceof Download) return sendDownload(answer, reply);
      const body = endpoint.paged ? withLinks(answer as Page<unknown>, request) : answer;
      if (options.checkResponses) checkResponse(endpoint, body);
      if (endpoint.attachment) reply.header('content-disposition', `attachment; filename="${endpoint.attachment}"`);
      const text = JSON.stringify(body);
      if (endpoint.revalidated && isKnown(text, request, reply)) return reply.code(304).send('');
      return reply.header('content-type', 'application/json').send(text);
    },
  });
}

/** Names the answer by an `ETag`, and says whether the client has it already. */
function isKnown(text: string, request: FastifyRequest, reply: FastifyReply): boolean {
  const etag = `W/${etagOfText(text)}`;
  reply.header('etag', etag).header('cache-control', 'private, no-cache');
  return matches(request.headers['if-none-match'] ?? '', etag.slice(2));
}

function sendDownload(file: Download, reply: FastifyReply): FastifyReply {
  reply.header('content-disposition', `attachment; filename="${file.fileName}"`);
  return reply.header('content-type', file.contentType).send(file.stream());
}

/** @throws Error where an answer is not what its endpoint says, or has more than that: a column that got out. */
function checkResponse(endpoint: Endpoint, body: unknown): void {
  const sent: unknown = JSON.parse(JSON.stringify(body));
  const undeclared = undeclaredKeys(sent, endpoint.response.parse(sent), 'answer');
  if (undeclared.length > 0) throw new Error(`${endpoint.id} does not declare ${undeclared.join(', ')}`);
}

/** Parsing leaves out what a schema does not name. */
function undeclaredKeys(sent: unknown, parsed: unknown, path: string): string[] {
  if (typeof sent !== 'object' || sent === null || typeof parsed !== 'object' || parsed === null) return [];
  return Object.entries(sent).flatMap(([key, value]) =>
    Object.hasOwn(parsed, key)
      ? undeclaredKeys(value, (parsed as Record<string, unknown>)[key], `${path}.${key}`)
      : [`${path}.${key}`],
  );
}

async function startStream(
  route: Route,
  given: { request: FastifyRequest; reply: FastifyReply; ctx: Context; input: Input },
  options: HttpOptions,
): Promise<void> {
  const { request, reply, ctx, input } = given;
  const lastEventId = request.headers['last-event-id'];
  const service = route.service as unknown as StreamService<unknown, unknown>;
  const { params, query } = input;
  const stream = await service(ctx, {
    params,
    query,
    lastEventId: typeof lastEventId === 'string' ? lastEventId : null,
  });
  reply.hijack();
  sendEvents(reply.raw, stream, {
    checkMs: options.streamCheckMs ?? streamCheckMs,
    check: async () => stream.check(await contextFor(route, request, options)),
    ...(options.checkResponses && { checkEvent: (data: unknown) => checkResponse(route.endpoint, data) }),
  });
}

/** How often an open stream asks whether its client may still listen, and shows that it is alive. */
const streamCheckMs = 15_000;

/** The context of a request. @throws RequestError 401, 403 where it may not be asked at all */
async function contextFor({ endpoint }: Route, request: FastifyRequest, options: HttpOptions): Promise<Context> {
  const ctx = await options.contextOf({
    // A login that still carries an old token is a login all the same.
    authorization: endpoint.auth === 'anyone' ? undefined : request.headers.authorization,
    endpoint,
    address: request.ip,
    log: request.log as unknown as Logger,
  });
  refuseWrongActor(endpoint.auth, ctx.actor);
  return ctx;
}

/** Before the body is looked at: who may not ask at all need not learn what was wrong with the question. */
function refuseWrongActor(auth: Auth, actor: Actor): void {
  if (auth === 'anyone') return;
  if (actor.kind === 'nobody') throw unauthenticated();
  if (auth === 'user or master key') return;
  if (actor.kind !== 'user') throw forbidden();
  if (auth === 'login' && actor.scopes !== undefined) throw forbidden(inPerson);
}

const inPerson = 'Applications cannot do this for somebody. Please log in and do it yourself.';

/** A path that exists under another method answers 405, not 404. */
function refuseOtherMethods(app: FastifyInstance, routes: Route[]): void {
  const known = new Map<string, Set<string>>();
  for (const { endpoint } of routes) {
    const shape = fastifyPath(endpoint.path);
    known.set(shape, (known.get(shape) ?? new Set()).add(endpoint.method));
  }
  for (const [url, methods] of known) {
    const others = (['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const).filter((method) => !methods.has(method));
    if (others.length === 0) continue;
    app.route({
      method: others,
      url,
      exposeHeadRoute: false,
      handler: async (request) => {
        throw new RequestError(
          'method_not_allowed',
          { detail: `Method "${request.method}" not allowed.` },
          { Allow: [...methods, 'OPTIONS'].join(', ') },
        );
      },
    });
  }
}

function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply, options: HttpOptions): FastifyReply {
  const known = asRequestError(error, request, options);
  if (known !== null) {
    for (const [name, value] of Object.entries(known.headers)) reply.header(name, value);
    return reply.code(known.status).header('content-type', 'application/json').send(JSON.stringify(known.body));
  }
  request.log.error({ err: error, method: request.method, route: routeOf(request) }, 'unexpected error');
  return reply
    .code(500)
    .header('content-type', 'application/json')
    .send(JSON.stringify({ detail: 'Internal server error.', request_id: request.id }));
}

function asRequestError(error: unknown, request: FastifyRequest, options: HttpOptions): RequestError | null {
  if (error instanceof RequestError) return error;
  if (options.isUnavailable(error)) {
    request.log.error({ err: error }, 'database unavailable');
    return unavailable();
  }
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new RequestError('too_large', {
      detail: `Request body is larger than ${options.config.requestBodyLimitBytes} bytes.`,
    });
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return unsupported(request);
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  return status >= 400 && status < 500 ? refused((error as Error).message) : null;
}

function unsupported(request: FastifyRequest): RequestError {
  const type = String(request.headers['content-type']);
  return new RequestError('unsupported_media_type', { detail: `Unsupported media type "${type}" in request.` });
}

/** Adds the addresses of the neighbouring pages. @throws RequestError 404 for a page past the end */
function withLinks(answer: Page<unknown>, request: FastifyRequest): unknown {
  const query = request.query as Record<string, string | string[]>;
  const page = Number(query.page ?? 1);
  const size = Math.min(Number(query.page_size ?? 999) || 999, 999);
  if (page > 1 && (page - 1) * size >= answer.count) throw notFound('Invalid page.');
  const address = (number: number) => {
    const url = new URL(request.url, `${request.protocol}://${request.host}`);
    url.searchParams.set('page', String(number));
    return url.href;
  };
  return {
    count: answer.count,
    next: page * size < answer.count ? address(page + 1) : null,
    previous: page > 1 ? address(page - 1) : null,
    results: answer.results,
  };
}

function serverWith(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
  firstLook: HttpOptions['firstLook'],
): Server {
  return createServer((request, response) => {
    if (firstLook?.(request, response)) return;
    handler(request, response);
  });
}

/** The pattern of the path, without what was filled in: an invite's address is a secret. */
function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? 'unknown';
}

/** The caller's own id where it is short and plain, so that a request can be followed across services. */
function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[\w.-]{1,64}$/.test(given) ? given : crypto.randomUUID();
}

function fastifyPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}
