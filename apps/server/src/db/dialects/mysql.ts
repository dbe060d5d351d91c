import { MysqlAdapter, MysqlDialect } from 'kysely';
import { createPool } from 'mysql2';
import { codeOf, type Dialect, type DialectFacts, networkErrorCodes } from './dialect.ts';

/** MySQL 8 or MariaDB through a pool of connections. */
export function mysql(url: string): Dialect {
  const pool = createPool({
    uri: url,
    connectionLimit: 16,
    connectTimeout: 10_000,
    charset: 'utf8mb4_bin',
    supportBigNumbers: true,
  });
  // A statement sees what was committed before it started, so that what is read after taking a row lock is current.
  // Strict mode refuses over-long values; it would cut them otherwise.
  pool.on('connection', (connection) => {
    connection.query('set session transaction isolation level read committed');
    connection.query("set session sql_mode = 'STRICT_ALL_TABLES'");
  });
  return new MysqlWithFacts({ pool });
}

class MysqlWithFacts extends MysqlDialect {
  readonly facts = facts;
  override createAdapter(): MysqlAdapter {
    return new AdapterWithFacts();
  }
}

class AdapterWithFacts extends MysqlAdapter {
  readonly facts = facts;
}

const facts: DialectFacts = {
  name: 'mysql',
  sharedByProcesses: true,
  supportsReturning: false,
  supportsOnConflict: false,
  maxParameters: 60_000,
  types: {
    id: 'integer primary key auto_increment',
    integer: 'integer',
    double: 'double',
    text: 'longtext',
    tableOptions: 'engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin',
  },
  snapshotIsolation: 'repeatable read',
  isRetryable: (error) =>
    ['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'ER_CHECKREAD', 'ER_NO_REFERENCED_ROW_2'].includes(codeOf(error)),
  isUniqueViolation: (error) => codeOf(error) === 'ER_DUP_ENTRY',
  isUnavailable: (error) =>
    networkErrorCodes.has(codeOf(error)) ||
    /^ER_(CON_COUNT|DISK_FULL|RECORD_FILE_FULL|SERVER_SHUTDOWN|OPTION_PREVENTS_STATEMENT|LOCK_WAIT_TIMEOUT)/.test(
      codeOf(error),
    ),
};
