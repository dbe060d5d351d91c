import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const inviteRoutes = [
  route(endpoints.inviteUsers, service.inviteUsers),
  route(endpoints.listInvites, service.listInvites),
  route(endpoints.createInvite, service.createInvite),
  route(endpoints.getInvite, service.getInvite),
  route(endpoints.deleteInvite, service.deleteInvite),
  route(endpoints.resendInvite, service.resendInvite),
  route(endpoints.listInviteLinks, service.listInviteLinks),
  route(endpoints.createInviteLink, service.createInviteLink),
  route(endpoints.deleteInviteLink, service.deleteInviteLink),
  route(endpoints.joinByLink, service.joinByLink),
  route(endpoints.joinByInvite, service.joinByInvite),
];
