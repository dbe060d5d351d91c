import type { FeatureValue, TraitValue } from '@halyard/contract';

/** Who hears, beside the SDK that asked, which flags an identity is served. */
export interface EvaluationListener {
  /**
   * Null where nobody wants to hear of an environment; otherwise a text that is another one as soon as somebody else does,
   * who then is told of everybody. Each request for an identity asks, so the answer must come from memory.
   */
  interestIn(environmentId: number): string | null;
  /** Takes over what is to be told. No request waits for it; where it rejects, these evaluations are not told. */
  hear(evaluations: readonly IdentityEvaluation[]): Promise<void>;
}

/** What one identity was served. */
export interface IdentityEvaluation {
  environmentId: number;
  identifier: string;
  /** What is stored of the identity, without the traits of a single request. None where the environment hides them. */
  traits: { id: number; key: string; value: TraitValue }[];
  /** In the order of the answer, without those that its key must not see. */
  flags: EvaluatedFlag[];
  /** The segments of the project, and whether the identity is in them. Evaluated by this call. */
  segments(): { id: number; name: string; member: boolean }[];
}

export interface EvaluatedFlag {
  name: string;
  enabled: boolean;
  value: FeatureValue;
  /** The flag as the SDK got it. */
  json: string;
  /** How many of a hundred identities are served this variant, or the control value. Null where there are no variants. */
  percentageAllocation: number | null;
}
