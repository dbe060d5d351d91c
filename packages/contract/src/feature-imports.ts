import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { transferStatuses } from './feature-exports.ts';
import { fileInput, id, page, pageQuery, pathId, time } from './fields.ts';

/**
 * What happens to a feature that the project has already: `SKIP` leaves it, `OVERWRITE_DESTRUCTIVE` gives the environment
 * the state of the file and removes its segment and identity overrides there.
 */
export const importStrategies = ['SKIP', 'OVERWRITE_DESTRUCTIVE'] as const;

/** Largest file of features, in bytes. */
export const featureFileLimitBytes = 1_000_000;

export const featureImport = z.object({
  id,
  environment_id: id,
  strategy: z.enum(importStrategies),
  status: z.enum(transferStatuses),
  created_at: time,
});
export type FeatureImport = z.output<typeof featureImport>;

const tag = 'feature imports';

export const createFeatureImport = endpoint({
  id: 'createFeatureImport',
  method: 'POST',
  path: '/api/v1/features/feature-import/{environment_id}',
  tag,
  summary: 'Import a file of features into an environment: all of it, or nothing where something in it is wrong',
  params: z.object({ environment_id: pathId }),
  body: z.object({ file: fileInput({ maxBytes: featureFileLimitBytes }), strategy: z.enum(importStrategies) }),
  multipart: true,
  status: 201,
  response: featureImport,
  errors: [403, 404],
});

export const listFeatureImports = endpoint({
  id: 'listFeatureImports',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/feature-imports/',
  tag,
  summary: 'List the imports into a project of the last two weeks, the newest first',
  params: z.object({ project_id: pathId }),
  query: pageQuery,
  paged: true,
  response: page(featureImport),
  errors: [403, 404],
});
