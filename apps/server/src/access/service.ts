import type { Selectable } from 'kysely';
import type { Actor, Context } from '../context.ts';
import type { Database, EnvironmentTable, FeatureTable, ProjectTable } from '../db/tables.ts';
import type { Vault } from '../secrets.ts';
import { forbidden, notFound, unauthenticated } from '../errors.ts';
import { sha256 } from '../secrets.ts';
import { plusSeconds, type Timestamp } from '../time.ts';
import type { EnvironmentPermission, OrganisationPermission, ProjectPermission } from './permissions.ts';
import { type Grant, hasPermission, isAdmin, type Rights } from './rights.ts';
import {
  findApplicationUser,
  findEnvironment,
  findFeature,
  findMasterKey,
  findOrganisation,
  findProject,
  findRole,
  findTokenUser,
  findTrusted,
  type GrantRow,
  listGrants,
  listMemberships,
  noteKeyUse,
} from './store.ts';
import { scopesFrom } from './scopes.ts';
import { readTrustToken } from './trust-token.ts';

/** An organisation that the actor may use as it asked. */
export interface OrganisationScope {
  organisationId: number;
}

/** A project that the actor may use, reached through its organisation. */
export interface ProjectScope extends OrganisationScope {
  projectId: number;
  project: Selectable<ProjectTable>;
}

/** An environment that the actor may use, reached through its project. */
export interface EnvironmentScope extends ProjectScope {
  environmentId: number;
  environment: Selectable<EnvironmentTable>;
}

/** A feature that the actor may use, reached through its project. */
export interface FeatureScope extends ProjectScope {
  featureId: number;
  feature: Selectable<FeatureTable>;
}

/**
 * Tells who sends an `Authorization` header: `Token <key>` of a person, `Api-Key <key>` of an organisation, or
 * `Bearer <token>` of an application that acts for a person, or that was given for one of an issuer whom the organisation
 * trusts.
 * Nobody where there is no header. @throws RequestError 401 for a token or key that is unknown, revoked or expired.
 */
export async function authenticate(
  { db, vault }: { db: Database; vault: Vault },
  authorization: string | undefined,
  now: Timestamp,
): Promise<Actor> {
  const [scheme, credential, more] = (authorization ?? '').trim().split(/\s+/);
  if (!scheme) return { kind: 'nobody' };
  if (/^token$/i.test(scheme)) {
    const found = credential === undefined || more !== undefined ? null : await findTokenUser(db, sha256(credential));
    if (found === null) throw unauthenticated('Invalid token.');
    if (found.is_active === 0) throw unauthenticated('User inactive or deleted.');
    return { kind: 'user', userId: found.userId, email: found.email, tokenId: found.tokenId };
  }
  if (/^api-key$/i.test(scheme)) {
    const found = credential === undefined ? null : await findMasterKey(db, credential.slice(0, 8));
    const valid =
      found !== null &&
      found.key_hash === sha256(credential as string) &&
      found.revoked === 0 &&
      (found.expiry_date === null || found.expiry_date > now);
    if (!valid) throw unauthenticated('Valid Master API Key not found.');
    // Once an hour, so that a busy key does not write with every request.
    if (found.last_used_at === null || found.last_used_at < plusSeconds(now, -60 * 60)) {
      await noteKeyUse(db, found.id, now);
    }
    return {
      kind: 'master_key',
      masterKeyId: found.id,
      organisationId: found.organisation_id,
      isAdmin: found.is_admin === 1,
      name: found.name,
    };
  }
  if (/^bearer$/i.test(scheme)) {
    if (credential === undefined || more !== undefined) throw unauthenticated('Invalid token.');
    // An application's token is one word; the other kind is a JWT, whose parts are joined by dots.
    if (!credential.includes('.')) return authenticateApplication(db, credential, now);
    const claim = await readTrustToken(vault, credential, now);
    if (claim === null) throw unauthenticated('Invalid token.');
    const found = await findTrusted(db, claim);
    if (found === null) throw unauthenticated('Trust relationship is revoked.');
    return {
      kind: 'master_key',
      masterKeyId: found.id,
      organisationId: found.organisation_id,
      isAdmin: found.is_admin === 1,
      name: found.name,
    };
  }
  return { kind: 'nobody' };
}

