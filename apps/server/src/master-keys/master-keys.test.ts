import { beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../secrets.ts';
import { testContext } from '../testing/context.ts';
import { seedTenant, type Tenant } from '../testing/seed.ts';

const context = testContext();
let acme: Tenant;
let rival: Tenant;

beforeAll(async () => {
  acme = await seedTenant(context.db);
  rival = await seedTenant(context.db);
});

const keys = (tenant = acme) => `/api/v1/organisations/${tenant.organisationId}/master-api-keys/`;
const create = (body: object, tenant = acme) =>
  context.request({ method: 'POST', path: keys(tenant), as: tenant.admin, body });
const patch = (prefix: string, body: object) =>
  context.request({ method: 'PATCH', path: `${keys()}${prefix}/`, as: acme.admin, body });
const works = async (key: string) =>
  (await context.request({ path: '/api/v1/organisations/', as: `Api-Key ${key}` })).status === 200;
const listed = async () => {
  const { body } = await context.request({ path: keys(), as: acme.admin });
  return body.results.map((key: { prefix: string }) => key.prefix) as string[];
};

describe('creating a master key', () => {
  test('tells the key once, and stores only its hash', async () => {
    const created = await create({ name: 'deploy' });
    const read = await context.request({ path: `${keys()}${created.body.prefix}/`, as: acme.admin });

    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      name: 'deploy',
      is_admin: true,
      revoked: false,
      expiry_date: null,
      has_expired: false,
      created_by: acme.adminId,
      key: expect.stringMatching(/^[A-Za-z0-9]{8}\.[A-Za-z0-9]{32}$/),
    });
    expect(created.body.key.slice(0, 8)).toBe(created.body.prefix);
    expect(read.body).not.toHaveProperty('key');
    const row = await context.db
      .selectFrom('master_keys')
      .where('prefix', '=', created.body.prefix)
      .selectAll()
      .executeTakeFirstOrThrow();
    expect(row.key_hash).toBe(sha256(created.body.key));
    expect(JSON.stringify(row)).not.toContain(created.body.key);
  });

  test('makes one that works', async () => {
    const { key } = (await create({ name: 'works' })).body;

    expect(await works(key)).toBe(true);
    expect(await works(`${key.slice(0, -1)}!`)).toBe(false);
  });

  test('tells from its first use on when it was used, to the hour', async () => {
    const { key, prefix, last_used_at } = (await create({ name: 'used' })).body;
    const lastUse = async () => {
      await works(key);
      return (await context.request({ path: `${keys()}${prefix}/`, as: acme.admin })).body.last_used_at;
    };

    const first = await lastUse();
    const second = await lastUse();

    expect(last_used_at).toBeNull();
    expect(first).toEqual(expect.any(String));
    expect(second).toBe(first);
  });

  test('keeps the key out of the audit record', async () => {
    const { key, prefix } = (await create({ name: 'audited' })).body;

    const changes = await context.db
      .selectFrom('changes')
      .where('log', '=', `New Master API Key created: audited (${prefix})`)
      .selectAll()
      .execute();

    expect(changes).toHaveLength(1);
    expect(JSON.stringify(changes)).not.toContain(key);
  });

  test.each([
    [{}, { name: ['This field is required.'] }],
    [{ name: '' }, { name: ['This field may not be blank.'] }],
    [{ name: 'x'.repeat(51) }, { name: ['Ensure this field has no more than 50 characters.'] }],
    [{ name: 'x', is_admin: false }, { is_admin: ['RBAC is not installed, cannot create non-admin key'] }],
    [{ name: 'x', expiry_date: 'tomorrow' }, { expiry_date: [expect.stringContaining('Datetime has wrong format.')] }],
  ])('names the field that is wrong: %j', async (body, errors) => {
    const refused = await create(body);

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual(errors);
  });
});

