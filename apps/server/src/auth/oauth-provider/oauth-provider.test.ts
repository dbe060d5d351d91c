import * as oauth from 'oauth4webapi';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { routes } from '../../app.ts';
import { sha256 } from '../../secrets.ts';
import { testContext } from '../../testing/context.ts';
import { seedTenant, seedUser, type Tenant } from '../../testing/seed.ts';
import { hashPassword } from '../password/hash.ts';
import { oauthJobs, registrationRate } from './service.ts';

/* The peer is a client library as applications use it; only its network is ours. */

const origin = 'https://flags.example.com';
const context = testContext({ PUBLIC_URL: origin, LOGIN_THROTTLE_RATE: '1000/min' });
const callback = 'http://127.0.0.1:33418/callback';
const authorize = '/api/v1/oauth/authorize/';
const applications = '/api/v1/oauth/applications/';
const password = 'tall green lighthouse';
let tenant: Tenant;
let passwordHash: string;

beforeAll(async () => {
  tenant = await seedTenant(context.db);
  passwordHash = await hashPassword(password);
});

const network = {
  async [oauth.customFetch](
    url: string,
    options: { method: string; headers: Record<string, string>; body?: URLSearchParams | string | null | undefined },
  ) {
    const { method, headers, body } = options;
    const answer = await context.app.http.inject({
      method: method as 'GET',
      url: url.slice(origin.length),
      headers,
      ...(body && { payload: String(body) }),
    });
    const sent = Object.entries(answer.headers).map(([name, value]): [string, string] => [name, String(value)]);
    return new Response(answer.body, { status: answer.statusCode, headers: sent });
  },
};

async function discover(): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(origin);
  const response = await oauth.discoveryRequest(issuer, { ...network, algorithm: 'oauth2' });
  return oauth.processDiscoveryResponse(issuer, response);
}

async function registered(metadata: object = {}): Promise<oauth.Client> {
  const wanted = { client_name: 'Flags CLI', redirect_uris: ['http://127.0.0.1/callback'], ...metadata };
  const response = await oauth.dynamicClientRegistrationRequest(await discover(), wanted, network);
  return oauth.processDynamicClientRegistrationResponse(response);
}

/** What an application asks for, and what it keeps until the answer. */
async function question(client: oauth.Client, more: Record<string, string> = {}) {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const asked: Record<string, string> = {
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: callback,
    scope: 'admin-api',
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...more,
  };
  return { verifier, state, asked };
}

const read = (asked: Record<string, string>, as = tenant.admin) =>
  context.request({ path: `${authorize}?${new URLSearchParams(asked)}`, as });
const decide = (asked: object, as = tenant.admin) =>
  context.request({ method: 'POST', path: authorize, as, body: { allow: true, ...asked } });

/** The code that a yes gives, as the library takes it from the address. */
async function coded(client: oauth.Client, more: Record<string, string> = {}, as = tenant.admin) {
  const { verifier, state, asked } = await question(client, more);
  const { body } = await decide(asked, as);
  const parameters = oauth.validateAuthResponse(await discover(), client, new URL(body.redirect_uri), state);
  return { verifier, parameters, redirectUri: asked.redirect_uri as string };
}

async function exchange(client: oauth.Client, got: Awaited<ReturnType<typeof coded>>) {
  const server = await discover();
  const { parameters, redirectUri, verifier } = got;
  const none = oauth.None();
  return oauth.processAuthorizationCodeResponse(
    server,
    client,
    await oauth.authorizationCodeGrantRequest(server, client, none, parameters, redirectUri, verifier, network),
  );
}

async function refresh(client: oauth.Client, token: string, more: Record<string, string> = {}) {
  const server = await discover();
  const options = { ...network, additionalParameters: more };
  return oauth.processRefreshTokenResponse(
    server,
    client,
    await oauth.refreshTokenGrantRequest(server, client, oauth.None(), token, options),
  );
}

/** An application that holds tokens. */
async function connected(more: Record<string, string> = {}, as = tenant.admin) {
  const client = await registered();
  const tokens = await exchange(client, await coded(client, more, as));
  return { client, access: tokens.access_token, refresh: tokens.refresh_token as string, tokens };
}

const me = (token: string) => context.request({ path: '/api/v1/auth/users/me/', as: `Bearer ${token}` });
const post = (path: string, body: object, as?: string) =>
  context.request({
    method: 'POST',
    path,
    body: new URLSearchParams(body as Record<string, string>).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    ...(as !== undefined && { as }),
  });
