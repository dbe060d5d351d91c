import type * as endpoints from '@halyard/contract';
import type { InputOf, Page, PageQuery, Webhook, WebhookDelivery, WebhookInput } from '@halyard/contract';
import { hasPermission } from '../access/rights.ts';
import {
  type EnvironmentScope,
  openEnvironment,
  openOrganisation,
  type OrganisationScope,
  rightsInEnvironment,
} from '../access/service.ts';
import { type Change, changeEnvironment, changeOrganisation } from '../changes/service.ts';
import type { Context } from '../context.ts';
import { forbidden, invalid, notFound, RequestError } from '../errors.ts';
import { enqueue } from '../jobs/service.ts';
import { OutboundError } from '../outbound/client.ts';
import { limit } from '../throttle/service.ts';
import { deliverKind, exampleOf, post } from './delivery.ts';
import {
  countDeliveries,
  countWebhooks,
  deleteWebhook,
  findDeliveries,
  findWebhook,
  findWebhooks,
  insertWebhook,
  type Owner,
  type StoredDelivery,
  type StoredWebhook,
  updateWebhook,
} from './store.ts';

/** At most 1000. Those who may not change them do not see what requests are signed with. */
export async function listEnvironmentWebhooks(
  ctx: Context,
  { params }: InputOf<typeof endpoints.listEnvironmentWebhooks>,
): Promise<Webhook[]> {
  const scope = await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'VIEW_ENVIRONMENT');
  const rights = await rightsInEnvironment(ctx, scope);
  const showsSecret = rights !== null && hasPermission(rights, 'ADMIN');
  const webhooks = await findWebhooks(ctx.db, ownerOf(scope), { limit: 1000, offset: 0 });
  return webhooks.map((webhook) => ({ ...shown(ctx, webhook), ...(!showsSecret && { secret: '' }) }));
}

export async function createEnvironmentWebhook(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.createEnvironmentWebhook>,
): Promise<Webhook> {
  return create(ctx, await adminOfEnvironment(ctx, params), body);
}

export async function updateEnvironmentWebhook(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.patchEnvironmentWebhook>,
): Promise<Webhook> {
  return update(ctx, await adminOfEnvironment(ctx, params), params.webhook_id, body);
}

export async function deleteEnvironmentWebhook(
  ctx: Context,
  { params }: InputOf<typeof endpoints.deleteEnvironmentWebhook>,
): Promise<void> {
  await remove(ctx, await adminOfEnvironment(ctx, params), params.webhook_id);
}

export async function listEnvironmentWebhookDeliveries(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.listEnvironmentWebhookDeliveries>,
): Promise<Page<WebhookDelivery>> {
  return deliveriesOf(ctx, await adminOfEnvironment(ctx, params), params.webhook_id, query);
}

export async function listOrganisationWebhooks(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.listOrganisationWebhooks>,
): Promise<Page<Webhook>> {
  const owner = ownerOf(await adminOfOrganisation(ctx, params));
  const count = await countWebhooks(ctx.db, owner);
  const webhooks = await findWebhooks(ctx.db, owner, windowOf(query));
  return { count, results: webhooks.map((webhook) => shown(ctx, webhook)) };
}

export async function createOrganisationWebhook(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.createOrganisationWebhook>,
): Promise<Webhook> {
  return create(ctx, await adminOfOrganisation(ctx, params), body);
}

export async function getOrganisationWebhook(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getOrganisationWebhook>,
): Promise<Webhook> {
  return shown(ctx, await read(ctx, await adminOfOrganisation(ctx, params), params.webhook_id));
}

export async function updateOrganisationWebhook(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.patchOrganisationWebhook>,
): Promise<Webhook> {
  return update(ctx, await adminOfOrganisation(ctx, params), params.webhook_id, body);
}

export async function deleteOrganisationWebhook(
  ctx: Context,
  { params }: InputOf<typeof endpoints.deleteOrganisationWebhook>,
): Promise<void> {
  await remove(ctx, await adminOfOrganisation(ctx, params), params.webhook_id);
}

export async function listOrganisationWebhookDeliveries(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.listOrganisationWebhookDeliveries>,
): Promise<Page<WebhookDelivery>> {
  return deliveriesOf(ctx, await adminOfOrganisation(ctx, params), params.webhook_id, query);
}

