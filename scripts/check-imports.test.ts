// A lint rule that matches nothing looks just like code without a fault. So here each fault that the configuration is there
// to find is planted in a tree of its own and must be found, and what is allowed must pass.

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');

/** [file, the specifier it imports] */
const faults: [file: string, specifier: string][] = [
  // Packages and apps.
  ['packages/engine/src/a.ts', '@halyard/server'],
  ['packages/contract/src/a.ts', '@halyard/edge'],
  ['packages/testkit/src/a.ts', '@halyard/server'],
  ['packages/contract/src/a.ts', '../../../apps/edge/src/edge.ts'],
  ['apps/edge/src/a.ts', '@halyard/server'],
  ['apps/dashboard/src/a.ts', '@halyard/server'],
  ['apps/cli/src/a.ts', '@halyard/edge'],
  ['apps/server/src/a.ts', '@halyard/dashboard'],
  ['apps/server/src/a.ts', '../../edge/src/edge.ts'],
  ['apps/server/src/features/a.ts', '../../../edge/src/edge.ts'],

  // Contract as types only.
  ['packages/engine/src/a.ts', '@halyard/contract'],
  ['packages/sync/src/a.ts', '@halyard/contract'],
  ['packages/sdk-js/src/a.ts', '@halyard/contract'],

  // A foreign slice: its service, never its store or routes.
  ['apps/server/src/features/service.ts', '../segments/store.ts'],
  ['apps/server/src/features/rules.ts', '../segments/store.ts'],
  ['apps/server/src/features/service.ts', '../segments/routes.ts'],
  ['apps/server/src/features/features.test.ts', '../segments/store.ts'],
  ['apps/server/src/auth/password/service.ts', '../mfa/store.ts'],
  ['apps/server/src/auth/password/service.ts', '../../segments/store.ts'],
  ['apps/server/src/auth/service.ts', './mfa/store.ts'],
  ['apps/server/src/app.ts', './segments/store.ts'],
  ['apps/server/src/main.ts', './segments/routes.ts'],
  ['apps/server/src/context.ts', './segments/routes.ts'],
  ['apps/server/src/testing/seed.ts', '../segments/store.ts'],

  // routes → service → store → db.
  ['apps/server/src/features/service.ts', '../http/route.ts'],
  ['apps/server/src/features/service.ts', 'fastify'],
  ['apps/server/src/features/service.ts', 'kysely'],
  ['apps/server/src/segments/routes.ts', './store.ts'],
  ['apps/server/src/segments/routes.ts', 'kysely'],
  ['apps/server/src/segments/store.ts', './service.ts'],
  ['apps/server/src/segments/store.ts', '../access/service.ts'],
  ['apps/server/src/segments/store.ts', '../http/route.ts'],
  ['apps/server/src/access/service.ts', '../http/route.ts'],
  ['apps/server/src/changes/store.ts', './service.ts'],

  // What lies below the slices.
  ['apps/server/src/http/a.ts', '../segments/service.ts'],
  ['apps/server/src/http/a.ts', '../access/service.ts'],
  ['apps/server/src/db/a.ts', '../segments/service.ts'],
  ['apps/server/src/db/a.ts', '../http/route.ts'],
  ['apps/server/src/db/dialects/a.ts', '../../segments/service.ts'],
  ['apps/server/src/access/a.ts', '../segments/service.ts'],
  ['apps/server/src/access/service.ts', '../segments/service.ts'],
  ['apps/server/src/changes/a.ts', '../segments/service.ts'],
  ['apps/server/src/changes/service.ts', '../segments/service.ts'],

  // The environment, tests and barrels.
  ['apps/server/src/a.ts', 'node:process'],
  ['apps/server/src/features/service.ts', '../testing/context.ts'],
  ['apps/server/src/features/service.ts', '@halyard/testkit'],
  ['packages/engine/src/a.ts', '@halyard/testkit'],
  ['apps/server/src/features/service.ts', '../segments/index.ts'],
];

const allowed: [file: string, specifier: string][] = [
  ['apps/server/src/a.ts', '@halyard/edge'],
  ['apps/server/src/a.ts', '@halyard/contract'],
  ['apps/server/src/app.ts', './segments/routes.ts'],
  ['apps/server/src/features/routes.ts', '../http/route.ts'],
  ['apps/server/src/features/routes.ts', './service.ts'],
  ['apps/server/src/features/service.ts', './store.ts'],
  ['apps/server/src/features/service.ts', '../segments/service.ts'],
  ['apps/server/src/features/service.ts', '../changes/service.ts'],
  ['apps/server/src/features/service.ts', '../errors.ts'],
  ['apps/server/src/features/store.ts', '../db/tables.ts'],
  ['apps/server/src/features/store.ts', 'kysely'],
  ['apps/server/src/auth/password/service.ts', './store.ts'],
  ['apps/server/src/auth/password/service.ts', '../../segments/service.ts'],
  ['apps/server/src/changes/service.ts', '../access/service.ts'],
  ['apps/server/src/http/a.ts', '../errors.ts'],
  ['apps/server/src/db/dialects/a.ts', '../tables.ts'],
  ['apps/server/src/db/dialects/a.ts', '../migrations/0001.ts'],
  ['apps/server/src/features/features.test.ts', '../testing/context.ts'],
  ['apps/server/src/features/features.test.ts', '@halyard/testkit'],
  ['apps/edge/src/a.ts', '@halyard/contract'],
  ['packages/engine/src/a.test.ts', '@halyard/contract'],
  ['packages/testkit/src/a.ts', '@halyard/contract'],
];

