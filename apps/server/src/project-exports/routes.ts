import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const projectExportRoutes = [
  route(endpoints.exportProject, service.exportProject),
  route(endpoints.importProject, service.importProject),
];
