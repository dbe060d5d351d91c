import { beforeAll, describe, expect, test } from 'vitest';
import { type TestRequest, testContext } from '../testing/context.ts';
import { seedGrant, seedGroup, seedMasterKey, seedTenant, seedUser, type Tenant } from '../testing/seed.ts';
import { environmentPermissions, organisationPermissions, projectPermissions } from './permissions.ts';

const context = testContext();
let acme: Tenant;
let rival: Tenant;
let groupId: number;

beforeAll(async () => {
  acme = await seedTenant(context.db);
  rival = await seedTenant(context.db);
  groupId = await seedGroup(context.db, { organisationId: acme.organisationId });
});

/**
 * Requests that stand for what may be done, by the key that allows them; null where only an administrator may. None
 * changes anything for who may make it: it names an object that there is not, a name that is taken, or no field.
 */
function routes(): [key: string | null, request: TestRequest][] {
  const organisation = `/api/v1/organisations/${acme.organisationId}`;
  const project = `/api/v1/projects/${acme.projectId}`;
  const environment = `/api/v1/environments/${acme.production.apiKey}`;
  const missing = 999_999;
  return [
    [
      'CREATE_PROJECT',
      { method: 'POST', path: '/api/v1/projects/', body: { name: 'Shop', organisation: acme.organisationId } },
    ],
    ['MANAGE_USER_GROUPS', { path: `${organisation}/groups/${groupId}/` }],
    ['MANAGE_USER_GROUPS', { method: 'PATCH', path: `${organisation}/groups/${groupId}/`, body: {} }],
    [null, { path: `${organisation}/` }],
    [null, { path: `${organisation}/master-api-keys/` }],
    [null, { path: `${organisation}/user-permissions/` }],
    [null, { method: 'POST', path: `${organisation}/remove-users/`, body: [] }],

    ['VIEW_PROJECT', { path: `${project}/` }],
    ['VIEW_PROJECT', { path: `${project}/features/` }],
    ['VIEW_PROJECT', { path: `${project}/segments/` }],
    [
      'CREATE_ENVIRONMENT',
      { method: 'POST', path: '/api/v1/environments/', body: { name: 'Production', project: acme.projectId } },
    ],
    ['CREATE_FEATURE', { method: 'PATCH', path: `${project}/features/${missing}/`, body: {} }],
    ['DELETE_FEATURE', { method: 'DELETE', path: `${project}/features/${missing}/` }],
    ['MANAGE_SEGMENTS', { method: 'DELETE', path: `${project}/segments/${missing}/` }],
    ['MANAGE_TAGS', { method: 'DELETE', path: `${project}/tags/${missing}/` }],
    [null, { method: 'PATCH', path: `${project}/`, body: {} }],
    [null, { path: `${project}/environments/` }],
    [null, { path: `${project}/user-permissions/` }],

    ['VIEW_ENVIRONMENT', { path: `${environment}/` }],
    ['VIEW_ENVIRONMENT', { path: `${environment}/document/` }],
    ['VIEW_ENVIRONMENT', { path: `${environment}/featurestates/` }],
    ['VIEW_ENVIRONMENT', { path: `${environment}/user-permissions/` }],
    [
      'UPDATE_FEATURE_STATE',
      { method: 'PATCH', path: `${environment}/featurestates/${missing}/`, body: { enabled: true } },
    ],
    [
      'MANAGE_SEGMENT_OVERRIDES',
      {
        method: 'POST',
        path: `${environment}/features/${missing}/create-segment-override/`,
        body: { enabled: true, feature_segment: { segment: missing } },
      },
    ],
    ['VIEW_IDENTITIES', { path: `${environment}/identities/` }],
    ['MANAGE_IDENTITIES', { method: 'DELETE', path: `${environment}/identities/${missing}/` }],
    [null, { method: 'PATCH', path: `${environment}/`, body: {} }],
    [null, { path: `${environment}/api-keys/` }],
    [null, { method: 'POST', path: `${environment}/user-permissions/`, body: { user: missing } }],
  ];
}

/** Names of the routes that let somebody through: whatever they answer, it is neither 401 nor 403. */
async function openTo(as: string): Promise<string[]> {
  const open: string[] = [];
  for (const [key, request] of routes()) {
    const { status } = await context.request({ ...request, as });
    expect([request.path, status < 500 && status !== 401]).toEqual([request.path, true]);
    if (status !== 403) open.push(nameOf(key, request));
  }
  return open;
}

function nameOf(key: string | null, { method = 'GET', path }: TestRequest): string {
  return `${key ?? 'admin'}: ${method} ${path}`;
}

const allowedBy = (...keys: (string | null)[]) =>
  routes()
    .filter(([key]) => keys.includes(key))
    .map(([key, request]) => nameOf(key, request));

