import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { insertRow } from '../db/statements.ts';
import { sha256 } from '../secrets.ts';
import { testContext } from '../testing/context.ts';
import { seedTenant, type Tenant } from '../testing/seed.ts';
import { now } from '../time.ts';

const context = testContext();
let acme: Tenant;
let rival: Tenant;
let count = 0;
let feature: { id: number; multivariate_options: { id: number }[] };
let state: { id: number; uuid: string };

beforeAll(async () => {
  acme = await seedTenant(context.db);
  rival = await seedTenant(context.db);
});

beforeEach(async () => {
  const created = await context.request({
    method: 'POST',
    path: `/api/v1/projects/${acme.projectId}/features/`,
    as: acme.admin,
    body: {
      name: `feature ${++count}`,
      initial_value: 'plain',
      multivariate_options: [
        { string_value: 'red', default_percentage_allocation: 20 },
        { string_value: 'blue', default_percentage_allocation: 30 },
      ],
    },
  });
  feature = created.body;
  const list = await context.request({ path: `${states(acme)}?feature=${feature.id}`, as: acme.admin });
  state = list.body.results[0];
});

const states = (tenant: Tenant) => `/api/v1/environments/${tenant.production.apiKey}/featurestates/`;
const put = (body: object, path = `${states(acme)}${state.id}/`) =>
  context.request({ method: 'PUT', path, as: acme.admin, body });

async function seedIdentity(identifier: string, environmentId = acme.production.id): Promise<number> {
  return insertRow(context.db, 'identities', {
    environment_id: environmentId,
    identifier,
    identifier_hash: sha256(identifier),
    created_date: now(),
  });
}

describe('setting a value', () => {
  test.each([
    ['text', 'text'],
    [5, 5],
    ['5', '5'],
    [true, true],
    [null, null],
    [1.5, '1.5'],
    [3_000_000_000, '3000000000'],
    [{ a: [1] }, '{"a":[1]}'],
  ])('keeps the type of %j', async (given, kept) => {
    await put({ feature_state_value: given });

    const read = await context.request({ path: `${states(acme)}${state.id}/`, as: acme.admin });
    expect(read.body.feature_state_value).toBe(kept);
  });

  test('leaves what is not given as it is', async () => {
    await put({ enabled: true });

    const changed = await put({ feature_state_value: 'new' });

    expect(changed.body).toMatchObject({ enabled: true, feature_state_value: 'new' });
  });

  test('takes and gives the typed form under features/featurestates', async () => {
    const path = `/api/v1/features/featurestates/${state.id}/`;

    const changed = await put({ enabled: true, feature_state_value: { type: 'int', integer_value: 7 } }, path);

    expect(changed.body.feature_state_value).toEqual({
      type: 'int',
      string_value: null,
      integer_value: 7,
      boolean_value: null,
    });
    const scalar = await context.request({ path: `${states(acme)}${state.id}/`, as: acme.admin });
    expect(scalar.body.feature_state_value).toBe(7);
  });

  test('refuses text beyond 20000 characters', async () => {
    const refused = await put({ feature_state_value: 'x'.repeat(20_001) });

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual({ feature_state_value: ['Ensure this field has no more than 20000 characters.'] });
  });

  test.each([
    [{ feature: 999_999 }, 'Cannot change the feature of a feature state'],
    [{ environment: 999_999 }, 'Cannot change the environment of a feature state'],
  ])('refuses to move it: %j', async (body, message) => {
    const refused = await put(body);

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual({ non_field_errors: [message] });
  });
});

describe('weighing variants', () => {
  test('starts with the default weights', async () => {
    const read = await context.request({ path: `${states(acme)}${state.id}/`, as: acme.admin });

    const weights = read.body.multivariate_feature_state_values.map(
      (value: { percentage_allocation: number }) => value.percentage_allocation,
    );
    expect(weights).toEqual([20, 30]);
  });

  test('changes only this environment', async () => {
    const [red] = feature.multivariate_options;

    await put({
      multivariate_feature_state_values: [{ multivariate_feature_option: red?.id, percentage_allocation: 70 }],
    });

    const other = await context.request({
      path: `/api/v1/environments/${acme.development.apiKey}/featurestates/?feature=${feature.id}`,
      as: acme.admin,
    });
    expect(other.body.results[0].multivariate_feature_state_values[0].percentage_allocation).toBe(20);
  });

  test('refuses a sum beyond 100, counting the variants that are not named', async () => {
    const [red] = feature.multivariate_options;

    const refused = await put({
      multivariate_feature_state_values: [{ multivariate_feature_option: red?.id, percentage_allocation: 71 }],
    });

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual({ non_field_errors: ['Multivariate percentage values exceed 100%.'] });
  });
});

