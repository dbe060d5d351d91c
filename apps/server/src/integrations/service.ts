import type * as endpoints from '@halyard/contract';
import {
  type InputOf,
  type IntegrationBody,
  type IntegrationCatalogueEntry,
  type IntegrationDelivery,
  type IntegrationField,
  type IntegrationParams,
  type IntegrationPlace,
  type IntegrationVendor,
  integrationVendors,
  type Page,
  type PageQuery,
  secretMask,
} from '@halyard/contract';
import { z } from 'zod';
import { isAdmin } from '../access/rights.ts';
import {
  openEnvironment,
  openOrganisation,
  openProject,
  type EnvironmentScope,
  type OrganisationScope,
  type ProjectScope,
  requireUser,
  rightsInEnvironment,
  rightsInOrganisation,
  rightsInProject,
} from '../access/service.ts';
import { type Change, changeEnvironment, changeOrganisation, changeProject } from '../changes/service.ts';
import type { Context } from '../context.ts';
import { invalid, invalidRequest, notFound, refused, RequestError } from '../errors.ts';
import { OutboundError } from '../outbound/client.ts';
import { Redirect } from '../redirect.ts';
import { plusSeconds } from '../time.ts';
import { wakeDelivery } from './delivery.ts';
import {
  countDeliveries,
  deleteDeliveries,
  findAtPlaces,
  findDeliveries,
  findIntegration,
  insertIntegration,
  type StoredIntegration,
  updateIntegration,
} from './store.ts';
import type { IntegrationConfig } from './vendor.ts';
import { vendors } from './vendors.ts';

/** The requests about one vendor at one kind of place. */
export function integrationService(vendor: IntegrationVendor, place: IntegrationPlace) {
  const open = (ctx: Context, params: IntegrationParams, right: 'view' | 'edit') =>
    openPlace(ctx, place, params, right);

  async function change(ctx: Context, params: IntegrationParams, body: IntegrationBody): Promise<IntegrationBody> {
    const scope = await open(ctx, params, 'edit');
    await refuseInternal(ctx, vendor, body);
    return recorded(ctx, scope, async (ctx, record) => {
      const stored = await readOne(ctx, vendor, scope, params);
      const before = configOf(ctx, vendor, stored);
      const after = { ...before, ...withoutMasks(vendor, body) };
      if (JSON.stringify(before) === JSON.stringify(after)) return shown(vendor, stored, after, true);
      await updateIntegration(ctx.db, stored.id, { ...columnsOf(ctx, after), updated_at: ctx.now() });
      // What waited while it was switched off, or for settings that are right now.
      await wakeDelivery(ctx, stored.id);
      const log = `${integrationVendors[vendor].title} integration updated`;
      const audit = { before: audited(vendor, before), after: audited(vendor, after) };
      record({ objectType: 'INTEGRATION', objectId: stored.id, changeType: 'UPDATE', log, ...audit });
      return shown(vendor, stored, after, true);
    });
  }

  return {
    async list(ctx: Context, { params }: { params: IntegrationParams }): Promise<IntegrationBody[]> {
      const scope = await open(ctx, params, 'view');
      const stored = await findIntegration(ctx.db, scope.key, vendor);
      if (stored === null || stored.deleted_at !== null) return [];
      return [shown(vendor, stored, configOf(ctx, vendor, stored), scope.maySeeSecrets)];
    },

    async get(ctx: Context, { params }: { params: IntegrationParams }): Promise<IntegrationBody> {
      const scope = await open(ctx, params, 'view');
      const stored = await readOne(ctx, vendor, scope, params);
      return shown(vendor, stored, configOf(ctx, vendor, stored), scope.maySeeSecrets);
    },

    /** Brings back the row of one that was deleted. @throws RequestError 400 where there is one already */
    async create(
      ctx: Context,
      { params, body }: { params: IntegrationParams; body: IntegrationBody },
    ): Promise<IntegrationBody> {
      const scope = await open(ctx, params, 'edit');
      refuseMasks(vendor, body);
      await refuseInternal(ctx, vendor, body);
      return recorded(ctx, scope, async (ctx, record) => {
        const earlier = await findIntegration(ctx.db, scope.key, vendor);
        if (earlier !== null && earlier.deleted_at === null) {
          throw invalidRequest(`This integration already exists for this ${place}.`);
        }
        const config = { ...vendors[vendor].defaults, ...body };
        const id = await putIntegration(ctx, scope, vendor, config, earlier);
        const log = `${integrationVendors[vendor].title} integration created`;
        record({
          objectType: 'INTEGRATION',
          objectId: id,
          changeType: 'CREATE',
          log,
          after: audited(vendor, config),
        });
        return shown(vendor, { id, environment_id: scope.environmentId }, config, true);
      });
    },

    update: (ctx: Context, { params, body }: { params: IntegrationParams; body: IntegrationBody }) =>
      change(ctx, params, body),

    async remove(ctx: Context, { params }: { params: IntegrationParams }): Promise<void> {
      const scope = await open(ctx, params, 'edit');
      await recorded(ctx, scope, async (ctx, record) => {
        const stored = await readOne(ctx, vendor, scope, params);
        await deleteDeliveries(ctx.db, stored.id);
        // Its secrets go with it; only the row stays, for the next that is set up.
        await updateIntegration(ctx.db, stored.id, { ...columnsOf(ctx, {}), deleted_at: ctx.now() });
        const log = `${integrationVendors[vendor].title} integration deleted`;
        const before = audited(vendor, configOf(ctx, vendor, stored));
        record({ objectType: 'INTEGRATION', objectId: stored.id, changeType: 'DELETE', log, before });
      });
    },

    async deliveries(
      ctx: Context,
      { params, query }: { params: IntegrationParams; query: PageQuery },
    ): Promise<Page<IntegrationDelivery>> {
      const { id } = await readOne(ctx, vendor, await open(ctx, params, 'edit'), params);
      const count = await countDeliveries(ctx.db, id);
      const window = { limit: query.page_size, offset: (query.page - 1) * query.page_size };
      const rows = await findDeliveries(ctx.db, id, window);
      return {
        count,
        results: rows.map((row) => ({
          id: row.id,
          state: row.state,
          attempts: row.attempts,
          response_status: row.response_status,
          error: row.error,
          next_attempt_at: row.state === 'pending' ? row.next_attempt_at : null,
          created_at: row.created_at,
          finished_at: row.finished_at,
        })),
      };
    },
  };
}

