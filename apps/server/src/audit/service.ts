import type * as endpoints from '@halyard/contract';
import {
  type AuditFilters,
  type AuditRecord,
  auditExportLimit,
  type DetailedAuditRecord,
  type InputOf,
  type Page,
} from '@halyard/contract';
import { openOrganisation, openProject, visibleOrganisations } from '../access/service.ts';
import type { Context } from '../context.ts';
import { environmentsById } from '../environments/service.ts';
import { notFound, refused } from '../errors.ts';
import { Download } from '../download.ts';
import { projectsById } from '../projects/service.ts';
import { plusSeconds, type Timestamp, toTimestamp } from '../time.ts';
import { changeDetails } from './details.ts';
import { csvLine } from './csv.ts';
import {
  type AuditFilter,
  type AuditPlace,
  changeSetsById,
  countChanges,
  findChange,
  findChanges,
  masterKeysById,
  peopleById,
  type StoredChange,
} from './store.ts';

/** What happened in the organisations that the person administers. */
export async function listAudit(
  ctx: Context,
  { query }: InputOf<typeof endpoints.listAudit>,
): Promise<Page<AuditRecord>> {
  return pageOf(ctx, await administered(ctx), query);
}

export async function getAudit(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getAudit>,
): Promise<DetailedAuditRecord> {
  const change = await findChange(ctx.db, {}, params.change_id);
  if (change === null) throw notFound();
  await openOrganisation(ctx, change.organisation_id, 'ADMIN');
  return detailed(ctx, change);
}

export async function exportAudit(ctx: Context, { query }: InputOf<typeof endpoints.exportAudit>): Promise<Download> {
  return download(ctx, await administered(ctx), query);
}

export async function listOrganisationAudit(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.listOrganisationAudit>,
): Promise<Page<AuditRecord>> {
  const { organisationId } = await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  return pageOf(ctx, { organisationIds: [organisationId] }, query);
}

export async function getOrganisationAudit(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getOrganisationAudit>,
): Promise<DetailedAuditRecord> {
  const { organisationId } = await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  return readOne(ctx, { organisationIds: [organisationId] }, params.change_id);
}

export async function exportOrganisationAudit(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.exportOrganisationAudit>,
): Promise<Download> {
  const { organisationId } = await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  return download(ctx, { organisationIds: [organisationId] }, query);
}

export async function listProjectAudit(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.listProjectAudit>,
): Promise<Page<AuditRecord>> {
  const { projectId } = await openProject(ctx, params.project_id, 'VIEW_AUDIT_LOG');
  return pageOf(ctx, { projectId }, query);
}

export async function getProjectAudit(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getProjectAudit>,
): Promise<DetailedAuditRecord> {
  const { projectId } = await openProject(ctx, params.project_id, 'VIEW_AUDIT_LOG');
  return readOne(ctx, { projectId }, params.change_id);
}

export async function exportProjectAudit(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.exportProjectAudit>,
): Promise<Download> {
  const { projectId } = await openProject(ctx, params.project_id, 'VIEW_AUDIT_LOG');
  return download(ctx, { projectId }, query);
}

async function administered(ctx: Context): Promise<AuditPlace> {
  const visible = await visibleOrganisations(ctx);
  return { organisationIds: visible.filter((one) => one.role === 'ADMIN').map((one) => one.organisationId) };
}

async function pageOf(
  ctx: Context,
  place: AuditPlace,
  query: InputOf<typeof endpoints.listAudit>['query'],
): Promise<Page<AuditRecord>> {
  const filter = filterOf(query);
  const count = await countChanges(ctx.db, place, filter);
  const changes = await findChanges(ctx.db, place, filter, {
    limit: query.page_size,
    offset: (query.page - 1) * query.page_size,
  });
  return { count, results: await shown(ctx, changes) };
}

async function readOne(ctx: Context, place: AuditPlace, changeId: number): Promise<DetailedAuditRecord> {
  const change = await findChange(ctx.db, place, changeId);
  if (change === null) throw notFound();
  return detailed(ctx, change);
}

async function detailed(ctx: Context, change: StoredChange): Promise<DetailedAuditRecord> {
  const [record] = await shown(ctx, [change]);
  return {
    ...(record as AuditRecord),
    change_details: changeDetails(parsed(change.before), parsed(change.after)),
    change_type: change.change_type,
  };
}

function parsed(json: string | null): unknown {
  return json === null ? null : JSON.parse(json);
}

/**
 * Every record as a file, made in parts while it is sent.
 * @throws RequestError 400 for more records than one file holds.
 */
async function download(
  ctx: Context,
  place: AuditPlace,
  query: InputOf<typeof endpoints.exportAudit>['query'],
): Promise<Download> {
  const filter = filterOf(query);
  const count = await countChanges(ctx.db, place, filter);
  if (count > auditExportLimit) {
    throw refused(
      `${count} records are more than the ${auditExportLimit} that one export holds. Narrow it with \`from\` and \`to\`.`,
    );
  }
  const isCsv = query.format === 'csv';
  return new Download({
    contentType: isCsv ? 'text/csv; charset=utf-8' : 'application/json',
    fileName: `audit-log.${query.format}`,
    parts: isCsv ? csv(batches(ctx, place, filter)) : json(batches(ctx, place, filter)),
  });
}

