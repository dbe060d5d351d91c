import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import {
  blankableTextInput,
  booleanInput,
  id,
  idInput,
  integerInput,
  page,
  pageQuery,
  pathId,
  textInput,
} from './fields.ts';

/** The installation of this platform's GitHub App that an organisation uses. */
export const githubIntegration = z.object({ id, installation_id: z.string(), organisation: id });
export type GithubIntegration = z.output<typeof githubIntegration>;

const integrationInput = z.object({
  installation_id: textInput(20).refine((text) => /^\d*$/.test(text), { error: 'Enter a number.' }),
});

/** A repository whose issues and pull requests can be linked to the features of a project. */
export const githubRepository = z.object({
  id,
  github_configuration: id,
  project: id,
  repository_owner: z.string(),
  repository_name: z.string(),
  /** Whether features get tags that say how what is linked to them does. */
  tagging_enabled: z.boolean(),
});
export type GithubRepository = z.output<typeof githubRepository>;

const githubName = textInput(100).refine((text) => /^[\w.-]*$/.test(text) && !/^\.+$/.test(text), {
  error: 'Enter letters, digits, dots, dashes and underscores only.',
});
const repositoryInput = z.object({
  project: idInput,
  repository_owner: githubName,
  repository_name: githubName,
  tagging_enabled: booleanInput.optional(),
});

/** A part of what a service lists; `next` and `previous` are numbers of pages. */
export function browsed<T extends z.ZodType>(item: T) {
  return z.object({
    results: z.array(item),
    next: z.number().int().nullable(),
    previous: z.number().int().nullable(),
    /** Null where the service does not count. */
    total_count: z.number().int().nullable(),
  });
}
export interface Browsed<T> {
  results: T[];
  next: number | null;
  previous: number | null;
  total_count: number | null;
}

export const browseQuery = z.object({
  page: integerInput({ min: 1, max: 10_000 }).default(1),
  page_size: integerInput({ min: 1, max: 100 }).default(100),
});
export const searchQuery = browseQuery.extend({ search_text: blankableTextInput(200).optional() });

const inRepository = searchQuery.extend({
  repo_owner: githubName,
  repo_name: githubName,
  state: z.enum(['open', 'closed']).optional(),
});

export const githubItem = z.object({
  html_url: z.string(),
  id: z.number().int(),
  title: z.string(),
  number: z.number().int(),
  state: z.string(),
  merged: z.boolean(),
  draft: z.boolean(),
});
export type GithubItem = z.output<typeof githubItem>;

const tag = 'GitHub';
const organisation = '/api/v1/organisations/{organisation_id}/';
const inOrganisation = z.object({ organisation_id: pathId });
const errors: (403 | 404)[] = [403, 404];
const integrations = `${organisation}integrations/github/`;
const integration = { tag, errors, params: inOrganisation.extend({ github_id: pathId }) };
const repositories = `${integrations}{github_id}/repositories/`;
const repository = { tag, errors, params: integration.params.extend({ repository_id: pathId }) };

export const listGithubIntegrations = endpoint({
  id: 'listGithubIntegrations',
  method: 'GET',
  path: integrations,
  tag,
  errors,
  summary: 'List the GitHub installation of an organisation: one or none',
  params: inOrganisation,
  query: pageQuery,
  paged: true,
  response: page(githubIntegration),
});

export const createGithubIntegration = endpoint({
  id: 'createGithubIntegration',
  method: 'POST',
  path: integrations,
  tag,
  errors,
  summary: 'Let an organisation use an installation of the GitHub App',
  params: inOrganisation,
  body: integrationInput,
  status: 201,
  response: githubIntegration,
});

export const getGithubIntegration = endpoint({
  ...integration,
  id: 'getGithubIntegration',
  method: 'GET',
  path: `${integrations}{github_id}/`,
  summary: 'Read the GitHub installation of an organisation',
  response: githubIntegration,
});

export const updateGithubIntegration = endpoint({
  ...integration,
  id: 'updateGithubIntegration',
  method: 'PUT',
  path: `${integrations}{github_id}/`,
  summary: 'Use another installation of the GitHub App',
  body: integrationInput,
  response: githubIntegration,
});

