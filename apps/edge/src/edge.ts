import { answerAnalytics, answerAnalyticsV2, echoTelemetry } from './analytics.ts';
import { answerDocument } from './document.ts';
import type { DocumentReader } from './documents/reader.ts';
import type { EvaluationListener } from './evaluations/listener.ts';
import { createTeller } from './evaluations/teller.ts';
import { createEnvironments, type Opened } from './environments.ts';
import { answerFlags } from './flags.ts';
import { createIdentityAnswers } from './identities/answer.ts';
import { createIdentityCache } from './identities/cache.ts';
import type { IdentityName, IdentityStore } from './identities/store.ts';
import type { Log } from './log.ts';
import { answerMultivariateOptions, featureOfOptionsPath } from './multivariate-options.ts';
import { answerOfrepBulk, answerOfrepFlag, ofrepFailure, ofrepKeyOf, ofrepPrefix } from './ofrep.ts';
import { type EdgeRequest, normalPath, readQuery } from './request.ts';
import { type Answer, asciiBytes, asciiJson, type EdgeResponse, headerSets, nothing, Refusal } from './responses.ts';
import { noteFirstEvaluation } from './sdk-label.ts';
import { createStreams, type EventFormat } from './stream.ts';
import { answerTrait, answerTraitIncrement, answerTraits } from './traits.ts';
import { Unavailable } from './unavailable.ts';
import { createRequestCounter } from './usage/counter.ts';
import type { RequestKind, UsageStore } from './usage/store.ts';

export interface EdgeOptions {
  documents: DocumentReader;
  identities: IdentityStore;
  usage: UsageStore;
  /** Hears which flags identities are served. */
  evaluations?: EvaluationListener;
  /** Sent as `Flagsmith-Version`. */
  version: string;
  log: Log;
  /** Unix milliseconds. */
  now?: () => number;
  /** Identities kept in memory. */
  maxIdentities?: number;
  /** How long to trust an identity in memory; needed where other processes write identities too. Null for ever. */
  identityTtlMs?: number | null;
  /** Memory for finished answers of `/identities/`. */
  answerMemoryBytes?: number;
}

/** The SDK-facing API: no runtime, no database, no disk; those come through its ports. */
export interface Edge {
  /** Whether a path (without its query) is one of ours, whatever its method. */
  owns(path: string): boolean;
  /** Answers a request whose path is ours. Never throws and never rejects. At once where all it needs is in memory. */
  handle(request: EdgeRequest): EdgeResponse | Promise<EdgeResponse>;
  /** The answer to a request that is refused before it is whole: too large, encoded. */
  refuse(status: number, detail: string): Answer;
  identities: {
    /** To be called after somebody else changed or deleted an identity or its traits. */
    forget(name: IdentityName): void;
  };
  /** Writes the requests counted so far, and hands over the identities that are to be told. Never rejects. */
  flush(): Promise<void>;
  /** Ends the streams and stops following the reader. */
  close(): void;
}

type Handler = (opened: Opened, request: EdgeRequest) => EdgeResponse | Promise<EdgeResponse>;
type Handlers = Readonly<Record<string, Handler>>;

const noKey = 'Invalid or missing Environment key';
const unknownKey = 'Invalid or missing Environment Key';
const stopped = 'Organisation is disabled from serving flags.';
const sdkStream = /^\/sse\/environments\/([^/]+)\/stream$/;
const ofrepStream = /^\/ofrep\/v1\/streams\/([^/]+)$/;
const telemetryPath = '/api/v1/analytics/telemetry';
const documentPath = '/api/v1/environment-document';

