// `npm run bench:lists`: how fast the lists of the Core API are on a large installation. Runs on Node 20 without dependencies.
//
//   npm run bench:lists                on SQLite, in a folder that goes away
//   DATABASE_URL=postgres://… npm run bench:lists    on an empty database of yours, which is full afterwards

import { compileAhead, prepare, runNode } from '../scripts/setup.mjs';

prepare('everything');
await compileAhead();
process.exitCode = await runNode(['bench/lists.ts', ...process.argv.slice(2)]);
