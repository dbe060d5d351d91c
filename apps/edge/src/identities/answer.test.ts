import { aDocument, aFeatureState, anIdentityOverride, aPublished, aSegment, aVariant } from '@halyard/testkit';
import { describe, expect, test } from 'vitest';
import { type Seen, testEdge } from '../testing/edge.ts';

const path = '/api/v1/identities/';
const proSegment = () =>
  aSegment({
    name: 'pros',
    when: [{ operator: 'EQUAL', property_: 'plan', value: 'pro' }],
    overrides: [aFeatureState({ value: 'for pros', priority: 0 })],
  });
/** `checkout` says `own`; `for pros` where plan is pro; `for vip` for the identity vip. */
const document = (parts: Parameters<typeof aDocument>[0] = {}) =>
  aDocument({
    feature_states: [aFeatureState({ value: 'own' })],
    identity_overrides: [anIdentityOverride('vip', [aFeatureState({ value: 'for vip', id: null })], { id: 33 })],
    ...parts,
    project: { segments: [proSegment()], ...parts.project },
  });
const serve = (parts: Parameters<typeof aDocument>[0] = {}) => testEdge([aPublished({ document: document(parts) })]);
const trait = (trait_key: string, trait_value: unknown, transient?: boolean) => ({ trait_key, trait_value, transient });
const value = (answer: Seen) => answer.json.flags[0].feature_state_value;
const traits = (answer: Seen) =>
  Object.fromEntries(
    answer.json.traits.map((one: { trait_key: string; trait_value: unknown }) => [one.trait_key, one.trait_value]),
  );

describe('GET /identities/', () => {
  test('it answers identifier, traits and flags in this order', async () => {
    const answer = await serve({ feature_states: [aFeatureState({ featureId: 12, id: 901, value: 'blue' })] }).get(
      `${path}?identifier=user-1`,
    );

    expect(answer.text).toBe(
      '{"identifier":"user-1","traits":[],"flags":[{"id":901,"feature":{"id":12,"name":"checkout",' +
        '"created_date":"2024-05-01T10:00:00.000001Z","description":null,"initial_value":null,"default_enabled":false,' +
        '"type":"STANDARD"},"feature_state_value":"blue","environment":7,"identity":null,"feature_segment":null,' +
        '"enabled":true,"variant":null}]}',
    );
    expect(answer.header('X-Flagsmith-Document-Updated-At')).toBe('1767323045.678901');
  });

  test('an unknown identity is created', async () => {
    const { get, identities } = serve();

    await get(`${path}?identifier=new`);

    expect(identities.read('new')).toEqual({});
  });

  test('stored traits are used and shown with their ids', async () => {
    const { get, post } = serve();
    const posted = await post(path, { identifier: 'u', traits: [trait('plan', 'pro')] });

    const answer = await get(`${path}?identifier=u`);

    expect(value(answer)).toBe('for pros');
    expect(answer.json.traits).toEqual(posted.json.traits);
    expect(answer.json.traits[0].id).toBeGreaterThan(0);
  });

  test.each([
    ['user%2Fwith%20space%2B%C3%A9%40x%26y%3Dz%25', 'user/with space+é@x&y=z%'],
    ['a+b', 'a b'],
    ['%20padded%20', ' padded '],
    ['%F0%9F%91%8B', '👋'],
  ])('identifier=%s is taken as it is', async (query, identifier) => {
    expect((await serve().get(`${path}?identifier=${query}`)).json.identifier).toBe(identifier);
  });

  test.each(['', '?identifier='])('an identifier is required: %j', async (query) => {
    const answer = await serve().get(path + query);

    expect([answer.status, answer.text]).toEqual([400, '{"detail":"Missing identifier"}']);
  });

  test('an identifier of more than 2000 characters is refused', async () => {
    const { get } = serve();

    expect((await get(`${path}?identifier=${'x'.repeat(2000)}`)).status).toBe(200);
    const answer = await get(`${path}?identifier=${'x'.repeat(2001)}`);

    expect([answer.status, answer.json]).toEqual([
      400,
      { identifier: ['Ensure this field has no more than 2000 characters.'] },
    ]);
  });

  test.each(['true', 'false', '0'])('transient=%s counts as true: nothing is stored', async (transient) => {
    const { get, identities } = serve();

    const answer = await get(`${path}?identifier=new&transient=${transient}`);

    expect([answer.status, identities.read('new')]).toEqual([200, null]);
  });

  test('an empty transient counts as false', async () => {
    const { get, identities } = serve();

    await get(`${path}?identifier=new&transient=`);

    expect(identities.read('new')).toEqual({});
  });

  test('a transient request does not see stored traits', async () => {
    const { get, post } = serve();
    await post(path, { identifier: 'u', traits: [trait('plan', 'pro')] });

    const answer = await get(`${path}?identifier=u&transient=true`);

    expect([value(answer), answer.json.traits]).toEqual(['own', []]);
  });

  test('a transient request does not see identity overrides', async () => {
    const { get } = serve();

    expect(value(await get(`${path}?identifier=vip&transient=true`))).toBe('own');
    expect(value(await get(`${path}?identifier=vip`))).toBe('for vip');
  });

  test('feature= answers one flag, matched exactly', async () => {
    const { get } = serve();

    const found = await get(`${path}?identifier=u&feature=checkout`);
    const otherCase = await get(`${path}?identifier=u&feature=Checkout`);

    expect(found.json).toMatchObject({ feature: { name: 'checkout' }, variant: null });
    expect([otherCase.status, otherCase.text]).toEqual([404, '{"detail":"Given feature not found"}']);
    expect(otherCase.header('X-Flagsmith-Document-Updated-At')).toBe('1767323045.678901');
  });

  test('a server-only feature asked for with a client key is a 404', async () => {
    const { get } = serve({
      feature_states: [aFeatureState({ name: 'secret', featureId: 50 })],
      project: { server_key_only_feature_ids: [50] },
    });

    expect((await get(`${path}?identifier=u&feature=secret`)).status).toBe(404);
    expect((await get(`${path}?identifier=u&feature=secret`, { key: 'ser.key' })).status).toBe(200);
  });
});

