import { beforeEach, describe, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { seedEnvironment, seedTenant, type Tenant } from '../testing/seed.ts';

const context = testContext();
let tenant: Tenant;

beforeEach(async () => {
  tenant = await seedTenant(context.db);
});

describe('exporting features', () => {
  test('a finished export is listed and downloads as a file', async () => {
    await feature({ name: 'checkout', initial_value: '7', default_enabled: true });

    const created = await exportFrom(tenant.production.id);
    const list = await get(`projects/${tenant.projectId}/feature-exports/`);
    const file = await get(`features/download-feature-export/${created.body.id}/`);

    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ environment_id: tenant.production.id, status: 'SUCCESS' });
    expect(created.body.name).toMatch(/^Production \| \d{4}-\d\d-\d\d \d\d:\d\d UTC$/);
    expect(list.body.results).toEqual([created.body]);
    expect(file.headers['content-disposition']).toBe('attachment; filename="feature_export.json"');
    expect(file.body).toEqual([
      {
        name: 'checkout',
        default_enabled: true,
        is_server_key_only: false,
        initial_value: '7',
        value: 7,
        type: 'int',
        enabled: true,
        multivariate: [],
      },
    ]);
  });

  test('archived features stay out', async () => {
    await feature({ name: 'old', is_archived: true });

    expect(await fileOf(tenant.production.id)).toEqual([]);
  });

  test('tags choose the features', async () => {
    const { id } = await feature({ name: 'tagged' });
    await feature({ name: 'other' });
    const tag = await post(`projects/${tenant.projectId}/tags/`, { label: 'one', color: '#fff' });
    await context.db.insertInto('feature_tags').values({ feature_id: id, tag_id: tag.body.id }).execute();

    const created = await post('features/create-feature-export/', {
      environment_id: tenant.production.id,
      tag_ids: [tag.body.id],
    });
    const file = await get(`features/download-feature-export/${created.body.id}/`);

    expect(file.body.map((item: any) => item.name)).toEqual(['tagged']);
  });

  test('a tag of another project is refused', async () => {
    const answer = await post('features/create-feature-export/', {
      environment_id: tenant.production.id,
      tag_ids: [999_999],
    });

    expect([answer.status, answer.body]).toEqual([400, { tag_ids: ['Invalid pk "999999" - object does not exist.'] }]);
  });

  test('the list of tags must be given', async () => {
    const answer = await post('features/create-feature-export/', { environment_id: tenant.production.id });

    expect([answer.status, answer.body]).toEqual([400, { tag_ids: ['This field is required.'] }]);
  });

  test('an export that is not finished cannot be downloaded', async () => {
    const created = await exportFrom(tenant.production.id);
    await context.db
      .updateTable('feature_exports')
      .set({ status: 'FAILED' })
      .where('id', '=', created.body.id)
      .execute();

    const answer = await get(`features/download-feature-export/${created.body.id}/`);

    expect([answer.status, answer.body]).toEqual([400, { detail: "Unable to download export with status 'FAILED'." }]);
  });
});

