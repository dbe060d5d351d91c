import { beforeAll, describe, expect, test } from 'vitest';
import { insertRow } from '../db/statements.ts';
import { sha256 } from '../secrets.ts';
import { testContext } from '../testing/context.ts';
import { seedTenant, type Tenant } from '../testing/seed.ts';
import { now } from '../time.ts';

const context = testContext();
let acme: Tenant;
let rival: Tenant;

beforeAll(async () => {
  acme = await seedTenant(context.db);
  rival = await seedTenant(context.db);
});

const segmentsOf = (tenant: Tenant) => `/api/v1/projects/${tenant.projectId}/segments/`;

const emailRule = {
  type: 'ALL',
  rules: [
    {
      type: 'ANY',
      conditions: [{ operator: 'EQUAL', property: 'email', value: 'ann@example.com', description: null }],
    },
  ],
  conditions: [],
};

function send(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: object, as = acme.admin) {
  return context.request({ method, path, as, ...(body !== undefined && { body }) });
}

function createSegment(body: object, tenant = acme) {
  return send('POST', segmentsOf(tenant), { name: 'Some people', rules: [emailRule], ...body }, tenant.admin);
}

async function createFeature(name: string, tenant = acme): Promise<number> {
  const path = `/api/v1/projects/${tenant.projectId}/features/`;
  return (await send('POST', path, { name }, tenant.admin)).body.id;
}

function override(featureId: number, segmentId: number, environment = acme.production) {
  const path = `/api/v1/environments/${environment.apiKey}/features/${featureId}/create-segment-override/`;
  return send('POST', path, { enabled: true, feature_segment: { segment: segmentId } });
}

async function createIdentity(identifier: string, traits: Record<string, string>, environmentId = acme.production.id) {
  const id = await insertRow(context.db, 'identities', {
    environment_id: environmentId,
    identifier,
    identifier_hash: sha256(identifier),
    created_date: now(),
  });
  for (const [trait_key, string_value] of Object.entries(traits)) {
    await insertRow(context.db, 'traits', {
      identity_id: id,
      trait_key,
      value_type: 'unicode',
      string_value,
      integer_value: null,
      boolean_value: null,
      float_value: null,
      created_date: now(),
    });
  }
  return id;
}

async function versionOf(environment: { id: number }): Promise<number> {
  const row = await context.db
    .selectFrom('environments')
    .where('id', '=', environment.id)
    .select('version')
    .executeTakeFirstOrThrow();
  return row.version;
}

async function logOf(tenant: Tenant): Promise<string[]> {
  const rows = await context.db
    .selectFrom('changes')
    .where('project_id', '=', tenant.projectId)
    .orderBy('id')
    .select('log')
    .execute();
  return rows.map((row) => row.log);
}

/** Rules that hold the conditions. */
const ruleWith = (...conditions: object[]) => [{ type: 'ALL', conditions }];

