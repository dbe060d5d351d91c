/** Random documents, contexts and identities, dense with the values that go wrong: digits, floats, odd names, ties. */
import type {
  DocumentFeatureState,
  DocumentVariant,
  EnvironmentDocument,
  EvaluationContext,
  FeatureContext,
  FeatureValue,
  IdentityContext,
  SegmentRuleContext,
  TraitValue,
} from '@halyard/contract';
import fc from 'fast-check';

const oddNames = ['constructor', '__proto__', 'toString', '', 'größe', '😀', '7', '$', "$['identity']", '$.broken['];
const traitNames = ['age', 'country', 'version', 'ratio', 'on', ...oddNames];
const featureNames = ['checkout', 'search', 'banner', ...oddNames];
const paths = [
  '$.identity.identifier',
  '$.identity.key',
  '$.identity',
  '$.identity.traits.age',
  "$.identity.traits['country']",
  '$.identity.traits.constructor',
  '$.identity.traits.__proto__',
  '$.identity.traits.*',
  '$.identity.traits[?@ == "DE"]',
  '$..age',
  '$.environment.name',
  '$.environment.key',
  '$.nowhere',
  '$.environment.toString',
];
const texts = [
  ...['', 'DE', 'de', 'true', 'True', 'false', 'False', 'None', 'a,b', 'DE,FR', ' DE'],
  ...['7', '007', '-7', '+7', ' 7 ', '-0', '0', '10', '9', '9.5', '1.5', '1.50', '2.0', '2.', '.5', '1e3', '-1.25'],
  ...['12345678901234567890', '12345678901234567891', '9007199254740993'],
  ...['1.0.0', '1.2.0', '1.10.0', 'v1.0.0', '1.0.0-rc.1', '1.0.0-rc.10', '1.0.0+a', '1.0.0+b', '1.0', '01.0.0'],
  ...['1.0.0:semver', '1.2.0:semver', '1.0.0-rc.2:semver', '1.0.0+c:semver', 'x:semver', ':semver'],
  ...['["DE","7"]', '[7,1]', '[DE,7]', '[]', '"DE"', '[true,null]', '7,10', '007,DE'],
  ...['2|1', '3|2', '-3|-1', '2.5|0', '0|0', '2', '|', '2|1|0', 'a|b', '3|0'],
  ...['\\d+', '^[A-Z]+$', 'DE|FR', '[0-9]+', '^7$', '(', '(?:1|2)\\.', '[^,]+,', '.'],
  ...['0', '25', '50', '75', '100', '33.3', '-1', '101'],
  ...['größe', '😀', '\uff5e', 'constructor', '__proto__', 'env_user', 'Production'],
];
const operators = [
  ...['EQUAL', 'NOT_EQUAL', 'GREATER_THAN', 'GREATER_THAN_INCLUSIVE', 'LESS_THAN', 'LESS_THAN_INCLUSIVE'],
  ...['CONTAINS', 'NOT_CONTAINS', 'REGEX', 'PERCENTAGE_SPLIT', 'MODULO', 'IS_SET', 'IS_NOT_SET', 'IN', 'UNKNOWN'],
];

const anyText = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...texts) },
  fc.string({ unit: 'binary', maxLength: 8 }),
);
const anyTrait: fc.Arbitrary<TraitValue> = fc.oneof(
  { weight: 4, arbitrary: anyText },
  fc.constantFrom(0, -0, 1, 2, 7, -7, 10, 1.5, 2.5, -1.25, 0.1, 9007199254740991, 35),
  fc.integer({ min: -20, max: 20 }),
  fc.boolean(),
  fc.constant(null),
);
const anyValue: fc.Arbitrary<FeatureValue> = fc.oneof(anyText, fc.integer(), fc.boolean(), fc.constant(null));
const anyIdentifier = fc.constantFrom('user', '007', '7', 'a,b', '😀', '__proto__', 'vip', '', '1.5');
const anyPriority = fc.constantFrom(0, 1, 1, 2, 5, -1, 1.5);

