import type { TraitValue } from '@halyard/contract';
import { type IdentityName, type IdentityStore, type StoredIdentity, Unavailable } from '@halyard/edge';
import { CompiledQuery, type Insertable, sql } from 'kysely';
import type { Logger } from 'pino';
import { factsOf } from '../db/dialects/dialect.ts';
import { groupCommit } from '../db/group-commit.ts';
import { chunks, upsertRows } from '../db/statements.ts';
import type { Database, IdentityTable, TraitTable } from '../db/tables.ts';
import { sha256 } from '../secrets.ts';
import { now } from '../time.ts';

type SaveRequest = Parameters<IdentityStore['save']>[0];
type TraitColumns = Pick<TraitTable, 'value_type' | 'string_value' | 'integer_value' | 'boolean_value' | 'float_value'>;
type TraitRow = TraitColumns & { id: number; identity_id: number; trait_key: string };

const maxInteger = 2_147_483_647;
const minInteger = -2_147_483_648;
const idsPerQuery = 500;

/** The Edge's identities in the tables that the dashboard reads. Writes of many requests share a commit. */
export function createIdentityStore({ db, log }: { db: Database; log: Logger }): IdentityStore {
  const findText = textOfFind(db);
  const save = groupCommit({ db, log, write: saveGroup });
  const increment = groupCommit({ db, log, write: incrementGroup });

  async function guarded<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw factsOf(db).isUnavailable(error) ? new Unavailable(error) : error;
    }
  }

  return {
    async find({ environmentId, identifier }) {
      const query = CompiledQuery.raw(findText, [environmentId, sha256(identifier)]);
      const { rows } = await guarded(db.executeQuery<FoundRow>(query));
      const first = rows[0];
      if (first === undefined) return null;
      const traits = rows.filter((row) => row.id !== null) as (FoundRow & TraitRow)[];
      return { id: first.identity_id, traits: traitsOf(traits) };
    },
    save: (request) => guarded(save(request)),
    increment: (request) => guarded(increment(request)),
  };
}

interface FoundRow extends TraitColumns {
  identity_id: number;
  /** Of the trait; null where the identity has none. */
  id: number | null;
  trait_key: string;
}

/** The text of the one statement that every first request of an identity waits for; building it again costs as much. */
function textOfFind(db: Database): string {
  const query = sql`
    select i.id as identity_id, t.id, t.trait_key, t.value_type,
           t.string_value, t.integer_value, t.boolean_value, t.float_value
    from identities i left join traits t on t.identity_id = i.id
    where i.environment_id = ${0} and i.identifier_hash = ${''}
    order by t.id`;
  return query.compile(db).sql;
}

/** Requests for one identity are applied in their order; each is answered with what is stored after the group. */
async function saveGroup(db: Database, requests: readonly SaveRequest[]): Promise<StoredIdentity[]> {
  const wanted = new Map<string, { name: IdentityName; traits: Map<string, TraitValue> }>();
  for (const request of requests) {
    const key = keyOf(request);
    let identity = wanted.get(key);
    if (identity === undefined) wanted.set(key, (identity = { name: request, traits: new Map() }));
    for (const [trait, value] of request.set) identity.traits.set(trait, value);
    for (const trait of request.remove) identity.traits.set(trait, null);
  }
  const ids = await ensureIdentities(
    db,
    [...wanted.values()].map(({ name }) => name),
  );
  const rows: Insertable<TraitTable>[] = [];
  const removed: { identityId: number; keys: string[] }[] = [];
  const at = now();
  for (const [key, { traits }] of wanted) {
    const identityId = ids.get(key) as number;
    const keys: string[] = [];
    for (const [trait, value] of traits) {
      if (value === null) keys.push(trait);
      else rows.push({ identity_id: identityId, trait_key: trait, ...columnsOf(value), created_date: at });
    }
    if (keys.length > 0) removed.push({ identityId, keys });
  }
  await upsertTraits(db, rows);
  for (const part of chunks(removed, 100)) {
    await db
      .deleteFrom('traits')
      .where((eb) =>
        eb.or(
          part.map(({ identityId, keys }) => eb.and([eb('identity_id', '=', identityId), eb('trait_key', 'in', keys)])),
        ),
      )
      .execute();
  }
  const stored = await readTraits(db, [...ids.values()]);
  return requests.map((request) => {
    const id = ids.get(keyOf(request)) as number;
    return { id, traits: stored.get(id) ?? new Map() };
  });
}

async function incrementGroup(
  db: Database,
  requests: readonly Parameters<IdentityStore['increment']>[0][],
): Promise<(StoredIdentity | null)[]> {
  const results: (StoredIdentity | null)[] = [];
  // One after the other: two of them may be for the same trait.
  for (const request of requests) results.push(await incrementOne(db, request));
  return results;
}

async function incrementOne(
  db: Database,
  { environmentId, identifier, traitKey, by }: Parameters<IdentityStore['increment']>[0],
): Promise<StoredIdentity | null> {
  const hash = sha256(identifier);
  const known = await db
    .selectFrom('identities')
    .select('id')
    .where('environment_id', '=', environmentId)
    .where('identifier_hash', '=', hash)
    .executeTakeFirst();
  if (known !== undefined && (await addTo(db, known.id, traitKey, by))) return readIdentity(db, known.id);
  if (known !== undefined && (await traitExists(db, known.id, traitKey))) return null;
  if (by > maxInteger || by < minInteger) return null;
  const ids = await ensureIdentities(db, [{ environmentId, identifier }]);
  const identityId = ids.get(keyOf({ environmentId, identifier })) as number;
  // Another process may be first: then its row is what counts, and we add to it.
  const row = { identity_id: identityId, trait_key: traitKey, ...columnsOf(0), created_date: now() };
  await upsertRows(db, 'traits', [row], { key: ['identity_id', 'trait_key'], update: [] });
  return (await addTo(db, identityId, traitKey, by)) ? readIdentity(db, identityId) : null;
}

