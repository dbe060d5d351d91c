import type { ChangeFeaturesInput, ExternalResource, FeatureTable, SaveFeatureInput } from '@halyard/contract';
import { call, type Input } from '../api/client.ts';
import { queryClient, read, refresh } from '../api/query.ts';

/** All features of a project with a cell for each environment. */
export const featureTable = (project: number) => read('getFeatureTable', { params: { project_id: project } });

/** Everything about one feature. */
export const featurePage = (project: number, feature: number) =>
  read('getFeaturePage', { params: { project_id: project, feature_id: feature } });

/** Saves a draft, or with `dry_run` says what it would change. */
export async function saveFeature(project: number, feature: number, body: Partial<SaveFeatureInput>) {
  const answer = await call('saveFeature', {
    params: { project_id: project, feature_id: feature },
    body: { environments: [], dry_run: false, ...body } as SaveFeatureInput,
  });
  if (answer.page) queryClient.setQueryData(featurePage(project, feature).queryKey, answer.page);
  if (!body.dry_run) await refresh('getFeatureTable', 'getFeatureHistory');
  return answer;
}

/** Switches a feature in one environment. The table shows it at once, and as it was should the server refuse. */
export async function switchFeature(
  project: number,
  feature: number,
  environment: number,
  enabled: boolean,
  note?: string,
) {
  const { queryKey } = featureTable(project);
  await queryClient.cancelQueries({ queryKey });
  const before = queryClient.getQueryData(queryKey);
  if (before) queryClient.setQueryData(queryKey, withSwitch(before, feature, environment, enabled));
  try {
    return await saveFeature(project, feature, {
      environments: [{ environment, state: { enabled } }],
      note: note ?? null,
    });
  } catch (error) {
    if (before) queryClient.setQueryData(queryKey, before);
    throw error;
  }
}

function withSwitch(table: FeatureTable, feature: number, environment: number, enabled: boolean): FeatureTable {
  const column = table.environments.findIndex(({ id }) => id === environment);
  const features = table.features.map((row) =>
    row.id === feature
      ? { ...row, cells: row.cells.map((cell, index) => (cell && index === column ? { ...cell, enabled } : cell)) }
      : row,
  );
  return { ...table, features };
}

export async function changeFeatures(project: number, body: Partial<ChangeFeaturesInput>) {
  const answer = await call('changeFeatures', { params: { project_id: project }, body: body as ChangeFeaturesInput });
  if (!body.dry_run) await refresh('getFeatureTable', 'getFeaturePage');
  return answer;
}

export async function undo(project: number, changeSet: number) {
  const answer = await call('undoChangeSet', {
    params: { project_id: project, change_set_id: changeSet },
    body: { dry_run: false },
  });
  await refresh();
  return answer;
}

export async function createFeature(project: number, body: Input<'createFeature'>['body']) {
  const feature = await call('createFeature', { params: { project_id: project }, body });
  await refresh('getFeatureTable');
  return feature;
}

export const historyPageSize = 20;

/** What happened to a feature, save by save, the newest first. */
export const featureHistory = (project: number, feature: number, page: number) =>
  read('getFeatureHistory', {
    params: { project_id: project, feature_id: feature },
    query: { page, page_size: historyPageSize },
  });

/** Calls a version off before it goes live. */
export async function callOff(project: number, feature: number, environment: number, version: string) {
  await call('deleteFeatureVersion', {
    params: { environment_id: environment, feature_id: feature, version_uuid: version },
  });
  await queryClient.invalidateQueries({ queryKey: featurePage(project, feature).queryKey });
  await refresh('getFeatureHistory');
}

/** What monitoring says of a project's features, the latest first. */
export const healthEvents = (project: number) => read('listHealthEvents', { params: { project_id: project } });

/** Lets an unhealthy event count no more. */
export async function dismissHealthEvent(project: number, event: number) {
  await call('dismissHealthEvent', { params: { project_id: project, health_event_id: event } });
  await refresh('listHealthEvents', 'getFeaturePage', 'getFeatureTable');
}

/** What is linked to a feature at GitHub and GitLab. */
export const links = (project: number, feature: number) =>
  read('listExternalResources', { params: { project_id: project, feature_id: feature } });

export async function addLink(project: number, feature: number, body: Input<'createExternalResource'>['body']) {
  await call('createExternalResource', { params: { project_id: project, feature_id: feature }, body });
  await refresh('listExternalResources', 'getFeatureHistory');
}

/** Its tags follow: they may change with it. */
export async function removeLink(project: number, { id, feature }: ExternalResource) {
  await call('deleteExternalResource', { params: { project_id: project, feature_id: feature, resource_id: id } });
  await refresh('listExternalResources', 'getFeaturePage', 'getFeatureTable', 'getFeatureHistory');
}
