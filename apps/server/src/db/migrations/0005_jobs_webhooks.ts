import { sql } from 'kysely';
import { factsOf } from '../dialects/dialect.ts';
import type { Database } from '../tables.ts';
import { createTables, indexes } from './columns.ts';

/** Durable work, how far the readers of changes have come, and webhooks with what they sent. */
export async function up(db: Database): Promise<void> {
  await createTables(db, ({ id, integer, text, varchar, time, bit, reference, optional }) => ({
    jobs: {
      id,
      kind: varchar(60),
      payload: text,
      unique_key: optional(varchar(200)),
      state: varchar(10),
      run_at: time,
      attempts: integer,
      claim: optional(varchar(36)),
      last_error: optional(text),
      created_at: time,
    },
    change_cursors: { reader: varchar(60), position: integer, gaps: text },
    webhooks: {
      id,
      organisation_id: reference('organisations'),
      environment_id: optional(reference('environments')),
      url: varchar(200),
      enabled: bit,
      secret_encrypted: optional(text),
      created_at: time,
      updated_at: time,
      failure_mailed_at: optional(time),
    },
    webhook_deliveries: {
      id,
      webhook_id: reference('webhooks'),
      change_id: reference('changes'),
      ordinal: integer,
      event_type: varchar(30),
      body: text,
      state: varchar(10),
      attempts: integer,
      next_attempt_at: time,
      response_status: optional(integer),
      error: optional(varchar(500)),
      created_at: time,
      finished_at: optional(time),
    },
  }));

  await indexes(db, {
    unique: [
      ['jobs', 'unique_key'],
      ['change_cursors', 'reader'],
      ['webhook_deliveries', 'webhook_id', 'change_id', 'ordinal'],
    ],
    plain: [
      ['jobs', 'state', 'run_at'],
      ['webhooks', 'organisation_id', 'environment_id'],
      ['webhooks', 'environment_id'],
      ['webhook_deliveries', 'change_id'],
      ['webhook_deliveries', 'webhook_id', 'state', 'next_attempt_at'],
      ['webhook_deliveries', 'created_at'],
    ],
  });

  await sql.raw(`alter table changes add column feature_states ${factsOf(db).types.text}`).execute(db);

  // What happened before there were webhooks is not told to the first of them.
  const { newest } = await db
    .selectFrom('changes')
    .select((eb) => eb.fn.max('id').as('newest'))
    .executeTakeFirstOrThrow();
  await db
    .insertInto('change_cursors')
    .values({ reader: 'webhooks', position: Number(newest ?? 0), gaps: '[]' })
    .execute();
}
