import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { booleanInput, id, pathId, textInput, urlInput } from './fields.ts';
import { browsed, searchQuery } from './github.ts';

/** The GitLab that a project's features are linked to, and the token that it is asked with. */
export const gitlabIntegration = z.object({
  id,
  gitlab_instance_url: z.string(),
  /** Never the token itself. */
  access_token: z.string(),
  /** Whether what is linked to features gets a label there. */
  labeling_enabled: z.boolean(),
});
export type GitlabIntegration = z.output<typeof gitlabIntegration>;

const input = z.object({
  gitlab_instance_url: urlInput(200),
  /** Of a project, a group or a person, with the scope `api`. The mask leaves it as it is. */
  access_token: textInput(300).refine((text) => /^[\x21-\x7e]*$/.test(text), { error: 'Enter a valid token.' }),
  labeling_enabled: booleanInput.optional(),
});

export const gitlabItem = z.object({
  web_url: z.string(),
  id: z.number().int(),
  title: z.string(),
  iid: z.number().int(),
  state: z.string(),
  merged: z.boolean(),
  draft: z.boolean(),
});
export type GitlabItem = z.output<typeof gitlabItem>;

const tag = 'GitLab';
const project = '/api/v1/projects/{project_id}/';
const inProject = z.object({ project_id: pathId });
const errors: (403 | 404)[] = [403, 404];
const integrations = `${project}integrations/gitlab/`;
const one = { tag, errors, params: inProject.extend({ gitlab_id: pathId }) };

export const listGitlabIntegrations = endpoint({
  id: 'listGitlabIntegrations',
  method: 'GET',
  path: integrations,
  tag,
  errors,
  summary: 'List the GitLab of a project: one or none',
  params: inProject,
  response: z.array(gitlabIntegration),
});

export const createGitlabIntegration = endpoint({
  id: 'createGitlabIntegration',
  method: 'POST',
  path: integrations,
  tag,
  errors,
  summary: 'Connect a project with a GitLab',
  params: inProject,
  body: input,
  status: 201,
  response: gitlabIntegration,
});

export const getGitlabIntegration = endpoint({
  ...one,
  id: 'getGitlabIntegration',
  method: 'GET',
  path: `${integrations}{gitlab_id}/`,
  summary: 'Read the GitLab of a project',
  response: gitlabIntegration,
});

export const updateGitlabIntegration = endpoint({
  ...one,
  id: 'updateGitlabIntegration',
  method: 'PUT',
  path: `${integrations}{gitlab_id}/`,
  summary: 'Change the GitLab of a project',
  body: input,
  response: gitlabIntegration,
});

export const patchGitlabIntegration = endpoint({
  ...one,
  id: 'patchGitlabIntegration',
  method: 'PATCH',
  path: `${integrations}{gitlab_id}/`,
  summary: 'Change some of the GitLab of a project',
  body: input.partial(),
  response: gitlabIntegration,
});

export const deleteGitlabIntegration = endpoint({
  ...one,
  id: 'deleteGitlabIntegration',
  method: 'DELETE',
  path: `${integrations}{gitlab_id}/`,
  summary: 'Disconnect a project from its GitLab, which is asked to call no more',
  status: 204,
});

const browsing = { tag, method: 'GET' as const, params: inProject, errors: [403 as const, 404 as const, 502 as const] };
const inGitlabProject = searchQuery.extend({
  /** The id of a project at GitLab, or its path: `group/name`. */
  gitlab_project_id: textInput(500).refine((text) => !/^\.+$/.test(text), { error: 'Enter an id or a path.' }),
  state: z.enum(['opened', 'closed', 'merged', 'all']).optional(),
});

export const browseGitlabProjects = endpoint({
  ...browsing,
  id: 'browseGitlabProjects',
  path: `${project}gitlab/projects/`,
  summary: 'List the projects that the token may see at GitLab',
  query: searchQuery,
  response: browsed(z.object({ id: z.number().int(), name: z.string(), path_with_namespace: z.string() })),
});

export const browseGitlabIssues = endpoint({
  ...browsing,
  id: 'browseGitlabIssues',
  path: `${project}gitlab/issues/`,
  summary: 'Search the issues of a project at GitLab',
  query: inGitlabProject,
  response: browsed(gitlabItem),
});

export const browseGitlabMergeRequests = endpoint({
  ...browsing,
  id: 'browseGitlabMergeRequests',
  path: `${project}gitlab/merge-requests/`,
  summary: 'Search the merge requests of a project at GitLab',
  query: inGitlabProject,
  response: browsed(gitlabItem),
});

export const receiveGitlabEvent = endpoint({
  id: 'receiveGitlabEvent',
  method: 'POST',
  path: '/api/v1/gitlab-webhook/{webhook_uuid}/',
  tag,
  summary: 'Take what GitLab tells of issues and merge requests; it shows the secret that it was given',
  auth: 'anyone',
  params: z.object({ webhook_uuid: z.string().max(100) }),
  body: z.unknown(),
  signed: true,
  response: z.object({ detail: z.string() }),
  errors: [404],
});
