import { beforeAll, describe, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { seedTenant, seedUser, type Tenant } from '../testing/seed.ts';

const context = testContext();
const organisations = '/api/v1/organisations/';
let acme: Tenant;
let rival: Tenant;

beforeAll(async () => {
  acme = await seedTenant(context.db);
  rival = await seedTenant(context.db);
});

const at = (tenant: Tenant) => `${organisations}${tenant.organisationId}/`;
const create = (body: object, as = acme.admin) => context.request({ method: 'POST', path: organisations, as, body });
const rowOf = (id: number) =>
  context.db.selectFrom('organisations').where('id', '=', id).selectAll().executeTakeFirstOrThrow();

describe('creating an organisation', () => {
  test('makes its creator its administrator', async () => {
    const { authorization } = await seedUser(context.db);

    const created = await create({ name: 'Initech', force_2fa: true }, authorization);
    const list = await context.request({ path: organisations, as: authorization });

    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      name: 'Initech',
      role: null,
      num_seats: 1,
      force_2fa: true,
      restrict_project_create_to_admin: false,
      persist_trait_data: true,
      block_access_to_admin: false,
      webhook_notification_email: null,
    });
    expect(list.body.results).toMatchObject([{ id: created.body.id, role: 'ADMIN', num_seats: 1 }]);
  });

  test('limits nothing', async () => {
    const { body } = await create({ name: 'Boundless' });

    expect(body.subscription).toMatchObject({
      plan: 'enterprise',
      max_seats: 2_147_483_647,
      billing_status: null,
      payment_method: null,
      cancellation_date: null,
    });
  });

  test.each([
    [{}, { name: ['This field is required.'] }],
    [{ name: ' ' }, { name: ['This field may not be blank.'] }],
    [{ name: 'x'.repeat(2001) }, { name: ['Ensure this field has no more than 2000 characters.'] }],
    [
      { name: 'x', webhook_notification_email: 'nobody' },
      { webhook_notification_email: ['Enter a valid email address.'] },
    ],
    [{ name: 'x', force_2fa: 'perhaps' }, { force_2fa: ['Must be a valid boolean.'] }],
  ])('names the field that is wrong: %j', async (body, errors) => {
    const refused = await create(body);

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual(errors);
  });

  test('is not for a master key, nor for nobody', async () => {
    expect((await create({ name: 'x' }, acme.masterKey)).status).toBe(403);
    expect((await context.request({ method: 'POST', path: organisations, body: { name: 'x' } })).status).toBe(401);
  });
});

describe('listing organisations', () => {
  test("shows a person all of theirs with their role in each, and nobody else's", async () => {
    const { userId, authorization } = await seedUser(context.db, {
      organisationId: acme.organisationId,
      role: 'USER',
    });
    const { body: own } = await create({ name: 'Own' }, authorization);

    const list = await context.request({ path: organisations, as: authorization });

    expect(userId).toBeGreaterThan(0);
    expect(list.body.count).toBe(2);
    expect(list.body.results).toMatchObject([
      { id: acme.organisationId, role: 'USER' },
      { id: own.id, role: 'ADMIN' },
    ]);
  });

  test('shows a master key its own one', async () => {
    const list = await context.request({ path: organisations, as: acme.masterKey });

    expect(list.body.results).toMatchObject([{ id: acme.organisationId }]);
  });

  test('is in pages', async () => {
    const { authorization } = await seedUser(context.db);
    for (const name of ['one', 'two', 'three']) await create({ name }, authorization);

    const second = await context.request({ path: `${organisations}?page=2&page_size=2`, as: authorization });

    expect(second.body).toMatchObject({ count: 3, next: null, results: [{ name: 'three' }] });
    expect(second.body.previous).toContain('page=1');
  });

  test('asks nobody for credentials', async () => {
    expect((await context.request({ path: organisations })).status).toBe(401);
  });
});

describe('an organisation', () => {
  test('is read by its id or its uuid', async () => {
    const byId = await context.request({ path: at(acme), as: acme.admin });
    const byUuid = await context.request({
      path: `${organisations}get-by-uuid/${byId.body.uuid}/`,
      as: acme.masterKey,
    });

    expect(byId.body).toMatchObject({ id: acme.organisationId, name: 'Acme', role: 'ADMIN' });
    expect(byUuid.body).toEqual(byId.body);
  });

  test('keeps what a change leaves out, and clears what it sets to null', async () => {
    const { body: organisation } = await create({ name: 'Before', webhook_notification_email: 'ops@example.com' });
    const patch = (body: object) =>
      context.request({ method: 'PATCH', path: `${organisations}${organisation.id}/`, as: acme.admin, body });

    const renamed = await patch({ name: 'After', persist_trait_data: false });
    const cleared = await patch({ webhook_notification_email: null, restrict_project_create_to_admin: true });

    expect(renamed.body).toMatchObject({
      name: 'After',
      webhook_notification_email: 'ops@example.com',
      persist_trait_data: true,
    });
    expect(cleared.body).toMatchObject({
      name: 'After',
      webhook_notification_email: null,
      restrict_project_create_to_admin: true,
    });
  });

  test('needs a name with PUT', async () => {
    const refused = await context.request({ method: 'PUT', path: at(acme), as: acme.admin, body: {} });

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual({ name: ['This field is required.'] });
  });

  test('leaves one audit record for a change and none for a repeat', async () => {
    const { body: organisation } = await create({ name: 'Audited' });
    const put = () =>
      context.request({
        method: 'PUT',
        path: `${organisations}${organisation.id}/`,
        as: acme.admin,
        body: { name: 'Renamed' },
      });

    await put();
    await put();

    const changes = await context.db
      .selectFrom('changes')
      .where('organisation_id', '=', organisation.id)
      .select(['change_type', 'log', 'user_id'])
      .orderBy('id')
      .execute();
    expect(changes).toEqual([
      { change_type: 'CREATE', log: 'New Organisation created: Audited', user_id: acme.adminId },
      { change_type: 'UPDATE', log: 'Organisation updated: Renamed', user_id: acme.adminId },
    ]);
  });

  test('has no limits to tell', async () => {
    const metadata = await context.request({ path: `${at(acme)}get-subscription-metadata/`, as: acme.admin });

    expect(metadata.body).toEqual({
      max_seats: null,
      max_api_calls: null,
      max_projects: null,
      payment_source: null,
      chargebee_email: null,
      feature_history_visibility_days: null,
      audit_log_visibility_days: null,
    });
  });

  test.each([
    ['an administrator', () => acme.admin, true],
    ['a member', () => acme.member, false],
    ['a master key', () => acme.masterKey, true],
  ])('tells %s what they may do', async (_, who, admin) => {
    const mine = await context.request({ path: `${at(acme)}my-permissions/`, as: who() });

    expect(mine.status).toBe(200);
    expect(mine.body).toEqual({ permissions: [], admin, tag_based_permissions: [] });
  });
});

