import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { seedTenant, type Tenant } from '../testing/seed.ts';

const context = testContext();
let acme: Tenant;
let rival: Tenant;
/** An identity and a feature of Acme's, new for each test. */
let identity: { id: number; identifier: string };
let feature: { id: number; name: string };

let made = 0;

beforeAll(async () => {
  acme = await seedTenant(context.db);
  rival = await seedTenant(context.db);
});

beforeEach(async () => {
  identity = await createIdentity(`person ${++made}`);
  feature = await createFeature(acme);
});

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

function send(method: Method, path: string, body?: object, as = acme.admin) {
  return context.request({ method, path, as, ...(body !== undefined && { body }) });
}

const identitiesOf = (environment: { apiKey: string }) => `/api/v1/environments/${environment.apiKey}/identities/`;
const pathOf = (one: { id: number }) => `${identitiesOf(acme.production)}${one.id}/`;
const traitsOf = (one: { id: number }) => `${pathOf(one)}traits/`;
const overridesOf = (one: { id: number }) => `${pathOf(one)}featurestates/`;

async function createIdentity(identifier: string, tenant = acme): Promise<{ id: number; identifier: string }> {
  return (await send('POST', identitiesOf(tenant.production), { identifier }, tenant.admin)).body;
}

async function createFeature(tenant: Tenant, more: object = {}): Promise<{ id: number; name: string }> {
  const path = `/api/v1/projects/${tenant.projectId}/features/`;
  return (await send('POST', path, { name: `feature ${++made}`, ...more }, tenant.admin)).body;
}

async function addOption(value: string) {
  const path = `/api/v1/projects/${acme.projectId}/features/${feature.id}/mv-options/`;
  return (await send('POST', path, { type: 'unicode', string_value: value, default_percentage_allocation: 0 })).body;
}

function setTrait(one: { id: number }, trait_key: string, string_value: string) {
  return send('POST', traitsOf(one), { trait_key, string_value });
}

function overrideFor(one: { id: number }, body: object = {}) {
  return send('POST', overridesOf(one), { feature: feature.id, enabled: true, ...body });
}

async function versionOf(environment: { id: number }): Promise<number> {
  const row = await context.db
    .selectFrom('environments')
    .where('id', '=', environment.id)
    .select('version')
    .executeTakeFirstOrThrow();
  return row.version;
}

async function lastLogs(count: number): Promise<string[]> {
  const rows = await context.db.selectFrom('changes').select('log').orderBy('id', 'desc').limit(count).execute();
  return rows.map((row) => row.log).toReversed();
}

async function documentOf(environment: { apiKey: string }) {
  return (await send('GET', `/api/v1/environments/${environment.apiKey}/document/`)).body;
}

/** Traits as an SDK gets them of the Edge in this process. */
async function traitsAtTheEdge(identifier: string): Promise<Record<string, unknown>> {
  await context.app.publisher.publishPending();
  const answer = await context.app.edge.handle({
    method: 'GET',
    path: '/api/v1/identities/',
    query: `identifier=${encodeURIComponent(identifier)}`,
    header: (name) => (name === 'x-environment-key' ? acme.production.apiKey : undefined),
    body: new Uint8Array(),
  });
  const { body } = answer as unknown as { body: string | Uint8Array };
  const { traits } = JSON.parse(typeof body === 'string' ? body : Buffer.from(body).toString('utf8')) as {
    traits: { trait_key: string; trait_value: unknown }[];
  };
  return Object.fromEntries(traits.map((trait) => [trait.trait_key, trait.trait_value]));
}

