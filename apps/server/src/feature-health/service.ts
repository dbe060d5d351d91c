import { timingSafeEqual } from 'node:crypto';
import type { ZodType } from 'zod';
import * as endpoints from '@halyard/contract';
import type {
  GrafanaHealthInput,
  WebhookHealthInput,
  HealthEvent,
  HealthProvider,
  HealthReason,
  InputOf,
} from '@halyard/contract';
import { openProject } from '../access/service.ts';
import { changeProject, type RecordChange } from '../changes/service.ts';
import type { Context } from '../context.ts';
import { invalid, notFound } from '../errors.ts';
import { exactNameKey, nameKey } from '../names.ts';
import { sha256 } from '../secrets.ts';
import { tagUnhealthy } from '../tags/service.ts';
import {
  deleteProvider,
  type EventRow,
  eventsByKey,
  findByNameKey,
  findEvent,
  findEvents,
  findProvider,
  findProviders,
  insertProvider,
  type Provider,
  unhealthyOf,
  writeEvents,
} from './store.ts';

export async function listHealthProviders(
  ctx: Context,
  { params }: InputOf<typeof endpoints.listHealthProviders>,
): Promise<HealthProvider[]> {
  const { projectId } = await openProject(ctx, params.project_id, 'ADMIN');
  return (await findProviders(ctx.db, projectId)).map((provider) => shown(ctx, provider));
}

export async function createHealthProvider(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.createHealthProvider>,
): Promise<HealthProvider> {
  const scope = await openProject(ctx, params.project_id, 'ADMIN');
  return changeProject(ctx, scope, async (ctx, record) => {
    const known = (await findProviders(ctx.db, scope.projectId)).find(({ name }) => name === body.name);
    if (known !== undefined) return shown(ctx, known);
    const id = await insertProvider(ctx.db, {
      uuid: crypto.randomUUID(),
      project_id: scope.projectId,
      name: body.name,
      created_by: ctx.actor.kind === 'user' ? ctx.actor.userId : null,
    });
    const log = `Health provider ${body.name} set up for project ${scope.project.name}.`;
    // Without its address, which lets whoever reads it post.
    record({ ...step, objectId: id, changeType: 'CREATE', log, after: { name: body.name } });
    return shown(ctx, (await findProvider(ctx.db, id)) as Provider);
  });
}

/** Its events stay, and can be dismissed. */
export async function deleteHealthProvider(
  ctx: Context,
  { params }: InputOf<typeof endpoints.deleteHealthProvider>,
): Promise<void> {
  const scope = await openProject(ctx, params.project_id, 'ADMIN');
  await changeProject(ctx, scope, async (ctx, record) => {
    const provider = (await findProviders(ctx.db, scope.projectId)).find(({ name }) => name === params.name);
    if (provider === undefined) throw notFound();
    await deleteProvider(ctx.db, provider.id);
    const log = `Health provider ${params.name} removed from project ${scope.project.name}.`;
    record({ ...step, objectId: provider.id, changeType: 'DELETE', log, before: { name: params.name } });
  });
}

export async function listHealthEvents(
  ctx: Context,
  { params }: InputOf<typeof endpoints.listHealthEvents>,
): Promise<HealthEvent[]> {
  const { projectId } = await openProject(ctx, params.project_id, 'VIEW_PROJECT');
  return findEvents(ctx.db, projectId);
}

export async function dismissHealthEvent(
  ctx: Context,
  { params }: InputOf<typeof endpoints.dismissHealthEvent>,
): Promise<void> {
  const scope = await openProject(ctx, params.project_id, 'ADMIN');
  await changeProject(ctx, scope, async (ctx, record) => {
    const found = await findEvent(ctx.db, scope.projectId, params.health_event_id);
    if (found === null) throw notFound();
    if (found.type === 'HEALTHY') return;
    const { featureName, environmentName, id: _, ...event } = found;
    const who = ctx.actor.kind === 'user' ? ctx.actor.email : 'a master key';
    const reason = { text_blocks: [{ text: `Dismissed by ${who}` }], url_blocks: [] };
    const row: EventRow = { ...event, type: 'HEALTHY', reason: JSON.stringify(reason) };
    await takeEvents(ctx, record, scope.projectId, [{ row, featureName, environmentName }]);
  });
}

/**
 * Takes what a provider tells. Alerts of Grafana about features and environments that are not there are passed over: one
 * delivery holds many. A repeat changes nothing.
 * @throws RequestError 404 for an address of no provider, 400 for a body that the provider's kind does not send
 */
export async function receiveHealthEvent(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.receiveHealthEvent>,
  check: Check,
): Promise<void> {
  const provider = await providerAt(ctx, params.path);
  const told =
    provider.name === 'Grafana'
      ? grafanaEvents(check(endpoints.grafanaHealthInput, body))
      : webhookEvents(check(endpoints.webhookHealthInput, body));
  const system: Context = { ...ctx, actor: { kind: 'system' } };
  const scope = await openProject(system, provider.project_id, 'ADMIN');
  const { projectId } = scope;
  await changeProject(system, scope, async (ctx, record) => {
    const features = await findByNameKey(ctx.db, 'features', projectId, [
      ...new Set(told.map((event) => nameKey(event.feature))),
    ]);
    const places = told.flatMap((event) => event.environment ?? []);
    const environments = await findByNameKey(ctx.db, 'environments', projectId, [...new Set(places.map(exactNameKey))]);
    const named: NamedEvent[] = [];
    for (const event of told) {
      const feature = features.get(nameKey(event.feature));
      const environment = event.environment === null ? null : environments.get(exactNameKey(event.environment));
      if (feature === undefined || environment === undefined) {
        if (provider.name === 'Grafana') continue;
        const field = feature === undefined ? 'feature' : 'environment';
        throw invalid({ [field]: [`The project has no such ${field}.`] });
      }
      const parts = [provider.name, feature.id, environment?.id ?? null, event.externalId];
      const row: EventRow = {
        event_key: sha256(JSON.stringify(parts)),
        project_id: projectId,
        feature_id: feature.id,
        environment_id: environment?.id ?? null,
        provider_name: provider.name,
        type: event.type,
        reason: event.reason === null ? null : JSON.stringify(event.reason),
        created_at: ctx.now(),
      };
      named.push({ row, featureName: feature.name, environmentName: environment?.name ?? null });
    }
    await takeEvents(ctx, record, projectId, named);
  });
}

