import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { blankableTextInput, booleanInput, id, idInput, maxId, page, pageQuery, pathId, textInput } from './fields.ts';

export const metadataFieldTypes = ['int', 'str', 'bool', 'url', 'multiline_str'] as const;
export type MetadataFieldType = (typeof metadataFieldTypes)[number];

/** What custom fields can be for. */
export const metadataEntities = ['environment', 'feature', 'segment'] as const;
export type MetadataEntity = (typeof metadataEntities)[number];

/** A kind of object by number. Clients read the numbers from here: they are the same in every installation. */
export const contentType = z.object({ id, app_label: z.string(), model: z.string() });
export type ContentType = z.output<typeof contentType>;

/** An organisation or project in which a custom field must be filled. */
const requirement = z.object({ content_type: id, object_id: z.number().int().min(0).max(maxId) });
export type MetadataRequirement = z.output<typeof requirement>;
const requirementInput = z.object({ content_type: idInput, object_id: idInput });

const nestedModelField = z.object({ id, content_type: id, is_required_for: z.array(requirement) });

/** A custom field: of an organisation, or of one project where `project` is set. */
export const metadataField = z.object({
  id,
  name: z.string(),
  type: z.enum(metadataFieldTypes),
  description: z.string().nullable(),
  organisation: id,
  project: id.nullable(),
  /** What it is for. */
  model_fields: z.array(nestedModelField),
});
export type MetadataField = z.output<typeof metadataField>;

/** That a custom field is for a kind of object. */
export const metadataModelField = nestedModelField.extend({ field: id });
export type MetadataModelField = z.output<typeof metadataModelField>;

/** The value of a custom field, as it stands in a feature, segment or environment. */
export const metadataValue = z.object({ id, model_field: id, field_value: z.string() });
export type MetadataValue = z.output<typeof metadataValue>;

const metadataValueInput = z.object({
  model_field: idInput,
  /** Text; `true` and numbers are taken as their text. */
  field_value: z.preprocess((value) => (typeof value === 'boolean' ? String(value) : value), textInput(2000)),
});
export type MetadataValueInput = z.output<typeof metadataValueInput>;

/** The values of an object as a whole: those that are not in the list are emptied. */
export const metadataInput = z.array(metadataValueInput).max(200);

export const createMetadataFieldInput = z.object({
  name: textInput(255),
  type: z.enum(metadataFieldTypes).default('str'),
  description: blankableTextInput(20_000).nullish(),
  organisation: idInput,
  project: idInput.nullish(),
});

/** A custom field stays where it is; a request that names organisation and project is not an error. */
export const updateMetadataFieldInput = z.object({
  name: textInput(255),
  type: z.enum(metadataFieldTypes).optional(),
  description: blankableTextInput(20_000).nullish(),
});

export const patchMetadataFieldInput = updateMetadataFieldInput.partial();

export const createMetadataModelFieldInput = z.object({
  field: idInput,
  content_type: idInput,
  is_required_for: z.array(requirementInput).max(1000).default([]),
});

/** Field and kind of object are set once. */
export const updateMetadataModelFieldInput = z.object({
  is_required_for: z.array(requirementInput).max(1000).optional(),
});

const tag = 'metadata';
const oneField = z.object({ field_id: pathId });
const inProject = z.object({ project_id: pathId });
const inOrganisation = z.object({ organisation_id: pathId });
const oneModelField = inOrganisation.extend({ model_field_id: pathId });
const entity = z.enum(metadataEntities).optional();

export const listMetadataFields = endpoint({
  id: 'listMetadataFields',
  method: 'GET',
  path: '/api/v1/metadata/fields/',
  tag,
  summary: 'List the custom fields of an organisation, without those of its projects',
  query: pageQuery.extend({ organisation: idInput, entity }),
  paged: true,
  response: page(metadataField),
  errors: [404],
});

export const createMetadataField = endpoint({
  id: 'createMetadataField',
  method: 'POST',
  path: '/api/v1/metadata/fields/',
  tag,
  summary: 'Create a custom field, for an organisation or for one project',
  body: createMetadataFieldInput,
  status: 201,
  response: metadataField,
  errors: [403, 404],
});

export const getMetadataField = endpoint({
  id: 'getMetadataField',
  method: 'GET',
  path: '/api/v1/metadata/fields/{field_id}/',
  tag,
  summary: 'Read a custom field',
  params: oneField,
  response: metadataField,
  errors: [403, 404],
});

