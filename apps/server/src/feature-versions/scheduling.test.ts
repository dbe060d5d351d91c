import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type App, createApp } from '../app.ts';
import { readConfig } from '../config.ts';
import type { Database } from '../db/tables.ts';
import { emptyDatabase } from '../testing/context.ts';
import { seedTenant, type Tenant } from '../testing/seed.ts';
import { plusSeconds, now as systemNow, type Timestamp } from '../time.ts';

/** Processes one after the other on one database, by a clock of their own. */
let db: Database;
let drop: () => Promise<void>;
let at: Timestamp;
let app: App;
let acme: Tenant;
let feature: { id: number };

beforeEach(async () => {
  ({ db, drop } = await emptyDatabase());
  at = systemNow();
  acme = await seedTenant(db);
  app = await start();
  await send('POST', `/api/v1/environments/${acme.production.apiKey}/enable-v2-versioning/`);
  feature = await send('POST', `/api/v1/projects/${acme.projectId}/features/`, {
    name: 'checkout',
    initial_value: 'old',
  });
});

afterEach(async () => {
  await app.close();
  await drop();
});

function start(): Promise<App> {
  const config = readConfig({ SECRET_KEY: 'a secret that only this test run knows' });
  // Time moves on with every look at the clock, as it does.
  return createApp({ config, db, log: pino({ level: 'silent' }), now: () => (at = plusSeconds(at, 0.000001)) });
}

async function restart(): Promise<void> {
  await app.close();
  app = await start();
}

async function send(method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object): Promise<any> {
  const answer = await app.http.inject({
    method,
    url,
    headers: { authorization: acme.admin },
    ...(payload && { payload }),
  });
  return answer.body === '' ? answer.statusCode : answer.json();
}

const versions = () => `/api/v1/environments/${acme.production.id}/features/${feature.id}/versions/`;
const inSeconds = (seconds: number) => plusSeconds(at, seconds);

function schedule(value: string, seconds: number | null) {
  return send('POST', versions(), {
    publish_immediately: true,
    live_from: seconds === null ? null : inSeconds(seconds),
    feature_states_to_update: [{ enabled: true, feature_state_value: { type: 'unicode', string_value: value } }],
  });
}

/** What an SDK gets of the Edge in this process. */
async function flag(): Promise<string> {
  await app.publisher.publishPending();
  const answer = await app.edge.handle({
    method: 'GET',
    path: '/api/v1/flags/',
    query: 'feature=checkout',
    header: (name) => (name === 'x-environment-key' ? acme.production.apiKey : undefined),
    body: new Uint8Array(),
  });
  const { enabled, feature_state_value } = JSON.parse(
    String(Buffer.from((answer as unknown as { body: string }).body)),
  );
  return `${feature_state_value}${enabled ? '+' : '-'}`;
}

async function changes() {
  return db.selectFrom('changes').where('object_type', '=', 'EF_VERSION').selectAll().orderBy('id').execute();
}

describe('a version with a time', () => {
  test('goes live at its time, after a restart in between', async () => {
    const version = await schedule('new', 3600);
    await restart();
    at = inSeconds(3590);
    await app.worker.runPending();
    const before = await flag();
    at = inSeconds(11);

    await app.worker.runPending();

    await expect.poll(flag).toBe('new+');
    expect(before).toBe('old-');
    expect(version).toMatchObject({ published: true, is_live: false });
    const [live] = (await send('GET', `${versions()}?is_live=true`)).results;
    expect(live.uuid).toBe(version.uuid);
  });

  test('goes live when a process starts, where none ran at its time', async () => {
    await schedule('new', 3600);
    await app.close();
    at = inSeconds(7200);

    app = await start();

    await expect.poll(flag).toBe('new+');
  });

  test('is told when it is published, and when it goes live by the system', async () => {
    await schedule('new', 60);
    at = inSeconds(61);
    await app.worker.runPending();

    const [published, live] = await changes();

    expect(published).toMatchObject({
      log: 'New version published for feature: checkout',
      user_id: acme.adminId,
      before: null,
    });
    expect(JSON.parse(published?.after ?? '')).toMatchObject({ is_live: false, feature_states: [{ enabled: true }] });
    expect(live).toMatchObject({ log: 'Scheduled version went live for feature: checkout', is_system_event: 1 });
    expect(JSON.parse(live?.before ?? '')).toMatchObject({ feature_states: [{ enabled: false }] });
    expect(JSON.parse(live?.after ?? '')).toMatchObject({ is_live: true, feature_states: [{ enabled: true }] });
  });

  test('wins over one that was published after it, but goes live before it', async () => {
    await schedule('scheduled', 60);
    await schedule('at once', null);
    await expect.poll(flag).toBe('at once+');

    at = inSeconds(61);
    await app.worker.runPending();

    await expect.poll(flag).toBe('scheduled+');
  });

  test('is replaced by a later one, also where both come late', async () => {
    await schedule('second', 120);
    await schedule('first', 60);
    await app.close();
    at = inSeconds(7200);

    app = await start();

    await expect.poll(flag).toBe('second+');
    await app.worker.runPending();
    expect((await changes()).map(({ log }) => log)).toEqual([
      'New version published for feature: checkout',
      'New version published for feature: checkout',
      'Scheduled version went live for feature: checkout',
      'Scheduled version went live for feature: checkout',
    ]);
  });

  test('does not go live after one that was published at its time, though its job comes late', async () => {
    await schedule('scheduled', 60);
    at = inSeconds(61);

    await schedule('at once', null);
    await app.worker.runPending();

    await expect.poll(flag).toBe('at once+');
  });

  test('does not go live where it was called off, or the versions were', async () => {
    const version = await schedule('new', 60);
    const status = await send('DELETE', `${versions()}${version.uuid}/`);
    await schedule('newer', 60);
    await send('POST', `/api/v1/environments/${acme.production.apiKey}/disable-v2-versioning/`);

    at = inSeconds(61);
    await app.worker.runPending();

    expect(status).toBe(204);
    expect(await flag()).toBe('old-');
    expect(await db.selectFrom('jobs').where('kind', '=', 'feature-version-goes-live').selectAll().execute()).toEqual(
      [],
    );
  });

  test('does not go live in an environment, or of a feature, that is deleted meanwhile', async () => {
    await schedule('new', 60);
    await send('DELETE', `/api/v1/projects/${acme.projectId}/features/${feature.id}/`);
    await send('DELETE', `/api/v1/environments/${acme.production.apiKey}/`);

    at = inSeconds(61);
    await app.worker.runPending();

    expect(await db.selectFrom('jobs').where('kind', '=', 'feature-version-goes-live').selectAll().execute()).toEqual(
      [],
    );
    expect(await changes()).toHaveLength(1);
  });
});
