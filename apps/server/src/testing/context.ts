import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterAll, beforeAll } from 'vitest';
import { type App, createApp } from '../app.ts';
import { type Config, readConfig } from '../config.ts';
import { migrate } from '../db/migrate.ts';
import { openDatabase } from '../db/open.ts';
import type { Database } from '../db/tables.ts';

/** What a test file works with: the real application on a real, empty database of its own. */
export interface TestContext {
  app: App;
  db: Database;
  config: Config;
  /** Sends a request and answers status, headers and parsed body. */
  request: (request: TestRequest) => Promise<TestResponse>;
}

export interface TestRequest {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
  path: string;
  /** `Authorization` header as a whole. */
  as?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface TestResponse {
  status: number;
  body: any;
  headers: Record<string, string | string[] | number | undefined>;
}

/**
 * Gives the tests of a file the application on an empty database: SQLite in memory, or a fresh database on the server
 * that `TEST_DATABASE_URL` names.
 */
export function testContext(variables: Record<string, string> = {}): TestContext {
  const context = {} as TestContext;
  const dataDir = mkdtempSync(join(tmpdir(), 'halyard-test-'));
  let database: { db: Database; drop: () => Promise<void> };

  beforeAll(async () => {
    database = await emptyDatabase();
    const config = readConfig({
      DATA_DIR: dataDir,
      SECRET_KEY: 'a secret that only this test run knows',
      // Refused, so that no test asks anybody outside.
      LAUNCH_DARKLY_URL: 'http://127.0.0.1:9',
      ...variables,
    });
    const app = await createApp({
      config,
      db: database.db,
      log: pino({ level: 'error' }),
      checkResponses: true,
      lookup,
    });
    Object.assign(context, { app, db: database.db, config, request: requester(app) });
  });

  afterAll(async () => {
    await context.app?.close();
    await database?.drop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  return context;
}

/** Knows this machine alone. To ask for the other names takes seconds, during which nobody's password is checked. */
async function lookup(hostname: string): Promise<{ address: string; family: number }[]> {
  if (hostname === 'localhost') return [{ address: '127.0.0.1', family: 4 }];
  throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' });
}

/** A migrated database that nobody else uses, and how to get rid of it. */
export async function emptyDatabase(): Promise<{ db: Database; url: string; drop: () => Promise<void> }> {
  const server = process.env.TEST_DATABASE_URL;
  if (server === undefined || server === '') {
    const db = openDatabase('sqlite::memory:');
    await migrate(db);
    return { db, url: 'sqlite::memory:', drop: () => db.destroy() };
  }
  const name = `halyard_${randomBytes(6).toString('hex')}`;
  const admin = openDatabase(server);
  await sql.raw(`create database ${name}`).execute(admin);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const db = openDatabase(url.href);
  await migrate(db);
  return {
    db,
    url: url.href,
    async drop() {
      await db.destroy();
      await sql.raw(`drop database ${name}`).execute(admin);
      await admin.destroy();
    },
  };
}

function requester(app: App): TestContext['request'] {
  return async ({ method = 'GET', path, as, body, headers = {} }) => {
    const response = await app.http.inject({
      method,
      url: path,
      headers: {
        ...(as !== undefined && { authorization: as }),
        ...(body !== undefined && typeof body !== 'string' && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const type = String(response.headers['content-type'] ?? '');
    return {
      status: response.statusCode,
      body: type.startsWith('application/json') && response.body !== '' ? JSON.parse(response.body) : response.body,
      headers: response.headers,
    };
  };
}
