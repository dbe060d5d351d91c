import type * as endpoints from '@halyard/contract';
import type { InputOf } from '@halyard/contract';
import { requireUser } from '../../access/service.ts';
import { type Context, inTransaction } from '../../context.ts';
import { forbidden, invalid, refused } from '../../errors.ts';
import { sendMail } from '../../mail/service.ts';
import { clientKey, limit } from '../../throttle/service.ts';
import { activateUser, changeEmail, isActiveUser } from '../../users/service.ts';
import {
  badLinkToken,
  openLink,
  ownerOfOldLink,
  sendLinkLater,
  spendAccountToken,
  spendAllAccountTokens,
} from '../links/service.ts';
import { isOwnPassword } from '../password/service.ts';

/** Changes the address of the person who asks, and tells the old one. @throws RequestError 400 for one that is taken. */
export async function setEmail(ctx: Context, { body }: InputOf<typeof endpoints.setEmail>): Promise<void> {
  const { userId } = requireUser(ctx);
  if (!(await isOwnPassword(ctx, body.current_password))) throw invalid({ current_password: ['Invalid password.'] });
  await moveTo(ctx, userId, body.new_email);
}

export async function requestEmailReset(
  ctx: Context,
  { body }: InputOf<typeof endpoints.requestEmailReset>,
): Promise<void> {
  await limit(ctx, { scope: 'reset-email', key: clientKey(ctx), rate: ctx.config.loginRate });
  await sendLinkLater(ctx, { purpose: 'email_reset', email: body.email });
}

/** @throws RequestError 400 for a link that is unknown, spent or expired, and for an address that is taken. */
export async function confirmEmailReset(
  ctx: Context,
  { body }: InputOf<typeof endpoints.confirmEmailReset>,
): Promise<void> {
  const { tokenId, userId } = await openLink(ctx, body, 'email_reset');
  await moveTo(ctx, userId, body.new_email, tokenId);
}

/** @throws RequestError 400 for a link that is unknown or expired, 403 where the account is active already. */
export async function activateAccount(
  ctx: Context,
  { body }: InputOf<typeof endpoints.activateAccount>,
): Promise<void> {
  const owner = await ownerOfOldLink(ctx, body, 'activation');
  if (owner !== null && (await isActiveUser(ctx, owner))) throw forbidden('Stale token for given user.');
  const { tokenId, userId } = await openLink(ctx, body, 'activation');
  await inTransaction(ctx, async (ctx) => {
    if (!(await spendAccountToken(ctx, tokenId))) throw badLinkToken();
    await activateUser(ctx, userId);
    await spendAllAccountTokens(ctx, userId);
  });
}

/** @throws RequestError 400 where accounts need no activation. */
export async function resendActivation(
  ctx: Context,
  { body }: InputOf<typeof endpoints.resendActivation>,
): Promise<void> {
  await limit(ctx, { scope: 'resend-activation', key: clientKey(ctx), rate: ctx.config.loginRate });
  if (!ctx.config.signUp.needsActivation) throw refused('Accounts of this installation need no activation.');
  await sendLinkLater(ctx, { purpose: 'activation', email: body.email });
}

/** Links that went to the old address are worthless from now on. */
async function moveTo(ctx: Context, userId: number, email: string, tokenId?: number): Promise<void> {
  await changeEmail(ctx, userId, email, async (ctx, before) => {
    if (tokenId !== undefined && !(await spendAccountToken(ctx, tokenId))) throw badLinkToken();
    if (before === email) return;
    await spendAllAccountTokens(ctx, userId);
    const subject = 'The e-mail address of your Halyard account was changed';
    const text = `The e-mail address of your Halyard account was changed to ${email}.\n\nIf it was not you, somebody else can use your account: please tell an administrator of your installation at once.\n`;
    await sendMail(ctx, { to: before, subject, text });
  });
}
