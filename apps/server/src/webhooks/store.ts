import type { Insertable, Selectable } from 'kysely';
import { chunks, insertRow, upsertRows } from '../db/statements.ts';
import type { Database, EnvironmentTable, ProjectTable, WebhookDeliveryTable, WebhookTable } from '../db/tables.ts';
import type { Timestamp } from '../time.ts';

export type StoredWebhook = Selectable<WebhookTable>;
export type StoredDelivery = Selectable<WebhookDeliveryTable>;

/** The owner of webhooks: an environment, or an organisation itself. */
export type Owner = { organisationId: number; environmentId: number | null };

function owned(db: Database, { organisationId, environmentId }: Owner) {
  const query = db.selectFrom('webhooks').where('organisation_id', '=', organisationId);
  return environmentId === null
    ? query.where('environment_id', 'is', null)
    : query.where('environment_id', '=', environmentId);
}

/** Webhooks in the order in which they were made. */
export async function findWebhooks(
  db: Database,
  owner: Owner,
  window: { limit: number; offset: number },
): Promise<StoredWebhook[]> {
  return owned(db, owner).selectAll().orderBy('id').limit(window.limit).offset(window.offset).execute();
}

export async function countWebhooks(db: Database, owner: Owner): Promise<number> {
  const { count } = await owned(db, owner)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function findWebhook(db: Database, owner: Owner, webhookId: number): Promise<StoredWebhook | null> {
  return (await owned(db, owner).where('id', '=', webhookId).selectAll().executeTakeFirst()) ?? null;
}

export async function insertWebhook(db: Database, webhook: Insertable<WebhookTable>): Promise<number> {
  return insertRow(db, 'webhooks', webhook);
}

export async function updateWebhook(
  db: Database,
  webhookId: number,
  changes: Partial<Pick<WebhookTable, 'url' | 'enabled' | 'secret_encrypted' | 'updated_at'>>,
): Promise<void> {
  await db.updateTable('webhooks').set(changes).where('id', '=', webhookId).execute();
}

export async function deleteWebhook(db: Database, webhookId: number): Promise<void> {
  await db.deleteFrom('webhook_deliveries').where('webhook_id', '=', webhookId).execute();
  await db.deleteFrom('webhooks').where('id', '=', webhookId).execute();
}

/** The webhooks that are switched on in organisations, those of their environments included. */
export async function findListeners(db: Database, organisationIds: number[]): Promise<StoredWebhook[]> {
  return db
    .selectFrom('webhooks')
    .where('organisation_id', 'in', organisationIds)
    .where('enabled', '=', 1)
    .selectAll()
    .orderBy('id')
    .execute();
}

/** A webhook with whom to tell when it fails; null where it is switched off or gone, or what it belongs to is. */
export async function findRecipient(db: Database, webhookId: number) {
  const row = await db
    .selectFrom('webhooks')
    .innerJoin('organisations', 'organisations.id', 'webhooks.organisation_id')
    .leftJoin('environments', 'environments.id', 'webhooks.environment_id')
    .where('webhooks.id', '=', webhookId)
    .where('webhooks.enabled', '=', 1)
    .where('organisations.deleted_at', 'is', null)
    .where('environments.deleted_at', 'is', null)
    .selectAll('webhooks')
    .select([
      'organisations.name as organisation_name',
      'organisations.webhook_notification_email',
      'environments.name as environment_name',
    ])
    .executeTakeFirst();
  return row ?? null;
}
export type Recipient = NonNullable<Awaited<ReturnType<typeof findRecipient>>>;

/** Takes note that the failures of a webhook are told by e-mail; false where somebody did since `before`. */
export async function markFailureMailed(
  db: Database,
  webhookId: number,
  { at, before }: { at: Timestamp; before: Timestamp },
): Promise<boolean> {
  const result = await db
    .updateTable('webhooks')
    .set({ failure_mailed_at: at })
    .where('id', '=', webhookId)
    .where((eb) => eb.or([eb('failure_mailed_at', 'is', null), eb('failure_mailed_at', '<', before)]))
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Deliveries of a webhook, the newest first. */
export async function findDeliveries(
  db: Database,
  webhookId: number,
  window: { limit: number; offset: number },
): Promise<Omit<StoredDelivery, 'body'>[]> {
  return db
    .selectFrom('webhook_deliveries')
    .where('webhook_id', '=', webhookId)
    .select(['id', 'webhook_id', 'change_id', 'ordinal', 'event_type', 'state', 'attempts', 'next_attempt_at'])
    .select(['response_status', 'error', 'created_at', 'finished_at'])
    .orderBy('id', 'desc')
    .limit(window.limit)
    .offset(window.offset)
    .execute();
}

export async function countDeliveries(db: Database, webhookId: number): Promise<number> {
  const { count } = await db
    .selectFrom('webhook_deliveries')
    .where('webhook_id', '=', webhookId)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Inserts deliveries; one that is there already stays as it is. */
export async function insertDeliveries(db: Database, deliveries: Insertable<WebhookDeliveryTable>[]): Promise<void> {
  await upsertRows(db, 'webhook_deliveries', deliveries, { key: ['webhook_id', 'change_id', 'ordinal'], update: [] });
}

/** Deliveries of a webhook that may be attempted, the longest due first. */
export async function findDueDeliveries(
  db: Database,
  { webhookId, now, limit }: { webhookId: number; now: Timestamp; limit: number },
): Promise<StoredDelivery[]> {
  return db
    .selectFrom('webhook_deliveries')
    .where('webhook_id', '=', webhookId)
    .where('state', '=', 'pending')
    .where('next_attempt_at', '<=', now)
    .selectAll()
    .orderBy('next_attempt_at')
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Takes a delivery for one attempt that lasts until `until` at most; false where somebody else was faster. */
export async function beginAttempt(db: Database, delivery: StoredDelivery, until: Timestamp): Promise<boolean> {
  const result = await db
    .updateTable('webhook_deliveries')
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
  outcome: Pick<WebhookDeliveryTable, 'state' | 'response_status' | 'error' | 'next_attempt_at' | 'finished_at'>,
): Promise<void> {
  await db.updateTable('webhook_deliveries').set(outcome).where('id', '=', deliveryId).execute();
}

/** When the next delivery of a webhook is due; null where none waits. */
export async function nextAttempt(db: Database, webhookId: number): Promise<Timestamp | null> {
  const row = await db
    .selectFrom('webhook_deliveries')
    .where('webhook_id', '=', webhookId)
    .where('state', '=', 'pending')
    .select('next_attempt_at')
    .orderBy('next_attempt_at')
    .limit(1)
    .executeTakeFirst();
  return row?.next_attempt_at ?? null;
}

export async function removeOldDeliveries(db: Database, before: Timestamp): Promise<void> {
  await db.deleteFrom('webhook_deliveries').where('created_at', '<', before).execute();
}

/** Where the states are that only an id names. States that are gone are not there. */
export async function placesOfStates(db: Database, stateIds: number[]) {
  return byId(stateIds, (ids) =>
    db
      .selectFrom('feature_states')
      .leftJoin('identities', 'identities.id', 'feature_states.identity_id')
      .leftJoin('feature_segments', 'feature_segments.id', 'feature_states.feature_segment_id')
      .where('feature_states.id', 'in', ids)
      .select(['feature_states.id', 'feature_states.feature_id', 'feature_states.environment_id'])
      .select(['identity_id', 'identities.identifier', 'feature_segments.segment_id', 'feature_segments.priority'])
      .execute(),
  );
}

export async function featuresById(db: Database, featureIds: number[]) {
  return byId(featureIds, (ids) =>
    db
      .selectFrom('features')
      .where('id', 'in', ids)
      .select(['id', 'name', 'type', 'initial_value', 'default_enabled', 'description', 'created_date', 'project_id'])
      .execute(),
  );
}

export async function segmentsById(db: Database, segmentIds: number[]) {
  return byId(segmentIds, (ids) =>
    db.selectFrom('segments').where('id', 'in', ids).select(['id', 'name', 'description']).execute(),
  );
}

export async function optionsById(db: Database, optionIds: number[]) {
  return byId(optionIds, (ids) =>
    db
      .selectFrom('multivariate_options')
      .where('id', 'in', ids)
      .select(['id', 'value_type', 'string_value', 'integer_value', 'boolean_value'])
      .execute(),
  );
}

/** Ids of the weights of versions, by `<uuid of the version> <segment or null> <option>`. */
export async function weightIdsOfVersions(db: Database, uuids: string[]): Promise<Map<string, number>> {
  const ids = new Map<string, number>();
  for (const part of chunks([...new Set(uuids)], 1000)) {
    const rows = await db
      .selectFrom('version_state_variants')
      .innerJoin('version_states', 'version_states.id', 'version_state_variants.version_state_id')
      .innerJoin('feature_versions', 'feature_versions.id', 'version_states.version_id')
      .where('feature_versions.uuid', 'in', part)
      .select([
        'version_state_variants.id',
        'feature_versions.uuid',
        'version_states.segment_id',
        'version_state_variants.multivariate_option_id',
      ])
      .execute();
    for (const row of rows) ids.set(`${row.uuid} ${row.segment_id} ${row.multivariate_option_id}`, row.id);
  }
  return ids;
}

/** Deleted ones too. */
export async function environmentsById(
  db: Database,
  environmentIds: number[],
): Promise<Map<number, Selectable<EnvironmentTable>>> {
  return byId(environmentIds, (ids) => db.selectFrom('environments').where('id', 'in', ids).selectAll().execute());
}

/** Deleted ones too. */
export async function projectsById(db: Database, projectIds: number[]): Promise<Map<number, Selectable<ProjectTable>>> {
  return byId(projectIds, (ids) => db.selectFrom('projects').where('id', 'in', ids).selectAll().execute());
}

export async function usersById(db: Database, userIds: number[]) {
  return byId(userIds, (ids) =>
    db
      .selectFrom('users')
      .where('id', 'in', ids)
      .select(['id', 'email', 'first_name', 'last_name', 'last_login', 'uuid'])
      .execute(),
  );
}

export async function masterKeysById(db: Database, keyIds: number[]) {
  return byId(keyIds, (ids) => db.selectFrom('master_keys').where('id', 'in', ids).select(['id', 'name']).execute());
}

async function byId<Row extends { id: number }>(
  ids: number[],
  find: (ids: number[]) => Promise<Row[]>,
): Promise<Map<number, Row>> {
  return new Map((await rowsOf(ids, find)).map((row) => [row.id, row]));
}

async function rowsOf<Row>(ids: number[], find: (ids: number[]) => Promise<Row[]>): Promise<Row[]> {
  const distinct = [...new Set(ids)];
  return distinct.length === 0 ? [] : find(distinct);
}
