import type * as endpoints from '@halyard/contract';
import type { InputOf, MfaChallenge, SocialLoginInput, SocialSession } from '@halyard/contract';
import { type Context, inTransaction } from '../../context.ts';
import { factsOf } from '../../db/dialects/dialect.ts';
import { forbidden, RequestError } from '../../errors.ts';
import { clientKey, limit } from '../../throttle/service.ts';
import { createUser, findByEmail, setPasswordHash } from '../../users/service.ts';
import { spendAllAccountTokens } from '../links/service.ts';
import { signIn } from '../login/service.ts';
import { forgetMfa } from '../mfa/service.ts';
import { requireOpenSignUp } from '../sign-up/service.ts';
import { endAllSessions } from '../tokens/service.ts';
import { askGithub, askGoogle, type SocialAccount } from './providers.ts';
import { deleteSocialLogins, findOwner, findProviders, insertSocialLogin } from './store.ts';

/** Signs in or up with an authorization code of GitHub's. @throws RequestError 403 who may not sign up, 429, 502 */
export async function loginWithGithub(
  ctx: Context,
  { body }: InputOf<typeof endpoints.loginWithGithub>,
): Promise<SocialSession | MfaChallenge> {
  await limitClient(ctx);
  const { github } = ctx.config;
  if (github === null) throw forbidden(notSetUp);
  return enter(ctx, 'GITHUB', await askGithub(ctx, github, body.access_token), body);
}

/** Signs in or up with an access token of Google's. @throws RequestError 403 who may not sign up, 429, 502 */
export async function loginWithGoogle(
  ctx: Context,
  { body }: InputOf<typeof endpoints.loginWithGoogle>,
): Promise<SocialSession | MfaChallenge> {
  await limitClient(ctx);
  const { google } = ctx.config;
  if (google === null) throw forbidden(notSetUp);
  return enter(ctx, 'GOOGLE', await askGoogle(ctx, google, body.access_token), body);
}

/** Forgets which accounts elsewhere are a person's: signing in with one begins anew. */
export async function forgetSocialLogins(ctx: Context, userId: number): Promise<void> {
  await deleteSocialLogins(ctx.db, userId);
}

/** Each attempt makes us ask another service. */
async function limitClient(ctx: Context): Promise<void> {
  await limit(ctx, { scope: 'social-login', key: clientKey(ctx), rate: ctx.config.loginRate });
}

async function enter(
  ctx: Context,
  provider: Provider,
  account: SocialAccount | null,
  input: SocialLoginInput,
): Promise<SocialSession | MfaChallenge> {
  if (account === null) {
    throw new RequestError('bad_gateway', { message: `An error occurred authenticating with ${provider}` });
  }
  const { userId, isNew } = await findOrCreate(ctx, provider, account, input);
  const answer = await signIn(ctx, userId);
  return 'key' in answer ? { ...answer, is_new_user: isNew } : answer;
}

async function findOrCreate(
  ctx: Context,
  provider: Provider,
  account: SocialAccount,
  input: SocialLoginInput,
): Promise<{ userId: number; isNew: boolean }> {
  const known = await findOwner(ctx.db, { provider, subject: account.subject });
  const owner = known ?? (await findByEmail(ctx, account.email));
  if (owner !== null && !owner.isActive) throw forbidden(notActive);
  if (known !== null) return { userId: known.userId, isNew: false };
  const login = { provider, subject: account.subject, created_at: ctx.now() };
  if (owner !== null) {
    await join(ctx, owner.userId, login);
    return { userId: owner.userId, isNew: false };
  }
  await requireOpenSignUp(ctx, { email: account.email, inviteHash: input.invite_hash ?? null });
  const user = {
    email: account.email,
    firstName: account.firstName,
    lastName: account.lastName,
    passwordHash: noPassword,
    signUpType: input.sign_up_type ?? null,
    isActive: true,
    isSuperuser: false,
  };
  const userId = await createUser(ctx, user, async (ctx, { id }) => {
    await insertSocialLogin(ctx.db, { ...login, user_id: id });
    return id;
  });
  return { userId, isNew: true };
}

/**
 * Joins an account at a service to the person with its address. Where addresses are not proved, anybody may have
 * registered it and be waiting for its owner: whatever they could come back with ends now.
 * @throws RequestError 403 where the person has another account at this service: the address has changed hands.
 */
async function join(
  ctx: Context,
  userId: number,
  login: { provider: Provider; subject: string; created_at: string },
): Promise<void> {
  try {
    await inTransaction(ctx, async (ctx) => {
      const others = await findProviders(ctx.db, userId);
      if (others.includes(login.provider)) throw forbidden(anotherAccount);
      await insertSocialLogin(ctx.db, { ...login, user_id: userId });
      // Who came through a service before has proved the address already.
      if (ctx.config.signUp.needsActivation || others.length > 0) return;
      await setPasswordHash(ctx, userId, noPassword);
      await forgetMfa(ctx, userId);
      await spendAllAccountTokens(ctx, userId);
      await endAllSessions(ctx, userId);
    });
  } catch (error) {
    if (!factsOf(ctx.db).isUniqueViolation(error)) throw error;
    // The same sign-in twice at once, where the other was quicker; anything else is somebody else's account.
    const owner = await findOwner(ctx.db, login);
    if (owner?.userId !== userId) throw forbidden(anotherAccount);
  }
}

type Provider = 'GITHUB' | 'GOOGLE';

const noPassword = 'no password fits this';
const notSetUp = 'Signing in with this service is not set up for this installation.';
const notActive = 'This account is not active. Please use the link of the activation e-mail first.';
const anotherAccount = 'The account with this e-mail address signs in with another account of this service.';
