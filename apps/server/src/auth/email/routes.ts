import * as endpoints from '@halyard/contract';
import { route } from '../../http/route.ts';
import * as service from './service.ts';

export const emailRoutes = [
  route(endpoints.setEmail, service.setEmail),
  route(endpoints.requestEmailReset, service.requestEmailReset),
  route(endpoints.confirmEmailReset, service.confirmEmailReset),
  route(endpoints.activateAccount, service.activateAccount),
  route(endpoints.resendActivation, service.resendActivation),
];