/** Sends an example at once and tells how it went. @throws RequestError 400 where the address does not answer with 2xx */
export async function testWebhook(
  ctx: Context,
  { body }: InputOf<typeof endpoints.testWebhook>,
): Promise<{ detail: string; status: number }> {
  const { type, id } = body.scope ?? {};
  if (id === undefined || (type !== 'environment' && type !== 'organisation')) throw forbidden();
  const scope =
    type === 'environment'
      ? await adminOfEnvironment(ctx, { environment_api_key: String(id) })
      : await adminOfOrganisation(ctx, { organisation_id: organisationIdOf(id) });
  const known = body.webhook === undefined ? null : await read(ctx, scope, body.webhook);
  await limit(ctx, { scope: 'webhook tests', key: `${type} ${id}`, rate: { count: 30, seconds: 60 } });
  await refuseInternal(ctx, 'webhook_url', body.webhook_url);
  const status = await testStatus(ctx, body.webhook_url, {
    body: exampleOf(type, ctx.now()),
    secret: body.secret ?? (known === null ? '' : secretOf(ctx, known)),
  });
  if (status >= 200 && status < 300) return { detail: 'Webhook test successful', status };
  throw new RequestError('invalid', {
    detail: 'Webhook returned error status',
    body: `Webhook returned HTTP ${status}.`,
    status,
  });
}

async function testStatus(ctx: Context, url: string, message: { body: string; secret: string }): Promise<number> {
  try {
    return (await post(ctx, { url, ...message })).status;
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error;
    throw new RequestError('invalid', { detail: 'Could not connect to webhook URL', body: error.message });
  }
}

function organisationIdOf(id: string | number): number {
  const number = Number(id);
  if (!Number.isSafeInteger(number) || number < 1 || number > 2_147_483_647) throw notFound();
  return number;
}

/** An environment, or an organisation itself, whose webhooks the actor may change. */
type Scope = EnvironmentScope | (OrganisationScope & { environmentId?: never });

async function adminOfEnvironment(ctx: Context, params: { environment_api_key: string }): Promise<Scope> {
  return openEnvironment(ctx, { apiKey: params.environment_api_key }, 'ADMIN');
}

async function adminOfOrganisation(ctx: Context, params: { organisation_id: number }): Promise<Scope> {
  return openOrganisation(ctx, params.organisation_id, 'ADMIN');
}

function ownerOf(scope: Scope): Owner {
  return { organisationId: scope.organisationId, environmentId: scope.environmentId ?? null };
}

/** Runs `work` as a change of the owner of webhooks; what SDKs get stays as it is. */
async function change<T>(
  ctx: Context,
  scope: Scope,
  work: (
    ctx: Context,
    record: (change: Pick<Change, 'objectId' | 'changeType' | 'log' | 'before' | 'after'>) => void,
  ) => Promise<T>,
): Promise<T> {
  if (scope.environmentId === undefined) {
    return changeOrganisation(ctx, scope, (ctx, record) =>
      work(ctx, (step) => record({ ...step, objectType: 'WEBHOOK' })),
    );
  }
  return changeEnvironment(ctx, scope, (ctx, record) =>
    work(ctx, (step) => record({ ...step, objectType: 'WEBHOOK', keepsDocuments: true })),
  );
}

async function create(ctx: Context, scope: Scope, input: WebhookInput): Promise<Webhook> {
  const url = input.url as string;
  await refuseInternal(ctx, 'url', url);
  const at = ctx.now();
  return change(ctx, scope, async (ctx, record) => {
    const owner = ownerOf(scope);
    const id = await insertWebhook(ctx.db, {
      organisation_id: owner.organisationId,
      environment_id: owner.environmentId,
      url,
      enabled: Number(input.enabled ?? true),
      secret_encrypted: sealed(ctx, input.secret ?? ''),
      created_at: at,
      updated_at: at,
      failure_mailed_at: null,
    });
    const webhook = await read(ctx, scope, id);
    const log = `Webhook created: ${hostOf(webhook)}`;
    record({ objectId: id, changeType: 'CREATE', log, after: audited(webhook) });
    return shown(ctx, webhook);
  });
}

