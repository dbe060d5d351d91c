import type { FeatureVersion, VersionState } from '@halyard/contract';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { seedEnvironment, seedTenant, type Tenant } from '../testing/seed.ts';

const context = testContext();
let acme: Tenant;
let rival: Tenant;
/** An environment with versions, a feature and three segments of Acme's, new for each test. */
let environment: { id: number; apiKey: string };
let feature: { id: number; name: string };
let segments: { id: number; name: string }[];
let made = 0;

beforeAll(async () => {
  acme = await seedTenant(context.db);
  rival = await seedTenant(context.db);
  segments = [];
  for (const name of ['a', 'b', 'c']) segments.push(await createSegment(name));
});

beforeEach(async () => {
  environment = await seedEnvironment(context.db, { projectId: acme.projectId, name: `environment ${++made}` });
  feature = await createFeature();
  await send('POST', `/api/v1/environments/${environment.apiKey}/enable-v2-versioning/`);
});

function send(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: object, as = acme.admin) {
  return context.request({ method, path, as, ...(body !== undefined && { body }) });
}

async function createFeature(
  body: object = {},
): Promise<{ id: number; name: string; multivariate_options: { id: number }[] }> {
  const path = `/api/v1/projects/${acme.projectId}/features/`;
  return (await send('POST', path, { name: `feature ${++made}`, initial_value: 'old', ...body })).body;
}

async function createSegment(name: string): Promise<{ id: number; name: string }> {
  const rules = [{ type: 'ALL', conditions: [{ operator: 'EQUAL', property: 'group', value: name }] }];
  return (await send('POST', `/api/v1/projects/${acme.projectId}/segments/`, { rules, name })).body;
}

const versions = () => `/api/v1/environments/${environment.id}/features/${feature.id}/versions/`;
const segment = (index: number) => segments[index] as { id: number; name: string };
const text = (value: string) => ({ type: 'unicode', string_value: value });

function create(body: object, as = acme.admin) {
  return send('POST', versions(), body, as);
}

function publishNow(body: object) {
  return create({ publish_immediately: true, ...body });
}

/** A segment override as a version's body gives it. */
function override(index: number, more: object = {}) {
  return {
    feature_segment: { segment: segment(index).id },
    enabled: true,
    feature_state_value: text(segment(index).name),
    ...more,
  };
}

async function listed(query = ''): Promise<FeatureVersion[]> {
  return (await send('GET', versions() + query)).body.results;
}

async function statesOf(uuid: string): Promise<VersionState[]> {
  return (await send('GET', `${versions()}${uuid}/featurestates/`)).body;
}

/** What is served now, as a line: the environment's own value, then the overrides in their order. */
async function served(): Promise<string> {
  const flag = (await send('GET', `/api/v1/environments/${environment.apiKey}/document/`)).body;
  const own = flag.feature_states.find((state: { feature: { id: number } }) => state.feature.id === feature.id);
  const overrides = flag.project.segments
    .flatMap((item: { feature_states: object[] }) => item.feature_states)
    .filter((state: { feature: { id: number } }) => state.feature.id === feature.id)
    .toSorted((a: any, b: any) => a.feature_segment.priority - b.feature_segment.priority);
  return [own, ...overrides].map((state) => `${state.feature_state_value}${state.enabled ? '+' : '-'}`).join(' ');
}

async function lastChange() {
  return context.db.selectFrom('changes').selectAll().orderBy('id', 'desc').limit(1).executeTakeFirstOrThrow();
}

async function versionOf(): Promise<number> {
  const row = await context.db
    .selectFrom('environments')
    .where('id', '=', environment.id)
    .select('version')
    .executeTakeFirstOrThrow();
  return row.version;
}

