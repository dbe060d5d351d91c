import { beforeAll, describe, expect, test } from 'vitest';
import { insertRow } from '../db/statements.ts';
import { testContext } from '../testing/context.ts';
import { seedTenant, type Tenant } from '../testing/seed.ts';

const context = testContext();
let acme: Tenant;
let rival: Tenant;

beforeAll(async () => {
  acme = await seedTenant(context.db);
  rival = await seedTenant(context.db);
});

const tagsOf = (tenant: Tenant) => `/api/v1/projects/${tenant.projectId}/tags/`;

async function createTag(body: object, tenant = acme, as = tenant.admin) {
  return context.request({ method: 'POST', path: tagsOf(tenant), as, body });
}

async function systemTag(): Promise<number> {
  return insertRow(context.db, 'tags', {
    uuid: crypto.randomUUID(),
    project_id: acme.projectId,
    label: 'Unhealthy',
    color: '#FFC0CB',
    description: null,
    is_permanent: 0,
    is_system_tag: 1,
    type: 'UNHEALTHY',
  });
}

const versionOf = (environmentId: number) =>
  context.db.selectFrom('environments').where('id', '=', environmentId).select('version').executeTakeFirstOrThrow();

describe('creating a tag', () => {
  test('gives it the usual colour, and makes it nothing of the system', async () => {
    const created = await createTag({ label: 'beta' });

    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      label: 'beta',
      color: '#6837FC',
      description: null,
      project: acme.projectId,
      is_permanent: false,
      is_system_tag: false,
      type: 'NONE',
    });
  });

  test('allows two of one label', async () => {
    await createTag({ label: 'twice' });

    const again = await createTag({ label: 'twice', color: '#000000', description: 'x', is_permanent: true });

    expect(again.status).toBe(201);
    expect(again.body).toMatchObject({ color: '#000000', description: 'x', is_permanent: true });
  });

  test.each([
    [{}, { label: ['This field is required.'] }],
    [{ label: ' ' }, { label: ['This field may not be blank.'] }],
    [{ label: 'x'.repeat(101) }, { label: ['Ensure this field has no more than 100 characters.'] }],
    [{ label: 'a', color: 'x'.repeat(11) }, { color: ['Ensure this field has no more than 10 characters.'] }],
    [
      { label: 'a', description: 'x'.repeat(513) },
      { description: ['Ensure this field has no more than 512 characters.'] },
    ],
  ])('names the field that is wrong: %j', async (body, errors) => {
    const refused = await createTag(body);

    expect([refused.status, refused.body]).toEqual([400, errors]);
  });

  test('builds no document again, as SDKs know no tags', async () => {
    const before = await versionOf(acme.production.id);

    await createTag({ label: 'quiet' });

    expect(await versionOf(acme.production.id)).toEqual(before);
  });

  test('is refused to a member without the permission', async () => {
    const refused = await createTag({ label: 'mine' }, acme, acme.member);

    expect(refused.status).toBe(403);
  });
});

describe('reading tags', () => {
  test('lists all of a project at once, in the order in which they were made', async () => {
    const tenant = await seedTenant(context.db);
    for (const label of ['b', 'a', 'c']) await createTag({ label }, tenant);

    const list = await context.request({ path: tagsOf(tenant), as: tenant.admin });

    expect(list.body).toMatchObject({ count: 3, next: null, previous: null });
    expect(list.body.results.map((tag: { label: string }) => tag.label)).toEqual(['b', 'a', 'c']);
  });

  test('finds one by its id and by its uuid', async () => {
    const { body: tag } = await createTag({ label: 'findable' });

    const byId = await context.request({ path: `${tagsOf(acme)}${tag.id}/`, as: acme.admin });
    const byUuid = await context.request({ path: `${tagsOf(acme)}get-by-uuid/${tag.uuid}/`, as: acme.admin });

    expect([byId.body, byUuid.body]).toEqual([tag, tag]);
  });

  test('hides what is of another project', async () => {
    const { body: tag } = await createTag({ label: 'hidden' });

    const byId = await context.request({ path: `${tagsOf(rival)}${tag.id}/`, as: rival.admin });
    const byUuid = await context.request({ path: `${tagsOf(rival)}get-by-uuid/${tag.uuid}/`, as: rival.admin });

    expect([byId.status, byUuid.status]).toEqual([404, 404]);
  });

  test('needs somebody who asks', async () => {
    expect((await context.request({ path: tagsOf(acme) })).status).toBe(401);
  });
});

describe('changing a tag', () => {
  test('leaves what is not given', async () => {
    const { body: tag } = await createTag({ label: 'first', color: '#111111', is_permanent: true });

    const changed = await context.request({
      method: 'PATCH',
      path: `${tagsOf(acme)}${tag.id}/`,
      as: acme.admin,
      body: { label: 'second' },
    });

    expect(changed.body).toEqual({ ...tag, label: 'second' });
  });

  test('that is as it was asked for leaves no change behind', async () => {
    const { body: tag } = await createTag({ label: 'same' });

    await context.request({
      method: 'PUT',
      path: `${tagsOf(acme)}${tag.id}/`,
      as: acme.admin,
      body: { label: 'same' },
    });

    const changes = await context.db
      .selectFrom('changes')
      .where('object_type', '=', 'TAG')
      .where('object_id', '=', tag.id)
      .select('change_type')
      .execute();
    expect(changes).toEqual([{ change_type: 'CREATE' }]);
  });

  test('refuses one of the system', async () => {
    const path = `${tagsOf(acme)}${await systemTag()}/`;

    const refused = await context.request({ method: 'PATCH', path, as: acme.admin, body: { label: 'fine' } });

    expect([refused.status, refused.body]).toEqual([400, { non_field_errors: ['Cannot update a system tag.'] }]);
  });
});

describe('deleting a tag', () => {
  test('takes it away', async () => {
    const { body: tag } = await createTag({ label: 'short' });

    const deleted = await context.request({ method: 'DELETE', path: `${tagsOf(acme)}${tag.id}/`, as: acme.admin });

    expect(deleted.status).toBe(204);
    expect((await context.request({ path: `${tagsOf(acme)}${tag.id}/`, as: acme.admin })).status).toBe(404);
  });

  test('refuses one of the system', async () => {
    const path = `${tagsOf(acme)}${await systemTag()}/`;

    const refused = await context.request({ method: 'DELETE', path, as: acme.admin });

    expect([refused.status, refused.body]).toEqual([400, { message: 'Cannot delete a system tag.' }]);
  });
});
