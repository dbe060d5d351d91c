// `npm run screenshots`: retakes the pictures of docs/images from a demonstration installation of its own.

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBrowser } from './browser.mjs';
import { buildDashboard, nodeProgram, prepare, root } from './setup.mjs';

const wide = { width: 1280, height: 800 };
const phone = { width: 390, height: 844 };

/** Name of the picture, what to open, and what to do there before it is taken. */
const people = encodeURIComponent(
  JSON.stringify([{ id: 'ada@northwind.example' }, { id: 'bruno@example.com' }, { traits: { plan: 'enterprise' } }]),
);
const pictures = [
  ['features', '/projects/1/features'],
  ['feature', '/projects/1/features/1', (page) => page.getByRole('tab', { name: /Production/ }).click()],
  ['review', '/projects/1/features/1', review],
  ['explain', '/projects/1/features/1', explain],
  ['playground', `/projects/1/playground?different=true&people=${people}`],
  ['segment', '/projects/1/segments/3'],
  ['compare', '/projects/1/compare'],
  ['history', '/projects/1/history'],
  ['connect', '/projects/1/connect'],
  ['permissions', '/organisations/1/people?tab=permissions'],
  ['usage', '/organisations/1/usage'],
  ['settings', '/projects/1/settings/environments?environment=3'],
];
const views = [
  ['light', wide],
  ['dark', wide],
  ['phone-light', phone],
  ['phone-dark', phone],
];

prepare('everything');
await buildDashboard();
const { path: executablePath, hint } = findBrowser();
if (!executablePath) {
  console.error(hint);
  process.exit(1);
}
const dataDir = mkdtempSync(join(tmpdir(), 'halyard-screenshots-'));
const { server, origin } = await startServer();
try {
  const token = fillDemo();
  await takeAll(token);
} finally {
  server.kill('SIGTERM');
  await new Promise((resolve) => server.once('exit', resolve));
  rmSync(dataDir, { recursive: true, force: true });
}

async function startServer() {
  const env = { ...process.env, HOST: '127.0.0.1', PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'error' };
  const server = spawn(nodeProgram(), [join(root, 'apps/server/src/main.ts')], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const origin = await new Promise((resolve, reject) => {
    let output = '';
    server.stdout.on('data', (chunk) => {
      output += chunk;
      const address = /Halyard is up: (\S+)/.exec(output)?.[1];
      if (address) resolve(address);
    });
    server.once('exit', () => reject(new Error('The server ended.')));
  });
  return { server, origin };
}

/** The demonstration's content; gives its administrator's token. */
function fillDemo() {
  const options = { env: { ...process.env, HALYARD_URL: origin }, encoding: 'utf8' };
  const { stdout } = spawnSync(nodeProgram(), [join(root, 'scripts/demo.mjs')], options);
  return /TOKEN=(\S+)/.exec(stdout)[1];
}

async function takeAll(token) {
  const { chromium } = createRequire(join(root, 'e2e/package.json'))('playwright-core');
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  mkdirSync(join(root, 'docs/images'), { recursive: true });
  for (const [view, viewport] of views) {
    const isPhone = viewport === phone;
    const context = await browser.newContext({
      baseURL: origin,
      viewport,
      colorScheme: view.endsWith('dark') ? 'dark' : 'light',
      reducedMotion: 'reduce',
      isMobile: isPhone,
      hasTouch: isPhone,
    });
    await context.addInitScript((value) => localStorage.setItem('halyard.token', value), token);
    for (const [name, path, act] of pictures) {
      const page = await context.newPage();
      await page.goto(path);
      await page.getByRole('heading').first().waitFor();
      await page.getByText('Loading', { exact: true }).first().waitFor({ state: 'detached' });
      await act?.(page);
      await page.waitForTimeout(400); // for fonts and transitions; a picture that is taken too early is only uglier
      await page.screenshot({ path: join(root, 'docs/images', `${name}-${view}.png`) });
      await page.close();
    }
    await context.close();
  }
  await browser.close();
}

async function review(page) {
  await page.getByRole('tab', { name: /Production/ }).click();
  await page.getByRole('switch', { name: 'On in Production' }).click({ force: true });
  await page.getByRole('textbox', { name: 'Value' }).first().fill('one-page');
  await page.getByRole('button', { name: 'Review and save' }).click();
  await page.getByLabel('Note').fill('Everybody gets the new checkout');
  await page.getByText('Everybody: value').waitFor();
  await page.evaluate(() => localStorage.removeItem('halyard.draft.1'));
}

async function explain(page) {
  await page.getByRole('tab', { name: 'Explain' }).click();
  await page.getByRole('combobox', { name: 'Identifier' }).fill('ada@northwind.example');
  await page.keyboard.press('Escape');
  const verdict = page.getByText('has an override of their own');
  await verdict.waitFor();
  await verdict.evaluate((element) => element.parentElement.scrollIntoView({ block: 'start' }));
}
