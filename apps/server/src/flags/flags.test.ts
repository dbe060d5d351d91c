import type { Flag } from '@halyard/contract';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { seedEnvironment, seedTenant, seedUser, type Tenant } from '../testing/seed.ts';

const context = testContext();
let acme: Tenant;
let rival: Tenant;
/** An environment, and a feature of Acme's, new for each test. */
let environment: { id: number; apiKey: string };
let feature: { id: number; name: string };
let segments: number[];
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
});

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

function send(method: Method, path: string, body?: object, as = acme.admin) {
  return context.request({ method, path, as, ...(body !== undefined && { body }) });
}

async function createFeature(body: object = {}) {
  const path = `/api/v1/projects/${acme.projectId}/features/`;
  const answer = await send('POST', path, { name: `feature ${++made}`, initial_value: 'old', ...body });
  return answer.body as { id: number; name: string; multivariate_options: { id: number }[] };
}

/** A feature with two variants; answers their ids. */
async function useMultivariate(): Promise<[number, number]> {
  const multivariate = await createFeature({
    multivariate_options: ['v', 'w'].map((value) => ({ string_value: value, default_percentage_allocation: 10 })),
  });
  feature = multivariate;
  return multivariate.multivariate_options.map((option) => option.id) as [number, number];
}

async function createSegment(name: string): Promise<number> {
  const rules = [{ type: 'ALL', conditions: [{ operator: 'EQUAL', property: 'group', value: name }] }];
  return (await send('POST', `/api/v1/projects/${acme.projectId}/segments/`, { rules, name })).body.id;
}

const useVersions = () => send('POST', `/api/v1/environments/${environment.apiKey}/enable-v2-versioning/`);
const path = () => `/api/__future__/environments/${environment.apiKey}/features/${feature.id}/`;
const flag = (method: Method, body?: object, as = acme.admin) => send(method, path(), body, as);
const experiment = (name: string, body: object, as = acme.admin) =>
  send(
    'POST',
    `/api/experiments/environments/${environment.apiKey}/${name}/`,
    { feature: { id: feature.id }, ...body },
    as,
  );
const text = (value: string) => ({ type: 'string', value });
const segment = (index: number) => ({ id: segments[index] as number });
const override = (index: number, more: object = {}) => ({ segment: segment(index), enabled: true, ...more });

/** A flag as a line: the environment's own state, then the overrides in their order. */
function line({ environment_default: own, segment_overrides: overrides }: Flag): string {
  const state = ({ enabled, value }: Flag['environment_default']) => `${value?.value ?? 'null'}${enabled ? '+' : '-'}`;
  return [state(own), ...overrides.map((item) => `${'abc'[segments.indexOf(item.segment.id)]}:${state(item)}`)].join(
    ' ',
  );
}

async function served(): Promise<string> {
  return line((await flag('GET')).body);
}

async function environmentVersion(): Promise<number> {
  const row = await context.db
    .selectFrom('environments')
    .where('id', '=', environment.id)
    .select('version')
    .executeTakeFirstOrThrow();
  return row.version;
}

async function lastChanges(count: number) {
  const rows = await context.db.selectFrom('changes').selectAll().orderBy('id', 'desc').limit(count).execute();
  return rows.toReversed();
}

/** A member who may do these things in the environment. */
async function memberWith(...permissions: string[]): Promise<string> {
  const member = await seedUser(context.db, { organisationId: acme.organisationId, role: 'USER' });
  await send('POST', `/api/v1/environments/${environment.apiKey}/user-permissions/`, {
    user: member.userId,
    permissions,
    admin: false,
  });
  return member.authorization;
}

