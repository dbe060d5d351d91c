import type { DocumentFeatureState } from '@halyard/contract';
import { beforeAll, describe, expect, test } from 'vitest';
import { insertRow } from '../db/statements.ts';
import { sha256 } from '../secrets.ts';
import { testContext } from '../testing/context.ts';
import { seedTenant, type Tenant } from '../testing/seed.ts';
import { now } from '../time.ts';

const context = testContext();
let acme: Tenant;
let rival: Tenant;

beforeAll(async () => {
  acme = await seedTenant(context.db);
  rival = await seedTenant(context.db);
});

const environments = '/api/v1/environments/';

async function createEnvironment(body: object, tenant = acme) {
  return context.request({
    method: 'POST',
    path: environments,
    as: tenant.admin,
    body: { project: tenant.projectId, ...body },
  });
}

async function change(apiKey: string, body: object, method: 'PUT' | 'PATCH' = 'PATCH') {
  return context.request({ method, path: `${environments}${apiKey}/`, as: acme.admin, body });
}

async function createFeature(tenant: Tenant, body: object) {
  const path = `/api/v1/projects/${tenant.projectId}/features/`;
  return (await context.request({ method: 'POST', path, as: tenant.admin, body })).body;
}

const rowOf = (apiKey: string) =>
  context.db.selectFrom('environments').where('api_key', '=', apiKey).selectAll().executeTakeFirstOrThrow();

const publishedOf = async (apiKey: string) => {
  await context.app.publisher.publishPending();
  const { id } = await rowOf(apiKey);
  const row = await context.db
    .selectFrom('environment_documents')
    .where('environment_id', '=', id)
    .selectAll()
    .executeTakeFirst();
  return row === undefined ? null : JSON.parse(row.body);
};

