import type { Dialect as KyselyDialect } from 'kysely';
import type { Database } from '../tables.ts';

/** What differs between databases, as data. Everything else in the server is the same SQL everywhere. */
export interface DialectFacts {
  readonly name: 'sqlite' | 'postgres' | 'mysql';
  /** Many processes work on it at once: what they must agree on cannot be in the memory of one. */
  readonly sharedByProcesses: boolean;
  /** `insert … returning`; where false, the driver reports the new id. */
  readonly supportsReturning: boolean;
  /** `on conflict (…) do update`; where false, `on duplicate key update`. */
  readonly supportsOnConflict: boolean;
  /** Largest number of bound values in one statement. */
  readonly maxParameters: number;
  /** Column types of the migrations. */
  readonly types: {
    /** Follows the column name of a generated primary key. */
    readonly id: string;
    readonly integer: string;
    readonly double: string;
    /** Text of any length. */
    readonly text: string;
    /** Appended to `create table`. */
    readonly tableOptions: string;
  };
  /** Statement that starts a read-only transaction in which every query sees the same moment; null where each does. */
  readonly snapshotIsolation: 'repeatable read' | null;
  /** The transaction lost a race and may be run again; also where a row that it refers to went away meanwhile. */
  isRetryable(error: unknown): boolean;
  /** A unique index refused the row. */
  isUniqueViolation(error: unknown): boolean;
  /** The database cannot take work now: disk full, locked, connection lost. */
  isUnavailable(error: unknown): boolean;
}

export interface Dialect extends KyselyDialect {
  readonly facts: DialectFacts;
}

/** The facts of the database behind a connection or a transaction. */
export function factsOf(db: Database): DialectFacts {
  const adapter = db.getExecutor().adapter as unknown as { facts: DialectFacts };
  return adapter.facts;
}

/** The driver's own error code, where the error has one. */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

export const networkErrorCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'PROTOCOL_CONNECTION_LOST',
]);
