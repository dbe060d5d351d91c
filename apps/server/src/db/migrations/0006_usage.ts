import type { Database } from '../tables.ts';
import { createTables, indexes } from './columns.ts';

/** How many requests SDKs made, by environment, kind, day and labels. */
export async function up(db: Database): Promise<void> {
  await createTables(db, ({ id, integer, varchar, hash, reference, optional }) => ({
    request_counts: {
      id,
      bucket_key: hash,
      environment_id: reference('environments'),
      kind: varchar(30),
      day: varchar(10),
      sdk_user_agent: optional(varchar(255)),
      application_name: optional(varchar(255)),
      application_version: optional(varchar(255)),
      count: integer,
    },
  }));
  await indexes(db, {
    unique: [['request_counts', 'bucket_key']],
    plain: [['request_counts', 'environment_id', 'day']],
  });
}