describe('switching', () => {
  test('makes what is served the first version', async () => {
    const [first, ...more] = await listed();

    expect(more).toEqual([]);
    expect(first).toMatchObject({
      published: true,
      is_live: true,
      created_by: acme.adminId,
      published_by: acme.adminId,
    });
    expect(await statesOf(first?.uuid ?? '')).toMatchObject([
      { enabled: false, feature_state_value: { type: 'unicode', string_value: 'old' }, feature_segment: null },
    ]);
    const answer = await send('GET', `/api/v1/environments/${environment.apiKey}/`);
    expect(answer.body.use_v2_feature_versioning).toBe(true);
  });

  test('takes overrides, their order and weights into the first version', async () => {
    const multivariate = await createFeature({
      multivariate_options: [{ string_value: 'v', default_percentage_allocation: 30 }],
    });
    feature = multivariate;
    const option = multivariate.multivariate_options[0]?.id;
    const path = `/api/v1/environments/${acme.production.apiKey}/features/${feature.id}/create-segment-override/`;
    await send('POST', path, { enabled: true, feature_segment: { segment: segment(0).id } });
    await send('POST', path, {
      enabled: true,
      feature_segment: { segment: segment(1).id, priority: 0 },
      multivariate_feature_state_values: [{ multivariate_feature_option: option, percentage_allocation: 40 }],
    });
    const { body: clone } = await send('POST', `/api/v1/environments/${acme.production.apiKey}/clone/`, {
      name: `clone ${++made}`,
    });
    environment = { id: clone.id, apiKey: clone.api_key };

    const answer = await send('POST', `/api/v1/environments/${environment.apiKey}/enable-v2-versioning/`);

    const [first] = await listed();
    expect(answer.status).toBe(202);
    expect(answer.body).toBe('');
    expect(await statesOf(first?.uuid ?? '')).toMatchObject([
      { feature_segment: null, multivariate_feature_state_values: [{ percentage_allocation: 30 }] },
      {
        feature_segment: { segment: segment(1).id, priority: 0 },
        multivariate_feature_state_values: [{ multivariate_feature_option: option, percentage_allocation: 40 }],
      },
      { feature_segment: { segment: segment(0).id, priority: 1 }, multivariate_feature_state_values: [] },
    ]);
  });

  test('twice is refused', async () => {
    const path = `/api/v1/environments/${environment.apiKey}`;

    const on = await send('POST', `${path}/enable-v2-versioning/`);
    const off = await send('POST', `${path}/disable-v2-versioning/`);
    const offAgain = await send('POST', `${path}/disable-v2-versioning/`);

    expect([on.status, off.status, offAgain.status]).toEqual([400, 202, 400]);
    expect(on.body).toEqual({ detail: 'Environment already using v2 versioning.' });
    expect(offAgain.body).toEqual({ detail: 'Environment is not using v2 versioning.' });
  });

  test('back drops the versions and keeps what is served', async () => {
    await publishNow({ feature_states_to_create: [override(0)], feature_states_to_update: [{ enabled: true }] });
    const before = await served();

    await send('POST', `/api/v1/environments/${environment.apiKey}/disable-v2-versioning/`);

    expect(await listed()).toEqual([]);
    expect(await served()).toBe(before);
    const [state] = (
      await send('GET', `/api/v1/environments/${environment.apiKey}/featurestates/?feature=${feature.id}`)
    ).body.results;
    const put = await send('PUT', `/api/v1/environments/${environment.apiKey}/featurestates/${state.id}/`, {
      enabled: false,
    });
    expect(put.status).toBe(200);
  });

  test('is for administrators', async () => {
    const path = `/api/v1/environments/${acme.production.apiKey}/enable-v2-versioning/`;

    const answers = [];
    for (const as of [acme.member, rival.admin]) answers.push((await send('POST', path, {}, as)).status);

    expect(answers).toEqual([403, 404]);
  });

  test('a new feature starts with a version, in environments that have them', async () => {
    feature = await createFeature({ multivariate_options: [{ string_value: 'v', default_percentage_allocation: 20 }] });

    const [first, ...more] = await listed();

    expect(more).toEqual([]);
    expect(await statesOf(first?.uuid ?? '')).toMatchObject([
      { multivariate_feature_state_values: [{ percentage_allocation: 20 }] },
    ]);
    environment = acme.production;
    expect(await listed()).toEqual([]);
  });

  test('the copy of an environment with versions has versions', async () => {
    const { body: clone } = await send('POST', `/api/v1/environments/${environment.apiKey}/clone/`, {
      name: `clone ${++made}`,
    });
    environment = { id: clone.id, apiKey: clone.api_key };

    expect(await listed()).toMatchObject([{ is_live: true }]);
    expect((await send('GET', `/api/v1/environments/${clone.api_key}/`)).body.use_v2_feature_versioning).toBe(true);
  });
});

