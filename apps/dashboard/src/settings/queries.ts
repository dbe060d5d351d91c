import { call, download, type Input } from '../api/client.ts';
import { read, refresh } from '../api/query.ts';

export const project = (id: number) => read('getProject', { params: { project_id: id } });
export const environmentKeys = (environment: string) =>
  read('listEnvironmentKeys', { params: { environment_api_key: environment } });
export const tags = (id: number) => read('listTags', { params: { project_id: id }, query: { page_size: 100 } });

export async function changeProject(id: number, body: Input<'patchProject'>['body']) {
  await call('patchProject', { params: { project_id: id }, body });
  await refresh('getProject', 'getSession', 'getFeatureTable');
}

export async function deleteProject(id: number) {
  await call('deleteProject', { params: { project_id: id } });
  await refresh('getSession');
}

export async function createEnvironment(projectId: number, name: string) {
  await call('createEnvironment', { body: { project: projectId, name } });
  await refresh('getSession', 'getFeatureTable', 'getFeaturePage');
}

export async function changeEnvironment(key: string, body: Input<'patchEnvironment'>['body']) {
  await call('patchEnvironment', { params: { environment_api_key: key }, body });
  await refresh('getSession', 'getFeatureTable', 'getFeaturePage');
}

export async function deleteEnvironment(key: string) {
  await call('deleteEnvironment', { params: { environment_api_key: key } });
  await refresh('getSession', 'getFeatureTable', 'getFeaturePage');
}

export async function createKey(environment: string, name: string) {
  await call('createEnvironmentKey', { params: { environment_api_key: environment }, body: { name } });
  await refresh('listEnvironmentKeys');
}

export async function deleteKey(environment: string, id: number) {
  await call('deleteEnvironmentKey', { params: { environment_api_key: environment, key_id: id } });
  await refresh('listEnvironmentKeys');
}

export async function createTag(id: number, label: string, color: string) {
  await call('createTag', { params: { project_id: id }, body: { label, color, is_permanent: false } });
  await refresh('listTags', 'getFeatureTable', 'getFeaturePage');
}

export async function deleteTag(id: number, tag: number) {
  await call('deleteTag', { params: { project_id: id, tag_id: tag } });
  await refresh('listTags', 'getFeatureTable', 'getFeaturePage');
}

/** Everything of a project in one file, which another installation can take. */
export const exportProject = (id: number) =>
  download('exportProject', { params: { project_id: id } } as Input<'exportProject'>);

export async function changeOrganisation(id: number, body: Input<'patchOrganisation'>['body']) {
  await call('patchOrganisation', { params: { organisation_id: id }, body });
  await refresh('getSession');
}