describe('identities', () => {
  test('creating one answers it, without a version', async () => {
    const before = await versionOf(acme.production);

    const created = await send('POST', identitiesOf(acme.production), { identifier: '  ann@example.com ' });

    expect(created.status).toBe(201);
    expect(created.body).toEqual({
      id: expect.any(Number),
      identifier: 'ann@example.com',
      environment: acme.production.id,
    });
    expect(await versionOf(acme.production)).toBe(before);
  });

  test('an identifier is taken once in an environment, in any case as it is written', async () => {
    const again = await send('POST', identitiesOf(acme.production), { identifier: identity.identifier });
    const otherCase = await send('POST', identitiesOf(acme.production), {
      identifier: identity.identifier.toUpperCase(),
    });
    const elsewhere = await send('POST', identitiesOf(acme.development), { identifier: identity.identifier });

    expect(again.status).toBe(400);
    expect(again.body).toEqual({
      identifier: [`Identity with identifier '${identity.identifier}' already exists in this environment`],
    });
    expect([otherCase.status, elsewhere.status]).toEqual([201, 201]);
  });

  test('one identifier asked for many times at the same moment is made once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => send('POST', identitiesOf(acme.production), { identifier: 'raced' })),
    );

    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 9 }, () => 400)]);
  });

  test.each([
    [{}, { identifier: ['This field is required.'] }],
    [{ identifier: ' ' }, { identifier: ['This field may not be blank.'] }],
    [{ identifier: 'x'.repeat(2001) }, { identifier: ['Ensure this field has no more than 2000 characters.'] }],
    [{ identifier: null }, { identifier: ['This field may not be null.'] }],
  ])('names what is wrong with an identifier: %j', async (body, errors) => {
    const refused = await send('POST', identitiesOf(acme.production), body);

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual(errors);
  });

  test('an identifier of 2000 characters is taken', async () => {
    const created = await send('POST', identitiesOf(acme.production), { identifier: 'x'.repeat(2000) });

    expect(created.status).toBe(201);
  });

  const found = async (q: string) => {
    const answer = await send('GET', `${identitiesOf(acme.production)}?q=${encodeURIComponent(q)}`);
    return answer.body.results.map((one: { identifier: string }) => one.identifier);
  };

  test('the list finds by part of the identifier, ignoring case, in the order in which they were made', async () => {
    for (const name of ['zoe_search', 'Search 1', 'search%']) await createIdentity(name);

    expect(await found('SEARCH')).toEqual(['zoe_search', 'Search 1', 'search%']);
    expect(await found('h%')).toEqual(['search%']);
  });

  test('the list finds the whole identifier in double quotes', async () => {
    await createIdentity('exact');
    await createIdentity('exactly');

    expect(await found('"exact"')).toEqual(['exact']);
  });

  test('the list pages', async () => {
    const page = await send('GET', `${identitiesOf(acme.production)}?page_size=1&page=2`);

    expect(page.body.results).toHaveLength(1);
    expect(page.body.previous).toContain('page=1');
  });

  test('one is read by its id', async () => {
    const answer = await send('GET', pathOf(identity), undefined, acme.masterKey);

    expect(answer.body).toEqual({ ...identity, environment: acme.production.id });
  });

  test('renaming one keeps its traits, and is no change of the environment', async () => {
    await setTrait(identity, 'plan', 'pro');
    const before = await versionOf(acme.production);

    const renamed = await send('PUT', pathOf(identity), { identifier: `${identity.identifier} renamed` });

    expect(renamed.body).toMatchObject({ id: identity.id, identifier: `${identity.identifier} renamed` });
    expect((await send('GET', traitsOf(identity))).body.count).toBe(1);
    expect(await versionOf(acme.production)).toBe(before);
  });

  test('renaming one with an override changes the document', async () => {
    await overrideFor(identity);
    const before = await versionOf(acme.production);

    await send('PATCH', pathOf(identity), { identifier: 'renamed in the document' });

    expect(await versionOf(acme.production)).toBe(before + 1);
    const { identity_overrides } = await documentOf(acme.production);
    expect(identity_overrides.map((one: { identifier: string }) => one.identifier)).toContain(
      'renamed in the document',
    );
  });

  test('renaming one to what another is called is refused', async () => {
    const other = await createIdentity('the other');

    const refused = await send('PUT', pathOf(identity), { identifier: other.identifier });

    expect(refused.status).toBe(400);
    expect(refused.body.identifier).toEqual([
      "Identity with identifier 'the other' already exists in this environment",
    ]);
  });

  test('deleting one takes its traits along, without a version', async () => {
    await setTrait(identity, 'plan', 'pro');
    const before = await versionOf(acme.production);

    const deleted = await send('DELETE', pathOf(identity));

    expect(deleted.status).toBe(204);
    expect((await send('GET', pathOf(identity))).status).toBe(404);
    expect(await versionOf(acme.production)).toBe(before);
  });

  test('deleting one with overrides changes the document, and each override is audited', async () => {
    await overrideFor(identity);

    await send('DELETE', pathOf(identity));

    expect(await lastLogs(1)).toEqual([
      `Flag state / Remote config value deleted for feature '${feature.name}' and identity '${identity.identifier}'`,
    ]);
    const { identity_overrides } = await documentOf(acme.production);
    expect(identity_overrides.map((one: { django_id: number }) => one.django_id)).not.toContain(identity.id);
  });
});

