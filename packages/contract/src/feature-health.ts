import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { exactTextInput, id, pathId, textInput, time } from './fields.ts';

/** `Webhook` takes this API's own form, `Grafana` the alerts that Grafana and Alertmanager send. */
export const healthProviderNames = ['Webhook', 'Grafana'] as const;
export const healthStatuses = ['UNHEALTHY', 'HEALTHY'] as const;

const titled = { title: z.string().optional() };

export const healthReason = z.object({
  text_blocks: z.array(z.object({ text: z.string(), ...titled })),
  url_blocks: z.array(z.object({ url: z.string(), ...titled })),
});
export type HealthReason = z.output<typeof healthReason>;

export const healthProvider = z.object({
  /** E-mail address of the person who set it up; null for a master key. */
  created_by: z.string().nullable(),
  name: z.enum(healthProviderNames),
  project: id,
  /** Where the provider posts to. Who knows it may post. */
  webhook_url: z.string(),
});
export type HealthProvider = z.output<typeof healthProvider>;

/** The newest word of one provider on one feature, in one environment or in all, about one alert. */
export const healthEvent = z.object({
  id,
  created_at: time,
  environment: id.nullable(),
  feature: id,
  provider_name: z.string().nullable(),
  reason: healthReason.nullable(),
  type: z.enum(healthStatuses),
});
export type HealthEvent = z.output<typeof healthEvent>;

const titleInput = { title: textInput(500).optional() };

/** What a provider of the kind `Webhook` posts: names, not ids. */
export const webhookHealthInput = z.object({
  feature: textInput(2000),
  environment: textInput(2000).nullish(),
  status: z.enum(['healthy', 'unhealthy']),
  reason: z
    .object({
      text_blocks: z
        .array(z.object({ text: textInput(5000), ...titleInput }))
        .max(50)
        .default([]),
      url_blocks: z
        .array(z.object({ url: textInput(2000), ...titleInput }))
        .max(50)
        .default([]),
    })
    .nullish(),
});

export type WebhookHealthInput = z.output<typeof webhookHealthInput>;

const alertText = exactTextInput(5000).optional();

/** What Grafana posts. Alerts without the label `flagsmith_feature` are about something else. */
export const grafanaHealthInput = z.object({
  alerts: z
    .array(
      z.object({
        status: z.enum(['firing', 'resolved']),
        fingerprint: exactTextInput(500),
        labels: z.record(z.string(), z.string().max(5000)).default({}),
        annotations: z.record(z.string(), z.string().max(5000)).default({}),
        generatorURL: alertText,
        dashboardURL: alertText,
        panelURL: alertText,
      }),
    )
    .max(1000),
});

export type GrafanaHealthInput = z.output<typeof grafanaHealthInput>;

const tag = 'feature health';
const inProject = z.object({ project_id: pathId });

export const receiveHealthEvent = endpoint({
  id: 'receiveHealthEvent',
  method: 'POST',
  path: '/api/v1/feature-health/{path}',
  tag,
  summary: 'Tell how features do; the address itself says which provider speaks',
  auth: 'anyone',
  params: z.object({ path: z.string().max(100) }),
  /** Read by the provider that the address names. */
  body: z.unknown(),
  errors: [400, 404],
});

export const listHealthEvents = endpoint({
  id: 'listHealthEvents',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/feature-health/events/',
  tag,
  summary: 'List the newest health events of a project, the latest first',
  params: inProject,
  response: z.array(healthEvent),
  errors: [403, 404],
});

export const dismissHealthEvent = endpoint({
  id: 'dismissHealthEvent',
  method: 'POST',
  path: '/api/v1/projects/{project_id}/feature-health/events/{health_event_id}/dismiss/',
  tag,
  summary: 'Let an unhealthy event count no more',
  params: inProject.extend({ health_event_id: pathId }),
  status: 204,
  errors: [403, 404],
});

export const listHealthProviders = endpoint({
  id: 'listHealthProviders',
  method: 'GET',
  path: '/api/v1/projects/{project_id}/feature-health/providers/',
  tag,
  summary: 'List the health providers of a project with their addresses',
  params: inProject,
  response: z.array(healthProvider),
  errors: [403, 404],
});

export const createHealthProvider = endpoint({
  id: 'createHealthProvider',
  method: 'POST',
  path: '/api/v1/projects/{project_id}/feature-health/providers/',
  tag,
  summary: 'Set up a health provider; one that is there already is answered',
  params: inProject,
  body: z.object({ name: z.enum(healthProviderNames) }),
  status: 201,
  response: healthProvider,
  errors: [403, 404],
});

export const deleteHealthProvider = endpoint({
  id: 'deleteHealthProvider',
  method: 'DELETE',
  path: '/api/v1/projects/{project_id}/feature-health/providers/{name}/',
  tag,
  summary: 'Remove a health provider; its address stops working',
  params: inProject.extend({ name: z.enum(healthProviderNames) }),
  status: 204,
  errors: [403, 404],
});