/** [what is wrong, the rule that says so, the file it is said of, its content] */
const otherFaults: [name: string, rule: string, file: string, content: string][] = [
  [
    'an import cycle',
    'import(no-cycle)',
    'apps/server/src/cycle/a.ts',
    "import { b } from './b.ts';\n\nexport const a = () => b;\n",
  ],
  [
    'the other half of an import cycle',
    'import(no-cycle)',
    'apps/server/src/cycle/b.ts',
    "import { a } from './a.ts';\n\nexport const b = () => a;\n",
  ],
  [
    'a cycle of types',
    'import(no-cycle)',
    'packages/engine/src/cycle/a.ts',
    "import type { B } from './b.ts';\n\nexport type A = { b: B };\n",
  ],
  [
    'the other half of a cycle of types',
    'import(no-cycle)',
    'packages/engine/src/cycle/b.ts',
    "import type { A } from './a.ts';\n\nexport type B = { a: A };\n",
  ],
  [
    'reading the environment outside main.ts',
    'eslint(no-restricted-properties)',
    'apps/server/src/environment/a.ts',
    'export const home = process.env.HOME;\n',
  ],
  [
    'taking env out of process',
    'eslint(no-restricted-properties)',
    'apps/server/src/environment/b.ts',
    'export const { env } = process;\n',
  ],
  ['a barrel in an app', 'oxc(no-barrel-file)', 'apps/server/src/barrel.ts', "export * from './cycle/a.ts';\n"],
  ['a default export', 'import(no-default-export)', 'packages/engine/src/default.ts', 'export default 1;\n'],
];

interface Fault {
  rule: string;
  file: string;
  /** Counted from 1. */
  line: number;
}

const key = (file: string, specifier: string) => `${file} → ${specifier}`;

const trees: string[] = [];
let restricted: Set<string>;
let others: Fault[];

beforeAll(() => {
  const imports = new Map<string, string[]>();
  for (const [file, specifier] of [...faults, ...allowed]) {
    imports.set(file, [...(imports.get(file) ?? []), specifier]);
  }
  const files = [...imports].map(([file, specifiers]): [string, string] => {
    return [file, specifiers.map((specifier, index) => `export { a as a${index} } from '${specifier}';\n`).join('')];
  });

  const found = lint([...files, ...otherFaults.map(([, , file, content]): [string, string] => [file, content])]);

  const imported = found.filter((fault) => fault.rule === 'eslint(no-restricted-imports)');
  restricted = new Set(imported.map(({ file, line }) => key(file, imports.get(file)?.[line - 1] ?? '')));
  others = found.filter((fault) => fault.rule !== 'eslint(no-restricted-imports)');
});

afterAll(() => {
  for (const folder of trees) rmSync(folder, { recursive: true, force: true });
});

test.each(faults)('%s may not import %s', (file, specifier) => {
  expect(restricted).toContain(key(file, specifier));
});

test.each(allowed)('%s may import %s', (file, specifier) => {
  expect(restricted).not.toContain(key(file, specifier));
});

test.each(otherFaults)('%s is found', (_name, rule, file) => {
  expect(others).toContainEqual(expect.objectContaining({ rule, file }));
});

test('a package may import the types of contract where it may not import its code', () => {
  const found = lint([['packages/engine/src/a.ts', "export type { A } from '@halyard/contract';\n"]]);

  expect(found).toEqual([]);
});

test('a forgotten promise is found', () => {
  const folder = tree([['a.ts', 'const save = async () => 1;\n\nexport const stop = () => {\n  save();\n};\n']]);

  const { status, output } = run(folder, 'biome', ['lint', '--vcs-enabled=false', 'a.ts']);

  expect(output).toContain('noFloatingPromises');
  expect(status).toBe(1);
});

function lint(files: [path: string, content: string][]): Fault[] {
  const folders = new Set(files.map(([path]) => path.split('/')[0] ?? ''));
  const { output } = run(tree(files), 'oxlint', ['--format=json', ...folders]);
  const { diagnostics } = JSON.parse(output) as {
    diagnostics: { code: string; filename: string; labels: { span: { line: number } }[] }[];
  };
  return diagnostics.map(({ code, filename, labels }) => {
    return { rule: code, file: filename.replaceAll('\\', '/'), line: labels[0]?.span.line ?? 0 };
  });
}

/** A folder with our configuration and these files, removed at the end. */
function tree(files: [path: string, content: string][]): string {
  const folder = mkdtempSync(join(tmpdir(), 'halyard-imports-'));
  trees.push(folder);
  for (const name of ['oxlint.config.ts', 'biome.json', 'tsconfig.json'])
    copyFileSync(join(root, name), join(folder, name));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(join(root, 'node_modules', 'oxlint'), join(folder, 'node_modules', 'oxlint'), 'junction');
  for (const [path, content] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

function run(folder: string, program: string, args: string[]) {
  const path = [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
  const result = spawnSync(program, args, { cwd: folder, encoding: 'utf8', env: { ...process.env, PATH: path } });
  return { status: result.status, output: result.stdout + result.stderr };
}
