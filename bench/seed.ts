import type { EnvironmentDocument } from '@halyard/contract';
import { migrate } from '../apps/server/src/db/migrate.ts';
import { openDatabase } from '../apps/server/src/db/open.ts';
import { insertRows } from '../apps/server/src/db/statements.ts';
import type { Database } from '../apps/server/src/db/tables.ts';
import { seedEnvironment, seedTenant } from '../apps/server/src/testing/seed.ts';
import { now } from '../apps/server/src/time.ts';
import { clientKey, documentOf, range, type Workload } from './workload.ts';

type Rows<Table extends Parameters<typeof insertRows>[1]> = Parameters<typeof insertRows<Table>>[2];

/** Fills an empty data folder with the workload, straight in the database; answers how to get in. */
export async function seedWorkload(dataDir: string, workload: Workload): Promise<{ authorization: string }> {
  return withDatabase(dataDir, async (db) => {
    const tenant = await seedTenant(db);
    await db.updateTable('environments').set({ api_key: clientKey }).where('id', '=', tenant.production.id).execute();
    const document = documentOf(workload);
    await insertFeatures(db, tenant.projectId, document);
    await insertStates(db, [tenant.production.id], document);
    await insertSegments(db, tenant.projectId, tenant.production.id, document);
    return { authorization: tenant.masterKey };
  });
}

/** Fills an empty data folder with environments of one project; answers their keys. */
export async function seedEnvironments(
  dataDir: string,
  workload: Workload,
  environments: number,
): Promise<{ clientKeys: string[] }> {
  return withDatabase(dataDir, async (db) => {
    const { projectId } = await seedTenant(db);
    const document = documentOf(workload);
    await insertFeatures(db, projectId, document);
    const made: { id: number; apiKey: string }[] = [];
    for (const i of range(environments)) made.push(await seedEnvironment(db, { projectId, name: `Environment ${i}` }));
    await insertStates(
      db,
      made.map(({ id }) => id),
      document,
    );
    return { clientKeys: made.map(({ apiKey }) => apiKey) };
  });
}

async function withDatabase<T>(dataDir: string, work: (db: Database) => Promise<T>): Promise<T> {
  const db = openDatabase(`sqlite:${dataDir}/halyard.db`);
  try {
    await migrate(db);
    return await db.transaction().execute(work);
  } finally {
    await db.destroy();
  }
}

async function insertFeatures(db: Database, projectId: number, { feature_states }: EnvironmentDocument) {
  await insertRows(
    db,
    'features',
    feature_states.map(({ feature, enabled }) => ({
      id: feature.id,
      uuid: crypto.randomUUID(),
      project_id: projectId,
      name: feature.name,
      name_key: feature.name,
      type: feature.type,
      initial_value: null,
      default_enabled: Number(enabled),
      description: null,
      is_archived: 0,
      is_server_key_only: 0,
      created_date: now(),
      deleted_at: null,
    })),
  );
  await insertRows(
    db,
    'multivariate_options',
    feature_states.flatMap(({ feature, multivariate_feature_state_values }) =>
      multivariate_feature_state_values.map(({ percentage_allocation, multivariate_feature_option: option }) => ({
        id: option.id,
        uuid: crypto.randomUUID(),
        feature_id: feature.id,
        key: option.key,
        default_percentage_allocation: percentage_allocation,
        ...columnsOf(option.value),
      })),
    ),
  );
}

async function insertStates(db: Database, environmentIds: number[], { feature_states }: EnvironmentDocument) {
  const states: Rows<'feature_states'> = [];
  const variants: Rows<'feature_state_variants'> = [];
  let id = 0;
  for (const environmentId of environmentIds) {
    for (const state of feature_states) {
      id++;
      states.push({ ...stateOf(environmentId, state), id, lineage_id: id, scope: 'environment' });
      for (const variant of state.multivariate_feature_state_values) {
        variants.push({
          uuid: crypto.randomUUID(),
          feature_state_id: id,
          multivariate_option_id: variant.multivariate_feature_option.id,
          percentage_allocation: variant.percentage_allocation,
        });
      }
    }
  }
  await insertRows(db, 'feature_states', states);
  await insertRows(db, 'feature_state_variants', variants);
}

async function insertSegments(
  db: Database,
  projectId: number,
  environmentId: number,
  { project }: EnvironmentDocument,
) {
  type Rules = EnvironmentDocument['project']['segments'][0]['rules'];
  const stored = (rules: Rules): unknown[] =>
    rules.map((rule) => ({
      type: rule.type,
      rules: stored(rule.rules),
      conditions: rule.conditions.map(({ operator, property_, value }) => ({ operator, property: property_, value })),
    }));
  await insertRows(
    db,
    'segments',
    project.segments.map(({ id, name, rules }) => ({
      id,
      uuid: crypto.randomUUID(),
      project_id: projectId,
      feature_id: null,
      name,
      description: null,
      rules: JSON.stringify(stored(rules)),
      version: 1,
      created_at: now(),
      updated_at: now(),
      deleted_at: null,
    })),
  );
  const overrides = project.segments.flatMap((segment) =>
    segment.feature_states.map((state) => ({ segmentId: segment.id, state })),
  );
  await insertRows(
    db,
    'feature_segments',
    overrides.map(({ segmentId, state }, i) => ({
      id: i + 1,
      uuid: crypto.randomUUID(),
      feature_id: state.feature.id,
      segment_id: segmentId,
      environment_id: environmentId,
      priority: state.feature_segment?.priority ?? 0,
    })),
  );
  await insertRows(
    db,
    'feature_states',
    overrides.map(({ state }, i) => ({
      ...stateOf(environmentId, state),
      lineage_id: 100_000 + i,
      feature_segment_id: i + 1,
      scope: `segment:${i + 1}`,
    })),
  );
}

function stateOf(environmentId: number, state: EnvironmentDocument['feature_states'][0]) {
  const at = now();
  return {
    uuid: crypto.randomUUID(),
    environment_id: environmentId,
    feature_id: state.feature.id,
    identity_id: null,
    feature_segment_id: null,
    enabled: Number(state.enabled),
    live_from: at,
    created_at: at,
    updated_at: at,
    ...columnsOf(state.feature_state_value),
  };
}

function columnsOf(value: string | number | boolean | null) {
  const empty = { string_value: null, integer_value: null, boolean_value: null };
  if (typeof value === 'number') return { ...empty, value_type: 'int' as const, integer_value: value };
  if (typeof value === 'boolean') return { ...empty, value_type: 'bool' as const, boolean_value: Number(value) };
  return { ...empty, value_type: 'unicode' as const, string_value: value };
}
