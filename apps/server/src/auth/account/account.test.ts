import { expect, test } from 'vitest';
import { testContext } from '../../testing/context.ts';
import { seedTenant } from '../../testing/seed.ts';
import { hashPassword } from '../password/hash.ts';

const context = testContext({ LOGIN_THROTTLE_RATE: '1000/min' });
const path = '/api/v1/auth/users/me/';
const password = 'tall green lighthouse';
const passwordHash = await hashPassword(password);

const close = (as: string, more: object = {}) =>
  context.request({ method: 'DELETE', path, as, body: { current_password: password, ...more } });

/** A tenant whose people all have the password. */
async function tenant() {
  const made = await seedTenant(context.db);
  await context.db.updateTable('users').set({ password_hash: passwordHash }).execute();
  const members = await context.db
    .selectFrom('organisation_members')
    .where('organisation_id', '=', made.organisationId)
    .select(['user_id', 'role'])
    .execute();
  const memberId = members.find(({ role }) => role === 'USER')?.user_id as number;
  return { ...made, memberId };
}

const userOf = (id: number) =>
  context.db.selectFrom('users').where('id', '=', id).selectAll().executeTakeFirstOrThrow();
const membersOf = (organisationId: number) =>
  context.db.selectFrom('organisation_members').where('organisation_id', '=', organisationId).selectAll().execute();

/** Leaves the administrator alone in the organisation. */
async function alone() {
  const made = await tenant();
  await context.db.deleteFrom('organisation_members').where('user_id', '=', made.memberId).execute();
  return made;
}

test('a member who closes their account is gone, and what they did stays on record', async () => {
  const { member, memberId, organisationId } = await tenant();
  const before = await userOf(memberId);

  const closed = await close(member);

  expect([closed.status, closed.body]).toEqual([204, '']);
  const after = await userOf(memberId);
  expect(after).toMatchObject({ uuid: before.uuid, is_active: 0, is_superuser: 0 });
  expect(JSON.stringify(after)).not.toContain(before.email);
  expect(JSON.stringify(after)).not.toContain(before.last_name);
  expect(await membersOf(organisationId)).toHaveLength(1);
  const [change] = await context.db
    .selectFrom('changes')
    .where('organisation_id', '=', organisationId)
    .selectAll()
    .execute();
  expect(change).toMatchObject({ object_type: 'ORGANISATION_MEMBER', change_type: 'DELETE', user_id: memberId });
});

test('a closed account has no sessions, and its address is free for a new one', async () => {
  const { member, memberId } = await tenant();
  const { email } = await userOf(memberId);

  await close(member);

  expect((await context.request({ path, as: member })).status).toBe(401);
  const again = await context.request({
    method: 'POST',
    path: '/api/v1/auth/users/',
    body: { email, password, first_name: 'Grace', last_name: 'Hopper' },
  });
  expect(again.status).toBe(201);
});

test('organisations that nobody else belongs to are deleted where asked', async () => {
  const { admin, organisationId, masterKey } = await alone();

  const closed = await close(admin, { delete_orphan_organisations: true });

  expect(closed.status).toBe(204);
  const organisation = await context.db
    .selectFrom('organisations')
    .where('id', '=', organisationId)
    .select('deleted_at')
    .executeTakeFirst();
  expect(organisation?.deleted_at).not.toBeNull();
  expect((await context.request({ path: '/api/v1/organisations/', as: masterKey })).status).toBe(401);
});

test('nobody closes their account behind an organisation that nobody could reach any more', async () => {
  const { admin, adminId, organisationId } = await alone();

  const refused = await close(admin);

  expect(refused.status).toBe(400);
  expect(refused.body).toEqual({ delete_orphan_organisations: [expect.stringContaining('Nobody else belongs')] });
  expect((await userOf(adminId)).is_active).toBe(1);
  expect(await membersOf(organisationId)).toHaveLength(1);
});

test.each([false, true])('the last administrator of others stays, asked to delete or not: %s', async (flag) => {
  const { admin, organisationId } = await tenant();

  const refused = await close(admin, { delete_orphan_organisations: flag });

  expect(refused.status).toBe(400);
  expect(refused.body).toEqual({ non_field_errors: [expect.stringContaining('no other administrator')] });
  expect(await membersOf(organisationId)).toHaveLength(2);
});

test('of two administrators who go at once one stays', async () => {
  const { admin, member, organisationId } = await tenant();
  await context.db
    .updateTable('organisation_members')
    .set({ role: 'ADMIN' })
    .where('organisation_id', '=', organisationId)
    .execute();

  const answers = await Promise.all([close(admin), close(member)]);

  expect(answers.map(({ status }) => status).sort()).toEqual([204, 400]);
  expect(await membersOf(organisationId)).toHaveLength(1);
});

test.each([
  [{ current_password: 'wrong' }, { current_password: ['Invalid password.'] }],
  [{ current_password: undefined }, { current_password: ['This field is required.'] }],
])('is refused with %j', async (more, errors) => {
  const { member, memberId } = await tenant();

  const refused = await close(member, more);

  expect([refused.status, refused.body]).toEqual([400, errors]);
  expect((await userOf(memberId)).is_active).toBe(1);
});

test('is for people who are logged in', async () => {
  const { masterKey } = await tenant();

  expect((await context.request({ method: 'DELETE', path })).status).toBe(401);
  expect((await close(masterKey)).status).toBe(403);
});
