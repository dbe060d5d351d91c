import { createHmac } from 'node:crypto';
import { integrationEndpoints, type IntegrationPlace, type IntegrationVendor, secretMask } from '@halyard/contract';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { integrationBodies } from '../testing/integrations.ts';
import { type Received, startRecorder } from '../testing/recorder.ts';
import { seedGrant, seedTenant, seedUser, type Tenant } from '../testing/seed.ts';
import { vendors } from './vendors.ts';

/** Stands for every vendor, Slack included. */
const recorder = await startRecorder();
const { base, received } = recorder;

const context = testContext({
  OUTBOUND_ALLOWED_RANGES: '127.0.0.0/8',
  PUBLIC_URL: 'https://flags.example.com',
  SLACK_URL: base,
  SLACK_CLIENT_ID: 'our-app',
  SLACK_CLIENT_SECRET: 'app-secret',
});
let acme: Tenant;
let rival: Tenant;

beforeAll(async () => {
  rival = await seedTenant(context.db);
});

beforeEach(async () => {
  acme = await seedTenant(context.db);
});

function placeOf(place: IntegrationPlace, tenant = acme): string {
  if (place === 'environment') return `/api/v1/environments/${tenant.production.apiKey}`;
  if (place === 'project') return `/api/v1/projects/${tenant.projectId}`;
  return `/api/v1/organisations/${tenant.organisationId}`;
}

const pathOf = (vendor: IntegrationVendor, place: IntegrationPlace) => `${placeOf(place)}/integrations/${vendor}/`;
const post = (path: string, body: unknown, as = acme.admin) => context.request({ method: 'POST', path, as, body });
const get = (path: string, as = acme.admin) => context.request({ path, as });

async function setUp(vendor: IntegrationVendor, place: IntegrationPlace, body: object = {}, url = `${base}/start/`) {
  const created = await post(pathOf(vendor, place), { ...integrationBodies[vendor](url), ...body });
  expect(created.status).toBe(201);
  return created.body;
}

async function newFeature(name = 'checkout') {
  return (await post(`/api/v1/projects/${acme.projectId}/features/`, { name })).body;
}

/** Makes a feature and forgets what that told; then switches it on in Production. */
async function switchOn(name = 'checkout') {
  const feature = await newFeature(name);
  await settle();
  received.length = 0;
  const states = `${placeOf('environment')}/featurestates/`;
  const { body } = await get(`${states}?feature=${feature.id}`);
  const [{ id }] = body.results;
  await context.request({ method: 'PATCH', path: `${states}${id}/`, as: acme.admin, body: { enabled: true } });
  await settle();
  return { feature, stateId: id as number };
}

async function settle() {
  await context.app.follower.catchUp();
  await context.app.worker.runPending();
}

async function adminEmail(): Promise<string> {
  const query = context.db.selectFrom('users').where('id', '=', acme.adminId).select('email');
  return (await query.executeTakeFirstOrThrow()).email;
}

const everywhere = integrationEndpoints.map(({ vendor, place }) => ({ vendor, place }));

