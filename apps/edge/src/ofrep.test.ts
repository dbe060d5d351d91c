import {
  aDocument,
  aFeatureState,
  anIdentityOverride,
  aPublished,
  aSegment,
  aVariant,
  type FeatureStateParts,
} from '@halyard/testkit';
import { describe, expect, test } from 'vitest';
import { testEdge } from './testing/edge.ts';

const all = '/ofrep/v1/evaluate/flags';
const serve = (parts: Parameters<typeof aDocument>[0] = {}) => testEdge([aPublished({ document: aDocument(parts) })]);
const isPro = { operator: 'EQUAL' as const, property_: 'plan', value: 'pro' };
const targeted = () => ({
  feature_states: [aFeatureState({ name: 'f', featureId: 12, value: 'own' })],
  project: {
    segments: [
      aSegment({
        name: 'pros',
        when: [isPro],
        overrides: [aFeatureState({ name: 'f', featureId: 12, value: 'pro', priority: 0 })],
      }),
    ],
  },
});
const valueWith = async (context: unknown, edge = serve(targeted())) =>
  (await edge.post(`${all}/f`, { context })).json.value;

describe('what a flag says', () => {
  test.each([
    ['enabled without a value', { value: null }, { value: true, reason: 'STATIC' }],
    ['enabled with text', { value: 'blue' }, { value: 'blue', reason: 'STATIC' }],
    ['enabled with empty text', { value: '' }, { value: '', reason: 'STATIC' }],
    ['enabled with an integer', { value: 42 }, { value: 42, reason: 'STATIC' }],
    ['enabled with a boolean', { value: false }, { value: false, reason: 'STATIC' }],
    ['enabled with JSON text', { value: '{"a":1}' }, { value: '{"a":1}', reason: 'STATIC' }],
    ['disabled without a value', { enabled: false }, { value: false, reason: 'DISABLED' }],
    ['disabled with a value', { enabled: false, value: 'blue' }, { reason: 'DISABLED' }],
  ] as [string, FeatureStateParts, object][])('%s', async (_, state, expected) => {
    const { post } = serve({ feature_states: [aFeatureState({ name: 'f', featureId: 12, ...state })] });

    const { metadata, ...answer } = (await post(`${all}/f`, { context: {} })).json;

    expect(answer).toEqual({ key: 'f', ...expected });
    expect(metadata).toEqual({
      enabled: state.enabled ?? true,
      featureId: 12,
      'flagsmith.reason': 'DEFAULT',
      environment: 'Production',
    });
  });

  test.each([
    ['the key of a variant', aVariant({ value: 'B', key: 'b' }), { value: 'B', reason: 'SPLIT', variant: 'b' }],
    ['no key where the variant has none', aVariant({ value: 'B' }), { value: 'B', reason: 'SPLIT' }],
    [
      'control outside all variants',
      aVariant({ weightPercent: 0 }),
      { value: 'own', reason: 'SPLIT', variant: 'control' },
    ],
  ])('%s', async (_, variant, expected) => {
    const { post } = serve({ feature_states: [aFeatureState({ name: 'f', value: 'own', variants: [variant] })] });

    const { metadata: _metadata, ...answer } = (await post(`${all}/f`, { context: { targetingKey: 'u' } })).json;

    expect(answer).toEqual({ key: 'f', ...expected });
  });

  test('a segment override is a match that names its segment', async () => {
    const { post } = serve(targeted());

    const answer = await post(`${all}/f`, { context: { targetingKey: 'u', plan: 'pro' } });

    expect(answer.json).toEqual({
      key: 'f',
      reason: 'TARGETING_MATCH',
      value: 'pro',
      metadata: {
        enabled: true,
        featureId: 12,
        'flagsmith.reason': 'TARGETING_MATCH; segment=pros',
        'flagsmith.segment': 'pros',
        environment: 'Production',
      },
    });
  });

  test('segments are not named where the environment hides details', async () => {
    const { post } = serve({ ...targeted(), hide_sensitive_data: true });

    const answer = await post(`${all}/f`, { context: { targetingKey: 'u', plan: 'pro' } });

    expect(answer.json.metadata).toEqual({ enabled: true, featureId: 12, environment: 'Production' });
  });

  test('an identity override counts', async () => {
    const overrides = [anIdentityOverride('vip', [aFeatureState({ name: 'f', value: 'for vip' })])];

    expect(await valueWith({ targetingKey: 'vip' }, serve({ ...targeted(), identity_overrides: overrides }))).toBe(
      'for vip',
    );
  });
});

