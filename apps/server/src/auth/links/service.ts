import { setTimeout } from 'node:timers/promises';
import { type Context, inTransaction } from '../../context.ts';
import type { AccountTokenTable } from '../../db/tables.ts';
import { invalid, type RequestError } from '../../errors.ts';
import { enqueue } from '../../jobs/service.ts';
import { pageAddress, sendMail } from '../../mail/service.ts';
import { randomHex, sha256 } from '../../secrets.ts';
import { clientKey, limit } from '../../throttle/service.ts';
import { plusSeconds } from '../../time.ts';
import {
  countMadeSince,
  deleteExpiredBefore,
  findFormerOwner,
  findOwner,
  findRecipient,
  findUserIdByUuid,
  holdUser,
  insertAccountToken,
  markAllUsed,
  markUsed,
} from './store.ts';

type Purpose = AccountTokenTable['purpose'];

/** How long each kind is good. A second factor is at hand; an e-mail may wait until tomorrow. */
const secondsGood: Record<Purpose, number> = {
  password_reset: 86_400,
  activation: 7 * 86_400,
  email_reset: 86_400,
  mfa_login: 15 * 60,
};

/** A token that works once for one purpose. The answer alone knows it: only its hash is stored. */
export async function makeAccountToken(ctx: Context, userId: number, purpose: Purpose): Promise<string> {
  const token = randomHex(40);
  await insertAccountToken(ctx.db, {
    user_id: userId,
    purpose,
    token_hash: sha256(token),
    created_at: ctx.now(),
    expires_at: plusSeconds(ctx.now(), secondsGood[purpose]),
    used_at: null,
  });
  return token;
}

/** Whose token it is; null where it is unknown, spent, expired or made for something else. Does not spend it. */
export async function readAccountToken(
  ctx: Context,
  token: string,
  purpose: Purpose,
): Promise<{ id: number; userId: number; userUuid: string } | null> {
  return findOwner(ctx.db, { purpose, tokenHash: sha256(token), now: ctx.now() });
}

/** Spends a token that was read; false where another request spent it meanwhile. */
export async function spendAccountToken(ctx: Context, tokenId: number): Promise<boolean> {
  return markUsed(ctx.db, tokenId, ctx.now());
}

/** Makes every token of a person worthless: after their password, address or second factor changed. */
export async function spendAllAccountTokens(ctx: Context, userId: number): Promise<void> {
  await markAllUsed(ctx.db, userId, ctx.now());
}

/** Somebody who can be sent a link. */
export interface Recipient {
  id: number;
  uuid: string;
  email: string;
}

/** Kinds of links that anybody may ask for, naming an address. */
export type LinkPurpose = Exclude<Purpose, 'mfa_login'>;

/**
 * Sends a link where the address has an account that it fits, and where it was not sent too many lately. Nobody learns
 * whether, not even from how long the answer takes: all of that happens in a job.
 */
export async function sendLinkLater(ctx: Context, link: { purpose: LinkPurpose; email: string }): Promise<void> {
  await enqueue(ctx, { kind: 'links.send', payload: link });
}

async function sendLink(ctx: Context, link: { purpose: LinkPurpose; email: string }): Promise<void> {
  // The answer goes out first: what is done for an account and not for others takes time on the same thread.
  await setTimeout(50);
  await inTransaction(ctx, async (ctx) => {
    const user = await findRecipient(ctx.db, link.email);
    if (user === null || (user.is_active === 1) === (link.purpose === 'activation')) return;
    await holdUser(ctx.db, user.id);
    const { maxEmails, cooldownSeconds } = ctx.config.passwordResets;
    const since = plusSeconds(ctx.now(), -cooldownSeconds);
    const sent = await countMadeSince(ctx.db, { userId: user.id, purpose: link.purpose, since });
    if (sent >= maxEmails) return;
    await mailLink(ctx, user, link.purpose);
  });
}

/** Sends somebody who just signed up the link that makes their account work. Inside the transaction that creates it. */
export async function sendActivation(ctx: Context, user: Recipient): Promise<void> {
  await mailLink(ctx, user, 'activation');
}

/** A link for choosing a password, for whoever starts the installation to pass on. */
export async function makePasswordResetLink(ctx: Context, user: Recipient): Promise<string> {
  return makeLink(ctx, user, 'password_reset');
}

/**
 * Whose link it is. Does not spend it.
 * @throws RequestError 400 where it is unknown, spent, expired or for something else; 429 for too many attempts.
 */
export async function openLink(
  ctx: Context,
  link: { uid: string; token: string },
  purpose: LinkPurpose,
): Promise<{ tokenId: number; userId: number }> {
  await limit(ctx, { scope: 'link', key: clientKey(ctx), rate: ctx.config.loginRate });
  const found = await readAccountToken(ctx, link.token, purpose);
  if (found !== null && found.userUuid === link.uid) return { tokenId: found.id, userId: found.userId };
  if ((await findUserIdByUuid(ctx.db, link.uid)) === null) {
    throw invalid({ uid: ["Invalid user id or user doesn't exist."] });
  }
  throw badLinkToken();
}

/** Whose link it was, also where it did its work already; null for one that this user was never sent. */
export async function ownerOfOldLink(
  ctx: Context,
  link: { uid: string; token: string },
  purpose: LinkPurpose,
): Promise<number | null> {
  return findFormerOwner(ctx.db, { purpose, tokenHash: sha256(link.token), userUuid: link.uid });
}

export function badLinkToken(): RequestError {
  return invalid({ token: ['Invalid token for given user.'] });
}

async function mailLink(ctx: Context, user: Recipient, purpose: LinkPurpose): Promise<void> {
  const { subject, text } = letters[purpose];
  const link = await makeLink(ctx, user, purpose);
  await sendMail(ctx, { to: user.email, subject, text: text.replace('LINK', link) });
}

async function makeLink(ctx: Context, user: Recipient, purpose: LinkPurpose): Promise<string> {
  const token = await makeAccountToken(ctx, user.id, purpose);
  return pageAddress(ctx, ...letters[purpose].page, user.uuid, token);
}

const letters: Record<LinkPurpose, { page: string[]; subject: string; text: string }> = {
  password_reset: {
    page: ['password-reset', 'confirm'],
    subject: 'Choose a new password for Halyard',
    text: 'Somebody asked to choose a new password for your Halyard account. If it was you, open this link within a day:\n\nLINK\n\nIf it was not you, leave this e-mail alone: your password stays as it is.\n',
  },
  activation: {
    page: ['activate'],
    subject: 'Activate your Halyard account',
    text: 'An account at Halyard was made with your e-mail address. If it was you, open this link within a week to activate it:\n\nLINK\n\nIf it was not you, leave this e-mail alone: the account stays closed.\n',
  },
  email_reset: {
    page: ['email-reset', 'confirm'],
    subject: 'Choose a new e-mail address for Halyard',
    text: 'Somebody asked to change the e-mail address of your Halyard account. If it was you, open this link within a day:\n\nLINK\n\nIf it was not you, leave this e-mail alone: your address stays as it is.\n',
  },
};

/** The jobs of this slice by kind. */
export const linkJobs = {
  'links.send': sendLink,
  'links.clean': {
    run: async (ctx: Context) => {
      // Those that still count for a limit stay.
      await deleteExpiredBefore(ctx.db, plusSeconds(ctx.now(), -ctx.config.passwordResets.cooldownSeconds));
    },
    everySeconds: 3600,
  },
};