describe.each(everywhere)('$vendor of a $place', ({ vendor, place }) => {
  const secret = vendors[vendor].secrets[0];
  const body = () => integrationBodies[vendor](`${base}/start/`);

  test('is listed and read as it was set up', async () => {
    const created = await setUp(vendor, place);

    const list = await get(pathOf(vendor, place));
    const one = await get(`${pathOf(vendor, place)}${created.id}/`);

    expect(created).toMatchObject(body());
    expect([list.body, one.body]).toEqual([[created], created]);
  });

  test('needs what it needs', async () => {
    const refused = await post(pathOf(vendor, place), {});

    expect(refused.status).toBe(400);
    const required = vendor === 'webhook' ? 'url' : (secret ?? 'channel_id');
    expect(refused.body[required]).toEqual(['This field is required.']);
  });

  test('is there once', async () => {
    await setUp(vendor, place);

    const second = await post(pathOf(vendor, place), body());

    expect([second.status, second.body]).toEqual([400, [`This integration already exists for this ${place}.`]]);
  });

  test('comes back under its id after it was deleted', async () => {
    const { id } = await setUp(vendor, place);
    const path = `${pathOf(vendor, place)}${id}/`;

    const deleted = await context.request({ method: 'DELETE', path, as: acme.admin });
    const gone = [(await get(pathOf(vendor, place))).body, (await get(path)).status];
    const again = await setUp(vendor, place);

    expect([deleted.status, gone, again.id]).toEqual([204, [[], 404], id]);
  });

  test('is changed in part, and a repeat records nothing', async () => {
    const created = await setUp(vendor, place);
    const path = `${pathOf(vendor, place)}${created.id}/`;
    const [name, value] = settingToChange(vendor);
    const patch = () => context.request({ method: 'PATCH', path, as: acme.admin, body: { [name]: value } });

    const patched = await patch();
    const before = await changes();
    await patch();

    expect(patched.body).toEqual({ ...created, [name]: value });
    expect(await changes()).toBe(before);
  });

  test('keeps its secret from those who may not change it, and when the mask comes back', async () => {
    const created = await setUp(vendor, place);
    if (secret === undefined) return;
    const viewer = await seedUser(context.db, { organisationId: acme.organisationId, role: 'USER' });
    const to = { userId: viewer.userId };
    const { organisationId, projectId } = acme;
    await seedGrant(context.db, { organisationId, projectId, to, permissions: ['VIEW_PROJECT'] });
    const environmentId = acme.production.id;
    await seedGrant(context.db, { organisationId, projectId, environmentId, to, permissions: ['VIEW_ENVIRONMENT'] });
    const path = `${pathOf(vendor, place)}${created.id}/`;

    const seen = await get(path, viewer.authorization);
    await context.request({ method: 'PUT', path, as: acme.admin, body: { ...body(), [secret]: secretMask } });

    expect([seen.status, seen.body[secret]]).toEqual([200, secretMask]);
    expect((await get(path)).body).toEqual(created);
  });

  test('is not set up with the mask for a secret', async () => {
    if (secret === undefined) return;

    const refused = await post(pathOf(vendor, place), { ...body(), [secret]: secretMask });

    expect([refused.status, refused.body]).toEqual([400, { [secret]: ['Enter the secret itself.'] }]);
  });

  test('is not set up by a member, nor by others', async () => {
    const path = pathOf(vendor, place);

    const statuses = [
      (await post(path, body(), acme.member)).status,
      (await post(path, body(), rival.admin)).status,
      (await context.request({ method: 'POST', path, body: body() })).status,
    ];

    expect([statuses, (await get(path)).body]).toEqual([[403, 404, 401], []]);
  });

  test('stores no secret that can be read', async () => {
    await setUp(vendor, place);

    const rows = await context.db.selectFrom('integrations').selectAll().execute();
    const audit = await context.db.selectFrom('changes').selectAll().execute();

    expect(JSON.stringify([rows, audit])).not.toContain('the-secret-key');
  });
});

/** A setting, and another value for it. */
function settingToChange(vendor: IntegrationVendor): [string, string] {
  if (vendor === 'slack') return ['channel_id', 'C999'];
  if (vendor === 'segment') return ['base_url', 'https://events.eu1.segmentapis.com/'];
  return [vendors[vendor].addresses[0] as string, `${base}/other/`];
}

async function changes(): Promise<number> {
  return (await context.db.selectFrom('changes').select('id').execute()).length;
}

