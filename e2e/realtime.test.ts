import { EventSource } from 'eventsource';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Platform, setState, setUpWorkplace, startPlatform, until, type Workplace } from './platform.ts';

let platform: Platform;
let place: Workplace;
let createFlagsmithInstance: typeof import('@flagsmith/flagsmith').createFlagsmithInstance;

beforeAll(async () => {
  platform = await startPlatform();
  place = await setUpWorkplace(platform.origin);
  await place.client.call('POST', `projects/${place.projectId}/features/`, {
    name: 'headline',
    initial_value: 'first',
  });
  // The SDK follows changes only where it finds a window, and looks for EventSource when it is loaded.
  Object.assign(globalThis, { window: globalThis, EventSource });
  ({ createFlagsmithInstance } = await import('@flagsmith/flagsmith'));
});

afterAll(() => platform?.stop());

test('@flagsmith/flagsmith shows a change that somebody made, without asking for it', async () => {
  const flagsmith = createFlagsmithInstance();
  const seen: unknown[] = [];
  const client = place.environment.api_key;
  await until(async () => {
    const response = await fetch(`${platform.origin}/api/v1/flags/?feature=headline`, {
      headers: { 'X-Environment-Key': client },
    });
    return response.ok;
  });
  await flagsmith.init({
    environmentID: client,
    api: `${platform.origin}/api/v1/`,
    eventSourceUrl: `${platform.origin}/`,
    realtime: true,
    fetch: globalThis.fetch,
    onChange: () => seen.push(flagsmith.getValue('headline')),
  });
  await flagsmith.identify('browser-user', { plan: 'pro' });

  await setState(place, 'headline', { enabled: true, feature_state_value: 'second' });
  await until(() => seen.at(-1) === 'second', 'the second value');
  await setState(place, 'headline', { feature_state_value: 'third' });
  await until(() => seen.at(-1) === 'third', 'the third value');

  expect(flagsmith.hasFeature('headline')).toBe(true);
  expect(flagsmith.getTrait('plan')).toBe('pro');
});

test('a stream that comes back with its last event id gets what it missed, and nothing twice', async () => {
  const url = `${platform.origin}/sse/environments/${place.environment.api_key}/stream`;
  const first = await nextEvent(url);

  await setState(place, 'headline', { feature_state_value: 'fourth' });
  await until(async () => {
    const response = await fetch(`${platform.origin}/api/v1/flags/?feature=headline`, {
      headers: { 'X-Environment-Key': place.environment.api_key },
    });
    return ((await response.json()) as { feature_state_value: string }).feature_state_value === 'fourth';
  });
  const missed = await nextEvent(`${url}?lastEventId=${first.lastEventId}`);

  const before = (JSON.parse(first.data) as { updated_at: number }).updated_at;
  const after = (JSON.parse(missed.data) as { updated_at: number }).updated_at;
  expect(after).toBeGreaterThan(before);
});

/** The first event of a stream. */
function nextEvent(url: string): Promise<{ data: string; lastEventId: string }> {
  return new Promise((resolve, reject) => {
    const source = new EventSource(url);
    source.addEventListener('environment_updated', (event) => {
      source.close();
      resolve({ data: String(event.data), lastEventId: event.lastEventId });
    });
    source.addEventListener('error', (event) => {
      source.close();
      reject(new Error(`The stream failed: ${event.message}`));
    });
  });
}
