import type * as endpoints from '@halyard/contract';
import type {
  ContentType,
  InputOf,
  MetadataEntity,
  MetadataField,
  MetadataFieldType,
  MetadataModelField,
  MetadataRequirement,
  MetadataValue,
  MetadataValueInput,
  Page,
} from '@halyard/contract';
import { type OrganisationScope, openOrganisation, openProject } from '../access/service.ts';
import { changeOrganisation } from '../changes/service.ts';
import type { Context } from '../context.ts';
import { type FieldErrors, invalid, invalidTogether, notFound, RequestError } from '../errors.ts';
import { contentTypes, entityTypes, requirementTypes } from './content-types.ts';
import {
  countFields,
  countModelFields,
  deleteField,
  deleteModelFields,
  findFields,
  findModelFields,
  findValues,
  insertField,
  insertModelField,
  modelFieldsFor,
  nameIsTaken,
  projectsOf,
  replaceRequirements,
  replaceValues,
  updateField,
} from './store.ts';

export async function listMetadataFields(
  ctx: Context,
  { query }: InputOf<typeof endpoints.listMetadataFields>,
): Promise<Page<MetadataField>> {
  const { organisationId } = await openOrganisation(ctx, query.organisation, 'MEMBER');
  const filter = { organisationId, projectId: null, contentType: query.entity && entityTypes[query.entity].id };
  return pageOfFields(ctx, filter, query);
}

export async function listProjectMetadataFields(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.listProjectMetadataFields>,
): Promise<Page<MetadataField>> {
  const { organisationId, projectId } = await openProject(ctx, params.project_id, 'VIEW_PROJECT');
  const contentType = query.entity && entityTypes[query.entity].id;
  return pageOfFields(ctx, { organisationId, projectId, inherited: query.include_organisation, contentType }, query);
}

export async function getMetadataField(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getMetadataField>,
): Promise<MetadataField> {
  const field = await findOne(ctx, params.field_id);
  await openOrganisation(ctx, field.organisation, 'MEMBER');
  if (field.project !== null) await openProject(ctx, field.project, 'VIEW_PROJECT');
  return field;
}

export async function getProjectMetadataField(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getProjectMetadataField>,
): Promise<MetadataField> {
  const { organisationId, projectId } = await openProject(ctx, params.project_id, 'VIEW_PROJECT');
  const field = await findOne(ctx, params.field_id);
  if (field.organisation !== organisationId) throw notFound();
  if (field.project !== null && field.project !== projectId) throw notFound();
  return field;
}

/** @throws RequestError 400 for a name that is taken, or a project of another organisation. */
export async function createMetadataField(
  ctx: Context,
  { body }: InputOf<typeof endpoints.createMetadataField>,
): Promise<MetadataField> {
  const place = { organisation: body.organisation, project: body.project ?? null };
  const scope = await openPlace(ctx, place);
  return changeOrganisation(ctx, scope, async (ctx, record) => {
    await refuseTakenName(ctx, place, body.name);
    const id = await insertField(ctx.db, {
      organisation_id: place.organisation,
      project_id: place.project,
      scope: scopeOf(place),
      name: body.name,
      type: body.type,
      description: body.description ?? null,
    });
    const after = await findOne(ctx, id);
    record({ ...stepOf(after), changeType: 'CREATE', log: `New custom field created: ${after.name}`, after });
    return after;
  });
}

/** Changes a custom field. A repeat of what it is changes nothing. */
export async function updateMetadataField(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.patchMetadataField>,
): Promise<MetadataField> {
  const scope = await openPlace(ctx, await findOne(ctx, params.field_id));
  return changeOrganisation(ctx, scope, async (ctx, record) => {
    const before = await findOne(ctx, params.field_id);
    const after: MetadataField = {
      ...before,
      ...(body.name !== undefined && { name: body.name }),
      ...(body.type !== undefined && { type: body.type }),
      ...(body.description !== undefined && { description: body.description }),
    };
    if (JSON.stringify(before) === JSON.stringify(after)) return before;
    if (after.name !== before.name) await refuseTakenName(ctx, after, after.name);
    const { name, type, description } = after;
    await updateField(ctx.db, after.id, { name, type, description });
    record({ ...stepOf(after), changeType: 'UPDATE', log: `Custom field updated: ${after.name}`, before, after });
    return after;
  });
}

