import { aDocument, aFeatureState, anIdentityOverride, aPublished, aSegment, aVariant } from '@halyard/testkit';
import { describe, expect, test } from 'vitest';
import { testEdge } from './testing/edge.ts';

const serve = (...parts: Parameters<typeof aDocument>) => testEdge([aPublished({ document: aDocument(...parts) })]);

describe('GET /flags/', () => {
  test('a flag shows its state, its feature and where it belongs', async () => {
    const document = aDocument({
      feature_states: [aFeatureState({ name: 'checkout', featureId: 12, id: 901, value: 'blue' })],
    });
    const features = { checkout: { description: 'new cart', initialValue: 'red', defaultEnabled: true } };
    const { get } = testEdge([aPublished({ document, features })]);

    const answer = await get('/api/v1/flags/');

    expect(answer.text).toBe(
      '[{"id":901,"feature":{"id":12,"name":"checkout","created_date":"2024-05-01T10:00:00.000001Z",' +
        '"description":"new cart","initial_value":"red","default_enabled":true,"type":"STANDARD"},' +
        '"feature_state_value":"blue","environment":7,"identity":null,"feature_segment":null,"enabled":true}]',
    );
  });

  test('flags come in the order of the document', async () => {
    const { get } = serve({
      feature_states: ['zebra', 'ant', 'mole'].map((name) => aFeatureState({ name })),
    });

    const names = (await get('/api/v1/flags/')).json.map((flag: { feature: { name: string } }) => flag.feature.name);

    expect(names).toEqual(['zebra', 'ant', 'mole']);
  });

  test('values keep their JSON type', async () => {
    const values = ['text', 42, true, false, null, '{"a":1}', '5'];
    const { get } = serve({ feature_states: values.map((value, i) => aFeatureState({ name: `f${i}`, value })) });

    const answer = await get('/api/v1/flags/');

    expect(answer.json.map((flag: { feature_state_value: unknown }) => flag.feature_state_value)).toEqual(values);
  });

  test('a multivariate feature shows its control value and no variant', async () => {
    const { get } = serve({
      feature_states: [aFeatureState({ value: 'control', variants: [aVariant({ value: 'B' })] })],
    });

    const [flag] = (await get('/api/v1/flags/')).json;

    expect(flag).toMatchObject({ feature_state_value: 'control', feature: { type: 'MULTIVARIATE' } });
    expect(flag).not.toHaveProperty('variant');
  });

  test('segments and identities change nothing here', async () => {
    const { get } = serve({
      feature_states: [aFeatureState({ value: 'own' })],
      project: { segments: [aSegment({ overrides: [aFeatureState({ value: 'segment', priority: 0 })] })] },
      identity_overrides: [anIdentityOverride('vip', [aFeatureState({ value: 'identity' })])],
    });

    expect((await get('/api/v1/flags/')).json[0].feature_state_value).toBe('own');
  });

  test('an environment without features answers an empty list', async () => {
    expect((await serve({ feature_states: [] }).get('/api/v1/flags/')).text).toBe('[]');
  });

  test('text beyond ASCII is escaped', async () => {
    const { get } = serve({ feature_states: [aFeatureState({ value: 'größe 👋' })] });

    const answer = await get('/api/v1/flags/');

    expect(answer.text).toContain('"gr\\u00f6\\u00dfe \\ud83d\\udc4b"');
    expect(answer.json[0].feature_state_value).toBe('größe 👋');
  });

  test('who has the bytes already gets a 304', async () => {
    const { get } = testEdge([aPublished()]);
    const etag = (await get('/api/v1/flags/')).header('ETag') as string;

    const again = await get('/api/v1/flags/', { headers: { 'if-none-match': etag } });
    const withServerKey = await get('/api/v1/flags/', { key: 'ser.key', headers: { 'if-none-match': etag } });

    expect([again.status, again.text, again.header('ETag')]).toEqual([304, '', etag]);
    expect(withServerKey.status).toBe(200);
  });
});

describe('GET /flags/?feature=', () => {
  test('one flag is an object, found whatever its case, without the time of the document', async () => {
    const { get } = serve({
      feature_states: [aFeatureState({ name: 'Checkout', value: 1 }), aFeatureState({ name: 'b' })],
    });

    const answer = await get('/api/v1/flags/?feature=cHECKOUT');

    expect(answer.json).toMatchObject({ feature: { name: 'Checkout' }, feature_state_value: 1 });
    expect(answer.header('X-Flagsmith-Document-Updated-At')).toBeNull();
  });

  test('an unknown feature is a 404', async () => {
    const answer = await serve().get('/api/v1/flags/?feature=nope');

    expect([answer.status, answer.text]).toEqual([404, '{"detail":"Given feature not found"}']);
  });

  test('a hidden feature is a 404', async () => {
    const { get } = serve({
      hide_disabled_flags: true,
      feature_states: [aFeatureState({ name: 'off', enabled: false })],
    });

    expect((await get('/api/v1/flags/?feature=off')).status).toBe(404);
  });
});

