import type { IdentityContext, TraitValue } from '@halyard/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileDocument, explainDocument, explainSegment, type Identity, type RuleExplanation } from './index.ts';
import { anyDocument, anyIdentity } from './testing/arbitraries.ts';
import { aDocument, aFeatureState, aSegment, anIdentityOverride } from '@halyard/testkit';

test('what is explained is what is decided, whoever asks before', () => {
  fc.assert(
    fc.property(anyDocument, fc.array(fc.option(anyIdentity), { maxLength: 3 }), (document, identities) => {
      const compiled = compileDocument(document);
      const explainer = explainDocument(document);
      for (const identity of identities) {
        const asked = identity === null ? null : identityOf(identity);

        const { features, segments } = explainer.explain(asked);

        const evaluated = compiled.evaluate(asked);
        expect(features.map(({ outcome }) => outcome)).toEqual(compiled.decide(asked));
        for (const { outcome, steps } of features) {
          const { name } = outcome.feature;
          const { enabled, value, reason, variant } = outcome;
          expect(evaluated.flags[name]).toMatchObject({ enabled, value, reason, variant });
          const winners = steps.filter((step) => step.kind !== 'split' && step.result === 'wins');
          expect(winners.map(({ kind }) => kind)).toEqual([outcome.source]);
          for (const step of steps) {
            if (step.kind !== 'split') continue;
            const hits = step.variants.filter(({ from, to }) => from <= step.percentage && step.percentage < to);
            expect(step.variants.filter(({ hit }) => hit)).toEqual(hits.slice(0, 1));
            if (hits[0] !== undefined) expect(outcome.value).toBe(hits[0].value);
          }
        }
        const matching = evaluated.segments.map((segment) => segment.name);
        for (const segment of segments) if (segment.matched) expect(matching).toContain(segment.name);
      }
    }),
    { numRuns: 1000 },
  );
});

test('every part of a segment answers what its own parts add up to, reached or not', () => {
  fc.assert(
    fc.property(anyDocument, anyIdentity, (document, identity) => {
      const { segments } = explainDocument(document).explain(identityOf(identity));
      for (const { matched, rules } of segments) {
        expect(matched).toBe(rules.length > 0 && rules.every((rule) => rule.matched));
        rules.forEach(expectSum);
      }
    }),
    { numRuns: 1000 },
  );
});

function expectSum({ type, matched, conditions, rules }: RuleExplanation): void {
  const joined = [conditions, rules].every((parts) => {
    if (parts.length === 0) return ['ALL', 'ANY', 'NONE'].includes(type);
    if (type === 'ALL') return parts.every((part) => part.matched);
    if (type === 'ANY') return parts.some((part) => part.matched);
    return type === 'NONE' && !parts.some((part) => part.matched);
  });
  expect(matched).toBe(joined);
  for (const { operator, value, matched, percentage } of conditions) {
    if (operator !== 'PERCENTAGE_SPLIT' || typeof value !== 'string') continue;
    if (percentage !== null && /^-?\d+(\.\d+)?$/.test(value)) expect(matched).toBe(percentage <= Number(value));
  }
  rules.forEach(expectSum);
}

describe('the story of one feature', () => {
  const document = aDocument({
    feature_states: [aFeatureState({ value: 'own' })],
    identity_overrides: [anIdentityOverride('vip', [aFeatureState({ value: 'for vip', id: null })], { id: 33 })],
    project: {
      segments: [
        aSegment({
          id: 1,
          name: 'weak',
          when: [{ operator: 'IS_SET', property_: 'plan', value: null }],
          overrides: [aFeatureState({ value: 'for anybody with a plan', priority: 5 })],
        }),
        aSegment({
          id: 2,
          name: 'pros',
          when: [
            { operator: 'EQUAL', property_: 'plan', value: 'pro' },
            { operator: 'GREATER_THAN', property_: 'age', value: '20' },
          ],
          overrides: [aFeatureState({ value: 'for pros', priority: 1 })],
        }),
      ],
    },
  });
  const storyFor = (identity: Identity | null) =>
    explainDocument(document)
      .explain(identity)
      .features[0]?.steps.map((step) =>
        step.kind === 'split' ? 'split' : `${step.kind === 'segment' ? step.segment.name : step.kind}: ${step.result}`,
      );

  test('the strongest segment comes first, and an identity override wins over all', () => {
    const traits = new Map<string, TraitValue>([
      ['plan', 'pro'],
      ['age', 30],
    ]);

    expect(storyFor({ identifier: 'u' })).toEqual(['environment: wins', 'pros: no match', 'weak: no match']);
    expect(storyFor({ identifier: 'u', traits })).toEqual(['environment: outranked', 'pros: wins', 'weak: outranked']);
    expect(storyFor({ identifier: 'vip', traits })).toEqual([
      'environment: outranked',
      'pros: outranked',
      'weak: outranked',
      'identity: wins',
    ]);
  });

  test('where nobody is asking no segment is looked at', () => {
    expect(storyFor(null)).toEqual(['environment: wins', 'pros: skipped', 'weak: skipped']);
    expect(explainDocument(document).explain(null).segments).toEqual([]);
  });

  test('a condition tells what it found, also where the answer was certain before it', () => {
    const traits = new Map<string, TraitValue>([
      ['plan', 'free'],
      ['age', 30],
    ]);

    const { segments } = explainDocument(document).explain({ identifier: 'u', traits });

    const conditions = segments[1]?.rules.flatMap((rule) => [
      ...rule.conditions,
      ...rule.rules.flatMap((inner) => inner.conditions),
    ]);
    expect(conditions).toMatchObject([
      { property: 'plan', value: 'pro', actual: 'free', matched: false, reached: true },
      { property: 'age', value: '20', actual: 30, matched: true, reached: false },
    ]);
  });
});

test('the percentage of a split is told with the identity that it was made for', () => {
  const rules = [
    { type: 'ALL' as const, conditions: [{ operator: 'PERCENTAGE_SPLIT' as const, property: '', value: '50' }] },
  ];
  const environment = { key: 'env', name: 'Production' };

  const shares = Array.from({ length: 200 }, (_, index) => {
    const told = explainSegment({ key: '7', name: 'half', rules }, environment, { identifier: `user ${index}` });
    const condition = told.rules[0]?.conditions[0];
    expect(condition?.actual).toBe(`env_user ${index}`);
    expect(told.matched).toBe((condition?.percentage as number) <= 50);
    return told.matched;
  });

  expect(new Set(shares)).toEqual(new Set([true, false]));
});

function identityOf({ identifier, key, traits }: IdentityContext): Identity {
  return { identifier, key: key ?? null, traits: new Map<string, TraitValue>(Object.entries(traits ?? {})) };
}
