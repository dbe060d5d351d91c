import { beforeAll, describe, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { seedMasterKey, seedTenant, seedUser, type Tenant } from '../testing/seed.ts';

const context = testContext();
let acme: Tenant;
let rival: Tenant;

beforeAll(async () => {
  acme = await seedTenant(context.db);
  rival = await seedTenant(context.db);
});

const projects = '/api/v1/projects/';

async function createProject(body: object, tenant = acme) {
  return context.request({
    method: 'POST',
    path: projects,
    as: tenant.admin,
    body: { organisation: tenant.organisationId, ...body },
  });
}

async function change(id: number, body: object, method: 'PUT' | 'PATCH' = 'PATCH') {
  return context.request({ method, path: `${projects}${id}/`, as: acme.admin, body });
}

const namesOf = (answer: { body: { name: string }[] }) => answer.body.map((project) => project.name);

const environmentOf = (id: number) =>
  context.db.selectFrom('environments').where('id', '=', id).selectAll().executeTakeFirstOrThrow();

const documentsOf = (tenant: Tenant) =>
  context.db
    .selectFrom('environment_documents')
    .where('environment_id', 'in', [tenant.production.id, tenant.development.id])
    .selectAll()
    .execute();

describe('creating a project', () => {
  test('starts with the defaults, and with realtime updates', async () => {
    const created = await createProject({ name: 'Defaults' });

    expect(created.status).toBe(201);
    expect(created.body).toEqual({
      id: expect.any(Number),
      uuid: expect.any(String),
      name: 'Defaults',
      organisation: acme.organisationId,
      hide_disabled_flags: false,
      prevent_flag_defaults: false,
      enable_realtime_updates: true,
      only_allow_lower_case_feature_names: true,
      feature_name_regex: null,
      stale_flags_limit_days: 30,
      minimum_change_request_approvals: null,
      enforce_feature_owners: false,
      enable_dynamo_db: false,
      use_edge_identities: false,
      show_edge_identity_overrides_for_feature: false,
      migration_status: 'NOT_APPLICABLE',
      edge_v2_migration_status: 'NOT_STARTED',
    });
  });

  test('takes what is given, false as well', async () => {
    const given = {
      name: 'All given',
      hide_disabled_flags: true,
      prevent_flag_defaults: true,
      enable_realtime_updates: false,
      only_allow_lower_case_feature_names: false,
      feature_name_regex: '[a-z_]+',
      stale_flags_limit_days: 7,
      minimum_change_request_approvals: 2,
      enforce_feature_owners: true,
    };

    const created = await createProject(given);

    expect(created.body).toMatchObject(given);
  });

  test('refuses a name that the organisation has', async () => {
    await createProject({ name: 'Twice' });

    const again = await createProject({ name: 'Twice' });

    expect(again.status).toBe(400);
    expect(again.body).toEqual({ non_field_errors: ['A project with this name already exists.'] });
  });

  test('gives the same name to only one of many requests at once', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => createProject({ name: 'Raced for' })));

    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 400, 400, 400]);
  });

  test('takes a name that differs in case, and one that another organisation has', async () => {
    await createProject({ name: 'Mobile App' });

    const otherCase = await createProject({ name: 'mobile app' });
    const elsewhere = await createProject({ name: 'Mobile App' }, rival);

    expect([otherCase.status, elsewhere.status]).toEqual([201, 201]);
  });

  test.each([
    [{}, { name: ['This field is required.'] }],
    [{ name: '' }, { name: ['This field may not be blank.'] }],
    [{ name: 'x'.repeat(2001) }, { name: ['Ensure this field has no more than 2000 characters.'] }],
    [{ name: 'x', hide_disabled_flags: 'perhaps' }, { hide_disabled_flags: ['Must be a valid boolean.'] }],
    [{ name: 'x', hide_disabled_flags: null }, { hide_disabled_flags: ['This field may not be null.'] }],
    [{ name: 'x', stale_flags_limit_days: -1 }, { stale_flags_limit_days: [expect.stringContaining('0')] }],
    [
      { name: 'x', feature_name_regex: '[a-z' },
      { feature_name_regex: [expect.stringContaining('valid regular expression')] },
    ],
    [{ name: 'x', feature_name_regex: '(?=a)a' }, { feature_name_regex: [expect.stringContaining('RE2')] }],
    [
      { name: 'x', feature_name_regex: 'a'.repeat(256) },
      { feature_name_regex: ['Ensure this field has no more than 255 characters.'] },
    ],
  ])('names the field that is wrong: %j', async (body, errors) => {
    const refused = await createProject(body);

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual(errors);
  });

  test('needs an organisation', async () => {
    const refused = await context.request({ method: 'POST', path: projects, as: acme.admin, body: { name: 'x' } });

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual({ organisation: ['This field is required.'] });
  });

  test("is not possible in another's organisation", async () => {
    const refused = await createProject({ name: 'Intruder', organisation: rival.organisationId });

    expect(refused.status).toBe(404);
  });

  test('is written to the audit log', async () => {
    const { body: project } = await createProject({ name: 'Audited' });

    const [change] = await context.db
      .selectFrom('changes')
      .where('project_id', '=', project.id)
      .select(['object_type', 'change_type', 'log', 'user_id'])
      .execute();
    expect(change).toEqual({
      object_type: 'PROJECT',
      change_type: 'CREATE',
      log: 'New Project created: Audited',
      user_id: acme.adminId,
    });
  });
});