describe.each([
  ['without versions', false],
  ['with versions', true],
])('in an environment %s', (_, versioned) => {
  beforeEach(async () => {
    if (versioned) await useVersions();
  });

  test('a flag is read as a whole', async () => {
    const [v, w] = await useMultivariate();
    await flag('PATCH', { segment_overrides: [override(0, { value: { type: 'integer', value: '7' } })] });

    const answer = await flag('GET');

    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      environment_default: {
        enabled: false,
        value: { type: 'string', value: 'old' },
        variants: [
          { id: v, weight: 10 },
          { id: w, weight: 10 },
        ],
      },
      segment_overrides: [
        { segment: segment(0), priority: 0, enabled: true, value: { type: 'integer', value: '7' }, variants: [] },
      ],
    });
  });

  test('PATCH changes what is given and nothing else', async () => {
    await flag('PATCH', { segment_overrides: [override(0, { value: text('x') }), override(1)] });

    const own = await flag('PATCH', { environment_default: { enabled: true } });
    const ofB = await flag('PATCH', { segment_overrides: [{ segment: segment(1), value: text('y'), priority: 0 }] });

    expect(line(own.body)).toBe('old+ a:x+ b:null+');
    expect(line(ofB.body)).toBe('old+ b:y+ a:x+');
    expect(await served()).toBe('old+ b:y+ a:x+');
  });

  test('PUT replaces what is named and leaves the rest', async () => {
    await flag('PATCH', {
      environment_default: { enabled: true },
      segment_overrides: [override(0, { value: text('x') }), override(1)],
    });

    const overrides = await flag('PUT', {
      segment_overrides: [override(2, { priority: 1 }), { segment: segment(0), priority: 0 }],
    });
    const own = await flag('PUT', { environment_default: { value: { type: 'boolean', value: 'true' } } });

    expect(line(overrides.body)).toBe('old+ a:null- c:null+');
    expect(line(own.body)).toBe('true- a:null- c:null+');
  });

  test('one request is one change of what SDKs get', async () => {
    await flag('PATCH', { segment_overrides: [override(0)] });
    const versions: number[] = [await environmentVersion()];

    await flag('PATCH', { environment_default: { enabled: true } });
    versions.push(await environmentVersion());
    await flag('PATCH', { environment_default: { enabled: true, value: text('old') } });
    versions.push(await environmentVersion());

    expect(versions.map((version) => version - (versions[0] as number))).toEqual([0, 1, 1]);
    const [change] = await lastChanges(1);
    expect(change?.log).toBe(
      versioned
        ? `New version published for feature: ${feature.name}`
        : `Flag state updated for feature: ${feature.name}`,
    );
  });

  test('variants are set all at once', async () => {
    const [v, w] = await useMultivariate();

    const put = await flag('PUT', {
      environment_default: {
        enabled: true,
        variants: [
          { id: v, weight: 60 },
          { id: w, weight: 40 },
        ],
      },
    });
    const ofSegment = await flag('PATCH', {
      segment_overrides: [
        override(0, {
          variants: [
            { id: w, weight: 100 },
            { id: v, weight: 0 },
          ],
        }),
      ],
    });
    const reset = await flag('PUT', { segment_overrides: [override(0)] });

    expect(put.body.environment_default.variants).toEqual([
      { id: v, weight: 60 },
      { id: w, weight: 40 },
    ]);
    expect(ofSegment.body.segment_overrides[0].variants).toEqual([
      { id: v, weight: 0 },
      { id: w, weight: 100 },
    ]);
    expect(reset.body.segment_overrides[0].variants).toEqual([
      { id: v, weight: 0 },
      { id: w, weight: 0 },
    ]);
  });

  test('a segment override is removed', async () => {
    await flag('PATCH', { segment_overrides: [override(0), override(1)] });

    const removed = await send('DELETE', `${path()}segment-overrides/${segments[0]}/`);
    const again = await send('DELETE', `${path()}segment-overrides/${segments[0]}/`);

    expect(removed.status).toBe(200);
    expect(line(removed.body)).toBe('old- b:null+');
    expect([again.status, again.body]).toEqual([404, { detail: 'Segment override not found.' }]);
  });

  test('update-flag-v1 sets the default, or one override', async () => {
    const own = await experiment('update-flag-v1', {
      feature: { name: feature.name },
      enabled: true,
      value: text('new'),
    });
    const added = await experiment('update-flag-v1', {
      segment: segment(0),
      enabled: true,
      value: { type: 'integer', value: '1' },
    });
    const second = await experiment('update-flag-v1', {
      segment: { ...segment(1), priority: 0 },
      enabled: false,
      value: text('b'),
    });
    const changed = await experiment('update-flag-v1', { segment: segment(0), enabled: false, value: text('a') });

    expect([own, added, second, changed].map(({ status }) => status)).toEqual([204, 204, 204, 204]);
    expect(await served()).toBe('new+ b:b- a:a-');
  });

  test('update-flag-v2 sets the default and many overrides', async () => {
    const [v] = await useMultivariate();
    const body = (more: object) => ({ environment_default: { enabled: true, value: text('new') }, ...more });
    const answer = await experiment(
      'update-flag-v2',
      body({
        segment_overrides: [
          { segment_id: segments[0], priority: 1, enabled: true, value: text('a') },
          {
            segment_id: segments[1],
            priority: 0,
            enabled: false,
            value: text('b'),
            multivariate_feature_state_values: [{ multivariate_feature_option: v, percentage_allocation: 50 }],
          },
        ],
      }),
    );
    const gone = await experiment('delete-segment-override', { segment: segment(0) });
    const again = await experiment('delete-segment-override', { segment: segment(0) });

    expect([answer.status, gone.status, again.status]).toEqual([204, 204, 404]);
    expect(await served()).toBe('new+ b:b-');
    expect((await flag('GET')).body.segment_overrides[0].variants).toEqual([{ id: v, weight: 50 }]);
  });

  test('undoing a change serves again what was before it', async () => {
    await flag('PATCH', { segment_overrides: [override(0, { value: text('x') }), override(1)] });
    const before = await served();
    await flag('PUT', { segment_overrides: [] });
    const [change] = (await lastChanges(2)).filter(({ before }) => before?.includes('"x"'));
    await flag('PATCH', { environment_default: { enabled: true } });
    const [toggle] = await lastChanges(1);
    await flag('PATCH', { environment_default: { value: text('new') } });

    const revert = (id?: number) =>
      send('POST', `/api/v1/environments/${environment.apiKey}/features/${feature.id}/revert/`, { change_id: id });
    const removal = await revert(change?.id);
    const toggled = await revert(toggle?.id);

    expect(removal.status).toBe(200);
    expect(line(removal.body)).toBe(versioned ? before : 'new+ a:x+');
    expect(line(toggled.body)).toBe(versioned ? 'old-' : 'new- a:x+');
  });
});

