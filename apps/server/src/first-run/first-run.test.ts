import { describe, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { initialiseAtStart } from './service.ts';

const settings = { ADMIN_EMAIL: 'Ada@Example.com', ORGANISATION_NAME: 'Acme', PROJECT_NAME: 'Shop' };
const path = '/api/v1/users/init/';
const password = 'tall green lighthouse';

describe('an installation that names its first administrator', () => {
  const context = testContext({ ...settings, PUBLIC_URL: 'https://flags.example.com' });

  test('creates them on request once, of many who ask at once', async () => {
    const answers = await Promise.all([1, 2, 3].map(() => context.request({ method: 'POST', path })));

    expect(answers.map(({ status }) => status).sort()).toEqual([201, 400, 400]);
    const { body } = answers.find(({ status }) => status === 201) as { body: { passwordResetUrl: string } };
    expect(body).toEqual({
      adminUserCreated: true,
      passwordResetUrl: expect.stringMatching(/^https:\/\/flags\.example\.com\/password-reset\/confirm\/[^/]+\/[^/]+$/),
    });
    const [token, uid] = body.passwordResetUrl.split('/').toReversed();
    const chosen = await context.request({
      method: 'POST',
      path: '/api/v1/auth/users/reset_password_confirm/',
      body: { uid, token, new_password: password, re_new_password: password },
    });
    expect(chosen.status).toBe(204);
    const login = { email: 'ada@example.com', password };
    const { key } = (await context.request({ method: 'POST', path: '/api/v1/auth/login/', body: login })).body;
    const as = `Token ${key}`;
    expect((await context.request({ path: '/api/v1/auth/users/me/', as })).body.is_superuser).toBe(true);
    const projects = await context.request({ path: '/api/v1/projects/', as });
    expect(projects.body.map((project: { name: string }) => project.name)).toEqual(['Shop']);
  });

  test('creates nobody while there are accounts', async () => {
    const refused = await context.request({ path });

    expect([refused.status, refused.body]).toEqual([400, { detail: 'There are accounts already.' }]);
    expect(await initialiseAtStart(context.app.systemContext())).toBeNull();
  });
});

describe('an installation that asks for it at start', () => {
  const context = testContext({
    ...settings,
    ALLOW_ADMIN_INITIATION_VIA_CLI: 'true',
    ALLOW_ADMIN_INITIATION_VIA_URL: 'false',
  });

  test('does not do it on request', async () => {
    expect((await context.request({ path })).status).toBe(400);
    expect((await context.request({ path: '/version/' })).body.self_hosted_data.has_users).toBe(false);
  });

  test('does it at the first start and not at the next', async () => {
    const ctx = context.app.systemContext();

    const links = [await initialiseAtStart(ctx), await initialiseAtStart(ctx)];

    expect(links).toEqual([expect.stringContaining('/password-reset/confirm/'), null]);
  });
});

describe('an installation that names nobody', () => {
  const context = testContext();

  test('creates nobody', async () => {
    expect((await context.request({ path })).status).toBe(400);
    expect((await context.request({ path: '/version/' })).body.self_hosted_data.has_users).toBe(false);
  });
});
