import type { IdentityContext, TraitValue } from '@halyard/contract';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileContext, compileDocument, evaluateContext, type Identity } from './index.ts';
import { anyContext, anyDocument, anyIdentity } from './testing/arbitraries.ts';
import { differences } from './testing/cases.ts';
import { contextOfDocument, referenceResult } from './testing/reference.ts';

test('any context evaluates as the plain interpreter evaluates it', () => {
  fc.assert(
    fc.property(anyContext, (context) => {
      expect(differences(referenceResult(context), evaluateContext(context), '')).toEqual([]);
    }),
    { numRuns: 3000 },
  );
});

test('any document evaluates as the context that an SDK makes of it', () => {
  fc.assert(
    fc.property(anyDocument, fc.option(anyIdentity), (document, identity) => {
      const expected = referenceResult(contextOfDocument(document, identity));
      const actual = compileDocument(document).evaluate(identity === null ? null : identityOf(identity));
      expect(differences(expected, actual, '')).toEqual([]);
    }),
    { numRuns: 3000 },
  );
});

test('deciding all features, deciding one, and evaluating agree', () => {
  fc.assert(
    fc.property(anyDocument, fc.option(anyIdentity), (document, identity) => {
      const asked = identity === null ? null : identityOf(identity);
      const compiled = compileDocument(document);

      const outcomes = compiled.decide(asked);

      const { flags } = compiled.evaluate(asked);
      expect(outcomes.map(({ feature }) => feature)).toEqual(compiled.features);
      for (const outcome of outcomes) {
        const { enabled, value, reason, variant } = outcome;
        expect(flags[outcome.feature.name]).toMatchObject({ enabled, value, reason, variant });
        expect(compiled.decideOne(outcome.feature.name, asked)).toBe(outcome);
      }
    }),
    { numRuns: 3000 },
  );
});

test('a compiled context answers one identity after another like a fresh one', () => {
  fc.assert(
    fc.property(anyContext, fc.array(fc.option(anyIdentity), { maxLength: 4 }), (context, identities) => {
      const compiled = compileContext(context);
      for (const identity of identities) {
        const actual = compiled.evaluate(identity === null ? null : identityOf(identity));
        expect(differences(referenceResult({ ...context, identity }), actual, '')).toEqual([]);
      }
    }),
    { numRuns: 3000 },
  );
});

function identityOf({ identifier, key, traits }: IdentityContext): Identity {
  return { identifier, key: key ?? null, traits: new Map<string, TraitValue>(Object.entries(traits ?? {})) };
}
