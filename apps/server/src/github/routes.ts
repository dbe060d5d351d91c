import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const githubRoutes = [
  route(endpoints.listGithubIntegrations, service.listGithubIntegrations),
  route(endpoints.createGithubIntegration, service.createGithubIntegration),
  route(endpoints.getGithubIntegration, service.getGithubIntegration),
  route(endpoints.updateGithubIntegration, service.updateGithubIntegration),
  route(endpoints.patchGithubIntegration, service.updateGithubIntegration),
  route(endpoints.deleteGithubIntegration, service.deleteGithubIntegration),
  route(endpoints.listGithubRepositories, service.listGithubRepositories),
  route(endpoints.createGithubRepository, service.createGithubRepository),
  route(endpoints.getGithubRepository, service.getGithubRepository),
  route(endpoints.updateGithubRepository, service.updateGithubRepository),
  route(endpoints.patchGithubRepository, service.updateGithubRepository),
  route(endpoints.deleteGithubRepository, service.deleteGithubRepository),
  route(endpoints.browseGithubRepositories, service.browseGithubRepositories),
  route(endpoints.browseGithubIssues, service.browseGithubItems('issue')),
  route(endpoints.browseGithubPulls, service.browseGithubItems('pr')),
  route(endpoints.browseGithubContributors, service.browseGithubContributors),
];
