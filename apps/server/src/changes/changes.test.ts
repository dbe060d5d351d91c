import { beforeAll, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { seedTenant, type Tenant } from '../testing/seed.ts';

const context = testContext();
let acme: Tenant;

beforeAll(async () => {
  acme = await seedTenant(context.db);
});

async function newState(name: string): Promise<{ featureId: number; path: string }> {
  const feature = await context.request({
    method: 'POST',
    path: `/api/v1/projects/${acme.projectId}/features/`,
    as: acme.admin,
    body: { name, initial_value: 0 },
  });
  const states = `/api/v1/environments/${acme.production.apiKey}/featurestates/`;
  const { body } = await context.request({ path: `${states}?feature=${feature.body.id}`, as: acme.admin });
  return { featureId: feature.body.id, path: `${states}${body.results[0].id}/` };
}

const changesOf = (stateId: number) =>
  context.db
    .selectFrom('changes')
    .innerJoin('environment_versions', 'environment_versions.change_id', 'changes.id')
    .where('changes.object_type', '=', 'FEATURE_STATE')
    .where('changes.object_id', '=', stateId)
    .select(['environment_versions.version', 'changes.before', 'changes.after', 'changes.log', 'changes.user_id'])
    .orderBy('environment_versions.version')
    .execute();

test('200 concurrent edits all succeed, in one order without a gap', async () => {
  const { path } = await newState('contended');
  const values = Array.from({ length: 200 }, (_, index) => index + 1);

  const answers = await Promise.all(
    values.map((value) =>
      context.request({ method: 'PUT', path, as: acme.admin, body: { feature_state_value: value } }),
    ),
  );

  expect(answers.filter((answer) => answer.status !== 200)).toEqual([]);
  const changes = await changesOf(answers[0]?.body.id);
  expect(changes).toHaveLength(200);
  for (const [index, change] of changes.entries()) {
    const previous = changes[index - 1];
    if (previous === undefined) continue;
    expect(change.version).toBe(previous.version + 1);
    expect(change.before).toBe(previous.after);
  }
  const last = await context.request({ path, as: acme.admin });
  expect(JSON.parse(changes.at(-1)?.after ?? '').feature_state_value).toBe(last.body.feature_state_value);
});

test('a request that turns on and sets a value takes a version for each', async () => {
  const { path } = await newState('twofold');

  const changed = await context.request({
    method: 'PUT',
    path,
    as: acme.admin,
    body: { enabled: true, feature_state_value: 'on' },
  });

  const changes = await changesOf(changed.body.id);
  expect(changes.map((change) => change.log)).toEqual([
    'Flag state updated for feature: twofold',
    'Remote config value updated for feature: twofold',
  ]);
  expect(changes.map((change) => change.user_id)).toEqual([acme.adminId, acme.adminId]);
});

test('a refused request leaves neither a change nor half a write', async () => {
  const { path, featureId } = await newState('untouched');
  const before = await context.request({ path, as: acme.admin });

  const refused = await context.request({
    method: 'PUT',
    path,
    as: acme.admin,
    body: {
      enabled: true,
      multivariate_feature_state_values: [
        { multivariate_feature_option: featureId + 100_000, percentage_allocation: 10 },
      ],
    },
  });

  expect(refused.status).toBe(400);
  const after = await context.request({ path, as: acme.admin });
  expect(after.body).toEqual(before.body);
  expect(await changesOf(before.body.id)).toEqual([]);
});

test('asking for the state a feature already has changes nothing', async () => {
  const { path } = await newState('steady');

  const answer = await context.request({
    method: 'PUT',
    path,
    as: acme.admin,
    body: { enabled: false, feature_state_value: 0 },
  });

  expect(answer.status).toBe(200);
  expect(await changesOf(answer.body.id)).toEqual([]);
});

test('the time of an environment grows with each version, also within one microsecond', async () => {
  const { path } = await newState('quick');
  const times: string[] = [];

  for (const value of [1, 2, 3, 4, 5]) {
    await context.request({ method: 'PUT', path, as: acme.admin, body: { feature_state_value: value } });
    const row = await context.db
      .selectFrom('environments')
      .where('id', '=', acme.production.id)
      .select('updated_at')
      .executeTakeFirstOrThrow();
    times.push(row.updated_at);
  }

  expect(new Set(times).size).toBe(5);
  expect(times).toEqual(times.toSorted());
});
