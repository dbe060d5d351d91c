import type { Identity, Trait, TraitValue } from '@halyard/contract';
import { type Insertable, type Selectable, sql } from 'kysely';
import { containsText, insertRow } from '../db/statements.ts';
import type { Database, TraitTable } from '../db/tables.ts';
import { sha256 } from '../secrets.ts';
import type { Timestamp } from '../time.ts';

/** Part of an identifier, or the whole of it. */
export type IdentitySearch = { contains: string } | { is: string } | null;

/** Identities of an environment in the order in which they were made. */
export async function findIdentities(
  db: Database,
  environmentId: number,
  search: IdentitySearch,
  window: { limit: number; offset: number },
): Promise<Identity[]> {
  return filtered(db, environmentId, search)
    .select(identityColumns)
    .orderBy('id')
    .limit(window.limit)
    .offset(window.offset)
    .execute();
}

export async function countIdentities(db: Database, environmentId: number, search: IdentitySearch): Promise<number> {
  const { count } = await filtered(db, environmentId, search)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

function filtered(db: Database, environmentId: number, search: IdentitySearch) {
  const query = db.selectFrom('identities').where('environment_id', '=', environmentId);
  if (search === null) return query;
  if ('is' in search) return query.where('identifier_hash', '=', sha256(search.is));
  return query.where(containsText(db, sql.ref('identities.identifier'), search.contains));
}

/** An identity; null where the environment has none of this id. */
export async function findIdentity(db: Database, by: { id: number; environmentId?: number }): Promise<Identity | null> {
  let query = db.selectFrom('identities').where('id', '=', by.id).select(identityColumns);
  if (by.environmentId !== undefined) query = query.where('environment_id', '=', by.environmentId);
  return (await query.executeTakeFirst()) ?? null;
}

const identityColumns = ['id', 'identifier', 'environment_id as environment'] as const;

/** Takes the row of an identity, so that changes of it and its deletion happen one after the other. */
export async function holdIdentity(db: Database, identityId: number): Promise<void> {
  await db
    .updateTable('identities')
    .set((eb) => ({ identifier_hash: eb.ref('identifier_hash') }))
    .where('id', '=', identityId)
    .execute();
}

export async function insertIdentity(
  db: Database,
  identity: { environmentId: number; identifier: string },
  at: Timestamp,
): Promise<number> {
  return insertRow(db, 'identities', {
    environment_id: identity.environmentId,
    identifier: identity.identifier,
    identifier_hash: sha256(identity.identifier),
    created_date: at,
  });
}

export async function updateIdentifier(db: Database, identityId: number, identifier: string): Promise<void> {
  await db
    .updateTable('identities')
    .set({ identifier, identifier_hash: sha256(identifier) })
    .where('id', '=', identityId)
    .execute();
}

/** Removes an identity with its traits. Its overrides must be gone. */
export async function deleteIdentity(db: Database, identityId: number): Promise<void> {
  await db.deleteFrom('traits').where('identity_id', '=', identityId).execute();
  await db.deleteFrom('identities').where('id', '=', identityId).execute();
}

/** Traits of an identity in the order in which they were first set. */
export async function findTraits(
  db: Database,
  identityId: number,
  window: { limit: number; offset: number },
): Promise<Trait[]> {
  const rows = await db
    .selectFrom('traits')
    .where('identity_id', '=', identityId)
    .selectAll()
    .orderBy('id')
    .limit(window.limit)
    .offset(window.offset)
    .execute();
  return rows.map(shownTrait);
}

export async function countTraits(db: Database, identityId: number): Promise<number> {
  const { count } = await db
    .selectFrom('traits')
    .where('identity_id', '=', identityId)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function findTrait(db: Database, identityId: number, traitId: number): Promise<Trait | null> {
  const row = await db
    .selectFrom('traits')
    .where('id', '=', traitId)
    .where('identity_id', '=', identityId)
    .selectAll()
    .executeTakeFirst();
  return row === undefined ? null : shownTrait(row);
}

/** What an evaluation reads of a trait. */
export function valueOfTrait(trait: Trait): TraitValue {
  if (trait.value_type === 'int') return trait.integer_value;
  if (trait.value_type === 'float') return trait.float_value;
  return trait.value_type === 'bool' ? trait.boolean_value : trait.string_value;
}

export async function insertTrait(
  db: Database,
  identityId: number,
  trait: Omit<Trait, 'id' | 'created_date'>,
  at: Timestamp,
): Promise<number> {
  return insertRow(db, 'traits', { ...columnsOf(trait), identity_id: identityId, created_date: at });
}

export async function updateTrait(
  db: Database,
  traitId: number,
  trait: Omit<Trait, 'id' | 'created_date'>,
): Promise<void> {
  await db.updateTable('traits').set(columnsOf(trait)).where('id', '=', traitId).execute();
}

export async function deleteTrait(db: Database, traitId: number): Promise<void> {
  await db.deleteFrom('traits').where('id', '=', traitId).execute();
}

/** An identity with all that an evaluation reads of it. */
export interface IdentityWithTraits {
  id: number;
  environmentId: number;
  identifier: string;
  /** In the order in which they were first set. */
  traits: Map<string, { id: number; value: TraitValue }>;
}

/** Those of the identifiers that are known, in each of the environments, in one statement. */
export async function findIdentitiesWithTraits(
  db: Database,
  names: { environmentIds: number[]; identifiers: string[] },
): Promise<IdentityWithTraits[]> {
  if (names.environmentIds.length === 0 || names.identifiers.length === 0) return [];
  const rows = await db
    .selectFrom('identities')
    .leftJoin('traits', 'traits.identity_id', 'identities.id')
    .where('identities.environment_id', 'in', names.environmentIds)
    .where('identities.identifier_hash', 'in', names.identifiers.map(sha256))
    .selectAll('traits')
    .select(['identities.id as owner_id', 'identities.environment_id', 'identities.identifier'])
    .orderBy('traits.id')
    .execute();
  const found = new Map<number, IdentityWithTraits>();
  for (const { owner_id: id, environment_id: environmentId, identifier, ...trait } of rows) {
    const one = found.get(id) ?? { id, environmentId, identifier, traits: new Map() };
    found.set(id, one);
    if (trait.id !== null) addTrait(one, trait as Selectable<TraitTable>);
  }
  return [...found.values()];
}

/**
 * The newest identities of an environment, the newest first, with those of their traits that `keys` names or all. Fewer where
 * they have more than `traitLimit` traits together, so that it costs about the same however large an environment is.
 */
export async function findNewestIdentities(
  db: Database,
  environmentId: number,
  options: { limit: number; keys: string[] | null; traitLimit: number },
): Promise<IdentityWithTraits[]> {
  const rows = await db
    .selectFrom('identities')
    .where('environment_id', '=', environmentId)
    .select(['id', 'identifier'])
    .orderBy('id', 'desc')
    .limit(options.limit)
    .execute();
  const oldest = rows.at(-1);
  const identities = new Map(rows.map((row) => [row.id, { ...row, environmentId, traits: new Map() }]));
  if (oldest === undefined || options.keys?.length === 0) return [...identities.values()];
  let query = db
    .selectFrom('identities')
    .innerJoin('traits', 'traits.identity_id', 'identities.id')
    .where('identities.environment_id', '=', environmentId)
    .where('identities.id', '>=', oldest.id)
    .selectAll('traits');
  if (options.keys !== null) query = query.where('traits.trait_key', 'in', options.keys);
  const traits = await query.orderBy('identities.id', 'desc').orderBy('traits.id').limit(options.traitLimit).execute();
  for (const trait of traits) {
    const owner = identities.get(trait.identity_id);
    if (owner !== undefined) addTrait(owner, trait);
  }
  const isCut = traits.length === options.traitLimit;
  const lastRead = traits.at(-1)?.identity_id ?? 0;
  return [...identities.values()].filter(({ id }) => !isCut || id > lastRead);
}

function addTrait(identity: IdentityWithTraits, trait: Selectable<TraitTable>): void {
  identity.traits.set(trait.trait_key, { id: trait.id, value: valueOfTrait(shownTrait(trait)) });
}

/** Removes a trait from every identity of an environment, and answers the identifiers of those that had it. */
export async function deleteTraitEverywhere(db: Database, environmentId: number, traitKey: string): Promise<string[]> {
  const owners = await db
    .selectFrom('identities')
    .innerJoin('traits', 'traits.identity_id', 'identities.id')
    .where('identities.environment_id', '=', environmentId)
    .where('traits.trait_key', '=', traitKey)
    .select('identities.identifier')
    .execute();
  await db
    .deleteFrom('traits')
    .where('trait_key', '=', traitKey)
    .where('identity_id', 'in', db.selectFrom('identities').where('environment_id', '=', environmentId).select('id'))
    .execute();
  return owners.map((owner) => owner.identifier);
}

/** Keys of the traits in an environment, sorted. */
export async function findTraitKeys(db: Database, environmentId: number, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('traits')
    .innerJoin('identities', 'identities.id', 'traits.identity_id')
    .where('identities.environment_id', '=', environmentId)
    .select('traits.trait_key')
    .distinct()
    .orderBy('traits.trait_key')
    .limit(limit)
    .execute();
  return rows.map((row) => row.trait_key);
}

function columnsOf(trait: Omit<Trait, 'id' | 'created_date'>) {
  return {
    trait_key: trait.trait_key,
    value_type: trait.value_type,
    string_value: trait.string_value,
    integer_value: trait.integer_value,
    boolean_value: trait.boolean_value === null ? null : Number(trait.boolean_value),
    float_value: trait.float_value,
  } satisfies Partial<Insertable<TraitTable>>;
}

function shownTrait(row: Selectable<TraitTable>): Trait {
  return {
    id: row.id,
    trait_key: row.trait_key,
    value_type: row.value_type,
    string_value: row.string_value,
    integer_value: row.integer_value,
    boolean_value: row.boolean_value === null ? null : row.boolean_value === 1,
    float_value: row.float_value,
    created_date: row.created_date,
  };
}
