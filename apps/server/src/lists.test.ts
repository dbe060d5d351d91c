import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type App, createApp } from './app.ts';
import { readConfig } from './config.ts';
import { createVault } from './secrets.ts';
import { emptyDatabase } from './testing/context.ts';
import { growTo, type Installation, type InstallationSize, listsOf, newInstallation } from './testing/installation.ts';
import { countStatements, statementCounter } from './testing/statements.ts';

/* No list makes a statement for each of its rows. How fast they are: bench/lists.ts. */

const few: InstallationSize = {
  features: 12,
  environments: 2,
  segments: 11,
  identities: 101,
  changes: 60,
  others: 3,
};
const more: InstallationSize = {
  features: 36,
  environments: 5,
  segments: 33,
  identities: 303,
  changes: 180,
  others: 9,
};
const secret = 'a secret that only this test run knows';

let database: Awaited<ReturnType<typeof emptyDatabase>>;
let app: App;
let installation: Installation;

beforeAll(async () => {
  database = await emptyDatabase();
  installation = await newInstallation(database.db, createVault(secret));
  await growTo(database.db, installation, few);
  const config = readConfig({ SECRET_KEY: secret, DISABLE_WEBHOOKS: 'true' });
  app = await createApp({ config, db: database.db.withPlugin(statementCounter), log: pino({ level: 'error' }) });
});

afterAll(async () => {
  await app?.close();
  await database?.drop();
});

async function countedLists() {
  // Where the published document is behind, another is built for the answer.
  await app.publisher.publishPending();
  const counts: Record<string, number> = {};
  const sizes: Record<string, number> = {};
  for (const [name, path] of listsOf(installation)) {
    const url = `/api/v1/${encodeURI(path)}`;
    const headers = { authorization: installation.tenant.admin };
    const { statements, result } = await countStatements(async () => await app.http.inject({ url, headers }));
    expect([url, result.statusCode]).toEqual([url, 200]);
    counts[name] = statements;
    sizes[name] = result.body.length;
  }
  return { counts, sizes };
}

// Two requests to every list, and rows for them: slow where the database is another process on a busy machine.
test('three times as many rows of every kind take no list a statement more', { timeout: 120_000 }, async () => {
  const before = await countedLists();
  await growTo(database.db, installation, more);

  const after = await countedLists();

  expect(after.counts).toEqual(before.counts);
  const longer = Object.keys(after.sizes).filter((name) => (after.sizes[name] ?? 0) > 1.5 * (before.sizes[name] ?? 0));
  expect(longer.length).toBeGreaterThan(45);
});
