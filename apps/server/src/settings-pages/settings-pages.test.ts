import { integrationEndpoints, secretMask } from '@halyard/contract';
import { beforeEach, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { integrationBodies } from '../testing/integrations.ts';
import { seedGrant, seedTenant, seedUser, type Tenant } from '../testing/seed.ts';

// An address that is refused, so that nothing leaves the machine.
const context = testContext({ LAUNCH_DARKLY_URL: 'http://127.0.0.1:9' });
let acme: Tenant;
let member: { userId: number; authorization: string };

beforeEach(async () => {
  acme = await seedTenant(context.db);
  member = await seedUser(context.db, { organisationId: acme.organisationId, role: 'USER' });
});

const api = (path: string) => `/api/v1/${path}`;
const get = (path: string, as = acme.admin) => context.request({ path: api(path), as });
const post = (path: string, body: unknown, as = acme.admin) =>
  context.request({ method: 'POST', path: api(path), as, body });
const put = (path: string, body: unknown, as = acme.admin) =>
  context.request({ method: 'PUT', path: api(path), as, body });
const project = () => `projects/${acme.projectId}`;
const organisation = () => `organisations/${acme.organisationId}`;
const production = () => `environments/${acme.production.apiKey}`;

/** The member may see the project, and administers Development alone. */
async function letMemberAdministerDevelopment() {
  const { organisationId, projectId } = acme;
  const to = { userId: member.userId };
  await seedGrant(context.db, { organisationId, projectId, to, permissions: ['VIEW_PROJECT'] });
  const environmentId = acme.development.id;
  await seedGrant(context.db, { organisationId, projectId, environmentId, to, admin: true, permissions: [] });
}

test('an environment is shown with its keys and with the custom fields that it can have', async () => {
  await post(`${production()}/api-keys/`, { name: 'Server' });
  await put(`${organisation()}/custom-fields/`, {
    name: 'Region',
    type: 'str',
    of: [{ entity: 'environment', required_in_organisation: true }],
  });

  const { status, body } = await get(`${production()}/settings/`);

  expect(status).toBe(200);
  expect(body).toMatchObject({
    environment: { id: acme.production.id, name: 'Production', metadata: [] },
    keys: [{ name: 'Server', active: true }],
    custom_fields: [{ name: 'Region', type: 'str', is_required: true }],
  });
});

test('keys of an environment are for who administers it', async () => {
  await letMemberAdministerDevelopment();

  const other = await get(`${production()}/settings/`, member.authorization);
  const own = await get(`environments/${acme.development.apiKey}/settings/`, member.authorization);

  expect([other.status, own.status]).toEqual([403, 200]);
});

test('tags tell how many features carry them', async () => {
  const { body: used } = await post(`${project()}/tags/`, { label: 'used' });
  await post(`${project()}/tags/`, { label: 'unused' });
  for (const name of ['one', 'two']) await post(`${project()}/features/`, { name, tags: [used.id] });
  const { body: gone } = await post(`${project()}/features/`, { name: 'gone', tags: [used.id] });
  await context.request({ method: 'DELETE', path: api(`${project()}/features/${gone.id}/`), as: acme.admin });

  const { body } = await get(`${project()}/tag-uses/`);

  expect(body).toMatchObject([
    { label: 'used', features: 2 },
    { label: 'unused', features: 0 },
  ]);
});

test('a custom field is made and changed together with what it is for', async () => {
  const path = `${organisation()}/custom-fields/`;
  const made = await put(path, {
    name: 'Ticket',
    type: 'url',
    of: [{ entity: 'feature', required_in_projects: [acme.projectId] }, { entity: 'segment' }],
  });
  const changed = await put(path, {
    id: made.body.id,
    name: 'Ticket',
    type: 'str',
    description: 'Where it was asked for',
    of: [{ entity: 'feature' }, { entity: 'environment', required_in_organisation: true }],
  });

  const { body } = await get(path);

  expect([made.status, changed.status]).toEqual([200, 200]);
  expect(body).toMatchObject([
    {
      name: 'Ticket',
      type: 'str',
      description: 'Where it was asked for',
      project: null,
      is_hidden: false,
      of: [
        { entity: 'feature', required_in_organisation: false, required_in_projects: [] },
        { entity: 'environment', required_in_organisation: true, required_in_projects: [] },
      ],
    },
  ]);
  expect(body[0].of[0].model_field).toBe(made.body.model_fields[0].id);
});

test('a custom field that cannot be required where it says is not made at all', async () => {
  const rival = await seedTenant(context.db);
  const path = `${organisation()}/custom-fields/`;

  const refused = await put(path, {
    name: 'Ticket',
    type: 'str',
    of: [{ entity: 'feature', required_in_projects: [rival.projectId] }],
  });

  expect(refused.status).toBe(400);
  expect((await get(path)).body).toEqual([]);
});

test('a custom field of another organisation cannot be changed', async () => {
  const rival = await seedTenant(context.db);
  const { body: theirs } = await put(
    `organisations/${rival.organisationId}/custom-fields/`,
    { name: 'Theirs', type: 'str', of: [] },
    rival.admin,
  );

  const answer = await put(`${organisation()}/custom-fields/`, { id: theirs.id, name: 'Ours', type: 'str', of: [] });

  expect(answer.status).toBe(404);
});

test('members without the permission make no custom field', async () => {
  const answer = await put(
    `${organisation()}/custom-fields/`,
    { name: 'Ticket', type: 'str', of: [] },
    member.authorization,
  );

  expect(answer.status).toBe(403);
});

test('a field of the project hides the one of the organisation that has its name', async () => {
  const path = `${organisation()}/custom-fields/`;
  for (const name of ['Ticket', 'Region']) await put(path, { name, type: 'str', of: [{ entity: 'feature' }] });
  await put(path, { name: 'Ticket', type: 'url', project: acme.projectId, of: [{ entity: 'feature' }] });

  const { body } = await get(`${project()}/custom-fields/`);

  expect(body).toMatchObject([
    { name: 'Ticket', project: acme.projectId, is_hidden: false },
    { name: 'Ticket', project: null, is_hidden: true },
    { name: 'Region', project: null, is_hidden: false },
  ]);
});

test('webhooks are listed by environment, without their secrets, where the caller administers it', async () => {
  await letMemberAdministerDevelopment();
  for (const environment of [production(), `environments/${acme.development.apiKey}`]) {
    await post(`${environment}/webhooks/`, { url: 'https://hooks.invalid/', enabled: false, secret: 'shared-secret' });
  }

  const all = await get(`${project()}/webhook-settings/`);
  const own = await get(`${project()}/webhook-settings/`, member.authorization);

  expect(all.body).toMatchObject([
    { environment: { name: 'Production' }, webhooks: [{ is_signed: true, enabled: false, last_delivery: null }] },
    { environment: { name: 'Development' }, webhooks: [{ is_signed: true }] },
  ]);
  expect(own.body).toMatchObject([{ environment: { name: 'Development' } }]);
  expect(JSON.stringify([all.body, own.body])).not.toContain('shared-secret');
});

test('the newest delivery goes with a webhook', async () => {
  const { body: webhook } = await post(`${organisation()}/webhooks/`, { url: 'https://hooks.invalid/', secret: '' });
  const delivery = (ordinal: number, state: 'failed' | 'pending') => ({
    webhook_id: webhook.id,
    change_id: 1,
    ordinal,
    event_type: 'AUDIT_LOG_CREATED' as const,
    body: '{}',
    state,
    attempts: 1,
    next_attempt_at: '2030-01-01T00:00:00.000000Z',
    response_status: 500,
    error: null,
    created_at: '2026-01-01T00:00:00.000000Z',
    finished_at: null,
  });
  await context.db.deleteFrom('webhook_deliveries').where('webhook_id', '=', webhook.id).execute();
  await context.db
    .insertInto('webhook_deliveries')
    .values([delivery(1, 'failed'), delivery(2, 'pending')])
    .execute();

  const { body } = await get(`${organisation()}/webhook-settings/`);

  expect(body).toMatchObject([
    {
      environment: null,
      webhooks: [
        { is_signed: false, last_delivery: { state: 'pending', next_attempt_at: '2030-01-01T00:00:00.000000Z' } },
      ],
    },
  ]);
});

test('every vendor of the contract is in the catalogue with a form that its schema takes', async () => {
  const { body } = await get(`${project()}/integration-settings/`);
  const { body: above } = await get(`${organisation()}/integration-settings/`);

  const shown = [...body.catalogue, ...above.catalogue];
  for (const { vendor, place } of integrationEndpoints) {
    const entry = shown.find((one) => one.vendor === vendor && one.places.includes(place));
    expect(entry, `${vendor} of ${place}`).toBeDefined();
    const settings = integrationBodies[vendor]('https://x.invalid/');
    const names = entry.fields.map(({ name }: { name: string }) => name);
    expect(names).toEqual(expect.arrayContaining(Object.keys(settings)));
    for (const { name, is_required } of entry.fields) if (is_required) expect(settings).toHaveProperty(name);
  }
});

test('what is connected is shown with masked secrets, at the places that the caller administers', async () => {
  await letMemberAdministerDevelopment();
  const url = 'https://vendor.invalid/';
  await post(`${project()}/integrations/datadog/`, integrationBodies.datadog(url));
  await post(`${production()}/integrations/grafana/`, integrationBodies.grafana(url));

  const all = await get(`${project()}/integration-settings/`);
  const own = await get(`${project()}/integration-settings/`, member.authorization);

  expect(all.body.places).toMatchObject([
    {
      place: 'project',
      environment: null,
      connected: [{ vendor: 'datadog', enabled: true, settings: { base_url: url, api_key: secretMask } }],
    },
    { place: 'environment', environment: { name: 'Production' }, connected: [{ vendor: 'grafana' }] },
    { place: 'environment', environment: { name: 'Development' }, connected: [] },
  ]);
  expect(all.body.slack).toEqual({ is_available: false, is_connected: false });
  expect(JSON.stringify(all.body)).not.toContain('the-secret-key');
  expect(own.body.places).toMatchObject([{ environment: { name: 'Development' } }]);
});

test('exports and imports of features are told in one answer', async () => {
  await post('features/create-feature-export/', { environment_id: acme.production.id, tag_ids: [] });
  await post(`features/feature-import/${acme.development.id}`, { file: '[]', strategy: 'SKIP' });

  const { body } = await get(`${project()}/transfers/`);

  expect(body).toMatchObject({
    exports: [{ environment_id: acme.production.id, status: 'SUCCESS' }],
    imports: [{ environment_id: acme.development.id, strategy: 'SKIP', status: 'SUCCESS' }],
    launch_darkly: [],
  });
});

test('imports from LaunchDarkly are told to who may begin one', async () => {
  await letMemberAdministerDevelopment();
  await post(`${project()}/imports/launch-darkly/`, { token: 'the-secret-key', project_key: 'shop' });

  const all = await get(`${project()}/transfers/`);
  const own = await get(`${project()}/transfers/`, member.authorization);

  expect(all.body.launch_darkly).toMatchObject([{ project: acme.projectId }]);
  expect(JSON.stringify(all.body)).not.toContain('the-secret-key');
  expect(own.body.launch_darkly).toBe(null);
});

test('the GitLab of a project is told to who administers all of it', async () => {
  await letMemberAdministerDevelopment();
  const before = await get(`${project()}/integration-settings/`);
  const address = { gitlab_instance_url: 'https://gitlab.com', access_token: 'the-secret-key' };
  await post(`${project()}/integrations/gitlab/`, address);

  const all = await get(`${project()}/integration-settings/`);
  const own = await get(`${project()}/integration-settings/`, member.authorization);

  expect(before.body.gitlab).toEqual({ integration: null });
  expect(all.body.gitlab).toMatchObject({ integration: { gitlab_instance_url: 'https://gitlab.com' } });
  expect(JSON.stringify(all.body)).not.toContain('the-secret-key');
  expect([own.body.gitlab, own.body.github]).toEqual([null, null]);
});

test('without a GitHub App the settings of an organisation say so', async () => {
  const { body } = await get(`${organisation()}/integration-settings/`);

  expect(body.github).toEqual({ is_available: false, integration: null, repositories: [] });
});
