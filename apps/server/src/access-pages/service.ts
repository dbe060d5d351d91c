import type * as endpoints from '@halyard/contract';
import type {
  AccessChange,
  AccessGrant,
  AccessLevel,
  AccessPage,
  AccessPerson,
  AccessPlace,
  DetailedPermissions,
  InputOf,
  MemberAccess,
  PeoplePage,
  PermissionDescription,
} from '@halyard/contract';
import { hasPermission, isAdmin } from '../access/rights.ts';
import {
  openOrganisation,
  openProjectWithRights,
  rightsInOrganisation,
  rightsThroughoutOrganisation,
} from '../access/service.ts';
import type { Context } from '../context.ts';
import { forbidden, type FieldErrors, invalid, notFound } from '../errors.ts';
import { listGroups as groupsToManage, listGroupSummaries } from '../groups/service.ts';
import { listInviteLinks, listInvites } from '../invites/service.ts';
import { listMembers } from '../organisation-members/service.ts';
import { detailsOf, grantable, saveGrants } from '../permissions/service.ts';
import { listEnvironments, listGrants, listGroups, listPeople, listProjects, organisationName } from './store.ts';

/** Everybody of an organisation, as far as the caller may know. */
export async function getPeoplePage(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getPeoplePage>,
): Promise<PeoplePage> {
  const rights = await rightsInOrganisation(ctx, params.organisation_id);
  if (rights === null) throw notFound();
  const all = { params, query: { page: 1, page_size: 999 } };
  const groups = (await groupsToManage(ctx, all)).results;
  const managed = new Set(groups.map(({ id }) => id));
  return {
    members: await listMembers(ctx, { params, query: {} }),
    groups,
    other_groups: (await listGroupSummaries(ctx, { params })).filter(({ id }) => !managed.has(id)),
    invites: isAdmin(rights) ? (await listInvites(ctx, all)).results : [],
    invite_links: isAdmin(rights) ? await listInviteLinks(ctx, { params }) : [],
    may_manage_people: isAdmin(rights),
    may_create_groups: hasPermission(rights, 'MANAGE_USER_GROUPS'),
  };
}

/**
 * What a member may do in an organisation, its projects and their environments: one's own, or for an administrator of the
 * organisation anybody's. The number of statements does not depend on how much there is.
 */
export async function getMemberAccess(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getMemberAccess>,
): Promise<MemberAccess> {
  const { organisation_id: organisationId, user_id: userId } = params;
  const isOwn = ctx.actor.kind === 'user' && ctx.actor.userId === userId;
  await openOrganisation(ctx, organisationId, isOwn ? 'MEMBER' : 'ADMIN');
  const [person] = await listPeople(ctx.db, organisationId, userId);
  const rights = await rightsThroughoutOrganisation(ctx, organisationId, userId);
  if (person === undefined || rights === null) throw notFound();
  const groups = await listGroups(ctx.db, organisationId, userId);
  const projects = await listProjects(ctx.db, organisationId);
  const environments = Map.groupBy(await listEnvironments(ctx.db, { organisationId }), ({ project_id }) => project_id);
  return {
    person,
    groups: groups.map(({ id, name }) => ({ id, name })),
    organisation: detailsOf('Organisation', rights.organisation),
    projects: projects.flatMap(({ id, name }) => {
      const ofProject = detailsOf('Project', rights.inProject(id));
      const within = (environments.get(id) ?? [])
        .map((environment) => ({
          id: environment.id,
          name: environment.name,
          ...detailsOf('Environment', rights.inEnvironment(id, environment.id)),
        }))
        .filter(isSomething);
      return within.length > 0 || isSomething(ofProject) ? [{ id, name, ...ofProject, environments: within }] : [];
    }),
    permissions: catalogue,
  };
}

export async function getOrganisationAccess(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getOrganisationAccess>,
): Promise<AccessPage> {
  return shown(ctx, await openOrganisationPlaces(ctx, params.organisation_id));
}

/** @throws RequestError 409 where somebody else changed meanwhile what the draft changes. */
export async function saveOrganisationAccess(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.saveOrganisationAccess>,
): Promise<AccessPage> {
  const scope = await openOrganisationPlaces(ctx, params.organisation_id);
  await save(ctx, scope, body.changes);
  return shown(ctx, scope);
}

export async function getProjectAccess(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getProjectAccess>,
): Promise<AccessPage> {
  return shown(ctx, await openProjectPlaces(ctx, params.project_id));
}

/** @throws RequestError 409 where somebody else changed meanwhile what the draft changes. */
export async function saveProjectAccess(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.saveProjectAccess>,
): Promise<AccessPage> {
  const scope = await openProjectPlaces(ctx, params.project_id);
  await save(ctx, scope, body.changes);
  return shown(ctx, scope);
}

/** The places of one page, as far as the caller may see them. */
interface Places {
  organisationId: number;
  projectId: number | null;
  name: string;
  places: AccessPlace[];
}

