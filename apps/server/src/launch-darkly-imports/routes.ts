import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const launchDarklyImportRoutes = [
  route(endpoints.listLaunchDarklyImports, service.listLaunchDarklyImports),
  route(endpoints.createLaunchDarklyImport, service.createLaunchDarklyImport),
  route(endpoints.getLaunchDarklyImport, service.getLaunchDarklyImport),
];