export const updateMetadataField = endpoint({
  id: 'updateMetadataField',
  method: 'PUT',
  path: '/api/v1/metadata/fields/{field_id}/',
  tag,
  summary: 'Change a custom field; what is not given stays',
  params: oneField,
  body: updateMetadataFieldInput,
  response: metadataField,
  errors: [403, 404],
});

export const patchMetadataField = endpoint({
  id: 'patchMetadataField',
  method: 'PATCH',
  path: '/api/v1/metadata/fields/{field_id}/',
  tag,
  summary: 'Change some of a custom field',
  params: oneField,
  body: patchMetadataFieldInput,
  response: metadataField,
  errors: [403, 404],
});

export const deleteMetadataField = endpoint({
  id: 'deleteMetadataField',
  method: 'DELETE',
  path: '/api/v1/metadata/fields/{field_id}/',
  tag,
  summary: 'Delete a custom field with its values',
  params: oneField,
  status: 204,
  errors: [403, 404],
});

export const listProjectMetadataFields = endpoint({
  id: 'listProjectMetadataFields',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/metadata/fields/',
  tag,
  summary:
    'List the custom fields of a project; with `include_organisation` those of its organisation too, where no field of the project has the same name',
  params: inProject,
  query: pageQuery.extend({ entity, include_organisation: booleanInput.default(false) }),
  paged: true,
  response: page(metadataField),
  errors: [403, 404],
});

export const getProjectMetadataField = endpoint({
  id: 'getProjectMetadataField',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/metadata/fields/{field_id}/',
  tag,
  summary: 'Read a custom field of a project or of its organisation',
  params: inProject.extend({ field_id: pathId }),
  response: metadataField,
  errors: [403, 404],
});

export const listMetadataModelFields = endpoint({
  id: 'listMetadataModelFields',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/metadata-model-fields/',
  tag,
  summary: 'List what the custom fields of an organisation are for',
  params: inOrganisation,
  query: pageQuery.extend({ content_type: idInput.optional() }),
  paged: true,
  response: page(metadataModelField),
  errors: [404],
});

export const createMetadataModelField = endpoint({
  id: 'createMetadataModelField',
  method: 'POST',
  path: '/api/v1/organisations/{organisation_id}/metadata-model-fields/',
  tag,
  summary: 'Say that a custom field is for a kind of object, and where it must be filled',
  params: inOrganisation,
  body: createMetadataModelFieldInput,
  status: 201,
  response: metadataModelField,
  errors: [403, 404],
});

export const getMetadataModelField = endpoint({
  id: 'getMetadataModelField',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/metadata-model-fields/{model_field_id}/',
  tag,
  summary: 'Read what a custom field is for',
  params: oneModelField,
  response: metadataModelField,
  errors: [404],
});

export const updateMetadataModelField = endpoint({
  id: 'updateMetadataModelField',
  method: 'PUT',
  path: '/api/v1/organisations/{organisation_id}/metadata-model-fields/{model_field_id}/',
  tag,
  summary: 'Change where a custom field must be filled',
  params: oneModelField,
  body: updateMetadataModelFieldInput,
  response: metadataModelField,
  errors: [403, 404],
});

export const patchMetadataModelField = endpoint({
  id: 'patchMetadataModelField',
  method: 'PATCH',
  path: '/api/v1/organisations/{organisation_id}/metadata-model-fields/{model_field_id}/',
  tag,
  summary: 'Change where a custom field must be filled',
  params: oneModelField,
  body: updateMetadataModelFieldInput,
  response: metadataModelField,
  errors: [403, 404],
});

export const deleteMetadataModelField = endpoint({
  id: 'deleteMetadataModelField',
  method: 'DELETE',
  path: '/api/v1/organisations/{organisation_id}/metadata-model-fields/{model_field_id}/',
  tag,
  summary: 'Let a custom field no longer be for a kind of object; its values there go',
  params: oneModelField,
  status: 204,
  errors: [403, 404],
});

export const listSupportedContentTypes = endpoint({
  id: 'listSupportedContentTypes',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/metadata-model-fields/supported-content-types/',
  tag,
  summary: 'List the kinds of objects that custom fields can be for',
  params: inOrganisation,
  response: z.array(contentType),
  errors: [404],
});

export const listSupportedRequirements = endpoint({
  id: 'listSupportedRequirements',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/metadata-model-fields/supported-required-for-models/',
  tag,
  summary: 'List the kinds of objects within which a custom field can be required',
  params: inOrganisation,
  query: z.object({ model_name: z.string().max(100) }),
  response: z.array(contentType),
  errors: [404],
});
