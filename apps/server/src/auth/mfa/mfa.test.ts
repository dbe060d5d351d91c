import { generateSync } from 'otplib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testContext } from '../../testing/context.ts';
import { openMailbox } from '../../testing/mailbox.ts';
import { seedTenant, seedUser, type Tenant } from '../../testing/seed.ts';
import { now } from '../../time.ts';

const mailbox = await openMailbox();
const context = testContext({ LOGIN_THROTTLE_RATE: '1000/min', SMTP_URL: mailbox.url });
const password = 'tall green lighthouse';
let tenant: Tenant;
let count = 0;

beforeAll(async () => {
  tenant = await seedTenant(context.db);
});
afterAll(() => mailbox.close());

const post = (path: string, body: object, as?: string) =>
  context.request({ method: 'POST', path: `/api/v1/auth/${path}`, body, ...(as !== undefined && { as }) });

/** The code of the app, half a minute ahead for each step. */
const codeOf = (secret: string, steps = 0) =>
  generateSync({ secret, epoch: Math.floor(Date.now() / 1000) + steps * 30 });

async function person() {
  const email = `person${++count}@example.com`;
  const { body } = await post('users/', { email, first_name: 'Grace', last_name: 'Hopper', password });
  return { email, id: body.id as number, as: `Token ${body.key}` };
}

/** Somebody with a second factor, whose code of this half minute is spent. */
async function guarded() {
  const someone = await person();
  const { secret } = (await post('app/activate/', {}, someone.as)).body;
  const confirmed = await post('app/activate/confirm/', { code: codeOf(secret) }, someone.as);
  return { ...someone, secret: secret as string, backupCodes: confirmed.body.backup_codes as string[] };
}

const login = (email: string) => post('login/', { email, password });
const answer = (ephemeral_token: string, code: string) => post('login/code/', { ephemeral_token, code });
const wrongCode = { error: 'Invalid or expired code.' };
const wrongToken = { error: 'Invalid or expired token.' };

describe('turning the second factor on', () => {
  test('takes a code of the app, and tells five backup codes', async () => {
    const { as, email } = await person();

    const begun = await post('app/activate/', {}, as);
    const confirmed = await post('app/activate/confirm/', { code: codeOf(begun.body.secret) }, as);

    expect(begun.status).toBe(200);
    expect(begun.body.qr_link).toBe(
      `otpauth://totp/Halyard:${encodeURIComponent(email)}?secret=${begun.body.secret}&issuer=Halyard`,
    );
    expect(confirmed.status).toBe(200);
    expect(new Set(confirmed.body.backup_codes).size).toBe(5);
    for (const code of confirmed.body.backup_codes) expect(code).toMatch(/^\w{10}$/);
    const methods = await context.request({ path: '/api/v1/auth/mfa/user-active-methods/', as });
    expect(methods.body).toEqual([{ name: 'app', is_primary: true }]);
  });

  test('changes nothing before the code was right', async () => {
    const { as, email } = await person();
    await post('app/activate/', {}, as);

    const refused = await post('app/activate/confirm/', { code: '000000' }, as);

    expect([refused.status, refused.body]).toEqual([400, { code: ['Code invalid or expired.'] }]);
    expect((await context.request({ path: '/api/v1/auth/mfa/user-active-methods/', as })).body).toEqual([]);
    expect((await login(email)).body).toEqual({ key: expect.any(String) });
  });

  test('is refused where it is on', async () => {
    const { as, secret } = await guarded();

    const again = await post('app/activate/', {}, as);
    const confirmed = await post('app/activate/confirm/', { code: codeOf(secret, 1) }, as);

    expect([again.status, again.body]).toEqual([400, { error: 'MFA method already active.' }]);
    expect([confirmed.status, confirmed.body]).toEqual([400, { error: 'MFA method already active.' }]);
  });

  test('needs a secret first', async () => {
    const { as } = await person();

    expect((await post('app/activate/confirm/', { code: '123456' }, as)).status).toBe(400);
  });

  test('stores secret and backup codes so that the database alone does not tell them', async () => {
    const { id, secret, backupCodes } = await guarded();

    const methods = await context.db.selectFrom('mfa_methods').where('user_id', '=', id).selectAll().execute();
    const codes = await context.db.selectFrom('mfa_backup_codes').where('user_id', '=', id).selectAll().execute();

    expect(codes).toHaveLength(5);
    expect(JSON.stringify(methods)).not.toContain(secret);
    for (const code of backupCodes) expect(JSON.stringify(codes)).not.toContain(code);
  });

  test('knows no other method', async () => {
    const { as } = await person();

    expect((await post('sms/activate/', {}, as)).status).toBe(404);
  });
});

