import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const featureImportRoutes = [
  route(endpoints.createFeatureImport, service.createFeatureImport),
  route(endpoints.listFeatureImports, service.listFeatureImports),
];
