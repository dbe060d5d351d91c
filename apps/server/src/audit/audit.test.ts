import { beforeAll, describe, expect, test } from 'vitest';
import { insertRows } from '../db/statements.ts';
import { testContext } from '../testing/context.ts';
import { seedMasterKey, seedTenant, seedUser, type Tenant } from '../testing/seed.ts';
import { now } from '../time.ts';

const context = testContext();
let acme: Tenant;
let rival: Tenant;

beforeAll(async () => {
  acme = await seedTenant(context.db);
  rival = await seedTenant(context.db);
});

const auditOf = (tenant: Tenant) => `/api/v1/projects/${tenant.projectId}/audit/`;

async function send(
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body?: object,
  tenant = acme,
  as = tenant.admin,
) {
  return context.request({ method, path: `/api/v1/${path}`, as, ...(body && { body }) });
}

let names = 0;
async function createFeature(tenant = acme, as = tenant.admin) {
  const path = `projects/${tenant.projectId}/features/`;
  return (await send('POST', path, { name: `feature_${++names}` }, tenant, as)).body;
}

async function read(path: string, as = acme.admin) {
  return context.request({ path, as });
}

const logs = (answer: { body: { results: { log: string }[] } }) => answer.body.results.map((record) => record.log);

describe('a record', () => {
  test('tells who did what, where, the newest first', async () => {
    const tenant = await seedTenant(context.db);
    const feature = await createFeature(tenant);
    await send('PUT', `projects/${tenant.projectId}/features/${feature.id}/`, { description: 'x' }, tenant);

    const { body } = await read(auditOf(tenant), tenant.admin);

    expect(body.count).toBe(4);
    expect(body.results[0]).toEqual({
      id: expect.any(Number),
      created_date: expect.stringMatching(/Z$/),
      log: `Flag / Remote Config updated: ${feature.name}`,
      author: expect.objectContaining({ id: tenant.adminId, email: expect.stringContaining('@') }),
      master_api_key: null,
      environment: null,
      project: expect.objectContaining({ id: tenant.projectId, name: 'Shop' }),
      related_object_id: feature.id,
      related_object_uuid: feature.uuid,
      related_object_type: 'FEATURE',
      change_set: null,
      is_system_event: false,
    });
    expect(body.results[1]).toMatchObject({
      log: `New Flag / Remote Config created: ${feature.name}`,
      related_object_type: 'FEATURE_STATE',
      environment: { id: tenant.development.id, name: 'Development', api_key: tenant.development.apiKey },
    });
    expect(body.results[3]).toMatchObject({ related_object_type: 'FEATURE', environment: null });
  });

  test('names the master key that did it', async () => {
    const feature = await createFeature(acme, acme.masterKey);

    const { body } = await read(`${auditOf(acme)}?related_object_type=FEATURE&related_object_id=${feature.id}`);

    expect(body.results).toMatchObject([
      {
        author: null,
        master_api_key: { prefix: acme.masterKey.slice('Api-Key '.length, 'Api-Key '.length + 8), name: 'test' },
      },
    ]);
  });

  test('has no author once the account is closed', async () => {
    const admin = await seedUser(context.db, { organisationId: acme.organisationId, role: 'ADMIN' });
    const feature = await createFeature(acme, admin.authorization);
    await context.db.updateTable('users').set({ deleted_at: now() }).where('id', '=', admin.userId).execute();

    const { body } = await read(`${auditOf(acme)}?related_object_type=FEATURE&related_object_id=${feature.id}`);

    expect(body.results).toMatchObject([{ author: null }]);
  });

  test('still tells of an environment that is deleted', async () => {
    const tenant = await seedTenant(context.db);
    await createFeature(tenant);
    await send('DELETE', `environments/${tenant.development.apiKey}/`, undefined, tenant);

    const { body } = await read(`${auditOf(tenant)}?environments=${tenant.development.id}`, tenant.admin);

    expect(body.results[0]).toMatchObject({ environment: { name: 'Development' } });
  });
});

describe('the details of a record', () => {
  test('are the fields that differ', async () => {
    const feature = await createFeature();
    await send('PUT', `projects/${acme.projectId}/features/${feature.id}/`, { description: 'x', is_archived: true });
    const [record] = (await read(`${auditOf(acme)}?related_object_id=${feature.id}&related_object_type=FEATURE`)).body
      .results;

    const { body } = await read(`${auditOf(acme)}${record.id}/`);

    expect(body.change_type).toBe('UPDATE');
    expect(body.change_details).toEqual([
      { field: 'description', old: null, new: 'x' },
      { field: 'is_archived', old: false, new: true },
    ]);
  });

  test('are all that a new object has, lists as JSON', async () => {
    const feature = await createFeature();
    const [record] = (await read(`${auditOf(acme)}?related_object_id=${feature.id}&related_object_type=FEATURE`)).body
      .results;

    const { body } = await read(`/api/v1/organisations/${acme.organisationId}/audit/${record.id}/`);

    expect(body.change_type).toBe('CREATE');
    expect(body.change_details).toContainEqual({ field: 'name', old: null, new: feature.name });
    expect(body.change_details).toContainEqual({ field: 'owners', old: null, new: JSON.stringify([acme.adminId]) });
  });

  test('are of a project that the caller may see', async () => {
    await createFeature();
    const [record] = (await read(auditOf(acme))).body.results;

    const answers = await Promise.all([
      read(`${auditOf(rival)}${record.id}/`, rival.admin),
      read(`/api/v1/organisations/${rival.organisationId}/audit/${record.id}/`, rival.admin),
      read(`/api/v1/audit/${record.id}/`, rival.admin),
      read(`/api/v1/audit/${record.id}/`, acme.admin),
    ]);

    expect(answers.map((answer) => answer.status)).toEqual([404, 404, 404, 200]);
  });
});