const invalidGrant = expect.objectContaining({ error: 'invalid_grant', status: 400 });
const past = '2020-01-01T00:00:00.000000Z';

/** Somebody who can log in with the password, and an application that acts for them. */
async function somebody() {
  const user = await seedUser(context.db, { organisationId: tenant.organisationId, role: 'USER' });
  await context.db.updateTable('users').set({ password_hash: passwordHash }).where('id', '=', user.userId).execute();
  return { ...user, ...(await connected({}, user.authorization)) };
}

describe('an application', () => {
  test('finds, registers, asks, and acts for whoever said yes', async () => {
    const { access, tokens } = await connected();

    expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 900, scope: 'admin-api' });
    const organisation = await context.request({
      path: `/api/v1/organisations/${tenant.organisationId}/`,
      as: `Bearer ${access}`,
    });
    expect([(await me(access)).body.id, organisation.status]).toEqual([tenant.adminId, 200]);
  });

  test('is registered without a secret, and told what it may', async () => {
    const client = await registered({ redirect_uris: ['https://app.example.com/cb?from=halyard', callback] });

    expect(client).toEqual({
      client_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      client_id_issued_at: expect.any(Number),
      client_name: 'Flags CLI',
      redirect_uris: ['https://app.example.com/cb?from=halyard', callback],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    });
  });

  test.each([
    [{ client_name: '' }, 'invalid_client_metadata', 'client_name'],
    [{ client_name: 'Hаlyard' }, 'invalid_client_metadata', 'client_name'],
    [{ client_name: 'x'.repeat(256) }, 'invalid_client_metadata', 'client_name'],
    [{ token_endpoint_auth_method: 'client_secret_basic' }, 'invalid_client_metadata', 'token_endpoint_auth_method'],
    [{ grant_types: ['authorization_code', 'password'] }, 'invalid_client_metadata', 'grant_types'],
    [{ grant_types: ['refresh_token'] }, 'invalid_client_metadata', 'grant_types'],
    [{ response_types: ['token'] }, 'invalid_client_metadata', 'response_types'],
    [{ redirect_uris: [] }, 'invalid_redirect_uri', 'one to five'],
    [{ redirect_uris: Array(6).fill(callback) }, 'invalid_redirect_uri', 'one to five'],
    [{ redirect_uris: undefined }, 'invalid_redirect_uri', 'one to five'],
    [{ redirect_uris: ['http://app.example.com/cb'] }, 'invalid_redirect_uri', 'https://'],
    [{ redirect_uris: ['http://127.0.0.1.example.com/cb'] }, 'invalid_redirect_uri', 'https://'],
    [{ redirect_uris: ['javascript:alert(1)'] }, 'invalid_redirect_uri', 'https://'],
    [{ redirect_uris: ['myapp://callback'] }, 'invalid_redirect_uri', 'https://'],
    [{ redirect_uris: ['https://app.example.com/#x'] }, 'invalid_redirect_uri', 'fragment'],
    [{ redirect_uris: ['https://me@app.example.com/'] }, 'invalid_redirect_uri', 'user'],
    [{ redirect_uris: ['https:\\\\app.example.com'] }, 'invalid_redirect_uri', 'not an address'],
    [{ redirect_uris: [7] }, 'invalid_redirect_uri', 'not an address'],
  ])('is not registered with %j', async (metadata, error, words) => {
    const body = { client_name: 'Flags CLI', redirect_uris: [callback], ...metadata };

    const refused = await context.request({ method: 'POST', path: '/o/register/', body });

    expect([refused.status, refused.body]).toEqual([400, { error, error_description: expect.stringContaining(words) }]);
  });

  test('comes back at whatever port is free, but at no other path', async () => {
    const client = await registered({ redirect_uris: ['http://localhost:1/callback'] });

    const other = await read((await question(client, { redirect_uri: 'http://localhost:8765/callback' })).asked);
    const elsewhere = await read((await question(client, { redirect_uri: 'http://localhost:1/other' })).asked);
    const https = await registered({ redirect_uris: ['https://app.example.com/cb'] });
    const longer = await read((await question(https, { redirect_uri: 'https://app.example.com:444/cb' })).asked);

    expect([other.status, elsewhere.status, longer.status]).toEqual([200, 400, 400]);
    expect(elsewhere.body).toEqual({ error: 'invalid_request', error_description: expect.any(String) });
  });
});