describe('creating an environment', () => {
  test('starts with the defaults and a key of its own', async () => {
    const created = await createEnvironment({ name: 'Defaults' });

    expect(created.status).toBe(201);
    expect(created.body).toEqual({
      id: expect.any(Number),
      uuid: expect.any(String),
      name: 'Defaults',
      api_key: expect.stringMatching(/^[A-Za-z0-9]{22}$/),
      description: null,
      project: acme.projectId,
      minimum_change_request_approvals: null,
      allow_client_traits: true,
      banner_text: null,
      banner_colour: null,
      hide_disabled_flags: null,
      use_identity_composite_key_for_hashing: true,
      use_mv_v2_evaluation: true,
      hide_sensitive_data: false,
      use_v2_feature_versioning: false,
      use_identity_overrides_in_local_eval: true,
      is_creating: false,
      metadata: [],
    });
  });

  test('takes what is given, false as well', async () => {
    const given = {
      name: 'All given',
      description: 'For tests',
      minimum_change_request_approvals: 0,
      allow_client_traits: false,
      banner_text: 'Careful',
      banner_colour: '#ff0000',
      hide_disabled_flags: false,
      use_identity_composite_key_for_hashing: false,
      hide_sensitive_data: true,
      use_identity_overrides_in_local_eval: false,
    };

    const created = await createEnvironment(given);

    expect(created.body).toMatchObject({ ...given, use_mv_v2_evaluation: false });
  });

  test('gives it the states that features were created with', async () => {
    const tenant = await seedTenant(context.db);
    await createFeature(tenant, { name: 'max_items', initial_value: 12, default_enabled: true });

    const { body: created } = await createEnvironment({ name: 'Staging' }, tenant);

    const states = await context.request({
      path: `${environments}${created.api_key}/featurestates/`,
      as: tenant.admin,
    });
    expect(states.body.results).toMatchObject([{ enabled: true, feature_state_value: 12 }]);
  });

  test('leaves features off and empty where the project prevents defaults', async () => {
    const tenant = await seedTenant(context.db);
    await context.db
      .updateTable('projects')
      .set({ prevent_flag_defaults: 1 })
      .where('id', '=', tenant.projectId)
      .execute();
    await createFeature(tenant, { name: 'max_items', initial_value: 12, default_enabled: true });

    const { body: created } = await createEnvironment({ name: 'Staging' }, tenant);

    const states = await context.request({
      path: `${environments}${created.api_key}/featurestates/`,
      as: tenant.admin,
    });
    expect(states.body.results).toMatchObject([{ enabled: false, feature_state_value: null }]);
  });

  test('publishes its document', async () => {
    const { body: created } = await createEnvironment({ name: 'Published' });

    expect(await publishedOf(created.api_key)).toMatchObject({
      version: 1,
      document: { id: created.id, name: 'Published', api_key: created.api_key },
    });
  });

  test('is written to the audit log, for this environment alone', async () => {
    const before = await rowOf(acme.production.apiKey);

    const { body: created } = await createEnvironment({ name: 'Audited' });

    const changes = await context.db
      .selectFrom('changes')
      .where('environment_id', '=', created.id)
      .select(['object_type', 'change_type', 'log'])
      .execute();
    expect(changes).toEqual([
      { object_type: 'ENVIRONMENT', change_type: 'CREATE', log: 'New Environment created: Audited' },
    ]);
    expect((await rowOf(acme.production.apiKey)).version).toBe(before.version);
  });

  test('refuses a name that the project has', async () => {
    const refused = await createEnvironment({ name: 'Production' });

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual({ name: ['An environment with this name already exists.'] });
  });

  test('gives the same name to only one of many requests at once', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => createEnvironment({ name: 'Raced for' })));

    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 400, 400, 400]);
  });

  test('takes a name that differs in case, and one that another project has', async () => {
    await createEnvironment({ name: 'Preview' });

    const otherCase = await createEnvironment({ name: 'PREVIEW' });
    const elsewhere = await createEnvironment({ name: 'Preview' }, rival);

    expect([otherCase.status, elsewhere.status]).toEqual([201, 201]);
  });

  test.each([
    [{}, { name: ['This field is required.'] }],
    [{ name: 'x', project: 'shop' }, { project: [expect.any(String)] }],
    [
      { name: 'x', description: 'x'.repeat(20_001) },
      { description: ['Ensure this field has no more than 20000 characters.'] },
    ],
    [{ name: 'x', banner_colour: '#ff00000' }, { banner_colour: ['Ensure this field has no more than 7 characters.'] }],
    [
      { name: 'x', banner_text: 'x'.repeat(256) },
      { banner_text: ['Ensure this field has no more than 255 characters.'] },
    ],
    [{ name: 'x', allow_client_traits: null }, { allow_client_traits: ['This field may not be null.'] }],
    [{ name: 'x', hide_disabled_flags: 'perhaps' }, { hide_disabled_flags: ['Must be a valid boolean.'] }],
  ])('names the field that is wrong', async (body, errors) => {
    const refused = await createEnvironment(body);

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual(errors);
  });

  test("is not possible in another's project", async () => {
    const refused = await createEnvironment({ name: 'Intruder', project: rival.projectId });

    expect(refused.status).toBe(404);
  });
});

