import type { CustomField, CustomFieldInput, MetadataEntity } from '@halyard/contract';

/** The fields that objects of a kind can have in a project, and whether they must. */
export function fieldsFor(entity: MetadataEntity, project: number, fields: CustomField[]): CustomFieldInput[] {
  return fields.flatMap((field) =>
    field.of
      .filter((one) => one.entity === entity && !field.is_hidden)
      .map((one) => ({
        model_field: one.model_field,
        name: field.name,
        type: field.type,
        is_required: one.required_in_organisation || one.required_in_projects.includes(project),
      })),
  );
}

/** What a kind of value is called. */
export const typeNames: Record<CustomField['type'], string> = {
  str: 'Text',
  multiline_str: 'Text of several lines',
  int: 'Whole number',
  bool: 'Yes or no',
  url: 'Address (URL)',
};

/** What custom fields can be for. */
export const entityNames: Record<MetadataEntity, string> = {
  feature: 'Features',
  segment: 'Segments',
  environment: 'Environments',
};
