import type { EvaluationResult, FeatureValue, FlagResult, SegmentResult, TraitValue } from '@halyard/contract';
import { type Condition, compileSegment, type Predicate, type Rule, unwatched, type Watch } from './conditions.ts';
import { compileSplit } from './hash.ts';
import type { CompiledEnvironment, Identity, Outcome, OutcomeFeature } from './outcome.ts';
import { effortOfOneEvaluation, type Frame } from './values.ts';

/** What documents and contexts have in common once they are read. */
export interface EnvironmentParts {
  environment: { key: string; name: string };
  /** In wire order, each name once. */
  features: readonly { feature: OutcomeFeature; state: State }[];
  /** In the order in which ties are decided: the first wins. */
  segments: readonly SegmentParts[];
  /** By identifier; they win over every segment. */
  identityOverrides: ReadonlyMap<string, readonly Override[]>;
  /** Whether segments are evaluated where nobody is asking. */
  anonymousSegments: boolean;
  /** The whole evaluation context for JSONPath queries, where there is one. */
  root?: Readonly<Record<string, unknown>>;
}

export interface SegmentParts {
  key: string;
  name: string;
  metadata: Record<string, unknown> | undefined;
  rules: readonly (Rule | null)[];
  overrides: readonly Override[];
  source: 'segment' | 'identity';
}

export interface Override {
  featureName: string;
  /** Lower is stronger. */
  priority: number;
  state: State;
}

/** One feature state. */
export interface State {
  /** Seed of its variants. */
  key: string;
  stateUuid: string;
  enabled: boolean;
  value: FeatureValue;
  metadata: Record<string, unknown> | undefined;
  /** Strongest first. */
  variants: readonly { value: FeatureValue; weight: number; key: string | null }[];
}

/**
 * Compiles an environment: every outcome is made and prepared here, once, so that answering is choosing.
 * Evaluating costs what an identity can match: the segments with overrides, the splits, and its own overrides.
 */
