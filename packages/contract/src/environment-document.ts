import type { FeatureValue, Operator, RuleType } from './evaluation.ts';

/**
 * One environment at one version as local-evaluation SDKs download it.
 * Arrays are never null, ids are positive and fit 31 bits, times are RFC 3339 with `+00:00` and microseconds:
 * the Java, Go and Rust SDKs refuse anything else.
 */
export interface EnvironmentDocument {
  id: number;
  /** The client-side key; also the seed of identity keys and the path of the realtime stream. */
  api_key: string;
  name: string;
  updated_at: string;
  allow_client_traits: boolean;
  hide_sensitive_data: boolean;
  /** null inherits the project's setting. */
  hide_disabled_flags: boolean | null;
  use_identity_composite_key_for_hashing: boolean;
  use_identity_overrides_in_local_eval: boolean;
  project: DocumentProject;
  /** The environment's own state of each feature, in wire order (ascending feature-state id). */
  feature_states: DocumentFeatureState[];
  identity_overrides: DocumentIdentityOverride[];
}

export interface DocumentProject {
  id: number;
  name: string;
  hide_disabled_flags: boolean;
  enable_realtime_updates: boolean;
  server_key_only_feature_ids: number[];
  organisation: {
    id: number;
    name: string;
    feature_analytics: boolean;
    stop_serving_flags: boolean;
    persist_trait_data: boolean;
  };
  segments: DocumentSegment[];
}

export interface DocumentSegment {
  id: number;
  name: string;
  rules: DocumentRule[];
  /** Overrides that this segment has in this environment. */
  feature_states: DocumentFeatureState[];
}

export interface DocumentRule {
  type: RuleType;
  rules: DocumentRule[];
  conditions: DocumentCondition[];
}

export interface DocumentCondition {
  operator: Operator;
  /** A trait key or a JSONPath that starts with `$.`; null or empty for a percentage split over identities. */
  property_: string | null;
  value: string | null;
}

export interface DocumentFeatureState {
  feature: { id: number; name: string; type: 'STANDARD' | 'MULTIVARIATE' };
  enabled: boolean;
  /** The control value where the feature is multivariate. */
  feature_state_value: FeatureValue;
  /** Lineage seed: the id of the first state of this feature, environment and segment. Null for identity overrides. */
  django_id: number | null;
  featurestate_uuid: string;
  feature_segment: { priority: number } | null;
  /** Ascending id, because one SDK buckets in document order. */
  multivariate_feature_state_values: DocumentVariant[];
}

export interface DocumentVariant {
  id: number | null;
  mv_fs_value_uuid: string;
  percentage_allocation: number;
  multivariate_feature_option: { id: number; value: FeatureValue; key: string | null };
}

export interface DocumentIdentityOverride {
  identifier: string;
  identity_uuid: string;
  django_id: number | null;
  environment_api_key: string;
  composite_key: string;
  created_date: string;
  dashboard_alias: string | null;
  identity_traits: [];
  identity_features: DocumentFeatureState[];
}

/**
 * What the publisher hands to every Edge: the document, and what only the SDK-facing API needs beside it.
 * Never sent to an SDK as it is: `serverKeys` and `details` are ours.
 */
export interface PublishedEnvironment {
  environmentId: number;
  /** Grows by one with each change; a reader never goes back to a lower one. */
  version: number;
  document: EnvironmentDocument;
  /** Server-side keys that may open this environment; a request is compared by the SHA-256 (hex) of its key. */
  serverKeys: { sha256: string; active: boolean; expiresAt: string | null }[];
  /** By feature id: the descriptive fields that `/flags/` and `/identities/` show beside the value. */
  features: Record<string, PublishedFeature>;
  /** By `featurestate_uuid`: the row that serves it. */
  stateIds: Record<string, { id: number; featureSegmentId: number | null }>;
}

export interface PublishedFeature {
  createdDate: string;
  description: string | null;
  initialValue: string | null;
  defaultEnabled: boolean;
}