/** Deletes a custom field with all its values. */
export async function deleteMetadataField(
  ctx: Context,
  { params }: InputOf<typeof endpoints.deleteMetadataField>,
): Promise<void> {
  const scope = await openPlace(ctx, await findOne(ctx, params.field_id));
  await changeOrganisation(ctx, scope, async (ctx, record) => {
    const before = await findOne(ctx, params.field_id);
    await deleteModelFields(
      ctx.db,
      before.model_fields.map((modelField) => modelField.id),
    );
    await deleteField(ctx.db, before.id);
    record({ ...stepOf(before), changeType: 'DELETE', log: `Custom field deleted: ${before.name}`, before });
  });
}

export async function listMetadataModelFields(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.listMetadataModelFields>,
): Promise<Page<MetadataModelField>> {
  const { organisationId } = await openOrganisation(ctx, params.organisation_id, 'MEMBER');
  const filter = { organisationId, contentType: query.content_type };
  const window = { limit: query.page_size, offset: (query.page - 1) * query.page_size };
  return { count: await countModelFields(ctx.db, filter), results: await findModelFields(ctx.db, filter, window) };
}

export async function getMetadataModelField(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getMetadataModelField>,
): Promise<MetadataModelField> {
  const { organisationId } = await openOrganisation(ctx, params.organisation_id, 'MEMBER');
  return findModelField(ctx, organisationId, params.model_field_id);
}

/** @throws RequestError 400 for a field that is for this kind of object already, and for ids of other organisations. */
export async function createMetadataModelField(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.createMetadataModelField>,
): Promise<MetadataModelField> {
  const { organisationId } = await openOrganisation(ctx, params.organisation_id, 'MEMBER');
  const field = await findField(ctx, body.field);
  // To name a wrong field is a mistake of an administrator; others are refused whatever they name.
  const scope = await openPlace(ctx, field?.organisation === organisationId ? field : orphan(organisationId));
  if (field === null || field.organisation !== organisationId) throw invalid({ field: [unknownId(body.field)] });
  if (!Object.values(entityTypes).some((type) => type.id === body.content_type)) {
    throw invalid({ content_type: [unknownId(body.content_type)] });
  }
  return changeOrganisation(ctx, scope, async (ctx, record) => {
    const before = await findOne(ctx, field.id);
    if (before.model_fields.some((modelField) => modelField.content_type === body.content_type)) {
      throw invalidTogether('The fields field, content_type must make a unique set.');
    }
    await refuseForeignRequirements(ctx, before, body.is_required_for);
    const id = await insertModelField(ctx.db, { field_id: field.id, content_type: body.content_type });
    await replaceRequirements(ctx.db, id, body.is_required_for);
    const after = await findOne(ctx, field.id);
    record({ ...stepOf(after), changeType: 'UPDATE', log: `Custom field updated: ${after.name}`, before, after });
    return findModelField(ctx, organisationId, id);
  });
}

/** Changes where a custom field must be filled. Objects that are there already are not looked at. */
export async function updateMetadataModelField(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.updateMetadataModelField>,
): Promise<MetadataModelField> {
  const { field, scope } = await openModelField(ctx, params);
  return changeOrganisation(ctx, scope, async (ctx, record) => {
    const before = await findOne(ctx, field);
    if (body.is_required_for !== undefined) {
      await refuseForeignRequirements(ctx, before, body.is_required_for);
      await replaceRequirements(ctx.db, params.model_field_id, body.is_required_for);
    }
    const after = await findOne(ctx, field);
    if (JSON.stringify(before) !== JSON.stringify(after)) {
      record({ ...stepOf(after), changeType: 'UPDATE', log: `Custom field updated: ${after.name}`, before, after });
    }
    return findModelField(ctx, params.organisation_id, params.model_field_id);
  });
}

export async function deleteMetadataModelField(
  ctx: Context,
  { params }: InputOf<typeof endpoints.deleteMetadataModelField>,
): Promise<void> {
  const { field, scope } = await openModelField(ctx, params);
  await changeOrganisation(ctx, scope, async (ctx, record) => {
    const before = await findOne(ctx, field);
    await deleteModelFields(ctx.db, [params.model_field_id]);
    const after = await findOne(ctx, field);
    record({ ...stepOf(after), changeType: 'UPDATE', log: `Custom field updated: ${after.name}`, before, after });
  });
}

