import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { environmentKey } from './environment-keys.ts';
import { environment } from './environments.ts';
import { featureExport } from './feature-exports.ts';
import { featureImport } from './feature-imports.ts';
import { blankableTextInput, booleanInput, id, idInput, pathId, textInput, time } from './fields.ts';
import { githubIntegration, githubRepository } from './github.ts';
import { gitlabIntegration } from './gitlab.ts';
import { integrationDelivery } from './integrations.ts';
import { launchDarklyImport } from './launch-darkly-imports.ts';
import { metadataEntities, metadataField, metadataFieldTypes } from './metadata.ts';
import { tag } from './tags.ts';
import { webhookDelivery } from './webhooks.ts';

/*
 * What a tab of the settings needs, in one answer.
 */

/** A custom field with what it is for, in words rather than in numbers of kinds of objects. */
export const customField = metadataField.omit({ model_fields: true }).extend({
  /** A field of the project has the same name: this one of the organisation does not count there. */
  is_hidden: z.boolean(),
  of: z.array(
    z.object({
      entity: z.enum(metadataEntities),
      model_field: id,
      required_in_organisation: z.boolean(),
      required_in_projects: z.array(id),
    }),
  ),
});
export type CustomField = z.output<typeof customField>;

/** A custom field that an object has, as a form asks for it. */
export const customFieldInput = z.object({
  model_field: id,
  name: z.string(),
  type: z.enum(metadataFieldTypes),
  is_required: z.boolean(),
});
export type CustomFieldInput = z.output<typeof customFieldInput>;

export const saveCustomFieldInput = z.object({
  /** The field that changes; without it a new one is made. */
  id: idInput.optional(),
  /** Of a new field: the project whose own it is. */
  project: idInput.nullish(),
  name: textInput(255),
  type: z.enum(metadataFieldTypes),
  description: blankableTextInput(20_000).nullish(),
  /** As a whole: a kind of object that is not in the list loses its values. */
  of: z
    .array(
      z.object({
        entity: z.enum(metadataEntities),
        required_in_organisation: booleanInput.default(false),
        required_in_projects: z.array(idInput).max(1000).default([]),
      }),
    )
    .max(metadataEntities.length)
    .refine((of) => new Set(of.map(({ entity }) => entity)).size === of.length, {
      error: 'Each kind of object can be there once.',
    }),
});

/** A webhook without what it signs with. */
export const webhookSettings = z.object({
  id,
  url: z.string(),
  enabled: z.boolean(),
  is_signed: z.boolean(),
  created_at: time,
  updated_at: time,
  /** The newest; null where nothing was sent in the last two weeks. */
  last_delivery: webhookDelivery.nullable(),
});
export type WebhookSettings = z.output<typeof webhookSettings>;

const placeEnvironment = environment.pick({ id: true, api_key: true, name: true, banner_colour: true });

const webhookPlace = z.object({
  /** Null for the organisation itself. */
  environment: placeEnvironment.nullable(),
  webhooks: z.array(webhookSettings),
});
export type WebhookPlace = z.output<typeof webhookPlace>;

/** One field of the form that sets an integration up. */
export const integrationField = z.object({
  name: z.string(),
  kind: z.enum(['text', 'boolean', 'number', 'choice']),
  choices: z.array(z.string()),
  is_required: z.boolean(),
  /** Shown as asterisks; sent back like that it stays. */
  is_secret: z.boolean(),
  is_address: z.boolean(),
});
export type IntegrationField = z.output<typeof integrationField>;

const integrationPlaces = z.enum(['environment', 'project', 'organisation']);

export const integrationCatalogueEntry = z.object({
  vendor: z.string(),
  title: z.string(),
  /** Those of the places of the answer where it can be set up. */
  places: z.array(integrationPlaces),
  fields: z.array(integrationField),
});
export type IntegrationCatalogueEntry = z.output<typeof integrationCatalogueEntry>;

export const connectedIntegration = z.object({
  id,
  vendor: z.string(),
  enabled: z.boolean(),
  /** By name of the field; secrets are asterisks. */
  settings: z.record(z.string(), z.unknown()),
  last_delivery: integrationDelivery.nullable(),
});
export type ConnectedIntegration = z.output<typeof connectedIntegration>;

/** A place that the caller administers, with what is set up there. */
export const integrationSettingsPlace = z.object({
  place: integrationPlaces,
  environment: placeEnvironment.nullable(),
  connected: z.array(connectedIntegration),
});
export type IntegrationSettingsPlace = z.output<typeof integrationSettingsPlace>;

