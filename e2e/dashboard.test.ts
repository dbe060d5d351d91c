import { gzipSync } from 'node:zlib';
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Dashboard, executablePath, makeShop, sdkOf, startDashboard } from './dashboard.ts';
import { type Client, clientOf, signUp, until } from './platform.ts';

/** What a person does in a real browser, found by role and name as a screen reader would. */
describe.skipIf(!executablePath)('the dashboard', () => {
  let dashboard: Dashboard;
  let admin: { email: string; password: string; token: string };

  beforeAll(async () => {
    dashboard = await startDashboard();
    admin = await signUpInBrowser();
  });

  afterAll(async () => {
    await dashboard?.stop();
  });

  async function signUpInBrowser() {
    const page = await open(null, '/');
    const account = { email: 'ada@example.com', password: 'Correct-horse-battery-9' };
    await page.getByRole('heading', { name: 'Create the first administrator' }).waitFor();
    await page.getByLabel('First name').fill('Ada');
    await page.getByLabel('Last name').fill('Admin');
    await page.getByLabel('E-mail').fill(account.email);
    await page.getByRole('textbox', { name: 'Password' }).fill(account.password);
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByRole('heading', { name: 'Welcome to Halyard' }).waitFor();
    await page.getByLabel('Organisation').fill('Acme');
    await page.getByLabel('First project').fill('Shop');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { name: 'Connect' }).waitFor();
    const token = await page.evaluate(() => localStorage.getItem('halyard.token') as string);
    await page.context().close();
    return { ...account, token };
  }

  const open: Dashboard['open'] = (...args) => dashboard.open(...args);
  const client = (token = admin.token): Client => clientOf(dashboard.platform.origin, token);
  const project = (...features: object[]) => makeShop(client(), ...features);
  const sdk = (environment: { api_key: string }) => sdkOf(dashboard.platform, environment);

  const rules = [
    {
      type: 'ALL',
      conditions: [],
      rules: [{ type: 'ANY', rules: [], conditions: [{ operator: 'EQUAL', property: 'plan', value: 'pro' }] }],
    },
  ];

  const undo = (page: Page) => page.getByRole('button', { name: 'Undo' }).click();

  test('a feature that is created and switched on in the table reaches an SDK', async () => {
    const shop = await project();
    const page = await open(admin.token, `/projects/${shop.id}/features`);

    await page.getByRole('button', { name: 'Create the first one' }).click();
    await page.getByLabel('Name').fill('new checkout');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('heading', { name: 'new_checkout' }).waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('switch', { name: 'new_checkout in Development' }).click({ force: true });
    await page.getByText('new_checkout is on in Development').waitFor();

    await until(async () => (await sdk(shop.development).getEnvironmentFlags()).isFeatureEnabled('new_checkout'));
    await page.context().close();
  });

  test('a switch in production asks first, and can be undone', async () => {
    const shop = await project({ name: 'banner' });
    const page = await open(admin.token, `/projects/${shop.id}/features`);
    const control = page.getByRole('switch', { name: 'banner in Production' });

    await control.click({ force: true });
    await page.getByRole('button', { name: 'Turn on' }).click();
    await until(() => control.isChecked());
    await undo(page);

    await until(async () => !(await control.isChecked()));
    await page.context().close();
  });

  test('everything of a feature is one draft with one save, and one undo', async () => {
    const shop = await project({ name: 'banner', initial_value: 'plain' });
    const api = client();
    await api.call('POST', `projects/${shop.id}/segments/`, { name: 'Professionals', rules });
    const page = await open(admin.token, `/projects/${shop.id}/features/${shop.features[0].id}`);
    const writes: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'POST' && !request.postData()?.includes('dry_run":true'))
        writes.push(new URL(request.url()).pathname);
    });

    await page.getByRole('tab', { name: /Production/ }).click();
    await page.getByRole('switch', { name: 'On in Production' }).click({ force: true });
    await page.getByRole('textbox', { name: 'Value' }).first().fill('fancy');
    await page.getByRole('combobox', { name: 'Add a segment override' }).click();
    await page.getByRole('option', { name: 'Professionals' }).click();
    await page.getByRole('tab', { name: /Settings/ }).click();
    await page.getByLabel('Description').fill('Text above the page');
    await page.getByText('4 changes').waitFor();
    await page.getByRole('button', { name: 'Review and save' }).click();
    await page.getByText('Text above the page', { exact: true }).last().waitFor();
    await page.getByLabel('Note').fill('Spring sale');
    await page.getByRole('button', { name: 'Save to production' }).click();
    await page.getByText('banner is saved').waitFor();

    expect(writes).toEqual([`/api/v1/projects/${shop.id}/features/${shop.features[0].id}/save/`]);
    await until(async () =>
      (await sdk(shop.production).getIdentityFlags('ana', { plan: 'pro' })).isFeatureEnabled('banner'),
    );
    await undo(page);
    await until(
      async () => !(await sdk(shop.production).getIdentityFlags('ana', { plan: 'pro' })).isFeatureEnabled('banner'),
    );
    await page.context().close();
  });

  test('an identity that no SDK asked for yet gets an override', async () => {
    const shop = await project({ name: 'beta' });
    const page = await open(admin.token, `/projects/${shop.id}/features/${shop.features[0].id}`);

    await page.getByRole('textbox', { name: 'Identifier' }).fill('grace@example.com');
    await page.getByRole('button', { name: 'Add override' }).click();
    await page.getByRole('switch', { name: 'On for grace@example.com' }).waitFor();
    await page.getByRole('button', { name: 'Review and save' }).click();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('beta is saved').waitFor();

    await until(async () =>
      (await sdk(shop.development).getIdentityFlags('grace@example.com')).isFeatureEnabled('beta'),
    );
    await page.context().close();
  });

  test('variants get weights in an environment', async () => {
    const shop = await project({
      name: 'colour',
      initial_value: 'grey',
      default_enabled: true,
      multivariate_options: [{ string_value: 'blue', key: 'blue', default_percentage_allocation: 0 }],
    });
    const page = await open(admin.token, `/projects/${shop.id}/features/${shop.features[0].id}`);

    await page.getByRole('textbox', { name: 'Weight of blue' }).fill('100');
    await page.getByRole('button', { name: 'Review and save' }).click();
    await page.getByText('blue 100 %').waitFor();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('colour is saved').waitFor();

    await until(async () => (await sdk(shop.development).getIdentityFlags('ana')).getFeatureValue('colour') === 'blue');
    await page.context().close();
  });

  test('many features change at once, with a preview before and an undo after', async () => {
    const shop = await project({ name: 'one' }, { name: 'two' }, { name: 'three' });
    const page = await open(admin.token, `/projects/${shop.id}/features`);

    await page.getByRole('checkbox', { name: 'Select one' }).check();
    await page.getByRole('checkbox', { name: 'Select two' }).check();
    await page.getByRole('button', { name: 'Change' }).click();
    await page.getByRole('menuitem', { name: 'Archive', exact: true }).click();
    await page.getByText('Changes 2 of 2').waitFor();
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.getByText('1 feature', { exact: true }).waitFor();
    await undo(page);

    await page.getByText('3 features', { exact: true }).waitFor();
    await page.context().close();
  });

  test('who saves second is offered a merge, and both changes stay', async () => {
    const shop = await project({ name: 'banner', initial_value: 'plain' });
    const path = `/projects/${shop.id}/features/${shop.features[0].id}`;
    const first = await open(admin.token, path);
    const second = await open(admin.token, path);
    const save = async (page: Page) => {
      await page.getByRole('button', { name: 'Review and save' }).click();
      await page.getByRole('button', { name: 'Save', exact: true }).click();
      await page.getByText('banner is saved').waitFor();
    };

    await second.getByRole('textbox', { name: 'Value' }).fill('second');
    await first.getByRole('switch', { name: 'On in Development' }).click({ force: true });
    await save(first);
    await second.getByText('Somebody saved this feature while you were editing').waitFor();
    await second.getByRole('button', { name: 'Merge' }).click();
    await second.getByRole('button', { name: 'Merge and go on' }).click();
    await save(second);

    await until(async () => (await sdk(shop.development).getEnvironmentFlags()).getFeatureValue('banner') === 'second');
    expect((await sdk(shop.development).getEnvironmentFlags()).isFeatureEnabled('banner')).toBe(true);
    await first.context().close();
    await second.context().close();
  });

  test('a change that somebody else makes appears by itself', async () => {
    const shop = await project({ name: 'banner' });
    const page = await open(admin.token, `/projects/${shop.id}/features`);
    const control = page.getByRole('switch', { name: 'banner in Development' });
    await control.waitFor({ state: 'attached' });

    await client().call('POST', `projects/${shop.id}/features/${shop.features[0].id}/save/`, {
      environments: [{ environment: shop.development.id, state: { enabled: true } }],
    });

    await until(() => control.isChecked(), 'the switch being on');
    await page.context().close();
  });

  test('who may only look cannot switch', async () => {
    const shop = await project({ name: 'banner' });
    const api = client();
    const link = await api.call('POST', `organisations/${shop.organisation}/invite-links/`, { role: 'USER' });
    const member = await signUp(dashboard.platform.origin);
    await member.call('POST', `users/join/link/${link.hash}/`);
    const me = await member.call('GET', 'auth/users/me/');
    await api.call('POST', `projects/${shop.id}/user-permissions/`, {
      user: me.id,
      permissions: ['VIEW_PROJECT'],
      admin: false,
    });
    await api.call('POST', `environments/${shop.development.api_key}/user-permissions/`, {
      user: me.id,
      permissions: ['VIEW_ENVIRONMENT'],
      admin: false,
    });

    const page = await open(member.token, `/projects/${shop.id}/features`);
    const control = page.getByRole('switch', { name: 'banner in Development' });
    await control.waitFor({ state: 'attached' });

    expect(await control.isDisabled()).toBe(true);
    expect(await page.getByRole('columnheader', { name: /Production/ }).count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Create feature' }).count()).toBe(0);
    await page.context().close();
  });

  test('after a lost session one comes back to the same place, with the draft', async () => {
    const shop = await project({ name: 'banner', initial_value: 'plain' });
    const api = client();
    const { key } = await api.call('POST', 'auth/login/', { email: admin.email, password: admin.password });
    const page = await open(null, '/login');
    await page.evaluate((token) => localStorage.setItem('halyard.token', token), key);
    const path = `/projects/${shop.id}/features/${shop.features[0].id}`;
    await page.goto(path);
    await page.getByRole('textbox', { name: 'Value' }).fill('draft');
    await page.getByText('1 change').waitFor();
    await client(key).call('POST', 'auth/logout/');

    await page.getByRole('button', { name: 'Review and save' }).click();
    await page.getByRole('heading', { name: 'Log in' }).waitFor();
    await page.getByLabel('E-mail').fill(admin.email);
    await page.getByRole('textbox', { name: 'Password' }).fill(admin.password);
    await page.getByRole('button', { name: 'Log in' }).click();

    await page.getByText('1 change').waitFor();
    expect(new URL(page.url()).pathname).toBe(path);
    expect(await page.getByRole('textbox', { name: 'Value' }).inputValue()).toBe('draft');
    await page.context().close();
  });

  test('the keyboard alone finds a feature and switches it', async () => {
    const shop = await project({ name: 'banner' }, { name: 'search' });
    const page = await open(admin.token, `/projects/${shop.id}/features`);
    await page.getByRole('link', { name: 'search', exact: true }).waitFor();

    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Search everything' }).waitFor();
    await page.keyboard.type('banner');
    await page.getByRole('option', { name: /banner/ }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'banner' }).waitFor();
    await page.getByRole('switch', { name: 'On in Development' }).focus();
    await page.keyboard.press('Space');
    await page.getByText('1 change').waitFor();
    await page.keyboard.press('Control+s');
    // The dialog takes the focus when it has come in; what was focused before that loses it again.
    await page.getByLabel('Note').and(page.locator(':focus')).waitFor();
    await page.getByRole('button', { name: 'Save', exact: true }).focus();
    await page.keyboard.press('Enter');

    await page.getByText('banner is saved').waitFor();
    await page.context().close();
  });

  test('a phone edits a value', async () => {
    const shop = await project({ name: 'banner', initial_value: 'plain' });
    const page = await open(admin.token, `/projects/${shop.id}/features`, {
      viewport: { width: 390, height: 844 },
      isMobile: true,
      hasTouch: true,
    });

    await page.getByRole('link', { name: 'banner' }).tap();
    await page.getByRole('textbox', { name: 'Value' }).fill('short');
    await page.getByRole('button', { name: 'Review and save' }).tap();
    await page.getByRole('button', { name: 'Save', exact: true }).tap();
    await page.getByText('banner is saved').waitFor();

    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    await page.context().close();
  });

  test('what differs between environments is copied across, and the history can undo it', async () => {
    const shop = await project({ name: 'banner', initial_value: 'plain' });
    await client().call('POST', `projects/${shop.id}/features/${shop.features[0].id}/save/`, {
      environments: [{ environment: shop.development.id, state: { enabled: true } }],
    });
    const page = await open(admin.token, `/projects/${shop.id}/compare`);

    await page.getByRole('checkbox', { name: 'Select banner' }).check();
    await page.getByRole('button', { name: 'Copy 1 to Production' }).click();
    await page.getByLabel('Note').fill('Ready');
    await page.getByRole('button', { name: 'Copy', exact: true }).click();
    await page.getByText('They serve the same').waitFor();
    await page.goto(`/projects/${shop.id}/history`);
    await page.getByText('“Ready”').first().waitFor();
    await page.getByRole('button', { name: 'Undo' }).first().click();
    await page.getByText('Put back as it was before').waitFor();

    await until(async () => !(await sdk(shop.production).getEnvironmentFlags()).isFeatureEnabled('banner'));
    await page.context().close();
  });

  test('a segment is built, and says in words who is in it', async () => {
    const shop = await project();
    const page = await open(admin.token, `/projects/${shop.id}/segments`);

    await page.getByRole('link', { name: 'Create segment' }).click();
    await page.getByLabel('Name').fill('Professionals');
    await page.getByRole('combobox', { name: 'Trait' }).fill('plan');
    await page.getByRole('combobox', { name: 'Value' }).fill('pro');
    await page.getByText('plan is pro').waitFor();
    await page.getByRole('button', { name: 'Create', exact: true }).click();

    await page.getByRole('heading', { name: 'Professionals' }).waitFor();
    const { results } = await client().call('GET', `projects/${shop.id}/segments/`);
    expect(results).toMatchObject([{ name: 'Professionals' }]);
    await page.context().close();
  });

  describe('on every screen', () => {
    let shop: Awaited<ReturnType<typeof project>>;
    let paths: string[];

    beforeAll(async () => {
      shop = await project(
        { name: 'banner', initial_value: '{"text": "Hello"}', description: 'Text above the page' },
        { name: 'colour', multivariate_options: [{ string_value: 'blue', default_percentage_allocation: 20 }] },
      );
      const api = client();
      await api.call('POST', `projects/${shop.id}/tags/`, { label: 'checkout', color: '#ffcc00' });
      const segment = await api.call('POST', `projects/${shop.id}/segments/`, { name: 'Professionals', rules });
      const identity = await api.call('POST', `environments/${shop.production.api_key}/identities/`, {
        identifier: 'ana',
      });
      await api.call('POST', `projects/${shop.id}/features/${shop.features[0].id}/save/`, {
        environments: [
          {
            environment: shop.production.id,
            state: { enabled: true },
            segment_overrides: [{ segment: segment.id, enabled: true, value: 'x' }],
            identity_overrides: { set: [{ identifier: 'ana', enabled: true }] },
          },
        ],
        note: 'A note',
      });
      const at = `/projects/${shop.id}`;
      paths = [
        `${at}/features`,
        `${at}/features?feature=${shop.features[0].id}`,
        `${at}/features/${shop.features[1].id}`,
        `${at}/segments`,
        `${at}/segments/${segment.id}`,
        `${at}/identities`,
        `${at}/environments/${shop.production.api_key}/identities/${identity.id}`,
        `${at}/compare`,
        `${at}/history`,
        `${at}/connect`,
        `${at}/settings`,
        `/organisations/${shop.organisation}/projects`,
        `/organisations/${shop.organisation}/people`,
        `/organisations/${shop.organisation}/settings`,
        '/account',
      ];
    });

    test.each(['light', 'dark'] as const)('axe finds nothing, in %s', async (colorScheme) => {
      const found: string[] = [];
      const check = async (page: Page, path: string) => {
        await page.goto(path);
        await page.getByRole('heading', { level: 1 }).first().waitFor({ state: 'attached' });
        await page.getByText('Loading', { exact: true }).first().waitFor({ state: 'detached' });
        await page.evaluate(() =>
          Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {}))),
        );
        const { violations } = await new AxeBuilder({ page }).analyze();
        found.push(
          ...violations.map(
            ({ id, nodes }) =>
              `${path}: ${id}: ${nodes
                .slice(0, 3)
                .map(({ html }) => html.slice(0, 160))
                .join(' | ')}`,
          ),
        );
      };
      const outside = await open(null, '/login', { colorScheme });
      for (const path of ['/login', '/signup', '/password-reset', '/invite-link/some']) await check(outside, path);
      await outside.context().close();
      const page = await open(admin.token, '/', { colorScheme });
      for (const path of paths) await check(page, path);
      await page.context().close();

      expect(found).toEqual([]);
    });

    test('every screen has a title of its own', async () => {
      const page = await open(admin.token, '/');
      const titles = new Map<string, string>();
      for (const path of paths.filter((path) => !path.includes('?'))) {
        await page.goto(path);
        await until(async () => (await page.title()) !== 'Halyard', `a title of ${path}`);
        titles.set(path, await page.title());
      }

      expect(new Set(titles.values()).size).toBe(titles.size);
      await page.context().close();
    });
  });

  describe('budgets', () => {
    /** Bytes of script, packed by gzip, until the page is quiet; and the requests to the API. */
    async function load(token: string | null, path: string, ready: (page: Page) => Promise<unknown>) {
      const context = await dashboard.browser.newContext({
        baseURL: dashboard.platform.origin,
        viewport: { width: 1280, height: 800 },
      });
      if (token) await context.addInitScript((value) => localStorage.setItem('halyard.token', value), token);
      const visited = await context.newPage();
      const scripts: Promise<number>[] = [];
      visited.on('response', (response) => {
        if (!response.url().endsWith('.js')) return;
        scripts.push(response.body().then((body) => gzipSync(body, { level: 9 }).length));
      });
      const calls: string[] = [];
      visited.on('request', (request) => {
        if (new URL(request.url()).pathname.startsWith('/api/'))
          calls.push(`${request.method()} ${new URL(request.url()).pathname}`);
      });
      await visited.goto(path);
      await ready(visited);
      await visited.waitForLoadState('networkidle', { timeout: 3000 }).catch(() => {});
      const bytes = (await Promise.all(scripts)).reduce((sum, size) => sum + size, 0);
      await context.close();
      return { bytes, calls };
    }

    test('the login page loads 150 kB of script at most, the features page 350 kB more', async () => {
      const shop = await project({ name: 'banner' });
      const login = await load(null, '/login', (page) => page.getByRole('button', { name: 'Log in' }).waitFor());
      const features = await load(admin.token, `/projects/${shop.id}/features`, (page) =>
        page.getByRole('link', { name: 'banner' }).waitFor(),
      );

      console.log(
        `script: login ${(login.bytes / 1000).toFixed(1)} kB, features ${(features.bytes / 1000).toFixed(1)} kB`,
      );
      expect(login.bytes).toBeLessThanOrEqual(150_000);
      expect(features.bytes).toBeLessThanOrEqual(login.bytes + 350_000);
    });

    test('a table of 1,000 features and 4 environments takes three requests, and one more opens a feature', async () => {
      const api = client();
      const shop = await project({ name: 'feature_0' });
      for (const name of ['Staging', 'Test']) await api.call('POST', 'environments/', { name, project: shop.id });
      const file = await api.call('GET', `projects/${shop.id}/export/`);
      const names = Array.from({ length: 1000 }, (_, index) => `feature_${index}`);
      file.features = names.map((name) => ({ ...file.features[0], name }));
      for (const environment of file.environments) {
        environment.states = names.map((feature) => ({ ...environment.states[0], feature }));
      }
      const { id } = await api.call('POST', `organisations/${shop.organisation}/import-project/?name=Large`, file);
      let opened = 0;
      const { calls } = await load(admin.token, `/projects/${id}/features`, async (page) => {
        await page.getByText('1,000 features', { exact: true }).waitFor();
        await page.getByRole('link', { name: 'feature_0', exact: true }).click();
        await page.getByRole('tab', { name: 'Development' }).waitFor();
        opened = 1;
      });

      console.log(`requests: ${calls.join(', ')}`);
      expect(opened).toBe(1);
      expect(calls.length).toBeLessThanOrEqual(4);
    });
  });
});