/** What can be set up at these kinds of places, and what a form asks for to do it. */
export function integrationCatalogue(kinds: IntegrationPlace[]): IntegrationCatalogueEntry[] {
  return (Object.keys(integrationVendors) as IntegrationVendor[])
    .map((vendor) => ({
      vendor,
      title: integrationVendors[vendor].title,
      places: integrationVendors[vendor].places.filter((place) => kinds.includes(place)),
      fields: fieldsOf(vendor),
    }))
    .filter(({ places }) => places.length > 0);
}

/** What is set up at places (`environment:12`), by place, with secrets masked. */
export async function connectedAt(ctx: Context, places: string[]) {
  const stored = await findAtPlaces(ctx.db, places);
  const known = stored.filter(({ vendor }) => vendor in integrationVendors);
  const byPlace = Map.groupBy(known, ({ place }) => place);
  return new Map(
    [...byPlace].map(([place, integrations]) => [
      place,
      integrations.map((one) => {
        const vendor = one.vendor as IntegrationVendor;
        const { id, ...settings } = shown(vendor, one, configOf(ctx, vendor, one), false);
        return { id: id as number, vendor, enabled: one.enabled === 1, settings };
      }),
    ]),
  );
}

/** Whether somebody connected a project with a workspace of Slack. */
export async function hasSlackWorkspace(ctx: Context, projectId: number): Promise<boolean> {
  const workspace = await findIntegration(ctx.db, `project:${projectId}`, 'slack-workspace');
  return workspace !== null && workspace.deleted_at === null;
}

/** The fields of a vendor as its schema has them. */
function fieldsOf(vendor: IntegrationVendor): IntegrationField[] {
  const { secrets, addresses } = vendors[vendor];
  const input: z.ZodObject = integrationVendors[vendor].input;
  return Object.entries(input.shape as Record<string, z.ZodType>).map(([name, schema]) => {
    const json = z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' });
    const choices = (json.enum ?? []).filter((choice) => typeof choice === 'string');
    return {
      name,
      kind: choices.length > 0 ? 'choice' : (kinds[String(json.type)] ?? 'text'),
      choices,
      is_required: !schema.safeParse(undefined).success,
      is_secret: secrets.includes(name),
      is_address: addresses.includes(name),
    };
  });
}

const kinds: Record<string, IntegrationField['kind']> = { boolean: 'boolean', integer: 'number', number: 'number' };

