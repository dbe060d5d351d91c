// `npm test`: everything a fresh machine needs, then every check and test there is. The last line is `N passed, N failed`.
//
//   npm test                       all of it
//   npm test -- <words for vitest> the unit tests of those files or names only, for work on one thing
//
// A server suite whose database cannot be had is skipped, with a line that says how to enable it.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBrowser } from './browser.mjs';
import { check } from './check.mjs';
import { startDatabases } from './databases.mjs';
import { buildDashboard, nodeProgram, prepare, root } from './setup.mjs';

const RUN_TIMEOUT_MS = 30 * 60_000;

const reports = mkdtempSync(join(tmpdir(), 'halyard-reports-'));
const summary = [];
let stopDatabases = async () => {};
let running;
let interrupted = false;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, async () => {
    interrupted = true;
    running?.kill(signal);
    await cleanUp();
    process.exit(130);
  });
}

prepare('everything');
try {
  const words = process.argv.slice(2);
  if (words.length > 0) await vitest('unit tests', ['--project', 'unit', ...words]);
  else await everything();
} finally {
  await cleanUp();
}
printSummary();

async function everything() {
  heading('checks');
  summary.push({ name: 'checks', skipped: 0, ...check() });

  await vitest('unit tests, server on SQLite', ['--project', 'unit']);

  const databases = await startDatabases();
  stopDatabases = databases.stop;
  for (const { name, url, skipped, problem } of databases.servers) {
    const title = `server on ${name}`;
    if (url)
      await vitest(title, ['--project', 'unit', '--passWithNoTests', 'apps/server/'], { TEST_DATABASE_URL: url });
    else summary.push({ name: title, passed: 0, failed: problem ? 1 : 0, line: skipped ?? `FAILED: ${problem}` });
  }
  await stopDatabases();

  await buildDashboard();
  const browser = findBrowser();
  if (browser.hint) console.log(`tests of the dashboard: ${browser.hint}`);
  await vitest('e2e', ['--project', 'e2e', '--passWithNoTests'], browser.path ? { TEST_CHROMIUM: browser.path } : {});
}

/** Runs vitest and adds what it counted to the summary. A run that dies, hangs or cannot load a file counts as failed. */
async function vitest(name, args, env = {}) {
  heading(name);
  const startedAt = performance.now();
  const report = join(reports, `${summary.length}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const program = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const code = await runToEnd(nodeProgram(), [program, 'run', ...reporters, ...args], { ...databaseFree(), ...env });

  const { passed, failed, skipped } = count(report);
  const unexplained = code !== 0 && failed === 0 ? 1 : 0;
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  summary.push({ name, passed, failed: failed + unexplained, skipped, seconds });
}

/** Every run says for itself on which database it is; without a word it is SQLite. */
function databaseFree() {
  const { TEST_DATABASE_URL: _, ...env } = process.env;
  return env;
}

function runToEnd(command, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
    running = child;
    const timer = setTimeout(() => {
      console.error(`It did not end within ${RUN_TIMEOUT_MS / 60_000} minutes, and is stopped.`);
      child.kill('SIGKILL');
    }, RUN_TIMEOUT_MS);
    child.once('error', reject);
    child.once('exit', (code) => {
      clearTimeout(timer);
      if (!interrupted) resolve(code); // or else the next run would begin while we clean up
    });
  });
}

function count(report) {
  if (!existsSync(report)) return { passed: 0, failed: 0, skipped: 0 };
  const result = JSON.parse(readFileSync(report, 'utf8'));
  // A file that could not be loaded or set up fails without a failed test.
  const broken = result.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  return {
    passed: result.numPassedTests,
    failed: result.numFailedTests + broken.length,
    skipped: result.numPendingTests + (result.numTodoTests ?? 0),
  };
}

function printSummary() {
  heading('summary');
  for (const { name, passed, failed, skipped = 0, seconds, line } of summary) {
    const rest = [skipped > 0 && `${skipped} skipped`, seconds !== undefined && `${seconds} s`]
      .filter(Boolean)
      .join(', ');
    console.log(line ?? `${name}: ${passed} passed, ${failed} failed${rest && ` (${rest})`}`);
  }
  const total = (key) => summary.reduce((sum, entry) => sum + entry[key], 0);
  process.exitCode = total('failed') === 0 ? 0 : 1;
  console.log(`${total('passed')} passed, ${total('failed')} failed`);
}

function heading(name) {
  console.log(`\n== ${name}`);
}

async function cleanUp() {
  await stopDatabases();
  rmSync(reports, { recursive: true, force: true });
}
