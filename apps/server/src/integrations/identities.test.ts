import { createHmac } from 'node:crypto';
import type { IntegrationVendor } from '@halyard/contract';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { integrationBodies } from '../testing/integrations.ts';
import { startRecorder } from '../testing/recorder.ts';
import { seedTenant, type Tenant } from '../testing/seed.ts';
import { createIntegrationListener } from './sdk-listener.ts';
import { identityVendors } from './vendors.ts';

/** Stands for every vendor. */
const vendor = await startRecorder();
const { base, received } = vendor;

const context = testContext({ OUTBOUND_ALLOWED_RANGES: '127.0.0.0/8' });
let acme: Tenant;
let server: string;

beforeAll(async () => {
  server = await context.app.http.listen({ port: 0, host: '127.0.0.1' });
});

beforeEach(async () => {
  acme = await seedTenant(context.db);
});

type Name = keyof typeof identityVendors;
const names = Object.keys(identityVendors) as Name[];
const pathOf = (name: Name) => `/api/v1/environments/${acme.production.apiKey}/integrations/${name}/`;
const send = (method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown) =>
  context.request({ method, path, as: acme.admin, ...(body !== undefined && { body }) });

async function setUp(name: Name, body: object = {}) {
  const created = await send('POST', pathOf(name), { ...integrationBodies[name](`${base}/start/`), ...body });
  expect(created.status).toBe(201);
  if (name === 'segment') await leadHere(created.body.id);
  return created.body as { id: number };
}

/** Segment's addresses are its own two, which a test must not call. */
async function leadHere(integrationId: number) {
  const { vault } = context.app.systemContext();
  const one = context.db.selectFrom('integrations').where('id', '=', integrationId).select('config_encrypted');
  const stored = JSON.parse(vault.decrypt((await one.executeTakeFirstOrThrow()).config_encrypted) as string);
  const config_encrypted = vault.encrypt(JSON.stringify({ ...stored, base_url: `${base}/start/` }));
  await context.db.updateTable('integrations').set({ config_encrypted }).where('id', '=', integrationId).execute();
}

async function newFeature(name: string, settings: object = {}) {
  const created = await send('POST', `/api/v1/projects/${acme.projectId}/features/`, { name, ...settings });
  expect(created.status).toBe(201);
  return created.body as { id: number };
}

async function changeState(featureId: number, changes: object) {
  const states = `/api/v1/environments/${acme.production.apiKey}/featurestates/`;
  const { body } = await context.request({ path: `${states}?feature=${featureId}`, as: acme.admin });
  const changed = await send('PATCH', `${states}${body.results[0].id}/`, changes);
  expect(changed.status).toBe(200);
}

/** Three flags: `on`, which has no value, `colour`, which has one, and `off`, whose value nobody gets. */
async function someFlags() {
  await newFeature('on', { default_enabled: true });
  await newFeature('colour', { default_enabled: true, initial_value: 'blue' });
  await newFeature('off', { initial_value: 'red' });
}

