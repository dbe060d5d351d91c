import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const platformRoutes = [
  route(endpoints.getPlatformSummary, service.getPlatformSummary),
  route(endpoints.listPlatformOrganisations, service.listPlatformOrganisations),
  route(endpoints.getPlatformUsage, service.getPlatformUsage),
  route(endpoints.listPlatformStaleFlags, service.listPlatformStaleFlags),
  route(endpoints.listPlatformIntegrations, service.listPlatformIntegrations),
];
