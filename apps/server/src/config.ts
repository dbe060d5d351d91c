import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';

const rate = z
  .string()
  .regex(/^\d+\/(sec|min|hour|day)$/, 'must look like 20/min')
  .transform((text) => {
    const [count, unit] = text.split('/') as [string, 'sec' | 'min' | 'hour' | 'day'];
    return { count: Number(count), seconds: { sec: 1, min: 60, hour: 3600, day: 86_400 }[unit] };
  });

const environmentVariables = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce
    .number('must be a number')
    .int()
    .min(0, 'must be 0 to 65535')
    .max(65_535, 'must be 0 to 65535')
    .default(8000),
  DATA_DIR: z.string().min(1).default('data'),
  DATABASE_URL: z
    .string()
    .regex(
      /^(sqlite:|postgres(ql)?:\/\/|mysql:\/\/|mariadb:\/\/)/,
      'must start with sqlite:, postgres://, mysql:// or mariadb://',
    )
    .optional(),
  SECRET_KEY: z.string().min(32, 'must be at least 32 characters of random text').optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  LOGIN_THROTTLE_RATE: rate.prefault('20/min'),
  SIGNUP_THROTTLE_RATE: rate.prefault('10000/min'),
  TRUSTED_PROXIES: z.coerce.number('must be a number').int().min(0).max(10).default(0),
  REQUEST_BODY_LIMIT_BYTES: z.coerce.number('must be a number').int().min(1024).default(2_621_440),
});

/** How this installation runs; parsed once, at start. */
export interface Config {
  host: string;
  port: number;
  dataDir: string;
  databaseUrl: string;
  /** Encrypts what must be read again; made and kept in the data folder where `SECRET_KEY` is not set. */
  secretKey: string | null;
  logLevel: string;
  loginRate: Rate;
  signupRate: Rate;
  /** How many proxies in front of us add to `X-Forwarded-For`; 0 ignores the header. */
  trustedProxies: number;
  requestBodyLimitBytes: number;
  /** From package.json; sent as `Flagsmith-Version` and shown by `/version/`. */
  version: string;
}

export interface Rate {
  count: number;
  seconds: number;
}

/** Thrown with one line per mistake. */
export class ConfigError extends Error {}

/**
 * Reads the configuration from environment variables.
 * @throws {ConfigError} with one line per wrong value.
 */
export function readConfig(variables: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = environmentVariables.safeParse(given);
  if (!parsed.success) {
    throw new ConfigError(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n'));
  }
  const value = parsed.data;
  const dataDir = resolve(value.DATA_DIR);
  return {
    host: value.HOST,
    port: value.PORT,
    dataDir,
    databaseUrl: value.DATABASE_URL ?? `sqlite:${join(dataDir, 'halyard.db')}`,
    secretKey: value.SECRET_KEY ?? null,
    logLevel: value.LOG_LEVEL,
    loginRate: value.LOGIN_THROTTLE_RATE,
    signupRate: value.SIGNUP_THROTTLE_RATE,
    trustedProxies: value.TRUSTED_PROXIES,
    requestBodyLimitBytes: value.REQUEST_BODY_LIMIT_BYTES,
    version: packageVersion(),
  };
}

function packageVersion(): string {
  const file = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
