import type { Insertable } from 'kysely';
import { insertRow } from '../../db/statements.ts';
import type { Database, UserTokenTable } from '../../db/tables.ts';

export async function insertToken(db: Database, token: Insertable<UserTokenTable>): Promise<number> {
  return insertRow(db, 'user_tokens', token);
}

export async function deleteToken(db: Database, tokenId: number): Promise<void> {
  await db.deleteFrom('user_tokens').where('id', '=', tokenId).execute();
}

export async function deleteTokensBut(db: Database, userId: number, keptTokenId: number): Promise<void> {
  await db.deleteFrom('user_tokens').where('user_id', '=', userId).where('id', '<>', keptTokenId).execute();
}

export async function deleteTokensOf(db: Database, userId: number): Promise<void> {
  await db.deleteFrom('user_tokens').where('user_id', '=', userId).execute();
}
