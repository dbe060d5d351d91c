import type { LightEnvironment } from '@halyard/contract';
import type { Selectable } from 'kysely';
import type { EnvironmentTable } from '../db/tables.ts';

/** An environment's row as lists and webhooks show it. */
export function shownEnvironment(row: Selectable<EnvironmentTable>): LightEnvironment {
  return {
    id: row.id,
    uuid: row.uuid,
    name: row.name,
    api_key: row.api_key,
    description: row.description,
    project: row.project_id,
    minimum_change_request_approvals: row.minimum_change_request_approvals,
    allow_client_traits: row.allow_client_traits === 1,
    banner_text: row.banner_text,
    banner_colour: row.banner_colour,
    hide_disabled_flags: row.hide_disabled_flags === null ? null : row.hide_disabled_flags === 1,
    use_identity_composite_key_for_hashing: row.use_identity_composite_key_for_hashing === 1,
    use_mv_v2_evaluation: row.use_identity_composite_key_for_hashing === 1,
    hide_sensitive_data: row.hide_sensitive_data === 1,
    use_v2_feature_versioning: row.use_v2_feature_versioning === 1,
    use_identity_overrides_in_local_eval: row.use_identity_overrides_in_local_eval === 1,
    is_creating: row.is_creating === 1,
  };
}
