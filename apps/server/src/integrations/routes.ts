import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const integrationRoutes = [
  route(endpoints.getSlackSignature, service.getSlackSignature),
  route(endpoints.beginSlackOauth, service.beginSlackOauth),
  route(endpoints.finishSlackOauth, service.finishSlackOauth),
  route(endpoints.listSlackChannels, service.listSlackChannels),
  ...endpoints.integrationEndpoints.flatMap(({ vendor, place, endpoints: of }) => {
    const requests = service.integrationService(vendor, place);
    return [
      route(of.list, requests.list),
      route(of.create, requests.create),
      route(of.get, requests.get),
      route(of.update, requests.update),
      route(of.patch, requests.update),
      route(of.remove, requests.remove),
      route(of.deliveries, requests.deliveries),
    ];
  }),
];
