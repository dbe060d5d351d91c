import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const organisationRoutes = [
  route(endpoints.listOrganisations, service.listOrganisations),
  route(endpoints.createOrganisation, service.createOrganisation),
  route(endpoints.getOrganisation, service.getOrganisation),
  route(endpoints.getOrganisationByUuid, service.getOrganisationByUuid),
  route(endpoints.updateOrganisation, service.updateOrganisation),
  route(endpoints.patchOrganisation, service.updateOrganisation),
  route(endpoints.deleteOrganisation, service.deleteOrganisation),
  route(endpoints.getSubscriptionMetadata, service.getSubscriptionMetadata),
];