export const patchGithubIntegration = endpoint({
  ...integration,
  id: 'patchGithubIntegration',
  method: 'PATCH',
  path: `${integrations}{github_id}/`,
  summary: 'Use another installation of the GitHub App',
  body: integrationInput.partial(),
  response: githubIntegration,
});

export const deleteGithubIntegration = endpoint({
  ...integration,
  id: 'deleteGithubIntegration',
  method: 'DELETE',
  path: `${integrations}{github_id}/`,
  summary: 'Let an organisation use GitHub no more; at GitHub, the app stays installed',
  status: 204,
});

export const listGithubRepositories = endpoint({
  ...integration,
  id: 'listGithubRepositories',
  method: 'GET',
  path: repositories,
  summary: 'List the GitHub repositories that projects use',
  query: pageQuery,
  paged: true,
  response: page(githubRepository),
});

export const createGithubRepository = endpoint({
  ...integration,
  id: 'createGithubRepository',
  method: 'POST',
  path: repositories,
  summary: 'Let a project use a GitHub repository',
  body: repositoryInput,
  status: 201,
  response: githubRepository,
});

export const getGithubRepository = endpoint({
  ...repository,
  id: 'getGithubRepository',
  method: 'GET',
  path: `${repositories}{repository_id}/`,
  summary: 'Read a GitHub repository that a project uses',
  response: githubRepository,
});

export const updateGithubRepository = endpoint({
  ...repository,
  id: 'updateGithubRepository',
  method: 'PUT',
  path: `${repositories}{repository_id}/`,
  summary: 'Change which GitHub repository a project uses, and how',
  body: repositoryInput,
  response: githubRepository,
});

export const patchGithubRepository = endpoint({
  ...repository,
  id: 'patchGithubRepository',
  method: 'PATCH',
  path: `${repositories}{repository_id}/`,
  summary: 'Change some of how a project uses a GitHub repository',
  body: repositoryInput.partial(),
  response: githubRepository,
});

export const deleteGithubRepository = endpoint({
  ...repository,
  id: 'deleteGithubRepository',
  method: 'DELETE',
  path: `${repositories}{repository_id}/`,
  summary: 'Let a project use a GitHub repository no more',
  status: 204,
});

const browsing = {
  tag,
  method: 'GET' as const,
  params: inOrganisation,
  errors: [403 as const, 404 as const, 502 as const],
};

export const browseGithubRepositories = endpoint({
  ...browsing,
  id: 'browseGithubRepositories',
  path: `${organisation}github/repositories/`,
  summary: 'List the repositories that the installation may use',
  query: browseQuery,
  response: browsed(z.object({ id: z.number().int(), name: z.string(), full_name: z.string() })),
});

export const browseGithubIssues = endpoint({
  ...browsing,
  id: 'browseGithubIssues',
  path: `${organisation}github/issues/`,
  summary: 'Search the issues of a repository that a project uses',
  query: inRepository,
  response: browsed(githubItem),
});

export const browseGithubPulls = endpoint({
  ...browsing,
  id: 'browseGithubPulls',
  path: `${organisation}github/pulls/`,
  summary: 'Search the pull requests of a repository that a project uses',
  query: inRepository,
  response: browsed(githubItem),
});

export const browseGithubContributors = endpoint({
  ...browsing,
  id: 'browseGithubContributors',
  path: `${organisation}github/repo-contributors/`,
  summary: 'List who contributed to a repository that a project uses',
  query: browseQuery.extend({ repo_owner: githubName, repo_name: githubName }),
  response: browsed(z.object({ login: z.string(), avatar_url: z.string(), contributions: z.number().int() })),
});

export const createCleanupIssue = endpoint({
  id: 'createCleanupIssue',
  method: 'POST',
  path: `${organisation}github/create-cleanup-issue/`,
  tag,
  summary: 'Open an issue for taking a feature out of the code, in each GitHub repository whose code names it',
  params: inOrganisation,
  body: z.object({ feature_id: idInput }),
  status: 204,
  errors: [403, 404, 502],
});

export const receiveGithubEvent = endpoint({
  id: 'receiveGithubEvent',
  method: 'POST',
  path: '/api/v1/github-webhook/',
  tag,
  summary: 'Take what GitHub tells of issues, pull requests and the installation; signed with the app’s webhook secret',
  auth: 'anyone',
  body: z.unknown(),
  signed: true,
  response: z.object({ detail: z.string() }),
});
