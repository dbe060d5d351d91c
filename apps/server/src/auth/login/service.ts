import type * as endpoints from '@halyard/contract';
import type { InputOf, MfaChallenge, Session } from '@halyard/contract';
import type { Context } from '../../context.ts';
import { RequestError } from '../../errors.ts';
import { clientKey, limit } from '../../throttle/service.ts';
import { isActiveUser } from '../../users/service.ts';
import { makeAccountToken, readAccountToken, spendAccountToken } from '../links/service.ts';
import { isMfaActive, takeCode } from '../mfa/service.ts';
import { checkCredentials } from '../password/service.ts';
import { startSession } from '../tokens/service.ts';

/** Exchanges a password for a token, or for the question for a code. @throws RequestError 400, 403, 429 */
export async function login(ctx: Context, { body }: InputOf<typeof endpoints.login>): Promise<Session | MfaChallenge> {
  return signIn(ctx, await checkCredentials(ctx, body));
}

/**
 * Lets somebody in who has shown who they are with a first factor, whichever it was: a token, or the question for a code
 * where the account has a second factor.
 */
export async function signIn(ctx: Context, userId: number): Promise<Session | MfaChallenge> {
  if (!(await isMfaActive(ctx, userId))) return startSession(ctx, userId);
  return { ephemeral_token: await makeAccountToken(ctx, userId, 'mfa_login'), method: 'app' };
}

/** Answers the question for a code. @throws RequestError 401 for a wrong token or code, 429 for too many attempts. */
export async function loginWithCode(ctx: Context, { body }: InputOf<typeof endpoints.loginWithCode>): Promise<Session> {
  await limit(ctx, { scope: 'mfa-client', key: clientKey(ctx), rate: ctx.config.loginRate });
  const token = await readAccountToken(ctx, body.ephemeral_token, 'mfa_login');
  if (token === null || !(await isActiveUser(ctx, token.userId))) throw wrong('Invalid or expired token.');
  if (!(await takeCode(ctx, token.userId, body.code))) throw wrong('Invalid or expired code.');
  if (!(await spendAccountToken(ctx, token.id))) throw wrong('Invalid or expired token.');
  return startSession(ctx, token.userId);
}

function wrong(error: string): RequestError {
  return new RequestError('unauthenticated', { error });
}
