import { AsyncLocalStorage } from 'node:async_hooks';
import type { KyselyPlugin } from 'kysely';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type App, createApp } from '../app.ts';
import { readConfig } from '../config.ts';
import { insertRow, insertRows } from '../db/statements.ts';
import { nameKey } from '../names.ts';
import { emptyDatabase } from '../testing/context.ts';
import { seedTenant, seedUser, type Tenant } from '../testing/seed.ts';
import { now, plusSeconds } from '../time.ts';

const request = new AsyncLocalStorage<{ statements: number }>();
const counter: KyselyPlugin = {
  transformQuery: ({ node }) => node,
  transformResult: async ({ result }) => {
    const count = request.getStore();
    if (count !== undefined) count.statements += 1;
    return result;
  },
};

let database: Awaited<ReturnType<typeof emptyDatabase>>;
let app: App;
let root: string;
let acme: Tenant;

beforeAll(async () => {
  database = await emptyDatabase();
  const config = readConfig({ SECRET_KEY: 'a secret that only this test run knows' });
  const db = database.db.withPlugin(counter);
  app = await createApp({ config, db, log: pino({ level: 'error' }), checkResponses: true });
  const superuser = await seedUser(database.db);
  root = superuser.authorization;
  await database.db.updateTable('users').set({ is_superuser: 1 }).where('id', '=', superuser.userId).execute();
  acme = await filledTenant();
});

afterAll(async () => {
  await app?.close();
  await database?.drop();
});

async function get(path: string, as = root): Promise<{ status: number; body: any; statements: number }> {
  const count = { statements: 0 };
  const answer = await request.run(count, () =>
    app.http.inject({ url: `/api/v1/admin/dashboard/${path}`, headers: { authorization: as } }),
  );
  return { status: answer.statusCode, body: JSON.parse(answer.body), statements: count.statements };
}

const daysAgo = (days: number) => plusSeconds(now(), -days * 86_400);

/** A tenant with features of every age, usage of every age, and integrations at every kind of place. */
async function filledTenant(): Promise<Tenant> {
  const { db } = database;
  const tenant = await seedTenant(db);
  const { organisationId, projectId, production } = tenant;
  const permanentTag = await insertRow(db, 'tags', {
    uuid: crypto.randomUUID(),
    project_id: projectId,
    label: 'for ever',
    color: '#000000',
    description: null,
    is_permanent: 1,
    is_system_tag: 0,
    type: 'NONE',
  });
  const feature = async (name: string, created: number, touched: number, more: object = {}) => {
    const id = await insertRow(db, 'features', {
      uuid: crypto.randomUUID(),
      project_id: projectId,
      name,
      name_key: nameKey(name),
      type: 'STANDARD',
      initial_value: null,
      default_enabled: 0,
      description: null,
      is_archived: 0,
      is_server_key_only: 0,
      created_date: daysAgo(created),
      deleted_at: null,
      ...more,
    });
    await insertRow(db, 'feature_states', {
      uuid: crypto.randomUUID(),
      environment_id: production.id,
      feature_id: id,
      scope: 'environment',
      identity_id: null,
      feature_segment_id: null,
      enabled: 1,
      value_type: 'unicode',
      string_value: null,
      integer_value: null,
      boolean_value: null,
      lineage_id: id,
      live_from: daysAgo(created),
      created_at: daysAgo(created),
      updated_at: daysAgo(touched),
    });
    return id;
  };
  await feature('stale', 100, 31);
  await feature('touched', 100, 29);
  await feature('young', 3, 3);
  await feature('archived', 100, 100, { is_archived: 1 });
  await feature('deleted', 100, 100, { deleted_at: now() });
  const permanent = await feature('permanent', 100, 100);
  await insertRows(db, 'feature_tags', [{ feature_id: permanent, tag_id: permanentTag }]);

  const requests = (kind: 'flags' | 'identities', days: number, count: number) =>
    insertRow(db, 'request_counts', {
      bucket_key: crypto.randomUUID(),
      environment_id: production.id,
      kind,
      day: daysAgo(days).slice(0, 10),
      sdk_user_agent: null,
      application_name: null,
      application_version: null,
      count,
    });
  await requests('flags', 0, 1);
  await requests('identities', 1, 10);
  await requests('flags', 45, 100);
  await requests('flags', 75, 1000);
  await requests('flags', 120, 10_000);
  await insertRow(db, 'evaluation_counts', {
    bucket_key: crypto.randomUUID(),
    environment_id: production.id,
    feature_name: 'stale',
    bucket_start: `${daysAgo(1).slice(0, 13)}:00:00.000000Z`,
    sdk_user_agent: null,
    application_name: null,
    application_version: null,
    enabled: null,
    count: 7,
  });
  const integration = (vendor: string, place: object, key: string) =>
    insertRow(db, 'integrations', {
      vendor,
      place: `${key}:${organisationId}`,
      organisation_id: organisationId,
      project_id: null,
      environment_id: null,
      enabled: 1,
      config_encrypted: '',
      created_at: now(),
      updated_at: now(),
      deleted_at: null,
      ...place,
    });
  await integration('grafana', {}, 'organisation');
  await integration('datadog', { project_id: projectId }, 'project');
  await integration('sentry', { project_id: projectId, environment_id: production.id }, 'environment');
  await integration('slack-workspace', { project_id: projectId }, 'project');
  return tenant;
}

