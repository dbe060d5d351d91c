import { beforeAll, describe, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { seedTenant, type Tenant } from '../testing/seed.ts';

const context = testContext();
let acme: Tenant;
let rival: Tenant;

beforeAll(async () => {
  acme = await seedTenant(context.db);
  rival = await seedTenant(context.db);
});

const featuresOf = (tenant: Tenant) => `/api/v1/projects/${tenant.projectId}/features/`;

async function createFeature(body: object, tenant = acme) {
  return context.request({ method: 'POST', path: featuresOf(tenant), as: tenant.admin, body });
}

describe('creating a feature', () => {
  test('gives it a state in every environment, with its typed initial value', async () => {
    const created = await createFeature({ name: 'max_items', initial_value: 12, default_enabled: true });

    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      name: 'max_items',
      type: 'STANDARD',
      initial_value: '12',
      default_enabled: true,
    });
    for (const environment of [acme.production, acme.development]) {
      const states = await context.request({
        path: `/api/v1/environments/${environment.apiKey}/featurestates/?feature=${created.body.id}`,
        as: acme.admin,
      });
      expect(states.body.results).toMatchObject([{ enabled: true, feature_state_value: 12, identity: null }]);
    }
  });

  test('refuses a name that folds like another one', async () => {
    await createFeature({ name: 'new checkout' });

    const again = await createFeature({ name: 'New_Checkout' });

    expect(again.status).toBe(400);
    expect(again.body.name).toEqual([
      'Feature with that name already exists for this project. Note that feature names are case insensitive.',
    ]);
  });

  test.each([
    [{}, { name: ['This field is required.'] }],
    [{ name: null }, { name: ['This field may not be null.'] }],
    [{ name: '  ' }, { name: ['This field may not be blank.'] }],
    [{ name: 'x'.repeat(2001) }, { name: ['Ensure this field has no more than 2000 characters.'] }],
    [{ name: 'a\0b' }, { name: ['Null characters are not allowed.'] }],
    [{ name: { a: 1 } }, { name: ['Not a valid string.'] }],
    [{ name: 'b', default_enabled: 'perhaps' }, { default_enabled: ['Must be a valid boolean.'] }],
    [{ name: 'b', initial_value: false }, { initial_value: ['Not a valid string.'] }],
    [{ name: 'b', type: 'SPECIAL' }, { type: ['"SPECIAL" is not a valid choice.'] }],
    [
      { name: 'b', multivariate_options: [{}, { default_percentage_allocation: 101 }] },
      {
        multivariate_options: [
          {},
          { default_percentage_allocation: ['Ensure this value is less than or equal to 100.'] },
        ],
      },
    ],
  ])('names the field that is wrong: %j', async (body, errors) => {
    const refused = await createFeature(body);

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual(errors);
  });

  test('takes variants, and leaves nothing behind when their weights pass 100', async () => {
    const variants = (weight: number) => [
      { type: 'unicode', string_value: 'red', default_percentage_allocation: weight, key: 'red' },
      { type: 'unicode', string_value: 'blue', default_percentage_allocation: weight },
    ];

    const tooMuch = await createFeature({ name: 'colour', multivariate_options: variants(60) });
    const fits = await createFeature({ name: 'colour', multivariate_options: variants(40) });

    expect(tooMuch.status).toBe(400);
    expect(fits.status).toBe(201);
    expect(fits.body.type).toBe('MULTIVARIATE');
    expect(fits.body.multivariate_options).toMatchObject([
      { key: 'red', string_value: 'red', default_percentage_allocation: 40 },
      { key: null, string_value: 'blue', default_percentage_allocation: 40 },
    ]);
  });
});

