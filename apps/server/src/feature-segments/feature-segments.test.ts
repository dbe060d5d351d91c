import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { seedTenant, type Tenant } from '../testing/seed.ts';

const context = testContext();
let acme: Tenant;
let rival: Tenant;
/** A feature and four segments of Acme's, new for each test. */
let feature: { id: number; name: string };
let segments: { id: number; name: string }[];

const links = '/api/v1/features/feature-segments/';

beforeAll(async () => {
  acme = await seedTenant(context.db);
  rival = await seedTenant(context.db);
});

let made = 0;

beforeEach(async () => {
  feature = await createFeature(acme);
  segments = [];
  for (const name of ['a', 'b', 'c', 'd']) segments.push(await createSegment(acme, { name }));
});

function send(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: object, as = acme.admin) {
  return context.request({ method, path, as, ...(body !== undefined && { body }) });
}

async function createFeature(tenant: Tenant): Promise<{ id: number; name: string }> {
  const path = `/api/v1/projects/${tenant.projectId}/features/`;
  return (await send('POST', path, { name: `feature ${++made}` }, tenant.admin)).body;
}

async function createSegment(tenant: Tenant, body: object): Promise<{ id: number; name: string }> {
  const rules = [{ type: 'ALL', conditions: [{ operator: 'IS_SET', property: 'email' }] }];
  return (await send('POST', `/api/v1/projects/${tenant.projectId}/segments/`, { rules, ...body }, tenant.admin)).body;
}

function link(segment: { id: number }, environment = acme.production) {
  return send('POST', links, { feature: feature.id, segment: segment.id, environment: environment.id });
}

function override(body: { segment: number; priority?: number | null }, more: object = {}) {
  const path = `/api/v1/environments/${acme.production.apiKey}/features/${feature.id}/create-segment-override/`;
  return send('POST', path, { enabled: true, feature_segment: body, ...more });
}

async function listOf(environment = acme.production) {
  const answer = await send('GET', `${links}?environment=${environment.id}&feature=${feature.id}`);
  return answer.body.results as { id: number; priority: number; segment: number; segment_name: string }[];
}

async function orderOf(environment = acme.production): Promise<string> {
  const list = await listOf(environment);
  expect(list.map(({ priority }) => priority)).toEqual(list.map((_, index) => index));
  return list.map((item) => item.segment_name).join('');
}

/** Overrides of the segments, in this order. */
async function overrideAll(): Promise<{ id: number }[]> {
  const made: { id: number }[] = [];
  for (const segment of segments) made.push((await override({ segment: segment.id })).body.feature_segment);
  return made;
}

async function versionOf(environment: { id: number }): Promise<number> {
  const row = await context.db
    .selectFrom('environments')
    .where('id', '=', environment.id)
    .select('version')
    .executeTakeFirstOrThrow();
  return row.version;
}

async function lastChange() {
  return context.db.selectFrom('changes').selectAll().orderBy('id', 'desc').limit(1).executeTakeFirstOrThrow();
}

const segment = (index: number) => segments[index] as { id: number; name: string };

