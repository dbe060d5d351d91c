/** A flag's or a trait's value as it travels: JSON scalar. */
export type FeatureValue = string | number | boolean | null;
export type TraitValue = string | number | boolean | null;

export const operators = [
  'EQUAL',
  'NOT_EQUAL',
  'GREATER_THAN',
  'GREATER_THAN_INCLUSIVE',
  'LESS_THAN',
  'LESS_THAN_INCLUSIVE',
  'CONTAINS',
  'NOT_CONTAINS',
  'REGEX',
  'PERCENTAGE_SPLIT',
  'MODULO',
  'IS_SET',
  'IS_NOT_SET',
  'IN',
] as const;
export type Operator = (typeof operators)[number];

export const ruleTypes = ['ALL', 'ANY', 'NONE'] as const;
export type RuleType = (typeof ruleTypes)[number];

/**
 * Everything an evaluation needs, in the shape that the SDK engines and their published test cases share.
 * Readers accept what they do not know: an unknown operator or rule type never matches.
 */
export interface EvaluationContext {
  environment: { key: string; name: string };
  identity?: IdentityContext | null;
  segments?: Record<string, SegmentContext>;
  features?: Record<string, FeatureContext>;
}

export interface IdentityContext {
  identifier: string;
  /** Seed of percentage splits and variants; `<environment key>_<identifier>` when missing or empty. */
  key?: string | null;
  traits?: Record<string, TraitValue> | null;
}

export interface SegmentContext {
  key: string;
  name: string;
  rules: SegmentRuleContext[];
  overrides?: FeatureContext[];
  metadata?: Record<string, unknown>;
}

export interface SegmentRuleContext {
  type: RuleType;
  conditions?: SegmentConditionContext[];
  rules?: SegmentRuleContext[];
}

export interface SegmentConditionContext {
  operator: Operator;
  property: string;
  /** Text for every operator; `IN` also takes a list. */
  value: string | string[] | null;
}

export interface FeatureContext {
  /** Seed of variants: the lineage of the feature state, so that an edit does not move anybody to another variant. */
  key: string;
  name: string;
  enabled: boolean;
  value: FeatureValue;
  variants?: VariantContext[];
  /** Lower is stronger; missing is weakest. */
  priority?: number | null;
  metadata?: Record<string, unknown>;
}

export interface VariantContext {
  value: FeatureValue;
  /** Percent, 0 to 100. */
  weight: number;
  priority: number;
  key?: string | null;
}

export interface EvaluationResult {
  flags: Record<string, FlagResult>;
  /** Segments that matched, in the order of the context. */
  segments: SegmentResult[];
}

export interface FlagResult {
  name: string;
  enabled: boolean;
  value: FeatureValue;
  /** `DEFAULT`, `TARGETING_MATCH; segment=<name>` or `SPLIT; weight=<percent>`. */
  reason: string;
  /** Key of the variant, `control`, or null where no split applied or the variant has no key. */
  variant: string | null;
  metadata?: Record<string, unknown>;
}

export interface SegmentResult {
  name: string;
  metadata?: Record<string, unknown>;
}
