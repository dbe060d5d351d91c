import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { booleanInput, id, pathId, time } from './fields.ts';

/** One committed change, without what it changed: who listens reads again what it shows. */
export const streamedChange = z.object({
  id,
  /** FEATURE, FEATURE_STATE, SEGMENT, ENVIRONMENT… as in the audit log. */
  object_type: z.string(),
  object_id: id.nullable(),
  change_type: z.enum(['CREATE', 'UPDATE', 'DELETE']),
  /** null where it touches every environment of the project. */
  environment: id.nullable(),
  author_id: id.nullable(),
  created_date: time,
});
export type StreamedChange = z.output<typeof streamedChange>;

export const streamChanges = endpoint({
  id: 'streamChanges',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/changes/stream/',
  tag: 'changes',
  summary:
    'Follow the changes of a project as server-sent events named `change`, each at least once; a `reset` says that too much was missed to be told',
  params: z.object({ project_id: pathId }),
  query: z.object({
    /** false answers what was missed since `Last-Event-ID`, and ends. */
    follow: booleanInput.default(true),
  }),
  response: streamedChange,
  stream: true,
  errors: [403, 404, 429],
});
