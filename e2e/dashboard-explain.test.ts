import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Dashboard, executablePath, makeShop, startDashboard } from './dashboard.ts';
import { type Client, signUp } from './platform.ts';

/** Who gets what and why, as a person finds out. */
describe.skipIf(!executablePath)('explaining in the dashboard', () => {
  let dashboard: Dashboard;
  let api: Client;
  let token: string;
  let shop: Awaited<ReturnType<typeof makeShop>>;
  let segment: { id: number };
  let checkout: { id: number };
  let ada: { id: number };

  beforeAll(async () => {
    dashboard = await startDashboard();
    api = await signUp(dashboard.platform.origin);
    token = api.token;
    await api.call('POST', 'organisations/', { name: 'Acme' });
    shop = await makeShop(api, { name: 'checkout', initial_value: 'old' }, { name: 'banner' });
    checkout = shop.features[0];
    const rules = [
      {
        type: 'ALL',
        conditions: [],
        rules: [
          { type: 'ANY', rules: [], conditions: [{ operator: 'EQUAL', property: 'plan', value: 'pro' }] },
          {
            type: 'ANY',
            rules: [],
            conditions: [{ operator: 'GREATER_THAN_INCLUSIVE', property: 'age', value: '18' }],
          },
        ],
      },
    ];
    segment = await api.call('POST', `projects/${shop.id}/segments/`, { name: 'Grown professionals', rules });
    await api.call('POST', `projects/${shop.id}/features/${checkout.id}/save/`, {
      environments: [
        {
          environment: shop.production.id,
          segment_overrides: [{ segment: segment.id, enabled: true, value: 'one-page' }],
        },
      ],
    });
    ada = await makeIdentity('ada@example.com', { plan: 'pro', age: 36 });
    await makeIdentity('bob@example.com', { plan: 'free', age: 50 });
  });

  afterAll(async () => {
    await dashboard?.stop();
  });

  async function makeIdentity(identifier: string, traits: { plan: string; age: number }) {
    const at = `environments/${shop.production.api_key}/identities/`;
    const identity = await api.call('POST', at, { identifier });
    await api.call('POST', `${at}${identity.id}/traits/`, { trait_key: 'plan', string_value: traits.plan });
    await api.call('POST', `${at}${identity.id}/traits/`, {
      trait_key: 'age',
      value_type: 'int',
      integer_value: traits.age,
    });
    return identity;
  }

  const steps = async (page: Page) =>
    (await page.getByRole('list', { name: 'Steps' }).locator('> li').allInnerTexts()).map((text) =>
      text.replace(/\s+/g, ' '),
    );

  test('a feature tells why somebody who is known gets it, and what pasted traits would change', async () => {
    const page = await dashboard.open(token, `/projects/${shop.id}/features/${checkout.id}`);

    await page.getByRole('tab', { name: 'Explain' }).click();
    await page.getByRole('combobox', { name: 'Identifier' }).fill('ada');
    await page.getByRole('option', { name: 'ada@example.com' }).click();
    await page.getByText('the strongest segment that matches').waitFor();

    const known = await steps(page);
    expect(known).toHaveLength(2);
    expect(known[0]).toMatch(/^Everybody in Production something stronger decides off old/);
    expect(known[1]).toMatch(/^Segment Grown professionals decides on one-page/);
    expect(known[1]).toMatch(/Holds: plan is pro — it is pro Holds: age is at least 18 — it is 36/);

    await page.getByRole('textbox', { name: 'Traits' }).fill('age: 17');
    await page.getByText('gets what everybody gets in Production').waitFor();

    const younger = await steps(page);
    expect(younger[0]).toMatch(/decides/);
    expect(younger[1]).toMatch(/does not match/);
    expect(younger[1]).toMatch(/Does not hold: age is at least 18 — it is 17/);

    await page.getByRole('textbox', { name: 'Traits' }).fill('{"age": ');
    await page.getByText('Not valid JSON').waitFor();
    await page.context().close();
  });

  test('an identity tells why at each feature', async () => {
    const at = `/projects/${shop.id}/environments/${shop.production.api_key}/identities/${ada.id}`;
    const page = await dashboard.open(token, at);

    await page.getByRole('button', { name: 'Why checkout' }).click();

    await page.getByText('is in Grown professionals, the strongest segment that matches').waitFor();
    await page.context().close();
  });

  test('the playground shows people side by side, and a link to it shows the same', async () => {
    const page = await dashboard.open(token, `/projects/${shop.id}/playground`);

    await page.getByRole('combobox', { name: 'Identifier of person 1' }).fill('ada@example.com');
    await page.getByRole('button', { name: 'Add person' }).click();
    await page.getByLabel('Traits of person 2').fill('plan: free');
    await page.getByRole('columnheader', { name: 'plan: free' }).first().waitFor();
    await page.getByText('1 with differences').waitFor();
    await page.getByRole('switch', { name: 'Only differences' }).click({ force: true });
    await page.getByText('1 feature, 1 with differences').waitFor();
    await page.getByRole('button', { name: /checkout for ada@example.com in Production/ }).click();
    await page.getByText('the strongest segment that matches').waitFor();

    const shared = await dashboard.open(token, new URL(page.url()).pathname + new URL(page.url()).search);
    await shared.getByText('the strongest segment that matches').waitFor();
    await shared.getByRole('button', { name: 'Close' }).click();
    const cells = await shared
      .getByRole('row', { name: /checkout/ })
      .getByRole('cell')
      .allInnerTexts();
    expect(cells.map((text) => /\b(on|off)\b/.exec(text)?.[0])).toEqual(['off', 'off', 'on', 'off']);
    expect(cells.map((text) => text.includes(', differs'))).toEqual([false, false, true, false]);
    await shared.context().close();
    await page.context().close();
  });

  test('a segment is tried while it is built: the count follows the draft, and the test box says why', async () => {
    const page = await dashboard.open(token, `/projects/${shop.id}/segments/${segment.id}`);
    await page.getByText('1 of the last 2').waitFor();

    await page.getByRole('button', { name: 'Remove: Condition group 1' }).click();
    await page.getByText('2 of the last 2').waitFor();
    await page.getByRole('button', { name: 'And not' }).click();
    const added = page.getByRole('group', { name: 'Condition group 2' });
    await added.getByRole('combobox', { name: 'Trait' }).click();
    await page.getByRole('option', { name: /plan/ }).click();
    await added.getByLabel('Value').click();
    await page.getByRole('option', { name: 'free' }).click();
    await page.getByText('1 of the last 2').waitFor();

    const box = page.getByRole('region', { name: 'Try it' });
    await box.getByRole('combobox', { name: 'Identifier' }).fill('bob@example.com');
    await box.getByText('not in the segment').waitFor();
    await box.getByText('plan is free').waitFor();
    await box.getByRole('textbox', { name: 'Traits' }).fill('plan: pro');
    await box.getByText('in the segment', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Grown professionals is saved').waitFor();

    const saved = await api.call('GET', `projects/${shop.id}/segments/${segment.id}/`);
    expect(saved.rules[0].rules).toMatchObject([
      { type: 'ANY', conditions: [{ property: 'age' }] },
      { type: 'NONE', conditions: [{ property: 'plan', operator: 'EQUAL', value: 'free' }] },
    ]);
    await page.context().close();
  });

  test('axe finds nothing on the playground and in a story, in both themes', async () => {
    const people = JSON.stringify([{ id: 'ada@example.com' }, { traits: { plan: 'pro', age: 20 } }]);
    const page = await dashboard.open(token, `/projects/${shop.id}/playground?people=${encodeURIComponent(people)}`);
    const found: string[] = [];
    /** The frame around it is looked at with every other screen. */
    const check = async (what: string, within: string) => {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await page.locator(`html[data-mantine-color-scheme=${colorScheme}]`).waitFor();
        await page.evaluate(() =>
          Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {}))),
        );
        const { violations } = await new AxeBuilder({ page }).include(within).analyze();
        for (const { id, nodes } of violations) {
          found.push(`${what} ${colorScheme}: ${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`);
        }
      }
    };

    await page.getByRole('columnheader', { name: 'ada@example.com' }).first().waitFor();
    await check('table', '#content');
    await page.getByRole('button', { name: /checkout for ada@example.com in Production/ }).click();
    await page.getByRole('list', { name: 'Steps' }).waitFor();
    await check('story', '[role=dialog]');

    expect(found).toEqual([]);
    await page.context().close();
  });
});
