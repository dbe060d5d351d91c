import type { GithubRepository } from '@halyard/contract';
import { addressOf, type Answer, call, callAt, download, type Input } from '../api/client.ts';
import { read, refresh } from '../api/query.ts';
import type { DeliverySource } from '../deliveries/DeliveryLog.tsx';
import { deliveriesPerPage } from '../deliveries/DeliveryLog.tsx';

const inProject = (id: number) => ({ params: { project_id: id } });
const inOrganisation = (id: number) => ({ params: { organisation_id: id } });
const inEnvironment = (key: string) => ({ params: { environment_api_key: key } });

/* The project and the organisation themselves. */

export const project = (id: number) => read('getProject', inProject(id));
export const organisation = (id: number) => read('getOrganisation', inOrganisation(id));

export async function changeProject(id: number, body: Input<'patchProject'>['body']) {
  await call('patchProject', { ...inProject(id), body });
  await refresh('getProject', 'getSession', 'getFeatureTable');
}

export async function deleteProject(id: number) {
  await call('deleteProject', inProject(id));
}

export async function changeOrganisation(id: number, body: Input<'patchOrganisation'>['body']) {
  await call('patchOrganisation', { ...inOrganisation(id), body });
  await refresh('getSession', 'getOrganisation');
}

export async function deleteOrganisation(id: number) {
  await call('deleteOrganisation', inOrganisation(id));
}

/* Environments with their keys. */

export const environmentSettings = (key: string) => read('getEnvironmentSettings', inEnvironment(key));

const refreshEnvironments = () =>
  refresh('getSession', 'getEnvironmentSettings', 'getFeatureTable', 'getFeaturePage', 'getProjectWebhooks');

export async function createEnvironment(projectId: number, body: Omit<Input<'createEnvironment'>['body'], 'project'>) {
  const created = await call('createEnvironment', { body: { ...body, project: projectId } });
  await refreshEnvironments();
  return created;
}

export async function cloneEnvironment(key: string, name: string) {
  const copy = await call('cloneEnvironment', { ...inEnvironment(key), body: { name } });
  await refreshEnvironments();
  return copy;
}

export async function changeEnvironment(key: string, body: Input<'patchEnvironment'>['body']) {
  await call('patchEnvironment', { ...inEnvironment(key), body });
  await refreshEnvironments();
}

export async function deleteEnvironment(key: string) {
  await call('deleteEnvironment', inEnvironment(key));
  await refreshEnvironments();
}

export async function setVersioning(key: string, on: boolean) {
  await call(on ? 'enableFeatureVersioning' : 'disableFeatureVersioning', inEnvironment(key));
  await refreshEnvironments();
}

export async function createKey(environment: string, name: string) {
  await call('createEnvironmentKey', { ...inEnvironment(environment), body: { name } });
  await refresh('getEnvironmentSettings');
}

export async function changeKey(environment: string, id: number, active: boolean) {
  await call('patchEnvironmentKey', { params: { environment_api_key: environment, key_id: id }, body: { active } });
  await refresh('getEnvironmentSettings');
}

export async function deleteKey(environment: string, id: number) {
  await call('deleteEnvironmentKey', { params: { environment_api_key: environment, key_id: id } });
  await refresh('getEnvironmentSettings');
}

/* Tags. */

export const tags = (id: number) => read('getTagUses', inProject(id));

/** Makes a tag, or with an id changes one. */
export async function saveTag(projectId: number, id: number | undefined, body: Input<'createTag'>['body']) {
  if (id === undefined) await call('createTag', { ...inProject(projectId), body });
  else await call('patchTag', { params: { project_id: projectId, tag_id: id }, body });
  await refresh('getTagUses', 'getFeatureTable', 'getFeaturePage');
}

export async function deleteTag(projectId: number, tag: number) {
  await call('deleteTag', { params: { project_id: projectId, tag_id: tag } });
  await refresh('getTagUses', 'getFeatureTable', 'getFeaturePage');
}

/* Custom fields. */

export const projectCustomFields = (id: number) => read('getProjectCustomFields', inProject(id));
export const organisationCustomFields = (id: number) => read('getOrganisationCustomFields', inOrganisation(id));

const refreshFields = () =>
  refresh(
    'getProjectCustomFields',
    'getOrganisationCustomFields',
    'getEnvironmentSettings',
    'getFeatureTable',
    'getFeaturePage',
    'getSegment',
  );

export async function saveCustomField(organisationId: number, body: Input<'saveCustomField'>['body']) {
  await call('saveCustomField', { ...inOrganisation(organisationId), body });
  await refreshFields();
}

export async function deleteCustomField(id: number) {
  await call('deleteMetadataField', { params: { field_id: id } });
  await refreshFields();
}

/* Webhooks: of an environment, by its key, or of an organisation, by its id. */

export type WebhookOwner = { environment: string } | { organisation: number };

export const projectWebhooks = (id: number) => read('getProjectWebhooks', inProject(id));
export const organisationWebhooks = (id: number) => read('getOrganisationWebhooks', inOrganisation(id));

