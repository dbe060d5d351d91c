import { createServer, type Server } from 'node:http';
import { AxeBuilder } from '@axe-core/playwright';
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Dashboard, executablePath, startDashboard } from './dashboard.ts';
import { clientOf } from './platform.ts';

/** A command-line program signs in as they do: a client library of strangers', a real browser, and a callback on loopback. */
describe.skipIf(!executablePath)('an application that asks to act for somebody', () => {
  const account = { email: 'ada@example.com', password: 'Correct-horse-battery-9' };
  const insecure = { [oauth.allowInsecureRequests]: true };
  // What a router would read as a number, and write down as another one.
  const state = '12345678901234567890';
  let dashboard: Dashboard;
  let callback: Server;
  let redirectUri: string;
  let called: ((url: URL) => void) | undefined;
  let token: string;

  beforeAll(async () => {
    const port = await freePort();
    dashboard = await startDashboard({ PORT: String(port), PUBLIC_URL: `http://127.0.0.1:${port}` });
    const names = { first_name: 'Ada', last_name: 'Admin' };
    token = (await clientOf(dashboard.platform.origin, '').call('POST', 'auth/users/', { ...account, ...names })).key;
    callback = createServer((request, response) => {
      response.end('You can close this window.');
      const url = new URL(request.url ?? '/', redirectUri);
      // Browsers ask for an icon too.
      if (url.pathname === '/callback') called?.(url);
    });
    await new Promise<void>((listening) => callback.listen(0, '127.0.0.1', listening));
    redirectUri = `http://127.0.0.1:${portOf(callback)}/callback`;
  });

  afterAll(async () => {
    callback?.close();
    await dashboard?.stop();
  });

  /** What a program does before it opens the browser. */
  async function begin(scope: string) {
    const issuer = new URL(dashboard.platform.origin);
    const server = await oauth.processDiscoveryResponse(
      issuer,
      await oauth.discoveryRequest(issuer, { ...insecure, algorithm: 'oauth2' }),
    );
    const client = await oauth.processDynamicClientRegistrationResponse(
      await oauth.dynamicClientRegistrationRequest(
        server,
        { client_name: 'Flags CLI', redirect_uris: ['http://127.0.0.1/callback'] },
        insecure,
      ),
    );
    const verifier = oauth.generateRandomCodeVerifier();
    const address = new URL(server.authorization_endpoint as string);
    address.search = new URLSearchParams({
      response_type: 'code',
      client_id: client.client_id,
      redirect_uri: redirectUri,
      scope,
      state,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }).toString();
    const answered = new Promise<URL>((resolve) => (called = resolve));
    return { server, client, verifier, path: address.pathname + address.search, answered };
  }

  test('is allowed after a login, acts, and is removed in the account', async () => {
    const { server, client, verifier, path, answered } = await begin('admin-api');
    const page = await dashboard.open(null, path);
    await page.getByLabel('E-mail').fill(account.email);
    await page.getByRole('textbox', { name: 'Password' }).fill(account.password);
    await page.getByRole('button', { name: 'Log in' }).click();

    await page.getByRole('heading', { name: 'Allow Flags CLI to act for you?' }).waitFor();
    await page.getByText('You are logged in as ada@example.com.').waitFor();
    await page.getByText(new URL(redirectUri).host).waitFor();
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    await page.getByRole('button', { name: 'Allow' }).click();
    const parameters = oauth.validateAuthResponse(server, client, await answered, state);
    await page.getByText('You can close this window.').waitFor();
    const tokens = await oauth.processAuthorizationCodeResponse(
      server,
      client,
      await oauth.authorizationCodeGrantRequest(
        server,
        client,
        oauth.None(),
        parameters,
        redirectUri,
        verifier,
        insecure,
      ),
    );
    const me = () =>
      oauth.protectedResourceRequest(
        tokens.access_token,
        'GET',
        new URL('/api/v1/auth/users/me/', dashboard.platform.origin),
        new Headers(),
        null,
        insecure,
      );
    expect(await (await me()).json()).toMatchObject({ email: account.email });

    await page.goto('/account');
    const list = page.getByRole('region', { name: 'Applications' });
    await list.getByText('All that you can do').waitFor();
    await list.getByRole('button', { name: 'Remove Flags CLI' }).click();
    await page.getByText('Flags CLI can no longer act for you').waitFor();
    await list.getByText('None.').waitFor();

    await expect(me()).rejects.toMatchObject({ status: 401 });
    await page.context().close();
  });

  test('hears a no', async () => {
    const { server, client, path, answered } = await begin('mcp');
    const page = await dashboard.open(token, path);

    await page.getByText('Read and change features').waitFor();
    await page.getByRole('button', { name: 'Deny' }).click();

    const url = await answered;
    await page.getByText('You can close this window.').waitFor();
    expect(() => oauth.validateAuthResponse(server, client, url, state)).toThrow(
      expect.objectContaining({ error: 'access_denied' }),
    );
    await page.context().close();
  });

  test('that asks wrongly is not shown as a question, and takes the person nowhere by itself', async () => {
    const { path } = await begin('mcp');
    const page = await dashboard.open(token, path.replace('S256', 'plain'));
    await page.getByRole('heading', { name: 'This application asks wrongly' }).waitFor();
    await page.getByRole('link', { name: `Back to ${new URL(redirectUri).host}` }).waitFor();

    await page.goto(
      path.replace(encodeURIComponent(redirectUri), encodeURIComponent('https://elsewhere.example.com/')),
    );
    await page.getByRole('alert').getByText('not registered this redirect_uri').waitFor();

    expect(await page.getByRole('link', { name: /^Back/ }).count()).toBe(0);
    await page.context().close();
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const port = portOf(server);
  await new Promise((closed) => server.close(closed));
  return port;
}

function portOf(server: Server): number {
  return (server.address() as { port: number }).port;
}
