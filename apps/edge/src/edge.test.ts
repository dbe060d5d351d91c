import { aDocument, aPublished } from '@halyard/testkit';
import { describe, expect, test } from 'vitest';
import { testEdge } from './testing/edge.ts';

describe('keys', () => {
  test('a request without a key is refused', async () => {
    const { get } = testEdge([aPublished()]);

    const answer = await get('/api/v1/flags/', { key: null });

    expect([answer.status, answer.text]).toEqual([403, '{"detail":"Invalid or missing Environment key"}']);
  });

  test('an unknown key is refused with a capital K', async () => {
    const { get } = testEdge([aPublished()]);

    const answer = await get('/api/v1/flags/', { key: 'nobody' });

    expect([answer.status, answer.text]).toEqual([403, '{"detail":"Invalid or missing Environment Key"}']);
  });

  test('a server key opens its environment', async () => {
    const { get } = testEdge([aPublished()]);

    expect((await get('/api/v1/flags/', { key: 'ser.key' })).status).toBe(200);
  });

  test('an inactive server key opens nothing', async () => {
    const { get } = testEdge([aPublished({ serverKeys: [{ key: 'ser.off', active: false }] })]);

    expect((await get('/api/v1/flags/', { key: 'ser.off' })).status).toBe(403);
  });

  test('a server key stops opening at the moment at which it expires', async () => {
    let now = Date.parse('2026-01-02T00:00:00Z');
    const serverKeys = [{ key: 'ser.short', expiresAt: '2026-01-03T00:00:00.000000Z' }];
    const { get } = testEdge([aPublished({ serverKeys })], { now: () => now });

    const before = await get('/api/v1/flags/', { key: 'ser.short' });
    now = Date.parse('2026-01-03T00:00:00Z');
    const after = await get('/api/v1/flags/', { key: 'ser.short' });

    expect([before.status, after.status]).toEqual([200, 403]);
  });

  test('a server key that the next publication does not name opens nothing any more', async () => {
    const { get, documents } = testEdge([aPublished()]);
    await get('/api/v1/flags/', { key: 'ser.key' });

    documents.publish(aPublished({ version: 2, serverKeys: [] }));

    expect((await get('/api/v1/flags/', { key: 'ser.key' })).status).toBe(403);
  });

  test('a known key is asked for once', async () => {
    const { get, documents } = testEdge([aPublished()]);

    await Promise.all([get('/api/v1/flags/'), get('/api/v1/flags/')]);
    await get('/api/v1/flags/');

    expect(documents.asked).toEqual(['clientkey']);
  });

  test('an unknown key is not asked for again until something is published', async () => {
    const { get, documents } = testEdge([]);
    await get('/api/v1/flags/');
    await get('/api/v1/flags/');
    expect(documents.asked).toHaveLength(1);

    documents.publish(aPublished());

    expect((await get('/api/v1/flags/')).status).toBe(200);
  });

  test('an unknown key is asked for again after a while', async () => {
    let now = 0;
    const { get, documents } = testEdge([], { now: () => now });
    await get('/api/v1/flags/');

    now += 10_000;
    await get('/api/v1/flags/');

    expect(documents.asked).toHaveLength(2);
  });

  test('a key of absurd length is refused without asking anybody', async () => {
    const { get, documents } = testEdge([]);

    expect((await get('/api/v1/flags/', { key: 'x'.repeat(5000) })).status).toBe(403);
    expect(documents.asked).toEqual([]);
  });

  test('an organisation that is stopped gets nothing', async () => {
    const { get } = testEdge([aPublished({ document: aDocument({ organisation: { stop_serving_flags: true } }) })]);

    const answer = await get('/api/v1/flags/');

    expect([answer.status, answer.text]).toEqual([403, '{"detail":"Organisation is disabled from serving flags."}']);
  });

  test('an environment that is gone is not served any more', async () => {
    const { get, documents } = testEdge([aPublished()]);
    await get('/api/v1/flags/');

    documents.remove(7);

    expect((await get('/api/v1/flags/')).status).toBe(403);
  });
});

describe('versions', () => {
  const withName = (version: number, name: string) =>
    aPublished({ version, document: aDocument({ name, updated_at: `2026-01-02T03:04:${10 + version}.000000+00:00` }) });
  const nameServed = async (get: ReturnType<typeof testEdge>['get']) =>
    (await get('/api/v1/environment-document/', { key: 'ser.key' })).json.name;

  test('a newer publication takes the place of the older one', async () => {
    const { get, documents } = testEdge([withName(1, 'one')]);
    await nameServed(get);

    documents.publish(withName(2, 'two'));

    expect(await nameServed(get)).toBe('two');
  });

  test('an older or equal publication is ignored', async () => {
    const { get, documents } = testEdge([withName(2, 'two')]);
    await nameServed(get);

    documents.publish(withName(1, 'one'));
    documents.publish(withName(2, 'another two'));

    expect(await nameServed(get)).toBe('two');
  });

  test('a publication that comes while its environment is being looked up wins over what the look-up finds', async () => {
    const { get, documents } = testEdge([withName(1, 'one')]);
    const { find } = documents;
    documents.find = async (request) => {
      const found = await find(request);
      documents.publish(withName(2, 'two'));
      return found;
    };

    expect(await nameServed(get)).toBe('two');
  });

  test('a removal that comes while its environment is being looked up wins over what the look-up finds', async () => {
    const { get, documents } = testEdge([aPublished()]);
    const { find } = documents;
    documents.find = async (request) => {
      const found = await find(request);
      documents.remove(7);
      return found;
    };

    expect((await get('/api/v1/flags/')).status).toBe(403);
  });
});

