import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createOutbound } from '../outbound/client.ts';
import { parseRange } from '../outbound/addresses.ts';
import { testContext } from '../testing/context.ts';
import { seedTenant, type Tenant } from '../testing/seed.ts';
import { ImportFailure, readLaunchDarkly } from './api.ts';
import { type FakeLaunchDarkly, startLaunchDarkly } from './testing.ts';

const variables: Record<string, string> = { OUTBOUND_ALLOWED_RANGES: '127.0.0.0/8' };
let launchDarkly: FakeLaunchDarkly;
beforeAll(async () => {
  launchDarkly = await startLaunchDarkly();
  variables.LAUNCH_DARKLY_URL = launchDarkly.url;
});
afterAll(() => launchDarkly.stop());

const context = testContext(variables);
let tenant: Tenant;

beforeEach(async () => {
  tenant = await seedTenant(context.db);
  launchDarkly.asked.length = 0;
  launchDarkly.first.length = 0;
  launchDarkly.project = shop();
});

const on = { on: true, fallthrough: { variation: 0 }, offVariation: 1 };
const off = { on: false, fallthrough: { variation: 0 }, offVariation: 1 };
const yesNo = [{ value: true }, { value: false }];
const isIn = (attribute: string, ...values: unknown[]) => ({ attribute, op: 'in', values, negate: false });

function shop(): FakeLaunchDarkly['project'] {
  return {
    key: 'shop',
    token: 'api-token',
    environments: [
      { key: 'prod', name: 'Production' },
      { key: 'qa', name: 'Quality' },
    ],
    segments: {
      prod: [
        {
          key: 'beta',
          name: 'Beta people',
          included: ['bob'],
          excluded: ['carol'],
          tags: ['people'],
          rules: [{ clauses: [{ attribute: 'email', op: 'endsWith', values: ['@corp.example'], negate: false }] }],
        },
      ],
      qa: [],
    },
    flags: [
      {
        key: 'new-checkout',
        name: 'The new checkout',
        description: 'One page instead of three.',
        kind: 'boolean',
        variations: yesNo,
        defaults: { onVariation: 0, offVariation: 1 },
        tags: ['team-a', 'shop'],
        environments: {
          prod: {
            ...on,
            fallthrough: { variation: 1 },
            targets: [
              { values: ['alice'], variation: 0 },
              { values: ['zoe'], variation: 1 },
            ],
            rules: [{ variation: 0, clauses: [isIn('country', 'DE', 'FR')], description: 'Near us' }],
          },
          qa: on,
        },
      },
      {
        key: 'greeting',
        kind: 'multivariate',
        variations: [{ value: 'hello', name: 'Polite' }, { value: 'hi', name: 'Short' }, { value: 'hey' }],
        tags: ['shop'],
        environments: {
          prod: {
            on: true,
            offVariation: 2,
            fallthrough: { variation: 0 },
            rules: [
              { variation: 1, clauses: [{ attribute: '', op: 'segmentMatch', values: ['beta'], negate: false }] },
            ],
          },
          qa: {
            on: true,
            offVariation: 2,
            fallthrough: {
              rollout: {
                variations: [
                  { variation: 0, weight: 60_000 },
                  { variation: 1, weight: 30_000 },
                  { variation: 2, weight: 10_000 },
                ],
              },
            },
          },
        },
      },
      {
        key: 'limits',
        kind: 'multivariate',
        variations: [{ value: 7 }, { value: 1.5 }, { value: { max: 3 } }],
        environments: { prod: { ...on, fallthrough: { variation: 2 } }, qa: off },
      },
      {
        key: 'half',
        kind: 'boolean',
        variations: yesNo,
        environments: {
          prod: {
            ...on,
            fallthrough: {
              rollout: {
                variations: [
                  { variation: 0, weight: 50_000 },
                  { variation: 1, weight: 50_000 },
                ],
              },
            },
          },
          qa: off,
        },
      },
      {
        key: 'old',
        kind: 'boolean',
        variations: yesNo,
        archived: true,
        clientSideAvailability: { usingMobileKey: false, usingEnvironmentId: false },
        environments: { prod: off, qa: off },
      },
    ],
  };
}

const path = () => `/api/v1/projects/${tenant.projectId}/imports/launch-darkly/`;

function begin(body: object = { token: 'api-token', project_key: 'shop' }, as = tenant.admin) {
  return context.request({ method: 'POST', path: path(), as, body });
}

