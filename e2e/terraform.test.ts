import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Platform, signUp, startPlatform } from './platform.ts';

let platform: Platform;
let organisation: { id: number; uuid: string };
let key: string;

beforeAll(async () => {
  platform = await startPlatform();
  const admin = await signUp(platform.origin);
  organisation = await admin.call('POST', 'organisations/', { name: 'Acme' });
  const made = await admin.call('POST', `organisations/${organisation.id}/master-api-keys/`, {
    name: 'Terraform',
    is_admin: true,
  });
  key = made.key;
});

afterAll(() => platform?.stop());

/** A request as the provider sends it, by an organisation's key. */
async function send(method: string, path: string, body?: unknown): Promise<{ status: number; body: any }> {
  const response = await fetch(`${platform.origin}/api/v1/${path}`, {
    method,
    headers: { Authorization: `Api-Key ${key}`, 'Content-Type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? null : JSON.parse(text) };
}

/** As `send`, for what must go well. */
async function done(method: string, path: string, body?: unknown): Promise<any> {
  const answer = await send(method, path, body);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

test('apply, plan, change and destroy, in the order and with the fields of the Terraform provider', async () => {
  let calls = 0;
  const call = (method: string, path: string, body?: unknown) => {
    calls += 1;
    return done(method, path, body);
  };

  // Apply: everything is created; what others refer to comes first.
  const read = await call('GET', `organisations/get-by-uuid/${organisation.uuid}/`);
  const [person] = await call('GET', `organisations/${read.id}/users/`);
  const project = await call('POST', 'projects/', { name: 'Shop', organisation: read.id, hide_disabled_flags: false });
  const development = await call('POST', 'environments/', { name: 'Development', project: project.id });
  const production = await call('POST', 'environments/', {
    name: 'Production',
    project: project.id,
    description: 'Live',
  });
  const tag = await call('POST', `projects/${project.id}/tags/`, {
    label: 'managed',
    color: '#3d4db6',
    description: '',
  });
  const feature = await call('POST', `projects/${project.id}/features/`, {
    name: 'checkout',
    type: 'STANDARD',
    initial_value: 'classic',
    default_enabled: false,
    description: 'Made by Terraform',
    is_archived: false,
    tags: [tag.id],
  });
  await call('POST', `projects/${project.id}/features/${feature.id}/add-owners/`, { user_ids: [person.id] });
  const colour = await call('POST', `projects/${project.id}/features/`, {
    name: 'colour',
    type: 'MULTIVARIATE',
    initial_value: 'grey',
  });
  const blue = await call('POST', `projects/${project.id}/features/${colour.id}/mv-options/`, {
    type: 'unicode',
    string_value: 'blue',
    default_percentage_allocation: 40,
  });
  const segment = await call('POST', `projects/${project.id}/segments/`, {
    name: 'professionals',
    project: project.id,
    rules: [
      {
        type: 'ALL',
        rules: [{ type: 'ANY', rules: [], conditions: [{ operator: 'EQUAL', property: 'plan', value: 'pro' }] }],
        conditions: [],
      },
    ],
  });
  const { results: states } = await call(
    'GET',
    `environments/${production.api_key}/featurestates/?feature=${feature.id}`,
  );
  const [state] = states;
  await call('PUT', `features/featurestates/${state.id}/`, {
    id: state.id,
    enabled: true,
    feature: feature.id,
    environment: production.id,
    feature_segment: null,
    feature_state_value: { type: 'unicode', string_value: 'one-page', integer_value: null, boolean_value: null },
  });
  const override = await call(
    'POST',
    `environments/${production.api_key}/features/${feature.id}/create-segment-override/`,
    {
      feature_segment: { segment: segment.id, priority: 1 },
      enabled: true,
      feature_state_value: { type: 'int', string_value: null, integer_value: 7, boolean_value: null },
    },
  );
  const serverKey = await call('POST', `environments/${production.api_key}/api-keys/`, { name: 'backend' });

  // Plan: everything is read by its uuid and is as it was written.
  expect(await call('GET', `projects/get-by-uuid/${project.uuid}/`)).toMatchObject({ id: project.id, name: 'Shop' });
  expect(await call('GET', `environments/get-by-uuid/${production.uuid}/`)).toMatchObject({
    name: 'Production',
    description: 'Live',
  });
  expect(await call('GET', `features/get-by-uuid/${feature.uuid}/`)).toMatchObject({
    initial_value: 'classic',
    description: 'Made by Terraform',
    tags: [tag.id],
    owners: [{ id: person.id }],
  });
  expect(await call('GET', `multivariate/options/get-by-uuid/${blue.uuid}/`)).toMatchObject({
    string_value: 'blue',
    default_percentage_allocation: 40,
  });
  expect(await call('GET', `projects/${project.id}/tags/get-by-uuid/${tag.uuid}/`)).toMatchObject({
    label: 'managed',
    color: '#3d4db6',
  });
  expect(await call('GET', `segments/get-by-uuid/${segment.uuid}/`)).toMatchObject({ name: 'professionals' });
  expect(await call('GET', `features/featurestates/get-by-uuid/${state.uuid}/`)).toMatchObject({ enabled: true });
  expect(await call('GET', `environments/${production.api_key}/api-keys/`)).toMatchObject([
    { id: serverKey.id, name: 'backend' },
  ]);

  // Change: each kind once.
  await call('PUT', `projects/${project.id}/`, { name: 'Web shop', organisation: read.id, hide_disabled_flags: true });
  await call('PUT', `environments/${development.api_key}/`, { name: 'Local', project: project.id, description: '' });
  await call('PUT', `projects/${project.id}/features/${feature.id}/`, {
    name: 'checkout',
    description: 'Changed',
    is_archived: false,
    tags: [],
  });
  await call('PUT', `projects/${project.id}/features/${colour.id}/mv-options/${blue.id}/`, {
    type: 'unicode',
    string_value: 'navy',
    default_percentage_allocation: 25,
  });
  await call('PUT', `projects/${project.id}/tags/${tag.id}/`, { label: 'by-terraform', color: '#000000' });
  await call('PUT', `projects/${project.id}/segments/${segment.id}/`, {
    name: 'everybody else',
    project: project.id,
    rules: segment.rules,
  });
  await call('PUT', `features/featurestates/${override.id}/`, {
    id: override.id,
    enabled: false,
    feature: feature.id,
    environment: production.id,
    feature_segment: override.feature_segment.id ?? override.feature_segment,
    feature_state_value: { type: 'bool', string_value: null, integer_value: null, boolean_value: true },
  });
  await call('POST', `projects/${project.id}/features/${feature.id}/remove-owners/`, { user_ids: [person.id] });
  expect(await call('GET', `features/get-by-uuid/${feature.uuid}/`)).toMatchObject({
    description: 'Changed',
    tags: [],
    owners: [],
  });
  expect(await call('GET', `features/featurestates/get-by-uuid/${override.uuid}/`)).toMatchObject({ enabled: false });

  // Destroy: the other way round; what is gone answers 404, which the provider takes for drift.
  await call('DELETE', `features/feature-segments/${override.feature_segment.id ?? override.feature_segment}/`);
  await call('DELETE', `projects/${project.id}/features/${colour.id}/mv-options/${blue.id}/`);
  await call('DELETE', `environments/${production.api_key}/api-keys/${serverKey.id}/`);
  await call('DELETE', `projects/${project.id}/segments/${segment.id}/`);
  await call('DELETE', `projects/${project.id}/features/${feature.id}/`);
  await call('DELETE', `projects/${project.id}/tags/${tag.id}/`);
  await call('DELETE', `environments/${development.api_key}/`);
  await call('DELETE', `projects/${project.id}/`);
  const gone = [
    `features/get-by-uuid/${feature.uuid}/`,
    `segments/get-by-uuid/${segment.uuid}/`,
    `projects/get-by-uuid/${project.uuid}/`,
    `environments/get-by-uuid/${production.uuid}/`,
    `features/featurestates/get-by-uuid/${state.uuid}/`,
  ];
  const statuses = await Promise.all(gone.map(async (path) => (await send('GET', path)).status));

  expect(statuses).toEqual(gone.map(() => 404));
  expect(calls).toBeGreaterThan(30);
});
