import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { exactTextInput, id, integerInput, pathId, textInput, time, urlInput } from './fields.ts';

/** Where code is kept; it decides what a link to a line looks like. */
export const vcsProviders = ['github', 'gitlab'] as const;

/** Most references that one scan may report. */
export const codeReferenceLimit = 50_000;
/** Most references of a feature that are shown of one repository; there may be more. */
export const shownCodeReferences = 1000;

const place = { file_path: z.string(), line_number: z.number().int().positive() };

/** What a CI found in one repository at one revision. It is complete: what it leaves out is not there any more. */
const scanInput = z.object({
  repository_url: urlInput(2000),
  /** Without it, GitLab where the repository's host says so, otherwise GitHub. */
  vcs_provider: z.enum(vcsProviders).optional(),
  /** A commit, rather than a branch: links then go on showing what was found. */
  revision: textInput(100),
  code_references: z
    .array(
      z.object({
        feature_name: textInput(2000),
        file_path: exactTextInput(4096).refine((path) => path.trim() !== '', { error: 'This field may not be blank.' }),
        line_number: integerInput({ min: 1 }),
      }),
    )
    .max(codeReferenceLimit),
});

const scan = z.object({
  created_at: time,
  project: id,
  repository_url: z.string(),
  vcs_provider: z.enum(vcsProviders),
  revision: z.string(),
  code_references: z.array(z.object({ feature_name: z.string(), ...place })),
});
export type CodeReferenceScan = z.output<typeof scan>;

/** How often a feature is named in one of the project's repositories. */
export const codeReferenceCount = z.object({
  repository_url: z.string(),
  count: z.number().int().nonnegative(),
  last_successful_repository_scanned_at: time,
  /** Null where no scan has found it yet. */
  last_feature_found_at: time.nullable(),
});
export type CodeReferenceCount = z.output<typeof codeReferenceCount>;

/** Where a feature is named in one repository, as the newest scan of it tells. */
export const codeReferenceSummary = z.object({
  repository_url: z.string(),
  vcs_provider: z.enum(vcsProviders),
  revision: z.string(),
  last_successful_repository_scanned_at: time,
  last_feature_found_at: time.nullable(),
  code_references: z.array(
    z.object({
      ...place,
      scanned_at: time,
      vcs_provider: z.enum(vcsProviders),
      repository_url: z.string(),
      revision: z.string(),
      /** The line at that revision, on the site that the repository is kept at. */
      permalink: z.string(),
    }),
  ),
});
export type CodeReferenceSummary = z.output<typeof codeReferenceSummary>;

const tag = 'code references';

export const reportCodeReferences = endpoint({
  id: 'reportCodeReferences',
  method: 'POST',
  path: '/api/v1/projects/{project_id}/code-references/',
  tag,
  summary: 'Report where the code of a repository names features; it replaces what was reported of it before',
  params: z.object({ project_id: pathId }),
  body: scanInput,
  status: 201,
  response: scan,
  errors: [403, 404, 413],
  bodyLimitBytes: 16 * 1024 * 1024,
});

export const listCodeReferences = endpoint({
  id: 'listCodeReferences',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/features/{feature_id}/code-references/',
  tag,
  summary: 'List where the code of each of the project’s repositories names a feature',
  params: z.object({ project_id: pathId, feature_id: pathId }),
  response: z.array(codeReferenceSummary),
  errors: [403, 404],
});
