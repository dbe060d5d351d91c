import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { id, idInput, maxId, page, pageQuery, pathId, time } from './fields.ts';
import { featureValueLimit, scalarValue } from './values.ts';

/** Work that may take a while. What runs within the request is `SUCCESS` when it is answered. */
export const transferStatuses = ['PROCESSING', 'SUCCESS', 'FAILED'] as const;

const fileName = z
  .string()
  .min(1)
  .refine((name) => name.trim() === name && !name.includes('\0') && [...name].length <= 2000, {
    error: 'Must be a name of at most 2000 characters without blanks at its ends.',
  });
const fileText = z.string().refine((text) => !text.includes('\0') && [...text].length <= featureValueLimit, {
  error: `Ensure this field has no more than ${featureValueLimit} characters.`,
});
const valueTypes = z.enum(['unicode', 'int', 'bool']);
const fileValue = z.union([fileText, z.number().int().min(-maxId).max(maxId), z.boolean(), z.null()]);
const percentage = z.number().min(0).max(100);

/** One feature as it stands in one environment. */
export const exportedFeature = z
  .object({
    name: fileName,
    default_enabled: z.boolean().default(false),
    is_server_key_only: z.boolean().default(false),
    initial_value: fileText.nullable().default(null),
    /** What the environment serves; `type` says which kind of value it is. */
    value: fileValue,
    type: valueTypes,
    enabled: z.boolean(),
    multivariate: z
      .array(
        z
          .object({
            percentage_allocation: percentage,
            default_percentage_allocation: percentage,
            value: fileValue,
            type: valueTypes,
          })
          .superRefine(refuseOtherType),
      )
      .max(100)
      .default([]),
  })
  .superRefine(refuseOtherType)
  .superRefine(({ multivariate }, check) => {
    const values = new Set(multivariate.map(({ type, value }) => JSON.stringify([type, value])));
    if (values.size < multivariate.length) {
      check.addIssue({ code: 'custom', path: ['multivariate'], message: 'Two variations have the same value.' });
    }
    for (const name of ['percentage_allocation', 'default_percentage_allocation'] as const) {
      if (multivariate.reduce((sum, variation) => sum + variation[name], 0) <= 100 + 1e-6) continue;
      check.addIssue({
        code: 'custom',
        path: ['multivariate'],
        message: 'Multivariate percentage values exceed 100%.',
      });
    }
  });
export type ExportedFeature = z.output<typeof exportedFeature>;

/** What `features/download-feature-export/` answers and `features/feature-import/` reads. */
export const featureExportFile = z.array(exportedFeature);

export const featureExport = z.object({
  id,
  name: z.string(),
  environment_id: id,
  status: z.enum(transferStatuses),
  created_at: time,
});
export type FeatureExport = z.output<typeof featureExport>;

const tag = 'feature exports';

export const createFeatureExport = endpoint({
  id: 'createFeatureExport',
  method: 'POST',
  path: '/api/v1/features/create-feature-export/',
  tag,
  summary: 'Export the features of an environment as they stand there, without overrides; archived ones stay out',
  body: z.object({
    environment_id: idInput,
    /** Only features that carry one of these tags; an empty list means all. */
    tag_ids: z.array(idInput).max(1000),
  }),
  status: 201,
  response: featureExport,
  errors: [403, 404],
});

export const listFeatureExports = endpoint({
  id: 'listFeatureExports',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/feature-exports/',
  tag,
  summary: 'List the exports of a project of the last two weeks, the newest first',
  params: z.object({ project_id: pathId }),
  query: pageQuery,
  paged: true,
  response: page(featureExport),
  errors: [403, 404],
});

export const downloadFeatureExport = endpoint({
  id: 'downloadFeatureExport',
  method: 'GET',
  path: '/api/v1/features/download-feature-export/{feature_export_id}/',
  tag,
  summary: 'Download a finished export',
  params: z.object({ feature_export_id: pathId }),
  response: z.array(z.object({ name: z.string(), value: scalarValue }).loose()),
  attachment: 'feature_export.json',
  errors: [400, 403, 404],
});

/** `type` and value say the same. An empty value has any type. */
function refuseOtherType(item: { type: 'unicode' | 'int' | 'bool'; value: unknown }, check: z.core.$RefinementCtx) {
  const expected = { unicode: 'string', int: 'number', bool: 'boolean' }[item.type];
  if (item.value === null || typeof item.value === expected) return;
  check.addIssue({ code: 'custom', path: ['value'], message: `Must be of type "${item.type}".` });
}
