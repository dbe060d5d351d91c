import type { ChildProcess } from 'node:child_process';
import type { Ask, LoadOrder, LoadReport } from './load.ts';
import { type Rates, takeTurns } from './measure.ts';
import { message, start } from './processes.ts';
import { unleashWorkload } from './peers.ts';
import type { Workload } from './workload.ts';

const connections = 32;

/** The load generator, on its own core. */
export interface Load {
  /** Asks for that long, and until that many were answered; gives answers per second. */
  ask(port: number, ask: Ask, durationMs: number, atLeast?: number): Promise<number>;
  process: ChildProcess;
}

export async function startLoad(): Promise<Load> {
  const child = start('load.ts', 'load');
  await message(child);
  return {
    process: child,
    async ask(port, ask, durationMs, atLeast = 0) {
      const order: LoadOrder = { port, connections, durationMs, atLeast, ask };
      child.send(order);
      const { report, error } = await message<{ report?: LoadReport; error?: string }>(child);
      if (report === undefined) throw new Error(error);
      if (report.failed > 0) throw new Error(`${report.failed} requests were refused; the first:\n${report.failure}`);
      return report.perSecond;
    },
  };
}

/** One thing to ask of one server. */
export interface Subject {
  port: number;
  ask: Ask;
}

/** Requests per second of several subjects, asked in turns. */
export async function httpRates<Name extends string>(
  load: Load,
  options: { rounds: number; sliceMs: number; warmUpMs: number },
  subjects: Record<Name, Subject | null>,
): Promise<Record<Name, Rates>> {
  const turns: [string, () => Promise<number>][] = [];
  for (const [name, subject] of Object.entries<Subject | null>(subjects)) {
    if (subject === null) continue;
    const { port, ask } = subject;
    await load.ask(port, ask, options.warmUpMs);
    turns.push([name, () => load.ask(port, ask, options.sliceMs)]);
  }
  return takeTurns(options.rounds, Object.fromEntries(turns) as Record<Name, () => Promise<number>>);
}

/** The bare `node:http` server, which sends what the given server answers. */
export async function startCeiling(bytes: {
  get: string;
  post: string;
}): Promise<{ port: number; process: ChildProcess }> {
  const child = start('ceiling.ts', 'server');
  const { port } = await message<{ port: number }>(child);
  child.send(bytes);
  await message(child);
  return { port, process: child };
}

const admin = '*:*.benchadmin';
export const unleashToken = 'default:development.benchfrontend';

/** `unleash-server` with the workload in it. */
export async function startUnleash(
  databaseUrl: string,
  workload: Workload,
): Promise<{ port: number; process: ChildProcess }> {
  const child = start('unleash-server.ts', 'server', { env: { DATABASE_URL: databaseUrl, NODE_ENV: 'production' } });
  const { port } = await message<{ port: number }>(child);
  const { features, segments } = unleashWorkload(workload);

  const call = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`http://127.0.0.1:${port}/api/admin/${path}`, {
      method,
      headers: { Authorization: admin, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
    return text === '' ? null : JSON.parse(text);
  };
  const ids = new Map<number, number>();
  for (const { id, name, constraints } of segments) {
    ids.set(id, (await call('POST', 'segments', { name, constraints })).id);
  }
  for (const { name, enabled, strategies } of features) {
    await call('POST', 'projects/default/features', { name, type: 'release' });
    const path = `projects/default/features/${name}/environments/development`;
    for (const { segments: ofStrategy, ...strategy } of strategies) {
      await call('POST', `${path}/strategies`, { ...strategy, segments: ofStrategy.map((id) => ids.get(id)) });
    }
    if (enabled) await call('POST', `${path}/on`);
  }
  return { port, process: child };
}
