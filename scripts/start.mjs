// `npm start`: everything a fresh machine needs, then the server. Configuration comes from the environment; see README.md.

import { buildDashboard, compileAhead, prepare, runNode } from './setup.mjs';

prepare('runtime');
await compileAhead();
await buildDashboard();
process.exitCode = await runNode(['apps/server/src/main.ts', ...process.argv.slice(2)]);
