import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const flagRoutes = [
  route(endpoints.getFlag, service.getFlag),
  route(endpoints.replaceFlag, service.replaceFlag),
  route(endpoints.patchFlag, service.patchFlag),
  route(endpoints.deleteFlagSegmentOverride, service.deleteFlagSegmentOverride),
  route(endpoints.updateFlagV1, service.updateFlagV1),
  route(endpoints.updateFlagV2, service.updateFlagV2),
  route(endpoints.deleteSegmentOverride, service.deleteSegmentOverride),
  route(endpoints.revertFeature, service.revertFeature),
];