/** For ten minutes, for one person and one environment: the browser that goes to Slack carries no token. */
export async function getSlackSignature(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getSlackSignature>,
): Promise<{ signature: string }> {
  const { environmentId } = await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'ADMIN');
  const { userId } = requireUser(ctx);
  return { signature: sign(ctx, { purpose: 'slack signature', environmentId, userId, redirectUrl: '' }) };
}

/** @throws RequestError 400 where there is no Slack app, or the signature does not fit */
export async function beginSlackOauth(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.beginSlackOauth>,
): Promise<never> {
  const app = slackApp(ctx);
  if (new URL(query.redirect_url).origin !== new URL(ctx.config.publicUrl).origin) {
    throw invalid({ redirect_url: ['The address must be one of this installation.'] });
  }
  const { userId, environmentId } = await openSigned(ctx, params, 'slack signature', query.signature);
  const target = new URL(`${ctx.config.slack.url}/oauth/v2/authorize`);
  target.search = new URLSearchParams({
    client_id: app.clientId,
    scope: 'channels:read,chat:write,chat:write.public',
    redirect_uri: callbackUrl(ctx, params.environment_api_key),
    state: sign(ctx, { purpose: 'slack state', environmentId, userId, redirectUrl: query.redirect_url }),
  }).toString();
  return new Redirect(target.href) as never;
}

/** Keeps the token of the workspace for the project, and sends the browser back. */
export async function finishSlackOauth(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.finishSlackOauth>,
): Promise<never> {
  const app = slackApp(ctx);
  const signed = await openSigned(ctx, params, 'slack state', query.state);
  if (query.code === undefined) return new Redirect(signed.redirectUrl) as never;
  const answer = await askSlack<{ access_token?: string }>(ctx, 'oauth.v2.access', {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      client_id: app.clientId,
      client_secret: app.clientSecret,
      code: query.code,
      redirect_uri: callbackUrl(ctx, params.environment_api_key),
    }).toString(),
  });
  if (typeof answer.access_token !== 'string') throw slackError('no token');
  const { scope } = signed;
  const token = answer.access_token;
  await changeProject(signed.ctx, scope, async (ctx, record) => {
    const place = { ...scope, environmentId: null, key: `project:${scope.projectId}` };
    const earlier = await findIntegration(ctx.db, place.key, 'slack-workspace');
    const id = await putIntegration(ctx, place, 'slack-workspace', { token }, earlier);
    const log = 'Slack workspace connected';
    record({ objectType: 'INTEGRATION', objectId: id, changeType: 'UPDATE', log, keepsDocuments: true });
  });
  return new Redirect(signed.redirectUrl) as never;
}

/** @throws RequestError 400 where no workspace is connected, or Slack does not answer */
export async function listSlackChannels(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.listSlackChannels>,
): Promise<{ channels: { channel_name: string; channel_id: string }[]; cursor: string }> {
  const { projectId } = await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'ADMIN');
  const workspace = await findIntegration(ctx.db, `project:${projectId}`, 'slack-workspace');
  const connection = workspace === null ? null : ctx.vault.decrypt(workspace.config_encrypted);
  if (connection === null) {
    throw invalidRequest('Slack api token not found. Please generate the token using oauth');
  }
  const { token } = JSON.parse(connection) as { token: string };
  const answer = await askSlack<{
    channels?: { id: string; name: string }[];
    response_metadata?: { next_cursor?: string };
  }>(ctx, 'conversations.list', {
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      exclude_archived: 'true',
      limit: String(query.limit),
      ...(query.cursor && { cursor: query.cursor }),
    }).toString(),
  });
  return {
    channels: (answer.channels ?? []).map(({ id, name }) => ({ channel_name: name, channel_id: id })),
    cursor: answer.response_metadata?.next_cursor ?? '',
  };
}

type Scope = (EnvironmentScope | ProjectScope | OrganisationScope) & {
  kind: IntegrationPlace;
  organisationId: number;
  projectId: number | null;
  environmentId: number | null;
  /** `environment:12` */
  key: string;
  maySeeSecrets: boolean;
};