/** An identity as a context carries it. */
export const anyIdentity: fc.Arbitrary<IdentityContext> = fc.record(
  {
    identifier: anyIdentifier,
    key: fc.constantFrom('', 'key', '32103813', null),
    traits: fc.oneof(
      {
        weight: 9,
        arbitrary: fc.dictionary(fc.constantFrom(...traitNames), anyTrait, { maxKeys: 8, noNullPrototype: false }),
      },
      fc.constant(null),
    ),
  },
  { requiredKeys: ['identifier'] },
);

const anyWeight = fc.constantFrom(0, 10, 25, 33.3, 50, 100);

const anyCondition = fc.record({
  operator: fc.constantFrom(...operators),
  property: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...traitNames) }, fc.constantFrom(...paths)),
  value: fc.oneof(
    { weight: 9, arbitrary: anyText as fc.Arbitrary<string | string[] | null> },
    fc.array(anyText, { maxLength: 3 }),
    fc.constant(null),
  ),
});

const { rule: anyRule } = fc.letrec<{ rule: SegmentRuleContext }>((tie) => ({
  rule: fc.record(
    {
      type: fc.constantFrom('ALL', 'ANY', 'NONE', 'UNKNOWN'),
      conditions: fc.array(anyCondition, { maxLength: 3 }),
      rules: fc.array(tie('rule'), { maxLength: 2, depthIdentifier: 'rule' }),
    },
    { requiredKeys: ['type'] },
  ) as fc.Arbitrary<SegmentRuleContext>,
}));
const anyRules = fc.array(anyRule, { maxLength: 2, depthIdentifier: 'rule' });

const anyFeatureContext: fc.Arbitrary<FeatureContext> = fc.record(
  {
    key: fc.constantFrom('1', '10', '78986', ''),
    name: fc.constantFrom(...featureNames),
    enabled: fc.boolean(),
    value: anyValue,
    variants: fc.array(
      fc.record(
        { value: anyValue, weight: anyWeight, priority: anyPriority, key: fc.constantFrom('a', 'b', null) },
        { requiredKeys: ['value', 'weight', 'priority'] },
      ),
      { maxLength: 3 },
    ),
    priority: fc.oneof(anyPriority, fc.constantFrom(null, Number.NEGATIVE_INFINITY)),
    metadata: fc.constantFrom<Record<string, unknown>[]>({}, { id: 1 }, { id: 2, other: { deep: true } }),
  },
  { requiredKeys: ['key', 'name', 'enabled', 'value'] },
);

export const anyContext: fc.Arbitrary<EvaluationContext> = fc.record(
  {
    environment: fc.record({ key: fc.constantFrom('env', ''), name: fc.constantFrom('Production', '7') }),
    identity: fc.oneof({ weight: 6, arbitrary: anyIdentity }, fc.constant(null)),
    segments: fc.dictionary(
      fc.string({ maxLength: 3 }),
      fc.record(
        {
          key: fc.constantFrom('1', 'seg', ''),
          name: fc.constantFrom('one', 'two', '__proto__'),
          rules: anyRules,
          overrides: fc.array(anyFeatureContext, { maxLength: 3 }),
          metadata: fc.constantFrom<Record<string, unknown>[]>({}, { id: 5, source: 'api' }),
        },
        { requiredKeys: ['key', 'name', 'rules'] },
      ),
      { maxKeys: 6 },
    ),
    features: fc
      .uniqueArray(anyFeatureContext, { selector: ({ name }) => name, maxLength: 6 })
      .map((features) => objectOf(features.map((feature) => [feature.name, feature]))),
  },
  { requiredKeys: ['environment'] },
);

