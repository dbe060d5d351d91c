import type { Database } from '../tables.ts';
import { createTables, indexes } from './columns.ts';

/** Applications that people let act for them, and the tokens of these. */
export async function up(db: Database): Promise<void> {
  await createTables(db, ({ id, text, varchar, hash, time, reference, optional }) => ({
    oauth_clients: {
      id,
      client_id: varchar(64),
      name: varchar(255),
      redirect_uris: text,
      created_at: time,
      last_used_at: optional(time),
    },
    oauth_grants: {
      id,
      oauth_client_id: reference('oauth_clients'),
      user_id: reference('users'),
      scope: varchar(100),
      redirect_uri: text,
      code_hash: hash,
      code_challenge: varchar(64),
      code_used_at: optional(time),
      created_at: time,
      last_used_at: time,
      expires_at: time,
    },
    oauth_tokens: {
      id,
      grant_id: reference('oauth_grants'),
      kind: varchar(10),
      token_hash: hash,
      scope: varchar(100),
      created_at: time,
      expires_at: time,
      used_at: optional(time),
    },
  }));
  await indexes(db, {
    unique: [
      ['oauth_clients', 'client_id'],
      ['oauth_grants', 'code_hash'],
      ['oauth_tokens', 'token_hash'],
    ],
    plain: [
      ['oauth_clients', 'created_at'],
      ['oauth_grants', 'user_id', 'oauth_client_id'],
      ['oauth_grants', 'oauth_client_id'],
      ['oauth_grants', 'expires_at'],
      ['oauth_tokens', 'grant_id'],
      ['oauth_tokens', 'expires_at'],
    ],
  });
}
