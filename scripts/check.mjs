// `npm run check`: what can be said about the code without running it. Every step runs, so that one pass shows all there is
// to mend; `npm run format` mends the first by itself.

import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { prepare, root } from './setup.mjs';

const steps = [
  { name: 'format, import order and forgotten promises', command: ['biome', 'check', '--error-on-warnings'] },
  { name: 'lint and import rules', command: ['oxlint', '--deny-warnings'] },
  { name: 'types', command: ['tsc'] },
  { name: 'dead code', command: ['knip', '--no-progress', '--no-config-hints'] },
];

/** Runs the steps, says what each found, and gives `{ passed, failed }`. Call `prepare('everything')` first. */
export function check() {
  let failed = 0;
  for (const { name, command } of steps) {
    const startedAt = performance.now();
    const [program, ...args] = command;
    const result = spawnSync(program, args, { cwd: root, encoding: 'utf8', shell: process.platform === 'win32' });
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    const ok = result.status === 0;
    if (!ok) failed += 1;
    console.log(`${ok ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
    if (!ok) console.log([result.error?.message, result.stdout, result.stderr].filter(Boolean).join('\n').trimEnd());
  }
  return { passed: steps.length - failed, failed };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  prepare('everything');
  process.exitCode = check().failed === 0 ? 0 : 1;
}
