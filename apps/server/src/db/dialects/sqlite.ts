import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';
import { SqliteAdapter, SqliteDialect } from 'kysely';
import { codeOf, type Dialect, type DialectFacts } from './dialect.ts';

/** SQLite in one file, WAL, every commit on disk before it is answered. `:memory:` is allowed for tests. */
export function sqlite(file: string): Dialect {
  if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true });
  const database = new Sqlite(file);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  database.pragma('busy_timeout = 5000');
  return new SqliteWithFacts(database);
}

class SqliteWithFacts extends SqliteDialect {
  readonly facts = facts;
  constructor(database: Sqlite.Database) {
    super({ database });
  }
  override createAdapter(): SqliteAdapter {
    return new AdapterWithFacts();
  }
}

class AdapterWithFacts extends SqliteAdapter {
  readonly facts = facts;
}

const facts: DialectFacts = {
  name: 'sqlite',
  supportsReturning: true,
  supportsOnConflict: true,
  maxParameters: 30_000,
  types: {
    id: 'integer primary key autoincrement',
    integer: 'integer',
    double: 'real',
    text: 'text',
    tableOptions: '',
  },
  snapshotIsolation: null,
  isRetryable: (error) => codeOf(error).startsWith('SQLITE_BUSY') || codeOf(error).startsWith('SQLITE_LOCKED'),
  isUniqueViolation: (error) =>
    codeOf(error) === 'SQLITE_CONSTRAINT_UNIQUE' || codeOf(error) === 'SQLITE_CONSTRAINT_PRIMARYKEY',
  isUnavailable: (error) => /^SQLITE_(BUSY|LOCKED|FULL|IOERR|CANTOPEN|READONLY|NOMEM|CORRUPT)/.test(codeOf(error)),
};