describe('listing environments', () => {
  test('shows those of the project, oldest first, in pages', async () => {
    const tenant = await seedTenant(context.db);

    const first = await context.request({
      path: `${environments}?project=${tenant.projectId}&page_size=1`,
      as: tenant.admin,
    });
    const second = await context.request({
      path: `${environments}?project=${tenant.projectId}&page_size=1&page=2`,
      as: tenant.admin,
    });

    expect(first.body).toMatchObject({ count: 2, results: [{ name: 'Production', metadata: [] }] });
    expect(first.body.next).toContain('page=2');
    expect(second.body.results).toMatchObject([{ name: 'Development' }]);
  });

  test.each(['', '?project=', '?project=shop', '?project=-1'])('needs a project: %j', async (query) => {
    const refused = await context.request({ path: environments + query, as: acme.admin });

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual(['Invalid or missing value for project parameter.']);
  });

  test("of another's project is a 404, and of one's own needs a permission", async () => {
    const foreign = await context.request({ path: `${environments}?project=${rival.projectId}`, as: acme.admin });
    const member = await context.request({ path: `${environments}?project=${acme.projectId}`, as: acme.member });

    expect([foreign.status, member.status]).toEqual([404, 403]);
  });

  test('works all at once under the project', async () => {
    const tenant = await seedTenant(context.db);

    const list = await context.request({
      path: `/api/v1/projects/${tenant.projectId}/environments/`,
      as: tenant.admin,
    });

    expect(list.body.map((environment: { name: string }) => environment.name)).toEqual(['Production', 'Development']);
    expect(list.body[0]).not.toHaveProperty('metadata');
  });
});

describe('reading an environment', () => {
  test('tells how many segment overrides it has', async () => {
    const tenant = await seedTenant(context.db);
    await overriddenFeature(tenant, 'counted');

    const read = await context.request({ path: `${environments}${tenant.production.apiKey}/`, as: tenant.admin });

    expect(read.body).toMatchObject({ id: tenant.production.id, total_segment_overrides: 2 });
  });

  test('works by uuid', async () => {
    const { uuid } = await rowOf(acme.production.apiKey);

    const read = await context.request({ path: `${environments}get-by-uuid/${uuid}/`, as: acme.masterKey });

    expect(read.body).toMatchObject({ id: acme.production.id, api_key: acme.production.apiKey });
  });

  test('by a uuid that nobody has is a 404', async () => {
    const read = await context.request({
      path: `${environments}get-by-uuid/${crypto.randomUUID()}/`,
      as: acme.admin,
    });

    expect(read.status).toBe(404);
  });
});

describe('changing an environment', () => {
  test('leaves out what is not given, and null clears', async () => {
    const { body: created } = await createEnvironment({
      name: 'Partly',
      description: 'first',
      hide_disabled_flags: true,
    });

    const changed = await change(created.api_key, { hide_disabled_flags: null });

    expect(changed.body).toEqual({ ...created, hide_disabled_flags: null });
  });

  test('with PUT needs the name', async () => {
    const refused = await change(acme.production.apiKey, { description: 'x' }, 'PUT');

    expect(refused.body).toEqual({ name: ['This field is required.'] });
  });

  test('never changes its key or its project', async () => {
    const { body: created } = await createEnvironment({ name: 'Settled' });

    const changed = await change(
      created.api_key,
      { name: 'Settled', api_key: 'mine', project: rival.projectId, use_v2_feature_versioning: true },
      'PUT',
    );

    expect(changed.status).toBe(200);
    expect(changed.body).toEqual(created);
  });

  test('refuses a name that another environment has, and takes its own again', async () => {
    const { body: created } = await createEnvironment({ name: 'Holder' });

    const taken = await change(created.api_key, { name: 'Production' });
    const own = await change(created.api_key, { name: 'Holder' });

    expect(taken.body).toEqual({ name: ['An environment with this name already exists.'] });
    expect(own.status).toBe(200);
  });

  test('gives the same name to only one of many that ask for it at once', async () => {
    const created = await Promise.all(['w', 'x', 'y', 'z'].map((name) => createEnvironment({ name: `Racer ${name}` })));

    const answers = await Promise.all(created.map(({ body }) => change(body.api_key, { name: 'Winner' })));

    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 400, 400, 400]);
  });

  test('takes one version of this environment, and none for a repeat', async () => {
    const before = await rowOf(acme.production.apiKey);
    const sibling = await rowOf(acme.development.apiKey);

    await change(acme.production.apiKey, { name: 'Production', description: 'new' });
    await change(acme.production.apiKey, { name: 'Production', description: 'new' });
    await change(acme.production.apiKey, { description: 'new' });
    await change(acme.production.apiKey, {});

    expect((await rowOf(acme.production.apiKey)).version).toBe(before.version + 1);
    expect((await rowOf(acme.development.apiKey)).version).toBe(sibling.version);
  });

  test('shows in the next document', async () => {
    const { body: created } = await createEnvironment({ name: 'Old name' });

    await change(created.api_key, { name: 'New name', hide_sensitive_data: true });

    expect(await publishedOf(created.api_key)).toMatchObject({
      version: 2,
      document: { name: 'New name', hide_sensitive_data: true },
    });
  });

  test('is written to the audit log with what was', async () => {
    const { body: created } = await createEnvironment({ name: 'Told before' });

    await change(created.api_key, { name: 'Told after' });

    const step = await context.db
      .selectFrom('changes')
      .where('environment_id', '=', created.id)
      .where('change_type', '=', 'UPDATE')
      .select(['log', 'before', 'after'])
      .executeTakeFirstOrThrow();
    expect(step.log).toBe('Environment updated: Told after');
    expect(JSON.parse(step.before ?? '')).toMatchObject({ name: 'Told before' });
    expect(JSON.parse(step.after ?? '')).toMatchObject({ name: 'Told after' });
  });
});

