import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const featureExportRoutes = [
  route(endpoints.createFeatureExport, service.createFeatureExport),
  route(endpoints.listFeatureExports, service.listFeatureExports),
  route(endpoints.downloadFeatureExport, service.downloadFeatureExport),
];
