import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type App, createApp } from '../app.ts';
import { readConfig } from '../config.ts';
import { insertRow, insertRows } from '../db/statements.ts';
import { nameKey } from '../names.ts';
import { emptyDatabase } from '../testing/context.ts';
import { seedEnvironment, seedTenant, type Tenant } from '../testing/seed.ts';
import { countStatements, statementCounter } from '../testing/statements.ts';
import { now } from '../time.ts';

/* How many statements a list of 1,000 features takes, whatever belongs to them. */

let database: Awaited<ReturnType<typeof emptyDatabase>>;
let app: App;
let acme: Tenant;

beforeAll(async () => {
  database = await emptyDatabase();
  const config = readConfig({ SECRET_KEY: 'a secret that only this test run knows' });
  app = await createApp({ config, db: database.db.withPlugin(statementCounter), log: pino({ level: 'error' }) });
  acme = await seedTenant(database.db);
  await fill();
});

afterAll(async () => {
  await app?.close();
  await database?.drop();
});

/** 1,000 features with a state in each environment, a tag and an owner. */
async function fill(): Promise<void> {
  const { db } = database;
  const tagId = await insertRow(db, 'tags', {
    uuid: crypto.randomUUID(),
    project_id: acme.projectId,
    label: 'a',
    color: '#000000',
    description: null,
    is_permanent: 0,
    is_system_tag: 0,
    type: 'NONE',
  });
  const at = now();
  await insertRows(
    db,
    'features',
    Array.from({ length: 1000 }, (_, index) => ({
      uuid: crypto.randomUUID(),
      project_id: acme.projectId,
      name: `feature_${index}`,
      name_key: nameKey(`feature_${index}`),
      type: 'STANDARD' as const,
      initial_value: null,
      default_enabled: 0,
      description: null,
      is_archived: 0,
      is_server_key_only: 0,
      created_date: at,
      deleted_at: null,
    })),
  );
  const features = await db.selectFrom('features').select('id').execute();
  await insertRows(
    db,
    'feature_states',
    features.flatMap(({ id }) =>
      [acme.production.id, acme.development.id].map((environmentId) => ({
        uuid: crypto.randomUUID(),
        environment_id: environmentId,
        feature_id: id,
        scope: 'environment',
        identity_id: null,
        feature_segment_id: null,
        enabled: 1,
        value_type: 'unicode' as const,
        string_value: 'x',
        integer_value: null,
        boolean_value: null,
        lineage_id: 1,
        live_from: at,
        created_at: at,
        updated_at: at,
      })),
    ),
  );
  await insertRows(
    db,
    'feature_tags',
    features.map(({ id }) => ({ feature_id: id, tag_id: tagId })),
  );
  await insertRows(
    db,
    'feature_owners',
    features.map(({ id }) => ({ feature_id: id, user_id: acme.adminId })),
  );
}

const list = (query: string) => counted('GET', `features/?${query}`);

async function counted(method: 'GET' | 'POST', path: string, body?: object) {
  const url = `/api/v1/projects/${acme.projectId}/${path}`;
  const { statements, result } = await countStatements(async () => {
    const headers = { authorization: acme.admin };
    return await app.http.inject({ method, url, headers, ...(body !== undefined && { payload: body }) });
  });
  return { statements, body: result.json() };
}

test('a list of 1,000 features takes seven statements, three of them to tell who asks', async () => {
  const { statements, body } = await list('');

  expect(body.count).toBe(1000);
  expect(body.results[998]).toMatchObject({ tags: [expect.any(Number)], owners: [{ id: acme.adminId }] });
  expect(statements).toBe(7);
});

test('with what an environment says of them, it takes nine', async () => {
  const { statements, body } = await list(`environment=${acme.production.id}`);

  expect(body.results[998]).toMatchObject({ environment_feature_state: { feature_state_value: 'x' } });
  expect(statements).toBe(9);
});

test('a list of one takes as many as a list of all', async () => {
  const one = await list(`environment=${acme.production.id}&page_size=1`);
  const all = await list(`environment=${acme.production.id}`);

  expect(one.statements).toBe(all.statements);
});

test('the table of all features takes eleven, whatever belongs to them', async () => {
  const { statements, body } = await counted('GET', 'feature-table/');

  expect(body.features).toHaveLength(1000);
  expect(body.features[998]).toMatchObject({ tags: [expect.any(Number)], cells: [{ value: 'x' }, { value: 'x' }] });
  expect(statements).toBe(11);
});

test('the page of a feature takes as many in a project of two environments as in one of three', async () => {
  const { body } = await list('page_size=1');
  const path = `features/${body.results[0].id}/page/`;
  const two = await counted('GET', path);
  await seedEnvironment(database.db, { projectId: acme.projectId, name: 'Third' });

  const three = await counted('GET', path);

  expect(three.body.environments).toHaveLength(3);
  expect(three.statements).toBe(two.statements);
});

test('turning off a thousand features takes batches, not a statement for each', async () => {
  const ids = (await list('')).body.results.map((one: { id: number }) => one.id);

  const { statements, body } = await counted('POST', 'features/bulk/', {
    features: [...ids, ids[0]].slice(0, 1000),
    action: 'disable',
    environment: acme.production.id,
  });

  expect(body.parts.length).toBeGreaterThan(900);
  expect(statements).toBeLessThan(200);
});
