import type { FeatureValue, SegmentRuleContext, TraitValue } from '@halyard/contract';
import {
  comparePriorities,
  compileEnvironment,
  type EnvironmentParts,
  newFrame,
  type Origin,
  rangesOf,
  type SegmentParts,
  type State,
  scopeOf,
} from './compile.ts';
import { type Condition, compileSegment, compileSight, type Predicate, type Rule, type Watch } from './conditions.ts';
import { compileSplit } from './hash.ts';
import type { Identity, Outcome, OutcomeFeature } from './outcome.ts';
import { readRules } from './rules.ts';
import type { Frame } from './values.ts';

/** A compiled environment that says why. */
export interface Explainer {
  /** Features in wire order. */
  readonly features: readonly OutcomeFeature[];
  /** What `decide` answers for the identity, and how it came about. */
  explain(identity: Identity | null): Explanation;
}

export interface Explanation {
  /** What splits hash: the identity's key; null where nobody is asking. */
  key: string | null;
  /** The segments that override a feature, in the order of the document; none where nobody is asking. */
  segments: SegmentExplanation[];
  /** In wire order. */
  features: FeatureExplanation[];
}

export interface FeatureExplanation {
  outcome: Outcome;
  /** The environment's own state, each segment override with the strongest first, the identity's, the split of what won. */
  steps: Step[];
}

export type Step =
  | { kind: 'environment'; result: StepResult; state: ServedState }
  | {
      kind: 'segment';
      result: StepResult;
      state: ServedState;
      priority: number;
      segment: { key: string; name: string };
    }
  | { kind: 'identity'; result: StepResult; state: ServedState }
  | SplitStep;

/** `skipped` where nobody is asking, so that no segment is looked at. */
export type StepResult = 'wins' | 'outranked' | 'no match' | 'skipped';

export interface ServedState {
  stateUuid: string;
  enabled: boolean;
  /** The control value where there are variants. */
  value: FeatureValue;
}

/** In which variant's range the identity falls. */
export interface SplitStep {
  kind: 'split';
  /** What is hashed together with the identity's key. */
  seed: string;
  percentage: number;
  variants: { key: string | null; value: FeatureValue; weight: number; from: number; to: number; hit: boolean }[];
}

export interface SegmentExplanation {
  key: string;
  name: string;
  matched: boolean;
  rules: RuleExplanation[];
}

/** `reached` is false where the answer was certain before this part was looked at. */
export interface RuleExplanation {
  type: string;
  matched: boolean;
  reached: boolean;
  conditions: ConditionExplanation[];
  rules: RuleExplanation[];
}

export interface ConditionExplanation {
  operator: string;
  property: string;
  value: string | readonly string[] | null;
  matched: boolean;
  reached: boolean;
  /** What the property stands for; null where nothing is set. */
  actual: TraitValue;
  /** Where a percentage split puts it, of 100. */
  percentage: number | null;
}

/** Compiles an environment with a watch on all its segments, rules and conditions. */
export function createExplainer(parts: EnvironmentParts): Explainer {
  const record = createRecord();
  const environment = compileEnvironment(parts, (outcome, origin) => ({ outcome, origin }), record.watch);
  const targeting = parts.segments.filter((segment) =>
    segment.overrides.some(({ featureName }) => environment.features.some(({ name }) => name === featureName)),
  );
  const candidates = candidatesOf(parts);

  return {
    features: environment.features,
    explain(identity) {
      record.clear();
      const decided = environment.decide(identity);
      record.close();
      const isAsked = identity !== null || parts.anonymousSegments;
      // For what was not reached: shared, so that hostile rules cost no more than an evaluation.
      const frame = newFrame(parts.environment.key, identity);
      const segments = isAsked ? targeting.map((segment) => tellSegment(segment, parts, record, frame)) : [];
      const matching = new Set(targeting.filter((segment) => record.answerOf(segment) === true));
      const own = identity === null ? undefined : parts.identityOverrides.get(identity.identifier);
      return {
        key: frame.key,
        segments,
        features: decided.map(({ outcome, origin }, index): FeatureExplanation => {
          const { name } = outcome.feature;
          const resultOf = (state: State, matches: boolean): StepResult =>
            state === origin.state ? 'wins' : matches ? 'outranked' : isAsked ? 'no match' : 'skipped';
          const base = parts.features[index]?.state as State;
          const ownState = own?.find(({ featureName }) => featureName === name)?.state;
          const steps: Step[] = [{ kind: 'environment', result: resultOf(base, true), state: shownState(base) }];
          for (const { segment, priority, state } of candidates.get(name) ?? []) {
            const { key, name } = segment;
            const result = resultOf(state, matching.has(segment));
            steps.push({ kind: 'segment', result, state: shownState(state), priority, segment: { key, name } });
          }
          if (ownState !== undefined) {
            steps.push({ kind: 'identity', result: resultOf(ownState, true), state: shownState(ownState) });
          }
          const split = splitOf(origin, frame.key);
          return { outcome, steps: split === null ? steps : [...steps, split] };
        }),
      };
    },
  };
}

