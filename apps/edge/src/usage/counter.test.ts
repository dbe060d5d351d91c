import { aDocument, aFeatureState, aPublished } from '@halyard/testkit';
import { expect, test } from 'vitest';
import { testEdge } from '../testing/edge.ts';

const serve = () =>
  testEdge([aPublished({ document: aDocument({ feature_states: [aFeatureState({ name: 'checkout' })] }) })]);
const noLabels = { sdkUserAgent: null, applicationName: null, applicationVersion: null };

test('requests are counted by kind, and written when they are flushed', async () => {
  const { edge, get, post, usage } = serve();
  await get('/api/v1/flags/');
  await get('/api/v1/flags/');
  await get('/api/v1/identities/?identifier=ada');
  await post('/api/v1/traits/', { identity: { identifier: 'ada' }, trait_key: 'plan', trait_value: 'pro' });
  await post('/ofrep/v1/evaluate/flags', {});
  const before = usage.requests.length;

  await edge.flush();

  expect(before).toBe(0);
  expect(usage.requests).toEqual([
    { environmentId: 7, kind: 'flags', count: 3, ...noLabels },
    { environmentId: 7, kind: 'identities', count: 1, ...noLabels },
    { environmentId: 7, kind: 'traits', count: 1, ...noLabels },
  ]);
});

test('requests of different SDKs and applications are told apart', async () => {
  const { edge, get, usage } = serve();
  await get('/api/v1/flags/', { headers: { 'Flagsmith-SDK-User-Agent': 'flagsmith-js-sdk/12.4.0' } });
  await get('/api/v1/flags/', { headers: { 'Flagsmith-Application-Name': 'shop' } });

  await edge.flush();

  expect(usage.requests).toMatchObject([{ sdkUserAgent: 'flagsmith-js-sdk/12.4.0' }, { applicationName: 'shop' }]);
});

test('a key that opens nothing counts nowhere', async () => {
  const { edge, get, usage } = serve();
  await get('/api/v1/flags/', { key: 'nobody' });

  await edge.flush();

  expect(usage.requests).toEqual([]);
});

test('what a store cannot take is kept until it can', async () => {
  const { edge, get, usage } = serve();
  await get('/api/v1/flags/');
  usage.available = false;
  await edge.flush();
  usage.available = true;
  await get('/api/v1/flags/');

  await edge.flush();

  expect(usage.requests.map(({ kind, count }) => [kind, count])).toEqual([
    ['flags', 1],
    ['flags', 1],
  ]);
});

test('what a store took is not given to it again with what it could not take', async () => {
  const { edge, get, usage } = testEdge([
    aPublished(),
    aPublished({ document: aDocument({ id: 8, api_key: 'other' }) }),
  ]);
  usage.refuses.add(8);
  await get('/api/v1/flags/');
  await get('/api/v1/flags/', { key: 'other' });
  await edge.flush();
  usage.refuses.clear();
  await get('/api/v1/flags/', { key: 'other' });

  await edge.flush();

  const countOf = (id: number) =>
    usage.requests.filter(({ environmentId }) => environmentId === id).reduce((sum, { count }) => sum + count, 0);
  expect([countOf(7), countOf(8)]).toEqual([1, 2]);
});

test('very many different labels are counted together instead of filling the memory', async () => {
  const { edge, get, usage } = serve();
  for (let i = 0; i < 10_050; i++)
    await get('/api/v1/flags/', { headers: { 'Flagsmith-Application-Name': `app${i}` } });

  await edge.flush();

  expect(usage.requests.length).toBe(10_001);
  expect(usage.requests.at(-1)).toEqual({ environmentId: 7, kind: 'flags', count: 50, ...noLabels });
});
