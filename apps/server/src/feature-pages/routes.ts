import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const featurePageRoutes = [
  route(endpoints.getFeatureTable, service.getFeatureTable),
  route(endpoints.getFeaturePage, service.getFeaturePage),
  route(endpoints.getConnection, service.getConnection),
];
