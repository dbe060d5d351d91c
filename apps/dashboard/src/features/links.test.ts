import { expect, test } from 'vitest';
import { describeLink, linkAt } from './links.ts';

test.each([
  ['https://github.com/acme/shop/issues/7', 'GITHUB_ISSUE', 'https://github.com/acme/shop/issues/7'],
  [' https://github.com/acme/shop/pull/8/files?w=1#diff ', 'GITHUB_PR', 'https://github.com/acme/shop/pull/8'],
  ['https://git.acme.com/a/b/shop/-/issues/9/', 'GITLAB_ISSUE', 'https://git.acme.com/a/b/shop/-/issues/9'],
  ['https://gitlab.com/acme/shop/-/work_items/9', 'GITLAB_ISSUE', 'https://gitlab.com/acme/shop/-/work_items/9'],
  [
    'https://gitlab.com/acme/shop/-/merge_requests/3/diffs',
    'GITLAB_MR',
    'https://gitlab.com/acme/shop/-/merge_requests/3',
  ],
])('the address %s says what it is', (address, type, url) => {
  expect(linkAt(address)).toEqual({ type, url });
});

test.each([
  '',
  'shop#8',
  'https://github.com/acme/shop',
  'https://github.com/acme/shop/issues',
  'https://a.com/issues/x',
])('the address %j is no issue', (address) => {
  expect(linkAt(address)).toBe(null);
});

test('a link is called by where it is until its title is known', () => {
  const link = {
    id: 1,
    feature: 1,
    type: 'GITLAB_MR' as const,
    url: 'https://gitlab.com/acme/shop/-/merge_requests/3',
  };

  expect(describeLink({ ...link, metadata: null })).toMatchObject({ title: 'acme/shop !3', state: null });
  expect(describeLink({ ...link, metadata: { title: 'Remove it', state: 'merged' } })).toEqual({
    kind: 'Merge request',
    place: 'acme/shop !3',
    title: 'Remove it',
    state: 'merged',
  });
});
