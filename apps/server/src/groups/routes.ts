import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const groupRoutes = [
  route(endpoints.listGroups, service.listGroups),
  route(endpoints.createGroup, service.createGroup),
  route(endpoints.saveGroup, service.saveGroup),
  route(endpoints.listGroupSummaries, service.listGroupSummaries),
  route(endpoints.listOwnGroups, service.listOwnGroups),
  route(endpoints.getGroup, service.getGroup),
  route(endpoints.updateGroup, service.updateGroup),
  route(endpoints.patchGroup, service.updateGroup),
  route(endpoints.deleteGroup, service.deleteGroup),
  route(endpoints.addGroupUsers, service.addGroupUsers),
  route(endpoints.removeGroupUsers, service.removeGroupUsers),
  route(endpoints.makeGroupAdmin, service.makeGroupAdmin),
  route(endpoints.removeGroupAdmin, service.removeGroupAdmin),
];