describe('creating a segment', () => {
  test('numbers its rules and conditions and answers the whole tree', async () => {
    const created = await createSegment({ name: 'Ann', description: 'only her' });

    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      name: 'Ann',
      description: 'only her',
      project: acme.projectId,
      feature: null,
      version_of: created.body.id,
      warnings: [],
      rules: [
        {
          id: 1,
          type: 'ALL',
          conditions: [],
          rules: [
            {
              id: 2,
              type: 'ANY',
              rules: [],
              conditions: [
                { id: 3, operator: 'EQUAL', property: 'email', value: 'ann@example.com', description: null },
              ],
            },
          ],
        },
      ],
    });
  });

  test('takes one version in every environment and is audited once', async () => {
    const before = [await versionOf(acme.production), await versionOf(acme.development)];
    const logged = (await logOf(acme)).length;

    await createSegment({ name: 'Audited' });

    expect([await versionOf(acme.production), await versionOf(acme.development)]).toEqual(before.map((v) => v + 1));
    expect((await logOf(acme)).slice(logged)).toEqual(['New Segment created: Audited']);
  });

  test('the environment document carries it', async () => {
    const { body: segment } = await createSegment({ name: 'Published' });

    const { body: document } = await send('GET', `/api/v1/environments/${acme.production.apiKey}/document/`);

    expect(document.project.segments.find(({ id }: { id: number }) => id === segment.id)).toMatchObject({
      name: 'Published',
      rules: [
        { type: 'ALL', conditions: [], rules: [{ conditions: [{ property_: 'email', value: 'ann@example.com' }] }] },
      ],
    });
  });

  test('two segments may have one name', async () => {
    await createSegment({ name: 'Twin' });

    const again = await createSegment({ name: 'Twin' });

    expect(again.status).toBe(201);
  });

  test.each([
    [12, '12'],
    [1.5, '1.5'],
    [true, 'true'],
    [' two blanks ', ' two blanks '],
    ['', ''],
  ])('keeps the value %j as the text %j', async (value, text) => {
    const created = await createSegment({ rules: ruleWith({ operator: 'EQUAL', property: 'age', value }) });

    expect(created.body.rules[0].conditions[0].value).toBe(text);
  });

  test('a condition that needs no value has null', async () => {
    const created = await createSegment({ rules: ruleWith({ operator: 'IS_SET', property: 'age' }) });

    expect(created.body.rules[0].conditions[0].value).toBeNull();
  });

  test('a split over identities needs no property', async () => {
    const created = await createSegment({
      rules: ruleWith({ operator: 'PERCENTAGE_SPLIT', property: null, value: 12.5 }),
    });

    expect(created.body.rules[0].conditions).toMatchObject([{ property: null, value: '12.5' }]);
  });

  test('leaves out what is marked for deletion', async () => {
    const created = await createSegment({
      rules: [
        {
          type: 'ALL',
          rules: [{ type: 'ANY', conditions: [], delete: true }],
          conditions: [
            { operator: 'EQUAL', property: 'a', value: '1' },
            { operator: 'REGEX', property: 'b', value: '(', delete: true },
          ],
        },
        { type: 'NONE', delete: true },
      ],
    });

    expect(created.body.rules).toMatchObject([{ rules: [], conditions: [{ property: 'a' }] }]);
  });

  test.each([
    [{ name: undefined }, { name: ['This field is required.'] }],
    [{ name: ' ' }, { name: ['This field may not be blank.'] }],
    [{ name: 'x'.repeat(2001) }, { name: ['Ensure this field has no more than 2000 characters.'] }],
    [{ rules: undefined }, { rules: ['This field is required.'] }],
    [{ rules: [] }, { rules: ['This list may not be empty.'] }],
    [{ rules: [{ ...emailRule, delete: true }] }, { rules: ['This list may not be empty.'] }],
    [{ rules: [{ type: 'SOME' }] }, { rules: [{ type: ['"SOME" is not a valid choice.'] }] }],
    [
      { rules: ruleWith({ property: 'a', value: 'b' }) },
      { rules: [{ conditions: [{ operator: ['This field is required.'] }] }] },
    ],
    [
      { rules: ruleWith({ operator: 'LIKE', property: 'a', value: 'b' }) },
      { rules: [{ conditions: [{ operator: ['"LIKE" is not a valid choice.'] }] }] },
    ],
    [
      { rules: ruleWith({ operator: 'EQUAL', property: 'a', value: 'x'.repeat(1001) }) },
      { rules: [{ conditions: [{ value: ['Ensure this field has no more than 1000 characters.'] }] }] },
    ],
    [
      { rules: ruleWith({ operator: 'EQUAL', property: 'x'.repeat(1001), value: 'b' }) },
      { rules: [{ conditions: [{ property: ['Ensure this field has no more than 1000 characters.'] }] }] },
    ],
    [
      { rules: [{ type: 'ALL', rules: [{ type: 'ALL', rules: [{ type: 'ALL' }] }] }] },
      { segment: ['Rules must not be nested more than 2 levels deep.'] },
    ],
    [
      { rules: ruleWith(...Array.from({ length: 101 }, () => ({ operator: 'IS_SET', property: 'a' }))) },
      { segment: ['The segment has 101 conditions, which exceeds the maximum condition count of 100.'] },
    ],
    [{ feature: 999_999 }, { feature: ['Invalid pk "999999" - object does not exist.'] }],
  ])('names the field that is wrong: %j', async (body, errors) => {
    const refused = await createSegment(body);

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual(errors);
  });

  test.each([
    [{ operator: 'REGEX', property: 'a', value: '(' }, 'value'],
    [{ operator: 'REGEX', property: 'a', value: '^(?=x)' }, 'value'],
    [{ operator: 'MODULO', property: 'a', value: '4' }, 'value'],
    [{ operator: 'MODULO', property: 'a', value: '0|1' }, 'value'],
    [{ operator: 'PERCENTAGE_SPLIT', property: 'a', value: 'half' }, 'value'],
    [{ operator: 'PERCENTAGE_SPLIT', property: null, value: 101 }, 'value'],
    [{ operator: 'GREATER_THAN', property: 'a', value: 'v1:semver' }, 'value'],
    [{ operator: 'EQUAL', property: 'a' }, 'value'],
    [{ operator: 'EQUAL', property: '', value: 'x' }, 'property'],
    [{ operator: 'IS_SET', property: null }, 'property'],
  ])('refuses a condition that can never match, with the reason: %j', async (condition, field) => {
    const good = { operator: 'IS_SET', property: 'a' };

    const refused = await createSegment({
      rules: [{ type: 'ALL', rules: [{ type: 'ANY', conditions: [good, condition] }], conditions: [] }],
    });

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual({ rules: [{ rules: [{ conditions: [{}, { [field]: [expect.any(String)] }] }] }] });
  });

  test('warns of a pattern that SDKs read differently', async () => {
    const patterns = (value: string) =>
      createSegment({ rules: ruleWith({ operator: 'REGEX', property: 'mail', value }) });

    const floating = await patterns('example');
    const anchored = await patterns('^ann');
    const open = await patterns('.*example');

    expect(floating.status).toBe(201);
    expect(floating.body.warnings).toEqual([expect.stringContaining('mail: ')]);
    expect([anchored.body.warnings, open.body.warnings]).toEqual([[], []]);
  });

  test('warns of a rule that holds for everybody', async () => {
    const created = await createSegment({ rules: [{ type: 'ANY' }] });

    expect(created.body.warnings).toEqual(['A rule without conditions holds for everybody.']);
  });

  test('takes a feature of the project, and no other', async () => {
    const own = await createFeature('own feature');
    const foreign = await createFeature('foreign feature', rival);

    const created = await createSegment({ feature: own });
    const refused = await createSegment({ feature: foreign });

    expect(created.body.feature).toBe(own);
    expect(refused.body).toEqual({ feature: [`Invalid pk "${foreign}" - object does not exist.`] });
  });
});

