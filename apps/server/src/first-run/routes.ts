import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const firstRunRoutes = [
  route(endpoints.initialise, service.initialise),
  route(endpoints.initialiseByReading, service.initialise),
];