describe('POST /identities/: who is asking', () => {
  test('an identity with traits is stored and answered with them', async () => {
    const { post, identities } = serve();

    const answer = await post(path, { identifier: 'u', traits: [trait('plan', 'pro'), trait('age', 30)] });

    expect(answer.status).toBe(200);
    expect(answer.json.traits).toEqual([
      { id: expect.any(Number), trait_key: 'plan', trait_value: 'pro', transient: false },
      { id: expect.any(Number), trait_key: 'age', trait_value: 30, transient: false },
    ]);
    expect(identities.read('u')).toEqual({ plan: 'pro', age: 30 });
  });

  test.each([
    ['trimmed', '  u  ', 'u'],
    ['text where it is a number', 42, '42'],
    ['beyond ASCII', 'größe', 'größe'],
  ])('an identifier is %s', async (_, identifier, expected) => {
    expect((await serve().post(path, { identifier })).json.identifier).toBe(expected);
  });

  test.each([
    ['a boolean', true, 'Not a valid string.'],
    ['an object', {}, 'Not a valid string.'],
    ['text with a NUL', 'a\0b', 'Null characters are not allowed.'],
    ['too long', 'x'.repeat(2001), 'Ensure this field has no more than 2000 characters.'],
  ])('an identifier that is %s is refused', async (_, identifier, message) => {
    const answer = await serve().post(path, { identifier });

    expect([answer.status, answer.json]).toEqual([400, { identifier: [message] }]);
  });

  test.each([
    ['blank', { identifier: ' ' }],
    ['null', { identifier: null }],
    ['missing', {}],
  ])('an identity whose identifier is %s is not stored and all its traits are transient', async (_, body) => {
    const { post, identities } = serve();

    const answer = await post(path, { ...body, traits: [trait('plan', 'pro', false), trait('n', null)] });

    expect(value(answer)).toBe('for pros');
    expect(answer.json.traits).toEqual([{ id: null, trait_key: 'plan', trait_value: 'pro', transient: true }]);
    expect(identities.calls).toEqual([]);
  });

  test('a generated identifier is the hash of the traits in the order of their keys', async () => {
    const answer = await serve().post(path, {
      traits: [trait('plan', 'pro'), trait('a', 'value_a'), trait('n', null)],
    });

    expect(answer.json.identifier).toBe('c59f1d527f75ea66d8ff1213d9180701cbd1222538981f5552fbb19eae0b625a');
  });

  test('without traits a generated identifier is random, also when the request comes again', async () => {
    const { post } = serve();

    const identifiers = new Set<string>();
    for (let i = 0; i < 4; i++) identifiers.add((await post(path, { traits: [] })).json.identifier);

    expect([...identifiers][0]).toMatch(/^[0-9a-f]{32}$/);
    expect(identifiers.size).toBe(4);
  });

  test('a transient identity is not stored', async () => {
    const { post, identities } = serve();

    const answer = await post(path, {
      identifier: 'u',
      transient: true,
      traits: [trait('plan', 'pro'), trait('n', null)],
    });

    expect(value(answer)).toBe('for pros');
    expect(answer.json.traits).toEqual([{ id: null, trait_key: 'plan', trait_value: 'pro', transient: true }]);
    expect(identities.read('u')).toBeNull();
  });

  test('a transient request of a stored identity uses its traits with those of the request laid over them', async () => {
    const { post, identities } = serve();
    await post(path, { identifier: 'u', traits: [trait('plan', 'free'), trait('age', 30)] });

    const answer = await post(path, { identifier: 'u', transient: true, traits: [trait('plan', 'pro')] });

    expect([value(answer), traits(answer)]).toEqual(['for pros', { plan: 'pro', age: 30 }]);
    expect(identities.read('u')).toEqual({ plan: 'free', age: 30 });
  });

  test('a transient request of a stored identity uses its overrides', async () => {
    const { post, get } = serve();
    await get(`${path}?identifier=vip`);

    expect(value(await post(path, { identifier: 'vip', transient: true }))).toBe('for vip');
  });

  test.each([null, false, 'false', 0])('transient: %j is false', async (transient) => {
    const { post, identities } = serve();

    await post(path, { identifier: 'u', transient });

    expect(identities.read('u')).toEqual({});
  });

  test('transient must be a boolean', async () => {
    const answer = await serve().post(path, { identifier: 'u', transient: 'perhaps' });

    expect([answer.status, answer.json]).toEqual([400, { transient: ['Must be a valid boolean.'] }]);
  });
});

