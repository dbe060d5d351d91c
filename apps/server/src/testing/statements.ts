import { AsyncLocalStorage } from 'node:async_hooks';
import type { KyselyPlugin } from 'kysely';

const running = new AsyncLocalStorage<{ statements: number }>();

/** Give it to the database of the application whose statements are counted: `db.withPlugin(statementCounter)`. */
export const statementCounter: KyselyPlugin = {
  transformQuery: ({ node }) => node,
  // Once for each statement that was made; queries inside queries are transformed, too, but have no result.
  // What the process does beside the counted work is not counted.
  transformResult: async ({ result }) => {
    const count = running.getStore();
    if (count !== undefined) count.statements += 1;
    return result;
  },
};

/** Runs the work and answers what it answers, with how many statements it made. */
export async function countStatements<T>(work: () => Promise<T>): Promise<{ statements: number; result: T }> {
  const count = { statements: 0 };
  const result = await running.run(count, work);
  return { ...count, result };
}
