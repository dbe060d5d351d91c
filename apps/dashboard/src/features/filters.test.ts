import type { FeatureTable } from '@halyard/contract';
import { expect, test } from 'vitest';
import { tableSearch, visibleRows } from './filters.ts';

const row = (id: number, name: string, more: object = {}) => ({
  id,
  name,
  description: null,
  type: 'STANDARD',
  is_archived: false,
  tags: [],
  owners: [],
  created_date: `2026-01-0${id}T00:00:00Z`,
  updated_at: `2026-02-0${5 - id}T00:00:00Z`,
  lifecycle_stage: 'live',
  cells: [{ enabled: true, value: 'red', last_evaluated_at: null }],
  ...more,
});

const table = {
  environments: [{ id: 9, name: 'Production' }],
  features: [
    row(1, 'checkout', { tags: [1, 2], description: 'One page' }),
    row(2, 'banner', { tags: [1], cells: [{ enabled: false, value: 'Winter sale', last_evaluated_at: null }] }),
    row(3, 'search', { type: 'MULTIVARIATE', owners: [4] }),
    row(4, 'old', { is_archived: true }),
  ],
} as unknown as FeatureTable;

const names = (search: Parameters<typeof visibleRows>[1]) => visibleRows(table, search).map(({ name }) => name);

test.each([
  [{}, ['banner', 'checkout', 'search']],
  [{ q: 'page ONE' }, ['checkout']],
  [{ tags: [1, 2] }, ['checkout']],
  [{ owner: 4 }, ['search']],
  [{ type: 'MULTIVARIATE' as const }, ['search']],
  [{ state: 'off:9' }, ['banner']],
  [{ value: 'winter' }, ['banner']],
  [{ archived: true }, ['old']],
  [{ sort: 'created' as const }, ['search', 'banner', 'checkout']],
  [{ sort: 'updated' as const, descending: true }, ['search', 'banner', 'checkout']],
])('%o leaves %o', (search, expected) => {
  expect(names(search)).toEqual(expected);
});

test('features that nobody asks for are found', () => {
  const ago = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
  const evaluated = (at: string | null) => ({ cells: [{ enabled: true, value: null, last_evaluated_at: at }] });
  const features = [row(1, 'busy', evaluated(ago(1))), row(2, 'idle', evaluated(ago(40))), row(3, 'unseen')];
  const found = (search: Parameters<typeof visibleRows>[1]) =>
    visibleRows({ ...table, features } as unknown as FeatureTable, search).map(({ name }) => name);

  expect(found({ evaluated: 'never' })).toEqual(['unseen']);
  expect(found({ evaluated: 'idle' })).toEqual(['idle', 'unseen']);
});

test('an address with nonsense in it filters nothing', () => {
  expect(tableSearch({ tags: 'x', owner: -1, state: 'maybe', type: 'OTHER', sort: 'colour', archived: 'yes' })).toEqual(
    {},
  );
});

test('what an address says is read back as it was', () => {
  const search = { q: 'a', tags: [1], owner: 2, state: 'on:3', sort: 'updated', descending: true, feature: 5 };

  expect(tableSearch(search)).toEqual(search);
});
