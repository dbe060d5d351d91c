import { beforeAll, describe, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { seedTenant, type Tenant } from '../testing/seed.ts';

const context = testContext();
let acme: Tenant;
let base: string;
const hooks: Record<string, string> = {};

beforeAll(async () => {
  acme = await seedTenant(context.db);
  base = `/api/v1/projects/${acme.projectId}`;
  for (const name of ['Webhook', 'Grafana']) {
    const created = await send('POST', `${base}/feature-health/providers/`, { name });
    hooks[name] = new URL(created.body.webhook_url).pathname;
  }
});

const send = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown, as = acme.admin) =>
  context.request({ method, path, as, body });
const tell = (provider: string, body: unknown) =>
  context.request({ method: 'POST', path: hooks[provider] as string, body });
const makeFeature = async (name: string) => (await send('POST', `${base}/features/`, { name })).body.id as number;
const tagsOf = async (id: number) => (await send('GET', `${base}/features/${id}/`)).body.tags as number[];
const eventsOf = async (id: number) =>
  (await send('GET', `${base}/feature-health/events/`)).body.filter((event: any) => event.feature === id);
const alert = (feature: string, fingerprint: string, status: string) => ({
  status,
  fingerprint,
  labels: { alertname: 'Errors', flagsmith_feature: feature, flagsmith_environment: 'Production' },
  annotations: { summary: 'Too many errors', runbook_url: 'https://runbook.example.com/' },
  generatorURL: 'https://grafana.example.com/alert',
});

describe('what a provider tells', () => {
  test('marks an unhealthy feature with a tag of the system, until it is healthy again', async () => {
    const id = await makeFeature('checkout');

    expect((await tell('Webhook', { feature: 'checkout', status: 'unhealthy' })).status).toBe(200);
    const [tagId] = await tagsOf(id);
    const tag = await send('GET', `${base}/tags/${tagId}/`);
    await tell('Webhook', { feature: 'checkout', status: 'healthy' });

    expect(tag.body).toMatchObject({ label: 'Unhealthy', color: '#FFC0CB', is_system_tag: true, type: 'UNHEALTHY' });
    expect(await tagsOf(id)).toEqual([]);
    expect(await eventsOf(id)).toMatchObject([{ type: 'HEALTHY', provider_name: 'Webhook', environment: null }]);
  });

  test('by Grafana leaves a feature unhealthy while one of its alerts fires', async () => {
    const id = await makeFeature('search');

    await tell('Grafana', {
      alerts: [alert('search', 'a', 'firing'), alert('search', 'b', 'firing'), alert('gone', 'c', 'firing')],
    });
    await tell('Grafana', { alerts: [alert('search', 'a', 'resolved')] });
    const between = await tagsOf(id);
    await tell('Grafana', { alerts: [alert('search', 'b', 'resolved')] });

    expect([between.length, (await tagsOf(id)).length]).toEqual([1, 0]);
    expect((await eventsOf(id))[0]).toMatchObject({
      environment: acme.production.id,
      reason: { url_blocks: [{ title: 'Alert', url: 'https://grafana.example.com/alert' }, { title: 'Runbook' }] },
    });
  });

  test('twice is recorded once', async () => {
    await makeFeature('repeat');
    const body = { feature: 'repeat', environment: 'Production', status: 'unhealthy' };

    await tell('Webhook', body);
    await tell('Webhook', body);

    const log = (await send('GET', `${base}/audit/?search=repeat%20in`)).body.results.map((line: any) => line.log);
    expect(log).toEqual([
      'Health status changed to UNHEALTHY for feature repeat in environment Production.\n\nProvided by Webhook',
    ]);
  });

  test.each([
    [{ feature: 'nobody', status: 'healthy' }, { feature: ['The project has no such feature.'] }],
    [{ feature: 'x', status: 'odd' }, { status: ['"odd" is not a valid choice.'] }],
    [[], { non_field_errors: ['Invalid data. Expected a dictionary, but got list.'] }],
  ])('is refused where it makes no sense: %j', async (body, errors) => {
    const refused = await tell('Webhook', body);

    expect([refused.status, refused.body]).toEqual([400, errors]);
  });

  test('is not found under an address that was tampered with', async () => {
    const path = (hooks.Webhook as string).replace(/.$/, (last) => (last === '0' ? '1' : '0'));

    expect((await context.request({ method: 'POST', path, body: {} })).status).toBe(404);
  });
});

test('dismissing an event makes its feature healthy, for those who administer the project', async () => {
  const id = await makeFeature('dismissed');
  await tell('Webhook', { feature: 'dismissed', status: 'unhealthy' });
  const path = `${base}/feature-health/events/${(await eventsOf(id))[0].id}/dismiss/`;

  const refused = await send('POST', path, {}, acme.member);
  const dismissed = await send('POST', path, {});

  expect([refused.status, dismissed.status]).toEqual([403, 204]);
  expect([await tagsOf(id), (await eventsOf(id))[0].type]).toEqual([[], 'HEALTHY']);
});

test('a provider that is set up again gets another address, and the old one stops working', async () => {
  const other = await seedTenant(context.db);
  const path = `/api/v1/projects/${other.projectId}/feature-health/providers/`;
  const first = await send('POST', path, { name: 'Webhook' }, other.admin);
  const repeated = await send('POST', path, { name: 'Webhook' }, other.admin);

  const removed = await send('DELETE', `${path}Webhook/`, undefined, other.admin);
  const second = await send('POST', path, { name: 'Webhook' }, other.admin);

  expect([first.status, repeated.body, removed.status]).toEqual([201, first.body, 204]);
  expect(second.body.webhook_url).not.toBe(first.body.webhook_url);
  const old = await context.request({ method: 'POST', path: new URL(first.body.webhook_url).pathname, body: {} });
  expect(old.status).toBe(404);
});
