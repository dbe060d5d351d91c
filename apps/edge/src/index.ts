export type { DocumentListener, DocumentReader } from './documents/reader.ts';
export type { IdentityName, IdentityStore, StoredIdentity } from './identities/store.ts';
export type { EvaluationCount, UsageStore } from './usage/store.ts';