describe('creating a feature segment', () => {
  test('puts it last, and serves nothing yet', async () => {
    const before = await versionOf(acme.production);

    const first = await link(segment(0));
    const second = await link(segment(1));

    expect(first.status).toBe(201);
    expect(second.body).toEqual({
      id: expect.any(Number),
      uuid: expect.any(String),
      feature: feature.id,
      segment: segment(1).id,
      environment: acme.production.id,
      priority: 1,
    });
    expect(await versionOf(acme.production)).toBe(before);
  });

  test('it gets its state afterwards', async () => {
    const { body: created } = await link(segment(0));

    const state = await send('POST', '/api/v1/features/featurestates/', {
      feature: feature.id,
      environment: acme.production.id,
      feature_segment: created.id,
      enabled: true,
    });

    expect(state.status).toBe(201);
    expect(state.body.feature_segment).toBe(created.id);
  });

  test('environments have orders of their own', async () => {
    await link(segment(0));
    await link(segment(1));

    await link(segment(1), acme.development);

    expect(await orderOf(acme.production)).toBe('ab');
    expect(await orderOf(acme.development)).toBe('b');
  });

  test('a pair that there is already is refused', async () => {
    await link(segment(0));

    const again = await link(segment(0));

    expect(again.status).toBe(400);
    expect(again.body).toEqual({
      non_field_errors: ['The fields feature, environment, segment must make a unique set.'],
    });
  });

  test('a segment of one feature cannot override another one', async () => {
    const other = await createFeature(acme);
    const specific = await createSegment(acme, { name: 'specific', feature: other.id });

    const refused = await link(specific);

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual({
      feature: [`Can only create segment override(using this segment) for feature ${other.id}`],
    });
  });

  test('names the fields that are missing', async () => {
    const refused = await send('POST', links, {});

    expect(refused.body).toEqual({
      feature: ['This field is required.'],
      segment: ['This field is required.'],
      environment: ['This field is required.'],
    });
  });

  test('a feature or segment of another tenant does not exist', async () => {
    const theirFeature = await createFeature(rival);
    const theirSegment = await createSegment(rival, { name: 'theirs' });
    const body = { feature: feature.id, segment: segment(0).id, environment: acme.production.id };

    const foreignFeature = await send('POST', links, { ...body, feature: theirFeature.id });
    const foreignSegment = await send('POST', links, { ...body, segment: theirSegment.id });

    expect([foreignFeature.status, foreignSegment.status]).toEqual([400, 400]);
    expect(foreignFeature.body).toEqual({ feature: [`Invalid pk "${theirFeature.id}" - object does not exist.`] });
    expect(foreignSegment.body).toEqual({ segment: [`Invalid pk "${theirSegment.id}" - object does not exist.`] });
  });
});

describe('reading feature segments', () => {
  test('the list is in order of strength and names the segments', async () => {
    const specific = await createSegment(acme, { name: 'specific', feature: feature.id });
    await link(segment(0));
    await link(specific);

    const list = await send('GET', `${links}?environment=${acme.production.id}&feature=${feature.id}`);

    expect(list.body).toMatchObject({ count: 2, next: null, previous: null });
    expect(list.body.results).toMatchObject([
      { segment: segment(0).id, segment_name: 'a', priority: 0, is_feature_specific: false },
      { segment: specific.id, segment_name: 'specific', priority: 1, is_feature_specific: true },
    ]);
  });

  test('the list needs environment and feature', async () => {
    const refused = await send('GET', `${links}?environment=some`);

    expect(refused.status).toBe(400);
    expect(Object.keys(refused.body)).toEqual(['environment', 'feature']);
  });

  test('a feature of another tenant is not there', async () => {
    const theirs = await createFeature(rival);

    const answer = await send('GET', `${links}?environment=${acme.production.id}&feature=${theirs.id}`);

    expect(answer.status).toBe(404);
  });

  test('one is found by its id and by its uuid', async () => {
    const { body: created } = await link(segment(0));

    const byId = await send('GET', `${links}${created.id}/`);
    const byUuid = await send('GET', `${links}get-by-uuid/${created.uuid}/`, undefined, acme.masterKey);

    expect(byId.body).toMatchObject({ id: created.id, segment_name: 'a' });
    expect(byUuid.body).toEqual(byId.body);
  });
});

