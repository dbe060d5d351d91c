import { beforeEach, describe, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { seedGrant, seedGroup, seedTenant, seedUser, type Tenant } from '../testing/seed.ts';

const context = testContext();
let acme: Tenant;
let ana: { userId: number; email: string; authorization: string };
let teamId: number;

beforeEach(async () => {
  acme = await seedTenant(context.db);
  ana = await join();
  teamId = await seedGroup(context.db, { organisationId: acme.organisationId, userIds: [ana.userId] });
});

const join = () => seedUser(context.db, { organisationId: acme.organisationId, role: 'USER' });
const get = (path: string, as = acme.admin) => context.request({ path: `/api/v1/${path}`, as });
const project = () => `projects/${acme.projectId}/access/`;
const organisation = () => `organisations/${acme.organisationId}/access/`;
const save = (changes: unknown[], as = acme.admin, path = project()) =>
  context.request({ method: 'POST', path: `/api/v1/${path}save/`, as, body: { changes } });
const grant = (given: Partial<Parameters<typeof seedGrant>[1]>) =>
  seedGrant(context.db, {
    organisationId: acme.organisationId,
    projectId: acme.projectId,
    to: { userId: ana.userId },
    ...given,
  });
const records = () =>
  context.db
    .selectFrom('changes')
    .where('organisation_id', '=', acme.organisationId)
    .where('object_type', '=', 'PERMISSION')
    .select(['change_type', 'log', 'project_id'])
    .orderBy('id')
    .execute();

describe('the access of a project', () => {
  test('holds people, groups and grants of the project and each environment, in one answer', async () => {
    await grant({ to: { groupId: teamId }, permissions: ['VIEW_PROJECT'] });
    await grant({ environmentId: acme.production.id, permissions: ['VIEW_ENVIRONMENT'] });

    const { body } = await get(project());

    expect(body.places).toEqual([
      { level: 'project', environment: null, name: 'Shop', may_edit: true },
      { level: 'environment', environment: acme.production.id, name: 'Production', may_edit: true },
      { level: 'environment', environment: acme.development.id, name: 'Development', may_edit: true },
    ]);
    expect(body.people.map((one: { id: number }) => one.id)).toContain(ana.userId);
    expect(body.groups).toEqual([{ id: teamId, name: 'Team', users: [ana.userId] }]);
    const base = { user: null, group: null, admin: false };
    expect(body.grants).toEqual([
      { ...base, environment: null, group: teamId, permissions: ['VIEW_PROJECT'] },
      { ...base, environment: acme.production.id, user: ana.userId, permissions: ['VIEW_ENVIRONMENT'] },
    ]);
    expect(body.permissions.environment.map((one: { key: string }) => one.key)).toContain('VIEW_IDENTITIES');
  });

  test('of who may only look is their own, with whom to ask', async () => {
    const bob = await join();
    await grant({ permissions: ['VIEW_PROJECT'] });
    await grant({ to: { userId: bob.userId }, admin: true });

    const { body } = await get(project(), ana.authorization);

    expect(body.places).toEqual([{ level: 'project', environment: null, name: 'Shop', may_edit: false }]);
    expect(body.people.map((one: { id: number }) => one.id)).toEqual([ana.userId]);
    expect(body.grants.map((one: { user: number }) => one.user)).toEqual([ana.userId]);
    expect(body.administrators.map((one: { id: number }) => one.id).toSorted()).toEqual(
      [acme.adminId, bob.userId].toSorted(),
    );
  });

  test('of who administers one environment is all of that one, and who administers the project', async () => {
    const bob = await join();
    await grant({ environmentId: acme.production.id, admin: true });
    await grant({ to: { userId: bob.userId }, admin: true, permissions: ['MANAGE_TAGS'] });
    await grant({ to: { groupId: teamId }, permissions: ['VIEW_PROJECT'] });
    await grant({ environmentId: acme.development.id, to: { userId: bob.userId }, permissions: ['VIEW_ENVIRONMENT'] });
    await grant({ environmentId: acme.production.id, to: { userId: bob.userId }, permissions: ['VIEW_IDENTITIES'] });

    const { body } = await get(project(), ana.authorization);

    expect(body.places.map((one: { name: string; may_edit: boolean }) => [one.name, one.may_edit])).toEqual([
      ['Shop', false],
      ['Production', true],
    ]);
    const bobs = body.grants.filter((one: { user: number }) => one.user === bob.userId);
    expect(bobs).toEqual([
      { environment: null, user: bob.userId, group: null, admin: true, permissions: [] },
      {
        environment: acme.production.id,
        user: bob.userId,
        group: null,
        admin: false,
        permissions: ['VIEW_IDENTITIES'],
      },
    ]);
  });

  test.each([
    ['a member without access', () => acme.member, 403],
    ['an outsider', async () => (await seedTenant(context.db)).admin, 404],
    ['nobody', () => '', 401],
  ])('is not for %s', async (_, as, status) => {
    const who = await as();

    expect((await get(project(), who)).status).toBe(status);
    expect((await save([{ user: ana.userId, permissions: ['VIEW_PROJECT'] }], who)).status).toBe(status);
  });
});

describe('a save', () => {
  test('grants, changes and takes back at many places, and is recorded step by step', async () => {
    const bob = await join();
    await grant({ permissions: ['VIEW_PROJECT'] });
    await grant({ to: { userId: bob.userId }, permissions: ['MANAGE_TAGS'] });

    const { status, body } = await save([
      { user: ana.userId, permissions: ['MANAGE_TAGS', 'VIEW_PROJECT'] },
      { user: bob.userId },
      { group: teamId, environment: acme.production.id, admin: true },
    ]);

    expect(status).toBe(200);
    const given = body.grants.map(({ environment, user, group, admin, permissions }: any) => ({
      at: environment,
      to: user ?? `group ${group}`,
      gets: admin ? 'all' : permissions.join(),
    }));
    expect(given).toEqual([
      { at: null, to: ana.userId, gets: 'VIEW_PROJECT,MANAGE_TAGS' },
      { at: acme.production.id, to: `group ${teamId}`, gets: 'all' },
    ]);
    expect(await records()).toEqual([
      {
        change_type: 'UPDATE',
        log: `Permissions changed for ${ana.email} in project Shop`,
        project_id: acme.projectId,
      },
      {
        change_type: 'DELETE',
        log: `Permissions taken back from ${bob.email} in project Shop`,
        project_id: acme.projectId,
      },
      {
        change_type: 'CREATE',
        log: 'Permissions granted to group Team in environment Production',
        project_id: acme.projectId,
      },
    ]);
  });

  test('is obeyed by the permissions that the API checks, and a repeat changes nothing', async () => {
    const changes = [{ group: teamId, permissions: ['VIEW_PROJECT'] }];
    const before = await get(`projects/${acme.projectId}/`, ana.authorization);
    await save(changes);
    await save(changes);

    const after = await get(`projects/${acme.projectId}/`, ana.authorization);

    expect([before.status, after.status]).toEqual([403, 200]);
    expect(await records()).toHaveLength(1);
  });

  test('writes nothing where one of the changes is not as its draft found it', async () => {
    await grant({ permissions: ['VIEW_PROJECT'] });
    const nothing = { admin: false, permissions: [] };

    const { status, body } = await save([
      { group: teamId, permissions: ['VIEW_PROJECT'], base: nothing },
      { user: ana.userId, permissions: ['MANAGE_TAGS'], base: nothing },
    ]);

    expect(status).toBe(409);
    const current = { admin: false, permissions: ['VIEW_PROJECT'] };
    expect(body).toMatchObject({
      code: 'conflict',
      conflicts: [{ environment: null, user: ana.userId, group: null, yours: nothing, current }],
    });
    expect((await get(project())).body.grants).toHaveLength(1);
  });

  test('says at each change what is wrong with it, and writes nothing', async () => {
    const rival = await seedTenant(context.db);

    const foreign = await save([
      { user: ana.userId, permissions: ['VIEW_PROJECT'] },
      { user: rival.adminId, permissions: ['VIEW_PROJECT', 'VIEW_ENVIRONMENT'] },
      { user: ana.userId },
    ]);
    const elsewhere = await save([{ user: ana.userId, environment: rival.production.id, admin: true }]);
    const both = await save([{ user: ana.userId, group: teamId }]);

    expect(foreign.status).toBe(400);
    expect(foreign.body).toEqual({
      changes: [
        {},
        {
          user: [`Invalid pk "${rival.adminId}" - object does not exist.`],
          permissions: ['Invalid pk "VIEW_ENVIRONMENT" - object does not exist.'],
        },
        { user: ['Named twice at the same place.'] },
      ],
    });
    expect(elsewhere.body).toEqual({
      changes: [{ environment: [`Invalid pk "${rival.production.id}" - object does not exist.`] }],
    });
    expect(both.status).toBe(400);
    expect((await get(project())).body.grants).toEqual([]);
  });

  test('is for who administers every place that it names', async () => {
    await grant({ permissions: ['VIEW_PROJECT'] });
    await grant({ environmentId: acme.production.id, admin: true });
    const within = { user: ana.userId, environment: acme.production.id, permissions: ['VIEW_ENVIRONMENT'] };

    const refused = await save([within, { user: ana.userId, admin: true }], ana.authorization);
    const hidden = await save([{ ...within, environment: acme.development.id }], ana.authorization);
    const done = await save([within], ana.authorization);

    expect([refused.status, hidden.status, done.status]).toEqual([403, 400, 200]);
  });
});

describe('the access of an organisation', () => {
  test('is saved by its administrators alone, and knows no administrators by grant', async () => {
    const changes = [{ user: ana.userId, admin: true, permissions: ['MANAGE_USER_GROUPS'] }];

    const refused = await save(changes, ana.authorization, organisation());
    const { body } = await save(changes, acme.admin, organisation());

    expect(refused.status).toBe(403);
    expect(body.grants).toEqual([
      { environment: null, user: ana.userId, group: null, admin: false, permissions: ['MANAGE_USER_GROUPS'] },
    ]);
    expect((await get(organisation(), ana.authorization)).body).toMatchObject({
      places: [{ level: 'organisation', may_edit: false }],
      people: [{ id: ana.userId }],
    });
  });
});

describe('the access of a member', () => {
  const path = (userId = ana.userId) => `organisations/${acme.organisationId}/users/${userId}/access/`;

  test('says throughout the organisation what there is, and where it comes from', async () => {
    await grant({ to: { groupId: teamId }, permissions: ['VIEW_PROJECT'] });
    await grant({ environmentId: acme.production.id, permissions: ['VIEW_ENVIRONMENT'] });

    const { body } = await get(path(), ana.authorization);

    expect(body).toMatchObject({
      person: { id: ana.userId, role: 'USER' },
      groups: [{ id: teamId, name: 'Team' }],
      organisation: { admin: false, permissions: [] },
      projects: [
        {
          id: acme.projectId,
          permissions: [
            {
              permission_key: 'VIEW_PROJECT',
              is_directly_granted: false,
              derived_from: { groups: [{ id: teamId, name: 'Team' }] },
            },
          ],
          environments: [
            {
              id: acme.production.id,
              permissions: [{ permission_key: 'VIEW_ENVIRONMENT', is_directly_granted: true }],
            },
          ],
        },
      ],
    });
    expect(body.projects[0].environments).toHaveLength(1);
  });

  test('is for oneself and for administrators, and there is none of outsiders', async () => {
    const rival = await seedTenant(context.db);

    expect((await get(path())).status).toBe(200);
    expect((await get(path(), acme.member)).status).toBe(403);
    expect((await get(path(rival.adminId))).status).toBe(404);
    expect((await get(path(), rival.admin)).status).toBe(404);
  });
});

describe('the people of an organisation', () => {
  const path = () => `organisations/${acme.organisationId}/people/`;

  test('are all there for administrators, with groups and invitations', async () => {
    await context.request({
      method: 'POST',
      path: `/api/v1/organisations/${acme.organisationId}/invite-links/`,
      as: acme.admin,
      body: {},
    });

    const { body } = await get(path());

    expect(body).toMatchObject({
      groups: [{ id: teamId, users: [{ id: ana.userId }] }],
      other_groups: [],
      invite_links: [{ role: 'USER' }],
      may_manage_people: true,
      may_create_groups: true,
    });
    expect(body.members).toHaveLength(3);
  });

  test('are members and names of groups for everybody else', async () => {
    const { body } = await get(path(), ana.authorization);

    expect(body).toMatchObject({
      groups: [],
      other_groups: [{ id: teamId, name: 'Team' }],
      invites: [],
      invite_links: [],
      may_manage_people: false,
      may_create_groups: false,
    });
  });
});
