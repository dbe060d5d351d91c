import type { Browsed, GitlabItem } from '@halyard/contract';
import { z } from 'zod';
import type { Context } from '../context.ts';
import type { OutboundResponse } from '../outbound/client.ts';
import { askTracker, type Item, itemLabel, type ItemState, type Tracker, TrackerError } from '../trackers/tracker.ts';

/** A GitLab as one token may use it. */
export interface Gitlab extends Tracker {
  projects(filter: Window & { text: string | undefined }): Promise<Browsed<z.output<typeof project>>>;
  search(filter: Search): Promise<Browsed<GitlabItem>>;
  /** Asks a project to call us about issues and merge requests; answers the id of the hook. */
  addHook(projectPath: string, hook: { url: string; secret: string }): Promise<string>;
  removeHook(projectPath: string, hookId: string): Promise<void>;
}

interface Window {
  page: number;
  page_size: number;
}

export interface Search extends Window {
  kind: Item['kind'];
  /** Its id or its path. */
  project: string;
  text: string | undefined;
  state: string | undefined;
}

const project = z.object({ id: z.number().int(), name: z.string(), path_with_namespace: z.string() });
const found = z.object({
  web_url: z.string(),
  id: z.number().int(),
  title: z.string(),
  iid: z.number().int(),
  state: z.string(),
  draft: z.boolean().nullish(),
});

/** What calls and answers tell of an issue or a merge request. */
export const gitlabSubject = z.object({
  title: z.string(),
  state: z.string(),
  draft: z.boolean().nullish(),
});

export function gitlabState({ state, draft }: { state: string; draft?: boolean | null | undefined }): ItemState {
  if (state === 'merged' || state === 'closed') return state;
  return draft ? 'draft' : 'open';
}

export function createGitlab(ctx: Context, { url, token }: { url: string; token: string }): Gitlab {
  const ask = <T>(schema: z.ZodType<T>, method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown) =>
    askTracker(ctx, schema, {
      method,
      url: `${url}/api/v4${path}`,
      headers: { 'private-token': token },
      ...(body !== undefined && { body }),
    });
  const at = (projectPath: string) => `/projects/${encodeURIComponent(projectPath)}`;
  const item = ({ repository, kind, number }: Item) =>
    `${at(repository)}/${kind === 'issue' ? 'issues' : 'merge_requests'}/${number}`;

  return {
    async read(one) {
      const { body } = await ask(gitlabSubject, 'GET', item(one));
      return { title: body.title, state: gitlabState(body) };
    },
    async comment(one, body) {
      await ask(z.unknown(), 'POST', `${item(one)}/notes`, { body });
    },
    async label(one) {
      const label = { ...itemLabel, color: `#${itemLabel.color}` };
      await ask(z.unknown(), 'POST', `${at(one.repository)}/labels`, label).catch(unlessItIsThere);
      await ask(z.unknown(), 'PUT', item(one), { add_labels: itemLabel.name });
    },
    async projects({ text, ...window }) {
      const query = queryOf(window, { membership: 'true', simple: 'true', search: text, search_namespaces: 'true' });
      const { body, headers } = await ask(z.array(project), 'GET', `/projects?${query}`);
      return paged(body, headers, window);
    },
    async search({ kind, project, text, state, ...window }) {
      const path = kind === 'issue' ? 'issues' : 'merge_requests';
      const query = queryOf(window, { search: text, state });
      const { body, headers } = await ask(z.array(found), 'GET', `${at(project)}/${path}?${query}`);
      const items = body.map(({ draft, ...one }) => ({
        ...one,
        merged: one.state === 'merged',
        draft: draft ?? false,
      }));
      return paged(items, headers, window);
    },
    async addHook(projectPath, { url, secret }) {
      const hook = { url, token: secret, issues_events: true, merge_requests_events: true, push_events: false };
      const { body } = await ask(z.object({ id: z.number().int() }), 'POST', `${at(projectPath)}/hooks`, hook);
      return String(body.id);
    },
    async removeHook(projectPath, hookId) {
      await ask(z.unknown(), 'DELETE', `${at(projectPath)}/hooks/${hookId}`);
    },
  };
}

/** GitLab answers 409 to a label that the project has. */
function unlessItIsThere(error: unknown): void {
  if (error instanceof TrackerError && (error.status === 409 || error.status === 400)) return;
  throw error;
}

function queryOf({ page, page_size }: Window, filter: Record<string, string | undefined>): string {
  const query = new URLSearchParams({ page: String(page), per_page: String(page_size) });
  for (const [name, value] of Object.entries(filter)) if (value) query.set(name, value);
  return query.toString();
}

function paged<T>(results: T[], headers: OutboundResponse['headers'], { page }: Window): Browsed<T> {
  const number = (name: string) => {
    const text = headers[name];
    return typeof text === 'string' && /^\d+$/.test(text) ? Number(text) : null;
  };
  // GitLab leaves the total out where it is a large number.
  return { results, next: number('x-next-page'), previous: page > 1 ? page - 1 : null, total_count: number('x-total') };
}
