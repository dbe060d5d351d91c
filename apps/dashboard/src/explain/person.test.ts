import { expect, test } from 'vitest';
import { askedFrom, nameOfAsked, parseTraits, traitsText } from './person.ts';

test.each([
  ['', {}],
  ['plan: pro\nage = 36\nbeta: true', { plan: 'pro', age: 36, beta: true }],
  ['zip: "01067"\nurl: http://a.example', { zip: '01067', url: 'http://a.example' }],
  ['{"plan": "pro", "age": 36, "gone": null}', { plan: 'pro', age: 36, gone: null }],
  ['{"identifier": "ada", "traits": {"plan": "pro"}}', { plan: 'pro' }],
  ['[{"trait_key": "plan", "trait_value": "pro"}]', { plan: 'pro' }],
  ['{"address": {"city": "Leeds"}}', { address: '{"city":"Leeds"}' }],
])('%j are traits', (text, traits) => {
  expect(parseTraits(text)).toEqual({ traits });
});

test.each(['{', 'pro', '[{"key": 1}]', ': pro'])('%j says what is wrong', (text) => {
  expect(parseTraits(text)).toHaveProperty('problem');
});

test.each([
  [{ plan: 'pro', age: 36, beta: false, gone: null }],
  [{ zip: '01067', count: '12' }],
  [{ text: ' blanks ', lines: 'a\nb' }],
  [{ 'a:b': 1, '': 'x' }],
  [{}],
])('%j is read back as it was written', (traits) => {
  const text = traitsText(traits);

  const parsed = parseTraits(text);

  if ('' in traits) expect(text).toMatch(/^\{/);
  else expect(parsed).toEqual({ traits });
});

test('people come from an address as far as they make sense', () => {
  expect(askedFrom([{ id: 'ada' }, { traits: { plan: 'pro', deep: {} } }, 7, { id: 12 }])).toEqual([
    { id: 'ada' },
    { traits: { plan: 'pro' } },
    { id: '12' },
  ]);
  expect(askedFrom('ada')).toEqual([]);
});

test('somebody is called by identifier, by traits, or not at all', () => {
  expect([{ id: 'ada' }, { traits: { plan: 'pro' } }, {}].map(nameOfAsked)).toEqual([
    'ada',
    'plan: pro',
    'Nobody in particular',
  ]);
});
