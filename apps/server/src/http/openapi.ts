import type { Endpoint, SdkEndpoint } from '@halyard/contract';
import { z } from 'zod';

type Json = Record<string, unknown>;

/** The OpenAPI 3.1 document of the endpoints, as their schemas describe them. */
export function buildOpenApi(endpoints: readonly (Endpoint | SdkEndpoint)[], info: { version: string }): Json {
  const paths: Record<string, Json> = {};
  for (const endpoint of endpoints) {
    const operations = (paths[endpoint.path] ??= {});
    operations[endpoint.method.toLowerCase()] = operation(endpoint);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Halyard API',
      version: info.version,
      description:
        'Manages projects, environments, features, segments and identities, and answers SDKs (tag `sdk`). A trailing slash is optional everywhere.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      securitySchemes: {
        token: { type: 'apiKey', in: 'header', name: 'Authorization', description: "A person's token: `Token <key>`" },
        application: {
          type: 'http',
          scheme: 'bearer',
          description: 'The access token of an application that a person let act for them',
        },
        masterKey: {
          type: 'apiKey',
          in: 'header',
          name: 'Authorization',
          description: "An organisation's key: `Api-Key <key>`",
        },
        environmentKey: {
          type: 'apiKey',
          in: 'header',
          name: 'X-Environment-Key',
          description: "An environment's client-side or server-side key",
        },
        serverSideKey: {
          type: 'apiKey',
          in: 'header',
          name: 'X-Environment-Key',
          description: "An environment's server-side key: `ser.<key>`",
        },
      },
      schemas: {
        Detail: { type: 'object', properties: { detail: { type: 'string' } }, required: ['detail'] },
        FieldErrors: {
          description: 'Messages by field; `non_field_errors` for those about several.',
          type: 'object',
          additionalProperties: true,
        },
      },
    },
  };
}

const securityOf: Record<(Endpoint | SdkEndpoint)['auth'], Json[]> = {
  anyone: [],
  none: [],
  login: [{ token: [] }],
  user: [{ token: [] }, { application: [] }],
  'user or master key': [{ token: [] }, { application: [] }, { masterKey: [] }],
  'environment key': [{ environmentKey: [] }],
  'server-side key': [{ serverSideKey: [] }],
};

function operation(endpoint: Endpoint | SdkEndpoint): Json {
  const answer: Json = { description: endpoint.summary };
  if ('streams' in endpoint && endpoint.streams) answer.content = { 'text/event-stream': {} };
  if (endpoint.response) {
    const schema = schemaOf(endpoint.response, 'output');
    answer.content =
      'stream' in endpoint && endpoint.stream ? { 'text/event-stream': { schema } } : jsonContent(schema);
  }
  return {
    operationId: endpoint.id,
    tags: [endpoint.tag],
    summary: endpoint.summary,
    security: securityOf[endpoint.auth],
    parameters: [
      ...parameters(endpoint.params, 'path'),
      ...parameters(endpoint.query, 'query'),
      ...(isConditionalWrite(endpoint) ? [ifMatch] : []),
      ...(isRevalidated(endpoint) ? [ifNoneMatch] : []),
    ],
    ...(endpoint.body && { requestBody: { required: true, content: bodyContent(endpoint, endpoint.body) } }),
    responses: {
      [endpoint.status]: answer,
      ...(isRevalidated(endpoint) && { 304: { description: 'As the client has it already' } }),
      ...errorResponses(endpoint),
    },
  };
}

function errorResponses(endpoint: Endpoint | SdkEndpoint): Json {
  const statuses = new Set<number>(endpoint.errors);
  if (endpoint.body || endpoint.query) statuses.add(400);
  if (['login', 'user', 'user or master key'].includes(endpoint.auth)) statuses.add(401);
  if (isConditionalWrite(endpoint)) statuses.add(409);
  return Object.fromEntries(
    [...statuses].sort().map((status) => [
      status,
      {
        description: descriptions[status] ?? 'Refused',
        content: jsonContent({ $ref: `#/components/schemas/${status === 400 ? 'FieldErrors' : 'Detail'}` }),
      },
    ]),
  );
}

function isConditionalWrite(endpoint: Endpoint | SdkEndpoint): boolean {
  return 'conditional' in endpoint && endpoint.conditional === true && endpoint.method !== 'GET';
}

function isRevalidated(endpoint: Endpoint | SdkEndpoint): boolean {
  return 'revalidated' in endpoint && endpoint.revalidated === true;
}

const ifNoneMatch: Json = {
  name: 'If-None-Match',
  in: 'header',
  required: false,
  description: 'The `ETag` of the answer that the client has. Where nothing is different, the answer is 304.',
  schema: { type: 'string' },
};

const ifMatch: Json = {
  name: 'If-Match',
  in: 'header',
  required: false,
  description:
    'The `ETag` of the object as you know it. Where it has changed since, the answer is 409 with both: `yours`, `current`, `current_etag`.',
  schema: { type: 'string' },
};

const descriptions: Record<number, string> = {
  400: 'A field is wrong; the body says which and why',
  401: 'No credentials, or wrong ones',
  403: 'Not allowed',
  404: 'Not there, or not yours',
  409: 'Changed by somebody else',
  413: 'The body is too large',
  429: 'Too many requests; `Retry-After` says when',
  502: 'Another service, which it takes to answer, did not',
  503: 'The database cannot take the request now',
};

function parameters(schema: z.ZodType | undefined, place: 'path' | 'query'): Json[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: property,
  }));
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    reused: 'inline',
    cycles: 'ref',
  }) as Json;
  return rest;
}

function bodyContent(endpoint: Endpoint | SdkEndpoint, body: z.ZodType): Json {
  const schema = schemaOf(body, 'input');
  return 'multipart' in endpoint && endpoint.multipart ? { 'multipart/form-data': { schema } } : jsonContent(schema);
}

function jsonContent(schema: Json): Json {
  return { 'application/json': { schema } };
}
