import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { seedGrant, seedTenant, seedUser, type Tenant } from '../testing/seed.ts';

const context = testContext();
let acme: Tenant;
let checkout: { id: number; multivariate_options: { id: number }[] };
let segment: { id: number };

const post = async (path: string, body: unknown) => {
  const answer = await context.request({ method: 'POST', path: `/api/v1/${path}`, as: acme.admin, body });
  if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
};
const table = (as: string, headers: Record<string, string> = {}) =>
  context.request({ path: `/api/v1/projects/${acme.projectId}/feature-table/`, as, headers });
const page = (as: string) =>
  context.request({ path: `/api/v1/projects/${acme.projectId}/features/${checkout.id}/page/`, as });

beforeAll(async () => {
  acme = await seedTenant(context.db);
  const project = `projects/${acme.projectId}`;
  const tag = await post(`${project}/tags/`, { label: 'billing' });
  checkout = await post(`${project}/features/`, {
    name: 'checkout',
    initial_value: 'x'.repeat(300),
    tags: [tag.id],
    multivariate_options: [{ string_value: 'blue', default_percentage_allocation: 30 }],
  });
  await post(`${project}/features/`, { name: 'search', default_enabled: true, initial_value: '12' });
  segment = await post(`${project}/segments/`, {
    name: 'beta',
    rules: [{ type: 'ALL', rules: [], conditions: [{ operator: 'EQUAL', property: 'plan', value: 'pro' }] }],
  });
  const environment = `environments/${acme.production.apiKey}`;
  await post(`${environment}/features/${checkout.id}/create-segment-override/`, {
    enabled: true,
    feature_segment: { segment: segment.id },
  });
  const identity = await post(`${environment}/identities/`, { identifier: 'ana' });
  await post(`${environment}/identities/${identity.id}/featurestates/`, { feature: checkout.id, enabled: true });
});

test('the table has every feature with a cell for each environment', async () => {
  const { status, body } = await table(acme.admin);

  expect(status).toBe(200);
  expect(body.environments.map((one: { id: number }) => one.id)).toEqual([acme.production.id, acme.development.id]);
  expect(body.features.map((one: { name: string }) => one.name)).toEqual(['checkout', 'search']);
  expect(body.features[1].cells).toMatchObject([
    { enabled: true, value: 12 },
    { enabled: true, value: 12 },
  ]);
});

test('a cell says how many overrides there are, and cuts long values', async () => {
  const { body } = await table(acme.admin);

  expect(body.features[0]).toMatchObject({ variants: 1, owners: [acme.adminId] });
  expect(body.features[0].cells).toMatchObject([
    { segment_overrides: 1, identity_overrides: 1, value: 'x'.repeat(200), value_is_cut: true },
    { segment_overrides: 0, identity_overrides: 0 },
  ]);
});

test('environments that the person may not see are not in the table', async () => {
  const user = await seedUser(context.db, { organisationId: acme.organisationId, role: 'USER' });
  const place = { organisationId: acme.organisationId, projectId: acme.projectId, to: { userId: user.userId } };
  await seedGrant(context.db, { ...place, permissions: ['VIEW_PROJECT'] });
  await seedGrant(context.db, { ...place, environmentId: acme.development.id, permissions: ['VIEW_ENVIRONMENT'] });

  const { body } = await table(user.authorization);

  expect(body.environments).toMatchObject([
    { id: acme.development.id, my_permissions: { admin: false, permissions: ['VIEW_ENVIRONMENT'] } },
  ]);
  expect(body.features[0].cells).toHaveLength(1);
  expect((await page(user.authorization)).body.environments).toHaveLength(1);
});

test('who has the table already is told so without a body', async () => {
  const { headers } = await table(acme.admin);

  const again = await table(acme.admin, { 'if-none-match': String(headers.etag) });

  expect(again.status).toBe(304);
  expect(again.body).toBe('');
});

test('a change makes another table', async () => {
  const { headers } = await table(acme.admin);
  await post(`projects/${acme.projectId}/features/`, { name: 'third' });

  const again = await table(acme.admin, { 'if-none-match': String(headers.etag) });

  expect(again.status).toBe(200);
});

test.each([
  ['br', brotliDecompressSync],
  ['gzip', gunzipSync],
] as const)('clients that take %s get it', async (encoding, decompress) => {
  const response = await context.app.http.inject({
    url: `/api/v1/projects/${acme.projectId}/feature-table/`,
    headers: { authorization: acme.admin, 'accept-encoding': encoding },
  });

  expect(response.headers['content-encoding']).toBe(encoding);
  expect(JSON.parse(decompress(response.rawPayload).toString()).features[0].name).toBe('checkout');
});

test('the page has what every environment serves, with the rules of its overrides', async () => {
  const { status, body } = await page(acme.admin);

  expect(status).toBe(200);
  expect(body.environments[0]).toMatchObject({
    id: acme.production.id,
    state: {
      enabled: false,
      value: 'x'.repeat(300),
      weights: [{ option: checkout.multivariate_options[0]?.id, percentage_allocation: 30 }],
    },
    segment_overrides: [{ enabled: true, segment: { id: segment.id, name: 'beta', rules: [{ type: 'ALL' }] } }],
    identity_overrides: { count: 1, results: [{ identity: { identifier: 'ana' }, enabled: true }] },
  });
  expect(body.segments).toMatchObject([{ id: segment.id, name: 'beta' }]);
  expect(body.people.length).toBeGreaterThan(1);
});

test('the page of a feature that is not there is not there', async () => {
  const answer = await context.request({
    path: `/api/v1/projects/${acme.projectId}/features/2000000000/page/`,
    as: acme.admin,
  });

  expect(answer.status).toBe(404);
});

test('a member without permission may see neither', async () => {
  expect((await table(acme.member)).status).toBe(403);
  expect((await page(acme.member)).status).toBe(403);
});

test('the connection tells keys, a feature to ask for and whether anybody asks', async () => {
  const connection = () => context.request({ path: `/api/v1/projects/${acme.projectId}/connection/`, as: acme.admin });
  const before = (await connection()).body;
  await context.app.publisher.publishPending();
  await context.app.edge.handle({
    method: 'GET',
    path: '/api/v1/flags/',
    query: '',
    header: (name) =>
      ({ 'x-environment-key': acme.production.apiKey, 'user-agent': 'flagsmith-python-sdk/4.0.0' })[name],
    body: new Uint8Array(),
  });
  await context.app.edge.flush();

  await expect
    .poll(async () => (await connection()).body.environments[0])
    .toMatchObject({
      api_key: acme.production.apiKey,
      first_evaluated_at: expect.any(String),
      first_evaluated_sdk_label: 'flagsmith-python-sdk/4.0.0',
      requests: 1,
      last_request_day: new Date().toISOString().slice(0, 10),
    });
  const nothing = { first_evaluated_at: null, requests: 0, last_request_day: null };
  expect(before).toMatchObject({ feature: 'checkout', environments: [nothing, nothing] });
  expect(
    (await context.request({ path: `/api/v1/projects/${acme.projectId}/connection/`, as: acme.member })).status,
  ).toBe(403);
});