type WebhookBody = Input<'createEnvironmentWebhook'>['body'];

const refreshWebhooks = () => refresh('getProjectWebhooks', 'getOrganisationWebhooks');

export async function createWebhook(owner: WebhookOwner, body: WebhookBody) {
  if ('environment' in owner) await call('createEnvironmentWebhook', { ...inEnvironment(owner.environment), body });
  else await call('createOrganisationWebhook', { ...inOrganisation(owner.organisation), body });
  await refreshWebhooks();
}

export async function changeWebhook(owner: WebhookOwner, id: number, body: Partial<WebhookBody>) {
  if ('environment' in owner) {
    const params = { environment_api_key: owner.environment, webhook_id: id };
    await call('patchEnvironmentWebhook', { params, body });
  } else {
    await call('patchOrganisationWebhook', { params: { organisation_id: owner.organisation, webhook_id: id }, body });
  }
  await refreshWebhooks();
}

export async function deleteWebhook(owner: WebhookOwner, id: number) {
  if ('environment' in owner) {
    await call('deleteEnvironmentWebhook', { params: { environment_api_key: owner.environment, webhook_id: id } });
  } else {
    await call('deleteOrganisationWebhook', { params: { organisation_id: owner.organisation, webhook_id: id } });
  }
  await refreshWebhooks();
}

/** Sends an example. Without a secret it is signed as the webhook that is named. */
export const testWebhook = (
  owner: WebhookOwner,
  message: { url: string; secret?: string | undefined; webhook?: number | undefined },
) =>
  call('testWebhook', {
    body: {
      webhook_url: message.url,
      secret: message.secret || undefined,
      webhook: message.webhook,
      scope:
        'environment' in owner
          ? { type: 'environment', id: owner.environment }
          : { type: 'organisation', id: owner.organisation },
    },
  });

export function webhookDeliveries(owner: WebhookOwner, id: number): DeliverySource {
  const query = (page: number) => ({ page, page_size: deliveriesPerPage });
  return {
    key: ['webhook', id],
    load: (page) =>
      'environment' in owner
        ? call('listEnvironmentWebhookDeliveries', {
            params: { environment_api_key: owner.environment, webhook_id: id },
            query: query(page),
          })
        : call('listOrganisationWebhookDeliveries', {
            params: { organisation_id: owner.organisation, webhook_id: id },
            query: query(page),
          }),
  };
}

/* Integrations. */

export const projectIntegrations = (id: number) => read('getProjectIntegrations', inProject(id));
export const organisationIntegrations = (id: number) => read('getOrganisationIntegrations', inOrganisation(id));

/** Which vendor, and where. */
export interface IntegrationTarget {
  vendor: string;
  place: 'environment' | 'project' | 'organisation';
  params: Record<string, string | number>;
}

async function integrationCall<T>(
  request: 'create' | 'patch' | 'remove' | 'deliveries',
  { vendor, place, params }: IntegrationTarget,
  input: { id?: number; body?: unknown; query?: Record<string, unknown> },
): Promise<T> {
  // Long, and of no use elsewhere: it is loaded with the first request.
  const { integrationEndpoints } = await import('virtual:integrations');
  const endpoint = integrationEndpoints[`${place} ${vendor}`]?.[request] as string;
  const { id, ...sent } = input;
  return callAt<T>(endpoint, { params: { ...params, ...(id !== undefined && { integration_id: id }) }, ...sent });
}

const refreshIntegrations = () => refresh('getProjectIntegrations', 'getOrganisationIntegrations');

/** Sets one up, or with an id changes it: what is not given stays. */
export async function saveIntegration(
  target: IntegrationTarget,
  id: number | undefined,
  body: Record<string, unknown>,
): Promise<void> {
  if (id === undefined) await integrationCall('create', target, { body });
  else await integrationCall('patch', target, { id, body });
  await refreshIntegrations();
}

export async function removeIntegration(target: IntegrationTarget, id: number) {
  await integrationCall('remove', target, { id });
  await refreshIntegrations();
}

export const integrationDeliveries = (target: IntegrationTarget, id: number): DeliverySource => ({
  key: ['integration', id],
  load: (page) => integrationCall('deliveries', target, { id, query: { page, page_size: deliveriesPerPage } }),
});

/** Where the browser goes to connect Slack; it comes back to the page that it left. */
export async function slackAddress(environment: string): Promise<string> {
  const { signature } = await call('getSlackSignature', inEnvironment(environment));
  return addressOf('beginSlackOauth', {
    ...inEnvironment(environment),
    query: { redirect_url: location.href, signature },
  });
}

export const slackChannels = (environment: string) =>
  read('listSlackChannels', { ...inEnvironment(environment), query: { limit: 999 } });

/* GitHub of an organisation, GitLab of a project: `organisationIntegrations` and `projectIntegrations` hold them. */

export async function connectGithub(organisation: number, installationId: string) {
  await call('createGithubIntegration', { ...inOrganisation(organisation), body: { installation_id: installationId } });
  await refreshIntegrations();
}

