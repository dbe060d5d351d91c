import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startNode, stop } from './processes.ts';

const main = fileURLToPath(new URL('../apps/server/src/main.ts', import.meta.url));

/** The real server process. */
export interface Halyard {
  port: number;
  process: ChildProcess;
  stop(): Promise<void>;
}

/** Starts the server as `npm start` does, on a data folder and a free port, and waits until it listens. */
export async function startHalyard(dataDir: string): Promise<Halyard> {
  const child = startNode([main], 'server', {
    env: {
      PATH: process.env.PATH,
      HOST: '127.0.0.1',
      PORT: '0',
      DATA_DIR: dataDir,
      LOG_LEVEL: 'error',
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await new Promise<number>((resolve, reject) => {
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const match = /Halyard is up: \S+:(\d+)/.exec(output);
      if (match !== null) resolve(Number(match[1]));
    });
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
  return { port, process: child, stop: () => stop(child) };
}

/** A folder for one server, removed when the benchmark ends. */
export function dataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'halyard-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** What the operating system says a process has in memory; undefined where it does not say. */
export function residentBytes({ process: { pid } }: Halyard): number | undefined {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}

/** Asks until the answer is good. */
export async function waitFor(what: string, check: () => Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error(`waited too long for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
