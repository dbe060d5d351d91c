import { expect, test } from 'vitest';
import { ConfigError, readConfig } from './config.ts';

test('without any setting it runs on SQLite in the data folder', () => {
  const config = readConfig({});

  expect(config).toMatchObject({ host: '127.0.0.1', port: 8000, loginRate: { count: 20, seconds: 60 } });
  expect(config.databaseUrl).toMatch(/^sqlite:.*[/\\]data[/\\]halyard\.db$/);
});

test('an empty variable counts as none', () => {
  expect(readConfig({ PORT: '' }).port).toBe(8000);
});

test('every wrong setting gets a line that names it', () => {
  const read = () =>
    readConfig({
      PORT: 'http',
      DATABASE_URL: 'oracle://x',
      SECRET_KEY: 'short',
      LOG_LEVEL: 'loud',
      LOGIN_THROTTLE_RATE: '20 a minute',
    });

  expect(read).toThrow(ConfigError);
  expect(read).toThrow(
    [
      'PORT: must be a number',
      'DATABASE_URL: must start with sqlite:, postgres://, mysql:// or mariadb://',
      'SECRET_KEY: must be at least 32 characters of random text',
    ].join('\n'),
  );
  expect(read).toThrow(/LOG_LEVEL: .*\nLOGIN_THROTTLE_RATE: must look like 20\/min/);
});
