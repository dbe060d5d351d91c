import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const segmentRoutes = [
  route(endpoints.listSegments, service.listSegments),
  route(endpoints.createSegment, service.createSegment),
  route(endpoints.getSegment, service.getSegment),
  route(endpoints.updateSegment, service.updateSegment),
  route(endpoints.patchSegment, service.updateSegment),
  route(endpoints.deleteSegment, service.deleteSegment),
  route(endpoints.cloneSegment, service.cloneSegment),
  route(endpoints.listAssociatedFeatures, service.listAssociatedFeatures),
  route(endpoints.getSegmentByUuid, service.getSegmentByUuid),
];
