import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The file that takes as long as many others begins first, or it would end alone. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => Number(moduleId.endsWith('fuzz.test.ts'));
    return (await super.sort(files)).toSorted((a, b) => isLong(b) - isLong(a));
  }
}

// `unit` is everything that runs inside one process, the server's own tests on its database included (TEST_DATABASE_URL,
// or SQLite without it). `e2e` starts real servers and browsers, so its files run one at a time.
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    // One less is what vitest takes by itself: on two cores, half of the machine.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'unit',
          // Files of one worker share what they import: to import the server for each took as long as its tests.
          isolate: false,
          include: ['packages/**/*.test.{ts,tsx}', 'apps/**/*.test.{ts,tsx}', 'scripts/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          expect: { poll: { timeout: 20_000 } },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: { poll: { timeout: 20_000 } },
        },
      },
    ],
  },
});
