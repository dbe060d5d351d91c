import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sdkEndpoints } from '@halyard/contract';
import { createEdge, type Edge, serveEdge } from '@halyard/edge';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { requireScope } from './access/scopes.ts';
import { authenticate } from './access/service.ts';
import { accessPageRoutes } from './access-pages/routes.ts';
import { auditRoutes } from './audit/routes.ts';
import { accountRoutes } from './auth/account/routes.ts';
import { emailRoutes } from './auth/email/routes.ts';
import { linkJobs } from './auth/links/service.ts';
import { loginRoutes } from './auth/login/routes.ts';
import { mfaRoutes } from './auth/mfa/routes.ts';
import { createFollower, type Follower } from './changes/follower.ts';
import { oauthProviderRoutes } from './auth/oauth-provider/routes.ts';
import { oauthJobs } from './auth/oauth-provider/service.ts';
import { passwordRoutes } from './auth/password/routes.ts';
import { socialRoutes } from './auth/social/routes.ts';
import { tokenRoutes } from './auth/tokens/routes.ts';
import { createChangeFeed } from './change-stream/feed.ts';
import { changeSetRoutes } from './change-sets/routes.ts';
import { changeStreamRoutes } from './change-stream/routes.ts';
import { codeReferenceRoutes } from './code-references/routes.ts';
import type { Config } from './config.ts';
import type { Context } from './context.ts';
import { factsOf } from './db/dialects/dialect.ts';
import type { Database } from './db/tables.ts';
import { createPublisher, type Publisher } from './documents/publisher.ts';
import { environmentKeyRoutes } from './environment-keys/routes.ts';
import { environmentRoutes } from './environments/routes.ts';
import { explainRoutes } from './explain/routes.ts';
import { externalResourceJobs, writeComments } from './external-resources/service.ts';
import { externalResourceRoutes } from './external-resources/routes.ts';
import { featureExportRoutes } from './feature-exports/routes.ts';
import { featureHealthRoutes } from './feature-health/routes.ts';
import { featureHistoryRoutes } from './feature-history/routes.ts';
import { featureImportRoutes } from './feature-imports/routes.ts';
import { featurePageRoutes } from './feature-pages/routes.ts';
import { featureSegmentRoutes } from './feature-segments/routes.ts';
import { featureRoutes } from './features/routes.ts';
import { featureStateRoutes } from './feature-states/routes.ts';
import { featureVersionRoutes } from './feature-versions/routes.ts';
import { versionJobs } from './feature-versions/service.ts';
import { githubRoutes } from './github/routes.ts';
import { gitlabRoutes } from './gitlab/routes.ts';
import { gitlabJobs } from './gitlab/service.ts';
import { groupRoutes } from './groups/routes.ts';
import { firstRunRoutes } from './first-run/routes.ts';
import { flagRoutes } from './flags/routes.ts';
import { healthRoutes } from './health/routes.ts';
import { serveDocs } from './http/docs.ts';
import { createHttp } from './http/http.ts';
import { buildOpenApi } from './http/openapi.ts';
import { serveDashboard } from './http/dashboard.ts';
import { identityRoutes } from './identities/routes.ts';
import { createIdentityStore } from './identities/sdk-store.ts';
import { integrationJobs, writeIntegrationDeliveries } from './integrations/delivery.ts';
import { integrationRoutes } from './integrations/routes.ts';
import { createIntegrationListener } from './integrations/sdk-listener.ts';
import { launchDarklyImportRoutes } from './launch-darkly-imports/routes.ts';
import { launchDarklyImportJobs } from './launch-darkly-imports/service.ts';
import { createWorker, type Worker } from './jobs/worker.ts';
import { mailJobs } from './mail/service.ts';
import { createLogMailer, createSmtpMailer } from './mail/mailer.ts';
import { inviteRoutes } from './invites/routes.ts';
import { masterKeyRoutes } from './master-keys/routes.ts';
import { metadataRoutes } from './metadata/routes.ts';
import { multivariateOptionRoutes } from './multivariate-options/routes.ts';
import { createOutbound, type OutboundOptions } from './outbound/client.ts';
import { organisationMemberRoutes } from './organisation-members/routes.ts';
import { organisationRoutes } from './organisations/routes.ts';
import { permissionRoutes } from './permissions/routes.ts';
import { platformRoutes } from './platform/routes.ts';
import { projectExportRoutes } from './project-exports/routes.ts';
import { projectRoutes } from './projects/routes.ts';
import { segmentRoutes } from './segments/routes.ts';
import { createVault, randomHex } from './secrets.ts';
import { sessionRoutes } from './session/routes.ts';
import { settingsPageRoutes } from './settings-pages/routes.ts';
import { tagRoutes } from './tags/routes.ts';
import { createMemoryThrottle } from './throttle/memory.ts';
import { limitActor } from './throttle/service.ts';
import { createSharedThrottle, throttleJobs } from './throttle/shared.ts';
import { now as systemNow, type Timestamp } from './time.ts';
import { trustRelationshipRoutes } from './trust-relationships/routes.ts';
import { createUsageStore } from './usage/sdk-store.ts';
import { userRoutes } from './users/routes.ts';
import { vcsWebhookRoutes } from './vcs-webhooks/routes.ts';
import { webhookJobs, writeDeliveries } from './webhooks/delivery.ts';
import { webhookRoutes } from './webhooks/routes.ts';

