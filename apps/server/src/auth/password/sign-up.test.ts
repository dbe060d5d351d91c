import { describe, expect, test } from 'vitest';
import { type TestContext, testContext } from '../../testing/context.ts';
import { seedTenant, seedUser } from '../../testing/seed.ts';

const password = 'tall green lighthouse';
let count = 0;

const register = (context: TestContext, more: object = {}) =>
  context.request({
    method: 'POST',
    path: '/api/v1/auth/users/',
    body: { email: `p${++count}@example.com`, first_name: 'Grace', last_name: 'Hopper', password, ...more },
  });
const login = (context: TestContext, email: string) =>
  context.request({ method: 'POST', path: '/api/v1/auth/login/', body: { email, password } });

describe('PREVENT_SIGNUP', () => {
  const context = testContext({ PREVENT_SIGNUP: 'true' });

  test('lets the first administrator in and nobody after them', async () => {
    const first = await register(context, { superuser: true });
    const second = await register(context);
    const sly = await register(context, { superuser: true });

    expect(first.status).toBe(201);
    expect([second.status, second.body]).toEqual([
      403,
      { detail: 'Signing up is switched off for this installation.' },
    ]);
    expect(sly.status).toBe(400);
  });
});

describe('ALLOW_REGISTRATION_WITHOUT_INVITE=false', () => {
  const context = testContext({ ALLOW_REGISTRATION_WITHOUT_INVITE: 'false' });

  test.each([{}, { invite_hash: 'made-up' }, { sign_up_type: 'INVITE_LINK' }])(
    'refuses who was not invited: %j',
    async (more) => {
      const refused = await register(context, more);

      expect([refused.status, refused.body]).toEqual([
        403,
        { detail: 'User registration without an invite is disabled for this installation.' },
      ]);
    },
  );

  test('lets those in who were invited, by address or by link', async () => {
    const { admin, organisationId } = await seedTenant(context.db);
    const post = async (path: string, body: object) =>
      (
        await context.request({
          method: 'POST',
          path: `/api/v1/organisations/${organisationId}/${path}`,
          as: admin,
          body,
        })
      ).body;
    await post('invites/', { email: 'grace@example.com', role: 'USER' });
    const link = await post('invite-links/', { role: 'USER' });

    expect((await register(context, { email: 'Grace@example.com' })).status).toBe(201);
    expect((await register(context, { invite_hash: link.hash })).status).toBe(201);
  });
});

describe('PREVENT_EMAIL_PASSWORD', () => {
  const context = testContext({ PREVENT_EMAIL_PASSWORD: 'true' });

  test('refuses passwords, right or wrong, and signing up with one', async () => {
    const { email } = await seedUser(context.db);

    const refused = [await login(context, email), await login(context, 'nobody@example.com'), await register(context)];

    for (const { status, body } of refused) {
      expect(status).toBe(403);
      expect(body.detail).toContain('single sign-on');
    }
  });

  test('sends no links for a new password', async () => {
    const { email } = await seedUser(context.db);

    const asked = await context.request({
      method: 'POST',
      path: '/api/v1/auth/users/reset_password/',
      body: { email },
    });
    await context.app.worker.runPending();

    expect(asked.status).toBe(204);
    expect(await context.db.selectFrom('account_tokens').selectAll().execute()).toEqual([]);
  });
});

describe('RESTRICT_ORG_CREATE_TO_SUPERUSERS', () => {
  const context = testContext({ RESTRICT_ORG_CREATE_TO_SUPERUSERS: 'true' });

  test('lets the superuser create organisations and nobody else', async () => {
    const root = await register(context, { superuser: true });
    const other = await register(context);
    const create = (key: string) =>
      context.request({ method: 'POST', path: '/api/v1/organisations/', as: `Token ${key}`, body: { name: 'Acme' } });

    expect((await create(root.body.key)).status).toBe(201);
    expect((await create(other.body.key)).status).toBe(403);
  });
});