async function imported(body?: object) {
  const { body: begun } = await begin(body);
  await context.app.worker.runPending();
  return (await context.request({ path: `${path()}${begun.id}/`, as: tenant.admin })).body;
}

async function get(rest: string) {
  const response = await context.request({ path: `/api/v1/${rest}`, as: tenant.admin });
  expect(response.status).toBe(200);
  return response.body;
}

async function keyOf(environment: string): Promise<string> {
  const { results } = await get(`environments/?project=${tenant.projectId}`);
  return results.find((one: { name: string }) => one.name === environment).api_key;
}

async function flagsOf(environment: string, identifier: string, traits: Record<string, unknown> = {}) {
  await context.app.publisher.publishPending();
  return flagsAt(await keyOf(environment), identifier, traits);
}

async function flagsAt(key: string, identifier: string, traits: Record<string, unknown> = {}) {
  const list = Object.entries(traits).map(([trait_key, trait_value]) => ({ trait_key, trait_value }));
  const answer = await context.app.edge.handle({
    method: 'POST',
    path: '/api/v1/identities/',
    query: '',
    header: (name) => (name === 'x-environment-key' ? key : undefined),
    body: new TextEncoder().encode(JSON.stringify({ identifier, traits: list })),
  });
  const { body } = answer as unknown as { body: string | Uint8Array };
  const { flags } = JSON.parse(typeof body === 'string' ? body : Buffer.from(body).toString('utf8'));
  return Object.fromEntries(
    flags.map((flag: { feature: { name: string }; enabled: boolean; feature_state_value: unknown }) => [
      flag.feature.name,
      [flag.enabled, flag.feature_state_value],
    ]),
  );
}

