/**
 * The evaluation rules written down as plainly as possible, to compare the compiled engine with: nothing is prepared, nothing
 * is shared with it, no input is too hostile because none is. Regular expressions are JavaScript's own: give it patterns that mean
 * the same there.
 */
import { createHash } from 'node:crypto';
import type {
  EnvironmentDocument,
  EvaluationContext,
  EvaluationResult,
  FeatureContext,
  FlagResult,
  IdentityContext,
  SegmentContext,
  SegmentRuleContext,
  TraitValue,
} from '@halyard/contract';
import { query } from 'jsonpath-rfc9535';

export function referenceResult(context: EvaluationContext): EvaluationResult {
  const identity = context.identity
    ? {
        ...context.identity,
        key: context.identity.key || `${context.environment.key}_${context.identity.identifier}`,
        traits: { __proto__: null, ...context.identity.traits },
      }
    : null;
  const enriched = { ...context, identity };
  const segments = Object.values(context.segments ?? {}).filter((segment) => segmentMatches(segment, enriched));

  const flags: Record<string, FlagResult> = Object.create(null);
  for (const base of Object.values(context.features ?? {})) {
    let held: { override: FeatureContext; segment: SegmentContext } | undefined;
    for (const segment of segments) {
      for (const override of segment.overrides ?? []) {
        if (override.name !== base.name) continue;
        if (held === undefined || strength(override) < strength(held.override)) held = { override, segment };
      }
    }
    const reason = held === undefined ? 'DEFAULT' : `TARGETING_MATCH; segment=${held.segment.name}`;
    flags[base.name] = flagOf(held?.override ?? base, reason, identity?.key);
  }
  return {
    flags,
    segments: segments.map(({ name, metadata }) => ({ name, ...nonEmpty(metadata) })),
  };
}

/** The context that a local-evaluation SDK makes of a document, for one identity; for nobody, without segments. */
export function contextOfDocument(document: EnvironmentDocument, identity: IdentityContext | null): EvaluationContext {
  const featureOf = (state: EnvironmentDocument['feature_states'][number], priority?: number): FeatureContext => ({
    key: state.django_id ? String(state.django_id) : state.featurestate_uuid,
    name: state.feature.name,
    enabled: state.enabled,
    value: state.feature_state_value,
    metadata: { id: state.feature.id },
    ...(priority === undefined ? {} : { priority }),
    variants: state.multivariate_feature_state_values.map((variant) => ({
      value: variant.multivariate_feature_option.value,
      weight: variant.percentage_allocation,
      key: variant.multivariate_feature_option.key,
      priority: variant.id ?? Number.POSITIVE_INFINITY,
    })),
  });

  const segments: Record<string, SegmentContext> = {};
  if (identity !== null) {
    document.project.segments.forEach((segment, index) => {
      segments[`segment ${index}`] = {
        key: String(segment.id),
        name: segment.name,
        metadata: { id: segment.id, source: 'api' },
        rules: JSON.parse(JSON.stringify(segment.rules), (name, value) => {
          if (name !== '' && value !== null && typeof value === 'object' && 'property_' in value) {
            return { operator: value.operator, property: value.property_ ?? '', value: value.value };
          }
          return value;
        }),
        overrides: segment.feature_states.map((state) => featureOf(state, state.feature_segment?.priority)),
      };
    });
    const own = document.identity_overrides
      .filter((override) => override.identifier === identity.identifier)
      .flatMap((override) => override.identity_features);
    if (own.length > 0) {
      segments['identity overrides'] = {
        key: '',
        name: 'identity_overrides',
        metadata: { source: 'identity_overrides' },
        rules: [{ type: 'ALL' }],
        overrides: own.map((state) => featureOf(state, Number.NEGATIVE_INFINITY)),
      };
    }
  }
  return {
    environment: { key: document.api_key, name: document.name },
    identity,
    segments,
    features: fromEntries(document.feature_states.map((state) => [state.feature.name, featureOf(state)])),
  };
}

type Enriched = Omit<EvaluationContext, 'identity'> & {
  identity: (Omit<IdentityContext, 'traits'> & { key: string; traits: Record<string, TraitValue> }) | null;
};

function fromEntries<Value>(entries: [string, Value][]): Record<string, Value> {
  const object: Record<string, Value> = Object.create(null);
  for (const [name, value] of entries) object[name] = value;
  return object;
}

function strength(override: FeatureContext): number {
  return override.priority ?? Number.POSITIVE_INFINITY;
}

