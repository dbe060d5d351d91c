import { endpoint, sdkEndpoints } from '@halyard/contract';
import { pino } from 'pino';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { routes } from '../app.ts';
import { testContext } from '../testing/context.ts';
import { seedTenant, type Tenant } from '../testing/seed.ts';
import { createHttp } from './http.ts';
import { route } from './route.ts';

const context = testContext({ REQUEST_BODY_LIMIT_BYTES: '4096' });
let acme: Tenant;
let features: string;

beforeAll(async () => {
  acme = await seedTenant(context.db);
  features = `/api/v1/projects/${acme.projectId}/features/`;
});

const post = (body: unknown, headers = {}) =>
  context.request({ method: 'POST', path: features, as: acme.admin, body, headers });

describe('a body that cannot be read', () => {
  test.each([
    ['broken JSON', '{"name": ', 400, /^JSON parse error - /],
    ['a lone word', 'name', 400, /^JSON parse error - /],
    ['too many levels', `{"name":${'['.repeat(100)}${']'.repeat(100)}}`, 400, /more than 64 levels/],
    ['too many bytes', JSON.stringify({ name: 'x'.repeat(5000) }), 413, /larger than 4096 bytes/],
  ])('%s', async (_, text, status, detail) => {
    const answer = await post(text, { 'content-type': 'application/json' });

    expect(answer.status).toBe(status);
    expect(answer.body.detail).toMatch(detail);
  });

  test('bytes that are not UTF-8', async () => {
    const answer = await context.app.http.inject({
      method: 'POST',
      url: features,
      headers: { authorization: acme.admin, 'content-type': 'application/json' },
      payload: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]),
    });

    expect(answer.statusCode).toBe(400);
    expect(answer.json().detail).toContain('not UTF-8');
  });

  test('another media type', async () => {
    const answer = await post('<name/>', { 'content-type': 'application/xml' });

    expect(answer.status).toBe(415);
    expect(answer.body).toEqual({ detail: 'Unsupported media type "application/xml" in request.' });
  });

  test.each([[[]], ['text'], [5], [null]])('JSON that is no object: %j', async (body) => {
    const answer = await post(JSON.stringify(body), { 'content-type': 'application/json' });

    expect(answer.status).toBe(400);
  });
});

describe('a path', () => {
  test('works with and without its trailing slash', async () => {
    const without = await context.request({ path: features.slice(0, -1), as: acme.admin });

    expect(without.status).toBe(200);
  });

  test('that nothing answers is a 404 in JSON', async () => {
    const answer = await context.request({ path: '/api/v1/nothing/here/' });

    expect(answer.status).toBe(404);
    expect(answer.body).toEqual({ detail: 'Not found.' });
  });

  test.each(['abc', '0', '-1', '1.5', '99999999999', '1e3', '%00'])('with the id %s is a 404', async (id) => {
    const answer = await context.request({ path: `/api/v1/projects/${id}/features/`, as: acme.admin });

    expect(answer.status).toBe(404);
  });

  test('that exists for another method says which', async () => {
    const answer = await context.request({ method: 'DELETE', path: features, as: acme.admin });

    expect(answer.status).toBe(405);
    expect(answer.body).toEqual({ detail: 'Method "DELETE" not allowed.' });
    expect(answer.headers.allow).toBe('GET, POST, OPTIONS');
  });
});

