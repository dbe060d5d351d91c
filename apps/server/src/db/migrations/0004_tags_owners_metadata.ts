import type { Database } from '../tables.ts';
import { createTables, indexes } from './columns.ts';

/**
 * Tags, owners of features, and custom fields. Owners are plain numbers: a person or group that goes away needs to know
 * nothing of features, and ids are never given twice.
 */
export async function up(db: Database): Promise<void> {
  await createTables(db, ({ id, integer, text, varchar, uuid, bit, reference, optional }) => ({
    tags: {
      id,
      uuid,
      project_id: reference('projects'),
      label: varchar(100),
      color: varchar(10),
      description: optional(varchar(512)),
      is_permanent: bit,
      is_system_tag: bit,
      type: varchar(20),
    },
    feature_tags: { feature_id: reference('features'), tag_id: reference('tags') },
    feature_owners: { feature_id: reference('features'), user_id: integer },
    feature_group_owners: { feature_id: reference('features'), group_id: integer },
    metadata_fields: {
      id,
      organisation_id: reference('organisations'),
      project_id: optional(reference('projects')),
      scope: varchar(40),
      name: varchar(255),
      type: varchar(20),
      description: optional(text),
    },
    metadata_model_fields: { id, field_id: reference('metadata_fields'), content_type: integer },
    metadata_requirements: {
      model_field_id: reference('metadata_model_fields'),
      content_type: integer,
      object_id: integer,
    },
    metadata_values: {
      id,
      model_field_id: reference('metadata_model_fields'),
      content_type: integer,
      object_id: integer,
      field_value: varchar(2000),
    },
  }));

  await indexes(db, {
    unique: [
      ['tags', 'uuid'],
      ['feature_tags', 'feature_id', 'tag_id'],
      ['feature_owners', 'feature_id', 'user_id'],
      ['feature_group_owners', 'feature_id', 'group_id'],
      ['metadata_fields', 'organisation_id', 'scope', 'name'],
      ['metadata_model_fields', 'field_id', 'content_type'],
      ['metadata_requirements', 'model_field_id', 'content_type', 'object_id'],
      ['metadata_values', 'content_type', 'object_id', 'model_field_id'],
    ],
    plain: [
      ['tags', 'project_id', 'id'],
      ['feature_tags', 'tag_id'],
      ['feature_owners', 'user_id'],
      ['feature_group_owners', 'group_id'],
      ['metadata_fields', 'project_id'],
      ['metadata_values', 'model_field_id'],
    ],
  });
}