function flagOf(feature: FeatureContext, reason: string, key: string | undefined): FlagResult {
  const flag: FlagResult = {
    name: feature.name,
    enabled: feature.enabled,
    value: feature.value,
    reason,
    variant: null,
    ...nonEmpty(feature.metadata),
  };
  const variants = [...(feature.variants ?? [])].sort((a, b) =>
    a.priority < b.priority ? -1 : Number(a.priority > b.priority),
  );
  if (key === undefined || variants.length === 0) return flag;
  flag.variant = 'control';
  const percentage = referencePercentage([feature.key, key]);
  let start = 0;
  for (const variant of variants) {
    const limit = start + variant.weight;
    if (start <= percentage && percentage < limit) {
      return { ...flag, value: variant.value, reason: `SPLIT; weight=${variant.weight}`, variant: variant.key ?? null };
    }
    start = limit;
  }
  return flag;
}

function nonEmpty(metadata: Record<string, unknown> | undefined): { metadata?: Record<string, unknown> } {
  return metadata !== undefined && Object.keys(metadata).length > 0 ? { metadata } : {};
}

export function referencePercentage(ids: readonly string[]): number {
  for (let times = 1; ; times++) {
    const text = Array.from({ length: times }, () => ids.join(',')).join(',');
    const digest = BigInt(`0x${createHash('md5').update(text).digest('hex')}`);
    const percentage = (Number(digest % 9999n) / 9998) * 100;
    if (percentage !== 100) return percentage;
  }
}

function segmentMatches(segment: SegmentContext, context: Enriched): boolean {
  return segment.rules.length > 0 && segment.rules.every((rule) => ruleHolds(rule, segment.key, context));
}

function ruleHolds(rule: SegmentRuleContext, segmentKey: string, context: Enriched): boolean {
  const conditions = (rule.conditions ?? []).map((condition) => conditionHolds(condition, segmentKey, context));
  const rules = (rule.rules ?? []).map((subRule) => ruleHolds(subRule, segmentKey, context));
  return [conditions, rules].every((results) => {
    if (!['ALL', 'ANY', 'NONE'].includes(rule.type)) return false;
    if (results.length === 0) return true;
    if (rule.type === 'ALL') return results.every(Boolean);
    return rule.type === 'ANY' ? results.some(Boolean) : !results.some(Boolean);
  });
}

function conditionHolds(
  { operator, property, value }: { operator: string; property: string; value: string | string[] | null },
  segmentKey: string,
  context: Enriched,
): boolean {
  if (operator === 'PERCENTAGE_SPLIT') {
    const threshold = typeof value === 'string' ? floatOf(value) : undefined;
    const seed = property === '' ? context.identity?.key : lookUp(property, context);
    if (threshold === undefined || seed === undefined || seed === null) return false;
    const text = property === '' ? String(seed) : textOf(coerce(seed));
    return referencePercentage([segmentKey, text]) <= threshold;
  }
  const found = lookUp(property, context);
  if (operator === 'IS_SET') return found !== null;
  if (operator === 'IS_NOT_SET') return found === null;
  if (found === null || value === null) return false;
  const coerced = coerce(found);
  if (operator === 'IN') return isIn(found, coerced, value);
  if (typeof value !== 'string') return false;
  switch (operator) {
    case 'CONTAINS':
      return coerced.type === 'text' && coerced.text.includes(value);
    case 'NOT_CONTAINS':
      return coerced.type === 'text' && !coerced.text.includes(value);
    case 'REGEX':
      try {
        new RegExp(value, 'u');
        return new RegExp(`^(?:${value})`, 'u').test(textOf(coerced));
      } catch {
        return false;
      }
    case 'MODULO': {
      const [divisor, remainder, more] = value.split('|').map(floatOf);
      if (divisor === undefined || remainder === undefined || more !== undefined || value.split('|').length > 2)
        return false;
      if (divisor === 0 || (coerced.type !== 'integer' && coerced.type !== 'float')) return false;
      const rest = Number(coerced.number) % divisor;
      return (rest !== 0 && rest < 0 !== divisor < 0 ? rest + divisor : rest) === remainder;
    }
    default:
      return compare(operator, coerced, value, typeof found === 'number');
  }
}

function lookUp(property: string, context: Enriched): TraitValue {
  const traits = context.identity?.traits;
  const trait = traits !== undefined && Object.hasOwn(traits, property) ? (traits[property] ?? null) : null;
  if (trait !== null || !property.startsWith('$.')) return trait;
  try {
    const [first] = query(context as unknown as Parameters<typeof query>[0], property);
    return typeof first === 'object' || first === undefined ? null : first;
  } catch {
    return null;
  }
}

type Coerced =
  | { type: 'text'; text: string }
  | { type: 'integer'; number: bigint }
  | { type: 'float'; number: number }
  | { type: 'boolean'; boolean: boolean };

