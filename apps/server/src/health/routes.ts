import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const healthRoutes = [
  route(endpoints.getLiveness, service.getLiveness),
  route(endpoints.getReadiness, service.getReadiness),
  route(endpoints.getHealth, service.getReadiness),
  route(endpoints.getHealthcheck, service.getReadiness),
  route(endpoints.getVersion, service.getVersion),
];