async function authenticateApplication(db: Database, token: string, now: Timestamp): Promise<Actor> {
  const found = await findApplicationUser(db, { tokenHash: sha256(token), now });
  if (found === null) throw unauthenticated('Invalid token.');
  if (found.is_active === 0) throw unauthenticated('User inactive or deleted.');
  const scopes = scopesFrom(found.scope);
  return { kind: 'user', userId: found.userId, email: found.email, tokenId: 0, scopes };
}

/** The person who asks. @throws RequestError 401 for nobody, 403 for a master key. */
export function requireUser(ctx: Context): Extract<Actor, { kind: 'user' }> {
  if (ctx.actor.kind === 'user') return ctx.actor;
  if (ctx.actor.kind === 'nobody') throw unauthenticated();
  throw forbidden();
}

/** An organisation of the actor's. @throws RequestError 404 for outsiders, 403 for members without the permission. */
export async function openOrganisation(
  ctx: Context,
  organisationId: number,
  permission: OrganisationPermission,
): Promise<OrganisationScope> {
  const rights = await rightsInOrganisation(ctx, organisationId, permission === 'MEMBER' ? 'role' : 'all');
  if (rights === null) throw notFound();
  if (!hasPermission(rights, permission)) {
    throw forbidden('User does not have sufficient privileges to perform this action');
  }
  return { organisationId };
}

/** A project of the actor's. @throws RequestError 404 for outsiders, 403 for members without the permission. */
export async function openProject(
  ctx: Context,
  projectId: number,
  permission: ProjectPermission,
): Promise<ProjectScope> {
  const project = await findProject(ctx.db, projectId);
  if (project === null) throw notFound();
  const scope = { organisationId: project.organisation_id, projectId, project };
  const rights = await rightsInProject(ctx, scope);
  if (rights === null) throw notFound();
  if (!hasPermission(rights, permission)) throw forbidden();
  return scope;
}

/**
 * An environment of the actor's, by its client-side key or its id.
 * @throws RequestError 404 for outsiders, 403 for members without the permission.
 */
export async function openEnvironment(
  ctx: Context,
  by: { apiKey: string } | { id: number },
  permission: EnvironmentPermission,
): Promise<EnvironmentScope> {
  const environment = await findEnvironment(ctx.db, by);
  if (environment === null) throw notFound();
  const project = await findProject(ctx.db, environment.project_id);
  if (project === null) throw notFound();
  const scope = {
    organisationId: project.organisation_id,
    projectId: project.id,
    project,
    environmentId: environment.id,
    environment,
  };
  const rights = await rightsInEnvironment(ctx, scope);
  if (rights === null) throw notFound();
  if (!hasPermission(rights, permission)) throw forbidden();
  return scope;
}

/**
 * A project together with one of its environments, as `openProject` and `openEnvironment` would decide, without asking
 * the database anything twice. Without an environment, and for one of another project, `environmentId` is null.
 */
export async function openProjectAndEnvironment(
  ctx: Context,
  ids: { projectId: number; environmentId: number | undefined },
  permissions: { project: ProjectPermission; environment: EnvironmentPermission },
): Promise<ProjectScope & { environmentId: number | null }> {
  const { projectId } = ids;
  const project = await findProject(ctx.db, projectId);
  if (project === null) throw notFound();
  const scope = { organisationId: project.organisation_id, projectId, project };
  const role = await roleIn(ctx, ctx.actor, scope.organisationId);
  if (role === null) throw notFound();
  const rows =
    role === 'ADMIN' || ctx.actor.kind !== 'user'
      ? []
      : await listGrants(ctx.db, ctx.actor.userId, { ...scope, environmentId: ids.environmentId ?? null });
  if (!hasPermission(rightsFrom(role, rows, { projectId }), permissions.project)) throw forbidden();
  if (ids.environmentId === undefined) return { ...scope, environmentId: null };
  const environment = await findEnvironment(ctx.db, { id: ids.environmentId });
  if (environment?.project_id !== projectId) return { ...scope, environmentId: null };
  const rights = rightsFrom(role, rows, { projectId, environmentId: environment.id });
  if (!hasPermission(rights, permissions.environment)) throw forbidden();
  return { ...scope, environmentId: environment.id };
}

