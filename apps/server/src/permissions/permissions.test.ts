import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { seedGrant, seedGroup, seedTenant, seedUser, type Tenant } from '../testing/seed.ts';

const context = testContext();
let acme: Tenant;
let rival: Tenant;

beforeAll(async () => {
  rival = await seedTenant(context.db);
});
beforeEach(async () => {
  acme = await seedTenant(context.db);
});

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
const send = (method: Method, path: string, body?: unknown, as = acme.admin) =>
  context.request({ method, path: `/api/v1/${path}`, as, ...(body !== undefined && { body }) });
const get = (path: string, as = acme.admin) => send('GET', path, undefined, as);
const join = () => seedUser(context.db, { organisationId: acme.organisationId, role: 'USER' });
const places = {
  organisation: () => `organisations/${acme.organisationId}/`,
  project: () => `projects/${acme.projectId}/`,
  environment: () => `environments/${acme.production.apiKey}/`,
};
const records = async () =>
  context.db
    .selectFrom('changes')
    .where('organisation_id', '=', acme.organisationId)
    .where('object_type', '=', 'PERMISSION')
    .select(['change_type', 'log', 'project_id'])
    .orderBy('id')
    .execute();

describe('the catalogue', () => {
  test.each([
    ['organisations', 2, []],
    ['projects', 10, ['DELETE_FEATURE']],
    [
      'environments',
      7,
      ['UPDATE_FEATURE_STATE', 'CREATE_CHANGE_REQUEST', 'APPROVE_CHANGE_REQUEST', 'MANAGE_SEGMENT_OVERRIDES'],
    ],
  ])('of %s is a bare list that says what tags may restrict', async (level, count, restrictable) => {
    const { body } = await get(`${level}/permissions/`, acme.member);

    expect(body).toHaveLength(count);
    expect(body[0]).toEqual({ key: expect.any(String), description: expect.any(String), supports_tag: false });
    const supporting = body.filter((one: { supports_tag: boolean }) => one.supports_tag);
    expect(supporting.map((one: { key: string }) => one.key)).toEqual(restrictable);
  });
});