describe('who may read', () => {
  test.each([
    ['project', () => auditOf(acme)],
    ['organisation', () => `/api/v1/organisations/${acme.organisationId}/audit/`],
  ])('the records of the %s: its administrators and their keys', async (_, path) => {
    const others = await seedMasterKey(context.db, { organisationId: rival.organisationId, isAdmin: true });
    const answers = await Promise.all(
      [acme.admin, acme.masterKey, acme.member, rival.admin, others].map((as) => read(path(), as)),
    );
    const nobody = await context.request({ path: path() });

    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 403, 404, 404]);
    expect(nobody.status).toBe(401);
  });

  test('the records of a project: a member who was granted VIEW_AUDIT_LOG, not one who may only see the project', async () => {
    const member = await seedUser(context.db, { organisationId: acme.organisationId, role: 'USER' });
    const path = `projects/${acme.projectId}/user-permissions/`;
    const { body: grant } = await send('POST', path, { user: member.userId, permissions: ['VIEW_PROJECT'] });

    const before = await read(auditOf(acme), member.authorization);
    await send('PUT', `${path}${grant.id}/`, { user: member.userId, permissions: ['VIEW_AUDIT_LOG'] });
    const after = await read(auditOf(acme), member.authorization);

    expect([before.status, after.status]).toEqual([403, 200]);
  });

  test('the records of all organisations: a person, those that they administer', async () => {
    const tenant = await seedTenant(context.db);
    await createFeature(tenant);
    await createFeature(rival);

    const admin = await read('/api/v1/audit/', tenant.admin);
    const member = await read('/api/v1/audit/', tenant.member);
    const key = await read('/api/v1/audit/', tenant.masterKey);

    expect(admin.body.count).toBe(3);
    expect(
      admin.body.results.every((record: { project: { id: number } }) => record.project.id === tenant.projectId),
    ).toBe(true);
    expect(member.body).toMatchObject({ count: 0, results: [] });
    expect(key.status).toBe(403);
  });
});

describe('filters', () => {
  let tenant: Tenant;
  let colleague: { userId: number; authorization: string };
  beforeAll(async () => {
    tenant = await seedTenant(context.db);
    colleague = await seedUser(context.db, { organisationId: tenant.organisationId, role: 'ADMIN' });
    const row = (log: string, more: object) => ({
      organisation_id: tenant.organisationId,
      project_id: tenant.projectId,
      environment_id: null,
      created_date: '2026-01-15T12:00:00.000000Z',
      user_id: tenant.adminId,
      master_key_id: null,
      object_type: 'FEATURE',
      object_id: 7,
      object_uuid: null,
      change_type: 'UPDATE' as const,
      log,
      before: null,
      after: null,
      is_system_event: 0,
      ...more,
    });
    await insertRows(context.db, 'changes', [
      row('old', { created_date: '2025-12-31T23:59:59.999999Z' }),
      row('production', { environment_id: tenant.production.id }),
      row('development', { environment_id: tenant.development.id }),
      row('system', { user_id: null, is_system_event: 1 }),
      row('colleague', { user_id: colleague.userId }),
      row('segment', { object_type: 'SEGMENT' }),
      row('100% sure', { object_id: 8 }),
      row('organisation', { project_id: null }),
    ]);
  });

  const list = (query: string) => read(`/api/v1/organisations/${tenant.organisationId}/audit/?${query}`, tenant.admin);

  test.each([
    ['search=SYST', ['system']],
    ['search=100%25', ['100% sure']],
    ['is_system_event=true', ['system']],
    ['search=s&is_system_event=false', ['organisation', '100% sure', 'segment']],
    ['related_object_type=SEGMENT', ['segment']],
    ['related_object_id=8', ['100% sure']],
    ['to=2025-12-31', ['old']],
    ['from=2026-01-15T12:00:01Z', []],
    ['from=2025-12-31&to=2026-01-01T00:00:00Z', ['old']],
  ])('%s', async (query, expected) => {
    expect(logs(await list(query))).toEqual(expected);
  });

  test('environments may be repeated', async () => {
    const found = await list(`environments=${tenant.production.id}&environments=${tenant.development.id}`);

    expect(logs(found)).toEqual(['development', 'production']);
  });

  test('actor is a person', async () => {
    expect(logs(await list(`actor=${colleague.userId}`))).toEqual(['colleague']);
  });

  test('feature is all that happened to one, states and removed overrides too', async () => {
    const [feature, other] = [await createFeature(acme), await createFeature(acme)];
    const identity = (
      await send('POST', `environments/${acme.production.apiKey}/identities/`, { identifier: `of-${feature.id}` })
    ).body;
    const overrides = `environments/${acme.production.apiKey}/identities/${identity.id}/featurestates/`;
    const override = (await send('POST', overrides, { feature: feature.id, enabled: true })).body;
    await send('DELETE', `${overrides}${override.id}/`);
    await send('PATCH', `projects/${acme.projectId}/features/${other.id}/`, { description: 'x' });

    const found = logs(await read(`${auditOf(acme)}?feature=${feature.id}`));

    expect(found).toHaveLength(5);
    expect(found.every((log) => log.includes(feature.name))).toBe(true);
    expect(found[0]).toContain('deleted');
  });

  test('project leaves out what is of none', async () => {
    expect(logs(await list(`project=${tenant.projectId}`))).not.toContain('organisation');
  });

  test('pages are as large as asked for', async () => {
    const second = await list('page_size=3&page=2');

    expect(logs(second)).toEqual(['colleague', 'system', 'development']);
    expect(second.body).toMatchObject({ count: 8, next: expect.stringContaining('page=3') });
  });

  test.each([
    ['from=yesterday', 'from'],
    ['environments=a', 'environments'],
    ['is_system_event=perhaps', 'is_system_event'],
    [`search=${'x'.repeat(257)}`, 'search'],
  ])('that cannot be read are named: %s', async (query, field) => {
    const refused = await list(query);

    expect(refused.status).toBe(400);
    expect(Object.keys(refused.body)).toEqual([field]);
  });
});

