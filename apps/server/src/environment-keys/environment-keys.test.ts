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

const keysOf = (tenant: Tenant) => `/api/v1/environments/${tenant.production.apiKey}/api-keys/`;

async function createKey(body: object, tenant = acme) {
  return context.request({ method: 'POST', path: keysOf(tenant), as: tenant.admin, body });
}

async function change(id: number, body: object, method: 'PUT' | 'PATCH' = 'PATCH') {
  return context.request({ method, path: `${keysOf(acme)}${id}/`, as: acme.admin, body });
}

const rowOf = (id: number) =>
  context.db.selectFrom('environment_keys').where('id', '=', id).selectAll().executeTakeFirst();

const versionOf = async (environmentId: number) =>
  (
    await context.db
      .selectFrom('environments')
      .where('id', '=', environmentId)
      .select('version')
      .executeTakeFirstOrThrow()
  ).version;

/** The server keys that every Edge gets with the next publication. */
async function publishedKeys(tenant = acme): Promise<{ sha256: string; active: boolean; expiresAt: string | null }[]> {
  await context.app.publisher.publishPending();
  const { body } = await context.db
    .selectFrom('environment_documents')
    .where('environment_id', '=', tenant.production.id)
    .select('body')
    .executeTakeFirstOrThrow();
  return JSON.parse(body).serverKeys;
}

describe('creating a server-side key', () => {
  test('answers the key', async () => {
    const created = await createKey({ name: 'backend' });

    expect(created.status).toBe(201);
    expect(created.body).toEqual({
      id: expect.any(Number),
      key: expect.stringMatching(/^ser\.[A-Za-z0-9]{22}$/),
      name: 'backend',
      active: true,
      created_at: expect.any(String),
      expires_at: null,
    });
  });

  test('stores the key hashed and encrypted, never as it is', async () => {
    const { body: key } = await createKey({ name: 'secret' });

    const row = await rowOf(key.id);

    expect(row?.key_hash).toBe(sha256(key.key));
    expect(JSON.stringify(row)).not.toContain(key.key.slice(4));
  });

  test('is written to the audit log without the key', async () => {
    const { body: key } = await createKey({ name: 'audited' });

    const row = await context.db
      .selectFrom('changes')
      .where('object_type', '=', 'ENVIRONMENT_KEY')
      .where('object_id', '=', key.id)
      .selectAll()
      .executeTakeFirstOrThrow();

    expect(row).toMatchObject({ change_type: 'CREATE', environment_id: acme.production.id });
    expect(JSON.stringify(row)).not.toContain(key.key.slice(4));
    expect(JSON.stringify(row)).not.toContain(sha256(key.key));
  });

  test('takes an end in any offset and keeps it in UTC', async () => {
    const created = await createKey({ name: 'ends', active: false, expires_at: '2031-05-01T02:30:00.5+02:00' });

    expect(created.body).toMatchObject({ active: false, expires_at: '2031-05-01T00:30:00.500000Z' });
  });

  test.each([
    [{}, { name: ['This field is required.'] }],
    [{ name: 'x'.repeat(101) }, { name: ['Ensure this field has no more than 100 characters.'] }],
    [{ name: 'x', active: 'perhaps' }, { active: ['Must be a valid boolean.'] }],
    [{ name: 'x', expires_at: 'tomorrow' }, { expires_at: [expect.stringContaining('Datetime has wrong format.')] }],
    [
      { name: 'x', expires_at: '2031-05-01T02:30Z' },
      { expires_at: [expect.stringContaining('Datetime has wrong format.')] },
    ],
    [
      { name: 'x', expires_at: '2031-05-01T02:30:00.1234567890Z' },
      { expires_at: [expect.stringContaining('Datetime has wrong format.')] },
    ],
    [
      { name: 'x', expires_at: '2031-13-01T02:30:00Z' },
      { expires_at: [expect.stringContaining('Datetime has wrong format.')] },
    ],
  ])('names the field that is wrong: %j', async (body, errors) => {
    const refused = await createKey(body);

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual(errors);
  });

  test('reaches every Edge with the next publication', async () => {
    const { body: key } = await createKey({ name: 'published', expires_at: '2031-05-01T00:00:00Z' });

    expect(await publishedKeys()).toContainEqual({
      sha256: sha256(key.key),
      active: true,
      expiresAt: '2031-05-01T00:00:00.000000Z',
    });
  });
});

