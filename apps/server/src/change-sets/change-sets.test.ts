import { beforeAll, describe, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { seedGrant, seedTenant, seedUser, type Tenant } from '../testing/seed.ts';

const context = testContext();
let acme: Tenant;
let versioned: { id: number; api_key: string };
let segments: number[];
let tag: number;

interface Served {
  enabled: boolean;
  value: unknown;
  weights: unknown[];
  version: string;
}
let names = 0;

const send = (method: 'GET' | 'POST' | 'PATCH' | 'PUT', path: string, body?: unknown, as = acme.admin) =>
  context.request({ method, path: `/api/v1/${path}`, as, ...(body !== undefined && { body }) });
const made = async (path: string, body: unknown) => {
  const answer = await send('POST', path, body);
  if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
};
const project = () => `projects/${acme.projectId}`;
const aFeature = (body: object = {}) => made(`${project()}/features/`, { name: `feature_${(names += 1)}`, ...body });
const save = (feature: { id: number }, body: unknown, as = acme.admin) =>
  send('POST', `${project()}/features/${feature.id}/save/`, body, as);
const undo = (id: number, as = acme.admin) => send('POST', `${project()}/change-sets/${id}/undo/`, {}, as);
const page = async (feature: { id: number }) => (await send('GET', `${project()}/features/${feature.id}/page/`)).body;
const servedIn = async (feature: { id: number }, environment: number) => {
  const { environments } = await page(feature);
  const found = environments.find((one: { id: number }) => one.id === environment);
  return {
    ...(found.state as Served),
    version: found.version as string,
    overrides: found.segment_overrides.map((one: Served & { segment: { id: number } }) => [
      one.segment.id,
      one.enabled,
      one.value,
    ]),
    identities: found.identity_overrides.results.map((one: Served & { identity: { identifier: string } }) => [
      one.identity.identifier,
      one.enabled,
      one.value,
    ]),
    scheduled: found.scheduled_versions as unknown[],
  };
};
const versionsOf = async (environment: number) =>
  (
    await context.db
      .selectFrom('environment_versions')
      .where('environment_id', '=', environment)
      .select('version')
      .orderBy('version')
      .execute()
  ).map((row) => row.version);
const countOf = async (table: 'changes' | 'change_sets' | 'environment_versions') =>
  Number(
    (
      await context.db
        .selectFrom(table)
        .select((eb) => eb.fn.countAll().as('n'))
        .executeTakeFirstOrThrow()
    ).n,
  );

beforeAll(async () => {
  acme = await seedTenant(context.db);
  versioned = await made('environments/', { name: 'Versioned', project: acme.projectId });
  await made(`environments/${versioned.api_key}/enable-v2-versioning/`, {});
  segments = [];
  for (const name of ['beta', 'staff', 'paying']) {
    const rules = [{ type: 'ALL', rules: [], conditions: [{ operator: 'EQUAL', property: 'plan', value: 'x' }] }];
    segments.push((await made(`${project()}/segments/`, { name, rules })).id);
  }
  tag = (await made(`${project()}/tags/`, { label: 'billing' })).id;
  await made(`environments/${acme.production.apiKey}/identities/`, { identifier: 'ana' });
});

describe('saving a draft', () => {
  test('changes settings, states, overrides and identities of several environments at once', async () => {
    const feature = await aFeature();

    const { status, body } = await save(feature, {
      settings: { description: 'new', tags: [tag], owners: [], is_server_key_only: true },
      environments: [
        {
          environment: acme.production.id,
          state: { enabled: true, value: 12 },
          segment_overrides: [{ segment: segments[1], enabled: true, value: 'staff' }, { segment: segments[0] }],
          identity_overrides: { set: [{ identifier: 'ana', enabled: true, value: 'hers' }] },
        },
        { environment: versioned.id, state: { value: 'v2' }, segment_overrides: [{ segment: segments[2] }] },
      ],
      note: 'launch',
    });

    expect(status).toBe(200);
    expect(body.page.feature).toMatchObject({ description: 'new', tags: [tag], owners: [], is_server_key_only: true });
    expect(await servedIn(feature, acme.production.id)).toMatchObject({
      enabled: true,
      value: 12,
      overrides: [
        [segments[1], true, 'staff'],
        [segments[0], false, null],
      ],
      identities: [['ana', true, 'hers']],
    });
    expect(await servedIn(feature, versioned.id)).toMatchObject({
      value: 'v2',
      overrides: [[segments[2], false, null]],
    });
  });

  test('publishes one version, with the note, where the environment has versions', async () => {
    const feature = await aFeature();
    const state = { enabled: true, value: 'x' };

    await save(feature, {
      environments: [{ environment: versioned.id, state, segment_overrides: [{ segment: segments[0] }] }],
      note: 'why',
    });

    const { body } = await send('GET', `environments/${versioned.id}/features/${feature.id}/versions/`);
    expect(body.results.map((one: { description: string }) => one.description)).toEqual(['why', null]);
  });

  test('keeps its note with each step in the audit log', async () => {
    const feature = await aFeature();

    const { body } = await save(feature, {
      settings: { description: 'new' },
      environments: [{ environment: acme.production.id, state: { enabled: true } }],
      note: 'launch day',
    });

    const { body: audit } = await send('GET', `${project()}/audit/?page_size=2`);
    const changeSet = { id: body.change_set, note: 'launch day' };
    expect(audit.results.map((one: { change_set: unknown }) => one.change_set)).toEqual([changeSet, changeSet]);
  });

  test('that changes nothing makes no change set', async () => {
    const feature = await aFeature();
    const before = await countOf('changes');

    const { body } = await save(feature, {
      settings: { is_archived: false },
      environments: [{ environment: acme.production.id, state: { enabled: false } }],
    });

    expect(body).toMatchObject({ change_set: null, parts: [] });
    expect(await countOf('changes')).toBe(before);
  });

  test('tried only answers what would change and writes nothing', async () => {
    const feature = await aFeature();
    const before = [await countOf('changes'), await countOf('change_sets'), await countOf('environment_versions')];

    const { status, body } = await save(feature, {
      dry_run: true,
      settings: { tags: [tag] },
      environments: [{ environment: acme.production.id, state: { enabled: true } }],
    });

    expect(status).toBe(200);
    expect(body.parts).toEqual([
      { part: 'tags', feature: feature.id, before: [], after: [tag] },
      { part: 'enabled', feature: feature.id, environment: acme.production.id, before: false, after: true },
    ]);
    expect([await countOf('changes'), await countOf('change_sets'), await countOf('environment_versions')]).toEqual(
      before,
    );
    expect((await servedIn(feature, acme.production.id)).enabled).toBe(false);
  });

  test('on what somebody else changed since is refused with what it is now', async () => {
    const feature = await aFeature();
    const { version } = await servedIn(feature, acme.production.id);
    await save(feature, { environments: [{ environment: acme.production.id, state: { value: 'theirs' } }] });

    const { status, body } = await save(feature, {
      environments: [{ environment: acme.production.id, base: version, state: { value: 'mine' } }],
    });

    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'conflict', conflicts: [{ environment: acme.production.id, yours: version }] });
    expect(body.current.environments[0].state.value).toBe('theirs');
  });

  test('of settings that somebody else changed since is refused', async () => {
    const feature = await aFeature();
    const { version } = (await page(feature)).feature;
    await save(feature, { settings: { description: 'theirs' } });

    const { status } = await save(feature, { settings: { base: version, description: 'mine' } });

    expect(status).toBe(409);
  });

  test('writes nothing of it where one part may not be changed, and names that part', async () => {
    const feature = await aFeature();
    const user = await seedUser(context.db, { organisationId: acme.organisationId, role: 'USER' });
    const place = { organisationId: acme.organisationId, projectId: acme.projectId, to: { userId: user.userId } };
    await seedGrant(context.db, { ...place, permissions: ['VIEW_PROJECT', 'CREATE_FEATURE'] });
    const permissions = ['VIEW_ENVIRONMENT', 'UPDATE_FEATURE_STATE'];
    await seedGrant(context.db, { ...place, environmentId: acme.production.id, permissions });

    const { status, body } = await save(
      feature,
      {
        settings: { description: 'mine' },
        environments: [{ environment: acme.production.id, state: { enabled: true }, segment_overrides: [] }],
      },
      user.authorization,
    );

    expect(status).toBe(403);
    expect(body.parts).toEqual([
      {
        part: 'environments.0.segment_overrides',
        permission: 'MANAGE_SEGMENT_OVERRIDES',
        environment: acme.production.id,
      },
    ]);
    expect((await page(feature)).feature.description).toBe(null);
  });

  test.each([
    ['a tag that is not there', () => ({ settings: { tags: [2e9] } }), ['settings', 'tags']],
    [
      'a segment that is not there',
      () => ({ environments: [{ environment: acme.production.id, segment_overrides: [{ segment: 2e9 }] }] }),
      ['environments', 0, 'segment_overrides', 0, 'segment'],
    ],
    [
      'a variant that is not there',
      () => ({
        environments: [
          { environment: acme.production.id, state: { weights: [{ option: 5e8, percentage_allocation: 1 }] } },
        ],
      }),
      ['environments', 0, 'state', 'weights', 0],
    ],
    [
      'an identity that is not there',
      () => ({
        environments: [
          { environment: acme.production.id, identity_overrides: { set: [{ identifier: 'nobody', enabled: true }] } },
        ],
      }),
      ['environments', 0, 'identity_overrides', 'set', 0, 'identity', 0],
    ],
    ['an environment that is not there', () => ({ environments: [{ environment: 2e9 }] }), ['environments', 0]],
    [
      'a time where the environment has no versions',
      () => ({
        live_from: '2099-01-01T00:00:00Z',
        environments: [{ environment: acme.production.id, state: { enabled: true } }],
      }),
      ['live_from'],
    ],
  ])('tells of %s at its field, and writes nothing', async (_, body, path) => {
    const feature = await aFeature();
    const before = await countOf('changes');

    const answer = await save(feature, { ...body(), settings: { description: 'new', ...(body() as any).settings } });

    expect(answer.status).toBe(400);
    expect(path.reduce((at: any, key) => at?.[key], answer.body)).toBeDefined();
    expect(await countOf('changes')).toBe(before);
  });

  test('swaps the weights of variants, adds one and removes one', async () => {
    const option = (string_value: string, default_percentage_allocation: number) => ({
      string_value,
      default_percentage_allocation,
    });
    const feature = await aFeature({ multivariate_options: [option('a', 30), option('b', 60), option('c', 10)] });
    const [a, b] = feature.multivariate_options;

    const { status, body } = await save(feature, {
      settings: {
        multivariate_options: [
          { id: a.id, ...option('a', 60) },
          { id: b.id, ...option('b', 20) },
          { ref: 'new', ...option('d', 20) },
        ],
      },
      environments: [
        {
          environment: acme.production.id,
          state: {
            weights: [
              { option: a.id, percentage_allocation: 60 },
              { option_ref: 'new', percentage_allocation: 40 },
            ],
          },
        },
      ],
    });

    expect(status).toBe(200);
    const options = body.page.feature.multivariate_options;
    expect(options.map((one: any) => [one.string_value, one.default_percentage_allocation])).toEqual([
      ['a', 60],
      ['b', 20],
      ['d', 20],
    ]);
    expect((await servedIn(feature, acme.production.id)).weights).toEqual([
      { option: a.id, percentage_allocation: 60 },
      { option: b.id, percentage_allocation: 0 },
      { option: options[2].id, percentage_allocation: 40 },
    ]);
  });

  test('that removes a variant tells nothing of environments that the person may not see', async () => {
    const multivariate_options = [{ string_value: 'a', default_percentage_allocation: 30 }];
    const feature = await aFeature({ multivariate_options });
    const user = await seedUser(context.db, { organisationId: acme.organisationId, role: 'USER' });
    const place = { organisationId: acme.organisationId, projectId: acme.projectId, to: { userId: user.userId } };
    await seedGrant(context.db, { ...place, permissions: ['VIEW_PROJECT', 'CREATE_FEATURE'] });

    const { body } = await save(feature, { settings: { multivariate_options: [] } }, user.authorization);

    expect(body.parts.map((one: { part: string }) => one.part)).toEqual(['multivariate_options']);
    const read = await send('GET', `${project()}/change-sets/${body.change_set}/`, undefined, user.authorization);
    expect(read.body.parts).toEqual(body.parts);
  });

  test('for later schedules a version, which undo calls off', async () => {
    const feature = await aFeature();

    const { body } = await save(feature, {
      live_from: '2099-01-01T00:00:00Z',
      environments: [{ environment: versioned.id, state: { enabled: true } }],
    });

    expect(await servedIn(feature, versioned.id)).toMatchObject({ enabled: false, scheduled: [{}] });
    expect((await undo(body.change_set)).status).toBe(200);
    expect((await servedIn(feature, versioned.id)).scheduled).toEqual([]);
  });

  test('two hundred at once leave the versions without a gap', async () => {
    const features: { id: number }[] = [];
    for (let index = 0; index < 10; index += 1) features.push(await aFeature());

    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        save(features[index % 10] as { id: number }, {
          environments: [
            { environment: acme.production.id, state: { value: index } },
            { environment: versioned.id, state: { value: index } },
          ],
        }),
      ),
    );

    expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 200));
    for (const environment of [acme.production.id, versioned.id]) {
      const versions = await versionsOf(environment);
      expect(versions).toEqual(versions.map((_, index) => (versions[0] as number) + index));
    }
  }, 120_000);
});

