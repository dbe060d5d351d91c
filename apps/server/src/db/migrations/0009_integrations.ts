import type { Database } from '../tables.ts';
import { createTables, indexes } from './columns.ts';

/** Integrations with vendors, and what they were sent. */
export async function up(db: Database): Promise<void> {
  await createTables(db, ({ id, integer, text, varchar, time, bit, reference, optional }) => ({
    integrations: {
      id,
      vendor: varchar(30),
      place: varchar(40),
      organisation_id: reference('organisations'),
      project_id: optional(reference('projects')),
      environment_id: optional(reference('environments')),
      enabled: bit,
      config_encrypted: text,
      created_at: time,
      updated_at: time,
      deleted_at: optional(time),
    },
    integration_deliveries: {
      id,
      integration_id: reference('integrations'),
      event_key: varchar(64),
      event: text,
      state: varchar(10),
      attempts: integer,
      next_attempt_at: time,
      response_status: optional(integer),
      error: optional(varchar(500)),
      created_at: time,
      finished_at: optional(time),
      expires_at: time,
    },
  }));

  await indexes(db, {
    unique: [
      ['integrations', 'place', 'vendor'],
      ['integration_deliveries', 'integration_id', 'event_key'],
    ],
    plain: [
      ['integrations', 'organisation_id', 'vendor'],
      ['integrations', 'project_id'],
      ['integrations', 'environment_id'],
      ['integrations', 'vendor', 'deleted_at'],
      ['integration_deliveries', 'integration_id', 'state', 'next_attempt_at'],
      ['integration_deliveries', 'expires_at'],
    ],
  });
}
