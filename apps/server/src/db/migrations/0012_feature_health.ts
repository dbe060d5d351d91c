import type { Database } from '../tables.ts';
import { createTables, indexes } from './columns.ts';

/** Who tells of features' health, and the newest that each told. */
export async function up(db: Database): Promise<void> {
  await createTables(db, ({ id, uuid, text, varchar, hash, time, reference, optional }) => ({
    health_providers: {
      id,
      uuid,
      project_id: reference('projects'),
      name: varchar(50),
      created_by: optional(reference('users')),
    },
    health_events: {
      id,
      event_key: hash,
      project_id: reference('projects'),
      feature_id: reference('features'),
      environment_id: optional(reference('environments')),
      provider_name: varchar(50),
      type: varchar(20),
      reason: optional(text),
      created_at: time,
    },
  }));

  await indexes(db, {
    unique: [
      ['health_providers', 'project_id', 'name'],
      ['health_events', 'event_key'],
    ],
    plain: [
      ['health_providers', 'created_by'],
      ['health_events', 'project_id', 'created_at'],
      ['health_events', 'feature_id'],
      ['health_events', 'environment_id'],
    ],
  });
}
