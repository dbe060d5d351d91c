// `unleash-server` on the PostgreSQL of DATABASE_URL, with two tokens that bench.ts knows. Started by bench.ts.

import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';

Object.assign(process.env, {
  INIT_ADMIN_API_TOKENS: '*:*.benchadmin',
  INIT_FRONTEND_API_TOKENS: 'default:development.benchfrontend',
  DATABASE_SSL: 'false',
  CHECK_VERSION: 'false',
  SEND_TELEMETRY: 'false',
  LOG_LEVEL: 'fatal',
  // It refuses more than 20,000 requests a minute of its own accord.
  SDK_API_RATE_LIMIT_PER_MINUTE: '1000000000',
  TOKEN_AUTHENTICATION_RATE_LIMIT_PER_MINUTE: '1000000000',
});

const { start } = createRequire(import.meta.url)('unleash-server');
const { server } = await start({ server: { port: 0, host: '127.0.0.1' } });
process.send?.({ port: (server.address() as AddressInfo).port });
process.on('disconnect', () => process.exit());