/** Reads a body by the schema of the provider that the address names. @throws RequestError 400 */
type Check = <T>(schema: ZodType<T>, value: unknown) => T;

interface NamedEvent {
  row: EventRow;
  featureName: string;
  environmentName: string | null;
}

/** Writes what is new, and lets the features' tags follow: one stays unhealthy while anything is wrong with it. */
async function takeEvents(ctx: Context, record: RecordChange, projectId: number, events: NamedEvent[]): Promise<void> {
  const newest = new Map(events.map((event) => [event.row.event_key, event]));
  const known = await eventsByKey(ctx.db, [...newest.keys()]);
  const fresh = [...newest.values()].filter(({ row }) => {
    const before = known.get(row.event_key);
    return before?.type !== row.type || before.reason !== row.reason;
  });
  if (fresh.length === 0) return;
  const at = ctx.now();
  await writeEvents(
    ctx.db,
    fresh.map(({ row }) => ({ ...row, created_at: at })),
  );
  const featureIds = [...new Set(fresh.map(({ row }) => row.feature_id))];
  const ill = await unhealthyOf(ctx.db, featureIds);
  await tagUnhealthy(ctx, record, projectId, {
    unhealthy: featureIds.filter((id) => ill.has(id)),
    healthy: featureIds.filter((id) => !ill.has(id)),
  });
  for (const { row, featureName, environmentName } of fresh) {
    const place = environmentName === null ? '' : ` in environment ${environmentName}`;
    const reason = row.reason ? `\n\nReason:\n${row.reason}` : '';
    record({
      ...step,
      objectId: row.feature_id,
      featureId: row.feature_id,
      changeType: 'UPDATE',
      log: `Health status changed to ${row.type} for feature ${featureName}${place}.\n\nProvided by ${row.provider_name}${reason}`,
      ...(row.environment_id != null && { environmentId: row.environment_id }),
    });
  }
}

const step = { objectType: 'FEATURE_HEALTH', keepsDocuments: true } as const;

interface ToldEvent {
  feature: string;
  environment: string | null;
  /** The provider's own id of what is wrong; empty where it has none. */
  externalId: string;
  type: 'HEALTHY' | 'UNHEALTHY';
  reason: HealthReason | null;
}

function webhookEvents(told: WebhookHealthInput): ToldEvent[] {
  const { feature, environment, status, reason } = told;
  const type = status === 'healthy' ? 'HEALTHY' : 'UNHEALTHY';
  return [
    {
      feature,
      environment: environment ?? null,
      externalId: '',
      type,
      reason: (reason ?? null) as HealthReason | null,
    },
  ];
}

function grafanaEvents(told: GrafanaHealthInput): ToldEvent[] {
  return told.alerts.flatMap((alert) => {
    const { labels, annotations } = alert;
    const feature = labels.flagsmith_feature;
    if (!feature) return [];
    const text = annotations.description ?? annotations.summary;
    const title = annotations.summary ?? labels.alertname;
    const urls = [
      ['Alert', alert.generatorURL],
      ['Dashboard', alert.dashboardURL],
      ['Panel', alert.panelURL],
      ['Runbook', annotations.runbook_url],
    ] as const;
    return {
      feature,
      environment: labels.flagsmith_environment || null,
      externalId: alert.fingerprint,
      type: alert.status === 'firing' ? ('UNHEALTHY' as const) : ('HEALTHY' as const),
      reason: {
        text_blocks: text ? [{ text, ...(title && { title }) }] : [],
        url_blocks: urls.flatMap(([title, url]) => (url ? [{ url, title }] : [])),
      },
    };
  });
}

function shown(ctx: Context, provider: Provider): HealthProvider {
  const webhook_url = `${ctx.config.publicUrl}/api/v1/feature-health/${pathOf(ctx, provider)}`;
  return { created_by: provider.email, name: provider.name, project: provider.project_id, webhook_url };
}

/** Only the installation can make it, and a provider that is set up again gets another. */
function pathOf(ctx: Context, provider: Provider): string {
  return `${provider.id}-${ctx.vault.keyedHash(`feature-health:${provider.uuid}`)}`;
}

async function providerAt(ctx: Context, path: string): Promise<Provider> {
  const id = /^([1-9]\d{0,9})-[0-9a-f]{64}$/.exec(path)?.[1];
  const provider = id === undefined || Number(id) > endpoints.maxId ? null : await findProvider(ctx.db, Number(id));
  if (provider === null || !timingSafeEqual(Buffer.from(path), Buffer.from(pathOf(ctx, provider)))) throw notFound();
  return provider;
}
