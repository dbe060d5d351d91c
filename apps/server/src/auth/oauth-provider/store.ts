import type { Insertable } from 'kysely';
import { insertRow } from '../../db/statements.ts';
import type { Database, OAuthClientTable, OAuthGrantTable, OAuthTokenTable } from '../../db/tables.ts';
import type { Timestamp } from '../../time.ts';

export async function insertClient(db: Database, row: Insertable<OAuthClientTable>): Promise<void> {
  await insertRow(db, 'oauth_clients', row);
}

export async function findClient(db: Database, clientId: string) {
  const row = await db
    .selectFrom('oauth_clients')
    .where('client_id', '=', clientId)
    .select(['id', 'client_id', 'name', 'redirect_uris'])
    .executeTakeFirst();
  return row ?? null;
}

export async function noteClientUsed(db: Database, id: number, at: Timestamp): Promise<void> {
  await db.updateTable('oauth_clients').set({ last_used_at: at }).where('id', '=', id).execute();
}

export async function insertGrant(db: Database, row: Insertable<OAuthGrantTable>): Promise<void> {
  await insertRow(db, 'oauth_grants', row);
}

/** The grant of a code, used or not, with whether its user can log in. */
export async function findGrantByCode(db: Database, codeHash: string) {
  const row = await db
    .selectFrom('oauth_grants')
    .innerJoin('users', 'users.id', 'oauth_grants.user_id')
    .where('oauth_grants.code_hash', '=', codeHash)
    .selectAll('oauth_grants')
    .select('users.is_active')
    .executeTakeFirst();
  return row ?? null;
}

/** Spends a code; false where somebody else was quicker, or the grant has ended. */
export async function markCodeUsed(
  db: Database,
  grantId: number,
  { at, expiresAt }: { at: Timestamp; expiresAt: Timestamp },
): Promise<boolean> {
  const result = await db
    .updateTable('oauth_grants')
    .set({ code_used_at: at, last_used_at: at, expires_at: expiresAt })
    .where('id', '=', grantId)
    .where('code_used_at', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Lets a grant go on; false where it has ended. */
export async function extendGrant(
  db: Database,
  grantId: number,
  { at, expiresAt }: { at: Timestamp; expiresAt: Timestamp },
): Promise<boolean> {
  const result = await db
    .updateTable('oauth_grants')
    .set({ last_used_at: at, expires_at: expiresAt })
    .where('id', '=', grantId)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Grants of a person whose tokens may still be good, the newest first. */
export async function listGrantsOf(db: Database, userId: number, now: Timestamp) {
  return db
    .selectFrom('oauth_grants')
    .innerJoin('oauth_clients', 'oauth_clients.id', 'oauth_grants.oauth_client_id')
    .where('oauth_grants.user_id', '=', userId)
    .where('oauth_grants.code_used_at', 'is not', null)
    .where('oauth_grants.expires_at', '>', now)
    .select([
      'oauth_clients.client_id',
      'oauth_clients.name',
      'oauth_grants.scope',
      'oauth_grants.created_at',
      'oauth_grants.last_used_at',
    ])
    .orderBy('oauth_grants.created_at', 'desc')
    .orderBy('oauth_grants.id', 'desc')
    .limit(1000)
    .execute();
}

/** Deletes grants with their tokens, and says how many. Inside a transaction. */
export async function deleteGrants(
  db: Database,
  which: { id: number } | { userId: number; oauthClientId?: number },
): Promise<number> {
  let query = db.selectFrom('oauth_grants').select('id');
  if ('id' in which) query = query.where('id', '=', which.id);
  else {
    query = query.where('user_id', '=', which.userId);
    if (which.oauthClientId !== undefined) query = query.where('oauth_client_id', '=', which.oauthClientId);
  }
  const ids = (await query.orderBy('id').execute()).map(({ id }) => id);
  if (ids.length === 0) return 0;
  // Holds them first: whoever gives out a token holds the grant too, so that none comes in between.
  await db
    .updateTable('oauth_grants')
    .set((eb) => ({ code_used_at: eb.ref('code_used_at') }))
    .where('id', 'in', ids)
    .execute();
  await db.deleteFrom('oauth_tokens').where('grant_id', 'in', ids).execute();
  await db.deleteFrom('oauth_grants').where('id', 'in', ids).execute();
  return ids.length;
}

export async function insertToken(db: Database, row: Insertable<OAuthTokenTable>): Promise<void> {
  await insertRow(db, 'oauth_tokens', row);
}

/** A token, good or not, with whose it is and which application's. */
export async function findToken(db: Database, tokenHash: string) {
  const row = await db
    .selectFrom('oauth_tokens')
    .innerJoin('oauth_grants', 'oauth_grants.id', 'oauth_tokens.grant_id')
    .innerJoin('oauth_clients', 'oauth_clients.id', 'oauth_grants.oauth_client_id')
    .innerJoin('users', 'users.id', 'oauth_grants.user_id')
    .where('oauth_tokens.token_hash', '=', tokenHash)
    .selectAll('oauth_tokens')
    .select([
      'oauth_grants.oauth_client_id',
      'oauth_grants.user_id',
      'oauth_clients.client_id',
      'users.email',
      'users.uuid',
      'users.is_active',
    ])
    .executeTakeFirst();
  return row ?? null;
}

/** Spends a refresh token; false where somebody else was quicker. */
export async function markTokenUsed(db: Database, id: number, at: Timestamp): Promise<boolean> {
  const result = await db
    .updateTable('oauth_tokens')
    .set({ used_at: at })
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

export async function deleteToken(db: Database, id: number): Promise<void> {
  await db.deleteFrom('oauth_tokens').where('id', '=', id).execute();
}

/** Tokens and grants that are over. A grant is over with the newest of its tokens. */
export async function deleteExpired(db: Database, now: Timestamp): Promise<void> {
  await db.deleteFrom('oauth_tokens').where('expires_at', '<', now).execute();
  await db
    .deleteFrom('oauth_grants')
    .where('expires_at', '<', now)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('oauth_tokens')
            .whereRef('oauth_tokens.grant_id', '=', 'oauth_grants.id')
            .select('oauth_tokens.id'),
        ),
      ),
    )
    .execute();
}

/** Applications that nobody has allowed since a moment, and that hold nothing. */
export async function deleteUnusedClients(db: Database, since: Timestamp): Promise<void> {
  await db
    .deleteFrom('oauth_clients')
    .where('created_at', '<', since)
    .where((eb) => eb.or([eb('last_used_at', 'is', null), eb('last_used_at', '<', since)]))
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('oauth_grants')
            .whereRef('oauth_grants.oauth_client_id', '=', 'oauth_clients.id')
            .select('oauth_grants.id'),
        ),
      ),
    )
    .execute();
}
