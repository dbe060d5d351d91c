import type { Database } from '../tables.ts';
import { createTables, indexes } from './columns.ts';

/** Imports from LaunchDarkly; and indexes of lists that read every row of their parent: see bench/lists.ts. */
export async function up(db: Database): Promise<void> {
  await createTables(db, ({ id, text, varchar, integer, time, reference, optional }) => ({
    launch_darkly_imports: {
      id,
      project_id: reference('projects'),
      open_project_id: optional(integer),
      project_key: varchar(255),
      token_encrypted: optional(text),
      created_by: optional(reference('users')),
      created_by_master_key: optional(reference('master_keys')),
      created_at: time,
      updated_at: time,
      completed_at: optional(time),
      result: optional(varchar(20)),
      requested_environment_count: optional(integer),
      requested_flag_count: optional(integer),
      deprecated_flag_count: integer,
      error_messages: text,
    },
  }));
  await indexes(db, {
    unique: [['launch_darkly_imports', 'open_project_id']],
    plain: [
      ['launch_darkly_imports', 'project_id', 'id'],
      ['launch_darkly_imports', 'created_by'],
      ['launch_darkly_imports', 'created_by_master_key'],
      ['changes', 'object_type', 'object_id', 'id'],
      ['webhook_deliveries', 'webhook_id', 'id'],
      ['integration_deliveries', 'integration_id', 'id'],
    ],
  });
}
