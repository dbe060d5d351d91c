import type { Database } from '../tables.ts';
import { createTables, indexes } from './columns.ts';

/** Accounts at GitHub and Google that people sign in with, and trust in tokens of other issuers. */
export async function up(db: Database): Promise<void> {
  await createTables(db, ({ id, text, integer, varchar, hash, time, bit, reference, optional }) => ({
    social_logins: {
      id,
      user_id: reference('users'),
      provider: varchar(20),
      subject: varchar(255),
      created_at: time,
    },
    trust_relationships: {
      id,
      organisation_id: reference('organisations'),
      master_key_id: reference('master_keys'),
      name: varchar(400),
      issuer: text,
      audience: text,
      origin_hash: optional(hash),
      claim_rules: text,
      is_admin: bit,
      generation: integer,
      created_at: time,
      created_by: optional(reference('users')),
      deleted_at: optional(time),
    },
  }));

  await indexes(db, {
    unique: [
      ['social_logins', 'provider', 'subject'],
      ['social_logins', 'user_id', 'provider'],
      ['trust_relationships', 'origin_hash'],
      ['trust_relationships', 'master_key_id'],
    ],
    plain: [
      ['trust_relationships', 'organisation_id', 'id'],
      ['trust_relationships', 'created_by'],
    ],
  });
}
