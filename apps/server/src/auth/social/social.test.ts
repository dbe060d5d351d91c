import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testContext } from '../../testing/context.ts';
import { seedUser } from '../../testing/seed.ts';
import { randomText } from '../../secrets.ts';

/** GitHub and Google, as far as they document what is asked of them here. */
interface Person {
  id: number;
  email: string;
  verified?: boolean;
  aud?: string;
}
const codes = new Map<string, Person>();
const service = createServer(async (request, response) => {
  const { path, code } = await read(request);
  const person = codes.get(code);
  const answer = (status: number, body: unknown) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  if (path === '/login/oauth/access_token') {
    return answer(200, person ? { access_token: code, token_type: 'bearer' } : { error: 'bad_verification_code' });
  }
  if (person === undefined) return answer(401, { message: 'Bad credentials' });
  const { id, email, verified = true } = person;
  if (path === '/user') return answer(200, { id, login: 'ada', name: 'Ada King Lovelace' });
  if (path === '/user/emails') {
    return answer(200, [
      { email: 'other@example.com', primary: false, verified: true },
      { email, primary: true, verified },
    ]);
  }
  if (path === '/oauth2/v3/tokeninfo') return answer(200, { aud: person.aud ?? 'our-client', sub: String(id) });
  return answer(200, { sub: String(id), email, email_verified: verified, given_name: 'Ada' });
});

async function read(request: IncomingMessage): Promise<{ path: string; code: string }> {
  let body = '';
  for await (const part of request) body += part;
  const url = new URL(request.url as string, 'http://service');
  const form = new URLSearchParams(body);
  if (body !== '' && form.get('client_secret') !== 'secret') return { path: url.pathname, code: '' };
  const bearer = request.headers.authorization?.replace('Bearer ', '');
  return { path: url.pathname, code: form.get('code') ?? url.searchParams.get('access_token') ?? bearer ?? '' };
}

const settings: Record<string, string> = {
  GITHUB_CLIENT_ID: 'id',
  GITHUB_CLIENT_SECRET: 'secret',
  GOOGLE_CLIENT_ID: 'our-client',
  OUTBOUND_ALLOWED_RANGES: '127.0.0.0/8',
  LOGIN_THROTTLE_RATE: '100/min',
};
beforeAll(async () => {
  await new Promise<void>((done) => service.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  Object.assign(settings, { GITHUB_URL: url, GITHUB_API_URL: url, GOOGLE_API_URL: url });
});
afterAll(() => void service.close());

let lastId = 0;
function someone(person: Partial<Person> = {}): Person {
  const known = { id: ++lastId, email: `${randomText(8).toLowerCase()}@example.com`, ...person };
  return known;
}

describe.each(['github', 'google'])('signing in with %s', (provider) => {
  const context = lazily();
  const enter = async (person: Person, more: object = {}) => {
    const code = randomText(20);
    codes.set(code, person);
    return context().request({
      method: 'POST',
      path: `/api/v1/auth/oauth/${provider}/`,
      body: { access_token: code, ...more },
    });
  };
  const me = async (key: string) =>
    (await context().request({ path: '/api/v1/auth/users/me/', as: `Token ${key}` })).body;
  const failure = { message: `An error occurred authenticating with ${provider.toUpperCase()}` };

  test('makes an account the first time and finds it the next', async () => {
    const ada = someone();

    const first = await enter(ada);
    const second = await enter({ ...ada, email: 'moved@example.com' });

    expect([first.status, first.body]).toEqual([200, { key: expect.any(String), is_new_user: true }]);
    expect(second.body.is_new_user).toBe(false);
    expect((await me(first.body.key)).email).toBe(ada.email);
    expect((await me(second.body.key)).id).toBe((await me(first.body.key)).id);
  });

  test('takes no address that the service has not verified', async () => {
    const { email } = await seedUser(context().db);

    const refused = await enter(someone({ email, verified: false }));

    expect([refused.status, refused.body]).toEqual([502, failure]);
  });

  test('takes no code that the service does not know', async () => {
    const refused = await context().request({
      method: 'POST',
      path: `/api/v1/auth/oauth/${provider}/`,
      body: { access_token: 'unknown' },
    });

    expect([refused.status, refused.body]).toEqual([502, failure]);
  });

  test('finds the account with the address, and shuts out who may have registered it before', async () => {
    const { email, userId, authorization } = await seedUser(context().db);

    const entered = await enter(someone({ email: email.toUpperCase() }));

    expect((await me(entered.body.key)).id).toBe(userId);
    expect((await context().request({ path: '/api/v1/auth/users/me/', as: authorization })).status).toBe(401);
  });

  test('keeps out who got an address that somebody with an account had before', async () => {
    const ada = someone();
    await enter(ada);

    expect((await enter(someone({ email: ada.email }))).status).toBe(403);
  });

  test('lets nobody into an account that is not active', async () => {
    const { email, userId } = await seedUser(context().db);
    await context().db.updateTable('users').set({ is_active: 0 }).where('id', '=', userId).execute();

    expect((await enter(someone({ email }))).status).toBe(403);
  });

  test('asks for the second factor of an account that has one', async () => {
    const ada = someone();
    const { key } = (await enter(ada)).body;
    const { id } = await me(key);
    const method = { user_id: id, secret_encrypted: 'x', is_active: 1, last_step: 0, created_at: '2026-01-01' };
    await context().db.insertInto('mfa_methods').values(method).execute();

    expect((await enter(ada)).body).toEqual({ ephemeral_token: expect.any(String), method: 'app' });
  });
});

describe('signing in with Google', () => {
  const context = lazily();

  test('takes no token that Google gave to another site', async () => {
    codes.set('stolen', someone({ aud: 'another-client' }));

    const refused = await context().request({
      method: 'POST',
      path: '/api/v1/auth/oauth/google/',
      body: { access_token: 'stolen' },
    });

    expect(refused.status).toBe(502);
  });
});

describe('an installation that wants invitations', () => {
  const context = lazily({ ALLOW_REGISTRATION_WITHOUT_INVITE: 'false' });

  test('makes no account for who has none', async () => {
    codes.set('uninvited', someone());

    const refused = await context().request({
      method: 'POST',
      path: '/api/v1/auth/oauth/github/',
      body: { access_token: 'uninvited' },
    });

    expect([refused.status, refused.body.detail]).toEqual([
      403,
      'User registration without an invite is disabled for this installation.',
    ]);
  });
});

describe('an installation without these services', () => {
  const context = testContext();

  test('refuses, and tells login pages', async () => {
    const refused = await context.request({
      method: 'POST',
      path: '/api/v1/auth/oauth/github/',
      body: { access_token: 'x' },
    });

    expect(refused.status).toBe(403);
    expect((await context.request({ path: '/version/' })).body.login_methods).toEqual({
      password: true,
      github: null,
      google: null,
    });
  });
});

/** The address of the service is known only when it listens. */
function lazily(more: Record<string, string> = {}) {
  const variables: Record<string, string> = {};
  beforeAll(() => void Object.assign(variables, settings, more));
  const context = testContext(variables);
  return () => context;
}
