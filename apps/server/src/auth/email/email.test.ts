import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testContext } from '../../testing/context.ts';
import { openMailbox } from '../../testing/mailbox.ts';
import { seedTenant, type Tenant } from '../../testing/seed.ts';
import { now } from '../../time.ts';

const mailbox = await openMailbox();
const context = testContext({ SMTP_URL: mailbox.url, LOGIN_THROTTLE_RATE: '1000/min' });
const users = '/api/v1/auth/users/';
const password = 'tall green lighthouse';
let tenant: Tenant;
let count = 0;

beforeAll(async () => {
  tenant = await seedTenant(context.db);
});
beforeEach(async () => {
  await context.app.worker.runPending();
  mailbox.mails.length = 0;
});
afterAll(() => mailbox.close());

const post = (path: string, body: object, as?: string) =>
  context.request({ method: 'POST', path: users + path, body, ...(as !== undefined && { as }) });
const me = async (as: string) => (await context.request({ path: `${users}me/`, as })).body;
const freeAddress = () => `free${++count}@example.com`;

async function person() {
  const email = `person${++count}@example.com`;
  const { key } = (await post('', { email, first_name: 'Grace', last_name: 'Hopper', password })).body;
  return { email, as: `Token ${key}` };
}

function linkParts() {
  const [token, uid] = (mailbox.mails.at(-1)?.link ?? '').split('/').toReversed();
  return { uid, token };
}

describe('changing the address', () => {
  test('takes the password, and tells the old address', async () => {
    const { email, as } = await person();
    const next = freeAddress();

    const changed = await post('set_email/', { new_email: next.toUpperCase(), current_password: password }, as);
    await context.app.worker.runPending();

    expect([changed.status, changed.body]).toEqual([204, '']);
    expect((await me(as)).email).toBe(next);
    expect(mailbox.mails).toMatchObject([{ to: email, text: expect.stringContaining(next) }]);
  });

  test('to what it is already changes nothing and tells nobody', async () => {
    const { email, as } = await person();

    const changed = await post('set_email/', { new_email: email, current_password: password }, as);
    await context.app.worker.runPending();

    expect(changed.status).toBe(204);
    expect(mailbox.mails).toEqual([]);
  });

  test('makes links worthless that went to the old address', async () => {
    const { email, as } = await person();
    await post('reset_password/', { email });
    await context.app.worker.runPending();
    const link = linkParts();

    await post('set_email/', { new_email: freeAddress(), current_password: password }, as);

    const late = await post('reset_password_confirm/', {
      ...link,
      new_password: 'seven quiet otters',
      re_new_password: 'seven quiet otters',
    });
    expect(late.status).toBe(400);
  });

  test('is refused for an address that has an account', async () => {
    const { as } = await person();
    const other = await person();

    const refused = await post('set_email/', { new_email: other.email, current_password: password }, as);

    expect([refused.status, refused.body]).toEqual([
      400,
      { new_email: ['This e-mail address has an account already.'] },
    ]);
  });

  test('of two people to one address at once lets one pass', async () => {
    const people = [await person(), await person()];
    const body = { new_email: freeAddress(), current_password: password };

    const answers = await Promise.all(people.map(({ as }) => post('set_email/', body, as)));

    expect(answers.map(({ status }) => status).sort()).toEqual([204, 400]);
  });

  test.each([
    [{ current_password: 'wrong' }, { current_password: ['Invalid password.'] }],
    [{ new_email: 'nobody' }, { new_email: ['Enter a valid email address.'] }],
    [{ current_password: undefined }, { current_password: ['This field is required.'] }],
  ])('is refused with %j', async (more, errors) => {
    const { as } = await person();

    const refused = await post('set_email/', { new_email: freeAddress(), current_password: password, ...more }, as);

    expect([refused.status, refused.body]).toEqual([400, errors]);
  });

  test('is for people who are logged in', async () => {
    expect((await post('set_email/', {})).status).toBe(401);
    expect((await post('set_email/', {}, tenant.masterKey)).status).toBe(403);
  });
});

