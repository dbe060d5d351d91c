import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { seedGrant, seedTenant, seedUser, type Tenant } from '../testing/seed.ts';

const context = testContext();
let acme: Tenant;
let rival: Tenant;

beforeAll(async () => {
  rival = await seedTenant(context.db);
});
beforeEach(async () => {
  acme = await seedTenant(context.db);
});

const groups = () => `/api/v1/organisations/${acme.organisationId}/groups/`;
const send = (method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown, as = acme.admin) =>
  context.request({ method, path, as, ...(body !== undefined && { body }) });
const get = (path: string, as = acme.admin) => context.request({ path, as });
const create = async (body: object = {}) => (await send('POST', groups(), { name: 'Team', ...body })).body;
const join = () => seedUser(context.db, { organisationId: acme.organisationId, role: 'USER' });
const addUsers = (groupId: number, userIds: number[], as = acme.admin) =>
  send('POST', `${groups()}${groupId}/add-users/`, { user_ids: userIds }, as);
const removeUsers = (groupId: number, userIds: number[], as = acme.admin) =>
  send('POST', `${groups()}${groupId}/remove-users/`, { user_ids: userIds }, as);
const makeAdmin = (groupId: number, userId: number, as = acme.admin) =>
  send('POST', `${groups()}${groupId}/users/${userId}/make-admin`, undefined, as);
const idsOf = (group: { users: { id: number }[] }) => group.users.map((user) => user.id);
const changeCount = async () => {
  const rows = await context.db
    .selectFrom('changes')
    .where('organisation_id', '=', acme.organisationId)
    .select('id')
    .execute();
  return rows.length;
};

describe('a group', () => {
  test('is created with what is said of it, and without users', async () => {
    const answer = await send('POST', groups(), { name: 'Team', is_default: true, external_id: 'abc', users: [1] });

    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      id: expect.any(Number),
      name: 'Team',
      users: [],
      is_default: true,
      external_id: 'abc',
    });
  });

  test('keeps in a PATCH and a PUT what they do not name, and a repeat is not recorded', async () => {
    const group = await create({ is_default: true, external_id: 'abc' });

    const patched = await send('PATCH', `${groups()}${group.id}/`, { name: 'Crew' });
    const put = await send('PUT', `${groups()}${group.id}/`, { name: 'Crew' });

    expect(patched.body).toEqual({ ...group, name: 'Crew' });
    expect(put.body).toEqual(patched.body);
    expect(await changeCount()).toBe(2);
  });

  test('has an external id of its own', async () => {
    await create({ external_id: 'abc' });
    const other = await create({ external_id: '' });

    const refused = await send('PATCH', `${groups()}${other.id}/`, { external_id: 'abc' });

    expect(other.external_id).toBeNull();
    expect([refused.status, Object.keys(refused.body)]).toEqual([400, ['external_id']]);
  });

  test('takes what was granted to it, and its place in invitations, with it', async () => {
    const { organisationId, projectId } = acme;
    const { userId, authorization } = await join();
    const group = await create();
    await addUsers(group.id, [userId]);
    const place = { organisationId, projectId };
    await seedGrant(context.db, { ...place, to: { groupId: group.id }, permissions: ['VIEW_PROJECT'] });
    await send('POST', `/api/v1/organisations/${organisationId}/invites/`, {
      email: 'guest@example.com',
      permission_groups: [group.id],
    });
    expect((await get(`/api/v1/projects/${projectId}/`, authorization)).status).toBe(200);

    const deleted = await send('DELETE', `${groups()}${group.id}/`);

    expect(deleted.status).toBe(204);
    expect((await get(`/api/v1/projects/${projectId}/`, authorization)).status).toBe(403);
    expect((await get(`${groups()}${group.id}/`)).status).toBe(404);
  });

  test('of another organisation is a 404', async () => {
    const group = await create();

    const path = `/api/v1/organisations/${rival.organisationId}/groups/${group.id}/`;

    expect((await get(path, rival.admin)).status).toBe(404);
  });
});

