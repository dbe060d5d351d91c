import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const featureRoutes = [
  route(endpoints.listFeatures, service.listFeatures),
  route(endpoints.createFeature, service.createFeature),
  route(endpoints.getFeature, service.getFeature, service.currentFeature),
  route(endpoints.updateFeature, service.updateFeature, service.currentFeature),
  route(endpoints.patchFeature, service.updateFeature, service.currentFeature),
  route(endpoints.deleteFeature, service.deleteFeature, service.currentFeature),
  route(endpoints.getFeatureByUuid, service.getFeatureByUuid),
  route(endpoints.addFeatureOwners, service.addFeatureOwners),
  route(endpoints.removeFeatureOwners, service.removeFeatureOwners),
  route(endpoints.addFeatureGroupOwners, service.addFeatureGroupOwners),
  route(endpoints.removeFeatureGroupOwners, service.removeFeatureGroupOwners),
  route(endpoints.countFeatureLifecycles, service.countFeatureLifecycles),
];
