import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { id, idInput, pathId, urlInput } from './fields.ts';

/** An issue, or a change that somebody proposes: GitHub's pull request, GitLab's merge request. */
export const externalResourceTypes = ['GITHUB_ISSUE', 'GITHUB_PR', 'GITLAB_ISSUE', 'GITLAB_MR'] as const;
export type ExternalResourceType = (typeof externalResourceTypes)[number];

/** What is known of it: `title` and `state`, which GitHub and GitLab keep up to date, and whatever a client adds. */
const metadata = z.record(z.string().max(100), z.unknown()).nullable();

export const externalResource = z.object({
  id,
  url: z.string(),
  type: z.enum(externalResourceTypes),
  metadata,
  feature: id,
});
export type ExternalResource = z.output<typeof externalResource>;

const input = z.object({
  url: urlInput(200),
  type: z.enum(externalResourceTypes),
  metadata: metadata
    .refine((value) => JSON.stringify(value).length <= 10_000, { error: 'Ensure this field is no longer than 10 kB.' })
    .optional(),
  /** The feature of the path; a link stays with its feature. */
  feature: idInput.optional(),
});

const tag = 'external resources';
const list = '/api/v1/projects/{project_id}/features/{feature_id}/feature-external-resources/';
const ofFeature = z.object({ project_id: pathId, feature_id: pathId });
const one = { tag, params: ofFeature.extend({ resource_id: pathId }), errors: [403 as const, 404 as const] };

export const listExternalResources = endpoint({
  id: 'listExternalResources',
  method: 'GET',
  path: list,
  tag,
  summary: 'List the issues and the pull or merge requests that are linked to a feature',
  params: ofFeature,
  response: z.object({ results: z.array(externalResource) }),
  errors: [403, 404],
});

export const createExternalResource = endpoint({
  id: 'createExternalResource',
  method: 'POST',
  path: list,
  tag,
  summary: 'Link an issue, or a pull or merge request, to a feature; it gets a comment and a label',
  params: ofFeature,
  body: input,
  status: 201,
  response: externalResource,
  errors: [403, 404],
});

export const getExternalResource = endpoint({
  ...one,
  id: 'getExternalResource',
  method: 'GET',
  path: `${list}{resource_id}/`,
  summary: 'Read what is linked to a feature',
  response: externalResource,
});

export const updateExternalResource = endpoint({
  ...one,
  id: 'updateExternalResource',
  method: 'PUT',
  path: `${list}{resource_id}/`,
  summary: 'Link something else in its place',
  body: input,
  response: externalResource,
});

export const patchExternalResource = endpoint({
  ...one,
  id: 'patchExternalResource',
  method: 'PATCH',
  path: `${list}{resource_id}/`,
  summary: 'Change some of a link',
  body: input.partial(),
  response: externalResource,
});

export const deleteExternalResource = endpoint({
  ...one,
  id: 'deleteExternalResource',
  method: 'DELETE',
  path: `${list}{resource_id}/`,
  summary: 'Take a link off a feature; a comment says so',
  status: 204,
});
