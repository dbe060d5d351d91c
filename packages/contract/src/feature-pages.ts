import { z } from 'zod';
import { codeReferenceSummary } from './code-references.ts';
import { endpoint } from './endpoint.ts';
import { id, pathId, time, uuid } from './fields.ts';
import { featureTypes, lifecycleStages } from './features.ts';
import { metadataFieldTypes, metadataValue } from './metadata.ts';
import { multivariateOption } from './multivariate-options.ts';
import { segmentRule } from './segments.ts';
import { tagTypes } from './tags.ts';
import { scalarValue } from './values.ts';

/*
 * What a screen needs, in one answer: the table of all features with a cell for each environment, and the page of one
 * feature with everything that there is to see and to edit.
 */

/** Longest value that a cell of the table shows, in characters. */
export const shownValueLimit = 200;
/** How many features the table holds at most, the oldest first. */
export const featureTableLimit = 10_000;
/** How many identity overrides of each environment the page holds. */
export const shownIdentityOverrides = 50;
/** How many places in the code of each repository the page holds. */
export const shownCodePlaces = 20;

/** What the caller may do; `admin` stands for everything. */
const ownPermissions = z.object({ admin: z.boolean(), permissions: z.array(z.string()) });

const screenEnvironment = z.object({
  id,
  uuid,
  api_key: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  /** Colour and text of its banner: what people mark an environment with. */
  banner_colour: z.string().nullable(),
  banner_text: z.string().nullable(),
  /** Guessed by its name: for a second look before a change, not for a decision. */
  is_production: z.boolean(),
  use_v2_feature_versioning: z.boolean(),
  minimum_change_request_approvals: z.number().int().nullable(),
  my_permissions: ownPermissions,
});
export type ScreenEnvironment = z.output<typeof screenEnvironment>;

const screenTag = z.object({
  id,
  label: z.string(),
  color: z.string(),
  description: z.string().nullable(),
  is_permanent: z.boolean(),
  is_system_tag: z.boolean(),
  type: z.enum(tagTypes),
});
const screenPerson = z.object({ id, email: z.string(), first_name: z.string(), last_name: z.string() });
const screenGroup = z.object({ id, name: z.string() });
const screenProject = z.object({
  id,
  uuid,
  name: z.string(),
  organisation: id,
  hide_disabled_flags: z.boolean(),
  prevent_flag_defaults: z.boolean(),
  only_allow_lower_case_feature_names: z.boolean(),
  feature_name_regex: z.string().nullable(),
  stale_flags_limit_days: z.number().int(),
  enforce_feature_owners: z.boolean(),
  my_permissions: ownPermissions,
});

/** A custom field that a feature of the project can have. */
const screenField = z.object({
  model_field: id,
  name: z.string(),
  type: z.enum(metadataFieldTypes),
  is_required: z.boolean(),
});

/** A feature in one environment. */
const cell = z.object({
  /** Id of its state there. */
  id,
  enabled: z.boolean(),
  value: scalarValue,
  /** Whether `value` is only the beginning of it. */
  value_is_cut: z.boolean(),
  segment_overrides: z.number().int(),
  identity_overrides: z.number().int(),
  /** When anything of it changed there, overrides included. */
  updated_at: time,
  /** Start of the hour in which an SDK last reported an evaluation. */
  last_evaluated_at: time.nullable(),
  lifecycle_stage: z.enum(lifecycleStages),
});
export type FeatureCell = z.output<typeof cell>;

const row = z.object({
  id,
  uuid,
  name: z.string(),
  type: z.enum(featureTypes),
  description: z.string().nullable(),
  created_date: time,
  is_archived: z.boolean(),
  is_server_key_only: z.boolean(),
  tags: z.array(id),
  /** Ids of `people` and `groups`. */
  owners: z.array(id),
  group_owners: z.array(id),
  variants: z.number().int(),
  /** Over all environments that the caller may see. */
  lifecycle_stage: z.enum(lifecycleStages),
  updated_at: time,
  /** In the order of `environments`; null where it has no state. */
  cells: z.array(cell.nullable()),
});
export type FeatureRow = z.output<typeof row>;

export const featureTable = z.object({
  project: screenProject,
  environments: z.array(screenEnvironment),
  tags: z.array(screenTag),
  /** What the form of a new feature asks for. */
  metadata_fields: z.array(screenField),
  /** Those who own a feature. */
  people: z.array(screenPerson),
  groups: z.array(screenGroup),
  /** In the order in which they were created. */
  features: z.array(row),
  /** Whether the project has more features than the table holds. */
  is_cut: z.boolean(),
});
export type FeatureTable = z.output<typeof featureTable>;

