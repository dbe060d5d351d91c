import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const sessionRoutes = [route(endpoints.getSession, service.getSession)];
