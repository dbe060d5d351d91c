import { AxeBuilder } from '@axe-core/playwright';
import { AnalyticsProcessor } from 'flagsmith-nodejs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Dashboard, executablePath, makeShop, sdkOf, startDashboard } from './dashboard.ts';
import { type Client, signUp, until } from './platform.ts';

/** What happens to features and identities over time: evaluations, changes, traits and overrides. */
describe.skipIf(!executablePath)('usage, history and identities', () => {
  let dashboard: Dashboard;
  let api: Client;
  let organisation: number;

  beforeAll(async () => {
    dashboard = await startDashboard();
    api = await signUp(dashboard.platform.origin);
    ({ id: organisation } = await api.call('POST', 'organisations/', { name: 'Acme' }));
  });

  afterAll(async () => {
    await dashboard?.stop();
  });

  const open = (path: string, options = {}) => dashboard.open(api.token, path, options);
  const sdk = (environment: { api_key: string }) => sdkOf(dashboard.platform, environment);

  /** One evaluation by a real SDK, with its report. */
  async function evaluate(environment: { api_key: string }, feature: string) {
    await sdk(environment).getEnvironmentFlags();
    const analytics = new AnalyticsProcessor({
      environmentKey: environment.api_key,
      analyticsUrl: `${dashboard.platform.origin}/api/v1/analytics/flags/`,
    });
    analytics.trackFeature(feature);
    await analytics.flush();
  }

  test('an evaluation by a real SDK is in the usage of the organisation and of the feature', async () => {
    const shop = await makeShop(api, { name: 'banner' });
    await evaluate(shop.production, 'banner');
    // Requests are counted in memory first, and written some seconds later.
    const report = `organisations/${organisation}/usage-report/?project_id=${shop.id}`;
    await until(async () => (await api.call('GET', report)).days[0]?.flags === 1, 'the count of the request');
    const page = await open(`/organisations/${organisation}/usage?project=${shop.id}`);

    await page.getByRole('heading', { name: '1 request' }).waitFor();
    await page.getByText('Table', { exact: true }).click();
    const days = page.getByRole('table', { name: 'Requests by day' }).getByRole('row');
    expect(await days.count()).toBe(31);
    expect(await days.nth(1).textContent()).toMatch(/1$/);
    expect(await page.getByRole('table', { name: 'Requests by environment' }).textContent()).toContain('Production');
    await page.goto(`/projects/${shop.id}/features/${shop.features[0].id}?tab=usage`);
    await page.getByRole('img', { name: /Evaluations of banner by day/ }).waitFor();
    const production = page.getByRole('row').filter({ hasText: 'Production' });
    expect(await production.textContent()).toContain('1');
    expect(await page.getByRole('row').filter({ hasText: 'Development' }).textContent()).toContain('never evaluated');
    await page.context().close();
  });

  test('what somebody saved is in the feature’s history with its note, and is undone from there for SDKs, too', async () => {
    const shop = await makeShop(api, { name: 'banner', initial_value: 'plain' });
    const feature = shop.features[0];
    await api.call('POST', `projects/${shop.id}/features/${feature.id}/save/`, {
      environments: [{ environment: shop.production.id, state: { enabled: true, value: 'fancy' } }],
      note: 'Spring sale',
    });
    const served = async () => (await sdk(shop.production).getEnvironmentFlags()).getFlag('banner').value;
    await until(async () => (await served()) === 'fancy');
    const page = await open(`/projects/${shop.id}/features/${feature.id}?tab=history`);

    const step = page.getByRole('listitem').filter({ hasText: 'Spring sale' });
    await step.getByRole('button', { expanded: false }).first().click();
    await step.getByText('Everybody: value').waitFor();
    expect(await step.textContent()).toContain('Grace Tester');
    await step.getByRole('button', { name: 'Revert' }).click();
    await page.getByRole('menuitem', { name: 'Undo this at once' }).click();

    await page.getByText('Undone', { exact: true }).waitFor();
    await until(async () => (await served()) === 'plain');
    await page.context().close();
  });

  test('an older step is drafted as it was before, where undo would run over newer ones', async () => {
    const shop = await makeShop(api, { name: 'banner', initial_value: 'first' });
    const save = (value: string) =>
      api.call('POST', `projects/${shop.id}/features/${shop.features[0].id}/save/`, {
        environments: [{ environment: shop.development.id, state: { value } }],
        note: `To ${value}`,
      });
    await save('second');
    await save('third');
    const page = await open(`/projects/${shop.id}/features/${shop.features[0].id}?tab=history`);

    const step = page.getByRole('listitem').filter({ hasText: 'To second' });
    await step.getByRole('button', { name: 'Revert' }).click();
    await page.getByRole('menuitem', { name: 'Undo this at once' }).click();
    await page.getByText(/This was changed again since/).waitFor();
    await step.getByRole('button', { name: 'Revert' }).click();
    await page.getByRole('menuitem', { name: 'Draft it as it was before' }).click();

    await page.getByText('1 change in Development').waitFor();
    expect(await page.getByRole('textbox', { name: 'Value' }).inputValue()).toBe('first');
    await page.context().close();
  });

  test('a scheduled version can be called off', async () => {
    const shop = await makeShop(api, { name: 'banner' });
    const feature = shop.features[0];
    await api.call('POST', `environments/${shop.development.api_key}/enable-v2-versioning/`, {});
    await api.call('POST', `projects/${shop.id}/features/${feature.id}/save/`, {
      environments: [{ environment: shop.development.id, state: { enabled: true } }],
      live_from: new Date(Date.now() + 86_400_000).toISOString(),
    });
    const page = await open(`/projects/${shop.id}/features/${feature.id}`);

    const scheduled = page.getByRole('region', { name: 'Scheduled version' });
    await scheduled.getByRole('button', { name: 'Call off' }).click();
    await scheduled.waitFor({ state: 'detached' });

    const { environments } = await api.call('GET', `projects/${shop.id}/features/${feature.id}/page/`);
    expect(environments[0].scheduled_versions).toEqual([]);
    await page.context().close();
  });

  test('a changed trait and an override change what an identity gets, also from an SDK', async () => {
    const shop = await makeShop(api, { name: 'banner' }, { name: 'colour', initial_value: 'red' });
    const segment = await api.call('POST', `projects/${shop.id}/segments/`, {
      name: 'Professionals',
      rules: [
        {
          type: 'ALL',
          conditions: [],
          rules: [{ type: 'ANY', rules: [], conditions: [{ operator: 'EQUAL', property: 'plan', value: 'pro' }] }],
        },
      ],
    });
    await api.call('POST', `projects/${shop.id}/features/${shop.features[0].id}/save/`, {
      environments: [
        { environment: shop.production.id, segment_overrides: [{ segment: segment.id, enabled: true, value: null }] },
      ],
    });
    await until(
      async () => (await sdk(shop.production).getIdentityFlags('ana', { plan: 'free' })).allFlags().length > 0,
    );
    const { results } = await api.call('GET', `environments/${shop.production.api_key}/identities/?q="ana"`);
    const other = await api.call('POST', `environments/${shop.production.api_key}/identities/`, { identifier: 'ben' });
    const path = `/projects/${shop.id}/environments/${shop.production.api_key}/identities`;
    const page = await open(`${path}/${results[0].id}`);

    await page.getByRole('button', { name: 'Edit plan' }).click();
    const form = page.getByRole('form', { name: 'Edit plan' });
    await form.getByRole('textbox', { name: 'Value' }).fill('pro');
    await form.getByRole('button', { name: 'Save trait' }).click();
    await page.getByText('segment Professionals').waitFor();
    await page.getByRole('button', { name: 'Override colour' }).click();
    await page.getByRole('textbox', { name: 'Value' }).last().waitFor();
    await page.getByRole('dialog').getByRole('textbox', { name: 'Value' }).fill('blue');
    await page.getByRole('button', { name: 'Save override' }).click();
    await page.getByText('colour is overridden for ana').waitFor();

    await until(async () => {
      const flags = await sdk(shop.production).getIdentityFlags('ana');
      return flags.isFeatureEnabled('banner') && flags.getFeatureValue('colour') === 'blue';
    });
    await page.goto(`${path}/${results[0].id}?with=${other.id}`);
    await page.getByRole('button', { name: 'Copy overrides' }).click();
    await page.getByRole('menuitem', { name: 'From ana to ben' }).click();
    await page.getByRole('button', { name: 'Copy them' }).click();
    await page.getByText('ben has the overrides of ana').waitFor();
    await until(async () => (await sdk(shop.production).getIdentityFlags('ben')).getFeatureValue('colour') === 'blue');
    await page.context().close();
  });

  describe('on the new screens', () => {
    let paths: string[];

    beforeAll(async () => {
      const shop = await makeShop(api, { name: 'banner', initial_value: 'plain' });
      await evaluate(shop.production, 'banner');
      await api.call('POST', `projects/${shop.id}/features/${shop.features[0].id}/save/`, {
        environments: [{ environment: shop.production.id, state: { enabled: true } }],
        note: 'A note',
      });
      const identities = `environments/${shop.production.api_key}/identities/`;
      const [ana, ben] = [
        await api.call('POST', identities, { identifier: 'ana' }),
        await api.call('POST', identities, { identifier: 'ben' }),
      ];
      await api.call('POST', `${identities}${ana.id}/traits/`, { trait_key: 'plan', string_value: 'pro' });
      const report = `organisations/${organisation}/usage-report/?project_id=${shop.id}`;
      await until(async () => (await api.call('GET', report)).days.length > 0, 'the count of the request');
      const feature = `/projects/${shop.id}/features/${shop.features[0].id}`;
      paths = [
        `/organisations/${organisation}/usage`,
        `/projects/${shop.id}/connect`,
        `${feature}?tab=usage`,
        `${feature}?tab=history`,
        `/projects/${shop.id}/environments/${shop.production.api_key}/identities/${ana.id}?with=${ben.id}`,
      ];
    });

    const settled = async (page: Page, path: string) => {
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).first().waitFor({ state: 'attached' });
      await page.getByText('Loading', { exact: true }).first().waitFor({ state: 'detached' });
      await page.evaluate(() =>
        Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {}))),
      );
    };

    test.each(['light', 'dark'] as const)('axe finds nothing, in %s', async (colorScheme) => {
      const found: string[] = [];
      const page = await open('/', { colorScheme, reducedMotion: 'reduce' });
      for (const path of paths) {
        await settled(page, path);
        const { violations } = await new AxeBuilder({ page }).analyze();
        found.push(
          ...violations.map(
            ({ id, nodes }) => `${path}: ${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`,
          ),
        );
      }
      await page.context().close();

      expect(found).toEqual([]);
    });

    test('a phone needs no sideways scrolling', async () => {
      const page = await open('/', { viewport: { width: 390, height: 844 } });
      const wide: string[] = [];
      for (const path of paths) {
        await settled(page, path);
        if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) wide.push(path);
      }
      await page.context().close();

      expect(wide).toEqual([]);
    });
  });
});
