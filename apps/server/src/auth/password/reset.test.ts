import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { testContext } from '../../testing/context.ts';
import { openMailbox } from '../../testing/mailbox.ts';
import { now, plusSeconds } from '../../time.ts';

const mailbox = await openMailbox();
const context = testContext({
  SMTP_URL: mailbox.url,
  PUBLIC_URL: 'https://flags.example.com',
  LOGIN_THROTTLE_RATE: '1000/min',
});
const users = '/api/v1/auth/users/';
const password = 'tall green lighthouse';
const newPassword = 'seven quiet otters';
let count = 0;

beforeEach(() => void (mailbox.mails.length = 0));
afterAll(() => mailbox.close());

const post = (path: string, body: object) => context.request({ method: 'POST', path, body });
const login = (email: string, password: string) => post('/api/v1/auth/login/', { email, password });

async function person() {
  const email = `person${++count}@example.com`;
  const body = { email, first_name: 'Grace', last_name: 'Hopper', password };
  return { email, key: (await post(users, body)).body.key as string };
}

async function ask(email: string) {
  const answer = await post(`${users}reset_password/`, { email });
  await context.app.worker.runPending();
  return answer;
}

/** The two parts of the link in the newest e-mail. */
function linkParts() {
  const [token, uid] = (mailbox.mails.at(-1)?.link ?? '').split('/').toReversed();
  return { uid, token };
}

const confirm = (more: object = {}) =>
  post(`${users}reset_password_confirm/`, {
    ...linkParts(),
    new_password: newPassword,
    re_new_password: newPassword,
    ...more,
  });

describe('asking for a new password', () => {
  test('sends a link to the address of the account, in whatever case it is asked for', async () => {
    const { email } = await person();

    const asked = await ask(email.toUpperCase());

    expect([asked.status, asked.body]).toEqual([204, '']);
    expect(mailbox.mails).toHaveLength(1);
    expect(mailbox.mails[0]).toMatchObject({ to: email });
    expect(mailbox.mails[0]?.link).toMatch(
      /^https:\/\/flags\.example\.com\/password-reset\/confirm\/[0-9a-f-]{36}\/[0-9a-f]{40}$/,
    );
  });

  test('answers the same, and sends nothing, for an address without an account', async () => {
    const asked = await ask('nobody-here@example.com');

    expect([asked.status, asked.body]).toEqual([204, '']);
    expect(mailbox.mails).toEqual([]);
  });

  test('sends nothing to somebody who was switched off', async () => {
    const { email } = await person();
    await context.db.updateTable('users').set({ is_active: 0 }).where('email', '=', email).execute();

    expect((await ask(email)).status).toBe(204);
    expect(mailbox.mails).toEqual([]);
  });

  test('sends five e-mails a day and then no more, without saying so', async () => {
    const { email } = await person();
    for (let i = 0; i < 5; i++) await ask(email);

    const sixth = await ask(email);

    expect(sixth.status).toBe(204);
    expect(mailbox.mails).toHaveLength(5);
    await context.db
      .updateTable('account_tokens')
      .set({ created_at: plusSeconds(now(), -86_401) })
      .execute();
    await ask(email);
    expect(mailbox.mails).toHaveLength(6);
  });

  test('stores no token that a link could be made from', async () => {
    const { email } = await person();

    await ask(email);

    const stored = await context.db.selectFrom('account_tokens').selectAll().execute();
    expect(JSON.stringify(stored)).not.toContain(linkParts().token);
  });

  test('wants an address', async () => {
    const refused = await post(`${users}reset_password/`, { email: 'nobody' });

    expect([refused.status, refused.body]).toEqual([400, { email: ['Enter a valid email address.'] }]);
  });
});

describe('choosing the new password', () => {
  test('works with the link, ends every session and starts none', async () => {
    const { email, key } = await person();
    await ask(email);

    const confirmed = await confirm();

    expect([confirmed.status, confirmed.body]).toEqual([204, '']);
    expect((await context.request({ path: `${users}me/`, as: `Token ${key}` })).status).toBe(401);
    expect((await login(email, password)).status).toBe(400);
    expect((await login(email, newPassword)).status).toBe(200);
  });

  test('works once', async () => {
    const { email } = await person();
    await ask(email);
    await confirm();

    const again = await confirm({ new_password: 'nine loud badgers', re_new_password: 'nine loud badgers' });

    expect([again.status, again.body]).toEqual([400, { token: ['Invalid token for given user.'] }]);
    expect((await login(email, newPassword)).status).toBe(200);
  });

  test('works once for many who come at once', async () => {
    const { email } = await person();
    await ask(email);

    const answers = await Promise.all([1, 2, 3].map(() => confirm()));

    expect(answers.map((answer) => answer.status).sort()).toEqual([204, 400, 400]);
  });

  test('makes the other links that were sent worthless', async () => {
    const { email } = await person();
    await ask(email);
    const first = linkParts();
    await ask(email);
    await confirm();

    expect((await confirm(first)).status).toBe(400);
  });

  test('does not work a day later', async () => {
    const { email } = await person();
    await ask(email);
    await context.db.updateTable('account_tokens').set({ expires_at: now() }).execute();

    const late = await confirm();

    expect([late.status, late.body]).toEqual([400, { token: ['Invalid token for given user.'] }]);
  });

  test("does not work with somebody else's id", async () => {
    const { email } = await person();
    const other = await person();
    const { uuid } = await context.db
      .selectFrom('users')
      .where('email', '=', other.email)
      .select('uuid')
      .executeTakeFirstOrThrow();
    await ask(email);

    expect((await confirm({ uid: uuid })).body).toEqual({ token: ['Invalid token for given user.'] });
    expect((await confirm({ uid: 'MQ' })).body).toEqual({ uid: ["Invalid user id or user doesn't exist."] });
  });

  test.each([
    [{ re_new_password: 'other' }, { non_field_errors: ["The two password fields didn't match."] }],
    [{ new_password: 'password1', re_new_password: 'password1' }, { new_password: ['This password is too common.'] }],
    [{ token: undefined }, { token: ['This field is required.'] }],
  ])('is refused with %j, and the link still works', async (more, errors) => {
    const { email } = await person();
    await ask(email);

    const refused = await confirm(more);

    expect([refused.status, refused.body]).toEqual([400, errors]);
    expect((await confirm()).status).toBe(204);
  });
});