describe('POST /identities/: traits', () => {
  test.each([
    ['text', 'a'],
    ['text of digits', '5'],
    ['empty text', ''],
    ['an integer', 5],
    ['a fraction', 1.5],
    ['true', true],
    ['false', false],
  ])('%s keeps its type', async (_, given) => {
    const { post, identities } = serve();

    const answer = await post(path, { identifier: 'u', traits: [trait('t', given)] });

    expect([answer.json.traits[0].trait_value, identities.read('u')]).toEqual([given, { t: given }]);
  });

  test.each([
    ['an object', { foo: 'bar' }, '{"foo":"bar"}'],
    ['a list', [1, 'a'], '[1,"a"]'],
  ])('%s is kept as its JSON text', async (_, given, text) => {
    expect(traits(await serve().post(path, { identifier: 'u', traits: [trait('t', given)] }))).toEqual({ t: text });
  });

  test('null removes a stored trait, and removing it again is no error', async () => {
    const { post, identities } = serve();
    await post(path, { identifier: 'u', traits: [trait('plan', 'pro'), trait('age', 30)] });

    const removed = await post(path, { identifier: 'u', traits: [trait('plan', null)] });
    const again = await post(path, { identifier: 'u', traits: [trait('plan', null)] });

    expect([value(removed), traits(removed), again.status]).toEqual(['own', { age: 30 }, 200]);
    expect(identities.read('u')).toEqual({ age: 30 });
  });

  test('a missing value is null: the Java SDK leaves it out', async () => {
    const { post, identities } = serve();
    await post(path, { identifier: 'u', traits: [trait('plan', 'pro')] });

    await post(path, { identifier: 'u', traits: [{ trait_key: 'plan' }] });

    expect(identities.read('u')).toEqual({});
  });

  test('null for a new identity is ignored', async () => {
    const answer = await serve().post(path, { identifier: 'new', traits: [trait('a', null), trait('b', 1)] });

    expect(traits(answer)).toEqual({ b: 1 });
  });

  test('a transient trait is used, shown and not stored', async () => {
    const { post, identities } = serve();

    const answer = await post(path, { identifier: 'u', traits: [trait('plan', 'pro', true)] });

    expect(value(answer)).toBe('for pros');
    expect(answer.json.traits).toEqual([{ id: null, trait_key: 'plan', trait_value: 'pro', transient: true }]);
    expect(identities.read('u')).toEqual({});
  });

  test('a transient trait wins over the stored one of its name for this request only', async () => {
    const { post, get } = serve();
    await post(path, { identifier: 'u', traits: [trait('plan', 'pro')] });

    const transient = await post(path, { identifier: 'u', traits: [trait('plan', 'free', true)] });

    expect([value(transient), traits(transient)]).toEqual(['own', { plan: 'free' }]);
    expect(value(await get(`${path}?identifier=u`))).toBe('for pros');
  });

  test('a trait that is transient and null hides the stored one for this request only', async () => {
    const { post, identities } = serve();
    await post(path, { identifier: 'u', traits: [trait('plan', 'pro')] });

    const answer = await post(path, { identifier: 'u', traits: [trait('plan', null, true)] });

    expect([value(answer), traits(answer)]).toEqual(['own', { plan: null }]);
    expect(identities.read('u')).toEqual({ plan: 'pro' });
  });

  test('stored traits come first in the order of their ids, then new ones, then transient ones', async () => {
    const { post } = serve();
    await post(path, { identifier: 'u', traits: [trait('b', 1), trait('a', 2)] });

    const answer = await post(path, { identifier: 'u', traits: [trait('t', 5, true), trait('c', 3), trait('b', 4)] });

    expect(Object.entries(traits(answer))).toEqual(Object.entries({ b: 4, a: 2, c: 3, t: 5 }));
  });

  test('traits of a new identity come in the order of the request', async () => {
    const answer = await serve().post(path, {
      identifier: 'u',
      traits: [trait('z', 1, true), trait('a', 2), trait('m', 3)],
    });

    expect(Object.keys(traits(answer))).toEqual(['z', 'a', 'm']);
  });

  test('of two traits with one key the last one counts', async () => {
    const { post, identities } = serve();

    await post(path, { identifier: 'u', traits: [trait('plan', 'free'), trait('plan', 'pro')] });

    expect(identities.read('u')).toEqual({ plan: 'pro' });
  });

  test('a key is trimmed', async () => {
    expect(traits(await serve().post(path, { identifier: 'u', traits: [trait(' plan ', 1)] }))).toEqual({ plan: 1 });
  });

  test('keys that JavaScript objects have from birth are keys like any other', async () => {
    const { post } = serve();
    const keys = ['__proto__', 'constructor', 'toString'];

    const answer = await post(path, { identifier: 'u', traits: keys.map((key) => trait(key, 'x')) });

    expect(answer.json.traits.map((one: { trait_key: string }) => one.trait_key)).toEqual(keys);
  });

  test('null instead of a list is no traits', async () => {
    expect((await serve().post(path, { identifier: 'u', traits: null })).status).toBe(200);
  });

  test.each([
    ['something else than a list', {}, ['Expected a list of items but got type "dict".']],
    [
      'a text that is too long, behind a good one',
      [trait('good', 1), trait('t', 'x'.repeat(2001))],
      [{}, { trait_value: ['Value string is too long. Must be less than 2000 character'] }],
    ],
    [
      'a key that is too long',
      [trait('x'.repeat(201), 1)],
      [{ trait_key: ['Ensure this field has no more than 200 characters.'] }],
    ],
    ['a missing key', [{ trait_value: 1 }], [{ trait_key: ['This field is required.'] }]],
    ['a blank key', [trait(' ', 1)], [{ trait_key: ['This field may not be blank.'] }]],
    ['no object', ['plan'], [{ non_field_errors: ['Invalid data. Expected a dictionary, but got str.'] }]],
    ['a NUL', [trait('t', 'a\0')], [{ trait_value: ['Null characters are not allowed.'] }]],
    [
      'transient that is no boolean',
      [{ ...trait('t', 1), transient: 7 }],
      [{ transient: ['Must be a valid boolean.'] }],
    ],
  ])('traits with %s are refused, and nothing is stored', async (_, given, errors) => {
    const { post, identities } = serve();

    const answer = await post(path, { identifier: 'u', traits: given });

    expect([answer.status, answer.json]).toEqual([400, { traits: errors }]);
    expect(identities.calls).toEqual([]);
  });

  test('the limit counts characters, not halves of them', async () => {
    expect((await serve().post(path, { identifier: 'u', traits: [trait('t', '👋'.repeat(2000))] })).status).toBe(200);
  });

  test('more than 1000 traits are refused', async () => {
    const many = Array.from({ length: 1001 }, (_, i) => trait(`t${i}`, i));

    expect((await serve().post(path, { identifier: 'u', traits: many })).status).toBe(400);
  });

  test('a number that no double holds is refused', async () => {
    const body = '{"identifier":"u","traits":[{"trait_key":"t","trait_value":1e999}]}';

    const answer = await serve().send('POST', path, { body });

    expect(answer.json).toEqual({ traits: [{ trait_value: ['A valid number is required.'] }] });
  });
});