/** Explains whether an identity is in a segment, which need not be saved. Conditions are spelled as in a context. Never throws. */
export function explainSegment(
  segment: { key: string; name: string; rules: readonly SegmentRuleContext[] },
  environment: { key: string; name: string },
  identity: Identity,
): SegmentExplanation {
  const record = createRecord();
  const rules = readRules(segment.rules, 'property');
  const parts: SegmentParts = { ...segment, rules, metadata: undefined, overrides: [], source: 'segment' };
  const matches = record.watch(parts, compileSegment(rules, scopeOf({ environment }, segment.key), record.watch));
  matches(newFrame(environment.key, identity));
  record.close();
  return tellSegment(parts, { environment }, record, newFrame(environment.key, identity));
}

type Part = SegmentParts | Rule | Condition;

/** What every part answered while the record was open. */
interface Recording {
  watch: Watch<Part>;
  /** Forgets everything and records again. */
  clear(): void;
  close(): void;
  /** Undefined where the part was not reached. */
  answerOf(part: Part): boolean | undefined;
  /** Asks a part that was not reached. */
  ask(part: Part, frame: Frame): boolean;
}

function createRecord(): Recording {
  const predicates = new Map<Part, Predicate>();
  const answers = new Map<Part, boolean>();
  let open = true;
  return {
    watch(part, predicate) {
      predicates.set(part, predicate);
      return (frame) => {
        const answer = predicate(frame);
        if (open) answers.set(part, answer);
        return answer;
      };
    },
    clear() {
      answers.clear();
      open = true;
    },
    close() {
      open = false;
    },
    answerOf: (part) => answers.get(part),
    ask: (part, frame) => predicates.get(part)?.(frame) ?? false,
  };
}

function tellSegment(
  segment: SegmentParts,
  parts: Pick<EnvironmentParts, 'environment' | 'root'>,
  record: Recording,
  frame: Frame,
): SegmentExplanation {
  const scope = scopeOf(parts, segment.key);
  const answered = (part: Part) => {
    const answer = record.answerOf(part);
    return { matched: answer ?? record.ask(part, frame), reached: answer !== undefined };
  };
  const tellRule = (rule: Rule | null): RuleExplanation => {
    if (rule === null) return { type: '', matched: false, reached: true, conditions: [], rules: [] };
    return {
      type: rule.type,
      ...answered(rule),
      conditions: rule.conditions.map((condition): ConditionExplanation => {
        const { operator, property, value } = condition ?? { operator: '', property: '', value: null };
        if (condition === null)
          return { operator, property, value, matched: false, reached: true, actual: null, percentage: null };
        return { operator, property, value, ...answered(condition), ...compileSight(condition, scope)(frame) };
      }),
      rules: rule.rules.map(tellRule),
    };
  };
  const { key, name } = segment;
  return { key, name, matched: answered(segment).matched, rules: segment.rules.map(tellRule) };
}

/** By feature: the segment overrides, the strongest first. */
function candidatesOf(parts: EnvironmentParts) {
  const all = parts.segments.flatMap((segment) => segment.overrides.map((override) => ({ segment, ...override })));
  all.sort((a, b) => comparePriorities(a.priority, b.priority));
  return Map.groupBy(all, ({ featureName }) => featureName);
}

function splitOf({ state, hit }: Origin, key: string | null): SplitStep | null {
  if (state.variants.length === 0 || key === null) return null;
  const ranges = rangesOf(state.variants);
  return {
    kind: 'split',
    seed: state.key,
    percentage: compileSplit(state.key)(key),
    variants: state.variants.map(({ key, value, weight }, index) => {
      const { from, to } = ranges[index] as (typeof ranges)[number];
      return { key, value, weight, from, to, hit: index === hit };
    }),
  };
}

function shownState({ stateUuid, enabled, value }: State): ServedState {
  return { stateUuid, enabled, value };
}
