import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const featureStateRoutes = [
  route(endpoints.listEnvironmentFeatureStates, service.listEnvironmentFeatureStates),
  route(endpoints.createEnvironmentFeatureState, service.createEnvironmentFeatureState),
  route(endpoints.getEnvironmentFeatureState, service.getEnvironmentFeatureState, service.getEnvironmentFeatureState),
  route(
    endpoints.updateEnvironmentFeatureState,
    service.updateEnvironmentFeatureState,
    service.getEnvironmentFeatureState,
  ),
  route(
    endpoints.patchEnvironmentFeatureState,
    service.updateEnvironmentFeatureState,
    service.getEnvironmentFeatureState,
  ),
  route(
    endpoints.deleteEnvironmentFeatureState,
    service.deleteEnvironmentFeatureState,
    service.getEnvironmentFeatureState,
  ),
  route(endpoints.listTypedFeatureStates, service.listTypedFeatureStates),
  route(endpoints.createTypedFeatureState, service.createTypedFeatureState),
  route(endpoints.updateTypedFeatureState, service.updateTypedFeatureState, service.currentTypedFeatureState),
  route(endpoints.patchTypedFeatureState, service.updateTypedFeatureState, service.currentTypedFeatureState),
  route(endpoints.getFeatureStateByUuid, service.getFeatureStateByUuid),
];