describe('listing projects', () => {
  test('shows those of every organisation where the person is admin, and no others', async () => {
    const first = await seedTenant(context.db);
    const second = await seedTenant(context.db);
    await context.db
      .insertInto('organisation_members')
      .values({
        organisation_id: second.organisationId,
        user_id: first.adminId,
        role: 'ADMIN',
        date_joined: '2026-01-01T00:00:00.000000Z',
      })
      .execute();

    const list = await context.request({ path: projects, as: first.admin });

    expect(list.body.map((project: { id: number }) => project.id)).toEqual([first.projectId, second.projectId]);
  });

  test('shows those of the organisation that is asked for', async () => {
    const tenant = await seedTenant(context.db);

    const own = await context.request({ path: `${projects}?organisation=${tenant.organisationId}`, as: tenant.admin });
    const foreign = await context.request({
      path: `${projects}?organisation=${acme.organisationId}`,
      as: tenant.admin,
    });

    expect(namesOf(own)).toEqual(['Shop']);
    expect(foreign.body).toEqual([]);
  });

  test('finds one by its uuid', async () => {
    const { body: project } = await createProject({ name: 'Wanted' });

    const found = await context.request({ path: `${projects}?uuid=${project.uuid}`, as: acme.admin });

    expect(namesOf(found)).toEqual(['Wanted']);
  });

  test.each(['organisation=acme', 'organisation=0', 'uuid=no'])(
    'refuses a filter that cannot name anything: %s',
    async (query) => {
      const refused = await context.request({ path: `${projects}?${query}`, as: acme.admin });

      expect(refused.status).toBe(400);
    },
  );

  test('shows a master key the projects of its organisation', async () => {
    const tenant = await seedTenant(context.db);

    const list = await context.request({ path: projects, as: tenant.masterKey });

    expect(list.body.map((project: { id: number }) => project.id)).toEqual([tenant.projectId]);
  });

  test('shows nothing to those who may see nothing', async () => {
    const weakKey = await seedMasterKey(context.db, { organisationId: acme.organisationId, isAdmin: false });
    const stranger = await seedUser(context.db);

    for (const as of [acme.member, weakKey, stranger.authorization]) {
      const list = await context.request({ path: projects, as });
      expect(list.body).toEqual([]);
    }
  });
});

describe('the projects of an organisation', () => {
  const path = (tenant: Tenant) => `/api/v1/organisations/${tenant.organisationId}/projects/`;

  test('are listed to its admin', async () => {
    const tenant = await seedTenant(context.db);

    const list = await context.request({ path: path(tenant), as: tenant.admin });

    expect(namesOf(list)).toEqual(['Shop']);
  });

  test('are hidden from a member who may see none of them', async () => {
    const list = await context.request({ path: path(acme), as: acme.member });

    expect(list.status).toBe(200);
    expect(list.body).toEqual([]);
  });

  test("are not there in another's organisation", async () => {
    const list = await context.request({ path: path(rival), as: acme.admin });

    expect(list.status).toBe(404);
  });
});

describe('reading a project', () => {
  test('tells how much is in it, and that nothing is limited', async () => {
    const tenant = await seedTenant(context.db);
    await context.request({
      method: 'POST',
      path: `${projects}${tenant.projectId}/features/`,
      as: tenant.admin,
      body: { name: 'one' },
    });

    const read = await context.request({ path: `${projects}${tenant.projectId}/`, as: tenant.admin });

    expect(read.body).toMatchObject({
      id: tenant.projectId,
      total_features: 1,
      total_segments: 0,
      max_features_allowed: null,
      max_segments_allowed: null,
      max_segment_overrides_allowed: null,
    });
  });

  test('works by uuid', async () => {
    const { body: project } = await createProject({ name: 'By uuid' });

    const read = await context.request({ path: `${projects}get-by-uuid/${project.uuid}/`, as: acme.masterKey });

    expect(read.body).toMatchObject({ id: project.id, total_features: 0 });
  });

  test('by a uuid that nobody has, or that is none, is a 404', async () => {
    for (const uuid of [crypto.randomUUID(), 'no-uuid']) {
      const read = await context.request({ path: `${projects}get-by-uuid/${uuid}/`, as: acme.admin });
      expect(read.status).toBe(404);
    }
  });
});