const join = () => seedUser(context.db, { organisationId: acme.organisationId, role: 'USER' });
const places = () => ({
  organisation: { organisationId: acme.organisationId },
  project: { organisationId: acme.organisationId, projectId: acme.projectId },
  environment: {
    organisationId: acme.organisationId,
    projectId: acme.projectId,
    environmentId: acme.production.id,
  },
});

const levels = [
  ['organisation', organisationPermissions],
  ['project', projectPermissions],
  ['environment', environmentPermissions],
] as const;

describe.each(levels)('a key of the %s', (level, keys) => {
  test.each([...keys])('%s alone allows what it says, and nothing else', async (key) => {
    const { userId, authorization } = await join();
    await seedGrant(context.db, { ...places()[level], to: { userId }, permissions: [key] });

    expect(await openTo(authorization)).toEqual(allowedBy(key));
  });

  test('allows as much through a group', async () => {
    const { userId, authorization } = await join();
    const team = await seedGroup(context.db, { organisationId: acme.organisationId, userIds: [userId] });
    await seedGrant(context.db, { ...places()[level], to: { groupId: team }, permissions: [...keys] });

    expect(await openTo(authorization)).toEqual(allowedBy(...keys));
  });
});

describe('without a grant', () => {
  test('a member may do nothing of this', async () => {
    expect(await openTo(acme.member)).toEqual([]);
  });

  test('an administrator of the organisation may do all of it', async () => {
    expect(await openTo(acme.admin)).toHaveLength(routes().length);
  });

  test("an administrator's master key may do all of it but manage keys, and another key nothing", async () => {
    const plain = await seedMasterKey(context.db, { organisationId: acme.organisationId, isAdmin: false });

    expect(await openTo(acme.masterKey)).toEqual(
      routes()
        .filter(([, request]) => !request.path.endsWith('/master-api-keys/'))
        .map(([key, request]) => nameOf(key, request)),
    );
    expect(await openTo(plain)).toEqual([]);
  });
});

describe('an administrator', () => {
  const organisationRoutes = 7;

  test('of a project may do everything in it and in its environments', async () => {
    const { userId, authorization } = await join();
    await seedGrant(context.db, { ...places().project, to: { userId }, admin: true });

    expect(await openTo(authorization)).toEqual(
      routes()
        .slice(organisationRoutes)
        .map(([key, request]) => nameOf(key, request)),
    );
  });

  test('of an environment may do everything in it, and nothing in its project or beside it', async () => {
    const { userId, authorization } = await join();
    await seedGrant(context.db, { ...places().environment, to: { userId }, admin: true });

    expect(await openTo(authorization)).toEqual(
      routes()
        .filter(([, request]) => request.path.startsWith(`/api/v1/environments/${acme.production.apiKey}/`))
        .map(([key, request]) => nameOf(key, request)),
    );
    const beside = await context.request({
      path: `/api/v1/environments/${acme.development.apiKey}/`,
      as: authorization,
    });
    expect(beside.status).toBe(403);
  });
});

describe('a grant', () => {
  test('adds to what others give', async () => {
    const { userId, authorization } = await join();
    const team = await seedGroup(context.db, { organisationId: acme.organisationId, userIds: [userId] });
    await seedGrant(context.db, { ...places().project, to: { userId }, permissions: ['VIEW_PROJECT'] });
    await seedGrant(context.db, { ...places().project, to: { groupId: team }, permissions: ['MANAGE_TAGS'] });

    expect(await openTo(authorization)).toEqual(allowedBy('VIEW_PROJECT', 'MANAGE_TAGS'));
  });

  test('to somebody who is not of the organisation gives nothing, and tells nothing', async () => {
    const outsider = await seedUser(context.db, { organisationId: rival.organisationId, role: 'ADMIN' });
    for (const place of Object.values(places())) {
      await seedGrant(context.db, {
        ...place,
        to: { userId: outsider.userId },
        admin: true,
        permissions: ['VIEW_PROJECT'],
      });
    }

    for (const path of [`/api/v1/projects/${acme.projectId}/`, `/api/v1/environments/${acme.production.apiKey}/`]) {
      expect((await context.request({ path, as: outsider.authorization })).status).toBe(404);
    }
    const list = await context.request({ path: '/api/v1/projects/', as: outsider.authorization });
    expect(list.body.map((project: { id: number }) => project.id)).not.toContain(acme.projectId);
  });

  test('to create projects counts for nothing where the organisation keeps that to its administrators', async () => {
    const tenant = await seedTenant(context.db);
    const { organisationId } = tenant;
    const { userId, authorization } = await seedUser(context.db, { organisationId, role: 'USER' });
    await seedGrant(context.db, { organisationId, to: { userId }, permissions: ['CREATE_PROJECT'] });
    await context.request({
      method: 'PATCH',
      path: `/api/v1/organisations/${organisationId}/`,
      as: tenant.admin,
      body: { restrict_project_create_to_admin: true },
    });

    const refused = await context.request({
      method: 'POST',
      path: '/api/v1/projects/',
      as: authorization,
      body: { name: 'Mine', organisation: organisationId },
    });
    const own = await context.request({
      path: `/api/v1/organisations/${organisationId}/my-permissions/`,
      as: authorization,
    });

    expect(refused.status).toBe(403);
    expect(own.body.permissions).toEqual([]);
  });
});

