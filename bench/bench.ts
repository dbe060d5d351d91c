// How fast Halyard is, against whom. Started by run.mjs. Everything is compared with what was measured in the same run, in
// turns; the figures of two runs say nothing to each other.

import { availableParallelism } from 'node:os';
import type { EngineResults } from './engine.ts';
import { dataFolder, type Halyard, residentBytes, startHalyard, waitFor } from './halyard.ts';
import { httpRates, type Load, startCeiling, startLoad, startUnleash, unleashToken } from './http.ts';
import { median, percentile } from './measure.ts';
import { message, pinned, start, startNode, stop, stopAll } from './processes.ts';
import { seedEnvironments, seedWorkload } from './seed.ts';
import type { ChangeReport, StreamOrder } from './streams.ts';
import { figureRow, printTable, rateRow, type Row } from './table.ts';
import { clientKey, identityBody, person, workload } from './workload.ts';

const quick = process.argv.includes('--quick');
const size = quick
  ? { engine: { rounds: 3, sliceMs: 120 }, http: { rounds: 7, sliceMs: 100, warmUpMs: 600 }, streams: 500, changes: 5 }
  : {
      engine: { rounds: 9, sliceMs: 200 },
      http: { rounds: 30, sliceMs: 120, warmUpMs: 1500 },
      streams: 5000,
      changes: 12,
    };
const environments = quick ? 20 : 100;
const featuresOfAnEnvironment = 1000;
/** More than the memory of finished answers holds. */
const manyPeople = 5000;
/** Few enough that each comes again while its answer is in memory. */
const fewPeople = 512;

const w = workload();
const rows: Row[] = [];
const notes: string[] = [];

async function main(): Promise<void> {
  await engine();
  await demo();
  await http();
  await starts();
}

async function engine(): Promise<void> {
  say('engine');
  const child = start('engine.ts', 'server', { args: [JSON.stringify(size.engine)], node: ['--expose-gc'] });
  const { names, all, one, bytesPerFeature, wireBytes } = await message<EngineResults>(child);
  notes.push(`W's answer on the wire: ${(wireBytes / 1000).toFixed(1)} kB.`);
  for (const [what, ours, targets] of [
    ['engine: all features of an identity, wire bytes', all.bytes, { atLeast: 20, moonshot: 35 }],
    ['engine: all features of an identity, result object', all.result, { atLeast: 15, moonshot: 25 }],
  ] as const) {
    rows.push(rateRow(what, ours, { name: names.flagsmith, rates: all.flagsmith }, targets));
    rows.push(rateRow(what, ours, { name: names.unleash, rates: all.unleash }));
    rows.push(rateRow(what, ours, { name: names.growthbook, rates: all.growthbook }));
  }
  const what = 'engine: one feature of an identity';
  rows.push(rateRow(what, one.halyard, { name: names.flagsmith, rates: one.flagsmith }, { atLeast: 100 }));
  rows.push(rateRow(what, one.halyard, { name: names.unleash, rates: one.unleash }));
  rows.push(rateRow(what, one.halyard, { name: names.growthbook, rates: one.growthbook }));
  rows.push(figureRow(what, 1_000_000 / median(one.halyard), 'µs', { atLeast: null, moonshot: 1 }));
  rows.push(figureRow('memory: a compiled feature with its document', bytesPerFeature / 1000, 'kB', memory.feature));
}

const memory = {
  rest: { atLeast: 150, moonshot: 75 },
  stream: { atLeast: 15, moonshot: 7.5 },
  feature: { atLeast: 4, moonshot: 2 },
};

