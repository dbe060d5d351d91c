// `npm run bench`: what the benchmark needs, then the benchmark. Runs on Node 20 without dependencies.
//
//   npm run bench               all of it, in about four minutes
//   npm run bench -- --quick    fewer and shorter rounds, in about one

import { startPostgres } from '../scripts/databases.mjs';
import { compileAhead, prepare, prepareFolder, runNode } from '../scripts/setup.mjs';

prepare('everything');
prepareFolder('bench', 'the libraries to compare with');
await compileAhead();

// unleash-server needs it; everything else here runs on SQLite. A server of its own, because it stays full of features.
delete process.env.TEST_POSTGRES_URL;
const { servers, stop } = await startPostgres();
const [{ url = '', problem = 'install postgresql' }] = servers;
try {
  const env = { BENCH_POSTGRES_URL: url, BENCH_POSTGRES_MISSING: problem };
  process.exitCode = await runNode(['bench/bench.ts', ...process.argv.slice(2)], { env });
} finally {
  await stop();
}