describe('deleting an environment', () => {
  test('withdraws its document and no other', async () => {
    const { body: created } = await createEnvironment({ name: 'Withdrawn' });
    expect(await publishedOf(created.api_key)).not.toBeNull();

    const deleted = await context.request({
      method: 'DELETE',
      path: `${environments}${created.api_key}/`,
      as: acme.admin,
    });

    expect(deleted.status).toBe(204);
    expect(await publishedOf(created.api_key)).toBeNull();
    expect(await publishedOf(acme.production.apiKey)).not.toBeNull();
  });

  test('hides it and frees its name', async () => {
    const { body: created } = await createEnvironment({ name: 'Short lived' });

    await context.request({ method: 'DELETE', path: `${environments}${created.api_key}/`, as: acme.admin });

    const read = await context.request({ path: `${environments}${created.api_key}/`, as: acme.admin });
    expect(read.status).toBe(404);
    expect((await createEnvironment({ name: 'Short lived' })).status).toBe(201);
  });
});

describe('copying an environment', () => {
  const clone = (tenant: Tenant, body: object, apiKey = tenant.production.apiKey) =>
    context.request({ method: 'POST', path: `${environments}${apiKey}/clone/`, as: tenant.admin, body });

  test('answers what a client needs to go on', async () => {
    const tenant = await seedTenant(context.db);

    const copied = await clone(tenant, { name: 'Copy', clone_feature_states_async: true });

    expect(copied.status).toBe(200);
    expect(copied.body).toEqual({
      id: expect.any(Number),
      name: 'Copy',
      api_key: expect.stringMatching(/^[A-Za-z0-9]{22}$/),
      project: tenant.projectId,
    });
    expect((await rowOf(copied.body.api_key)).is_creating).toBe(0);
  });

  test('copies the settings', async () => {
    const { body: source } = await createEnvironment({
      name: 'Source of settings',
      description: 'Kept',
      banner_text: 'Careful',
      hide_disabled_flags: true,
      allow_client_traits: false,
    });

    const { body: copy } = await clone(acme, { name: 'Copy of settings' }, source.api_key);

    const read = await context.request({ path: `${environments}${copy.api_key}/`, as: acme.admin });
    expect(read.body).toEqual({ ...source, ...copy, uuid: expect.any(String), total_segment_overrides: 0 });
    expect(read.body.uuid).not.toBe(source.uuid);
  });

  test('copies states, weights, overrides, priorities and lineage, and serves them alike', async () => {
    const tenant = await seedTenant(context.db);
    await createFeature(tenant, { name: 'plain', initial_value: 'hello', default_enabled: true });
    await overriddenFeature(tenant, 'overridden');

    const { body: copy } = await clone(tenant, { name: 'Copy' });

    const source = comparable((await publishedOf(tenant.production.apiKey)).document);
    const copied = comparable((await publishedOf(copy.api_key)).document);
    expect(copied).toEqual(source);
    expect(source.segments.flatMap((segment) => segment.states)).toMatchObject([
      { enabled: true, value: 'for us', priority: 1, weights: [30, 0] },
      { enabled: true, value: 'for them', priority: 0, weights: [] },
    ]);
  });

  test('changes nothing in the source when the copy changes', async () => {
    const tenant = await seedTenant(context.db);
    await overriddenFeature(tenant, 'separate');
    const { body: copy } = await clone(tenant, { name: 'Copy' });
    const before = comparable((await publishedOf(tenant.production.apiKey)).document);

    const states = await context.request({ path: `${environments}${copy.api_key}/featurestates/`, as: tenant.admin });
    await context.request({
      method: 'PUT',
      path: `${environments}${copy.api_key}/featurestates/${states.body.results[0].id}/`,
      as: tenant.admin,
      body: { enabled: true, feature_state_value: 'only here' },
    });

    expect((await publishedOf(copy.api_key)).document.feature_states[0].feature_state_value).toBe('only here');
    expect(comparable((await publishedOf(tenant.production.apiKey)).document)).toEqual(before);
  });

  test('leaves identities, their overrides and server-side keys behind', async () => {
    const tenant = await seedTenant(context.db);
    const feature = await createFeature(tenant, { name: 'personal' });
    await insertRow(context.db, 'identities', {
      environment_id: tenant.production.id,
      identifier: 'ada',
      identifier_hash: sha256('ada'),
      created_date: now(),
    });
    const override = await context.request({
      method: 'POST',
      path: `${environments}${tenant.production.apiKey}/featurestates/`,
      as: tenant.admin,
      body: { feature: feature.id, identifier: 'ada', enabled: true },
    });
    expect(override.status).toBe(201);
    await context.request({
      method: 'POST',
      path: `${environments}${tenant.production.apiKey}/api-keys/`,
      as: tenant.admin,
      body: { name: 'server' },
    });

    const { body: copy } = await clone(tenant, { name: 'Copy' });

    const published = await publishedOf(copy.api_key);
    expect(published.document.identity_overrides).toEqual([]);
    expect(published.serverKeys).toEqual([]);
    expect(published.document.feature_states).toHaveLength(1);
  });

  test('refuses a name that the project has, and leaves nothing behind', async () => {
    const tenant = await seedTenant(context.db);

    const refused = await clone(tenant, { name: 'Development' });

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual({ name: ['An environment with this name already exists.'] });
    const list = await context.request({ path: `${environments}?project=${tenant.projectId}`, as: tenant.admin });
    expect(list.body.count).toBe(2);
  });

  test('needs a name', async () => {
    expect((await clone(acme, {})).body).toEqual({ name: ['This field is required.'] });
  });
});