describe('what vendors are sent', () => {
  const only = () => {
    expect(received).toHaveLength(1);
    const [one] = received as [Received];
    return { ...one, body: JSON.parse(one.text) };
  };

  test('Datadog: an event', async () => {
    await setUp('datadog', 'project');

    await switchOn();

    const { method, path, body } = only();
    expect([method, path]).toEqual(['POST', '/start/api/v1/events?api_key=the-secret-key']);
    expect(body).toEqual({
      text: `Flag state updated for feature: checkout by user ${await adminEmail()}`,
      title: 'Flagsmith Feature Flag Event',
      tags: ['env:Production'],
      source_type_name: 'flagsmith',
    });
  });

  test('New Relic: a deployment', async () => {
    await setUp('new-relic', 'project');

    await switchOn();

    const { path, headers, body } = only();
    expect([path, headers['x-api-key']]).toEqual(['/start/v2/applications/77/deployments.json', 'the-secret-key']);
    expect(body).toEqual({
      deployment: {
        revision: 'env:Production',
        changelog: `Flag state updated for feature: checkout by user ${await adminEmail()}`,
        description: 'Flagsmith Feature Flag Event',
      },
    });
  });

  test('Dynatrace: a deployment of its entities', async () => {
    await setUp('dynatrace', 'environment');

    await switchOn();

    const { path, body } = only();
    expect(path).toBe('/start/api/v2/events/ingest?api-token=the-secret-key');
    expect(body).toEqual({
      title: 'Flagsmith flag change.',
      eventType: 'CUSTOM_DEPLOYMENT',
      properties: {
        event: `Flag state updated for feature: checkout by user ${await adminEmail()}`,
        environment: 'Production',
        'dt.event.deployment.name': 'Flagsmith Deployment - Flag Changed: checkout',
      },
      entitySelector: 'type(APPLICATION)',
    });
  });

  test('Grafana: an annotation', async () => {
    await setUp('grafana', 'organisation');

    await switchOn();

    const { path, headers, body } = only();
    expect([path, headers.authorization]).toEqual(['/start/api/annotations', 'Bearer the-secret-key']);
    expect(body).toEqual({
      tags: [
        'flagsmith',
        'project:Shop',
        'environment:Production',
        `by:${await adminEmail()}`,
        'feature:checkout',
        'flag:enabled',
      ],
      text: 'Flag state updated for feature: checkout',
      time: expect.any(Number),
      timeEnd: body.time,
    });
  });

  test('Sentry: the flag, signed', async () => {
    await setUp('sentry', 'environment');

    const { stateId } = await switchOn();

    const { path, headers, text, body } = only();
    expect(path).toBe('/start/');
    expect(headers['x-sentry-signature']).toBe(createHmac('sha256', 'the-secret-key').update(text).digest('hex'));
    expect(body).toEqual({
      data: [
        {
          action: 'updated',
          flag: 'checkout',
          created_at: expect.any(Number),
          created_by: { id: await adminEmail(), type: 'email' },
          change_id: String(stateId),
        },
      ],
      meta: { version: 1 },
    });
  });

  test('Sentry: that a flag is gone', async () => {
    const { feature } = await switchOn();
    await setUp('sentry', 'environment');

    const path = `/api/v1/projects/${acme.projectId}/features/${feature.id}/`;
    await context.request({ method: 'DELETE', path, as: acme.admin });
    await settle();

    expect(only().body.data).toMatchObject([{ action: 'deleted', flag: 'checkout' }]);
  });

  test('Slack: a message to the channel', async () => {
    await connectSlack();
    await setUp('slack', 'environment');

    await switchOn();

    const { path, headers, body } = only();
    expect([path, headers.authorization]).toEqual(['/api/chat.postMessage', 'Bearer xoxb-token']);
    expect(body).toMatchObject({
      channel: 'C0123',
      blocks: [
        { type: 'section', text: { type: 'plain_text', text: 'Flag state updated for feature: checkout' } },
        {
          type: 'section',
          fields: [
            { type: 'mrkdwn', text: '*Environment:*\nProduction' },
            { type: 'mrkdwn', text: `*User:*\n${await adminEmail()}` },
          ],
        },
      ],
    });
  });

  test('a project comes before an environment, and an environment before the organisation', async () => {
    for (const place of ['organisation', 'environment', 'project'] as const) {
      await setUp('grafana', place, {}, `${base}/${place}/`);
      await switchOn(place);
      expect(received.map(({ path }) => path)).toEqual([`/${place}/api/annotations`]);
    }
  });

  test('another environment of the project is not told of', async () => {
    await post(`/api/v1/environments/${acme.development.apiKey}/integrations/sentry/`, {
      webhook_url: base,
      secret: 'the-secret-key',
    });

    await switchOn();

    expect(received).toEqual([]);
  });

  test('a Slack channel that is switched off is sent nothing', async () => {
    await connectSlack();
    await setUp('slack', 'environment', { enabled: false });

    await switchOn();

    expect(received).toEqual([]);
  });
});