/** A feature of a project of the actor's. @throws RequestError 404 for outsiders, 403 for members without the permission. */
export async function openFeature(
  ctx: Context,
  ids: { projectId: number; featureId: number },
  permission: ProjectPermission,
): Promise<FeatureScope> {
  const scope = await openProject(ctx, ids.projectId, permission);
  const feature = await findFeature(ctx.db, ids.projectId, ids.featureId);
  if (feature === null) throw notFound();
  return { ...scope, featureId: feature.id, feature };
}

/** The organisations whose objects the actor may list, and where it may do everything. */
export async function visibleOrganisations(
  ctx: Context,
): Promise<{ organisationId: number; role: 'ADMIN' | 'USER' }[]> {
  if (ctx.actor.kind === 'user') return listMemberships(ctx.db, ctx.actor.userId);
  if (ctx.actor.kind === 'master_key') {
    return [{ organisationId: ctx.actor.organisationId, role: ctx.actor.isAdmin ? 'ADMIN' : 'USER' }];
  }
  throw unauthenticated();
}

/** The projects that the actor may see: all of some organisations, and single ones of others. */
export interface VisibleProjects {
  organisationIds: number[];
  projectIds: number[];
}

/** In all organisations of the actor's, or in one of them. Two statements at most, however many projects there are. */
export async function visibleProjects(ctx: Context, organisationId?: number): Promise<VisibleProjects> {
  const visible = (await visibleOrganisations(ctx)).filter(
    (one) => organisationId === undefined || one.organisationId === organisationId,
  );
  const idsOf = (role: 'ADMIN' | 'USER') => visible.filter((one) => one.role === role).map((one) => one.organisationId);
  const shared = idsOf('USER');
  const rows =
    shared.length === 0 || ctx.actor.kind !== 'user'
      ? []
      : await listGrants(ctx.db, ctx.actor.userId, { projectsOf: shared });
  const projectIds = rows
    .filter((row) => hasPermission(rightsFrom('USER', [row], row), 'VIEW_PROJECT'))
    .map((row) => row.projectId as number);
  return { organisationIds: idsOf('ADMIN'), projectIds: [...new Set(projectIds)] };
}

/**
 * A project with the environments of it that the actor may see, null for all of them.
 * @throws RequestError 404 for outsiders, 403 for members who may see neither the project nor one of its environments.
 */
export async function openVisibleEnvironments(
  ctx: Context,
  projectId: number,
): Promise<ProjectScope & { environmentIds: number[] | null }> {
  const project = await findProject(ctx.db, projectId);
  if (project === null) throw notFound();
  const scope = { organisationId: project.organisation_id, projectId, project };
  const role = await roleIn(ctx, ctx.actor, scope.organisationId);
  if (role === null) throw notFound();
  const rows = role === 'ADMIN' || ctx.actor.kind !== 'user' ? [] : await listGrants(ctx.db, ctx.actor.userId, scope);
  const rights = rightsFrom(role, rows, { projectId, environmentId: null });
  if (isAdmin(rights)) return { ...scope, environmentIds: null };
  const candidates = [...new Set(rows.flatMap((row) => row.environmentId ?? []))];
  const environmentIds = candidates.filter((environmentId) =>
    hasPermission(rightsFrom(role, rows, { projectId, environmentId }), 'VIEW_ENVIRONMENT'),
  );
  if (environmentIds.length === 0 && !hasPermission(rights, 'VIEW_PROJECT')) throw forbidden();
  return { ...scope, environmentIds };
}

/** Somebody whose rights are asked for: the actor, or another member by id. */
export type Whose = Actor | { kind: 'member'; userId: number };

/**
 * What somebody may do in an organisation; null for outsiders. `role` looks at the membership only, which is all that it
 * takes to tell a member from an outsider.
 */
