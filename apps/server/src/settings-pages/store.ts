import type { Database } from '../db/tables.ts';

export type StoredEnvironment = Awaited<ReturnType<typeof findEnvironments>>[number];

/** Environments in the order in which they were made. */
export async function findEnvironments(db: Database, projectId: number) {
  return db
    .selectFrom('environments')
    .where('project_id', '=', projectId)
    .where('deleted_at', 'is', null)
    .select(['id', 'api_key', 'name', 'banner_colour'])
    .orderBy('id')
    .limit(1000)
    .execute();
}

/** How many features carry each tag of a project; archived ones count as well. */
export async function countTagUses(db: Database, projectId: number): Promise<Map<number, number>> {
  const rows = await db
    .selectFrom('feature_tags')
    .innerJoin('features', 'features.id', 'feature_tags.feature_id')
    .where('features.project_id', '=', projectId)
    .where('features.deleted_at', 'is', null)
    .groupBy('feature_tags.tag_id')
    .select((eb) => ['feature_tags.tag_id', eb.fn.countAll<number>().as('count')])
    .execute();
  return new Map(rows.map(({ tag_id, count }) => [tag_id, Number(count)]));
}

/** Webhooks of environments, or with null those of the organisation itself, in the order in which they were made. */
export async function webhooksOf(db: Database, of: { organisationId: number; environmentIds: number[] | null }) {
  if (of.environmentIds?.length === 0) return [];
  const query = db.selectFrom('webhooks').where('organisation_id', '=', of.organisationId);
  return (
    of.environmentIds === null
      ? query.where('environment_id', 'is', null)
      : query.where('environment_id', 'in', of.environmentIds)
  )
    .select(['id', 'environment_id', 'url', 'enabled', 'secret_encrypted', 'created_at', 'updated_at'])
    .orderBy('id')
    .limit(1000)
    .execute();
}

/** The newest delivery of each webhook, by the webhook's id. */
export async function lastDeliveries(db: Database, webhookIds: number[]) {
  if (webhookIds.length === 0) return new Map<number, never>();
  const rows = await db
    .selectFrom('webhook_deliveries')
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('webhook_deliveries as newest')
        .where('newest.webhook_id', 'in', webhookIds)
        .groupBy('newest.webhook_id')
        .select((of) => of.fn.max('newest.id').as('id')),
    )
    .select(['id', 'webhook_id', 'event_type', 'change_id', ...outcome])
    .execute();
  return new Map(
    rows.map(({ webhook_id, change_id, ...row }) => [webhook_id, { ...withWait(row), audit_log: change_id }]),
  );
}

/** The newest delivery of each integration, by the integration's id. */
export async function lastIntegrationDeliveries(db: Database, integrationIds: number[]) {
  if (integrationIds.length === 0) return new Map<number, never>();
  const rows = await db
    .selectFrom('integration_deliveries')
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('integration_deliveries as newest')
        .where('newest.integration_id', 'in', integrationIds)
        .groupBy('newest.integration_id')
        .select((of) => of.fn.max('newest.id').as('id')),
    )
    .select(['id', 'integration_id', ...outcome])
    .execute();
  return new Map(rows.map(({ integration_id, ...row }) => [integration_id, withWait(row)]));
}

const outcome = [
  'state',
  'attempts',
  'response_status',
  'error',
  'next_attempt_at',
  'created_at',
  'finished_at',
] as const;

/** Only what is under way has a next attempt. */
function withWait<T extends { state: string; next_attempt_at: string }>(row: T) {
  return { ...row, next_attempt_at: row.state === 'pending' ? row.next_attempt_at : null };
}
