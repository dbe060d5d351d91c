import * as endpoints from '@halyard/contract';
import { route } from '../../http/route.ts';
import * as service from './service.ts';

export const socialRoutes = [
  route(endpoints.loginWithGithub, service.loginWithGithub),
  route(endpoints.loginWithGoogle, service.loginWithGoogle),
];
