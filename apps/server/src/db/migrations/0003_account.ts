import { sql } from 'kysely';
import { factsOf } from '../dialects/dialect.ts';
import type { Database } from '../tables.ts';
import { createTables, indexes } from './columns.ts';

/** Links sent by e-mail, the second factor, closed accounts, and attempts counted across processes. */
export async function up(db: Database): Promise<void> {
  const { types } = factsOf(db);
  await sql.raw(`alter table users add column onboarding ${types.text}`).execute(db);
  await sql.raw('alter table users add column deleted_at varchar(32)').execute(db);

  await createTables(db, ({ id, integer, varchar, time, hash, bit, reference, optional }) => ({
    account_tokens: {
      id,
      user_id: reference('users'),
      purpose: varchar(20),
      token_hash: hash,
      created_at: time,
      expires_at: time,
      used_at: optional(time),
    },
    mfa_methods: {
      id,
      user_id: reference('users'),
      secret_encrypted: varchar(500),
      is_active: bit,
      last_step: integer,
      created_at: time,
    },
    mfa_backup_codes: { id, user_id: reference('users'), code_hash: hash },
    throttle_counts: { id, bucket_key: hash, count: integer, ends_at: time },
  }));

  await indexes(db, {
    unique: [
      ['account_tokens', 'token_hash'],
      ['mfa_methods', 'user_id'],
      ['mfa_backup_codes', 'user_id', 'code_hash'],
      ['throttle_counts', 'bucket_key'],
    ],
    plain: [
      ['account_tokens', 'user_id', 'purpose'],
      ['account_tokens', 'expires_at'],
      ['throttle_counts', 'ends_at'],
    ],
  });
}