describe('an import', () => {
  test('is begun at once, and answers who asked for it', async () => {
    const { status, body } = await begin();

    expect(status).toBe(201);
    expect(body).toMatchObject({ project: tenant.projectId, completed_at: null });
    expect(body.created_by).toMatch(/@example\.com$/);
    expect(body.status).toEqual({
      requested_environment_count: null,
      requested_flag_count: null,
      deprecated_flag_count: 0,
      result: null,
      error_messages: [],
    });
  });

  test('of what can all be said here succeeds, and gives people what they got', async () => {
    const { status } = await imported();

    expect(status).toMatchObject({ result: 'success', error_messages: [], requested_environment_count: 2 });
    expect(status.requested_flag_count).toBe(5);
    expect((await flagsOf('Production', 'alice'))['new-checkout']).toEqual([true, null]);
    expect((await flagsOf('Production', 'dave'))['new-checkout']).toEqual([false, null]);
    expect((await flagsOf('Production', 'erik', { country: 'FR' }))['new-checkout']).toEqual([true, null]);
    expect((await flagsOf('Production', 'zoe', { country: 'FR' }))['new-checkout']).toEqual([false, null]);
    expect((await flagsOf('Quality', 'dave'))['new-checkout']).toEqual([true, null]);
    expect((await flagsOf('Production', 'bob')).greeting).toEqual([true, 'hi']);
    expect((await flagsOf('Production', 'ann', { email: 'ann@corp.example' })).greeting).toEqual([true, 'hi']);
    expect((await flagsOf('Production', 'carol', { email: 'c@corp.example' })).greeting).toEqual([true, 'hello']);
    expect((await flagsOf('Production', 'dave')).limits).toEqual([true, '{"max":3}']);
    expect((await flagsOf('Quality', 'dave')).limits).toEqual([false, '1.5']);
  });

  test('uses the environment of the same name, adds the others, and leaves ours off', async () => {
    await imported();

    const { results } = await get(`environments/?project=${tenant.projectId}`);
    const names = results.map((one: { name: string }) => one.name);
    expect(names).toEqual(['Production', 'Development', 'Quality']);
    expect((await flagsOf('Development', 'alice'))['new-checkout']).toEqual([false, null]);
  });

  test('keeps descriptions, tags, archived flags, variations with their weights, and what browsers may not see', async () => {
    await imported();

    const { results } = await get(`projects/${tenant.projectId}/features/`);
    const byName = new Map<string, any>(results.map((one: { name: string }) => [one.name, one]));
    const tags = (await get(`projects/${tenant.projectId}/tags/`)).results;
    expect(byName.get('new-checkout').description).toBe('The new checkout\n\nOne page instead of three.');
    expect(tags.map((tag: { label: string }) => tag.label).sort()).toEqual(['shop', 'team-a']);
    expect(byName.get('new-checkout').tags).toHaveLength(2);
    expect(byName.get('old')).toMatchObject({ is_archived: true, is_server_key_only: true });
    expect(byName.get('greeting')).toMatchObject({ type: 'MULTIVARIATE', is_server_key_only: false });
    expect(byName.get('greeting').multivariate_options.map((one: { key: string }) => one.key)).toEqual([
      'Polite',
      'Short',
      'variation-3',
    ]);
    const states = await get(`environments/${await keyOf('Quality')}/featurestates/?feature_name=greeting`);
    expect(states.results[0].feature_state_value).toBe('hello');
    expect(
      states.results[0].multivariate_feature_state_values.map(
        (one: { percentage_allocation: number }) => one.percentage_allocation,
      ),
    ).toEqual([0, 30, 10]);
  });

  test('has a boolean flag on for the part of people that had it on', async () => {
    await imported();
    await context.app.publisher.publishPending();
    const key = await keyOf('Production');

    const flags: unknown[] = [];
    for (let n = 0; n < 30; n++) flags.push((await flagsAt(key, `person-${n}`)).half?.[0]);

    expect(flags.filter((enabled) => enabled === true).length).toBeGreaterThan(3);
    expect(flags.filter((enabled) => enabled === false).length).toBeGreaterThan(3);
  });

  test('makes a segment for all, and segments of their feature for rules', async () => {
    await imported();

    const { results } = await get(`projects/${tenant.projectId}/segments/`);
    const shown = results.map((one: any) => [one.name, one.feature === null, one.description]);
    expect(shown).toEqual([
      ['Beta people', true, 'Tags: people'],
      ['new-checkout: Near us (Production)', false, null],
      ['half: a part of everybody (Production)', false, null],
    ]);
  });

  test('is told in the audit log as one step and one for each feature', async () => {
    await imported();

    const { results } = await get(`projects/${tenant.projectId}/audit/`);
    const logs = results.map((one: any) => [one.related_object_type, one.log, one.author !== null]);
    expect(logs).toContainEqual(['IMPORT_REQUEST', 'New LaunchDarkly import requested', true]);
    expect(logs).toContainEqual(['IMPORT_REQUEST', 'LaunchDarkly import completed successfully', true]);
    expect(logs).toContainEqual(['FEATURE', 'New Flag / Remote Config created: greeting', true]);
    expect(logs).toContainEqual(['ENVIRONMENT', 'New Environment created: Quality', true]);
  });

  test('asks page by page, with the token and for one environment at a time', async () => {
    await imported();

    expect(launchDarkly.asked).toContain('/api/v2/projects/shop/environments?limit=100&offset=0');
    expect(launchDarkly.asked).toContain('/api/v2/flags/shop?env=prod&summary=0&limit=100&offset=2');
    expect(launchDarkly.asked).toContain(
      '/api/v2/flags/shop?env=qa&summary=0&filter=state%3Aarchived&limit=100&offset=0',
    );
    expect(launchDarkly.asked).toContain('/api/v2/segments/shop/qa?limit=100&offset=0');
  });

  test('into environments with versions makes versions', async () => {
    const key = tenant.production.apiKey;
    await context.request({
      method: 'POST',
      path: `/api/v1/environments/${key}/enable-v2-versioning/`,
      as: tenant.admin,
    });

    await imported();

    const { results } = await get(`projects/${tenant.projectId}/features/?search=greeting`);
    const versions = await get(`environments/${tenant.production.id}/features/${results[0].id}/versions/`);
    expect(versions.results).toHaveLength(1);
    expect((await flagsOf('Production', 'bob')).greeting).toEqual([true, 'hi']);
  });
});

