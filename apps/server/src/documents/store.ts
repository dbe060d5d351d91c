import type { DocumentRule, PublishedEnvironment } from '@halyard/contract';
import { factsOf } from '../db/dialects/dialect.ts';
import { chunks, upsertRows } from '../db/statements.ts';
import type { Database } from '../db/tables.ts';

/**
 * Everything that a document is made of, read in a transaction in which every query sees the same moment, so that version
 * and rows belong together. Null for an environment that is not there at all.
 */
export async function readAtOneMoment(db: Database, environmentId: number): Promise<EnvironmentRows | null> {
  const { snapshotIsolation } = factsOf(db);
  const transaction = db.transaction();
  return (snapshotIsolation === null ? transaction : transaction.setIsolationLevel(snapshotIsolation)).execute((db) =>
    readEnvironment(db, environmentId),
  );
}

/** Everything that a document is made of. */
async function readEnvironment(db: Database, environmentId: number) {
  const environment = await db
    .selectFrom('environments')
    .innerJoin('projects', 'projects.id', 'environments.project_id')
    .innerJoin('organisations', 'organisations.id', 'projects.organisation_id')
    .where('environments.id', '=', environmentId)
    .selectAll('environments')
    .select([
      'projects.name as project_name',
      'projects.hide_disabled_flags as project_hide_disabled_flags',
      'projects.enable_realtime_updates',
      'projects.deleted_at as project_deleted_at',
      'organisations.id as organisation_id',
      'organisations.name as organisation_name',
      'organisations.feature_analytics',
      'organisations.stop_serving_flags',
      'organisations.persist_trait_data',
      'organisations.deleted_at as organisation_deleted_at',
    ])
    .executeTakeFirst();
  if (environment === undefined) return null;
  const projectId = environment.project_id;
  const features = await db
    .selectFrom('features')
    .where('project_id', '=', projectId)
    .where('deleted_at', 'is', null)
    .selectAll()
    .orderBy('id')
    .execute();
  const states = await db
    .selectFrom('feature_states')
    .innerJoin('features', 'features.id', 'feature_states.feature_id')
    .leftJoin('feature_segments', 'feature_segments.id', 'feature_states.feature_segment_id')
    .leftJoin('identities', 'identities.id', 'feature_states.identity_id')
    .where('feature_states.environment_id', '=', environmentId)
    .where('features.deleted_at', 'is', null)
    .selectAll('feature_states')
    .select([
      'feature_segments.segment_id',
      'feature_segments.priority',
      'identities.identifier',
      'identities.created_date as identity_created_date',
    ])
    .orderBy('feature_states.id')
    .execute();
  const variants = await db
    .selectFrom('feature_state_variants')
    .innerJoin('feature_states', 'feature_states.id', 'feature_state_variants.feature_state_id')
    .innerJoin('multivariate_options', 'multivariate_options.id', 'feature_state_variants.multivariate_option_id')
    .where('feature_states.environment_id', '=', environmentId)
    .select([
      'feature_state_variants.id',
      'feature_state_variants.uuid',
      'feature_state_variants.feature_state_id',
      'feature_state_variants.percentage_allocation',
      'multivariate_options.id as option_id',
      'multivariate_options.key',
      'multivariate_options.value_type',
      'multivariate_options.string_value',
      'multivariate_options.integer_value',
      'multivariate_options.boolean_value',
    ])
    .orderBy('feature_state_variants.id')
    .execute();
  const segments = await db
    .selectFrom('segments')
    .where('project_id', '=', projectId)
    .where('deleted_at', 'is', null)
    .select(['id', 'name', 'feature_id', 'rules'])
    .orderBy('id')
    .execute();
  const keys = await db
    .selectFrom('environment_keys')
    .where('environment_id', '=', environmentId)
    .select(['key_hash', 'active', 'expires_at'])
    .orderBy('id')
    .execute();
  return { environment, features, states, variants, segments, keys };
}

export type EnvironmentRows = NonNullable<Awaited<ReturnType<typeof readEnvironment>>>;

/** Environments whose document is behind, those behind for longest first. */
export async function findUnpublished(db: Database, limit: number): Promise<number[]> {
  const rows = await db
    .selectFrom('environments')
    .whereRef('version', '>', 'published_version')
    .select('id')
    .orderBy('updated_at')
    .limit(limit)
    .execute();
  return rows.map((row) => row.id);
}