describe('what is hidden', () => {
  const states = () => [
    aFeatureState({ name: 'on' }),
    aFeatureState({ name: 'off', enabled: false }),
    aFeatureState({ name: 'secret', featureId: 50 }),
    aFeatureState({ name: 'secret off', featureId: 51, enabled: false }),
  ];
  const namesSeen = async (parts: Parameters<typeof aDocument>[0], key: string) => {
    const answer = await serve({ feature_states: states(), ...parts }).get('/api/v1/flags/', { key });
    return answer.json.map((flag: { feature: { name: string } }) => flag.feature.name);
  };
  const serverOnly = { server_key_only_feature_ids: [50, 51] };

  test('server-only features are left out for client keys', async () => {
    expect(await namesSeen({ project: serverOnly }, 'clientkey')).toEqual(['on', 'off']);
  });

  test('server-only features are there for server keys', async () => {
    expect(await namesSeen({ project: serverOnly }, 'ser.key')).toEqual(['on', 'off', 'secret', 'secret off']);
  });

  test('disabled flags are left out where the environment says so', async () => {
    expect(await namesSeen({ hide_disabled_flags: true }, 'ser.key')).toEqual(['on', 'secret']);
  });

  test('disabled flags are left out where the project says so and the environment says nothing', async () => {
    expect(await namesSeen({ project: { hide_disabled_flags: true } }, 'ser.key')).toEqual(['on', 'secret']);
  });

  test('the environment wins over its project', async () => {
    const parts = { hide_disabled_flags: false, project: { hide_disabled_flags: true } };

    expect(await namesSeen(parts, 'ser.key')).toEqual(['on', 'off', 'secret', 'secret off']);
  });

  test('both rules count together', async () => {
    expect(await namesSeen({ hide_disabled_flags: true, project: serverOnly }, 'clientkey')).toEqual(['on']);
  });

  test('a server-only feature asked for with a client key is a 404', async () => {
    const { get } = serve({ feature_states: states(), project: serverOnly });

    const answer = await get('/api/v1/flags/?feature=secret');

    expect([answer.status, answer.text]).toEqual([404, '{"detail":"Given feature not found"}']);
  });

  test('details are null where the environment hides them; what SDKs need stays', async () => {
    const { get } = serve({
      hide_sensitive_data: true,
      feature_states: [aFeatureState({ name: 'checkout', featureId: 12, value: 'blue' })],
    });

    expect((await get('/api/v1/flags/')).json).toEqual([
      {
        id: null,
        feature: {
          id: 12,
          name: 'checkout',
          created_date: null,
          description: null,
          initial_value: null,
          default_enabled: null,
          type: 'STANDARD',
        },
        feature_state_value: 'blue',
        environment: null,
        identity: null,
        feature_segment: null,
        enabled: true,
      },
    ]);
  });
});

describe('the first evaluation', () => {
  test('of a known SDK is noted once', async () => {
    const { get, usage } = testEdge([aPublished()]);

    await get('/api/v1/flags/', { headers: { 'user-agent': 'curl/8' } });
    await get('/api/v1/flags/', { headers: { 'flagsmith-sdk-user-agent': 'flagsmith-js-sdk/12.4.0' } });
    await get('/api/v1/flags/', { headers: { 'user-agent': 'flagsmith-python-sdk/6.1.0' } });

    expect(usage.firstEvaluations).toEqual([{ environmentId: 7, sdkLabel: 'flagsmith-js-sdk/12.4.0' }]);
  });

  test('is noted later where it could not be noted at once, and the request does not fail', async () => {
    const { get, usage, logged } = testEdge([aPublished()]);
    const { firstEvaluated } = usage;
    const headers = { 'user-agent': 'flagsmith-go-sdk/v5.1.0' };
    usage.firstEvaluated = async () => {
      throw new Error('no database');
    };

    const first = await get('/api/v1/flags/', { headers });
    usage.firstEvaluated = firstEvaluated;
    await get('/api/v1/flags/', { headers });

    expect(first.status).toBe(200);
    expect(logged).toHaveLength(1);
    expect(usage.firstEvaluations).toEqual([{ environmentId: 7, sdkLabel: 'flagsmith-go-sdk/v5.1.0' }]);
  });
});

describe('GET /flags/{feature_id}/multivariate-options/', () => {
  const colour = aFeatureState({
    name: 'colour',
    featureId: 12,
    value: 'grey',
    variants: [aVariant({ value: 'red', weightPercent: 30 }), aVariant({ value: 7, weightPercent: 20 })],
  });
  const path = (id: number | string) => `/api/v1/flags/${id}/multivariate-options/`;

  test("tells the control's value and the variants', whoever asks", async () => {
    const { get } = serve({ feature_states: [colour, aFeatureState({ name: 'plain', featureId: 13, value: true })] });

    const answer = await get(path(12));

    expect([answer.status, answer.json]).toEqual([
      200,
      { control_value: 'grey', options: [{ value: 'red' }, { value: 7 }] },
    ]);
    expect((await get(path(13).replace(/.$/, ''))).json).toEqual({ control_value: true, options: [] });
  });

  test('is 404 for a feature that is not there, and for one that the key does not show', async () => {
    const { project } = aDocument();
    const document = aDocument({
      feature_states: [colour],
      project: { ...project, server_key_only_feature_ids: [12] },
    });
    const { get } = testEdge([aPublished({ document })]);

    const answers = [await get(path(99)), await get(path(12)), await get(path('x'))];

    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
    expect(answers.map(({ json }) => json.detail)).toEqual(['Not found.', 'Not found.', 'Not found.']);
  });

  test('takes a key, and no other method', async () => {
    const { get, post } = serve({ feature_states: [colour] });

    expect((await get(path(12), { key: null })).status).toBe(403);
    expect((await post(path(12), {})).status).toBe(405);
  });
});