describe('every answer', () => {
  test('says the version, forbids caching and opens itself to browsers', async () => {
    const answer = await context.request({ path: '/api/v1/nothing/' });

    expect(answer.headers).toMatchObject({
      'flagsmith-version': context.config.version,
      'cache-control': 'max-age=0, no-cache, no-store, must-revalidate, private',
      pragma: 'no-cache',
      'access-control-allow-origin': '*',
    });
    expect(answer.headers['access-control-expose-headers']).toContain('X-Flagsmith-Document-Updated-At');
  });

  test('carries a request id, the caller’s own where it is plain', async () => {
    const given = await context.request({ path: '/health/liveness/', headers: { 'x-request-id': 'abc-1' } });
    const odd = await context.request({ path: '/health/liveness/', headers: { 'x-request-id': 'a b' } });

    expect(given.headers['x-request-id']).toBe('abc-1');
    expect(odd.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('to a preflight comes without credentials', async () => {
    const answer = await context.request({ method: 'OPTIONS', path: features });

    expect(answer.status).toBe(200);
    expect(answer.headers['access-control-allow-methods']).toBe('DELETE, GET, OPTIONS, PATCH, POST, PUT');
    expect(answer.headers['access-control-allow-headers']).toContain('x-environment-key');
  });
});

describe('credentials', () => {
  test.each([
    ['Token nonsense', 'Invalid token.'],
    ['Token a b', 'Invalid token.'],
    ['Api-Key nonsense', 'Valid Master API Key not found.'],
    ['Api-Key 12345678.nonsense', 'Valid Master API Key not found.'],
  ])('%s is a 401', async (as, detail) => {
    const answer = await context.request({ path: features, as });

    expect(answer.status).toBe(401);
    expect(answer.body).toEqual({ detail });
  });

  test('of another kind count as none', async () => {
    const answer = await context.request({ path: features, as: 'Basic abc' });

    expect(answer.status).toBe(401);
    expect(answer.body).toEqual({ detail: 'Authentication credentials were not provided.' });
  });
});

describe('the OpenAPI document', () => {
  test('describes every endpoint once', async () => {
    const { body } = await context.request({ path: '/api/v1/swagger.json' });
    const operations = Object.values(body.paths).flatMap((path) =>
      Object.values(path as Record<string, { operationId: string }>),
    );

    expect(body.openapi).toBe('3.1.0');
    expect(operations.map((operation) => operation.operationId).toSorted()).toEqual(
      [...routes.map((route) => route.endpoint.id), ...sdkEndpoints.map((endpoint) => endpoint.id)].toSorted(),
    );
    expect(new Set(operations.map((operation) => operation.operationId)).size).toBe(operations.length);
  });

  test('names every parameter of every path', async () => {
    const { body } = await context.request({ path: '/api/v1/swagger.json' });

    for (const [path, operations] of Object.entries(
      body.paths as Record<string, Record<string, { parameters: { in: string; name: string }[] }>>,
    )) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).toSorted();
      for (const operation of Object.values(operations)) {
        const described = operation.parameters
          .filter((parameter) => parameter.in === 'path')
          .map((parameter) => parameter.name);
        expect([path, ...described.toSorted()]).toEqual([path, ...inPath]);
      }
    }
  });

  test('has a page to read it', async () => {
    const page = await context.request({ path: '/api/v1/docs/' });

    expect(page.status).toBe(200);
    expect(page.body).toContain('swagger-ui');
  });
});

test('the first page says that the platform runs', async () => {
  const page = await context.request({ path: '/' });

  expect(page.status).toBe(200);
  expect(page.body).toContain('Halyard is up');
});

describe('the address of a client', () => {
  const attempts = 3;
  const behindProxies = testContext({ TRUSTED_PROXIES: '1', LOGIN_THROTTLE_RATE: `${attempts}/min` });
  const login = (app: typeof context, forwardedFor: string, email: string) =>
    app.request({
      method: 'POST',
      path: '/api/v1/auth/login/',
      headers: { 'x-forwarded-for': forwardedFor },
      body: { email, password: 'wrong' },
    });

  test('is what the nearest trusted proxy says, so that clients do not share a limit', async () => {
    for (let i = 0; i < attempts; i++) await login(behindProxies, 'spoofed, 203.0.113.7', `a${i}@example.com`);

    const same = await login(behindProxies, 'spoofed differently, 203.0.113.7', 'b@example.com');
    const other = await login(behindProxies, 'spoofed, 203.0.113.8', 'c@example.com');

    expect([same.status, other.status]).toEqual([429, 400]);
  });
});

test('logging in works with a stale token in the header', async () => {
  const answer = await context.request({
    method: 'POST',
    path: '/api/v1/auth/login/',
    as: 'Token stale',
    body: { email: 'nobody@example.com', password: 'wrong' },
  });

  expect(answer.status).toBe(400);
});

test('in tests, an answer with more than its endpoint declares is an error', async () => {
  const declared = endpoint({
    id: 'leak',
    method: 'GET',
    path: '/leak',
    tag: 'test',
    summary: 'Leak',
    auth: 'anyone',
    response: z.object({ list: z.array(z.object({ id: z.number() })) }),
  });
  const answerWith = async (row: { id: number }) => {
    const http = createHttp({
      routes: [route(declared, async () => ({ list: [row] }))],
      config: context.config,
      log: pino({ level: 'silent' }),
      contextOf: async () => ({ ...context.app.systemContext(), actor: { kind: 'nobody' } }),
      isUnavailable: () => false,
      checkResponses: true,
    });
    return (await http.inject('/leak')).statusCode;
  };
  const leaking = { id: 1, key_hash: 'secret' };

  expect([await answerWith({ id: 1 }), await answerWith(leaking)]).toEqual([200, 500]);
});
