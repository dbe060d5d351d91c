import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import { check } from '../http/validation.ts';
import * as service from './service.ts';

export const featureHealthRoutes = [
  route(endpoints.receiveHealthEvent, (ctx, input) => service.receiveHealthEvent(ctx, input, check)),
  route(endpoints.listHealthEvents, service.listHealthEvents),
  route(endpoints.dismissHealthEvent, service.dismissHealthEvent),
  route(endpoints.listHealthProviders, service.listHealthProviders),
  route(endpoints.createHealthProvider, service.createHealthProvider),
  route(endpoints.deleteHealthProvider, service.deleteHealthProvider),
];
