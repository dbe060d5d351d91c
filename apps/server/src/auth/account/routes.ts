import * as endpoints from '@halyard/contract';
import { route } from '../../http/route.ts';
import * as service from './service.ts';

export const accountRoutes = [route(endpoints.closeAccount, service.closeAccount)];