describe('traits', () => {
  test.each([
    [{ value_type: 'unicode', string_value: ' blanks ' }, { string_value: ' blanks ' }],
    [{ string_value: '' }, { value_type: 'unicode', string_value: '' }],
    [{ value_type: 'int', integer_value: '-5' }, { integer_value: -5 }],
    [{ value_type: 'int', integer_value: 2_147_483_647 }, { integer_value: 2_147_483_647 }],
    [{ value_type: 'bool', boolean_value: false }, { boolean_value: false }],
    [{ value_type: 'float', float_value: 1.5 }, { float_value: 1.5 }],
    [
      { value_type: 'int', integer_value: 1, string_value: 'ignored' },
      { integer_value: 1, string_value: null },
    ],
  ])('creating one keeps the value of its type: %j', async (given, kept) => {
    const created = await send('POST', traitsOf(identity), { trait_key: 'key', ...given });

    expect(created.status).toBe(201);
    const empty = { string_value: null, integer_value: null, boolean_value: null, float_value: null };
    expect(created.body).toMatchObject({ trait_key: 'key', ...empty, ...kept });
    expect((await send('GET', `${traitsOf(identity)}${created.body.id}/`)).body).toEqual(created.body);
  });

  test.each([
    [{ string_value: 'x' }, { trait_key: ['This field is required.'] }],
    [
      { trait_key: 'k'.repeat(201), string_value: 'x' },
      { trait_key: ['Ensure this field has no more than 200 characters.'] },
    ],
    [
      { trait_key: 'k', string_value: 'x'.repeat(2001) },
      { string_value: ['Ensure this field has no more than 2000 characters.'] },
    ],
    [{ trait_key: 'k', value_type: 'date' }, { value_type: ['"date" is not a valid choice.'] }],
    [{ trait_key: 'k', value_type: 'int' }, { integer_value: ['This field is required.'] }],
    [{ trait_key: 'k', value_type: 'bool', boolean_value: null }, { boolean_value: ['This field is required.'] }],
    [{ trait_key: 'k', value_type: 'int', integer_value: 1.5 }, { integer_value: ['A valid integer is required.'] }],
    [
      { trait_key: 'k', value_type: 'int', integer_value: 2_147_483_648 },
      { integer_value: ['Ensure this value is less than or equal to 2147483647.'] },
    ],
    [
      { trait_key: 'k', value_type: 'int', integer_value: -2_147_483_649 },
      { integer_value: ['Ensure this value is greater than or equal to -2147483648.'] },
    ],
  ])('names the field that is wrong: %j', async (body, errors) => {
    const refused = await send('POST', traitsOf(identity), body);

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual(errors);
  });

  test('a key that the identity has already is refused', async () => {
    await setTrait(identity, 'plan', 'pro');

    const again = await setTrait(identity, 'plan', 'free');

    expect(again.status).toBe(400);
    expect(again.body).toEqual({ non_field_errors: ['The fields identity, trait_key must make a unique set.'] });
  });

  test('the list is in the order in which they were first set', async () => {
    for (const key of ['b', 'a', 'c']) await setTrait(identity, key, 'x');

    const list = await send('GET', traitsOf(identity));

    expect(list.body).toMatchObject({ count: 3, next: null, previous: null });
    expect(list.body.results.map((trait: { trait_key: string }) => trait.trait_key)).toEqual(['b', 'a', 'c']);
  });

  test('replacing one changes its type', async () => {
    const { body: trait } = await setTrait(identity, 'age', 'thirty');

    const changed = await send('PUT', `${traitsOf(identity)}${trait.id}/`, {
      trait_key: 'age',
      value_type: 'int',
      integer_value: 30,
    });

    expect(changed.body).toEqual({ ...trait, value_type: 'int', string_value: null, integer_value: 30 });
  });

  test('changing some of one leaves the rest', async () => {
    const { body: trait } = await setTrait(identity, 'plan', 'pro');

    const renamed = await send('PATCH', `${traitsOf(identity)}${trait.id}/`, { trait_key: 'tariff' });
    const revalued = await send('PATCH', `${traitsOf(identity)}${trait.id}/`, { string_value: 'free' });

    expect(renamed.body).toEqual({ ...trait, trait_key: 'tariff' });
    expect(revalued.body).toEqual({ ...trait, trait_key: 'tariff', string_value: 'free' });
  });

  test('a new type needs a value', async () => {
    const { body: trait } = await setTrait(identity, 'plan', 'pro');

    const refused = await send('PATCH', `${traitsOf(identity)}${trait.id}/`, { value_type: 'bool' });

    expect(refused.body).toEqual({ boolean_value: ['This field is required.'] });
  });

  test('renaming one to a key that the identity has is refused', async () => {
    await setTrait(identity, 'one', 'x');
    const { body: two } = await setTrait(identity, 'two', 'x');

    const refused = await send('PATCH', `${traitsOf(identity)}${two.id}/`, { trait_key: 'one' });

    expect(refused.status).toBe(400);
  });

  test('deleting one leaves the same key of others', async () => {
    const other = await createIdentity(`other ${++made}`);
    const { body: trait } = await setTrait(identity, 'shared', 'x');
    await setTrait(other, 'shared', 'x');

    const deleted = await send('DELETE', `${traitsOf(identity)}${trait.id}/`);

    expect(deleted.status).toBe(204);
    expect((await send('GET', traitsOf(identity))).body.count).toBe(0);
    expect((await send('GET', traitsOf(other))).body.count).toBe(1);
  });

  test('deleting all of a key deletes it for every identity of the environment, and nowhere else', async () => {
    const other = await createIdentity(`other ${++made}`);
    const theirs = await createIdentity('theirs', rival);
    const { body: trait } = await setTrait(identity, 'obsolete', 'x');
    await setTrait(other, 'obsolete', 'x');
    await setTrait(other, 'kept', 'x');
    const theirTraits = `${identitiesOf(rival.production)}${theirs.id}/traits/`;
    await send('POST', theirTraits, { trait_key: 'obsolete', string_value: 'x' }, rival.admin);

    await send('DELETE', `${traitsOf(identity)}${trait.id}/?deleteAllMatchingTraits=true`);

    expect((await send('GET', traitsOf(identity))).body.count).toBe(0);
    expect((await send('GET', traitsOf(other))).body.results).toMatchObject([{ trait_key: 'kept' }]);
    expect((await send('GET', theirTraits, undefined, rival.admin)).body.count).toBe(1);
  });

  test('writing them takes no version', async () => {
    const before = await versionOf(acme.production);

    const { body: trait } = await setTrait(identity, 'plan', 'pro');
    await send('DELETE', `${traitsOf(identity)}${trait.id}/`);

    expect(await versionOf(acme.production)).toBe(before);
  });
});

