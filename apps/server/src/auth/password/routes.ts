import * as endpoints from '@halyard/contract';
import { route } from '../../http/route.ts';
import * as service from './service.ts';

export const passwordRoutes = [
  route(endpoints.register, service.register),
  route(endpoints.setPassword, service.setPassword),
  route(endpoints.requestPasswordReset, service.requestPasswordReset),
  route(endpoints.confirmPasswordReset, service.confirmPasswordReset),
];
