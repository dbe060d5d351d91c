import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const externalResourceRoutes = [
  route(endpoints.listExternalResources, service.listExternalResources),
  route(endpoints.createExternalResource, service.createExternalResource),
  route(endpoints.getExternalResource, service.getExternalResource),
  route(endpoints.updateExternalResource, service.updateExternalResource),
  route(endpoints.patchExternalResource, service.updateExternalResource),
  route(endpoints.deleteExternalResource, service.deleteExternalResource),
  route(endpoints.createCleanupIssue, service.createCleanupIssue),
];
