import * as endpoints from '@halyard/contract';
import { type Route, route } from '../http/route.ts';
import * as service from './service.ts';

export const permissionRoutes: Route[] = [
  route(endpoints.listOrganisationPermissions, service.listOrganisationPermissions),
  route(endpoints.listProjectPermissions, service.listProjectPermissions),
  route(endpoints.listEnvironmentPermissions, service.listEnvironmentPermissions),
  route(endpoints.getOwnOrganisationPermissions, service.getOwnOrganisationPermissions),
  route(endpoints.getOwnProjectPermissions, service.getOwnProjectPermissions),
  route(endpoints.getOwnEnvironmentPermissions, service.getOwnEnvironmentPermissions),
  route(endpoints.getDetailedOrganisationPermissions, service.getDetailedOrganisationPermissions),
  route(endpoints.getDetailedProjectPermissions, service.getDetailedProjectPermissions),
  route(endpoints.getDetailedEnvironmentPermissions, service.getDetailedEnvironmentPermissions),
  route(endpoints.getPermissionsThroughoutProject, service.getPermissionsThroughoutProject),
  ...grantRoutes(endpoints.organisationUserPermissions),
  ...grantRoutes(endpoints.organisationGroupPermissions),
  ...grantRoutes(endpoints.projectUserPermissions),
  ...grantRoutes(endpoints.projectGroupPermissions),
  ...grantRoutes(endpoints.environmentUserPermissions),
  ...grantRoutes(endpoints.environmentGroupPermissions),
];

function grantRoutes(rows: endpoints.GrantEndpoints): Route[] {
  const functions = service.grantService(rows);
  return [
    route(rows.list, functions.list),
    route(rows.create, functions.create),
    route(rows.get, functions.get),
    route(rows.update, functions.update),
    route(rows.patch, functions.update),
    route(rows.delete, functions.delete),
  ];
}