/** Makes an Edge on the given ports. */
export function createEdge(options: EdgeOptions): Edge {
  const { log, usage } = options;
  const now = options.now ?? Date.now;
  const headers = headerSets(options.version);
  const streams = createStreams({ headers, now });
  const environments = createEnvironments({
    documents: options.documents,
    headers,
    now,
    published: (environment) => streams.tell(environment),
    removed: (environmentId) => streams.end(environmentId),
  });
  const identities = createIdentityCache({
    store: options.identities,
    maxIdentities: options.maxIdentities ?? 20_000,
    ttlMs: options.identityTtlMs ?? null,
  });
  const teller = createTeller({ listener: options.evaluations ?? null, log, now });
  const answerIdentity = createIdentityAnswers({
    identities,
    teller,
    memoryBytes: options.answerMemoryBytes ?? 32 * 1024 * 1024,
  });

  const requests = createRequestCounter({ usage, log });
  const counted =
    (kind: RequestKind, handler: Handler): Handler =>
    (opened, request) => {
      requests.count(opened, kind, request);
      return handler(opened, request);
    };

  const flags: Handler = counted('flags', (opened, request) => {
    noteFirstEvaluation({ opened, request, usage, log });
    return answerFlags(opened, request, headers);
  });
  const identity: Handler = counted('identities', (opened, request) => {
    noteFirstEvaluation({ opened, request, usage, log });
    return answerIdentity(opened, request);
  });
  const document: Handler = counted('environment_document', (opened, request) =>
    answerDocument(opened, request, headers),
  );
  const trait = counted('traits', (opened, request) => answerTrait({ opened, request, identities, headers }));
  const traits = counted('traits', (opened, request) => answerTraits({ opened, request, identities, headers }));
  const increment = counted('traits', (opened, request) =>
    answerTraitIncrement({ opened, request, identities, headers }),
  );
  const ofrepFlags = counted('flags', (opened, request) =>
    answerOfrepBulk({ opened, request, identities, headers, streamPath }),
  );

  const routes = new Map<string, Handlers>([
    ['/api/v1/flags', { GET: flags, HEAD: flags }],
    ['/api/v1/identities', { GET: identity, HEAD: identity, POST: identity }],
    [documentPath, { GET: document, HEAD: document }],
    ['/api/v1/traits', { POST: trait }],
    ['/api/v1/traits/bulk', { PUT: traits }],
    ['/api/v1/traits/increment-value', { POST: increment }],
    ['/api/v1/analytics/flags', { POST: (opened, request) => answerAnalytics({ opened, request, usage, headers }) }],
    ['/api/v2/analytics/flags', { POST: (opened, request) => answerAnalyticsV2({ opened, request, usage, headers }) }],
    [ofrepPrefix, { POST: ofrepFlags }],
  ]);
  const ofrepFlag: Handlers = {
    POST: counted('flags', (opened, request) => answerOfrepFlag({ opened, request, identities, headers })),
  };

  const optionsOf = (featureId: number): Handlers => {
    const options = counted('flags', (opened) => answerMultivariateOptions(opened, featureId, headers));
    return { GET: options, HEAD: options };
  };

  // Most requests spell a path with a slash at its end, as the SDKs do.
  for (const [path, handlers] of [...routes]) routes.set(`${path}/`, handlers);

  function handle(request: EdgeRequest): EdgeResponse | Promise<EdgeResponse> {
    try {
      const answered = answer(request);
      return answered instanceof Promise ? answered.catch((error) => failure(error, request)) : answered;
    } catch (error) {
      return failure(error, request);
    }
  }

  function answer(request: EdgeRequest): EdgeResponse | Promise<EdgeResponse> {
    if (request.method === 'OPTIONS') return { status: 200, headers: headers.preflight, body: nothing };
    const handlers = routes.get(request.path);
    if (handlers !== undefined) return authorised(handlers, request, request.path);
    const path = normalPath(request.path);
    const normal = routes.get(path);
    if (normal !== undefined) return authorised(normal, request, path);
    if (path.startsWith(`${ofrepPrefix}/`)) return authorised(ofrepFlag, request, path);
    const featureId = featureOfOptionsPath(path);
    if (featureId !== null) return authorised(optionsOf(featureId), request, path);
    if (path === telemetryPath) {
      if (request.method !== 'POST') throw notAllowed(request.method, ['POST']);
      return echoTelemetry(request, headers);
    }
    for (const [format, pattern] of streamPaths) {
      const match = pattern.exec(path);
      if (match !== null) return stream(request, match[1] as string, format);
    }
    throw new Refusal(404, { detail: 'Not found.' });
  }

  function authorised(handlers: Handlers, request: EdgeRequest, path: string): EdgeResponse | Promise<EdgeResponse> {
    const handler = Object.hasOwn(handlers, request.method) ? handlers[request.method] : undefined;
    if (handler === undefined) throw notAllowed(request.method, Object.keys(handlers));
    const isOfrep = path.startsWith('/ofrep/');
    const refusal = isOfrep ? 401 : 403;
    const key = isOfrep ? ofrepKeyOf(request) : request.header('x-environment-key');
    if (key === undefined || key === '') throw new Refusal(refusal, { detail: noKey });
    if (handlers === routes.get(documentPath) && !key.startsWith('ser.')) throw new Refusal(403, { detail: noKey });
    const opened = environments.open(key);
    return opened instanceof Promise ? opened.then(run) : run(opened);

    function run(opened: Opened | null): EdgeResponse | Promise<EdgeResponse> {
      return (handler as Handler)(serving(opened, refusal), request);
    }
  }

  async function stream(request: EdgeRequest, encodedKey: string, format: EventFormat): Promise<EdgeResponse> {
    if (request.method !== 'GET') throw notAllowed(request.method, ['GET']);
    const opened = await environments.open(decoded(encodedKey));
    // The address of a stream may be logged on its way, so a server's key has no business in it.
    if (opened?.kind !== 'client') throw new Refusal(404, { detail: 'Not found.' });
    serving(opened, 403);
    const lastEventId = request.header('last-event-id') ?? readQuery(request).get('lastEventId') ?? '';
    return streams.stream(opened.environment, { format, lastEventId: lastEventId === '' ? null : lastEventId });
  }

  function failure(error: unknown, request: EdgeRequest): Answer {
    if (error instanceof Refusal) return refusalAnswer(error, request);
    const path = normalPath(request.path);
    if (error instanceof Unavailable) {
      log.error({ err: error.cause, method: request.method, path }, 'store unavailable');
      return refusalAnswer(new Refusal(503, { detail: error.message }), request);
    }
    const requestId = crypto.randomUUID();
    log.error({ err: error, request_id: requestId, method: request.method, path }, 'unexpected error');
    const body = { detail: 'Internal server error.', request_id: requestId };
    return refusalAnswer(new Refusal(500, body, ['X-Request-Id', requestId]), request);
  }

  function refusalAnswer(refusal: Refusal, request: EdgeRequest | null): Answer {
    const body = request?.path.includes('/ofrep/') ? ofrepFailure(refusal, normalPath(request.path)) : refusal.body;
    return {
      status: refusal.status,
      headers: [...headers.json, ...refusal.headers],
      body: asciiBytes(asciiJson(body)),
    };
  }

  return {
    owns(path) {
      if (routes.has(path)) return true;
      const normal = normalPath(path);
      return (
        routes.has(normal) ||
        normal === telemetryPath ||
        featureOfOptionsPath(normal) !== null ||
        normal.startsWith('/ofrep/v1/') ||
        normal.startsWith('/sse/environments/')
      );
    },
    handle,
    refuse: (status, detail) => refusalAnswer(new Refusal(status, { detail }), null),
    identities: { forget: (name) => identities.forget(name) },
    async flush() {
      await Promise.all([requests.flush(), teller.flush()]);
    },
    close() {
      environments.close();
      streams.close();
    },
  };
}

const streamPaths: [EventFormat, RegExp][] = [
  ['sdk', sdkStream],
  ['ofrep', ofrepStream],
];

/** Where OFREP clients of an environment find its events. EventSource sends no headers, so the path carries the key. */
function streamPath(clientKey: string): string {
  return `/ofrep/v1/streams/${encodeURIComponent(clientKey)}`;
}

/** @throws {Refusal} where the key opens nothing, or its organisation does not serve flags any more */
function serving(opened: Opened | null, status: 401 | 403): Opened {
  if (opened === null) throw new Refusal(status, { detail: unknownKey });
  const { organisation } = opened.environment.publication.published.document.project;
  if (organisation.stop_serving_flags) throw new Refusal(403, { detail: stopped });
  return opened;
}

function notAllowed(method: string, allowed: readonly string[]): Refusal {
  return new Refusal(405, { detail: `Method "${method}" not allowed.` }, ['Allow', [...allowed, 'OPTIONS'].join(', ')]);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
