import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const explainRoutes = [
  route(endpoints.explainFeatures, service.explainFeatures),
  route(endpoints.runPlayground, service.runPlayground),
  route(endpoints.testSegment, service.testSegment),
  route(endpoints.sampleSegment, service.sampleSegment),
  route(endpoints.listTraitSamples, service.listTraitSamples),
];