describe('the person', () => {
  let client: oauth.Client;
  beforeAll(async () => {
    client = await registered();
  });

  test('is told who asks, for what, and where the answer goes', async () => {
    const { asked } = await question(client, { scope: 'mcp admin-api mcp' });

    expect((await read(asked)).body).toEqual({
      application: { name: 'Flags CLI', client_id: client.client_id },
      scopes: { mcp: expect.any(String), 'admin-api': expect.any(String) },
      redirect_uri: callback,
      is_verified: false,
    });
    expect(Object.keys((await read({ ...asked, scope: '' })).body.scopes)).toEqual(['mcp']);
  });

  test('says no, and the application hears it', async () => {
    const { asked, state } = await question(client);

    const { body } = await decide({ ...asked, allow: false });

    const server = await discover();
    expect(() => oauth.validateAuthResponse(server, client, new URL(body.redirect_uri), state)).toThrow(
      expect.objectContaining({ error: 'access_denied' }),
    );
    expect(body.redirect_uri).not.toContain('code=');
  });

  test.each([
    [{ client_id: 'nobody' }, 'invalid_client'],
    [{ client_id: '' }, 'invalid_request'],
    [{ redirect_uri: 'https://evil.example.com/' }, 'invalid_request'],
    [{ redirect_uri: '' }, 'invalid_request'],
  ])('is sent nowhere with %j', async (more, error) => {
    const { asked } = await question(client, more);

    for (const refused of [await read(asked), await decide(asked)]) {
      expect([refused.status, refused.body]).toEqual([400, { error, error_description: expect.any(String) }]);
    }
  });

  test.each([
    [{ response_type: 'token' }, 'unsupported_response_type'],
    [{ response_type: '' }, 'invalid_request'],
    [{ code_challenge: '' }, 'invalid_request'],
    [{ code_challenge: 'short' }, 'invalid_request'],
    [{ code_challenge_method: 'plain' }, 'invalid_request'],
    [{ code_challenge_method: '' }, 'invalid_request'],
    [{ scope: 'admin-api root' }, 'invalid_scope'],
  ])('can take the refusal of %j back to the application', async (more, error) => {
    const { asked, state } = await question(client, more);

    for (const refused of [await read(asked), await decide(asked)]) {
      expect([refused.status, refused.body.error]).toEqual([400, error]);
      const back = new URL(refused.body.redirect_uri);
      expect(back.href.startsWith(callback)).toBe(true);
      expect([back.searchParams.get('error'), back.searchParams.get('state')]).toEqual([error, state]);
    }
  });

  test('answers for themselves: nobody, a master key or an application cannot', async () => {
    const { asked } = await question(client);
    const { access } = await connected();

    expect((await context.request({ path: `${authorize}?${new URLSearchParams(asked)}` })).status).toBe(401);
    for (const as of [tenant.masterKey, `Bearer ${access}`]) {
      expect([(await read(asked, as)).status, (await decide(asked, as)).status]).toEqual([403, 403]);
    }
  });

  test('sees what may act for them, and ends it', async () => {
    const ana = await somebody();
    const other = await connected();

    const { body } = await context.request({ path: applications, as: ana.authorization });
    const foreign = await context.request({
      method: 'DELETE',
      path: `${applications}${other.client.client_id}/`,
      as: ana.authorization,
    });
    const ended = await context.request({
      method: 'DELETE',
      path: `${applications}${ana.client.client_id}/`,
      as: ana.authorization,
    });

    expect(body).toEqual([
      {
        client_id: ana.client.client_id,
        name: 'Flags CLI',
        scopes: ['admin-api'],
        authorised_at: expect.any(String),
        last_used_at: expect.any(String),
      },
    ]);
    expect([foreign.status, ended.status]).toEqual([404, 204]);
    expect([(await me(ana.access)).status, (await me(other.access)).status]).toEqual([401, 200]);
    await expect(refresh(ana.client, ana.refresh)).rejects.toEqual(invalidGrant);
    expect((await context.request({ path: applications, as: ana.authorization })).body).toEqual([]);
  });
});