describe('without versions of its own, an environment with versions', () => {
  test('refuses every direct change of what it serves to everybody', async () => {
    await publishNow({ feature_states_to_create: [override(0)] });
    const inEnvironment = `/api/v1/environments/${environment.apiKey}`;
    const states = (
      await send('GET', `/api/v1/features/featurestates/?environment=${environment.id}&feature=${feature.id}`)
    ).body.results;
    const [own, ofSegment] = states;
    const before = await served();
    const version = await versionOf();

    const answers = [];
    for (const [method, path, body] of [
      ['PUT', `${inEnvironment}/featurestates/${own.id}/`, { enabled: true }],
      ['PATCH', `${inEnvironment}/featurestates/${ofSegment.id}/`, { enabled: false }],
      ['PUT', `/api/v1/features/featurestates/${own.id}/`, { enabled: true }],
      ['PATCH', `/api/v1/features/featurestates/${ofSegment.id}/`, { enabled: false }],
      [
        'POST',
        '/api/v1/features/featurestates/',
        { environment: environment.id, feature: feature.id, feature_segment: ofSegment.feature_segment, enabled: true },
      ],
      [
        'POST',
        '/api/v1/features/feature-segments/',
        { environment: environment.id, feature: feature.id, segment: segment(1).id },
      ],
      [
        'POST',
        '/api/v1/features/feature-segments/update-priorities/',
        [{ id: ofSegment.feature_segment, priority: 0 }],
      ],
      ['DELETE', `/api/v1/features/feature-segments/${ofSegment.feature_segment}/`, undefined],
      [
        'POST',
        `${inEnvironment}/features/${feature.id}/create-segment-override/`,
        { enabled: true, feature_segment: { segment: segment(1).id } },
      ],
    ] as const) {
      const answer = await send(method, path, body);
      answers.push([answer.status, answer.body.detail]);
    }

    const refusal =
      'This environment uses v2 feature versioning. Use the environment feature version endpoint instead.';
    expect(answers).toEqual(answers.map(() => [400, refusal]));
    expect(await served()).toBe(before);
    expect(await versionOf()).toBe(version);
  });

  test('takes identity overrides, which are no part of a version', async () => {
    const inEnvironment = `/api/v1/environments/${environment.apiKey}`;
    const { body: identity } = await send('POST', `${inEnvironment}/identities/`, { identifier: 'somebody' });
    const path = `${inEnvironment}/identities/${identity.id}/featurestates/`;

    const made = await send('POST', path, { feature: feature.id, enabled: true });
    const put = await send('PUT', `${path}${made.body.id}/`, { enabled: false });
    const published = await publishNow({ feature_states_to_update: [{ enabled: true }] });
    const kept = await send('GET', `${path}${made.body.id}/`);
    const removed = await send('DELETE', `${path}${made.body.id}/`);

    expect([made.status, put.status, published.status, kept.status, removed.status]).toEqual([201, 200, 201, 200, 204]);
  });
});

