import type * as endpoints from '@halyard/contract';
import type { InputOf, Page, Tag } from '@halyard/contract';
import { openProject } from '../access/service.ts';
import { changeProject, type RecordChange } from '../changes/service.ts';
import type { Context } from '../context.ts';
import { invalidTogether, notFound, RequestError } from '../errors.ts';
import {
  attachTag,
  countTags,
  deleteTag as deleteRow,
  detachTag,
  findSystemTag,
  findSystemTags,
  findTag,
  findTags,
  insertTag,
  updateTag as updateRow,
} from './store.ts';

export async function listTags(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.listTags>,
): Promise<Page<Tag>> {
  const { projectId } = await openProject(ctx, params.project_id, 'VIEW_PROJECT');
  const window = { limit: query.page_size, offset: (query.page - 1) * query.page_size };
  return { count: await countTags(ctx.db, projectId), results: await findTags(ctx.db, projectId, window) };
}

export async function getTag(ctx: Context, { params }: InputOf<typeof endpoints.getTag>): Promise<Tag> {
  const { projectId } = await openProject(ctx, params.project_id, 'VIEW_PROJECT');
  return findOne(ctx, projectId, { id: params.tag_id });
}

export async function getTagByUuid(ctx: Context, { params }: InputOf<typeof endpoints.getTagByUuid>): Promise<Tag> {
  const { projectId } = await openProject(ctx, params.project_id, 'VIEW_PROJECT');
  return findOne(ctx, projectId, { uuid: params.uuid });
}

export async function createTag(ctx: Context, { params, body }: InputOf<typeof endpoints.createTag>): Promise<Tag> {
  const scope = await openProject(ctx, params.project_id, 'MANAGE_TAGS');
  return changeProject(ctx, scope, async (ctx, record) => {
    const id = await insertTag(ctx.db, {
      uuid: crypto.randomUUID(),
      project_id: scope.projectId,
      label: body.label,
      color: body.color,
      description: body.description ?? null,
      is_permanent: Number(body.is_permanent),
      is_system_tag: 0,
      type: 'NONE',
    });
    const after = await findOne(ctx, scope.projectId, { id });
    record({ ...stepOf(after), changeType: 'CREATE', log: `New Tag created: ${after.label}`, after });
    return after;
  });
}

/** Changes a tag. A repeat of what it is changes nothing. @throws RequestError 400 for a tag of the system. */
export async function updateTag(ctx: Context, { params, body }: InputOf<typeof endpoints.patchTag>): Promise<Tag> {
  const scope = await openProject(ctx, params.project_id, 'MANAGE_TAGS');
  return changeProject(ctx, scope, async (ctx, record) => {
    const before = await findOne(ctx, scope.projectId, { id: params.tag_id });
    if (before.is_system_tag) throw invalidTogether('Cannot update a system tag.');
    const after: Tag = {
      ...before,
      ...(body.label !== undefined && { label: body.label }),
      ...(body.color !== undefined && { color: body.color }),
      ...(body.description !== undefined && { description: body.description }),
      ...(body.is_permanent !== undefined && { is_permanent: body.is_permanent }),
    };
    if (JSON.stringify(before) === JSON.stringify(after)) return before;
    const { label, color, description, is_permanent } = after;
    await updateRow(ctx.db, after.id, { label, color, description, is_permanent: Number(is_permanent) });
    record({ ...stepOf(after), changeType: 'UPDATE', log: `Tag updated: ${after.label}`, before, after });
    return after;
  });
}

/** Deletes a tag and takes it off every feature. @throws RequestError 400 for a tag of the system. */
export async function deleteTag(ctx: Context, { params }: InputOf<typeof endpoints.deleteTag>): Promise<void> {
  const scope = await openProject(ctx, params.project_id, 'MANAGE_TAGS');
  await changeProject(ctx, scope, async (ctx, record) => {
    const before = await findOne(ctx, scope.projectId, { id: params.tag_id });
    if (before.is_system_tag) throw new RequestError('invalid', { message: 'Cannot delete a system tag.' });
    await deleteRow(ctx.db, before.id);
    record({ ...stepOf(before), changeType: 'DELETE', log: `Tag deleted: ${before.label}`, before });
  });
}

/** Puts the tag for unhealthy features on some and takes it off others; the first one makes it. In a project's change. */
export async function tagUnhealthy(
  ctx: Context,
  record: RecordChange,
  projectId: number,
  features: { unhealthy: number[]; healthy: number[] },
): Promise<void> {
  let tagId = await findSystemTag(ctx.db, projectId, 'UNHEALTHY');
  if (tagId !== null) await detachTag(ctx.db, tagId, features.healthy);
  if (features.unhealthy.length === 0) return;
  tagId ??= await makeSystemTag(ctx, record, projectId, { label: 'Unhealthy', type: 'UNHEALTHY' });
  await attachTag(ctx.db, tagId, features.unhealthy);
}

/**
 * Lets a feature have just those of a service's tags whose labels are given; the first one makes a tag. In a project's
 * change.
 */
export async function tagByTracker(
  ctx: Context,
  record: RecordChange,
  projectId: number,
  { featureId, type, labels }: { featureId: number; type: 'GITHUB' | 'GITLAB'; labels: string[] },
): Promise<void> {
  const known = new Map((await findSystemTags(ctx.db, projectId, type)).map((tag) => [tag.label, tag.id]));
  for (const [label, id] of known) if (!labels.includes(label)) await detachTag(ctx.db, id, [featureId]);
  for (const label of labels) {
    const id = known.get(label) ?? (await makeSystemTag(ctx, record, projectId, { label, type }));
    await attachTag(ctx.db, id, [featureId]);
  }
}

const systemColours = { UNHEALTHY: '#FFC0CB', GITHUB: '#838992', GITLAB: '#FC6D26' };

async function makeSystemTag(
  ctx: Context,
  record: RecordChange,
  projectId: number,
  { label, type }: { label: string; type: keyof typeof systemColours },
): Promise<number> {
  const id = await insertTag(ctx.db, {
    uuid: crypto.randomUUID(),
    project_id: projectId,
    label,
    color: systemColours[type],
    description: null,
    is_permanent: 0,
    is_system_tag: 1,
    type,
  });
  const after = await findOne(ctx, projectId, { id });
  record({ ...stepOf(after), changeType: 'CREATE', log: `New Tag created: ${after.label}`, after });
  return id;
}

function stepOf(tag: Tag) {
  return { objectType: 'TAG', objectId: tag.id, objectUuid: tag.uuid, keepsDocuments: true } as const;
}

async function findOne(ctx: Context, projectId: number, by: { id: number } | { uuid: string }): Promise<Tag> {
  const tag = await findTag(ctx.db, projectId, by);
  if (tag === null) throw notFound();
  return tag;
}
