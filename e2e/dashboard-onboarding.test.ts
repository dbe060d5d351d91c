import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Dashboard, executablePath, makeShop, sdkOf, startDashboard } from './dashboard.ts';
import { type Client, signUp, until } from './platform.ts';

/** From nothing to the first evaluation, and what helps on the way. */
describe.skipIf(!executablePath)('beginning with the dashboard', () => {
  let dashboard: Dashboard;
  let api: Client;

  beforeAll(async () => {
    dashboard = await startDashboard();
    api = await signUp(dashboard.platform.origin);
    await api.call('POST', 'organisations/', { name: 'Acme' });
  });

  afterAll(async () => {
    await dashboard?.stop();
  });

  const open = (path: string) => dashboard.open(api.token, path);

  test('Connect shows snippets with the real key, and turns green when a real SDK asks', async () => {
    const shop = await makeShop(api, { name: 'new_checkout' });
    const page = await open(`/projects/${shop.id}/connect`);
    await page.getByText('Waiting for Development’s first evaluation').waitFor();

    await page.getByText('Node.js', { exact: true }).click();
    const code = (await page.getByRole('region', { name: 'Ask for a feature' }).textContent()) ?? '';
    const flags = await sdkOf(dashboard.platform, shop.development).getEnvironmentFlags();

    expect(code).toContain(shop.development.api_key);
    expect(code).toContain(`${dashboard.platform.origin}/api/v1/`);
    expect(code).toContain("isFeatureEnabled('new_checkout')");
    expect(flags.isFeatureEnabled('new_checkout')).toBe(false);
    await page.getByText('Development is connected').waitFor();
    await page.goto(`/projects/${shop.id}/connect?environment=${shop.production.id}`);
    await page.getByText('Waiting for Production’s first evaluation').waitFor();
    expect(await page.getByRole('radio', { name: 'Node.js' }).isChecked()).toBe(true);
    await page.context().close();
  });

  test('an SDK that says its name is told by name, at once', async () => {
    const shop = await makeShop(api, { name: 'new_checkout' });
    const page = await open(`/projects/${shop.id}/connect`);
    await page.getByText('Waiting for Development’s first evaluation').waitFor();

    const { createFlagsmithInstance } = await import('@flagsmith/flagsmith/isomorphic');
    await createFlagsmithInstance().init({
      environmentID: shop.development.api_key,
      api: `${dashboard.platform.origin}/api/v1/`,
    });

    await page.getByText(/flagsmith-js-sdk\/\S+ first asked for flags/).waitFor();
    await page.context().close();
  });

  test('an unreachable server is told, a draft is kept, and all goes on by itself', async () => {
    const shop = await makeShop(api, { name: 'banner', initial_value: 'plain' });
    const page = await open(`/projects/${shop.id}/features/${shop.features[0].id}`);
    await page.getByRole('textbox', { name: 'Value' }).fill('fancy');

    await page.context().setOffline(true);
    await page.getByText('The server cannot be reached').waitFor();
    await page.getByRole('textbox', { name: 'Value' }).fill('fancier');
    await api.call('POST', `projects/${shop.id}/tags/`, { label: 'meanwhile', color: '#1c7ed6' });
    await page.context().setOffline(false);
    await page.getByText('The server cannot be reached').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Review and save' }).click();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('banner is saved').waitFor();

    await until(
      async () =>
        (await sdkOf(dashboard.platform, shop.development).getEnvironmentFlags()).getFeatureValue('banner') ===
        'fancier',
    );
    await page.context().close();
  });

  test('the palette finds identities and actions, and keys go through the list', async () => {
    const shop = await makeShop(api, { name: 'alpha' }, { name: 'beta' });
    await api.call('POST', `environments/${shop.production.api_key}/identities/`, { identifier: 'grace@example.com' });
    const page = await open(`/projects/${shop.id}/features`);
    await page.getByRole('link', { name: 'alpha' }).waitFor();

    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('e');
    await page.getByRole('heading', { name: 'beta' }).waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Search everything' }).fill('create fea');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Create feature' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Search everything' }).fill('grace');
    await page.getByRole('option', { name: /grace@example\.com/ }).click();

    await page.getByRole('heading', { name: 'grace@example.com' }).waitFor();
    await page.context().close();
  });
});
