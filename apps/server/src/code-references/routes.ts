import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const codeReferenceRoutes = [
  route(endpoints.reportCodeReferences, service.reportCodeReferences),
  route(endpoints.listCodeReferences, service.listCodeReferences),
];
