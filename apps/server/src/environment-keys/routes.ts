import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const environmentKeyRoutes = [
  route(endpoints.listEnvironmentKeys, service.listEnvironmentKeys),
  route(endpoints.createEnvironmentKey, service.createEnvironmentKey),
  route(endpoints.updateEnvironmentKey, service.updateEnvironmentKey),
  route(endpoints.patchEnvironmentKey, service.updateEnvironmentKey),
  route(endpoints.deleteEnvironmentKey, service.deleteEnvironmentKey),
];
