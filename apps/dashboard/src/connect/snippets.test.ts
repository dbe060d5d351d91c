import { expect, test } from 'vitest';
import { sdks } from './snippets.ts';

const place = {
  key: 'k3y-of-development',
  api: 'https://flags.example.com/api/v1/',
  origin: 'https://flags.example.com',
  feature: 'new_checkout',
};

test('there are snippets for fifteen SDKs and curl', () => {
  expect(new Set(sdks.map(({ id }) => id)).size).toBe(16);
});

test.each(sdks.map((sdk) => [sdk.name, sdk] as const))('%s asks this installation with its key', (_, sdk) => {
  const code = sdk.ask(place);

  expect(code).toContain(place.key);
  expect(code).toContain(place.origin);
  if (sdk.id !== 'curl') expect(code).toContain(place.feature);
  expect(sdk.identify(place)).toMatch(/ada@example\.com|context/);
});