describe('listing features', () => {
  test('finds by part of a name, where % and _ mean themselves', async () => {
    await createFeature({ name: 'discount_50%' });
    await createFeature({ name: 'discounts' });

    const found = await context.request({ path: `${featuresOf(acme)}?search=T_50%25`, as: acme.admin });

    expect(found.body.results.map((feature: { name: string }) => feature.name)).toEqual(['discount_50%']);
  });

  test('ignores case beyond ASCII', async () => {
    await createFeature({ name: 'ÉTÉ' });

    const found = await context.request({
      path: `${featuresOf(acme)}?search=${encodeURIComponent('été')}`,
      as: acme.admin,
    });

    expect(found.body.count).toBe(1);
  });

  test('tells the state in the environment that it is asked for', async () => {
    const { body: feature } = await createFeature({ name: 'banner', initial_value: 'hello' });

    const list = await context.request({
      path: `${featuresOf(acme)}?environment=${acme.production.id}&search=banner`,
      as: acme.admin,
    });

    expect(list.body.results).toMatchObject([
      {
        id: feature.id,
        environment_feature_state: { enabled: false, feature_state_value: 'hello' },
        num_segment_overrides: 0,
        num_identity_overrides: 0,
      },
    ]);
  });

  test('filters by what the environment serves', async () => {
    await createFeature({ name: 'flavour', initial_value: 'vanilla', default_enabled: true });

    const matching = await context.request({
      path: `${featuresOf(acme)}?environment=${acme.production.id}&value_search=ANILL&is_enabled=true`,
      as: acme.admin,
    });

    expect(matching.body.results.map((feature: { name: string }) => feature.name)).toEqual(['flavour']);
  });

  test('links the pages, and a page past the end is a 404', async () => {
    const first = await context.request({ path: `${featuresOf(acme)}?page_size=1`, as: acme.admin });
    const past = await context.request({ path: `${featuresOf(acme)}?page=900`, as: acme.admin });

    expect(first.body.results).toHaveLength(1);
    expect(first.body.next).toContain('page=2');
    expect(first.body.previous).toBeNull();
    expect(past.status).toBe(404);
    expect(past.body).toEqual({ detail: 'Invalid page.' });
  });
});

describe('changing a feature', () => {
  test('leaves out what is not given, and ignores a new name', async () => {
    const { body: feature } = await createFeature({ name: 'notes', description: 'first' });

    const changed = await context.request({
      method: 'PATCH',
      path: `${featuresOf(acme)}${feature.id}/`,
      as: acme.admin,
      body: { name: 'other', is_archived: true },
    });

    expect(changed.body).toMatchObject({ name: 'notes', description: 'first', is_archived: true });
  });

  test('takes one version for a change and none for a repeat', async () => {
    const { body: feature } = await createFeature({ name: 'versions' });
    const version = async () =>
      (
        await context.db
          .selectFrom('environments')
          .where('id', '=', acme.production.id)
          .select('version')
          .executeTakeFirstOrThrow()
      ).version;
    const describe = () =>
      context.request({
        method: 'PUT',
        path: `${featuresOf(acme)}${feature.id}/`,
        as: acme.admin,
        body: { description: 'new' },
      });
    const before = await version();

    await describe();
    await describe();

    expect(await version()).toBe(before + 1);
  });

  test('deleting frees the name and removes the states', async () => {
    const { body: feature } = await createFeature({ name: 'short lived' });

    const deleted = await context.request({
      method: 'DELETE',
      path: `${featuresOf(acme)}${feature.id}/`,
      as: acme.admin,
    });
    const again = await createFeature({ name: 'short lived' });

    expect(deleted.status).toBe(204);
    expect(again.status).toBe(201);
    const states = await context.db
      .selectFrom('feature_states')
      .where('feature_id', '=', feature.id)
      .selectAll()
      .execute();
    expect(states).toEqual([]);
  });

  test('is found by its uuid', async () => {
    const { body: feature } = await createFeature({ name: 'by uuid' });

    const found = await context.request({ path: `/api/v1/features/get-by-uuid/${feature.uuid}/`, as: acme.masterKey });

    expect(found.body.id).toBe(feature.id);
  });
});

describe('who may', () => {
  test.each(['GET', 'PUT', 'PATCH', 'DELETE'] as const)('another tenant gets a 404 for %s', async (method) => {
    const { body: feature } = await createFeature({ name: `hidden from others ${method}` });
    const mine = `${featuresOf(acme)}${feature.id}/`;
    const throughTheirProject = `${featuresOf(rival)}${feature.id}/`;

    for (const path of [mine, throughTheirProject]) {
      const answer = await context.request({ method, path, as: rival.admin, ...(method !== 'GET' && { body: {} }) });
      expect(answer.status).toBe(404);
    }
  });

  test('a member without permissions is refused', async () => {
    const answer = await context.request({
      method: 'POST',
      path: featuresOf(acme),
      as: acme.member,
      body: { name: 'x' },
    });

    expect(answer.status).toBe(403);
    expect(answer.body).toEqual({ detail: 'You do not have permission to perform this action.' });
  });

  test('nobody is asked for credentials', async () => {
    const answer = await context.request({ path: featuresOf(acme) });

    expect(answer.status).toBe(401);
    expect(answer.body).toEqual({ detail: 'Authentication credentials were not provided.' });
  });
});