describe('undo', () => {
  test('puts back everything that a save changed', async () => {
    const feature = await aFeature({ tags: [tag], description: 'old' });
    const before = await page(feature);
    const { body } = await save(feature, {
      settings: { description: 'new', tags: [], is_archived: true },
      environments: [
        {
          environment: acme.production.id,
          state: { enabled: true, value: 12 },
          segment_overrides: [{ segment: segments[1], enabled: true }],
          identity_overrides: { set: [{ identifier: 'ana', enabled: true }] },
        },
        { environment: versioned.id, state: { value: 'v2' } },
      ],
    });

    const { status, body: undone } = await undo(body.change_set);

    expect(status).toBe(200);
    const after = await page(feature);
    expect(after.feature.version).toBe(before.feature.version);
    const versions = (one: any) => one.environments.map((environment: any) => environment.version);
    expect(versions(after)).toEqual(versions(before));
    expect(after.environments[0].identity_overrides.count).toBe(0);
    const { body: changeSet } = await send('GET', `${project()}/change-sets/${body.change_set}/`);
    expect(changeSet).toMatchObject({
      can_be_undone: false,
      undone_by: undone.change_set,
      author: { id: acme.adminId },
    });
  });

  test('brings back a variant with the weights that it had', async () => {
    const feature = await aFeature({
      multivariate_options: [{ string_value: 'a', default_percentage_allocation: 30 }],
    });
    const { body } = await save(feature, { settings: { multivariate_options: [] } });

    const { status } = await undo(body.change_set);

    expect(status).toBe(200);
    const after = await page(feature);
    const [option] = after.feature.multivariate_options;
    expect(option).toMatchObject({ string_value: 'a', default_percentage_allocation: 30 });
    for (const environment of after.environments) {
      expect(environment.state.weights).toEqual([{ option: option.id, percentage_allocation: 30 }]);
    }
  });

  test('of what was changed again since is refused', async () => {
    const feature = await aFeature();
    const state = (value: string) => ({ environments: [{ environment: acme.production.id, state: { value } }] });
    const { body } = await save(feature, state('first'));
    await save(feature, state('second'));

    const answer = await undo(body.change_set);

    expect(answer.status).toBe(409);
    expect(answer.body.conflicts).toMatchObject([{ part: { part: 'states' } }]);
    expect((await servedIn(feature, acme.production.id)).value).toBe('second');
  });

  test('happens once', async () => {
    const feature = await aFeature();
    const { body } = await save(feature, { settings: { description: 'new' } });
    await undo(body.change_set);

    expect((await undo(body.change_set)).status).toBe(409);
  });

  test('can be undone itself', async () => {
    const feature = await aFeature();
    const { body } = await save(feature, { settings: { description: 'new' } });
    const { body: undone } = await undo(body.change_set);

    await undo(undone.change_set);

    expect((await page(feature)).feature.description).toBe('new');
  });

  test('takes the permission that the change took', async () => {
    const feature = await aFeature();
    const { body } = await save(feature, { settings: { description: 'new' } });
    const user = await seedUser(context.db, { organisationId: acme.organisationId, role: 'USER' });
    const { organisationId, projectId } = acme;
    const to = { userId: user.userId };
    await seedGrant(context.db, { organisationId, projectId, to, permissions: ['VIEW_PROJECT'] });

    expect((await undo(body.change_set, user.authorization)).status).toBe(403);
  });
});

