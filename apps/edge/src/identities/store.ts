import type { TraitValue } from '@halyard/contract';

/** Where identities and their traits live. A promise that resolves means durable. */
export interface IdentityStore {
  /** What is stored of an identity; null when it is unknown. */
  find(request: IdentityName): Promise<StoredIdentity | null>;
  /**
   * Creates the identity where it is unknown, sets and removes traits, and answers what is stored afterwards.
   * Setting what is there already and removing what is not are no errors. Safe to repeat.
   */
  save(
    request: IdentityName & { set: ReadonlyMap<string, TraitValue>; remove: readonly string[] },
  ): Promise<StoredIdentity>;
  /**
   * Adds to an integer trait in one step, from 0 where there is none; creates the identity where it is unknown.
   * Answers null, and changes nothing, where the trait is not an integer or would leave 32 bits.
   */
  increment(request: IdentityName & { traitKey: string; by: number }): Promise<StoredIdentity | null>;
}

export interface IdentityName {
  environmentId: number;
  identifier: string;
}

export interface StoredIdentity {
  id: number;
  /** In the order in which they were first set. */
  traits: ReadonlyMap<string, { id: number; value: TraitValue }>;
}