describe('overriding in one step', () => {
  test('answers the state with its place, and the document carries it', async () => {
    const created = await override(
      { segment: segment(0).id },
      { feature_state_value: { type: 'int', integer_value: 7 } },
    );

    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      enabled: true,
      feature: feature.id,
      environment: acme.production.id,
      identity: null,
      feature_state_value: { type: 'int', integer_value: 7, string_value: null, boolean_value: null },
      feature_segment: { id: expect.any(Number), uuid: expect.any(String), segment: segment(0).id, priority: 0 },
    });
    const { body: document } = await send('GET', `/api/v1/environments/${acme.production.apiKey}/document/`);
    const published = document.project.segments.find(({ id }: { id: number }) => id === segment(0).id);
    expect(published.feature_states).toMatchObject([
      { feature: { id: feature.id }, feature_state_value: 7, feature_segment: { priority: 0 } },
    ]);
  });

  test('takes one version and is audited', async () => {
    const before = await versionOf(acme.production);

    await override({ segment: segment(0).id });

    expect(await versionOf(acme.production)).toBe(before + 1);
    expect(await lastChange()).toMatchObject({
      object_type: 'FEATURE_STATE',
      change_type: 'CREATE',
      log: `Flag state / Remote config value updated for feature '${feature.name}' and segment 'a'`,
    });
  });

  test.each([
    [undefined, 'abcd'],
    [null, 'abcd'],
    [0, 'dabc'],
    [1, 'adbc'],
    [3, 'abcd'],
    [900, 'abcd'],
  ])('with priority %j the fourth makes the order %s', async (priority, order) => {
    for (const index of [0, 1, 2]) await override({ segment: segment(index).id });

    const created = await override({ segment: segment(3).id, ...(priority !== undefined && { priority }) });

    expect(await orderOf()).toBe(order);
    expect(created.body.feature_segment.priority).toBe(order.indexOf('d'));
  });

  test('weighs variants', async () => {
    const { body: option } = await send(
      'POST',
      `/api/v1/projects/${acme.projectId}/features/${feature.id}/mv-options/`,
      {
        type: 'unicode',
        string_value: 'red',
        default_percentage_allocation: 10,
      },
    );

    const created = await override(
      { segment: segment(0).id },
      {
        multivariate_feature_state_values: [{ multivariate_feature_option: option.id, percentage_allocation: 60 }],
      },
    );

    expect(created.body.multivariate_feature_state_values).toMatchObject([
      { multivariate_feature_option: option.id, percentage_allocation: 60 },
    ]);
  });

  test('leaves nothing behind when its state is refused', async () => {
    const refused = await override(
      { segment: segment(0).id },
      { multivariate_feature_state_values: [{ multivariate_feature_option: 999_999, percentage_allocation: 1 }] },
    );

    expect(refused.status).toBe(400);
    expect(await listOf()).toEqual([]);
  });

  test('a segment that overrides the feature already is refused', async () => {
    await override({ segment: segment(0).id });

    const again = await override({ segment: segment(0).id });

    expect(again.status).toBe(400);
    expect(await orderOf()).toBe('a');
  });

  test.each([
    [{}, { feature_segment: ['This field is required.'] }],
    [{ feature_segment: {} }, { feature_segment: { segment: ['This field is required.'] } }],
    [
      { feature_segment: { segment: 1, priority: -1 } },
      { feature_segment: { priority: ['Ensure this value is greater than or equal to 0.'] } },
    ],
    [
      { feature_segment: { segment: 999_999 } },
      { feature_segment: { segment: ['Invalid pk "999999" - object does not exist.'] } },
    ],
  ])('names the field that is wrong: %j', async (body, errors) => {
    const path = `/api/v1/environments/${acme.production.apiKey}/features/${feature.id}/create-segment-override/`;

    const refused = await send('POST', path, body);

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual(errors);
  });

  test('a feature of another tenant is not there', async () => {
    const theirs = await createFeature(rival);

    const answer = await send(
      'POST',
      `/api/v1/environments/${acme.production.apiKey}/features/${theirs.id}/create-segment-override/`,
      { feature_segment: { segment: segment(0).id } },
    );

    expect(answer.status).toBe(404);
  });

  test('a segment of another tenant does not exist', async () => {
    const theirs = await createSegment(rival, { name: 'theirs' });

    const refused = await override({ segment: theirs.id });

    expect(refused.status).toBe(400);
  });
});

describe('deleting a segment override', () => {
  test('removes its state, and weaker ones move up', async () => {
    const [, second] = (await overrideAll()) as [{ id: number }, { id: number }];

    const deleted = await send('DELETE', `${links}${second.id}/`);

    expect(deleted.status).toBe(204);
    expect(await orderOf()).toBe('acd');
    const states = await context.db
      .selectFrom('feature_states')
      .where('feature_segment_id', '=', second.id)
      .selectAll()
      .execute();
    expect(states).toEqual([]);
  });

  test('takes one version and is audited', async () => {
    const [first] = (await overrideAll()) as [{ id: number }];
    const before = await versionOf(acme.production);

    await send('DELETE', `${links}${first.id}/`);

    expect(await versionOf(acme.production)).toBe(before + 1);
    expect(await lastChange()).toMatchObject({
      object_type: 'FEATURE',
      object_id: feature.id,
      log: `Flag state / Remote config value deleted for feature '${feature.name}' and segment 'a'`,
    });
  });

  test('a second time it is not there', async () => {
    const [first] = (await overrideAll()) as [{ id: number }];
    await send('DELETE', `${links}${first.id}/`);

    const again = await send('DELETE', `${links}${first.id}/`);

    expect(again.status).toBe(404);
  });
});