describe('the Edge of the process', () => {
  test('sees traits that are set, changed and deleted here at its next answer', async () => {
    const seen = [await traitsAtTheEdge(identity.identifier)];

    const { body: trait } = await setTrait(identity, 'plan', 'pro');
    seen.push(await traitsAtTheEdge(identity.identifier));
    await send('PATCH', `${traitsOf(identity)}${trait.id}/`, { string_value: 'free' });
    seen.push(await traitsAtTheEdge(identity.identifier));
    await send('DELETE', `${traitsOf(identity)}${trait.id}/`);
    seen.push(await traitsAtTheEdge(identity.identifier));

    expect(seen).toEqual([{}, { plan: 'pro' }, { plan: 'free' }, {}]);
  });

  test('sees a trait gone that was deleted for every identity', async () => {
    const other = await createIdentity(`other ${++made}`);
    const { body: trait } = await setTrait(identity, 'everywhere', 'x');
    await setTrait(other, 'everywhere', 'x');
    const before = await traitsAtTheEdge(other.identifier);

    await send('DELETE', `${traitsOf(identity)}${trait.id}/?deleteAllMatchingTraits=true`);

    expect(before).toEqual({ everywhere: 'x' });
    expect(await traitsAtTheEdge(other.identifier)).toEqual({});
  });

  test('forgets an identity that is deleted', async () => {
    await setTrait(identity, 'plan', 'pro');
    const before = await traitsAtTheEdge(identity.identifier);

    await send('DELETE', pathOf(identity));

    expect(before).toEqual({ plan: 'pro' });
    expect(await traitsAtTheEdge(identity.identifier)).toEqual({});
  });
});

