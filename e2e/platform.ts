import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../apps/server/src/main.ts', import.meta.url));

/** The real server process on a data folder of its own and a free port. */
export interface Platform {
  /** `http://127.0.0.1:<port>` */
  origin: string;
  dataDir: string;
  /** Ends the process as an operator would, and waits for it. */
  stop(): Promise<void>;
  /** Ends the process as a power cut would, and waits for it. */
  kill(): Promise<void>;
  /** What the process has printed. */
  output(): string;
}

/** Starts the server and waits until it listens. Without a data folder it gets a new one that goes with `stop`. */
export async function startPlatform(
  given: { dataDir?: string; port?: number; env?: Record<string, string> } = {},
): Promise<Platform> {
  const dataDir = given.dataDir ?? mkdtempSync(join(tmpdir(), 'halyard-e2e-'));
  const child = spawn(process.execPath, [main], {
    env: {
      PATH: process.env.PATH,
      HOST: '127.0.0.1',
      PORT: String(given.port ?? 0),
      DATA_DIR: dataDir,
      LOG_LEVEL: 'error',
      ...given.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const origin = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString('utf8');
      const address = /Halyard is up: (\S+)/.exec(output)?.[1];
      if (address !== undefined) resolve(address);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', (code) => reject(new Error(`The server ended with ${code}:\n${output}`)));
  });
  return {
    origin,
    dataDir,
    output: () => output,
    async stop() {
      await end(child, exited, 'SIGTERM');
      if (given.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
    },
    kill: () => end(child, exited, 'SIGKILL'),
  };
}

async function end(child: ChildProcess, exited: Promise<void>, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  await exited;
}

/** A client of the Core API that signs in as one person. */
export interface Client {
  token: string;
  /** Sends a request and answers the parsed body. @throws for a status other than 2xx */
  call(method: string, path: string, body?: unknown): Promise<any>;
}

/** A client with a token; with an empty one it is nobody's. */
export function clientOf(origin: string, token: string): Client {
  const client: Client = {
    token,
    async call(method, path, body) {
      const response = await fetch(`${origin}/api/v1/${path}`, {
        method,
        headers: {
          ...(client.token !== '' && { Authorization: `Token ${client.token}` }),
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
      return text === '' ? null : JSON.parse(text);
    },
  };
  return client;
}

/** Registers a person and signs in. */
export async function signUp(origin: string): Promise<Client> {
  const nobody = clientOf(origin, '');
  const { key } = await nobody.call('POST', 'auth/users/', {
    email: `${crypto.randomUUID()}@example.com`,
    password: 'Correct-horse-battery-9',
    first_name: 'Grace',
    last_name: 'Tester',
  });
  return clientOf(origin, key);
}

/** An organisation with one project and one environment. */
export interface Workplace {
  client: Client;
  projectId: number;
  environment: { id: number; api_key: string };
  serverKey: string;
}

/** Makes a workplace through the Core API, and waits until its environment answers SDKs. */
export async function setUpWorkplace(origin: string): Promise<Workplace> {
  const client = await signUp(origin);
  const organisation = await client.call('POST', 'organisations/', { name: 'Acme' });
  const project = await client.call('POST', 'projects/', { name: 'Shop', organisation: organisation.id });
  const environment = await client.call('POST', 'environments/', { name: 'Production', project: project.id });
  const key = await client.call('POST', `environments/${environment.api_key}/api-keys/`, { name: 'server' });
  await until(async () => {
    const response = await fetch(`${origin}/api/v1/environment-document/`, {
      headers: { 'X-Environment-Key': key.key },
    });
    return response.ok;
  });
  return { client, projectId: project.id, environment, serverKey: key.key };
}

/** Sets the environment's own state of a feature. */
export async function setState(place: Workplace, featureName: string, body: object): Promise<void> {
  const states = `environments/${place.environment.api_key}/featurestates/`;
  const { results } = await place.client.call('GET', `${states}?feature_name=${encodeURIComponent(featureName)}`);
  await place.client.call('PUT', `${states}${results[0].id}/`, body);
}

/** Waits until a condition holds. @throws after 30 seconds */
export async function until(condition: () => Promise<boolean> | boolean, what = 'the condition'): Promise<void> {
  const giveUp = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > giveUp) throw new Error(`${what} did not hold within 30 seconds`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
