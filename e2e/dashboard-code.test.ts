import { AxeBuilder } from '@axe-core/playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Dashboard, executablePath, makeShop, startDashboard } from './dashboard.ts';
import { type Client, signUp } from './platform.ts';

/** Where code names a feature, on the feature's page. */
describe.skipIf(!executablePath)('the panel about code', () => {
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

  test('shows what to send, and then the lines that were found', async () => {
    const shop = await makeShop(api, { name: 'checkout' });
    const page = await dashboard.open(api.token, `/projects/${shop.id}/features/${shop.features[0].id}`);
    await page.getByRole('tab', { name: 'Settings' }).click();
    const panel = page.getByRole('region', { name: 'In the code' });
    await panel.getByText(`projects/${shop.id}/code-references/`).waitFor();

    await api.call('POST', `projects/${shop.id}/code-references/`, {
      repository_url: 'https://github.com/acme/shop',
      revision: 'c0ffee',
      code_references: [{ feature_name: 'checkout', file_path: 'src/pay.ts', line_number: 12 }],
    });
    await page.reload();
    await page.getByRole('tab', { name: 'Settings' }).click();

    const link = panel.getByRole('link', { name: 'src/pay.ts:12' });
    expect(await link.getAttribute('href')).toBe('https://github.com/acme/shop/blob/c0ffee/src/pay.ts#L12');
    const { violations } = await new AxeBuilder({ page }).include('[aria-label="In the code"]').analyze();
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 300))])).toEqual([]);
    await page.context().close();
  });
});
