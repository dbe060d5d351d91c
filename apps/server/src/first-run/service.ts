import type { FirstRun } from '@halyard/contract';
import { makePasswordResetLink } from '../auth/links/service.ts';
import { type Context, inTransaction } from '../context.ts';
import { refused, RequestError } from '../errors.ts';
import { createOrganisation } from '../organisations/service.ts';
import { createProject } from '../projects/service.ts';
import { clientKey, limit } from '../throttle/service.ts';
import { anyAccountExists, createUser } from '../users/service.ts';

/**
 * Creates the first administrator by a request of anybody, as registering the first account is anybody's too.
 * @throws RequestError 400 where there are accounts, and where no setting names an administrator; 429.
 */
export async function initialise(ctx: Context): Promise<FirstRun> {
  await limit(ctx, { scope: 'first-run', key: clientKey(ctx), rate: ctx.config.loginRate });
  if (!ctx.config.firstAdmin?.byRequest)
    throw refused('ADMIN_EMAIL is not set, or ALLOW_ADMIN_INITIATION_VIA_URL is off.');
  const passwordResetUrl = await createFirstAdmin(ctx);
  if (passwordResetUrl === null) throw refused('There are accounts already.');
  return { adminUserCreated: true, passwordResetUrl };
}

/** The same at start, where the settings ask for it. Null where there is nothing to do. */
export async function initialiseAtStart(ctx: Context): Promise<string | null> {
  return ctx.config.firstAdmin?.atStart ? createFirstAdmin(ctx) : null;
}

/** The first administrator with an organisation and a project; answers a link for choosing the password, told only here. */
async function createFirstAdmin(ctx: Context): Promise<string | null> {
  const settings = ctx.config.firstAdmin;
  if (settings === null || (await anyAccountExists(ctx))) return null;
  const { email, organisationName, projectName } = settings;
  const admin = {
    email,
    firstName: 'Admin',
    lastName: 'User',
    // Nobody can log in before they chose a password.
    passwordHash: 'no password fits this',
    signUpType: null,
    isActive: true,
    isSuperuser: true,
  };
  try {
    return await inTransaction(ctx, (ctx) =>
      createUser(ctx, admin, async (ctx, user) => {
        const asAdmin: Context = { ...ctx, actor: { kind: 'user', userId: user.id, email, tokenId: 0 } };
        const organisation = await createOrganisation(asAdmin, { body: { name: organisationName } });
        await createProject(asAdmin, { body: { name: projectName, organisation: organisation.id } });
        return makePasswordResetLink(ctx, user);
      }),
    );
  } catch (error) {
    // Another process, or another request, was quicker.
    if (error instanceof RequestError && error.code === 'invalid' && (await anyAccountExists(ctx))) return null;
    throw error;
  }
}
