import { describe, expect, test } from 'vitest';
import { testContext } from '../../testing/context.ts';

const context = testContext({ LOGIN_THROTTLE_RATE: '3/hour', SIGNUP_THROTTLE_RATE: '2/hour' });

const loginFrom = (remoteAddress: string, email: string) =>
  context.app.http.inject({
    method: 'POST',
    url: '/api/v1/auth/login/',
    remoteAddress,
    payload: { email, password: 'a wrong guess' },
  });

describe('too many attempts', () => {
  test('of one client are told when to come back, whatever address they try', async () => {
    for (const name of ['a', 'b', 'c']) await loginFrom('192.0.2.1', `${name}@example.com`);

    const refused = await loginFrom('192.0.2.1', 'd@example.com');

    expect(refused.statusCode).toBe(429);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(refused.json().detail).toBe(
      `Request was throttled. Expected available in ${refused.headers['retry-after']} seconds.`,
    );
  });

  test('of one client on one account leave it open to others', async () => {
    for (const _ of [1, 2, 3, 4]) await loginFrom('198.51.100.200', 'locked@example.com');

    expect((await loginFrom('198.51.100.201', 'locked@example.com')).statusCode).toBe(400);
  });

  test('on one account are refused, from wherever they come and however it is written', async () => {
    for (let last = 10; last < 40; last++) await loginFrom(`198.51.100.${last}`, 'victim@example.com');

    const refused = await loginFrom('198.51.100.4', 'Victim@Example.com');
    const other = await loginFrom('198.51.100.4', 'somebody@example.com');

    expect(refused.statusCode).toBe(429);
    expect(other.statusCode).toBe(400);
  });

  test('from one IPv6 network count together', async () => {
    for (const last of [1, 2, 3]) await loginFrom(`2001:db8:1:2::${last}`, `six${last}@example.com`);

    const same = await loginFrom('2001:db8:1:2:ffff::9', 'six4@example.com');
    const other = await loginFrom('2001:db8:1:3::1', 'six5@example.com');

    expect(same.statusCode).toBe(429);
    expect(other.statusCode).toBe(400);
  });

  test('do not start anew because a header names another client', async () => {
    const send = (forwarded: string) =>
      context.app.http.inject({
        method: 'POST',
        url: '/api/v1/auth/login/',
        remoteAddress: '203.0.113.7',
        headers: { 'x-forwarded-for': forwarded, forwarded: `for=${forwarded}` },
        payload: { email: `${forwarded}@example.com`, password: 'a wrong guess' },
      });
    for (const last of [1, 2, 3]) await send(`10.0.0.${last}`);

    expect((await send('10.0.0.4')).statusCode).toBe(429);
  });

  test('to register are refused', async () => {
    const register = (name: string) =>
      context.request({
        method: 'POST',
        path: '/api/v1/auth/users/',
        body: {
          email: `${name}@example.com`,
          first_name: 'Grace',
          last_name: 'Hopper',
          password: 'tall green lighthouse',
        },
      });
    for (const name of ['one', 'two']) expect((await register(name)).status).toBe(201);

    const refused = await register('three');

    expect(refused.status).toBe(429);
    expect(refused.headers['retry-after']).toMatch(/^\d+$/);
  });
});
