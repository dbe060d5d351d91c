import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { generatedIdentifier } from './identifier.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const identifierOf = (traits: Record<string, string | number | boolean | null>) =>
  generatedIdentifier(Object.entries(traits).map(([key, value]) => ({ key, value, transient: true })));

test.each([
  ['true', true, 'True'],
  ['false', false, 'False'],
  ['an integer', 30, '30'],
  ['a negative integer', -7, '-7'],
  ['a fraction', 1.5, '1.5'],
  ['a small fraction', 0.0001, '0.0001'],
  ['a smaller fraction', 0.00001, '1e-05'],
  ['a tiny fraction', 1.25e-7, '1.25e-07'],
  ['a large number', 1e22, '1e+22'],
  ['a huge number', 1.5e300, '1.5e+300'],
  ['text', 'pro', 'pro'],
])('%s is hashed as Python writes it', (_, value, text) => {
  expect(identifierOf({ key: value })).toBe(sha256(`key${text}`));
});

test('keys are sorted by code point', () => {
  expect(identifierOf({ '\u{1f44b}': 1, '\uff5e': 2, b: 3, A: 4 })).toBe(sha256('A4b3\uff5e2\u{1f44b}1'));
});

test('a null leaves no trace', () => {
  expect(identifierOf({ a: 'x', b: null })).toBe(identifierOf({ a: 'x' }));
});
