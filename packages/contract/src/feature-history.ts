import { z } from 'zod';
import { changeDetail } from './audit.ts';
import { changeSetKinds, changeSetPart } from './change-sets.ts';
import { endpoint } from './endpoint.ts';
import { id, page, pageQuery, pathId, time } from './fields.ts';

/** One step in a feature's life: a save with all that it changed of the feature, or a change that was made by itself. */
const featureStep = z.object({
  /** Id of its newest record in the audit log. */
  id,
  created_date: time,
  /** Null where it was a master key, the platform itself, or a person whose account is gone. */
  author: z.object({ id, email: z.string(), first_name: z.string(), last_name: z.string() }).nullable(),
  master_api_key: z.object({ prefix: z.string(), name: z.string() }).nullable(),
  is_system_event: z.boolean(),
  /** What it was made as a part of; null for a change through the rest of the API. */
  change_set: z
    .object({
      id,
      kind: z.enum(changeSetKinds),
      note: z.string().nullable(),
      /** Whether undo would be tried: nobody did it before, and nothing was deleted. */
      can_be_undone: z.boolean(),
      undone_by: id.nullable(),
      undoes: id.nullable(),
      /** How many other features it changed, which undo puts back, too. */
      other_features: z.number().int().min(0),
      /** What it changed of this feature. Those of environments that the caller may not see are left out. */
      parts: z.array(changeSetPart),
    })
    .nullable(),
  /** Its records in the audit log, the oldest first. */
  records: z.array(
    z.object({
      id,
      log: z.string(),
      /** Null where it is about all environments. */
      environment: id.nullable(),
      change_details: z.array(changeDetail),
    }),
  ),
});
export type FeatureStep = z.output<typeof featureStep>;

export const getFeatureHistory = endpoint({
  id: 'getFeatureHistory',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/features/{feature_id}/history/',
  tag: 'feature pages',
  summary: 'List what happened to a feature, save by save, with the differences, the newest first',
  params: z.object({ project_id: pathId, feature_id: pathId }),
  query: pageQuery,
  paged: true,
  response: page(featureStep),
  errors: [403, 404],
});
