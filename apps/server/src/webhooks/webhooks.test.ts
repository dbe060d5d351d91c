import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createApp } from '../app.ts';
import { testContext } from '../testing/context.ts';
import { seedEnvironment, seedTenant, seedUser, type Tenant } from '../testing/seed.ts';
import { now, plusSeconds } from '../time.ts';

const context = testContext({ OUTBOUND_ALLOWED_RANGES: '127.0.0.0/8' });
let acme: Tenant;
let rival: Tenant;

interface Received {
  path: string;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  body: any;
}

/** What arrived at the address that webhooks of these tests lead to, and what it answers. */
let received: Received[];
let answer: (path: string) => number;
let server: Server;
let base: string;

beforeAll(async () => {
  rival = await seedTenant(context.db);
  server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    request.on('end', () => {
      received.push({ path: request.url ?? '', headers: request.headers, text, body: JSON.parse(text) });
      response.writeHead(answer(request.url ?? '')).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(async () => {
  received = [];
  answer = () => 200;
  acme = await seedTenant(context.db);
});

const hooksOf = (tenant: Tenant) => `/api/v1/environments/${tenant.production.apiKey}/webhooks/`;
const organisationHooksOf = (tenant: Tenant) => `/api/v1/organisations/${tenant.organisationId}/webhooks/`;

async function post(path: string, body: unknown, as = acme.admin) {
  return context.request({ method: 'POST', path, as, body });
}

/** A webhook that leads to our receiver. */
async function hook(path: string, body: object = {}) {
  const { status, body: webhook } = await post(path, { url: `${base}/${crypto.randomUUID()}`, ...body });
  expect(status).toBe(201);
  return webhook;
}

async function newFeature(body: object) {
  const { body: feature } = await post(`/api/v1/projects/${acme.projectId}/features/`, body);
  return feature;
}

async function stateOf(featureId: number, environment = acme.production): Promise<string> {
  const states = `/api/v1/environments/${environment.apiKey}/featurestates/`;
  const { body } = await context.request({ path: `${states}?feature=${featureId}`, as: acme.admin });
  return `${states}${body.results[0].id}/`;
}

/** Tells all that there is to tell. */
async function settle(app = context.app) {
  await app.follower.catchUp();
  await app.worker.runPending();
}

const toldTo = (webhook: { url: string }) => received.filter(({ path }) => webhook.url === `${base}${path}`);
const eventsTo = (webhook: { url: string }, type: string) =>
  toldTo(webhook).filter(({ body }) => body.event_type === type);
const deliveriesOf = async (webhook: { id: number }, path = hooksOf(acme)) =>
  (await context.request({ path: `${path}${webhook.id}/deliveries/`, as: acme.admin })).body;

describe('what a webhook is', () => {
  test('is answered by the list of its environment', async () => {
    const created = await post(hooksOf(acme), { url: `${base}/x`, secret: 'shh' });

    const list = await context.request({ path: hooksOf(acme), as: acme.admin });

    expect(created.status).toBe(201);
    expect(created.body).toEqual({
      id: expect.any(Number),
      url: `${base}/x`,
      enabled: true,
      secret: 'shh',
      created_at: expect.any(String),
      updated_at: expect.any(String),
    });
    expect(list.body).toEqual([created.body]);
  });

  test('is answered in pages by an organisation, and one by one', async () => {
    const created = await hook(organisationHooksOf(acme));
    await hook(hooksOf(acme));

    const list = await context.request({ path: organisationHooksOf(acme), as: acme.admin });
    const one = await context.request({ path: `${organisationHooksOf(acme)}${created.id}/`, as: acme.admin });

    expect(list.body).toEqual({ count: 1, next: null, previous: null, results: [created] });
    expect(one.body).toEqual(created);
  });

  test('changes as far as it is given, and a repeat changes nothing', async () => {
    const created = await hook(hooksOf(acme), { secret: 'one' });
    const path = `${hooksOf(acme)}${created.id}/`;

    const changed = await context.request({ method: 'PATCH', path, as: acme.admin, body: { secret: 'two' } });
    const repeated = await context.request({ method: 'PATCH', path, as: acme.admin, body: { secret: 'two' } });
    const put = await context.request({ method: 'PUT', path, as: acme.admin, body: { enabled: false } });

    expect(changed.body).toEqual({ ...created, secret: 'two', updated_at: expect.any(String) });
    expect(repeated.body).toEqual(changed.body);
    expect(put.body).toEqual({ url: ['This field is required.'] });
  });

  test('keeps its secret and its address out of database dumps and the audit log', async () => {
    const created = await hook(hooksOf(acme), { url: `${base}/path-with-token`, secret: 'very secret' });

    const row = await context.db
      .selectFrom('webhooks')
      .where('id', '=', created.id)
      .selectAll()
      .executeTakeFirstOrThrow();
    const changes = await context.db
      .selectFrom('changes')
      .where('object_type', '=', 'WEBHOOK')
      .where('object_id', '=', created.id)
      .selectAll()
      .execute();

    expect(row.secret_encrypted).not.toContain('very secret');
    expect(changes).toHaveLength(1);
    expect(JSON.stringify(changes)).not.toMatch(/very secret|path-with-token/);
  });

  test.each([
    [{}, { url: ['This field is required.'] }],
    [{ url: '' }, { url: ['This field may not be blank.'] }],
    [{ url: 'nowhere' }, { url: ['Enter a valid URL.'] }],
    [{ url: 'ftp://example.com/' }, { url: ['Enter a valid URL.'] }],
    [
      { url: `https://example.com/${'x'.repeat(200)}` },
      { url: ['Ensure this field has no more than 200 characters.'] },
    ],
    [{ url: 'http://10.0.0.1/' }, { url: ['URLs must not target internal or private network addresses.'] }],
    [{ url: 'http://[::1]/' }, { url: ['URLs must not target internal or private network addresses.'] }],
    [{ url: 'http://0xA9FEA9FE/' }, { url: ['URLs must not target internal or private network addresses.'] }],
    [
      { url: 'https://8.8.8.8/', secret: 'x'.repeat(256) },
      { secret: ['Ensure this field has no more than 255 characters.'] },
    ],
  ])('is refused with the field that is wrong: %j', async (body, errors) => {
    const refused = await post(hooksOf(acme), body);

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual(errors);
  });

  test('is gone with its deliveries when it is deleted', async () => {
    const webhook = await hook(hooksOf(acme));
    await newFeature({ name: 'told' });
    await settle();

    const deleted = await context.request({ method: 'DELETE', path: `${hooksOf(acme)}${webhook.id}/`, as: acme.admin });

    expect(deleted.status).toBe(204);
    expect((await context.request({ path: hooksOf(acme), as: acme.admin })).body).toEqual([]);
    const left = await context.db
      .selectFrom('webhook_deliveries')
      .where('webhook_id', '=', webhook.id)
      .selectAll()
      .execute();
    expect(left).toEqual([]);
  });
});

describe('a change of a flag', () => {
  test('is told to its environment and its organisation with the states before and after', async () => {
    const feature = await newFeature({ name: 'checkout', initial_value: 'a', description: 'pays' });
    await settle();
    const [own, whole] = [await hook(hooksOf(acme)), await hook(organisationHooksOf(acme))];
    const other = await hook(`/api/v1/environments/${acme.development.apiKey}/webhooks/`);

    await context.request({
      method: 'PUT',
      path: await stateOf(feature.id),
      as: acme.admin,
      body: { feature_state_value: 7 },
    });
    await settle();

    const [told] = eventsTo(own, 'FLAG_UPDATED');
    const state = {
      feature: {
        id: feature.id,
        created_date: feature.created_date,
        default_enabled: false,
        description: 'pays',
        initial_value: 'a',
        name: 'checkout',
        project: { id: acme.projectId, name: 'Shop' },
        type: 'STANDARD',
      },
      environment: { id: acme.production.id, name: 'Production' },
      identity: null,
      identity_identifier: null,
      feature_segment: null,
      enabled: false,
      feature_state_value: 7,
      multivariate_feature_state_values: [],
    };
    expect(toldTo(own)).toHaveLength(1);
    expect(told?.body).toEqual({
      event_type: 'FLAG_UPDATED',
      data: {
        changed_by: expect.stringContaining('@example.com'),
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
        new_state: state,
        previous_state: { ...state, feature_state_value: 'a' },
      },
    });
    expect(eventsTo(whole, 'FLAG_UPDATED')[0]?.text).toBe(told?.text);
    expect(toldTo(other)).toEqual([]);
  });

  test('is told as it was then, not as it is when it is told', async () => {
    const feature = await newFeature({ name: 'fast' });
    await settle();
    const webhook = await hook(hooksOf(acme));
    const path = await stateOf(feature.id);

    for (const value of [1, 2, 3]) {
      await context.request({ method: 'PUT', path, as: acme.admin, body: { feature_state_value: value } });
    }
    await settle();

    const values = eventsTo(webhook, 'FLAG_UPDATED').map(({ body }) => [
      body.data.previous_state.feature_state_value,
      body.data.new_state.feature_state_value,
    ]);
    expect(values).toEqual([
      [null, 1],
      [1, 2],
      [2, 3],
    ]);
  });

  test('is told with its variants and their values', async () => {
    const feature = await newFeature({
      name: 'variants',
      multivariate_options: [{ type: 'unicode', string_value: 'blue', default_percentage_allocation: 30 }],
    });
    const [option] = feature.multivariate_options;
    await settle();
    const webhook = await hook(hooksOf(acme));

    await context.request({ method: 'PUT', path: await stateOf(feature.id), as: acme.admin, body: { enabled: true } });
    await settle();

    expect(eventsTo(webhook, 'FLAG_UPDATED')[0]?.body.data.new_state.multivariate_feature_state_values).toEqual([
      {
        id: expect.any(Number),
        multivariate_feature_option: { id: option.id, value: 'blue' },
        percentage_allocation: 30,
      },
    ]);
  });

  test('by a master key is told with the name of the key', async () => {
    const feature = await newFeature({ name: 'scripted' });
    await settle();
    const webhook = await hook(hooksOf(acme));

    await context.request({
      method: 'PUT',
      path: await stateOf(feature.id),
      as: acme.masterKey,
      body: { enabled: true },
    });
    await settle();

    expect(eventsTo(webhook, 'FLAG_UPDATED')[0]?.body.data.changed_by).toBe('test');
  });

  test('that creates it is told once for each environment, without a state before', async () => {
    const whole = await hook(organisationHooksOf(acme));

    await newFeature({ name: 'fresh', initial_value: '5', default_enabled: true });
    await settle();

    const events = eventsTo(whole, 'FLAG_UPDATED').map(({ body }) => body.data);
    expect(events.map((data) => data.new_state.environment.name).sort()).toEqual(['Development', 'Production']);
    expect(events[0].new_state).toMatchObject({ enabled: true, feature_state_value: 5 });
    expect(events[0]).not.toHaveProperty('previous_state');
  });

  test('that deletes it is told to each environment with the state that is gone', async () => {
    const feature = await newFeature({ name: 'doomed', initial_value: 'last' });
    await settle();
    const [own, whole] = [await hook(hooksOf(acme)), await hook(organisationHooksOf(acme))];

    await context.request({
      method: 'DELETE',
      path: `/api/v1/projects/${acme.projectId}/features/${feature.id}/`,
      as: acme.admin,
    });
    await settle();

    const [told, ...more] = eventsTo(own, 'FLAG_DELETED');
    expect(more).toEqual([]);
    expect(told?.body.data).toMatchObject({
      new_state: null,
      previous_state: { feature_state_value: 'last', feature: { name: 'doomed' } },
    });
    expect(eventsTo(whole, 'FLAG_DELETED')).toHaveLength(2);
  });

  test('for an identity is told with it, its removal as a flag without a new state', async () => {
    const feature = await newFeature({ name: 'personal' });
    const identities = `/api/v1/environments/${acme.production.apiKey}/identities/`;
    const { body: identity } = await post(identities, { identifier: 'ada' });
    await settle();
    const webhook = await hook(hooksOf(acme));

    const overrides = `${identities}${identity.id}/featurestates/`;
    const { body: override } = await post(overrides, { feature: feature.id, enabled: true });
    await context.request({ method: 'DELETE', path: `${overrides}${override.id}/`, as: acme.admin });
    await settle();

    const [made, removed] = eventsTo(webhook, 'FLAG_UPDATED').map(({ body }) => body.data);
    expect(made.new_state).toMatchObject({ identity: identity.id, identity_identifier: 'ada', enabled: true });
    expect(removed.new_state).toBeNull();
    expect(removed.previous_state).toEqual(made.new_state);
  });

  test('for a segment is told with it, its removal as a flag without a new state', async () => {
    const feature = await newFeature({ name: 'grouped' });
    const { body: segment } = await post(`/api/v1/projects/${acme.projectId}/segments/`, {
      name: 'beta',
      description: 'early birds',
      rules: [
        {
          type: 'ALL',
          rules: [{ type: 'ANY', rules: [], conditions: [{ operator: 'EQUAL', property: 'plan', value: 'beta' }] }],
          conditions: [],
        },
      ],
    });
    await settle();
    const webhook = await hook(hooksOf(acme));

    const { body: override } = await post(
      `/api/v1/environments/${acme.production.apiKey}/features/${feature.id}/create-segment-override/`,
      {
        enabled: true,
        feature_state_value: { type: 'unicode', string_value: 'x' },
        feature_segment: { segment: segment.id },
      },
    );
    const removal = await context.request({
      method: 'DELETE',
      path: `/api/v1/features/feature-segments/${override.feature_segment.id ?? override.feature_segment}/`,
      as: acme.admin,
    });
    await settle();

    expect(removal.status).toBe(204);
    const [made, removed] = eventsTo(webhook, 'FLAG_UPDATED').map(({ body }) => body.data);
    const place = { segment: { id: segment.id, name: 'beta', description: 'early birds' }, priority: 0 };
    expect(made.new_state).toMatchObject({ feature_segment: place, enabled: true });
    expect(removed.new_state).toBeNull();
    expect(removed.previous_state).toMatchObject({ feature_segment: place, feature_state_value: 'x' });
  });
});

test('a record of the audit log is told to the organisation only', async () => {
  const [own, whole] = [await hook(hooksOf(acme)), await hook(organisationHooksOf(acme))];
  await settle();
  received = [];

  const feature = await newFeature({ name: 'audited' });
  await settle();

  expect(eventsTo(own, 'AUDIT_LOG_CREATED')).toEqual([]);
  const [told] = eventsTo(whole, 'AUDIT_LOG_CREATED');
  expect(told?.body.data).toEqual({
    id: expect.any(Number),
    created_date: expect.any(String),
    log: 'New Flag / Remote Config created: audited',
    author: {
      id: acme.adminId,
      email: expect.any(String),
      first_name: 'Test',
      last_name: 'Person',
      last_login: null,
      uuid: expect.any(String),
    },
    environment: null,
    project: expect.objectContaining({ id: acme.projectId, name: 'Shop', organisation: acme.organisationId }),
    related_object_id: feature.id,
    related_object_uuid: feature.uuid,
    related_object_type: 'FEATURE',
    is_system_event: false,
  });
});

test('an override that goes with its segment is told as a flag without a new state', async () => {
  const feature = await newFeature({ name: 'grouped' });
  const condition = { operator: 'EQUAL', property: 'plan', value: 'beta' };
  const { body: segment } = await post(`/api/v1/projects/${acme.projectId}/segments/`, {
    name: 'beta',
    rules: [{ type: 'ALL', rules: [{ type: 'ANY', rules: [], conditions: [condition] }], conditions: [] }],
  });
  const override = { enabled: true, feature_segment: { segment: segment.id } };
  const environment = `/api/v1/environments/${acme.production.apiKey}`;
  await post(`${environment}/features/${feature.id}/create-segment-override/`, override);
  await settle();
  const webhook = await hook(hooksOf(acme));

  const path = `/api/v1/projects/${acme.projectId}/segments/${segment.id}/`;
  await context.request({ method: 'DELETE', path, as: acme.admin });
  await settle();

  expect(eventsTo(webhook, 'FLAG_UPDATED').map(({ body }) => body.data)).toMatchObject([
    {
      new_state: null,
      previous_state: { enabled: true, feature_segment: { segment: { id: segment.id, name: 'beta' } } },
    },
  ]);
});

test('a version that is published is told to its environment with what it serves', async () => {
  const feature = await newFeature({ name: 'versioned' });
  await post(`/api/v1/environments/${acme.production.apiKey}/enable-v2-versioning/`, {});
  await settle();
  const webhook = await hook(hooksOf(acme));

  const versions = `/api/v1/environments/${acme.production.id}/features/${feature.id}/versions/`;
  const published = await post(versions, {
    publish_immediately: true,
    feature_states_to_update: [{ enabled: true, feature_state_value: { type: 'unicode', string_value: 'blue' } }],
  });
  await settle();

  const [event] = eventsTo(webhook, 'NEW_VERSION_PUBLISHED');
  expect(published.status).toBe(201);
  expect(event?.body.data).toMatchObject({
    uuid: published.body.uuid,
    feature: { id: feature.id, name: 'versioned' },
    published_by: { id: acme.adminId },
    feature_states: [{ enabled: true, value: 'blue', feature_segment: null }],
  });
});

describe('a version of a feature', () => {
  /** A variant feature of an environment with versions, with an override for a segment. */
  async function versioned() {
    const feature = await newFeature({
      name: 'versioned',
      multivariate_options: [{ type: 'unicode', string_value: 'blue', default_percentage_allocation: 30 }],
    });
    const rules = [{ type: 'ALL', rules: [], conditions: [{ operator: 'EQUAL', property: 'plan', value: 'beta' }] }];
    const { body: segment } = await post(`/api/v1/projects/${acme.projectId}/segments/`, { name: 'beta', rules });
    await post(`/api/v1/environments/${acme.production.apiKey}/enable-v2-versioning/`, {});
    await settle();
    const versions = `/api/v1/environments/${acme.production.id}/features/${feature.id}/versions/`;
    const value = (text: string) => ({ feature_state_value: { type: 'unicode', string_value: text } });
    const changes = {
      feature_states_to_update: [{ enabled: true, ...value('grey') }],
      feature_states_to_create: [
        { enabled: true, ...value('red'), feature_segment: { segment: segment.id, priority: 0 } },
      ],
    };
    return { feature, segment, versions, changes };
  }

  test('is not told as a draft; published, its states are told first and then all that it serves', async () => {
    const { feature, segment, versions, changes } = await versioned();
    const webhook = await hook(hooksOf(acme));
    const ofOrganisation = await hook(organisationHooksOf(acme));

    const draft = await post(versions, changes);
    await settle();
    const whileDraft = toldTo(webhook).length;
    const published = await post(`${versions}${draft.body.uuid}/publish/`, {});
    await settle();

    expect([draft.status, whileDraft, published.status]).toEqual([201, 0, 200]);
    expect(toldTo(webhook).map(({ body }) => body.event_type)).toEqual([
      'FLAG_UPDATED',
      'FLAG_UPDATED',
      'NEW_VERSION_PUBLISHED',
    ]);
    const weights = [
      {
        id: expect.any(Number),
        multivariate_feature_option: { id: feature.multivariate_options[0].id, value: 'blue' },
        percentage_allocation: 30,
      },
    ];
    const [event] = eventsTo(webhook, 'NEW_VERSION_PUBLISHED');
    expect(event?.body.data).toEqual({
      uuid: draft.body.uuid,
      feature: { id: feature.id, name: 'versioned' },
      published_by: { id: acme.adminId, email: expect.stringContaining('@') },
      feature_states: [
        { enabled: true, value: 'grey', multivariate_feature_state_values: weights, feature_segment: null },
        {
          enabled: true,
          value: 'red',
          multivariate_feature_state_values: expect.any(Array),
          feature_segment: { segment: expect.objectContaining({ id: segment.id, name: 'beta' }), priority: 0 },
        },
      ],
    });
    const [{ body: flag } = { body: null }] = eventsTo(webhook, 'FLAG_UPDATED');
    expect(flag.data.new_state.multivariate_feature_state_values).toEqual(
      event?.body.data.feature_states[0].multivariate_feature_state_values,
    );
    expect(flag.data.previous_state).toMatchObject({ enabled: false, multivariate_feature_state_values: weights });
    expect(eventsTo(ofOrganisation, 'FLAG_UPDATED')).toHaveLength(2);
    expect(eventsTo(ofOrganisation, 'NEW_VERSION_PUBLISHED')).toEqual([]);
  });

  test('that is scheduled is told when it goes live', async () => {
    const { versions, changes } = await versioned();
    const webhook = await hook(hooksOf(acme));

    const scheduled = await post(versions, {
      ...changes,
      publish_immediately: true,
      live_from: plusSeconds(now(), 3600),
    });
    await settle();
    const before = toldTo(webhook).length;
    const config = { ...context.config };
    const log = pino({ level: 'silent' });
    const later = await createApp({ config, db: context.db, log, now: () => plusSeconds(now(), 7200) });
    await later.worker.runPending();
    await settle(later);
    await later.close();

    expect([scheduled.status, before]).toEqual([201, 0]);
    expect(toldTo(webhook).map(({ body }) => body.event_type)).toEqual([
      'FLAG_UPDATED',
      'FLAG_UPDATED',
      'NEW_VERSION_PUBLISHED',
    ]);
    expect(eventsTo(webhook, 'NEW_VERSION_PUBLISHED')[0]?.body.data.uuid).toBe(scheduled.body.uuid);
  });
});

describe('a delivery', () => {
  test('has its keys in order and is signed over its bytes', async () => {
    const webhook = await hook(hooksOf(acme), { secret: 'shh' });

    await newFeature({ name: 'signed', description: 'Größe' });
    await settle();

    const [told] = toldTo(webhook) as [Received];
    expect(told.text.startsWith('{"data":{"changed_by":')).toBe(true);
    expect(told.headers['content-type']).toBe('application/json');
    expect(told.headers['x-flagsmith-signature']).toBe(createHmac('sha256', 'shh').update(told.text).digest('hex'));
  });

  test('without a secret has no signature', async () => {
    const webhook = await hook(hooksOf(acme));

    await newFeature({ name: 'unsigned' });
    await settle();

    expect(toldTo(webhook)[0]?.headers).not.toHaveProperty('x-flagsmith-signature');
  });

  test('to a webhook that is switched off is not made', async () => {
    const webhook = await hook(hooksOf(acme), { enabled: false });

    await newFeature({ name: 'quiet' });
    await settle();

    expect(toldTo(webhook)).toEqual([]);
  });

  test.each([500, 503, 429])('that is answered with %i is made again until it arrives', async (status) => {
    const webhook = await hook(hooksOf(acme));
    answer = () => status;

    await newFeature({ name: `again_${status}` });
    await settle();
    const waiting = await deliveriesOf(webhook);
    answer = () => 200;
    await hurry(webhook);
    await settle();

    expect(waiting.results).toMatchObject([
      { state: 'pending', attempts: 1, response_status: status, error: `The answer was HTTP ${status}.` },
    ]);
    expect((await deliveriesOf(webhook)).results).toMatchObject([
      { state: 'delivered', attempts: 2, response_status: 200, error: null, next_attempt_at: null },
    ]);
    expect(new Set(toldTo(webhook).map(({ text }) => text)).size).toBe(1);
    expect(new Set(toldTo(webhook).map(({ headers }) => headers['x-halyard-delivery'])).size).toBe(1);
  });

  test.each([302, 400, 404])('that is answered with %i is not made again', async (status) => {
    const webhook = await hook(hooksOf(acme));
    answer = () => status;

    await newFeature({ name: `once_${status}` });
    await settle();

    expect((await deliveriesOf(webhook)).results).toMatchObject([
      { event_type: 'FLAG_UPDATED', state: 'failed', attempts: 1, response_status: status, next_attempt_at: null },
    ]);
  });

  test('that nobody answers is made again, and given up in the end with one e-mail a day', async () => {
    await context.db
      .updateTable('organisations')
      .set({ webhook_notification_email: 'ops@example.com' })
      .where('id', '=', acme.organisationId)
      .execute();
    const webhook = await hook(hooksOf(acme), { url: 'http://127.0.0.1:9/closed' });
    await newFeature({ name: 'lost' });
    await newFeature({ name: 'lost_too' });
    await settle();

    for (let round = 0; round < 20; round++) {
      await hurry(webhook);
      await settle();
    }

    const { count, results } = await deliveriesOf(webhook);
    expect(count).toBe(2);
    expect(results).toMatchObject([
      { state: 'failed', attempts: 8, response_status: null, error: 'The connection was refused.' },
      { state: 'failed', attempts: 8 },
    ]);
    const mailed = await context.db
      .selectFrom('webhooks')
      .where('id', '=', webhook.id)
      .select('failure_mailed_at')
      .executeTakeFirstOrThrow();
    expect(mailed.failure_mailed_at).not.toBeNull();
  });

  test('to a name that leads inside by now is refused for good', async () => {
    const webhook = await hook(hooksOf(acme));
    await context.db.updateTable('webhooks').set({ url: 'http://10.1.2.3/' }).where('id', '=', webhook.id).execute();

    await newFeature({ name: 'inside' });
    await settle();

    expect((await deliveriesOf(webhook)).results).toMatchObject([
      { state: 'failed', error: 'The address is in an internal or private network.' },
    ]);
  });

  test('to an address that does not answer keeps no other webhook waiting', async () => {
    const dead = await hook(hooksOf(acme), { url: 'http://127.0.0.1:9/closed' });
    const alive = await hook(hooksOf(acme));

    await newFeature({ name: 'both' });
    await settle();

    expect(toldTo(alive)).toHaveLength(1);
    expect((await deliveriesOf(dead)).results).toMatchObject([{ state: 'pending' }]);
  });
});

/** Lets the next attempt of a webhook be due now. */
async function hurry(webhook: { id: number }) {
  const at = plusSeconds(context.app.systemContext().now(), -1);
  await context.db
    .updateTable('webhook_deliveries')
    .set({ next_attempt_at: at })
    .where('webhook_id', '=', webhook.id)
    .where('state', '=', 'pending')
    .execute();
  await context.db.updateTable('jobs').set({ run_at: at }).where('kind', '=', 'webhooks.deliver').execute();
}

describe('a process that dies', () => {
  /** Another process on the same database. */
  const start = (variables = context.config) =>
    createApp({ config: variables, db: context.db, log: pino({ level: 'silent' }) });

  test('between a change and its delivery loses nothing, and repeats nothing that arrived', async () => {
    const webhook = await hook(hooksOf(acme));
    const arrived = await newFeature({ name: 'arrived' });
    await settle();
    await context.app.follower.stop();
    await context.app.worker.stop();
    await newFeature({ name: 'survives' });

    const second = await start();
    await settle(second);
    await second.close();

    const names = toldTo(webhook).map(({ body }) => body.data.new_state.feature.name);
    expect(arrived.name).toBe('arrived');
    expect(names).toEqual(['arrived', 'survives']);
  });

  test('in the middle of an attempt leaves it to another', async () => {
    const webhook = await hook(hooksOf(acme));
    await newFeature({ name: 'interrupted' });
    const second = await start();
    await second.follower.catchUp();
    await second.close();
    await context.db
      .updateTable('webhook_deliveries')
      .set({ state: 'pending', attempts: 1, finished_at: null })
      .where('webhook_id', '=', webhook.id)
      .execute();
    await context.db
      .insertInto('jobs')
      .values({
        kind: 'webhooks.deliver',
        payload: JSON.stringify({ webhookId: webhook.id }),
        unique_key: null,
        state: 'waiting',
        run_at: plusSeconds(context.app.systemContext().now(), -1),
        attempts: 1,
        claim: 'a process that is gone',
        last_error: null,
        created_at: context.app.systemContext().now(),
      })
      .execute();
    await hurry(webhook);

    const third = await start();
    await settle(third);
    await third.close();

    expect((await deliveriesOf(webhook)).results).toMatchObject([{ state: 'delivered', attempts: 2 }]);
  });

  test('with DISABLE_WEBHOOKS sends nothing, now or when it is set no more', async () => {
    const webhook = await hook(hooksOf(acme));
    await newFeature({ name: 'silent' });

    const silent = await start({ ...context.config, webhooks: false });
    await settle(silent);
    await silent.close();
    const loud = await start();
    await settle(loud);
    await loud.close();

    expect(toldTo(webhook)).toEqual([]);
  });
});

describe('testing an address', () => {
  const testPath = '/api/v1/webhooks/test/';
  const environmentScope = () => ({ type: 'environment', id: acme.production.apiKey });

  test('sends an example that is signed', async () => {
    const answered = await post(testPath, { webhook_url: `${base}/try`, secret: 'shh', scope: environmentScope() });

    const [told] = received as [Received];
    expect(answered.status).toBe(200);
    expect(answered.body).toEqual({ detail: 'Webhook test successful', status: 200 });
    expect(told.body.event_type).toBe('FLAG_UPDATED');
    expect(told.headers['x-flagsmith-signature']).toBe(createHmac('sha256', 'shh').update(told.text).digest('hex'));
  });

  test('signs with the secret of the webhook that is named, where the scope has it', async () => {
    const own = await post(hooksOf(acme), { url: `${base}/hook`, secret: 'kept' });
    const theirs = await post(hooksOf(rival), { url: `${base}/hook`, secret: 'theirs' }, rival.admin);
    const body = { webhook_url: `${base}/try`, scope: environmentScope() };

    const signed = await post(testPath, { ...body, webhook: own.body.id });
    const refused = await post(testPath, { ...body, webhook: theirs.body.id });

    const [told] = received as [Received];
    expect([signed.status, refused.status]).toEqual([200, 404]);
    expect(told.headers['x-flagsmith-signature']).toBe(createHmac('sha256', 'kept').update(told.text).digest('hex'));
  });

  test('sends what organisations are told', async () => {
    const scope = { type: 'organisation', id: acme.organisationId };

    await post(testPath, { webhook_url: `${base}/try`, scope });

    expect(received.map(({ body }) => body.event_type)).toEqual(['AUDIT_LOG_CREATED']);
  });

  test('tells an answer that is no success', async () => {
    answer = () => 418;

    const refused = await post(testPath, { webhook_url: `${base}/try`, scope: environmentScope() });

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual({
      detail: 'Webhook returned error status',
      body: 'Webhook returned HTTP 418.',
      status: 418,
    });
  });

  test('tells that nobody answers', async () => {
    const refused = await post(testPath, { webhook_url: 'http://127.0.0.1:9/', scope: environmentScope() });

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual({
      detail: 'Could not connect to webhook URL',
      body: 'The connection was refused.',
    });
  });

  test('refuses internal addresses', async () => {
    const refused = await post(testPath, { webhook_url: 'http://169.254.169.254/', scope: environmentScope() });

    expect(refused.body).toEqual({
      webhook_url: ['URLs must not target internal or private network addresses.'],
    });
  });

  test.each([[undefined], [{}], [{ type: 'planet', id: 1 }], [{ type: 'organisation' }]])(
    'of the scope %j is refused',
    async (scope) => {
      const refused = await post(testPath, { webhook_url: `${base}/try`, scope });

      expect(refused.status).toBe(403);
      expect(received).toEqual([]);
    },
  );

  test('is for administrators of the scope', async () => {
    const body = { webhook_url: `${base}/try`, scope: environmentScope() };
    const whole = { webhook_url: `${base}/try`, scope: { type: 'organisation', id: String(acme.organisationId) } };

    const statuses = await Promise.all(
      [body, whole].flatMap((one) => [
        post(testPath, one, acme.member),
        post(testPath, one, rival.admin),
        context.request({ method: 'POST', path: testPath, body: one }),
      ]),
    );

    expect(statuses.map(({ status }) => status)).toEqual([403, 404, 401, 403, 404, 401]);
    expect(received).toEqual([]);
  });
});

describe('who may', () => {
  test('a member who may only look does not see secrets and changes nothing', async () => {
    const webhook = await hook(hooksOf(acme), { secret: 'shh' });
    const viewer = await seedUser(context.db, { organisationId: acme.organisationId, role: 'USER' });
    await context.db
      .insertInto('permission_grants')
      .values({
        grant_key: `environment:${acme.production.id}/user:${viewer.userId}`,
        organisation_id: acme.organisationId,
        project_id: acme.projectId,
        environment_id: acme.production.id,
        user_id: viewer.userId,
        group_id: null,
        admin: 0,
        permissions: '["VIEW_ENVIRONMENT"]',
      })
      .execute();

    const list = await context.request({ path: hooksOf(acme), as: viewer.authorization });
    const refused = await post(hooksOf(acme), { url: `${base}/x` }, viewer.authorization);

    expect(list.body).toEqual([{ ...webhook, secret: '' }]);
    expect(refused.status).toBe(403);
  });

  test('a webhook of a sibling environment, or of the organisation, is a 404', async () => {
    const webhook = await hook(hooksOf(acme));
    const sibling = `/api/v1/environments/${acme.development.apiKey}/webhooks/${webhook.id}/`;

    const answers = [
      await context.request({ method: 'DELETE', path: sibling, as: acme.admin }),
      await context.request({ method: 'DELETE', path: `${organisationHooksOf(acme)}${webhook.id}/`, as: acme.admin }),
      await context.request({ path: `${sibling}deliveries/`, as: acme.admin }),
    ];

    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
  });

  test('what happens in another environment or organisation is not told', async () => {
    const webhook = await hook(hooksOf(acme));
    const whole = await hook(organisationHooksOf(acme));
    await seedEnvironment(context.db, { projectId: rival.projectId, name: 'Third' });
    await settle();
    received = [];

    await context.request({
      method: 'POST',
      path: `/api/v1/projects/${rival.projectId}/features/`,
      as: rival.admin,
      body: { name: crypto.randomUUID() },
    });
    await settle();

    expect([...toldTo(webhook), ...toldTo(whole)]).toEqual([]);
  });
});
