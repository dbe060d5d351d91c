// What `npm start`, `npm test` and `npm run check` need before they can begin: dependencies, and Node 24.
// Runs on Node 20 without dependencies, because it is what installs them.

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the repository. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const minimumNode = 24;
const nodeFolder = join(root, 'tools', 'node');
const windows = process.platform === 'win32';

/**
 * Makes the repository ready to run: Node 24 first in PATH, and the dependencies of package-lock.json.
 *
 * `needs` is 'runtime' or 'everything' (runtime and development). What is there already is left as it is, so a repeat costs
 * a few milliseconds, and a start never takes a developer's tools away. Ends the process with a clear line when npm fails.
 */
export function prepare(needs) {
  if (Number(process.versions.node.split('.')[0]) < minimumNode) usePrivateNode();
  process.env.PATH = [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter);

  const missing = missingPackages(root, needs);
  if (missing === 0) return;
  const everything = needs === 'everything' || hasDevelopmentPackages(root);
  say(`Installing ${missing} packages; this is done once and takes a minute or so …`);
  npmCi(root, everything ? [] : ['--omit=dev']);
}

/** Installs what a folder outside the workspaces needs beside that, where it is not there yet. No install script runs. */
export function prepareFolder(name, what) {
  const folder = join(root, name);
  const missing = missingPackages(folder, 'runtime');
  if (missing === 0) return;
  say(`Installing ${what} (${missing} packages); this is done once …`);
  npmCi(folder, ['--ignore-scripts']);
}

/**
 * Runs `node <args>` on Node 24 from the repository's folder, sharing this terminal, and gives its exit code.
 *
 * Call `prepare` first. SIGINT, SIGTERM and SIGHUP are handed on, so that stopping this process stops that one.
 */
export function runNode(args, { env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const options = { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } };
    const child = spawn(nodeProgram(), args, options);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.on(signal, () => {
        // A Ctrl-C reaches every process of the terminal by itself; a second one would cut the orderly stop short.
        if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
      });
    }
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

/**
 * Compiles the server in a process of its own where that was never done, and has later processes read what came of it: a
 * quicker start, and 20 MB less in the server, which then never loads the compiler. Call `prepare` first.
 */
export async function compileAhead() {
  process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules', '.cache', 'halyard');
  if (existsSync(process.env.NODE_COMPILE_CACHE)) return;
  // Should it fail, the server says why when it starts.
  await runNode(['--eval', "import('./apps/server/src/app.ts').catch(() => {})"]);
}

/**
 * Builds the dashboard where its sources changed since it was built last. Call `prepare` first. Should it fail, the server
 * runs without it and says so at `/`.
 */
export async function buildDashboard() {
  const dist = join(root, 'apps', 'dashboard', 'dist');
  const stamp = sourcesStamp(['apps/dashboard', 'packages/contract/src', 'package-lock.json']);
  const stampFile = join(dist, '.sources');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  say('Building the dashboard …');
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const code = await runNode([vite, 'build', '--logLevel', 'error', join(root, 'apps', 'dashboard')]);
  if (code === 0) writeFileSync(stampFile, stamp);
  else say('The dashboard could not be built; the lines above say why. The API runs without it.');
}

/** Changes when a file below these paths does. */
function sourcesStamp(paths) {
  const hash = createHash('sha256');
  const add = (path) => {
    const name = path.slice(path.lastIndexOf(sep) + 1);
    if (name === 'node_modules' || name === 'dist') return;
    if (statSync(path).isDirectory()) for (const entry of readdirSync(path).sort()) add(join(path, entry));
    else hash.update(path.slice(root.length)).update(readFileSync(path));
  };
  for (const path of paths) add(join(root, path));
  return hash.digest('hex');
}

/** The Node that `prepare` settled on, by its path or by its name in PATH. */
export function nodeProgram() {
  return Number(process.versions.node.split('.')[0]) < minimumNode ? privateNode() : process.execPath;
}

function usePrivateNode() {
  if (missingPackages(nodeFolder, 'runtime') > 0 || !existsSync(privateNode())) {
    say(`Installing Node ${minimumNode} for Halyard's own use (this machine's is ${process.version}) …`);
    npmCi(nodeFolder, []);
    if (!existsSync(privateNode())) {
      fail(`npm did not install it (are install scripts off?). Install Node ${minimumNode} or newer and start again.`);
    }
  }
  process.env.PATH = [join(nodeFolder, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
}

function privateNode() {
  return join(nodeFolder, 'node_modules', 'node', 'bin', windows ? 'node.exe' : 'node');
}

/**
 * How many packages of the lock file are not installed, or in another version.
 *
 * npm writes what it installed to node_modules/.package-lock.json as its last step, so an install that was cut short counts
 * as not done. Optional packages are not counted: most are for other platforms.
 */
function missingPackages(folder, needs) {
  const wanted = Object.entries(packagesOf(join(folder, 'package-lock.json')));
  const installed = packagesOf(join(folder, 'node_modules', '.package-lock.json'));
  return wanted.filter(([path, entry]) => {
    if (!path.includes('node_modules/') || entry.optional || entry.devOptional) return false;
    if (entry.dev && needs === 'runtime') return false;
    const present = installed[path];
    return !present || present.version !== entry.version || present.integrity !== entry.integrity;
  }).length;
}

function hasDevelopmentPackages(folder) {
  return Object.values(packagesOf(join(folder, 'node_modules', '.package-lock.json'))).some((entry) => entry.dev);
}

function packagesOf(lockFile) {
  return existsSync(lockFile) ? JSON.parse(readFileSync(lockFile, 'utf8')).packages : {};
}

function npmCi(folder, extra) {
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error', ...extra];
  const npm = process.env.npm_execpath;
  // Started by npm: the same npm, on the Node we settled on. Otherwise whatever npm is in PATH.
  const [command, commandArgs] = npm?.endsWith('.js') ? ['node', [npm, ...args]] : ['npm', args];
  const options = { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'], env: withoutNpmSettings(), shell: windows };
  const { status, error } = spawnSync(command, commandArgs, options);
  if (error) fail(`Could not run npm: ${error.message}`);
  if (status !== 0) fail(`npm ci failed in ${folder}; the lines above say why.`);
}

/** npm hands its own settings down to what it runs; a nested npm must not take them for wishes of the user. */
function withoutNpmSettings() {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^npm_(package|lifecycle|command|config_local_prefix)/i.test(name),
  );
  return Object.fromEntries(kept);
}

function say(line) {
  console.error(line);
}

function fail(line) {
  console.error(line);
  process.exit(1);
}
