import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { blankableTextInput, booleanInput, id, page, pageQuery, pathId, textInput, uuid } from './fields.ts';

/** Who made a tag: `NONE` for a person, otherwise the part of the platform that keeps it. */
export const tagTypes = ['NONE', 'STALE', 'GITHUB', 'UNHEALTHY', 'GITLAB'] as const;

export const tag = z.object({
  id,
  uuid,
  label: z.string(),
  color: z.string(),
  description: z.string().nullable(),
  project: id,
  /** A feature with such a tag is meant to stay: it never counts as stale. */
  is_permanent: z.boolean(),
  /** Made by the platform: people can attach it, but not change it. */
  is_system_tag: z.boolean(),
  type: z.enum(tagTypes),
});
export type Tag = z.output<typeof tag>;

const defaultColor = '#6837FC';

export const createTagInput = z.object({
  label: textInput(100),
  color: textInput(10).default(defaultColor),
  description: blankableTextInput(512).nullish(),
  is_permanent: booleanInput.default(false),
});

export const updateTagInput = z.object({
  label: textInput(100),
  color: textInput(10).optional(),
  description: blankableTextInput(512).nullish(),
  is_permanent: booleanInput.optional(),
});

export const patchTagInput = updateTagInput.partial();

const word = 'tags';
const inProject = z.object({ project_id: pathId });
const oneTag = inProject.extend({ tag_id: pathId });

export const listTags = endpoint({
  id: 'listTags',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/tags/',
  tag: word,
  summary: 'List the tags of a project',
  params: inProject,
  query: pageQuery,
  paged: true,
  response: page(tag),
  errors: [403, 404],
});

export const createTag = endpoint({
  id: 'createTag',
  method: 'POST',
  path: '/api/v1/projects/{project_id}/tags/',
  tag: word,
  summary: 'Create a tag',
  params: inProject,
  body: createTagInput,
  status: 201,
  response: tag,
  errors: [403, 404],
});

export const getTag = endpoint({
  id: 'getTag',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/tags/{tag_id}/',
  tag: word,
  summary: 'Read a tag',
  params: oneTag,
  response: tag,
  errors: [403, 404],
});

export const getTagByUuid = endpoint({
  id: 'getTagByUuid',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/tags/get-by-uuid/{uuid}/',
  tag: word,
  summary: 'Read a tag by its uuid',
  params: inProject.extend({ uuid }),
  response: tag,
  errors: [403, 404],
});

export const updateTag = endpoint({
  id: 'updateTag',
  method: 'PUT',
  path: '/api/v1/projects/{project_id}/tags/{tag_id}/',
  tag: word,
  summary: 'Change a tag; what is not given stays',
  params: oneTag,
  body: updateTagInput,
  response: tag,
  errors: [403, 404],
});

export const patchTag = endpoint({
  id: 'patchTag',
  method: 'PATCH',
  path: '/api/v1/projects/{project_id}/tags/{tag_id}/',
  tag: word,
  summary: 'Change some of a tag',
  params: oneTag,
  body: patchTagInput,
  response: tag,
  errors: [403, 404],
});

export const deleteTag = endpoint({
  id: 'deleteTag',
  method: 'DELETE',
  path: '/api/v1/projects/{project_id}/tags/{tag_id}/',
  tag: word,
  summary: 'Delete a tag and take it off every feature',
  params: oneTag,
  status: 204,
  errors: [403, 404],
});
