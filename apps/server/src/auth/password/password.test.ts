import { beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../secrets.ts';
import { testContext } from '../../testing/context.ts';
import { seedTenant, type Tenant } from '../../testing/seed.ts';

const context = testContext({ LOGIN_THROTTLE_RATE: '1000/min' });
const users = '/api/v1/auth/users/';
const goodPassword = 'tall green lighthouse';
let count = 0;

const person = (more: object = {}) => ({
  email: `person${++count}@example.com`,
  first_name: 'Grace',
  last_name: 'Hopper',
  password: goodPassword,
  ...more,
});
/** Opens connections before a race: where the first request waits for one, the others would come too late. */
const warmUp = () => Promise.all(Array.from({ length: 8 }, () => login({ email: 'x', password: 'x' })));
const register = (body: object) => context.request({ method: 'POST', path: users, body });
const login = (body: object) => context.request({ method: 'POST', path: '/api/v1/auth/login/', body });
const me = (key: string) => context.request({ path: `${users}me/`, as: `Token ${key}` });

describe('the first account', () => {
  test('may be the superuser, and of many who ask at once only one is', async () => {
    await warmUp();

    const answers = await Promise.all([1, 2, 3, 4].map(() => register(person({ superuser: true }))));

    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 400, 400, 400]);
    const superusers = await context.db.selectFrom('users').where('is_superuser', '=', 1).select('id').execute();
    expect(superusers).toHaveLength(1);
  });

  test('is the only one that may', async () => {
    const refused = await register(person({ superuser: true }));

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual({
      superuser: ['Only the first account of an installation can be created as its superuser.'],
    });
  });
});

describe('registering', () => {
  test('answers the account with a token that works', async () => {
    const registered = await register(person({ email: 'Ada@Example.com', sign_up_type: 'NO_INVITE' }));

    expect(registered.status).toBe(201);
    expect(registered.body).toMatchObject({
      email: 'ada@example.com',
      first_name: 'Grace',
      is_active: true,
      sign_up_type: 'NO_INVITE',
      key: expect.stringMatching(/^[0-9a-f]{40}$/),
    });
    expect(registered.body).not.toHaveProperty('password');
    expect((await me(registered.body.key)).body.id).toBe(registered.body.id);
  });

  test('takes a form as well', async () => {
    const registered = await context.request({
      method: 'POST',
      path: users,
      body: new URLSearchParams(person()).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });

    expect(registered.status).toBe(201);
  });

  test('refuses an address that has an account, in whatever case', async () => {
    const { email } = (await register(person())).body;

    const again = await register(person({ email: email.toUpperCase() }));

    expect(again.status).toBe(400);
    expect(again.body).toEqual({ email: ['Email already exists. Please log in.'] });
  });

  test('of many with one address at once lets one pass', async () => {
    await warmUp();
    const same = person();

    const answers = await Promise.all([1, 2, 3].map(() => register(same)));

    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 400, 400]);
  });

  test.each([
    [{ password: 'Xk-7!' }, ['This password is too short. It must contain at least 8 characters.']],
    [{ password: '7294618305' }, ['This password is entirely numeric.']],
    [{ password: 'PassWord123' }, ['This password is too common.']],
    [
      { password: '12345' },
      ['This password is too short. It must contain at least 8 characters.', 'This password is entirely numeric.'],
    ],
    [
      { password: 'tesla.nikola', email: 'nikola.tesla@example.com' },
      ['The password is too similar to the email address.'],
    ],
    [{ password: 'montgomery7', first_name: 'Montgomery' }, ['The password is too similar to the first name.']],
    [{ password: '8fitzgerald', last_name: 'Fitzgerald' }, ['The password is too similar to the last name.']],
    [{ password: 'x'.repeat(129) }, ['Ensure this field has no more than 128 characters.']],
    [{ password: '' }, ['This field may not be blank.']],
    [{ password: undefined }, ['This field is required.']],
  ])('says what is wrong with a password: %j', async (more, messages) => {
    const refused = await register(person(more));

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual({ password: messages });
  });

  test.each([
    [{ email: 'nobody' }, { email: ['Enter a valid email address.'] }],
    [{ email: undefined }, { email: ['This field is required.'] }],
    [{ first_name: ' ' }, { first_name: ['This field may not be blank.'] }],
    [{ last_name: 'x'.repeat(151) }, { last_name: ['Ensure this field has no more than 150 characters.'] }],
    [{ sign_up_type: 'MAGIC' }, { sign_up_type: ['"MAGIC" is not a valid choice.'] }],
    [{ superuser: 'perhaps' }, { superuser: ['Must be a valid boolean.'] }],
  ])('names the field that is wrong: %j', async (more, errors) => {
    const refused = await register(person(more));

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual(errors);
  });

  test('stores neither password nor token, only what they can be checked with', async () => {
    const { key, id } = (await register(person())).body;

    const user = await context.db.selectFrom('users').where('id', '=', id).selectAll().executeTakeFirstOrThrow();
    const tokens = await context.db.selectFrom('user_tokens').where('user_id', '=', id).selectAll().execute();

    expect(user.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(JSON.stringify(user)).not.toContain(goodPassword);
    expect(tokens).toMatchObject([{ token_hash: sha256(key) }]);
    expect(JSON.stringify(tokens)).not.toContain(key);
  });
});

