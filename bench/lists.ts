// How long the lists of the Core API take, and how many statements each makes: on a small installation, and on one that is
// ten times as large. What grows with the rows shows in the last column. Started by lists.mjs.
//
// Requests go to the application in this process, without a network: what is measured is the work of an answer.

import { loadavg } from 'node:os';
import { createApp } from '../apps/server/src/app.ts';
import { readConfig } from '../apps/server/src/config.ts';
import { migrate } from '../apps/server/src/db/migrate.ts';
import { openDatabase } from '../apps/server/src/db/open.ts';
import type { Database } from '../apps/server/src/db/tables.ts';
import { createLog } from '../apps/server/src/log.ts';
import { createVault } from '../apps/server/src/secrets.ts';
import {
  growTo,
  type Installation,
  type InstallationSize,
  listsOf,
  newInstallation,
} from '../apps/server/src/testing/installation.ts';
import { countStatements, statementCounter } from '../apps/server/src/testing/statements.ts';
import { dataFolder, waitFor } from './halyard.ts';
import { percentile } from './measure.ts';
import { printLines } from './table.ts';

const large: InstallationSize = {
  features: 1000,
  environments: 4,
  segments: 500,
  identities: 100_000,
  changes: 10_000,
  others: 100,
};
const small: InstallationSize = {
  features: 100,
  environments: 2,
  segments: 50,
  identities: 10_000,
  changes: 1000,
  others: 10,
};
const secret = 'a secret that only this benchmark knows';

interface Measured {
  /** Of the processor, for one request: says something on a busy machine, too. */
  cpu: number;
  p50: number;
  p95: number;
  statements: number;
  kilobytes: number;
}

async function measureAll(
  db: Database,
  installation: Installation,
  size: InstallationSize,
): Promise<Map<string, Measured>> {
  say(`filling: ${size.features} features, ${size.identities} identities, ${size.changes} changes`);
  await growTo(db, installation, size);
  const config = readConfig({ SECRET_KEY: secret, DISABLE_WEBHOOKS: 'true', LOG_LEVEL: 'error' });
  const app = await createApp({ config, db: db.withPlugin(statementCounter), log: createLog('error') });
  try {
    await waitFor('documents', async () => {
      const rows = await db.selectFrom('environments').select(['version', 'published_version']).execute();
      return rows.every((row) => row.published_version === row.version);
    });
    say('measuring');
    const measured = new Map<string, Measured>();
    for (const [name, path] of listsOf(installation)) {
      measured.set(name, await measure(app.http, installation.tenant.admin, `/api/v1/${encodeURI(path)}`));
    }
    return measured;
  } finally {
    await app.close();
  }
}

/** Some requests to warm up, then as many as fit in the time, at least seven. */
async function measure(
  http: Awaited<ReturnType<typeof createApp>>['http'],
  authorization: string,
  url: string,
): Promise<Measured> {
  const ask = async () => {
    const startedAt = performance.now();
    const response = await http.inject({ method: 'GET', url, headers: { authorization } });
    const ms = performance.now() - startedAt;
    if (response.statusCode !== 200) throw new Error(`${url} answered ${response.statusCode} ${response.body}`);
    return { ms, kilobytes: response.rawPayload.length / 1000 };
  };
  await ask();
  const { statements, result } = await countStatements(ask);
  const times: number[] = [];
  const before = process.cpuUsage();
  const until = performance.now() + budgetMs;
  while (times.length < 7 || (times.length < 100 && performance.now() < until)) times.push((await ask()).ms);
  const { user, system } = process.cpuUsage(before);
  const cpu = (user + system) / 1000 / times.length;
  return { cpu, p50: percentile(times, 50), p95: percentile(times, 95), statements, kilobytes: result.kilobytes };
}

const budgetMs = process.argv.includes('--quick') ? 60 : 300;
const startedAt = performance.now();

function say(what: string): void {
  process.stderr.write(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${what}\n`);
}

const db = openDatabase(process.env.DATABASE_URL || `sqlite:${dataFolder()}/halyard.db`);
try {
  await migrate(db);
  const { count } = await db
    .selectFrom('organisations')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  if (Number(count) > 0)
    throw new Error('DATABASE_URL names a database that is in use; the benchmark wants an empty one');
  const installation = await newInstallation(db, createVault(secret));
  const few = await measureAll(db, installation, small);
  const many = await measureAll(db, installation, large);
  say('done');

  const figure = (value: number | undefined) => (value ?? Number.NaN).toFixed(1);
  const load = loadavg()
    .map((one) => one.toFixed(1))
    .join(' ');
  console.log(`\nLists of the Core API; Node ${process.version}, load ${load}.`);
  console.log(`Small: ${JSON.stringify(small)}\nLarge: ${JSON.stringify(large)}\n`);
  printLines([
    ['list', 'small: p50 ms', 'p95 ms', 'cpu ms', 'large: p50 ms', 'p95 ms', 'cpu ms', 'kB', 'statements', ''],
    ...[...many].map(([name, large]) => {
      const small = few.get(name);
      const grows = small?.statements !== large.statements;
      return [
        name,
        figure(small?.p50),
        figure(small?.p95),
        figure(small?.cpu),
        figure(large.p50),
        figure(large.p95),
        figure(large.cpu),
        figure(large.kilobytes),
        grows ? `${small?.statements} → ${large.statements}` : String(large.statements),
        grows ? 'grows' : '',
      ];
    }),
  ]);
  const growing = [...many].filter(([name, { statements }]) => few.get(name)?.statements !== statements);
  if (growing.length > 0) process.exitCode = 1;
} finally {
  await db.destroy();
}