export function compileEnvironment<Ready>(
  parts: EnvironmentParts,
  prepare: (outcome: Outcome, origin: Origin) => Ready,
  watch: Watch<SegmentParts | Rule | Condition> = unwatched,
): CompiledEnvironment<Ready> {
  const { environment } = parts;
  const features = parts.features.map(({ feature }) => feature);
  const indexOfFeature = new Map(features.map((feature, index) => [feature.name, index]));
  const compileChoice = (feature: OutcomeFeature, state: State, target: Target) =>
    choiceOf(feature, state, target, prepare);

  const defaults = parts.features.map(({ feature, state }) => compileChoice(feature, state, environmentTarget));
  const splitDefaults = indexesWithVariants(defaults);
  const defaultReady = defaults.map((choice) => choice.plain.ready);
  const defaultFlags = defaults.map((choice) => choice.plain.flag);

  const compileOverrides = (overrides: readonly Override[], target: Target): CompiledOverride<Ready>[] =>
    overrides.flatMap(({ featureName, priority, state }) => {
      const index = indexOfFeature.get(featureName);
      const feature = index === undefined ? undefined : features[index];
      if (index === undefined || feature === undefined) return [];
      return [{ index, priority, choice: compileChoice(feature, state, target) }];
    });

  const segments = parts.segments.map((segment): CompiledSegment<Ready> => {
    return {
      matches: watch(segment, compileSegment(segment.rules, scopeOf(parts, segment.key), watch)),
      overrides: compileOverrides(segment.overrides, { source: segment.source, reason: matchReason(segment.name) }),
      result: segmentResult(segment.name, segment.metadata),
    };
  });
  const targetingSegments = segments.filter((segment) => segment.overrides.length > 0);
  const candidatesByFeature = strongestFirst(targetingSegments);

  const identityOverrides = new Map<string, CompiledOverride<Ready>[]>();
  for (const [identifier, overrides] of parts.identityOverrides) {
    identityOverrides.set(identifier, compileOverrides(overrides, identityTarget));
  }

  // Reused by every evaluation; none can start within another. Entries beyond `touched` are undefined.
  const winners: (CompiledOverride<Ready> | undefined)[] = features.map(() => undefined);
  const touched: number[] = [];

  const keepStrongest = (overrides: readonly CompiledOverride<Ready>[]): void => {
    for (let i = 0; i < overrides.length; i++) {
      const override = overrides[i] as CompiledOverride<Ready>;
      const held = winners[override.index];
      if (held === undefined) touched.push(override.index);
      else if (override.priority >= held.priority) continue;
      winners[override.index] = override;
    }
  };

  const keepIdentityOverrides = (overrides: readonly CompiledOverride<Ready>[]): void => {
    for (let i = 0; i < overrides.length; i++) {
      const override = overrides[i] as CompiledOverride<Ready>;
      if (winners[override.index] === undefined) touched.push(override.index);
      winners[override.index] = override;
    }
  };

  /** Replaces in `answers`, which hold every feature's plain default, what splits and winners say. Forgets the winners. */
  const applyWinners = <Answer>(answers: Answer[], key: string | null, part: 'ready' | 'flag'): void => {
    if (key !== null) {
      for (let i = 0; i < splitDefaults.length; i++) {
        const index = splitDefaults[i] as number;
        if (winners[index] !== undefined) continue;
        answers[index] = choose(defaults[index] as Choice<Ready>, key)[part] as Answer;
      }
    }
    for (let i = 0; i < touched.length; i++) {
      const index = touched[i] as number;
      const winner = winners[index] as CompiledOverride<Ready>;
      winners[index] = undefined;
      answers[index] = choose(winner.choice, key)[part] as Answer;
    }
    touched.length = 0;
  };

  return {
    features,

    decide(identity) {
      const answers = defaultReady.slice();
      if (identity === null && !parts.anonymousSegments) return answers;
      const frame = newFrame(environment.key, identity);
      for (let i = 0; i < targetingSegments.length; i++) {
        const segment = targetingSegments[i] as CompiledSegment<Ready>;
        if (segment.matches(frame)) keepStrongest(segment.overrides);
      }
      const own = frame.identifier === null ? undefined : identityOverrides.get(frame.identifier);
      if (own !== undefined) keepIdentityOverrides(own);
      applyWinners(answers, frame.key, 'ready');
      return answers;
    },

    decideOne(name, identity) {
      const index = indexOfFeature.get(name);
      if (index === undefined) return undefined;
      const base = defaults[index] as Choice<Ready>;
      if (identity === null && !parts.anonymousSegments) return base.plain.ready;
      const frame = newFrame(environment.key, identity);
      const own = frame.identifier === null ? undefined : identityOverrides.get(frame.identifier);
      const override =
        own?.find((candidate) => candidate.index === index) ??
        candidatesByFeature.get(index)?.find((candidate) => candidate.segment.matches(frame))?.override;
      return choose(override?.choice ?? base, frame.key).ready;
    },

    evaluate(identity) {
      const matched: SegmentResult[] = [];
      const answers = defaultFlags.slice();
      if (identity !== null || parts.anonymousSegments) {
        const frame = newFrame(environment.key, identity);
        for (let i = 0; i < segments.length; i++) {
          const segment = segments[i] as CompiledSegment<Ready>;
          if (!segment.matches(frame)) continue;
          matched.push(segment.result);
          keepStrongest(segment.overrides);
        }
        const own = frame.identifier === null ? undefined : identityOverrides.get(frame.identifier);
        if (own !== undefined) {
          matched.push(identityOverridesSegment);
          keepIdentityOverrides(own);
        }
        applyWinners(answers, frame.key, 'flag');
      }
      const flags: EvaluationResult['flags'] = Object.create(null);
      for (let i = 0; i < answers.length; i++) {
        const flag = answers[i] as FlagResult;
        flags[flag.name] = flag;
      }
      return { flags, segments: matched };
    },
  };
}

/** What one evaluation starts with. */
export function newFrame(environmentKey: string, identity: Identity | null): Frame {
  if (identity === null) return { identifier: null, key: null, traits: noTraits, effort: effortOfOneEvaluation };
  const { identifier } = identity;
  const key = identity.key || `${environmentKey}_${identifier}`;
  return { identifier, key, traits: identity.traits ?? noTraits, effort: effortOfOneEvaluation };
}

/** What the rules of a segment are evaluated in. */
export function scopeOf({ environment, root }: Pick<EnvironmentParts, 'environment' | 'root'>, segmentKey: string) {
  return { environment, segmentKey, ...(root === undefined ? {} : { root }) };
}

/** The share of each variant, one after the other from 0. */
export function rangesOf(variants: State['variants']): { from: number; to: number }[] {
  let from = 0;
  return variants.map(({ weight }) => {
    const range = { from, to: from + weight };
    from = range.to;
    return range;
  });
}

