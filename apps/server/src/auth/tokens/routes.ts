import * as endpoints from '@halyard/contract';
import { route } from '../../http/route.ts';
import * as service from './service.ts';

export const tokenRoutes = [
  route(endpoints.logout, service.endSession),
  route(endpoints.endOtherSessions, service.endOtherSessions),
  route(endpoints.deleteToken, service.endSession),
];
