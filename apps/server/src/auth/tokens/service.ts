import type { Session } from '@halyard/contract';
import { requireUser } from '../../access/service.ts';
import { type Context, inTransaction } from '../../context.ts';
import { randomHex, sha256 } from '../../secrets.ts';
import { noteLogin } from '../../users/service.ts';
import { revokeApplicationsOf } from '../oauth-provider/service.ts';
import { deleteToken, deleteTokensBut, deleteTokensOf, insertToken } from './store.ts';

/** Starts a session of a person who has shown who they are. */
export async function startSession(ctx: Context, userId: number): Promise<Session> {
  return inTransaction(ctx, async (ctx) => {
    await noteLogin(ctx, userId);
    return issueToken(ctx, userId);
  });
}

/** A new token beside those that the person has. The answer alone knows it: only its hash is stored. */
export async function issueToken(ctx: Context, userId: number): Promise<Session> {
  const key = randomHex(40);
  await insertToken(ctx.db, { user_id: userId, token_hash: sha256(key), created_at: ctx.now() });
  return { key };
}

/** Ends the session that asks, and no other. */
export async function endSession(ctx: Context): Promise<void> {
  const { tokenId } = requireUser(ctx);
  await deleteToken(ctx.db, tokenId);
}

/** Ends all sessions of the person who asks, but for the one that asks; applications no longer act for them. */
export async function endOtherSessions(ctx: Context): Promise<void> {
  const { userId, tokenId } = requireUser(ctx);
  await deleteTokensBut(ctx.db, userId, tokenId);
  await revokeApplicationsOf(ctx, userId);
}

/** Ends every session of a person: whoever has a token of theirs is out, applications too. */
export async function endAllSessions(ctx: Context, userId: number): Promise<void> {
  await deleteTokensOf(ctx.db, userId);
  await revokeApplicationsOf(ctx, userId);
}
