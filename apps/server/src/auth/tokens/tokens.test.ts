import { beforeAll, describe, expect, test } from 'vitest';
import { testContext } from '../../testing/context.ts';
import { seedTenant, type Tenant } from '../../testing/seed.ts';

const context = testContext();
const account = {
  email: 'ada@example.com',
  first_name: 'Ada',
  last_name: 'Lovelace',
  password: 'tall green lighthouse',
};
let tenant: Tenant;

beforeAll(async () => {
  tenant = await seedTenant(context.db);
  await context.request({ method: 'POST', path: '/api/v1/auth/users/', body: account });
});

async function session(): Promise<string> {
  const answer = await context.request({
    method: 'POST',
    path: '/api/v1/auth/login/',
    body: { email: account.email, password: account.password },
  });
  return `Token ${answer.body.key}`;
}
const me = (as: string) => context.request({ path: '/api/v1/auth/users/me/', as });

describe.each([
  ['logout', 'POST', '/api/v1/auth/logout/'],
  ['deleting the token', 'DELETE', '/api/v1/auth/token/'],
] as const)('%s', (_, method, path) => {
  test('ends the session that asks, and no other', async () => {
    const here = await session();
    const elsewhere = await session();

    const ended = await context.request({ method, path, as: here });

    expect(ended.status).toBe(204);
    expect((await me(here)).status).toBe(401);
    expect((await me(here)).body).toEqual({ detail: 'Invalid token.' });
    expect((await me(elsewhere)).status).toBe(200);
  });

  test('asks nobody for credentials, and a master key to stay away', async () => {
    expect((await context.request({ method, path })).status).toBe(401);
    expect((await context.request({ method, path, as: tenant.masterKey })).status).toBe(403);
  });
});

test('ending the others leaves the session that asks, and those of other people', async () => {
  const [here, there] = [await session(), await session()];

  const ended = await context.request({ method: 'POST', path: '/api/v1/auth/sessions/end-others/', as: here });

  expect(ended.status).toBe(204);
  expect([(await me(here)).status, (await me(there)).status, (await me(tenant.admin)).status]).toEqual([200, 401, 200]);
});
