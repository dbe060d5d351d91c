import { createHash } from 'node:crypto';
import type {
  DocumentCondition,
  DocumentFeatureState,
  DocumentSegment,
  DocumentVariant,
  EnvironmentDocument,
  Operator,
  PublishedEnvironment,
} from '@halyard/contract';

/**
 * Workload W: 100 features of which 10 are multivariate, 20 segments with nested rules of 5 conditions each (percentage
 * splits, regular expressions and versions among them) that each override 5 features, and people with 10 traits. Every peer
 * gets the same, in its own words.
 */
export interface Workload {
  features: WorkloadFeature[];
  segments: WorkloadSegment[];
}

export interface WorkloadFeature {
  name: string;
  enabled: boolean;
  value: string | number | boolean | null;
  /** Weighted values, with the rest for the value above. */
  variants: { key: string; value: string; weightPercent: number }[];
}

export interface WorkloadSegment {
  name: string;
  /** All of these, */
  all: WorkloadCondition[];
  /** and any of these. */
  any: WorkloadCondition[];
  overrides: { featureName: string; enabled: boolean; value: string | number | boolean | null }[];
}

export interface WorkloadCondition {
  operator: Operator;
  /** Null for a percentage split over identities. */
  property: string | null;
  value: string;
}

export type Traits = Record<string, string | number | boolean>;

export const clientKey = 'benchmarkclientkey0001';

export function workload({ features: count = 100 } = {}): Workload {
  const features = range(count).map((i): WorkloadFeature => {
    const isMultivariate = i % 10 === 9;
    return {
      name: `feature_${i}`,
      enabled: i % 3 !== 0,
      value: isMultivariate ? 'control' : valueOf(i),
      variants: isMultivariate
        ? ['a', 'b', 'c'].map((key) => ({ key, value: `variant-${key}-${i}`, weightPercent: 25 }))
        : [],
    };
  });
  const segments = range(20).map((i): WorkloadSegment => {
    return {
      name: `segment_${i}`,
      all: [
        { operator: 'EQUAL', property: 'country', value: countries[i % countries.length] as string },
        { operator: 'GREATER_THAN_INCLUSIVE', property: 'age', value: String(18 + i) },
        distinctive(i),
      ],
      any: [
        { operator: 'IN', property: 'plan', value: i % 2 === 0 ? 'pro,enterprise,team' : 'free,trial' },
        { operator: 'CONTAINS', property: 'email', value: i % 2 === 0 ? '@corp.' : '.example' },
      ],
      overrides: range(5).map((n) => ({
        featureName: `feature_${i * 5 + n}`,
        enabled: true,
        value: `override-${i}-${n}`,
      })),
    };
  });
  return { features, segments };
}

function valueOf(i: number): string | number | boolean | null {
  switch (i % 4) {
    case 0:
      return null;
    case 1:
      return `value-${i}`;
    case 2:
      return i;
    default:
      return i % 8 === 3;
  }
}

/** The condition by which segments differ in kind. */
function distinctive(i: number): WorkloadCondition {
  switch (i % 4) {
    case 0:
      return { operator: 'PERCENTAGE_SPLIT', property: null, value: '50' };
    case 1:
      return { operator: 'REGEX', property: 'email', value: '.*@(corp|shop)\\.example$' };
    case 2:
      return { operator: 'GREATER_THAN_INCLUSIVE', property: 'app_version', value: '2.4.0:semver' };
    default:
      return { operator: 'NOT_EQUAL', property: 'beta', value: 'False' };
  }
}

const countries = ['DE', 'FR', 'GB', 'US', 'NL'];
const plans = ['free', 'pro', 'enterprise', 'trial', 'team'];

/** Somebody who asks; the n-th of as many as are wanted. */
export function person(n: number): { identifier: string; traits: Traits } {
  return {
    identifier: `user-${n}@shop.example`,
    traits: {
      country: countries[n % countries.length] as string,
      age: 18 + (n % 60),
      plan: plans[(n >> 2) % plans.length] as string,
      email: `user-${n}@${n % 2 === 0 ? 'corp' : 'shop'}.example`,
      app_version: `${1 + (n % 3)}.${n % 10}.${n % 7}`,
      beta: n % 2 === 0,
      logins: n % 1000,
      score: (n % 100) + 0.5,
      city: `city-${n % 50}`,
      referrer: 'newsletter',
    },
  };
}