describe('identity overrides', () => {
  test('creating one is one version, and the document carries it', async () => {
    const before = await versionOf(acme.production);

    const created = await overrideFor(identity, { feature_state_value: 'only for them' });

    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      feature: feature.id,
      enabled: true,
      feature_state_value: 'only for them',
      identity: identity.id,
      environment: acme.production.id,
    });
    expect(await versionOf(acme.production)).toBe(before + 1);
    const { identity_overrides } = await documentOf(acme.production);
    expect(identity_overrides.at(-1)).toMatchObject({
      identifier: identity.identifier,
      identity_features: [{ feature: { id: feature.id }, feature_state_value: 'only for them' }],
    });
  });

  test('a second one of a feature is refused', async () => {
    await overrideFor(identity);

    const again = await overrideFor(identity);

    expect(again.status).toBe(400);
    expect(again.body.non_field_errors).toHaveLength(1);
  });

  test('one needs a feature of the project', async () => {
    const theirs = await createFeature(rival);

    const none = await overrideFor(identity, { feature: undefined });
    const foreign = await overrideFor(identity, { feature: theirs.id });

    expect(none.body).toEqual({ detail: 'Feature not provided' });
    expect(foreign.status).toBe(400);
    expect(foreign.body).toEqual({ feature: ['Feature does not exist in project'] });
  });

  test('the list shows those of the identity alone, also of one feature', async () => {
    const other = await createIdentity(`other ${++made}`);
    const second = await createFeature(acme);
    await overrideFor(identity);
    await overrideFor(identity, { feature: second.id });
    await overrideFor(other);

    const all = await send('GET', overridesOf(identity));
    const one = await send('GET', `${overridesOf(identity)}?feature=${second.id}`);

    expect(all.body.count).toBe(2);
    expect(one.body.results).toMatchObject([
      { feature: second.id, identity: { id: identity.id, identifier: identity.identifier } },
    ]);
  });

  test.each(['PUT', 'PATCH'] as const)('%s changes what is given', async (method) => {
    const { body: state } = await overrideFor(identity, { feature_state_value: 'kept' });

    const changed = await send(method, `${overridesOf(identity)}${state.id}/`, { enabled: false });

    expect(changed.body).toMatchObject({ id: state.id, enabled: false, feature_state_value: 'kept' });
    expect((await send('GET', `${overridesOf(identity)}${state.id}/`)).body).toEqual(changed.body);
  });

  test('deleting one leaves the environment state', async () => {
    const { body: state } = await overrideFor(identity);

    const deleted = await send('DELETE', `${overridesOf(identity)}${state.id}/`);

    expect(deleted.status).toBe(204);
    expect((await send('GET', overridesOf(identity))).body.count).toBe(0);
    const own = await send(
      'GET',
      `/api/v1/environments/${acme.production.apiKey}/featurestates/?feature=${feature.id}`,
    );
    expect(own.body.count).toBe(1);
  });

  test.each(['GET', 'PUT', 'PATCH', 'DELETE'] as const)(
    "%s of another identity's override is a 404",
    async (method) => {
      const other = await createIdentity(`other ${++made}`);
      const { body: state } = await overrideFor(other);

      const answer = await send(method, `${overridesOf(identity)}${state.id}/`, method === 'GET' ? undefined : {});

      expect(answer.status).toBe(404);
    },
  );
});