describe('the document of an environment', () => {
  const documentOf = (apiKey: string) =>
    context.request({ path: `${environments}${apiKey}/document/`, as: acme.admin });

  test('is the one that is published', async () => {
    const { body: created } = await createEnvironment({ name: 'Documented' });
    const published = await publishedOf(created.api_key);

    const answer = await documentOf(created.api_key);

    expect(answer.status).toBe(200);
    expect(answer.body).toEqual(published.document);
  });

  test('shows a change at once, whether or not it is published', async () => {
    const { body: created } = await createEnvironment({ name: 'Impatient' });
    await publishedOf(created.api_key);
    // As a change of another process leaves it before anybody publishes.
    await context.db
      .updateTable('environments')
      .set((eb) => ({ name: 'Patient', version: eb('version', '+', 1) }))
      .where('id', '=', created.id)
      .execute();

    const answer = await documentOf(created.api_key);

    expect(answer.body.name).toBe('Patient');
  });

  test('has identity overrides only where SDKs may have them', async () => {
    const feature = await createFeature(acme, { name: 'overridden for ada' });
    const { body: created } = await createEnvironment({ name: 'Private overrides' });
    await insertRow(context.db, 'identities', {
      environment_id: created.id,
      identifier: 'ada',
      identifier_hash: sha256('ada'),
      created_date: now(),
    });
    await context.request({
      method: 'POST',
      path: `${environments}${created.api_key}/featurestates/`,
      as: acme.admin,
      body: { feature: feature.id, identifier: 'ada', enabled: true },
    });

    const open = await documentOf(created.api_key);
    await change(created.api_key, { use_identity_overrides_in_local_eval: false });
    const closed = await documentOf(created.api_key);

    expect(open.body.identity_overrides).toMatchObject([{ identifier: 'ada' }]);
    expect(closed.body.identity_overrides).toEqual([]);
  });
});

