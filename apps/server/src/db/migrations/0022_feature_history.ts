import { sql } from 'kysely';
import { factsOf } from '../dialects/dialect.ts';
import type { Database } from '../tables.ts';
import { indexes } from './columns.ts';

/** Which feature a change is about, so that a feature can show its own history. */
export async function up(db: Database): Promise<void> {
  await sql.raw(`alter table changes add column feature_id ${factsOf(db).types.integer}`).execute(db);
  await sql.raw(`update changes set feature_id = object_id where object_type = 'FEATURE'`).execute(db);
  for (const [type, table] of [
    ['FEATURE_STATE', 'feature_states'],
    ['EF_VERSION', 'feature_versions'],
  ]) {
    await sql
      .raw(
        `update changes set feature_id = (select ${table}.feature_id from ${table} where ${table}.id = changes.object_id)
         where object_type = '${type}'`,
      )
      .execute(db);
  }
  await indexes(db, { plain: [['changes', 'feature_id', 'id']] });
}
