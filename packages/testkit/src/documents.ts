import { createHash } from 'node:crypto';
import type {
  DocumentCondition,
  DocumentFeatureState,
  DocumentIdentityOverride,
  DocumentProject,
  DocumentSegment,
  DocumentVariant,
  EnvironmentDocument,
  FeatureValue,
  PublishedEnvironment,
  PublishedFeature,
} from '@halyard/contract';

export interface FeatureStateParts {
  /** The same name is the same feature everywhere: its id follows from the name unless `featureId` says otherwise. */
  name?: string;
  featureId?: number;
  enabled?: boolean;
  value?: FeatureValue;
  /** Lineage seed; generated where it is missing. */
  id?: number | null;
  /** Of a segment override; 0 is strongest. */
  priority?: number;
  /** Makes the feature multivariate. */
  variants?: DocumentVariant[];
}

/** A feature state of a document; enabled and without a value unless the parts say otherwise. */
export function aFeatureState(parts: FeatureStateParts = {}): DocumentFeatureState {
  const name = parts.name ?? 'checkout';
  const seed = nextId();
  return {
    feature: {
      id: parts.featureId ?? featureIdOf(name),
      name,
      type: parts.variants === undefined ? 'STANDARD' : 'MULTIVARIATE',
    },
    enabled: parts.enabled ?? true,
    feature_state_value: parts.value ?? null,
    django_id: parts.id === undefined ? seed : parts.id,
    featurestate_uuid: uuidOf(`state ${seed}`),
    feature_segment: parts.priority === undefined ? null : { priority: parts.priority },
    multivariate_feature_state_values: parts.variants ?? [],
  };
}

export interface VariantParts {
  value?: FeatureValue;
  weightPercent?: number;
  key?: string | null;
}

/** A weighted value of a multivariate feature; everybody's unless the parts say otherwise. */
export function aVariant(parts: VariantParts = {}): DocumentVariant {
  const id = nextId();
  return {
    id,
    mv_fs_value_uuid: uuidOf(`variant ${id}`),
    percentage_allocation: parts.weightPercent ?? 100,
    multivariate_feature_option: { id, value: parts.value ?? 'variant', key: parts.key ?? null },
  };
}

export interface SegmentParts {
  id?: number;
  name?: string;
  /** Conditions that must all hold; everybody is in the segment where there are none. */
  when?: DocumentCondition[];
  overrides?: DocumentFeatureState[];
}

/** A segment of a document, with its overrides in the environment. */
export function aSegment(parts: SegmentParts = {}): DocumentSegment {
  return {
    id: parts.id ?? nextId(),
    name: parts.name ?? 'everybody',
    rules: [{ type: 'ALL', rules: [], conditions: parts.when ?? [] }],
    feature_states: parts.overrides ?? [],
  };
}

/** One identity's overrides. */
export function anIdentityOverride(
  identifier: string,
  features: DocumentFeatureState[],
  parts: { id?: number; environmentKey?: string } = {},
): DocumentIdentityOverride {
  const environmentKey = parts.environmentKey ?? 'clientkey';
  return {
    identifier,
    identity_uuid: uuidOf(`identity ${identifier}`),
    django_id: parts.id ?? nextId(),
    environment_api_key: environmentKey,
    composite_key: `${environmentKey}_${identifier}`,
    created_date: '2026-01-01T00:00:00.000000+00:00',
    dashboard_alias: null,
    identity_traits: [],
    identity_features: features,
  };
}

export type DocumentParts = Partial<Omit<EnvironmentDocument, 'project'>> & {
  project?: Partial<Omit<DocumentProject, 'organisation'>>;
  organisation?: Partial<DocumentProject['organisation']>;
};

/** An environment's document: one feature `checkout`, no segments, unless the parts say otherwise. */
export function aDocument(parts: DocumentParts = {}): EnvironmentDocument {
  const { project, organisation, ...environment } = parts;
  return {
    id: 7,
    api_key: 'clientkey',
    name: 'Production',
    updated_at: '2026-01-02T03:04:05.678901+00:00',
    allow_client_traits: true,
    hide_sensitive_data: false,
    hide_disabled_flags: null,
    use_identity_composite_key_for_hashing: true,
    use_identity_overrides_in_local_eval: true,
    feature_states: [aFeatureState()],
    identity_overrides: [],
    ...environment,
    project: {
      id: 3,
      name: 'Shop',
      hide_disabled_flags: false,
      enable_realtime_updates: true,
      server_key_only_feature_ids: [],
      segments: [],
      ...project,
      organisation: {
        id: 1,
        name: 'Acme',
        feature_analytics: false,
        stop_serving_flags: false,
        persist_trait_data: true,
        ...organisation,
      },
    },
  };
}

export interface PublishedParts {
  version?: number;
  document?: EnvironmentDocument;
  /** In clear; stored as their SHA-256. */
  serverKeys?: (string | { key: string; active?: boolean; expiresAt?: string | null })[];
  /** By feature name. */
  features?: Record<string, Partial<PublishedFeature>>;
}

/** What a publisher hands on; opened by the server key `ser.key` unless the parts say otherwise. */
export function aPublished(parts: PublishedParts = {}): PublishedEnvironment {
  const document = parts.document ?? aDocument();
  const states = [
    ...document.feature_states,
    ...document.project.segments.flatMap((segment) => segment.feature_states),
    ...document.identity_overrides.flatMap((override) => override.identity_features),
  ];
  const features: PublishedEnvironment['features'] = {};
  for (const { feature } of document.feature_states) {
    features[String(feature.id)] = {
      createdDate: '2024-05-01T10:00:00.000001Z',
      description: null,
      initialValue: null,
      defaultEnabled: false,
      ...parts.features?.[feature.name],
    };
  }
  const stateIds: PublishedEnvironment['stateIds'] = {};
  for (const state of states) {
    const id = state.django_id ?? nextId();
    stateIds[state.featurestate_uuid] = { id, featureSegmentId: state.feature_segment === null ? null : id + 1000 };
  }
  return {
    environmentId: document.id,
    version: parts.version ?? 1,
    document,
    serverKeys: (parts.serverKeys ?? ['ser.key']).map((given) => {
      const key = typeof given === 'string' ? { key: given } : given;
      return {
        sha256: createHash('sha256').update(key.key).digest('hex'),
        active: key.active ?? true,
        expiresAt: key.expiresAt ?? null,
      };
    }),
    features,
    stateIds,
  };
}

let lastId = 100;
function nextId(): number {
  return ++lastId;
}

const featureIds = new Map<string, number>();
function featureIdOf(name: string): number {
  const known = featureIds.get(name);
  if (known !== undefined) return known;
  const id = featureIds.size + 1;
  featureIds.set(name, id);
  return id;
}

function uuidOf(seed: string): string {
  const hex = createHash('sha256').update(seed).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
