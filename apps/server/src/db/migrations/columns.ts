import { sql } from 'kysely';
import { factsOf } from '../dialects/dialect.ts';
import type { Database } from '../tables.ts';

/** The words that a migration builds tables from; each is the text that follows a column's name. */
export interface ColumnTypes {
  id: string;
  integer: string;
  double: string;
  text: string;
  varchar: (length: number) => string;
  uuid: string;
  /** ISO 8601 in UTC with microseconds. */
  time: string;
  /** SHA-256, hex. */
  hash: string;
  /** 0 or 1. */
  bit: string;
  /** A foreign key; the row that it names cannot go away first. */
  reference: (table: string) => string;
  optional: (type: string) => string;
}

/** Creates tables in the order given, so that a reference finds its table. */
export async function createTables(
  db: Database,
  describe: (types: ColumnTypes) => Record<string, Record<string, string>>,
): Promise<void> {
  const { types } = factsOf(db);
  const tables = describe({
    id: types.id,
    integer: `${types.integer} not null`,
    double: `${types.double} not null`,
    text: `${types.text} not null`,
    varchar: (length) => `varchar(${length}) not null`,
    uuid: 'varchar(36) not null',
    time: 'varchar(32) not null',
    hash: 'varchar(64) not null',
    bit: `${types.integer} not null`,
    reference: (table) => `${types.integer} not null references ${table} (id)`,
    optional: (type) => type.replace(' not null', ''),
  });
  for (const [table, columns] of Object.entries(tables)) {
    const lines: string[] = [];
    const foreignKeys: string[] = [];
    for (const [name, type] of Object.entries(columns)) {
      const [plain, target] = type.split(' references ');
      lines.push(`${quoted(db, name)} ${plain}`);
      // As a table constraint: MySQL reads `references` behind a column and does nothing.
      if (target !== undefined) foreignKeys.push(`foreign key (${quoted(db, name)}) references ${target}`);
    }
    await sql.raw(`create table ${table} (${[...lines, ...foreignKeys].join(', ')}) ${types.tableOptions}`).execute(db);
  }
}

/** Creates indexes: each line is a table and its columns. */
export async function indexes(db: Database, lines: { unique?: string[][]; plain?: string[][] }): Promise<void> {
  const create = async (kind: string, [table, ...columns]: string[]) => {
    const name = `${table}_${columns.join('_')}`.slice(0, 60);
    const list = columns.map((column) => quoted(db, column)).join(', ');
    await sql.raw(`create ${kind} ${name} on ${table} (${list})`).execute(db);
  };
  for (const line of lines.unique ?? []) await create('unique index', line);
  for (const line of lines.plain ?? []) await create('index', line);
}

function quoted(db: Database, name: string): string {
  return factsOf(db).name === 'mysql' ? `\`${name}\`` : `"${name}"`;
}