describe('logging in with a second factor', () => {
  test('asks for a code and starts a session with it', async () => {
    const { email, secret } = await guarded();

    const first = await login(email);
    const second = await answer(first.body.ephemeral_token, codeOf(secret, 1));

    expect([first.status, first.body]).toEqual([200, { ephemeral_token: expect.any(String), method: 'app' }]);
    expect([second.status, second.body]).toEqual([200, { key: expect.stringMatching(/^[0-9a-f]{40}$/) }]);
    expect((await context.request({ path: '/api/v1/auth/users/me/', as: `Token ${second.body.key}` })).status).toBe(
      200,
    );
  });

  test('takes no code twice, and none before it', async () => {
    const { email, secret } = await guarded();
    const used = codeOf(secret, 1);
    await answer((await login(email)).body.ephemeral_token, used);

    const again = await answer((await login(email)).body.ephemeral_token, used);
    const older = await answer((await login(email)).body.ephemeral_token, codeOf(secret));

    expect([again.status, again.body]).toEqual([401, wrongCode]);
    expect([older.status, older.body]).toEqual([401, wrongCode]);
  });

  test('takes one code once from many who come at once', async () => {
    const { email, secret } = await guarded();
    const tokens = [(await login(email)).body.ephemeral_token, (await login(email)).body.ephemeral_token];
    const code = codeOf(secret, 1);

    const answers = await Promise.all(tokens.map((token) => answer(token, code)));

    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
  });

  test('takes no code of minutes ago or ahead', async () => {
    const { email, secret } = await guarded();
    const { ephemeral_token } = (await login(email)).body;

    expect((await answer(ephemeral_token, codeOf(secret, -10))).body).toEqual(wrongCode);
    expect((await answer(ephemeral_token, codeOf(secret, 10))).body).toEqual(wrongCode);
  });

  test('takes each backup code once', async () => {
    const { email, backupCodes } = await guarded();
    const [code] = backupCodes as [string];

    const first = await answer((await login(email)).body.ephemeral_token, code);
    const second = await answer((await login(email)).body.ephemeral_token, code);

    expect(first.status).toBe(200);
    expect([second.status, second.body]).toEqual([401, wrongCode]);
  });

  test("takes nobody else's backup code", async () => {
    const { email } = await guarded();
    const other = await guarded();

    const refused = await answer((await login(email)).body.ephemeral_token, other.backupCodes[0] as string);

    expect(refused.status).toBe(401);
  });

  test('takes each question once, within a quarter of an hour', async () => {
    const { email, secret, backupCodes } = await guarded();
    const { ephemeral_token: spent } = (await login(email)).body;
    await answer(spent, codeOf(secret, 1));
    const { ephemeral_token: late } = (await login(email)).body;
    await context.db.updateTable('account_tokens').set({ expires_at: now() }).execute();

    expect((await answer(spent, backupCodes[0] as string)).body).toEqual(wrongToken);
    expect((await answer(late, backupCodes[0] as string)).body).toEqual(wrongToken);
    expect((await answer('made-up', backupCodes[0] as string)).body).toEqual(wrongToken);
  });

  test('takes no question asked before the password was changed', async () => {
    const { email, as, backupCodes } = await guarded();
    const { ephemeral_token } = (await login(email)).body;
    const next = {
      current_password: password,
      new_password: 'seven quiet otters',
      re_new_password: 'seven quiet otters',
    };
    await post('users/set_password/', next, as);

    expect((await answer(ephemeral_token, backupCodes[0] as string)).body).toEqual(wrongToken);
  });

  test('is not for somebody who was switched off meanwhile', async () => {
    const { email, id, backupCodes } = await guarded();
    const { ephemeral_token } = (await login(email)).body;
    await context.db.updateTable('users').set({ is_active: 0 }).where('id', '=', id).execute();

    expect((await answer(ephemeral_token, backupCodes[0] as string)).status).toBe(401);
  });

  test('the question is no token', async () => {
    const { email } = await guarded();
    const { ephemeral_token } = (await login(email)).body;

    const me = await context.request({ path: '/api/v1/auth/users/me/', as: `Token ${ephemeral_token}` });

    expect(me.status).toBe(401);
  });

  test('lets nobody try more than five codes a minute, whatever questions they ask', async () => {
    const { email, backupCodes } = await guarded();
    const attempts = [];
    for (let i = 0; i < 5; i++) attempts.push(await answer((await login(email)).body.ephemeral_token, '000000'));

    const right = await answer((await login(email)).body.ephemeral_token, backupCodes[0] as string);

    expect(attempts.at(-1)?.status).toBe(429);
    expect(right.status).toBe(429);
    expect(Number(right.headers['retry-after'])).toBeGreaterThan(0);
  });

  test('a new password by e-mail does not go around it', async () => {
    const { email, id } = await guarded();
    await post('users/reset_password/', { email });
    await context.app.worker.runPending();
    const [token, uid] = (mailbox.mails.find((mail) => mail.to === email)?.link ?? '').split('/').toReversed();
    const next = 'seven quiet otters';

    const confirmed = await post('users/reset_password_confirm/', {
      uid,
      token,
      new_password: next,
      re_new_password: next,
    });

    expect([confirmed.status, confirmed.body]).toEqual([204, '']);
    expect(await context.db.selectFrom('user_tokens').where('user_id', '=', id).selectAll().execute()).toEqual([]);
    expect((await post('login/', { email, password: next })).body).toMatchObject({ method: 'app' });
  });
});