describe('variants of a feature', () => {
  const options = () => `/api/v1/projects/${acme.projectId}/features/${feature.id}/mv-options/`;

  test('a new one reaches every environment with its default weight', async () => {
    const created = await context.request({
      method: 'POST',
      path: options(),
      as: acme.admin,
      body: { type: 'int', integer_value: 3, default_percentage_allocation: 10, key: 'three' },
    });

    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      type: 'int',
      integer_value: 3,
      string_value: null,
      key: 'three',
      feature: feature.id,
    });
    const read = await context.request({ path: `${states(acme)}${state.id}/`, as: acme.admin });
    expect(read.body.multivariate_feature_state_values).toHaveLength(3);
  });

  test('a new one is refused where an environment has no room for it', async () => {
    const [red] = feature.multivariate_options;
    await put({
      multivariate_feature_state_values: [{ multivariate_feature_option: red?.id, percentage_allocation: 70 }],
    });

    const refused = await context.request({
      method: 'POST',
      path: options(),
      as: acme.admin,
      body: { string_value: 'green', default_percentage_allocation: 10 },
    });

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual({ default_percentage_allocation: ['Invalid percentage allocation'] });
  });

  test('a PATCH changes only what it names', async () => {
    const [red] = feature.multivariate_options;

    const changed = await context.request({
      method: 'PATCH',
      path: `${options()}${red?.id}/`,
      as: acme.admin,
      body: { key: 'red' },
    });

    expect(changed.body).toMatchObject({ key: 'red', string_value: 'red', default_percentage_allocation: 20 });
  });

  test.each(['control', 'with blank', 'é'])('the key %j is refused', async (key) => {
    const [red] = feature.multivariate_options;

    const refused = await context.request({
      method: 'PATCH',
      path: `${options()}${red?.id}/`,
      as: acme.admin,
      body: { key },
    });

    expect(refused.status).toBe(400);
    expect(Object.keys(refused.body)).toEqual(['key']);
  });

  test('with the last one removed the feature is a standard one again', async () => {
    for (const option of feature.multivariate_options) {
      await context.request({ method: 'DELETE', path: `${options()}${option.id}/`, as: acme.admin });
    }

    const read = await context.request({
      path: `/api/v1/projects/${acme.projectId}/features/${feature.id}/`,
      as: acme.admin,
    });
    expect(read.body).toMatchObject({ type: 'STANDARD', multivariate_options: [] });
    const left = await context.request({ path: `${states(acme)}${state.id}/`, as: acme.admin });
    expect(left.body.multivariate_feature_state_values).toEqual([]);
  });
});

describe('identity overrides', () => {
  test('are made by identifier, listed apart, and removed', async () => {
    await seedIdentity(`ada ${count}`);

    const created = await context.request({
      method: 'POST',
      path: states(acme),
      as: acme.admin,
      body: { feature: feature.id, identifier: `ada ${count}`, enabled: true, feature_state_value: 'hers' },
    });
    const list = await context.request({ path: `${states(acme)}?anyIdentity=1&feature=${feature.id}`, as: acme.admin });
    const removed = await context.request({
      method: 'DELETE',
      path: `${states(acme)}${created.body.id}/`,
      as: acme.admin,
    });

    expect(created.status).toBe(201);
    expect(list.body.results).toMatchObject([
      { identity: { identifier: `ada ${count}` }, feature_state_value: 'hers' },
    ]);
    expect(removed.status).toBe(204);
  });

  test('are refused for an identity of another environment', async () => {
    const foreign = await seedIdentity('foreign', rival.production.id).catch(() => 1);

    const refused = await context.request({
      method: 'POST',
      path: states(acme),
      as: acme.admin,
      body: { feature: feature.id, identity: foreign },
    });

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual({ non_field_errors: ['Identity does not exist in environment.'] });
  });

  test('are refused twice', async () => {
    const identity = await seedIdentity(`twice ${count}`);
    const create = () =>
      context.request({
        method: 'POST',
        path: states(acme),
        as: acme.admin,
        body: { feature: feature.id, identity, enabled: true },
      });
    await create();

    const again = await create();

    expect(again.status).toBe(400);
    expect(again.body.non_field_errors[0]).toContain('already exists');
  });

  test('are the only states that can be deleted here', async () => {
    const refused = await context.request({ method: 'DELETE', path: `${states(acme)}${state.id}/`, as: acme.admin });

    expect(refused.status).toBe(400);
    expect(refused.body.detail).toContain('Only identity overrides');
  });
});

describe('who may', () => {
  test.each(['GET', 'PUT', 'PATCH', 'DELETE'] as const)('another tenant gets a 404 for %s', async (method) => {
    const paths = [`${states(acme)}${state.id}/`, `${states(rival)}${state.id}/`];
    if (method === 'PUT' || method === 'PATCH') paths.push(`/api/v1/features/featurestates/${state.id}/`);

    for (const path of paths) {
      const answer = await context.request({ method, path, as: rival.admin, ...(method !== 'GET' && { body: {} }) });
      expect(answer.status).toBe(404);
    }
  });

  test('another tenant cannot read by uuid', async () => {
    const answer = await context.request({
      path: `/api/v1/features/featurestates/get-by-uuid/${state.uuid}/`,
      as: rival.admin,
    });

    expect(answer.status).toBe(404);
  });

  test('a member without permissions is refused', async () => {
    const answer = await context.request({
      method: 'PUT',
      path: `${states(acme)}${state.id}/`,
      as: acme.member,
      body: { enabled: true },
    });

    expect(answer.status).toBe(403);
  });

  test('the list needs an environment', async () => {
    const answer = await context.request({ path: '/api/v1/features/featurestates/', as: acme.admin });

    expect(answer.status).toBe(400);
    expect(answer.body).toEqual(["'environment' GET parameter is required."]);
  });
});