describe('creating a version', () => {
  test('and publishing it serves the changes, in one step', async () => {
    await publishNow({ feature_states_to_create: [override(0), override(1)] });
    const version = await versionOf();

    const answer = await publishNow({
      description: 'for the launch',
      feature_states_to_update: [
        { enabled: true, feature_state_value: text('new') },
        { ...override(1), enabled: false },
      ],
      feature_states_to_create: [override(2, { feature_segment: { segment: segment(2).id, priority: 0 } })],
      segment_ids_to_delete_overrides: [segment(0).id],
    });

    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      published: true,
      is_live: true,
      description: 'for the launch',
      published_by: acme.adminId,
    });
    expect(await served()).toBe('new+ c+ b-');
    expect(await versionOf()).toBe(version + 1);
  });

  test('is told as one change, with what was and what is', async () => {
    await publishNow({ feature_states_to_create: [override(0)] });

    const { body } = await publishNow({
      feature_states_to_update: [{ enabled: true }],
      segment_ids_to_delete_overrides: [segment(0).id],
    });

    const change = await lastChange();
    expect(change).toMatchObject({
      object_type: 'EF_VERSION',
      object_uuid: body.uuid,
      log: `New version published for feature: ${feature.name}`,
      user_id: acme.adminId,
      environment_id: environment.id,
    });
    expect(JSON.parse(change.before ?? '').feature_states).toEqual(
      [
        {
          segment: null,
          priority: null,
          enabled: false,
          feature_state_value: 'old',
          multivariate_feature_state_values: [],
        },
        {
          segment: segment(0),
          priority: 0,
          enabled: true,
          feature_state_value: 'a',
          multivariate_feature_state_values: [],
        },
      ].map((state) => (state.segment === null ? state : { ...state, segment: { id: segment(0).id, name: 'a' } })),
    );
    expect(JSON.parse(change.after ?? '')).toMatchObject({
      uuid: body.uuid,
      is_live: true,
      feature_states: [{ enabled: true }],
    });
  });

  test('moves overrides to the priorities given', async () => {
    await publishNow({ feature_states_to_create: [override(0), override(1), override(2)] });

    await publishNow({ feature_states_to_update: [{ feature_segment: { segment: segment(2).id, priority: 0 } }] });

    expect(await served()).toBe('old- c+ a+ b+');
  });

  test('keeps what is not given, the lineage of live states too', async () => {
    const seed = () =>
      context.db
        .selectFrom('feature_states')
        .where('environment_id', '=', environment.id)
        .where('feature_id', '=', feature.id)
        .select(['id', 'lineage_id'])
        .orderBy('id')
        .execute();
    await publishNow({ feature_states_to_create: [override(0)] });
    const before = await seed();

    await publishNow({
      feature_states_to_update: [{ enabled: true }, { ...override(0), feature_state_value: text('x') }],
    });

    expect(await seed()).toEqual(before);
    expect(await served()).toBe('old+ x+');
  });

  test('as a draft serves nothing, and is the only draft', async () => {
    const draft = await create({ feature_states_to_update: [{ enabled: true }] });
    const second = await create({});

    expect(draft.body).toMatchObject({ published: false, is_live: false, live_from: null, published_by: null });
    expect(await statesOf(draft.body.uuid)).toMatchObject([{ enabled: true }]);
    expect(await served()).toBe('old-');
    expect(second.status).toBe(400);
  });

  test.each([
    [
      'a created state without a segment',
      () => ({ feature_states_to_create: [{ enabled: true }] }),
      'Cannot create FeatureState objects that are not segment overrides.',
    ],
    [
      'a created override that is there',
      () => ({ feature_states_to_create: [override(0)] }),
      "An unresolvable conflict occurred: segment override already exists for segment 'a'",
    ],
    [
      'an updated override that is not there',
      () => ({ feature_states_to_update: [override(1)] }),
      "An unresolvable conflict occurred: segment override does not exist for segment 'b'.",
    ],
  ])('refuses %s, and keeps nothing of it', async (_, body, message) => {
    await publishNow({ feature_states_to_create: [override(0)] });
    const before = await served();

    const answer = await publishNow({ ...body(), segment_ids_to_delete_overrides: [] });

    expect([answer.status, answer.body]).toEqual([400, { message }]);
    expect(await served()).toBe(before);
    expect(await listed()).toHaveLength(2);
  });

  test('refuses segments of other projects', async () => {
    const rules = [{ type: 'ALL', conditions: [{ operator: 'IS_SET', property: 'x' }] }];
    const { body: foreign } = await send(
      'POST',
      `/api/v1/projects/${rival.projectId}/segments/`,
      { rules, name: 'x' },
      rival.admin,
    );

    const answer = await publishNow({ feature_states_to_create: [{ feature_segment: { segment: foreign.id } }] });

    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({
      feature_segment: { segment: [`Invalid pk "${foreign.id}" - object does not exist.`] },
    });
  });

  test('refuses weights beyond 100 percent', async () => {
    feature = await createFeature({
      multivariate_options: [{ string_value: 'v' }, { string_value: 'w' }].map((option) => ({
        ...option,
        default_percentage_allocation: 10,
      })),
    });
    const ids = (feature as any).multivariate_options.map((option: { id: number }) => option.id);
    const weights = ids.map((id: number) => ({ multivariate_feature_option: id, percentage_allocation: 60 }));

    const answer = await publishNow({ feature_states_to_update: [{ multivariate_feature_state_values: weights }] });

    expect(answer.body).toEqual({ non_field_errors: ['Multivariate percentage values exceed 100%.'] });
  });

  test('needs an environment with versions', async () => {
    environment = acme.production;

    const answer = await create({});

    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({ environment: 'Environment must use v2 feature versioning.' });
  });

  test('is for those who may update states, and found by nobody else', async () => {
    const answers = [];
    for (const as of [acme.member, rival.admin, 'Token nobody']) answers.push((await create({}, as)).status);
    const masterKey = await create({ publish_immediately: true }, acme.masterKey);

    expect(answers).toEqual([403, 404, 401]);
    expect(masterKey.body).toMatchObject({ created_by: null, published_by: null });
  });
});

