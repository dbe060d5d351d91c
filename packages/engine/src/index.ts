export { checkCondition } from './check.ts';
export { compileContext, evaluateContext } from './contexts.ts';
export { compileDocument } from './documents.ts';
export { splitPercentage } from './hash.ts';
export type { CompiledEnvironment, Identity, Outcome, OutcomeFeature } from './outcome.ts';
