import type * as endpoints from '@halyard/contract';
import type { ActiveMfaMethod, BackupCodes, InputOf, MfaSecret } from '@halyard/contract';
import { requireUser } from '../../access/service.ts';
import { type Context, inTransaction } from '../../context.ts';
import { invalid, RequestError } from '../../errors.ts';
import { randomText } from '../../secrets.ts';
import { limit } from '../../throttle/service.ts';
import { spendAllAccountTokens } from '../links/service.ts';
import { isOwnPassword } from '../password/service.ts';
import {
  activateMethod,
  deleteMethod,
  findMethod,
  putBackupCodes,
  putMethod,
  takeBackupCode,
  takeStep,
} from './store.ts';
import { newSecret, otpauthLink, stepOf } from './totp.ts';

/** A new secret for the app, in the place of one that was not confirmed. @throws RequestError 400 where one is active. */
export async function activateMfa(ctx: Context, _input: InputOf<typeof endpoints.activateMfa>): Promise<MfaSecret> {
  const { userId, email } = requireUser(ctx);
  const secret = newSecret();
  await inTransaction(ctx, async (ctx) => {
    if (await isMfaActive(ctx, userId)) throw refusedMfa('MFA method already active.');
    await putMethod(ctx.db, { userId, secretEncrypted: ctx.vault.encrypt(secret) }, ctx.now());
  });
  return { qr_link: otpauthLink(secret, email), secret };
}

/** Turns the second factor on. @throws RequestError 400 for a wrong code, and where it is on; 429 for too many attempts. */
export async function confirmMfa(ctx: Context, { body }: InputOf<typeof endpoints.confirmMfa>): Promise<BackupCodes> {
  const { userId } = requireUser(ctx);
  await limitCodes(ctx, userId);
  const codes = Array.from({ length: 5 }, () => randomText(10));
  await inTransaction(ctx, async (ctx) => {
    const method = await findMethod(ctx.db, userId);
    if (method?.is_active === 1) throw refusedMfa('MFA method already active.');
    const secretEncrypted = method?.secret_encrypted ?? '';
    const isRight = method !== null && (await takeAppCode(ctx, userId, method, body.code));
    if (!isRight || !(await activateMethod(ctx.db, { userId, secretEncrypted }))) {
      throw invalid({ code: ['Code invalid or expired.'] });
    }
    await putBackupCodes(
      ctx.db,
      userId,
      codes.map((code) => backupCodeHash(ctx, userId, code)),
    );
    await spendAllAccountTokens(ctx, userId);
  });
  return { backup_codes: codes };
}

/**
 * Turns the second factor off. A token alone is not enough: it may be stolen, and this is what the factor is for.
 * @throws RequestError 400 without a code or the password, and where one is wrong; 429 for too many attempts.
 */
export async function deactivateMfa(ctx: Context, { body }: InputOf<typeof endpoints.deactivateMfa>): Promise<void> {
  const { userId } = requireUser(ctx);
  if (!(await isMfaActive(ctx, userId))) throw refusedMfa('MFA method is not active.');
  if (body.code) {
    if (!(await takeCode(ctx, userId, body.code))) throw invalid({ code: ['Code invalid or expired.'] });
  } else if (body.current_password) {
    if (!(await isOwnPassword(ctx, body.current_password))) throw invalid({ current_password: ['Invalid password.'] });
  } else {
    throw refusedMfa(
      'Send a code of your authenticator app, or a backup code, as "code"; or your password as "current_password".',
    );
  }
  await inTransaction(ctx, async (ctx) => {
    await deleteMethod(ctx.db, userId);
    await spendAllAccountTokens(ctx, userId);
  });
}

export async function listActiveMfaMethods(ctx: Context): Promise<ActiveMfaMethod[]> {
  const { userId } = requireUser(ctx);
  return (await isMfaActive(ctx, userId)) ? [{ name: 'app', is_primary: true }] : [];
}

/** Whether a person is asked for a code before a session starts. */
export async function isMfaActive(ctx: Context, userId: number): Promise<boolean> {
  return (await findMethod(ctx.db, userId))?.is_active === 1;
}

/**
 * Whether a code of the app, or a backup code, is right; spends it where it is. False where there is no second factor.
 * @throws RequestError 429 for too many attempts: they count for the person, whoever guesses.
 */
export async function takeCode(ctx: Context, userId: number, code: string): Promise<boolean> {
  await limitCodes(ctx, userId);
  const method = await findMethod(ctx.db, userId);
  if (method === null || method.is_active === 0) return false;
  if (await takeAppCode(ctx, userId, method, code)) return true;
  return takeBackupCode(ctx.db, userId, backupCodeHash(ctx, userId, code));
}

/** Forgets the second factor of an account that is closed. Inside its transaction. */
export async function forgetMfa(ctx: Context, userId: number): Promise<void> {
  await deleteMethod(ctx.db, userId);
}

async function takeAppCode(
  ctx: Context,
  userId: number,
  method: { secret_encrypted: string },
  code: string,
): Promise<boolean> {
  const secret = ctx.vault.decrypt(method.secret_encrypted);
  if (secret === null) {
    ctx.log.error({ userId }, 'a second factor cannot be read: was SECRET_KEY changed?');
    return false;
  }
  const step = stepOf(code.replaceAll(' ', ''), secret, Date.parse(ctx.now()));
  return step !== null && takeStep(ctx.db, userId, step);
}

/** Few a minute for a person who mistypes, and few an hour for somebody who tries them all. */
async function limitCodes(ctx: Context, userId: number): Promise<void> {
  await limit(ctx, { scope: 'mfa_code', key: String(userId), rate: { count: 5, seconds: 60 } });
  await limit(ctx, { scope: 'mfa_code', key: String(userId), rate: { count: 30, seconds: 3600 } });
}

function backupCodeHash(ctx: Context, userId: number, code: string): string {
  return ctx.vault.keyedHash(`backup-code ${userId} ${code}`);
}

function refusedMfa(error: string): RequestError {
  return new RequestError('invalid', { error });
}
