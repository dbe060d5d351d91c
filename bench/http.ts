import type { ChildProcess } from 'node:child_process';
import type { Ask, LoadOrder, LoadReport } from './load.ts';
import { type Rates, takeTurns } from './measure.ts';
import { message, processorSeconds, start } from './processes.ts';
import { unleashWorkload } from './peers.ts';
import type { Workload } from './workload.ts';

/** The load generator, on its own core. */
export interface Load {
  /** Asks for that long, and until that many were answered, on 32 connections. */
  ask(port: number, ask: Ask, options: AskOptions): Promise<LoadReport>;
  process: ChildProcess;
}

interface AskOptions {
  durationMs: number;
  atLeast?: number;
  connections?: number;
}

export async function startLoad(): Promise<Load> {
  const child = start('load.ts', 'load');
  await message(child);
  return {
    process: child,
    async ask(port, ask, { durationMs, atLeast = 0, connections = 32 }) {
      const order: LoadOrder = { port, connections, durationMs, atLeast, ask };
      child.send(order);
      const { report, error } = await message<{ report?: LoadReport; error?: string }>(child);
      if (report === undefined) throw new Error(error);
      if (report.failed > 0) throw new Error(`${report.failed} requests were refused; the first:\n${report.failure}`);
      return report;
    },
  };
}

/** One thing to ask of one server. */
export interface Subject {
  server: Server;
  ask: Ask;
}

export interface Server {
  port: number;
  process: ChildProcess;
}

/**
 * Requests per second of several subjects, asked in turns: per second of the server's own processor time, so that whatever
 * else runs on this machine counts for little. With `wallTime`, or where the system does not tell it, per second of the clock.
 */
export async function httpRates<Name extends string>(
  load: Load,
  options: { rounds: number; sliceMs: number; warmUpMs: number; connections?: number; wallTime?: boolean },
  subjects: Record<Name, Subject | null>,
): Promise<Record<Name, Rates>> {
  const turns: [string, () => Promise<number>][] = [];
  for (const [name, subject] of Object.entries<Subject | null>(subjects)) {
    if (subject === null) continue;
    const { server, ask } = subject;
    const { connections = 32, sliceMs, warmUpMs, wallTime = false } = options;
    await load.ask(server.port, ask, { durationMs: warmUpMs, connections });
    turns.push([
      name,
      async () => {
        const before = processorSeconds(server.process);
        const { answered, perSecond } = await load.ask(server.port, ask, { durationMs: sliceMs, connections });
        const after = processorSeconds(server.process);
        return wallTime || before === null || after === null ? perSecond : answered / (after - before);
      },
    ]);
  }
  return takeTurns(options.rounds, Object.fromEntries(turns) as Record<Name, () => Promise<number>>);
}

/** The bare `node:http` server, which sends what the given server answers. */
export async function startCeiling(bytes: { get: string; post: string }): Promise<Server> {
  const child = start('ceiling.ts', 'server');
  const { port } = await message<{ port: number }>(child);
  child.send(bytes);
  await message(child);
  return { port, process: child };
}

const admin = '*:*.benchadmin';
export const unleashToken = 'default:development.benchfrontend';

/** `unleash-server` with the workload in it. */
export async function startUnleash(databaseUrl: string, workload: Workload): Promise<Server> {
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
