import type { Selectable } from 'kysely';
import type { Actor, Context } from '../context.ts';
import type { Database, EnvironmentTable, FeatureTable, ProjectTable } from '../db/tables.ts';
import { forbidden, notFound, unauthenticated } from '../errors.ts';
import { sha256 } from '../secrets.ts';
import type { Timestamp } from '../time.ts';
import type { EnvironmentPermission, OrganisationPermission, ProjectPermission } from './permissions.ts';
import {
  findEnvironment,
  findFeature,
  findMasterKey,
  findProject,
  findRole,
  findTokenUser,
  listMemberships,
  organisationExists,
} from './store.ts';

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
 * Tells who sends an `Authorization` header: `Token <key>` of a person or `Api-Key <key>` of an organisation.
 * Nobody where there is no header. @throws RequestError 401 for a token or key that is unknown, revoked or expired.
 */
export async function authenticate(db: Database, authorization: string | undefined, now: Timestamp): Promise<Actor> {
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
  const role = await roleIn(ctx, organisationId);
  if (role === null || !(await organisationExists(ctx.db, organisationId))) throw notFound();
  if (role !== 'ADMIN' && permission !== 'MEMBER') {
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
  const role = await roleIn(ctx, project.organisation_id);
  if (role === null) throw notFound();
  if (!mayInProject(role, permission)) throw forbidden();
  return { organisationId: project.organisation_id, projectId, project };
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
  const role = project === null ? null : await roleIn(ctx, project.organisation_id);
  if (project === null || role === null) throw notFound();
  if (!mayInEnvironment(role, permission)) throw forbidden();
  return {
    organisationId: project.organisation_id,
    projectId: project.id,
    project,
    environmentId: environment.id,
    environment,
  };
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

async function roleIn(ctx: Context, organisationId: number): Promise<'ADMIN' | 'USER' | null> {
  const { actor } = ctx;
  if (actor.kind === 'nobody') throw unauthenticated();
  if (actor.kind === 'user') return findRole(ctx.db, organisationId, actor.userId);
  if (actor.kind === 'system') return 'ADMIN';
  if (actor.organisationId !== organisationId) return null;
  return actor.isAdmin ? 'ADMIN' : 'USER';
}

/** Organisation admins may do everything; others get rights from permission rows, which nobody can grant yet. */
function mayInProject(role: 'ADMIN' | 'USER', _permission: ProjectPermission): boolean {
  return role === 'ADMIN';
}

function mayInEnvironment(role: 'ADMIN' | 'USER', _permission: EnvironmentPermission): boolean {
  return role === 'ADMIN';
}
