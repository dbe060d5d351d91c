import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { lightEnvironment } from './environments.ts';
import { booleanInput, id, idInput, integerInput, page, pageQuery, pathId, time } from './fields.ts';
import { person } from './people.ts';
import { project } from './projects.ts';

/** One step that somebody made. What was told of a person, project or environment since then is told here, too. */
export const auditRecord = z.object({
  id,
  created_date: time,
  /** A sentence that says what happened. */
  log: z.string(),
  /** Null where it was a master key, the platform itself, or a person whose account is gone. */
  author: person.nullable(),
  master_api_key: z.object({ prefix: z.string(), name: z.string() }).nullable(),
  /** Null where it is about no environment or about all of a project. */
  environment: lightEnvironment.nullable(),
  project: project.nullable(),
  related_object_id: z.number().int().nullable(),
  related_object_uuid: z.string().nullable(),
  related_object_type: z.string(),
  /** The platform did it by itself, on a schedule for example. */
  is_system_event: z.boolean(),
  /** What it was made as a part of, with the note that somebody gave. */
  change_set: z.object({ id, note: z.string().nullable() }).nullable(),
});
export type AuditRecord = z.output<typeof auditRecord>;

const scalar = z.union([z.string(), z.number(), z.boolean()]).nullable();

export const changeDetail = z.object({
  field: z.string(),
  /** Lists and objects as JSON. */
  old: scalar,
  new: scalar,
});
export type ChangeDetail = z.output<typeof changeDetail>;

/** A record with what exactly was different before and after. */
export const detailedAuditRecord = auditRecord.extend({
  change_details: z.array(changeDetail),
  change_type: z.enum(['CREATE', 'UPDATE', 'DELETE']),
});
export type DetailedAuditRecord = z.output<typeof detailedAuditRecord>;

/** A day, or a time with its offset. */
const moment = z
  .string()
  .max(40)
  .refine((text) => z.iso.date().safeParse(text).success || z.iso.datetime({ offset: true }).safeParse(text).success, {
    error: 'Give a day or a time with its offset, such as 2026-01-31 or 2026-01-31T12:00:00Z.',
  });

const filters = z.object({
  project: idInput.optional(),
  /** Ids; the parameter may be repeated. */
  environments: z
    .preprocess((value) => (typeof value === 'string' ? value.split(',') : value), z.array(idInput).max(1000))
    .optional(),
  /** Id: what it is, its states and overrides, and its versions. */
  feature: idInput.optional(),
  /** Part of the sentence. */
  search: z.string().max(256).optional(),
  is_system_event: booleanInput.optional(),
  /** Id of the person. */
  actor: idInput.optional(),
  /** The first moment; a day counts from its beginning. */
  from: moment.optional(),
  /** The last moment; a day counts to its end. */
  to: moment.optional(),
  related_object_type: z.string().max(30).optional(),
  related_object_id: integerInput().optional(),
});
export type AuditFilters = z.output<typeof filters>;

export const auditListQuery = pageQuery.extend(filters.shape);
export const auditExportQuery = filters.extend({ format: z.enum(['csv', 'json']).default('csv') });

/** Most records of one export; a filter by time makes parts of more. */
export const auditExportLimit = 50_000;

const tag = 'audit';
const inOrganisation = z.object({ organisation_id: pathId });
const inProject = z.object({ project_id: pathId });
const recordId = { change_id: pathId };

export const listAudit = endpoint({
  id: 'listAudit',
  method: 'GET',
  path: '/api/v1/audit/',
  tag,
  summary: 'List what happened in the organisations that you administer, the newest first',
  auth: 'user',
  query: auditListQuery,
  paged: true,
  response: page(auditRecord),
  errors: [403],
});

export const getAudit = endpoint({
  id: 'getAudit',
  method: 'GET',
  path: '/api/v1/audit/{change_id}/',
  tag,
  summary: 'Read what was different before and after one step',
  auth: 'user',
  params: z.object(recordId),
  response: detailedAuditRecord,
  errors: [403, 404],
});

export const exportAudit = endpoint({
  id: 'exportAudit',
  method: 'GET',
  path: '/api/v1/audit/export/',
  tag,
  summary: 'Download what happened in the organisations that you administer, as CSV or JSON',
  auth: 'user',
  query: auditExportQuery,
  response: z.unknown(),
  errors: [403],
});

export const listOrganisationAudit = endpoint({
  id: 'listOrganisationAudit',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/audit/',
  tag,
  summary: 'List what happened in an organisation, the newest first',
  params: inOrganisation,
  query: auditListQuery,
  paged: true,
  response: page(auditRecord),
  errors: [403, 404],
});

export const getOrganisationAudit = endpoint({
  id: 'getOrganisationAudit',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/audit/{change_id}/',
  tag,
  summary: 'Read what was different before and after one step in an organisation',
  params: inOrganisation.extend(recordId),
  response: detailedAuditRecord,
  errors: [403, 404],
});

export const exportOrganisationAudit = endpoint({
  id: 'exportOrganisationAudit',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/audit/export/',
  tag,
  summary: 'Download what happened in an organisation, as CSV or JSON',
  params: inOrganisation,
  query: auditExportQuery,
  response: z.unknown(),
  errors: [403, 404],
});

export const listProjectAudit = endpoint({
  id: 'listProjectAudit',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/audit/',
  tag,
  summary: 'List what happened in a project, the newest first',
  params: inProject,
  query: auditListQuery,
  paged: true,
  response: page(auditRecord),
  errors: [403, 404],
});

export const getProjectAudit = endpoint({
  id: 'getProjectAudit',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/audit/{change_id}/',
  tag,
  summary: 'Read what was different before and after one step in a project',
  params: inProject.extend(recordId),
  response: detailedAuditRecord,
  errors: [403, 404],
});

export const exportProjectAudit = endpoint({
  id: 'exportProjectAudit',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/audit/export/',
  tag,
  summary: 'Download what happened in a project, as CSV or JSON',
  params: inProject,
  query: auditExportQuery,
  response: z.unknown(),
  errors: [403, 404],
});
