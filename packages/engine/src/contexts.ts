import type { EvaluationContext, EvaluationResult, TraitValue } from '@halyard/contract';
import { compileEnvironment, type Override, type SegmentParts, type State } from './compile.ts';
import { elementsOf, fieldsOf, isScalar, keyOf, priorityOf, scalarOf, textOf } from './loose.ts';
import type { CompiledEnvironment, Identity, Outcome, OutcomeFeature } from './outcome.ts';
import { readRules } from './rules.ts';

/**
 * Compiles an evaluation context without its identity. Segments are evaluated also where nobody is asking. Features and overrides
 * without a name or a key are dropped; of two features with one name the last counts. Never throws.
 */
export function compileContext(context: EvaluationContext): CompiledEnvironment {
  const { environment, features, segments } = fieldsOf(context);
  const { key, name } = fieldsOf(environment);

  const byName = new Map<string, { feature: OutcomeFeature; state: State }>();
  for (const feature of Object.values(fieldsOf(features))) {
    const override = readFeature(feature);
    if (override === undefined) continue;
    const { featureName, state } = override;
    byName.set(featureName, { feature: featureOf(featureName, state), state });
  }

  return compileEnvironment(
    {
      environment: { key: textOf(key), name: textOf(name) },
      features: [...byName.values()],
      segments: Object.values(fieldsOf(segments)).map(readSegment),
      identityOverrides: new Map(),
      anonymousSegments: true,
      root: fieldsOf(context),
    },
    (outcome: Outcome) => outcome,
  );
}

/** Evaluates a context for the identity it carries, or for nobody where it carries none. Never throws. */
export function evaluateContext(context: EvaluationContext): EvaluationResult {
  return compileContext(context).evaluate(readIdentity(fieldsOf(context).identity));
}

function readIdentity(identity: unknown): Identity | null {
  if (typeof identity !== 'object' || identity === null) return null;
  const { identifier, key, traits } = fieldsOf(identity);
  return {
    identifier: textOf(identifier),
    key: keyOf(key) ?? null,
    traits: new Map(
      Object.entries(fieldsOf(traits)).filter((entry): entry is [string, TraitValue] => isScalar(entry[1])),
    ),
  };
}

function readSegment(segment: unknown): SegmentParts {
  const { key, name, rules, overrides, metadata } = fieldsOf(segment);
  const { source } = fieldsOf(metadata);
  const isIdentityOverrides = typeof source === 'string' && source.startsWith('identity_override');
  return {
    key: textOf(key),
    name: textOf(name),
    metadata: metadataOf(metadata),
    rules: readRules(rules, 'property'),
    overrides: elementsOf(overrides).flatMap((override) => readFeature(override) ?? []),
    source: isIdentityOverrides ? 'identity' : 'segment',
  };
}

function readFeature(feature: unknown): Override | undefined {
  const fields = fieldsOf(feature);
  const featureName = keyOf(fields.name);
  const key = keyOf(fields.key);
  if (featureName === undefined || key === undefined) return undefined;
  const variants = elementsOf(fields.variants)
    .map((variant) => {
      const { value, weight, priority, key } = fieldsOf(variant);
      return {
        value: scalarOf(value),
        weight: typeof weight === 'number' ? weight : 0,
        key: keyOf(key) ?? null,
        priority: priorityOf(priority),
      };
    })
    .sort((a, b) => (a.priority === b.priority ? 0 : a.priority < b.priority ? -1 : 1));
  return {
    featureName,
    priority: priorityOf(fields.priority),
    state: {
      key,
      stateUuid: '',
      enabled: fields.enabled === true,
      value: scalarOf(fields.value),
      metadata: metadataOf(fields.metadata),
      variants,
    },
  };
}

function featureOf(name: string, state: State): OutcomeFeature {
  const id = state.metadata?.id;
  return {
    id: typeof id === 'number' ? id : 0,
    name,
    type: state.variants.length === 0 ? 'STANDARD' : 'MULTIVARIATE',
  };
}

function metadataOf(metadata: unknown): Record<string, unknown> | undefined {
  const fields = fieldsOf(metadata);
  return Object.keys(fields).length === 0 ? undefined : fields;
}
