// `npm start`: everything a fresh machine needs, then the server. Configuration comes from the environment; see README.md.

import { prepare, runNode } from './setup.mjs';

prepare('runtime');
process.exitCode = await runNode(['apps/server/src/main.ts', ...process.argv.slice(2)]);
