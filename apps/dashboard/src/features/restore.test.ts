import { expect, test } from 'vitest';
import type { Draft } from './draft.ts';
import { asBefore } from './restore.ts';

const served = (value: string, weights: { option: number; percentage_allocation: number }[] = []) => ({
  enabled: true,
  value,
  weights,
});
const draft: Draft = {
  settings: {
    description: 'New',
    is_archived: false,
    is_server_key_only: false,
    tags: [1],
    owners: [],
    group_owners: [],
    metadata: [],
    variants: [],
  },
  environments: {
    1: { state: served('now'), segment_overrides: [], identity_overrides: [{ identifier: 'ada', ...served('hers') }] },
  },
};
const known = { segments: new Set([7]), options: new Set([3]) };

test('what a step changed is drafted as it was before, and everything else stays', () => {
  const before = [
    { segment: null, ...served('then', [{ option: 3, percentage_allocation: 10 }]) },
    { segment: 7, ...served('beta') },
  ];

  const restored = asBefore(
    draft,
    [
      { part: 'states', feature: 5, environment: 1, before, after: [] },
      { part: 'description', feature: 5, before: 'Old', after: 'New' },
    ],
    known,
  );

  expect(restored.environments[1]).toEqual({
    state: served('then', [{ option: 3, percentage_allocation: 10 }]),
    segment_overrides: [{ segment: 7, ...served('beta') }],
    identity_overrides: draft.environments[1]?.identity_overrides,
  });
  expect(restored.settings).toEqual({ ...draft.settings, description: 'Old' });
  expect(draft.settings.description).toBe('New');
});

test('segments, variants and environments that are gone are left out', () => {
  const gone = [{ option: 4, percentage_allocation: 10 }];
  const before = [
    { segment: null, ...served('then', gone) },
    { segment: 8, ...served('beta') },
  ];

  const restored = asBefore(
    draft,
    [
      { part: 'states', feature: 5, environment: 1, before, after: [] },
      { part: 'enabled', feature: 5, environment: 2, before: false, after: true },
    ],
    known,
  );

  expect(restored.environments).toEqual({
    1: { ...draft.environments[1], state: served('then'), segment_overrides: [] },
  });
});

test('an override that a step made is drafted away', () => {
  const part = { part: 'identity_override', feature: 5, environment: 1, before: null, after: served('hers') } as const;

  const restored = asBefore(draft, [{ ...part, identity: { id: 2, identifier: 'ada' } }], known);

  expect(restored.environments[1]?.identity_overrides).toEqual([]);
});