describe('a code', () => {
  test('works once, and a repeat ends what it gave', async () => {
    const client = await registered();
    const got = await coded(client);
    const tokens = await exchange(client, got);

    await expect(exchange(client, got)).rejects.toEqual(invalidGrant);

    expect((await me(tokens.access_token)).status).toBe(401);
    await expect(refresh(client, tokens.refresh_token as string)).rejects.toEqual(invalidGrant);
  });

  test('of two at once at most one works', async () => {
    const client = await registered();
    const got = await coded(client);

    const answers = await Promise.allSettled([exchange(client, got), exchange(client, got)]);

    expect(answers.filter(({ status }) => status === 'fulfilled').length).toBeLessThan(2);
  });

  test.each([
    ['another proof', { code_verifier: 'x'.repeat(43) }, 'invalid_grant'],
    ['a proof that is none', { code_verifier: 'short' }, 'invalid_request'],
    ['no proof', { code_verifier: '' }, 'invalid_request'],
    ['another address', { redirect_uri: 'http://127.0.0.1:33419/callback' }, 'invalid_grant'],
    ['no address', { redirect_uri: '' }, 'invalid_grant'],
    ['another code', { code: 'f'.repeat(64) }, 'invalid_grant'],
    ['no code', { code: '' }, 'invalid_request'],
    ['another kind of grant', { grant_type: 'password' }, 'unsupported_grant_type'],
    ['no kind of grant', { grant_type: '' }, 'invalid_request'],
  ])('is refused with %s, and still good for whom it is meant', async (_, more, error) => {
    const client = await registered();
    const got = await coded(client);

    const refused = await post('/o/token/', {
      grant_type: 'authorization_code',
      client_id: client.client_id,
      code: got.parameters.get('code'),
      redirect_uri: got.redirectUri,
      code_verifier: got.verifier,
      ...more,
    });

    expect([refused.status, refused.body]).toEqual([400, { error, error_description: expect.any(String) }]);
    expect((await exchange(client, got)).access_token).toBeTypeOf('string');
  });

  test('is no good to another application, nor to one that is not registered', async () => {
    const client = await registered();
    const got = await coded(client);

    await expect(exchange(await registered(), got)).rejects.toEqual(invalidGrant);
    const unknown = await post('/o/token/', { grant_type: 'authorization_code', client_id: 'x', code: 'y' });

    expect([unknown.status, unknown.body.error]).toEqual([401, 'invalid_client']);
  });

  test('is good for a minute', async () => {
    const client = await registered();
    const got = await coded(client);
    await context.db.updateTable('oauth_grants').set({ expires_at: past }).where('code_used_at', 'is', null).execute();

    await expect(exchange(client, got)).rejects.toEqual(invalidGrant);
  });

  test('and tokens are stored as hashes', async () => {
    const client = await registered();
    const got = await coded(client);
    const tokens = await exchange(client, got);

    const rows = JSON.stringify([
      await context.db.selectFrom('oauth_grants').selectAll().execute(),
      await context.db.selectFrom('oauth_tokens').selectAll().execute(),
    ]);

    for (const secret of [got.parameters.get('code'), tokens.access_token, tokens.refresh_token] as string[]) {
      expect([rows.includes(secret), rows.includes(sha256(secret))]).toEqual([false, true]);
    }
  });
});

describe('a refresh token', () => {
  test('gives new tokens once; a repeat ends all that came of the consent', async () => {
    const { client, access, refresh: first } = await connected();
    const second = await refresh(client, first);
    expect([(await me(access)).status, (await me(second.access_token)).status]).toEqual([200, 200]);

    await expect(refresh(client, first)).rejects.toEqual(invalidGrant);

    expect([(await me(access)).status, (await me(second.access_token)).status]).toEqual([401, 401]);
    await expect(refresh(client, second.refresh_token as string)).rejects.toEqual(invalidGrant);
  });

  test('can give fewer scopes, and never more', async () => {
    const { client, refresh: first } = await connected({ scope: 'mcp admin-api' });

    const fewer = await refresh(client, first, { scope: 'mcp' });
    const again = await refresh(client, fewer.refresh_token as string);
    const narrow = await connected({ scope: 'mcp' });

    expect([fewer.scope, again.scope]).toEqual(['mcp', 'mcp admin-api']);
    await expect(refresh(narrow.client, narrow.refresh, { scope: 'admin-api' })).rejects.toEqual(
      expect.objectContaining({ error: 'invalid_scope' }),
    );
  });

  test('is no good to another application, as an access token, or after its month', async () => {
    const { client, refresh: token, access } = await connected();

    expect((await me(token)).status).toBe(401);
    await expect(refresh(await registered(), token)).rejects.toEqual(invalidGrant);
    await expect(refresh(client, access)).rejects.toEqual(invalidGrant);
    await context.db
      .updateTable('oauth_tokens')
      .set({ expires_at: past })
      .where('token_hash', '=', sha256(token))
      .execute();
    await expect(refresh(client, token)).rejects.toEqual(invalidGrant);
  });
});