async function openPlace(
  ctx: Context,
  kind: IntegrationPlace,
  params: IntegrationParams,
  right: 'view' | 'edit',
): Promise<Scope> {
  const edits = right === 'edit';
  if (kind === 'environment') {
    const apiKey = params.environment_api_key as string;
    const scope = await openEnvironment(ctx, { apiKey }, edits ? 'ADMIN' : 'VIEW_ENVIRONMENT');
    const rights = edits ? null : await rightsInEnvironment(ctx, scope);
    const maySeeSecrets = rights === null ? edits : isAdmin(rights);
    return { ...scope, kind, key: `environment:${scope.environmentId}`, maySeeSecrets };
  }
  if (kind === 'project') {
    const scope = await openProject(ctx, params.project_id as number, edits ? 'ADMIN' : 'VIEW_PROJECT');
    const rights = edits ? null : await rightsInProject(ctx, scope);
    const maySeeSecrets = rights === null ? edits : isAdmin(rights);
    return { ...scope, environmentId: null, kind, key: `project:${scope.projectId}`, maySeeSecrets };
  }
  const organisationId = params.organisation_id as number;
  const scope = await openOrganisation(ctx, organisationId, edits ? 'ADMIN' : 'MEMBER');
  const rights = edits ? null : await rightsInOrganisation(ctx, organisationId);
  const maySeeSecrets = rights === null ? edits : isAdmin(rights);
  return { ...scope, projectId: null, environmentId: null, kind, key: `organisation:${organisationId}`, maySeeSecrets };
}

/** Runs `work` as a change of the place; what SDKs get stays as it is. */
async function recorded<T>(
  ctx: Context,
  scope: Scope,
  work: (ctx: Context, record: (change: Omit<Change, 'environmentId' | 'keepsDocuments'>) => void) => Promise<T>,
): Promise<T> {
  const run = (ctx: Context, record: (change: Change) => void) => {
    ctx.afterCommit(ctx.wakeListener);
    return work(ctx, (change) => record({ ...change, keepsDocuments: true }));
  };
  if (scope.kind === 'environment') return changeEnvironment(ctx, scope as unknown as EnvironmentScope, run);
  if (scope.kind === 'project') return changeProject(ctx, scope as unknown as ProjectScope, run);
  return changeOrganisation(ctx, scope, work);
}

async function readOne(
  ctx: Context,
  vendor: IntegrationVendor,
  scope: Scope,
  params: IntegrationParams,
): Promise<StoredIntegration> {
  const stored = await findIntegration(ctx.db, scope.key, vendor);
  if (stored === null || stored.deleted_at !== null || stored.id !== params.integration_id) throw notFound();
  return stored;
}

async function putIntegration(
  ctx: Context,
  scope: Pick<Scope, 'key' | 'organisationId' | 'projectId' | 'environmentId'>,
  vendor: string,
  config: IntegrationConfig,
  earlier: StoredIntegration | null,
): Promise<number> {
  const at = ctx.now();
  const columns = columnsOf(ctx, config);
  if (earlier !== null) {
    await updateIntegration(ctx.db, earlier.id, { ...columns, updated_at: at, deleted_at: null });
    return earlier.id;
  }
  return insertIntegration(ctx.db, {
    vendor,
    place: scope.key,
    organisation_id: scope.organisationId,
    project_id: scope.projectId,
    environment_id: scope.environmentId,
    ...columns,
    created_at: at,
    updated_at: at,
    deleted_at: null,
  });
}

function columnsOf(ctx: Context, config: IntegrationConfig) {
  return { enabled: Number(config.enabled ?? true), config_encrypted: ctx.vault.encrypt(JSON.stringify(config)) };
}

/** Only the usual settings where SECRET_KEY is another one now. */
function configOf(ctx: Context, vendor: IntegrationVendor, stored: StoredIntegration): IntegrationConfig {
  const config = ctx.vault.decrypt(stored.config_encrypted);
  const nothing = Object.fromEntries(Object.keys(integrationVendors[vendor].input.shape).map((name) => [name, '']));
  return config === null ? { ...nothing, ...vendors[vendor].defaults } : (JSON.parse(config) as IntegrationConfig);
}

function shown(
  vendor: IntegrationVendor,
  stored: Pick<StoredIntegration, 'id' | 'environment_id'>,
  config: IntegrationConfig,
  showsSecrets: boolean,
): IntegrationBody {
  const fields: Record<string, unknown> = { ...config, id: stored.id };
  if (vendor === 'sentry') fields.environment = stored.environment_id;
  if (!showsSecrets) for (const name of vendors[vendor].secrets) if (fields[name] !== '') fields[name] = secretMask;
  return fields;
}