describe('changing a project', () => {
  test('leaves out what is not given', async () => {
    const { body: project } = await createProject({ name: 'Partly', stale_flags_limit_days: 9 });

    const changed = await change(project.id, { hide_disabled_flags: true });

    expect(changed.status).toBe(200);
    expect(changed.body).toEqual({ ...project, hide_disabled_flags: true });
  });

  test('with PUT needs the name', async () => {
    const { body: project } = await createProject({ name: 'Whole' });

    const refused = await change(project.id, { hide_disabled_flags: true }, 'PUT');

    expect(refused.body).toEqual({ name: ['This field is required.'] });
  });

  test('never moves it to another organisation', async () => {
    const { body: project } = await createProject({ name: 'Settled' });

    const changed = await change(project.id, { name: 'Settled', organisation: rival.organisationId }, 'PUT');

    expect(changed.status).toBe(200);
    expect(changed.body.organisation).toBe(acme.organisationId);
  });

  test('refuses a name that another project has, and takes its own again', async () => {
    await createProject({ name: 'Held' });
    const { body: project } = await createProject({ name: 'Holder' });

    const taken = await change(project.id, { name: 'Held' });
    const own = await change(project.id, { name: 'Holder' });

    expect(taken.body).toEqual({ non_field_errors: ['A project with this name already exists.'] });
    expect(own.status).toBe(200);
  });

  test('gives the same name to only one of many that ask for it at once', async () => {
    const created = await Promise.all(['w', 'x', 'y', 'z'].map((name) => createProject({ name: `Racer ${name}` })));

    const answers = await Promise.all(created.map(({ body }) => change(body.id, { name: 'Winner' })));

    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 400, 400, 400]);
  });

  test('a new name frees the old one', async () => {
    const { body: project } = await createProject({ name: 'Before' });

    await change(project.id, { name: 'After' });

    expect((await createProject({ name: 'Before' })).status).toBe(201);
    expect((await createProject({ name: 'After' })).status).toBe(400);
  });

  test('takes one version of every environment, and none for a repeat', async () => {
    const before = await environmentOf(acme.production.id);

    await change(acme.projectId, { hide_disabled_flags: true });
    await change(acme.projectId, { hide_disabled_flags: true });

    expect((await environmentOf(acme.production.id)).version).toBe(before.version + 1);
  });

  test('an empty request changes nothing', async () => {
    const before = await environmentOf(acme.production.id);

    const answer = await change(acme.projectId, {});

    expect(answer.status).toBe(200);
    expect((await environmentOf(acme.production.id)).version).toBe(before.version);
  });

  test('shows in the next document of every environment', async () => {
    const tenant = await seedTenant(context.db);

    await context.request({
      method: 'PATCH',
      path: `${projects}${tenant.projectId}/`,
      as: tenant.admin,
      body: { name: 'Renamed', enable_realtime_updates: false },
    });
    await context.app.publisher.publishPending();

    const documents = await documentsOf(tenant);
    expect(documents).toHaveLength(2);
    for (const { body } of documents) {
      expect(JSON.parse(body).document.project).toMatchObject({ name: 'Renamed', enable_realtime_updates: false });
    }
  });
});

describe('a pattern for feature names', () => {
  async function createFeature(projectId: number, name: string) {
    return context.request({
      method: 'POST',
      path: `${projects}${projectId}/features/`,
      as: acme.admin,
      body: { name },
    });
  }

  test('must match the whole name', async () => {
    const { body: project } = await createProject({ name: 'Named well', feature_name_regex: 'team_[a-z]+' });

    const fits = await createFeature(project.id, 'team_checkout');
    const longer = await createFeature(project.id, 'my_team_checkout');

    expect(fits.status).toBe(201);
    expect(longer.status).toBe(400);
    expect(longer.body).toEqual({ name: ['Feature name must match regex: team_[a-z]+'] });
  });

  test('that would backtrack for ever is answered', async () => {
    const { body: project } = await createProject({ name: 'Backtracking', feature_name_regex: '(a+)+' });

    const refused = await createFeature(project.id, `${'a'.repeat(1900)}!`);

    expect(refused.status).toBe(400);
  });

  test('is taken away by null and by nothing', async () => {
    const { body: project } = await createProject({ name: 'Unpatterned', feature_name_regex: 'x+' });

    const emptied = await change(project.id, { feature_name_regex: '' });
    const feature = await createFeature(project.id, 'anything goes');

    expect(emptied.body.feature_name_regex).toBeNull();
    expect(feature.status).toBe(201);
  });
});