function coerce(value: string | number | boolean): Coerced {
  if (typeof value === 'boolean') return { type: 'boolean', boolean: value };
  if (typeof value === 'number') {
    return Number.isInteger(value) ? { type: 'integer', number: BigInt(value) } : { type: 'float', number: value };
  }
  if (/^-?[0-9]+$/.test(value)) return { type: 'integer', number: BigInt(value) };
  if (/^-?[0-9]+\.[0-9]+$/.test(value)) return { type: 'float', number: Number(value) };
  return { type: 'text', text: value };
}

/** Floats of ordinary size only: no exponents. */
function textOf(value: Coerced): string {
  switch (value.type) {
    case 'text':
      return value.text;
    case 'integer':
      return String(value.number);
    case 'float':
      return Number.isInteger(value.number) ? value.number.toFixed(1) : String(value.number);
    case 'boolean':
      return value.boolean ? 'True' : 'False';
  }
}

function floatOf(text: string): number | undefined {
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/.test(text) ? Number(text) : undefined;
}

function isIn(found: string | number | boolean, coerced: Coerced, value: string | string[]): boolean {
  let candidates: unknown[];
  if (typeof value !== 'string') candidates = value;
  else {
    candidates = value.split(',');
    try {
      const parsed: unknown = JSON.parse(value);
      if (value.startsWith('[') && Array.isArray(parsed)) candidates = parsed;
    } catch {
      // Not JSON: the commas count.
    }
  }
  const texts = candidates.map((candidate) => String(candidate));
  if (typeof found === 'string' && texts.includes(found)) return true;
  return coerced.type === 'integer' && texts.includes(String(coerced.number));
}

function compare(operator: string, left: Coerced, value: string, isJsonNumber: boolean): boolean {
  switch (left.type) {
    case 'boolean':
      return holds(operator, Number(left.boolean) - Number(!['False', 'false'].includes(value)));
    case 'integer': {
      if (/^\s*[+-]?\d+\s*$/.test(value)) {
        const right = BigInt(value.trim().replace('+', ''));
        return holds(operator, left.number < right ? -1 : Number(left.number > right));
      }
      const right = floatOf(value);
      // JSON's 2.0 arrives as 2, which only EQUAL keeps apart from a float.
      return (
        isJsonNumber && right !== undefined && operator !== 'EQUAL' && holds(operator, Number(left.number) - right)
      );
    }
    case 'float': {
      const right = floatOf(value);
      return right !== undefined && holds(operator, left.number - right);
    }
    case 'text': {
      if (!value.endsWith(':semver')) return holds(operator, compareTexts([...left.text], [...value]));
      const a = versionOf(left.text);
      const b = versionOf(value.slice(0, -7));
      return a !== null && b !== null && holds(operator, compareVersions(a, b));
    }
  }
}

function holds(operator: string, sign: number): boolean {
  switch (operator) {
    case 'EQUAL':
      return sign === 0;
    case 'NOT_EQUAL':
      return sign !== 0;
    case 'GREATER_THAN':
      return sign > 0;
    case 'GREATER_THAN_INCLUSIVE':
      return sign >= 0;
    case 'LESS_THAN':
      return sign < 0;
    case 'LESS_THAN_INCLUSIVE':
      return sign <= 0;
    default:
      return false;
  }
}

function compareTexts(left: string[], right: string[]): number {
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = (left[i]?.codePointAt(0) ?? 0) - (right[i]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** The pattern that semver.org suggests, without the build. */
function versionOf(text: string): string[] | null {
  const match =
    /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?$/.exec(
      text,
    );
  return match === null ? null : [match[1] ?? '', match[2] ?? '', match[3] ?? '', match[4] ?? ''];
}

function compareVersions(left: string[], right: string[]): number {
  for (let i = 0; i < 3; i++) {
    if (left[i] !== right[i]) return Number(left[i]) - Number(right[i]);
  }
  const [a = '', b = ''] = [left[3], right[3]];
  if (a === b) return 0;
  if (a === '' || b === '') return a === '' ? 1 : -1;
  const [as, bs] = [a.split('.'), b.split('.')];
  for (let i = 0; i < Math.min(as.length, bs.length); i++) {
    const [x = '', y = ''] = [as[i], bs[i]];
    if (x === y) continue;
    const [xIsNumber, yIsNumber] = [/^\d+$/.test(x), /^\d+$/.test(y)];
    if (xIsNumber && yIsNumber) return Number(x) - Number(y);
    if (xIsNumber !== yIsNumber) return xIsNumber ? -1 : 1;
    return x < y ? -1 : 1;
  }
  return as.length - bs.length;
}
