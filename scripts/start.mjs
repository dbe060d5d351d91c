// `npm start`: everything a fresh machine needs, then the server. Configuration comes from the environment; see README.md.

import { buildDashboard, compileAhead, prepare, runNode } from './setup.mjs';

prepare('runtime');
await compileAhead();
await buildDashboard();
// Names are resolved and passwords are checked by the same few threads. A name that nobody answers for holds one for seconds.
const env = { UV_THREADPOOL_SIZE: process.env.UV_THREADPOOL_SIZE ?? '16' };
process.exitCode = await runNode(['apps/server/src/main.ts', ...process.argv.slice(2)], { env });