describe('deleting a project', () => {
  test('withdraws the documents of its environments', async () => {
    const tenant = await seedTenant(context.db);
    await context.app.publisher.publishPending();
    expect(await documentsOf(tenant)).toHaveLength(2);
    const gone: number[] = [];
    const unsubscribe = context.app.publisher.subscribe({ published: () => {}, removed: (id) => void gone.push(id) });

    const deleted = await context.request({
      method: 'DELETE',
      path: `${projects}${tenant.projectId}/`,
      as: tenant.admin,
    });
    await context.app.publisher.publishPending();
    unsubscribe();

    expect(deleted.status).toBe(204);
    expect(await documentsOf(tenant)).toEqual([]);
    await expect.poll(() => gone.sort((a, b) => a - b)).toEqual([tenant.production.id, tenant.development.id]);
  });

  test('hides it, its environments and its features', async () => {
    const tenant = await seedTenant(context.db);
    const { body: feature } = await context.request({
      method: 'POST',
      path: `${projects}${tenant.projectId}/features/`,
      as: tenant.admin,
      body: { name: 'gone' },
    });

    await context.request({ method: 'DELETE', path: `${projects}${tenant.projectId}/`, as: tenant.admin });

    for (const path of [
      `${projects}${tenant.projectId}/`,
      `${projects}${tenant.projectId}/features/`,
      `/api/v1/environments/${tenant.production.apiKey}/`,
      `/api/v1/features/get-by-uuid/${feature.uuid}/`,
    ]) {
      expect((await context.request({ path, as: tenant.admin })).status).toBe(404);
    }
    expect((await context.request({ path: projects, as: tenant.admin })).body).toEqual([]);
  });

  test('frees its name', async () => {
    const { body: project } = await createProject({ name: 'Short lived' });

    await context.request({ method: 'DELETE', path: `${projects}${project.id}/`, as: acme.admin });

    expect((await createProject({ name: 'Short lived' })).status).toBe(201);
  });
});

describe('own permissions', () => {
  const path = () => `${projects}${acme.projectId}/my-permissions/`;

  test('of an organisation admin are all', async () => {
    const answer = await context.request({ path: path(), as: acme.admin });

    expect(answer.body).toEqual({ permissions: [], admin: true, tag_based_permissions: [] });
  });

  test('are not there for a master key', async () => {
    const answer = await context.request({ path: path(), as: acme.masterKey });

    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({ detail: 'This endpoint can only be used with a user and not Master API Key' });
  });
});

describe('who may', () => {
  const routes = (tenant: Tenant) =>
    (['GET', 'PUT', 'PATCH', 'DELETE'] as const)
      .map((method) => ({ method, path: `${projects}${tenant.projectId}/` }))
      .concat([{ method: 'GET', path: `${projects}${tenant.projectId}/my-permissions/` }])
      .map((request) => (request.method === 'GET' ? request : { ...request, body: { name: 'Taken over' } }));

  test('another tenant gets a 404', async () => {
    const { uuid } = await context.db
      .selectFrom('projects')
      .where('id', '=', acme.projectId)
      .select('uuid')
      .executeTakeFirstOrThrow();

    for (const request of [...routes(acme), { method: 'GET' as const, path: `${projects}get-by-uuid/${uuid}/` }]) {
      expect((await context.request({ ...request, as: rival.admin })).status).toBe(404);
      expect((await context.request({ ...request, as: rival.masterKey })).status).toBe(404);
    }
  });

  test('a member without permissions is refused', async () => {
    // Everybody may ask what they may do themselves.
    for (const request of routes(acme).filter(({ path }) => !path.endsWith('/my-permissions/'))) {
      expect((await context.request({ ...request, as: acme.member })).status).toBe(403);
    }
    const create = await context.request({
      method: 'POST',
      path: projects,
      as: acme.member,
      body: { name: 'x', organisation: acme.organisationId },
    });
    expect(create.status).toBe(403);
  });

  test('nobody is asked for credentials', async () => {
    const others = [
      { method: 'GET' as const, path: projects },
      { method: 'GET' as const, path: `/api/v1/organisations/${acme.organisationId}/projects/` },
      { method: 'POST' as const, path: projects, body: { name: 'x', organisation: acme.organisationId } },
    ];

    for (const request of [...routes(acme), ...others]) {
      expect((await context.request(request)).status).toBe(401);
    }
  });
});
