import type { EnvironmentDocument } from '@halyard/contract';
import type { CompiledEnvironment, Outcome } from './outcome.ts';

export function compileDocument(document: EnvironmentDocument): CompiledEnvironment;
export function compileDocument<Ready>(
  document: EnvironmentDocument,
  prepare: (outcome: Outcome) => Ready,
): CompiledEnvironment<Ready>;
export function compileDocument(): never {
  throw new Error('not written yet');
}
