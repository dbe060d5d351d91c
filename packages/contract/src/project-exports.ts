import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { operators, ruleTypes } from './evaluation.ts';
import { booleanInput, id, maxId, pathId, time, uuid } from './fields.ts';
import { project } from './projects.ts';
import { conditionTextLimit, segmentConditionLimit } from './segments.ts';
import { tagTypes } from './tags.ts';
import { featureValueLimit } from './values.ts';

/** Largest project file, in bytes. */
export const projectFileLimitBytes = 50_000_000;

/** Text as it was stored: nothing is trimmed, so that a copy is the same. */
const text = (maxLength: number) =>
  z.string().refine((value) => [...value].length <= maxLength && !value.includes('\0'), {
    error: `Ensure this field has no more than ${maxLength} characters and no null characters.`,
  });
const name = text(2000).refine((value) => value.trim() !== '', { error: 'This field may not be blank.' });
const scalar = z.union([text(featureValueLimit), z.number().int().min(-maxId).max(maxId), z.boolean(), z.null()]);
const percentage = z.number().min(0).max(100);
/** A number that is used within the file alone. */
const ref = z.number().int().min(0).max(maxId);

const condition = z.object({
  operator: z.enum(operators),
  property: text(conditionTextLimit).nullable(),
  value: text(conditionTextLimit).nullable(),
  description: text(20_000).nullable().default(null),
});
const innerRule = z.object({
  type: z.enum(ruleTypes),
  rules: z.array(z.never()).max(0).default([]),
  conditions: z.array(condition).max(segmentConditionLimit).default([]),
});
const rule = innerRule.extend({ rules: z.array(innerRule).max(segmentConditionLimit).default([]) });

const customValues = z.array(z.object({ field: ref, value: text(2000) })).default([]);

const fileState = z.object({
  feature: name,
  enabled: z.boolean(),
  value: scalar,
  /** What people are bucketed into variants by, together with their identity key. Without it a new one is made. */
  seed: z.number().int().positive().max(maxId).optional(),
  /** Identity overrides: SDKs bucket people by it, where a seed is used elsewhere. Kept together with the keys. */
  uuid: uuid.optional(),
  /** In the order in which the ranges of people follow each other. */
  weights: z
    .array(z.object({ option: ref, percentage }))
    .max(1000)
    .default([]),
});
export type FileState = z.output<typeof fileState>;

const fileEnvironment = z.object({
  name,
  /** The client-side key. */
  key: z
    .string()
    .regex(/^[\w.-]{8,100}$/, { error: 'Must be 8 to 100 letters, digits, dots, dashes or underscores.' })
    .optional(),
  description: text(20_000).nullable().default(null),
  minimum_change_request_approvals: z.number().int().min(0).max(maxId).nullable().default(null),
  allow_client_traits: z.boolean().default(true),
  banner_text: text(255).nullable().default(null),
  banner_colour: text(7).nullable().default(null),
  hide_disabled_flags: z.boolean().nullable().default(null),
  hide_sensitive_data: z.boolean().default(false),
  use_identity_composite_key_for_hashing: z.boolean().default(true),
  use_identity_overrides_in_local_eval: z.boolean().default(true),
  /** Its features change by versions; the first of each is what the file says. */
  use_v2_feature_versioning: z.boolean().default(false),
  custom_fields: customValues,
  /** One for each feature. */
  states: z.array(fileState),
  segment_overrides: z
    .array(
      z.object({
        feature: name,
        segment: ref,
        /** 0 is strongest. */
        priority: z.number().int().min(0).max(maxId),
        /** null where the segment was linked and its state not made yet. */
        state: fileState.omit({ feature: true }).nullable(),
      }),
    )
    .default([]),
  identity_overrides: z
    .array(z.object({ identifier: name, created_date: time.optional(), states: z.array(fileState).min(1) }))
    .default([]),
});
export type FileEnvironment = z.output<typeof fileEnvironment>;