describe('reverting', () => {
  const revert = (body: object, as = acme.admin) =>
    send('POST', `/api/v1/environments/${environment.apiKey}/features/${feature.id}/revert/`, body, as);

  test('to a version publishes what it held as a new one', async () => {
    await useVersions();
    await flag('PATCH', { environment_default: { enabled: true }, segment_overrides: [override(0), override(1)] });
    const versions = `/api/v1/environments/${environment.id}/features/${feature.id}/versions/`;
    const [old] = (await send('GET', versions)).body.results;
    const before = await served();
    await flag('PUT', { environment_default: { value: text('worse') }, segment_overrides: [override(2)] });

    const answer = await revert({ version_uuid: old.uuid });

    expect(answer.status).toBe(200);
    expect(line(answer.body)).toBe(before);
    const [newest] = (await send('GET', versions)).body.results;
    expect(newest).toMatchObject({ is_live: true, description: `Revert to version ${old.uuid}` });
    expect(newest.uuid).not.toBe(old.uuid);
  });

  test('leaves variants that came later at nothing, and segments that went away', async () => {
    await useVersions();
    const gone = await createSegment('gone');
    await flag('PATCH', { segment_overrides: [{ segment: { id: gone } }] });
    const versions = `/api/v1/environments/${environment.id}/features/${feature.id}/versions/`;
    const [old] = (await send('GET', versions)).body.results;
    await flag('PATCH', { environment_default: { enabled: true } });
    await send('DELETE', `/api/v1/projects/${acme.projectId}/segments/${gone}/`);
    await send('POST', `/api/v1/projects/${acme.projectId}/features/${feature.id}/mv-options/`, {
      string_value: 'v',
      default_percentage_allocation: 40,
    });

    const answer = await revert({ version_uuid: old.uuid });

    expect(answer.body).toMatchObject({
      environment_default: { enabled: false, variants: [{ weight: 0 }] },
      segment_overrides: [],
    });
  });

  test('undoes a new order, and an override that was made', async () => {
    const inEnvironment = `/api/v1/environments/${environment.apiKey}/features/${feature.id}/create-segment-override/`;
    await send('POST', inEnvironment, { enabled: true, feature_segment: { segment: segments[0] } });
    const { body: b } = await send('POST', inEnvironment, { enabled: true, feature_segment: { segment: segments[1] } });
    const [created] = await lastChanges(1);
    await send('POST', '/api/v1/features/feature-segments/update-priorities/', [
      { id: b.feature_segment.id, priority: 0 },
    ]);
    const [moved] = await lastChanges(1);

    const order = await revert({ change_id: moved?.id });
    const override = await revert({ change_id: created?.id });

    expect(line(order.body)).toBe('old- a:null+ b:null+');
    expect(line(override.body)).toBe('old- a:null+');
  });

  test('refuses what it cannot undo, and what is not of this environment', async () => {
    await send('PATCH', `/api/v1/environments/${environment.apiKey}/`, { description: 'x' });
    const [ofEnvironment] = await lastChanges(1);
    const elsewhere = { ...acme.production };
    await send('PATCH', `/api/v1/environments/${elsewhere.apiKey}/`, { description: `${++made}` });
    const [ofAnother] = await lastChanges(1);

    const answers = [];
    for (const body of [
      { change_id: ofEnvironment?.id },
      { change_id: ofAnother?.id },
      { version_uuid: crypto.randomUUID() },
      {},
    ]) {
      answers.push((await revert(body)).status);
    }

    expect(answers).toEqual([400, 404, 404, 400]);
  });

  test('refuses a version that never went live', async () => {
    await useVersions();
    const versions = `/api/v1/environments/${environment.id}/features/${feature.id}/versions/`;
    const { body: draft } = await send('POST', versions, {});

    const answer = await revert({ version_uuid: draft.uuid });

    expect([answer.status, answer.body]).toEqual([
      400,
      { detail: 'This version never went live. Publish it instead.' },
    ]);
  });

  test('takes both rights', async () => {
    const answers = [];
    for (const as of [
      await memberWith('UPDATE_FEATURE_STATE'),
      await memberWith('VIEW_ENVIRONMENT'),
      rival.admin,
      'Token nobody',
    ]) {
      answers.push((await revert({ change_id: 1 }, as)).status);
    }

    expect(answers).toEqual([403, 403, 404, 401]);
  });
});

