import type * as endpoints from '@halyard/contract';
import type { EnvironmentKey, InputOf } from '@halyard/contract';
import { openEnvironment } from '../access/service.ts';
import { changeEnvironment } from '../changes/service.ts';
import type { Context } from '../context.ts';
import { invalid, notFound } from '../errors.ts';
import { randomText, sha256 } from '../secrets.ts';
import { type Timestamp, toTimestamp } from '../time.ts';
import { deleteKey, findKey, findKeys, insertKey, type StoredKey, updateKey } from './store.ts';

/** The keys of an environment, readable again: docs/decisions/0003-server-keys-can-be-read-again.md. At most 1000. */
export async function listEnvironmentKeys(
  ctx: Context,
  { params }: InputOf<typeof endpoints.listEnvironmentKeys>,
): Promise<EnvironmentKey[]> {
  const { environmentId } = await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'ADMIN');
  return (await findKeys(ctx.db, environmentId)).map((key) => shown(ctx, key));
}

export async function createEnvironmentKey(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.createEnvironmentKey>,
): Promise<EnvironmentKey> {
  const scope = await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'ADMIN');
  const text = `ser.${randomText(22)}`;
  const expiresAt = expiryOf(body.expires_at);
  return changeEnvironment(ctx, scope, async (ctx, record) => {
    const id = await insertKey(ctx.db, {
      environment_id: scope.environmentId,
      name: body.name,
      key_hash: sha256(text),
      key_encrypted: ctx.vault.encrypt(text),
      active: Number(body.active ?? true),
      created_at: ctx.now(),
      expires_at: expiresAt ?? null,
    });
    const key = await readKey(ctx, scope.environmentId, id);
    const log = `Server-side key created: ${key.name}`;
    record({ objectType: 'ENVIRONMENT_KEY', objectId: id, changeType: 'CREATE', log, after: audited(key) });
    return shown(ctx, key);
  });
}

/** Renames, switches or limits a key. A repeat of what it is changes nothing and takes no version. */
export async function updateEnvironmentKey(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.patchEnvironmentKey>,
): Promise<EnvironmentKey> {
  const scope = await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'ADMIN');
  const expiresAt = expiryOf(body.expires_at);
  const changes = {
    ...(body.name !== undefined && { name: body.name }),
    ...(body.active !== undefined && { active: Number(body.active) }),
    ...(expiresAt !== undefined && { expires_at: expiresAt }),
  };
  return changeEnvironment(ctx, scope, async (ctx, record) => {
    const before = await readKey(ctx, scope.environmentId, params.key_id);
    if (Object.keys(changes).length === 0) return shown(ctx, before);
    await updateKey(ctx.db, before.id, changes);
    const after = await readKey(ctx, scope.environmentId, before.id);
    if (JSON.stringify(before) === JSON.stringify(after)) return shown(ctx, after);
    record({
      objectType: 'ENVIRONMENT_KEY',
      objectId: after.id,
      changeType: 'UPDATE',
      log: `Server-side key updated: ${after.name}`,
      before: audited(before),
      after: audited(after),
    });
    return shown(ctx, after);
  });
}

export async function deleteEnvironmentKey(
  ctx: Context,
  { params }: InputOf<typeof endpoints.deleteEnvironmentKey>,
): Promise<void> {
  const scope = await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'ADMIN');
  await changeEnvironment(ctx, scope, async (ctx, record) => {
    const key = await readKey(ctx, scope.environmentId, params.key_id);
    await deleteKey(ctx.db, key.id);
    const log = `Server-side key deleted: ${key.name}`;
    record({ objectType: 'ENVIRONMENT_KEY', objectId: key.id, changeType: 'DELETE', log, before: audited(key) });
  });
}

async function readKey(ctx: Context, environmentId: number, keyId: number): Promise<StoredKey> {
  const key = await findKey(ctx.db, environmentId, keyId);
  if (key === null) throw notFound();
  return key;
}

/** In the form in which moments are compared as text. @throws RequestError 400 */
function expiryOf(text: string | null | undefined): Timestamp | null | undefined {
  if (text === null || text === undefined) return text;
  const time = toTimestamp(text);
  if (time === null) throw invalid({ expires_at: [notATime] });
  return time;
}

function shown(ctx: Context, key: StoredKey): EnvironmentKey {
  return {
    id: key.id,
    key: ctx.vault.decrypt(key.key_encrypted) ?? `ser.${'*'.repeat(22)}`,
    name: key.name,
    active: key.active === 1,
    created_at: key.created_at,
    expires_at: key.expires_at,
  };
}

/** What the audit log may show: everything but the key. */
function audited(key: StoredKey) {
  return { name: key.name, active: key.active === 1, expires_at: key.expires_at };
}

const notATime =
  'Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm:ss[.uuuuuu][+HH:MM|-HH:MM|Z].';