/** Adds in one statement; false where there is no integer, or the sum would not fit. */
async function addTo(db: Database, identityId: number, traitKey: string, by: number): Promise<boolean> {
  const updated = await db
    .updateTable('traits')
    .set((eb) => ({ integer_value: eb('integer_value', '+', by) }))
    .where('identity_id', '=', identityId)
    .where('trait_key', '=', traitKey)
    .where('value_type', '=', 'int')
    .where('integer_value', by >= 0 ? '<=' : '>=', by >= 0 ? maxInteger - by : minInteger - by)
    .executeTakeFirst();
  return updated.numUpdatedRows > 0n;
}

async function traitExists(db: Database, identityId: number, traitKey: string): Promise<boolean> {
  const row = await db
    .selectFrom('traits')
    .select('id')
    .where('identity_id', '=', identityId)
    .where('trait_key', '=', traitKey)
    .executeTakeFirst();
  return row !== undefined;
}

async function readIdentity(db: Database, id: number): Promise<StoredIdentity> {
  const stored = await readTraits(db, [id]);
  return { id, traits: stored.get(id) ?? new Map() };
}

/** Ids of identities; those that are unknown are created. */
async function ensureIdentities(db: Database, names: IdentityName[]): Promise<Map<string, number>> {
  const byHash = names.map((name) => ({ name, hash: sha256(name.identifier) }));
  const ids = await readIds(db, byHash);
  const missing = byHash.filter(({ name }) => !ids.has(keyOf(name)));
  if (missing.length === 0) return ids;
  const at = now();
  const rows: Insertable<IdentityTable>[] = missing.map(({ name, hash }) => ({
    environment_id: name.environmentId,
    identifier: name.identifier,
    identifier_hash: hash,
    created_date: at,
  }));
  // In one order everywhere, so that two processes wait for each other instead of blocking each other.
  rows.sort((a, b) => (a.identifier_hash < b.identifier_hash ? -1 : 1));
  await upsertRows(db, 'identities', rows, { key: ['environment_id', 'identifier_hash'], update: [] });
  for (const [key, id] of await readIds(db, missing)) ids.set(key, id);
  return ids;
}

async function readIds(db: Database, names: { name: IdentityName; hash: string }[]): Promise<Map<string, number>> {
  const ids = new Map<string, number>();
  const keys = new Map(names.map(({ name, hash }) => [`${name.environmentId}:${hash}`, keyOf(name)]));
  for (const part of chunks(names, idsPerQuery)) {
    const rows = await db
      .selectFrom('identities')
      .select(['id', 'environment_id', 'identifier_hash'])
      .where('environment_id', 'in', [...new Set(part.map(({ name }) => name.environmentId))])
      .where(
        'identifier_hash',
        'in',
        part.map(({ hash }) => hash),
      )
      .execute();
    for (const row of rows) {
      const key = keys.get(`${row.environment_id}:${row.identifier_hash}`);
      if (key !== undefined) ids.set(key, row.id);
    }
  }
  return ids;
}

async function upsertTraits(db: Database, rows: Insertable<TraitTable>[]): Promise<void> {
  if (rows.length === 0) return;
  // Identities in one order everywhere; the traits of one stay in the order of the request, which their ids keep.
  rows.sort((a, b) => a.identity_id - b.identity_id);
  await upsertRows(db, 'traits', rows, {
    key: ['identity_id', 'trait_key'],
    update: ['value_type', 'string_value', 'integer_value', 'boolean_value', 'float_value'],
  });
}

async function readTraits(db: Database, identityIds: number[]): Promise<Map<number, StoredIdentity['traits']>> {
  const rows: TraitRow[] = [];
  for (const part of chunks(identityIds, idsPerQuery)) {
    rows.push(
      ...(await db
        .selectFrom('traits')
        .select(['id', 'identity_id', 'trait_key', 'value_type'])
        .select(['string_value', 'integer_value', 'boolean_value', 'float_value'])
        .where('identity_id', 'in', part)
        .orderBy('id')
        .execute()),
    );
  }
  return new Map([...Map.groupBy(rows, (row) => row.identity_id)].map(([id, list]) => [id, traitsOf(list)]));
}

function traitsOf(rows: readonly TraitRow[]): Map<string, { id: number; value: TraitValue }> {
  return new Map(rows.map((row) => [row.trait_key, { id: row.id, value: valueOf(row) }]));
}

function valueOf(row: TraitColumns): TraitValue {
  if (row.value_type === 'int') return row.integer_value;
  if (row.value_type === 'float') return row.float_value;
  if (row.value_type === 'bool') return row.boolean_value === null ? null : row.boolean_value === 1;
  return row.string_value;
}

/** An integer beyond 32 bits is stored as a float. */
function columnsOf(value: TraitValue): TraitColumns {
  const empty = { string_value: null, integer_value: null, boolean_value: null, float_value: null };
  if (typeof value === 'boolean') return { ...empty, value_type: 'bool', boolean_value: value ? 1 : 0 };
  if (typeof value !== 'number') return { ...empty, value_type: 'unicode', string_value: value };
  const isInteger = Number.isInteger(value) && value <= maxInteger && value >= minInteger;
  if (isInteger) return { ...empty, value_type: 'int', integer_value: value };
  return { ...empty, value_type: 'float', float_value: value };
}

function keyOf({ environmentId, identifier }: IdentityName): string {
  return `${environmentId}:${identifier}`;
}
