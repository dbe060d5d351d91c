/** `npm run engine:cases -- FOLDER`: runs the engine over every case file of a folder, ends with a count, and fails if any differs. */
import { checkCase, readCases } from '../packages/engine/src/testing/cases.ts';

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('Usage: npm run engine:cases -- FOLDER');
  process.exit(2);
}

let passed = 0;
let failed = 0;
for (const engineCase of readCases(folder)) {
  const problems = checkCase(engineCase);
  if (problems.length === 0) {
    passed++;
    continue;
  }
  failed++;
  console.log(`FAILED ${engineCase.name}`);
  for (const problem of problems) console.log(`  ${problem}`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
