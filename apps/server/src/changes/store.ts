import type { Insertable, Selectable } from 'kysely';
import { insertRow, insertRows } from '../db/statements.ts';
import type { ChangeTable, Database } from '../db/tables.ts';
import { laterThan, type Timestamp } from '../time.ts';

/** Takes the row of an organisation, so that its changes happen one after the other until the transaction ends. */
export async function holdOrganisation(db: Database, organisationId: number): Promise<void> {
  await db
    .updateTable('organisations')
    .set((eb) => ({ stop_serving_flags: eb.ref('stop_serving_flags') }))
    .where('id', '=', organisationId)
    .execute();
}

/** Takes the row of an environment, so that its changes happen one after the other until the transaction ends. */
export async function holdEnvironment(db: Database, environmentId: number): Promise<void> {
  await db
    .updateTable('environments')
    .set((eb) => ({ version: eb.ref('version') }))
    .where('id', '=', environmentId)
    .execute();
}

/**
 * Takes the row of a project and of each of its environments, in this order everywhere, and answers the environments' ids.
 */
export async function holdProject(db: Database, projectId: number): Promise<number[]> {
  await db
    .updateTable('projects')
    .set((eb) => ({ stale_flags_limit_days: eb.ref('stale_flags_limit_days') }))
    .where('id', '=', projectId)
    .execute();
  const ids = await environmentIdsOf(db, projectId);
  if (ids.length > 0) {
    await db
      .updateTable('environments')
      .set((eb) => ({ version: eb.ref('version') }))
      .where('id', 'in', ids)
      .execute();
  }
  return ids;
}

async function environmentIdsOf(db: Database, projectId: number): Promise<number[]> {
  const rows = await db
    .selectFrom('environments')
    .where('project_id', '=', projectId)
    .where('deleted_at', 'is', null)
    .select('id')
    .orderBy('id')
    .execute();
  return rows.map((row) => row.id);
}

export async function insertChange(db: Database, change: Insertable<ChangeTable>): Promise<number> {
  return insertRow(db, 'changes', change);
}

/** Inserts changes that give no environment a version, in the order given. */
export async function insertChanges(db: Database, changes: Insertable<ChangeTable>[]): Promise<void> {
  await insertRows(db, 'changes', changes);
}

/** Gives an environment its next versions, one for each change, in their order. Its row must be held. */
export async function takeVersions(
  db: Database,
  environmentId: number,
  changeIds: number[],
  at: Timestamp,
): Promise<void> {
  const { version, updated_at } = await db
    .selectFrom('environments')
    .where('id', '=', environmentId)
    .select(['version', 'updated_at'])
    .executeTakeFirstOrThrow();
  await db
    .updateTable('environments')
    .set({ version: version + changeIds.length, updated_at: laterThan(updated_at, at) })
    .where('id', '=', environmentId)
    .execute();
  await insertRows(
    db,
    'environment_versions',
    changeIds.map((change_id, index) => ({ environment_id: environmentId, version: version + index + 1, change_id })),
  );
}

/** Gives every environment of an organisation one more version, for one change, in two statements however many there are. */
export async function takeVersionEverywhere(
  db: Database,
  organisationId: number,
  changeId: number,
  at: Timestamp,
): Promise<void> {
  const projects = db.selectFrom('projects').where('organisation_id', '=', organisationId).select('id');
  await db
    .updateTable('environments')
    .set((eb) => ({
      version: eb('version', '+', 1),
      // A clock that stepped back must not turn the time back; `takeVersions` also tells two versions of one moment apart.
      updated_at: eb.case().when('updated_at', '<', at).then(at).else(eb.ref('updated_at')).end(),
    }))
    .where('project_id', 'in', projects)
    .execute();
  await db
    .insertInto('environment_versions')
    .columns(['environment_id', 'version', 'change_id'])
    .expression(
      db
        .selectFrom('environments')
        .where('project_id', 'in', projects)
        .select((eb) => ['id', 'version', eb.val(changeId).as('change_id')]),
    )
    .execute();
}

export type StoredChange = Selectable<ChangeTable>;

/** Ids that were passed before they were there: the first, the last, and since when. */
export type Gap = [first: number, last: number, seenAt: Timestamp];

/** How far a reader of changes has come. */
export interface ChangeCursor {
  position: number;
  gaps: Gap[];
}

/** Takes a reader's cursor until the transaction ends. */
export async function holdCursor(db: Database, reader: string): Promise<void> {
  await db
    .updateTable('change_cursors')
    .set((eb) => ({ position: eb.ref('position') }))
    .where('reader', '=', reader)
    .execute();
}

export async function findCursor(db: Database, reader: string): Promise<ChangeCursor> {
  const row = await db
    .selectFrom('change_cursors')
    .where('reader', '=', reader)
    .select(['position', 'gaps'])
    .executeTakeFirstOrThrow();
  return { position: row.position, gaps: JSON.parse(row.gaps) as Gap[] };
}

export async function saveCursor(db: Database, reader: string, cursor: ChangeCursor): Promise<void> {
  await db
    .updateTable('change_cursors')
    .set({ position: cursor.position, gaps: JSON.stringify(cursor.gaps) })
    .where('reader', '=', reader)
    .execute();
}

/** Changes in the order of their ids. */
export async function findChangesAfter(db: Database, position: number, limit: number): Promise<StoredChange[]> {
  return db.selectFrom('changes').where('id', '>', position).selectAll().orderBy('id').limit(limit).execute();
}

/** Changes whose ids are in gaps, in their order. */
export async function findChangesIn(db: Database, gaps: Gap[], limit: number): Promise<StoredChange[]> {
  if (gaps.length === 0) return [];
  return db
    .selectFrom('changes')
    .where((eb) => eb.or(gaps.map(([first, last]) => eb.and([eb('id', '>=', first), eb('id', '<=', last)]))))
    .selectAll()
    .orderBy('id')
    .limit(limit)
    .execute();
}