describe('listing segments', () => {
  const names = (answer: { body: { results: { name: string }[] } }) => answer.body.results.map(({ name }) => name);

  test('finds by part of a name, ignoring case, in the order in which they were made', async () => {
    await createSegment({ name: 'Beta testers' });
    await createSegment({ name: 'Alpha TESTERS' });

    const found = await send('GET', `${segmentsOf(acme)}?q=testers`);

    expect(names(found)).toEqual(['Beta testers', 'Alpha TESTERS']);
    expect(found.body.count).toBe(2);
  });

  test('leaves out segments of one feature where that is asked for', async () => {
    const feature = await createFeature('list feature');
    await createSegment({ name: 'specific one', feature });
    await createSegment({ name: 'specific to none' });

    const all = await send('GET', `${segmentsOf(acme)}?q=specific`);
    const shared = await send('GET', `${segmentsOf(acme)}?q=specific&include_feature_specific=false`);

    expect(names(all)).toEqual(['specific one', 'specific to none']);
    expect(names(shared)).toEqual(['specific to none']);
  });

  test('tells which an identity is in', async () => {
    const berlin = ruleWith({ operator: 'EQUAL', property: 'city', value: 'Berlin' });
    await createSegment({ name: 'in: Berlin', rules: berlin });
    await createSegment({ name: 'in: everybody', rules: ruleWith({ operator: 'PERCENTAGE_SPLIT', value: 100 }) });
    await createSegment({
      name: 'in: Paris',
      rules: ruleWith({ operator: 'EQUAL', property: 'city', value: 'Paris' }),
    });
    const identity = await createIdentity('berliner', { city: 'Berlin' });

    const found = await send('GET', `${segmentsOf(acme)}?q=in:&identity=${identity}`);
    const second = await send('GET', `${segmentsOf(acme)}?q=in:&identity=${identity}&page=2&page_size=1`);

    expect(names(found)).toEqual(['in: Berlin', 'in: everybody']);
    expect(names(second)).toEqual(['in: everybody']);
    expect(second.body.count).toBe(2);
  });

  test('an identity of another tenant is not there', async () => {
    const identity = await createIdentity('stranger', {}, rival.production.id);

    const answer = await send('GET', `${segmentsOf(acme)}?identity=${identity}`);

    expect(answer.status).toBe(404);
  });

  test('pages', async () => {
    const first = await send('GET', `${segmentsOf(acme)}?page_size=1`);

    expect(first.body.results).toHaveLength(1);
    expect(first.body.next).toContain('page=2');
  });
});

