import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const masterKeyRoutes = [
  route(endpoints.listMasterKeys, service.listMasterKeys),
  route(endpoints.createMasterKey, service.createMasterKey),
  route(endpoints.getMasterKey, service.getMasterKey),
  route(endpoints.updateMasterKey, service.updateMasterKey),
  route(endpoints.patchMasterKey, service.updateMasterKey),
  route(endpoints.deleteMasterKey, service.deleteMasterKey),
];
