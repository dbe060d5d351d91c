import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import { exchangeToken } from './exchange.ts';
import * as service from './service.ts';

export const trustRelationshipRoutes = [
  route(endpoints.listTrustRelationships, service.listTrustRelationships),
  route(endpoints.createTrustRelationship, service.createTrustRelationship),
  route(endpoints.getTrustRelationship, service.getTrustRelationship),
  route(endpoints.updateTrustRelationship, service.updateTrustRelationship),
  route(endpoints.patchTrustRelationship, service.updateTrustRelationship),
  route(endpoints.deleteTrustRelationship, service.deleteTrustRelationship),
  route(endpoints.exchangeToken, exchangeToken),
];