describe.each([
  ['organisation', 'CREATE_PROJECT', 'MANAGE_USER_GROUPS'],
  ['project', 'VIEW_PROJECT', 'MANAGE_TAGS'],
  ['environment', 'VIEW_ENVIRONMENT', 'UPDATE_FEATURE_STATE'],
] as const)('rows at the level of the %s', (level, key, otherKey) => {
  const admin = level === 'organisation' ? {} : { admin: false };
  const users = () => `${places[level]()}user-permissions/`;
  const groups = () => `${places[level]()}user-group-permissions/`;

  test('are made for a member, shown with who it is, and taken back', async () => {
    const { userId, email } = await join();

    const made = await send('POST', users(), { user: userId, permissions: [key] });
    const list = await get(users());

    expect(made.status).toBe(201);
    expect(made.body).toEqual({ id: expect.any(Number), user: userId, permissions: [key], ...admin });
    expect(list.body).toEqual([
      {
        ...made.body,
        user: {
          id: userId,
          uuid: expect.any(String),
          email,
          first_name: 'Test',
          last_name: 'Person',
          last_login: null,
        },
      },
    ]);
    expect((await send('DELETE', `${users()}${made.body.id}/`)).status).toBe(204);
    expect((await get(users())).body).toEqual([]);
  });

  test('are made for a group, shown with its users, and found by it', async () => {
    const { userId } = await join();
    const { organisationId } = acme;
    const groupId = await seedGroup(context.db, { organisationId, userIds: [userId] });

    const made = await send('POST', groups(), { group: groupId, permissions: [key] });

    expect(made.body).toEqual({ id: expect.any(Number), group: groupId, permissions: [key], ...admin });
    const group = { id: groupId, name: 'Team', users: [userId], is_default: false, external_id: null };
    expect((await get(`${groups()}?group=${groupId}`)).body).toEqual([{ ...made.body, group }]);
    expect((await get(`${groups()}?group=${groupId + 1}`)).body).toEqual([]);
  });

  test('lose with a PUT the permissions that it does not name, and keep them with a PATCH', async () => {
    const { userId } = await join();
    const { body } = await send('POST', users(), { user: userId, permissions: [key] });
    const one = `${users()}${body.id}/`;

    const patched = await send('PATCH', one, {});
    const more = await send('PATCH', one, { permissions: [otherKey, key, key] });
    const put = await send('PUT', one, { user: userId });

    expect(patched.body).toEqual(body);
    expect(more.body.permissions).toEqual([key, otherKey].toSorted((a, b) => order(a) - order(b)));
    expect(put.body.permissions).toEqual([]);
    expect((await get(one)).body).toEqual(put.body);
  });

  test('are recorded once for each change, and not for a repeat', async () => {
    const { userId, email } = await join();
    const { body } = await send('POST', users(), { user: userId, permissions: [key] });
    await send('PATCH', `${users()}${body.id}/`, { permissions: [otherKey] });
    await send('PATCH', `${users()}${body.id}/`, { permissions: [otherKey] });
    await send('DELETE', `${users()}${body.id}/`);

    const found = await records();

    expect(found.map((record) => record.change_type)).toEqual(['CREATE', 'UPDATE', 'DELETE']);
    expect(found[0]?.log).toMatch(`Permissions granted to ${email} in `);
    expect(found[0]?.project_id).toBe(level === 'organisation' ? null : acme.projectId);
  });

  test('take the keys of their level only', async () => {
    const { userId } = await join();
    const wrong = level === 'project' ? 'VIEW_ENVIRONMENT' : 'VIEW_PROJECT';

    const refused = await send('POST', users(), { user: userId, permissions: [key, wrong, 'ADMIN'] });

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual({
      permissions: [`Invalid pk "${wrong}" - object does not exist.`, 'Invalid pk "ADMIN" - object does not exist.'],
    });
  });

  test('are one for each', async () => {
    const { userId } = await join();
    await send('POST', users(), { user: userId });

    const refused = await send('POST', users(), { user: userId });

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual({ non_field_errors: [`The fields user, ${level} must make a unique set.`] });
  });

  test('are for members and groups of the organisation', async () => {
    const foreign = await seedGroup(context.db, { organisationId: rival.organisationId });

    const user = await send('POST', users(), { user: rival.adminId });
    const group = await send('POST', groups(), { group: foreign });

    expect(user.body).toEqual({ user: [`Invalid pk "${rival.adminId}" - object does not exist.`] });
    expect(group.body).toEqual({ group: [`Invalid pk "${foreign}" - object does not exist.`] });
  });

  test('stay with whom they were made for', async () => {
    const [ada, grace] = [await join(), await join()];
    const { body } = await send('POST', users(), { user: ada.userId, permissions: [key] });

    const refused = await send('PATCH', `${users()}${body.id}/`, { user: grace.userId });

    expect([refused.status, Object.keys(refused.body)]).toEqual([400, ['user']]);
  });

  test('are found by their own kind and place only', async () => {
    const { userId } = await join();
    const { body } = await send('POST', users(), { user: userId });

    expect((await get(`${groups()}${body.id}/`)).status).toBe(404);
    for (const other of Object.values(places)) {
      if (other !== places[level]) expect((await get(`${other()}user-permissions/${body.id}/`)).status).toBe(404);
    }
  });
});

/** Where a key stands in the catalogue, for those that are used above. */
function order(key: string): number {
  return ['CREATE_PROJECT', 'MANAGE_USER_GROUPS', 'VIEW_PROJECT', 'MANAGE_TAGS'].indexOf(key);
}