/** A repeat of what a webhook is changes nothing. */
async function update(ctx: Context, scope: Scope, webhookId: number, input: WebhookInput): Promise<Webhook> {
  if (input.url !== undefined) await refuseInternal(ctx, 'url', input.url);
  return change(ctx, scope, async (ctx, record) => {
    const before = await read(ctx, scope, webhookId);
    const changes = {
      ...(input.url !== undefined && input.url !== before.url && { url: input.url }),
      ...(input.enabled !== undefined &&
        Number(input.enabled) !== before.enabled && { enabled: Number(input.enabled) }),
      ...(input.secret !== undefined &&
        input.secret !== secretOf(ctx, before) && { secret_encrypted: sealed(ctx, input.secret) }),
    };
    if (Object.keys(changes).length === 0) return shown(ctx, before);
    await updateWebhook(ctx.db, webhookId, { ...changes, updated_at: ctx.now() });
    const after = await read(ctx, scope, webhookId);
    // What waited while it was switched off, or for an address that is right now.
    await enqueue(ctx, { kind: deliverKind, payload: { webhookId }, uniqueKey: String(webhookId) });
    record({
      objectId: webhookId,
      changeType: 'UPDATE',
      log: `Webhook updated: ${hostOf(after)}`,
      before: audited(before),
      after: audited(after),
    });
    return shown(ctx, after);
  });
}

async function remove(ctx: Context, scope: Scope, webhookId: number): Promise<void> {
  await change(ctx, scope, async (ctx, record) => {
    const webhook = await read(ctx, scope, webhookId);
    await deleteWebhook(ctx.db, webhookId);
    const log = `Webhook deleted: ${hostOf(webhook)}`;
    record({ objectId: webhookId, changeType: 'DELETE', log, before: audited(webhook) });
  });
}

async function read(ctx: Context, scope: Scope, webhookId: number): Promise<StoredWebhook> {
  const webhook = await findWebhook(ctx.db, ownerOf(scope), webhookId);
  if (webhook === null) throw notFound();
  return webhook;
}

async function deliveriesOf(
  ctx: Context,
  scope: Scope,
  webhookId: number,
  query: PageQuery,
): Promise<Page<WebhookDelivery>> {
  const { id } = await read(ctx, scope, webhookId);
  const count = await countDeliveries(ctx.db, id);
  return { count, results: (await findDeliveries(ctx.db, id, windowOf(query))).map(shownDelivery) };
}

/** The address is looked at again with each delivery: a name may lead elsewhere by then. @throws RequestError 400 */
async function refuseInternal(ctx: Context, field: string, url: string): Promise<void> {
  if (await ctx.outbound.mayReach(url)) return;
  throw invalid({ [field]: ['URLs must not target internal or private network addresses.'] });
}

function windowOf(query: PageQuery) {
  return { limit: query.page_size, offset: (query.page - 1) * query.page_size };
}

function shown(ctx: Context, webhook: StoredWebhook): Webhook {
  return {
    id: webhook.id,
    url: webhook.url,
    enabled: webhook.enabled === 1,
    secret: secretOf(ctx, webhook),
    created_at: webhook.created_at,
    updated_at: webhook.updated_at,
  };
}

function shownDelivery(delivery: Omit<StoredDelivery, 'body'>): WebhookDelivery {
  return {
    id: delivery.id,
    event_type: delivery.event_type,
    audit_log: delivery.change_id,
    state: delivery.state,
    attempts: delivery.attempts,
    response_status: delivery.response_status,
    error: delivery.error,
    next_attempt_at: delivery.state === 'pending' ? delivery.next_attempt_at : null,
    created_at: delivery.created_at,
    finished_at: delivery.finished_at,
  };
}

/** What the audit log may show: addresses carry secrets in their paths, so only where they lead. */
function audited(webhook: StoredWebhook) {
  return { host: hostOf(webhook), enabled: webhook.enabled === 1, is_signed: webhook.secret_encrypted !== null };
}

function hostOf(webhook: StoredWebhook): string {
  return new URL(webhook.url).host;
}

function sealed(ctx: Context, secret: string): string | null {
  return secret === '' ? null : ctx.vault.encrypt(secret);
}

function secretOf(ctx: Context, webhook: StoredWebhook): string {
  return webhook.secret_encrypted === null ? '' : (ctx.vault.decrypt(webhook.secret_encrypted) ?? '');
}