export async function rightsInOrganisation(
  ctx: Context,
  organisationId: number,
  extent: 'role' | 'all' = 'all',
  whose: Whose = ctx.actor,
): Promise<Rights | null> {
  const role = await roleIn(ctx, whose, organisationId);
  const organisation = role === null ? null : await findOrganisation(ctx.db, organisationId);
  if (role === null || organisation === null) return null;
  if (extent === 'role') return rightsFrom(role, [], {});
  const rights = await rightsOf(ctx, whose, role, { organisationId, projectId: null, environmentId: null });
  // An organisation may keep the creation of projects to its administrators, whatever was granted.
  if (organisation.restrict_project_create_to_admin === 0) return rights;
  const grants = rights.grants.map((grant) => ({
    ...grant,
    permissions: grant.permissions.filter(({ key }) => key !== 'CREATE_PROJECT'),
  }));
  return { ...rights, grants };
}

/** What somebody may do with a project, not with its environments; null for outsiders. */
export async function rightsInProject(
  ctx: Context,
  scope: { organisationId: number; projectId: number },
  whose: Whose = ctx.actor,
): Promise<Rights | null> {
  const role = await roleIn(ctx, whose, scope.organisationId);
  return role === null ? null : rightsOf(ctx, whose, role, { ...scope, environmentId: null });
}

/** What somebody may do with an environment; null for outsiders. */
export async function rightsInEnvironment(
  ctx: Context,
  scope: { organisationId: number; projectId: number; environmentId: number },
  whose: Whose = ctx.actor,
): Promise<Rights | null> {
  const role = await roleIn(ctx, whose, scope.organisationId);
  return role === null ? null : rightsOf(ctx, whose, role, scope);
}

/** What a member may do with a project and with each of its environments, in two statements; null for outsiders. */
export async function rightsThroughoutProject(
  ctx: Context,
  scope: { organisationId: number; projectId: number },
  environmentIds: number[],
  userId: number,
): Promise<{ project: Rights; environments: { environmentId: number; rights: Rights }[] } | null> {
  const { organisationId, projectId } = scope;
  const role = await findRole(ctx.db, organisationId, userId);
  if (role === null) return null;
  const rows = await listGrants(ctx.db, userId, { organisationId, projectId });
  return {
    project: rightsFrom(role, rows, { projectId, environmentId: null }),
    environments: environmentIds.map((environmentId) => ({
      environmentId,
      rights: rightsFrom(role, rows, { projectId, environmentId }),
    })),
  };
}

/** A project with what the actor may do there and in each of its environments. */
export interface ProjectWithRights extends ProjectScope {
  rights: Rights;
  rightsIn: (environmentId: number) => Rights;
}

/**
 * A project with the actor's rights throughout it, in three statements however many environments it has.
 * @throws RequestError 404 for outsiders, 403 for members without the permission.
 */
export async function openProjectWithRights(
  ctx: Context,
  projectId: number,
  permission: ProjectPermission,
): Promise<ProjectWithRights> {
  const project = await findProject(ctx.db, projectId);
  if (project === null) throw notFound();
  const scope = { organisationId: project.organisation_id, projectId, project };
  const role = await roleIn(ctx, ctx.actor, scope.organisationId);
  if (role === null) throw notFound();
  const rows = role === 'ADMIN' || ctx.actor.kind !== 'user' ? [] : await listGrants(ctx.db, ctx.actor.userId, scope);
  const rights = rightsFrom(role, rows, { projectId, environmentId: null });
  if (!hasPermission(rights, permission)) throw forbidden();
  return { ...scope, rights, rightsIn: (environmentId) => rightsFrom(role, rows, { projectId, environmentId }) };
}

/** What a person may do in all their organisations and everything in these. */
export interface RightsEverywhere {
  memberships: { organisationId: number; role: 'ADMIN' | 'USER' }[];
  inOrganisation: (organisationId: number) => Rights;
  inProject: (place: { organisationId: number; projectId: number }) => Rights;
  inEnvironment: (place: { organisationId: number; projectId: number; environmentId: number }) => Rights;
}