describe('an access token', () => {
  test('ends after a quarter of an hour', async () => {
    const { access } = await connected();
    const row = await context.db
      .selectFrom('oauth_tokens')
      .where('token_hash', '=', sha256(access))
      .select(['created_at', 'expires_at'])
      .executeTakeFirstOrThrow();
    expect(Date.parse(row.expires_at) - Date.parse(row.created_at)).toBe(15 * 60 * 1000);

    await context.db
      .updateTable('oauth_tokens')
      .set({ expires_at: past })
      .where('token_hash', '=', sha256(access))
      .execute();

    const refused = await me(access);
    expect([refused.status, refused.body]).toEqual([401, { detail: 'Invalid token.' }]);
  });

  test.each(['', 'x', 'x y', 'a.b.c'])('is not "%s"', async (token) => {
    const refused = await me(token);

    expect([refused.status, refused.body]).toEqual([401, { detail: 'Invalid token.' }]);
  });

  test('with mcp does not reach keys, rights and secrets, and only reads people', async () => {
    const { access } = await connected({ scope: 'mcp' });
    const as = `Bearer ${access}`;
    const organisation = `/api/v1/organisations/${tenant.organisationId}`;

    const keys = await context.request({ path: `${organisation}/master-api-keys/`, as });
    const groups = await context.request({ path: `${organisation}/groups/`, as });
    const group = await context.request({
      method: 'POST',
      path: `${organisation}/groups/`,
      as,
      body: { name: 'Mine' },
    });
    const feature = await context.request({
      method: 'POST',
      path: `/api/v1/projects/${tenant.projectId}/features/`,
      as,
      body: { name: 'by_assistant' },
    });

    expect([keys.status, groups.status, group.status, feature.status]).toEqual([403, 200, 403, 201]);
    expect(keys.headers['www-authenticate']).toContain('insufficient_scope');
  });

  const inPerson = routes.map(({ endpoint }) => endpoint).filter(({ auth }) => auth === 'login');

  test.each(inPerson.map(({ id }) => id))('with every scope is refused what is about the account: %s', async (id) => {
    const endpoint = inPerson.find((one) => one.id === id);
    const { access } = await connected({ scope: 'mcp admin-api' });
    const path = (endpoint?.path ?? '').replace('{method}', 'app').replace('{client_id}', 'x');

    const refused = await context.request({ method: endpoint?.method as 'GET', path, as: `Bearer ${access}` });

    expect([refused.status, refused.body.detail]).toEqual([403, expect.stringContaining('Applications cannot')]);
  });
});

describe('tokens end', () => {
  test('when the person changes the password', async () => {
    const ana = await somebody();
    const body = {
      current_password: password,
      new_password: 'small blue harbour',
      re_new_password: 'small blue harbour',
    };

    const changed = await context.request({
      method: 'POST',
      path: '/api/v1/auth/users/set_password/',
      as: ana.authorization,
      body,
    });

    expect(changed.status).toBe(204);
    expect((await me(ana.access)).status).toBe(401);
    await expect(refresh(ana.client, ana.refresh)).rejects.toEqual(invalidGrant);
  });

  test('when the person closes the account', async () => {
    const ana = await somebody();

    const closed = await context.request({
      method: 'DELETE',
      path: '/api/v1/auth/users/me/',
      as: ana.authorization,
      body: { current_password: password },
    });

    expect([closed.status, (await me(ana.access)).status]).toEqual([204, 401]);
  });

  test('for as long as the account is off', async () => {
    const ana = await somebody();
    const pending = await coded(ana.client, {}, ana.authorization);
    await context.db.updateTable('users').set({ is_active: 0 }).where('id', '=', ana.userId).execute();

    expect((await me(ana.access)).body).toEqual({ detail: 'User inactive or deleted.' });
    await expect(refresh(ana.client, ana.refresh)).rejects.toEqual(invalidGrant);
    await expect(exchange(ana.client, pending)).rejects.toEqual(invalidGrant);
  });

  test('when the application gives them back', async () => {
    const server = await discover();
    const { client, access, refresh: token } = await connected();
    const giveBack = async (text: string, by = client) =>
      oauth.processRevocationResponse(await oauth.revocationRequest(server, by, oauth.None(), text, network));

    await giveBack(access);
    expect((await me(access)).status).toBe(401);
    const next = await refresh(client, token);
    await expect(giveBack(next.access_token, await registered())).rejects.toMatchObject({ status: 400 });
    expect((await me(next.access_token)).status).toBe(200);
    await giveBack(next.refresh_token as string);
    await giveBack(next.refresh_token as string);

    expect((await me(next.access_token)).status).toBe(401);
    expect((await post('/o/revoke_token/', { client_id: client.client_id })).body.error).toBe('invalid_request');
    expect((await post('/o/revoke_token/', { token: 'x', client_id: 'y' })).status).toBe(401);
  });
});