export async function listSupportedContentTypes(
  ctx: Context,
  { params }: InputOf<typeof endpoints.listSupportedContentTypes>,
): Promise<ContentType[]> {
  await openOrganisation(ctx, params.organisation_id, 'MEMBER');
  return Object.values(entityTypes);
}

export async function listSupportedRequirements(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.listSupportedRequirements>,
): Promise<ContentType[]> {
  await openOrganisation(ctx, params.organisation_id, 'MEMBER');
  if (!Object.hasOwn(entityTypes, query.model_name)) {
    throw new RequestError('not_found', { message: 'Custom fields cannot be for objects of this kind.' });
  }
  return requirementTypes;
}

/** The custom fields of many objects of one kind, by object id. */
export async function metadataOf(
  ctx: Context,
  entity: MetadataEntity,
  ids: number[],
): Promise<Map<number, MetadataValue[]>> {
  return findValues(ctx.db, entityTypes[entity].id, ids);
}

/** The custom fields that objects of a kind can have in a project, and whether they must. */
export async function metadataFieldsFor(
  ctx: Context,
  scope: { organisationId: number; projectId: number },
  entity: MetadataEntity,
) {
  return modelFieldsFor(ctx.db, scope, entityTypes[entity].id);
}

/** The fields of a project, or with null those of an organisation itself; at most 1000. The caller has looked at the rights. */
export async function fieldsOfOrganisation(
  ctx: Context,
  place: { organisationId: number; projectId: number | null },
): Promise<MetadataField[]> {
  return findFields(ctx.db, place, { limit: 1000, offset: 0 });
}

/** The number of a kind of object. */
export function typeIdOf(entity: MetadataEntity): number {
  return entityTypes[entity].id;
}

/** For what kind of object a field is, and where it is required, in words. */
export function entityOf({
  content_type,
  is_required_for,
}: Pick<MetadataModelField, 'content_type' | 'is_required_for'>) {
  const [entity] = Object.entries(entityTypes).find(([, type]) => type.id === content_type) as [
    MetadataEntity,
    unknown,
  ];
  const inside = (type: ContentType) => is_required_for.filter((one) => one.content_type === type.id);
  return {
    entity,
    required_in_organisation: inside(contentTypes.organisation).length > 0,
    required_in_projects: inside(contentTypes.project).map(({ object_id }) => object_id),
  };
}

/** The same in numbers. */
export function requirementsOf(
  organisationId: number,
  where: { required_in_organisation: boolean; required_in_projects: number[] },
): MetadataRequirement[] {
  return [
    ...(where.required_in_organisation
      ? [{ content_type: contentTypes.organisation.id, object_id: organisationId }]
      : []),
    ...[...new Set(where.required_in_projects)].map((object_id) => ({
      content_type: contentTypes.project.id,
      object_id,
    })),
  ];
}

/**
 * Sets the custom fields of an object as a whole, inside the change that makes it or changes it.
 * @throws RequestError 400 for a field that is not for such an object, a value that is not of its type, or one that is
 * required and missing.
 */
export async function setMetadata(
  ctx: Context,
  scope: { organisationId: number; projectId: number },
  object: { entity: MetadataEntity; id: number },
  values: MetadataValueInput[],
): Promise<void> {
  const contentType = entityTypes[object.entity].id;
  const known = new Map((await modelFieldsFor(ctx.db, scope, contentType)).map((field) => [field.id, field]));
  const problems = values.map(({ model_field, field_value }, index): FieldErrors => {
    const field = known.get(model_field);
    if (field === undefined) return { model_field: [unknownId(model_field)] };
    if (values.findIndex((value) => value.model_field === model_field) < index) {
      return { model_field: [`The field ${field.name} is there twice.`] };
    }
    if (!fits(field.type, field_value)) return { non_field_errors: [`Invalid value for field ${field.name}`] };
    return {};
  });
  if (problems.some((problem) => Object.keys(problem).length > 0)) throw invalid({ metadata: problems });
  const given = new Set(values.map((value) => value.model_field));
  const missing = [...known.values()].find((field) => field.required && !given.has(field.id));
  if (missing !== undefined) throw invalid({ metadata: [`Missing required metadata field: ${missing.name}`] });
  await replaceValues(ctx.db, { contentType, objectId: object.id }, values);
}

