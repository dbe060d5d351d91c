import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const multivariateOptionRoutes = [
  route(endpoints.listMultivariateOptions, service.listMultivariateOptions),
  route(endpoints.createMultivariateOption, service.createMultivariateOption),
  route(endpoints.getMultivariateOption, service.getMultivariateOption),
  route(endpoints.updateMultivariateOption, service.updateMultivariateOption),
  route(endpoints.patchMultivariateOption, service.updateMultivariateOption),
  route(endpoints.deleteMultivariateOption, service.deleteMultivariateOption),
  route(endpoints.getMultivariateOptionByUuid, service.getMultivariateOptionByUuid),
];
