import type {
  DocumentFeatureState,
  DocumentIdentityOverride,
  DocumentSegment,
  DocumentVariant,
  PublishedEnvironment,
} from '@halyard/contract';
import { type EnvironmentRows, rulesOf } from './store.ts';
import { valueOfColumns } from '../db/values.ts';

/** Makes the publication of an environment from its rows. Pure: the same rows give the same document. */
export function buildPublished(rows: EnvironmentRows): PublishedEnvironment {
  const { environment, features } = rows;
  const states = groupStates(rows);
  return {
    environmentId: environment.id,
    version: environment.version,
    document: {
      id: environment.id,
      api_key: environment.api_key,
      name: environment.name,
      updated_at: withOffset(environment.updated_at),
      allow_client_traits: environment.allow_client_traits === 1,
      hide_sensitive_data: environment.hide_sensitive_data === 1,
      hide_disabled_flags: environment.hide_disabled_flags === null ? null : environment.hide_disabled_flags === 1,
      // One way to bucket people everywhere: local evaluation and Edge know no other.
      use_identity_composite_key_for_hashing: true,
      use_identity_overrides_in_local_eval: environment.use_identity_overrides_in_local_eval === 1,
      project: {
        id: environment.project_id,
        name: environment.project_name,
        hide_disabled_flags: environment.project_hide_disabled_flags === 1,
        enable_realtime_updates: environment.enable_realtime_updates === 1,
        server_key_only_feature_ids: features
          .filter((feature) => feature.is_server_key_only === 1)
          .map((feature) => feature.id),
        organisation: {
          id: environment.organisation_id,
          name: environment.organisation_name,
          feature_analytics: environment.feature_analytics === 1,
          stop_serving_flags: environment.stop_serving_flags === 1,
          persist_trait_data: environment.persist_trait_data === 1,
        },
        segments: buildSegments(rows, states.bySegment),
      },
      feature_states: states.own,
      identity_overrides: buildIdentityOverrides(rows, states.byIdentity),
    },
    serverKeys: rows.keys.map((key) => ({ sha256: key.key_hash, active: key.active === 1, expiresAt: key.expires_at })),
    features: Object.fromEntries(
      features.map((feature) => [
        feature.id,
        {
          createdDate: feature.created_date,
          description: feature.description,
          initialValue: feature.initial_value,
          defaultEnabled: feature.default_enabled === 1,
        },
      ]),
    ),
    stateIds: Object.fromEntries(
      rows.states.map((state) => [state.uuid, { id: state.id, featureSegmentId: state.feature_segment_id }]),
    ),
  };
}

function groupStates(rows: EnvironmentRows) {
  const features = new Map(
    rows.features.map((feature) => [feature.id, { id: feature.id, name: feature.name, type: feature.type }]),
  );
  const variants = Map.groupBy(rows.variants, (variant) => variant.feature_state_id);
  const own: DocumentFeatureState[] = [];
  const bySegment = new Map<number, DocumentFeatureState[]>();
  const byIdentity = new Map<number, DocumentFeatureState[]>();
  for (const state of rows.states) {
    const feature = features.get(state.feature_id);
    if (feature === undefined) continue;
    const weights: DocumentVariant[] = (variants.get(state.id) ?? []).map((variant) => ({
      id: variant.id,
      mv_fs_value_uuid: variant.uuid,
      percentage_allocation: variant.percentage_allocation,
      multivariate_feature_option: { id: variant.option_id, value: valueOfColumns(variant), key: variant.key },
    }));
    const pinned =
      state.identity_id === null ? undefined : weights.find((weight) => weight.percentage_allocation === 100);
    const built: DocumentFeatureState = {
      feature,
      enabled: state.enabled === 1,
      // Some SDKs drop the variants of identity overrides: a pinned variant's value stands in the value as well.
      feature_state_value: pinned === undefined ? valueOfColumns(state) : pinned.multivariate_feature_option.value,
      django_id: state.identity_id === null ? state.lineage_id : null,
      featurestate_uuid: state.uuid,
      feature_segment: state.priority === null ? null : { priority: state.priority },
      multivariate_feature_state_values: weights,
    };
    if (state.identity_id !== null) append(byIdentity, state.identity_id, built);
    else if (state.segment_id !== null) append(bySegment, state.segment_id, built);
    else own.push(built);
  }
  return { own, bySegment, byIdentity };
}

/** A segment that is made for one feature travels only where it overrides it. */
function buildSegments(rows: EnvironmentRows, states: Map<number, DocumentFeatureState[]>): DocumentSegment[] {
  return rows.segments
    .filter((segment) => segment.feature_id === null || states.has(segment.id))
    .map((segment) => ({
      id: segment.id,
      name: segment.name,
      rules: rulesOf(segment.rules),
      feature_states: states.get(segment.id) ?? [],
    }));
}

function buildIdentityOverrides(
  rows: EnvironmentRows,
  states: Map<number, DocumentFeatureState[]>,
): DocumentIdentityOverride[] {
  const { api_key } = rows.environment;
  const identities = new Map<number, { identifier: string; created: string }>();
  for (const state of rows.states) {
    if (state.identity_id !== null && state.identifier !== null && state.identity_created_date !== null) {
      identities.set(state.identity_id, { identifier: state.identifier, created: state.identity_created_date });
    }
  }
  return [...identities].map(([id, { identifier, created }]) => ({
    identifier,
    identity_uuid: uuidOfIdentity(id),
    django_id: id,
    environment_api_key: api_key,
    composite_key: `${api_key}_${identifier}`,
    created_date: withOffset(created),
    dashboard_alias: null,
    identity_traits: [],
    identity_features: states.get(id) ?? [],
  }));
}

/** Identities have integer ids here; the document wants a uuid beside it, so the id is written as one. */
function uuidOfIdentity(id: number): string {
  return `00000000-0000-4000-8000-${id.toString(16).padStart(12, '0')}`;
}

/** Go and Java read the offset as digits. */
function withOffset(time: string): string {
  return time.replace('Z', '+00:00');
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
