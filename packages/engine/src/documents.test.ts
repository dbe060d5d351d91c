import type { DocumentFeatureState, DocumentSegment, EnvironmentDocument } from '@halyard/contract';
import { describe, expect, test, vi } from 'vitest';
import { compileDocument, type Outcome } from './index.ts';
import { emptyDocument } from './testing/arbitraries.ts';

describe('outcomes', () => {
  test('every outcome of a feature is prepared once, at compile time', () => {
    const prepare = vi.fn<(outcome: Outcome) => unknown>((outcome) => outcome.value);
    const document = aDocument({
      feature_states: [aState('checkout', { value: 'base', variants: ['a', 'b'] })],
      segments: [aSegment({ states: [aState('checkout', { value: 'segment', variants: ['c'] })] })],
      overrides: { vip: [aState('checkout', { value: 'own' })] },
    });

    const compiled = compileDocument(document, prepare);
    const prepared = prepare.mock.calls.length;
    compiled.decide({ identifier: 'user' });
    compiled.decide({ identifier: 'vip', traits: new Map([['age', 1]]) });
    compiled.evaluate({ identifier: 'vip' });

    const values = prepare.mock.calls.map(([outcome]) => `${outcome.value} ${outcome.variant} ${outcome.source}`);
    expect(new Set(values)).toEqual(
      new Set([
        'base null environment',
        'base control environment',
        'a key-a environment',
        'b key-b environment',
        'segment null segment',
        'segment control segment',
        'c key-c segment',
        'own null identity',
      ]),
    );
    expect(values).toHaveLength(8);
    expect(prepare).toHaveBeenCalledTimes(prepared);
  });

  test('an outcome names the feature state that serves it', () => {
    const document = aDocument({
      feature_states: [aState('checkout', { uuid: 'base' })],
      segments: [aSegment({ states: [aState('checkout', { uuid: 'segment', priority: 1 })] })],
      overrides: { vip: [aState('checkout', { uuid: 'own' })] },
    });
    const compiled = compileDocument(document);
    const traits = new Map([['age', 30]]);

    const served = [
      compiled.decide({ identifier: 'user' }),
      compiled.decide({ identifier: 'user', traits }),
      compiled.decide({ identifier: 'vip', traits }),
    ].map(([outcome]) => `${outcome?.source} ${outcome?.stateUuid} ${outcome?.reason}`);

    expect(served).toEqual([
      'environment base DEFAULT',
      'segment segment TARGETING_MATCH; segment=adults',
      'identity own TARGETING_MATCH; segment=identity_overrides',
    ]);
  });

  test('features come in wire order', () => {
    const compiled = compileDocument(
      aDocument({ feature_states: [aState('10'), aState('9'), aState('b'), aState('a')] }),
    );

    expect(compiled.decide(null).map(({ feature }) => feature.name)).toEqual(['10', '9', 'b', 'a']);
    expect(compiled.features.map(({ name }) => name)).toEqual(['10', '9', 'b', 'a']);
  });

  test('each answer is an array of its own', () => {
    const compiled = compileDocument(aDocument({ feature_states: [aState('checkout')] }));

    compiled.decide(null).length = 0;

    expect(compiled.decide(null)).toHaveLength(1);
  });
});

describe('nobody asks', () => {
  test('the defaults are served without segments and splits', () => {
    const document = aDocument({
      feature_states: [aState('checkout', { value: 'base', variants: ['a'] })],
      segments: [
        aSegment({
          rules: [{ type: 'ALL', rules: [], conditions: [] }],
          states: [aState('checkout', { value: 'all' })],
        }),
      ],
    });
    const compiled = compileDocument(document);

    expect(compiled.decide(null)).toMatchObject([{ value: 'base', variant: null, reason: 'DEFAULT' }]);
    expect(compiled.decideOne('checkout', null)).toMatchObject({ value: 'base', variant: null });
    expect(compiled.evaluate(null)).toMatchObject({ flags: { checkout: { value: 'base' } }, segments: [] });
  });
});