describe('what cannot be said here', () => {
  test('is told item by item, and the rest is imported', async () => {
    const { flags, segments } = launchDarkly.project;
    const rule = (clause: object, description: string) => ({ variation: 0, clauses: [clause], description });
    flags.push({
      key: 'odd',
      kind: 'boolean',
      variations: yesNo,
      environments: {
        prod: {
          ...on,
          fallthrough: { variation: 1 },
          prerequisites: [{ key: 'limits', variation: 0 }],
          contextTargets: [{ values: ['acme'], variation: 0, contextKind: 'organization' }],
          rules: [
            rule({ attribute: 'since', op: 'before', values: ['2026-01-01T00:00:00Z'] }, 'Long ago'),
            rule({ attribute: '/address/city', op: 'in', values: ['Ulm'] }, 'In Ulm'),
            rule({ ...isIn('plan', 'pro'), contextKind: 'organization' }, 'Pro organisations'),
            rule({ attribute: 'email', op: 'matches', values: ['(?=x)'] }, 'Look-ahead'),
            rule({ attribute: '', op: 'segmentMatch', values: ['everyone'] }, 'Members'),
            rule(isIn('country', 'IT'), 'Italy'),
          ],
        },
        qa: { ...off, targets: [{ values: ['alice'], variation: 0 }] },
      },
    });
    segments.prod?.push({ key: 'everyone', name: 'Everyone', unbounded: true });
    flags.push({ key: 'broken', kind: 'boolean', variations: [] });

    const { status } = await imported();

    expect(status.result).toBe('incomplete');
    expect(status.error_messages).toEqual([
      'Flag "broken" was left out: variations is not as LaunchDarkly describes it.',
      'Segment "everyone" in Production was left out: it is a big segment, whose members LaunchDarkly does not list.',
      'Flag "odd" in Production: that it needs the flag "limits" was left out, since features do not depend on each other here.',
      'Flag "odd" in Production: Long ago was left out: "before" compares dates that are text.',
      'Flag "odd" in Production: In Ulm was left out: it looks inside the attribute "/address/city", and traits have no parts.',
      'Flag "odd" in Production: Pro organisations was left out: it is about contexts of the kind "organization", not about users.',
      expect.stringContaining(
        'Flag "odd" in Production: Look-ahead was left out: "^[\\s\\S]*(?:(?=x))" cannot be compared with:',
      ),
      'Flag "odd" in Production: Members was left out: it asks for the segment "everyone", which was not imported.',
      'Flag "odd" in Production: targets of the kind "organization" were left out: identities are users alone.',
      'Flag "odd" in Quality: it is off there, so that its rules and targets came in as off, too.',
    ]);
    expect((await flagsOf('Production', 'dave', { country: 'IT' })).odd).toEqual([true, null]);
    expect((await flagsOf('Quality', 'alice')).odd).toEqual([false, null]);
  });

  test('leaves what the project has already, so that a repeat adds nothing twice', async () => {
    await imported();

    const { status } = await imported();

    expect(status).toMatchObject({ result: 'incomplete', requested_flag_count: 5 });
    expect(status.error_messages).toContain(
      'Flag "half" was left out: the project has a feature of this name already.',
    );
    expect(status.error_messages).toContain(
      'Segment "Beta people" was left out: the project has one of this name already.',
    );
    expect((await get(`projects/${tenant.projectId}/features/`)).count).toBe(5);
    expect((await get(`projects/${tenant.projectId}/segments/`)).count).toBe(3);
    expect((await get(`projects/${tenant.projectId}/tags/`)).count).toBe(2);
  });

  test('keeps to the pattern that names must match', async () => {
    const regex = { feature_name_regex: '[a-z]+' };
    await context.request({
      method: 'PATCH',
      path: `/api/v1/projects/${tenant.projectId}/`,
      as: tenant.admin,
      body: regex,
    });

    const { status } = await imported();

    expect(status.error_messages).toContain('Flag "new-checkout" was left out: names of features must match [a-z]+.');
  });
});

describe('the token', () => {
  const stored = () =>
    context.db
      .selectFrom('launch_darkly_imports')
      .selectAll()
      .where('project_id', '=', tenant.projectId)
      .executeTakeFirstOrThrow();

  test('is encrypted while it waits, and gone afterwards', async () => {
    await begin();

    const waiting = await stored();
    await context.app.worker.runPending();

    const jobs = await context.db.selectFrom('jobs').select('payload').execute();
    expect(waiting.token_encrypted).toEqual(expect.any(String));
    expect(JSON.stringify([waiting, jobs])).not.toContain('api-token');
    expect((await stored()).token_encrypted).toBeNull();
  });

  test('that LaunchDarkly does not take fails the import and is gone, too', async () => {
    const { status, completed_at } = await imported({ token: 'another', project_key: 'shop' });

    expect(completed_at).not.toBeNull();
    expect(status).toMatchObject({ result: 'failure', requested_flag_count: null });
    expect(status.error_messages).toEqual([
      'LaunchDarkly does not take the token, or the token may not read the project.',
    ]);
    expect((await stored()).token_encrypted).toBeNull();
  });
});

