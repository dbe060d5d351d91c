import { readFileSync } from 'node:fs';
import { AxeBuilder } from '@axe-core/playwright';
import { generateSync } from 'otplib';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Dashboard, executablePath, makeShop, startDashboard } from './dashboard.ts';
import { type Client, clientOf, signUp, until } from './platform.ts';

/** People, what they may do and why, the keys of scripts, the history of it all, and one's own account. */
describe.skipIf(!executablePath)('people and access', () => {
  let dashboard: Dashboard;
  let admin: Client;
  let organisation: number;

  beforeAll(async () => {
    dashboard = await startDashboard();
    admin = await signUp(dashboard.platform.origin);
    organisation = (await admin.call('POST', 'organisations/', { name: 'Acme' })).id;
  });

  afterAll(async () => {
    await dashboard?.stop();
  });

  const open: Dashboard['open'] = (...args) => dashboard.open(...args);

  /** Somebody who joined as a plain member; named so that they are told apart. */
  async function join(firstName: string) {
    const link = await admin.call('POST', `organisations/${organisation}/invite-links/`, { role: 'USER' });
    const client = await signUp(dashboard.platform.origin);
    await client.call('POST', `users/join/link/${link.hash}/`);
    await client.call('PATCH', 'auth/users/me/', { first_name: firstName });
    const me = await client.call('GET', 'auth/users/me/');
    return { client, id: me.id as number, email: me.email as string, name: `${me.first_name} ${me.last_name}` };
  }

  test('what is saved for a group its members may do, and the matrix says why', async () => {
    const shop = await makeShop(admin, { name: 'banner' });
    const ana = await join('Ana');
    const page = await open(admin.token, `/organisations/${organisation}/people?tab=groups`);
    const saves: string[] = [];
    page.on('request', (request) => {
      const { pathname } = new URL(request.url());
      if (pathname.endsWith('/access/save/')) saves.push(pathname);
    });

    await page.getByRole('button', { name: /Create (the first one|group)/ }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Shop team');
    await page.getByRole('combobox', { name: 'Members' }).click();
    await page.getByRole('option', { name: new RegExp(ana.email) }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByText('Shop team is saved').waitFor();

    await page.getByRole('tab', { name: 'Permissions' }).click();
    await page.getByRole('combobox', { name: 'Permissions in' }).selectOption(String(shop.id));
    await page.getByRole('checkbox', { name: 'See the project: Shop team' }).check();
    await page.getByRole('tab', { name: /Production/ }).click();
    await page.getByRole('checkbox', { name: 'Switch features and set values: Shop team' }).check();
    await page.getByText('3 changes for Shop team').waitFor();
    await page.reload();
    await page.getByText('3 changes for Shop team').waitFor();
    await page.getByRole('button', { name: 'Review and save' }).click();
    await page.getByText('See the environment, Switch features and set values').waitFor();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Saved; it holds from now on').waitFor();
    await page.getByRole('button', { name: `Why: Switch features and set values: ${ana.name}` }).click();
    await page.getByText('Through the group Shop team').waitFor();

    expect(saves).toEqual([`/api/v1/projects/${shop.id}/access/save/`]);
    const theirs = await open(ana.client.token, `/projects/${shop.id}/features`);
    const control = theirs.getByRole('switch', { name: 'banner in Production' });
    await control.waitFor({ state: 'attached' });
    expect(await control.isDisabled()).toBe(false);

    await theirs.goto(`/organisations/${organisation}/people?tab=permissions&project=${shop.id}`);
    await theirs.getByText('You see what concerns you').waitFor();
    expect(await theirs.getByRole('checkbox', { name: 'See the project: Shop team' }).isDisabled()).toBe(true);
    expect(await theirs.getByRole('row').count()).toBe(3);
    await theirs.context().close();
    await page.context().close();
  });

  test('a draft stays where somebody else was faster, and is saved on top', async () => {
    const shop = await makeShop(admin);
    const ben = await join('Ben');
    const page = await open(admin.token, `/organisations/${organisation}/people?tab=permissions&project=${shop.id}`);
    await page.getByRole('checkbox', { name: `Manage tags: ${ben.name}` }).check();
    await admin.call('POST', `projects/${shop.id}/access/save/`, {
      changes: [{ user: ben.id, permissions: ['VIEW_PROJECT', 'CREATE_FEATURE'] }],
    });

    await page.getByRole('button', { name: 'Review and save' }).click();
    const save = page.getByRole('button', { name: 'Save', exact: true });
    await save.click();
    await page.getByText('Somebody else changed this meanwhile').waitFor();
    await until(async () => !(await page.getByText('See the project, Manage tags').isVisible()));
    await save.click();
    await page.getByText('Saved; it holds from now on').waitFor();

    const { grants } = await admin.call('GET', `projects/${shop.id}/access/`);
    expect(grants.find(({ user }: { user: number }) => user === ben.id).permissions).toEqual([
      'VIEW_PROJECT',
      'CREATE_FEATURE',
      'MANAGE_TAGS',
    ]);
    await page.context().close();
  });

  test('a member is removed after a question that says what it means', async () => {
    const carl = await join('Carl');
    const page = await open(admin.token, `/organisations/${organisation}/people?q=${carl.email}`);

    await page.getByRole('button', { name: `More about ${carl.name}` }).click();
    await page.getByRole('menuitem', { name: 'Remove' }).click();
    await page.getByText('leaves the organisation, its groups').waitFor();
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByText(`${carl.name} is out`).waitFor();

    expect(await carl.client.call('GET', 'organisations/')).toMatchObject({ count: 0 });
    await page.context().close();
  });

  test('an API key is shown once, works, and ends when it is revoked', async () => {
    const page = await open(admin.token, `/organisations/${organisation}/settings/`);
    await page.getByText('API keys', { exact: true }).first().click();

    await page.getByRole('button', { name: 'Create key' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Terraform');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    const key = await page.getByLabel('Key', { exact: true }).innerText();
    const ask = () =>
      fetch(`${dashboard.platform.origin}/api/v1/organisations/${organisation}/`, {
        headers: { Authorization: `Api-Key ${key}` },
      });
    expect((await ask()).status).toBe(200);
    await page.getByRole('button', { name: 'I have it' }).click();
    await page.reload();
    await page.getByRole('row', { name: /Terraform/ }).waitFor();
    expect(await page.getByText(key).count()).toBe(0);
    expect(await page.getByRole('row', { name: /Terraform.*never.*never/ }).count()).toBe(0);

    await page.getByRole('button', { name: 'Revoke the key Terraform' }).click();
    await page.getByRole('button', { name: 'Revoke', exact: true }).click();
    await page.getByText('Terraform is revoked').waitFor();

    expect((await ask()).status).toBe(401);
    await page.context().close();
  });

  test('the history is filtered by feature and person, and exported as it is shown', async () => {
    const shop = await makeShop(admin, { name: 'banner' }, { name: 'colour' });
    const page = await open(admin.token, `/projects/${shop.id}/history`);
    await page.getByRole('combobox', { name: 'Feature' }).click();
    await page.getByRole('option', { name: 'banner' }).click();
    await page.getByText('3 changes').waitFor();
    await page.getByRole('combobox', { name: 'Who' }).click();
    await page.getByRole('option', { name: 'Grace Tester' }).click();
    await page.getByText('3 changes').waitFor();

    const [file] = await Promise.all([
      page.waitForEvent('download'),
      (async () => {
        await page.getByRole('button', { name: 'Export' }).click();
        await page.getByRole('menuitem', { name: 'CSV' }).click();
      })(),
    ]);
    const lines = readFileSync(await file.path(), 'utf8')
      .trim()
      .split('\n');
    expect(lines).toHaveLength(4);
    expect(lines.slice(1).every((line) => line.includes('banner'))).toBe(true);

    const [record] = (await admin.call('GET', `organisations/${organisation}/audit/?search=banner`)).results;
    await page.goto(`/organisations/${organisation}/history?step=${record.id}`);
    await page.getByRole('heading', { name: 'One step' }).waitFor();
    await page.getByText(record.log).waitFor();
    await page.context().close();
  });

  test('two-factor login is set up from a QR code, and asked for from then on', async () => {
    const person = await signUp(dashboard.platform.origin);
    const { email } = await person.call('GET', 'auth/users/me/');
    const page = await open(null, '/login');
    await page.evaluate((token) => localStorage.setItem('halyard.token', token), person.token);
    await page.goto('/account');
    await page.getByRole('button', { name: 'Set it up' }).click();
    await page.getByRole('img', { name: 'QR code for your authenticator app' }).waitFor();
    const secret = await page.getByLabel('Secret').innerText();
    const seconds = () => Math.floor(Date.now() / 1000);

    await page.getByLabel('Code of the app').fill(generateSync({ secret, epoch: seconds() }));
    await page.getByRole('button', { name: 'Turn on' }).click();
    const [backup] = (await page.getByLabel('Backup codes', { exact: true }).innerText()).split('\n');
    await page.getByRole('button', { name: 'I keep them' }).click();
    await page.getByText('A login asks for a code').waitFor();

    // A code works once: the next one is the app's next, or a backup code.
    for (const code of [generateSync({ secret, epoch: seconds() + 30 }), backup as string]) {
      await page.getByRole('button', { name: /, account$/ }).click();
      await page.getByRole('menuitem', { name: 'Log out' }).click();
      await page.getByLabel('E-mail').fill(email);
      await page.getByRole('textbox', { name: 'Password' }).fill('Correct-horse-battery-9');
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.getByLabel('Code').fill(code);
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.getByRole('button', { name: /, account$/ }).waitFor();
    }
    await page.context().close();
  });

  test('an account logs out everywhere else, and is closed with the organisation that only it belongs to', async () => {
    const person = await signUp(dashboard.platform.origin);
    const { email } = await person.call('GET', 'auth/users/me/');
    await person.call('POST', 'organisations/', { name: 'Alone' });
    const { key } = await clientOf(dashboard.platform.origin, '').call('POST', 'auth/login/', {
      email,
      password: 'Correct-horse-battery-9',
    });
    const page = await open(null, '/login');
    await page.evaluate((token) => localStorage.setItem('halyard.token', token), key);
    await page.goto('/account');

    await page.getByRole('button', { name: 'Log out everywhere else' }).click();
    await page.getByRole('button', { name: 'Log out', exact: true }).click();
    await page.getByText('You are logged in here only').waitFor();
    await expect(person.call('GET', 'auth/users/me/')).rejects.toThrow('401');

    await page.getByRole('button', { name: 'Close my account' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: /^Type/ }).fill(email);
    await dialog.getByRole('textbox', { name: 'Password' }).fill('Correct-horse-battery-9');
    await dialog.getByRole('button', { name: 'Close the account' }).click();
    await dialog.getByText('Nobody else belongs to an organisation of yours').first().waitFor();
    await dialog.getByRole('checkbox').check();
    await dialog.getByRole('button', { name: 'Close the account' }).click();
    await page.getByRole('heading', { name: 'Log in' }).waitFor();
    await page.context().close();
  });

  test.each([
    ['light', 1280],
    ['dark', 390],
  ] as const)('axe finds nothing, in %s and %i pixels wide', async (colorScheme, width) => {
    const shop = await makeShop(admin, { name: 'banner' });
    const dora = await join('Dora');
    await admin.call('POST', `organisations/${organisation}/groups/save/`, {
      name: `Crew ${width}`,
      users: [{ id: dora.id }],
    });
    await admin.call('POST', `projects/${shop.id}/access/save/`, { changes: [{ user: dora.id, admin: true }] });
    const page = await open(admin.token, '/', { colorScheme, viewport: { width, height: 800 } });
    const people = `/organisations/${organisation}/people`;
    const matrix = `${people}?tab=permissions&project=${shop.id}&q=${dora.email}`;
    const found: string[] = [];

    for (const path of [`${people}?tab=groups`, `${people}?person=${dora.id}`, matrix, '/account']) {
      await page.goto(path);
      await settled(page);
      if (path === matrix && width < 500) await page.getByRole('button', { name: new RegExp(dora.email) }).click();
      if (path === '/account') await page.getByRole('button', { name: 'Set it up' }).click();
      await settled(page);
      const { violations } = await new AxeBuilder({ page }).analyze();
      found.push(...violations.map(({ id, nodes }) => `${path}: ${id}: ${nodes[0]?.html.slice(0, 200)}`));
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (overflow > 0) found.push(`${path}: ${overflow} pixels wider than the window`);
    }

    expect(found).toEqual([]);
    await page.context().close();
  });

  async function settled(page: Page) {
    await page.getByRole('heading', { level: 1 }).first().waitFor({ state: 'attached' });
    await page.getByText('Loading', { exact: true }).first().waitFor({ state: 'detached' });
    await page.evaluate(() =>
      Promise.all(
        document
          .getAnimations()
          .filter(({ effect }) => effect?.getComputedTiming().iterations !== Number.POSITIVE_INFINITY)
          .map((animation) => animation.finished.catch(() => {})),
      ),
    );
  }
});