describe('deleting an organisation', () => {
  test('hides it with all that is in it, and withdraws what its environments serve', async () => {
    const doomed = await seedTenant(context.db);
    await context.app.publisher.publishPending();
    const find = () => context.app.publisher.find({ key: doomed.production.apiKey });
    expect(await find()).not.toBeNull();

    const deleted = await context.request({ method: 'DELETE', path: at(doomed), as: doomed.admin });
    await context.app.publisher.publishPending();

    expect(deleted.status).toBe(204);
    expect(await find()).toBeNull();
    const paths = [
      at(doomed),
      `/api/v1/projects/${doomed.projectId}/features/`,
      `/api/v1/environments/${doomed.production.apiKey}/featurestates/`,
    ];
    for (const path of paths) expect((await context.request({ path, as: doomed.admin })).status).toBe(404);
    expect((await context.request({ path: organisations, as: doomed.admin })).body.results).toEqual([]);
    expect((await context.request({ path: organisations, as: doomed.masterKey })).status).toBe(401);
  });

  test('gives each environment one version, which the audit record explains', async () => {
    const doomed = await seedTenant(context.db);

    await context.request({ method: 'DELETE', path: at(doomed), as: doomed.admin });

    const versions = await context.db
      .selectFrom('environment_versions')
      .innerJoin('changes', 'changes.id', 'environment_versions.change_id')
      .where('changes.organisation_id', '=', doomed.organisationId)
      .select(['environment_versions.environment_id', 'environment_versions.version', 'changes.log'])
      .orderBy('environment_versions.environment_id')
      .execute();
    const log = 'Organisation deleted: Acme';
    expect(versions).toEqual([
      { environment_id: doomed.production.id, version: 2, log },
      { environment_id: doomed.development.id, version: 2, log },
    ]);
  });

  test("leaves another organisation's environments alone", async () => {
    const doomed = await seedTenant(context.db);
    const versionOf = () =>
      context.db
        .selectFrom('environments')
        .where('id', '=', rival.production.id)
        .select(['version', 'updated_at', 'deleted_at'])
        .executeTakeFirstOrThrow();
    const before = await versionOf();

    await context.request({ method: 'DELETE', path: at(doomed), as: doomed.admin });

    expect(await versionOf()).toEqual(before);
  });
});

describe('who may', () => {
  const routes = [
    ['GET', ''],
    ['PUT', ''],
    ['PATCH', ''],
    ['DELETE', ''],
    ['GET', 'get-subscription-metadata/'],
  ] as const;
  const send = (method: (typeof routes)[number][0], path: string, as?: string) =>
    context.request({
      method,
      path,
      ...(as !== undefined && { as }),
      ...(method.startsWith('P') && { body: { name: 'Taken over' } }),
    });

  test.each(routes)('%s %s is a 404 for another tenant', async (method, path) => {
    for (const as of [rival.admin, rival.masterKey]) {
      expect((await send(method, at(acme) + path, as)).status).toBe(404);
    }
    expect(await rowOf(acme.organisationId)).toMatchObject({ name: 'Acme', deleted_at: null });
  });

  test.each(routes)('%s %s is refused to a member', async (method, path) => {
    const answer = await send(method, at(acme) + path, acme.member);

    expect(answer.status).toBe(403);
    expect(answer.body).toEqual({ detail: 'User does not have sufficient privileges to perform this action' });
  });

  test.each(routes)('%s %s asks nobody for credentials', async (method, path) => {
    expect((await send(method, at(acme) + path)).status).toBe(401);
  });

  test('my-permissions are a 404 for another tenant, and a 401 for nobody', async () => {
    expect((await send('GET', `${at(acme)}my-permissions/`, rival.admin)).status).toBe(404);
    expect((await send('GET', `${at(acme)}my-permissions/`)).status).toBe(401);
  });

  test('a uuid finds nothing for another tenant, is refused to a member, and is a 401 for nobody', async () => {
    const path = `${organisations}get-by-uuid/${(await rowOf(acme.organisationId)).uuid}/`;

    expect((await send('GET', path, rival.admin)).status).toBe(404);
    expect((await send('GET', path, acme.member)).status).toBe(403);
    expect((await send('GET', path)).status).toBe(401);
    expect((await send('GET', `${organisations}get-by-uuid/${crypto.randomUUID()}/`, acme.admin)).status).toBe(404);
  });
});
