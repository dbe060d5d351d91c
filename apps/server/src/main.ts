import { fileURLToPath } from 'node:url';
import { createApp } from './app.ts';
import { type Config, ConfigError, readConfig } from './config.ts';
import { migrate } from './db/migrate.ts';
import { openDatabase } from './db/open.ts';
import { initialiseAtStart } from './first-run/service.ts';
import { createLog } from './log.ts';
import { returnMemory } from './memory.ts';

const dashboardFolder = fileURLToPath(new URL('../../dashboard/dist', import.meta.url));

/** Starts the platform: reads the configuration, opens and migrates the database, listens. */
async function main(): Promise<void> {
  const config = configOrExit();
  const log = createLog(config.logLevel);
  const db = openDatabase(config.databaseUrl);
  await migrate(db);
  const app = await createApp({ config, db, log, dashboardFolder });
  const passwordLink = await initialiseAtStart(app.systemContext());
  returnMemory();
  const address = await app.http.listen({ host: config.host, port: config.port });
  await greet(address, app.systemContext().db, passwordLink);

  let stopping = false;
  const stop = async (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping');
    await app.close();
    await db.destroy();
  };
  process.once('SIGINT', () => void stop('SIGINT'));
  process.once('SIGTERM', () => void stop('SIGTERM'));
}

function configOrExit(): Config {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`Halyard cannot start; these settings are wrong:\n${error.message.replaceAll(/^/gm, '  ')}\n`);
    process.exit(2);
  }
}

/** Tells a person at the terminal where to go, and at the first start how to get in. */
async function greet(address: string, db: ReturnType<typeof openDatabase>, passwordLink: string | null): Promise<void> {
  const user = await db.selectFrom('users').select('id').limit(1).executeTakeFirst();
  const lines = [`Halyard is up: ${address}`, `API documentation: ${address}/api/v1/docs/`];
  if (passwordLink !== null) {
    lines.push('', 'The first administrator was created. Choose the password within a day:', `  ${passwordLink}`);
  }
  if (user === undefined) {
    lines.push(
      '',
      `There is no account yet. Create the first administrator: ${address}/signup`,
      'or fill the installation with a demonstration organisation: npm run demo',
    );
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`Halyard could not start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
