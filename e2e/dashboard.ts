import { Flagsmith } from 'flagsmith-nodejs';
import { type BrowserContextOptions, chromium, type Browser, type Page } from 'playwright-core';
import { type Client, startPlatform, type Platform } from './platform.ts';

/** The browser to drive; without one the tests of the dashboard are skipped. */
export const executablePath = process.env.TEST_CHROMIUM;

/** The real dashboard on a platform of its own, and a browser to look at it. Nobody has signed up yet. */
export interface Dashboard {
  platform: Platform;
  browser: Browser;
  /** A page of a browser of its own; with a token it is logged in. */
  open(token: string | null, path: string, options?: BrowserContextOptions): Promise<Page>;
  stop(): Promise<void>;
}

export async function startDashboard(env: Record<string, string> = {}): Promise<Dashboard> {
  const platform = await startPlatform({ env });
  const browser = await chromium.launch({ executablePath: executablePath as string, args: ['--no-sandbox'] });
  return {
    platform,
    browser,
    async open(token, path, options = {}) {
      const context = await browser.newContext({
        baseURL: platform.origin,
        viewport: { width: 1280, height: 800 },
        ...options,
      });
      context.setDefaultTimeout(20_000);
      const page = await context.newPage();
      if (token) await context.addInitScript((value) => localStorage.setItem('halyard.token', value), token);
      await page.goto(path);
      return page;
    },
    async stop() {
      await browser.close();
      await platform.stop();
    },
  };
}

/** Makes a project with Development, Production and features in the first organisation of who asks; gives what the API answers. */
export async function makeShop(api: Client, ...features: object[]) {
  const [organisation] = (await api.call('GET', 'organisations/')).results;
  const { id } = await api.call('POST', 'projects/', {
    name: `Shop ${crypto.randomUUID()}`,
    organisation: organisation.id,
  });
  const development = await api.call('POST', 'environments/', { name: 'Development', project: id });
  const production = await api.call('POST', 'environments/', { name: 'Production', project: id });
  const made = [];
  for (const feature of features) made.push(await api.call('POST', `projects/${id}/features/`, feature));
  return { id, organisation: organisation.id, development, production, features: made };
}

/** A real SDK that asks for an environment's flags. */
export function sdkOf(platform: Platform, environment: { api_key: string }): Flagsmith {
  return new Flagsmith({ environmentKey: environment.api_key, apiUrl: `${platform.origin}/api/v1/` });
}
