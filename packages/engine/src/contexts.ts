import type { EvaluationContext, EvaluationResult } from '@halyard/contract';
import type { CompiledEnvironment } from './outcome.ts';

export function compileContext(_context: EvaluationContext): CompiledEnvironment {
  throw new Error('not written yet');
}

export function evaluateContext(_context: EvaluationContext): EvaluationResult {
  throw new Error('not written yet');
}
