import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const featureVersionRoutes = [
  route(endpoints.enableFeatureVersioning, service.enableFeatureVersioning),
  route(endpoints.disableFeatureVersioning, service.disableFeatureVersioning),
  route(endpoints.listFeatureVersions, service.listFeatureVersions),
  route(endpoints.createFeatureVersion, service.createFeatureVersion),
  route(endpoints.getFeatureVersion, service.getFeatureVersion),
  route(endpoints.patchFeatureVersion, service.patchFeatureVersion),
  route(endpoints.deleteFeatureVersion, service.deleteFeatureVersion),
  route(endpoints.publishFeatureVersion, service.publishFeatureVersion),
  route(endpoints.listVersionStates, service.listVersionStates),
  route(endpoints.createVersionState, service.createVersionState),
  route(endpoints.updateVersionState, service.updateVersionState),
  route(endpoints.patchVersionState, service.updateVersionState),
  route(endpoints.deleteVersionState, service.deleteVersionState),
  route(endpoints.getFeatureVersionByUuid, service.getFeatureVersionByUuid),
];
