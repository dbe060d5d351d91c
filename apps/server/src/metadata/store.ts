import type {
  MetadataField,
  MetadataFieldType,
  MetadataModelField,
  MetadataRequirement,
  MetadataValue,
  MetadataValueInput,
} from '@halyard/contract';
import type { Insertable, Updateable } from 'kysely';
import { insertRow, upsertRows } from '../db/statements.ts';
import type { Database, MetadataFieldTable, MetadataModelFieldTable } from '../db/tables.ts';
import { contentTypes } from './content-types.ts';

export type FieldFilter =
  | { fieldId: number }
  | {
      organisationId: number;
      /** Null for fields of the organisation itself. */
      projectId: number | null;
      /** The organisation's fields too, where no field of the project has the name. */
      inherited?: boolean;
      contentType?: number | undefined;
    };

/** Custom fields with what they are for, in the order in which they were made. Three statements at most. */
export async function findFields(
  db: Database,
  filter: FieldFilter,
  window: { limit: number; offset: number },
): Promise<MetadataField[]> {
  const rows = await filteredFields(db, filter)
    .selectAll('metadata_fields')
    .orderBy('metadata_fields.id')
    .limit(window.limit)
    .offset(window.offset)
    .execute();
  if (rows.length === 0) return [];
  const modelFields = await findModelFields(db, { fieldIds: rows.map((row) => row.id) });
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    type: row.type,
    description: row.description,
    organisation: row.organisation_id,
    project: row.project_id,
    model_fields: modelFields.filter(({ field }) => field === row.id).map(({ field: _, ...nested }) => nested),
  }));
}

