import { expect, test } from 'vitest';
import {
  choiceOf,
  choicesFor,
  draftFrom,
  emptyCondition,
  listFrom,
  plainValue,
  sentRules,
  textOfList,
  withChoice,
  withValue,
} from './rules.ts';

test('rules of any shape go through the builder as they are', () => {
  const condition = { id: 3, operator: 'EQUAL' as const, property: 'plan', value: 'pro', description: 'who pays' };
  const split = { id: 4, operator: 'PERCENTAGE_SPLIT' as const, property: null, value: '10', description: null };
  const rules = [
    { id: 1, type: 'ANY' as const, conditions: [condition], rules: [] },
    {
      id: 2,
      type: 'NONE' as const,
      conditions: [split],
      rules: [{ id: 5, type: 'ALL' as const, rules: [], conditions: [condition, split] }],
    },
  ];

  const sent = sentRules(draftFrom(rules));

  expect(sent).toEqual(JSON.parse(JSON.stringify(rules), (key, value) => (key === 'id' ? undefined : value)));
});

test.each([['a,b'], ['a'], [' a , b '], ['["a,b","c"]'], ['["[1]"]']])('the list %j is kept as it is', (text) => {
  expect(textOfList(listFrom(text))).toBe(text);
});

test('operators fit the type of the trait, and the chosen one always stays', () => {
  const labels = (...args: Parameters<typeof choicesFor>) => choicesFor(...args).map(({ value }) => value);

  expect(labels(['boolean'], 'EQUAL')).toEqual(['EQUAL', 'NOT_EQUAL', 'IS_SET', 'IS_NOT_SET', 'PERCENTAGE_SPLIT']);
  expect(labels(['integer'], 'REGEX')).toContain('REGEX');
  expect(labels(['integer'], 'EQUAL')).not.toContain('CONTAINS');
  expect(labels([], 'EQUAL')).toHaveLength(20);
});

test('a version is entered without its mark and kept with it', () => {
  const condition = { ...emptyCondition, property: 'app', value: '4.2.0' };

  const version = withChoice(condition, 'LESS_THAN:semver');

  expect(version).toMatchObject({ operator: 'LESS_THAN', value: '4.2.0:semver' });
  expect([choiceOf(version), plainValue(version)]).toEqual(['LESS_THAN:semver', '4.2.0']);
  expect(withValue(version, '5.0.0').value).toBe('5.0.0:semver');
  expect(withChoice(version, 'EQUAL').value).toBe('4.2.0');
});

test('what was entered stays where another operator can use it', () => {
  const condition = { ...emptyCondition, property: 'country', value: 'DE' };

  expect(withChoice(condition, 'IN').value).toBe('DE');
  expect(withChoice({ ...condition, operator: 'IN', value: 'DE,FR' }, 'EQUAL').value).toBe('DE');
  expect(withChoice(condition, 'PERCENTAGE_SPLIT').value).toBe('');
});