/** The body of `POST /identities/`. */
export function identityBody({ identifier, traits }: { identifier: string; traits: Traits }): string {
  const list = Object.entries(traits).map(([trait_key, trait_value]) => ({ trait_key, trait_value }));
  return JSON.stringify({ identifier, traits: list });
}

/** W as the document that the publisher would make of it. */
export function documentOf({ features, segments }: Workload): EnvironmentDocument {
  const ids = new Map(features.map(({ name }, i) => [name, i + 1]));
  const state = (
    feature: WorkloadFeature,
    parts: { id: number; enabled: boolean; value: WorkloadFeature['value']; priority: number | null },
  ): DocumentFeatureState => ({
    feature: {
      id: ids.get(feature.name) as number,
      name: feature.name,
      type: feature.variants.length > 0 ? 'MULTIVARIATE' : 'STANDARD',
    },
    enabled: parts.enabled,
    feature_state_value: parts.value,
    django_id: parts.id,
    featurestate_uuid: uuidOf(`state ${parts.id}`),
    feature_segment: parts.priority === null ? null : { priority: parts.priority },
    multivariate_feature_state_values:
      parts.priority === null
        ? feature.variants.map(({ key, value, weightPercent }, i): DocumentVariant => {
            const id = parts.id * 10 + i;
            return {
              id,
              mv_fs_value_uuid: uuidOf(`variant ${id}`),
              percentage_allocation: weightPercent,
              multivariate_feature_option: { id, value, key },
            };
          })
        : [],
  });
  const byName = new Map(features.map((feature) => [feature.name, feature]));
  const condition = ({ operator, property, value }: WorkloadCondition): DocumentCondition => ({
    operator,
    property_: property,
    value,
  });
  return {
    id: 1,
    api_key: clientKey,
    name: 'Production',
    updated_at: '2026-01-02T03:04:05.678901+00:00',
    allow_client_traits: true,
    hide_sensitive_data: false,
    hide_disabled_flags: null,
    use_identity_composite_key_for_hashing: true,
    use_identity_overrides_in_local_eval: true,
    identity_overrides: [],
    feature_states: features.map((feature, i) =>
      state(feature, { id: i + 1, enabled: feature.enabled, value: feature.value, priority: null }),
    ),
    project: {
      id: 1,
      name: 'Shop',
      hide_disabled_flags: false,
      enable_realtime_updates: true,
      server_key_only_feature_ids: [],
      organisation: {
        id: 1,
        name: 'Acme',
        feature_analytics: false,
        stop_serving_flags: false,
        persist_trait_data: true,
      },
      segments: segments.map(
        (segment, i): DocumentSegment => ({
          id: i + 1,
          name: segment.name,
          rules: [
            {
              type: 'ALL',
              conditions: [],
              rules: [
                { type: 'ALL', conditions: segment.all.map(condition), rules: [] },
                { type: 'ANY', conditions: segment.any.map(condition), rules: [] },
              ],
            },
          ],
          feature_states: segment.overrides.map(({ featureName, enabled, value }, n) =>
            state(byName.get(featureName) as WorkloadFeature, { id: 1000 + i * 10 + n, enabled, value, priority: i }),
          ),
        }),
      ),
    },
  };
}

/** The document with what the SDK-facing API adds to it. */
export function publishedOf(document: EnvironmentDocument): PublishedEnvironment {
  const states = [...document.feature_states, ...document.project.segments.flatMap((one) => one.feature_states)];
  return {
    environmentId: document.id,
    version: 1,
    document,
    serverKeys: [],
    features: Object.fromEntries(
      document.feature_states.map(({ feature }) => [
        feature.id,
        { createdDate: '2026-01-01T10:00:00.000001Z', description: null, initialValue: null, defaultEnabled: false },
      ]),
    ),
    stateIds: Object.fromEntries(
      states.map((state) => [
        state.featurestate_uuid,
        { id: state.django_id as number, featureSegmentId: state.feature_segment === null ? null : 1 },
      ]),
    ),
  };
}

export function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function uuidOf(seed: string): string {
  const hex = createHash('sha256').update(seed).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