/** What the audit log may show: addresses carry secrets in their paths, so only where they lead. */
function audited(vendor: IntegrationVendor, config: IntegrationConfig): Record<string, unknown> {
  const { secrets, addresses } = vendors[vendor];
  return Object.fromEntries(
    Object.entries(config)
      .filter(([name]) => !secrets.includes(name))
      .map(([name, value]) => [name, addresses.includes(name) ? (URL.parse(String(value))?.host ?? null) : value]),
  );
}

/** A setting that comes back as it was shown stays as it is. */
function withoutMasks(vendor: IntegrationVendor, body: IntegrationBody): IntegrationBody {
  const isMask = ([name, value]: [string, unknown]) => vendors[vendor].secrets.includes(name) && value === secretMask;
  return Object.fromEntries(Object.entries(body).filter((entry) => entry[1] !== undefined && !isMask(entry)));
}

function refuseMasks(vendor: IntegrationVendor, body: IntegrationBody): void {
  for (const name of vendors[vendor].secrets) {
    if (body[name] === secretMask) throw invalid({ [name]: ['Enter the secret itself.'] });
  }
}

/** The address is looked at again with each delivery: a name may lead elsewhere by then. @throws RequestError 400 */
async function refuseInternal(ctx: Context, vendor: IntegrationVendor, body: IntegrationBody): Promise<void> {
  for (const name of vendors[vendor].addresses) {
    const url = body[name];
    if (typeof url !== 'string' || (await ctx.outbound.mayReach(url))) continue;
    throw invalid({ [name]: ['URLs must not target internal or private network addresses.'] });
  }
}

interface Signed {
  purpose: 'slack signature' | 'slack state';
  environmentId: number;
  userId: number;
  redirectUrl: string;
}

function sign(ctx: Context, signed: Signed): string {
  const text = JSON.stringify({ ...signed, until: plusSeconds(ctx.now(), 600) });
  return Buffer.from(ctx.vault.encrypt(text), 'base64').toString('base64url');
}

/** The environment that something was signed for, opened as the person whom it was signed for. */
async function openSigned(
  ctx: Context,
  params: { environment_api_key: string },
  purpose: Signed['purpose'],
  text: string,
) {
  const plain = ctx.vault.decrypt(Buffer.from(text, 'base64url').toString('base64'));
  const signed = plain === null ? null : readSigned(plain);
  if (signed === null || signed.purpose !== purpose || signed.until < ctx.now()) {
    throw refused('The link is not valid any more. Please begin again.');
  }
  const asPerson: Context = { ...ctx, actor: { kind: 'user', userId: signed.userId, email: '', tokenId: 0 } };
  const scope = await openEnvironment(asPerson, { apiKey: params.environment_api_key }, 'ADMIN');
  if (scope.environmentId !== signed.environmentId) throw notFound();
  return { ...signed, scope, ctx: asPerson };
}

/** Other texts are encrypted with the same key: only ours are JSON with a purpose. */
function readSigned(plain: string): (Signed & { until: string }) | null {
  try {
    return JSON.parse(plain) as Signed & { until: string };
  } catch {
    return null; // Something else that we encrypted.
  }
}

function callbackUrl(ctx: Context, apiKey: string): string {
  return `${ctx.config.publicUrl}/api/v1/environments/${encodeURIComponent(apiKey)}/integrations/slack/callback/`;
}

function slackApp(ctx: Context): { clientId: string; clientSecret: string } {
  const { app } = ctx.config.slack;
  if (app === null) throw slackError('no Slack app is configured for this installation');
  return app;
}

async function askSlack<T>(
  ctx: Context,
  method: string,
  { headers, body }: { headers: Record<string, string>; body: string },
): Promise<T> {
  let answer: { ok?: boolean; error?: string };
  try {
    const url = `${ctx.config.slack.url}/api/${method}`;
    const request = { method: 'POST' as const, url, headers, body, maxResponseBytes: 4 * 1024 * 1024 };
    answer = JSON.parse((await ctx.outbound.send(request)).body) as { ok?: boolean; error?: string };
  } catch (error) {
    if (error instanceof OutboundError) throw slackError(error.message);
    if (error instanceof SyntaxError) throw slackError('the answer was no JSON');
    throw error;
  }
  if (answer.ok !== true) throw slackError(String(answer.error ?? 'no reason given'));
  return answer as T;
}

function slackError(reason: string): RequestError {
  return new RequestError('invalid', { error: `Slack: ${reason}` });
}
