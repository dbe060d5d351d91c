import { createPrivateKey } from 'node:crypto';
import type { Browsed, GithubItem } from '@halyard/contract';
import { SignJWT } from 'jose';
import { z } from 'zod';
import type { GithubApp } from '../config.ts';
import type { Context } from '../context.ts';
import { askTracker, type Item, itemLabel, type ItemState, type Tracker, TrackerError } from '../trackers/tracker.ts';

/** GitHub as one installation of the app may use it. */
export interface Github extends Tracker {
  repositories(window: Window): Promise<Browsed<z.output<typeof repository>>>;
  search(filter: Search): Promise<Browsed<GithubItem>>;
  contributors(repositoryPath: string, window: Window): Promise<Browsed<z.output<typeof contributor>>>;
  /** Answers the address of the new issue. */
  openIssue(repositoryPath: string, issue: { title: string; body: string }): Promise<string>;
}

interface Window {
  page: number;
  page_size: number;
}

export interface Search extends Window {
  kind: 'issue' | 'pr';
  repository: string;
  text: string | undefined;
  state: 'open' | 'closed' | undefined;
}

const repository = z.object({ id: z.number().int(), name: z.string(), full_name: z.string() });
const contributor = z.object({
  login: z.string(),
  avatar_url: z.string(),
  contributions: z.number().int(),
});
const found = z.object({
  html_url: z.string(),
  id: z.number().int(),
  title: z.string(),
  number: z.number().int(),
  state: z.string(),
  draft: z.boolean().nullish(),
  pull_request: z.object({ merged_at: z.string().nullish() }).nullish(),
});

/** What calls and answers tell of an issue or a pull request. */
export const githubSubject = z.object({
  html_url: z.string(),
  title: z.string(),
  state: z.enum(['open', 'closed']),
  merged: z.boolean().nullish(),
  draft: z.boolean().nullish(),
});

export function githubState(subject: z.output<typeof githubSubject>): ItemState {
  if (subject.merged) return 'merged';
  return subject.state === 'open' && subject.draft ? 'draft' : subject.state;
}

/** The token is asked for at the first call and is good for what follows within the hour. */
export function createGithub(ctx: Context, app: GithubApp, installationId: string): Github {
  let token: Promise<string> | null = null;

  async function ask<T>(schema: z.ZodType<T>, method: 'GET' | 'POST', path: string, body?: unknown) {
    token ??= installationToken(ctx, app, installationId);
    const headers = { ...commonHeaders, authorization: `Bearer ${await token}` };
    return askTracker(ctx, schema, { method, url: app.apiUrl + path, headers, ...(body !== undefined && { body }) });
  }

  const issue = ({ repository, number }: Item) => `/repos/${repository}/issues/${number}`;

  return {
    async read(item) {
      const path = item.kind === 'issue' ? issue(item) : `/repos/${item.repository}/pulls/${item.number}`;
      const { body } = await ask(githubSubject, 'GET', path);
      return { title: body.title, state: githubState(body) };
    },
    async comment(item, body) {
      await ask(z.unknown(), 'POST', `${issue(item)}/comments`, { body });
    },
    async label(item) {
      await ask(z.unknown(), 'POST', `/repos/${item.repository}/labels`, itemLabel).catch(unlessItIsThere);
      await ask(z.unknown(), 'POST', `${issue(item)}/labels`, { labels: [itemLabel.name] });
    },
    async repositories(window) {
      const schema = z.object({ total_count: z.number().int(), repositories: z.array(repository) });
      const { body } = await ask(schema, 'GET', `/installation/repositories?${windowOf(window)}`);
      return counted(body.repositories, body.total_count, window);
    },
    async search({ kind, repository, text, state, ...window }) {
      const words = [
        text ?? '',
        `repo:${repository}`,
        `is:${kind}`,
        ...(state === undefined ? [] : [`state:${state}`]),
      ];
      const query = new URLSearchParams({ q: words.join(' ').trim(), ...windowObject(window) });
      const schema = z.object({ total_count: z.number().int(), items: z.array(found) });
      const { body } = await ask(schema, 'GET', `/search/issues?${query}`);
      const own = `/${repository}/`.toLowerCase();
      const items = body.items
        // A search text may hold a `repo:` of its own.
        .filter(({ html_url }) => html_url.toLowerCase().includes(own))
        .map(({ draft, pull_request, ...item }) => ({
          ...item,
          merged: pull_request?.merged_at != null,
          draft: draft ?? false,
        }));
      // GitHub shows the first thousand.
      return counted(items, body.total_count, window, 1000);
    },
    async contributors(path, window) {
      const { body } = await ask(z.array(contributor), 'GET', `/repos/${path}/contributors?${windowOf(window)}`);
      const next = body.length === window.page_size ? window.page + 1 : null;
      return { results: body, next, previous: previousOf(window), total_count: null };
    },
    async openIssue(path, content) {
      const { body } = await ask(z.object({ html_url: z.string() }), 'POST', `/repos/${path}/issues`, content);
      return body.html_url;
    },
  };
}

const commonHeaders = { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' };

async function installationToken(ctx: Context, app: GithubApp, installationId: string): Promise<string> {
  const seconds = Math.floor(Date.parse(ctx.now()) / 1000);
  const jwt = await new SignJWT()
    .setProtectedHeader({ alg: 'RS256' })
    .setIssuer(app.appId)
    // A minute back, for clocks that differ; GitHub takes ten minutes at most.
    .setIssuedAt(seconds - 60)
    .setExpirationTime(seconds + 540)
    .sign(createPrivateKey(app.privateKey));
  const { body } = await askTracker(ctx, z.object({ token: z.string().regex(/^[\x21-\x7e]+$/) }), {
    method: 'POST',
    url: `${app.apiUrl}/app/installations/${installationId}/access_tokens`,
    headers: { ...commonHeaders, authorization: `Bearer ${jwt}` },
  });
  return body.token;
}

/** GitHub answers 422 to a label that the repository has. */
function unlessItIsThere(error: unknown): void {
  if (error instanceof TrackerError && error.status === 422) return;
  throw error;
}

function counted<T>(results: T[], total: number, window: Window, reach = Number.POSITIVE_INFINITY): Browsed<T> {
  const more = window.page * window.page_size < Math.min(total, reach);
  return { results, next: more ? window.page + 1 : null, previous: previousOf(window), total_count: total };
}

function previousOf({ page }: Window): number | null {
  return page > 1 ? page - 1 : null;
}

function windowObject({ page, page_size }: Window) {
  return { page: String(page), per_page: String(page_size) };
}

function windowOf(window: Window): string {
  return new URLSearchParams(windowObject(window)).toString();
}
