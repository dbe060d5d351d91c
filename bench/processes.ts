import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

/** Server on one core, load on the other: where that can be had. */
export const pinned = availableParallelism() > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0;

export type Core = 'server' | 'load';

const running = new Set<ChildProcess>();

/** Starts a file of this folder in a process of its own, which ends with this one. */
export function start(
  file: string,
  core: Core,
  options: { args?: string[]; node?: string[]; env?: NodeJS.ProcessEnv } = {},
) {
  const path = fileURLToPath(new URL(file, import.meta.url));
  return startNode([...(options.node ?? []), path, ...(options.args ?? [])], core, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...options.env },
  });
}

export function startNode(args: string[], core: Core, options: SpawnOptions): ChildProcess {
  const command = [process.execPath, ...args];
  if (pinned) command.unshift('taskset', '-c', core === 'server' ? '0' : '1');
  const child = spawn(command[0] as string, command.slice(1), options);
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** The next message of a process; rejects where it ends instead. */
export function message<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`${child.spawnargs.join(' ')} ended with ${code}`));
    child.once('exit', ended);
    child.once('message', (value) => {
      child.off('exit', ended);
      resolve(value as T);
    });
  });
}

/** Processor time that a process has used, all its threads together; null where the system does not tell it exactly. */
export function processorSeconds({ pid }: ChildProcess): number | null {
  try {
    let nanoseconds = 0;
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    }
    return nanoseconds > 0 ? nanoseconds / 1e9 : null;
  } catch {
    return null;
  }
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(killer);
}

export function stopAll(): void {
  for (const child of running) child.kill('SIGKILL');
}
