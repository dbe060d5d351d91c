import type { Database } from '../tables.ts';
import { createTables, indexes } from './columns.ts';

/** Where code names features. */
export async function up(db: Database): Promise<void> {
  await createTables(db, ({ id, text, varchar, hash, integer, time, reference }) => ({
    code_repositories: {
      id,
      project_id: reference('projects'),
      url_key: hash,
      url: text,
      vcs_provider: varchar(20),
      revision: varchar(100),
      scanned_at: time,
    },
    code_reference_counts: {
      id,
      repository_id: reference('code_repositories'),
      name_key: hash,
      count: integer,
      last_found_at: time,
    },
    code_references: {
      id,
      repository_id: reference('code_repositories'),
      name_key: hash,
      file_path: text,
      line_number: integer,
    },
  }));

  await indexes(db, {
    unique: [
      ['code_repositories', 'project_id', 'url_key'],
      ['code_reference_counts', 'repository_id', 'name_key'],
    ],
    plain: [['code_references', 'repository_id', 'name_key']],
  });
}
