import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import { getFeatureHistory } from './service.ts';

export const featureHistoryRoutes = [route(endpoints.getFeatureHistory, getFeatureHistory)];
