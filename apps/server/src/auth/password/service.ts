import type * as endpoints from '@halyard/contract';
import type { InputOf, RegisteredUser, Session } from '@halyard/contract';
import { requireUser } from '../../access/service.ts';
import { type Context, inTransaction } from '../../context.ts';
import { invalid, invalidTogether, unauthenticated } from '../../errors.ts';
import { clientKey, limit } from '../../throttle/service.ts';
import { createUser, setPasswordHash } from '../../users/service.ts';
import { endOtherSessions, issueToken, startSession } from '../tokens/service.ts';
import { hashPassword, passwordFits } from './hash.ts';
import { findCredentials } from './store.ts';
import { weaknesses } from './strength.ts';

/**
 * Creates an account with its first token.
 * @throws RequestError 400 for a weak password or an address that has an account, 429 for too many sign-ups of one client.
 */
export async function register(ctx: Context, { body }: InputOf<typeof endpoints.register>): Promise<RegisteredUser> {
  await limit(ctx, { scope: 'signup', key: clientKey(ctx), rate: ctx.config.signupRate });
  const person = { email: body.email, firstName: body.first_name, lastName: body.last_name };
  const weak = weaknesses(body.password, person);
  if (weak.length > 0) throw invalid({ password: weak });
  const passwordHash = await hashPassword(body.password);
  const signUpType = body.sign_up_type ?? null;
  return createUser(ctx, { ...person, passwordHash, signUpType, isSuperuser: body.superuser }, async (ctx, user) => ({
    id: user.id,
    email: user.email,
    first_name: user.first_name,
    last_name: user.last_name,
    is_active: true,
    uuid: user.uuid,
    sign_up_type: user.sign_up_type,
    ...(await issueToken(ctx, user.id)),
  }));
}

/**
 * Exchanges a password for a token. Attempts count for the client and for the address, whoever guesses.
 * @throws RequestError 400 that does not say which of the two was wrong, 429 for too many attempts.
 */
export async function login(ctx: Context, { body }: InputOf<typeof endpoints.login>): Promise<Session> {
  const email = body.email.toLowerCase();
  const rate = ctx.config.loginRate;
  await limit(ctx, { scope: 'login-client', key: clientKey(ctx), rate });
  await limit(ctx, { scope: 'login-email', key: email, rate });
  const account = await findCredentials(ctx.db, { email });
  const fits = await passwordFits(account?.password_hash ?? null, body.password);
  if (account === null || !fits || account.is_active === 0) throw invalidTogether(wrongCredentials);
  return startSession(ctx, account.id);
}

/** Changes the password of the person who asks, and ends their other sessions: whoever knew the old one is out. */
export async function setPassword(ctx: Context, { body }: InputOf<typeof endpoints.setPassword>): Promise<void> {
  const { userId } = requireUser(ctx);
  await limit(ctx, { scope: 'set-password', key: String(userId), rate: ctx.config.loginRate });
  const account = await findCredentials(ctx.db, { userId });
  if (account === null) throw unauthenticated();
  if (!(await passwordFits(account.password_hash, body.current_password))) {
    throw invalid({ current_password: ['Invalid password.'] });
  }
  if (body.new_password !== body.re_new_password) throw invalidTogether("The two password fields didn't match.");
  const person = { email: account.email, firstName: account.first_name, lastName: account.last_name };
  const weak = weaknesses(body.new_password, person);
  if (weak.length > 0) throw invalid({ new_password: weak });
  const passwordHash = await hashPassword(body.new_password);
  await inTransaction(ctx, async (ctx) => {
    await setPasswordHash(ctx, userId, passwordHash);
    await endOtherSessions(ctx);
  });
}

const wrongCredentials = 'Unable to log in with provided credentials.';
