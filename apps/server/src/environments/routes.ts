import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const environmentRoutes = [
  route(endpoints.listEnvironments, service.listEnvironments),
  route(endpoints.listProjectEnvironments, service.listProjectEnvironments),
  route(endpoints.createEnvironment, service.createEnvironment),
  route(endpoints.getEnvironment, service.getEnvironment, service.currentEnvironment),
  route(endpoints.getEnvironmentByUuid, service.getEnvironmentByUuid),
  route(endpoints.updateEnvironment, service.updateEnvironment, service.currentEnvironment),
  route(endpoints.patchEnvironment, service.updateEnvironment, service.currentEnvironment),
  route(endpoints.deleteEnvironment, service.deleteEnvironment, service.currentEnvironment),
  route(endpoints.cloneEnvironment, service.cloneEnvironment),
  route(endpoints.getOnboardingStatus, service.getOnboardingStatus),
  route(endpoints.setOnboardingStatus, service.setOnboardingStatus),
  route(endpoints.getEnvironmentDocument, service.getEnvironmentDocument),
];