describe('lists', () => {
  test('show the projects that one may see, wherever the right comes from', async () => {
    const tenant = await seedTenant(context.db);
    const { organisationId, projectId } = tenant;
    const direct = await seedUser(context.db, { organisationId, role: 'USER' });
    const grouped = await seedUser(context.db, { organisationId, role: 'USER' });
    const other = await seedUser(context.db, { organisationId, role: 'USER' });
    const team = await seedGroup(context.db, { organisationId, userIds: [grouped.userId] });
    const place = { organisationId, projectId };
    await seedGrant(context.db, { ...place, to: { userId: direct.userId }, permissions: ['VIEW_PROJECT'] });
    await seedGrant(context.db, { ...place, to: { groupId: team }, admin: true });
    await seedGrant(context.db, { ...place, to: { userId: other.userId }, permissions: ['MANAGE_TAGS'] });

    for (const path of ['/api/v1/projects/', `/api/v1/organisations/${organisationId}/projects/`]) {
      const seen = async (as: string) =>
        (await context.request({ path, as })).body.map((project: { id: number }) => project.id);
      expect(await seen(direct.authorization)).toEqual([projectId]);
      expect(await seen(grouped.authorization)).toEqual([projectId]);
      expect(await seen(other.authorization)).toEqual([]);
      expect(await seen(tenant.member)).toEqual([]);
    }
  });

  test('show the environments that one may see, and none to who sees only the project', async () => {
    const { organisationId, projectId } = acme;
    const one = await join();
    const viewer = await join();
    const projectAdmin = await join();
    const place = { organisationId, projectId };
    await seedGrant(context.db, {
      ...place,
      environmentId: acme.development.id,
      to: { userId: one.userId },
      permissions: ['VIEW_ENVIRONMENT'],
    });
    await seedGrant(context.db, {
      ...place,
      environmentId: acme.production.id,
      to: { userId: one.userId },
      permissions: ['UPDATE_FEATURE_STATE'],
    });
    await seedGrant(context.db, { ...place, to: { userId: viewer.userId }, permissions: ['VIEW_PROJECT'] });
    await seedGrant(context.db, { ...place, to: { userId: projectAdmin.userId }, admin: true });
    const seen = async (as: string) => {
      const { body } = await context.request({ path: `/api/v1/environments/?project=${projectId}`, as });
      return [body.count, body.results.map((environment: { id: number }) => environment.id)];
    };

    expect(await seen(one.authorization)).toEqual([1, [acme.development.id]]);
    expect(await seen(viewer.authorization)).toEqual([0, []]);
    expect(await seen(projectAdmin.authorization)).toEqual([2, [acme.production.id, acme.development.id]]);
  });
});

describe('whoever creates', () => {
  test('a project or an environment administers it, and so for a clone', async () => {
    const { organisationId } = acme;
    const { userId, authorization: as } = await join();
    await seedGrant(context.db, { organisationId, to: { userId }, permissions: ['CREATE_PROJECT'] });

    const post = (path: string, body: object) => context.request({ method: 'POST', path: `/api/v1/${path}`, as, body });
    const project = await post('projects/', { name: 'Mine', organisation: organisationId });
    const environment = await post('environments/', { name: 'Staging', project: project.body.id });
    const clone = await post(`environments/${environment.body.api_key}/clone/`, { name: 'Copy' });

    expect([project.status, environment.status, clone.status]).toEqual([201, 201, 200]);
    const rows = await context.db
      .selectFrom('permission_grants')
      .where('user_id', '=', userId)
      .where('admin', '=', 1)
      .select(['project_id', 'environment_id'])
      .orderBy('id')
      .execute();
    expect(rows).toEqual([
      { project_id: project.body.id, environment_id: null },
      { project_id: project.body.id, environment_id: environment.body.id },
      { project_id: project.body.id, environment_id: clone.body.id },
    ]);
  });

  test('a project with a master key leaves nobody a grant', async () => {
    const made = await context.request({
      method: 'POST',
      path: '/api/v1/projects/',
      as: acme.masterKey,
      body: { name: 'By a key', organisation: acme.organisationId },
    });

    const grants = await context.db
      .selectFrom('permission_grants')
      .where('project_id', '=', made.body.id)
      .select('id')
      .execute();
    expect([made.status, grants]).toEqual([201, []]);
  });
});