describe('who may tell traits', () => {
  test('a client key that may not is not refused; what it says is left out', async () => {
    const { post, identities } = serve({ allow_client_traits: false });

    const answer = await post(path, { identifier: 'u', traits: [trait('plan', 'pro'), trait('t', 1, true)] });

    expect([answer.status, value(answer), answer.json.traits]).toEqual([200, 'own', []]);
    expect(identities.read('u')).toEqual({});
  });

  test('stored traits count for a client key that may not tell any', async () => {
    const { post } = serve({ allow_client_traits: false });
    await post(path, { identifier: 'u', traits: [trait('plan', 'pro')] }, { key: 'ser.key' });

    expect(value(await post(path, { identifier: 'u', traits: [trait('plan', 'free')] }))).toBe('for pros');
  });

  test('a server key may always', async () => {
    const { post, identities } = serve({ allow_client_traits: false });

    await post(path, { identifier: 'u', traits: [trait('plan', 'pro')] }, { key: 'ser.key' });

    expect(identities.read('u')).toEqual({ plan: 'pro' });
  });

  test('where the organisation stores no traits, the identity is stored and the traits are used', async () => {
    const { post, identities } = serve({ organisation: { persist_trait_data: false } });

    const answer = await post(path, { identifier: 'u', traits: [trait('plan', 'pro')] });

    expect(value(answer)).toBe('for pros');
    expect(answer.json.traits).toEqual([{ id: null, trait_key: 'plan', trait_value: 'pro', transient: false }]);
    expect(identities.read('u')).toEqual({});
  });

  test('where the organisation stopped storing traits, those of the request are laid over the stored ones', async () => {
    const { post, documents, identities } = serve();
    await post(path, { identifier: 'u', traits: [trait('plan', 'free'), trait('age', 30)] });
    documents.publish(aPublished({ version: 2, document: document({ organisation: { persist_trait_data: false } }) }));

    const answer = await post(path, { identifier: 'u', traits: [trait('plan', 'pro')] });

    expect(traits(answer)).toEqual({ plan: 'pro', age: 30 });
    expect(identities.read('u')).toEqual({ plan: 'free', age: 30 });
  });
});

