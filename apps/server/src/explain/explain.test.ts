import { beforeAll, describe, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { seedGrant, seedTenant, seedUser, type Tenant } from '../testing/seed.ts';

const context = testContext();
let acme: Tenant;
let checkout: number;
let colour: number;
let pros: number;
/** May see both environments and nothing of identities. */
let viewer: string;

const plan = (value: string) => ({ operator: 'EQUAL', property: 'plan', value });
const adults = { operator: 'GREATER_THAN_INCLUSIVE', property: 'age', value: '18' };
const rulesOf = (...conditions: object[]) => [
  { type: 'ALL', conditions: [], rules: [{ type: 'ALL', rules: [], conditions }] },
];

beforeAll(async () => {
  acme = await seedTenant(context.db);
  const production = `environments/${acme.production.apiKey}`;
  checkout = (await post(`projects/${acme.projectId}/features/`, { name: 'checkout', initial_value: 'old' })).id;
  colour = (
    await post(`projects/${acme.projectId}/features/`, {
      name: 'colour',
      initial_value: 'grey',
      multivariate_options: [{ string_value: 'blue', key: 'blue', default_percentage_allocation: 100 }],
    })
  ).id;
  pros = (
    await post(`projects/${acme.projectId}/segments/`, { name: 'Grown pros', rules: rulesOf(plan('pro'), adults) })
  ).id;
  await post(`${production}/features/${checkout}/create-segment-override/`, {
    enabled: true,
    feature_segment: { segment: pros },
    feature_state_value: { type: 'unicode', string_value: 'one-page' },
  });
  await makeIdentity('ada', { plan: 'pro', age: 36 });
  await makeIdentity('bob', { plan: 'free', age: 50 });
  const vip = await makeIdentity('vip', { plan: 'pro', age: 40 });
  await post(`${production}/identities/${vip}/featurestates/`, { feature: checkout, enabled: false });
  const { userId, authorization } = await seedUser(context.db, { organisationId: acme.organisationId, role: 'USER' });
  viewer = authorization;
  const grant = { organisationId: acme.organisationId, projectId: acme.projectId, to: { userId } };
  await seedGrant(context.db, { ...grant, permissions: ['VIEW_PROJECT'] });
  const permissions = ['VIEW_ENVIRONMENT'];
  await seedGrant(context.db, { ...grant, environmentId: acme.production.id, permissions });
});

async function post(path: string, body: unknown) {
  const answer = await context.request({ method: 'POST', path: `/api/v1/${path}`, as: acme.admin, body });
  expect([answer.status < 300, answer.body]).toEqual([true, answer.body]);
  return answer.body;
}

/** As an SDK makes it. */
async function makeIdentity(identifier: string, traits: Record<string, unknown>): Promise<number> {
  const { apiKey } = acme.production;
  const { id } = await post(`environments/${apiKey}/identities/`, { identifier });
  for (const [trait_key, value] of Object.entries(traits)) {
    const typed =
      typeof value === 'number'
        ? { value_type: 'int', integer_value: value }
        : { value_type: 'unicode', string_value: value };
    await post(`environments/${apiKey}/identities/${id}/traits/`, { trait_key, ...typed });
  }
  return id;
}

/** What the SDK-facing API answers on `/identities/`. */
async function askSdk(body: object) {
  await context.app.publisher.publishPending();
  const answer = await context.app.edge.handle({
    method: 'POST',
    path: '/api/v1/identities/',
    query: '',
    header: (name) => ({ 'x-environment-key': acme.production.apiKey })[name],
    body: new TextEncoder().encode(JSON.stringify(body)),
  });
  return JSON.parse(Buffer.from((answer as { body: Uint8Array }).body).toString());
}

const asTraits = (traits: Record<string, unknown>) =>
  Object.entries(traits).map(([trait_key, trait_value]) => ({ trait_key, trait_value }));

const send = (path: string, body: object, as = acme.admin) =>
  context.request({ method: 'POST', path: `/api/v1/${path}`, as, body });

const explain = (body: object, as = acme.admin) => send(`environments/${acme.production.apiKey}/explain/`, body, as);
const play = (body: object, as = acme.admin) => send(`projects/${acme.projectId}/playground/`, body, as);
const tryRules = (body: object, as = acme.admin) =>
  send(`projects/${acme.projectId}/segments/test/`, { environment: acme.production.id, ...body }, as);
const count = (body: object, as = acme.admin) =>
  send(`projects/${acme.projectId}/segments/sample/`, { environment: acme.production.id, ...body }, as);

const results = (answer: { body: any }, feature = 'checkout') =>
  answer.body.features
    .find((one: any) => one.feature.name === feature)
    .steps.map((step: any) => `${step.kind}: ${step.result ?? step.percentage}`);

describe('explaining', () => {
  test('a known identity is explained with its stored traits, step by step', async () => {
    const answer = await explain({ identifier: 'ada', features: [checkout] });

    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      environment: { id: acme.production.id, name: 'Production' },
      key: `${acme.production.apiKey}_ada`,
      person: {
        identifier: 'ada',
        stored: 'used',
        traits: [
          { trait_key: 'plan', trait_value: 'pro', source: 'stored' },
          { trait_key: 'age', trait_value: 36, source: 'stored' },
        ],
      },
      segments: [
        {
          id: pros,
          matched: true,
          rules: [
            {
              type: 'ALL',
              matched: true,
              rules: [
                {
                  conditions: [
                    { property: 'plan', operator: 'EQUAL', value: 'pro', actual: 'pro', matched: true, reached: true },
                    { property: 'age', value: '18', actual: 36, matched: true },
                  ],
                },
              ],
            },
          ],
        },
      ],
      features: [
        {
          feature: { id: checkout },
          enabled: true,
          value: 'one-page',
          decided_by: 'segment',
          reason: 'TARGETING_MATCH; segment=Grown pros',
          visibility: 'all',
        },
      ],
    });
    expect(results(answer)).toEqual(['environment: outranked', 'segment: wins']);
  });

  test('what it explains is what an SDK gets', async () => {
    for (const identifier of ['ada', 'bob', 'vip', 'a stranger']) {
      const sdk = await askSdk({ identifier, transient: true });

      const explained = await explain({ identifier });

      const served = explained.body.features.map((one: any) => [one.feature.name, one.enabled, one.value]);
      expect(served).toEqual(sdk.flags.map((flag: any) => [flag.feature.name, flag.enabled, flag.feature_state_value]));
    }
  });

  test('pasted traits lie over the stored ones, and null takes one away', async () => {
    const older = await explain({ identifier: 'bob', traits: asTraits({ plan: 'pro' }) });
    const ageless = await explain({ identifier: 'ada', traits: asTraits({ age: null }) });

    expect(results(older)).toEqual(['environment: outranked', 'segment: wins']);
    expect(older.body.person.traits).toEqual([
      { trait_key: 'plan', trait_value: 'pro', source: 'given' },
      { trait_key: 'age', trait_value: 50, source: 'stored' },
    ]);
    expect(results(ageless)).toEqual(['environment: wins', 'segment: no match']);
  });

  test('nothing of it is stored', async () => {
    await explain({ identifier: 'somebody new', traits: asTraits({ plan: 'pro' }) });
    await explain({ identifier: 'ada', traits: asTraits({ plan: 'free' }) });

    const answer = await explain({ identifier: 'ada' });
    const known = await context.db.selectFrom('identities').select('identifier').execute();
    expect(results(answer)).toEqual(['environment: outranked', 'segment: wins']);
    expect(known.map((one) => one.identifier)).not.toContain('somebody new');
  });

  test('traits without an identifier make one, as for an SDK; without both nobody in particular is served', async () => {
    const traits = asTraits({ plan: 'pro', age: 20 });
    const sdk = await askSdk({ traits });

    const anonymous = await explain({ traits });
    const nobody = await explain({});

    expect(anonymous.body.person).toMatchObject({
      identifier: sdk.identifier,
      is_generated: true,
      stored: 'none',
    });
    expect(results(anonymous)).toEqual(['environment: outranked', 'segment: wins']);
    expect(nobody.body).toMatchObject({ key: null, person: { identifier: null } });
    expect(results(nobody)).toEqual(['environment: wins', 'segment: skipped']);
  });

  test('an identity override wins, and a split tells where the identity falls', async () => {
    const answer = await explain({ identifier: 'vip' });

    expect(results(answer)).toEqual(['environment: outranked', 'segment: outranked', 'identity: wins']);
    const split = answer.body.features.find((one: any) => one.feature.id === colour).steps[1];
    expect(split).toMatchObject({ kind: 'split', variants: [{ key: 'blue', from: 0, to: 100, hit: true }] });
    expect(split.percentage).toBeLessThan(100);
  });

  test('who may not see identities gets no stored trait, and is told so', async () => {
    const answer = await explain({ identifier: 'ada' }, viewer);
    const given = await explain({ identifier: 'ada', traits: asTraits({ plan: 'pro', age: 20 }) }, viewer);

    expect(answer.body.person).toMatchObject({ stored: 'hidden', identity: null, traits: [] });
    expect(results(answer)).toEqual(['environment: wins', 'segment: no match']);
    expect(results(given)).toEqual(['environment: outranked', 'segment: wins']);
  });

  test.each([
    [
      'an identifier that is too long',
      { identifier: 'x'.repeat(2001) },
      { identifier: ['Ensure this field has no more than 2000 characters.'] },
    ],
    ['traits that are no list', { traits: {} }, { traits: ['Expected a list of items but got type "dict".'] }],
    [
      'a trait without a key',
      { traits: [{ trait_value: 1 }] },
      { traits: [{ trait_key: ['This field is required.'] }] },
    ],
    ['a feature that is no id', { features: ['checkout'] }, expect.objectContaining({ features: expect.anything() })],
  ])('refuses %s', async (_, body, errors) => {
    const answer = await explain(body);

    expect([answer.status, answer.body]).toEqual([400, errors]);
  });

  test('an object counts as its JSON text, and a text that is too long is refused', async () => {
    const object = await explain({ traits: [{ trait_key: 'a', trait_value: { b: 1 } }] });
    const long = await explain({ traits: [{ trait_key: 'a', trait_value: 'x'.repeat(2001) }] });

    expect(object.body.person.traits[0].trait_value).toBe('{"b":1}');
    expect(long.status).toBe(400);
  });
});

