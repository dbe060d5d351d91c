import type { EvaluationResult, FeatureValue, TraitValue } from '@halyard/contract';

/** Who is asking. `key` seeds percentage splits and variants; `<environment key>_<identifier>` when missing or empty. */
export interface Identity {
  identifier: string;
  key?: string | null;
  traits?: ReadonlyMap<string, TraitValue>;
}

/** A feature as an outcome names it. For contexts the id is `metadata.id`, or 0 where there is none. */
export interface OutcomeFeature {
  id: number;
  name: string;
  type: 'STANDARD' | 'MULTIVARIATE';
}

/** One thing a feature can serve: its default, one override, or one variant of either. Everything known at compile time. */
export interface Outcome {
  feature: OutcomeFeature;
  /** `featurestate_uuid` of the document's feature state that serves it; '' for contexts. */
  stateUuid: string;
  source: 'environment' | 'segment' | 'identity';
  enabled: boolean;
  value: FeatureValue;
  /** Key of the variant, `control`, or null where no split applied or the variant has no key. */
  variant: string | null;
  /** `DEFAULT`, `TARGETING_MATCH; segment=<name>` or `SPLIT; weight=<percent>`. */
  reason: string;
  /** Only if not empty. */
  metadata?: Record<string, unknown>;
}

/** One environment at one version, ready to answer. Never throws, whatever identity it is asked about. */
export interface CompiledEnvironment<Ready = Outcome> {
  /** Features in wire order. */
  readonly features: readonly OutcomeFeature[];
  /**
   * One prepared outcome per feature, in wire order, in a fresh array.
   * Null for a document means the environment's defaults: no segment is evaluated. Null for a context evaluates segments.
   */
  decide(identity: Identity | null): Ready[];
  /** The outcome of one feature by its exact name, evaluating only the segments that can touch it; undefined when there is no such feature. */
  decideOne(name: string, identity: Identity | null): Ready | undefined;
  /** The whole result, with every segment that matched. `flags` has no prototype, so any feature name is safe in it. */
  evaluate(identity: Identity | null): EvaluationResult;
}
