import { read } from '../api/query.ts';

interface UsageFilter {
  days: number;
  project_id?: number | undefined;
  environment_id?: number | undefined;
}

/** Requests of an organisation's SDKs by day, by environment and by client. */
export const usageReport = (organisation: number, filter: UsageFilter) =>
  read('getUsageReport', { params: { organisation_id: organisation }, query: filter as never });