/** Gives a copy of an object the custom fields of the original, as they are. */
export async function copyMetadata(
  ctx: Context,
  entity: MetadataEntity,
  ids: { from: number; to: number },
): Promise<void> {
  const values = (await metadataOf(ctx, entity, [ids.from])).get(ids.from) ?? [];
  await replaceValues(ctx.db, { contentType: entityTypes[entity].id, objectId: ids.to }, values);
}

function fits(type: MetadataFieldType, value: string): boolean {
  if (type === 'int') return /^[+-]?\d{1,300}$/.test(value);
  if (type === 'bool') return /^(true|false)$/i.test(value);
  if (type === 'url') return /^[a-z][a-z\d+.-]*:\/\/\S+$/i.test(value) && URL.canParse(value);
  return true;
}

async function pageOfFields(
  ctx: Context,
  filter: Parameters<typeof findFields>[1],
  query: { page: number; page_size: number },
): Promise<Page<MetadataField>> {
  const window = { limit: query.page_size, offset: (query.page - 1) * query.page_size };
  return { count: await countFields(ctx.db, filter), results: await findFields(ctx.db, filter, window) };
}

/** Where a custom field is, for somebody who may change it: an administrator of its project or its organisation. */
async function openPlace(
  ctx: Context,
  place: { organisation: number; project: number | null },
): Promise<OrganisationScope> {
  if (place.project === null) return openOrganisation(ctx, place.organisation, 'ADMIN');
  const { organisationId } = await openOrganisation(ctx, place.organisation, 'MEMBER');
  const scope = await openProject(ctx, place.project, 'ADMIN');
  if (scope.organisationId !== organisationId) throw invalid({ project: [unknownId(place.project)] });
  return scope;
}

async function openModelField(
  ctx: Context,
  params: { organisation_id: number; model_field_id: number },
): Promise<{ field: number; scope: OrganisationScope }> {
  const { organisationId } = await openOrganisation(ctx, params.organisation_id, 'MEMBER');
  const { field } = await findModelField(ctx, organisationId, params.model_field_id);
  return { field, scope: await openPlace(ctx, await findOne(ctx, field)) };
}

async function refuseTakenName(
  ctx: Context,
  place: { organisation: number; project: number | null },
  name: string,
): Promise<void> {
  if (await nameIsTaken(ctx.db, { organisationId: place.organisation, scope: scopeOf(place) }, name)) {
    const owner = place.project === null ? 'organisation' : 'project';
    throw invalidTogether(`The fields name, ${owner} must make a unique set.`);
  }
}

/** A field can be required in its own organisation, and in projects of it that can use the field. */
async function refuseForeignRequirements(
  ctx: Context,
  field: MetadataField,
  requirements: MetadataRequirement[],
): Promise<void> {
  const projects = new Set(
    await projectsOf(
      ctx.db,
      field.organisation,
      requirements.filter(({ content_type }) => content_type === contentTypes.project.id).map((one) => one.object_id),
    ),
  );
  for (const { content_type, object_id } of requirements) {
    if (!requirementTypes.some((type) => type.id === content_type)) {
      throw invalid({ is_required_for: [unknownId(content_type)] });
    }
    const isOwn =
      content_type === contentTypes.organisation.id
        ? object_id === field.organisation
        : projects.has(object_id) && (field.project === null || field.project === object_id);
    if (!isOwn) throw invalidTogether('The requirement organisation does not match the field organisation');
  }
}

async function findOne(ctx: Context, fieldId: number): Promise<MetadataField> {
  const field = await findField(ctx, fieldId);
  if (field === null) throw notFound();
  return field;
}

async function findField(ctx: Context, fieldId: number): Promise<MetadataField | null> {
  const [field] = await findFields(ctx.db, { fieldId }, { limit: 1, offset: 0 });
  return field ?? null;
}

async function findModelField(ctx: Context, organisationId: number, id: number): Promise<MetadataModelField> {
  const [modelField] = await findModelFields(ctx.db, { organisationId, id }, { limit: 1, offset: 0 });
  if (modelField === undefined) throw notFound();
  return modelField;
}

function stepOf(field: MetadataField) {
  return { objectType: 'METADATA_FIELD', objectId: field.id } as const;
}

function scopeOf(place: { project: number | null }): string {
  return place.project === null ? 'organisation' : `project:${place.project}`;
}

function orphan(organisation: number) {
  return { organisation, project: null };
}

function unknownId(id: number): string {
  return `Invalid pk "${id}" - object does not exist.`;
}
