import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { blankableTextInput, booleanInput, id, idInput, page, pageQuery, pathId, time, urlInput } from './fields.ts';

export const webhookEvents = ['FLAG_UPDATED', 'FLAG_DELETED', 'NEW_VERSION_PUBLISHED', 'AUDIT_LOG_CREATED'] as const;

/** An address that is told of changes: of those of one environment, or of an organisation. */
export const webhook = z.object({
  id,
  url: z.string(),
  enabled: z.boolean(),
  /** What requests are signed with; empty where they are not, and for those who may not change the webhook. */
  secret: z.string(),
  created_at: time,
  updated_at: time,
});
export type Webhook = z.output<typeof webhook>;

/** One event on its way to one webhook. Attempts end with an answer of 2xx; others are made for about three hours. */
export const webhookDelivery = z.object({
  id,
  event_type: z.enum(webhookEvents),
  /** The record of the audit log that it tells of. */
  audit_log: id,
  state: z.enum(['pending', 'delivered', 'failed']),
  attempts: z.number().int(),
  /** Of the newest attempt; null where nobody answered. */
  response_status: z.number().int().nullable(),
  error: z.string().nullable(),
  /** Null once it is delivered or given up. */
  next_attempt_at: time.nullable(),
  created_at: time,
  finished_at: time.nullable(),
});
export type WebhookDelivery = z.output<typeof webhookDelivery>;

const webhookUrl = urlInput(200);

export const webhookInput = z.object({
  url: webhookUrl,
  enabled: booleanInput.optional(),
  secret: blankableTextInput(255).optional(),
});
export const patchWebhookInput = webhookInput.partial();
export type WebhookInput = z.output<typeof patchWebhookInput>;

export const testWebhookInput = z.object({
  webhook_url: webhookUrl,
  secret: blankableTextInput(255).nullish(),
  /** A webhook of the scope whose own secret signs the example where none is given. */
  webhook: idInput.optional(),
  /** An environment by its client-side key, or an organisation by its id. */
  scope: z.object({ type: z.string().optional(), id: z.union([z.string(), z.number()]).optional() }).optional(),
});

const tag = 'webhooks';
const inEnvironment = z.object({ environment_api_key: z.string().max(100) });
const oneOfEnvironment = inEnvironment.extend({ webhook_id: pathId });
const inOrganisation = z.object({ organisation_id: pathId });
const oneOfOrganisation = inOrganisation.extend({ webhook_id: pathId });
const ofEnvironment = '/api/v1/environments/{environment_api_key}/webhooks/';
const ofOrganisation = '/api/v1/organisations/{organisation_id}/webhooks/';

export const listEnvironmentWebhooks = endpoint({
  id: 'listEnvironmentWebhooks',
  method: 'GET',
  path: ofEnvironment,
  tag,
  summary: 'List the webhooks of an environment',
  params: inEnvironment,
  response: z.array(webhook),
  errors: [403, 404],
});

export const createEnvironmentWebhook = endpoint({
  id: 'createEnvironmentWebhook',
  method: 'POST',
  path: ofEnvironment,
  tag,
  summary: 'Let an address be told of the changes of an environment',
  params: inEnvironment,
  body: webhookInput,
  status: 201,
  response: webhook,
  errors: [403, 404],
});

export const updateEnvironmentWebhook = endpoint({
  id: 'updateEnvironmentWebhook',
  method: 'PUT',
  path: `${ofEnvironment}{webhook_id}/`,
  tag,
  summary: 'Change a webhook of an environment; what is not given stays',
  params: oneOfEnvironment,
  body: webhookInput,
  response: webhook,
  errors: [403, 404],
});

export const patchEnvironmentWebhook = endpoint({
  id: 'patchEnvironmentWebhook',
  method: 'PATCH',
  path: `${ofEnvironment}{webhook_id}/`,
  tag,
  summary: 'Change some of a webhook of an environment',
  params: oneOfEnvironment,
  body: patchWebhookInput,
  response: webhook,
  errors: [403, 404],
});

export const deleteEnvironmentWebhook = endpoint({
  id: 'deleteEnvironmentWebhook',
  method: 'DELETE',
  path: `${ofEnvironment}{webhook_id}/`,
  tag,
  summary: 'Delete a webhook of an environment with its deliveries',
  params: oneOfEnvironment,
  status: 204,
  errors: [403, 404],
});

export const listEnvironmentWebhookDeliveries = endpoint({
  id: 'listEnvironmentWebhookDeliveries',
  method: 'GET',
  path: `${ofEnvironment}{webhook_id}/deliveries/`,
  tag,
  summary: 'List what a webhook of an environment was sent in the last 14 days, the newest first',
  params: oneOfEnvironment,
  query: pageQuery,
  paged: true,
  response: page(webhookDelivery),
  errors: [403, 404],
});

export const listOrganisationWebhooks = endpoint({
  id: 'listOrganisationWebhooks',
  method: 'GET',
  path: ofOrganisation,
  tag,
  summary: 'List the webhooks of an organisation',
  params: inOrganisation,
  query: pageQuery,
  paged: true,
  response: page(webhook),
  errors: [403, 404],
});

export const createOrganisationWebhook = endpoint({
  id: 'createOrganisationWebhook',
  method: 'POST',
  path: ofOrganisation,
  tag,
  summary: 'Let an address be told of all changes of an organisation',
  params: inOrganisation,
  body: webhookInput,
  status: 201,
  response: webhook,
  errors: [403, 404],
});

export const getOrganisationWebhook = endpoint({
  id: 'getOrganisationWebhook',
  method: 'GET',
  path: `${ofOrganisation}{webhook_id}/`,
  tag,
  summary: 'Read a webhook of an organisation',
  params: oneOfOrganisation,
  response: webhook,
  errors: [403, 404],
});

export const updateOrganisationWebhook = endpoint({
  id: 'updateOrganisationWebhook',
  method: 'PUT',
  path: `${ofOrganisation}{webhook_id}/`,
  tag,
  summary: 'Change a webhook of an organisation; what is not given stays',
  params: oneOfOrganisation,
  body: webhookInput,
  response: webhook,
  errors: [403, 404],
});

export const patchOrganisationWebhook = endpoint({
  id: 'patchOrganisationWebhook',
  method: 'PATCH',
  path: `${ofOrganisation}{webhook_id}/`,
  tag,
  summary: 'Change some of a webhook of an organisation',
  params: oneOfOrganisation,
  body: patchWebhookInput,
  response: webhook,
  errors: [403, 404],
});

export const deleteOrganisationWebhook = endpoint({
  id: 'deleteOrganisationWebhook',
  method: 'DELETE',
  path: `${ofOrganisation}{webhook_id}/`,
  tag,
  summary: 'Delete a webhook of an organisation with its deliveries',
  params: oneOfOrganisation,
  status: 204,
  errors: [403, 404],
});

export const listOrganisationWebhookDeliveries = endpoint({
  id: 'listOrganisationWebhookDeliveries',
  method: 'GET',
  path: `${ofOrganisation}{webhook_id}/deliveries/`,
  tag,
  summary: 'List what a webhook of an organisation was sent in the last 14 days, the newest first',
  params: oneOfOrganisation,
  query: pageQuery,
  paged: true,
  response: page(webhookDelivery),
  errors: [403, 404],
});

export const testWebhook = endpoint({
  id: 'testWebhook',
  method: 'POST',
  path: '/api/v1/webhooks/test/',
  tag,
  summary: 'Send an example to an address',
  body: testWebhookInput,
  response: z.object({ detail: z.string(), status: z.number().int() }),
  errors: [403, 404, 429],
});
