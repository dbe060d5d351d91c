import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sdkEndpoints } from '@halyard/contract';
import { createEdge, type Edge, serveEdge } from '@halyard/edge';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { authenticate } from './access/service.ts';
import { passwordRoutes } from './auth/password/routes.ts';
import { tokenRoutes } from './auth/tokens/routes.ts';
import type { Config } from './config.ts';
import type { Context } from './context.ts';
import { factsOf } from './db/dialects/dialect.ts';
import type { Database } from './db/tables.ts';
import { createPublisher, type Publisher } from './documents/publisher.ts';
import { environmentKeyRoutes } from './environment-keys/routes.ts';
import { environmentRoutes } from './environments/routes.ts';
import { featureExportRoutes } from './feature-exports/routes.ts';
import { featureImportRoutes } from './feature-imports/routes.ts';
import { featureSegmentRoutes } from './feature-segments/routes.ts';
import { featureRoutes } from './features/routes.ts';
import { featureStateRoutes } from './feature-states/routes.ts';
import { groupRoutes } from './groups/routes.ts';
import { healthRoutes } from './health/routes.ts';
import { serveDocs } from './http/docs.ts';
import { createHttp } from './http/http.ts';
import { buildOpenApi } from './http/openapi.ts';
import { serveWelcome } from './http/welcome.ts';
import { identityRoutes } from './identities/routes.ts';
import { createIdentityStore } from './identities/sdk-store.ts';
import { createWorker, type Worker } from './jobs/worker.ts';
import { masterKeyRoutes } from './master-keys/routes.ts';
import { multivariateOptionRoutes } from './multivariate-options/routes.ts';
import { organisationMemberRoutes } from './organisation-members/routes.ts';
import { organisationRoutes } from './organisations/routes.ts';
import { permissionRoutes } from './permissions/routes.ts';
import { projectRoutes } from './projects/routes.ts';
import { segmentRoutes } from './segments/routes.ts';
import { createVault, randomHex } from './secrets.ts';
import { tagRoutes } from './tags/routes.ts';
import { createMemoryThrottle } from './throttle/memory.ts';
import { now as systemNow, type Timestamp } from './time.ts';
import { createUsageStore } from './usage/sdk-store.ts';
import { userRoutes } from './users/routes.ts';

export const routes = [
  ...healthRoutes,
  ...passwordRoutes,
  ...tokenRoutes,
  ...userRoutes,
  ...organisationRoutes,
  ...organisationMemberRoutes,
  ...masterKeyRoutes,
  ...groupRoutes,
  ...permissionRoutes,
  ...projectRoutes,
  ...environmentRoutes,
  ...environmentKeyRoutes,
  ...featureRoutes,
  ...multivariateOptionRoutes,
  ...featureStateRoutes,
  ...segmentRoutes,
  ...featureSegmentRoutes,
  ...identityRoutes,
  ...featureExportRoutes,
  ...featureImportRoutes,
  ...tagRoutes,
];

/** A running platform without its port. */
export interface App {
  http: FastifyInstance;
  publisher: Publisher;
  worker: Worker;
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
  /** In tests: a response that does not fit its schema is an error. */
  checkResponses?: boolean;
}

/** Puts the platform together on a migrated database: Core API, publisher and SDK-facing API in one process. */
export async function createApp(options: AppOptions): Promise<App> {
  const { config, db, log } = options;
  const now = options.now ?? systemNow;
  const vault = createVault(config.secretKey ?? secretOfDataDir(config.dataDir));
  const publisher = createPublisher({ db, log });
  const throttle = createMemoryThrottle();

  const edge = createEdge({
    documents: publisher,
    identities: createIdentityStore({ db, log }),
    usage: createUsageStore({ db, log }),
    version: config.version,
    log,
    // One process owns an SQLite file; the other databases are shared, so what is in memory grows old.
    identityTtlMs: factsOf(db).name === 'sqlite' ? null : sharedIdentityTtlMs,
  });

  const context = (given: Pick<Context, 'actor' | 'log' | 'clientAddress'>): Context => ({
    ...given,
    db,
    now,
    config,
    vault,
    throttle,
    afterCommit: (work) => work(),
    wakePublisher: publisher.wake,
    wakeWorker: () => worker.wake(),
    forgetIdentity: (environmentId, identifier) => edge.identities.forget({ environmentId, identifier }),
  });

  const worker = createWorker({
    db,
    log,
    context: (log) => context({ actor: { kind: 'system' }, log, clientAddress: '' }),
    handlers: {},
  });

  const http = createHttp({
    routes,
    config,
    log,
    contextOf: async (request) =>
      context({
        actor: await authenticate(db, request.authorization, now()),
        log: request.log,
        clientAddress: request.address,
      }),
    isUnavailable: (error) => factsOf(db).isUnavailable(error),
    firstLook: serveEdge(edge, { bodyLimitBytes: config.requestBodyLimitBytes }),
    checkResponses: options.checkResponses ?? false,
  });
  serveWelcome(http, { version: config.version });
  await serveDocs(
    http,
    buildOpenApi([...routes.map((route) => route.endpoint), ...sdkEndpoints], { version: config.version }),
  );
  publisher.wake();
  worker.wake();

  return {
    http,
    publisher,
    worker,
    edge,
    systemContext: () => context({ actor: { kind: 'system' }, log, clientAddress: '' }),
    async close() {
      edge.close();
      await http.close();
      await worker.stop();
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
