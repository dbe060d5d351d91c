import { compileContext } from '@halyard/engine';
import { describe, expect, test } from 'vitest';
import type { LdClause, LdSegment } from './api.ts';
import { type Rules, rulesOfClauses, rulesOfSegment, Unmappable, withSplit } from './segments.ts';

type Traits = Record<string, string | number | boolean>;

/** Whether somebody is in a segment of these rules. */
function matches(rules: Rules, identifier: string, traits: Traits = {}): boolean {
  const condition = ({ operator, property, value }: Rules[number]['conditions'][number]) => ({
    operator,
    property: property ?? '',
    value: value as string,
  });
  const environment = compileContext({
    environment: { key: 'environment', name: 'Production' },
    segments: {
      '1': {
        key: '1',
        name: 'segment',
        rules: rules.map((rule) => ({
          type: rule.type,
          conditions: rule.conditions.map(condition),
          rules: rule.rules.map(({ type, conditions }) => ({ type, conditions: conditions.map(condition) })),
        })),
      },
    },
  });
  const person = { identifier, key: identifier, traits: new Map(Object.entries(traits)) };
  return environment.evaluate(person).segments.length > 0;
}

const clause = (attribute: string, op: string, values: unknown[], negate = false): LdClause => ({
  attribute,
  op,
  values,
  negate,
});

/** As LaunchDarkly's SDKs decide a clause about one attribute. */
function holdsThere({ op, values, negate }: LdClause, found: string | number | boolean | undefined): boolean {
  if (found === undefined) return false;
  const isText = typeof found === 'string';
  const test = (value: any): boolean => {
    switch (op) {
      case 'in':
        return found === value;
      case 'startsWith':
        return isText && found.startsWith(value);
      case 'endsWith':
        return isText && found.endsWith(value);
      case 'contains':
        return isText && found.includes(value);
      case 'matches':
        return isText && new RegExp(value).test(found);
      case 'lessThan':
        return typeof found === 'number' && found < value;
      case 'lessThanOrEqual':
        return typeof found === 'number' && found <= value;
      case 'greaterThan':
        return typeof found === 'number' && found > value;
      case 'greaterThanOrEqual':
        return typeof found === 'number' && found >= value;
      default:
        return typeof found === 'number' && (op === 'before' ? found < value : found > value);
    }
  };
  return values.some(test) !== negate;
}

const texts = ['', 'a', 'ab', 'abc', 'a.c', 'a,b', '[x', ' a', 'x+y', 'b@corp.example', 'line\nabc'];
const cases: [op: string, values: unknown[], found: (string | number | boolean | undefined)[]][] = [
  ['in', ['abc'], [...texts, undefined]],
  ['in', ['a,b', '[x', ' a', 'ab'], [...texts, undefined]],
  ['in', ['ab', 'abc', 'x+y'], [...texts, undefined]],
  ['in', [7, 12], [7, 8, 12, undefined]],
  ['in', [true], [true, false, undefined]],
  ['startsWith', ['a.', 'x+'], [...texts, undefined]],
  ['endsWith', ['.example', 'c'], [...texts, undefined]],
  ['contains', ['b', '.'], [...texts, undefined]],
  ['contains', ['1'], ['a1', '21', undefined]],
  ['matches', ['a.c', '^x'], [...texts, undefined]],
  ['matches', ['^a|y$'], [...texts, undefined]],
  ['lessThan', [5, 7], [4, 5, 6, 7, undefined]],
  ['lessThanOrEqual', [5], [4, 5, 6, undefined]],
  ['greaterThan', [5.5], [5, 6, undefined]],
  ['greaterThanOrEqual', [5], [4, 5, 6, undefined]],
  ['before', [1_700_000_000_000], [1_600_000_000_000, 1_800_000_000_000, undefined]],
  ['after', [1_700_000_000_000], [1_600_000_000_000, 1_800_000_000_000, undefined]],
];

describe('a clause', () => {
  test.each(cases)('%s %j holds for the same people as there, negated or not', (op, values, found) => {
    for (const negate of [false, true]) {
      const one = clause('attribute', op, values, negate);
      const [rules = []] = rulesOfClauses([one], new Map());
      for (const value of found) {
        const traits: Traits = value === undefined ? {} : { attribute: value };
        expect([value, negate, matches(rules, 'ann', traits)]).toEqual([value, negate, holdsThere(one, value)]);
      }
    }
  });

  test('about versions compares versions, also where they are short', () => {
    const [newer = []] = rulesOfClauses([clause('app', 'semVerGreaterThan', ['2.1'])], new Map());
    const [other = []] = rulesOfClauses([clause('app', 'semVerEqual', ['2'], true)], new Map());

    expect(['2.1.0', '2.1.1', '10.0.0'].map((app) => matches(newer, 'ann', { app }))).toEqual([false, true, true]);
    expect(['2.0.0', '2.0.1'].map((app) => matches(other, 'ann', { app }))).toEqual([false, true]);
  });

  test('about the key is about the identifier, and an escaped name about the trait', () => {
    const [key = []] = rulesOfClauses([clause('key', 'in', ['007', 'bob'])], new Map());
    const [path = []] = rulesOfClauses([clause('/a~1b', 'in', ['x'])], new Map());

    expect(['007', 'bob', '7'].map((person) => matches(key, person))).toEqual([true, true, false]);
    expect(matches(path, 'ann', { 'a/b': 'x' })).toBe(true);
  });

  test('joins others: all must hold', () => {
    const [rules = []] = rulesOfClauses([clause('a', 'in', ['x']), clause('b', 'in', ['y'], true)], new Map());

    expect(matches(rules, 'ann', { a: 'x', b: 'z' })).toBe(true);
    expect(matches(rules, 'ann', { a: 'x', b: 'y' })).toBe(false);
    expect(matches(rules, 'ann', { b: 'z' })).toBe(false);
  });

  test('splits a list of many over conditions that each hold a thousand characters', () => {
    const people = Array.from({ length: 300 }, (_, index) => `person-${index}@corp.example`);

    const [rules = []] = rulesOfClauses([clause('key', 'in', people)], new Map());

    expect(rules[0]?.rules[0]?.conditions.length).toBeGreaterThan(5);
    expect(people.every((person) => matches(rules, person))).toBe(true);
    expect(matches(rules, 'person-300@corp.example')).toBe(false);
  });

  test.each([
    [clause('a', 'segmentMatch', ['unknown'])],
    [clause('a', 'sounds like', ['x'])],
    [clause('a', 'lessThan', ['x'])],
    [clause('a', 'before', ['2026-01-01'])],
    [clause('kind', 'in', ['org'])],
    [clause('/a/b', 'in', ['x'])],
    [{ ...clause('a', 'in', ['x']), contextKind: 'org' }],
    [clause('a', 'in', [{ x: 1 }])],
    [clause('a', 'matches', ['(?<=x)y'])],
  ])('%j cannot be said', (one) => {
    expect(() => rulesOfClauses([one], new Map())).toThrow(Unmappable);
  });
});

