import { beforeAll, describe, expect, test } from 'vitest';
import { insertRow } from '../db/statements.ts';
import { testContext } from '../testing/context.ts';
import { seedTenant, seedUser, type Tenant } from '../testing/seed.ts';

/* What belongs to a feature: its tags and its owners. */

const context = testContext();
let acme: Tenant;
let rival: Tenant;
let blue: number;
let green: number;
let foreign: number;

beforeAll(async () => {
  acme = await seedTenant(context.db);
  rival = await seedTenant(context.db);
  blue = await createTag(acme, 'blue');
  green = await createTag(acme, 'green');
  foreign = await createTag(rival, 'foreign');
});

const featuresOf = (tenant: Tenant) => `/api/v1/projects/${tenant.projectId}/features/`;

async function createTag(tenant: Tenant, label: string): Promise<number> {
  const path = `/api/v1/projects/${tenant.projectId}/tags/`;
  return (await context.request({ method: 'POST', path, as: tenant.admin, body: { label } })).body.id;
}

async function createGroup(organisationId: number, name: string): Promise<number> {
  return insertRow(context.db, 'user_groups', {
    organisation_id: organisationId,
    name,
    is_default: 0,
    external_id: null,
  });
}

let names = 0;
async function createFeature(body: object = {}, as = acme.admin, tenant = acme) {
  const given = { name: `feature_${++names}`, ...body };
  return context.request({ method: 'POST', path: featuresOf(tenant), as, body: given });
}

async function change(featureId: number, body: object, method: 'PUT' | 'PATCH' = 'PATCH') {
  return context.request({ method, path: `${featuresOf(acme)}${featureId}/`, as: acme.admin, body });
}

async function act(featureId: number, action: string, body: object, as = acme.admin) {
  return context.request({ method: 'POST', path: `${featuresOf(acme)}${featureId}/${action}/`, as, body });
}

async function namesFound(query: string): Promise<string[]> {
  const answer = await context.request({ path: `${featuresOf(acme)}?${query}`, as: acme.admin });
  return answer.body.results.map((feature: { name: string }) => feature.name);
}

describe('tags of a feature', () => {
  test('are given when it is created, each once', async () => {
    const created = await createFeature({ tags: [green, blue, green] });

    expect(created.status).toBe(201);
    expect(created.body.tags).toEqual([blue, green]);
  });

  test('are replaced as a whole, by an empty list as well', async () => {
    const { body: feature } = await createFeature({ tags: [blue] });

    const replaced = await change(feature.id, { tags: [green] });
    const emptied = await change(feature.id, { tags: [] });

    expect([replaced.body.tags, emptied.body.tags]).toEqual([[green], []]);
  });

  test('stay where an update does not name them', async () => {
    const { body: feature } = await createFeature({ tags: [blue] });

    const changed = await change(feature.id, { description: 'x' });

    expect(changed.body.tags).toEqual([blue]);
  });

  test.each(['POST', 'PATCH'])('are of its own project: %s', async (method) => {
    const { body: feature } = await createFeature();

    const refused =
      method === 'POST' ? await createFeature({ tags: [foreign] }) : await change(feature.id, { tags: [foreign] });

    expect(refused.status).toBe(400);
    expect(refused.body).toEqual({
      non_field_errors: ['Selected Tags must be from the same Project as current Feature'],
    });
  });

  test('go with the tag', async () => {
    const short = await createTag(acme, 'short');
    const { body: feature } = await createFeature({ tags: [short, blue] });

    const path = `/api/v1/projects/${acme.projectId}/tags/${short}/`;
    await context.request({ method: 'DELETE', path, as: acme.admin });

    const read = await context.request({ path: `${featuresOf(acme)}${feature.id}/`, as: acme.admin });
    expect(read.body.tags).toEqual([blue]);
  });

  test('build no document again, but are a change', async () => {
    const { body: feature } = await createFeature();
    const versions = () =>
      context.db.selectFrom('environments').where('project_id', '=', acme.projectId).select('version').execute();
    const before = await versions();

    await change(feature.id, { tags: [blue] });

    expect(await versions()).toEqual(before);
    const changes = await context.db
      .selectFrom('changes')
      .where('object_type', '=', 'FEATURE')
      .where('object_id', '=', feature.id)
      .where('change_type', '=', 'UPDATE')
      .select('log')
      .execute();
    expect(changes).toEqual([{ log: `Flag / Remote Config updated: ${feature.name}` }]);
  });

  test('that are there already are no change', async () => {
    const { body: feature } = await createFeature({ tags: [blue] });

    await change(feature.id, { tags: [blue] });

    const changes = await context.db
      .selectFrom('changes')
      .where('object_type', '=', 'FEATURE')
      .where('object_id', '=', feature.id)
      .select('change_type')
      .execute();
    expect(changes).toEqual([{ change_type: 'CREATE' }]);
  });
});