test('the summary counts all that is not deleted, and what happened in the days asked for', async () => {
  const month = await get('summary/');
  const quarter = await get('summary/?days=90');

  expect([month.status, month.body]).toEqual([
    200,
    {
      total_organisations: 1,
      total_projects: 1,
      total_environments: 2,
      total_flags: 5,
      total_users: 3,
      total_integrations: 3,
      active_organisations: 1,
      active_users: 0,
      total_api_calls_30d: 11,
    },
  ]);
  expect(quarter.body.total_api_calls_30d).toBe(1111);
});

test('organisations are told with what they hold and use, down to environments', async () => {
  const { body } = await get('organisations/');

  expect(body).toEqual([
    expect.objectContaining({
      id: acme.organisationId,
      name: 'Acme',
      total_flags: 5,
      active_flags: 4,
      stale_flags: 1,
      total_users: 2,
      admin_users: 1,
      api_calls_30d: 11,
      api_calls_60d: 111,
      api_calls_90d: 1111,
      api_calls_allowed: null,
      overage_90d: 0,
      flag_evaluations_30d: 7,
      identity_requests_30d: 10,
      project_count: 1,
      environment_count: 2,
      integration_count: 3,
      projects: [
        {
          id: acme.projectId,
          name: 'Shop',
          api_calls_30d: 11,
          flag_evaluations_30d: 7,
          flags: 5,
          environments: [
            { id: acme.production.id, name: 'Production', api_calls_30d: 11, flag_evaluations_30d: 7 },
            { id: acme.development.id, name: 'Development', api_calls_30d: 0, flag_evaluations_30d: 0 },
          ],
        },
      ],
    }),
  ]);
});

test('usage has an entry for every day, the oldest first', async () => {
  const { body } = await get('usage-trends/?days=60');

  expect(body).toHaveLength(60);
  expect(body.at(-1)).toEqual({ date: now().slice(0, 10), api_calls: 1, flag_evaluations: 0, identity_requests: 0 });
  expect(body.at(-2)).toMatchObject({ api_calls: 10, flag_evaluations: 7, identity_requests: 10 });
  expect(body[0]).toEqual({
    date: daysAgo(59).slice(0, 10),
    api_calls: 0,
    flag_evaluations: 0,
    identity_requests: 0,
  });
});

test('stale features are counted by project, integrations by vendor and place', async () => {
  const place = { organisation_id: acme.organisationId, organisation_name: 'Acme' };

  expect((await get('stale-flags/')).body).toEqual([
    { ...place, project_id: acme.projectId, project_name: 'Shop', stale_flags: 1, total_flags: 5 },
  ]);
  expect((await get('integrations/')).body).toEqual([
    { ...place, integration_type: 'datadog', scope: 'project', count: 1 },
    { ...place, integration_type: 'grafana', scope: 'organisation', count: 1 },
    { ...place, integration_type: 'sentry', scope: 'environment', count: 1 },
  ]);
});

test('only days that are offered are taken', async () => {
  const refused = await get('usage-trends/?days=31');

  expect([refused.status, refused.body]).toEqual([400, { days: ['"31" is not a valid choice.'] }]);
});

test.each(['summary/', 'organisations/', 'usage-trends/', 'stale-flags/', 'integrations/'])(
  '%s takes as many statements for three organisations as for one, and is for superusers',
  async (path) => {
    const one = await get(path);
    const others = [await filledTenant(), await filledTenant()];

    const three = await get(path);

    expect([three.status, three.statements]).toEqual([200, one.statements]);
    expect(one.statements).toBeLessThan(16);
    expect((await get(path, acme.admin)).status).toBe(403);
    for (const { organisationId } of others) {
      await database.db
        .updateTable('organisations')
        .set({ deleted_at: now() })
        .where('id', '=', organisationId)
        .execute();
    }
  },
);
