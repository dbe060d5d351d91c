import * as endpoints from '@halyard/contract';
import { route } from '../../http/route.ts';
import * as service from './service.ts';

export const mfaRoutes = [
  route(endpoints.activateMfa, service.activateMfa),
  route(endpoints.confirmMfa, service.confirmMfa),
  route(endpoints.deactivateMfa, service.deactivateMfa),
  route(endpoints.listActiveMfaMethods, service.listActiveMfaMethods),
];
