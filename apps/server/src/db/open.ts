import { Kysely } from 'kysely';
import type { Dialect } from './dialects/dialect.ts';
import { mysql } from './dialects/mysql.ts';
import { postgres } from './dialects/postgres.ts';
import { sqlite } from './dialects/sqlite.ts';
import type { Database, Tables } from './tables.ts';

/**
 * Opens the database that a URL names: `sqlite:<file>`, `postgres://…` or `mysql://…` (also `mariadb://…`).
 * Connections open when first used, so a wrong address shows with the first query.
 */
export function openDatabase(url: string): Database {
  return new Kysely<Tables>({ dialect: dialectOf(url) });
}

function dialectOf(url: string): Dialect {
  if (url.startsWith('sqlite:')) return sqlite(url.slice('sqlite:'.length));
  if (/^postgres(ql)?:\/\//.test(url)) return postgres(url);
  if (/^(mysql|mariadb):\/\//.test(url)) return mysql(url.replace(/^mariadb:/, 'mysql:'));
  throw new Error(
    `DATABASE_URL must start with sqlite:, postgres://, mysql:// or mariadb://, not "${url.split(':')[0]}:"`,
  );
}