describe('logging in', () => {
  test('gives each session a token of its own', async () => {
    const { email } = (await register(person())).body;

    const first = await login({ email, password: goodPassword });
    const second = await login({ email: email.toUpperCase(), password: goodPassword });

    expect(first.status).toBe(200);
    expect(Object.keys(first.body)).toEqual(['key']);
    expect(second.body.key).not.toBe(first.body.key);
    expect((await me(first.body.key)).status).toBe(200);
    expect((await me(second.body.key)).status).toBe(200);
  });

  test('notes the time', async () => {
    const { email, id } = (await register(person())).body;
    const lastLogin = () =>
      context.db.selectFrom('users').where('id', '=', id).select('last_login').executeTakeFirstOrThrow();

    expect((await lastLogin()).last_login).toBeNull();
    await login({ email, password: goodPassword });

    expect((await lastLogin()).last_login).not.toBeNull();
  });

  test('says the same for a wrong password, an unknown address, an account without a password and one that is off', async () => {
    const { email } = (await register(person())).body;
    const { email: without } = (await register(person())).body;
    const { email: off } = (await register(person())).body;
    await context.db.updateTable('users').set({ password_hash: 'none' }).where('email', '=', without).execute();
    await context.db.updateTable('users').set({ is_active: 0 }).where('email', '=', off).execute();

    const answers = await Promise.all([
      login({ email, password: 'not the one' }),
      login({ email: 'unknown@example.com', password: goodPassword }),
      login({ email: without, password: goodPassword }),
      login({ email: off, password: goodPassword }),
    ]);

    for (const answer of answers) {
      expect(answer.status).toBe(400);
      expect(answer.body).toEqual({ non_field_errors: ['Unable to log in with provided credentials.'] });
    }
  });

  test('names what is missing', async () => {
    const refused = await login({});

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual({ email: ['This field is required.'], password: ['This field is required.'] });
  });

  test('takes a password that was typed with composed letters when it was set with decomposed ones', async () => {
    const password = 'crème brûlée blue';
    const { email } = (await register(person({ password: password.normalize('NFD') }))).body;

    expect((await login({ email, password: password.normalize('NFC') })).status).toBe(200);
  });
});

describe('changing the password', () => {
  const newPassword = 'seven quiet otters';
  const setPassword = (key: string, body: object) =>
    context.request({ method: 'POST', path: `${users}set_password/`, as: `Token ${key}`, body });
  const change = (more: object = {}) => ({
    current_password: goodPassword,
    new_password: newPassword,
    re_new_password: newPassword,
    ...more,
  });
  let tenant: Tenant;

  beforeAll(async () => {
    tenant = await seedTenant(context.db);
  });

  test('ends the other sessions, and only the new password works', async () => {
    const { email, key: other } = (await register(person())).body;
    const { key } = (await login({ email, password: goodPassword })).body;

    const changed = await setPassword(key, change());

    expect(changed.status).toBe(204);
    expect(changed.body).toBe('');
    expect((await me(key)).status).toBe(200);
    expect((await me(other)).status).toBe(401);
    expect((await login({ email, password: goodPassword })).status).toBe(400);
    expect((await login({ email, password: newPassword })).status).toBe(200);
  });

  test.each([
    [{ current_password: 'wrong' }, { current_password: ['Invalid password.'] }],
    [{ re_new_password: 'other' }, { non_field_errors: ["The two password fields didn't match."] }],
    [{ new_password: 'password1', re_new_password: 'password1' }, { new_password: ['This password is too common.'] }],
    [{ new_password: undefined }, { new_password: ['This field is required.'] }],
  ])('is refused with %j', async (more, errors) => {
    const { key } = (await register(person())).body;

    const refused = await setPassword(key, change(more));

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual(errors);
  });

  test('is for people who are logged in', async () => {
    const nobody = await context.request({ method: 'POST', path: `${users}set_password/`, body: change() });
    const key = await context.request({
      method: 'POST',
      path: `${users}set_password/`,
      as: tenant.masterKey,
      body: change(),
    });

    expect(nobody.status).toBe(401);
    expect(key.status).toBe(403);
  });
});
