import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const projectRoutes = [
  route(endpoints.listProjects, service.listProjects),
  route(endpoints.listOrganisationProjects, service.listOrganisationProjects),
  route(endpoints.createProject, service.createProject),
  route(endpoints.getProject, service.getProject, service.currentProject),
  route(endpoints.getProjectByUuid, service.getProjectByUuid),
  route(endpoints.updateProject, service.updateProject, service.currentProject),
  route(endpoints.patchProject, service.updateProject, service.currentProject),
  route(endpoints.deleteProject, service.deleteProject, service.currentProject),
];