describe('what an identity gets', () => {
  const resolved = async (one: { id: number }, id = feature.id) => {
    const answer = await send('GET', `${overridesOf(one)}all/`);
    return answer.body.find((item: { feature: { id: number } }) => item.feature.id === id);
  };

  async function overrideSegment(body: object = {}) {
    const { body: segment } = await send('POST', `/api/v1/projects/${acme.projectId}/segments/`, {
      name: 'Pro customers',
      rules: [{ type: 'ALL', conditions: [{ operator: 'EQUAL', property: 'plan', value: 'pro' }] }],
    });
    const path = `/api/v1/environments/${acme.production.apiKey}/features/${feature.id}/create-segment-override/`;
    await send('POST', path, {
      enabled: true,
      feature_state_value: { type: 'unicode', string_value: 'for pros' },
      feature_segment: { segment: segment.id },
      ...body,
    });
    return segment as { id: number; name: string };
  }

  test('is the environment state where nothing overrides it', async () => {
    expect(await resolved(identity)).toEqual({
      feature: { id: feature.id, name: feature.name, type: 'STANDARD' },
      enabled: false,
      feature_state_value: null,
      overridden_by: null,
      segment: null,
      multivariate_feature_state_values: [],
    });
  });

  test('is the segment override where its traits match, named by the segment', async () => {
    const segment = await overrideSegment();
    await setTrait(identity, 'plan', 'pro');

    expect(await resolved(identity)).toMatchObject({
      enabled: true,
      feature_state_value: 'for pros',
      overridden_by: 'SEGMENT',
      segment: { id: segment.id, name: segment.name },
    });
  });

  test('is its own override above all, at once', async () => {
    await overrideSegment();
    await setTrait(identity, 'plan', 'pro');
    await overrideFor(identity, { enabled: false, feature_state_value: 5 });

    expect(await resolved(identity)).toMatchObject({
      enabled: false,
      feature_state_value: 5,
      overridden_by: 'IDENTITY',
      segment: null,
    });
  });

  test('is its own override also where SDKs do not get identity overrides', async () => {
    const off = (value: number) =>
      context.db
        .updateTable('environments')
        .set({ use_identity_overrides_in_local_eval: value, version: 1_000_000 + made })
        .where('id', '=', acme.production.id)
        .execute();
    await overrideFor(identity);
    await off(0);

    const mine = await resolved(identity);

    await off(1);
    expect(mine.overridden_by).toBe('IDENTITY');
  });

  test('is the variant that it is pinned to', async () => {
    const red = await addOption('red');
    await overrideFor(identity, {
      feature_state_value: 'control',
      multivariate_feature_state_values: [{ multivariate_feature_option: red.id, percentage_allocation: 100 }],
    });

    expect(await resolved(identity)).toMatchObject({
      feature: { type: 'MULTIVARIATE' },
      feature_state_value: 'red',
      multivariate_feature_state_values: [
        { multivariate_feature_option: { value: 'red' }, percentage_allocation: 100 },
      ],
    });
  });
});

describe('cloning overrides', () => {
  const clone = (target: { id: number }, source: { id: number }) =>
    send('POST', `${overridesOf(target)}clone-from-given-identity/`, { source_identity_id: source.id });

  const statesOf = async (one: { id: number }) =>
    (await send('GET', overridesOf(one))).body.results as {
      id: number;
      feature: number;
      feature_state_value: unknown;
    }[];

  test('gives the target exactly those of the source, and answers what it gets', async () => {
    const source = await createIdentity(`source ${++made}`);
    const onlyTarget = await createFeature(acme);
    const onlySource = await createFeature(acme);
    const red = await addOption('red');
    const blue = await addOption('blue');
    const pinned = (option: { id: number }) => ({
      multivariate_feature_state_values: [{ multivariate_feature_option: option.id, percentage_allocation: 100 }],
    });
    await overrideFor(source, pinned(red));
    await overrideFor(source, { feature: onlySource.id, feature_state_value: 'copied' });
    await overrideFor(identity, pinned(blue));
    await overrideFor(identity, { feature: onlyTarget.id });

    const cloned = await clone(identity, source);

    expect(cloned.status).toBe(200);
    const own = cloned.body.filter((item: { overridden_by: string }) => item.overridden_by === 'IDENTITY');
    expect(own.map((item: { feature_state_value: unknown }) => item.feature_state_value)).toEqual(['red', 'copied']);
    expect((await statesOf(identity)).map((state) => state.feature)).toEqual([feature.id, onlySource.id]);
    expect(await statesOf(source)).toHaveLength(2);
  });

  test('a second time changes nothing and takes no version', async () => {
    const source = await createIdentity(`source ${++made}`);
    await overrideFor(source, { feature_state_value: 'same' });
    await clone(identity, source);
    const before = { states: await statesOf(identity), version: await versionOf(acme.production) };

    await clone(identity, source);

    expect({ states: await statesOf(identity), version: await versionOf(acme.production) }).toEqual(before);
  });

  test('a source of another tenant or another environment is a 404', async () => {
    const theirs = await createIdentity(`theirs ${++made}`, rival);
    const elsewhere = (await send('POST', identitiesOf(acme.development), { identifier: `elsewhere ${++made}` })).body;

    expect((await clone(identity, theirs)).status).toBe(404);
    expect((await clone(identity, elsewhere)).status).toBe(404);
  });

  test('needs a source', async () => {
    const refused = await send('POST', `${overridesOf(identity)}clone-from-given-identity/`, {});

    expect(refused.body).toEqual({ source_identity_id: ['This field is required.'] });
  });
});

