import { compileDocument } from '@halyard/engine';
import { beforeEach, describe, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { seedTenant, type Tenant } from '../testing/seed.ts';

const context = testContext();
let tenant: Tenant;

beforeEach(async () => {
  tenant = await seedTenant(context.db);
});

describe('a round trip', () => {
  test('gives documents that differ in nothing but ids, keys and times', async () => {
    await fill();

    const imported = await importFile(tenant, await exportFile());

    const [production, development] = imported.body.environments;
    expect(imported.status).toBe(201);
    expect(await normalised(production.api_key)).toEqual(await normalised(tenant.production.apiKey));
    expect(await normalised(development.api_key)).toEqual(await normalised(tenant.development.apiKey));
  });

  test('gives a file that differs in nothing but refs, keys and the name', async () => {
    await fill();
    const file = await exportFile();

    const imported = await importFile(tenant, file);

    const again = (await get(`projects/${imported.body.id}/export/`)).body;
    expect(withoutRefs(again)).toEqual(withoutRefs({ ...file, project: { ...file.project, name: 'Copy' } }));
  });

  test('with kept keys gives people what they had', async () => {
    await fill();
    const before = await served(tenant.production.apiKey);
    const file = await exportFile();
    await context.request({ method: 'DELETE', path: `/api/v1/projects/${tenant.projectId}/`, as: tenant.admin });
    // Another installation does not know the keys, and has no such states.
    await context.db
      .updateTable('environments')
      .set({ api_key: `gone-${tenant.production.id}` })
      .where('id', '=', tenant.production.id)
      .execute();
    await context.db
      .updateTable('environments')
      .set({ api_key: `gone-${tenant.development.id}` })
      .where('id', '=', tenant.development.id)
      .execute();

    const states = await context.db
      .selectFrom('feature_states')
      .select('id')
      .where('identity_id', 'is not', null)
      .execute();
    for (const { id } of states) {
      await context.db.updateTable('feature_states').set({ uuid: crypto.randomUUID() }).where('id', '=', id).execute();
    }

    const imported = await importFile(tenant, file, '&keep_keys=true');

    expect(imported.status).toBe(201);
    expect(imported.body.environments[0].api_key).toBe(tenant.production.apiKey);
    expect(new Set(before.map((row) => row.join())).size).toBeGreaterThan(3);
    expect(await served(tenant.production.apiKey)).toEqual(before);
  });

  test('keeps tags, owners of the organisation and custom fields', async () => {
    const feature = await fill();

    const imported = await importFile(tenant, await exportFile());

    const file = (await get(`projects/${imported.body.id}/export/`)).body;
    const copy = file.features.find((one: any) => one.name === 'color');
    expect(copy.tags).toEqual([file.tags[0].ref]);
    expect(copy.owners).toEqual([await emailOf(tenant.adminId)]);
    expect(copy.custom_fields).toEqual([{ field: file.custom_fields[0].ref, value: 'PROJ-1' }]);
    expect(feature).toBeGreaterThan(0);
  });

  test('lets features of an environment with versions go on with versions', async () => {
    await fill();
    await post(`environments/${tenant.production.apiKey}/enable-v2-versioning/`, {});

    const imported = await importFile(tenant, await exportFile());

    const [production, development] = imported.body.environments;
    const features = (await get(`projects/${imported.body.id}/features/`)).body.results;
    const { id } = features.find((one: any) => one.name === 'Page size');
    const path = `environments/${production.id}/features/${id}/versions/`;
    const { count, results } = (await get(path)).body;
    const states = (await get(`${path}${results[0].uuid}/featurestates/`)).body;
    expect([count, results[0].is_live]).toEqual([1, true]);
    expect(states.map((state: any) => [state.feature_segment?.priority, state.feature_state_value])).toMatchObject([
      [undefined, { integer_value: 10 }],
      [0, { integer_value: 99 }],
      [1, { integer_value: 99 }],
    ]);
    const versioned = async (key: string) => (await get(`environments/${key}/`)).body.use_v2_feature_versioning;
    expect([await versioned(production.api_key), await versioned(development.api_key)]).toEqual([true, false]);
  });

  test('comes to another organisation as well', async () => {
    await fill();
    const rival = await seedTenant(context.db);

    const imported = await importFile(rival, await exportFile());

    expect(imported.status).toBe(201);
    expect(imported.body.organisation).toBe(rival.organisationId);
  });
});

describe('a file without secrets', () => {
  test('holds no server-side key', async () => {
    const key = await post(`environments/${tenant.production.apiKey}/api-keys/`, { name: 'server' });

    const file = await exportFile();

    expect(key.body.key).toMatch(/^ser\./);
    expect(JSON.stringify(file)).not.toContain(key.body.key);
  });

  test('is downloaded under a name', async () => {
    const answer = await get(`projects/${tenant.projectId}/export/`);

    expect(answer.headers['content-disposition']).toBe('attachment; filename="project.json"');
  });
});

describe('a wrong file is refused by the place of the mistake, and nothing is created', () => {
  const state = (feature: string) => ({ feature, enabled: false, value: null });

  test.each<[string, object, Record<string, unknown>]>([
    ['another format', { format: 'other' }, { format: ['Invalid input: expected "halyard-project"'] }],
    ['a later version', { version: 2 }, { version: ['Invalid input: expected 1'] }],
    [
      'a wrong type',
      { features: [{ name: 'a', default_enabled: 'no' }] },
      { 'features[0].default_enabled': ['Invalid input: expected boolean, received string'] },
    ],
    [
      'features whose names fold alike',
      { features: [{ name: 'a b' }, { name: 'A_b' }] },
      { 'features[1].name': ['This is in the list already.'] },
    ],
    [
      'an environment without a state of a feature',
      { features: [{ name: 'a' }], environments: [{ name: 'Production', states: [] }] },
      { 'environments[0].states': ['The feature "a" has no state here.'] },
    ],
    [
      'a state of a feature that is not there',
      { environments: [{ name: 'Production', states: [state('ghost')] }] },
      { 'environments[0].states[0].feature': ['There is no feature of this name.'] },
    ],
    [
      'a weight of an option that is not there',
      {
        features: [{ name: 'a' }],
        environments: [{ name: 'P', states: [{ ...state('a'), weights: [{ option: 1, percentage: 5 }] }] }],
      },
      { 'environments[0].states[0].weights[0].option': ['The feature has no option of this ref.'] },
    ],
    [
      'an override for a segment that is not there',
      {
        features: [{ name: 'a' }],
        environments: [
          {
            name: 'P',
            states: [state('a')],
            segment_overrides: [{ feature: 'a', segment: 9, priority: 0, state: null }],
          },
        ],
      },
      { 'environments[0].segment_overrides[0].segment': ['There is no segment of this ref.'] },
    ],
    [
      'an identity that is there twice',
      {
        features: [{ name: 'a' }],
        environments: [
          {
            name: 'P',
            states: [state('a')],
            identity_overrides: [
              { identifier: 'ann', states: [state('a')] },
              { identifier: 'ann', states: [state('a')] },
            ],
          },
        ],
      },
      { 'environments[0].identity_overrides[1].identifier': ['This is in the list already.'] },
    ],
  ])('%s', async (_, change, problems) => {
    const file = { format: 'halyard-project', version: 1, project: { name: 'x' }, features: [], environments: [] };

    const answer = await importFile(tenant, { ...file, ...change });

    expect([answer.status, answer.body]).toEqual([400, problems]);
    expect(await projectCount()).toBe(1);
  });

  test('a name that the organisation has', async () => {
    const answer = await importFile(tenant, await exportFile(), '', 'Shop');

    expect([answer.status, answer.body]).toEqual([
      400,
      { non_field_errors: ['A project with this name already exists.'] },
    ]);
    expect(await projectCount()).toBe(1);
  });

  test('a key that is taken', async () => {
    const answer = await importFile(tenant, await exportFile(), '&keep_keys=true');

    expect([answer.status, Object.keys(answer.body)]).toEqual([400, ['environments[0].key', 'environments[1].key']]);
    expect(await projectCount()).toBe(1);
  });
});

describe('only those who may', () => {
  test.each([
    ['another tenant', 404, async () => (await seedTenant(context.db)).admin],
    ['a member without permission', 403, async () => tenant.member],
    ['nobody', 401, async () => undefined],
  ])('%s cannot export or import', async (_, status, whoever) => {
    const as = await whoever();
    const who = as === undefined ? {} : { as };

    const exported = await context.request({ path: `/api/v1/projects/${tenant.projectId}/export/`, ...who });
    const imported = await context.request({
      method: 'POST',
      path: `/api/v1/organisations/${tenant.organisationId}/import-project/`,
      body: {},
      ...who,
    });

    expect([exported.status, imported.status]).toEqual([status, status]);
  });
});

/** Fills the tenant's project with one of everything, and answers the multivariate feature's id. */
async function fill(): Promise<number> {
  const { projectId, production, development } = tenant;
  const features = `projects/${projectId}/features/`;
  const color = await post(features, {
    name: 'color',
    initial_value: 'grey',
    default_enabled: true,
    multivariate_options: [
      { string_value: 'red', default_percentage_allocation: 30, key: 'red' },
      { type: 'int', integer_value: 7, default_percentage_allocation: 30 },
    ],
  });
  await post(features, { name: 'old', is_archived: true });
  const size = await post(features, { name: 'Page size', initial_value: '10', is_server_key_only: true });
  const rule = (property: string, value: string) => ({
    type: 'ALL',
    conditions: [],
    rules: [{ type: 'ANY', rules: [], conditions: [{ operator: 'EQUAL', property, value, description: 'why' }] }],
  });
  const paying = await post(`projects/${projectId}/segments/`, { name: 'paying', rules: [rule('plan', 'pro')] });
  const half = await post(`projects/${projectId}/segments/`, {
    name: 'of the feature',
    feature: size.body.id,
    rules: [rule('country', 'FI')],
  });
  const override = (environment: { apiKey: string }, feature: number, segment: number, priority: number) =>
    post(`environments/${environment.apiKey}/features/${feature}/create-segment-override/`, {
      enabled: false,
      feature_state_value: { type: 'int', integer_value: 99 },
      feature_segment: { segment, priority },
    });
  await override(production, size.body.id, half.body.id, 0);
  await override(production, size.body.id, paying.body.id, 0);
  await override(development, color.body.id, paying.body.id, 0);
  for (const identifier of Array.from({ length: 20 }, (_, index) => `tester ${index}`)) {
    const identity = await post(`environments/${production.apiKey}/identities/`, { identifier });
    await post(`environments/${production.apiKey}/identities/${identity.body.id}/featurestates/`, {
      feature: color.body.id,
      enabled: true,
      feature_state_value: 'mine',
      multivariate_feature_state_values: [
        { multivariate_feature_option: color.body.multivariate_options[1].id, percentage_allocation: 60 },
      ],
    });
  }
  await context.request({
    method: 'PATCH',
    path: `/api/v1/environments/${development.apiKey}/`,
    as: tenant.admin,
    body: { hide_disabled_flags: true, description: 'ours', banner_text: 'careful' },
  });
  const tag = await post(`projects/${projectId}/tags/`, { label: 'one', color: '#fff' });
  await context.db.insertInto('feature_tags').values({ feature_id: color.body.id, tag_id: tag.body.id }).execute();
  await context.db.deleteFrom('feature_owners').where('feature_id', '=', color.body.id).execute();
  await context.db
    .insertInto('feature_owners')
    .values({ feature_id: color.body.id, user_id: tenant.adminId })
    .execute();
  await customField(color.body.id);
  return color.body.id;
}

async function customField(featureId: number) {
  const { organisationId } = tenant;
  await context.db
    .insertInto('metadata_fields')
    .values({
      organisation_id: organisationId,
      project_id: null,
      scope: 'organisation',
      name: 'ticket',
      type: 'str',
      description: null,
    })
    .execute();
  const field = await context.db
    .selectFrom('metadata_fields')
    .where('organisation_id', '=', organisationId)
    .select('id')
    .executeTakeFirstOrThrow();
  await context.db.insertInto('metadata_model_fields').values({ field_id: field.id, content_type: 4 }).execute();
  const model = await context.db
    .selectFrom('metadata_model_fields')
    .where('field_id', '=', field.id)
    .select('id')
    .executeTakeFirstOrThrow();
  await context.db
    .insertInto('metadata_values')
    .values({ model_field_id: model.id, content_type: 4, object_id: featureId, field_value: 'PROJ-1' })
    .execute();
}

async function exportFile(): Promise<any> {
  return (await get(`projects/${tenant.projectId}/export/`)).body;
}

async function importFile(into: Tenant, file: unknown, query = '', name = 'Copy') {
  return context.request({
    method: 'POST',
    path: `/api/v1/organisations/${into.organisationId}/import-project/?name=${name}${query}`,
    as: into.admin,
    body: file,
  });
}

async function documentOf(apiKey: string) {
  return (await get(`environments/${apiKey}/document/`)).body;
}

/** A document with ids, uuids, keys and times replaced by the order in which each kind of them first appears. */
async function normalised(apiKey: string) {
  const numbers = new Map<string, Map<unknown, number>>();
  const orderOf = (kind: string, value: unknown) => {
    const known = numbers.get(kind) ?? new Map<unknown, number>();
    numbers.set(kind, known);
    if (!known.has(value)) known.set(value, known.size);
    return known.get(value);
  };
  const walk = (value: any, kind: string): unknown => {
    if (Array.isArray(value)) return value.map((item) => walk(item, kind));
    if (value === null || typeof value !== 'object') {
      return kind === 'server_key_only_feature_ids' ? orderOf('feature', value) : value;
    }
    const fields = Object.entries(value).map(([name, field]) => {
      if (name === 'id') return [name, orderOf(kind, field)];
      if (name.endsWith('uuid')) return [name, orderOf(name, field)];
      if (/key$|_at$|_date$/.test(name) && name !== 'key') return [name, name];
      // The number of a state is its seed, which stays.
      if (name === 'django_id' && kind === 'identity_overrides') return [name, orderOf(name, field)];
      if (name === 'name' && kind === 'project') return [name, name];
      return [name, walk(field, name)];
    });
    return Object.fromEntries(fields);
  };
  return walk(await documentOf(apiKey), 'environment');
}

function withoutRefs(file: any) {
  const order = new Map<number, number>();
  const orderOf = (ref: number) => {
    if (!order.has(ref)) order.set(ref, order.size);
    return order.get(ref);
  };
  return JSON.parse(
    JSON.stringify({ ...file, exported_at: '' }, (name, value) => {
      if (['ref', 'option', 'segment', 'field'].includes(name)) return orderOf(value);
      if (name === 'tags' && typeof value[0] === 'number') return value.map(orderOf);
      if (name === 'uuid') return '';
      return name === 'key' && typeof value === 'string' && value.length > 20 ? 'key' : value;
    }),
  );
}

/** What two hundred people get. */
async function served(apiKey: string): Promise<unknown[][]> {
  const document = compileDocument(await documentOf(apiKey));
  return Array.from({ length: 200 }, (_, index) => {
    const traits = new Map<string, string>([
      ['plan', index % 3 === 0 ? 'pro' : 'free'],
      ['country', index % 2 === 0 ? 'FI' : 'SE'],
    ]);
    const identifier = index < 20 ? `tester ${index}` : `person ${index * 7919}`;
    return document
      .decide({ identifier, traits })
      .map((outcome) => `${outcome.feature.name} ${outcome.enabled} ${outcome.value}`);
  });
}

async function projectCount() {
  const rows = await context.db
    .selectFrom('projects')
    .where('organisation_id', '=', tenant.organisationId)
    .select('id')
    .execute();
  return rows.length;
}

async function emailOf(userId: number) {
  return (await context.db.selectFrom('users').where('id', '=', userId).select('email').executeTakeFirstOrThrow())
    .email;
}

async function post(path: string, body: unknown) {
  const answer = await context.request({ method: 'POST', path: `/api/v1/${path}`, as: tenant.admin, body });
  if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer;
}

async function get(path: string) {
  return context.request({ path: `/api/v1/${path}`, as: tenant.admin });
}