describe('own permissions', () => {
  test.each([
    ['organisation', 'CREATE_PROJECT'],
    ['project', 'MANAGE_TAGS'],
    ['environment', 'VIEW_IDENTITIES'],
  ] as const)('in the %s are what was granted', async (level, key) => {
    const { organisationId, projectId, production } = acme;
    const { userId, authorization } = await join();
    await seedGrant(context.db, {
      organisationId,
      ...(level !== 'organisation' && { projectId }),
      ...(level === 'environment' && { environmentId: production.id }),
      to: { userId },
      permissions: [key],
    });

    const own = await get(`${places[level]()}my-permissions/`, authorization);
    const none = await get(`${places[level]()}my-permissions/`, acme.member);

    expect(own.body).toEqual({ permissions: [key], admin: false, tag_based_permissions: [] });
    expect(none.body).toEqual({ permissions: [], admin: false, tag_based_permissions: [] });
  });

  test('of who administers a project are all of its environments', async () => {
    const { organisationId, projectId } = acme;
    const { userId, authorization } = await join();
    await seedGrant(context.db, { organisationId, projectId, to: { userId }, admin: true });

    const own = await get(`${places.environment()}my-permissions/`, authorization);

    expect(own.body).toEqual({ permissions: [], admin: true, tag_based_permissions: [] });
  });
});

describe('detailed permissions', () => {
  test('say where each comes from', async () => {
    const { organisationId, projectId } = acme;
    const { userId, authorization } = await join();
    const groupId = await seedGroup(context.db, { organisationId, userIds: [userId] });
    const place = { organisationId, projectId };
    await seedGrant(context.db, { ...place, to: { userId }, permissions: ['VIEW_PROJECT'] });
    await seedGrant(context.db, { ...place, to: { groupId }, permissions: ['VIEW_PROJECT', 'MANAGE_TAGS'] });

    const path = `${places.project()}user-detailed-permissions/${userId}/`;
    const team = { groups: [{ id: groupId, name: 'Team' }], roles: [] };

    expect((await get(path, authorization)).body).toEqual({
      admin: false,
      is_directly_granted: false,
      derived_from: { groups: [], roles: [] },
      permissions: [
        { permission_key: 'VIEW_PROJECT', is_directly_granted: true, derived_from: team },
        { permission_key: 'MANAGE_TAGS', is_directly_granted: false, derived_from: team },
      ],
    });
  });

  test('say which group makes somebody an administrator, in an environment through its project too', async () => {
    const { organisationId, projectId } = acme;
    const { userId } = await join();
    const groupId = await seedGroup(context.db, { organisationId, userIds: [userId] });
    await seedGrant(context.db, { organisationId, projectId, to: { groupId }, admin: true });

    const { body } = await get(`${places.environment()}user-detailed-permissions/${userId}/`);

    expect(body).toEqual({
      admin: true,
      is_directly_granted: false,
      derived_from: { groups: [{ id: groupId, name: 'Team' }], roles: [] },
      permissions: [],
    });
  });

  test.each(['organisation', 'project', 'environment'] as const)(
    'of others in the %s are for administrators, and there are none of outsiders',
    async (level) => {
      const { userId } = await join();
      const path = (id: number) => `${places[level]()}user-detailed-permissions/${id}/`;

      expect((await get(path(userId))).status).toBe(200);
      expect((await get(path(userId), acme.member)).status).toBe(403);
      expect((await get(path(rival.adminId))).status).toBe(404);
      expect((await get(path(rival.adminId), rival.admin)).status).toBe(404);
    },
  );
});

test('all permissions of a member in a project come with those in each environment', async () => {
  const { organisationId, projectId, production, development } = acme;
  const { userId } = await join();
  await seedGrant(context.db, { organisationId, projectId, to: { userId }, permissions: ['VIEW_PROJECT'] });
  await seedGrant(context.db, {
    organisationId,
    projectId,
    environmentId: development.id,
    to: { userId },
    permissions: ['VIEW_ENVIRONMENT'],
  });

  const { body } = await get(`${places.project()}all-user-permissions/${userId}/`);

  const none = { permissions: [], admin: false, tag_based_permissions: [] };
  expect(body).toEqual({
    ...none,
    permissions: ['VIEW_PROJECT'],
    environments: [
      { ...none, id: production.id, name: 'Production', api_key: production.apiKey },
      {
        ...none,
        id: development.id,
        name: 'Development',
        api_key: development.apiKey,
        permissions: ['VIEW_ENVIRONMENT'],
      },
    ],
  });
});
