import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Dashboard, executablePath, makeShop, sdkOf, startDashboard } from './dashboard.ts';
import { type Client, signUp, until } from './platform.ts';

const flag = {
  kind: 'boolean',
  variations: [{ value: true }, { value: false }],
  environments: { prod: { on: true, fallthrough: { variation: 0 }, offVariation: 1 } },
};
const needsBanner = { ...flag.environments.prod, prerequisites: [{ key: 'banner', variation: 0 }] };

/** What LaunchDarkly has, by path, for who shows it `api-token`. */
const launchDarkly: Record<string, object[]> = {
  '/api/v2/projects/shop/environments': [{ key: 'prod', name: 'Production' }],
  '/api/v2/segments/shop/prod': [],
  '/api/v2/flags/shop': [
    { ...flag, key: 'banner' },
    { ...flag, key: 'checkout', environments: { prod: needsBanner } },
  ],
};

/** What an administrator sets in a real browser, and what comes of it outside. */
describe.skipIf(!executablePath)('settings in the dashboard', () => {
  let dashboard: Dashboard;
  let admin: Client;
  let receiver: Server;
  let address: string;
  /** What arrived at the address of the tests. */
  let received: { path: string; text: string; signature: string | undefined }[];

  beforeAll(async () => {
    received = [];
    receiver = createServer((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      request.on('end', () => {
        const signature = request.headers['x-flagsmith-signature'] as string | undefined;
        received.push({ path: request.url ?? '', text, signature });
        const { pathname, searchParams } = new URL(request.url ?? '', address);
        const items = launchDarkly[pathname];
        if (items && request.headers.authorization !== 'api-token') return response.writeHead(401).end('{}');
        if (items) {
          const asked = searchParams.get('filter') === 'state:archived' ? [] : items;
          response.writeHead(200, { 'content-type': 'application/json' });
          return response.end(JSON.stringify({ items: asked, totalCount: asked.length }));
        }
        return response.writeHead(request.url === '/broken' ? 500 : 200).end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    address = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
    dashboard = await startDashboard({ OUTBOUND_ALLOWED_RANGES: '127.0.0.0/8', LAUNCH_DARKLY_URL: address });
    admin = await signUp(dashboard.platform.origin);
    await admin.call('POST', 'organisations/', { name: 'Acme' });
  });

  afterAll(async () => {
    receiver?.closeAllConnections();
    receiver?.close();
    await dashboard?.stop();
  });

  const open: Dashboard['open'] = (...args) => dashboard.open(...args);
  const save = (shop: Awaited<ReturnType<typeof makeShop>>, enabled: boolean) =>
    admin.call('POST', `projects/${shop.id}/features/${shop.features[0].id}/save/`, {
      environments: [{ environment: shop.development.id, state: { enabled } }],
    });

  test('a webhook is tried out, created, told of a change, and its log shows it', async () => {
    const shop = await makeShop(admin, { name: 'banner' });
    const page = await open(admin.token, `/projects/${shop.id}/settings/webhooks`);

    await page.getByRole('button', { name: 'Create webhook' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Address').fill(`${address}/broken`);
    await dialog.getByRole('button', { name: 'Send an example' }).click();
    await dialog.getByText('Webhook returned HTTP 500.').waitFor();
    await dialog.getByLabel('Address').fill(`${address}/hook`);
    await dialog.getByRole('textbox', { name: 'Secret' }).fill('only-we-know');
    await dialog.getByRole('button', { name: 'Send an example' }).click();
    await dialog.getByText('It was taken: the answer is 200.').waitFor();
    await dialog.getByRole('button', { name: 'Create', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('Nothing sent yet').waitFor();
    await save(shop, true);
    await page.getByRole('button', { name: 'Deliveries' }).click();
    const log = page.getByRole('list', { name: 'Deliveries' });
    await log.getByText('Delivered').first().waitFor();

    expect(await log.getByText('answered 200').count()).toBeGreaterThan(0);
    const told = received.findLast(({ path, text }) => path === '/hook' && text.includes('banner'));
    expect(told?.signature).toBe(
      createHmac('sha256', 'only-we-know')
        .update(told?.text ?? '')
        .digest('hex'),
    );
    expect(await page.content()).not.toContain('only-we-know');
    await page.context().close();
  });

  test('an integration is connected by its card, and is told of a change', async () => {
    const shop = await makeShop(admin, { name: 'banner' });
    const page = await open(admin.token, `/projects/${shop.id}/settings/integrations`);

    await page.getByRole('button', { name: 'Connect Datadog' }).click();
    const drawer = page.getByRole('dialog');
    await drawer.getByLabel('Address').fill(`${address}/datadog`);
    await drawer.getByRole('textbox', { name: 'API key' }).fill('the-secret-key');
    await drawer.getByRole('button', { name: 'Connect' }).click();
    await drawer.getByRole('heading', { name: 'Deliveries' }).waitFor();
    await save(shop, true);
    await drawer.getByText('Delivered').first().waitFor();
    await drawer.getByRole('button', { name: 'Close' }).click();

    await page.getByRole('button', { name: 'Manage Datadog' }).waitFor();
    await page.getByText('Whole project').waitFor();
    expect(received.some(({ path }) => path.startsWith('/datadog'))).toBe(true);
    expect(await page.content()).not.toContain('the-secret-key');
    await page.context().close();
  });

  test('a required custom field is asked for where a feature is created and saved', async () => {
    const shop = await makeShop(admin);
    const page = await open(admin.token, `/projects/${shop.id}/settings/custom-fields`);

    await page.getByRole('button', { name: 'Create field' }).first().click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Ticket');
    await page.getByLabel('Kind of value').selectOption('url');
    await page.getByRole('checkbox', { name: 'Features', exact: true }).check();
    await page.getByRole('checkbox', { name: 'Required for features' }).check();
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByText('Features (required in').waitFor();
    await page.goto(`/projects/${shop.id}/features`);
    await page.getByRole('button', { name: 'Create the first one' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('banner');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    const ticket = page.getByRole('textbox', { name: 'Ticket' });
    expect(await ticket.evaluate((input: HTMLInputElement) => input.validity.valueMissing)).toBe(true);
    await ticket.fill('https://tickets.example.com/1');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('heading', { name: 'banner' }).waitFor();
    await page.getByRole('tab', { name: /Settings/ }).click();
    await ticket.fill('');
    await page.getByText('Ticket is required.').first().waitFor();
    await ticket.fill('https://tickets.example.com/2');
    await page.getByRole('button', { name: 'Review and save' }).click();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('banner is saved').waitFor();

    const { results } = await admin.call('GET', `projects/${shop.id}/features/`);
    expect(results[0].metadata).toMatchObject([{ field_value: 'https://tickets.example.com/2' }]);
    await page.context().close();
  });

  test('a project that is exported comes back as a new one', async () => {
    const shop = await makeShop(admin, { name: 'banner' }, { name: 'colour' });
    const page = await open(admin.token, `/projects/${shop.id}/settings/transfer`);

    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export project' }).click(),
    ]);
    const chooser = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: 'Project file' }).click();
    await (await chooser).setFiles(await download.path());
    await page.getByLabel('Name of the new project').fill('The copy');
    await page.getByRole('button', { name: 'Import project' }).click();
    await page.getByText('is there, with 2 environments').waitFor();
    await page.getByRole('link', { name: 'Open it' }).click();

    await page.getByText('2 features', { exact: true }).waitFor();
    await page.context().close();
  });

  test('features are exported, and imported where they are missing', async () => {
    const source = await makeShop(admin, { name: 'banner', initial_value: 'plain' });
    const target = await makeShop(admin);
    const page = await open(admin.token, `/projects/${source.id}/settings/transfer`);

    await page.getByRole('button', { name: 'Export features' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: /^Download Development/ }).click(),
    ]);
    await page.goto(`/projects/${target.id}/settings/transfer`);
    const chooser = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: 'File of features' }).click();
    await (await chooser).setFiles(await download.path());
    await page.getByRole('button', { name: 'Import features' }).click();
    await page.getByText('The features are there.').waitFor();
    await page.getByText('Import into Development').waitFor();

    const { results } = await admin.call('GET', `projects/${target.id}/features/`);
    expect(results).toMatchObject([{ name: 'banner', initial_value: 'plain' }]);
    await page.context().close();
  });

  test('a project comes in from LaunchDarkly, and what it could not bring is told', async () => {
    const shop = await makeShop(admin);
    const page = await open(admin.token, `/projects/${shop.id}/settings/transfer`);
    const start = async (token: string) => {
      await page.getByRole('textbox', { name: 'Access token' }).fill(token);
      await page.getByRole('textbox', { name: 'Project key' }).fill('shop');
      await page.getByRole('button', { name: 'Start the import' }).click();
    };

    await start('api-wrong');
    await page.getByText('Nothing was changed', { exact: true }).waitFor();
    await start('api-token');
    await page.getByText('Done, but not all of it').waitFor();
    await page.getByText('2 flags in 1 environment').waitFor();
    await page
      .getByRole('listitem')
      .filter({ hasText: /^Flag "checkout" in Production: that it needs/ })
      .waitFor();
    expect(await page.getByRole('list', { name: 'Imports from LaunchDarkly' }).locator('> li').count()).toBe(2);
    await page.getByRole('link', { name: 'See the features' }).click();
    await page.getByText('2 features', { exact: true }).waitFor();

    const flags = await sdkOf(dashboard.platform, shop.production).getEnvironmentFlags();
    expect(flags.isFeatureEnabled('banner')).toBe(true);
    await page.context().close();
  });

  test('an environment is copied with what it serves, and goes when its name is typed', async () => {
    const shop = await makeShop(admin, { name: 'banner' });
    await save(shop, true);
    const page = await open(admin.token, `/projects/${shop.id}/settings/environments`);

    await page.getByRole('button', { name: 'Copy environment' }).click();
    await page.getByLabel('Name of the copy').fill('Staging');
    await page.getByRole('button', { name: 'Copy', exact: true }).click();
    await page.getByRole('link', { name: 'Staging' }).and(page.locator('[aria-current]')).waitFor();
    const { results } = await admin.call('GET', `environments/?project=${shop.id}`);
    const staging = results.find(({ name }: { name: string }) => name === 'Staging');
    await until(async () =>
      (await sdkOf(dashboard.platform, staging).getEnvironmentFlags()).isFeatureEnabled('banner'),
    );
    await page.getByRole('button', { name: 'Delete environment' }).click();
    const dialog = page.getByRole('dialog');
    const confirm = dialog.getByRole('button', { name: 'Delete environment' });
    expect(await confirm.isDisabled()).toBe(true);
    await dialog.getByLabel('Type Staging to go on').fill('Staging');
    await confirm.click();
    await page.getByText('Staging is deleted').waitFor();

    await page.getByRole('link', { name: 'Staging' }).waitFor({ state: 'detached' });
    await page.context().close();
  });

  test('a server-side key that is switched off opens nothing', async () => {
    const shop = await makeShop(admin);
    const page = await open(admin.token, `/projects/${shop.id}/settings/environments`);

    await page.getByLabel('Name of a new server-side key').fill('Backend');
    await page.getByRole('button', { name: 'Create server-side key' }).click();
    await page.getByRole('switch', { name: 'Backend works' }).click({ force: true });
    await page.getByText('switched off').waitFor();

    const keys = await admin.call('GET', `environments/${shop.development.api_key}/api-keys/`);
    expect(keys).toMatchObject([{ name: 'Backend', active: false }]);
    await page.context().close();
  });

  test('who administers nothing sees keys for apps and tags, and no more', async () => {
    const shop = await makeShop(admin);
    const link = await admin.call('POST', `organisations/${shop.organisation}/invite-links/`, { role: 'USER' });
    const member = await signUp(dashboard.platform.origin);
    await member.call('POST', `users/join/link/${link.hash}/`);
    const me = await member.call('GET', 'auth/users/me/');
    const grant = (permissions: string[]) => ({ user: me.id, permissions, admin: false });
    await admin.call('POST', `projects/${shop.id}/user-permissions/`, grant(['VIEW_PROJECT']));
    const development = `environments/${shop.development.api_key}/user-permissions/`;
    await admin.call('POST', development, grant(['VIEW_ENVIRONMENT']));

    const page = await open(member.token, `/projects/${shop.id}/settings`);
    await page.getByText(shop.development.api_key).waitFor();

    const tabs = page.getByRole('navigation', { name: 'Settings' });
    expect(await tabs.getByRole('link').allTextContents()).toEqual(['Environments', 'Tags']);
    expect(await page.getByRole('button', { name: 'Delete environment' }).count()).toBe(0);
    await page.context().close();
  });

  describe('every tab', () => {
    let starts: string[];
    let drawer: string;

    beforeAll(async () => {
      const shop = await makeShop(admin, { name: 'banner' });
      const hook = { url: `${address}/hook`, secret: 'x' };
      await admin.call('POST', `environments/${shop.development.api_key}/webhooks/`, hook);
      await admin.call('POST', `organisations/${shop.organisation}/webhooks/`, hook);
      await admin.call('POST', `projects/${shop.id}/integrations/datadog/`, { base_url: address, api_key: 'x' });
      await admin.call('POST', `projects/${shop.id}/tags/`, { label: 'checkout', color: '#ffcc00' });
      await admin.call('POST', `projects/${shop.id}/feature-health/providers/`, { name: 'Webhook' });
      await admin.call('PUT', `organisations/${shop.organisation}/custom-fields/`, {
        name: 'Region',
        type: 'str',
        project: shop.id,
        of: [{ entity: 'environment' }, { entity: 'segment' }],
      });
      await admin.call('PATCH', `environments/${shop.development.api_key}/`, { banner_text: 'Take care' });
      await admin.call('POST', 'features/create-feature-export/', { environment_id: shop.development.id, tag_ids: [] });
      starts = [`/projects/${shop.id}/settings`, `/organisations/${shop.organisation}/settings`];
      drawer = `/projects/${shop.id}/settings/integrations?vendor=datadog`;
    });

    async function settled(page: Page) {
      await page.getByRole('heading', { level: 2 }).first().waitFor();
      await page.getByText('Loading', { exact: true }).first().waitFor({ state: 'detached' });
      await page.evaluate(() => Promise.all(document.getAnimations().map(({ finished }) => finished.catch(() => {}))));
    }

    /** Opens every tab of a project and of its organisation, one after the other. */
    async function walk(page: Page, look: (tab: string) => Promise<unknown>, before = () => {}) {
      for (const start of starts) {
        await page.goto(start);
        await settled(page);
        for (const link of await page.getByRole('navigation', { name: 'Settings' }).getByRole('link').all()) {
          before();
          await link.click();
          await settled(page);
          await look(new URL(page.url()).pathname);
        }
      }
    }

    const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

    test.each([
      ['light', {}],
      ['dark, on a phone that it fits', phone],
    ])('satisfies axe, in %s', async (name, device) => {
      const page = await open(admin.token, '/', { colorScheme: name === 'light' ? 'light' : 'dark', ...device });
      const found: string[] = [];
      const check = async (tab: string) => {
        const { violations } = await new AxeBuilder({ page }).analyze();
        found.push(...violations.map(({ id, nodes }) => `${tab}: ${id}: ${nodes[0]?.html.slice(0, 160)}`));
        const { width } = page.viewportSize() as { width: number };
        const needed = await page.evaluate(() => document.documentElement.scrollWidth);
        if (needed > width) found.push(`${tab}: needs ${needed} pixels`);
      };
      await walk(page, check);
      await page.goto(drawer);
      await page.getByRole('dialog').getByRole('heading', { name: 'Deliveries' }).waitFor();
      await settled(page);
      await check(drawer);

      expect(found).toEqual([]);
      await page.context().close();
    });

    test('takes one request', async () => {
      const page = await open(admin.token, '/');
      const calls: string[] = [];
      page.on('request', (request) => {
        const { pathname } = new URL(request.url());
        if (pathname.startsWith('/api/') && !pathname.endsWith('/changes/stream/')) calls.push(pathname);
      });
      const tooMany: string[] = [];
      await walk(
        page,
        async (tab) => {
          if (calls.length > 1) tooMany.push(`${tab}: ${calls.join(', ')}`);
        },
        () => {
          calls.length = 0;
        },
      );

      expect(tooMany).toEqual([]);
      await page.context().close();
    });
  });
});