const noTraits: ReadonlyMap<string, TraitValue> = new Map();
const identityOverridesName = 'identity_overrides';
const environmentTarget: Target = { source: 'environment', reason: 'DEFAULT' };
const identityTarget: Target = { source: 'identity', reason: matchReason(identityOverridesName) };
const identityOverridesSegment = segmentResult(identityOverridesName, { source: identityOverridesName });

/** Where an outcome comes from: the state that serves it, and which of its variants it is; null for its own value. */
export interface Origin {
  state: State;
  hit: number | null;
}

interface Target {
  source: Outcome['source'];
  reason: string;
}

interface CompiledSegment<Ready> {
  matches: Predicate;
  overrides: CompiledOverride<Ready>[];
  result: SegmentResult;
}

interface CompiledOverride<Ready> {
  /** Of its feature, in wire order. */
  index: number;
  priority: number;
  choice: Choice<Ready>;
}

/** One feature state with everything it can serve. */
interface Choice<Ready> {
  /** Where no split applies. */
  plain: Prepared<Ready>;
  split: Split<Ready> | null;
}

interface Split<Ready> {
  percentageOf(key: string): number;
  /** Where no variant is hit. */
  control: Prepared<Ready>;
  variants: { from: number; to: number; prepared: Prepared<Ready> }[];
}

interface Prepared<Ready> {
  ready: Ready;
  /** Shared by all results and therefore frozen. */
  flag: FlagResult;
}

function choose<Ready>(choice: Choice<Ready>, key: string | null): Prepared<Ready> {
  const { split } = choice;
  if (split === null || key === null) return choice.plain;
  const percentage = split.percentageOf(key);
  const { variants } = split;
  for (let i = 0; i < variants.length; i++) {
    const { from, to, prepared } = variants[i] as (typeof variants)[number];
    if (from <= percentage && percentage < to) return prepared;
  }
  return split.control;
}

function choiceOf<Ready>(
  feature: OutcomeFeature,
  state: State,
  { source, reason }: Target,
  prepare: (outcome: Outcome, origin: Origin) => Ready,
): Choice<Ready> {
  const { stateUuid, enabled, metadata } = state;
  const prepared = (value: FeatureValue, variant: string | null, why: string, hit: number | null): Prepared<Ready> => {
    const rest = metadata === undefined ? {} : { metadata };
    return {
      ready: prepare({ feature, stateUuid, source, enabled, value, variant, reason: why, ...rest }, { state, hit }),
      flag: Object.freeze({ name: feature.name, enabled, value, reason: why, variant, ...rest }),
    };
  };

  const plain = prepared(state.value, null, reason, null);
  if (state.variants.length === 0) return { plain, split: null };
  const ranges = rangesOf(state.variants);
  const variants = state.variants.map(({ value, weight, key }, index) => {
    const { from, to } = ranges[index] as (typeof ranges)[number];
    return { from, to, prepared: prepared(value, key, `SPLIT; weight=${weight}`, index) };
  });
  const control = prepared(state.value, 'control', reason, null);
  return { plain, split: { percentageOf: compileSplit(state.key), control, variants } };
}

function indexesWithVariants<Ready>(choices: readonly Choice<Ready>[]): number[] {
  return choices.flatMap((choice, index) => (choice.split === null ? [] : [index]));
}

/** By feature: who may override it, in the order in which the first that matches wins. */
function strongestFirst<Ready>(segments: readonly CompiledSegment<Ready>[]) {
  const candidates = new Map<number, { segment: CompiledSegment<Ready>; override: CompiledOverride<Ready> }[]>();
  for (const segment of segments) {
    for (const override of segment.overrides) {
      const ofFeature = candidates.get(override.index);
      if (ofFeature === undefined) candidates.set(override.index, [{ segment, override }]);
      else ofFeature.push({ segment, override });
    }
  }
  for (const ofFeature of candidates.values()) {
    ofFeature.sort((a, b) => comparePriorities(a.override.priority, b.override.priority));
  }
  return candidates;
}

/** The stronger first. Infinities are equal to themselves, which a subtraction would not find. */
export function comparePriorities(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function matchReason(segmentName: string): string {
  return `TARGETING_MATCH; segment=${segmentName}`;
}

function segmentResult(name: string, metadata: Record<string, unknown> | undefined): SegmentResult {
  return Object.freeze(metadata === undefined ? { name } : { name, metadata });
}
