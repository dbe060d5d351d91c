import { beforeEach, expect, test } from 'vitest';
import { testContext } from '../testing/context.ts';
import { seedGrant, seedGroup, seedTenant, seedUser, type Tenant } from '../testing/seed.ts';

const context = testContext();
let acme: Tenant;
let member: { userId: number; authorization: string };

const session = async (as: string) => (await context.request({ path: '/api/v1/session/', as })).body;

beforeEach(async () => {
  acme = await seedTenant(context.db);
  member = await seedUser(context.db, { organisationId: acme.organisationId, role: 'USER' });
});

test('an administrator sees every project with its environments and may do everything', async () => {
  const { organisations } = await session(acme.admin);

  expect(organisations).toMatchObject([
    {
      id: acme.organisationId,
      role: 'ADMIN',
      my_permissions: { admin: true },
      projects: [
        {
          id: acme.projectId,
          my_permissions: { admin: true },
          environments: [
            { id: acme.production.id, api_key: acme.production.apiKey, my_permissions: { admin: true } },
            { id: acme.development.id },
          ],
        },
      ],
    },
  ]);
});

test('a member without grants sees the organisation and none of its projects', async () => {
  const { organisations } = await session(member.authorization);

  expect(organisations).toMatchObject([
    { id: acme.organisationId, role: 'USER', my_permissions: { admin: false }, projects: [] },
  ]);
});

test('what a group may see, its members see, and no more of the project', async () => {
  const { organisationId, projectId } = acme;
  const groupId = await seedGroup(context.db, { organisationId, userIds: [member.userId] });
  await seedGrant(context.db, { organisationId, projectId, to: { groupId }, permissions: ['VIEW_PROJECT'] });
  await seedGrant(context.db, {
    organisationId,
    projectId,
    environmentId: acme.development.id,
    to: { groupId },
    permissions: ['VIEW_ENVIRONMENT', 'UPDATE_FEATURE_STATE'],
  });

  const { organisations } = await session(member.authorization);

  const [project] = organisations[0].projects;
  expect(project.my_permissions).toEqual({ admin: false, permissions: ['VIEW_PROJECT'] });
  expect(project.environments).toMatchObject([
    {
      id: acme.development.id,
      my_permissions: { admin: false, permissions: ['VIEW_ENVIRONMENT', 'UPDATE_FEATURE_STATE'] },
    },
  ]);
});

test('who administers a project administers its environments', async () => {
  const { organisationId, projectId } = acme;
  await seedGrant(context.db, {
    organisationId,
    projectId,
    to: { userId: member.userId },
    admin: true,
    permissions: [],
  });

  const { organisations } = await session(member.authorization);

  expect(organisations[0].projects[0].environments.map((one: any) => one.my_permissions.admin)).toEqual([true, true]);
});

test('nothing of another organisation is told', async () => {
  const other = await seedTenant(context.db);

  const { organisations } = await session(acme.admin);

  expect(organisations.map(({ id }: { id: number }) => id)).not.toContain(other.organisationId);
});

test('creating projects is kept to administrators where the organisation says so', async () => {
  const { organisationId } = acme;
  await seedGrant(context.db, { organisationId, to: { userId: member.userId }, permissions: ['CREATE_PROJECT'] });
  const before = await session(member.authorization);
  await context.request({
    method: 'PATCH',
    path: `/api/v1/organisations/${organisationId}/`,
    as: acme.admin,
    body: { restrict_project_create_to_admin: true },
  });

  const after = await session(member.authorization);

  expect(before.organisations[0].my_permissions.permissions).toEqual(['CREATE_PROJECT']);
  expect(after.organisations[0].my_permissions.permissions).toEqual([]);
});

test.each([
  ['nobody', undefined, 401],
  ['a master key', 'key', 403],
])('%s has no session', async (_, as, status) => {
  const answer = await context.request({ path: '/api/v1/session/', ...(as && { as: acme.masterKey }) });

  expect(answer.status).toBe(status);
});
