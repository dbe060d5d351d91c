/** What would take minutes or throw in an engine that trusts its input. That it ends at all is the promise; how fast is measured in `bench/`. */
import type { EnvironmentDocument, EvaluationContext, TraitValue } from '@halyard/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkCondition, compileContext, compileDocument, evaluateContext, type Identity } from './index.ts';
import { anyContext, anyDocument } from './testing/arbitraries.ts';

describe('garbage', () => {
  const anyIdentity = fc.option(
    fc.record({
      identifier: fc.string(),
      key: fc.option(fc.string()),
      traits: fc
        .array(fc.tuple(fc.string(), fc.anything() as fc.Arbitrary<TraitValue>))
        .map((entries) => new Map(entries)),
    }),
  );

  test('anything at all can be compiled as a document and evaluated', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), anyIdentity, (garbage, identity) => {
        useDocument(garbage as EnvironmentDocument, identity);
        useContext(garbage as EvaluationContext, identity);
      }),
      { numRuns: 3000 },
    );
  });

  test('a document with any part replaced by anything can be evaluated', () => {
    fc.assert(
      fc.property(anyDocument, fc.nat(), fc.anything(), anyIdentity, (document, position, garbage, identity) => {
        useDocument(replacePart(document, position, garbage), identity);
      }),
      { numRuns: 5000 },
    );
  });

  test('a context with any part replaced by anything can be evaluated', () => {
    fc.assert(
      fc.property(anyContext, fc.nat(), fc.anything(), anyIdentity, (context, position, garbage, identity) => {
        useContext(replacePart(context, position, garbage), identity);
      }),
      { numRuns: 5000 },
    );
  });

  test('rules nested deeper than the stack never match', () => {
    let rule: object = { type: 'ALL' };
    for (let depth = 0; depth < 100_000; depth++) rule = { type: 'ALL', rules: [rule] };

    expect(segmentMatches([rule], {})).toBe(false);
  });

  test('an array in JSON whose elements claim to be texts is compared all the same', () => {
    expect(matches('IN', '[{"toString":1,"valueOf":2}]', 'x')).toBe(false);
  });
});

describe('regular expressions', () => {
  test.each([
    ['^(a+)+$', `${'a'.repeat(5000)}!`],
    ['(a|aa)+$', `${'a'.repeat(5000)}!`],
    ['(.*)*x', 'a'.repeat(5000)],
    ['([a-z]*)*[0-9]', 'a'.repeat(5000)],
    ['(a|b)*a(a|b){40}$', 'ab'.repeat(1500)],
    ['(?:a?){500}a{500}', 'a'.repeat(450)],
    ['((a{1,100}){1,100}){1,100}', 'a'.repeat(100)],
    ['('.repeat(5000), 'a'],
    ['(?=a)a', 'a'],
    ['(a)\\1', 'aa'],
    ['a'.repeat(5000), 'a'.repeat(5000)],
  ])('%.30s does not match, and ends', (pattern, text) => {
    expect(matches('REGEX', pattern, text)).toBe(false);
  });

  test('a text too long for its pattern does not match', () => {
    expect(matches('REGEX', '.*', 'a'.repeat(1_000_000))).toBe(false);
  });

  test('a text as long as traits may be does', () => {
    expect(matches('REGEX', '^[a-z0-9.]+@(example|test)\\.(com|org)$', `${'a'.repeat(2000)}@example.com`)).toBe(true);
  });

  test('one evaluation affords many ordinary patterns', () => {
    const conditions = Array.from({ length: 500 }, (_, i) => ({
      operator: 'REGEX',
      property: 'trait',
      value: `^.*[a-z]+@(example|test)\\.(com|org|x${i})$`,
    }));

    expect(segmentMatches([{ type: 'ALL', conditions }], { trait: `${'a'.repeat(100)}@example.com` })).toBe(true);
  });
});

test.each([
  ['EQUAL', '1'],
  ['LESS_THAN', '1.0.0:semver'],
  ['CONTAINS', `${'a'.repeat(900)}b`],
  ['MODULO', '3|1'],
  ['IN', 'a,b'],
  ['PERCENTAGE_SPLIT', '100'],
  ['REGEX', '^(a+)+$'],
])('megabytes do not match %s %.10s', (operator, value) => {
  const megabytes = ['a'.repeat(1e6), '1'.repeat(1e6), `0.${'1'.repeat(1e6)}`, `1.0.0-${'a.'.repeat(5e5)}a`];

  for (const text of megabytes) expect(matches(operator, value, text)).toBe(false);
});

