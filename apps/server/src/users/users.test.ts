import { beforeAll, describe, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { seedTenant, seedUser, type Tenant } from '../testing/seed.ts';
import { now, plusSeconds } from '../time.ts';

const context = testContext();
const path = '/api/v1/auth/users/me/';
let tenant: Tenant;

beforeAll(async () => {
  tenant = await seedTenant(context.db);
});

describe('the person who asks', () => {
  test('sees who they are, and nothing that is secret', async () => {
    const { userId, email, authorization } = await seedUser(context.db);

    const me = await context.request({ path, as: authorization });

    expect(me.status).toBe(200);
    expect(me.body).toEqual({
      id: userId,
      uuid: expect.any(String),
      email,
      first_name: 'Test',
      last_name: 'Person',
      sign_up_type: null,
      auth_type: 'EMAIL',
      is_superuser: false,
      date_joined: expect.any(String),
      onboarding: null,
      pylon_email_signature: null,
    });
  });

  test('changes their names, not their address', async () => {
    const { email, authorization } = await seedUser(context.db);
    const body = { first_name: ' Ada ', last_name: 'Lovelace', email: 'other@example.com', is_superuser: true };

    const changed = await context.request({ method: 'PUT', path, as: authorization, body });

    expect(changed.body).toMatchObject({ first_name: 'Ada', last_name: 'Lovelace', email, is_superuser: false });
  });

  test('changes one name with PATCH', async () => {
    const { authorization } = await seedUser(context.db);

    const changed = await context.request({ method: 'PATCH', path, as: authorization, body: { last_name: 'King' } });

    expect(changed.body).toMatchObject({ first_name: 'Test', last_name: 'King' });
  });

  test('must give both names with PUT', async () => {
    const { authorization } = await seedUser(context.db);

    const refused = await context.request({ method: 'PUT', path, as: authorization, body: { first_name: '' } });

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual({
      first_name: ['This field may not be blank.'],
      last_name: ['This field is required.'],
    });
  });

  test.each([
    ['never', null, true],
    ['an hour ago', -3600, true],
    ['a minute ago', -60, false],
  ])('who was here %s: the visit is noted accordingly', async (_, secondsAgo, noted) => {
    const { userId, authorization } = await seedUser(context.db);
    const before = secondsAgo === null ? null : plusSeconds(now(), secondsAgo);
    await context.db.updateTable('users').set({ last_login: before }).where('id', '=', userId).execute();

    await context.request({ path, as: authorization });

    const { last_login } = await context.db
      .selectFrom('users')
      .where('id', '=', userId)
      .select('last_login')
      .executeTakeFirstOrThrow();
    expect(last_login !== before).toBe(noted);
  });

  test('is nobody without credentials', async () => {
    expect((await context.request({ path })).status).toBe(401);
  });

  test('is not a master key', async () => {
    const answer = await context.request({ path, as: tenant.masterKey });

    expect(answer.status).toBe(403);
    expect(answer.body).toEqual({ detail: 'You do not have permission to perform this action.' });
  });

  test('is not somebody who was switched off', async () => {
    const { userId, authorization } = await seedUser(context.db);
    await context.db.updateTable('users').set({ is_active: 0 }).where('id', '=', userId).execute();

    const answer = await context.request({ path, as: authorization });

    expect(answer.status).toBe(401);
    expect(answer.body).toEqual({ detail: 'User inactive or deleted.' });
  });
});

describe('first steps', () => {
  const onboarding = (as: string, body: object) =>
    context.request({ method: 'PATCH', path: `${path}onboarding/`, as, body });

  test('are kept, and what is left out stays as it was', async () => {
    const { authorization } = await seedUser(context.db);
    const tools = { completed: true, integrations: ['slack'] };

    const first = await onboarding(authorization, { tasks: [{ name: 'create-feature' }] });
    await onboarding(authorization, { tools });

    expect([first.status, first.body]).toEqual([204, '']);
    expect((await context.request({ path, as: authorization })).body.onboarding).toEqual({
      tasks: [{ name: 'create-feature', completed_at: expect.any(String) }],
      tools,
    });
  });

  test('keep the time at which a step was done first', async () => {
    const { authorization } = await seedUser(context.db);
    const timeOf = async () =>
      (await context.request({ path, as: authorization })).body.onboarding.tasks[0].completed_at;
    await onboarding(authorization, { tasks: [{ name: 'a' }] });
    const before = await timeOf();

    await onboarding(authorization, { tasks: [{ name: 'a' }, { name: 'b' }] });

    expect(await timeOf()).toBe(before);
  });

  test('have limits', async () => {
    const { authorization } = await seedUser(context.db);

    const refused = await onboarding(authorization, { tasks: [{ name: 'x'.repeat(201) }] });

    expect(refused.body).toEqual({ tasks: [{ name: ['Ensure this field has no more than 200 characters.'] }] });
  });

  test('are for people who are logged in', async () => {
    expect((await context.request({ method: 'PATCH', path: `${path}onboarding/`, body: {} })).status).toBe(401);
    expect((await onboarding(tenant.masterKey, {})).status).toBe(403);
  });
});
