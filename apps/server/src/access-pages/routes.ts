import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const accessPageRoutes = [
  route(endpoints.getPeoplePage, service.getPeoplePage),
  route(endpoints.getMemberAccess, service.getMemberAccess),
  route(endpoints.getOrganisationAccess, service.getOrganisationAccess),
  route(endpoints.saveOrganisationAccess, service.saveOrganisationAccess),
  route(endpoints.getProjectAccess, service.getProjectAccess),
  route(endpoints.saveProjectAccess, service.saveProjectAccess),
];