describe('the playground', () => {
  test('shows several people in every environment, each different result once', async () => {
    const answer = await play({ people: [{ identifier: 'ada' }, { identifier: 'bob' }, {}], features: [checkout] });

    expect(answer.status).toBe(200);
    expect(answer.body.environments.map(({ name }: { name: string }) => name)).toEqual(['Production', 'Development']);
    expect(answer.body.people.map(({ identifier }: any) => identifier)).toEqual(['ada', 'bob', null]);
    expect(answer.body.people[0].known_in).toEqual([acme.production.id]);
    const [row] = answer.body.features;
    expect(row.served.map(({ enabled, value, segment }: any) => [enabled, value, segment?.name])).toEqual([
      [true, 'one-page', 'Grown pros'],
      [false, 'old', undefined],
    ]);
    expect(row.cells).toEqual([
      [0, 1, 1],
      [1, 1, 1],
    ]);
  });

  test('agrees with the explanation of each', async () => {
    const people = [{ identifier: 'ada' }, { identifier: 'vip' }, { traits: asTraits({ plan: 'pro', age: 30 }) }];

    const { body } = await play({ people, environments: [acme.production.id] });

    for (const [index, person] of people.entries()) {
      const { body: explained } = await explain(person);
      const shown = body.features.map((row: any) => row.served[row.cells[0][index]]);
      expect(shown.map(({ enabled, value, variant }: any) => [enabled, value, variant])).toEqual(
        explained.features.map(({ enabled, value, variant }: any) => [enabled, value, variant]),
      );
    }
  });

  test('shows only environments that the caller may see, and hides stored traits from those who may not see them', async () => {
    const answer = await play({ people: [{ identifier: 'ada' }] }, viewer);
    const foreign = await play({ people: [{}], environments: [acme.development.id] }, viewer);

    expect(answer.body.environments.map(({ id }: { id: number }) => id)).toEqual([acme.production.id]);
    expect(answer.body.people[0]).toMatchObject({ known_in: [], hidden_in: [acme.production.id] });
    expect(foreign.status).toBe(400);
  });

  test('refuses nobody at all, and more people than a screen holds', async () => {
    const none = await play({ people: [] });
    const many = await play({ people: Array.from({ length: 21 }, () => ({})) });

    expect([none.status, many.status]).toEqual([400, 400]);
    expect(Object.keys(many.body)).toEqual(['people']);
  });
});

