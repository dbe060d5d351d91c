import type { HealthEvent } from '@halyard/contract';
import type { Insertable, Selectable } from 'kysely';
import { insertRow, upsertRows } from '../db/statements.ts';
import type { Database, HealthEventTable, HealthProviderTable } from '../db/tables.ts';

export type Provider = Selectable<HealthProviderTable> & { email: string | null };
export type EventRow = Insertable<HealthEventTable>;

/** The providers of a project; there is at most one of each kind. */
export async function findProviders(db: Database, projectId: number): Promise<Provider[]> {
  return providers(db).where('health_providers.project_id', '=', projectId).orderBy('health_providers.id').execute();
}

export async function findProvider(db: Database, providerId: number): Promise<Provider | null> {
  return (await providers(db).where('health_providers.id', '=', providerId).executeTakeFirst()) ?? null;
}

function providers(db: Database) {
  return db
    .selectFrom('health_providers')
    .leftJoin('users', 'users.id', 'health_providers.created_by')
    .selectAll('health_providers')
    .select('users.email as email');
}

export async function insertProvider(db: Database, provider: Insertable<HealthProviderTable>): Promise<number> {
  return insertRow(db, 'health_providers', provider);
}

export async function deleteProvider(db: Database, providerId: number): Promise<void> {
  await db.deleteFrom('health_providers').where('id', '=', providerId).execute();
}

/** Events of features and environments that are still there, the latest first; a thousand at most. */
export async function findEvents(db: Database, projectId: number): Promise<HealthEvent[]> {
  const rows = await events(db)
    .where('health_events.project_id', '=', projectId)
    .orderBy('health_events.created_at', 'desc')
    .orderBy('health_events.id', 'desc')
    .limit(1000)
    .execute();
  return rows.map(shown);
}

/** An event with its key and the names of what it is about. */
export async function findEvent(db: Database, projectId: number, eventId: number) {
  const row = await events(db)
    .where('health_events.project_id', '=', projectId)
    .where('health_events.id', '=', eventId)
    .select(['features.name as featureName', 'environments.name as environmentName'])
    .executeTakeFirst();
  return row ?? null;
}

function events(db: Database) {
  return db
    .selectFrom('health_events')
    .innerJoin('features', 'features.id', 'health_events.feature_id')
    .leftJoin('environments', 'environments.id', 'health_events.environment_id')
    .where('features.deleted_at', 'is', null)
    .where('environments.deleted_at', 'is', null)
    .selectAll('health_events');
}

export async function eventsByKey(db: Database, keys: string[]): Promise<Map<string, Selectable<HealthEventTable>>> {
  if (keys.length === 0) return new Map();
  const rows = await db.selectFrom('health_events').where('event_key', 'in', keys).selectAll().execute();
  return new Map(rows.map((row) => [row.event_key, row]));
}

export async function writeEvents(db: Database, rows: EventRow[]): Promise<void> {
  await upsertRows(db, 'health_events', rows, { key: ['event_key'], update: ['type', 'reason', 'created_at'] });
}

/** Those of the features that something is still wrong with. */
export async function unhealthyOf(db: Database, featureIds: number[]): Promise<Set<number>> {
  const rows = await events(db)
    .where('health_events.feature_id', 'in', featureIds)
    .where('health_events.type', '=', 'UNHEALTHY')
    .execute();
  return new Set(rows.map((row) => row.feature_id));
}

/** Ids and names of what is named, by the hash of the name. */
export async function findByNameKey(
  db: Database,
  table: 'features' | 'environments',
  projectId: number,
  keys: string[],
): Promise<Map<string, { id: number; name: string }>> {
  if (keys.length === 0) return new Map();
  const rows = await db
    .selectFrom(table)
    .where('project_id', '=', projectId)
    .where('name_key', 'in', keys)
    .where('deleted_at', 'is', null)
    .select(['id', 'name', 'name_key'])
    .execute();
  return new Map(rows.map((row) => [row.name_key as string, row]));
}

function shown(row: Selectable<HealthEventTable>): HealthEvent {
  return {
    id: row.id,
    created_at: row.created_at,
    environment: row.environment_id,
    feature: row.feature_id,
    provider_name: row.provider_name,
    reason: row.reason === null ? null : JSON.parse(row.reason),
    type: row.type,
  };
}
