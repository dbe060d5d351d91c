import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const featureStateRoutes = [
  route(endpoints.listEnvironmentFeatureStates, service.listEnvironmentFeatureStates),
  route(endpoints.createEnvironmentFeatureState, service.createEnvironmentFeatureState),
  route(endpoints.getEnvironmentFeatureState, service.getEnvironmentFeatureState),
  route(endpoints.updateEnvironmentFeatureState, service.updateEnvironmentFeatureState),
  route(endpoints.patchEnvironmentFeatureState, service.updateEnvironmentFeatureState),
  route(endpoints.deleteEnvironmentFeatureState, service.deleteEnvironmentFeatureState),
  route(endpoints.listTypedFeatureStates, service.listTypedFeatureStates),
  route(endpoints.createTypedFeatureState, service.createTypedFeatureState),
  route(endpoints.updateTypedFeatureState, service.updateTypedFeatureState),
  route(endpoints.patchTypedFeatureState, service.updateTypedFeatureState),
  route(endpoints.getFeatureStateByUuid, service.getFeatureStateByUuid),
];