export async function countFields(db: Database, filter: FieldFilter): Promise<number> {
  const { count } = await filteredFields(db, filter)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

function filteredFields(db: Database, filter: FieldFilter) {
  const query = db.selectFrom('metadata_fields');
  if ('fieldId' in filter) return query.where('metadata_fields.id', '=', filter.fieldId);
  const { organisationId, projectId, inherited = false, contentType } = filter;
  let found = query.where('metadata_fields.organisation_id', '=', organisationId);
  if (projectId === null) found = found.where('metadata_fields.project_id', 'is', null);
  else if (!inherited) found = found.where('metadata_fields.project_id', '=', projectId);
  else {
    found = found.where((eb) =>
      eb.or([
        eb('metadata_fields.project_id', '=', projectId),
        eb.and([
          eb('metadata_fields.project_id', 'is', null),
          eb.not(
            eb.exists(
              eb
                .selectFrom('metadata_fields as own')
                .select(eb.lit(1).as('one'))
                .where('own.project_id', '=', projectId)
                .whereRef('own.name', '=', 'metadata_fields.name'),
            ),
          ),
        ]),
      ]),
    );
  }
  if (contentType === undefined) return found;
  return found.where((eb) =>
    eb.exists(
      eb
        .selectFrom('metadata_model_fields')
        .select(eb.lit(1).as('one'))
        .whereRef('metadata_model_fields.field_id', '=', 'metadata_fields.id')
        .where('metadata_model_fields.content_type', '=', contentType),
    ),
  );
}

export async function nameIsTaken(
  db: Database,
  place: { organisationId: number; scope: string },
  name: string,
): Promise<boolean> {
  const row = await db
    .selectFrom('metadata_fields')
    .where('organisation_id', '=', place.organisationId)
    .where('scope', '=', place.scope)
    .where('name', '=', name)
    .select('id')
    .executeTakeFirst();
  return row !== undefined;
}

export async function insertField(db: Database, field: Insertable<MetadataFieldTable>): Promise<number> {
  return insertRow(db, 'metadata_fields', field);
}

export async function updateField(
  db: Database,
  fieldId: number,
  changes: Updateable<MetadataFieldTable>,
): Promise<void> {
  await db.updateTable('metadata_fields').set(changes).where('id', '=', fieldId).execute();
}

/** Removes a field that is for nothing any more. */
export async function deleteField(db: Database, fieldId: number): Promise<void> {
  await db.deleteFrom('metadata_fields').where('id', '=', fieldId).execute();
}

export type ModelFieldFilter =
  | { fieldIds: number[] }
  | { organisationId: number; id?: number; contentType?: number | undefined };

/** In the order in which they were made. Two statements. */
export async function findModelFields(
  db: Database,
  filter: ModelFieldFilter,
  window?: { limit: number; offset: number },
): Promise<MetadataModelField[]> {
  let query = filteredModelFields(db, filter).selectAll('metadata_model_fields').orderBy('metadata_model_fields.id');
  if (window !== undefined) query = query.limit(window.limit).offset(window.offset);
  const rows = await query.execute();
  if (rows.length === 0) return [];
  const requirements = await db
    .selectFrom('metadata_requirements')
    .where(
      'model_field_id',
      'in',
      rows.map((row) => row.id),
    )
    .selectAll()
    .orderBy('content_type')
    .orderBy('object_id')
    .execute();
  const byModelField = Map.groupBy(requirements, (requirement) => requirement.model_field_id);
  return rows.map((row) => ({
    id: row.id,
    field: row.field_id,
    content_type: row.content_type,
    is_required_for: (byModelField.get(row.id) ?? []).map(({ content_type, object_id }) => ({
      content_type,
      object_id,
    })),
  }));
}

export async function countModelFields(db: Database, filter: ModelFieldFilter): Promise<number> {
  const { count } = await filteredModelFields(db, filter)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

function filteredModelFields(db: Database, filter: ModelFieldFilter) {
  const query = db
    .selectFrom('metadata_model_fields')
    .innerJoin('metadata_fields', 'metadata_fields.id', 'metadata_model_fields.field_id');
  if ('fieldIds' in filter) return query.where('metadata_model_fields.field_id', 'in', filter.fieldIds);
  let found = query.where('metadata_fields.organisation_id', '=', filter.organisationId);
  if (filter.id !== undefined) found = found.where('metadata_model_fields.id', '=', filter.id);
  if (filter.contentType !== undefined) {
    found = found.where('metadata_model_fields.content_type', '=', filter.contentType);
  }
  return found;
}

export async function insertModelField(db: Database, modelField: Insertable<MetadataModelFieldTable>): Promise<number> {
  return insertRow(db, 'metadata_model_fields', modelField);
}

/** With the values that were given there. */
export async function deleteModelFields(db: Database, ids: number[]): Promise<void> {
  if (ids.length === 0) return;
  await db.deleteFrom('metadata_values').where('model_field_id', 'in', ids).execute();
  await db.deleteFrom('metadata_requirements').where('model_field_id', 'in', ids).execute();
  await db.deleteFrom('metadata_model_fields').where('id', 'in', ids).execute();
}

export async function replaceRequirements(
  db: Database,
  modelFieldId: number,
  requirements: MetadataRequirement[],
): Promise<void> {
  await db.deleteFrom('metadata_requirements').where('model_field_id', '=', modelFieldId).execute();
  await upsertRows(
    db,
    'metadata_requirements',
    requirements.map((requirement) => ({ model_field_id: modelFieldId, ...requirement })),
    { key: ['model_field_id', 'content_type', 'object_id'], update: [] },
  );
}

/** Those of the projects that are the organisation's. */
export async function projectsOf(db: Database, organisationId: number, projectIds: number[]): Promise<number[]> {
  if (projectIds.length === 0) return [];
  const rows = await db
    .selectFrom('projects')
    .where('id', 'in', projectIds)
    .where('organisation_id', '=', organisationId)
    .where('deleted_at', 'is', null)
    .select('id')
    .execute();
  return rows.map((row) => row.id);
}

/**
 * The custom fields that objects of a kind can have in a project, and whether they must. A field of the project hides one
 * of the organisation that has its name: what was given there stays valid, but is not required.
 */
export async function modelFieldsFor(
  db: Database,
  place: { organisationId: number; projectId: number },
  contentType: number,
): Promise<{ id: number; name: string; type: MetadataFieldType; required: boolean }[]> {
  const rows = await db
    .selectFrom('metadata_model_fields')
    .innerJoin('metadata_fields', 'metadata_fields.id', 'metadata_model_fields.field_id')
    .leftJoin('metadata_requirements', (join) =>
      join
        .onRef('metadata_requirements.model_field_id', '=', 'metadata_model_fields.id')
        .on((on) =>
          on.or([
            on.and([
              on('metadata_requirements.content_type', '=', contentTypes.organisation.id),
              on('metadata_requirements.object_id', '=', place.organisationId),
            ]),
            on.and([
              on('metadata_requirements.content_type', '=', contentTypes.project.id),
              on('metadata_requirements.object_id', '=', place.projectId),
            ]),
          ]),
        ),
    )
    .where('metadata_fields.organisation_id', '=', place.organisationId)
    .where('metadata_model_fields.content_type', '=', contentType)
    .where((eb) =>
      eb.or([eb('metadata_fields.project_id', 'is', null), eb('metadata_fields.project_id', '=', place.projectId)]),
    )
    .select([
      'metadata_model_fields.id',
      'metadata_fields.name',
      'metadata_fields.type',
      'metadata_fields.project_id',
      'metadata_requirements.object_id',
    ])
    .orderBy('metadata_model_fields.id')
    .execute();
  const ownNames = new Set(rows.filter((row) => row.project_id !== null).map((row) => row.name));
  return rows.map(({ id, name, type, project_id, object_id }) => ({
    id,
    name,
    type,
    required: object_id !== null && (project_id !== null || !ownNames.has(name)),
  }));
}

/** Values by object id, in the order in which they were first given. */
export async function findValues(
  db: Database,
  contentType: number,
  objectIds: number[],
): Promise<Map<number, MetadataValue[]>> {
  if (objectIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('metadata_values')
    .where('content_type', '=', contentType)
    .where('object_id', 'in', objectIds)
    .selectAll()
    .orderBy('id')
    .execute();
  const values = new Map<number, MetadataValue[]>();
  for (const { object_id, id, model_field_id, field_value } of rows) {
    const list = values.get(object_id) ?? [];
    list.push({ id, model_field: model_field_id, field_value });
    values.set(object_id, list);
  }
  return values;
}

/** A value of a field that had one keeps its id. */
export async function replaceValues(
  db: Database,
  object: { contentType: number; objectId: number },
  values: MetadataValueInput[],
): Promise<void> {
  let others = db
    .deleteFrom('metadata_values')
    .where('content_type', '=', object.contentType)
    .where('object_id', '=', object.objectId);
  if (values.length > 0) {
    others = others.where(
      'model_field_id',
      'not in',
      values.map((value) => value.model_field),
    );
  }
  await others.execute();
  const rows = values.map(({ model_field, field_value }) => ({
    model_field_id: model_field,
    content_type: object.contentType,
    object_id: object.objectId,
    field_value,
  }));
  await upsertRows(db, 'metadata_values', rows, {
    key: ['content_type', 'object_id', 'model_field_id'],
    update: ['field_value'],
  });
}
