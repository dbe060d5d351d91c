import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { booleanInput, emailInput, id, page, pageQuery, pathId, textInput, time, uuid } from './fields.ts';
import { memberRoles } from './organisation-members.ts';

/**
 * What an organisation may use, in the words of a subscription that clients know. Nothing is limited here, so the plan is
 * the one that unlocks everything and the limits are the largest numbers that the fields take.
 */
const subscription = z.object({
  id,
  uuid,
  deleted_at: z.null(),
  subscription_id: z.null(),
  subscription_date: time,
  plan: z.literal('enterprise'),
  max_seats: z.number().int(),
  max_api_calls: z.number().int(),
  cancellation_date: z.null(),
  customer_id: z.null(),
  billing_status: z.null(),
  payment_method: z.null(),
  notes: z.null(),
  has_active_billing_periods: z.literal(false),
});

export const organisation = z.object({
  id,
  uuid,
  name: z.string(),
  created_date: time,
  webhook_notification_email: z.string().nullable(),
  /** How many members it has. */
  num_seats: z.number().int(),
  subscription,
  /** The caller's; null in the answer to creating one. */
  role: z.enum(memberRoles).nullable(),
  persist_trait_data: z.boolean(),
  block_access_to_admin: z.boolean(),
  restrict_project_create_to_admin: z.boolean(),
  force_2fa: z.boolean(),
});
export type Organisation = z.output<typeof organisation>;

/** Limits of the plan; null is unlimited. */
export const subscriptionMetadata = z.object({
  max_seats: z.null(),
  max_api_calls: z.null(),
  max_projects: z.null(),
  payment_source: z.null(),
  chargebee_email: z.null(),
  feature_history_visibility_days: z.null(),
  audit_log_visibility_days: z.null(),
});
export type SubscriptionMetadata = z.output<typeof subscriptionMetadata>;

const organisationInput = z.object({
  name: textInput(2000),
  webhook_notification_email: emailInput.nullish(),
  restrict_project_create_to_admin: booleanInput.optional(),
  force_2fa: booleanInput.optional(),
});
const organisationChanges = organisationInput.partial();
export type OrganisationChanges = z.output<typeof organisationChanges>;

const one = z.object({ organisation_id: pathId });
const tag = 'organisations';

export const listOrganisations = endpoint({
  id: 'listOrganisations',
  method: 'GET',
  path: '/api/v1/organisations/',
  tag,
  summary: "List the caller's organisations",
  query: pageQuery,
  paged: true,
  response: page(organisation),
});

export const createOrganisation = endpoint({
  id: 'createOrganisation',
  method: 'POST',
  path: '/api/v1/organisations/',
  tag,
  summary: 'Create an organisation; its creator becomes its administrator',
  auth: 'user',
  body: organisationInput,
  status: 201,
  response: organisation,
  errors: [403],
});

export const getOrganisation = endpoint({
  id: 'getOrganisation',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/',
  tag,
  summary: 'Read an organisation',
  params: one,
  response: organisation,
  errors: [403, 404],
});

export const getOrganisationByUuid = endpoint({
  id: 'getOrganisationByUuid',
  method: 'GET',
  path: '/api/v1/organisations/get-by-uuid/{uuid}/',
  tag,
  summary: 'Read an organisation by its uuid',
  params: z.object({ uuid }),
  response: organisation,
  errors: [403, 404],
});

export const updateOrganisation = endpoint({
  id: 'updateOrganisation',
  method: 'PUT',
  path: '/api/v1/organisations/{organisation_id}/',
  tag,
  summary: 'Change an organisation; what is not given stays',
  params: one,
  body: organisationInput,
  response: organisation,
  errors: [403, 404],
});

export const patchOrganisation = endpoint({
  id: 'patchOrganisation',
  method: 'PATCH',
  path: '/api/v1/organisations/{organisation_id}/',
  tag,
  summary: 'Change some of an organisation',
  params: one,
  body: organisationChanges,
  response: organisation,
  errors: [403, 404],
});

export const deleteOrganisation = endpoint({
  id: 'deleteOrganisation',
  method: 'DELETE',
  path: '/api/v1/organisations/{organisation_id}/',
  tag,
  summary: 'Delete an organisation with all its projects; its environments stop being served',
  params: one,
  status: 204,
  errors: [403, 404],
});

export const getSubscriptionMetadata = endpoint({
  id: 'getSubscriptionMetadata',
  method: 'GET',
  path: '/api/v1/organisations/{organisation_id}/get-subscription-metadata/',
  tag,
  summary: 'Read the limits of the plan: there are none',
  params: one,
  response: subscriptionMetadata,
  errors: [403, 404],
});