describe('changing the address by e-mail', () => {
  test('works once with the link', async () => {
    const { email, as } = await person();
    const next = freeAddress();
    await post('reset_email/', { email });
    await context.app.worker.runPending();
    const link = linkParts();

    const changed = await post('reset_email_confirm/', { ...link, new_email: next });
    const again = await post('reset_email_confirm/', { ...link, new_email: freeAddress() });

    expect([changed.status, changed.body]).toEqual([204, '']);
    expect((await me(as)).email).toBe(next);
    expect([again.status, again.body]).toEqual([400, { token: ['Invalid token for given user.'] }]);
  });

  test('answers the same for an address without an account', async () => {
    const asked = await post('reset_email/', { email: 'nobody-here@example.com' });
    await context.app.worker.runPending();

    expect([asked.status, asked.body]).toEqual([204, '']);
    expect(mailbox.mails).toEqual([]);
  });

  test('leaves the link good where the new address is taken', async () => {
    const { email } = await person();
    const other = await person();
    await post('reset_email/', { email });
    await context.app.worker.runPending();

    const refused = await post('reset_email_confirm/', { ...linkParts(), new_email: other.email });

    expect(refused.status).toBe(400);
    expect((await post('reset_email_confirm/', { ...linkParts(), new_email: freeAddress() })).status).toBe(204);
  });

  test('a link for a new password is no link for a new address', async () => {
    const { email } = await person();
    await post('reset_password/', { email });
    await context.app.worker.runPending();

    const refused = await post('reset_email_confirm/', { ...linkParts(), new_email: freeAddress() });

    expect(refused.body).toEqual({ token: ['Invalid token for given user.'] });
  });
});

describe('activation, where it is not needed', () => {
  test('cannot be asked for', async () => {
    const refused = await post('resend_activation/', { email: 'ada@example.com' });

    expect([refused.status, refused.body]).toEqual([
      400,
      { detail: 'Accounts of this installation need no activation.' },
    ]);
  });
});

describe('activation', () => {
  const strict = testContext({
    SMTP_URL: mailbox.url,
    PUBLIC_URL: 'https://flags.example.com',
    ENABLE_EMAIL_ACTIVATION: 'true',
  });
  const post = (path: string, body: object) => strict.request({ method: 'POST', path: users + path, body });

  async function newcomer() {
    const email = `newcomer${++count}@example.com`;
    const registered = await post('', { email, first_name: 'Grace', last_name: 'Hopper', password });
    await strict.app.worker.runPending();
    return { email, registered };
  }
  const login = (email: string) =>
    strict.request({ method: 'POST', path: '/api/v1/auth/login/', body: { email, password } });

  test('comes before an account works', async () => {
    const { email, registered } = await newcomer();
    const as = `Token ${registered.body.key}`;

    const before = [await login(email), await strict.request({ path: `${users}me/`, as })];
    const activated = await post('activation/', linkParts());

    expect(registered.body).toMatchObject({ is_active: false, key: expect.any(String) });
    expect(before.map(({ status }) => status)).toEqual([400, 401]);
    expect(mailbox.mails).toMatchObject([
      {
        to: email,
        link: expect.stringMatching(/^https:\/\/flags\.example\.com\/activate\/[0-9a-f-]{36}\/[0-9a-f]{40}$/),
      },
    ]);
    expect([activated.status, activated.body]).toEqual([204, '']);
    expect((await login(email)).status).toBe(200);
  });

  test('happens once', async () => {
    await newcomer();
    await post('activation/', linkParts());

    const again = await post('activation/', linkParts());

    expect([again.status, again.body]).toEqual([403, { detail: 'Stale token for given user.' }]);
  });

  test('does not bring back somebody who was switched off later', async () => {
    const { email } = await newcomer();
    await post('activation/', linkParts());
    await strict.db.updateTable('users').set({ is_active: 0 }).where('email', '=', email).execute();

    const again = await post('activation/', linkParts());

    expect([again.status, again.body]).toEqual([400, { token: ['Invalid token for given user.'] }]);
  });

  test('is refused with a link that is too old', async () => {
    await newcomer();
    await strict.db.updateTable('account_tokens').set({ expires_at: now() }).execute();

    expect((await post('activation/', linkParts())).body).toEqual({ token: ['Invalid token for given user.'] });
    expect((await post('activation/', { ...linkParts(), uid: 'x' })).body).toEqual({
      uid: ["Invalid user id or user doesn't exist."],
    });
  });

  test('can be asked for again, and only an account that waits for it is sent anything', async () => {
    const waiting = await newcomer();
    const active = await newcomer();
    await post('activation/', linkParts());
    mailbox.mails.length = 0;

    const asked = [];
    for (const email of [waiting.email, active.email, 'nobody-here@example.com']) {
      asked.push((await post('resend_activation/', { email })).status);
    }
    await strict.app.worker.runPending();

    expect(asked).toEqual([204, 204, 204]);
    expect(mailbox.mails.map(({ to }) => to)).toEqual([waiting.email]);
  });

  test('is not asked of the first administrator', async () => {
    await strict.db.updateTable('users').set({ deleted_at: now() }).execute();
    const body = { email: 'root@example.com', first_name: 'Ada', last_name: 'Admin', password, superuser: true };

    expect((await post('', body)).body).toMatchObject({ is_active: true });
    expect((await login('root@example.com')).status).toBe(200);
  });
});