describe('a flag refuses', () => {
  const overrideProblem = (error: object) => ({ segment_overrides: [error] });

  test.each([
    [
      'variants of a standard feature',
      'PATCH',
      { environment_default: { variants: [{ id: 1, weight: 1 }] } },
      { environment_default: { variants: ['Feature is not multivariate.'] } },
    ],
    [
      'a value that is no integer',
      'PATCH',
      { environment_default: { value: { type: 'integer', value: 'x' } } },
      { environment_default: { value: ["'x' is not a valid integer."] } },
    ],
    [
      'a value that is no boolean',
      'PUT',
      { environment_default: { value: { type: 'boolean', value: '1' } } },
      { environment_default: { value: ["'1' is not a valid boolean: use 'true' or 'false'."] } },
    ],
    [
      'a segment that is not there',
      'PATCH',
      { segment_overrides: [{ segment: { id: 999_999 } }] },
      overrideProblem({ segment: ['Segment not found.'] }),
    ],
  ] as const)('%s', async (_, method, body, expected) => {
    const answer = await flag(method, body);

    expect([answer.status, answer.body]).toEqual([400, expected]);
  });

  test('variants that are unknown, incomplete or too much', async () => {
    const [v, w] = await useMultivariate();
    const answers = [];
    for (const variants of [
      [{ id: 999_999, weight: 1 }],
      [{ id: v, weight: 1 }],
      [
        { id: v, weight: 60 },
        { id: w, weight: 41 },
      ],
    ]) {
      answers.push((await flag('PATCH', { environment_default: { variants } })).body.environment_default.variants[0]);
    }
    const missing = await flag('PUT', { environment_default: { enabled: true } });

    expect(answers).toEqual([
      'Variant not found.',
      "Must include all feature's variants.",
      'Total weight must not exceed 100.',
    ]);
    expect(missing.body).toEqual({ environment_default: { variants: ["Must include all feature's variants."] } });
  });

  test('a segment named twice, and a priority named twice', async () => {
    const twice = await flag('PATCH', { segment_overrides: [override(0), override(0)] });
    const shared = await flag('PATCH', {
      segment_overrides: [override(0, { priority: 1 }), override(1, { priority: 1 })],
    });

    expect(twice.body).toEqual({ segment_overrides: [{}, { segment: [`Duplicate segment: ${segments[0]}.`] }] });
    expect(shared.body).toEqual({ segment_overrides: ['Segment overrides must not share a priority.'] });
  });

  test('writing where changes are to be requested', async () => {
    await send('PATCH', `/api/v1/environments/${environment.apiKey}/`, { minimum_change_request_approvals: 1 });

    const patch = await flag('PATCH', { environment_default: { enabled: true } });
    const removed = await send('DELETE', `${path()}segment-overrides/${segments[0]}/`);
    const v1 = await experiment('update-flag-v1', { enabled: true, value: text('x') });
    const read = await flag('GET');

    expect([patch.status, patch.body.code]).toEqual([409, 'change_requests_enabled']);
    expect([removed.status, v1.status, read.status]).toEqual([409, 403, 200]);
  });

  test('an unknown feature', async () => {
    feature = { id: 999_999, name: 'x' };

    expect((await flag('GET')).status).toBe(404);
    expect((await flag('PATCH', {})).status).toBe(404);
    expect((await experiment('update-flag-v1', { enabled: true, value: text('x') })).body).toEqual({
      feature: ['Feature not found.'],
    });
  });
});