describe('a draft', () => {
  let draft: FeatureVersion;
  const states = () => `${versions()}${draft.uuid}/featurestates/`;

  beforeEach(async () => {
    await publishNow({ feature_states_to_create: [override(0)] });
    draft = (await create({})).body;
  });

  test('gets overrides, loses them, and has them moved and changed', async () => {
    const added = await send(
      'POST',
      states(),
      override(1, { feature_segment: { segment: segment(1).id, priority: 0 } }),
    );
    const [own, , ofA] = await statesOf(draft.uuid);
    const put = await send('PUT', `${states()}${own?.id}/`, { enabled: true, feature_state_value: text('new') });
    const patch = await send('PATCH', `${states()}${added.body.id}/`, {
      feature_segment: { segment: segment(1).id, priority: 1 },
    });
    const removed = await send('DELETE', `${states()}${ofA?.id}/`);

    expect([added.status, put.status, patch.status, removed.status]).toEqual([201, 200, 200, 204]);
    expect(added.body).toMatchObject({
      feature_segment: { segment: segment(1).id, priority: 0 },
      feature: feature.id,
      environment: environment.id,
    });
    expect(patch.body).toMatchObject({ id: added.body.id, enabled: true, feature_segment: { priority: 1 } });
    expect(await statesOf(draft.uuid)).toMatchObject([
      { id: own?.id, enabled: true, feature_state_value: { string_value: 'new' } },
      { id: added.body.id, feature_segment: { segment: segment(1).id, priority: 0 } },
    ]);
    expect(await served()).toBe('old- a+');
  });

  test('is served when it is published, and does not change any more', async () => {
    const [own] = await statesOf(draft.uuid);
    await send('PUT', `${states()}${own?.id}/`, { enabled: true });

    const published = await send('POST', `${versions()}${draft.uuid}/publish/`, {});
    const again = await send('POST', `${versions()}${draft.uuid}/publish/`, {});
    const put = await send('PUT', `${states()}${own?.id}/`, { enabled: false });
    const post = await send('POST', states(), override(1));
    const patch = await send('PATCH', `${versions()}${draft.uuid}/`, { description: 'x' });
    const removed = await send('DELETE', `${versions()}${draft.uuid}/`);

    expect(published.body).toMatchObject({
      uuid: draft.uuid,
      published: true,
      is_live: true,
      published_by: acme.adminId,
    });
    expect(await served()).toBe('old+ a+');
    expect(again.status).toBe(400);
    for (const answer of [put, post, patch]) {
      expect([answer.status, answer.body]).toEqual([400, { detail: 'Cannot modify published version.' }]);
    }
    expect([removed.status, removed.body]).toEqual([400, { detail: 'Cannot delete a live version.' }]);
  });

  test('keeps its environment state', async () => {
    const [own] = await statesOf(draft.uuid);

    const answer = await send('DELETE', `${states()}${own?.id}/`);

    expect([answer.status, answer.body]).toEqual([400, { detail: 'Cannot delete environment default feature state.' }]);
  });

  test('is described, and discarded with all it holds', async () => {
    const patch = await send('PATCH', `${versions()}${draft.uuid}/`, { description: 'soon' });
    const [live] = await listed('?is_live=true');
    const removed = await send('DELETE', `${versions()}${draft.uuid}/`);

    expect(patch.body).toMatchObject({
      description: 'soon',
      previous_version_uuid: live?.uuid,
      feature: feature.id,
      environment: environment.id,
    });
    expect(removed.status).toBe(204);
    expect((await send('GET', `${versions()}${draft.uuid}/`)).status).toBe(404);
    expect(await served()).toBe('old- a+');
  });

  test('gets new variants of its feature, and loses those that go', async () => {
    const options = `/api/v1/projects/${acme.projectId}/features/${feature.id}/mv-options/`;
    const { body: option } = await send('POST', options, { string_value: 'v', default_percentage_allocation: 25 });
    const [own] = await statesOf(draft.uuid);
    const { body: second } = await send('POST', options, { string_value: 'w', default_percentage_allocation: 5 });
    await send('DELETE', `${options}${second.id}/`);

    await send('POST', `${versions()}${draft.uuid}/publish/`, {});

    expect(own?.multivariate_feature_state_values).toMatchObject([
      { multivariate_feature_option: option.id, percentage_allocation: 25 },
    ]);
    expect(await statesOf(draft.uuid)).toMatchObject([
      { multivariate_feature_state_values: [{ percentage_allocation: 25 }] },
      {},
    ]);
  });

  test('leaves out segments that were deleted meanwhile', async () => {
    const gone = await createSegment('gone');
    await send('POST', states(), { enabled: true, feature_segment: { segment: gone.id, priority: 0 } });
    await send('DELETE', `/api/v1/projects/${acme.projectId}/segments/${gone.id}/`);

    await send('POST', `${versions()}${draft.uuid}/publish/`, {});

    expect(await served()).toBe('old- a+');
  });
});

