import type { Project } from '@halyard/contract';
import type { Selectable } from 'kysely';
import type { ProjectTable } from '../db/tables.ts';

/** A project's row as lists and webhooks show it. */
export function shownProject(row: Selectable<ProjectTable>): Project {
  return {
    id: row.id,
    uuid: row.uuid,
    name: row.name,
    organisation: row.organisation_id,
    hide_disabled_flags: row.hide_disabled_flags === 1,
    prevent_flag_defaults: row.prevent_flag_defaults === 1,
    enable_realtime_updates: row.enable_realtime_updates === 1,
    only_allow_lower_case_feature_names: row.only_allow_lower_case_feature_names === 1,
    feature_name_regex: row.feature_name_regex,
    stale_flags_limit_days: row.stale_flags_limit_days,
    minimum_change_request_approvals: row.minimum_change_request_approvals,
    enforce_feature_owners: row.enforce_feature_owners === 1,
    enable_dynamo_db: false,
    use_edge_identities: false,
    show_edge_identity_overrides_for_feature: false,
    migration_status: 'NOT_APPLICABLE',
    edge_v2_migration_status: 'NOT_STARTED',
  };
}
