import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const organisationMemberRoutes = [
  route(endpoints.listMembers, service.listMembers),
  route(endpoints.updateMemberRole, service.updateMemberRole),
  route(endpoints.removeMembers, service.removeMembers),
];