describe('JSONPath', () => {
  test.each([
    '$.identity.traits[?search(@, "(a+)+$")]',
    '$.identity.traits[?match(@, "(a|aa)+")]',
    '$..*..*..*',
    '$..[?$..a]',
    `$[${'*,'.repeat(300)}*]`,
    `$${'[?@'.repeat(200)}${']'.repeat(200)}`,
    `$.${'a.'.repeat(5000)}a`,
    `$[?${'('.repeat(400)}@.a${')'.repeat(400)}]`,
  ])('%.40s is not set', (path) => {
    const traits = { a: `${'a'.repeat(100)}!` };

    expect(
      segmentMatches([{ type: 'ALL', conditions: [{ operator: 'IS_SET', property: path, value: null }] }], traits),
    ).toBe(false);
  });

  test('queries use up what an evaluation may cost', () => {
    const traits = Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`trait ${i}`, i]));
    const condition = { operator: 'IS_SET', property: '$.identity.traits[?@ > 5]', value: null };

    expect(segmentMatches([{ type: 'ALL', conditions: [condition] }], traits)).toBe(true);
    expect(segmentMatches([{ type: 'ALL', conditions: Array.from({ length: 1000 }, () => condition) }], traits)).toBe(
      false,
    );
  });

  test('a path into a context does not see the identity it was compiled with', () => {
    const context = {
      environment: { key: 'env', name: 'Production' },
      identity: { identifier: 'somebody' },
      segments: {
        s: {
          key: '1',
          name: 's',
          rules: [{ type: 'ALL', conditions: [{ operator: 'IS_SET', property: '$..identifier', value: null }] }],
        },
      },
    } as EvaluationContext;

    expect(compileContext(context).evaluate(null).segments).toEqual([]);
    expect(compileContext(context).evaluate({ identifier: 'other' }).segments).toEqual([{ name: 's' }]);
  });
});

test('shared flags cannot be changed by who receives them', () => {
  const context = {
    environment: { key: 'env', name: 'Production' },
    features: { f: { key: '1', name: 'f', enabled: true, value: 1 } },
  };

  expect(Object.isFrozen(evaluateContext(context).flags.f)).toBe(true);
});

function useDocument(document: EnvironmentDocument, identity: Identity | null): void {
  const compiled = compileDocument(document);
  for (const { name } of compiled.features) compiled.decideOne(name, identity);
  compiled.decide(identity);
  compiled.evaluate(identity);
}

function useContext(context: EvaluationContext, identity: Identity | null): void {
  evaluateContext(context);
  compileContext(context).evaluate(identity);
  for (const { operator, property, value } of conditionsOf(context)) checkCondition({ operator, property, value });
}

/** Every object in it that looks like a condition. */
function conditionsOf(part: unknown): { operator: string; property: string; value: string }[] {
  if (typeof part !== 'object' || part === null) return [];
  const { operator, property, value } = part as Record<string, unknown>;
  if (typeof operator === 'string' && typeof property === 'string' && typeof value === 'string')
    return [{ operator, property, value }];
  return Object.values(part).flatMap(conditionsOf);
}

/** A copy with the part at `position`, counting all parts, replaced. */
function replacePart<Whole>(whole: Whole, position: number, replacement: unknown): Whole {
  const copy = structuredClone(whole);
  const places: [object, string][] = [];
  const collect = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) return;
    for (const name of Object.keys(part)) {
      places.push([part, name]);
      collect((part as Record<string, unknown>)[name]);
    }
  };
  collect(copy);
  const [owner, name] = places[position % places.length] ?? [{}, ''];
  Object.defineProperty(owner, name, { value: replacement, enumerable: true, configurable: true, writable: true });
  return copy;
}

function matches(operator: string, value: string, trait: TraitValue): boolean {
  return segmentMatches([{ type: 'ALL', conditions: [{ operator, property: 'trait', value }] }], { trait });
}

function segmentMatches(rules: object[], traits: Record<string, TraitValue>): boolean {
  const context = {
    environment: { key: 'env', name: 'Production' },
    identity: { identifier: 'user', traits },
    segments: { s: { key: '1', name: 's', rules } },
  };
  return evaluateContext(context as EvaluationContext).segments.length > 0;
}
