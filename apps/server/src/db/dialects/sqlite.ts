import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';
import { type DatabaseConnection, SqliteAdapter, SqliteDialect, SqliteDriver } from 'kysely';
import { codeOf, type Dialect, type DialectFacts } from './dialect.ts';

/** SQLite in one file, WAL, every commit on disk before it is answered. `:memory:` is allowed for tests. */
export function sqlite(file: string): Dialect {
  if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true });
  const database = new Sqlite(file);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  // Waiting for another process's lock stops this whole process: short, and tried again from outside.
  database.pragma('busy_timeout = 50');
  // SQLite's own folds ASCII letters only; the other databases fold all.
  database.function('lower', { deterministic: true }, (text) => (typeof text === 'string' ? text.toLowerCase() : text));
  return new SqliteWithFacts(database);
}

class SqliteWithFacts extends SqliteDialect {
  readonly facts = facts;
  readonly #database: Sqlite.Database;
  constructor(database: Sqlite.Database) {
    super({ database });
    this.#database = database;
  }
  override createDriver(): SqliteDriver {
    return new CarefulDriver(this.#database);
  }
  override createAdapter(): SqliteAdapter {
    return new AdapterWithFacts();
  }
}

/** SQLite ends a transaction by itself where the disk is full; to roll it back again would hide that error behind another. */
class CarefulDriver extends SqliteDriver {
  readonly #database: Sqlite.Database;
  constructor(database: Sqlite.Database) {
    super({ database });
    this.#database = database;
  }
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#database.inTransaction) await super.rollbackTransaction(connection);
  }
}

class AdapterWithFacts extends SqliteAdapter {
  readonly facts = facts;
}

const facts: DialectFacts = {
  name: 'sqlite',
  sharedByProcesses: false,
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
  isRetryable: (error) => /^SQLITE_(BUSY|LOCKED|CONSTRAINT_FOREIGNKEY)/.test(codeOf(error)),
  isUniqueViolation: (error) =>
    codeOf(error) === 'SQLITE_CONSTRAINT_UNIQUE' || codeOf(error) === 'SQLITE_CONSTRAINT_PRIMARYKEY',
  isUnavailable: (error) => /^SQLITE_(BUSY|LOCKED|FULL|IOERR|CANTOPEN|READONLY|NOMEM|CORRUPT)/.test(codeOf(error)),
};
