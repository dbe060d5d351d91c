import { aDocument, aFeatureState, aPublished } from '@halyard/testkit';
import { describe, expect, test } from 'vitest';
import { testEdge } from './testing/edge.ts';

const v1 = '/api/v1/analytics/flags/';
const v2 = '/api/v2/analytics/flags/';
const names = ['checkout', 'Str Flag', 'str_other', 'Mixed'];
const serve = () =>
  testEdge([aPublished({ document: aDocument({ feature_states: names.map((name) => aFeatureState({ name })) }) })]);

describe('POST /api/v1/analytics/flags/', () => {
  test('counts are kept, and the answer has no body', async () => {
    const { post, usage } = serve();

    const answer = await post(v1, { checkout: 2 });

    expect([answer.status, answer.text]).toEqual([200, '']);
    expect(usage.counts).toEqual([
      {
        environmentId: 7,
        featureName: 'checkout',
        count: 2,
        enabled: null,
        sdkUserAgent: null,
        applicationName: null,
        applicationVersion: null,
      },
    ]);
  });

  test.each([
    ['Str Flag', 'Str Flag'],
    ['str flag', 'Str Flag'],
    ['str_flag', 'Str Flag'],
    ['STR OTHER', 'str_other'],
    ['mixed', 'Mixed'],
  ])('%s counts for %s', async (sent, counted) => {
    const { post, usage } = serve();

    await post(v1, { [sent]: 1 });

    expect(usage.counts.map(({ featureName }) => featureName)).toEqual([counted]);
  });

  test('unknown names and what is no count are dropped without an error', async () => {
    const { post, usage } = serve();

    const answer = await post(v1, {
      unknown: 1,
      checkout: true,
      Mixed: '3',
      str_other: 1.5,
      'Str Flag': -1,
      toString: 1,
    });

    expect([answer.status, usage.counts]).toEqual([200, []]);
  });

  test('a body that is no object is refused', async () => {
    const answer = await serve().post(v1, [1]);

    expect([answer.status, answer.json]).toEqual([400, { non_field_errors: ['Expected a JSON object.'] }]);
  });

  test.each([
    [{ 'user-agent': 'flagsmith-python-sdk/6.1.0' }, 'flagsmith-python-sdk/6.1.0'],
    [{ 'user-agent': 'flagsmith-go-sdk/v5.1.0' }, 'flagsmith-go-sdk/v5.1.0'],
    [{ 'user-agent': 'flagsmith-rust-sdk/whatever' }, 'flagsmith-rust-sdk/unknown'],
    [{ 'user-agent': 'flagsmith-fortran-sdk/1.0.0' }, null],
    [{ 'user-agent': 'unknown' }, null],
    [
      { 'user-agent': 'flagsmith-java-sdk/8.1.0', 'flagsmith-sdk-user-agent': 'flagsmith-js-sdk/12.4.0' },
      'flagsmith-js-sdk/12.4.0',
    ],
  ])('%j is labelled %s', async (headers, label) => {
    const { post, usage } = serve();

    await post(v1, { checkout: 1 }, { headers: headers as Record<string, string> });

    expect(usage.counts[0]?.sdkUserAgent).toBe(label);
  });

  test('the application is a label too', async () => {
    const { post, usage } = serve();
    const headers = { 'flagsmith-application-name': 'shop', 'flagsmith-application-version': '1.2.3' };

    await post(v1, { checkout: 1 }, { headers });

    expect(usage.counts[0]).toMatchObject({ applicationName: 'shop', applicationVersion: '1.2.3' });
  });
});

describe('POST /api/v2/analytics/flags/', () => {
  const evaluation = { feature_name: 'checkout', enabled_when_evaluated: true, count: 2 };

  test('counts are kept with what the flag said', async () => {
    const { post, usage } = serve();

    const answer = await post(v2, { evaluations: [evaluation, { ...evaluation, feature_name: 'unknown' }] });

    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(usage.counts).toMatchObject([{ featureName: 'checkout', count: 2, enabled: true }]);
  });

  test.each([
    [{}, { evaluations: ['This field is required.'] }],
    [{ evaluations: {} }, { evaluations: ['Expected a list of items but got type "dict".'] }],
    [
      { evaluations: [evaluation, { ...evaluation, count: 'x' }] },
      { evaluations: [{}, { count: ['A valid integer is required.'] }] },
    ],
    [
      { evaluations: [{ count: 1 }] },
      {
        evaluations: [
          { feature_name: ['This field is required.'], enabled_when_evaluated: ['This field is required.'] },
        ],
      },
    ],
  ])('%j is refused', async (body, errors) => {
    const { post, usage } = serve();

    const answer = await post(v2, body);

    expect([answer.status, answer.json]).toEqual([400, errors]);
    expect(usage.counts).toEqual([]);
  });
});

test('telemetry is echoed to whoever sends it', async () => {
  const { post } = serve();

  const answer = await post('/api/v1/analytics/telemetry/', { organisations: 1, env: 'test' }, { key: null });

  expect([answer.status, answer.json]).toEqual([201, { organisations: 1, env: 'test' }]);
});
