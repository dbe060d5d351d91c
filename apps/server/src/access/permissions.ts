/** The keys of what may be granted, as the wire spells them. */
export const organisationPermissions = ['CREATE_PROJECT', 'MANAGE_USER_GROUPS'] as const;

export const projectPermissions = [
  'VIEW_PROJECT',
  'CREATE_ENVIRONMENT',
  'DELETE_FEATURE',
  'CREATE_FEATURE',
  'MANAGE_SEGMENTS',
  'VIEW_AUDIT_LOG',
  'MANAGE_PROJECT_LEVEL_CHANGE_REQUESTS',
  'APPROVE_PROJECT_LEVEL_CHANGE_REQUESTS',
  'CREATE_PROJECT_LEVEL_CHANGE_REQUESTS',
  'MANAGE_TAGS',
] as const;

export const environmentPermissions = [
  'VIEW_ENVIRONMENT',
  'UPDATE_FEATURE_STATE',
  'MANAGE_IDENTITIES',
  'VIEW_IDENTITIES',
  'CREATE_CHANGE_REQUEST',
  'APPROVE_CHANGE_REQUEST',
  'MANAGE_SEGMENT_OVERRIDES',
] as const;

/** `MEMBER` stands for belonging to the organisation, `ADMIN` for being allowed everything. */
export type OrganisationPermission = (typeof organisationPermissions)[number] | 'MEMBER' | 'ADMIN';
export type ProjectPermission = (typeof projectPermissions)[number] | 'MEMBER' | 'ADMIN';
export type EnvironmentPermission = (typeof environmentPermissions)[number] | 'MEMBER' | 'ADMIN';
