import { defineConfig } from 'oxlint';

/**
 * Lint rules, and who may import whom (ARCHITECTURE.md, section 3). scripts/check-imports.test.ts plants each fault that the
 * import rules forbid and sees it found: add yours there when you add a rule.
 *
 * oxlint takes the last override that names a rule, and does not merge. So every group of files below lists all that it may
 * not import, made from the parts named here.
 */

type Ban = { regex?: string; group?: string[]; message: string; allowTypeImports?: boolean };

const app = (names: string): Ban => ({
  regex: `^@halyard/(${names})(/|$)`,
  message: 'Packages never import apps; apps never import each other, but for server → edge.',
});

const everywhere: Ban[] = [
  {
    regex: '^\\.\\.?/(.*/)?(apps|packages|src)/',
    message: 'Import another workspace by its package name, not by a path into it.',
  },
];

const inApps: Ban[] = [
  ...everywhere,
  {
    regex: '(^|/)index\\.tsx?$|^\\.\\.?$',
    message: 'Folders inside an app have no index: import the file that has what you need.',
  },
];

const outsideTests: Ban[] = [
  {
    regex: '^(\\./|(\\.\\./)+)testing/|^@halyard/testkit|\\.test\\.ts$',
    message: 'What we ship imports nothing that is only for tests.',
  },
];

const contractAsTypes: Ban = {
  regex: '^@halyard/contract(/|$)',
  allowTypeImports: true,
  message: "Import contract as types only: no validation library may reach a customer's bundle.",
};

const processModule: Ban = {
  regex: '^(node:)?process$',
  message: 'Only main.ts reads the environment; pass on what you need of the configuration.',
};

const environment = { object: 'process', property: 'env', message: processModule.message };

const foreignStore: Ban = {
  regex: '^(\\./|(\\.\\./)+)[^.].*/store\\.ts$',
  message: "Call the other slice's service; its store is its own.",
};

const foreignRoutes: Ban = {
  regex: '^(\\./|(\\.\\./)+)[^.].*/routes\\.ts$',
  message: 'Only app.ts mounts routes.',
};

const http: Ban = {
  regex: '^(\\.\\./)+http/|^(fastify|@fastify/.*|(node:)?https?)$',
  message: 'Only routes know HTTP: a service takes values and throws errors of errors.ts.',
};

const database: Ban = {
  regex: '^kysely(/|$)',
  allowTypeImports: true,
  message: 'SQL lives in the store.',
};

const store: Ban = { regex: '(^|/)store\\.ts$', message: 'Routes call the service, which asks the store.' };

const service: Ban = { regex: '(^|/)(service|routes)\\.ts$', message: 'A store knows SQL and nothing above it.' };

/** What a file directly in a folder of server/src may not import: every folder beside its own, but for these. */
const otherFolders = (allowed: string[], message: string): Ban => ({
  group: ['../*/**', ...allowed.map((folder) => `!../${folder}/**`)],
  message,
});

const inServer = [...inApps, app('dashboard|cli'), processModule, foreignStore];
const inSlice = [...inServer, foreignRoutes];
const inAccess = [...inSlice, otherFolders(['db', 'http', 'changes', 'testing'], 'access imports no other slice.')];
const inChanges = [...inSlice, otherFolders(['db', 'http', 'access', 'testing'], 'changes imports no other slice.')];

const mayNotImport = (files: string[], ...bans: Ban[][]) => {
  // Groups last: where a group allows an import, oxlint does not look at the bans after it.
  const patterns = bans.flat().sort((a, b) => Number(Boolean(a.group)) - Number(Boolean(b.group)));
  const rule: ['error', { patterns: Ban[] }] = ['error', { patterns }];
  return { files, rules: { 'no-restricted-imports': rule } };
};

const serverFolder = (folder: string) => `apps/server/src/${folder}`;

/** routes → service → store → db, within the folders that match. */
const layers = (folder: string, bans: Ban[]) => [
  mayNotImport([serverFolder(folder)], bans, outsideTests),
  mayNotImport([serverFolder(`${folder}/service.ts`)], bans, outsideTests, [http, database]),
  mayNotImport([serverFolder(`${folder}/routes.ts`)], bans, outsideTests, [store, database]),
  mayNotImport([serverFolder(`${folder}/store.ts`)], bans, outsideTests, [service, http]),
];

const tests = ['**/*.test.{ts,tsx}', '**/testing/**'];