describe('reordering segment overrides', () => {
  const reorder = (body: { id: number; priority: number }[]) => send('POST', `${links}update-priorities/`, body);

  test.each([
    [[3, 2, 1, 0], 'dcba'],
    [[0, 1, 2, 3], 'abcd'],
    [[3, undefined, undefined, undefined], 'bcda'],
    [[undefined, undefined, undefined, 0], 'dabc'],
    [[undefined, 0, undefined, 1], 'bdac'],
    [[900, undefined, undefined, undefined], 'bcda'],
    [[1, 1, 1, 1], 'abcd'],
  ])('moves a, b, c, d to %j: %s', async (priorities, order) => {
    const ids = (await overrideAll()).map(({ id }) => id);
    const body = priorities.flatMap((priority, index) =>
      priority === undefined ? [] : [{ id: ids[index] as number, priority }],
    );

    const answer = await reorder(body);

    expect(answer.status).toBe(200);
    expect(answer.body.map((item: { segment_name: string }) => item.segment_name).join('')).toBe(order);
    expect(await orderOf()).toBe(order);
  });

  test('takes one version and is audited; an order that is there already takes none', async () => {
    const [first] = (await overrideAll()) as [{ id: number }];
    const before = await versionOf(acme.production);

    await reorder([{ id: first.id, priority: 2 }]);
    await reorder([{ id: first.id, priority: 2 }]);

    expect(await versionOf(acme.production)).toBe(before + 1);
    expect(await lastChange()).toMatchObject({
      object_type: 'FEATURE',
      object_id: feature.id,
      log: `Segment overrides re-ordered for feature '${feature.name}'.`,
    });
  });

  test('ids of another environment are not found', async () => {
    const [first] = (await overrideAll()) as [{ id: number }];
    const { body: elsewhere } = await link(segment(0), acme.development);

    const refused = await reorder([
      { id: first.id, priority: 1 },
      { id: elsewhere.id, priority: 0 },
    ]);

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual({ non_field_errors: ['Some of the provided ids were not found.'] });
  });

  test('names the item that is wrong', async () => {
    const [first] = (await overrideAll()) as [{ id: number }];

    const refused = await send('POST', `${links}update-priorities/`, [{ id: first.id, priority: 0 }, { id: first.id }]);

    expect(refused.body).toEqual([{}, { priority: ['This field is required.'] }]);
  });
});

test('40 creations, moves and deletions at the same moment leave priorities dense and unique', async () => {
  const many: { id: number }[] = [];
  for (let i = 0; i < 20; i++) many.push(await createSegment(acme, { name: `crowd ${i}` }));
  const present: { id: number }[] = [];
  for (const one of many.slice(0, 10)) present.push((await override({ segment: one.id })).body.feature_segment);
  const creations = many.slice(10).map((one, i) => () => override({ segment: one.id, priority: i % 5 }));
  const moves = Array.from(
    { length: 24 },
    (_, i) => () =>
      send('POST', `${links}update-priorities/`, [
        { id: (present[i % 4] as { id: number }).id, priority: (i * 7) % 11 },
        { id: (present[(i + 1) % 4] as { id: number }).id, priority: (i * 3) % 11 },
      ]),
  );
  const deletions = present.slice(4).map(
    ({ id }) =>
      () =>
        send('DELETE', `${links}${id}/`),
  );
  const work = [...creations, ...moves, ...deletions];
  const mixed = work.map((_, i) => work[(i * 17) % work.length] as () => ReturnType<typeof send>);

  const answers = await Promise.all(mixed.map((start) => start()));

  expect(mixed).toHaveLength(40);
  expect(answers.map(({ status }) => status).filter((status) => status >= 300)).toEqual([]);
  const list = await listOf();
  expect(list.map(({ priority }) => priority)).toEqual(Array.from({ length: 14 }, (_, i) => i));
  expect(new Set(list.map(({ segment }) => segment)).size).toBe(14);
});

