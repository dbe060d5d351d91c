import { download, type Input } from '../api/client.ts';
import { read } from '../api/query.ts';

export type HistoryFilters = NonNullable<Input<'listProjectAudit'>['query']>;

/** What happened in a project, the newest first. */
export const history = (project: number, filters: HistoryFilters) =>
  read('listProjectAudit', { params: { project_id: project }, query: { page_size: 50, ...filters } });

/** One step with what was different before and after. */
export const step = (project: number, id: number) =>
  read('getProjectAudit', { params: { project_id: project, change_id: id } });

export const downloadHistory = (
  project: number,
  format: 'csv' | 'json',
  { page: _, page_size: __, ...filters }: HistoryFilters,
) => download('exportProjectAudit', { params: { project_id: project }, query: { ...filters, format } });
