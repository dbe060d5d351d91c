import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { seedTenant, seedUser, type Tenant } from '../testing/seed.ts';
import { createUsageStore } from './sdk-store.ts';

const context = testContext();
let acme: Tenant;
let rival: Tenant;

beforeAll(async () => {
  rival = await seedTenant(context.db);
});

beforeEach(async () => {
  acme = await seedTenant(context.db);
});

const noLabels = { client_application_name: null, client_application_version: null, user_agent: null };
const today = () => new Date().toISOString().slice(0, 10);
const get = (path: string, as = acme.admin) => context.request({ path: `/api/v1/${path}`, as });
const post = (path: string, body: unknown, as = acme.admin) =>
  context.request({ method: 'POST', path: `/api/v1/${path}`, as, body });
const usagePath = (query = '') => `organisations/${acme.organisationId}/usage-data/${query}`;

/** Asks the Edge of the application, and answers the body. */
async function askAsSdk(path: string, query = ''): Promise<any> {
  await context.app.publisher.publishPending();
  const answer = await context.app.edge.handle({
    method: 'GET',
    path: `/api/v1/${path}`,
    query,
    header: (name) => (name === 'x-environment-key' ? acme.production.apiKey : undefined),
    body: new Uint8Array(),
  });
  if ('open' in answer) throw new Error('a stream came where an answer was expected');
  return JSON.parse(Buffer.from(answer.body as Uint8Array).toString('utf8'));
}

async function countRequests(
  parts: Partial<{ environmentId: number; kind: 'flags' | 'traits'; sdkUserAgent: string; count: number }> = {},
) {
  await createUsageStore({ db: context.db, log: context.app.systemContext().log }).addRequests([
    {
      environmentId: acme.production.id,
      kind: 'flags',
      count: 1,
      sdkUserAgent: null,
      applicationName: null,
      applicationVersion: null,
      ...parts,
    },
  ]);
}

describe('usage data', () => {
  test('what SDKs ask is counted once it is written', async () => {
    await askAsSdk('flags/');
    await askAsSdk('flags/');
    await askAsSdk('identities/', 'identifier=ada');

    await context.app.edge.flush();

    expect((await get(usagePath())).body).toEqual([
      { flags: 2, identities: 1, traits: 0, environment_document: 0, day: today(), labels: noLabels },
    ]);
  });

  test('counts of one day and the same labels add up, others stand apart', async () => {
    await countRequests({ count: 2 });
    await countRequests({ count: 3 });
    await countRequests({ kind: 'traits' });
    await countRequests({ sdkUserAgent: 'flagsmith-js-sdk/12.4.0' });

    const { body } = await get(usagePath());

    expect(body.map((entry: any) => [entry.flags, entry.traits, entry.labels.user_agent])).toEqual(
      expect.arrayContaining([
        [5, 1, null],
        [1, 0, 'flagsmith-js-sdk/12.4.0'],
      ]),
    );
    expect(body.length).toBe(2);
  });

  test('filters narrow it', async () => {
    await countRequests({ sdkUserAgent: 'flagsmith-js-sdk/12.4.0' });
    await countRequests({ environmentId: acme.development.id, count: 7 });
    const total = async (query: string) => (await get(usagePath(`total-count/?${query}`))).body.count;

    expect([
      await total(`environment_id=${acme.development.id}`),
      await total(`project_id=${acme.projectId}`),
      await total('user_agent=flagsmith-js-sdk%2F12.4.0'),
      await total(`environment_id=${rival.production.id}`),
    ]).toEqual([7, 8, 1, 0]);
  });

  test('nothing older than 30 days counts, unless 90 days are asked for', async () => {
    await countRequests();
    const day = new Date(Date.now() - 60 * 86_400_000).toISOString().slice(0, 10);
    await context.db
      .updateTable('request_counts')
      .set({ day })
      .where('environment_id', '=', acme.production.id)
      .execute();

    expect((await get(usagePath('total-count/'))).body).toEqual({ count: 0 });
    expect((await get(usagePath('total-count/?period=90_day_period'))).body).toEqual({ count: 1 });
  });

  test('a report tells them by day, by environment and by client', async () => {
    const report = async (query = '', as = acme.admin) =>
      get(`organisations/${acme.organisationId}/usage-report/${query}`, as);
    await countRequests({ count: 2, sdkUserAgent: 'flagsmith-js-sdk/12.4.0' });
    await countRequests({ count: 3, kind: 'traits' });
    await countRequests({ environmentId: acme.development.id, count: 7 });
    await countRequests({ environmentId: rival.production.id, count: 100 });

    const { body } = await report();
    const narrowed = (await report(`?environment_id=${acme.development.id}`)).body;

    expect(body.days).toEqual([{ day: today(), flags: 9, identities: 0, traits: 3, environment_document: 0 }]);
    expect(body.to).toBe(today());
    expect(body.environments.map((one: any) => [one.id, one.project.id, one.total])).toEqual([
      [acme.development.id, acme.projectId, 7],
      [acme.production.id, acme.projectId, 5],
    ]);
    expect(body.clients.map((one: any) => [one.user_agent, one.count])).toEqual([
      [null, 10],
      ['flagsmith-js-sdk/12.4.0', 2],
    ]);
    expect(narrowed.days).toMatchObject([{ flags: 7, traits: 0 }]);
    expect(narrowed.environments).toEqual(body.environments);
    expect((await report('', acme.member)).status).toBe(403);
    expect((await report('?days=0')).status).toBe(400);
  });

  test('there are no billing periods', async () => {
    const answer = await get(usagePath('?period=current_billing_period'));

    expect([answer.status, answer.body]).toEqual([404, { detail: 'No billing periods found for this organisation.' }]);
  });

  test('a period that nobody knows is refused', async () => {
    expect((await get(usagePath('?period=century'))).status).toBe(400);
  });

  test('the older address answers the total of 30 days', async () => {
    await countRequests({ count: 4 });

    expect((await get(`organisations/${acme.organisationId}/usage/`)).body).toEqual({ events: 4 });
  });

  test('a full bucket stays full instead of failing', async () => {
    await countRequests({ count: 2_147_483_647 });
    await countRequests({ count: 10 });

    expect((await get(usagePath('total-count/'))).body).toEqual({ count: 2_147_483_647 });
  });

  test('no plan is ever used up', async () => {
    const { body } = await get(`organisations/${acme.organisationId}/api-usage-notification/`, acme.member);

    expect(body).toEqual({ count: 0, next: null, previous: null, results: [] });
  });
});

