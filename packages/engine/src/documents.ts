import type { EnvironmentDocument } from '@halyard/contract';
import { compileEnvironment, type EnvironmentParts, type Override, type SegmentParts, type State } from './compile.ts';
import { createExplainer, type Explainer } from './explain.ts';
import { elementsOf, fieldsOf, keyOf, type Loose, priorityOf, scalarOf, textOf } from './loose.ts';
import type { CompiledEnvironment, Outcome, OutcomeFeature } from './outcome.ts';
import { readRules } from './rules.ts';

/**
 * Compiles an environment document. `prepare` is called here, once for everything a feature can serve, and what it returns is what
 * `decide` hands out: a JSON fragment, say. A null identity gets the environment's own states, without segments.
 * What is malformed is left out: a state without a feature name, a rule of an unknown type. Never throws, unless `prepare` does.
 */
export function compileDocument(document: EnvironmentDocument): CompiledEnvironment;
export function compileDocument<Ready>(
  document: EnvironmentDocument,
  prepare: (outcome: Outcome) => Ready,
): CompiledEnvironment<Ready>;
export function compileDocument<Ready>(
  document: EnvironmentDocument,
  prepare?: (outcome: Outcome) => Ready,
): CompiledEnvironment<Ready | Outcome> {
  return compileEnvironment<Ready | Outcome>(partsOf(document), prepare ?? ((outcome) => outcome));
}

/**
 * Compiles an environment document to explain it: what it answers is what `decide` of {@link compileDocument} answers, because it
 * is the same code with somebody watching. It holds more and answers slower, so it is for people and not for SDKs. Never throws.
 */
export function explainDocument(document: EnvironmentDocument): Explainer {
  return createExplainer(partsOf(document));
}

function partsOf(document: EnvironmentDocument): EnvironmentParts {
  const { api_key, name, project, feature_states, identity_overrides } = fieldsOf(document);

  const byName = new Map<string, { feature: OutcomeFeature; state: State }>();
  for (const featureState of elementsOf(feature_states)) {
    const fields = fieldsOf(featureState);
    const feature = readFeature(fields.feature);
    if (feature !== undefined) byName.set(feature.name, { feature, state: readState(fields) });
  }

  return {
    environment: { key: textOf(api_key), name: textOf(name) },
    features: [...byName.values()],
    segments: elementsOf(fieldsOf(project).segments).map(readSegment),
    identityOverrides: readIdentityOverrides(identity_overrides),
    anonymousSegments: false,
  };
}

function readSegment(segment: unknown): SegmentParts {
  const { id, name, rules, feature_states } = fieldsOf(segment);
  return {
    key: textOf(id),
    name: textOf(name),
    metadata: id === undefined ? { source: 'api' } : { id, source: 'api' },
    rules: readRules(rules, 'property_'),
    overrides: elementsOf(feature_states).flatMap((state) => readOverride(state) ?? []),
    source: 'segment',
  };
}

/** Several entries of one identifier count together; of several overrides of one feature the first counts. */
function readIdentityOverrides(entries: unknown): Map<string, Override[]> {
  const byIdentifier = new Map<string, Map<string, Override>>();
  for (const entry of elementsOf(entries)) {
    const { identifier, identity_features } = fieldsOf(entry);
    const key = keyOf(identifier);
    if (key === undefined) continue;
    for (const featureState of elementsOf(identity_features)) {
      const override = readOverride(featureState);
      if (override === undefined) continue;
      const held = byIdentifier.get(key);
      if (held === undefined) byIdentifier.set(key, new Map([[override.featureName, override]]));
      else if (!held.has(override.featureName)) held.set(override.featureName, override);
    }
  }
  return new Map([...byIdentifier].map(([identifier, overrides]) => [identifier, [...overrides.values()]]));
}

function readOverride(featureState: unknown): Override | undefined {
  const fields = fieldsOf(featureState);
  const feature = readFeature(fields.feature);
  if (feature === undefined) return undefined;
  return {
    featureName: feature.name,
    priority: priorityOf(fieldsOf(fields.feature_segment).priority),
    state: readState(fields),
  };
}

function readFeature(feature: unknown): OutcomeFeature | undefined {
  const { id, name, type } = fieldsOf(feature);
  if (typeof name !== 'string') return undefined;
  return { id: typeof id === 'number' ? id : 0, name, type: type === 'MULTIVARIATE' ? 'MULTIVARIATE' : 'STANDARD' };
}

function readState(fields: Loose): State {
  const { feature, enabled, feature_state_value, django_id, featurestate_uuid, multivariate_feature_state_values } =
    fields;
  const { id } = fieldsOf(feature);
  const stateUuid = textOf(featurestate_uuid);
  return {
    key: django_id ? textOf(django_id) : stateUuid,
    stateUuid,
    enabled: enabled === true,
    value: scalarOf(feature_state_value),
    metadata: id === undefined ? undefined : { id },
    variants: elementsOf(multivariate_feature_state_values).map(readVariant).sort(compareSeniority),
  };
}

function readVariant(variant: unknown) {
  const { id, mv_fs_value_uuid, percentage_allocation, multivariate_feature_option } = fieldsOf(variant);
  const { value, key } = fieldsOf(multivariate_feature_option);
  return {
    value: scalarOf(value),
    weight: typeof percentage_allocation === 'number' ? percentage_allocation : 0,
    key: keyOf(key) ?? null,
    /** Its id, or where it has none its uuid read as a number. */
    seniority: typeof id === 'number' ? id : numberOfUuid(textOf(mv_fs_value_uuid)),
  };
}

function compareSeniority(a: { seniority: number | bigint }, b: { seniority: number | bigint }): number {
  if (a.seniority < b.seniority) return -1;
  return a.seniority > b.seniority ? 1 : 0;
}

function numberOfUuid(uuid: string): number | bigint {
  const digits = uuid.replaceAll('-', '');
  return /^[0-9a-f]{32}$/i.test(digits) ? BigInt(`0x${digits}`) : Number.POSITIVE_INFINITY;
}
