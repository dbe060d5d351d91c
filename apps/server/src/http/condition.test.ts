import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { seedTenant, type Tenant } from '../testing/seed.ts';

const context = testContext();
let tenant: Tenant;
let paths: Record<string, string>;

const rules = [{ type: 'ALL', rules: [], conditions: [{ operator: 'EQUAL', property: 'plan', value: 'pro' }] }];
/** How each kind of object is changed, first by one and then by another person. */
const changes: Record<string, [object, object]> = {
  project: [{ stale_flags_limit_days: 11 }, { stale_flags_limit_days: 12 }],
  environment: [{ description: 'one' }, { description: 'two' }],
  feature: [{ description: 'one' }, { description: 'two' }],
  segment: [{ description: 'one' }, { description: 'two' }],
  state: [{ feature_state_value: 'one' }, { feature_state_value: 'two' }],
  'identity override': [{ enabled: true }, { enabled: false }],
  'typed state': [
    { feature_state_value: { type: 'unicode', string_value: 'one' } },
    { feature_state_value: { type: 'unicode', string_value: 'two' } },
  ],
};
const kinds = Object.keys(changes);

beforeAll(async () => {
  tenant = await seedTenant(context.db);
});

beforeEach(async () => {
  const post = async (path: string, body: unknown) =>
    (await context.request({ method: 'POST', path: `/api/v1/${path}`, as: tenant.admin, body })).body;
  const feature = await post(`projects/${tenant.projectId}/features/`, { name: crypto.randomUUID() });
  const segment = await post(`projects/${tenant.projectId}/segments/`, { name: 'paying', rules });
  const { id: stateId } = await context.db
    .selectFrom('feature_states')
    .where('feature_id', '=', feature.id)
    .where('environment_id', '=', tenant.production.id)
    .select('id')
    .executeTakeFirstOrThrow();
  const identities = `environments/${tenant.production.apiKey}/identities/`;
  const identity = await post(identities, { identifier: crypto.randomUUID() });
  const override = await post(`${identities}${identity.id}/featurestates/`, { feature: feature.id, enabled: false });
  paths = {
    'identity override': `${identities}${identity.id}/featurestates/${override.id}/`,
    project: `projects/${tenant.projectId}/`,
    environment: `environments/${tenant.production.apiKey}/`,
    feature: `projects/${tenant.projectId}/features/${feature.id}/`,
    segment: `projects/${tenant.projectId}/segments/${segment.id}/`,
    state: `environments/${tenant.production.apiKey}/featurestates/${stateId}/`,
    'typed state': `features/featurestates/${stateId}/`,
  };
});

describe.each(kinds)('a %s', (kind) => {
  test('is changed by who knows it, and answers its next ETag', async () => {
    const [one, two] = changes[kind] as [object, object];
    const first = await patch(kind, one);

    const second = await patch(kind, two, String(first.headers.etag));

    expect(first.headers.etag).toMatch(/^"[\w-]{22}"$/);
    expect([second.status, second.body]).toEqual([200, second.body]);
    expect(second.headers.etag).not.toBe(first.headers.etag);
  });

  test('is not changed by who knows an older one, and tells both', async () => {
    const [one, two] = changes[kind] as [object, object];
    const older = String((await patch(kind, one)).headers.etag);
    const newer = await patch(kind, two);

    const refused = await patch(kind, one, older);

    expect([refused.status, refused.headers.etag]).toEqual([409, newer.headers.etag]);
    expect(refused.body).toMatchObject({ code: 'conflict', yours: older, current_etag: newer.headers.etag });
    expect(refused.body.current).toMatchObject(two);
    expect(await etagOf(kind)).toBe(newer.headers.etag);
  });

  test('is changed without a condition as ever', async () => {
    const [one, two] = changes[kind] as [object, object];
    await patch(kind, one);

    expect((await patch(kind, two)).status).toBe(200);
  });
});

test.each(kinds.filter((kind) => kind !== 'typed state'))(
  'reading a %s tells the ETag that changing it did',
  async (kind) => {
    const changed = await patch(kind, (changes[kind] as [object, object])[0]);

    const read = await context.request({ path: `/api/v1/${paths[kind]}`, as: tenant.admin });

    expect(read.headers.etag).toBe(changed.headers.etag);
  },
);

test('of two who change the same at once, one is told', async () => {
  const etag = await etagOf('feature');

  const answers = await Promise.all(
    ['ann', 'bob', 'cleo'].map((name) => patch('feature', { description: `by ${name}` }, etag)),
  );

  expect(answers.map((answer) => answer.status).toSorted()).toEqual([200, 409, 409]);
});

test('what somebody else has changed is not deleted', async () => {
  const etag = await etagOf('feature');
  await patch('feature', { description: 'worth keeping' });

  const refused = await context.request({
    method: 'DELETE',
    path: `/api/v1/${paths.feature}`,
    as: tenant.admin,
    headers: { 'if-match': etag },
  });

  expect(refused.status).toBe(409);
  expect((await context.request({ path: `/api/v1/${paths.feature}`, as: tenant.admin })).status).toBe(200);
});

test('a star matches whatever is there', async () => {
  expect((await patch('feature', { description: 'any' }, '*')).status).toBe(200);
});

test('another tenant learns nothing from a condition', async () => {
  const rival = await seedTenant(context.db);

  const answer = await context.request({
    method: 'PATCH',
    path: `/api/v1/${paths.feature}`,
    as: rival.admin,
    body: { description: 'theirs' },
    headers: { 'if-match': '"x"' },
  });

  expect(answer.status).toBe(404);
});

async function patch(kind: string, body: object, ifMatch?: string) {
  return context.request({
    method: 'PATCH',
    path: `/api/v1/${paths[kind]}`,
    as: tenant.admin,
    body,
    ...(ifMatch !== undefined && { headers: { 'if-match': ifMatch } }),
  });
}

async function etagOf(kind: string): Promise<string> {
  if (kind === 'typed state') return String((await patch(kind, {})).headers.etag);
  return String((await context.request({ path: `/api/v1/${paths[kind]}`, as: tenant.admin })).headers.etag);
}
