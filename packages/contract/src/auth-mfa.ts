import { z } from 'zod';
import { givenPassword } from './auth-password.ts';
import { endpoint } from './endpoint.ts';
import { textInput } from './fields.ts';

/** The one second factor that there is: an authenticator app. */
const params = z.object({ method: z.literal('app') });

export const activeMfaMethod = z.object({ name: z.literal('app'), is_primary: z.boolean() });
export type ActiveMfaMethod = z.output<typeof activeMfaMethod>;

/** Told once: `qr_link` is an `otpauth:` address that authenticator apps read. */
export const mfaSecret = z.object({ qr_link: z.string(), secret: z.string() });
export type MfaSecret = z.output<typeof mfaSecret>;

/** Told once; each works once in place of a code of the app. */
export const backupCodes = z.object({ backup_codes: z.array(z.string()) });
export type BackupCodes = z.output<typeof backupCodes>;

const tag = 'auth';

export const activateMfa = endpoint({
  id: 'activateMfa',
  method: 'POST',
  path: '/api/v1/auth/{method}/activate/',
  tag,
  summary: 'Begin with a second factor: a new secret for the authenticator app',
  auth: 'login',
  params,
  response: mfaSecret,
  errors: [400, 403, 404],
});

export const confirmMfa = endpoint({
  id: 'confirmMfa',
  method: 'POST',
  path: '/api/v1/auth/{method}/activate/confirm/',
  tag,
  summary: 'Turn the second factor on with a first code of the app',
  auth: 'login',
  params,
  body: z.object({ code: textInput(50) }),
  response: backupCodes,
  errors: [403, 404, 429],
});

export const deactivateMfa = endpoint({
  id: 'deactivateMfa',
  method: 'POST',
  path: '/api/v1/auth/{method}/deactivate/',
  tag,
  summary: 'Turn the second factor off, with a code of the app, a backup code or the password',
  auth: 'login',
  params,
  body: z.object({ code: textInput(50).nullish(), current_password: givenPassword.nullish() }),
  status: 204,
  errors: [403, 404, 429],
});

export const listActiveMfaMethods = endpoint({
  id: 'listActiveMfaMethods',
  method: 'GET',
  path: '/api/v1/auth/mfa/user-active-methods/',
  tag,
  summary: "List one's second factors that are on",
  auth: 'login',
  response: z.array(activeMfaMethod),
  errors: [403],
});
