import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import * as service from './service.ts';

export const tagRoutes = [
  route(endpoints.listTags, service.listTags),
  route(endpoints.createTag, service.createTag),
  route(endpoints.getTag, service.getTag),
  route(endpoints.getTagByUuid, service.getTagByUuid),
  route(endpoints.updateTag, service.updateTag),
  route(endpoints.patchTag, service.updateTag),
  route(endpoints.deleteTag, service.deleteTag),
];