describe('the list', () => {
  test('has drafts first, then the newest, and is filtered by what is live', async () => {
    const { body: second } = await publishNow({ feature_states_to_update: [{ enabled: true }] });
    const { body: scheduled } = await create({ publish_immediately: true, live_from: '2999-01-01T00:00:00Z' });
    const { body: draft } = await create({});

    const all = await listed();
    const live = await listed('?is_live=true');
    const others = await listed('?is_live=false');

    expect(all.map(({ uuid }) => uuid)).toEqual([draft.uuid, scheduled.uuid, second.uuid, live[1]?.uuid]);
    expect(live.map(({ uuid }) => uuid)[0]).toBe(second.uuid);
    expect(others.map(({ uuid }) => uuid)).toEqual([draft.uuid, scheduled.uuid]);
  });

  test('a version is read by its uuid alone, by those who may see the environment', async () => {
    const [version] = await listed();
    const path = `/api/v1/environment-feature-versions/${version?.uuid}/`;

    const answer = await send('GET', path);
    const others = [];
    for (const as of [acme.member, rival.admin]) others.push((await send('GET', path, undefined, as)).status);

    expect(answer.body).toMatchObject({ uuid: version?.uuid, previous_version_uuid: null, feature: feature.id });
    expect(others).toEqual([403, 404]);
  });

  test('a version is not found through another feature or environment', async () => {
    const [version] = await listed();
    const other = await createFeature();

    const byFeature = await send(
      'GET',
      `/api/v1/environments/${environment.id}/features/${other.id}/versions/${version?.uuid}/`,
    );
    const byEnvironment = await send(
      'GET',
      `/api/v1/environments/${acme.production.id}/features/${feature.id}/versions/${version?.uuid}/featurestates/`,
    );

    expect([byFeature.status, byEnvironment.status]).toEqual([404, 404]);
  });
});
