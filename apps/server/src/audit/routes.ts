import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const auditRoutes = [
  route(endpoints.listAudit, service.listAudit),
  route(endpoints.exportAudit, service.exportAudit),
  route(endpoints.getAudit, service.getAudit),
  route(endpoints.listOrganisationAudit, service.listOrganisationAudit),
  route(endpoints.exportOrganisationAudit, service.exportOrganisationAudit),
  route(endpoints.getOrganisationAudit, service.getOrganisationAudit),
  route(endpoints.listProjectAudit, service.listProjectAudit),
  route(endpoints.exportProjectAudit, service.exportProjectAudit),
  route(endpoints.getProjectAudit, service.getProjectAudit),
];