describe('rights', () => {
  const own = { environment_default: { enabled: true } };
  const overrides = () => ({ segment_overrides: [override(0)] });

  test('are those of the properties that a request names', async () => {
    const states = await memberWith('UPDATE_FEATURE_STATE');
    const places = await memberWith('MANAGE_SEGMENT_OVERRIDES');

    const answers = [];
    for (const as of [states, places]) {
      answers.push([
        (await flag('PATCH', own, as)).status,
        (await flag('PATCH', overrides(), as)).status,
        (await flag('PUT', { ...own, ...overrides() }, as)).status,
        (await flag('GET', undefined, as)).status,
      ]);
    }

    expect(answers).toEqual([
      [200, 403, 403, 200],
      [403, 200, 403, 200],
    ]);
  });

  test('to read alone let nobody write, and without any the flag is hidden', async () => {
    const viewer = await memberWith('VIEW_ENVIRONMENT');

    const answers = [];
    for (const as of [viewer, acme.member, rival.admin, 'Token nobody']) {
      answers.push([(await flag('GET', undefined, as)).status, (await flag('PATCH', own, as)).status]);
    }

    expect(answers).toEqual([
      [200, 404],
      [404, 404],
      [404, 404],
      [401, 401],
    ]);
  });

  test('of the older requests are the same, but refused openly', async () => {
    const states = await memberWith('UPDATE_FEATURE_STATE');
    const body = { enabled: true, value: text('x') };

    const answers = [
      (await experiment('update-flag-v1', body, states)).status,
      (await experiment('update-flag-v1', { ...body, segment: segment(0) }, states)).status,
      (await experiment('update-flag-v1', body, acme.member)).status,
      (await experiment('delete-segment-override', { segment: segment(0) }, rival.admin)).status,
    ];

    expect(answers).toEqual([204, 403, 403, 404]);
  });
});