describe('importing features', () => {
  test('new features come into every environment as they were created, into this one as they stand', async () => {
    const file = [
      {
        ...item('banner'),
        default_enabled: false,
        initial_value: 'hello',
        value: 'goodbye',
        type: 'unicode',
        enabled: true,
        multivariate: [
          { percentage_allocation: 40, default_percentage_allocation: 10, value: 'a', type: 'unicode' },
          { percentage_allocation: 5, default_percentage_allocation: 20, value: 3, type: 'int' },
        ],
      },
    ];

    const answer = await importInto(tenant.production.id, 'SKIP', file);

    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ environment_id: tenant.production.id, strategy: 'SKIP', status: 'SUCCESS' });
    expect(await fileOf(tenant.production.id)).toEqual(file);
    expect((await fileOf(tenant.development.id))[0]).toMatchObject({
      value: 'hello',
      enabled: false,
      multivariate: [{ percentage_allocation: 10 }, { percentage_allocation: 20 }],
    });
  });

  test('an import is listed', async () => {
    const answer = await importInto(tenant.production.id, 'SKIP', []);

    expect((await get(`projects/${tenant.projectId}/feature-imports/`)).body.results).toEqual([answer.body]);
  });

  test('SKIP leaves what is there', async () => {
    await feature({ name: 'checkout', initial_value: 'mine' });
    const before = await versions();

    await importInto(tenant.production.id, 'SKIP', [{ ...item('checkout'), value: 'theirs' }]);

    expect((await fileOf(tenant.production.id))[0].value).toBe('mine');
    expect(await versions()).toEqual(before);
  });

  test('in an environment with versions, what is imported is a version of each feature', async () => {
    await feature({ name: 'checkout', initial_value: 'mine' });
    await post(`environments/${tenant.production.apiKey}/enable-v2-versioning/`, {});
    const file = [
      { ...item('checkout'), value: 'theirs' },
      { ...item('new'), value: 'new' },
    ];

    await importInto(tenant.production.id, 'OVERWRITE_DESTRUCTIVE', file);
    await importInto(tenant.production.id, 'OVERWRITE_DESTRUCTIVE', file);

    const found = [];
    for (const { id } of (await get(`projects/${tenant.projectId}/features/`)).body.results) {
      const path = `environments/${tenant.production.id}/features/${id}/versions/`;
      const list = (await get(path)).body.results;
      const [state] = (await get(`${path}${list[0].uuid}/featurestates/`)).body;
      found.push([list.length, state.feature_state_value.string_value]);
    }
    expect(found).toEqual([
      [2, 'theirs'],
      [1, 'new'],
    ]);
  });

  test('OVERWRITE_DESTRUCTIVE gives this environment the state of the file, and leaves the others', async () => {
    await feature({ name: 'Check out', initial_value: 'mine' });

    await importInto(tenant.production.id, 'OVERWRITE_DESTRUCTIVE', [
      { ...item('check out'), value: 5, type: 'int', enabled: true },
    ]);

    expect((await fileOf(tenant.production.id))[0]).toMatchObject({ name: 'Check out', value: 5, enabled: true });
    expect((await fileOf(tenant.development.id))[0]).toMatchObject({ value: 'mine', enabled: false });
  });

  test('OVERWRITE_DESTRUCTIVE removes the overrides of this environment', async () => {
    const { id } = await feature({ name: 'checkout' });
    await overrideForIdentity(tenant.production, id);
    await overrideForIdentity(tenant.development, id);

    await importInto(tenant.production.id, 'OVERWRITE_DESTRUCTIVE', [item('checkout')]);

    expect(await overrides()).toEqual([tenant.development.id]);
  });

  test('variations are matched by type and value; missing ones are added for nobody elsewhere, others get nothing here', async () => {
    await feature({
      name: 'color',
      multivariate_options: [
        { string_value: 'red', default_percentage_allocation: 30 },
        { string_value: 'blue', default_percentage_allocation: 60 },
      ],
    });
    const variation = (value: string, weight: number) => ({
      percentage_allocation: weight,
      default_percentage_allocation: 50,
      value,
      type: 'unicode',
    });

    await importInto(tenant.production.id, 'OVERWRITE_DESTRUCTIVE', [
      { ...item('color'), multivariate: [variation('red', 70), variation('green', 30)] },
    ]);

    const weights = async (environmentId: number) =>
      (await fileOf(environmentId))[0].multivariate.map((one: any) => [one.value, one.percentage_allocation]);
    expect(await weights(tenant.production.id)).toEqual([
      ['red', 70],
      ['blue', 0],
      ['green', 30],
    ]);
    expect(await weights(tenant.development.id)).toEqual([
      ['red', 30],
      ['blue', 60],
      ['green', 0],
    ]);
  });

  test('a repeat changes nothing and takes no version', async () => {
    const file = [{ ...item('one'), enabled: true }, item('two')];
    await importInto(tenant.production.id, 'OVERWRITE_DESTRUCTIVE', file);
    const before = await versions();

    await importInto(tenant.production.id, 'OVERWRITE_DESTRUCTIVE', file);

    expect(await versions()).toEqual(before);
  });

  test.each([
    ['no JSON', 'nonsense', /^This is not JSON: /],
    ['no list', '{}', /^Expected a list of features\.$/],
    ['a wrong field', [item('a'), { ...item('b'), enabled: 'yes' }], /^Item 2: enabled: /],
    ['a value of another type', [{ ...item('a'), type: 'int' }], /^Item 1: value: Must be of type "int"\.$/],
    ['names that fold alike', [item('a b'), item('A_b')], /^Item 2: name: Item 1 has the same name\.$/],
    [
      'weights beyond 100',
      [
        {
          ...item('a'),
          multivariate: ['x', 'y'].map((value) => ({
            percentage_allocation: 60,
            default_percentage_allocation: 1,
            value,
            type: 'unicode',
          })),
        },
      ],
      /^Item 1: multivariate: Multivariate percentage values exceed 100%\.$/,
    ],
  ])('%s is refused and nothing is imported', async (_, file, message) => {
    const answer = await importInto(tenant.production.id, 'SKIP', file);

    expect([answer.status, answer.body]).toEqual([400, { file: [expect.stringMatching(message)] }]);
    expect(await fileOf(tenant.production.id)).toEqual([]);
  });

  test('a name that the project does not allow is refused', async () => {
    await context.db
      .updateTable('projects')
      .set({ feature_name_regex: '[a-z]+' })
      .where('id', '=', tenant.projectId)
      .execute();

    const answer = await importInto(tenant.production.id, 'SKIP', [item('Not-Allowed')]);

    expect([answer.status, answer.body]).toEqual([
      400,
      { file: ['Item 1: name: Feature name must match regex: [a-z]+'] },
    ]);
  });

  test('a file of more than a million bytes is refused', async () => {
    const answer = await importInto(tenant.production.id, 'SKIP', ' '.repeat(1_000_001));

    expect([answer.status, answer.body]).toEqual([400, { file: ['File size is too large.'] }]);
  });

  test('file and strategy are required', async () => {
    const answer = await upload(tenant.production.id, {}, tenant.admin);

    expect([answer.status, answer.body]).toEqual([
      400,
      { file: ['No file was submitted.'], strategy: ['This field is required.'] },
    ]);
  });

  test('a strategy that is none is refused', async () => {
    const answer = await importInto(tenant.production.id, 'MERGE', []);

    expect([answer.status, answer.body]).toEqual([400, { strategy: ['"MERGE" is not a valid choice.'] }]);
  });

  test('a broken body is refused', async () => {
    const answer = await context.request({
      method: 'POST',
      path: `/api/v1/features/feature-import/${tenant.production.id}`,
      as: tenant.admin,
      body: 'nonsense',
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
    });

    expect([answer.status, answer.body]).toEqual([
      400,
      { detail: 'Multipart form parse error - the body does not fit its boundary.' },
    ]);
  });

  test('other routes take no multipart bodies', async () => {
    const answer = await context.request({
      method: 'POST',
      path: `/api/v1/projects/${tenant.projectId}/features/`,
      as: tenant.admin,
      body: '--x--',
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
    });

    expect(answer.status).toBe(415);
  });

  test.each([
    ['another tenant', 404, async () => (await seedTenant(context.db)).admin],
    ['a member without permission', 403, async () => tenant.member],
    ['nobody', 401, async () => undefined],
  ])('%s is refused', async (_, status, as) => {
    const answer = await upload(tenant.production.id, { strategy: 'SKIP', file: '[]' }, await as());

    expect(answer.status).toBe(status);
  });

  test('many features come in few statements', async () => {
    await seedEnvironment(context.db, { projectId: tenant.projectId, name: 'Third' });
    const file = Array.from({ length: 2000 }, (_, index) => item(`feature ${index}`));

    const answer = await importInto(tenant.production.id, 'SKIP', file);

    expect(answer.status).toBe(201);
    expect(await fileOf(tenant.production.id)).toHaveLength(2000);
  });
});

