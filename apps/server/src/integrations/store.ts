import type { Insertable, Selectable } from 'kysely';
import { insertRow, upsertRows } from '../db/statements.ts';
import type { Database, IntegrationDeliveryTable, IntegrationTable } from '../db/tables.ts';
import type { Timestamp } from '../time.ts';

export type StoredIntegration = Selectable<IntegrationTable>;
export type StoredIntegrationDelivery = Selectable<IntegrationDeliveryTable>;

/** The row of a vendor at a place, also where it was deleted. */
export async function findIntegration(db: Database, place: string, vendor: string): Promise<StoredIntegration | null> {
  const query = db.selectFrom('integrations').where('place', '=', place).where('vendor', '=', vendor);
  return (await query.selectAll().executeTakeFirst()) ?? null;
}

/** Null where it is deleted. */
export async function findIntegrationById(db: Database, integrationId: number): Promise<StoredIntegration | null> {
  const query = db.selectFrom('integrations').where('id', '=', integrationId).where('deleted_at', 'is', null);
  return (await query.selectAll().executeTakeFirst()) ?? null;
}

/** What is set up and switched on of these vendors, everywhere or in these environments. */
export async function findEnabled(
  db: Database,
  { vendors, environmentIds }: { vendors: string[]; environmentIds?: number[] },
): Promise<StoredIntegration[]> {
  let query = db
    .selectFrom('integrations')
    .where('vendor', 'in', vendors)
    .where('deleted_at', 'is', null)
    .where('enabled', '=', 1);
  if (environmentIds !== undefined) query = query.where('environment_id', 'in', environmentIds);
  return query.selectAll().orderBy('id').execute();
}

/** What is set up in organisations, at all their places; switched off or not. */
export async function findInOrganisations(
  db: Database,
  organisationIds: number[],
  vendors: string[],
): Promise<StoredIntegration[]> {
  return db
    .selectFrom('integrations')
    .where('organisation_id', 'in', organisationIds)
    .where('vendor', 'in', vendors)
    .where('deleted_at', 'is', null)
    .selectAll()
    .orderBy('id')
    .execute();
}

/** What is set up at places, in the order in which it was. */
export async function findAtPlaces(db: Database, places: string[]): Promise<StoredIntegration[]> {
  if (places.length === 0) return [];
  return db
    .selectFrom('integrations')
    .where('place', 'in', places)
    .where('deleted_at', 'is', null)
    .selectAll()
    .orderBy('id')
    .execute();
}

export async function insertIntegration(db: Database, row: Insertable<IntegrationTable>): Promise<number> {
  return insertRow(db, 'integrations', row);
}

export async function updateIntegration(
  db: Database,
  integrationId: number,
  changes: Partial<Pick<IntegrationTable, 'enabled' | 'config_encrypted' | 'updated_at' | 'deleted_at'>>,
): Promise<void> {
  await db.updateTable('integrations').set(changes).where('id', '=', integrationId).execute();
}

/** What waited for an integration that is gone is not told to the next. */
export async function deleteDeliveries(db: Database, integrationId: number): Promise<void> {
  await db.deleteFrom('integration_deliveries').where('integration_id', '=', integrationId).execute();
}

/** Deliveries of an integration, the newest first. */
export async function findDeliveries(
  db: Database,
  integrationId: number,
  window: { limit: number; offset: number },
): Promise<StoredIntegrationDelivery[]> {
  return db
    .selectFrom('integration_deliveries')
    .where('integration_id', '=', integrationId)
    .selectAll()
    .orderBy('id', 'desc')
    .limit(window.limit)
    .offset(window.offset)
    .execute();
}

export async function countDeliveries(db: Database, integrationId: number): Promise<number> {
  const { count } = await db
    .selectFrom('integration_deliveries')
    .where('integration_id', '=', integrationId)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Inserts deliveries; one that is there already stays as it is. */
export async function insertDeliveries(
  db: Database,
  deliveries: Insertable<IntegrationDeliveryTable>[],
): Promise<void> {
  await upsertRows(db, 'integration_deliveries', deliveries, { key: ['integration_id', 'event_key'], update: [] });
}

/** Deliveries that may be attempted, the longest due first. */
export async function findDueDeliveries(
  db: Database,
  { integrationId, now, limit }: { integrationId: number; now: Timestamp; limit: number },
): Promise<StoredIntegrationDelivery[]> {
  return db
    .selectFrom('integration_deliveries')
    .where('integration_id', '=', integrationId)
    .where('state', '=', 'pending')
    .where('next_attempt_at', '<=', now)
    .selectAll()
    .orderBy('next_attempt_at')
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Deliveries that wait, due or not, in the order in which they came. */
export async function findPendingDeliveries(
  db: Database,
  integrationId: number,
  limit: number,
): Promise<StoredIntegrationDelivery[]> {
  return db
    .selectFrom('integration_deliveries')
    .where('integration_id', '=', integrationId)
    .where('state', '=', 'pending')
    .selectAll()
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** How many deliveries wait for each of these integrations; those for which none does are left out. */
export async function countPending(db: Database, integrationIds: number[]): Promise<Map<number, number>> {
  const rows = await db
    .selectFrom('integration_deliveries')
    .where('integration_id', 'in', integrationIds)
    .where('state', '=', 'pending')
    .groupBy('integration_id')
    .select(['integration_id', (eb) => eb.fn.countAll<number>().as('count')])
    .execute();
  return new Map(rows.map((row) => [row.integration_id, Number(row.count)]));
}

/** Takes a delivery for one attempt that lasts until `until` at most; false where somebody else was faster. */
export async function beginAttempt(
  db: Database,
  delivery: StoredIntegrationDelivery,
  until: Timestamp,
): Promise<boolean> {
  const result = await db
    .updateTable('integration_deliveries')
    .set({ attempts: delivery.attempts + 1, next_attempt_at: until })
    .where('id', '=', delivery.id)
    .where('state', '=', 'pending')
    .where('attempts', '=', delivery.attempts)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

export async function saveOutcome(
  db: Database,
  deliveryId: number,
  outcome: Pick<IntegrationDeliveryTable, 'state' | 'response_status' | 'error' | 'next_attempt_at' | 'finished_at'> &
    Partial<Pick<IntegrationDeliveryTable, 'event'>>,
): Promise<void> {
  await db.updateTable('integration_deliveries').set(outcome).where('id', '=', deliveryId).execute();
}

/** When the next delivery of an integration is due; null where none waits. */
export async function nextAttempt(db: Database, integrationId: number): Promise<Timestamp | null> {
  const row = await db
    .selectFrom('integration_deliveries')
    .where('integration_id', '=', integrationId)
    .where('state', '=', 'pending')
    .select('next_attempt_at')
    .orderBy('next_attempt_at')
    .limit(1)
    .executeTakeFirst();
  return row?.next_attempt_at ?? null;
}

export async function removeExpired(db: Database, now: Timestamp): Promise<void> {
  await db.deleteFrom('integration_deliveries').where('expires_at', '<', now).execute();
}

export async function tagsOfFeatures(db: Database, featureIds: number[]): Promise<Map<number, string[]>> {
  if (featureIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('feature_tags')
    .innerJoin('tags', 'tags.id', 'feature_tags.tag_id')
    .where('feature_tags.feature_id', 'in', featureIds)
    .select(['feature_tags.feature_id', 'tags.label'])
    .orderBy('tags.id')
    .execute();
  const grouped = Map.groupBy(rows, (row) => row.feature_id);
  return new Map([...grouped].map(([id, list]) => [id, list.map((row) => row.label)]));
}
