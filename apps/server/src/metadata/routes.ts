import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const metadataRoutes = [
  route(endpoints.listMetadataFields, service.listMetadataFields),
  route(endpoints.createMetadataField, service.createMetadataField),
  route(endpoints.getMetadataField, service.getMetadataField),
  route(endpoints.updateMetadataField, service.updateMetadataField),
  route(endpoints.patchMetadataField, service.updateMetadataField),
  route(endpoints.deleteMetadataField, service.deleteMetadataField),
  route(endpoints.listProjectMetadataFields, service.listProjectMetadataFields),
  route(endpoints.getProjectMetadataField, service.getProjectMetadataField),
  route(endpoints.listMetadataModelFields, service.listMetadataModelFields),
  route(endpoints.createMetadataModelField, service.createMetadataModelField),
  route(endpoints.listSupportedContentTypes, service.listSupportedContentTypes),
  route(endpoints.listSupportedRequirements, service.listSupportedRequirements),
  route(endpoints.getMetadataModelField, service.getMetadataModelField),
  route(endpoints.updateMetadataModelField, service.updateMetadataModelField),
  route(endpoints.patchMetadataModelField, service.updateMetadataModelField),
  route(endpoints.deleteMetadataModelField, service.deleteMetadataModelField),
];