export default defineConfig({
  plugins: ['eslint', 'typescript', 'import', 'oxc', 'unicorn', 'promise', 'vitest'],
  categories: { correctness: 'error', suspicious: 'error' },
  options: { reportUnusedDisableDirectives: 'error' },
  rules: {
    'import/no-cycle': ['error', { ignoreTypes: false }],
    'import/no-default-export': 'error',
    'import/no-duplicates': 'error',
    'import/no-mutable-exports': 'error',
    'no-empty': 'error',
    'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }],
    'no-var': 'error',
    'prefer-const': 'error',
    eqeqeq: ['error', 'always', { null: 'ignore' }],
    'no-throw-literal': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
    'typescript/no-namespace': 'error',
    'typescript/ban-ts-comment': 'error',
    'unicorn/throw-new-error': 'error',
    'vitest/no-focused-tests': 'error',
    'vitest/no-identical-title': 'error',

    // A transaction's `ctx` shadows the outer one on purpose, so that the pool is out of reach.
    'no-shadow': 'off',
    // Wrong alarms on our code: flags that a closure changes, arrays made to be sorted, copies made because the loop changes
    // the original, `await null` to give way, an `expect` in a loop, a test that waits for a state and is done, `new URL(text)`
    // to see whether it throws, other people's names, pg's default export.
    'no-unmodified-loop-condition': 'off',
    'unicorn/no-array-sort': 'off',
    'unicorn/no-useless-spread': 'off',
    'unicorn/no-unnecessary-await': 'off',
    'vitest/no-conditional-expect': 'off',
    'no-new': 'off',
    'no-underscore-dangle': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'import/no-named-as-default-member': 'off',
    'vitest/expect-expect': 'off',
    // TypeScript says these, and knows more.
    'import/default': 'off',
    'import/named': 'off',
    'import/namespace': 'off',
  },
  overrides: [
    { files: ['*.config.ts', 'apps/*/*.config.ts'], rules: { 'import/no-default-export': 'off' } },
    // Style sheets are imported for what they do.
    {
      files: ['apps/dashboard/**'],
      rules: { 'import/no-unassigned-import': ['error', { allow: ['**/*.css', '@fontsource-variable/*'] }] },
    },
    { files: ['apps/**', 'packages/**'], rules: { 'no-console': 'error' } },
    { files: ['packages/**', 'apps/server/**'], rules: { 'no-restricted-properties': ['error', environment] } },
    { files: ['apps/**'], rules: { 'oxc/no-barrel-file': ['error', { threshold: 0 }] } },
    // Tests look into answers of every shape.
    { files: [...tests, 'e2e/**'], rules: { 'typescript/no-explicit-any': 'off' } },
    { files: ['apps/*/src/index.ts'], rules: { 'oxc/no-barrel-file': 'off' } },
    { files: ['apps/server/src/main.ts', ...tests], rules: { 'no-restricted-properties': 'off', 'no-console': 'off' } },

    mayNotImport(['packages/**'], everywhere, outsideTests, [app('server|edge|dashboard|cli')]),
    mayNotImport(['packages/testkit/**'], everywhere, [app('server|edge|dashboard|cli')]),
    mayNotImport(['packages/{engine,sync}/**', 'packages/sdk-*/**'], everywhere, outsideTests, [
      app('server|edge|dashboard|cli'),
      contractAsTypes,
    ]),
    mayNotImport(['apps/edge/**'], inApps, outsideTests, [app('server|dashboard|cli')]),
    mayNotImport(['apps/dashboard/**'], inApps, outsideTests, [app('server|edge|cli')]),
    mayNotImport(['apps/cli/**'], inApps, outsideTests, [app('server|edge|dashboard')]),

    ...layers('**', inSlice),
    ...layers('access/**', inAccess),
    ...layers('changes/**', inChanges),
    mayNotImport([serverFolder('http/**')], inSlice, outsideTests, [otherFolders(['db'], 'http knows no slice.')]),
    mayNotImport([serverFolder('db/*')], inSlice, outsideTests, [otherFolders([], 'db knows no slice.')]),
    mayNotImport([serverFolder('db/*/**')], inSlice, outsideTests, [
      { group: ['../../*/**', '!../../db/**'], message: 'db knows no slice.' },
    ]),
    mayNotImport([serverFolder('main.ts')], inApps, outsideTests, [app('dashboard|cli'), foreignStore, foreignRoutes]),
    mayNotImport([serverFolder('app.ts')], inServer, outsideTests),

    mayNotImport(['packages/**/*.test.ts', 'packages/**/testing/**'], everywhere, [app('server|edge|dashboard|cli')]),
    mayNotImport(['apps/edge/**/*.test.ts', 'apps/edge/**/testing/**'], inApps, [app('server|dashboard|cli')]),
    mayNotImport(['apps/server/**/*.test.ts', 'apps/server/**/testing/**'], inApps, [
      app('dashboard|cli'),
      foreignStore,
    ]),
    mayNotImport(['apps/dashboard/**/*.test.{ts,tsx}', 'apps/dashboard/**/testing/**'], inApps, [
      app('server|edge|cli'),
    ]),
    mayNotImport(['apps/cli/**/*.test.ts', 'apps/cli/**/testing/**'], inApps, [app('server|edge|dashboard')]),
  ],
});