export const integrationSettings = z.object({
  catalogue: z.array(integrationCatalogueEntry),
  places: z.array(integrationSettingsPlace),
  slack: z.object({
    /** Whether this installation has a Slack app to connect with. */
    is_available: z.boolean(),
    /** Whether the project has a workspace. */
    is_connected: z.boolean(),
  }),
  /** Of an organisation; null for a project. */
  github: z
    .object({
      /** Whether this installation has a GitHub App to connect with. */
      is_available: z.boolean(),
      integration: githubIntegration.nullable(),
      /** What projects use. */
      repositories: z.array(githubRepository),
    })
    .nullable(),
  /** Of a project, for who administers all of it; null otherwise. */
  gitlab: z.object({ integration: gitlabIntegration.nullable() }).nullable(),
});
export type IntegrationSettings = z.output<typeof integrationSettings>;

const word = 'settings pages';
const inProject = z.object({ project_id: pathId });
const inOrganisation = z.object({ organisation_id: pathId });
const errors: (403 | 404)[] = [403, 404];

export const getEnvironmentSettings = endpoint({
  id: 'getEnvironmentSettings',
  method: 'GET',
  path: '/api/v1/environments/{environment_api_key}/settings/',
  tag: word,
  summary: 'Read the settings of an environment with its server-side keys and the custom fields that it can have',
  params: z.object({ environment_api_key: z.string().max(100) }),
  response: z.object({ environment, keys: z.array(environmentKey), custom_fields: z.array(customFieldInput) }),
  errors,
});

export const getTagUses = endpoint({
  id: 'getTagUses',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/tag-uses/',
  tag: word,
  summary: 'Read the tags of a project, each with the number of features that carry it',
  params: inProject,
  response: z.array(tag.extend({ features: z.number().int() })),
  errors,
});

export const getProjectCustomFields = endpoint({
  id: 'getProjectCustomFields',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/custom-fields/',
  tag: word,
  summary: 'Read the custom fields of a project and of its organisation, with what they are for',
  params: inProject,
  response: z.array(customField),
  errors,
});

export const getOrganisationCustomFields = endpoint({
  id: 'getOrganisationCustomFields',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/custom-fields/',
  tag: word,
  summary: 'Read the custom fields of an organisation, with what they are for',
  params: inOrganisation,
  response: z.array(customField),
  errors: [404],
});

export const saveCustomField = endpoint({
  id: 'saveCustomField',
  method: 'PUT',
  path: '/api/v1/organisations/{organisation_id}/custom-fields/',
  tag: word,
  summary: 'Make or change a custom field together with what it is for and where it is required',
  params: inOrganisation,
  body: saveCustomFieldInput,
  response: metadataField,
  errors,
});

export const getProjectWebhooks = endpoint({
  id: 'getProjectWebhooks',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/webhook-settings/',
  tag: word,
  summary:
    'Read the webhooks of all environments of a project that the caller administers, each with its newest delivery',
  params: inProject,
  response: z.array(webhookPlace),
  errors,
});

export const getOrganisationWebhooks = endpoint({
  id: 'getOrganisationWebhooks',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/webhook-settings/',
  tag: word,
  summary: 'Read the webhooks of an organisation, each with its newest delivery',
  params: inOrganisation,
  response: z.array(webhookPlace),
  errors,
});

export const getProjectIntegrations = endpoint({
  id: 'getProjectIntegrations',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/integration-settings/',
  tag: word,
  summary:
    'Read what can be connected with a project and its environments, and what is, where the caller administers it',
  params: inProject,
  response: integrationSettings,
  errors,
});

export const getOrganisationIntegrations = endpoint({
  id: 'getOrganisationIntegrations',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/integration-settings/',
  tag: word,
  summary: 'Read what can be connected with an organisation, and what is',
  params: inOrganisation,
  response: integrationSettings,
  errors,
});

export const getTransfers = endpoint({
  id: 'getTransfers',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/transfers/',
  tag: word,
  summary: 'Read the newest exports and imports of a project',
  params: inProject,
  response: z.object({
    exports: z.array(featureExport),
    imports: z.array(featureImport),
    /** Imports from LaunchDarkly; null for who may not begin one. */
    launch_darkly: z.array(launchDarklyImport).nullable(),
  }),
  errors,
});