describe('flags of an identity', () => {
  test('a segment override names its segment link and its own state', async () => {
    const segment = proSegment();
    const [override] = segment.feature_states;
    const published = aPublished({ document: document({ project: { segments: [segment] } }) });
    const ids = published.stateIds[override?.featurestate_uuid as string];

    const answer = await testEdge([published]).post(path, { identifier: 'u', traits: [trait('plan', 'pro')] });

    expect(answer.json.flags[0]).toMatchObject({ id: ids?.id, feature_segment: ids?.featureSegmentId, identity: null });
  });

  test('an identity override names the identity and wins over segments', async () => {
    const answer = await serve().post(path, { identifier: 'vip', traits: [trait('plan', 'pro')] });

    expect(answer.json.flags[0]).toMatchObject({ feature_state_value: 'for vip', identity: 33, feature_segment: null });
  });

  test.each([
    ['the key of the variant', [aVariant({ value: 'B', key: 'b' })], 'B', 'b'],
    ['null for a variant without a key', [aVariant({ value: 'B' })], 'B', null],
    ['control outside all variants', [aVariant({ value: 'B', key: 'b', weightPercent: 0 })], 'own', 'control'],
  ])('variant is %s', async (_, variants, expected, variant) => {
    const { get } = serve({ feature_states: [aFeatureState({ value: 'own', variants })], project: { segments: [] } });

    const [flag] = (await get(`${path}?identifier=u`)).json.flags;

    expect([flag.feature_state_value, flag.variant]).toEqual([expected, variant]);
  });

  test('a flag that is disabled for this identity is hidden where disabled flags are', async () => {
    const { get } = serve({
      hide_disabled_flags: true,
      identity_overrides: [
        anIdentityOverride('off', [aFeatureState({ enabled: false })]),
        anIdentityOverride('on', [aFeatureState({ value: 'yes' })]),
      ],
      feature_states: [aFeatureState()],
    });

    expect((await get(`${path}?identifier=off`)).json.flags).toEqual([]);
    expect((await get(`${path}?identifier=on`)).json.flags).toHaveLength(1);
  });

  test('server-only features are there for server keys only', async () => {
    const { get } = serve({
      feature_states: [aFeatureState({ name: 'secret', featureId: 50 })],
      project: { server_key_only_feature_ids: [50] },
    });

    expect((await get(`${path}?identifier=u`)).json.flags).toEqual([]);
    expect((await get(`${path}?identifier=u`, { key: 'ser.key' })).json.flags).toHaveLength(1);
  });

  test('traits and details are hidden where the environment says so', async () => {
    const { post } = serve({ hide_sensitive_data: true });

    const answer = await post(path, { identifier: 'vip', traits: [trait('plan', 'pro')] });

    expect(answer.json.traits).toEqual([]);
    expect(answer.json.flags[0]).toMatchObject({
      id: null,
      environment: null,
      identity: null,
      feature_segment: null,
      feature_state_value: 'for vip',
      variant: null,
      feature: { name: 'checkout', created_date: null },
    });
  });
});

