import { expect, test } from 'vitest';
import { formatOf, formatted, scalarFrom } from './values.ts';

test.each([
  ['hello', 'text'],
  ['12', 'text'],
  [12, 'number'],
  [true, 'boolean'],
  ['{"a": 1}', 'json'],
  ['{broken', 'text'],
  ['a: 1\nb: 2', 'yaml'],
  [null, 'text'],
] as const)('%j is meant as %s', (value, format) => {
  expect(formatOf(value)).toBe(format);
});

test.each([
  ['text', '12', { value: '12' }],
  ['text', '', { value: null }],
  ['number', '12', { value: 12 }],
  ['number', '', { value: null }],
  ['boolean', 'true', { value: true }],
  ['json', '[1]', { value: '[1]' }],
] as const)('%s %j is a value', (format, text, expected) => {
  expect(scalarFrom(format, text)).toEqual(expected);
});

test.each([
  ['number', '1.5'],
  ['number', '9999999999'],
  ['json', '{'],
  ['yaml', 'a: [1'],
] as const)('%s %j cannot be a value', (format, text) => {
  expect(scalarFrom(format, text)).toHaveProperty('problem');
});

test('JSON is laid out, and left alone where it is broken', () => {
  expect(formatted('json', '{"a":1}')).toBe('{\n  "a": 1\n}');
  expect(formatted('json', '{"a":')).toBe('{"a":');
});
