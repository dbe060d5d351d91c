import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const gitlabRoutes = [
  route(endpoints.listGitlabIntegrations, service.listGitlabIntegrations),
  route(endpoints.createGitlabIntegration, service.createGitlabIntegration),
  route(endpoints.getGitlabIntegration, service.getGitlabIntegration),
  route(endpoints.updateGitlabIntegration, service.updateGitlabIntegration),
  route(endpoints.patchGitlabIntegration, service.updateGitlabIntegration),
  route(endpoints.deleteGitlabIntegration, service.deleteGitlabIntegration),
  route(endpoints.browseGitlabProjects, service.browseGitlabProjects),
  route(endpoints.browseGitlabIssues, service.browseGitlabItems('issue')),
  route(endpoints.browseGitlabMergeRequests, service.browseGitlabItems('change')),
];