describe('evaluation data', () => {
  const pathOf = (feature: number, query: string, projectId = acme.projectId) =>
    `projects/${projectId}/features/${feature}/evaluation-data/?${query}`;

  async function featureWithCounts() {
    const feature = (await post(`projects/${acme.projectId}/features/`, { name: 'checkout' })).body;
    await createUsageStore({ db: context.db, log: context.app.systemContext().log }).add([
      {
        environmentId: acme.production.id,
        featureName: 'checkout',
        count: 3,
        enabled: null,
        sdkUserAgent: null,
        applicationName: null,
        applicationVersion: null,
      },
    ]);
    return feature.id as number;
  }

  test('is the evaluations of each day', async () => {
    const feature = await featureWithCounts();

    const { body } = await get(pathOf(feature, `environment_id=${acme.production.id}`));

    expect(body).toEqual([{ day: today(), count: 3, labels: noLabels }]);
  });

  test('is of one environment, which must be named', async () => {
    const feature = await featureWithCounts();

    expect((await get(pathOf(feature, `environment_id=${acme.development.id}`))).body).toEqual([]);
    expect((await get(pathOf(feature, ''))).body).toEqual({ environment_id: ['This field is required.'] });
  });

  test('of an environment of another project is not there', async () => {
    const feature = await featureWithCounts();

    expect((await get(pathOf(feature, `environment_id=${rival.production.id}`))).status).toBe(404);
  });
});

test('the metrics of an environment count what it has', async () => {
  const feature = (await post(`projects/${acme.projectId}/features/`, { name: 'checkout', default_enabled: true }))
    .body;
  await post(`projects/${acme.projectId}/features/`, { name: 'search' });
  const identity = (await post(`environments/${acme.production.apiKey}/identities/`, { identifier: 'ada' })).body;
  await post(`environments/${acme.production.apiKey}/identities/${identity.id}/featurestates/`, {
    feature: feature.id,
    enabled: false,
  });

  const { body } = await get(`environments/${acme.production.apiKey}/metrics/`);

  expect(body.metrics.map((metric: any) => [metric.rank, metric.name, metric.value])).toEqual([
    [1, 'total_features', 2],
    [2, 'enabled_features', 1],
    [3, 'segment_overrides', 0],
    [4, 'identity_overrides', 1],
  ]);
});

describe('traits of one key', () => {
  const environment = (rest: string) => `environments/${acme.production.apiKey}/${rest}`;

  async function identityWithTraits(identifier: string, traits: string[]) {
    const identity = (await post(environment('identities/'), { identifier })).body;
    for (const trait_key of traits) {
      await post(environment(`identities/${identity.id}/traits/`), {
        trait_key,
        value_type: 'unicode',
        string_value: 'x',
      });
    }
  }

  test('each key is listed once', async () => {
    await identityWithTraits('ada', ['plan', 'country']);
    await identityWithTraits('bob', ['plan']);

    expect((await get(environment('trait-keys/'))).body).toEqual({ keys: ['country', 'plan'] });
  });

  test('are deleted from all identities, also for SDKs that just asked', async () => {
    await identityWithTraits('ada', ['plan', 'country']);
    await identityWithTraits('bob', ['plan']);
    const before = await askAsSdk('identities/', 'identifier=ada');

    const answer = await post(environment('delete-traits/'), { key: 'plan' });

    expect([answer.status, answer.body]).toEqual([200, { key: 'plan' }]);
    expect((await get(environment('trait-keys/'))).body).toEqual({ keys: ['country'] });
    const after = await askAsSdk('identities/', 'identifier=ada');
    expect([before.traits.length, after.traits.length]).toEqual([2, 1]);
  });

  test('a key must be named', async () => {
    expect((await post(environment('delete-traits/'), {})).body).toEqual({ key: ['This field is required.'] });
  });
});

test('usage is for administrators of the organisation only', async () => {
  const stranger = await seedUser(context.db);

  expect([
    (await get(usagePath(), acme.member)).status,
    (await get(usagePath(), stranger.authorization)).status,
  ]).toEqual([403, 404]);
});
