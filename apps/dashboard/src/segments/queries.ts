import { call, type Input } from '../api/client.ts';
import { read, refresh } from '../api/query.ts';

/** Segments of a project, in pages, with those whose name contains `q`. */
export const segments = (project: number, q: string, page: number) =>
  read('listSegments', { params: { project_id: project }, query: { q, page, page_size: 50 } });

export const segment = (project: number, id: number) =>
  read('getSegment', { params: { project_id: project, segment_id: id } });

/** Which features a segment overrides, in which environments. */
export const segmentUses = (project: number, id: number) =>
  read('listAssociatedFeatures', { params: { project_id: project, segment_id: id }, query: { page_size: 100 } });

/** The custom fields of a project; those of segments are among them. */
export const customFields = (project: number) => read('getProjectCustomFields', { params: { project_id: project } });

export type SegmentBody = Input<'createSegment'>['body'];

/** Creates a segment, or replaces one. `warnings` of the answer say what is probably not meant. */
export async function saveSegment(project: number, id: number | undefined, body: SegmentBody) {
  const saved =
    id === undefined
      ? await call('createSegment', { params: { project_id: project }, body })
      : await call('updateSegment', { params: { project_id: project, segment_id: id }, body });
  await refresh('listSegments', 'getSegment', 'getFeaturePage');
  return saved;
}

export async function deleteSegment(project: number, id: number) {
  await call('deleteSegment', { params: { project_id: project, segment_id: id } });
  await refresh('listSegments', 'getFeatureTable', 'getFeaturePage');
}