/** A thousand records at a time, so that a file never stands in memory as a whole. */
async function* batches(ctx: Context, place: AuditPlace, filter: AuditFilter) {
  let before: number | undefined;
  for (;;) {
    const changes = await findChanges(ctx.db, place, { ...filter, before }, { limit: batchSize, offset: 0 });
    if (changes.length === 0) return;
    const records = await shown(ctx, changes);
    yield records.map((record, index) => ({ record, changeType: (changes[index] as StoredChange).change_type }));
    if (changes.length < batchSize) return;
    before = changes.at(-1)?.id;
  }
}

type Batches = AsyncIterable<{ record: AuditRecord; changeType: string }[]>;

async function* csv(batches: Batches): AsyncGenerator<string> {
  yield csvLine(columns.map(([name]) => name));
  for await (const batch of batches) {
    yield batch.map((one) => csvLine(columns.map(([, valueOf]) => valueOf(one.record, one.changeType)))).join('');
  }
}

async function* json(batches: Batches): AsyncGenerator<string> {
  let separator = '[';
  for await (const batch of batches) {
    for (const { record, changeType } of batch) {
      yield `${separator}${JSON.stringify({ ...record, change_type: changeType })}`;
      separator = ',\n';
    }
  }
  yield separator === '[' ? '[]' : ']';
}

const columns: [string, (record: AuditRecord, changeType: string) => string | number | boolean | null | undefined][] = [
  ['id', (record) => record.id],
  ['created_date', (record) => record.created_date],
  ['log', (record) => record.log],
  ['change_type', (_, changeType) => changeType],
  ['author', (record) => record.author?.email],
  ['master_api_key', (record) => record.master_api_key?.name],
  ['project', (record) => record.project?.name],
  ['environment', (record) => record.environment?.name],
  ['related_object_type', (record) => record.related_object_type],
  ['related_object_id', (record) => record.related_object_id],
  ['related_object_uuid', (record) => record.related_object_uuid],
  ['change_set', (record) => record.change_set?.id],
  ['note', (record) => record.change_set?.note],
  ['is_system_event', (record) => record.is_system_event],
];

/** Records with the people and objects that they are about: five statements, however many records. */
async function shown(ctx: Context, changes: StoredChange[]): Promise<AuditRecord[]> {
  const { people, masterKeys } = await authorsOf(ctx, changes);
  const projects = await projectsById(ctx, idsIn(changes, 'project_id'));
  const environments = await environmentsById(ctx, idsIn(changes, 'environment_id'));
  const changeSets = await changeSetsById(ctx.db, idsIn(changes, 'change_set_id'));
  return changes.map((change) => ({
    id: change.id,
    created_date: change.created_date,
    log: change.log,
    author: people.get(change.user_id ?? 0) ?? null,
    master_api_key: masterKeys.get(change.master_key_id ?? 0) ?? null,
    environment: environments.get(change.environment_id ?? 0) ?? null,
    project: projects.get(change.project_id ?? 0) ?? null,
    related_object_id: change.object_id,
    related_object_uuid: change.object_uuid,
    related_object_type: change.object_type,
    is_system_event: change.is_system_event === 1,
    change_set: changeSets.get(change.change_set_id ?? 0) ?? null,
  }));
}

/** Who made changes: people and master keys by their ids. */
export async function authorsOf(ctx: Context, changes: StoredChange[]) {
  return {
    people: await peopleById(ctx.db, idsIn(changes, 'user_id')),
    masterKeys: await masterKeysById(ctx.db, idsIn(changes, 'master_key_id')),
  };
}

function idsIn(
  changes: StoredChange[],
  column: 'user_id' | 'master_key_id' | 'project_id' | 'environment_id' | 'change_set_id',
): number[] {
  return [...new Set(changes.flatMap((change) => change[column] ?? []))];
}

function filterOf(query: AuditFilters): AuditFilter {
  const { from, to, project, environments, search, is_system_event, actor } = query;
  return {
    projectId: project,
    featureId: query.feature,
    environmentIds: environments,
    search,
    isSystemEvent: is_system_event,
    userId: actor,
    from: from === undefined ? undefined : momentOf(from, 0),
    until: to === undefined ? undefined : momentOf(to, 1),
    objectType: query.related_object_type,
    objectId: query.related_object_id,
  };
}

/** A day is taken from its beginning, and `days` later for where it ends. */
function momentOf(text: string, days: number): Timestamp {
  const isDay = text.length === 10;
  const moment = toTimestamp(isDay ? `${text}T00:00:00Z` : text) as Timestamp;
  return isDay ? plusSeconds(moment, days * 24 * 60 * 60) : moment;
}

const batchSize = 1000;
