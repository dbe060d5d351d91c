import { aDocument, aFeatureState, anIdentityOverride, aPublished } from '@halyard/testkit';
import { describe, expect, test } from 'vitest';
import { testEdge } from './testing/edge.ts';

const path = '/api/v1/environment-document/';
const server = { key: 'ser.key' };
const withHeaders = (headers: Record<string, string>) => ({ ...server, headers });

describe('GET /environment-document/', () => {
  test('a server key gets the whole document', async () => {
    const document = aDocument({
      feature_states: [aFeatureState({ enabled: false, value: 'größe' })],
      identity_overrides: [anIdentityOverride('vip', [aFeatureState()])],
    });
    const { get } = testEdge([aPublished({ document })]);

    const answer = await get(path, server);

    expect(answer.json).toEqual(document);
    expect(answer.header('X-Flagsmith-Document-Updated-At')).toBe('1767323045.678901');
    expect(answer.header('Last-Modified')).toBe('Fri, 02 Jan 2026 03:04:05 GMT');
  });

  test('identity overrides are left out where the environment keeps them from local evaluation', async () => {
    const document = aDocument({
      use_identity_overrides_in_local_eval: false,
      identity_overrides: [anIdentityOverride('vip', [aFeatureState({ value: 'for vip' })])],
    });
    const { get } = testEdge([aPublished({ document })]);

    expect((await get(path, server)).json.identity_overrides).toEqual([]);
    const remote = await get('/api/v1/identities/?identifier=vip');
    expect(remote.json.flags[0].feature_state_value).toBe('for vip');
  });

  test.each([
    ['a client key', 'clientkey'],
    ['no key', null],
  ])('%s is refused in the words for no key', async (_, key) => {
    const answer = await testEdge([aPublished()]).get(path, { key });

    expect([answer.status, answer.text]).toEqual([403, '{"detail":"Invalid or missing Environment key"}']);
  });

  test('an unknown server key is refused in the words for an unknown key', async () => {
    const answer = await testEdge([aPublished()]).get(path, { key: 'ser.nobody' });

    expect([answer.status, answer.text]).toEqual([403, '{"detail":"Invalid or missing Environment Key"}']);
  });
});

describe('conditions', () => {
  const { get, documents } = testEdge([aPublished()]);

  test('who names the tag gets a 304 without a body', async () => {
    const etag = (await get(path, server)).header('ETag') as string;

    for (const sent of [etag, `"x", ${etag}`, `W/${etag}`, '*']) {
      const answer = await get(path, withHeaders({ 'if-none-match': sent }));
      expect([answer.status, answer.text, answer.header('ETag')]).toEqual([304, '', etag]);
    }
  });

  test.each([
    ['the same second', 'Fri, 02 Jan 2026 03:04:05 GMT', 304],
    ['later', 'Fri, 02 Jan 2026 03:04:06 GMT', 304],
    ['earlier', 'Fri, 02 Jan 2026 03:04:04 GMT', 200],
    ['no date', 'yesterday', 200],
  ])('If-Modified-Since %s', async (_, since, status) => {
    expect((await get(path, withHeaders({ 'if-modified-since': since }))).status).toBe(status);
  });

  test.each([
    ['the same second', 'Fri, 02 Jan 2026 03:04:05 GMT', 200],
    ['earlier', 'Fri, 02 Jan 2026 03:04:04 GMT', 412],
  ])('If-Unmodified-Since %s', async (_, since, status) => {
    expect((await get(path, withHeaders({ 'if-unmodified-since': since }))).status).toBe(status);
  });

  test('a tag wins over a time', async () => {
    const headers = { 'if-none-match': '"other"', 'if-modified-since': 'Fri, 02 Jan 2026 03:04:06 GMT' };

    expect((await get(path, withHeaders(headers))).status).toBe(200);
  });

  test('the key is checked before the condition', async () => {
    expect((await get(path, { key: 'ser.nobody', headers: { 'if-none-match': '*' } })).status).toBe(403);
  });

  test('two versions of one second have two tags', async () => {
    const etag = (await get(path, server)).header('ETag') as string;

    documents.publish(
      aPublished({ version: 2, document: aDocument({ updated_at: '2026-01-02T03:04:05.678902+00:00' }) }),
    );

    expect((await get(path, withHeaders({ 'if-none-match': etag }))).status).toBe(200);
  });
});
