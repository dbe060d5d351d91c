import * as endpoints from '@halyard/contract';
import { signedRoute } from '../http/route.ts';
import * as service from './service.ts';

export const vcsWebhookRoutes = [
  signedRoute(endpoints.receiveGithubEvent, service.receiveGithubEvent),
  signedRoute(endpoints.receiveGitlabEvent, service.receiveGitlabEvent),
];