describe('deliveries', () => {
  const deliveriesOf = async (id: number, vendor: IntegrationVendor = 'datadog', place: IntegrationPlace = 'project') =>
    (await get(`${pathOf(vendor, place)}${id}/deliveries/`)).body.results;

  test('that were taken are shown as delivered', async () => {
    const { id } = await setUp('datadog', 'project');

    await switchOn();

    expect((await deliveriesOf(id))[0]).toMatchObject({ state: 'delivered', attempts: 1, response_status: 200 });
  });

  test('that met a failing server are tried again', async () => {
    recorder.answer = () => ({ status: 503 });
    const { id } = await setUp('datadog', 'project');
    await newFeature();
    await settle();
    const [waiting] = await deliveriesOf(id);

    recorder.answer = () => ({});
    await context.db
      .updateTable('integration_deliveries')
      .set({ next_attempt_at: '2020-01-01T00:00:00.000000Z' })
      .execute();
    await context.db
      .updateTable('jobs')
      .where('kind', '=', 'integrations.deliver')
      .set({ run_at: '2020-01-01T00:00:00.000000Z' })
      .execute();
    await settle();

    expect(waiting).toMatchObject({ state: 'pending', attempts: 1, error: 'The answer was HTTP 503.' });
    expect((await deliveriesOf(id))[0]).toMatchObject({ state: 'delivered', attempts: 2 });
  });

  test('that were refused have failed, and say why', async () => {
    recorder.answer = () => ({ status: 403 });
    const { id } = await setUp('datadog', 'project');

    await switchOn();

    expect((await deliveriesOf(id))[0]).toMatchObject({
      state: 'failed',
      response_status: 403,
      error: 'The answer was HTTP 403.',
      next_attempt_at: null,
    });
  });

  test('that Slack answers with an error have failed', async () => {
    await connectSlack();
    const { id } = await setUp('slack', 'environment');
    recorder.answer = () => ({ body: { ok: false, error: 'channel_not_found' } });

    await switchOn();

    expect((await deliveriesOf(id, 'slack', 'environment'))[0]).toMatchObject({
      state: 'failed',
      error: 'Slack refused the message: channel_not_found.',
    });
  });

  test('to Slack say where no workspace is connected', async () => {
    const { id } = await setUp('slack', 'environment');

    await switchOn();

    expect((await deliveriesOf(id, 'slack', 'environment'))[0]).toMatchObject({
      state: 'failed',
      error: 'No Slack workspace is connected.',
    });
  });

  test('hold no secrets', async () => {
    await setUp('datadog', 'project');

    await switchOn();

    const rows = await context.db.selectFrom('integration_deliveries').select('event').execute();
    expect(JSON.stringify(rows)).not.toContain('the-secret-key');
  });
});

test('an address in an internal network is refused', async () => {
  const refused = await post(pathOf('grafana', 'project'), { base_url: 'http://10.0.0.1/', api_key: 'x' });

  expect([refused.status, refused.body]).toEqual([
    400,
    { base_url: ['URLs must not target internal or private network addresses.'] },
  ]);
});

const slackPath = () => `${placeOf('environment')}/integrations/slack/`;
const backTo = 'https://flags.example.com/project/1';

/** What a browser does, up to the way back from Slack; answers where it is then sent. */
async function stateOfSlack(): Promise<string> {
  const { signature } = (await get(`${slackPath()}signature/`)).body;
  const query = new URLSearchParams({ signature, redirect_url: backTo });
  const { headers } = await context.request({ path: `${slackPath()}oauth/?${query}` });
  return new URL(String(headers.location)).searchParams.get('state') as string;
}

