import type { Database } from '../tables.ts';
import { createTables, indexes } from './columns.ts';

/** Exports of an environment's features, with their files, and imports into an environment. */
export async function up(db: Database): Promise<void> {
  await createTables(db, ({ id, text, varchar, time, reference }) => ({
    feature_exports: {
      id,
      environment_id: reference('environments'),
      name: varchar(2100),
      status: varchar(20),
      created_at: time,
      file: text,
    },
    feature_imports: {
      id,
      environment_id: reference('environments'),
      strategy: varchar(30),
      status: varchar(20),
      created_at: time,
    },
  }));

  await indexes(db, {
    plain: [
      ['feature_exports', 'environment_id', 'id'],
      ['feature_exports', 'created_at'],
      ['feature_imports', 'environment_id', 'id'],
      ['feature_imports', 'created_at'],
    ],
  });
}
