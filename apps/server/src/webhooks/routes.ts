import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const webhookRoutes = [
  route(endpoints.listEnvironmentWebhooks, service.listEnvironmentWebhooks),
  route(endpoints.createEnvironmentWebhook, service.createEnvironmentWebhook),
  route(endpoints.updateEnvironmentWebhook, service.updateEnvironmentWebhook),
  route(endpoints.patchEnvironmentWebhook, service.updateEnvironmentWebhook),
  route(endpoints.deleteEnvironmentWebhook, service.deleteEnvironmentWebhook),
  route(endpoints.listEnvironmentWebhookDeliveries, service.listEnvironmentWebhookDeliveries),
  route(endpoints.listOrganisationWebhooks, service.listOrganisationWebhooks),
  route(endpoints.createOrganisationWebhook, service.createOrganisationWebhook),
  route(endpoints.getOrganisationWebhook, service.getOrganisationWebhook),
  route(endpoints.updateOrganisationWebhook, service.updateOrganisationWebhook),
  route(endpoints.patchOrganisationWebhook, service.updateOrganisationWebhook),
  route(endpoints.deleteOrganisationWebhook, service.deleteOrganisationWebhook),
  route(endpoints.listOrganisationWebhookDeliveries, service.listOrganisationWebhookDeliveries),
  route(endpoints.testWebhook, service.testWebhook),
];
