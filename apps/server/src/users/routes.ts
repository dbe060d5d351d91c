import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const userRoutes = [
  route(endpoints.getCurrentUser, service.getCurrentUser),
  route(endpoints.updateCurrentUser, service.updateCurrentUser),
  route(endpoints.patchCurrentUser, service.updateCurrentUser),
  route(endpoints.updateOnboarding, service.updateOnboarding),
];
