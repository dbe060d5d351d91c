import { describe, expect, test } from 'vitest';
import { checkCondition } from './check.ts';

describe('conditions that can match are not refused', () => {
  test.each([
    ['EQUAL', 'age', '18'],
    ['EQUAL', 'name', ''],
    ['GREATER_THAN', 'version', '1.2.3-rc.1:semver'],
    ['REGEX', 'email', '^.*@example\\.com$'],
    ['REGEX', 'email', '.*example'],
    ['PERCENTAGE_SPLIT', null, '33.3'],
    ['PERCENTAGE_SPLIT', '', '0'],
    ['PERCENTAGE_SPLIT', 'company', '100'],
    ['MODULO', 'id', '4|3'],
    ['IN', 'country', 'DE,FR'],
    ['IN', '$.identity.identifier', '["a","b"]'],
    ['IS_SET', 'age', null],
    ['IS_NOT_SET', '$.identity.traits.age', ''],
  ])('%s on %s with %s', (operator, property, value) => {
    expect(checkCondition({ operator, property, value })).toEqual({ errors: [], warnings: [] });
  });
});

describe('conditions that never match are refused', () => {
  test.each([
    ['SOUNDS_LIKE', 'age', '18'],
    ['constructor', 'age', '18'],
    ['EQUAL', '', '18'],
    ['EQUAL', null, '18'],
    ['EQUAL', 'age', null],
    ['EQUAL', 'version', 'v1.2.3:semver'],
    ['LESS_THAN', 'version', '1.2:semver'],
    ['REGEX', 'email', '(a'],
    ['REGEX', 'email', '(?=a)b'],
    ['REGEX', 'email', '(a{1,100}){1,100}'],
    ['REGEX', 'email', `^${'a'.repeat(2000)}`],
    ['PERCENTAGE_SPLIT', null, 'half'],
    ['PERCENTAGE_SPLIT', null, '-1'],
    ['PERCENTAGE_SPLIT', null, '100.5'],
    ['PERCENTAGE_SPLIT', null, 'nan'],
    ['MODULO', 'id', '4'],
    ['MODULO', 'id', '0|1'],
    ['IN', 'country', null],
    ['EQUAL', '$.identity.traits[?match(@, "a")]', 'x'],
    ['EQUAL', '$..*..*..*', 'x'],
  ])('%s on %s with %.30s', (operator, property, value) => {
    const { errors } = checkCondition({ operator, property, value });

    expect(errors).toHaveLength(1);
  });
});

describe('conditions that may surprise are pointed out', () => {
  test.each([
    ['REGEX', 'email', 'example', 'Begin with ^ or .*'],
    ['REGEX', 'email', 'a|^b', 'Begin with ^ or .*'],
    ['IN', 'country', 'DE, FR', 'Blanks beside a comma'],
    ['IN', 'country', '[DE,FR]', 'not one'],
    ['EQUAL', '$.broken[', 'x', 'name of a trait'],
  ])('%s on %s with %s', (operator, property, value, warning) => {
    const { errors, warnings } = checkCondition({ operator, property, value });

    expect(errors).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining(warning)]);
  });
});
