import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type App, createApp } from '../app.ts';
import { readConfig } from '../config.ts';
import { seedTenant, type Tenant } from '../testing/seed.ts';
import { migrate } from './migrate.ts';
import { openDatabase } from './open.ts';
import type { Database } from './tables.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'halyard-unavailable-'));
const file = join(dataDir, 'halyard.db');
let db: Database;
let app: App;
let acme: Tenant;

beforeAll(async () => {
  db = openDatabase(`sqlite:${file}`);
  await migrate(db);
  const config = readConfig({ DATA_DIR: dataDir });
  app = await createApp({ config, db, log: pino({ level: 'silent' }) });
  acme = await seedTenant(db);
});

afterAll(async () => {
  await app.close();
  await db.destroy();
  rmSync(dataDir, { recursive: true, force: true });
});

async function createFeature(name: string, value = 'x') {
  return app.http.inject({
    method: 'POST',
    url: `/api/v1/projects/${acme.projectId}/features/`,
    headers: { authorization: acme.admin },
    payload: { name, initial_value: value },
  });
}

async function rows() {
  const count = (table: 'features' | 'feature_states' | 'changes' | 'environment_versions') =>
    db
      .selectFrom(table)
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
  return Promise.all([count('features'), count('feature_states'), count('changes'), count('environment_versions')]);
}

test('a database that another process has locked gives 503, and the next request works', async () => {
  await app.publisher.publishPending();
  const before = await rows();
  const other = new Sqlite(file);
  other.exec('begin immediate');

  const refused = await createFeature('locked out');
  other.exec('rollback');
  other.close();

  expect(refused.statusCode).toBe(503);
  expect(refused.json()).toEqual({ detail: 'The database cannot take this request now. Please try again.' });
  expect(await rows()).toEqual(before);
  expect((await createFeature('locked out')).statusCode).toBe(201);
});

test('a full disk gives 503, leaves nothing half-written, and reading goes on', async () => {
  await app.publisher.publishPending();
  const before = await rows();
  const { rows: pages } = await sql<{ page_count: number }>`pragma page_count`.execute(db);
  await sql.raw(`pragma max_page_count = ${pages[0]?.page_count}`).execute(db);

  const refused = await createFeature('too big', 'y'.repeat(20_000));
  const list = await app.http.inject({
    url: `/api/v1/projects/${acme.projectId}/features/`,
    headers: { authorization: acme.admin },
  });
  await sql.raw('pragma max_page_count = 1073741823').execute(db);

  expect(refused.statusCode).toBe(503);
  expect(list.statusCode).toBe(200);
  expect(await rows()).toEqual(before);
  expect((await createFeature('too big', 'y'.repeat(20_000))).statusCode).toBe(201);
});
