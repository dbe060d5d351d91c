import { expect, test } from 'vitest';
import { kindOf, parsed } from './traitValues.ts';

test.each([
  ['text', '12', { value: '12' }],
  ['number', '12.5', { value: 12.5 }],
  ['number', '', { problem: 'This is no number' }],
  ['number', 'twelve', { problem: 'This is no number' }],
  ['boolean', 'true', { value: true }],
  ['boolean', 'false', { value: false }],
] as const)('as %s, %j is %j', (kind, text, expected) => {
  expect(parsed(kind, text)).toEqual(expected);
});

test('the kind of a trait is that of its value', () => {
  expect(['pro', 12, false].map(kindOf)).toEqual(['text', 'number', 'boolean']);
});
