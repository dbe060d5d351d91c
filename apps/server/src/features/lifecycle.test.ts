import { beforeAll, describe, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { seedTenant, type Tenant } from '../testing/seed.ts';
import { now, plusSeconds } from '../time.ts';

const context = testContext();
let acme: Tenant;
const day = 24 * 60 * 60;

/** One feature of each kind in a project whose limit is 30 days; its name says where it stands. */
beforeAll(async () => {
  acme = await seedTenant(context.db);
  const { body: tag } = await post(`projects/${acme.projectId}/tags/`, { label: 'keep', is_permanent: true });
  await createFeature({ name: 'permanent', tags: [tag.id] }, { created: 100, changed: 100 });
  await createFeature({ name: 'new' }, { created: 3, changed: 3 });
  await createFeature({ name: 'live_young' }, { created: 3, changed: 2 });
  await createFeature({ name: 'live_old' }, { created: 100, changed: 29 });
  await createFeature({ name: 'stale' }, { created: 100, changed: 31 });
  await createFeature({ name: 'to_remove', is_archived: true }, { created: 100, changed: 31 });
});

async function post(path: string, body: object) {
  return context.request({ method: 'POST', path: `/api/v1/${path}`, as: acme.admin, body });
}

/** `changed` counts for Production; Development is as it was made. */
async function createFeature(body: object, daysAgo: { created: number; changed: number }) {
  const { body: feature } = await post(`projects/${acme.projectId}/features/`, body);
  const created = plusSeconds(now(), -daysAgo.created * day);
  const changed = daysAgo.changed === daysAgo.created ? created : plusSeconds(now(), -daysAgo.changed * day);
  await context.db.updateTable('features').set({ created_date: created }).where('id', '=', feature.id).execute();
  const states = context.db.updateTable('feature_states').where('feature_id', '=', feature.id);
  await states.set({ created_at: created, updated_at: created }).execute();
  await states.set({ updated_at: changed }).where('environment_id', '=', acme.production.id).execute();
}

async function list(query: string) {
  return context.request({ path: `/api/v1/projects/${acme.projectId}/features/?${query}`, as: acme.admin });
}

describe('the stage of a feature', () => {
  test('is told in a list of an environment', async () => {
    const { body } = await list(`environment=${acme.production.id}`);

    const stages = body.results.map((one: { name: string; lifecycle_stage: string }) => [
      one.name,
      one.lifecycle_stage,
    ]);
    expect(Object.fromEntries(stages)).toEqual({
      permanent: 'permanent',
      new: 'new',
      live_young: 'live',
      live_old: 'live',
      stale: 'stale',
      to_remove: 'to_remove',
    });
  });

  test('is that of the environment asked for', async () => {
    const { body } = await list(`environment=${acme.development.id}&search=live`);

    expect(body.results.map((one: { lifecycle_stage: string }) => one.lifecycle_stage).toSorted()).toEqual([
      'new',
      'stale',
    ]);
  });

  test('is unknown without an environment', async () => {
    const { body } = await list('search=stale');

    expect(body.results).toMatchObject([
      { lifecycle_stage: null, last_modified_in_any_environment: null, last_modified_in_current_environment: null },
    ]);
  });

  test.each([
    ['permanent', ['permanent']],
    ['new', ['new']],
    ['live', ['live_old', 'live_young']],
    ['stale', ['stale']],
    ['to_remove', ['to_remove']],
    ['needs_monitoring', []],
  ])('filters the list as it is told there: %s', async (stage, names) => {
    const { body } = await list(`environment=${acme.production.id}&lifecycle_stage=${stage}&sort_field=name`);

    expect(body.results.map((one: { name: string }) => one.name)).toEqual(names);
    expect(body.count).toBe(names.length);
  });

  test('is no filter without an environment', async () => {
    expect((await list('lifecycle_stage=stale')).status).toBe(400);
  });

  test('is counted for an environment', async () => {
    const path = `/api/v1/environments/${acme.production.id}/feature-lifecycle-counts/`;

    const counted = await context.request({ path, as: acme.admin });

    expect(counted.body).toEqual({ permanent: 1, new: 1, live: 2, stale: 1, to_remove: 1, needs_monitoring: 0 });
  });
});

test('the last change of a feature is told for the environment and for all', async () => {
  const { body } = await list(`environment=${acme.development.id}&search=live_old`);

  const [feature] = body.results;
  expect(feature.last_modified_in_current_environment).toBe(feature.created_date);
  expect(feature.last_modified_in_any_environment > feature.created_date).toBe(true);
});
