// Throw-away database servers for the tests: PostgreSQL and MariaDB, each in a fresh folder, on a free loopback port.
//
//   node scripts/databases.mjs run -- <command…>   run a command with TEST_POSTGRES_URL and TEST_MARIADB_URL set
//   node scripts/databases.mjs check               start both, open a connection to each, stop both
//
// Runs on Node 20 without dependencies. A URL that is already in the environment wins over starting a server.

import { spawn, spawnSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { constants, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;
const APT_TIMEOUT_MS = 240_000;

const isRoot = process.getuid?.() === 0;

const postgres = {
  name: 'PostgreSQL',
  variable: 'TEST_POSTGRES_URL',
  programs: ['postgres', 'initdb'],
  folders: () => newestFirst('/usr/lib/postgresql').map((version) => `/usr/lib/postgresql/${version}/bin`),
  debianPackages: ['postgresql'],
  hint: 'install postgresql, or set TEST_POSTGRES_URL',
  readyLine: 'database system is ready to accept connections',
  stopSignal: 'SIGINT', // PostgreSQL's "fast shutdown": open sessions are ended
  url: (port) => `postgres://postgres@127.0.0.1:${port}/postgres`,
  initialise: (folder, data) => [
    join(folder, 'initdb'),
    [
      '--pgdata',
      data,
      '--username=postgres',
      '--auth=trust',
      '--locale=C.UTF-8',
      '--encoding=UTF8',
      '--no-sync',
      '--no-instructions',
    ],
  ],
  serve: (folder, data, port) => [
    join(folder, 'postgres'),
    [
      '-D',
      data,
      '-p',
      `${port}`,
      '-h',
      '127.0.0.1',
      '-k',
      '',
      ...postgresSettings.flatMap((setting) => ['-c', setting]),
    ],
  ],
};

const postgresSettings = [
  'max_connections=200',
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'autovacuum=off',
  'logging_collector=off',
];

const mariadb = {
  name: 'MariaDB',
  variable: 'TEST_MARIADB_URL',
  programs: ['mariadbd', 'mariadb-install-db', 'my_print_defaults'],
  folders: () => ['/usr/sbin', '/usr/local/sbin'],
  // The server without Debian's service around it, so nothing is started; its install-db needs a tool of client-core.
  debianPackages: ['mariadb-server-core', 'mariadb-client-core'],
  hint: 'install mariadb-server, or set TEST_MARIADB_URL',
  readyLine: 'ready for connections',
  stopSignal: 'SIGTERM',
  url: (port) => `mysql://root@127.0.0.1:${port}/test`,
  initialise: (_folder, data) => [
    'mariadb-install-db',
    ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-name-resolve'],
  ],
  serve: (folder, data, port) => [
    join(folder, 'mariadbd'),
    ['--no-defaults', `--datadir=${data}`, '--bind-address=127.0.0.1', `--port=${port}`, ...mariadbSettings],
  ],
};

const mariadbSettings = [
  '--socket=server.sock', // relative to the data folder
  '--pid-file=server.pid',
  '--skip-name-resolve',
  '--max-connections=200',
  '--character-set-server=utf8mb4',
  '--skip-log-bin',
  '--performance-schema=OFF',
  '--innodb-buffer-pool-size=64M',
  '--innodb-flush-log-at-trx-commit=0',
  '--innodb-doublewrite=OFF',
  '--innodb-fast-shutdown=2',
];

/**
 * Starts PostgreSQL and MariaDB for a test run.
 *
 * Gives one entry per server, in that order: `name`, `variable`, and one of `url`; `skipped`, where there is no server to be
 * had: the line that tells the reader how to get one; `problem`, where there is one that does not start. `stop()` ends what was started here and removes its files; calling it
 * twice is safe. Should this process be killed, the servers end with it.
 */
export async function startDatabases({ log = console.log } = {}) {
  installMissing([postgres, mariadb], log);
  return startAll([postgres, mariadb]);
}

/** The same with PostgreSQL alone, and only where it is installed already. */
export function startPostgres() {
  return startAll([postgres]);
}

async function startAll(kinds) {
  const servers = await Promise.all(kinds.map(start));
  return {
    servers: servers.map(({ stop: _, ...server }) => server),
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}

async function start(kind) {
  const { name, variable } = kind;
  const given = process.env[variable];
  if (given) return { name, variable, url: given, stop: async () => {} };

  const folder = findFolder(kind);
  if (!folder) {
    return { name, variable, skipped: `skipped: server tests on ${name} (${kind.hint})`, stop: async () => {} };
  }
  try {
    return { name, variable, ...(await startServer(kind, folder)) };
  } catch (error) {
    const problem = `${name} is installed in ${folder} but did not start: ${error.message}`;
    return { name, variable, problem, stop: async () => {} };
  }
}

async function startServer(kind, folder) {
  const account = isRoot ? unprivilegedAccount() : {};
  const home = mkdtempSync(join(tmpdir(), `halyard-${kind.programs[0]}-`));
  if (isRoot) chownSync(home, account.uid, account.gid);
  const data = join(home, 'data');
  const environment = { PATH: `${folder}${delimiter}${process.env.PATH}`, HOME: home, TMPDIR: home, TZ: 'UTC' };
  const options = { ...account, cwd: home, env: environment };

  try {
    const [initialise, initialiseArguments] = kind.initialise(folder, data);
    await runQuietly(initialise, initialiseArguments, options);

    const port = await freePort();
    const logFile = join(home, 'server.log');
    const log = openSync(logFile, 'w');
    const [serve, serveArguments] = kind.serve(folder, data, port);
    // Detached: a Ctrl-C in the terminal reaches us, and we stop the server when the tests have let go of it.
    const server = spawn(serve, serveArguments, { ...options, stdio: ['ignore', log, log], detached: true });
    const ended = new Promise((resolve) => {
      server.once('error', resolve);
      server.once('exit', resolve);
    });
    const guard = guardServer(server.pid, home);

    const stop = async () => {
      server.kill(kind.stopSignal);
      const killer = setTimeout(() => server.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await ended;
      clearTimeout(killer);
      guard.kill('SIGKILL');
      rmSync(home, { recursive: true, force: true });
    };

    try {
      await waitForLine(server, logFile, kind.readyLine);
    } catch (error) {
      await stop();
      throw error;
    }
    return { url: kind.url(port), stop };
  } catch (error) {
    rmSync(home, { recursive: true, force: true });
    throw error;
  }
}

/** Ends the server and removes its files when this process dies without a chance to do so: its stdin closes with us. */
function guardServer(pid, home) {
  const script = 'read -r _; kill -9 "$1" 2>/dev/null; sleep 1; rm -rf "$2"';
  const guard = spawn('sh', ['-c', script, 'guard', `${pid}`, home], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.unref();
  guard.stdin.unref?.();
  guard.stdin.on('error', () => {}); // the guard was killed first, which is its normal end
  return guard;
}

async function waitForLine(server, logFile, line) {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    const text = readFileSync(logFile, 'utf8');
    if (text.includes(line)) return;
    const gone = server.exitCode !== null || server.signalCode !== null || server.pid === undefined;
    if (gone || Date.now() > deadline) {
      throw new Error(`${gone ? 'it ended' : 'it was not ready in time'}; the last it said:\n${text.slice(-1500)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Debian's server packages for what is not on the machine, when we may install them; says so when that fails. */
function installMissing(kinds, log) {
  const missing = kinds.filter((kind) => !process.env[kind.variable] && !findFolder(kind));
  if (missing.length === 0 || !isRoot || !existsSync('/etc/debian_version') || !findProgram('apt-get')) return;

  const names = missing.flatMap((kind) => kind.debianPackages);
  log(`Installing ${names.join(' and ')} from Debian's packages, for the tests …`);
  const restore = withoutSystemServices();
  try {
    const lock = ['-o', 'DPkg::Lock::Timeout=120'];
    aptGet([...lock, 'update']);
    aptGet([...lock, 'install', '--yes', '--no-install-recommends', ...names]);
  } catch (error) {
    log(`Could not install them: ${error.message}`);
  } finally {
    restore();
  }
}

/** While it lasts, Debian's packages neither create a system-wide cluster nor start a service. */
function withoutSystemServices() {
  const files = [
    ['/usr/sbin', 'policy-rc.d', '#!/bin/sh\nexit 101\n', 0o755],
    ['/etc/postgresql-common/createcluster.d', 'halyard-tests.conf', 'create_main_cluster = false\n', 0o644],
  ];
  const written = [];
  for (const [folder, name, content, mode] of files) {
    const path = join(folder, name);
    if (existsSync(path)) continue;
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, content, { mode });
    written.push(path);
  }
  return () => {
    for (const path of written) rmSync(path, { force: true });
  };
}

function aptGet(args) {
  const result = spawnSync('apt-get', ['-q', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: APT_TIMEOUT_MS,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (result.status === 0) return;
  const said = (result.stderr || result.stdout || '').trim().split('\n').slice(-3).join(' ');
  throw new Error(said || result.error?.message || `apt-get ended with ${result.status ?? result.signal}`);
}

function runQuietly(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ended with ${code}: ${output.trim().slice(-1500)}`));
    });
  });
}

/** Both servers refuse to run as root. */
function unprivilegedAccount() {
  const id = (flag) => Number(spawnSync('id', [flag, 'nobody'], { encoding: 'utf8' }).stdout);
  return { uid: id('-u'), gid: id('-g') };
}

/** The folder of the server, if everything that is needed to run it is here. */
function findFolder(kind) {
  const folders = kind.programs.map((program) => findProgram(program, kind.folders()));
  return folders.every(Boolean) ? folders[0] : undefined;
}

/** The folder that holds the program, looked for in the given folders and then in PATH. */
function findProgram(program, folders = []) {
  const path = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return [...folders, ...path].find((folder) => existsSync(join(folder, program)));
}

function newestFirst(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^\d+$/.test(name))
    .sort((a, b) => Number(b) - Number(a));
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function main([verb, ...rest]) {
  if (verb === 'run' && rest[0] === '--' && rest.length > 1) return run(rest.slice(1));
  if (verb === 'check' && rest.length === 0) return check();
  console.error('usage: node scripts/databases.mjs run -- <command…>\n       node scripts/databases.mjs check');
  return 2;
}

async function run([command, ...args]) {
  const { servers, stop } = await startDatabases({ log: console.error });
  const environment = { ...process.env };
  for (const { variable, url, skipped, problem } of servers) {
    if (url) environment[variable] = url;
    console.error(url ? `${variable}=${url}` : (skipped ?? problem));
  }
  try {
    return await new Promise((resolve, reject) => {
      const child = spawn(command, args, { stdio: 'inherit', env: environment });
      for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
    });
  } finally {
    await stop();
  }
}

async function check() {
  const { servers, stop } = await startDatabases();
  try {
    for (const { name, url, skipped, problem } of servers) {
      if (!url) console.log(skipped ?? problem);
      else console.log(`${name} answers at ${url}: ${(await firstBytes(url)) ? 'yes' : 'no'}`);
    }
    return servers.every((server) => server.url) ? 0 : 1;
  } finally {
    await stop();
    console.log('stopped');
  }
}

/** MariaDB greets first; PostgreSQL answers `N` (or `S`) to a request for TLS. */
function firstBytes(url) {
  const { hostname, port, protocol } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.setTimeout(5_000, () => socket.destroy());
    if (protocol.startsWith('postgres')) socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));
    socket.once('data', () => socket.destroy(resolve(true)));
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.exitCode = await main(process.argv.slice(2));
}
