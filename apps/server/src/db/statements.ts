import { type Expression, type Insertable, type SqlBool, sql, type Updateable } from 'kysely';
import { factsOf } from './dialects/dialect.ts';
import type { Database, Tables } from './tables.ts';

type TableWithId = { [T in keyof Tables]: Tables[T] extends { id: unknown } ? T : never }[keyof Tables];

/** Inserts one row and answers its generated id. */
export async function insertRow<T extends TableWithId>(
  db: Database,
  table: T,
  row: Insertable<Tables[T]>,
): Promise<number> {
  const untyped = db as unknown as AnyTable;
  if (factsOf(db).name === 'postgres') {
    const inserted = await untyped.insertInto(table).values(row).returning('id').executeTakeFirstOrThrow();
    return Number(inserted.id);
  }
  const result = await untyped.insertInto(table).values(row).executeTakeFirstOrThrow();
  return Number(result.insertId);
}

/** Inserts many rows in as few statements as the database takes. Ids are not reported: read the rows again by uuid. */
export async function insertRows<T extends keyof Tables>(
  db: Database,
  table: T,
  rows: Insertable<Tables[T]>[],
): Promise<void> {
  for (const chunk of chunks(rows, rowsPerStatement(db, rows[0]))) {
    await (db as unknown as AnyTable).insertInto(table).values(chunk).execute();
  }
}

/** Inserts rows, or overwrites `update` columns of those whose unique `key` columns are taken. A later row of the same key wins. */
export async function upsertRows<T extends keyof Tables>(
  db: Database,
  table: T,
  rows: Insertable<Tables[T]>[],
  options: { key: (keyof Tables[T] & string)[]; update: (keyof Updateable<Tables[T]> & string)[] },
): Promise<void> {
  for (const chunk of chunks(rows, rowsPerStatement(db, rows[0]))) {
    const query = (db as unknown as AnyTable).insertInto(table).values(chunk);
    if (factsOf(db).supportsOnConflict) {
      await query
        .onConflict((conflict) => {
          const on = conflict.columns(options.key);
          if (options.update.length === 0) return on.doNothing();
          return on.doUpdateSet((eb) =>
            Object.fromEntries(options.update.map((name) => [name, eb.ref(`excluded.${name}`)])),
          );
        })
        .execute();
    } else {
      // With nothing to update, the first key column is set to itself: `insert ignore` would swallow other mistakes too.
      const columns = options.update.length === 0 ? options.key.slice(0, 1) : options.update;
      await query
        .onDuplicateKeyUpdate((eb) =>
          Object.fromEntries(columns.map((name) => [name, eb.fn('values', [eb.ref(name)])])),
        )
        .execute();
    }
  }
}

/** Whether a column contains a text, ignoring case; `%` and `_` stand for themselves. */
export function containsText(db: Database, column: Expression<unknown>, text: string): Expression<SqlBool> {
  const pattern = `%${text.toLowerCase().replaceAll(/[!%_]/g, '!$&')}%`;
  // Folding every row is a call into JavaScript there; `like` folds ASCII by itself, and a scan takes a quarter of the time.
  if (factsOf(db).name === 'sqlite' && isAscii(pattern)) return sql<SqlBool>`${column} like ${pattern} escape '!'`;
  return sql<SqlBool>`lower(${column}) like ${pattern} escape '!'`;
}

/** Splits a list, so that one statement never carries more values than its database takes. */
export function chunks<T>(list: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let start = 0; start < list.length; start += size) parts.push(list.slice(start, start + size));
  return parts;
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

function rowsPerStatement(db: Database, row: object | undefined): number {
  const columns = Math.max(1, Object.keys(row ?? {}).length);
  return Math.max(1, Math.min(1000, Math.floor(factsOf(db).maxParameters / columns)));
}

/** Kysely cannot type a query whose table is a type parameter; the signatures above do. */
interface AnyTable {
  insertInto(table: string): AnyInsert;
}
interface AnyInsert {
  values(rows: unknown): AnyInsert;
  returning(column: string): AnyInsert;
  onConflict(build: (conflict: AnyConflict) => unknown): AnyInsert;
  onDuplicateKeyUpdate(build: (eb: AnyExpressions) => unknown): AnyInsert;
  execute(): Promise<unknown>;
  executeTakeFirstOrThrow(): Promise<{ id?: unknown; insertId?: unknown }>;
}
interface AnyConflict {
  columns(names: string[]): AnyConflict;
  doNothing(): unknown;
  doUpdateSet(build: (eb: AnyExpressions) => unknown): unknown;
}
interface AnyExpressions {
  ref(name: string): unknown;
  fn(name: string, args: unknown[]): unknown;
}