describe('own permissions', () => {
  const path = () => `${environments}${acme.production.apiKey}/my-permissions/`;

  test('of an organisation admin are all', async () => {
    const answer = await context.request({ path: path(), as: acme.admin });

    expect(answer.body).toEqual({ permissions: [], admin: true, tag_based_permissions: [] });
  });

  test('are not there for a master key', async () => {
    expect((await context.request({ path: path(), as: acme.masterKey })).status).toBe(400);
  });
});

describe('who may', () => {
  const routes = (tenant: Tenant) => {
    const one = `${environments}${tenant.production.apiKey}/`;
    const body = { name: 'Taken over' };
    return [
      { path: one },
      { path: `${one}document/` },
      { path: `${one}my-permissions/` },
      { path: `/api/v1/projects/${tenant.projectId}/environments/` },
      { path: `${environments}?project=${tenant.projectId}` },
      { method: 'POST', path: environments, body: { ...body, project: tenant.projectId } },
      { method: 'POST', path: `${one}clone/`, body },
      { method: 'PUT', path: one, body },
      { method: 'PATCH', path: one, body },
      { method: 'DELETE', path: one },
    ] as { method?: 'PUT'; path: string; body?: object }[];
  };

  test('another tenant gets a 404', async () => {
    const { uuid } = await rowOf(acme.production.apiKey);

    for (const request of [...routes(acme), { path: `${environments}get-by-uuid/${uuid}/` }]) {
      expect((await context.request({ ...request, as: rival.admin })).status).toBe(404);
      expect((await context.request({ ...request, as: rival.masterKey })).status).toBe(404);
    }
  });

  test('a member without permissions is refused', async () => {
    // Everybody may ask what they may do themselves.
    for (const request of routes(acme).filter(({ path }) => !path.endsWith('/my-permissions/'))) {
      const answer = await context.request({ ...request, as: acme.member });
      expect(answer.status).toBe(403);
      expect(answer.body).toEqual({ detail: 'You do not have permission to perform this action.' });
    }
  });

  test('nobody is asked for credentials', async () => {
    for (const request of routes(acme)) expect((await context.request(request)).status).toBe(401);
  });
});