describe('memory', () => {
  /** Often enough that an answer that is worth keeping is kept. */
  const thrice = async (ask: () => Promise<Seen>) => {
    await ask();
    await ask();
    return ask();
  };

  test('a request that comes again asks the store nothing and gets the same bytes', async () => {
    const { post, identities } = serve();
    const body = { identifier: 'u', traits: [trait('plan', 'pro')] };
    const first = await post(path, body);
    const calls = identities.calls.length;

    const later = await thrice(() => post(path, body));

    expect(later.text).toBe(first.text);
    expect(identities.calls).toHaveLength(calls);
  });

  test('a new version of the document changes the answer to the same request', async () => {
    const { get, documents } = serve();
    await thrice(() => get(`${path}?identifier=u`));

    documents.publish(
      aPublished({ version: 2, document: document({ feature_states: [aFeatureState({ value: 'new' })] }) }),
    );

    expect(value(await get(`${path}?identifier=u`))).toBe('new');
  });

  test('a trait that another request changed changes the answer to the same request', async () => {
    const { get, post } = serve();
    await thrice(() => get(`${path}?identifier=u`));

    await post(path, { identifier: 'u', traits: [trait('plan', 'pro')] });

    expect(value(await get(`${path}?identifier=u`))).toBe('for pros');
  });

  test('a request is not answered with the memory of another key', async () => {
    const { get } = serve({ hide_disabled_flags: false, project: { server_key_only_feature_ids: [1, 2, 3, 12, 50] } });

    const server = await thrice(() => get(`${path}?identifier=u`, { key: 'ser.key' }));
    const client = await thrice(() => get(`${path}?identifier=u`));

    expect(client.text).not.toBe(server.text);
  });

  test('a forgotten identity is read again', async () => {
    const { get, edge, identities } = serve();
    await thrice(() => get(`${path}?identifier=u`));
    await identities.save({ environmentId: 7, identifier: 'u', set: new Map([['plan', 'pro']]), remove: [] });

    edge.identities.forget({ environmentId: 7, identifier: 'u' });

    expect(value(await get(`${path}?identifier=u`))).toBe('for pros');
  });

  test('concurrent first requests of an identity ask the store once', async () => {
    const { get, identities } = serve();

    await Promise.all(Array.from({ length: 5 }, () => get(`${path}?identifier=u&feature=checkout&transient=`)));

    expect(identities.calls.filter((call) => call === 'find u')).toHaveLength(1);
  });
});

describe('without a database', () => {
  test('an identity in memory is answered', async () => {
    const { post, identities } = serve();
    const body = { identifier: 'u', traits: [trait('plan', 'pro')] };
    await post(path, body);

    identities.available = false;

    expect((await post(path, body)).status).toBe(200);
    expect(value(await post(path, { ...body, traits: [...body.traits, trait('t', 1, true)] }))).toBe('for pros');
  });

  test('a trait that cannot be stored is a 503, and is not there afterwards', async () => {
    const { post, get, identities } = serve();
    await post(path, { identifier: 'u', traits: [] });
    identities.available = false;

    const refused = await post(path, { identifier: 'u', traits: [trait('plan', 'pro')] });
    identities.available = true;

    expect([refused.status, refused.json]).toEqual([
      503,
      { detail: 'The database cannot take this request now. Please try again.' },
    ]);
    expect(value(await get(`${path}?identifier=u`))).toBe('own');
  });

  test('an identity that nobody knows yet is a 503', async () => {
    const { get, identities } = serve();
    identities.available = false;

    expect((await get(`${path}?identifier=u`)).status).toBe(503);
  });
});