describe('a failure', () => {
  test('of a project that LaunchDarkly does not know is told', async () => {
    const { status } = await imported({ token: 'api-token', project_key: 'another' });

    expect(status.error_messages).toEqual(['LaunchDarkly knows no project "another", or the token may not read it.']);
  });

  test('changes nothing, also where the person may not do it any more', async () => {
    await begin();
    await context.db.deleteFrom('organisation_members').where('user_id', '=', tenant.adminId).execute();

    await context.app.worker.runPending();

    const list = await context.request({ path: path(), as: tenant.masterKey });
    expect(list.body[0].status).toMatchObject({
      result: 'failure',
      error_messages: [expect.stringContaining('Not found')],
    });
    const features = await context.request({
      path: `/api/v1/projects/${tenant.projectId}/features/`,
      as: tenant.masterKey,
    });
    expect(features.body.count).toBe(0);
  });

  test('lets the next one begin', async () => {
    await imported({ token: 'another', project_key: 'shop' });

    expect((await imported()).status.result).toBe('success');
  });
});

describe('the endpoints', () => {
  test('one import at a time is under way in a project', async () => {
    await begin();

    const second = await begin();

    expect(second.status).toBe(400);
    expect(second.body).toEqual(['Existing import already in progress for this project']);
    await context.app.worker.runPending();
  });

  test('a list shows the newest first', async () => {
    const first = await imported();
    const second = await imported();

    const { body } = await context.request({ path: path(), as: tenant.admin });

    expect(body.map((one: { id: number }) => one.id)).toEqual([second.id, first.id]);
  });

  test('an import of a master key has no address', async () => {
    const { body } = await begin(undefined, tenant.masterKey);
    await context.app.worker.runPending();

    const { created_by, status } = (await context.request({ path: `${path()}${body.id}/`, as: tenant.masterKey })).body;
    expect([created_by, status.result]).toEqual([null, 'success']);
  });

  test('an import of another project is not found', async () => {
    const { id } = await imported();
    const other = await seedTenant(context.db);

    const asked = await context.request({
      path: `/api/v1/projects/${other.projectId}/imports/launch-darkly/${id}/`,
      as: other.admin,
    });

    expect(asked.status).toBe(404);
  });

  test('take the permission to create environments', async () => {
    const answers = [await begin(undefined, tenant.member), await context.request({ path: path(), as: tenant.member })];

    expect(answers.map(({ status }) => status)).toEqual([403, 403]);
  });

  test('need a token and a key', async () => {
    const { status, body } = await begin({ token: '' });

    expect(status).toBe(400);
    expect(Object.keys(body).sort()).toEqual(['project_key', 'token']);
  });
});

describe('asking LaunchDarkly', () => {
  const waited: number[] = [];
  const outbound = createOutbound({ allowedRanges: [parseRange('127.0.0.0/8') as never] });
  afterAll(() => outbound.close());
  const read = () => {
    waited.length = 0;
    const { signal } = new AbortController();
    const wait = async (ms: number) => void waited.push(ms);
    return readLaunchDarkly({ outbound, url: launchDarkly.url, token: 'api-token', projectKey: 'shop', signal, wait });
  };

  test('waits for as long as a busy one says', async () => {
    launchDarkly.first.push(
      { status: 429, headers: { 'retry-after': '7' } },
      { status: 429, headers: { 'retry-after': '0' } },
    );

    const { flags } = await read();

    expect(waited).toEqual([7000, 0]);
    expect(flags).toHaveLength(5);
  });

  test('waits longer each time where it says nothing, and gives up in the end', async () => {
    launchDarkly.first.push(...Array.from({ length: 6 }, () => ({ status: 503 })));

    await expect(read()).rejects.toThrow(ImportFailure);

    expect(waited).toEqual([2000, 4000, 8000, 16_000, 32_000]);
  });

  test('refuses addresses of the own network', async () => {
    const guarded = createOutbound({ allowedRanges: [] });
    const { signal } = new AbortController();

    const asked = readLaunchDarkly({
      outbound: guarded,
      url: launchDarkly.url,
      token: 't',
      projectKey: 'shop',
      signal,
    });

    await expect(asked).rejects.toThrow(
      'LaunchDarkly cannot be asked: The address is in an internal or private network.',
    );
    await guarded.close();
  });
});
