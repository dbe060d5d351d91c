import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { FlagsmithOpenFeatureProvider } from '@openfeature/flagsmith-provider';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OFREPWebProvider } from '@openfeature/ofrep-web-provider';
import { OpenFeature } from '@openfeature/server-sdk';
import { type Provider, OpenFeature as WebOpenFeature } from '@openfeature/web-sdk';
import { AnalyticsProcessor, Flagsmith } from 'flagsmith-nodejs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Platform, setState, setUpWorkplace, startPlatform, until, type Workplace } from './platform.ts';

let platform: Platform;
let place: Workplace;
let apiUrl: string;

beforeAll(async () => {
  platform = await startPlatform();
  place = await setUpWorkplace(platform.origin);
  apiUrl = `${platform.origin}/api/v1/`;
  await fillWorkplace(place);
  await until(async () => (await fetchFlags()).length === 6, 'the features being served');
});

afterAll(async () => {
  await OpenFeature.close();
  await WebOpenFeature.close();
  await platform?.stop();
});

/** Features of each kind, a segment and an identity with overrides. */
async function fillWorkplace({ client, projectId, environment }: Workplace): Promise<void> {
  const create = (body: object) => client.call('POST', `projects/${projectId}/features/`, body);
  const title = await create({ name: 'title', initial_value: 'plain', default_enabled: true });
  await create({ name: 'max_items', initial_value: 12, default_enabled: true });
  await create({ name: 'beta', default_enabled: false });
  await create({ name: 'toggled', initial_value: 'before', default_enabled: false });
  await create({ name: 'secret', default_enabled: true, is_server_key_only: true });
  await create({ name: 'everybody', default_enabled: true });
  const colour = await create({
    name: 'colour',
    initial_value: 'grey',
    default_enabled: true,
    multivariate_options: [
      { string_value: 'red', key: 'red', default_percentage_allocation: 50 },
      { string_value: 'blue', key: 'blue', default_percentage_allocation: 50 },
    ],
  });
  const segment = await client.call('POST', `projects/${projectId}/segments/`, {
    name: 'grown-ups',
    rules: [
      {
        type: 'ALL',
        conditions: [],
        rules: [
          {
            type: 'ANY',
            rules: [],
            conditions: [{ operator: 'GREATER_THAN_INCLUSIVE', property: 'age', value: '18' }],
          },
        ],
      },
    ],
  });
  await client.call('POST', `environments/${environment.api_key}/features/${title.id}/create-segment-override/`, {
    enabled: true,
    feature_segment: { segment: segment.id },
    feature_state_value: { type: 'unicode', string_value: 'for grown-ups' },
  });
  const vip = await client.call('POST', `environments/${environment.api_key}/identities/`, { identifier: 'vip' });
  await client.call('POST', `environments/${environment.api_key}/identities/${vip.id}/featurestates/`, {
    feature: title.id,
    enabled: true,
    feature_state_value: 'for the vip',
  });
  const [red] = colour.multivariate_options;
  await client.call('POST', `environments/${environment.api_key}/identities/${vip.id}/featurestates/`, {
    feature: colour.id,
    enabled: true,
    multivariate_feature_state_values: [{ multivariate_feature_option: red.id, percentage_allocation: 100 }],
  });
}

async function fetchFlags(): Promise<unknown[]> {
  const response = await fetch(`${apiUrl}flags/`, { headers: { 'X-Environment-Key': place.environment.api_key } });
  return (await response.json()) as unknown[];
}

describe('flagsmith-nodejs, remote evaluation', () => {
  const remote = () => new Flagsmith({ environmentKey: place.environment.api_key, apiUrl });

  test('gets the environment’s own values with their types', async () => {
    const flags = await remote().getEnvironmentFlags();

    expect(flags.getFeatureValue('title')).toBe('plain');
    expect(flags.getFeatureValue('max_items')).toBe(12);
    expect(flags.isFeatureEnabled('beta')).toBe(false);
    expect(flags.allFlags().map((flag) => flag.featureName)).not.toContain('secret');
  });

  test('gets a segment override by the traits it sends', async () => {
    const flags = await remote().getIdentityFlags('adult', { age: 30 });

    expect(flags.getFeatureValue('title')).toBe('for grown-ups');
  });

  test('gets an identity override before a segment override', async () => {
    const flags = await remote().getIdentityFlags('vip', { age: 30 });

    expect(flags.getFeatureValue('title')).toBe('for the vip');
    expect(flags.getFeatureValue('colour')).toBe('red');
  });

  test('finds traits of an earlier call again', async () => {
    await remote().getIdentityFlags('remembered', { age: 44 });

    const flags = await remote().getIdentityFlags('remembered');

    expect(flags.getFeatureValue('title')).toBe('for grown-ups');
  });

  test('sees a change with the next call', async () => {
    const flagsmith = remote();
    await setState(place, 'toggled', { enabled: true, feature_state_value: 'after' });

    await until(async () => (await flagsmith.getEnvironmentFlags()).getFeatureValue('toggled') === 'after');

    expect((await flagsmith.getEnvironmentFlags()).isFeatureEnabled('toggled')).toBe(true);
  });

  test('reports what was evaluated, by the name that the feature has here', async () => {
    const analytics = new AnalyticsProcessor({
      environmentKey: place.environment.api_key,
      analyticsUrl: `${apiUrl}analytics/flags/`,
    });
    analytics.trackFeature('title');
    analytics.trackFeature('title');
    analytics.trackFeature('Max Items');
    analytics.trackFeature('no such feature');

    await analytics.flush();

    const db = new DatabaseSync(join(platform.dataDir, 'halyard.db'), { readOnly: true });
    const counts = db.prepare('select feature_name, count from evaluation_counts order by feature_name').all();
    db.close();
    expect(counts).toEqual([
      { feature_name: 'max_items', count: 1 },
      { feature_name: 'title', count: 2 },
    ]);
  });
});