import { usageRoutes } from './usage/routes.ts';
export const routes = [
  ...healthRoutes,
  ...firstRunRoutes,
  ...passwordRoutes,
  ...loginRoutes,
  ...socialRoutes,
  ...mfaRoutes,
  ...emailRoutes,
  ...accountRoutes,
  ...tokenRoutes,
  ...oauthProviderRoutes,
  ...userRoutes,
  ...organisationRoutes,
  ...organisationMemberRoutes,
  ...masterKeyRoutes,
  ...trustRelationshipRoutes,
  ...groupRoutes,
  ...inviteRoutes,
  ...permissionRoutes,
  ...accessPageRoutes,
  ...projectRoutes,
  ...environmentRoutes,
  ...environmentKeyRoutes,
  ...featureRoutes,
  ...featurePageRoutes,
  ...codeReferenceRoutes,
  ...multivariateOptionRoutes,
  ...featureStateRoutes,
  ...segmentRoutes,
  ...sessionRoutes,
  ...settingsPageRoutes,
  ...featureSegmentRoutes,
  ...featureVersionRoutes,
  ...flagRoutes,
  ...identityRoutes,
  ...explainRoutes,
  ...featureExportRoutes,
  ...featureImportRoutes,
  ...featureHealthRoutes,
  ...featureHistoryRoutes,
  ...projectExportRoutes,
  ...launchDarklyImportRoutes,
  ...changeSetRoutes,
  ...changeStreamRoutes,
  ...tagRoutes,
  ...webhookRoutes,
  ...integrationRoutes,
  ...externalResourceRoutes,
  ...githubRoutes,
  ...gitlabRoutes,
  ...vcsWebhookRoutes,
  ...auditRoutes,
  ...metadataRoutes,
  ...usageRoutes,
  ...platformRoutes,
];

/** A running platform without its port. */
export interface App {
  http: FastifyInstance;
  publisher: Publisher;
  worker: Worker;
  /** Tells webhooks and integrations of changes. */
  follower: Follower;
  edge: Edge;
  /** A context for work that no request asks for. */
  systemContext: () => Context;
  /** Answers what is under way, publishes nothing more, and leaves the database open. */
  close: () => Promise<void>;
}

export interface AppOptions {
  config: Config;
  db: Database;
  log: Logger;
  now?: () => Timestamp;
  /** Where the built dashboard is. */
  dashboardFolder?: string;
  /** In tests: a response that does not fit its schema is an error. */
  checkResponses?: boolean;
  /** In tests: how often an open stream of changes checks its client. */
  streamCheckMs?: number;
  /** In tests: what names that customers give mean. */
  lookup?: NonNullable<OutboundOptions['lookup']>;
}