describe('a master key', () => {
  test('stops working when it has expired, and is still listed', async () => {
    const { key, prefix } = (await create({ name: 'short', expiry_date: '2020-01-02T03:04:05+02:00' })).body;

    const read = await context.request({ path: `${keys()}${prefix}/`, as: acme.admin });

    expect(read.body).toMatchObject({ expiry_date: '2020-01-02T01:04:05.000000Z', has_expired: true });
    expect(await works(key)).toBe(false);
    expect(await listed()).toContain(prefix);
  });

  test('works until the time that it expires', async () => {
    const { key } = (await create({ name: 'long', expiry_date: '2999-01-01T00:00:00Z' })).body;

    expect(await works(key)).toBe(true);
  });

  test('is renamed, and loses its expiry with null', async () => {
    const { prefix } = (await create({ name: 'old', expiry_date: '2999-01-01T00:00:00Z' })).body;

    const renamed = await patch(prefix, { name: 'new' });
    const cleared = await patch(prefix, { expiry_date: null });

    expect(renamed.body).toMatchObject({ name: 'new', expiry_date: '2999-01-01T00:00:00.000000Z' });
    expect(cleared.body).toMatchObject({ name: 'new', expiry_date: null });
  });

  test('needs a name with PUT', async () => {
    const { prefix } = (await create({ name: 'put' })).body;

    const refused = await context.request({ method: 'PUT', path: `${keys()}${prefix}/`, as: acme.admin, body: {} });

    expect(refused.body).toEqual({ name: ['This field is required.'] });
  });

  test('cannot lose its rights', async () => {
    const { prefix } = (await create({ name: 'strong' })).body;

    const refused = await patch(prefix, { is_admin: false });

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual({ is_admin: ['RBAC is not installed, cannot create non-admin key'] });
  });

  test('that is revoked is gone for good: from use, from the list, from its address', async () => {
    const { key, prefix } = (await create({ name: 'revoked' })).body;

    const revoked = await patch(prefix, { revoked: true });
    const back = await patch(prefix, { revoked: false });

    expect(revoked.body).toMatchObject({ prefix, revoked: true });
    expect(back.status).toBe(404);
    expect(await works(key)).toBe(false);
    expect(await listed()).not.toContain(prefix);
  });

  test('that is deleted is revoked', async () => {
    const { key, prefix } = (await create({ name: 'deleted' })).body;

    const deleted = await context.request({ method: 'DELETE', path: `${keys()}${prefix}/`, as: acme.admin });

    expect(deleted.status).toBe(204);
    expect(await works(key)).toBe(false);
    expect(await listed()).not.toContain(prefix);
  });

  test('is listed in pages, oldest first', async () => {
    const tenant = await seedTenant(context.db);
    await create({ name: 'second' }, tenant);
    await create({ name: 'third' }, tenant);

    const page = await context.request({ path: `${keys(tenant)}?page_size=2`, as: tenant.admin });

    expect(page.body).toMatchObject({ count: 3, results: [{ name: 'test' }, { name: 'second' }] });
    expect(page.body.next).toContain('page=2');
  });
});

describe('who may', () => {
  let prefix: string;

  beforeAll(async () => {
    prefix = (await create({ name: 'guarded' })).body.prefix;
  });

  const routes = [
    ['GET', false],
    ['POST', false],
    ['GET', true],
    ['PUT', true],
    ['PATCH', true],
    ['DELETE', true],
  ] as const;
  const send = (method: (typeof routes)[number][0], path: string, as?: string) =>
    context.request({
      method,
      path,
      ...(as !== undefined && { as }),
      ...(method.startsWith('P') && { body: { name: 'Taken over' } }),
    });

  test.each(routes)('%s (of one: %s) is a 404 for another tenant', async (method, ofOne) => {
    expect((await send(method, ofOne ? `${keys()}${prefix}/` : keys(), rival.admin)).status).toBe(404);
    if (ofOne) expect((await send(method, `${keys(rival)}${prefix}/`, rival.admin)).status).toBe(404);
  });

  test.each(routes)('%s (of one: %s) is refused to a member and to a master key', async (method, ofOne) => {
    for (const as of [acme.member, acme.masterKey]) {
      expect((await send(method, ofOne ? `${keys()}${prefix}/` : keys(), as)).status).toBe(403);
    }
  });

  test.each(routes)('%s (of one: %s) asks nobody for credentials', async (method, ofOne) => {
    expect((await send(method, ofOne ? `${keys()}${prefix}/` : keys())).status).toBe(401);
  });
});
