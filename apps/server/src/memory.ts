import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Gives memory that is not in use back to the operating system. Loading the program leaves much of it behind, and V8 keeps
 * that for a burst of work which, in an idle process, never comes. Stops the process for some 50 ms.
 */
export function returnMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  // A V8 without this function keeps its memory, which is no reason not to start.
  if (typeof collect === 'function') collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