describe('trying rules', () => {
  const rules = rulesOf(plan('pro'), { operator: 'PERCENTAGE_SPLIT', property: null, value: '100' });

  test('tells condition by condition, for rules that are not saved', async () => {
    const answer = await tryRules({ rules, identifier: 'bob' });

    expect(answer.body).toMatchObject({ matched: false, person: { stored: 'used' } });
    expect(answer.body.rules[0].rules[0].conditions).toMatchObject([
      { property: 'plan', actual: 'free', matched: false },
      { property: '', actual: `${acme.production.apiKey}_bob`, matched: true, percentage: expect.any(Number) },
    ]);
  });

  test('pasted traits are enough; nobody in particular is in no segment', async () => {
    const pasted = await tryRules({ rules, traits: asTraits({ plan: 'pro' }) });
    const nobody = await tryRules({ rules });

    expect(pasted.body.matched).toBe(true);
    expect([nobody.status, nobody.body]).toEqual([400, { non_field_errors: ['Give an identifier, traits or both.'] }]);
  });

  test('a condition that is not finished matches nobody and is no error', async () => {
    const unfinished = rulesOf(
      { operator: 'EQUAL', property: '', value: null },
      { operator: 'REGEX', property: 'plan', value: '(' },
    );

    const answer = await tryRules({ rules: unfinished, traits: asTraits({ plan: 'pro' }) });

    expect([answer.status, answer.body.matched]).toEqual([200, false]);
  });

  test('an environment of another project is refused', async () => {
    const rival = await seedTenant(context.db);

    const answer = await tryRules({ rules, environment: rival.production.id, identifier: 'ada' });

    expect([answer.status, answer.body]).toEqual([
      400,
      { environment: [`Invalid pk "${rival.production.id}" - object does not exist.`] },
    ]);
  });

  test('counts the newest identities, with the newest of those that match', async () => {
    const answer = await count({ rules: rulesOf(plan('pro')) });
    const byPath = await count({ rules: rulesOf({ ...plan('pro'), property: '$.identity.traits.plan' }) });
    const everybody = await count({ rules: [{ type: 'ALL' }] });

    expect(answer.body).toMatchObject({
      matching: 2,
      sampled: 3,
      examples: [{ identifier: 'vip' }, { identifier: 'ada' }],
    });
    expect(byPath.body.matching).toBe(2);
    expect(everybody.body.matching).toBe(3);
  });

  test('only who may see identities may count them', async () => {
    const tried = await tryRules({ rules, traits: asTraits({ plan: 'pro' }) }, viewer);
    const counted = await count({ rules }, viewer);

    expect([tried.status, counted.status]).toEqual([200, 403]);
  });
});

describe('traits to choose from', () => {
  const samples = (as = acme.admin) =>
    context.request({ path: `/api/v1/environments/${acme.production.apiKey}/trait-samples/`, as });

  test('come with their types and the most frequent values', async () => {
    const answer = await samples();

    expect(answer.body).toEqual({
      sampled: 3,
      traits: [
        { key: 'age', types: ['integer'], count: 3, values: [40, 50, 36] },
        { key: 'plan', types: ['text'], count: 3, values: ['pro', 'free'] },
      ],
    });
  });

  test('who may not see identities gets the keys alone', async () => {
    const answer = await samples(viewer);

    expect(answer.body.traits.map(({ key, values }: any) => [key, values])).toEqual([
      ['age', []],
      ['plan', []],
    ]);
  });
});