describe('users of a group', () => {
  test('are added once, however often they are named', async () => {
    const { userId } = await join();
    const group = await create();

    await addUsers(group.id, [userId]);
    const again = await addUsers(group.id, [userId, acme.adminId, acme.adminId]);

    expect(again.status).toBe(200);
    expect(idsOf(again.body)).toEqual([userId, acme.adminId]);
    expect(again.body.users[0]).toMatchObject({ email: expect.any(String), last_login: null, group_admin: false });
  });

  test('must be of the organisation: the others are named, and nobody is added', async () => {
    const { userId } = await join();
    const group = await create();

    const refused = await addUsers(group.id, [userId, rival.adminId, 999_999]);

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual({ detail: `Some users not found: ${rival.adminId}, 999999` });
    expect(idsOf((await get(`${groups()}${group.id}/`)).body)).toEqual([]);
  });

  test('are removed; who is not in it is passed over', async () => {
    const { userId } = await join();
    const group = await create();
    await addUsers(group.id, [userId, acme.adminId]);

    const answer = await removeUsers(group.id, [userId, 999_999]);

    expect([answer.status, idsOf(answer.body)]).toEqual([200, [acme.adminId]]);
  });

  test('are asked for by a request that names none', async () => {
    const group = await create();

    const refused = await send('POST', `${groups()}${group.id}/add-users/`, {});

    expect([refused.status, refused.body]).toEqual([400, { user_ids: ['This field is required.'] }]);
  });

  test('leave it with the organisation, and lose what they were granted everywhere', async () => {
    const { organisationId, projectId, production } = acme;
    const { userId } = await join();
    const group = await create();
    await addUsers(group.id, [userId]);
    const to = { userId };
    await seedGrant(context.db, { organisationId, to, permissions: ['CREATE_PROJECT'] });
    await seedGrant(context.db, { organisationId, projectId, to, admin: true });
    await seedGrant(context.db, { organisationId, projectId, environmentId: production.id, to, admin: true });

    const removed = await send('POST', `/api/v1/organisations/${organisationId}/remove-users/`, [{ id: userId }]);

    expect(removed.status).toBe(200);
    const left = await context.db.selectFrom('permission_grants').where('user_id', '=', userId).selectAll().execute();
    expect(left).toEqual([]);
    expect(idsOf((await get(`${groups()}${group.id}/`)).body)).toEqual([]);
  });
});

describe('a group administrator', () => {
  test('sees and changes that group, and no other', async () => {
    const { userId, authorization } = await join();
    const other = await join();
    const [own, foreign] = [await create({ name: 'Own' }), await create({ name: 'Other' })];
    await addUsers(own.id, [userId]);

    const made = await makeAdmin(own.id, userId);

    expect([made.status, made.body]).toEqual([200, '']);
    const list = await get(groups(), authorization);
    expect(list.body.results.map((group: { name: string }) => group.name)).toEqual(['Own']);
    expect((await addUsers(own.id, [other.userId], authorization)).status).toBe(200);
    expect((await addUsers(foreign.id, [other.userId], authorization)).status).toBe(403);
    expect((await send('POST', groups(), { name: 'New' }, authorization)).status).toBe(403);
  });

  test('adds and removes others, never themselves', async () => {
    const { userId, authorization } = await join();
    const group = await create();
    await addUsers(group.id, [userId]);
    await makeAdmin(group.id, userId);

    expect((await removeUsers(group.id, [userId], authorization)).status).toBe(403);
    expect((await addUsers(group.id, [userId], authorization)).status).toBe(403);
  });

  test('is one no longer once that is taken', async () => {
    const { userId, authorization } = await join();
    const group = await create();
    await addUsers(group.id, [userId]);
    await makeAdmin(group.id, userId);

    await send('POST', `${groups()}${group.id}/users/${userId}/remove-admin`);

    expect((await get(`${groups()}${group.id}/`, authorization)).status).toBe(403);
    expect((await get(groups(), authorization)).body.count).toBe(0);
  });

  test('must be in the group, and is named by an administrator of the organisation only', async () => {
    const { userId } = await join();
    const manager = await join();
    await seedGrant(context.db, {
      organisationId: acme.organisationId,
      to: { userId: manager.userId },
      permissions: ['MANAGE_USER_GROUPS'],
    });
    const group = await create();

    expect((await makeAdmin(group.id, userId)).status).toBe(404);
    await addUsers(group.id, [userId]);
    expect((await makeAdmin(group.id, userId, manager.authorization)).status).toBe(403);
  });
});

