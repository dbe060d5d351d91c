import type { Context } from '../../context.ts';
import { forbidden } from '../../errors.ts';
import { isInvited } from '../../invites/service.ts';

/**
 * Lets somebody sign up who may: whichever way they come, this is asked before `createUser`.
 * @throws RequestError 403 where the installation is closed, or wants an invitation that they do not have.
 */
export async function requireOpenSignUp(
  ctx: Context,
  person: { email: string; inviteHash: string | null },
): Promise<void> {
  const { open, withoutInvite } = ctx.config.signUp;
  if (!open) throw forbidden('Signing up is switched off for this installation.');
  if (!withoutInvite && !(await isInvited(ctx, person))) {
    throw forbidden('User registration without an invite is disabled for this installation.');
  }
}