const fileFeature = z.object({
  name,
  description: text(20_000).nullable().default(null),
  initial_value: text(featureValueLimit).nullable().default(null),
  default_enabled: z.boolean().default(false),
  is_archived: z.boolean().default(false),
  is_server_key_only: z.boolean().default(false),
  created_date: time.optional(),
  options: z
    .array(
      z.object({
        ref,
        key: z
          .string()
          .regex(/^[-a-zA-Z0-9_]{1,255}$/)
          .nullable()
          .default(null),
        value: scalar,
        default_percentage_allocation: percentage,
      }),
    )
    .max(1000)
    .default([]),
  tags: z.array(ref).default([]),
  /** E-mail addresses; those that are of no member of the organisation are left out. */
  owners: z.array(z.string().max(254)).default([]),
  custom_fields: customValues,
});
export type FileFeature = z.output<typeof fileFeature>;

const fileSegment = z.object({
  ref,
  name,
  description: text(20_000).nullable().default(null),
  /** Name of the one feature that may use it; null for a segment of the whole project. */
  feature: name.nullable().default(null),
  rules: z.array(rule).max(segmentConditionLimit),
  custom_fields: customValues,
});
export type FileSegment = z.output<typeof fileSegment>;

/** A whole project as one file; documented in docs/reference/project-export.md. What a reader does not know it lets pass. */
export const projectFile = z.object({
  format: z.literal('halyard-project'),
  version: z.literal(1),
  exported_at: time.optional(),
  project: z.object({
    name,
    hide_disabled_flags: z.boolean().default(false),
    prevent_flag_defaults: z.boolean().default(false),
    enable_realtime_updates: z.boolean().default(true),
    only_allow_lower_case_feature_names: z.boolean().default(true),
    feature_name_regex: text(255).nullable().default(null),
    stale_flags_limit_days: z.number().int().min(0).max(maxId).default(30),
    minimum_change_request_approvals: z.number().int().min(0).max(maxId).nullable().default(null),
    enforce_feature_owners: z.boolean().default(false),
  }),
  tags: z
    .array(
      z.object({
        ref,
        label: text(100),
        color: text(10),
        description: text(512).nullable().default(null),
        is_permanent: z.boolean().default(false),
        is_system_tag: z.boolean().default(false),
        type: z.enum(tagTypes).default('NONE'),
      }),
    )
    .default([]),
  custom_fields: z
    .array(
      z.object({
        ref,
        name: text(255),
        type: z.enum(['int', 'str', 'bool', 'url', 'multiline_str']),
        description: text(20_000).nullable().default(null),
        of: z.array(z.enum(['environment', 'feature', 'segment'])).min(1),
      }),
    )
    .default([]),
  segments: z.array(fileSegment).default([]),
  features: z.array(fileFeature),
  environments: z.array(fileEnvironment).max(1000),
});
export type ProjectFile = z.output<typeof projectFile>;

const tag = 'project exports';

export const exportProject = endpoint({
  id: 'exportProject',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/export/',
  tag,
  summary: 'Export a project as one file, without secrets, traits and history',
  params: z.object({ project_id: pathId }),
  response: projectFile,
  attachment: 'project.json',
  errors: [403, 404],
});

export const importProject = endpoint({
  id: 'importProject',
  method: 'POST',
  path: '/api/v1/organisations/{organisation_id}/import-project/',
  tag,
  summary: 'Create a project from an exported file: all of it, or nothing where something in it is wrong',
  params: z.object({ organisation_id: pathId }),
  query: z.object({
    /** Another name than the file's. */
    name: z.string().trim().min(1).max(2000).optional(),
    /**
     * Keep the client-side keys, so that SDKs go on with theirs and people keep the variants that they have. A key that
     * is taken in this installation is refused.
     */
    keep_keys: booleanInput.default(false),
  }),
  /** A project file. */
  body: z.record(z.string(), z.unknown()),
  bodyLimitBytes: projectFileLimitBytes,
  status: 201,
  response: project.extend({ environments: z.array(z.object({ id, name: z.string(), api_key: z.string() })) }),
  errors: [403, 404, 413],
});