describe('reading', () => {
  test('summaries name every group to every member', async () => {
    const group = await create();

    const { body } = await get(`${groups()}summaries/`, acme.member);

    expect(body).toEqual([{ id: group.id, name: 'Team' }]);
  });

  test('my groups are those of the caller, and a master key has none', async () => {
    const { userId, authorization } = await join();
    const group = await create();
    await create({ name: 'Other' });
    await addUsers(group.id, [userId]);

    const own = await get(`${groups()}my-groups/`, authorization);

    expect(own.body).toEqual({ count: 1, next: null, previous: null, results: [{ id: group.id, name: 'Team' }] });
    expect((await get(`${groups()}my-groups/`, acme.masterKey)).status).toBe(403);
  });

  test('the list is paged', async () => {
    for (const name of ['A', 'B', 'C']) await create({ name });

    const second = await get(`${groups()}?page_size=2&page=2`);

    expect(second.body).toMatchObject({ count: 3, next: null, results: [{ name: 'C' }] });
  });
});

describe('a group that is saved as a whole', () => {
  const save = (body: object, as = acme.admin) => send('POST', `${groups()}save/`, body, as);

  test('is created, and changed, with who is in it and who manages it', async () => {
    const [ada, grace, linus] = [await join(), await join(), await join()];
    const users = (...members: [{ userId: number }, boolean][]) =>
      members.map(([{ userId }, group_admin]) => ({ id: userId, group_admin }));

    const made = await save({ name: 'Team', users: users([ada, true], [grace, false]) });
    const { id } = made.body;
    const saved = await save({ id, name: 'Crew', is_default: true, users: users([ada, false], [linus, true]) });

    expect(made.body.users).toMatchObject(users([ada, true], [grace, false]));
    expect(saved.body).toMatchObject({ id, name: 'Crew', is_default: true, users: users([ada, false], [linus, true]) });
    expect((await get(`${groups()}${id}/`)).body).toEqual(saved.body);
  });

  test('stays as it was where any of it is refused', async () => {
    const [ada, grace] = [await join(), await join()];
    const { id } = await create();
    await addUsers(id, [ada.userId]);
    await makeAdmin(id, ada.userId);

    const foreign = await save({ id, name: 'Crew', users: [{ id: rival.adminId }] });
    const byManager = await save(
      {
        id,
        name: 'Crew',
        users: [
          { id: ada.userId, group_admin: true },
          { id: grace.userId, group_admin: true },
        ],
      },
      ada.authorization,
    );

    expect([foreign.status, byManager.status]).toEqual([400, 403]);
    expect((await get(`${groups()}${id}/`)).body).toMatchObject({ name: 'Team', users: [{ id: ada.userId }] });
  });

  test('is one of the organisation', async () => {
    const foreign = await send(
      'POST',
      `/api/v1/organisations/${rival.organisationId}/groups/`,
      { name: 'X' },
      rival.admin,
    );

    expect((await save({ id: foreign.body.id, name: 'Mine', users: [] })).status).toBe(404);
    expect((await save({ name: 'Mine', users: [] }, acme.member)).status).toBe(403);
  });
});
