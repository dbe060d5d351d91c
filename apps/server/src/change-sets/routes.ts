import * as endpoints from '@halyard/contract';
import { route } from '../http/route.ts';
import { compareEnvironments, copyStates } from './copies.ts';
import { changeFeatures } from './bulk.ts';
import { saveFeature } from './saves.ts';
import { getChangeSet, undoChangeSet } from './service.ts';

export const changeSetRoutes = [
  route(endpoints.saveFeature, saveFeature),
  route(endpoints.changeFeatures, changeFeatures),
  route(endpoints.compareEnvironments, compareEnvironments),
  route(endpoints.copyStates, copyStates),
  route(endpoints.getChangeSet, getChangeSet),
  route(endpoints.undoChangeSet, undoChangeSet),
];