describe('changing many features', () => {
  const bulk = (body: unknown) => send('POST', `${project()}/features/bulk/`, body);

  test.each(['development', 'versioned'] as const)('turns them on in %s, and back off', async (where) => {
    const environment = where === 'versioned' ? versioned.id : acme.development.id;
    const features = [await aFeature(), await aFeature({ default_enabled: true }), await aFeature()];
    const ids = features.map((feature) => feature.id);

    const { body } = await bulk({ features: ids, action: 'enable', environment });

    expect(body.parts.map((part: any) => [part.part, part.feature])).toEqual([
      ['enabled', ids[0]],
      ['enabled', ids[2]],
    ]);
    expect((await servedIn(features[2], environment)).enabled).toBe(true);
    await undo(body.change_set);
    expect((await servedIn(features[2], environment)).enabled).toBe(false);
    expect((await servedIn(features[1], environment)).enabled).toBe(true);
  });

  test('tags, owns and archives them', async () => {
    const ids = [(await aFeature()).id, (await aFeature()).id];

    await bulk({ features: ids, action: 'add_tags', tags: [tag] });
    await bulk({ features: ids, action: 'remove_owners', owners: [acme.adminId] });
    const { body } = await bulk({ features: ids, action: 'archive' });

    expect(body.parts).toHaveLength(2);
    expect((await page({ id: ids[1] })).feature).toMatchObject({ tags: [tag], owners: [], is_archived: true });
  });

  test('deletes them, which cannot be undone', async () => {
    const ids = [(await aFeature()).id, (await aFeature()).id];

    const { body } = await bulk({ features: ids, action: 'delete' });

    expect((await send('GET', `${project()}/features/${ids[0]}/`)).status).toBe(404);
    expect((await undo(body.change_set)).status).toBe(400);
  });

  test('changes none where one is not there', async () => {
    const feature = await aFeature();

    const { status, body } = await bulk({ features: [feature.id, 2e9], action: 'archive' });

    expect(status).toBe(400);
    expect(body.features).toBeDefined();
    expect((await page(feature)).feature.is_archived).toBe(false);
  });
});

