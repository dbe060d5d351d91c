import { sql } from 'kysely';
import { factsOf } from '../dialects/dialect.ts';
import type { Database } from '../tables.ts';
import { createTables, indexes } from './columns.ts';

/** What was changed together, with a note, and what undid it; each audited change knows which it belongs to. */
export async function up(db: Database): Promise<void> {
  await createTables(db, ({ id, text, varchar, integer, time, reference, optional }) => ({
    change_sets: {
      id,
      project_id: reference('projects'),
      kind: varchar(20),
      note: optional(text),
      created_date: time,
      user_id: optional(reference('users')),
      master_key_id: optional(reference('master_keys')),
      parts: text,
      undone_by: optional(integer),
      undoes: optional(integer),
    },
  }));
  await sql.raw(`alter table changes add column change_set_id ${factsOf(db).types.integer}`).execute(db);
  await indexes(db, {
    plain: [
      ['change_sets', 'project_id', 'id'],
      ['change_sets', 'user_id'],
      ['change_sets', 'master_key_id'],
      ['changes', 'change_set_id'],
    ],
  });
}