describe('introspection', () => {
  const introspect = (token: string, as: string) => post('/o/introspect/', { token }, as);

  test('tells of a token to whom it belongs', async () => {
    const { client, access, refresh: token } = await connected({ scope: 'mcp' });
    const server = await discover();
    const bearer: oauth.ClientAuth = (_, __, ___, headers) => headers.set('authorization', `Bearer ${access}`);

    const told = await oauth.processIntrospectionResponse(
      server,
      client,
      await oauth.introspectionRequest(server, client, bearer, access, network),
    );

    expect(told).toMatchObject({ active: true, scope: 'mcp', client_id: client.client_id, token_type: 'Bearer' });
    expect((told.exp as number) - (told.iat as number)).toBe(900);
    expect((await introspect(token, tenant.admin)).body).toMatchObject({ active: true, scope: 'mcp' });
    expect((await introspect(token, `Bearer ${access}`)).body).toEqual({ active: false });
  });

  test('tells nobody else anything', async () => {
    const { access } = await connected();

    expect((await introspect(access, tenant.member)).body).toEqual({ active: false });
    expect((await introspect('nonsense', tenant.admin)).body).toEqual({ active: false });
    expect((await introspect(access, tenant.masterKey)).status).toBe(403);
    expect((await post('/o/introspect/', { token: access })).status).toBe(401);
    expect((await post('/o/introspect/', {}, tenant.admin)).body.error).toBe('invalid_request');
  });
});

describe('cleaning up', () => {
  const clean = () => oauthJobs['oauth.clean'].run(context.app.systemContext());
  const clientIds = async () =>
    (await context.db.selectFrom('oauth_clients').select('client_id').execute()).map((row) => row.client_id);
  const age = (clientId: string) =>
    context.db
      .updateTable('oauth_clients')
      .set({ created_at: past, last_used_at: null })
      .where('client_id', '=', clientId)
      .execute();

  beforeEach(clean);

  test('takes applications that nobody used for a fortnight, and leaves the others', async () => {
    const unused = await registered();
    const young = await registered();
    const { client: inUse, access } = await connected();
    await age(unused.client_id);
    await age(inUse.client_id);

    await clean();

    const left = await clientIds();
    expect([unused, young, inUse].map((one) => left.includes(one.client_id))).toEqual([false, true, true]);
    expect((await me(access)).status).toBe(200);
  });

  test('takes tokens that are over, and with the last of them the consent', async () => {
    const { client, access } = await connected();
    const hash = sha256(access);
    await context.db.updateTable('oauth_tokens').set({ expires_at: past }).where('token_hash', '=', hash).execute();
    const tokenRows = () => context.db.selectFrom('oauth_tokens').where('token_hash', '=', hash).selectAll().execute();
    const grants = () =>
      context.db
        .selectFrom('oauth_grants')
        .innerJoin('oauth_clients', 'oauth_clients.id', 'oauth_grants.oauth_client_id')
        .where('oauth_clients.client_id', '=', client.client_id)
        .select('oauth_grants.id')
        .execute();

    await clean();
    expect([await tokenRows(), (await grants()).length]).toEqual([[], 1]);
    const [grant] = await grants();
    await context.db
      .updateTable('oauth_tokens')
      .set({ expires_at: past })
      .where('grant_id', '=', grant?.id as number)
      .execute();
    await context.db
      .updateTable('oauth_grants')
      .set({ expires_at: past })
      .where('id', '=', grant?.id as number)
      .execute();
    await clean();

    expect(await grants()).toEqual([]);
  });
});

test('one client registers no more than the installation can bear', async () => {
  const { throttle } = context.app.systemContext();
  const attempt = { scope: 'dcr_register', key: '127.0.0.1', rate: registrationRate };
  await Promise.all(Array.from({ length: registrationRate.count }, () => throttle.count(attempt)));

  const body = { client_name: 'Flags CLI', redirect_uris: [callback] };
  const refused = await context.request({ method: 'POST', path: '/o/register/', body });

  expect(refused.status).toBe(429);
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
});
