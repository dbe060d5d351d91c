import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const usageRoutes = [
  route(endpoints.getUsageData, service.getUsageData),
  route(endpoints.getUsageTotal, service.getUsageTotal),
  route(endpoints.getUsageReport, service.getUsageReport),
  route(endpoints.getUsage, service.getUsage),
  route(endpoints.listUsageNotifications, service.listUsageNotifications),
  route(endpoints.getFeatureEvaluationData, service.getFeatureEvaluationData),
  route(endpoints.getEnvironmentMetrics, service.getEnvironmentMetrics),
];