describe('the context', () => {
  test.each([{}, { targetingKey: null }, { targetingKey: '' }, { plan: 'pro' }])(
    '%j speaks of nobody: the environment answers',
    async (context) => {
      expect(await valueWith(context)).toBe('own');
    },
  );

  test.each([{ plan: 'pro' }, { traits: { plan: 'pro' } }])('%j are traits', async (attributes) => {
    expect(await valueWith({ targetingKey: 'u', ...attributes })).toBe('pro');
  });

  test.each([{ plan: ['pro'] }, { plan: { a: 'pro' } }, { traits: ['pro'] }])('%j are none', async (attributes) => {
    expect(await valueWith({ targetingKey: 'u', ...attributes })).toBe('own');
  });

  test('nothing of it is stored', async () => {
    const edge = serve(targeted());

    await valueWith({ targetingKey: 'u', plan: 'pro' }, edge);

    expect(edge.identities.calls).toEqual(['find u']);
  });

  test('stored traits count, and attributes win over them', async () => {
    const edge = serve(targeted());
    await edge.post('/api/v1/identities/', { identifier: 'u', traits: [{ trait_key: 'plan', trait_value: 'pro' }] });

    expect(await valueWith({ targetingKey: 'u' }, edge)).toBe('pro');
    expect(await valueWith({ targetingKey: 'u', plan: 'free' }, edge)).toBe('own');
  });

  test('attributes do not count for a client key that may not tell traits', async () => {
    expect(
      await valueWith({ targetingKey: 'u', plan: 'pro' }, serve({ ...targeted(), allow_client_traits: false })),
    ).toBe('own');
  });

  test.each([
    [{ context: { targetingKey: 42 } }, 'INVALID_CONTEXT', 'The targetingKey must be a string.'],
    [{ context: { targetingKey: 'x'.repeat(2001) } }, 'INVALID_CONTEXT', expect.stringContaining('2000')],
    [{ context: 'u' }, 'INVALID_CONTEXT', 'The context must be an object.'],
    [[], 'INVALID_CONTEXT', 'The body must be an object with a context.'],
    ['{', 'PARSE_ERROR', expect.stringContaining('JSON parse error')],
  ])('%j is refused with a code, and with the key where there is one', async (body, errorCode, errorDetails) => {
    const { post } = serve(targeted());

    const one = await post(`${all}/f`, body);
    const bulk = await post(all, body);

    expect([one.status, one.json]).toMatchObject([400, { key: 'f', errorCode, errorDetails }]);
    expect([bulk.status, bulk.json]).toMatchObject([400, { errorCode, errorDetails }]);
    expect(bulk.json).not.toHaveProperty('key');
  });

  test('a missing body is an empty context', async () => {
    expect((await serve(targeted()).send('POST', `${all}/f`)).status).toBe(200);
  });
});

describe('POST /ofrep/v1/evaluate/flags/{key}', () => {
  test.each([
    ['bool%20flag/1', 'bool flag/1'],
    ['bool%20flag%2F1', 'bool flag/1'],
    ['gr%C3%B6%C3%9Fe', 'größe'],
  ])('%s names the flag %s', async (encoded, name) => {
    const { post } = serve({ feature_states: [aFeatureState({ name })] });

    const answer = await post(`//ofrep/v1/evaluate/flags/${encoded}`, { context: {} });

    expect([answer.status, answer.json.key]).toEqual([200, name]);
  });

  test('an unknown flag is a 404 that names it', async () => {
    const answer = await serve().post(`${all}/nope`, { context: {} });

    expect([answer.status, answer.json]).toEqual([
      404,
      { key: 'nope', errorCode: 'FLAG_NOT_FOUND', errorDetails: "Flag 'nope' was not found." },
    ]);
  });

  test('a name that every object has is an unknown flag', async () => {
    expect((await serve().post(`${all}/__proto__`, { context: {} })).status).toBe(404);
  });

  test('a server-only flag is there for server keys only', async () => {
    const { post } = serve({
      feature_states: [aFeatureState({ name: 'secret', featureId: 50 })],
      project: { server_key_only_feature_ids: [50] },
    });

    expect((await post(`${all}/secret`, { context: {} })).status).toBe(404);
    expect((await post(`${all}/secret`, { context: {} }, { key: 'ser.key' })).status).toBe(200);
  });

  test('a disabled flag is a 404 where disabled flags are hidden', async () => {
    const { post } = serve({ hide_disabled_flags: true, feature_states: [aFeatureState({ enabled: false })] });

    expect((await post(`${all}/checkout`, { context: {} })).status).toBe(404);
  });
});

