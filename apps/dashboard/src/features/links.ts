import type { ExternalResource, ExternalResourceType } from '@halyard/contract';

const patterns: [ExternalResourceType, RegExp][] = [
  ['GITLAB_ISSUE', /\/-\/(?:issues|work_items)\/\d+$/],
  ['GITLAB_MR', /\/-\/merge_requests\/\d+$/],
  ['GITHUB_PR', /\/pull\/\d+$/],
  ['GITHUB_ISSUE', /\/issues\/\d+$/],
];

/** The address of an issue, or of a pull or merge request, without what does not belong to it, and what it is; null for another. */
export function linkAt(address: string): { url: string; type: ExternalResourceType } | null {
  if (!URL.canParse(address.trim())) return null;
  const { origin, pathname } = new URL(address.trim());
  // People copy the address of a tab of it, too, such as `/pull/8/files`.
  const path = /^.*?\/(?:issues|work_items|pull|merge_requests)\/\d+(?=\/|$)/.exec(pathname)?.[0] ?? '';
  const type = patterns.find(([, pattern]) => pattern.test(path))?.[0];
  return type === undefined ? null : { url: `${origin}${path}`, type };
}

const kinds: Record<ExternalResourceType, string> = {
  GITHUB_ISSUE: 'Issue',
  GITHUB_PR: 'Pull request',
  GITLAB_ISSUE: 'Issue',
  GITLAB_MR: 'Merge request',
};

/** How a link is shown: until the service has told its title it is called by where it is, such as `acme/shop #8`. */
export function describeLink({ type, url, metadata }: ExternalResource) {
  const place = new URL(url).pathname
    .slice(1)
    .replace(/\/(?:-\/)?[a-z_]+\/(\d+)\/?$/, type === 'GITLAB_MR' ? ' !$1' : ' #$1');
  const { title, state } = metadata ?? {};
  return {
    kind: kinds[type],
    place,
    title: typeof title === 'string' && title !== '' ? title : place,
    state: typeof state === 'string' ? state : null,
  };
}
