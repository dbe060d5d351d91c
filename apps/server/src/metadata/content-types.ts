import type { ContentType, MetadataEntity } from '@halyard/contract';

/** Stored with requirements and values: a number never changes its meaning. */
export const contentTypes = {
  organisation: { id: 1, app_label: 'organisations', model: 'organisation' },
  project: { id: 2, app_label: 'projects', model: 'project' },
  environment: { id: 3, app_label: 'environments', model: 'environment' },
  feature: { id: 4, app_label: 'features', model: 'feature' },
  segment: { id: 5, app_label: 'segments', model: 'segment' },
} as const satisfies Record<string, ContentType>;

/** What a custom field can be for. */
export const entityTypes: Record<MetadataEntity, ContentType> = {
  environment: contentTypes.environment,
  feature: contentTypes.feature,
  segment: contentTypes.segment,
};

/** Within what a custom field can be required. */
export const requirementTypes: ContentType[] = [contentTypes.organisation, contentTypes.project];