describe('POST /ofrep/v1/evaluate/flags', () => {
  const parts = {
    feature_states: [
      aFeatureState({ name: 'z', value: 1 }),
      aFeatureState({ name: 'a', value: 2 }),
      aFeatureState({ name: 'off', enabled: false }),
      aFeatureState({ name: 'secret', featureId: 50 }),
    ],
    project: { server_key_only_feature_ids: [50] },
  };
  const keysOf = (json: { flags: { key: string }[] }) => json.flags.map((flag) => flag.key);

  test('it answers all flags by name, and what they belong to', async () => {
    const { json } = await serve(parts).post(all, { context: { targetingKey: 'u' } });

    expect(keysOf(json)).toEqual(['a', 'off', 'z']);
    expect(json.metadata).toEqual({ environment: 'Production' });
  });

  test('hidden flags are left out', async () => {
    const { json } = await serve({ ...parts, hide_disabled_flags: true }).post(all, { context: {} });

    expect(keysOf(json)).toEqual(['a', 'z']);
  });

  test('it names its stream where the project has realtime updates', async () => {
    const off = { ...parts, project: { ...parts.project, enable_realtime_updates: false } };

    const withStream = await serve(parts).post(all, { context: {} });
    const without = await serve(off).post(all, { context: {} });

    expect(withStream.json.eventStreams).toEqual([
      { type: 'sse', endpoint: { requestUri: '/ofrep/v1/streams/clientkey' }, inactivityDelaySec: 120 },
    ]);
    expect(without.json).not.toHaveProperty('eventStreams');
  });

  test('who has the same flags already gets a 304', async () => {
    const { post } = serve(targeted());
    const etag = (await post(all, { context: { targetingKey: 'u' } })).header('ETag') as string;

    const answer = await post(all, { context: { targetingKey: 'u' } }, { headers: { 'if-none-match': etag } });

    expect([answer.status, answer.text, answer.header('ETag')]).toEqual([304, '', etag]);
  });

  test('other attributes that give other flags give another tag', async () => {
    const { post } = serve(targeted());
    const etag = (await post(all, { context: { targetingKey: 'u' } })).header('ETag') as string;

    const context = { targetingKey: 'u', plan: 'pro' };
    const answer = await post(all, { context }, { headers: { 'if-none-match': etag } });

    expect(answer.status).toBe(200);
  });

  test('a new version with the same flags keeps the tag', async () => {
    const { post, documents } = serve(targeted());
    const etag = (await post(all, { context: {} })).header('ETag');
    documents.publish(aPublished({ version: 2, document: aDocument(targeted()) }));

    expect((await post(all, { context: {} })).header('ETag')).toBe(etag);
  });

  test('what an event said about the change may stand in the query', async () => {
    const answer = await serve(parts).post(`${all}?flagConfigEtag=%22v4%22&flagConfigLastModified=1771622898`, {
      context: {},
    });

    expect(answer.status).toBe(200);
  });
});

describe('keys', () => {
  const send = (headers: Record<string, string>) => serve().post(all, { context: {} }, { key: null, headers });

  test.each([
    [{ 'x-environment-key': 'clientkey' }],
    [{ 'x-api-key': 'clientkey' }],
    [{ authorization: 'Bearer clientkey' }],
    [{ authorization: 'bearer ser.key' }],
    [{ 'x-environment-key': 'clientkey', authorization: 'Bearer nobody' }],
  ])('%j opens', async (headers) => {
    expect((await send(headers as Record<string, string>)).status).toBe(200);
  });

  test.each([[{}], [{ 'x-api-key': 'nobody' }], [{ authorization: 'Basic clientkey' }]])(
    '%j is a 401 with a code',
    async (headers) => {
      const answer = await send(headers as Record<string, string>);

      expect([answer.status, answer.json.errorCode]).toEqual([401, 'GENERAL']);
    },
  );

  test('an organisation that is stopped is a 403', async () => {
    const { post } = serve({ organisation: { stop_serving_flags: true } });

    expect((await post(all, { context: {} })).status).toBe(403);
  });
});

test('an unexpected error is a 500 that providers understand', async () => {
  const { post, documents } = testEdge([]);
  documents.find = async () => {
    throw new Error('broken');
  };

  const answer = await post(`${all}/f`, { context: {} });

  expect([answer.status, answer.json]).toMatchObject([
    500,
    { key: 'f', errorCode: 'GENERAL', errorDetails: 'Internal server error.' },
  ]);
});