function item(name: string) {
  return {
    name,
    default_enabled: false,
    is_server_key_only: false,
    initial_value: null,
    value: 'text' as unknown,
    type: 'unicode',
    enabled: false,
    multivariate: [] as unknown[],
  };
}

async function feature(body: unknown) {
  return (await post(`projects/${tenant.projectId}/features/`, body)).body;
}

async function post(path: string, body: unknown) {
  return context.request({ method: 'POST', path: `/api/v1/${path}`, as: tenant.admin, body });
}

async function get(path: string) {
  return context.request({ path: `/api/v1/${path}`, as: tenant.admin });
}

async function exportFrom(environmentId: number) {
  return post('features/create-feature-export/', { environment_id: environmentId, tag_ids: [] });
}

async function fileOf(environmentId: number) {
  return (await get(`features/download-feature-export/${(await exportFrom(environmentId)).body.id}/`)).body;
}

async function importInto(environmentId: number, strategy: string, file: unknown) {
  const text = typeof file === 'string' ? file : JSON.stringify(file);
  return upload(environmentId, { strategy, file: text }, tenant.admin);
}

async function upload(
  environmentId: number,
  { strategy, file }: { strategy?: string; file?: string },
  as: string | undefined,
) {
  const parts = [
    ...(strategy === undefined
      ? []
      : [`--edge\r\nContent-Disposition: form-data; name="strategy"\r\n\r\n${strategy}\r\n`]),
    ...(file === undefined
      ? []
      : [
          `--edge\r\nContent-Disposition: form-data; name="file"; filename="f.json"\r\nContent-Type: application/json\r\n\r\n${file}\r\n`,
        ]),
  ];
  return context.request({
    method: 'POST',
    path: `/api/v1/features/feature-import/${environmentId}`,
    ...(as !== undefined && { as }),
    body: `${parts.join('')}--edge--\r\n`,
    headers: { 'content-type': 'multipart/form-data; boundary=edge' },
  });
}

async function overrideForIdentity(environment: { apiKey: string }, featureId: number) {
  const identity = await post(`environments/${environment.apiKey}/identities/`, { identifier: 'ann' });
  await post(`environments/${environment.apiKey}/identities/${identity.body.id}/featurestates/`, {
    feature: featureId,
    enabled: true,
  });
}

async function overrides() {
  const rows = await context.db
    .selectFrom('feature_states')
    .innerJoin('environments', 'environments.id', 'feature_states.environment_id')
    .where('environments.project_id', '=', tenant.projectId)
    .where('scope', '<>', 'environment')
    .select('environment_id')
    .execute();
  return rows.map((row) => row.environment_id);
}

async function versions() {
  const rows = await context.db
    .selectFrom('environments')
    .where('project_id', '=', tenant.projectId)
    .select('version')
    .orderBy('id')
    .execute();
  return rows.map((row) => row.version);
}