describe('comparing and copying', () => {
  const compare = async () =>
    (await send('GET', `${project()}/compare/?from=${acme.production.id}&to=${versioned.id}`)).body;
  const copy = (body: object) =>
    send('POST', `${project()}/compare/copy/`, { from: acme.production.id, to: versioned.id, ...body });

  test('the same segment overrides are no difference', async () => {
    const feature = await aFeature();
    const segment_overrides = [{ segment: segments[0], enabled: true, value: 'x' }];
    await save(feature, {
      environments: [acme.production.id, versioned.id].map((environment) => ({ environment, segment_overrides })),
    });

    expect((await compare()).same).toContain(feature.id);
  });

  test('copying makes features the same, and undo makes them differ again', async () => {
    const feature = await aFeature();
    const state = { enabled: true, value: 7 };
    const segment_overrides = [{ segment: segments[0], enabled: true, value: 'x' }];
    await save(feature, { environments: [{ environment: acme.production.id, state, segment_overrides }] });
    const differing = (await compare()).differences.find((one: any) => one.feature.id === feature.id);
    expect(differing).toMatchObject({ enabled: true, value: true, weights: false, segment_overrides: true });

    const { body } = await copy({ features: [feature.id], segment_overrides: true });

    expect((await compare()).same).toContain(feature.id);
    await undo(body.change_set);
    expect((await compare()).same).not.toContain(feature.id);
  });

  test('copying without overrides leaves those that are there', async () => {
    const feature = await aFeature();
    await save(feature, {
      environments: [
        { environment: acme.production.id, state: { value: 7 } },
        { environment: versioned.id, segment_overrides: [{ segment: segments[2], enabled: true }] },
      ],
    });

    await copy({ features: [feature.id] });

    expect(await servedIn(feature, versioned.id)).toMatchObject({ value: 7, overrides: [[segments[2], true, null]] });
  });
});