describe('who may', () => {
  let trait: { id: number };
  let state: { id: number };

  beforeEach(async () => {
    trait = (await setTrait(identity, 'plan', 'pro')).body;
    state = (await overrideFor(identity)).body;
  });

  const routes: [Method, string, (() => object)?][] = [
    ['GET', ''],
    ['POST', '', () => ({ identifier: 'new' })],
    ['GET', '{identity}/'],
    ['PUT', '{identity}/', () => ({ identifier: 'new' })],
    ['PATCH', '{identity}/', () => ({})],
    ['DELETE', '{identity}/'],
    ['GET', '{identity}/traits/'],
    ['POST', '{identity}/traits/', () => ({ trait_key: 'k', string_value: 'v' })],
    ['GET', '{identity}/traits/{trait}/'],
    ['PUT', '{identity}/traits/{trait}/', () => ({ trait_key: 'k', string_value: 'v' })],
    ['PATCH', '{identity}/traits/{trait}/', () => ({})],
    ['DELETE', '{identity}/traits/{trait}/'],
    ['GET', '{identity}/featurestates/'],
    ['POST', '{identity}/featurestates/', () => ({ feature: feature.id })],
    ['GET', '{identity}/featurestates/{state}/'],
    ['PUT', '{identity}/featurestates/{state}/', () => ({})],
    ['PATCH', '{identity}/featurestates/{state}/', () => ({})],
    ['DELETE', '{identity}/featurestates/{state}/'],
    ['GET', '{identity}/featurestates/all/'],
    ['POST', '{identity}/featurestates/clone-from-given-identity/', () => ({ source_identity_id: identity.id })],
  ];

  function ask([method, path, body]: (typeof routes)[0], as: string | undefined, environment = acme.production) {
    const address = path
      .replace('{identity}', String(identity.id))
      .replace('{trait}', String(trait.id))
      .replace('{state}', String(state.id));
    return context.request({
      method,
      path: `${identitiesOf(environment)}${address}`,
      ...(as !== undefined && { as }),
      ...(body !== undefined && { body: body() }),
    });
  }

  const nested = routes.filter(([, path]) => path !== '');

  test.each(routes)('another tenant gets a 404 for %s %s', async (...route) => {
    expect((await ask(route, rival.admin)).status).toBe(404);
  });

  test.each(nested)('another tenant gets a 404 through its own environment for %s %s', async (...route) => {
    expect((await ask(route, rival.admin, rival.production)).status).toBe(404);
  });

  test.each(nested)('another environment of the project gets a 404 for %s %s', async (...route) => {
    expect((await ask(route, acme.admin, acme.development)).status).toBe(404);
  });

  test.each(routes)('a member without permissions is refused %s %s', async (...route) => {
    expect((await ask(route, acme.member)).status).toBe(403);
  });

  test.each(routes)('nobody is asked for credentials for %s %s', async (...route) => {
    expect((await ask(route, undefined)).status).toBe(401);
  });

  test.each(['GET', 'PUT', 'PATCH', 'DELETE'] as const)("%s of another identity's trait is a 404", async (method) => {
    const other = await createIdentity(`other ${++made}`);
    const body = { GET: undefined, PUT: { trait_key: 'k', string_value: 'v' }, PATCH: {}, DELETE: undefined }[method];

    const answer = await send(method, `${traitsOf(other)}${trait.id}/`, body);

    expect(answer.status).toBe(404);
  });
});