describe('deciding one feature', () => {
  const compiled = compileDocument(aDocument({ feature_states: [aState('checkout')] }));

  test.each(['Checkout', 'constructor', '__proto__', ''])('there is no feature named "%s"', (name) => {
    expect(compiled.decideOne(name, { identifier: 'user' })).toBeUndefined();
    expect(compiled.decideOne(name, null)).toBeUndefined();
  });

  test('of two segments with one priority the first wins, as in all features', () => {
    const always = [{ type: 'ALL' as const, rules: [], conditions: [] }];
    const document = aDocument({
      feature_states: [aState('checkout')],
      segments: [
        aSegment({ name: 'weak', rules: always, states: [aState('checkout', { priority: 2 })] }),
        aSegment({ name: 'first', rules: always, states: [aState('checkout', { priority: 1 })] }),
        aSegment({ name: 'second', rules: always, states: [aState('checkout', { priority: 1 })] }),
      ],
    });

    expect(compileDocument(document).decideOne('checkout', { identifier: 'user' })).toMatchObject({
      reason: 'TARGETING_MATCH; segment=first',
    });
  });
});

describe('identity overrides', () => {
  test('several entries of one identifier count together, the first of each feature', () => {
    const document = aDocument({
      feature_states: [aState('a'), aState('b')],
      overrides: { vip: [aState('a', { value: 'first' })] },
    });
    document.identity_overrides.push(
      ...aDocument({ overrides: { vip: [aState('a', { value: 'second' }), aState('b', { value: 'also' })] } })
        .identity_overrides,
    );

    const values = compileDocument(document)
      .decide({ identifier: 'vip' })
      .map(({ value }) => value);

    expect(values).toEqual(['first', 'also']);
  });

  test('an identity without overrides is no member of identity_overrides', () => {
    const document = aDocument({ feature_states: [aState('a')], overrides: { vip: [] } });

    expect(compileDocument(document).evaluate({ identifier: 'vip' }).segments).toEqual([]);
  });
});

test('a result has no prototype, so a missing feature is missing whatever its name', () => {
  const { flags } = compileDocument(aDocument({ feature_states: [aState('__proto__')] })).evaluate(null);

  expect(Object.keys(flags)).toEqual(['__proto__']);
  expect(flags['constructor']).toBeUndefined();
});

function aDocument({
  feature_states = [],
  segments = [],
  overrides = {},
}: {
  feature_states?: DocumentFeatureState[];
  segments?: DocumentSegment[];
  overrides?: Record<string, DocumentFeatureState[]>;
}): EnvironmentDocument {
  const empty = emptyDocument();
  return {
    ...empty,
    project: { ...empty.project, segments },
    feature_states,
    identity_overrides: Object.entries(overrides).map(([identifier, identity_features]) => ({
      identifier,
      identity_uuid: '',
      django_id: null,
      environment_api_key: empty.api_key,
      composite_key: `${empty.api_key}_${identifier}`,
      created_date: empty.updated_at,
      dashboard_alias: null,
      identity_traits: [],
      identity_features,
    })),
  };
}

/** Adults, unless other rules are given. */
function aSegment({
  name = 'adults',
  rules = [
    { type: 'ALL', rules: [], conditions: [{ operator: 'GREATER_THAN_INCLUSIVE', property_: 'age', value: '18' }] },
  ],
  states,
}: {
  name?: string;
  rules?: DocumentSegment['rules'];
  states: DocumentFeatureState[];
}): DocumentSegment {
  return { id: 50, name, rules, feature_states: states };
}

function aState(
  name: string,
  {
    value = 'value',
    uuid = 'uuid',
    priority = null,
    variants = [],
  }: { value?: string; uuid?: string; priority?: number | null; variants?: string[] } = {},
): DocumentFeatureState {
  return {
    feature: { id: 12, name, type: variants.length > 0 ? 'MULTIVARIATE' : 'STANDARD' },
    enabled: true,
    feature_state_value: value,
    django_id: 101,
    featurestate_uuid: uuid,
    feature_segment: priority === null ? null : { priority },
    multivariate_feature_state_values: variants.map((variant, index) => ({
      id: index + 1,
      mv_fs_value_uuid: '',
      percentage_allocation: 20,
      multivariate_feature_option: { id: index + 1, value: variant, key: `key-${variant}` },
    })),
  };
}