const codePlace = z.object({ file_path: z.string(), line_number: z.number().int(), permalink: z.string() });

const weight = z.object({ option: id, percentage_allocation: z.number().min(0).max(100) });
const servedState = z.object({ enabled: z.boolean(), value: scalarValue, weights: z.array(weight) });

const pageEnvironment = screenEnvironment.extend({
  /** What is served there, for `base` of a save: another one means that somebody changed it. */
  version: z.string(),
  state: servedState.extend({ id, updated_at: time }).nullable(),
  /** The strongest first. */
  segment_overrides: z.array(
    servedState.extend({
      id,
      segment: z.object({
        id,
        name: z.string(),
        description: z.string().nullable(),
        is_feature_specific: z.boolean(),
        rules: z.array(segmentRule),
      }),
      updated_at: time,
    }),
  ),
  identity_overrides: z.object({
    count: z.number().int(),
    /** The newest first, no more than 50. */
    results: z.array(servedState.extend({ id, identity: z.object({ id, identifier: z.string() }), updated_at: time })),
  }),
  /** Versions that are published and wait for their time, the earliest first. */
  scheduled_versions: z.array(
    z.object({
      uuid,
      live_from: time,
      description: z.string().nullable(),
      published_by: id.nullable(),
    }),
  ),
  /** The last 30 days on which there were any, the oldest first. */
  evaluations: z.array(z.object({ day: z.string(), count: z.number().int() })),
  last_evaluated_at: time.nullable(),
  lifecycle_stage: z.enum(lifecycleStages),
});
export type FeaturePageEnvironment = z.output<typeof pageEnvironment>;

export const featurePage = z.object({
  project: screenProject,
  feature: z.object({
    id,
    uuid,
    name: z.string(),
    type: z.enum(featureTypes),
    description: z.string().nullable(),
    created_date: time,
    is_archived: z.boolean(),
    is_server_key_only: z.boolean(),
    initial_value: z.string().nullable(),
    default_enabled: z.boolean(),
    tags: z.array(id),
    owners: z.array(id),
    group_owners: z.array(id),
    metadata: z.array(metadataValue),
    multivariate_options: z.array(multivariateOption),
    /** What it is, for `base` of a save of its settings. */
    version: z.string(),
  }),
  environments: z.array(pageEnvironment),
  tags: z.array(screenTag),
  /** Custom fields that a feature of this project can have. */
  metadata_fields: z.array(screenField),
  /** Members of the organisation, and who else owns the feature. */
  people: z.array(screenPerson),
  groups: z.array(screenGroup),
  /** Segments that may override the feature. */
  segments: z.array(z.object({ id, name: z.string(), is_feature_specific: z.boolean() })),
  /** Where code names the feature, by repository: of each the first 20 places, and how many there are. */
  code: z.array(
    codeReferenceSummary.pick({ repository_url: true, revision: true }).extend({
      scanned_at: time,
      last_found_at: time.nullable(),
      count: z.number().int(),
      places: z.array(codePlace),
    }),
  ),
});
export type FeaturePage = z.output<typeof featurePage>;

/** What it takes to ask for features from one's own code, and whether somebody does. */
export const connection = z.object({
  project: z.object({ id, name: z.string() }),
  /** Name of the oldest feature that is not archived; null where there is none. */
  feature: z.string().nullable(),
  environments: z.array(
    screenEnvironment.extend({
      /** When an SDK that says its name first asked for flags. */
      first_evaluated_at: time.nullable(),
      first_evaluated_sdk_label: z.string().nullable(),
      /** Requests for flags in the last 30 days, by whatever client; counts come some seconds late. */
      requests: z.number().int(),
      /** The last day on which there were any, in UTC. */
      last_request_day: z.iso.date().nullable(),
    }),
  ),
});
export type Connection = z.output<typeof connection>;

const tag = 'feature pages';

export const getFeatureTable = endpoint({
  id: 'getFeatureTable',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/feature-table/',
  tag,
  summary: 'Read all features of a project with their state in every environment',
  params: z.object({ project_id: pathId }),
  response: featureTable,
  errors: [403, 404],
  revalidated: true,
});

export const getFeaturePage = endpoint({
  id: 'getFeaturePage',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/features/{feature_id}/page/',
  tag,
  summary: 'Read everything about a feature: what it is, and what it serves in every environment',
  params: z.object({ project_id: pathId, feature_id: pathId }),
  response: featurePage,
  errors: [403, 404],
  revalidated: true,
});

export const getConnection = endpoint({
  id: 'getConnection',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/connection/',
  tag,
  summary: "Read what it takes to connect an SDK to a project's environments, and whether one is connected",
  params: z.object({ project_id: pathId }),
  response: connection,
  errors: [403, 404],
});
