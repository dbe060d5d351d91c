import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const identityRoutes = [
  route(endpoints.listIdentities, service.listIdentities),
  route(endpoints.createIdentity, service.createIdentity),
  route(endpoints.getIdentity, service.getIdentity),
  route(endpoints.updateIdentity, service.updateIdentity),
  route(endpoints.patchIdentity, service.updateIdentity),
  route(endpoints.deleteIdentity, service.deleteIdentity),
  route(endpoints.listTraits, service.listTraits),
  route(endpoints.createTrait, service.createTrait),
  route(endpoints.getTrait, service.getTrait),
  route(endpoints.updateTrait, service.updateTrait),
  route(endpoints.patchTrait, service.updateTrait),
  route(endpoints.deleteTrait, service.deleteTrait),
  route(endpoints.listTraitKeys, service.listTraitKeys),
  route(endpoints.deleteTraitsOfKey, service.deleteTraitsOfKey),
  route(endpoints.listIdentityOverrides, service.listIdentityOverrides),
  route(endpoints.createIdentityOverride, service.createIdentityOverride),
  route(endpoints.getIdentityOverride, service.getIdentityOverride, service.getIdentityOverride),
  route(endpoints.updateIdentityOverride, service.updateIdentityOverride, service.getIdentityOverride),
  route(endpoints.patchIdentityOverride, service.updateIdentityOverride, service.getIdentityOverride),
  route(endpoints.deleteIdentityOverride, service.deleteIdentityOverride, service.getIdentityOverride),
  route(endpoints.listResolvedFeatures, service.listResolvedFeatures),
  route(endpoints.cloneIdentityOverrides, service.cloneIdentityOverrides),
];
