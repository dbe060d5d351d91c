import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { seedTenant, type Tenant } from '../testing/seed.ts';
import { fits } from './exchange.ts';
import { originHash } from './service.ts';

const context = testContext({ OUTBOUND_ALLOWED_RANGES: '127.0.0.0/8' });
const keys = await generateKeyPair('RS256', { extractable: true });
const foreign = await generateKeyPair('RS256');
let issuer = '';
const server = createServer(async (request, response) => {
  const body = request.url?.endsWith('/openid-configuration')
    ? { issuer, jwks_uri: `${issuer}/jwks` }
    : { keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'RS256' }] };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
});
let tenant: Tenant;

beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  tenant = await seedTenant(context.db);
});
afterAll(() => void server.close());

const path = () => `/api/v1/organisations/${tenant.organisationId}/trust-relationships/`;
const create = (body: object) => context.request({ method: 'POST', path: path(), as: tenant.admin, body });
const rules = [{ claim: 'sub', values: ['repo:acme/*:ref:main'] }];
const wanted = (audience: string) => ({
  name: 'CI',
  issuer: 'https://ci.example.com',
  audience,
  claim_rules: rules,
  is_admin: true,
});

/** Trust in the issuer of this file, which has no certificate. */
async function trust(audience: string): Promise<number> {
  const { id } = (await create(wanted(audience))).body;
  const changes = { issuer, origin_hash: originHash({ issuer, audience }) };
  await context.db.updateTable('trust_relationships').set(changes).where('id', '=', id).execute();
  return id;
}

function token(aud: string, more: JWTPayload = {}, key = keys.privateKey): Promise<string> {
  return new SignJWT({ iss: issuer, aud, sub: 'repo:acme/shop:ref:main', ...more })
    .setProtectedHeader({ alg: 'RS256', kid: 'one' })
    .setExpirationTime(more.exp ?? '5m')
    .sign(key);
}
const exchange = (token: string) =>
  context.request({ method: 'POST', path: '/api/v1/auth/oidc/token/', body: { token } });
const projects = (token: string) => context.request({ path: '/api/v1/projects/', as: `Bearer ${token}` });

describe('exchanging a token', () => {
  test('of a trusted issuer gives one that acts for the organisation and for no other', async () => {
    await trust('good');
    await seedTenant(context.db);

    const given = await exchange(await token('good'));

    expect([given.status, given.body]).toEqual([
      200,
      { access_token: expect.any(String), token_type: 'Bearer', expires_in: 3600 },
    ]);
    const seen = await projects(given.body.access_token);
    expect(seen.body.map((project: { id: number }) => project.id)).toEqual([tenant.projectId]);
    const managing = await context.request({ path: path(), as: `Bearer ${given.body.access_token}` });
    expect(managing.status).toBe(403);
  });

  test('is refused where the token is not what it says', async () => {
    await trust('strict');
    const [head, , signature] = (await token('strict')).split('.');
    const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    const claims = { iss: issuer, aud: 'strict', sub: 'repo:acme/shop:ref:main', exp: 9_999_999_999 };
    const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
    const publicKey = new TextEncoder().encode(JSON.stringify(await exportJWK(keys.publicKey)));
    const tokens = {
      signedByAnother: await token('strict', {}, foreign.privateKey),
      unsigned: `${none}.${payload}.`,
      altered: `${head}.${payload}.${signature}`,
      symmetric: await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'one' }).sign(publicKey),
      expired: await token('strict', { exp: 1_700_000_000 }),
      otherSubject: await token('strict', { sub: 'repo:evil/shop:ref:main' }),
      otherAudience: await token('unknown'),
      otherIssuer: await token('strict', { iss: 'https://evil.example.com' }),
      noToken: 'nonsense',
    };

    const answers = await Promise.all(Object.values(tokens).map(exchange));

    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 401));
  });
});

describe('a token that was given out', () => {
  test.each([
    ['deleted', 'DELETE', undefined],
    ['made stricter', 'PATCH', { claim_rules: [{ claim: 'sub', values: ['nobody'] }] }],
  ] as const)('is void when the trust is %s', async (name, method, body) => {
    const id = await trust(name);
    const { access_token } = (await exchange(await token(name))).body;
    expect((await projects(access_token)).status).toBe(200);

    await context.request({ method, path: `${path()}${id}/`, as: tenant.admin, body });

    const refused = await projects(access_token);
    expect([refused.status, refused.body.detail]).toEqual([401, 'Trust relationship is revoked.']);
  });

  test('is refused where it is altered', async () => {
    await trust('altered');
    const { access_token } = (await exchange(await token('altered'))).body;

    expect((await projects(`${access_token.slice(0, -3)}abc`)).status).toBe(401);
  });
});

describe('trust relationships', () => {
  test('are read as they were written, and hide the key behind them', async () => {
    const { status, body } = await create(wanted('read'));

    expect([status, body]).toEqual([201, expect.objectContaining({ ...wanted('read'), id: expect.any(Number) })]);
    expect((await context.request({ path: `${path()}${body.id}/`, as: tenant.admin })).body).toEqual(body);
    const listed = await context.request({
      path: `/api/v1/organisations/${tenant.organisationId}/master-api-keys/`,
      as: tenant.admin,
    });
    expect(JSON.stringify(listed.body)).not.toContain(body.master_api_key_prefix);
  });

  test('are one for each issuer and audience while they live', async () => {
    const { id } = (await create(wanted('once'))).body;

    expect((await create(wanted('once'))).status).toBe(400);
    await context.request({ method: 'DELETE', path: `${path()}${id}/`, as: tenant.admin });
    expect((await create(wanted('once'))).status).toBe(201);
  });

  test.each([
    ['issuer', { issuer: 'http://ci.example.com' }],
    ['issuer', { issuer: 'https://ci.example.com?x=1' }],
    ['is_admin', { is_admin: undefined }],
    ['is_admin', { is_admin: false }],
    ['claim_rules', { issuer: 'https://token.actions.githubusercontent.com', claim_rules: [] }],
    ['claim_rules', { claim_rules: [{ claim: 'sub', values: [] }] }],
  ])('are refused with a wrong %s', async (field, wrong) => {
    const refused = await create({ ...wanted('wrong'), ...wrong });

    expect([refused.status, Object.keys(refused.body)]).toEqual([400, [field]]);
  });
});

test.each([
  ['a*c', 'abbc', true],
  ['a*c', 'abbd', false],
  ['a?c', 'ac', false],
  ['*', '', true],
  ['a.c', 'abc', false],
  ['*a*b', 'aab', true],
])('the pattern %s on %s: %s', (pattern, text, expected) => {
  expect(fits(text, pattern)).toBe(expected);
});
