import type { Context } from '../context.ts';
import { RequestError } from '../errors.ts';
import { findUsers, missingMigrations } from './store.ts';

export async function getLiveness(): Promise<{ status: 'ok' }> {
  return { status: 'ok' };
}

/** @throws RequestError 503 that names what does not work */
export async function getReadiness(ctx: Context): Promise<Record<string, string>> {
  let missing: string[];
  try {
    missing = await missingMigrations(ctx.db);
  } catch (error) {
    ctx.log.error({ err: error }, 'readiness: the database does not answer');
    throw new RequestError('unavailable', { database: 'the database does not answer', migrations: 'unknown' });
  }
  if (missing.length > 0) {
    throw new RequestError('unavailable', {
      database: 'working',
      migrations: `not applied yet: ${missing.join(', ')}`,
    });
  }
  return { database: 'working', migrations: 'working' };
}

export async function getVersion(ctx: Context) {
  const { hasUsers, hasLogins } = await findUsers(ctx.db);
  const { github, google } = ctx.config;
  return {
    ci_commit_sha: 'unknown',
    image_tag: ctx.config.version,
    has_email_provider: ctx.mailer.delivers,
    // Clients of the reference unlock approvals, roles and the audit log by this.
    is_enterprise: true,
    is_saas: false,
    self_hosted_data: { has_users: hasUsers, has_logins: hasLogins },
    login_methods: {
      password: ctx.config.passwordLogin,
      github: github && { client_id: github.clientId, url: github.url },
      google: google && { client_id: google.clientId },
    },
    package_versions: { '.': ctx.config.version },
  };
}
