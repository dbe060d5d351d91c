// `node scripts/run.mjs <file.ts> [arguments]`: runs one of our TypeScript files on Node 24, whatever the machine's Node is.

import { prepare, runNode } from './setup.mjs';

prepare('everything');
process.exitCode = await runNode(process.argv.slice(2));