describe('turning the second factor off', () => {
  test('takes a code of the app, a backup code or the password', async () => {
    const byApp = await guarded();
    const byBackup = await guarded();
    const byPassword = await guarded();

    const answers = await Promise.all([
      post('app/deactivate/', { code: codeOf(byApp.secret, 1) }, byApp.as),
      post('app/deactivate/', { code: byBackup.backupCodes[2] }, byBackup.as),
      post('app/deactivate/', { current_password: password }, byPassword.as),
    ]);

    expect(answers.map(({ status }) => status)).toEqual([204, 204, 204]);
    expect((await login(byApp.email)).body).toEqual({ key: expect.any(String) });
    const left = await context.db.selectFrom('mfa_backup_codes').where('user_id', '=', byApp.id).selectAll().execute();
    expect(left).toEqual([]);
  });

  test.each([
    [{}, { error: expect.stringContaining('"code"') }],
    [{ code: '000000' }, { code: ['Code invalid or expired.'] }],
    [{ current_password: 'wrong' }, { current_password: ['Invalid password.'] }],
  ])('is refused with %j', async (body, errors) => {
    const { as, email } = await guarded();

    const refused = await post('app/deactivate/', body, as);

    expect([refused.status, refused.body]).toEqual([400, errors]);
    expect((await login(email)).body).toMatchObject({ method: 'app' });
  });

  test('is refused where it is off', async () => {
    const { as } = await person();

    const refused = await post('app/deactivate/', { current_password: password }, as);

    expect([refused.status, refused.body]).toEqual([400, { error: 'MFA method is not active.' }]);
  });

  test("leaves other people's second factor alone", async () => {
    const { as } = await guarded();
    const other = await guarded();

    expect((await post('app/deactivate/', { code: other.backupCodes[0] }, as)).status).toBe(400);
    expect((await login(other.email)).body).toMatchObject({ method: 'app' });
  });
});

test.each([
  ['POST', 'app/activate/'],
  ['POST', 'app/activate/confirm/'],
  ['POST', 'app/deactivate/'],
  ['GET', 'mfa/user-active-methods/'],
] as const)('%s %s is for people who are logged in', async (method, path) => {
  const request = { method, path: `/api/v1/auth/${path}` };

  expect((await context.request(request)).status).toBe(401);
  expect((await context.request({ ...request, as: tenant.masterKey })).status).toBe(403);
});

test('a person sees their own second factor only', async () => {
  await guarded();
  const { authorization } = await seedUser(context.db);

  const methods = await context.request({ path: '/api/v1/auth/mfa/user-active-methods/', as: authorization });

  expect(methods.body).toEqual([]);
});