describe('changing a segment', () => {
  const pathOf = (segment: { id: number }) => `${segmentsOf(acme)}${segment.id}/`;

  function revisionsOf(segment: { id: number }) {
    return context.db
      .selectFrom('segment_revisions')
      .where('segment_id', '=', segment.id)
      .selectAll()
      .orderBy('version')
      .execute();
  }

  test('keeps the ids that the client repeats and numbers what is new', async () => {
    const { body: segment } = await createSegment({
      rules: ruleWith({ operator: 'IS_SET', property: 'a' }, { operator: 'IS_SET', property: 'b' }),
    });
    const [rule] = segment.rules;
    const [first, second] = rule.conditions;

    const changed = await send('PUT', pathOf(segment), {
      name: segment.name,
      rules: [
        {
          ...rule,
          conditions: [{ ...first, delete: true }, second, { operator: 'IS_SET', property: 'c' }, { ...second }],
        },
      ],
    });

    expect(changed.status).toBe(200);
    expect(changed.body.rules).toMatchObject([
      {
        id: rule.id,
        conditions: [
          { id: second.id, property: 'b' },
          { id: 4, property: 'c' },
          { id: 5, property: 'b' },
        ],
      },
    ]);
  });

  test('keeps the previous version and is audited', async () => {
    const { body: segment } = await createSegment({ name: 'first name' });

    const changed = await send('PATCH', pathOf(segment), { name: 'second name' });

    expect(changed.body).toMatchObject({ name: 'second name', rules: segment.rules, warnings: [] });
    expect(changed.body.updated_at > segment.updated_at).toBe(true);
    expect(await revisionsOf(segment)).toMatchObject([
      { version: 1, name: 'first name', created_at: segment.created_at },
    ]);
    expect((await logOf(acme)).at(-1)).toBe('Segment updated: second name');
  });

  test('replaces the rules where they are given', async () => {
    const { body: segment } = await createSegment({ description: 'stays' });

    const changed = await send('PATCH', pathOf(segment), {
      rules: ruleWith({ operator: 'IS_NOT_SET', property: 'email' }),
    });

    expect(changed.body.description).toBe('stays');
    expect(changed.body.rules).toMatchObject([{ type: 'ALL', conditions: [{ operator: 'IS_NOT_SET' }] }]);
  });

  test('a save that changes nothing keeps no version and takes none, also without ids', async () => {
    const { body: segment } = await createSegment({});
    const before = await versionOf(acme.production);

    const answers = [
      await send('PUT', pathOf(segment), { name: segment.name, description: null, rules: segment.rules }),
      await send('PUT', pathOf(segment), { name: segment.name, rules: [emailRule] }),
      await send('PATCH', pathOf(segment), {}),
    ];

    expect(answers.map(({ body }) => body)).toEqual([segment, segment, segment]);
    expect(await revisionsOf(segment)).toEqual([]);
    expect(await versionOf(acme.production)).toBe(before);
  });

  test('null clears the description', async () => {
    const { body: segment } = await createSegment({ description: 'old' });

    const changed = await send('PATCH', pathOf(segment), { description: null });

    expect(changed.body.description).toBeNull();
  });

  test('it keeps its feature', async () => {
    const feature = await createFeature('kept feature');
    const { body: segment } = await createSegment({ feature });

    const repeated = await send('PATCH', pathOf(segment), { feature });
    const refused = await send('PATCH', pathOf(segment), { feature: null });

    expect(repeated.status).toBe(200);
    expect(refused.status).toBe(400);
    expect(refused.body.feature).toHaveLength(1);
  });

  test('a PUT needs name and rules', async () => {
    const { body: segment } = await createSegment({});

    const refused = await send('PUT', pathOf(segment), {});

    expect(refused.body).toEqual({ name: ['This field is required.'], rules: ['This field is required.'] });
  });

  test('a condition that can never match is refused', async () => {
    const { body: segment } = await createSegment({});

    const refused = await send('PATCH', pathOf(segment), {
      rules: ruleWith({ operator: 'MODULO', property: 'a', value: 'x' }),
    });

    expect(refused.status).toBe(400);
    expect(refused.body.rules[0].conditions[0].value).toHaveLength(1);
  });

  test('saves at the same moment become versions one after the other', async () => {
    const { body: segment } = await createSegment({});

    await Promise.all(
      Array.from({ length: 10 }, (_, i) => send('PATCH', pathOf(segment), { description: `try ${i}` })),
    );

    expect((await revisionsOf(segment)).map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });
});

describe('deleting a segment', () => {
  test('removes its overrides in every environment, and the other ones move up', async () => {
    const feature = await createFeature('overridden');
    const { body: doomed } = await createSegment({ name: 'doomed' });
    const { body: other } = await createSegment({ name: 'other' });
    for (const environment of [acme.production, acme.development]) {
      await override(feature, doomed.id, environment);
      await override(feature, other.id, environment);
    }
    const before = await versionOf(acme.production);

    const deleted = await send('DELETE', `${segmentsOf(acme)}${doomed.id}/`);

    expect(deleted.status).toBe(204);
    const links = await context.db
      .selectFrom('feature_segments')
      .where('feature_id', '=', feature)
      .selectAll()
      .execute();
    expect(links).toHaveLength(2);
    expect(links.every((link) => link.segment_id === other.id && link.priority === 0)).toBe(true);
    const states = await context.db
      .selectFrom('feature_states')
      .where('feature_id', '=', feature)
      .where('feature_segment_id', 'is not', null)
      .selectAll()
      .execute();
    expect(states).toHaveLength(2);
    expect(await versionOf(acme.production)).toBe(before + 1);
    expect((await logOf(acme)).at(-1)).toBe('Segment deleted: doomed');
  });

  test('it is not there any more', async () => {
    const { body: segment } = await createSegment({ name: 'gone for good' });

    await send('DELETE', `${segmentsOf(acme)}${segment.id}/`);

    const again = await send('DELETE', `${segmentsOf(acme)}${segment.id}/`);
    const list = await send('GET', `${segmentsOf(acme)}?q=gone for good`);
    const byUuid = await send('GET', `/api/v1/segments/get-by-uuid/${segment.uuid}/`);
    expect([again.status, list.body.count, byUuid.status]).toEqual([404, 0, 404]);
  });

  test('a feature takes the segments along that only it uses', async () => {
    const feature = await createFeature('short lived');
    const { body: segment } = await createSegment({ feature });
    await override(feature, segment.id);

    await send('DELETE', `/api/v1/projects/${acme.projectId}/features/${feature}/`);

    const answer = await send('GET', `${segmentsOf(acme)}${segment.id}/`);
    expect(answer.status).toBe(404);
  });
});

describe('beside it', () => {
  test('a clone has the rules and no overrides', async () => {
    const feature = await createFeature('cloned');
    const { body: segment } = await createSegment({ name: 'original', description: 'copied' });
    await override(feature, segment.id);

    const clone = await send('POST', `${segmentsOf(acme)}${segment.id}/clone/`, { name: 'copy' });

    expect(clone.status).toBe(201);
    expect(clone.body).toMatchObject({ name: 'copy', description: 'copied', rules: segment.rules });
    expect(clone.body.id).not.toBe(segment.id);
    const features = await send('GET', `${segmentsOf(acme)}${clone.body.id}/associated-features/`);
    expect(features.body.results).toEqual([]);
  });

  test('a clone needs a name', async () => {
    const { body: segment } = await createSegment({});

    const refused = await send('POST', `${segmentsOf(acme)}${segment.id}/clone/`, {});

    expect(refused.body).toEqual({ name: ['This field is required.'] });
  });

  test('associated features are the states that it overrides, in one environment or in all', async () => {
    const feature = await createFeature('associated');
    const { body: segment } = await createSegment({});
    const { body: state } = await override(feature, segment.id, acme.production);
    await override(feature, segment.id, acme.development);
    const path = `${segmentsOf(acme)}${segment.id}/associated-features/`;

    const all = await send('GET', path);
    const production = await send('GET', `${path}?environment=${acme.production.id}`);

    expect(all.body.count).toBe(2);
    expect(production.body.results).toEqual([{ id: state.id, feature, environment: acme.production.id }]);
  });

  test("associated features of another tenant's environment are not there", async () => {
    const { body: segment } = await createSegment({});

    const answer = await send(
      'GET',
      `${segmentsOf(acme)}${segment.id}/associated-features/?environment=${rival.production.id}`,
    );

    expect(answer.status).toBe(404);
  });

  test('it is found by its uuid', async () => {
    const { body: segment } = await createSegment({});

    const found = await send('GET', `/api/v1/segments/get-by-uuid/${segment.uuid}/`, undefined, acme.masterKey);

    expect(found.body.id).toBe(segment.id);
  });
});

describe('who may', () => {
  const bodies: Record<string, object> = {
    POST: { name: 'new', rules: [emailRule] },
    PUT: { name: 'new', rules: [emailRule] },
    PATCH: { name: 'new' },
  };
  const routes: ['GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', string][] = [
    ['GET', '/projects/{project}/segments/'],
    ['POST', '/projects/{project}/segments/'],
    ['GET', '/projects/{project}/segments/{segment}/'],
    ['PUT', '/projects/{project}/segments/{segment}/'],
    ['PATCH', '/projects/{project}/segments/{segment}/'],
    ['DELETE', '/projects/{project}/segments/{segment}/'],
    ['POST', '/projects/{project}/segments/{segment}/clone/'],
    ['GET', '/projects/{project}/segments/{segment}/associated-features/'],
    ['GET', '/segments/get-by-uuid/{uuid}/'],
  ];
  let segment: { id: number; uuid: string };

  beforeAll(async () => {
    segment = (await createSegment({ name: 'Guarded' })).body;
  });

  const addressed = (path: string, tenant: Tenant) =>
    `/api/v1${path
      .replace('{project}', String(tenant.projectId))
      .replace('{segment}', String(segment.id))
      .replace('{uuid}', segment.uuid)}`;

  test.each(routes)('another tenant gets a 404 for %s %s', async (method, path) => {
    const answer = await send(method, addressed(path, acme), bodies[method], rival.admin);

    expect(answer.status).toBe(404);
  });

  test.each(routes.filter(([, path]) => path.includes('{segment}')))(
    'another tenant gets a 404 through its own project for %s %s',
    async (method, path) => {
      const answer = await send(method, addressed(path, rival), bodies[method], rival.admin);

      expect(answer.status).toBe(404);
    },
  );

  test.each(routes)('a member without permissions is refused %s %s', async (method, path) => {
    const answer = await send(method, addressed(path, acme), bodies[method], acme.member);

    expect(answer.status).toBe(403);
  });

  test.each(routes)('nobody is asked for credentials for %s %s', async (method, path) => {
    const body = bodies[method];
    const answer = await context.request({ method, path: addressed(path, acme), ...(body !== undefined && { body }) });

    expect(answer.status).toBe(401);
  });
});
