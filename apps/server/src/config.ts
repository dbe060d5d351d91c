import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { type AddressRange, parseRange } from './outbound/addresses.ts';

const rate = z
  .string()
  .regex(/^\d+\/(sec|min|hour|day)$/, 'must look like 20/min')
  .transform((text) => {
    const [count, unit] = text.split('/') as [string, 'sec' | 'min' | 'hour' | 'day'];
    return { count: Number(count), seconds: { sec: 1, min: 60, hour: 3600, day: 86_400 }[unit] };
  });

/** On or off, as people write it. */
const flag = z
  .string()
  .regex(/^(true|false|1|0|yes|no|on|off)$/i, 'must be true or false')
  .transform((text) => /^(true|1|yes|on)$/i.test(text));

const addressRanges = z.string().transform((text, check): AddressRange[] =>
  text.split(',').map((range) => {
    const parsed = parseRange(range.trim());
    if (parsed === null) check.addIssue(`"${range.trim()}" is no address range such as 10.0.0.0/8`);
    return parsed as AddressRange;
  }),
);

/** Where a service is, without a slash at the end. */
const serviceUrl = z
  .string()
  .refine((text) => /^https?:\/\/[^\s?#]+$/.test(text) && URL.canParse(text), 'must look like https://example.com')
  .transform((text) => text.replace(/\/+$/, ''));

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
  OUTBOUND_ALLOWED_RANGES: addressRanges.optional(),
  DISABLE_WEBHOOKS: flag.prefault('false'),
  USER_THROTTLE_RATE: rate.optional(),
  MASTER_API_KEY_THROTTLE_RATE: rate.optional(),
  PUBLIC_URL: z
    .string()
    .refine(
      (text) => /^https?:\/\/[^\s?#]+$/.test(text) && URL.canParse(text),
      'must look like https://flags.example.com',
    )
    .optional(),
  SMTP_URL: z
    .string()
    .refine(
      (text) => /^smtps?:\/\/\S+$/.test(text) && URL.canParse(text),
      'must look like smtp://user:password@host:587',
    )
    .optional(),
  MAIL_FROM: z
    .string()
    .regex(/^[^\r\n]*[^\s@]+@[^\s@]+$/, 'must be an e-mail address')
    .optional(),
  GITHUB_CLIENT_ID: z.string().optional(),
  GITHUB_CLIENT_SECRET: z.string().optional(),
  GITHUB_URL: serviceUrl.default('https://github.com'),
  GITHUB_API_URL: serviceUrl.default('https://api.github.com'),
  GITHUB_APP_ID: z.string().regex(/^\d+$/, 'must be a number').optional(),
  GITHUB_PEM: z
    .string()
    .transform((text) => text.replaceAll('\\n', '\n'))
    .refine(isRsaKey, 'must be the private key of the app, as GitHub gave it')
    .optional(),
  GITHUB_WEBHOOK_SECRET: z.string().min(16, 'must be at least 16 characters of random text').optional(),
  GOOGLE_CLIENT_ID: z.string().optional(),
  GOOGLE_API_URL: serviceUrl.default('https://www.googleapis.com'),
  ALLOW_REGISTRATION_WITHOUT_INVITE: flag.prefault('true'),
  PREVENT_SIGNUP: flag.prefault('false'),
  PREVENT_EMAIL_PASSWORD: flag.prefault('false'),
  ENABLE_EMAIL_ACTIVATION: flag.prefault('false'),
  RESTRICT_ORG_CREATE_TO_SUPERUSERS: flag.prefault('false'),
  DISABLE_INVITE_LINKS: flag.prefault('false'),
  MAX_PASSWORD_RESET_EMAILS: z.coerce.number('must be a number').int().min(0).default(5),
  PASSWORD_RESET_EMAIL_COOLDOWN: z.coerce.number('must be a number of seconds').int().min(1).default(86_400),
  ALLOW_ADMIN_INITIATION_VIA_CLI: flag.prefault('false'),
  ALLOW_ADMIN_INITIATION_VIA_URL: flag.prefault('true'),
  ADMIN_EMAIL: z
    .string()
    .regex(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, 'must be an e-mail address')
    .max(254)
    .optional(),
  SLACK_CLIENT_ID: z.string().optional(),
  SLACK_CLIENT_SECRET: z.string().optional(),
  SLACK_URL: z
    .string()
    .regex(/^https?:\/\/[^\s/]+\/?$/, 'must look like https://slack.com')
    .default('https://slack.com'),
  LAUNCH_DARKLY_URL: serviceUrl.default('https://app.launchdarkly.com'),
  ORGANISATION_NAME: z.string().max(2000).default('My organisation'),
  PROJECT_NAME: z.string().max(2000).default('My project'),
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
  /** Internal networks that webhooks and integrations may reach all the same. */
  outboundAllowedRanges: readonly AddressRange[];
  /** Whether anything is sent to webhooks. */
  webhooks: boolean;
  /** Requests of one person, and of one master key; null for no limit. */
  userRate: Rate | null;
  masterKeyRate: Rate | null;
  /** Where people reach this installation, without a slash at the end: what links in e-mails begin with. */
  publicUrl: string;
  /** Null where no e-mail can be sent. */
  smtpUrl: string | null;
  mailFrom: string;
  signUp: SignUpRules;
  /** Whether passwords are good for logging in; where not, people come through single sign-on. */
  passwordLogin: boolean;
  /** Services whose accounts are good for logging in; null where it is not set up. */
  github: { clientId: string; clientSecret: string; url: string; apiUrl: string } | null;
  google: { clientId: string; apiUrl: string } | null;
  /** The GitHub App that links issues and pull requests to features; null where there is none. */
  githubApp: GithubApp | null;
  /** Whether an organisation takes a superuser to create. */
  onlySuperusersCreateOrganisations: boolean;
  /** Whether people may join by a link that everybody can pass on. */
  inviteLinks: boolean;
  passwordResets: { maxEmails: number; cooldownSeconds: number };
  /** The first administrator, created without a request; null where none is named. */
  firstAdmin: FirstAdmin | null;
  slack: SlackApp;
  /** Where imports from LaunchDarkly are read, without a slash at the end. */
  launchDarklyUrl: string;
  /** From package.json; sent as `Flagsmith-Version` and shown by `/version/`. */
  version: string;
}

export interface SignUpRules {
  open: boolean;
  withoutInvite: boolean;
  /** An account works once its e-mail address has been proved. */
  needsActivation: boolean;
}

export interface GithubApp {
  appId: string;
  privateKey: string;
  /** What GitHub signs its calls with; null where it does not call. */
  webhookSecret: string | null;
  url: string;
  apiUrl: string;
}

/** The Slack app that people connect their workspaces with; null where there is none. */
export interface SlackApp {
  url: string;
  app: { clientId: string; clientSecret: string } | null;
}

export interface FirstAdmin {
  email: string;
  organisationName: string;
  projectName: string;
  /** At start, and by a request that nobody has to log in for. */
  atStart: boolean;
  byRequest: boolean;
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
  if (value.ENABLE_EMAIL_ACTIVATION && value.SMTP_URL === undefined) {
    throw new ConfigError('ENABLE_EMAIL_ACTIVATION: needs SMTP_URL, or nobody could ever activate an account');
  }
  const publicUrl = value.PUBLIC_URL ?? `http://${value.HOST}:${value.PORT}`;
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
    outboundAllowedRanges: value.OUTBOUND_ALLOWED_RANGES ?? [],
    webhooks: !value.DISABLE_WEBHOOKS,
    userRate: value.USER_THROTTLE_RATE ?? null,
    masterKeyRate: value.MASTER_API_KEY_THROTTLE_RATE ?? null,
    publicUrl: publicUrl.replace(/\/+$/, ''),
    smtpUrl: value.SMTP_URL ?? null,
    mailFrom: value.MAIL_FROM ?? `Halyard <no-reply@${new URL(publicUrl).hostname}>`,
    signUp: {
      open: !value.PREVENT_SIGNUP,
      withoutInvite: value.ALLOW_REGISTRATION_WITHOUT_INVITE,
      needsActivation: value.ENABLE_EMAIL_ACTIVATION,
    },
    passwordLogin: !value.PREVENT_EMAIL_PASSWORD,
    github:
      value.GITHUB_CLIENT_ID === undefined || value.GITHUB_CLIENT_SECRET === undefined
        ? null
        : {
            clientId: value.GITHUB_CLIENT_ID,
            clientSecret: value.GITHUB_CLIENT_SECRET,
            url: value.GITHUB_URL,
            apiUrl: value.GITHUB_API_URL,
          },
    google:
      value.GOOGLE_CLIENT_ID === undefined ? null : { clientId: value.GOOGLE_CLIENT_ID, apiUrl: value.GOOGLE_API_URL },
    githubApp:
      value.GITHUB_APP_ID === undefined || value.GITHUB_PEM === undefined
        ? null
        : {
            appId: value.GITHUB_APP_ID,
            privateKey: value.GITHUB_PEM,
            webhookSecret: value.GITHUB_WEBHOOK_SECRET ?? null,
            url: value.GITHUB_URL,
            apiUrl: value.GITHUB_API_URL,
          },
    onlySuperusersCreateOrganisations: value.RESTRICT_ORG_CREATE_TO_SUPERUSERS,
    inviteLinks: !value.DISABLE_INVITE_LINKS,
    passwordResets: {
      maxEmails: value.MAX_PASSWORD_RESET_EMAILS,
      cooldownSeconds: value.PASSWORD_RESET_EMAIL_COOLDOWN,
    },
    firstAdmin:
      value.ADMIN_EMAIL === undefined
        ? null
        : {
            email: value.ADMIN_EMAIL.toLowerCase(),
            organisationName: value.ORGANISATION_NAME,
            projectName: value.PROJECT_NAME,
            atStart: value.ALLOW_ADMIN_INITIATION_VIA_CLI,
            byRequest: value.ALLOW_ADMIN_INITIATION_VIA_URL,
          },
    slack: {
      url: value.SLACK_URL.replace(/\/$/, ''),
      app:
        value.SLACK_CLIENT_ID === undefined || value.SLACK_CLIENT_SECRET === undefined
          ? null
          : { clientId: value.SLACK_CLIENT_ID, clientSecret: value.SLACK_CLIENT_SECRET },
    },
    launchDarklyUrl: value.LAUNCH_DARKLY_URL,
    version: packageVersion(),
  };
}

function isRsaKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa';
  } catch {
    return false; // Not a key at all.
  }
}

function packageVersion(): string {
  const file = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