describe('paths and methods', () => {
  test.each(['/api/v1/flags/', '/api/v1/flags', '//api/v1//flags/'])('%s is the same resource', async (path) => {
    const { edge, get } = testEdge([aPublished()]);

    expect(edge.owns(path)).toBe(true);
    expect((await get(path)).status).toBe(200);
  });

  test.each([
    '/',
    '/api/v1/projects/',
    '/api/v1/flags/extra/',
    '/api/v1/environments/key/identities/',
    '/ofrep',
    '/sse',
  ])('%s belongs to somebody else', (path) => {
    expect(testEdge([]).edge.owns(path)).toBe(false);
  });

  test('another method is refused and told which ones there are', async () => {
    const { send } = testEdge([aPublished()]);

    const answer = await send('PUT', '/api/v1/flags/');

    expect([answer.status, answer.text]).toEqual([405, '{"detail":"Method \\"PUT\\" not allowed."}']);
    expect(answer.header('Allow')).toBe('GET, HEAD, OPTIONS');
  });

  test('a method that every object has is refused like any other', async () => {
    const { send } = testEdge([aPublished()]);

    expect((await send('constructor', '/api/v1/flags/')).status).toBe(405);
  });

  test.each(['/ofrep/v1/configuration', '/ofrep/v1/nothing', '/sse/environments/clientkey'])(
    '%s is ours and not there',
    async (path) => {
      expect((await testEdge([aPublished()]).get(path)).status).toBe(404);
    },
  );

  test('a preflight request needs no key and is answered without a body', async () => {
    const { send } = testEdge([]);

    const answer = await send('OPTIONS', '/api/v1/identities/', { key: null });

    expect([answer.status, answer.text]).toEqual([200, '']);
    expect(answer.header('Access-Control-Allow-Methods')).toBe('DELETE, GET, OPTIONS, PATCH, POST, PUT');
    expect(answer.header('Access-Control-Max-Age')).toBe('86400');
    for (const name of [
      'x-environment-key',
      'content-type',
      'flagsmith-sdk-user-agent',
      'x-api-key',
      'if-none-match',
    ]) {
      expect(answer.header('Access-Control-Allow-Headers')).toContain(name);
    }
  });
});

describe('headers', () => {
  test('every answer names the version, forbids caching and is open to any origin', async () => {
    const { get } = testEdge([aPublished()]);

    for (const answer of [await get('/api/v1/flags/'), await get('/api/v1/flags/', { key: null })]) {
      expect(answer.header('Flagsmith-Version')).toBe('1.2.3');
      expect(answer.header('Cache-Control')).toBe('max-age=0, no-cache, no-store, must-revalidate, private');
      expect(answer.header('Pragma')).toBe('no-cache');
      expect(answer.header('Access-Control-Allow-Origin')).toBe('*');
      expect(answer.header('Access-Control-Expose-Headers')).toContain('X-Flagsmith-Document-Updated-At, ETag, Link');
      expect(answer.header('Vary')).toBe('X-Environment-Key');
      expect(answer.header('Content-Type')).toBe('application/json');
    }
  });

  test.each([
    ['2026-01-02T03:04:05.678901+00:00', '1767323045.678901'],
    ['2026-01-02T03:04:05.000001Z', '1767323045.000001'],
    ['2026-01-02T03:04:05.600000+00:00', '1767323045.600000'],
    ['2026-01-02T03:04:05+00:00', '1767323045.000000'],
    ['2026-01-02T04:04:05.678901+01:00', '1767323045.678901'],
  ])('%s is %s in the header, digit by digit', async (updated_at, header) => {
    const { get } = testEdge([aPublished({ document: aDocument({ updated_at }) })]);

    expect((await get('/api/v1/flags/')).header('X-Flagsmith-Document-Updated-At')).toBe(header);
  });
});

describe('bodies', () => {
  test.each([
    ['no JSON', '{"identifier":', 400, /^\{"detail":"JSON parse error - /],
    ['no object', '[]', 400, /Expected a dictionary, but got list/],
    ['too deep', `${'['.repeat(65)}${']'.repeat(65)}`, 400, /64 levels/],
    ['empty', '', 400, /JSON parse error/],
  ])('a body that is %s is refused', async (_, body, status, text) => {
    const { send } = testEdge([aPublished()]);

    const answer = await send('POST', '/api/v1/identities/', { body });

    expect(answer.status).toBe(status);
    expect(answer.text).toMatch(text);
  });

  test('another content type is refused', async () => {
    const { post } = testEdge([aPublished()]);

    const answer = await post('/api/v1/identities/', '<a/>', { headers: { 'content-type': 'text/xml' } });

    expect([answer.status, answer.text]).toEqual([
      415,
      '{"detail":"Unsupported media type \\"text/xml\\" in request."}',
    ]);
  });

  test.each(['application/json', 'application/json; charset=utf-8', 'APPLICATION/JSON'])('%s is JSON', async (type) => {
    const { post } = testEdge([aPublished()]);

    const answer = await post('/api/v1/identities/', { identifier: 'u' }, { headers: { 'content-type': type } });

    expect(answer.status).toBe(200);
  });
});

describe('failures', () => {
  test('an unexpected error is a 500 with an id that is in the log, and says nothing else', async () => {
    const { get, documents, logged } = testEdge([]);
    documents.find = async () => {
      throw new Error('a secret');
    };

    const answer = await get('/api/v1/flags/');

    expect(answer.status).toBe(500);
    expect(answer.json).toEqual({ detail: 'Internal server error.', request_id: answer.header('X-Request-Id') });
    expect(logged).toEqual(['unexpected error']);
  });

  test('flags are served while the store of identities is away', async () => {
    const { get, identities } = testEdge([aPublished()]);
    identities.available = false;

    expect((await get('/api/v1/flags/')).status).toBe(200);
  });
});
