import * as endpoints from '@halyard/contract';
import { route } from '../../http/route.ts';
import * as service from './service.ts';
import * as tokens from './tokens.ts';

export const oauthProviderRoutes = [
  route(endpoints.getOAuthServerMetadata, service.getOAuthServerMetadata),
  route(endpoints.registerOAuthClient, service.registerOAuthClient),
  route(endpoints.getOAuthConsent, service.getOAuthConsent),
  route(endpoints.decideOAuthConsent, service.decideOAuthConsent),
  route(endpoints.listAuthorisedApplications, service.listAuthorisedApplications),
  route(endpoints.revokeAuthorisedApplication, service.revokeAuthorisedApplication),
  route(endpoints.issueOAuthTokens, tokens.issueOAuthTokens),
  route(endpoints.revokeOAuthToken, tokens.revokeOAuthToken),
  route(endpoints.introspectOAuthToken, tokens.introspectOAuthToken),
];