/** A multivariate feature with two overrides in production, straight in the database: one has weights, the other is stronger. */
async function overriddenFeature(tenant: Tenant, name: string): Promise<void> {
  const feature = await createFeature(tenant, {
    name,
    initial_value: 'control',
    multivariate_options: [
      { type: 'unicode', string_value: 'red', default_percentage_allocation: 10 },
      { type: 'unicode', string_value: 'blue', default_percentage_allocation: 20 },
    ],
  });
  const override = async (segment: string, priority: number, value: string) => {
    const segmentId = await insertRow(context.db, 'segments', {
      uuid: crypto.randomUUID(),
      project_id: tenant.projectId,
      feature_id: null,
      name: segment,
      description: null,
      rules: '[]',
      version: 1,
      created_at: now(),
      updated_at: now(),
      deleted_at: null,
    });
    const featureSegmentId = await insertRow(context.db, 'feature_segments', {
      uuid: crypto.randomUUID(),
      feature_id: feature.id,
      segment_id: segmentId,
      environment_id: tenant.production.id,
      priority,
    });
    return insertRow(context.db, 'feature_states', {
      uuid: crypto.randomUUID(),
      environment_id: tenant.production.id,
      feature_id: feature.id,
      scope: `segment:${featureSegmentId}`,
      identity_id: null,
      feature_segment_id: featureSegmentId,
      enabled: 1,
      value_type: 'unicode',
      string_value: value,
      integer_value: null,
      boolean_value: null,
      lineage_id: 4242,
      live_from: now(),
      created_at: now(),
      updated_at: now(),
    });
  };
  const weighed = await override('us', 1, 'for us');
  await override('them', 0, 'for them');
  for (const [index, option] of feature.multivariate_options.entries()) {
    await insertRow(context.db, 'feature_state_variants', {
      uuid: crypto.randomUUID(),
      feature_state_id: weighed,
      multivariate_option_id: option.id,
      percentage_allocation: index === 0 ? 30 : 0,
    });
  }
  await context.db
    .updateTable('environments')
    .set((eb) => ({ version: eb('version', '+', 1) }))
    .where('id', '=', tenant.production.id)
    .execute();
}

/** A document without what no copy shares: ids of rows, keys and times. */
function comparable(document: {
  feature_states: DocumentFeatureState[];
  project: { segments: { name: string; feature_states: DocumentFeatureState[] }[] };
}) {
  const statesOf = (states: DocumentFeatureState[]) =>
    states.map((state) => ({
      feature: state.feature,
      enabled: state.enabled,
      value: state.feature_state_value,
      lineage: state.django_id,
      priority: state.feature_segment?.priority ?? null,
      weights: state.multivariate_feature_state_values.map((variant) => variant.percentage_allocation),
      variants: state.multivariate_feature_state_values.map((variant) => variant.multivariate_feature_option),
    }));
  return {
    states: statesOf(document.feature_states),
    segments: document.project.segments.map((segment) => ({
      name: segment.name,
      states: statesOf(segment.feature_states),
    })),
  };
}

describe('the onboarding status', () => {
  const path = (apiKey: string) => `${environments}${apiKey}/onboarding-status/`;
  const report = (apiKey: string, label: unknown, as = acme.admin) =>
    context.request({ method: 'PUT', path: path(apiKey), as, body: { first_evaluated_sdk_label: label } });

  test('tells whoever has the key when an SDK first asked; the first report stays', async () => {
    const { api_key: apiKey } = (await createEnvironment({ name: 'Onboarding' })).body;

    const before = await context.request({ path: path(apiKey) });
    const reported = await report(apiKey, 'flagsmith-js-sdk');
    const after = await context.request({ path: path(apiKey) });
    await report(apiKey, 'flagsmith-go-sdk');

    expect([before.status, before.body]).toEqual([200, { first_evaluated_at: null, first_evaluated_sdk_label: null }]);
    expect([reported.status, after.body]).toEqual([
      204,
      { first_evaluated_at: expect.any(String), first_evaluated_sdk_label: 'flagsmith-js-sdk' },
    ]);
    expect((await context.request({ path: path(apiKey) })).body).toEqual(after.body);
  });

  test('is not there without an environment, and is reported by its administrators', async () => {
    const { apiKey } = acme.development;

    const unknown = await context.request({ path: path('nothing') });
    const statuses = [
      (await report(apiKey, 'x', acme.member)).status,
      (await report(apiKey, 'x', rival.admin)).status,
      (await report(apiKey, 'x'.repeat(101))).status,
      (await context.request({ method: 'PUT', path: path(apiKey), body: {} })).status,
    ];

    expect([unknown.status, unknown.body]).toEqual([404, { detail: 'Not found.' }]);
    expect(statuses).toEqual([403, 404, 400, 401]);
  });
});