describe('listing features by tag', () => {
  let tagged: Record<'both' | 'one' | 'none', string>;
  beforeAll(async () => {
    const red = await createTag(acme, 'red');
    const black = await createTag(acme, 'black');
    tagged = {
      both: (await createFeature({ tags: [red, black] })).body.name,
      one: (await createFeature({ tags: [red] })).body.name,
      none: (await createFeature()).body.name,
    };
    ids = { red, black };
  });
  let ids: { red: number; black: number };

  test('asks for all of the tags', async () => {
    expect(await namesFound(`tags=${ids.red},${ids.black}`)).toEqual([tagged.both]);
  });

  test('asks for one of the tags with UNION', async () => {
    expect(await namesFound(`tags=${ids.red},${ids.black}&tag_strategy=UNION`)).toEqual([tagged.both, tagged.one]);
  });

  test('asks for features without any with an empty list', async () => {
    const found = await namesFound('tags=');

    expect(found).toContain(tagged.none);
    expect(found).not.toContain(tagged.one);
  });

  test.each([
    ['tags=a', { tags: ['Tag IDs must be integers.'] }],
    ['owners=1,b', { owners: ['Owner IDs must be integers.'] }],
    ['group_owners=c', { group_owners: ['Group owner IDs must be integers.'] }],
    ['tag_strategy=SOME', { tag_strategy: ['"SOME" is not a valid choice.'] }],
    ['identity=x', { identity: ['Must be a valid integer.'] }],
  ])('names a filter that is no list of ids: %s', async (query, errors) => {
    const refused = await context.request({ path: `${featuresOf(acme)}?${query}`, as: acme.admin });

    expect([refused.status, refused.body]).toEqual([400, errors]);
  });
});

describe('owners of a feature', () => {
  test('are the person who creates it, where nobody else is named', async () => {
    const created = await createFeature();

    expect(created.body.owners).toMatchObject([
      { id: acme.adminId, first_name: 'Test', last_name: 'Person', uuid: expect.any(String) },
    ]);
  });

  test('are nobody where a master key creates it', async () => {
    const created = await createFeature({}, acme.masterKey);

    expect(created.body.owners).toEqual([]);
  });

  test('are those who are named', async () => {
    const member = await seedUser(context.db, { organisationId: acme.organisationId, role: 'USER' });
    const group = await createGroup(acme.organisationId, 'Checkout team');

    const created = await createFeature({ owners: [member.userId], group_owners: [group] });

    expect(created.body.owners.map((owner: { email: string }) => owner.email)).toEqual([member.email]);
    expect(created.body.group_owners).toEqual([{ id: group, name: 'Checkout team' }]);
  });

  test('cannot be people or groups of another organisation', async () => {
    const group = await createGroup(rival.organisationId, 'Theirs');

    const person = await createFeature({ owners: [rival.adminId] });
    const team = await createFeature({ group_owners: [group] });

    expect(person.body).toEqual({ owners: [`Invalid pk "${rival.adminId}" - object does not exist.`] });
    expect(team.body).toEqual({ group_owners: [`Invalid pk "${group}" - object does not exist.`] });
  });

  test('are needed where the project says so', async () => {
    const tenant = await seedTenant(context.db);
    await context.db
      .updateTable('projects')
      .set({ enforce_feature_owners: 1 })
      .where('id', '=', tenant.projectId)
      .execute();

    const refused = await createFeature({}, tenant.admin, tenant);
    const created = await createFeature({ owners: [tenant.adminId] }, tenant.admin, tenant);

    expect(refused.body).toEqual({
      non_field_errors: ['This project requires at least one owner or group owner when creating a feature.'],
    });
    expect(created.status).toBe(201);
  });

  test('are added and removed, and stay with an update that names others', async () => {
    const member = await seedUser(context.db, { organisationId: acme.organisationId, role: 'USER' });
    const { body: feature } = await createFeature();

    const added = await act(feature.id, 'add-owners', { user_ids: [member.userId] });
    const updated = await change(feature.id, { owners: [] });
    const removed = await act(feature.id, 'remove-owners', { user_ids: [acme.adminId] });

    const idsOf = (answer: { body: { owners: { id: number }[] } }) => answer.body.owners.map((owner) => owner.id);
    expect(idsOf(added)).toEqual([acme.adminId, member.userId]);
    expect(idsOf(updated)).toEqual([acme.adminId, member.userId]);
    expect(idsOf(removed)).toEqual([member.userId]);
  });

  test('that are groups are added and removed', async () => {
    const group = await createGroup(acme.organisationId, 'Search team');
    const { body: feature } = await createFeature();

    const added = await act(feature.id, 'add-group-owners', { group_ids: [group] });
    const removed = await act(feature.id, 'remove-group-owners', { group_ids: [group] });

    expect([added.body.group_owners, removed.body.group_owners]).toEqual([[{ id: group, name: 'Search team' }], []]);
  });

  test.each(['add-owners', 'remove-owners'])('%s refuses people of another organisation', async (action) => {
    const { body: feature } = await createFeature();

    const refused = await act(feature.id, action, { user_ids: [acme.adminId, rival.adminId] });

    expect([refused.status, refused.body]).toEqual([400, { non_field_errors: ['Some users not found'] }]);
  });

  test.each(['add-group-owners', 'remove-group-owners'])(
    '%s refuses groups of another organisation',
    async (action) => {
      const group = await createGroup(rival.organisationId, 'Theirs');
      const { body: feature } = await createFeature();

      const refused = await act(feature.id, action, { group_ids: [group] });

      expect([refused.status, refused.body]).toEqual([400, { non_field_errors: ['Some groups not found'] }]);
    },
  );

  test('who left the organisation can still be removed', async () => {
    const member = await seedUser(context.db, { organisationId: acme.organisationId, role: 'USER' });
    const { body: feature } = await createFeature({ owners: [member.userId] });
    await context.db.deleteFrom('organisation_members').where('user_id', '=', member.userId).execute();

    const removed = await act(feature.id, 'remove-owners', { user_ids: [member.userId] });

    expect([removed.status, removed.body.owners]).toEqual([200, []]);
  });

  test('are kept in the audit log by their ids only', async () => {
    const { body: feature } = await createFeature();

    const change = await context.db
      .selectFrom('changes')
      .where('object_type', '=', 'FEATURE')
      .where('object_id', '=', feature.id)
      .select('after')
      .executeTakeFirstOrThrow();

    expect(JSON.parse(change.after as string).owners).toEqual([acme.adminId]);
  });

  test('filter the list, people or groups', async () => {
    const member = await seedUser(context.db, { organisationId: acme.organisationId, role: 'USER' });
    const group = await createGroup(acme.organisationId, 'Filter team');
    const { body: persons } = await createFeature({ owners: [member.userId] });
    const { body: teams } = await createFeature({ group_owners: [group] });

    const found = await namesFound(`owners=${member.userId}&group_owners=${group}`);

    expect(found).toEqual([persons.name, teams.name]);
  });
});