/** @throws RequestError 404 for outsiders. */
async function openOrganisationPlaces(ctx: Context, organisationId: number): Promise<Places> {
  const rights = await rightsInOrganisation(ctx, organisationId, 'role');
  if (rights === null) throw notFound();
  const name = await organisationName(ctx.db, organisationId);
  const place = { level: 'organisation', environment: null, name, may_edit: isAdmin(rights) } as const;
  return { organisationId, projectId: null, name, places: [place] };
}

/** @throws RequestError 404 for outsiders, 403 for members who may see neither the project nor one of its environments. */
async function openProjectPlaces(ctx: Context, projectId: number): Promise<Places> {
  const { organisationId, project, rights, rightsIn } = await openProjectWithRights(ctx, projectId, 'MEMBER');
  const environments = (await listEnvironments(ctx.db, { projectId }))
    .map(({ id, name }) => ({ id, name, rights: rightsIn(id) }))
    .filter((environment) => hasPermission(environment.rights, 'VIEW_ENVIRONMENT'));
  if (environments.length === 0 && !hasPermission(rights, 'VIEW_PROJECT')) throw forbidden();
  return {
    organisationId,
    projectId,
    name: project.name,
    places: [
      { level: 'project', environment: null, name: project.name, may_edit: isAdmin(rights) },
      ...environments.map(({ id, name, rights }) => ({
        level: 'environment' as const,
        environment: id,
        name,
        may_edit: isAdmin(rights),
      })),
    ],
  };
}

async function shown(ctx: Context, { organisationId, projectId, name, places }: Places): Promise<AccessPage> {
  const everybody = await listPeople(ctx.db, organisationId);
  const allGroups = await listGroups(ctx.db, organisationId);
  const allGrants = await listGrants(ctx.db, { organisationId, projectId });
  const mayEdit = places.some((place) => place.may_edit);
  const self = ctx.actor.kind === 'user' ? ctx.actor.userId : undefined;
  const ownGroups = allGroups.filter(({ users }) => users.some((user) => user === self));
  const isOwn = ({ user, group }: AccessGrant) =>
    (user !== null && user === self) || ownGroups.some(({ id }) => id === group);
  const placeOf = new Map(places.map((place) => [place.environment, place]));
  return {
    name,
    places,
    permissions: catalogue,
    people: mayEdit ? everybody : everybody.filter(({ id }) => id === self),
    groups: mayEdit ? allGroups : ownGroups.map((group) => ({ ...group, users: [self as number] })),
    grants: allGrants.flatMap((grant) => {
      const place = placeOf.get(grant.environment);
      if (place === undefined) return [];
      if (place.may_edit || isOwn(grant)) return [grant];
      // Who administers the project administers the environment that the caller edits.
      return mayEdit && place.level === 'project' && grant.admin ? [{ ...grant, permissions: [] }] : [];
    }),
    administrators: administratorsOf(everybody, allGroups, allGrants),
  };
}

function administratorsOf(
  people: AccessPerson[],
  groups: { id: number; users: number[] }[],
  grants: AccessGrant[],
): AccessPage['administrators'] {
  const membersOf = new Map(groups.map(({ id, users }) => [id, users]));
  const granted = new Set(
    grants
      .filter(({ admin, environment }) => admin && environment === null)
      .flatMap(({ user, group }) => (user === null ? (membersOf.get(group as number) ?? []) : [user])),
  );
  return people
    .filter(({ id, role }) => role === 'ADMIN' || granted.has(id))
    .slice(0, 20)
    .map(({ id, email, first_name, last_name }) => ({ id, email, first_name, last_name }));
}

/** @throws RequestError 400 for a place that there is not, 403 for one that the caller may not edit. */
async function save(ctx: Context, { organisationId, projectId, places }: Places, changes: AccessChange[]) {
  const placeOf = new Map(places.map((place) => [place.environment, place]));
  const wrong = changes.map(
    ({ environment = null }): FieldErrors =>
      placeOf.has(environment) ? {} : { environment: [`Invalid pk "${environment}" - object does not exist.`] },
  );
  if (wrong.some((errors) => Object.keys(errors).length > 0)) throw invalid({ changes: wrong });
  const chosen = changes.map((change) => ({
    ...change,
    place: placeOf.get(change.environment ?? null) as AccessPlace,
  }));
  if (chosen.some(({ place }) => !place.may_edit)) throw forbidden();
  await saveGrants(
    ctx,
    { organisationId, projectId },
    chosen.map(({ place, ...change }) => ({
      ...change,
      level: levelNames[place.level],
      environment: place.environment,
      words: place.level === 'organisation' ? 'the organisation' : `${place.level} ${place.name}`,
    })),
  );
}

function isSomething(details: DetailedPermissions): boolean {
  return details.admin || details.permissions.length > 0;
}

const levelNames = { organisation: 'Organisation', project: 'Project', environment: 'Environment' } as const;

const catalogue: Record<AccessLevel, PermissionDescription[]> = {
  organisation: grantable('Organisation'),
  project: grantable('Project'),
  environment: grantable('Environment'),
};