describe('listing server-side keys', () => {
  test('shows those of this environment in full, oldest first', async () => {
    const tenant = await seedTenant(context.db);
    const { body: first } = await createKey({ name: 'first' }, tenant);
    const { body: second } = await createKey({ name: 'second' }, tenant);

    const list = await context.request({ path: keysOf(tenant), as: tenant.admin });

    expect(list.body).toEqual([first, second]);
  });

  test('shows asterisks for a key that was encrypted under another secret', async () => {
    const { body: key } = await createKey({ name: 'foreign secret' });
    await context.db
      .updateTable('environment_keys')
      .set({ key_encrypted: Buffer.alloc(54).toString('base64') })
      .where('id', '=', key.id)
      .execute();

    const list = await context.request({ path: keysOf(acme), as: acme.admin });

    const shown = list.body.find((listed: { id: number }) => listed.id === key.id);
    expect(shown).toEqual({ ...key, key: `ser.${'*'.repeat(22)}` });
  });
});

describe('changing a server-side key', () => {
  test('switches it off for every Edge', async () => {
    const { body: key } = await createKey({ name: 'switched' });

    const changed = await change(key.id, { active: false });

    expect(changed.body).toEqual({ ...key, active: false });
    expect(await publishedKeys()).toContainEqual({ sha256: sha256(key.key), active: false, expiresAt: null });
  });

  test('leaves out what is not given, null takes the end away, and the key stays', async () => {
    const { body: key } = await createKey({ name: 'ends', expires_at: '2031-05-01T00:00:00Z' });

    const changed = await change(key.id, { expires_at: null, key: 'ser.mine' });

    expect(changed.body).toEqual({ ...key, expires_at: null });
  });

  test('with PUT needs the name', async () => {
    const { body: key } = await createKey({ name: 'whole' });

    const refused = await change(key.id, { active: false }, 'PUT');
    const changed = await change(key.id, { name: 'renamed', active: false }, 'PUT');

    expect(refused.body).toEqual({ name: ['This field is required.'] });
    expect(changed.body).toEqual({ ...key, name: 'renamed', active: false });
  });

  test('takes one version, and none for a repeat', async () => {
    const { body: key } = await createKey({ name: 'repeated' });
    const before = await versionOf(acme.production.id);

    await change(key.id, { name: 'changed' });
    await change(key.id, { name: 'changed' });
    await change(key.id, {});

    expect(await versionOf(acme.production.id)).toBe(before + 1);
  });
});

test('deleting a server-side key takes it from every Edge', async () => {
  const { body: key } = await createKey({ name: 'deleted' });

  const deleted = await context.request({ method: 'DELETE', path: `${keysOf(acme)}${key.id}/`, as: acme.admin });

  expect(deleted.status).toBe(204);
  expect(await rowOf(key.id)).toBeUndefined();
  expect((await publishedKeys()).map((published) => published.sha256)).not.toContain(sha256(key.key));
});

describe('who may', () => {
  const routes = (base: string, keyId: number) =>
    [
      { path: base },
      { method: 'POST', path: base, body: { name: 'x' } },
      { method: 'PUT', path: `${base}${keyId}/`, body: { name: 'x' } },
      { method: 'PATCH', path: `${base}${keyId}/`, body: { name: 'x' } },
      { method: 'DELETE', path: `${base}${keyId}/` },
    ] as { method?: 'PUT'; path: string; body?: object }[];

  test('another tenant gets a 404, through its own environment too', async () => {
    const { body: key } = await createKey({ name: 'mine' });

    for (const request of [...routes(keysOf(acme), key.id), ...routes(keysOf(rival), key.id).slice(2)]) {
      expect((await context.request({ ...request, as: rival.admin })).status).toBe(404);
      expect((await context.request({ ...request, as: rival.masterKey })).status).toBe(404);
    }
    expect(await rowOf(key.id)).toMatchObject({ name: 'mine' });
  });

  test('a key of a sibling environment is a 404', async () => {
    const { body: key } = await createKey({ name: 'of production' });
    const development = `/api/v1/environments/${acme.development.apiKey}/api-keys/${key.id}/`;

    const answer = await context.request({ method: 'DELETE', path: development, as: acme.admin });

    expect(answer.status).toBe(404);
  });

  test('a member without permissions is refused', async () => {
    const { body: key } = await createKey({ name: 'guarded' });

    for (const request of routes(keysOf(acme), key.id)) {
      expect((await context.request({ ...request, as: acme.member })).status).toBe(403);
    }
  });

  test('nobody is asked for credentials', async () => {
    for (const request of routes(keysOf(acme), 1)) expect((await context.request(request)).status).toBe(401);
  });
});
