import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { seedTenant, seedUser, type Tenant } from '../testing/seed.ts';

const context = testContext();
let acme: Tenant;
let rival: Tenant;

beforeAll(async () => {
  rival = await seedTenant(context.db);
});

beforeEach(async () => {
  acme = await seedTenant(context.db);
});

const base = (tenant = acme) => `/api/v1/organisations/${tenant.organisationId}/`;
const join = (role: 'ADMIN' | 'USER') => seedUser(context.db, { organisationId: acme.organisationId, role });
const setRole = (userId: number, role: string, as = acme.admin) =>
  context.request({ method: 'POST', path: `${base()}users/${userId}/update-role/`, as, body: { role } });
const remove = (body: unknown, as = acme.admin) =>
  context.request({ method: 'POST', path: `${base()}remove-users/`, as, body });
const roles = async () => {
  const { body } = await context.request({ path: `${base()}users/`, as: acme.masterKey });
  return new Map<number, string>(body.map((member: { id: number; role: string }) => [member.id, member.role]));
};

describe('listing members', () => {
  test('shows each with their role, in the order in which they joined', async () => {
    const { userId, email } = await join('USER');

    const list = await context.request({ path: `${base()}users/`, as: acme.member });

    expect(list.status).toBe(200);
    expect(list.body.map((member: { role: string }) => member.role)).toEqual(['ADMIN', 'USER', 'USER']);
    expect(list.body[2]).toEqual({
      id: userId,
      uuid: expect.any(String),
      email,
      first_name: 'Test',
      last_name: 'Person',
      last_login: null,
      role: 'USER',
      date_joined: expect.any(String),
    });
  });

  test('leaves out the caller when asked to', async () => {
    const list = await context.request({ path: `${base()}users/?exclude_current=true`, as: acme.admin });

    expect(list.body.map((member: { id: number }) => member.id)).not.toContain(acme.adminId);
    expect(list.body).toHaveLength(1);
  });

  test('is a 404 for another tenant, and a 401 for nobody', async () => {
    expect((await context.request({ path: `${base()}users/`, as: rival.admin })).status).toBe(404);
    expect((await context.request({ path: `${base()}users/` })).status).toBe(401);
  });
});

describe("changing a member's role", () => {
  test('gives them the rights of an administrator, and takes them again', async () => {
    const { userId, authorization } = await join('USER');
    const read = () => context.request({ path: base(), as: authorization });

    const promoted = await setRole(userId, 'ADMIN');
    expect(promoted.body).toMatchObject({ id: userId, role: 'ADMIN' });
    expect((await read()).status).toBe(200);

    await setRole(userId, 'USER');
    expect((await read()).status).toBe(403);
  });

  test('leaves one audit record, and none for a repeat', async () => {
    const { userId, email } = await join('USER');

    await setRole(userId, 'ADMIN');
    await setRole(userId, 'ADMIN');

    const changes = await context.db
      .selectFrom('changes')
      .where('organisation_id', '=', acme.organisationId)
      .select(['object_type', 'object_id', 'log'])
      .execute();
    expect(changes).toEqual([
      { object_type: 'ORGANISATION_MEMBER', object_id: userId, log: `Member's role changed to ADMIN: ${email}` },
    ]);
  });

  test('is refused to the last administrator, who would lock everybody out', async () => {
    const refused = await setRole(acme.adminId, 'USER');

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual({
      role: ['An organisation needs an administrator. Make another member an administrator first.'],
    });
    expect((await roles()).get(acme.adminId)).toBe('ADMIN');
  });

  test('of two administrators who step down at once leaves one', async () => {
    const { userId, authorization } = await join('ADMIN');

    const answers = await Promise.all([setRole(acme.adminId, 'USER'), setRole(userId, 'USER', authorization)]);

    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 400]);
    expect([...(await roles()).values()].filter((role) => role === 'ADMIN')).toHaveLength(1);
  });

  test('does not count an administrator who is switched off', async () => {
    const { userId } = await join('ADMIN');
    await context.db.updateTable('users').set({ is_active: 0 }).where('id', '=', userId).execute();

    expect((await setRole(acme.adminId, 'USER')).status).toBe(400);
  });

  test('names a role that there is not', async () => {
    const refused = await setRole(acme.adminId, 'OWNER');

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual({ role: ['"OWNER" is not a valid choice.'] });
  });

  test('is a 404 for somebody who is no member, and for another tenant', async () => {
    expect((await setRole(rival.adminId, 'USER')).status).toBe(404);
    expect((await setRole(acme.adminId, 'USER', rival.admin)).status).toBe(404);
  });

  test('is refused to a member, and asks nobody for credentials', async () => {
    const nobody = await context.request({
      method: 'POST',
      path: `${base()}users/${acme.adminId}/update-role/`,
      body: { role: 'USER' },
    });

    expect((await setRole(acme.adminId, 'USER', acme.member)).status).toBe(403);
    expect(nobody.status).toBe(401);
  });
});

describe('removing members', () => {
  test('takes their rights and leaves their accounts', async () => {
    const { userId, authorization } = await join('USER');

    const removed = await remove([{ id: userId }]);

    expect(removed.status).toBe(200);
    expect(removed.body).toEqual([{ id: userId }]);
    expect((await roles()).has(userId)).toBe(false);
    expect((await context.request({ path: `${base()}users/`, as: authorization })).status).toBe(404);
    expect((await context.request({ path: '/api/v1/auth/users/me/', as: authorization })).status).toBe(200);
  });

  test('removes all or none, and names the one who is no member', async () => {
    const { userId } = await join('USER');

    const refused = await remove([{ id: userId }, { id: rival.adminId }]);

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual([{}, { id: [`Invalid pk "${rival.adminId}" - object does not exist.`] }]);
    expect((await roles()).has(userId)).toBe(true);
  });

  test('is refused where no administrator would be left', async () => {
    const refused = await remove([{ id: acme.adminId }]);

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual([
      'An organisation needs an administrator. Make another member an administrator first.',
    ]);
    expect((await roles()).has(acme.adminId)).toBe(true);
  });

  test('lets an administrator leave who is not the last one', async () => {
    await join('ADMIN');

    expect((await remove([{ id: acme.adminId }])).status).toBe(200);
  });

  test.each([
    [{}, { non_field_errors: ['Expected a list of items but got type "dict".'] }],
    [[{}], [{ id: ['This field is required.'] }]],
    [[{ id: 'x' }], [{ id: ['A valid number is required.'] }]],
  ])('names what is wrong with %j', async (body, errors) => {
    const refused = await remove(body);

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual(errors);
  });

  test('is a 404 for another tenant, refused to a member, and a 401 for nobody', async () => {
    const body = [{ id: acme.adminId }];
    const nobody = await context.request({ method: 'POST', path: `${base()}remove-users/`, body });

    expect((await remove(body, rival.admin)).status).toBe(404);
    expect((await remove(body, acme.member)).status).toBe(403);
    expect(nobody.status).toBe(401);
  });
});
