import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const featureSegmentRoutes = [
  route(endpoints.listFeatureSegments, service.listFeatureSegments),
  route(endpoints.createFeatureSegment, service.createFeatureSegment),
  route(endpoints.getFeatureSegment, service.getFeatureSegment),
  route(endpoints.getFeatureSegmentByUuid, service.getFeatureSegmentByUuid),
  route(endpoints.updateFeatureSegment, service.updateFeatureSegment),
  route(endpoints.patchFeatureSegment, service.updateFeatureSegment),
  route(endpoints.deleteFeatureSegment, service.deleteFeatureSegment),
  route(endpoints.updatePriorities, service.updatePriorities),
  route(endpoints.createSegmentOverride, service.createSegmentOverride),
];