export async function disconnectGithub(organisation: number, id: number) {
  await call('deleteGithubIntegration', { params: { organisation_id: organisation, github_id: id } });
  await refreshIntegrations();
}

/** Those that the installation may use; what GitHub refuses is not asked again. */
export const offeredRepositories = (organisation: number) => ({
  ...read('browseGithubRepositories', inOrganisation(organisation)),
  retry: false,
});

export async function addRepository(
  organisation: number,
  github: number,
  body: Input<'createGithubRepository'>['body'],
) {
  await call('createGithubRepository', { params: { organisation_id: organisation, github_id: github }, body });
  await refreshIntegrations();
}

const inRepository = (organisation: number, repository: GithubRepository) => ({
  params: {
    organisation_id: organisation,
    github_id: repository.github_configuration,
    repository_id: repository.id,
  },
});

export async function changeRepository(
  organisation: number,
  repository: GithubRepository,
  body: Input<'patchGithubRepository'>['body'],
) {
  await call('patchGithubRepository', { ...inRepository(organisation, repository), body });
  await refreshIntegrations();
}

export async function removeRepository(organisation: number, repository: GithubRepository) {
  await call('deleteGithubRepository', inRepository(organisation, repository));
  await refreshIntegrations();
}

/** Connects a project with a GitLab, or with an id changes that: what is not given stays. */
export async function saveGitlab(
  project: number,
  id: number | undefined,
  body: Input<'patchGitlabIntegration'>['body'],
) {
  if (id === undefined) {
    const whole = body as Input<'createGitlabIntegration'>['body'];
    await call('createGitlabIntegration', { ...inProject(project), body: whole });
  } else {
    await call('patchGitlabIntegration', { params: { project_id: project, gitlab_id: id }, body });
  }
  await refreshIntegrations();
}

export async function disconnectGitlab(project: number, id: number) {
  await call('deleteGitlabIntegration', { params: { project_id: project, gitlab_id: id } });
  await refreshIntegrations();
}

/* Feature health. */

export const healthProviders = (id: number) => read('listHealthProviders', inProject(id));

export type HealthProviderName = Input<'createHealthProvider'>['body']['name'];

export async function createHealthProvider(id: number, name: HealthProviderName) {
  await call('createHealthProvider', { ...inProject(id), body: { name } });
  await refresh('listHealthProviders');
}

export async function deleteHealthProvider(id: number, name: HealthProviderName) {
  await call('deleteHealthProvider', { params: { project_id: id, name } });
  await refresh('listHealthProviders');
}

/* Import and export. */

/** Asked again and again only while something is under way. */
export const transfers = (id: number) => ({
  ...read('getTransfers', inProject(id)),
  refetchInterval: ({ state: { data } }: { state: { data: Transfers | undefined } }) =>
    [...(data?.exports ?? []), ...(data?.imports ?? [])].some(({ status }) => status === 'PROCESSING') ||
    data?.launch_darkly?.some(({ completed_at }) => completed_at === null)
      ? 2000
      : false,
});

export type Transfers = Answer<'getTransfers'>;

/** An import brings environments, features, segments, tags: what was read before is old. */
export const refreshAfterImport = () => refresh();

/** Begins an import: `transfers` tell how it goes. */
export async function importFromLaunchDarkly(id: number, body: Input<'createLaunchDarklyImport'>['body']) {
  await call('createLaunchDarklyImport', { ...inProject(id), body });
  await refresh('getTransfers');
}

/** Everything of a project in one file, which another installation can take. */
export const exportProject = (id: number) => download('exportProject', inProject(id) as Input<'exportProject'>);

/** Makes a project of a file. @throws SyntaxError for a file that is not JSON */
export async function importProject(organisationId: number, file: File, name: string, keepKeys: boolean) {
  const body = JSON.parse(await file.text()) as Record<string, unknown>;
  const query = { ...(name !== '' && { name }), keep_keys: keepKeys };
  const made = await call('importProject', { ...inOrganisation(organisationId), query, body });
  await refresh('getSession');
  return made;
}

export async function exportFeatures(environmentId: number, tagIds: number[]) {
  await call('createFeatureExport', { body: { environment_id: environmentId, tag_ids: tagIds } });
  await refresh('getTransfers');
}

export const downloadFeatures = (id: number) =>
  download('downloadFeatureExport', { params: { feature_export_id: id } });

export type ImportStrategy = 'SKIP' | 'OVERWRITE_DESTRUCTIVE';

export async function importFeatures(environmentId: number, file: File, strategy: ImportStrategy) {
  const body = new FormData();
  body.set('file', file);
  body.set('strategy', strategy);
  const done = await call('createFeatureImport', {
    params: { environment_id: environmentId },
    body: body as unknown as Input<'createFeatureImport'>['body'],
  });
  await refresh('getTransfers', 'getFeatureTable', 'getFeaturePage', 'getTagUses');
  return done;
}
