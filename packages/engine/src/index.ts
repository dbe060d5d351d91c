export { checkCondition } from './check.ts';
export { compileContext, evaluateContext } from './contexts.ts';
export { compileDocument, explainDocument } from './documents.ts';
export {
  type ConditionExplanation,
  type Explainer,
  type Explanation,
  explainSegment,
  type FeatureExplanation,
  type RuleExplanation,
  type SegmentExplanation,
  type Step,
} from './explain.ts';
export { splitPercentage } from './hash.ts';
export type { CompiledEnvironment, Identity, Outcome, OutcomeFeature } from './outcome.ts';