/** What an installation with the demonstration organisation keeps in memory when nobody asks it for anything. */
async function demo(): Promise<void> {
  say('memory at rest');
  const halyard = await startHalyard(dataFolder());
  const script = new URL('../scripts/demo.mjs', import.meta.url).pathname;
  const filler = startNode([script], 'load', {
    env: { ...process.env, HALYARD_URL: `http://127.0.0.1:${halyard.port}` },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const code = await new Promise((resolve) => filler.once('exit', resolve));
  if (code !== 0)
    notes.push('The demonstration organisation could not be made: memory at rest is that of an empty one.');
  await pause(quick ? 4000 : 12_000); // V8 gives memory back when nothing has happened for a while
  rows.push(figureRow('memory: process at rest with the demo', megabytes(residentBytes(halyard)), 'MB', memory.rest));
  await halyard.stop();
}

async function http(): Promise<void> {
  say('HTTP: starting the server');
  const folder = dataFolder();
  const { authorization } = await seedWorkload(folder, w);
  const halyard = await startHalyard(folder);
  const ours = (path: string, options: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${halyard.port}${path}`, {
      ...options,
      headers: { 'X-Environment-Key': clientKey, 'Content-Type': 'application/json' },
    });
  await waitFor('the document', async () => (await ours('/api/v1/flags/')).ok);
  const get = await (await ours('/api/v1/flags/')).text();
  const post = await (await ours('/api/v1/identities/', { method: 'POST', body: identityBody(person(0)) })).text();
  const ceiling = await startCeiling({ get, post });
  const load = await startLoad();
  const unleash = await maybeUnleash();

  say('HTTP: flags and identities');
  const flags = { kind: 'get', path: '/api/v1/flags/' } as const;
  const many = { kind: 'identities', people: manyPeople } as const;
  const few = { kind: 'identities', people: fewPeople } as const;
  const bare = 'node:http, same bytes';

  // Until everybody is known. It also brings the server out of its rest: V8 gives room to short-lived objects as it sees them.
  await load.ask(halyard.port, many, { durationMs: 2 * size.http.warmUpMs, atLeast: 2 * manyPeople });
  const g = await httpRates(load, size.http, {
    halyard: { server: halyard, ask: flags },
    ceiling: { server: ceiling, ask: flags },
    unleash: unleash && {
      server: unleash,
      ask: { kind: 'get', path: '/api/frontend', headers: { Authorization: unleashToken } } as const,
    },
  });
  rows.push(rateRow('HTTP: GET /flags/', g.halyard, { name: bare, rates: g.ceiling }, { atLeast: 0.85, moonshot: 1 }));
  if (unleash) rows.push(rateRow('HTTP: GET /flags/', g.halyard, { name: 'unleash-server GET', rates: g.unleash }));

  const m = await httpRates(load, size.http, {
    halyard: { server: halyard, ask: many },
    ceiling: { server: ceiling, ask: many },
    unleash: unleash && { server: unleash, ask: unleashAsk(manyPeople) },
  });
  const changing = 'HTTP: POST /identities/ W, evaluated';
  rows.push(rateRow(changing, m.halyard, { name: bare, rates: m.ceiling }, { atLeast: 0.35, moonshot: 0.65 }));
  if (unleash) {
    const peer = { name: 'unleash-server POST', rates: m.unleash };
    rows.push(rateRow(changing, m.halyard, peer, { atLeast: 8, moonshot: 20 }));
  }

  const f = await httpRates(load, size.http, {
    halyard: { server: halyard, ask: few },
    ceiling: { server: ceiling, ask: few },
    unleash: unleash && { server: unleash, ask: unleashAsk(fewPeople) },
  });
  const same = 'HTTP: POST /identities/ W, inputs unchanged';
  rows.push(rateRow(same, f.halyard, { name: bare, rates: f.ceiling }, { atLeast: 0.7, moonshot: 0.85 }));
  if (unleash) rows.push(rateRow(same, f.halyard, { name: 'unleash-server POST', rates: f.unleash }));
  if (unleash) await stop(unleash.process);

  say('HTTP: changed traits');
  // As many connections as make a group: that is what sharing a commit is for.
  const c = await httpRates(
    load,
    { ...size.http, connections: 128, wallTime: true },
    {
      halyard: { server: halyard, ask: { kind: 'identities', people: manyPeople, changing: true } },
      single: { server: ceiling, ask: { kind: 'identities', people: manyPeople, changing: true, query: '?commit' } },
    },
  );
  const durable = 'HTTP: POST /identities/ W, a trait changed';
  rows.push(
    rateRow(durable, c.halyard, { name: 'node:http, one commit each', rates: c.single }, { atLeast: 5, moonshot: 9 }),
  );
  await stop(ceiling.process);

  await streams(halyard, authorization, load);
  await stop(load.process);
  await halyard.stop();
}

function unleashAsk(people: number) {
  return { kind: 'unleash', people, token: unleashToken } as const;
}

async function maybeUnleash() {
  const url = process.env.BENCH_POSTGRES_URL ?? '';
  if (url === '') {
    notes.push(`Skipped: unleash-server (it needs PostgreSQL: ${process.env.BENCH_POSTGRES_MISSING}).`);
    return null;
  }
  say('HTTP: starting unleash-server');
  try {
    return await startUnleash(url, w);
  } catch (error) {
    notes.push(`Skipped: unleash-server, which did not start: ${(error as Error).message}`);
    return null;
  }
}

/** From a change to the clients that follow it. */
async function streams(halyard: Halyard, authorization: string, load: Load): Promise<void> {
  say(`streams: opening ${size.streams}`);
  const clients = start('streams.ts', 'load');
  await message(clients);
  const order = async <T>(given: StreamOrder): Promise<T> => {
    clients.send(given);
    const { report, error } = await message<{ report?: T; error?: string }>(clients);
    if (error !== undefined) throw new Error(error);
    return report as T;
  };
  await pause(1000);
  const before = residentBytes(halyard) ?? Number.NaN;
  await order({ kind: 'open', port: halyard.port, streams: size.streams });
  await pause(1000);
  const perStream = ((residentBytes(halyard) ?? Number.NaN) - before) / size.streams;
  rows.push(figureRow('memory: an open stream', perStream / 1000, 'kB', memory.stream));

  say('streams: changes');
  const { statePath } = await findState(halyard, authorization);
  const reports: ChangeReport[] = [];
  for (let i = 0; i < size.changes; i++) {
    const refetching = Math.min(size.streams, 100);
    const change = { port: halyard.port, authorization, statePath, value: `changed-${i}-end`, refetching };
    reports.push(await order<ChangeReport>({ kind: 'change', ...change }));
    await pause(200);
  }
  const events = reports.flatMap(({ eventMs }) => eventMs);
  const values = reports.flatMap(({ valueMs }) => valueMs);
  const what = `change to client, ${size.streams} streams`;
  rows.push(figureRow(`${what}: event, p50`, percentile(events, 50), 'ms'));
  rows.push(figureRow(`${what}: event, p99`, percentile(events, 99), 'ms'));
  rows.push(figureRow(`${what}: new value, p50`, percentile(values, 50), 'ms'));
  rows.push(figureRow(`${what}: new value, p99`, percentile(values, 99), 'ms', { atLeast: 250, moonshot: 100 }));
  await order({ kind: 'close' });
  await stop(clients);
  await load.ask(halyard.port, { kind: 'get', path: '/api/v1/flags/' }, { durationMs: 100 });
}

/** The environment's own state of one feature, as the Core API names it. */
async function findState(halyard: Halyard, authorization: string): Promise<{ statePath: string }> {
  const path = `/api/v1/environments/${clientKey}/featurestates/`;
  const response = await fetch(`http://127.0.0.1:${halyard.port}${path}?feature_name=feature_1`, {
    headers: { Authorization: authorization },
  });
  if (!response.ok) throw new Error(`the feature state was not found: ${response.status} ${await response.text()}`);
  const { results } = (await response.json()) as { results: { id: number }[] };
  return { statePath: `${path}${results[0]?.id}/` };
}

async function starts(): Promise<void> {
  say(`start: making ${environments} environments of ${featuresOfAnEnvironment} features`);
  const folder = dataFolder();
  const { clientKeys } = await seedEnvironments(folder, workload({ features: featuresOfAnEnvironment }), environments);
  const answers = (halyard: Halyard, key: string) =>
    fetch(`http://127.0.0.1:${halyard.port}/api/v1/flags/`, { headers: { 'X-Environment-Key': key } });
  const first = await startHalyard(folder);
  for (const key of clientKeys) {
    await waitFor('documents', async () => {
      const response = await answers(first, key);
      await response.arrayBuffer();
      return response.ok;
    });
  }
  await first.stop();

  say('start');
  const firstAnswerMs: number[] = [];
  const allAnswersMs: number[] = [];
  for (let i = 0; i < 3; i++) {
    const startedAt = performance.now();
    const halyard = await startHalyard(folder);
    for (const [n, key] of clientKeys.entries()) {
      const response = await answers(halyard, key);
      if (!response.ok) throw new Error(`an environment was not served after a start: ${response.status}`);
      await response.arrayBuffer();
      if (n === 0) firstAnswerMs.push(performance.now() - startedAt);
    }
    allAnswersMs.push(performance.now() - startedAt);
    await halyard.stop();
  }
  const what = `start with ${environments} environments of ${featuresOfAnEnvironment} features`;
  rows.push(figureRow(`${what}: first answer`, median(firstAnswerMs) / 1000, 's', { atLeast: 3, moonshot: 1 }));
  rows.push(figureRow(`${what}: all have answered`, median(allAnswersMs) / 1000, 's', { atLeast: 3, moonshot: 1 }));
}

function megabytes(bytes: number | undefined): number {
  return bytes === undefined ? Number.NaN : bytes / 1_000_000;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const startedAt = performance.now();

function say(what: string): void {
  process.stderr.write(`${((performance.now() - startedAt) / 1000).toFixed(0).padStart(4)} s  ${what}\n`);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    stopAll();
    process.exit(130);
  });
}

try {
  await main();
  const cores = pinned
    ? 'server pinned to one core, load to another'
    : `not pinned (${availableParallelism()} cores, no taskset)`;
  console.log(`\nHalyard against its peers; Node ${process.version}, ${cores}.`);
  console.log(
    'Compare ratios, not figures: they are medians of rounds in which the subjects took turns. Rates are per second of',
  );
  console.log('processor time where the system tells it, but for changed traits, whose time goes to the disk.\n');
  printTable(rows);
  if (notes.length > 0) console.log(`\n${notes.map((note) => `- ${note}`).join('\n')}`);
} finally {
  stopAll();
}
process.exit();