describe('who may', () => {
  let created: { id: number; uuid: string };

  beforeEach(async () => {
    created = (await link(segment(0))).body;
  });

  const routes: ['GET' | 'POST' | 'DELETE', string, (() => object)?][] = [
    ['GET', '/features/feature-segments/?environment={environment}&feature={feature}'],
    [
      'POST',
      '/features/feature-segments/',
      () => ({ feature: feature.id, segment: segment(1).id, environment: acme.production.id }),
    ],
    ['GET', '/features/feature-segments/{id}/'],
    ['DELETE', '/features/feature-segments/{id}/'],
    ['GET', '/features/feature-segments/get-by-uuid/{uuid}/'],
    ['POST', '/features/feature-segments/update-priorities/', () => [{ id: created.id, priority: 0 }]],
    [
      'POST',
      '/environments/{key}/features/{feature}/create-segment-override/',
      () => ({ feature_segment: { segment: segment(1).id } }),
    ],
  ];

  function ask([method, path, body]: (typeof routes)[0], as: string | undefined, environment = acme.production) {
    const address = path
      .replace('{environment}', String(environment.id))
      .replace('{key}', environment.apiKey)
      .replace('{feature}', String(feature.id))
      .replace('{id}', String(created.id))
      .replace('{uuid}', created.uuid);
    return context.request({
      method,
      path: `/api/v1${address}`,
      ...(as !== undefined && { as }),
      ...(body !== undefined && { body: body() }),
    });
  }

  test.each(routes)('another tenant gets a 404 for %s %s', async (...route) => {
    expect((await ask(route, rival.admin)).status).toBe(404);
  });

  test.each(routes.filter(([, path]) => /\{environment\}|\{key\}/.test(path)))(
    'another tenant gets a 404 through its own environment for %s %s',
    async (...route) => {
      expect((await ask(route, rival.admin, rival.production)).status).toBe(404);
    },
  );

  test.each(routes)('a member without permissions is refused %s %s', async (...route) => {
    expect((await ask(route, acme.member)).status).toBe(403);
  });

  test.each(routes)('nobody is asked for credentials for %s %s', async (...route) => {
    expect((await ask(route, undefined)).status).toBe(401);
  });
});

describe.each(['PUT', 'PATCH'] as const)('%s of a feature segment', (method) => {
  const bodyOf = (segment: { id: number }, more: object = {}) => ({
    ...(method === 'PUT' && { feature: feature.id, environment: acme.production.id }),
    segment: segment.id,
    ...more,
  });
  const version = async () =>
    (
      await context.db
        .selectFrom('environments')
        .where('id', '=', acme.production.id)
        .select('version')
        .executeTakeFirstOrThrow()
    ).version;

  test('gives the override, its state and its place to another segment', async () => {
    const [a, b, c] = segments as [(typeof segments)[0], (typeof segments)[0], (typeof segments)[0]];
    const first = (await override({ segment: a.id }, { feature_state_value: { type: 'unicode', string_value: 'a' } }))
      .body;
    await override({ segment: b.id });

    const moved = await send(method, `${links}${first.feature_segment.id}/`, bodyOf(c));

    expect([moved.status, moved.body]).toEqual([
      200,
      { ...first.feature_segment, feature: feature.id, environment: acme.production.id, segment: c.id },
    ]);
    expect(await orderOf()).toBe('cb');
    const document = await send('GET', `/api/v1/environments/${acme.production.apiKey}/document/`);
    const served = document.body.project.segments.find((segment: { id: number }) => segment.id === c.id);
    expect(served.feature_states[0].feature_state_value).toBe('a');
  });

  test('takes a version for another segment, and none for the same', async () => {
    const [a, b] = segments as [(typeof segments)[0], (typeof segments)[0]];
    const { id } = (await link(a)).body;
    const before = await version();

    expect((await send(method, `${links}${id}/`, bodyOf(a))).status).toBe(200);
    expect(await version()).toBe(before);
    expect((await send(method, `${links}${id}/`, bodyOf(b))).status).toBe(200);
    expect(await version()).toBe(before + 1);
  });

  test('refuses what would make it another override', async () => {
    const [a, b] = segments as [(typeof segments)[0], (typeof segments)[0]];
    const { id } = (await link(a)).body;
    await link(b);
    const other = await createFeature(acme);
    const path = `${links}${id}/`;

    const answers = [
      await send(method, path, bodyOf(a, { feature: other.id })),
      await send(method, path, bodyOf(a, { environment: acme.development.id })),
      await send(method, path, bodyOf({ id: 2_000_000_000 })),
      await send(method, path, bodyOf(b)),
      await send(method, path, bodyOf(await createSegment(rival, { name: 'theirs' }))),
    ];

    expect(answers.map(({ status, body }) => [status, Object.keys(body)])).toEqual([
      [400, ['feature']],
      [400, ['environment']],
      [400, ['segment']],
      [400, ['non_field_errors']],
      [400, ['segment']],
    ]);
    expect((await send(method, path, bodyOf(a), acme.member)).status).toBe(403);
    expect((await send(method, path, bodyOf(a), rival.admin)).status).toBe(404);
  });
});
