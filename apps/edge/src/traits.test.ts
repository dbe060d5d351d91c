import { aDocument, aPublished } from '@halyard/testkit';
import { describe, expect, test } from 'vitest';
import { testEdge } from './testing/edge.ts';

const serve = (parts: Parameters<typeof aDocument>[0] = {}) => testEdge([aPublished({ document: aDocument(parts) })]);
const trait = (identifier: string, trait_key: string, trait_value: unknown) => ({
  identity: { identifier },
  trait_key,
  trait_value,
});

describe('POST /traits/', () => {
  test('it stores the trait, creates the identity and echoes', async () => {
    const { post, identities } = serve();

    const answer = await post('/api/v1/traits/', trait('u', 'plan', 'pro'));

    expect([answer.status, answer.text]).toEqual([
      200,
      '{"identity":{"identifier":"u"},"trait_value":"pro","trait_key":"plan"}',
    ]);
    expect(identities.read('u')).toEqual({ plan: 'pro' });
  });

  test('setting what is there already writes nothing', async () => {
    const { post, identities } = serve();
    await post('/api/v1/traits/', trait('u', 'plan', 'pro'));

    await post('/api/v1/traits/', trait('u', 'plan', 'pro'));

    expect(identities.calls).toEqual(['find u', 'save u']);
  });

  test.each([
    [
      'a text that is too long',
      trait('u', 't', 'x'.repeat(2001)),
      'trait_value',
      'Value string is too long. Must be less than 2000 character',
    ],
    [
      'a key that is too long',
      trait('u', 'x'.repeat(201), 1),
      'trait_key',
      'Ensure this field has no more than 200 characters.',
    ],
    ['no value', { identity: { identifier: 'u' }, trait_key: 't' }, 'trait_value', 'This field is required.'],
    ['no key', { identity: { identifier: 'u' }, trait_value: 1 }, 'trait_key', 'This field is required.'],
    ['no identity', { trait_key: 't', trait_value: 1 }, 'identity', 'This field is required.'],
  ])('%s is refused', async (_, body, field, message) => {
    const answer = await serve().post('/api/v1/traits/', body);

    expect([answer.status, answer.json]).toEqual([400, { [field]: [message] }]);
  });

  test('an identity without an identifier is refused under that field', async () => {
    const answer = await serve().post('/api/v1/traits/', { identity: {}, trait_key: 't', trait_value: 1 });

    expect(answer.json).toEqual({ identity: { identifier: ['This field is required.'] } });
  });
});

describe('who may store traits', () => {
  const calls = [
    ['POST', '/api/v1/traits/', trait('u', 'plan', 'pro')],
    ['PUT', '/api/v1/traits/bulk/', [trait('u', 'plan', 'pro')]],
    ['POST', '/api/v1/traits/increment-value/', { identifier: 'u', trait_key: 'n', increment_by: 1 }],
  ] as const;

  test.each(calls)('%s %s: not a client key where the environment forbids it', async (method, path, body) => {
    const { send, identities } = serve({ allow_client_traits: false });

    const answer = await send(method, path, { body });

    expect([answer.status, answer.json]).toEqual([
      400,
      { non_field_errors: ['Setting traits not allowed with client key.'] },
    ]);
    expect(identities.calls).toEqual([]);
  });

  test.each(calls)('%s %s: a server key always', async (method, path, body) => {
    const { send } = serve({ allow_client_traits: false });

    expect((await send(method, path, { body, key: 'ser.key' })).status).toBe(200);
  });

  test.each(calls)('%s %s: nobody where the organisation stores no traits', async (method, path, body) => {
    const { send } = serve({ organisation: { persist_trait_data: false } });

    const answer = await send(method, path, { body, key: 'ser.key' });

    expect([answer.status, answer.json]).toEqual([403, { detail: 'Organisation is not authorised to store traits.' }]);
  });
});

describe('PUT /traits/bulk/', () => {
  const put = (body: unknown, edge = serve()) => edge.send('PUT', '/api/v1/traits/bulk/', { body });

  test('it sets and removes traits of several identities and echoes those that were set', async () => {
    const edge = serve();
    await put([trait('a', 'old', 1)], edge);

    const answer = await put([trait('a', 'plan', 'pro'), trait('a', 'old', null), trait('b', 'n', 2)], edge);

    expect([answer.status, answer.json]).toEqual([200, [trait('a', 'plan', 'pro'), trait('b', 'n', 2)]]);
    expect(edge.identities.read('a')).toEqual({ plan: 'pro' });
    expect(edge.identities.read('b')).toEqual({ n: 2 });
  });

  test('a body that is no list is refused', async () => {
    const answer = await put({ a: 1 });

    expect([answer.status, answer.json]).toEqual([400, { detail: 'Invalid request data' }]);
  });

  test('one wrong item refuses the whole list and stores nothing', async () => {
    const edge = serve();

    const answer = await put([trait('a', 'plan', 'pro'), { trait_key: 't', trait_value: null }], edge);

    expect([answer.status, answer.json]).toEqual([400, [{}, { identity: ['This field is required.'] }]]);
    expect(edge.identities.calls).toEqual([]);
  });
});

describe('POST /traits/increment-value/', () => {
  const increment = (increment_by: unknown, edge = serve(), trait_key = 'n') =>
    edge.post('/api/v1/traits/increment-value/', { trait_key, identifier: 'u', increment_by });

  test('a missing trait starts at 0', async () => {
    const answer = await increment(3);

    expect([answer.status, answer.text]).toEqual([200, '{"trait_key":"n","trait_value":3,"identifier":"u"}']);
  });

  test('steps add up, down too, and are seen by the next evaluation', async () => {
    const edge = serve();
    await increment(5, edge);
    await increment(-7, edge);

    const answer = await edge.get('/api/v1/identities/?identifier=u');

    expect(answer.json.traits[0]).toMatchObject({ trait_key: 'n', trait_value: -2 });
  });

  test('a trait that is no integer is refused', async () => {
    const edge = serve();
    await edge.post('/api/v1/traits/', trait('u', 'n', 'text'));

    const answer = await increment(1, edge);

    expect([answer.status, answer.text]).toEqual([400, '["Trait is not an integer."]']);
  });

  test.each([
    [undefined, 'This field is required.'],
    [null, 'This field may not be null.'],
    [1.5, 'A valid integer is required.'],
    ['x', 'A valid integer is required.'],
    [2 ** 31, 'Ensure this value is less than or equal to 2147483647.'],
  ])('increment_by %j is refused', async (by, message) => {
    const answer = await increment(by);

    expect([answer.status, answer.json]).toEqual([400, { increment_by: [message] }]);
  });
});