const anyState: fc.Arbitrary<DocumentFeatureState> = fc
  .record({
    name: fc.constantFrom(...featureNames),
    enabled: fc.boolean(),
    value: anyValue,
    seed: fc.constantFrom(null, 0, 1, 10, 78986),
    priority: fc.option(anyPriority),
    variants: fc.array(fc.record({ weight: anyWeight, value: anyValue, key: fc.constantFrom('a', 'b', null) }), {
      maxLength: 3,
    }),
    order: fc.constantFrom(1, -1),
  })
  .map(({ name, enabled, value, seed, priority, variants, order }) => ({
    feature: { id: featureNames.indexOf(name) + 1, name, type: variants.length > 0 ? 'MULTIVARIATE' : 'STANDARD' },
    enabled,
    feature_state_value: value,
    django_id: seed,
    featurestate_uuid: `00000000-0000-4000-8000-${String(featureNames.indexOf(name)).padStart(12, '0')}`,
    feature_segment: priority === null ? null : { priority },
    multivariate_feature_state_values: variants.map(
      (variant, index): DocumentVariant => ({
        id: 10 + index * order,
        mv_fs_value_uuid: '',
        percentage_allocation: variant.weight,
        multivariate_feature_option: { id: index, value: variant.value, key: variant.key },
      }),
    ),
  }));

const anyStates = (maxLength: number) =>
  fc.uniqueArray(anyState, { selector: ({ feature }) => feature.name, maxLength });

export const anyDocument: fc.Arbitrary<EnvironmentDocument> = fc
  .record({
    states: anyStates(8),
    segments: fc.array(
      fc.record({
        id: fc.integer({ min: 1, max: 9 }),
        name: fc.constantFrom('one', 'two'),
        rules: anyRules,
        states: anyStates(3),
      }),
      { maxLength: 6 },
    ),
    overrides: fc.array(fc.record({ identifier: anyIdentifier, states: anyStates(2) }), { maxLength: 4 }),
  })
  .map(({ states, segments, overrides }) => ({
    ...emptyDocument(),
    feature_states: states,
    project: {
      ...emptyDocument().project,
      segments: segments.map(({ id, name, rules, states }) => ({
        id,
        name,
        rules: documentRules(rules),
        feature_states: states,
      })),
    },
    identity_overrides: overrides.map(({ identifier, states }) => ({
      identifier,
      identity_uuid: '',
      django_id: null,
      environment_api_key: 'env',
      composite_key: `env_${identifier}`,
      created_date: '2026-01-01T00:00:00.000000+00:00',
      dashboard_alias: null,
      identity_traits: [],
      identity_features: states,
    })),
  }));

/** A document of an environment `env`, named Production, in which there is nothing. */
export function emptyDocument(): EnvironmentDocument {
  return {
    id: 1,
    api_key: 'env',
    name: 'Production',
    updated_at: '2026-01-01T00:00:00.000000+00:00',
    allow_client_traits: true,
    hide_sensitive_data: false,
    hide_disabled_flags: null,
    use_identity_composite_key_for_hashing: true,
    use_identity_overrides_in_local_eval: true,
    project: {
      id: 1,
      name: 'Shop',
      hide_disabled_flags: false,
      enable_realtime_updates: false,
      server_key_only_feature_ids: [],
      organisation: {
        id: 1,
        name: 'Acme',
        feature_analytics: false,
        stop_serving_flags: false,
        persist_trait_data: true,
      },
      segments: [],
    },
    feature_states: [],
    identity_overrides: [],
  };
}

function documentRules(
  rules: readonly SegmentRuleContext[],
): EnvironmentDocument['project']['segments'][number]['rules'] {
  return rules.map(({ type, conditions = [], rules = [] }) => ({
    type,
    rules: documentRules(rules),
    conditions: conditions.map(({ operator, property, value }) => ({
      operator,
      property_: property === '' ? null : property,
      value: typeof value === 'string' ? value : null,
    })),
  }));
}

function objectOf<Value>(entries: [string, Value][]): Record<string, Value> {
  const object: Record<string, Value> = Object.create(null);
  for (const [name, value] of entries) object[name] = value;
  return object;
}