/** What an SDK sends, over a connection; answers what it gets. */
async function identify(body: object, key = acme.production.apiKey) {
  await context.app.publisher.publishPending();
  const answer = await fetch(`${server}/api/v1/identities/`, {
    method: 'POST',
    headers: { 'x-environment-key': key, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
  return answer.json() as Promise<any>;
}

/** Sends what is to be told. */
async function settle() {
  await context.app.edge.flush();
  await context.app.worker.runPending();
}

/** Lets what waits for its next attempt be tried now. */
async function later() {
  const past = '2020-01-01T00:00:00.000000Z';
  await context.db.updateTable('integration_deliveries').set({ next_attempt_at: past }).execute();
  await context.db.updateTable('jobs').where('kind', '=', 'integrations.deliver').set({ run_at: past }).execute();
  await settle();
}

const deliveriesOf = async (name: Name, id: number) =>
  (await context.request({ path: `${pathOf(name)}${id}/deliveries/`, as: acme.admin })).body.results;

const only = () => {
  expect(received).toHaveLength(1);
  return received[0] as (typeof received)[number];
};

describe('what vendors are told of an identity', () => {
  const basic = `Basic ${Buffer.from('the-secret-key:').toString('base64')}`;
  const properties = { on: true, colour: 'blue', off: false };

  test('Amplitude: its user properties', async () => {
    await setUp('amplitude');
    await someFlags();

    await identify({ identifier: 'ada' });
    await settle();

    const { method, path, headers, text } = only();
    expect([method, path, headers['content-type']]).toEqual([
      'POST',
      '/start/identify',
      'application/x-www-form-urlencoded',
    ]);
    const form = new URLSearchParams(text);
    expect(form.get('api_key')).toBe('the-secret-key');
    expect(JSON.parse(form.get('identification') as string)).toEqual([{ user_id: 'ada', user_properties: properties }]);
  });

  test('Segment: its traits', async () => {
    await setUp('segment');
    await someFlags();

    await identify({ identifier: 'ada' });
    await settle();

    const { path, headers, text } = only();
    expect([path, headers.authorization]).toEqual(['/start/v1/identify', basic]);
    expect(JSON.parse(text)).toEqual({ userId: 'ada', traits: properties });
  });

  test('RudderStack: its traits', async () => {
    await setUp('rudderstack');
    await someFlags();

    await identify({ identifier: 'ada' });
    await settle();

    const { path, headers, text } = only();
    expect([path, headers.authorization]).toEqual(['/start/v1/identify', basic]);
    expect(JSON.parse(text)).toEqual({ userId: 'ada', traits: properties });
  });

  test('Mixpanel: its profile, without our address for its own', async () => {
    await setUp('mixpanel');
    await someFlags();

    await identify({ identifier: 'ada' });
    await settle();

    const { path, headers, text } = only();
    expect([path, headers.accept, headers['x-mixpanel-integration-id']]).toEqual([
      '/start/engage',
      'text/plain',
      'flagsmith',
    ]);
    expect(JSON.parse(text)).toEqual([{ $token: 'the-secret-key', $distinct_id: 'ada', $set: properties, $ip: '0' }]);
  });

  test('Heap: an event', async () => {
    await setUp('heap');
    await someFlags();

    await identify({ identifier: 'ada' });
    await settle();

    const { path, text } = only();
    expect(path).toBe('/start/api/track');
    expect(JSON.parse(text)).toEqual({
      app_id: 'the-secret-key',
      identity: 'ada',
      event: 'Flagsmith Feature Flags',
      properties,
    });
  });

  test('a webhook: flags as the SDK gets them, traits and segments, signed', async () => {
    await setUp('webhook');
    const colour = await newFeature('colour', {
      type: 'MULTIVARIATE',
      initial_value: 'grey',
      multivariate_options: [{ type: 'unicode', string_value: 'blue', default_percentage_allocation: 100 }],
    });
    await newFeature('plain', { initial_value: 'x', default_enabled: true });
    const segment = async (name: string, value: string) => {
      const conditions = [{ property: 'plan', operator: 'EQUAL', value }];
      const rules = [{ type: 'ALL', rules: [{ type: 'ANY', rules: [], conditions }], conditions: [] }];
      return (await send('POST', `/api/v1/projects/${acme.projectId}/segments/`, { name, rules })).body.id as number;
    };
    const [paying, free] = [await segment('paying', 'pro'), await segment('free', 'none')];

    const served = await identify({
      identifier: 'ada',
      traits: [
        { trait_key: 'plan', trait_value: 'pro' },
        { trait_key: 'mood', trait_value: 'good', transient: true },
      ],
    });
    await settle();

    const { path, headers, text } = only();
    expect(path).toBe('/start/');
    expect(headers['x-flagsmith-signature']).toBe(createHmac('sha256', 'the-secret-key').update(text).digest('hex'));
    expect(JSON.parse(text)).toEqual({
      identity: 'ada',
      traits: [{ id: served.traits[0].id, trait_key: 'plan', trait_value: 'pro' }],
      flags: [
        { ...served.flags[0], percentage_allocation: 100 },
        { ...served.flags[1], percentage_allocation: null },
      ],
      segments: [
        { id: paying, name: 'paying', member: true },
        { id: free, name: 'free', member: false },
      ],
    });
    expect(served.flags[0]).toMatchObject({ feature: { id: colour.id }, feature_state_value: 'blue' });
    expect(Object.keys(JSON.parse(text))).toEqual(['flags', 'identity', 'segments', 'traits']);
  });

  test('a webhook without a secret: no signature', async () => {
    await setUp('webhook', { secret: '' });

    await identify({ identifier: 'ada' });
    await settle();

    expect(only().headers).not.toHaveProperty('x-flagsmith-signature');
  });

  test('the control value is told with what the variants leave of a hundred', async () => {
    await setUp('webhook');
    await newFeature('colour', {
      type: 'MULTIVARIATE',
      initial_value: 'grey',
      multivariate_options: [
        { type: 'unicode', string_value: 'blue', default_percentage_allocation: 0 },
        { type: 'unicode', string_value: 'red', default_percentage_allocation: 0 },
      ],
    });

    await identify({ identifier: 'ada' });
    await settle();

    expect(JSON.parse(only().text).flags[0]).toMatchObject({
      feature_state_value: 'grey',
      variant: 'control',
      percentage_allocation: 100,
    });
  });

  test.each([
    ['amplitude', '', 0],
    ['heap', '', 0],
    ['segment', '', 0],
    ['mixpanel', true, true],
    ['rudderstack', true, true],
  ] as const)('%s: an empty text and 0 of flags that are on', async (name, empty, zero) => {
    await setUp(name);
    const { id } = await newFeature('empty', { default_enabled: true });
    await changeState(id, { feature_state_value: '' });
    await newFeature('zero', { default_enabled: true, initial_value: 0 });

    await identify({ identifier: 'ada' });
    await settle();

    const { text } = only();
    const told = name === 'amplitude' ? new URLSearchParams(text).get('identification') : text;
    expect(told).toContain(JSON.stringify({ empty, zero }));
  });

  test('GET tells as well as POST', async () => {
    await setUp('heap');
    await context.app.publisher.publishPending();

    await fetch(`${server}/api/v1/identities/?identifier=ada%2Blovelace`, {
      headers: { 'x-environment-key': acme.production.apiKey },
    });
    await settle();

    expect(JSON.parse(only().text)).toMatchObject({ identity: 'ada+lovelace' });
  });

  test('flags that the key must not see are not told', async () => {
    await setUp('heap');
    await newFeature('secret_plan', { is_server_key_only: true, default_enabled: true });
    await newFeature('checkout', { default_enabled: true });

    await identify({ identifier: 'ada' });
    await settle();

    expect(JSON.parse(only().text).properties).toEqual({ checkout: true });
  });

  test('an environment that hides what is sensitive hides it from webhooks too', async () => {
    await setUp('webhook');
    await send('PATCH', `/api/v1/environments/${acme.production.apiKey}/`, { hide_sensitive_data: true });
    await newFeature('checkout', { description: 'internal words' });

    await identify({ identifier: 'ada', traits: [{ trait_key: 'email', trait_value: 'ada@example.com' }] });
    await settle();

    expect(JSON.parse(only().text)).toMatchObject({ traits: [], flags: [{ feature: { description: null } }] });
  });
});

describe('whom vendors are not told of', () => {
  test('identities of which nothing may be stored', async () => {
    await setUp('heap');

    await identify({ identifier: 'ada', transient: true });
    await identify({ traits: [{ trait_key: 'plan', trait_value: 'pro' }] });
    await settle();

    expect(received).toEqual([]);
  });

  test('identities of another environment', async () => {
    await setUp('heap');

    await identify({ identifier: 'ada' }, acme.development.apiKey);
    await settle();

    expect(received).toEqual([]);
  });

  test('who asks for one feature', async () => {
    await setUp('heap');
    await newFeature('checkout');
    await context.app.publisher.publishPending();

    const { status } = await fetch(`${server}/api/v1/identities/?identifier=ada&feature=checkout`, {
      headers: { 'x-environment-key': acme.production.apiKey },
    });
    await settle();

    expect([status, received]).toEqual([200, []]);
  });

  test.each(names)('anybody, while %s is switched off; and then the next', async (name) => {
    const { id } = await setUp(name, { enabled: false });
    await identify({ identifier: 'ada' });
    await settle();
    const whileOff = received.length;

    await send('PATCH', `${pathOf(name)}${id}/`, { enabled: true });
    await identify({ identifier: 'ada' });
    await settle();

    expect([whileOff, received.length]).toEqual([0, 1]);
  });

  test('anybody, after the integration is deleted; nor is the next told of them', async () => {
    vendor.answer = () => ({ status: 503 });
    const { id } = await setUp('heap');
    await identify({ identifier: 'ada' });
    await settle();
    received.length = 0;

    await send('DELETE', `${pathOf('heap')}${id}/`);
    await identify({ identifier: 'bob' });
    await settle();
    await setUp('heap');
    await later();

    expect(received).toEqual([]);
  });
});

describe('an identity that comes again', () => {
  test('is told once while its flags are the same', async () => {
    await setUp('heap');

    for (let i = 0; i < 3; i++) {
      await identify({ identifier: 'ada' });
      await settle();
    }
    await newFeature('elsewhere');
    await send('PATCH', `/api/v1/projects/${acme.projectId}/`, { name: 'Shop again' });
    const before = received.length;
    await identify({ identifier: 'ada' });
    await settle();
    await send('PATCH', `/api/v1/projects/${acme.projectId}/`, { name: 'Shop once more' });
    await identify({ identifier: 'ada' });
    await settle();

    expect([before, received.length]).toEqual([1, 2]);
  });

  test('is told again when a flag changes for it', async () => {
    await setUp('heap');
    const { id } = await newFeature('checkout');
    await identify({ identifier: 'ada' });
    await settle();

    await changeState(id, { enabled: true });
    await identify({ identifier: 'ada' });
    await settle();

    expect(received.map(({ text }) => JSON.parse(text).properties)).toEqual([{ checkout: false }, { checkout: true }]);
  });

  test('is told to whoever is set up later', async () => {
    await setUp('heap');
    await identify({ identifier: 'ada' });
    await settle();

    await setUp('mixpanel');
    await identify({ identifier: 'ada' });
    await settle();

    expect(received.map(({ path }) => path)).toEqual(['/start/api/track', '/start/engage']);
  });

  test('is told again to a vendor whose settings change', async () => {
    const { id } = await setUp('heap');
    await identify({ identifier: 'ada' });
    await settle();

    await send('PATCH', `${pathOf('heap')}${id}/`, { base_url: `${base}/other` });
    await identify({ identifier: 'ada' });
    await settle();

    expect(received.map(({ path }) => path)).toEqual(['/start/api/track', '/other/api/track']);
  });
});

describe('a vendor in trouble', () => {
  test('that is down disturbs no SDK, and is told when it is back, in order', async () => {
    const { id } = await setUp('heap');
    const feature = await newFeature('checkout');
    vendor.answer = () => ({ status: 503 });

    const first = await identify({ identifier: 'ada' });
    await settle();
    const [waiting] = await deliveriesOf('heap', id);
    await changeState(feature.id, { enabled: true });
    const second = await identify({ identifier: 'ada' });
    await settle();
    const whileDown = received.length;
    vendor.answer = () => ({});
    await later();

    expect([first, second].map(({ flags }) => flags[0].enabled)).toEqual([false, true]);
    expect(waiting).toMatchObject({ state: 'pending', attempts: 1, error: 'The answer was HTTP 503.' });
    expect(whileDown).toBe(1);
    expect(received.slice(1).map(({ text }) => JSON.parse(text).properties)).toEqual([
      { checkout: false },
      { checkout: true },
    ]);
    expect((await deliveriesOf('heap', id)).map((one: { state: string }) => one.state)).toEqual([
      'delivered',
      'delivered',
    ]);
  });

  test('that is not there at all is tried once for all', async () => {
    const { id } = await setUp('heap', { base_url: 'http://127.0.0.1:1/' });
    for (const identifier of ['ada', 'bob']) await identify({ identifier });

    await settle();

    expect(await deliveriesOf('heap', id)).toMatchObject([
      { state: 'pending', response_status: null, error: 'The connection was refused.' },
    ]);
  });

  test('that takes some and not others is sent the others again', async () => {
    const { id } = await setUp('heap');
    vendor.answer = ({ text }) => ({ status: text.includes('"bob"') ? 500 : 200 });
    for (const identifier of ['ada', 'bob', 'cyd']) await identify({ identifier });
    await settle();
    const [partly] = await deliveriesOf('heap', id);
    received.length = 0;
    vendor.answer = () => ({});

    await later();

    expect(partly).toMatchObject({
      state: 'pending',
      error: '1 of 3 identities were not taken. The answer was HTTP 500.',
    });
    expect(JSON.parse(only().text).identity).toBe('bob');
    expect(await deliveriesOf('heap', id)).toMatchObject([{ state: 'delivered', attempts: 2, error: null }]);
  });

  test('that refuses is not asked again, and its delivery says why', async () => {
    const { id } = await setUp('heap');
    vendor.answer = () => ({ status: 400 });
    await identify({ identifier: 'ada' });
    await settle();

    await later();

    expect(received).toHaveLength(1);
    expect(await deliveriesOf('heap', id)).toMatchObject([
      { state: 'failed', response_status: 400, error: 'The answer was HTTP 400.', next_attempt_at: null },
    ]);
  });

  test('that is a webhook is asked again after a refusal too', async () => {
    const { id } = await setUp('webhook');
    vendor.answer = () => ({ status: 404 });
    await identify({ identifier: 'ada' });
    await settle();
    vendor.answer = () => ({});

    await later();

    expect(received.map(({ text }) => text)).toEqual([received[0]?.text, received[0]?.text]);
    expect(await deliveriesOf('webhook', id)).toMatchObject([{ state: 'delivered', attempts: 2 }]);
  });

  test('that never takes anything is given up after five attempts', async () => {
    const { id } = await setUp('heap');
    vendor.answer = () => ({ status: 500 });
    await identify({ identifier: 'ada' });
    await settle();

    for (let i = 0; i < 6; i++) await later();

    expect(received).toHaveLength(5);
    expect(await deliveriesOf('heap', id)).toMatchObject([{ state: 'failed', attempts: 5 }]);
  });

  test('that answers 200 to what it does not take has failed', async () => {
    const { id } = await setUp('mixpanel');
    vendor.answer = () => ({ body: 0 });

    await identify({ identifier: 'ada' });
    await settle();

    expect(await deliveriesOf('mixpanel', id)).toMatchObject([
      { state: 'failed', response_status: 200, error: 'Mixpanel did not take the profile.' },
    ]);
  });

  test('has at most so much waiting for it', async () => {
    const { id } = await setUp('heap');
    const at = new Date().toISOString().replace('Z', '000Z');
    const row = {
      integration_id: id,
      event: '[]',
      state: 'pending' as const,
      attempts: 1,
      next_attempt_at: '2999-01-01T00:00:00.000000Z',
      response_status: null,
      error: null,
      created_at: at,
      finished_at: null,
      expires_at: '2999-01-01T00:00:00.000000Z',
    };
    const waiting = Array.from({ length: 199 }, (_, i) => ({ ...row, event_key: `waiting ${i}` }));
    await context.db.insertInto('integration_deliveries').values(waiting).execute();

    for (const identifier of ['ada', 'bob']) {
      await identify({ identifier });
      await settle();
    }

    const { count } = (await context.request({ path: `${pathOf('heap')}${id}/deliveries/`, as: acme.admin })).body;
    expect(count).toBe(200);
  });
});

test('what was told is not kept, nor are secrets', async () => {
  for (const name of names) await setUp(name);
  await identify({ identifier: 'ada-lovelace', traits: [{ trait_key: 'plan', trait_value: 'pro' }] });
  await context.app.edge.flush();
  const ids = context.db.selectFrom('integrations').where('environment_id', '=', acme.production.id).select('id');
  const events = context.db.selectFrom('integration_deliveries').where('integration_id', 'in', ids).select('event');
  const before = JSON.stringify(await events.execute());

  await settle();

  expect(before).toContain('ada-lovelace');
  expect(before).not.toContain('the-secret-key');
  expect(received).toHaveLength(names.length);
  expect(new Set((await events.execute()).map(({ event }) => event))).toEqual(new Set(['[]']));
});

test.each(names)('%s has its usual address where none is given', async (name) => {
  const usual: Partial<Record<IntegrationVendor, string | null>> = {
    amplitude: 'https://api2.amplitude.com',
    heap: null,
    mixpanel: null,
    segment: 'https://api.segment.io/',
  };
  if (!(name in usual)) return;

  const { status, body } = await send('POST', pathOf(name), { api_key: 'the-secret-key' });

  const { url } = identityVendors[name].toRequest(body, JSON.stringify({ identifier: 'ada', properties: {} }));
  expect([status, body.base_url]).toEqual([201, usual[name]]);
  expect(new URL(url).host).toBe(
    {
      amplitude: 'api2.amplitude.com',
      heap: 'heapanalytics.com',
      mixpanel: 'api.mixpanel.com',
      segment: 'api.segment.io',
    }[name as 'heap'],
  );
});

test('an installation that sends no webhooks sends none about identities', async () => {
  const { id } = await setUp('webhook');
  const environmentId = acme.production.id;
  const evaluation = { environmentId, identifier: 'ada', traits: [], flags: [], segments: () => [] };
  const ctx = context.app.systemContext();

  const counts = [];
  for (const webhooks of [false, true]) {
    const listener = createIntegrationListener({ db: ctx.db, log: ctx.log, context: () => ctx, webhooks });
    await listener.hear([evaluation]);
    await listener.close();
    counts.push((await deliveriesOf('webhook', id)).length);
  }

  expect(counts).toEqual([0, 1]);
});

test('Segment is reached at its own addresses only', async () => {
  const { status, body } = await send('POST', pathOf('segment'), { api_key: 'x', base_url: 'https://example.com/' });

  expect([status, Object.keys(body)]).toEqual([400, ['base_url']]);
});
