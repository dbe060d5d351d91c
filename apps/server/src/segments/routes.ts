import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const segmentRoutes = [
  route(endpoints.listSegments, service.listSegments),
  route(endpoints.createSegment, service.createSegment),
  route(endpoints.getSegment, service.getSegment, service.getSegment),
  route(endpoints.updateSegment, service.updateSegment, service.getSegment),
  route(endpoints.patchSegment, service.updateSegment, service.getSegment),
  route(endpoints.deleteSegment, service.deleteSegment, service.getSegment),
  route(endpoints.cloneSegment, service.cloneSegment),
  route(endpoints.listAssociatedFeatures, service.listAssociatedFeatures),
  route(endpoints.getSegmentByUuid, service.getSegmentByUuid),
];
