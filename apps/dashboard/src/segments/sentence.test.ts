import { expect, test } from 'vitest';
import { rulesSentence } from './sentence.ts';

const condition = (property: string | null, operator: string, value: string | null) => ({ property, operator, value });
const rule = (type: string, conditions: ReturnType<typeof condition>[], rules: object[] = []) =>
  ({ type, conditions, rules }) as Parameters<typeof rulesSentence>[0][number];

test.each([
  [[], 'everybody'],
  [[rule('ALL', [condition('plan', 'EQUAL', 'pro')])], 'plan is pro'],
  [
    [rule('ANY', [condition('plan', 'EQUAL', 'pro'), condition('age', 'GREATER_THAN', '18')])],
    'plan is pro or age is greater than 18',
  ],
  [
    [
      rule(
        'ALL',
        [],
        [
          rule('ANY', [condition('a', 'IS_SET', null), condition('b', 'IS_SET', null)]),
          rule('NONE', [condition('c', 'EQUAL', '1')]),
        ],
      ),
    ],
    '(a is set or b is set) and not (c is 1)',
  ],
  [
    [
      rule(
        'ANY',
        [condition('a', 'IS_SET', null), condition('b', 'IS_SET', null)],
        [rule('ALL', [condition('c', 'IS_SET', null)]), rule('ALL', [condition('d', 'IS_SET', null)])],
      ),
    ],
    '(a is set or b is set) and (c is set or d is set)',
  ],
  [[rule('ALL', [condition(null, 'PERCENTAGE_SPLIT', '10')])], 'within the first 10 % of identities'],
  [[rule('ALL', [condition('country', 'IN', 'DE,FR,NL,BE,AT')])], 'country is one of DE, FR, NL and 2 more'],
  [[rule('ALL', [condition('app', 'LESS_THAN', '4.2.0:semver')])], 'app is less than version 4.2.0'],
  [[rule('ALL', [condition('n', 'MODULO', '4|1')])], 'n modulo 4 is 1'],
])('%# rules are said in words', (rules, sentence) => {
  expect(rulesSentence(rules)).toBe(sentence);
});