/** The version that an environment's last change gave it. */
export async function newestVersion(db: Database, environmentId: number): Promise<number | null> {
  const row = await db.selectFrom('environments').where('id', '=', environmentId).select('version').executeTakeFirst();
  return row?.version ?? null;
}

/** Stores a publication unless a newer one is there, and answers whether it did. To be called in a transaction. */
export async function savePublished(db: Database, published: PublishedEnvironment): Promise<boolean> {
  if (!(await claimVersion(db, published.environmentId, published.version))) return false;
  const row = { environment_id: published.environmentId, version: published.version, body: JSON.stringify(published) };
  await upsertRows(db, 'environment_documents', [row], { key: ['environment_id'], update: ['version', 'body'] });
  return true;
}

/** Removes the publication of an environment that is gone. To be called in a transaction. */
export async function removePublished(db: Database, environmentId: number, version: number): Promise<boolean> {
  if (!(await claimVersion(db, environmentId, version))) return false;
  await db.deleteFrom('environment_documents').where('environment_id', '=', environmentId).execute();
  return true;
}

/** Only the first to bring a version may store it; an older one never replaces a newer one. */
async function claimVersion(db: Database, environmentId: number, version: number): Promise<boolean> {
  const result = await db
    .updateTable('environments')
    .set({ published_version: version })
    .where('id', '=', environmentId)
    .where('published_version', '<', version)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** The stored publication of the environment that a key opens. */
export async function findPublishedByKey(
  db: Database,
  key: { clientKey: string } | { serverKeyHash: string },
): Promise<PublishedEnvironment | null> {
  const documents = db.selectFrom('environment_documents').select('environment_documents.body');
  const row =
    'clientKey' in key
      ? await documents
          .innerJoin('environments', 'environments.id', 'environment_documents.environment_id')
          .where('environments.api_key', '=', key.clientKey)
          .executeTakeFirst()
      : await documents
          .innerJoin('environment_keys', 'environment_keys.environment_id', 'environment_documents.environment_id')
          .where('environment_keys.key_hash', '=', key.serverKeyHash)
          .executeTakeFirst();
  return row === undefined ? null : (JSON.parse(row.body) as PublishedEnvironment);
}

/** Versions of the stored publications of these environments. */
export async function publishedVersions(db: Database, environmentIds: number[]): Promise<Map<number, number>> {
  const versions = new Map<number, number>();
  for (const part of chunks(environmentIds, 1000)) {
    const rows = await db
      .selectFrom('environment_documents')
      .where('environment_id', 'in', part)
      .select(['environment_id', 'version'])
      .execute();
    for (const row of rows) versions.set(row.environment_id, row.version);
  }
  return versions;
}

export async function findPublished(db: Database, environmentId: number): Promise<PublishedEnvironment | null> {
  const row = await db
    .selectFrom('environment_documents')
    .where('environment_id', '=', environmentId)
    .select('body')
    .executeTakeFirst();
  return row === undefined ? null : (JSON.parse(row.body) as PublishedEnvironment);
}

/** The stored publications of those of the environments that are not behind. */
export async function findCurrentlyPublished(db: Database, environmentIds: number[]): Promise<PublishedEnvironment[]> {
  if (environmentIds.length === 0) return [];
  const rows = await db
    .selectFrom('environment_documents')
    .innerJoin('environments', 'environments.id', 'environment_documents.environment_id')
    .where('environments.id', 'in', environmentIds)
    .whereRef('environment_documents.version', '>=', 'environments.version')
    .select('environment_documents.body')
    .execute();
  return rows.map((row) => JSON.parse(row.body) as PublishedEnvironment);
}

/** The rule tree that a segment's row holds. */
export function rulesOf(json: string): DocumentRule[] {
  const withPropertyNames = (rule: StoredRule): DocumentRule => ({
    type: rule.type,
    rules: rule.rules.map(withPropertyNames),
    conditions: rule.conditions.map(({ operator, property, value }) => ({ operator, property_: property, value })),
  });
  return (JSON.parse(json) as StoredRule[]).map(withPropertyNames);
}

interface StoredRule {
  type: DocumentRule['type'];
  rules: StoredRule[];
  conditions: { operator: DocumentRule['conditions'][0]['operator']; property: string | null; value: string | null }[];
}
