import type { Database } from '../tables.ts';
import { createTables, indexes } from './columns.ts';

/**
 * Versions of what a feature serves in an environment: complete snapshots beside the live rows. A snapshot's weights are
 * rows, so that variants come and go in drafts as they do in live states.
 */
export async function up(db: Database): Promise<void> {
  await createTables(db, ({ id, integer, double, text, varchar, uuid, time, bit, reference, optional }) => ({
    feature_versions: {
      id,
      uuid,
      environment_id: reference('environments'),
      feature_id: reference('features'),
      description: optional(text),
      published: bit,
      live_from: optional(time),
      applied_at: optional(time),
      replaced_at: optional(time),
      created_at: time,
      updated_at: time,
      created_by: optional(integer),
      created_by_master_key: optional(integer),
      published_by: optional(integer),
      published_by_master_key: optional(integer),
    },
    version_states: {
      id,
      uuid,
      version_id: reference('feature_versions'),
      segment_id: optional(reference('segments')),
      priority: optional(integer),
      enabled: bit,
      value_type: varchar(10),
      string_value: optional(text),
      integer_value: optional(integer),
      boolean_value: optional(bit),
      created_at: time,
      updated_at: time,
    },
    version_state_variants: {
      id,
      version_state_id: reference('version_states'),
      multivariate_option_id: reference('multivariate_options'),
      percentage_allocation: double,
    },
  }));

  await indexes(db, {
    unique: [
      ['feature_versions', 'uuid'],
      ['version_states', 'uuid'],
      ['version_state_variants', 'version_state_id', 'multivariate_option_id'],
    ],
    plain: [
      ['feature_versions', 'environment_id', 'feature_id', 'id'],
      ['feature_versions', 'feature_id', 'replaced_at'],
      ['version_states', 'version_id', 'segment_id'],
      ['version_states', 'segment_id'],
      ['version_state_variants', 'multivariate_option_id'],
    ],
  });
}
