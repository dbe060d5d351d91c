import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { blankableTextInput, booleanInput, id, idInput, integerInput, pathId, textInput, uuid } from './fields.ts';

export const project = z.object({
  id,
  uuid,
  name: z.string(),
  organisation: id,
  hide_disabled_flags: z.boolean(),
  prevent_flag_defaults: z.boolean(),
  enable_realtime_updates: z.boolean(),
  only_allow_lower_case_feature_names: z.boolean(),
  feature_name_regex: z.string().nullable(),
  stale_flags_limit_days: z.number().int(),
  minimum_change_request_approvals: z.number().int().nullable(),
  enforce_feature_owners: z.boolean(),
  // There is one kind of identity store: these say so to clients that know another.
  enable_dynamo_db: z.literal(false),
  use_edge_identities: z.literal(false),
  show_edge_identity_overrides_for_feature: z.literal(false),
  migration_status: z.literal('NOT_APPLICABLE'),
  edge_v2_migration_status: z.literal('NOT_STARTED'),
});
export type Project = z.output<typeof project>;

/** A project with how much is in it. A limit that is null is no limit. */
export const projectWithTotals = project.extend({
  max_segments_allowed: z.number().int().nullable(),
  max_features_allowed: z.number().int().nullable(),
  max_segment_overrides_allowed: z.number().int().nullable(),
  total_features: z.number().int(),
  total_segments: z.number().int(),
});
export type ProjectWithTotals = z.output<typeof projectWithTotals>;

/** A project keeps its organisation; a request that names one is not an error. */
export const updateProjectInput = z.object({
  name: textInput(2000),
  hide_disabled_flags: booleanInput.optional(),
  prevent_flag_defaults: booleanInput.optional(),
  enable_realtime_updates: booleanInput.optional(),
  only_allow_lower_case_feature_names: booleanInput.optional(),
  /** What the whole name of a new feature must match, in the syntax of RE2; empty or null for any name. */
  feature_name_regex: blankableTextInput(255).nullish(),
  stale_flags_limit_days: integerInput({ min: 0 }).optional(),
  minimum_change_request_approvals: integerInput({ min: 0 }).nullish(),
  enforce_feature_owners: booleanInput.optional(),
});

export const patchProjectInput = updateProjectInput.partial();
export type ProjectInput = z.output<typeof patchProjectInput>;

export const createProjectInput = updateProjectInput.extend({ organisation: idInput });

const tag = 'projects';
const oneProject = z.object({ project_id: pathId });

export const listProjects = endpoint({
  id: 'listProjects',
  method: 'GET',
  path: '/api/v1/projects/',
  tag,
  summary: 'List the projects that you may see',
  query: z.object({ organisation: idInput.optional(), uuid: uuid.optional() }),
  response: z.array(project),
});

export const listOrganisationProjects = endpoint({
  id: 'listOrganisationProjects',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/projects/',
  tag,
  summary: 'List the projects of an organisation that you may see',
  params: z.object({ organisation_id: pathId }),
  response: z.array(project),
  errors: [404],
});

export const createProject = endpoint({
  id: 'createProject',
  method: 'POST',
  path: '/api/v1/projects/',
  tag,
  summary: 'Create a project',
  body: createProjectInput,
  status: 201,
  response: project,
  errors: [403, 404],
});

export const getProject = endpoint({
  id: 'getProject',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/',
  tag,
  summary: 'Read a project with how much is in it',
  params: oneProject,
  response: projectWithTotals,
  errors: [403, 404],
  conditional: true,
});

export const getProjectByUuid = endpoint({
  id: 'getProjectByUuid',
  method: 'GET',
  path: '/api/v1/projects/get-by-uuid/{uuid}/',
  tag,
  summary: 'Read a project by its uuid',
  params: z.object({ uuid }),
  response: projectWithTotals,
  errors: [403, 404],
});

export const updateProject = endpoint({
  id: 'updateProject',
  method: 'PUT',
  path: '/api/v1/projects/{project_id}/',
  tag,
  summary: 'Change a project; what is not given stays',
  params: oneProject,
  body: updateProjectInput,
  response: project,
  errors: [403, 404],
  conditional: true,
});

export const patchProject = endpoint({
  id: 'patchProject',
  method: 'PATCH',
  path: '/api/v1/projects/{project_id}/',
  tag,
  summary: 'Change some of a project',
  params: oneProject,
  body: patchProjectInput,
  response: project,
  errors: [403, 404],
  conditional: true,
});

export const deleteProject = endpoint({
  id: 'deleteProject',
  method: 'DELETE',
  path: '/api/v1/projects/{project_id}/',
  tag,
  summary: 'Delete a project with its environments; SDKs get nothing from them any more',
  params: oneProject,
  status: 204,
  errors: [403, 404],
  conditional: true,
});
