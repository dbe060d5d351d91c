import { call } from '../api/client.ts';
import { read, refresh } from '../api/query.ts';

/** What features serve differently in two environments. */
export const comparison = (project: number, from: number, to: number) =>
  read('compareEnvironments', { params: { project_id: project }, query: { from, to } });

/** Lets features serve in one environment what they serve in another. */
export async function copyStates(
  project: number,
  from: number,
  to: number,
  features: number[],
  segmentOverrides: boolean,
  note: string,
) {
  const answer = await call('copyStates', {
    params: { project_id: project },
    body: { from, to, features, segment_overrides: segmentOverrides, note, dry_run: false },
  });
  await refresh();
  return answer;
}