describe('an export', () => {
  test('is CSV that a spreadsheet reads as text', async () => {
    const tenant = await seedTenant(context.db);
    const path = `projects/${tenant.projectId}/segments/`;
    const rules = [{ type: 'ALL', rules: [], conditions: [{ operator: 'EQUAL', property: 'a', value: 'b' }] }];
    await send('POST', path, { name: 'a "b", c', rules }, tenant);

    const file = await read(`${auditOf(tenant)}export/?format=csv`, tenant.admin);

    const [header, line] = file.body.split('\r\n');
    expect(file.headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(file.headers['content-disposition']).toBe('attachment; filename="audit-log.csv"');
    expect(header).toMatch(/^id,created_date,log,change_type,author,/);
    expect(line).toContain('"New Segment created: a ""b"", c",CREATE,');
  });

  test('marks what a spreadsheet would run', async () => {
    const tenant = await seedTenant(context.db);
    await createFeature(tenant);
    await context.db
      .updateTable('changes')
      .set({ log: '=HYPERLINK("http://example.com")' })
      .where('organisation_id', '=', tenant.organisationId)
      .execute();

    const file = await read(`${auditOf(tenant)}export/`, tenant.admin);

    expect(file.body).toContain(`"'=HYPERLINK(""http://example.com"")"`);
  });

  test('has every record, however many parts it is made in, and obeys the filters', async () => {
    const tenant = await seedTenant(context.db);
    await fill(tenant, 2500);

    const file = await read(
      `/api/v1/organisations/${tenant.organisationId}/audit/export/?format=json&search=row`,
      tenant.admin,
    );
    const none = await read(`/api/v1/audit/export/?format=json&search=nothing`, tenant.admin);

    expect(file.headers['content-type']).toBe('application/json');
    expect(file.body).toHaveLength(2500);
    expect(new Set(file.body.map((record: { id: number }) => record.id)).size).toBe(2500);
    expect(file.body[0]).toMatchObject({ log: 'row 2499', change_type: 'UPDATE' });
    expect(none.body).toEqual([]);
  });

  test('of more than 50,000 records is refused with what to do', async () => {
    const tenant = await seedTenant(context.db);
    await fill(tenant, 50_001);

    const refused = await read(`${auditOf(tenant)}export/`, tenant.admin);

    expect(refused.status).toBe(400);
    expect(refused.body.detail).toContain('Narrow it with `from` and `to`');
  });

  async function fill(tenant: Tenant, count: number): Promise<void> {
    const rows = Array.from({ length: count }, (_, index) => ({
      organisation_id: tenant.organisationId,
      project_id: tenant.projectId,
      environment_id: null,
      created_date: now(),
      user_id: tenant.adminId,
      master_key_id: null,
      object_type: 'FEATURE',
      object_id: 1,
      object_uuid: null,
      change_type: 'UPDATE' as const,
      log: `row ${index}`,
      before: null,
      after: null,
      is_system_event: 0,
    }));
    await insertRows(context.db, 'changes', rows);
  }
});
