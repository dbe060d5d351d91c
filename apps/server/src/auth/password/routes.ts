import * as endpoints from '@halyard/contract';
import { route } from '../../http/route.ts';
import * as service from './service.ts';

export const passwordRoutes = [
  route(endpoints.register, service.register),
  route(endpoints.login, service.login),
  route(endpoints.setPassword, service.setPassword),
];
