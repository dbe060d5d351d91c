import { expect, test } from 'vitest';
import { hasPermission, type Rights } from './rights.ts';

const rights = (tags: number[]): Rights => ({
  isOrganisationAdmin: false,
  adminGrants: [],
  grants: [{ source: { kind: 'user' }, admin: false, permissions: [{ key: 'DELETE_FEATURE', tags }] }],
});

test.each([
  ['a grant without tags covers an untagged feature', [], [], true],
  ['a grant without tags covers a tagged feature', [], [1], true],
  ['a grant with tags covers a feature that shares one', [1, 2], [2, 3], true],
  ['a grant with tags leaves out a feature that shares none', [1], [2], false],
  ['a grant with tags leaves out an untagged feature', [1], [], false],
  ['a grant with tags suffices where it is not about one feature', [1], null, true],
])('%s', (_, granted, featureTags, expected) => {
  expect(hasPermission(rights(granted), 'DELETE_FEATURE', featureTags)).toBe(expected);
});
