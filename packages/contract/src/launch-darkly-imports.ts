import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { id, pathId, textInput, time } from './fields.ts';

export const launchDarklyImport = z.object({
  id,
  /** E-mail address of whoever asked for it; null for a master key, and for a person whose account is gone. */
  created_by: z.string().nullable(),
  created_at: time,
  updated_at: time,
  /** Null while it is under way. */
  completed_at: time.nullable(),
  status: z.object({
    /** What LaunchDarkly has; null while that is not known. */
    requested_environment_count: z.number().int().nullable(),
    requested_flag_count: z.number().int().nullable(),
    /** Flags that LaunchDarkly calls deprecated. They are imported like the others. */
    deprecated_flag_count: z.number().int(),
    /** `incomplete`: all that can be expressed here was imported, and `error_messages` tell of the rest. `failure`: nothing was. */
    result: z.enum(['success', 'incomplete', 'failure']).nullable(),
    error_messages: z.array(z.string()),
  }),
  project: id,
});
export type LaunchDarklyImport = z.output<typeof launchDarklyImport>;

const tag = 'launch-darkly imports';
const inProject = z.object({ project_id: pathId });

export const listLaunchDarklyImports = endpoint({
  id: 'listLaunchDarklyImports',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/imports/launch-darkly/',
  tag,
  summary: 'List the hundred newest imports from LaunchDarkly into a project, the newest first',
  params: inProject,
  response: z.array(launchDarklyImport),
  errors: [403, 404],
});

export const createLaunchDarklyImport = endpoint({
  id: 'createLaunchDarklyImport',
  method: 'POST',
  path: '/api/v1/projects/{project_id}/imports/launch-darkly/',
  tag,
  summary:
    'Begin an import of a LaunchDarkly project: environments, flags and segments; read it again to see how it went',
  params: inProject,
  body: z.object({
    /** An access token of LaunchDarkly that may read the project; forgotten when the import is done. */
    token: textInput(2000),
    /** Key of the project at LaunchDarkly. */
    project_key: textInput(255),
  }),
  status: 201,
  response: launchDarklyImport,
  errors: [403, 404],
});

export const getLaunchDarklyImport = endpoint({
  id: 'getLaunchDarklyImport',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/imports/launch-darkly/{import_id}/',
  tag,
  summary: 'Read how an import from LaunchDarkly went',
  params: inProject.extend({ import_id: pathId }),
  response: launchDarklyImport,
  errors: [403, 404],
});
