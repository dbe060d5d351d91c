import * as endpoints from '@halyard/contract';
import { streamRoute } from '../http/route.ts';
import * as service from './service.ts';

export const changeStreamRoutes = [streamRoute(endpoints.streamChanges, service.streamChanges)];
