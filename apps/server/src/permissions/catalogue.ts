import type { PermissionDescription } from '@halyard/contract';
import { environmentPermissions, organisationPermissions, projectPermissions } from '../access/permissions.ts';

/** Where something may be granted. */
export type Level = 'Organisation' | 'Project' | 'Environment';

/** What may be granted at each level, in the order in which clients show it. */
export function catalogueOf(level: Level): PermissionDescription[] {
  return keys[level].map((key) => ({
    key,
    description: descriptions[key],
    supports_tag: (restrictableByTag as string[]).includes(key),
  }));
}

const keys = {
  Organisation: organisationPermissions,
  Project: projectPermissions,
  Environment: environmentPermissions,
};

type Key = (typeof keys)[Level][number];

const restrictableByTag: Key[] = [
  'DELETE_FEATURE',
  'UPDATE_FEATURE_STATE',
  'CREATE_CHANGE_REQUEST',
  'APPROVE_CHANGE_REQUEST',
  'MANAGE_SEGMENT_OVERRIDES',
];

const descriptions: Record<Key, string> = {
  CREATE_PROJECT: 'Create projects in the organisation.',
  MANAGE_USER_GROUPS: 'Create, change and delete groups and choose who is in them.',
  VIEW_PROJECT: 'See the project with its features and segments.',
  CREATE_ENVIRONMENT: 'Create environments in the project.',
  DELETE_FEATURE: 'Delete features of the project.',
  CREATE_FEATURE: 'Create features in the project and change what they are.',
  MANAGE_SEGMENTS: 'Create, change and delete segments of the project.',
  VIEW_AUDIT_LOG: 'Read the audit log of the project.',
  MANAGE_PROJECT_LEVEL_CHANGE_REQUESTS: 'Create, publish and delete change requests of the project.',
  APPROVE_PROJECT_LEVEL_CHANGE_REQUESTS: 'Approve change requests of the project.',
  CREATE_PROJECT_LEVEL_CHANGE_REQUESTS: 'Create change requests of the project.',
  MANAGE_TAGS: 'Create, change and delete tags of the project.',
  VIEW_ENVIRONMENT: 'See the environment and the states of features in it.',
  UPDATE_FEATURE_STATE: 'Switch features and set their values in the environment.',
  MANAGE_IDENTITIES: 'Create, change and delete identities of the environment.',
  VIEW_IDENTITIES: 'See the identities of the environment and their traits.',
  CREATE_CHANGE_REQUEST: 'Create change requests for the environment.',
  APPROVE_CHANGE_REQUEST: 'Approve change requests for the environment.',
  MANAGE_SEGMENT_OVERRIDES: 'Override features for segments in the environment.',
};
