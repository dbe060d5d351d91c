export type { DocumentListener, DocumentReader } from './documents/reader.ts';
export { createEdge, type Edge, type EdgeOptions } from './edge.ts';
export type { EvaluatedFlag, EvaluationListener, IdentityEvaluation } from './evaluations/listener.ts';
export { generatedIdentifier } from './identities/identifier.ts';
export { overlay } from './identities/traits.ts';
export type { IdentityName, IdentityStore, StoredIdentity } from './identities/store.ts';
export type { EdgeRequest } from './request.ts';
export {
  type Answer,
  commonHeaders,
  type EdgeResponse,
  type EventSink,
  type EventStream,
  preflightHeaders,
} from './responses.ts';
export { serveEdge } from './runtimes/node.ts';
export { Unavailable } from './unavailable.ts';
export type { EvaluationCount, RequestCount, UsageStore } from './usage/store.ts';