/** Puts the platform together on a migrated database: Core API, publisher and SDK-facing API in one process. */
export async function createApp(options: AppOptions): Promise<App> {
  const { config, db, log } = options;
  const now = options.now ?? systemNow;
  const vault = createVault(config.secretKey ?? secretOfDataDir(config.dataDir));
  const publisher = createPublisher({ db, log });
  const changeFeed = createChangeFeed({ db, log });
  const throttle = factsOf(db).sharedByProcesses ? createSharedThrottle({ db, now }) : createMemoryThrottle();
  const { smtpUrl, mailFrom } = config;
  const mailer = smtpUrl === null ? createLogMailer({ log }) : createSmtpMailer({ url: smtpUrl, from: mailFrom });

  const evaluations = createIntegrationListener({
    db,
    log,
    context: () => context({ actor: { kind: 'system' }, log, clientAddress: '' }),
    webhooks: config.webhooks,
  });
  const edge = createEdge({
    documents: publisher,
    identities: createIdentityStore({ db, log }),
    usage: createUsageStore({ db, log }),
    evaluations,
    version: config.version,
    log,
    // One process owns an SQLite file; the other databases are shared, so what is in memory grows old.
    identityTtlMs: factsOf(db).sharedByProcesses ? sharedIdentityTtlMs : null,
  });

  const outbound = createOutbound({
    allowedRanges: config.outboundAllowedRanges,
    ...(options.lookup && { lookup: options.lookup }),
  });

  const context = (given: Pick<Context, 'actor' | 'log' | 'clientAddress'>): Context => ({
    ...given,
    db,
    now,
    config,
    vault,
    throttle,
    mailer,
    afterCommit: (work) => work(),
    outbound,
    wakePublisher: () => {
      publisher.wake();
      follower.wake();
      changeFeed.wake();
    },
    changeFeed,
    wakeWorker: () => worker.wake(),
    wakeListener: () => evaluations.wake(),
    forgetIdentity: (environmentId, identifier) => edge.identities.forget({ environmentId, identifier }),
  });

  const worker = createWorker({
    db,
    log,
    context: (log) => context({ actor: { kind: 'system' }, log, clientAddress: '' }),
    handlers: {
      ...mailJobs,
      ...linkJobs,
      ...oauthJobs,
      ...throttleJobs,
      ...versionJobs,
      ...integrationJobs,
      ...externalResourceJobs,
      ...gitlabJobs,
      ...launchDarklyImportJobs,
      ...(config.webhooks && webhookJobs),
    },
  });
  const follower = createFollower({
    context: () => context({ actor: { kind: 'system' }, log, clientAddress: '' }),
    log,
    reader: 'webhooks',
    consume: async (ctx, changes) => {
      if (config.webhooks) await writeDeliveries(ctx, changes);
      await writeIntegrationDeliveries(ctx, changes);
      await writeComments(ctx, changes);
    },
  });

  const http = createHttp({
    routes,
    config,
    log,
    contextOf: async (request) => {
      const actor = await authenticate({ db, vault }, request.authorization, now());
      requireScope(actor, request.endpoint);
      const ctx = context({
        actor,
        log: request.log,
        clientAddress: request.address,
      });
      await limitActor(ctx);
      return ctx;
    },
    isUnavailable: (error) => factsOf(db).isUnavailable(error),
    firstLook: serveEdge(edge, { bodyLimitBytes: config.requestBodyLimitBytes }),
    checkResponses: options.checkResponses ?? false,
    ...(options.streamCheckMs !== undefined && { streamCheckMs: options.streamCheckMs }),
  });
  await serveDashboard(http, { folder: options.dashboardFolder ?? null, version: config.version });
  await serveDocs(
    http,
    buildOpenApi([...routes.map((route) => route.endpoint), ...sdkEndpoints], { version: config.version }),
  );
  publisher.wake();
  worker.wake();
  follower.wake();
  evaluations.wake();

  return {
    http,
    publisher,
    worker,
    follower,
    edge,
    systemContext: () => context({ actor: { kind: 'system' }, log, clientAddress: '' }),
    async close() {
      edge.close();
      changeFeed.close();
      await http.close();
      await edge.flush();
      await evaluations.close();
      await follower.stop();
      await worker.stop();
      await outbound.close();
      await publisher.stop();
    },
  };
}

/** How long a trait that another process changed may be served as it was. */
const sharedIdentityTtlMs = 2000;

/** The installation's own secret, made at the first start and kept beside the embedded database. */
function secretOfDataDir(dataDir: string): string {
  const file = join(dataDir, 'secret.key');
  mkdirSync(dataDir, { recursive: true });
  try {
    writeFileSync(file, randomHex(64), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(file, 'utf8').trim();
}
