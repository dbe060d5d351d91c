import type { OwnSession, SessionEnvironment, SessionProject } from '@halyard/contract';
import { environmentPermissions, organisationPermissions, projectPermissions } from '../access/permissions.ts';
import { hasPermission, isAdmin, type Rights } from '../access/rights.ts';
import { rightsEverywhere } from '../access/service.ts';
import type { Context } from '../context.ts';
import { getCurrentUser } from '../users/service.ts';
import { listEnvironments, listOrganisations, listProjects, type StoredEnvironment } from './store.ts';

/** Who asks, and all that they may see. The number of statements does not depend on how much that is. */
export async function getSession(ctx: Context): Promise<OwnSession> {
  const user = await getCurrentUser(ctx);
  const rights = await rightsEverywhere(ctx);
  const ids = rights.memberships.map(({ organisationId }) => organisationId);
  const roles = new Map(rights.memberships.map(({ organisationId, role }) => [organisationId, role]));
  const organisations = await listOrganisations(ctx.db, ids);
  const projects = await listProjects(ctx.db, ids);
  const environments = Map.groupBy(await listEnvironments(ctx.db, ids), ({ project_id }) => project_id);
  const projectsOf = Map.groupBy(projects, ({ organisation_id }) => organisation_id);
  return {
    user,
    may_create_organisations: user.is_superuser || !ctx.config.onlySuperusersCreateOrganisations,
    organisations: organisations.map((organisation) => {
      const isLimited = organisation.restrict_project_create_to_admin === 1;
      const own = shownRights(rights.inOrganisation(organisation.id), organisationPermissions);
      return {
        id: organisation.id,
        uuid: organisation.uuid,
        name: organisation.name,
        role: roles.get(organisation.id) as 'ADMIN' | 'USER',
        force_2fa: organisation.force_2fa === 1,
        my_permissions: isLimited ? withoutCreateProject(own) : own,
        projects: (projectsOf.get(organisation.id) ?? []).flatMap((project) => {
          const place = { organisationId: organisation.id, projectId: project.id };
          const inProject = rights.inProject(place);
          const visible = (environments.get(project.id) ?? []).flatMap((environment): SessionEnvironment[] => {
            const inEnvironment = rights.inEnvironment({ ...place, environmentId: environment.id });
            return hasPermission(inEnvironment, 'VIEW_ENVIRONMENT')
              ? [shownEnvironment(environment, inEnvironment)]
              : [];
          });
          if (visible.length === 0 && !hasPermission(inProject, 'VIEW_PROJECT')) return [];
          const shown: SessionProject = {
            id: project.id,
            uuid: project.uuid,
            name: project.name,
            my_permissions: shownRights(inProject, projectPermissions),
            environments: visible,
          };
          return [shown];
        }),
      };
    }),
    version: ctx.config.version,
  };
}

function shownEnvironment(row: StoredEnvironment, rights: Rights): SessionEnvironment {
  return {
    id: row.id,
    api_key: row.api_key,
    name: row.name,
    banner_colour: row.banner_colour,
    banner_text: row.banner_text,
    use_v2_feature_versioning: row.use_v2_feature_versioning === 1,
    my_permissions: shownRights(rights, environmentPermissions),
  };
}

function shownRights(rights: Rights, keys: readonly string[]) {
  return { admin: isAdmin(rights), permissions: keys.filter((key) => hasPermission(rights, key)) };
}

/** An organisation may keep the creation of projects to its administrators, whatever was granted. */
function withoutCreateProject(own: { admin: boolean; permissions: string[] }) {
  return own.admin ? own : { ...own, permissions: own.permissions.filter((key) => key !== 'CREATE_PROJECT') };
}
