import type * as endpoints from '@halyard/contract';
import type { InputOf, RegisteredUser } from '@halyard/contract';
import { requireUser } from '../../access/service.ts';
import { type Context, inTransaction } from '../../context.ts';
import { forbidden, invalid, invalidTogether, unauthenticated } from '../../errors.ts';
import { clientKey, limit } from '../../throttle/service.ts';
import { createUser, setPasswordHash } from '../../users/service.ts';
import {
  badLinkToken,
  openLink,
  sendActivation,
  sendLinkLater,
  spendAccountToken,
  spendAllAccountTokens,
} from '../links/service.ts';
import { requireOpenSignUp } from '../sign-up/service.ts';
import { endAllSessions, endOtherSessions, issueToken } from '../tokens/service.ts';
import { hashPassword, passwordFits } from './hash.ts';
import { findCredentials } from './store.ts';
import { weaknesses } from './strength.ts';

/**
 * Creates an account with its first token, which works once the account is active.
 * @throws RequestError 400 for a weak password or an address that has an account, 403 where nobody may sign up like this, 429
 * for too many sign-ups of one client.
 */
export async function register(ctx: Context, { body }: InputOf<typeof endpoints.register>): Promise<RegisteredUser> {
  await limit(ctx, { scope: 'signup', key: clientKey(ctx), rate: ctx.config.signupRate });
  if (!ctx.config.passwordLogin) throw forbidden(noPasswords);
  // The first account is its own installation's; nobody could have invited it.
  if (!body.superuser) await requireOpenSignUp(ctx, { email: body.email, inviteHash: body.invite_hash ?? null });
  const person = { email: body.email, firstName: body.first_name, lastName: body.last_name };
  const weak = weaknesses(body.password, person);
  if (weak.length > 0) throw invalid({ password: weak });
  const passwordHash = await hashPassword(body.password);
  const signUpType = body.sign_up_type ?? null;
  const isActive = body.superuser || !ctx.config.signUp.needsActivation;
  const account = { ...person, passwordHash, signUpType, isActive, isSuperuser: body.superuser };
  return createUser(ctx, account, async (ctx, user) => {
    if (!isActive) await sendActivation(ctx, user);
    return {
      id: user.id,
      email: user.email,
      first_name: user.first_name,
      last_name: user.last_name,
      is_active: isActive,
      uuid: user.uuid,
      sign_up_type: user.sign_up_type,
      ...(await issueToken(ctx, user.id)),
    };
  });
}

/**
 * Whose e-mail address and password these are. Attempts count for the client, and for the address whoever guesses: ten
 * times as many, so that one client cannot lock somebody else out.
 * @throws RequestError 400 that does not say which of the two was wrong, 403 where passwords are no good, 429 for too many
 * attempts.
 */
export async function checkCredentials(ctx: Context, given: { email: string; password: string }): Promise<number> {
  const email = given.email.toLowerCase();
  const rate = ctx.config.loginRate;
  await limit(ctx, { scope: 'login-client', key: clientKey(ctx), rate });
  await limit(ctx, { scope: 'login-email', key: email, rate: { ...rate, count: rate.count * 10 } });
  if (!ctx.config.passwordLogin) throw forbidden(noPasswords);
  const account = await findCredentials(ctx.db, { email });
  const fits = await passwordFits(account?.password_hash ?? null, given.password);
  if (account === null || !fits || account.is_active === 0) throw invalidTogether(wrongCredentials);
  return account.id;
}

/** Whether it is the password of the person who asks. @throws RequestError 429 for too many attempts. */
export async function isOwnPassword(ctx: Context, password: string): Promise<boolean> {
  const { userId } = requireUser(ctx);
  await limit(ctx, { scope: 'own-password', key: String(userId), rate: ctx.config.loginRate });
  const account = await findCredentials(ctx.db, { userId });
  return passwordFits(account?.password_hash ?? null, password);
}

/** Changes the password of the person who asks, and ends their other sessions: whoever knew the old one is out. */
export async function setPassword(ctx: Context, { body }: InputOf<typeof endpoints.setPassword>): Promise<void> {
  const { userId } = requireUser(ctx);
  if (!(await isOwnPassword(ctx, body.current_password))) throw invalid({ current_password: ['Invalid password.'] });
  const passwordHash = await hashChosen(ctx, userId, body);
  await inTransaction(ctx, async (ctx) => {
    await setPasswordHash(ctx, userId, passwordHash);
    await spendAllAccountTokens(ctx, userId);
    await endOtherSessions(ctx);
  });
}

/** Sends a link with which to choose a new password, where the address has an account. @throws RequestError 429 */
export async function requestPasswordReset(
  ctx: Context,
  { body }: InputOf<typeof endpoints.requestPasswordReset>,
): Promise<void> {
  await limit(ctx, { scope: 'reset-password', key: clientKey(ctx), rate: ctx.config.loginRate });
  if (!ctx.config.passwordLogin) return;
  await sendLinkLater(ctx, { purpose: 'password_reset', email: body.email });
}

/**
 * Chooses a new password with the link of an e-mail, ends every session, and starts none: a second factor is still asked for.
 * @throws RequestError 400 for a link that is unknown, spent or expired, and for a weak password; 429 for too many attempts.
 */
export async function confirmPasswordReset(
  ctx: Context,
  { body }: InputOf<typeof endpoints.confirmPasswordReset>,
): Promise<void> {
  const { tokenId, userId } = await openLink(ctx, body, 'password_reset');
  const passwordHash = await hashChosen(ctx, userId, body);
  await inTransaction(ctx, async (ctx) => {
    if (!(await spendAccountToken(ctx, tokenId))) throw badLinkToken();
    await setPasswordHash(ctx, userId, passwordHash);
    await spendAllAccountTokens(ctx, userId);
    await endAllSessions(ctx, userId);
  });
}

/** @throws RequestError 400 for two that differ and for a weak one. */
async function hashChosen(
  ctx: Context,
  userId: number,
  chosen: { new_password: string; re_new_password: string },
): Promise<string> {
  if (chosen.new_password !== chosen.re_new_password) throw invalidTogether("The two password fields didn't match.");
  const account = await findCredentials(ctx.db, { userId });
  if (account === null) throw unauthenticated();
  const person = { email: account.email, firstName: account.first_name, lastName: account.last_name };
  const weak = weaknesses(chosen.new_password, person);
  if (weak.length > 0) throw invalid({ new_password: weak });
  return hashPassword(chosen.new_password);
}

const noPasswords = 'Passwords are switched off for this installation. Please use single sign-on.';
const wrongCredentials = 'Unable to log in with provided credentials.';
