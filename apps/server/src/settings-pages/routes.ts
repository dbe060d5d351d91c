import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const settingsPageRoutes = [
  route(endpoints.getEnvironmentSettings, service.getEnvironmentSettings),
  route(endpoints.getTagUses, service.getTagUses),
  route(endpoints.getProjectCustomFields, service.getProjectCustomFields),
  route(endpoints.getOrganisationCustomFields, service.getOrganisationCustomFields),
  route(endpoints.saveCustomField, service.saveCustomField),
  route(endpoints.getProjectWebhooks, service.getProjectWebhooks),
  route(endpoints.getOrganisationWebhooks, service.getOrganisationWebhooks),
  route(endpoints.getProjectIntegrations, service.getProjectIntegrations),
  route(endpoints.getOrganisationIntegrations, service.getOrganisationIntegrations),
  route(endpoints.getTransfers, service.getTransfers),
];
