import { beforeAll, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { seedGrant, seedTenant, seedUser, type Tenant } from '../testing/seed.ts';

const context = testContext();
let acme: Tenant;
let rival: Tenant;
let names = 0;

beforeAll(async () => {
  acme = await seedTenant(context.db);
  rival = await seedTenant(context.db);
});

const send = (method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown, as = acme.admin) =>
  context.request({ method, path: `/api/v1/${path}`, as, ...(body !== undefined && { body }) });
const project = () => `projects/${acme.projectId}`;
const aFeature = async () =>
  (await send('POST', `${project()}/features/`, { name: `feature_${(names += 1)}`, initial_value: 'a' })).body;
const save = async (feature: { id: number }, body: unknown) =>
  (await send('POST', `${project()}/features/${feature.id}/save/`, body)).body;
const history = async (feature: { id: number }, query = '', as = acme.admin) =>
  send('GET', `${project()}/features/${feature.id}/history/${query}`, undefined, as);
const stateIn = (environment: number, state: object) => ({ environments: [{ environment, state }] });

test('a save is one step with its note, its parts and all its records', async () => {
  const feature = await aFeature();
  const saved = await save(feature, {
    ...stateIn(acme.production.id, { enabled: true, value: 'b' }),
    settings: { description: 'Text' },
    note: 'Spring sale',
  });

  const { body } = await history(feature);

  expect(body.count).toBe(body.results.length);
  const [step] = body.results;
  expect(step).toMatchObject({
    author: { id: acme.adminId },
    change_set: { id: saved.change_set, kind: 'save', note: 'Spring sale', can_be_undone: true, other_features: 0 },
  });
  expect(step.change_set.parts.map(({ part }: { part: string }) => part).sort()).toEqual(['description', 'states']);
  expect(step.records.length).toBe(3);
  expect(step.records).toContainEqual(
    expect.objectContaining({
      environment: acme.production.id,
      change_details: expect.arrayContaining([{ field: 'feature_state_value', old: 'a', new: 'b' }]),
    }),
  );
});

test('creating a feature is one step, whatever number of environments got a state', async () => {
  const { body } = await history(await aFeature());

  expect([body.count, body.results.length, body.results[0].records.length]).toEqual([1, 1, 3]);
});

test('what undo did is told, and what it undid can not be undone again', async () => {
  const feature = await aFeature();
  const saved = await save(feature, stateIn(acme.production.id, { enabled: true }));
  await send('POST', `${project()}/change-sets/${saved.change_set}/undo/`, {});

  const [undo, first] = (await history(feature)).body.results;

  expect(undo.change_set).toMatchObject({ kind: 'undo', undoes: saved.change_set });
  expect(first.change_set).toMatchObject({ can_be_undone: false, undone_by: undo.change_set.id });
});

test('a bulk action tells each feature its own part, and how many others there are', async () => {
  const [one, other] = [await aFeature(), await aFeature()];
  await send('POST', `${project()}/features/bulk/`, { features: [one.id, other.id], action: 'archive' });

  const [step] = (await history(one)).body.results;

  expect(step.change_set).toMatchObject({ kind: 'bulk', other_features: 1, parts: [{ feature: one.id }] });
});

test('changes through the rest of the API and of its own segments are steps by themselves; those of others are not there', async () => {
  const feature = await aFeature();
  await save(await aFeature(), stateIn(acme.production.id, { enabled: true }));
  const states = `environments/${acme.production.apiKey}/featurestates/`;
  const { id } = (await send('GET', `${states}?feature=${feature.id}`)).body.results[0];
  await send('PUT', `${states}${id}/`, { enabled: true });
  await send('POST', `${project()}/segments/`, {
    name: 'Own',
    feature: feature.id,
    rules: [{ type: 'ALL', rules: [], conditions: [] }],
  });

  const { results } = (await history(feature)).body;

  expect(results.slice(0, 2).map((step: any) => [step.change_set, step.records[0].log])).toEqual([
    [null, expect.stringContaining('Own')],
    [null, `Flag state updated for feature: ${feature.name}`],
  ]);
  expect(results.every((step: any) => !JSON.stringify(step).includes(`feature_${names}"`))).toBe(true);
});

test('pages hold steps, not records', async () => {
  const feature = await aFeature();
  for (const value of ['b', 'c', 'd'])
    await save(feature, stateIn(acme.production.id, { enabled: value !== 'c', value }));

  const first = (await history(feature, '?page_size=2')).body;
  const second = (await history(feature, '?page_size=2&page=2')).body;

  const ids = [...first.results, ...second.results].map(({ id }: { id: number }) => id);
  expect(first.results.length).toBe(2);
  expect(ids).toEqual(ids.toSorted((a, b) => b - a));
  expect(new Set(ids).size).toBe(ids.length);
  expect(first.count).toBe(4);
});

test('environments that one may not see are left out, and without the permission it is refused', async () => {
  const feature = await aFeature();
  await save(feature, {
    environments: [
      { environment: acme.production.id, state: { value: 'secret' } },
      { environment: acme.development.id, state: { value: 'shown' } },
    ],
  });
  const reader = await seedUser(context.db, { organisationId: acme.organisationId, role: 'USER' });
  const place = { organisationId: acme.organisationId, projectId: acme.projectId };
  const permissions = ['VIEW_PROJECT', 'VIEW_AUDIT_LOG'];
  await seedGrant(context.db, { ...place, permissions, to: { userId: reader.userId } });
  await seedGrant(context.db, {
    ...place,
    environmentId: acme.development.id,
    permissions: ['VIEW_ENVIRONMENT'],
    to: { userId: reader.userId },
  });

  const after = await history(feature, '', reader.authorization);

  expect((await history(feature, '', acme.member)).status).toBe(403);
  expect(JSON.stringify(after.body)).toContain('shown');
  expect(JSON.stringify(after.body)).not.toContain('secret');
});

test('a feature of somebody else is not there', async () => {
  const path = `projects/${rival.projectId}/features/`;
  const { body } = await send('POST', path, { name: 'theirs' }, rival.admin);

  expect((await history(body)).status).toBe(404);
});
