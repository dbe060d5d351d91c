import { sql } from 'kysely';
import type { Database } from '../tables.ts';

/** When a master key was last used, so that people see which ones nobody needs any more. */
export async function up(db: Database): Promise<void> {
  await sql.raw('alter table master_keys add column last_used_at varchar(32)').execute(db);
}
