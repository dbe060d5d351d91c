import { queryOptions } from '@tanstack/react-query';
import type { AuditRecord, DetailedAuditRecord, Page } from '@halyard/contract';
import { call, download, type Input } from '../api/client.ts';
import { read } from '../api/query.ts';

/** Whose history: of a project, or of all of an organisation. */
export type HistoryScope = { project: number } | { organisation: number };
export type HistoryFilters = NonNullable<Input<'listProjectAudit'>['query']>;

/** What happened, the newest first. */
export function history(scope: HistoryScope, filters: HistoryFilters) {
  const query = { page_size: 50, ...filters };
  return queryOptions<Page<AuditRecord>>({
    queryKey: ['project' in scope ? 'listProjectAudit' : 'listOrganisationAudit', scope, query],
    queryFn: ({ signal }) =>
      'project' in scope
        ? call('listProjectAudit', { params: { project_id: scope.project }, query }, { signal })
        : call('listOrganisationAudit', { params: { organisation_id: scope.organisation }, query }, { signal }),
  });
}

/** One step with what was different before and after. */
export function step(scope: HistoryScope, id: number) {
  return queryOptions<DetailedAuditRecord>({
    queryKey: ['project' in scope ? 'getProjectAudit' : 'getOrganisationAudit', scope, id],
    queryFn: ({ signal }) =>
      'project' in scope
        ? call('getProjectAudit', { params: { project_id: scope.project, change_id: id } }, { signal })
        : call('getOrganisationAudit', { params: { organisation_id: scope.organisation, change_id: id } }, { signal }),
  });
}

/** All that fits the filters, as a file. */
export function downloadHistory(
  scope: HistoryScope,
  format: 'csv' | 'json',
  { page: _, page_size: __, ...filters }: HistoryFilters,
): Promise<File> {
  const query = { ...filters, format };
  return 'project' in scope
    ? download('exportProjectAudit', { params: { project_id: scope.project }, query })
    : download('exportOrganisationAudit', { params: { organisation_id: scope.organisation }, query });
}

/** Whom one may choose as the one who did it. */
export const actors = (organisation: number) =>
  read('listMembers', { params: { organisation_id: organisation }, query: {} });

/** The features that one may choose. */
export const features = (project: number) => read('getFeatureTable', { params: { project_id: project } });
