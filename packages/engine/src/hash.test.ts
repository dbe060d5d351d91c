import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileSplit, splitPercentage } from './hash.ts';
import { referencePercentage } from './testing/reference.ts';

test.each([
  [['12345', 'test_env_foobar'], 51.990398079615915],
  [['78986', '32103813'], 49.27985597119424],
  [['1', 'env_ünïcode-用户'], 30.61612322464493],
  [['10', 'n9fbf9h3v4fFgH3U3ngWhb_user-1'], 14.882976595319064],
  [['seg', 'True'], 90.52810562112423],
  [['1', '13139'], 0],
  [['1', '8931'], 45.779155831166236],
  [['1', '13116'], 18.433686737347468],
])('%j falls at %d', (ids, percentage) => {
  const [seed = '', id = ''] = ids;

  expect(splitPercentage(ids)).toBe(percentage);
  expect(compileSplit(seed)(id)).toBe(percentage);
});

test('texts of any length and alphabet fall where a native MD5 puts them', () => {
  const anyText = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400 }),
    fc.string({ maxLength: 300 }),
    fc.nat(20_000).map(String),
    fc.constant('\ud800 alone'),
  );

  fc.assert(
    fc.property(anyText, anyText, fc.array(anyText, { maxLength: 2 }), (seed, id, more) => {
      expect(splitPercentage([seed, id, ...more])).toBe(referencePercentage([seed, id, ...more]));
      expect(compileSplit(seed)(id)).toBe(referencePercentage([seed, id]));
    }),
    { numRuns: 2000 },
  );
});

test('seeds of all lengths share one identity', () => {
  const splits = Array.from({ length: 130 }, (_, length) => ({
    seed: 's'.repeat(length),
    split: compileSplit('s'.repeat(length)),
  }));

  for (const id of ['', 'a', 'user-1', 'ü'.repeat(60), 'x'.repeat(245), 'x'.repeat(250), 'user-1']) {
    for (const { seed, split } of splits) expect(split(id)).toBe(referencePercentage([seed, id]));
  }
});

test('nobody falls on 100', () => {
  for (let id = 0; id < 30_000; id++) expect(splitPercentage(['1', String(id)])).toBeLessThan(100);
});
