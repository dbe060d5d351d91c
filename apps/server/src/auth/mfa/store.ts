import type { Selectable } from 'kysely';
import { insertRows, upsertRows } from '../../db/statements.ts';
import type { Database, MfaMethodTable } from '../../db/tables.ts';
import type { Timestamp } from '../../time.ts';

export async function findMethod(db: Database, userId: number): Promise<Selectable<MfaMethodTable> | null> {
  const row = await db.selectFrom('mfa_methods').where('user_id', '=', userId).selectAll().executeTakeFirst();
  return row ?? null;
}

/** Puts a new secret, not active yet, in the place of one that never became active. */
export async function putMethod(
  db: Database,
  method: { userId: number; secretEncrypted: string },
  at: Timestamp,
): Promise<void> {
  await db.deleteFrom('mfa_methods').where('user_id', '=', method.userId).where('is_active', '=', 0).execute();
  await upsertRows(
    db,
    'mfa_methods',
    [{ user_id: method.userId, secret_encrypted: method.secretEncrypted, is_active: 0, last_step: 0, created_at: at }],
    { key: ['user_id'], update: [] },
  );
}

export async function activateMethod(
  db: Database,
  method: { userId: number; secretEncrypted: string },
): Promise<boolean> {
  const result = await db
    .updateTable('mfa_methods')
    .set({ is_active: 1 })
    .where('user_id', '=', method.userId)
    .where('secret_encrypted', '=', method.secretEncrypted)
    .where('is_active', '=', 0)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Spends a code of the app and all before it; false where it was spent already. */
export async function takeStep(db: Database, userId: number, step: number): Promise<boolean> {
  const result = await db
    .updateTable('mfa_methods')
    .set({ last_step: step })
    .where('user_id', '=', userId)
    .where('last_step', '<', step)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

export async function putBackupCodes(db: Database, userId: number, codeHashes: string[]): Promise<void> {
  await deleteBackupCodes(db, userId);
  await insertRows(
    db,
    'mfa_backup_codes',
    codeHashes.map((code_hash) => ({ user_id: userId, code_hash })),
  );
}

/** Spends a backup code; false for one that the person does not have. */
export async function takeBackupCode(db: Database, userId: number, codeHash: string): Promise<boolean> {
  const result = await db
    .deleteFrom('mfa_backup_codes')
    .where('user_id', '=', userId)
    .where('code_hash', '=', codeHash)
    .executeTakeFirst();
  return result.numDeletedRows === 1n;
}

export async function deleteMethod(db: Database, userId: number): Promise<void> {
  await deleteBackupCodes(db, userId);
  await db.deleteFrom('mfa_methods').where('user_id', '=', userId).execute();
}

async function deleteBackupCodes(db: Database, userId: number): Promise<void> {
  await db.deleteFrom('mfa_backup_codes').where('user_id', '=', userId).execute();
}