test('a feature that overrides for the segment or the identity asked for comes first', async () => {
  const tenant = await seedTenant(context.db);
  const features = [];
  for (const name of ['a', 'b', 'c']) features.push((await createFeature({ name }, tenant.admin, tenant)).body);
  const post = async (path: string, body: object) =>
    (await context.request({ method: 'POST', path: `/api/v1/${path}`, as: tenant.admin, body })).body;
  const segment = await post(`projects/${tenant.projectId}/segments/`, {
    name: 's',
    rules: [{ type: 'ALL', rules: [], conditions: [{ operator: 'EQUAL', property: 'a', value: 'b' }] }],
  });
  const environment = `environments/${tenant.production.apiKey}`;
  await post(`${environment}/features/${features[2].id}/create-segment-override/`, {
    enabled: true,
    feature_segment: { segment: segment.id },
    feature_state_value: { type: 'unicode', string_value: 'special' },
  });
  const identity = await post(`${environment}/identities/`, { identifier: 'ada' });
  await post(`${environment}/identities/${identity.id}/featurestates/`, { feature: features[1].id, enabled: true });
  const list = async (query: string) =>
    (
      await context.request({
        path: `${featuresOf(tenant)}?environment=${tenant.production.id}&${query}`,
        as: tenant.admin,
      })
    ).body.results;

  const bySegment = await list(`segment=${segment.id}`);
  const byIdentity = await list(`identity=${identity.id}`);

  expect(bySegment.map((one: { name: string }) => one.name)).toEqual(['c', 'a', 'b']);
  expect(bySegment[0].segment_feature_state).toMatchObject({ enabled: true, feature_state_value: 'special' });
  expect(bySegment[1].segment_feature_state).toBeNull();
  expect(byIdentity.map((one: { name: string }) => one.name)).toEqual(['b', 'a', 'c']);
});

test('creating a feature is one record for it, and one for its state in each environment', async () => {
  const { body: feature } = await createFeature({ default_enabled: true });

  const changes = await context.db
    .selectFrom('changes')
    .where('log', '=', `New Flag / Remote Config created: ${feature.name}`)
    .select(['object_type', 'environment_id'])
    .orderBy('id')
    .execute();

  expect(changes).toEqual([
    { object_type: 'FEATURE', environment_id: null },
    { object_type: 'FEATURE_STATE', environment_id: acme.production.id },
    { object_type: 'FEATURE_STATE', environment_id: acme.development.id },
  ]);
});
