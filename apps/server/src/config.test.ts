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

test.each([
  [{ SMTP_URL: 'mail.example.com' }, 'SMTP_URL: must look like smtp://user:password@host:587'],
  [{ PUBLIC_URL: 'https://' }, 'PUBLIC_URL: must look like https://flags.example.com'],
  [{ GITHUB_PEM: 'no key' }, 'GITHUB_PEM: must be the private key of the app, as GitHub gave it'],
  [{ GITHUB_APP_ID: 'halyard' }, 'GITHUB_APP_ID: must be a number'],
  [{ MAIL_FROM: 'nobody' }, 'MAIL_FROM: must be an e-mail address'],
  [{ PREVENT_SIGNUP: 'perhaps' }, 'PREVENT_SIGNUP: must be true or false'],
  [{ USER_THROTTLE_RATE: 'often' }, 'USER_THROTTLE_RATE: must look like 20/min'],
  [{ ADMIN_EMAIL: 'ada' }, 'ADMIN_EMAIL: must be an e-mail address'],
  [
    { ENABLE_EMAIL_ACTIVATION: 'true' },
    'ENABLE_EMAIL_ACTIVATION: needs SMTP_URL, or nobody could ever activate an account',
  ],
])('%j is refused with a line that says why', (variables, message) => {
  expect(() => readConfig(variables)).toThrow(new ConfigError(message));
});

test('links begin with the address that is listened on, unless people reach it by another', () => {
  const links = [{ PORT: '8123' }, { PUBLIC_URL: 'https://flags.example.com/' }].map(readConfig);

  expect(links.map(({ publicUrl }) => publicUrl)).toEqual(['http://127.0.0.1:8123', 'https://flags.example.com']);
});