describe('flagsmith-nodejs, local evaluation', () => {
  let local: Flagsmith;

  beforeAll(() => {
    local = new Flagsmith({
      environmentKey: place.serverKey,
      apiUrl,
      enableLocalEvaluation: true,
      environmentRefreshIntervalSeconds: 1,
    });
  });

  afterAll(() => local.close());

  test('comes to the same answers as the server', async () => {
    const remote = new Flagsmith({ environmentKey: place.serverKey, apiUrl });

    for (const [identifier, traits] of [
      ['vip', { age: 30 }],
      ['adult', { age: 18 }],
      ['child', { age: 17 }],
      ...Array.from({ length: 30 }, (_, index) => [`person-${index}`, {}] as const),
    ] as const) {
      const here = await local.getIdentityFlags(identifier, traits);
      const there = await remote.getIdentityFlags(identifier, traits);
      for (const name of ['title', 'max_items', 'beta', 'colour', 'secret', 'everybody']) {
        // Locally the SDK says undefined for what the server says null.
        const seenHere = [here.isFeatureEnabled(name), here.getFeatureValue(name) ?? null];
        const seenThere = [there.isFeatureEnabled(name), there.getFeatureValue(name) ?? null];
        expect([identifier, name, ...seenHere]).toEqual([identifier, name, ...seenThere]);
      }
    }
  });

  test('sees a change without a restart', async () => {
    await setState(place, 'everybody', { feature_state_value: 'changed' });

    await until(async () => (await local.getEnvironmentFlags()).getFeatureValue('everybody') === 'changed');
  });
});

describe('OpenFeature on the server', () => {
  test('with the Flagsmith provider', async () => {
    const flagsmith = new Flagsmith({ environmentKey: place.environment.api_key, apiUrl });
    await OpenFeature.setProviderAndWait('native', new FlagsmithOpenFeatureProvider(flagsmith as never));
    const client = OpenFeature.getClient('native');

    expect(await client.getBooleanValue('beta', true)).toBe(false);
    expect(await client.getStringValue('title', '', { targetingKey: 'openfeature', traits: { age: 50 } })).toBe(
      'for grown-ups',
    );
    expect(await client.getNumberValue('max_items', 0)).toBe(12);
    await flagsmith.close();
  });

  test('with the OFREP provider', async () => {
    const headers: [string, string][] = [['X-Environment-Key', place.environment.api_key]];
    await OpenFeature.setProviderAndWait('ofrep', new OFREPProvider({ baseUrl: platform.origin, headers }));
    const client = OpenFeature.getClient('ofrep');

    expect(await client.getStringDetails('title', '', { targetingKey: 'ofrep', age: 50 })).toMatchObject({
      value: 'for grown-ups',
      reason: 'TARGETING_MATCH',
    });
    expect(await client.getNumberValue('max_items', 0)).toBe(12);
    expect(await client.getBooleanDetails('beta', true)).toMatchObject({ value: false, reason: 'DISABLED' });
    expect(await client.getStringDetails('missing', 'default')).toMatchObject({
      value: 'default',
      errorCode: 'FLAG_NOT_FOUND',
    });
    expect(await client.getBooleanDetails('title', true)).toMatchObject({ value: true, errorCode: 'TYPE_MISMATCH' });
    expect(await client.getStringDetails('colour', '', { targetingKey: 'vip' })).toMatchObject({
      value: 'red',
      variant: 'red',
    });
  });
});

describe('OpenFeature in a browser', () => {
  test('the OFREP web provider evaluates for its context and follows it', async () => {
    await WebOpenFeature.setContext({ targetingKey: 'web', age: 10 });
    const provider = new OFREPWebProvider({
      baseUrl: platform.origin,
      headers: [['X-Environment-Key', place.environment.api_key]],
      pollInterval: 0,
    });
    await WebOpenFeature.setProviderAndWait(provider as Provider);
    const client = WebOpenFeature.getClient();
    const young = client.getStringValue('title', '');

    await WebOpenFeature.setContext({ targetingKey: 'web', age: 40 });

    expect(young).toBe('plain');
    expect(client.getStringValue('title', '')).toBe('for grown-ups');
    expect(client.getNumberValue('max_items', 0)).toBe(12);
  });
});
