import { createServer } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Flagsmith } from 'flagsmith-nodejs';
import { expect, test } from 'vitest';
import { setUpWorkplace, startPlatform, until } from './platform.ts';

test('a version that was scheduled goes live by itself after a restart, and webhooks and SDKs learn of it', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'halyard-schedule-'));
  const heard: any[] = [];
  const listener = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      heard.push(JSON.parse(Buffer.concat(chunks).toString('utf8')));
      response.end();
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const env = { OUTBOUND_ALLOWED_RANGES: '127.0.0.0/8' };
  let platform = await startPlatform({ dataDir, env });
  try {
    const { client, projectId, environment } = await setUpWorkplace(platform.origin);
    const feature = await client.call('POST', `projects/${projectId}/features/`, {
      name: 'sale',
      initial_value: 'none',
    });
    await client.call('POST', `environments/${environment.api_key}/enable-v2-versioning/`);
    await client.call('POST', `environments/${environment.api_key}/webhooks/`, {
      url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}/`,
      enabled: true,
    });
    const liveFrom = new Date(Date.now() + 4000).toISOString();
    await client.call('POST', `environments/${environment.id}/features/${feature.id}/versions/`, {
      feature_states_to_update: [
        { feature_segment: null, enabled: true, feature_state_value: { type: 'unicode', string_value: 'half price' } },
      ],
      publish_immediately: true,
      live_from: liveFrom,
    });
    const valueNow = async () => {
      const sdk = new Flagsmith({ environmentKey: environment.api_key, apiUrl: `${platform.origin}/api/v1/` });
      const flags = await sdk.getEnvironmentFlags();
      return [flags.isFeatureEnabled('sale'), flags.getFeatureValue('sale')];
    };
    const before = await valueNow();

    await platform.stop();
    platform = await startPlatform({ dataDir, env });
    await until(async () => (await valueNow())[1] === 'half price', 'the scheduled value');

    expect(before).toEqual([false, 'none']);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(liveFrom));
    expect(await valueNow()).toEqual([true, 'half price']);
    await until(() => heard.some(({ event_type }) => event_type === 'NEW_VERSION_PUBLISHED'), 'the webhook');
  } finally {
    await platform.stop();
    listener.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
});
