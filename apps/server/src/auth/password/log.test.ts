import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type App, createApp } from '../../app.ts';
import { readConfig } from '../../config.ts';
import { emptyDatabase } from '../../testing/context.ts';

let app: App;
let drop: () => Promise<void>;
let log = '';

beforeAll(async () => {
  const database = await emptyDatabase();
  drop = database.drop;
  app = await createApp({
    config: readConfig({ SECRET_KEY: 'a secret that only this test run knows' }),
    db: database.db,
    // All levels and no redaction: nothing may depend on it.
    log: pino({ level: 'trace' }, { write: (line) => void (log += line) }),
    checkResponses: true,
  });
});

afterAll(async () => {
  await app.close();
  await drop();
});

test('no password and no token reaches the log, whether they are right, wrong or refused', async () => {
  const password = 'tall green lighthouse';
  const send = (path: string, payload: object, token?: string) =>
    app.http.inject({
      method: 'POST',
      url: path,
      payload,
      headers: token === undefined ? {} : { authorization: `Token ${token}` },
    });
  const person = { email: 'grace@example.com', first_name: 'Grace', last_name: 'Hopper' };

  const registered = await send('/api/v1/auth/users/', { ...person, password });
  await send('/api/v1/auth/users/', { ...person, password: 'shrt-77' });
  await send('/api/v1/auth/login/', { email: person.email, password: 'wrong-guess-88' });
  const { key } = (await send('/api/v1/auth/login/', { email: person.email, password })).json();
  const next = { current_password: password, new_password: 'next-secret-99', re_new_password: 'next-secret-99' };
  const changed = await send('/api/v1/auth/users/set_password/', next, key);

  expect(changed.statusCode).toBe(204);
  expect(log.split('\n').filter((line) => line.includes('/api/v1/auth/'))).toHaveLength(5);
  for (const secret of [
    password,
    'shrt-77',
    'wrong-guess-88',
    'next-secret-99',
    key,
    registered.json().key,
    '$argon2id$',
  ]) {
    expect(log).not.toContain(secret);
  }
});
