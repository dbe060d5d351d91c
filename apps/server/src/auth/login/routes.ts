import * as endpoints from '@halyard/contract';
import { route } from '../../http/route.ts';
import * as service from './service.ts';

export const loginRoutes = [
  route(endpoints.login, service.login),
  route(endpoints.loginWithCode, service.loginWithCode),
];