describe('a segment', () => {
  const segment = (given: Partial<LdSegment>): LdSegment => ({
    key: 'beta',
    name: 'Beta',
    tags: [],
    included: [],
    excluded: [],
    includedContexts: [],
    excludedContexts: [],
    rules: [],
    ...given,
  });
  const told: string[] = [];
  const rulesOf = (given: Partial<LdSegment>) => rulesOfSegment(segment(given), (problem) => told.push(problem));
  const corp = { clauses: [clause('email', 'endsWith', ['@corp.example'])] };

  test('has who is included, and whom a rule matches unless they are excluded', () => {
    const rules = rulesOf({
      included: ['ann', 'both'],
      excluded: ['carol', 'both'],
      rules: [corp, { clauses: [clause('age', 'greaterThan', [60]), clause('plan', 'in', ['free', 'trial'], true)] }],
    });

    const email = 'x@corp.example';
    expect(matches(rules, 'ann')).toBe(true);
    expect(matches(rules, 'both')).toBe(true);
    expect(matches(rules, 'bob')).toBe(false);
    expect(matches(rules, 'bob', { email })).toBe(true);
    expect(matches(rules, 'carol', { email })).toBe(false);
    expect(matches(rules, 'dave', { age: 61, plan: 'pro' })).toBe(true);
    expect(matches(rules, 'dave', { age: 61, plan: 'free' })).toBe(false);
    expect(matches(rules, 'dave', { age: 61 })).toBe(false);
  });

  test('without members has nobody', () => {
    expect(matches(rulesOf({}), 'ann', { a: 1 })).toBe(false);
    expect(matches(rulesOf({ excluded: ['ann'] }), 'bob')).toBe(false);
  });

  test('of a part of people has that part', () => {
    const rules = rulesOf({ rules: [{ ...corp, weight: 30_000 }] });
    const people = Array.from({ length: 1000 }, (_, index) => `person-${index}`);

    const members = people.filter((person) => matches(rules, person, { email: 'x@corp.example' }));

    expect(members.length).toBeGreaterThan(230);
    expect(members.length).toBeLessThan(370);
    expect(people.some((person) => matches(rules, person))).toBe(false);
  });

  test('in a rule of a flag is the people of it, negated the others, and one of several any of them', () => {
    const known = new Map([
      ['a', rulesOf({ included: ['ann'] })],
      ['corp', rulesOf({ excluded: ['carol'], rules: [corp] })],
    ]);
    const inAny = (one: LdClause, person: string, traits: Traits = {}) =>
      rulesOfClauses([one], known).some((rules) => matches(rules, person, traits));
    const email = 'x@corp.example';

    expect(inAny(clause('', 'segmentMatch', ['a', 'corp']), 'ann')).toBe(true);
    expect(inAny(clause('', 'segmentMatch', ['a', 'corp']), 'bob', { email })).toBe(true);
    expect(inAny(clause('', 'segmentMatch', ['a', 'corp']), 'carol', { email })).toBe(false);
    expect(inAny(clause('', 'segmentMatch', ['corp'], true), 'carol', { email })).toBe(true);
    expect(inAny(clause('', 'segmentMatch', ['corp'], true), 'bob', { email })).toBe(false);
    expect(inAny(clause('', 'segmentMatch', ['a', 'corp'], true), 'ann')).toBe(false);
    expect(inAny(clause('', 'segmentMatch', ['a', 'corp'], true), 'dave')).toBe(true);
  });

  test('tells of contexts that are no users', () => {
    told.length = 0;

    const rules = rulesOf({
      includedContexts: [
        { values: ['acme'], contextKind: 'organization' },
        { values: ['ann'], contextKind: 'user' },
      ],
    });

    expect(told).toEqual(['included contexts of the kind "organization" were left out: identities are users alone.']);
    expect([matches(rules, 'ann'), matches(rules, 'acme')]).toEqual([true, false]);
  });

  test('that is split by an attribute is split by the trait', () => {
    const rules = withSplit([], 50_000, 'company');

    const inIt = (company: string) => ['ann', 'bob', 'carol'].map((person) => matches(rules, person, { company }));

    for (const company of ['acme', 'umbrella', 'initech']) expect(new Set(inIt(company)).size).toBe(1);
  });
});