async function connectSlack() {
  recorder.answer = ({ path }) => ({
    body: path === '/api/oauth.v2.access' ? { ok: true, access_token: 'xoxb-token' } : { ok: true },
  });
  const query = new URLSearchParams({ state: await stateOfSlack(), code: 'from-slack' });
  const finished = await context.request({ path: `${slackPath()}callback/?${query}` });
  expect([finished.status, finished.headers.location]).toEqual([302, backTo]);
  return received.splice(0);
}

describe('connecting Slack', () => {
  test('sends a browser to Slack with what it needs to come back', async () => {
    const { signature } = (await get(`${slackPath()}signature/`)).body;
    const query = new URLSearchParams({ signature, redirect_url: backTo });

    const begun = await context.request({ path: `${slackPath()}oauth/?${query}` });

    const target = new URL(String(begun.headers.location));
    expect([begun.status, target.origin + target.pathname]).toEqual([302, `${base}/oauth/v2/authorize`]);
    expect(Object.fromEntries(target.searchParams)).toMatchObject({
      client_id: 'our-app',
      redirect_uri: `https://flags.example.com${slackPath()}callback/`,
    });
  });

  test('exchanges the code for a token', async () => {
    const [exchange] = await connectSlack();

    expect(exchange?.path).toBe('/api/oauth.v2.access');
    expect(Object.fromEntries(new URLSearchParams(exchange?.text))).toEqual({
      client_id: 'our-app',
      client_secret: 'app-secret',
      code: 'from-slack',
      redirect_uri: `https://flags.example.com${slackPath()}callback/`,
    });
  });

  test('lists the channels of the workspace', async () => {
    await connectSlack();
    recorder.answer = () => ({
      body: { ok: true, channels: [{ id: 'C1', name: 'general' }], response_metadata: { next_cursor: 'next' } },
    });

    const { body } = await get(`${placeOf('environment')}/integrations/slack-channels/?limit=5&cursor=now`);

    expect(body).toEqual({ channels: [{ channel_name: 'general', channel_id: 'C1' }], cursor: 'next' });
    expect(received[0]).toMatchObject({
      path: '/api/conversations.list',
      headers: { authorization: 'Bearer xoxb-token' },
    });
    expect(received[0]?.text).toBe('exclude_archived=true&limit=5&cursor=now');
  });

  test('has to come before channels are listed', async () => {
    const refused = await get(`${placeOf('environment')}/integrations/slack-channels/`);

    expect([refused.status, refused.body]).toEqual([
      400,
      ['Slack api token not found. Please generate the token using oauth'],
    ]);
  });

  test('leads back to this installation only', async () => {
    const { signature } = (await get(`${slackPath()}signature/`)).body;
    const query = new URLSearchParams({ signature, redirect_url: 'https://elsewhere.example.com/' });

    const refused = await context.request({ path: `${slackPath()}oauth/?${query}` });

    expect([refused.status, Object.keys(refused.body)]).toEqual([400, ['redirect_url']]);
  });

  test('a signature is no state, and neither is good for another environment', async () => {
    const { signature } = (await get(`${slackPath()}signature/`)).body;
    const state = await stateOfSlack();
    const other = `/api/v1/environments/${acme.development.apiKey}/integrations/slack/`;

    const statuses = [
      (await context.request({ path: `${slackPath()}callback/?state=${signature}&code=x` })).status,
      (await context.request({ path: `${slackPath()}callback/?state=made-up&code=x` })).status,
      (await context.request({ path: `${other}callback/?state=${state}&code=x` })).status,
    ];

    expect([statuses, received]).toEqual([[400, 400, 404], []]);
  });

  test('ends where the person may not any more', async () => {
    const state = await stateOfSlack();
    await context.db.deleteFrom('organisation_members').where('user_id', '=', acme.adminId).execute();

    const refused = await context.request({ path: `${slackPath()}callback/?state=${state}&code=x` });

    expect([refused.status, received]).toEqual([404, []]);
  });
});