/** In two statements, however much it is. Places outside the person's organisations give no right. */
export async function rightsEverywhere(ctx: Context): Promise<RightsEverywhere> {
  const { userId } = requireUser(ctx);
  const memberships = await listMemberships(ctx.db, userId);
  const roles = new Map(memberships.map(({ organisationId, role }) => [organisationId, role]));
  const shared = memberships.filter(({ role }) => role === 'USER').map(({ organisationId }) => organisationId);
  const grants = shared.length === 0 ? [] : await listGrants(ctx.db, userId, { everywhereIn: shared });
  const byProject = Map.groupBy(grants, ({ organisationId, projectId }) => `${organisationId} ${projectId}`);
  const rightsAt = (place: { organisationId: number; projectId?: number; environmentId?: number }): Rights => {
    const role = roles.get(place.organisationId) ?? 'USER';
    return rightsFrom(role, byProject.get(`${place.organisationId} ${place.projectId ?? null}`) ?? [], place);
  };
  return {
    memberships,
    inOrganisation: (organisationId) => rightsAt({ organisationId }),
    inProject: rightsAt,
    inEnvironment: rightsAt,
  };
}

/**
 * What a member may do throughout an organisation, in three statements, with what was granted to administrators too; null
 * for outsiders.
 */
export async function rightsThroughoutOrganisation(
  ctx: Context,
  organisationId: number,
  userId: number,
): Promise<{
  organisation: Rights;
  inProject: (projectId: number) => Rights;
  inEnvironment: (projectId: number, environmentId: number) => Rights;
} | null> {
  const role = await findRole(ctx.db, organisationId, userId);
  const organisation = await rightsInOrganisation(ctx, organisationId, 'all', { kind: 'member', userId });
  if (role === null || organisation === null) return null;
  const grants = await listGrants(ctx.db, userId, { everywhereIn: [organisationId] });
  const byProject = Map.groupBy(grants, ({ projectId }) => projectId);
  const rightsAt = (place: { projectId: number; environmentId?: number }) =>
    rightsFrom(role, byProject.get(place.projectId) ?? [], place);
  return {
    organisation,
    inProject: (projectId) => rightsAt({ projectId }),
    inEnvironment: (projectId, environmentId) => rightsAt({ projectId, environmentId }),
  };
}

async function roleIn(ctx: Context, whose: Whose, organisationId: number): Promise<'ADMIN' | 'USER' | null> {
  if (whose.kind === 'nobody') throw unauthenticated();
  if (whose.kind === 'system') return 'ADMIN';
  if (whose.kind !== 'master_key') return findRole(ctx.db, organisationId, whose.userId);
  if (whose.organisationId !== organisationId) return null;
  return whose.isAdmin ? 'ADMIN' : 'USER';
}

interface Place {
  projectId?: number | null;
  environmentId?: number | null;
}

/** One statement for a person, none for others: nothing can be granted to a master key. */
async function rightsOf(
  ctx: Context,
  whose: Whose,
  role: 'ADMIN' | 'USER',
  place: { organisationId: number; projectId: number | null; environmentId: number | null },
): Promise<Rights> {
  const isPerson = whose.kind === 'user' || whose.kind === 'member';
  // What was granted to an administrator makes no difference, unless somebody asks to see it.
  const matters = role !== 'ADMIN' || whose.kind === 'member';
  return rightsFrom(role, isPerson && matters ? await listGrants(ctx.db, whose.userId, place) : [], place);
}

/** The one place that decides what grants amount to, in an organisation, a project or an environment. */
function rightsFrom(role: 'ADMIN' | 'USER', rows: GrantRow[], place: Place): Rights {
  const { projectId = null, environmentId = null } = place;
  const grantsAt = (environment: number | null) =>
    rows.filter((row) => row.projectId === projectId && row.environmentId === environment).map(grantFrom);
  const grants = grantsAt(environmentId);
  const above = environmentId === null ? [] : grantsAt(null);
  return {
    isOrganisationAdmin: role === 'ADMIN',
    adminGrants: [...grants, ...above].filter((grant) => grant.admin),
    grants,
  };
}

function grantFrom(row: GrantRow): Grant {
  return {
    source: row.groupId === null ? { kind: 'user' } : { kind: 'group', id: row.groupId, name: row.groupName as string },
    admin: row.admin === 1,
    permissions: (JSON.parse(row.permissions) as string[]).map((key) => ({ key, tags: [] })),
  };
}
