import type * as endpoints from '@halyard/contract';
import type { CreatedMasterKey, InputOf, MasterKey, MasterKeyChanges, Page } from '@halyard/contract';
import { type OrganisationScope, openOrganisation, requireUser } from '../access/service.ts';
import { changeOrganisation } from '../changes/service.ts';
import type { Context } from '../context.ts';
import { invalid, notFound } from '../errors.ts';
import { randomText, sha256 } from '../secrets.ts';
import { type Timestamp, toTimestamp } from '../time.ts';
import {
  countMasterKeys,
  findMasterKey,
  findMasterKeys,
  insertMasterKey,
  type StoredMasterKey,
  updateMasterKey as updateRow,
} from './store.ts';

export async function listMasterKeys(
  ctx: Context,
  { params, query }: InputOf<typeof endpoints.listMasterKeys>,
): Promise<Page<MasterKey>> {
  const { organisationId } = await openKeys(ctx, params.organisation_id);
  const window = { limit: query.page_size, offset: (query.page - 1) * query.page_size };
  const keys = await findMasterKeys(ctx.db, organisationId, window);
  return {
    count: await countMasterKeys(ctx.db, organisationId),
    results: keys.map((key) => shown(key, ctx.now())),
  };
}

/** Creates a key. The answer alone tells it: only its hash is stored. @throws RequestError 400 for one without all rights. */
export async function createMasterKey(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.createMasterKey>,
): Promise<CreatedMasterKey> {
  const scope = await openKeys(ctx, params.organisation_id);
  const { userId } = requireUser(ctx);
  if (body.is_admin === false) throw invalid({ is_admin: [needsRoles] });
  const prefix = randomText(8);
  const key = `${prefix}.${randomText(32)}`;
  const after = await changeOrganisation(ctx, scope, async (ctx, record) => {
    const id = await insertMasterKey(ctx.db, {
      organisation_id: scope.organisationId,
      prefix,
      key_hash: sha256(key),
      name: body.name,
      is_admin: 1,
      created: ctx.now(),
      created_by: userId,
      expiry_date: expiryOf(body.expiry_date) ?? null,
      revoked: 0,
    });
    const after = shown(await read(ctx, scope, prefix), ctx.now());
    record({
      objectType: 'MASTER_KEY',
      objectId: id,
      changeType: 'CREATE',
      log: `New Master API Key created: ${after.name} (${prefix})`,
      after,
    });
    return after;
  });
  return { ...after, key };
}

export async function getMasterKey(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getMasterKey>,
): Promise<MasterKey> {
  const scope = await openKeys(ctx, params.organisation_id);
  return shown(await read(ctx, scope, params.prefix), ctx.now());
}

/** Changes what a key is called, when it expires, or revokes it for good. A repeat of what it is changes nothing. */
export async function updateMasterKey(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.patchMasterKey>,
): Promise<MasterKey> {
  const scope = await openKeys(ctx, params.organisation_id);
  if (body.is_admin === false) throw invalid({ is_admin: [needsRoles] });
  return change(ctx, scope, params.prefix, body);
}

export async function deleteMasterKey(
  ctx: Context,
  { params }: InputOf<typeof endpoints.deleteMasterKey>,
): Promise<void> {
  const scope = await openKeys(ctx, params.organisation_id);
  await change(ctx, scope, params.prefix, { revoked: true });
}

/** A key that nobody knows, for those who act as it in another way. Inside a transaction. */
export async function insertBackingKey(ctx: Context, scope: OrganisationScope, name: string): Promise<number> {
  return insertMasterKey(ctx.db, {
    organisation_id: scope.organisationId,
    prefix: randomText(8),
    key_hash: sha256(randomText(40)),
    name: [...name].slice(0, 50).join(''),
    is_admin: 1,
    created: ctx.now(),
    created_by: requireUser(ctx).userId,
    expiry_date: null,
    revoked: 0,
  });
}

export async function revokeBackingKey(ctx: Context, masterKeyId: number): Promise<void> {
  await updateRow(ctx.db, masterKeyId, { revoked: 1 });
}

async function change(
  ctx: Context,
  scope: OrganisationScope,
  prefix: string,
  changes: MasterKeyChanges,
): Promise<MasterKey> {
  return changeOrganisation(ctx, scope, async (ctx, record) => {
    const stored = await read(ctx, scope, prefix);
    const expiry = expiryOf(changes.expiry_date);
    const wanted = {
      name: changes.name ?? stored.name,
      expiry_date: expiry === undefined ? stored.expiry_date : expiry,
      revoked: changes.revoked ? 1 : 0,
    };
    const before = shown(stored, ctx.now());
    const after = shown({ ...stored, ...wanted }, ctx.now());
    if (JSON.stringify(before) === JSON.stringify(after)) return before;
    await updateRow(ctx.db, stored.id, wanted);
    record({
      objectType: 'MASTER_KEY',
      objectId: stored.id,
      changeType: after.revoked ? 'DELETE' : 'UPDATE',
      log: `Master API Key ${after.revoked ? 'revoked' : 'updated'}: ${after.name} (${prefix})`,
      before,
      after,
    });
    return after;
  });
}

/** Keys are for people to give out: one key cannot make another. @throws RequestError 401, 403 or 404 */
async function openKeys(ctx: Context, organisationId: number): Promise<OrganisationScope> {
  requireUser(ctx);
  return openOrganisation(ctx, organisationId, 'ADMIN');
}

/** @throws RequestError 404 for a key of others, and for one that is revoked. */
async function read(ctx: Context, scope: OrganisationScope, prefix: string): Promise<StoredMasterKey> {
  const key = await findMasterKey(ctx.db, scope.organisationId, prefix);
  if (key === null) throw notFound();
  return key;
}

/** A time without an offset is UTC. */
function expiryOf(given: string | null | undefined): Timestamp | null | undefined {
  if (given === null || given === undefined) return given;
  const time = toTimestamp(/(Z|[+-]\d\d:?\d\d)$/i.test(given) ? given : `${given}Z`);
  if (time === null) throw invalid({ expiry_date: [wrongTime] });
  return time;
}

function shown(key: StoredMasterKey, now: Timestamp): MasterKey {
  return {
    id: key.prefix,
    prefix: key.prefix,
    name: key.name,
    created: key.created,
    created_by: key.created_by,
    is_admin: key.is_admin === 1,
    revoked: key.revoked === 1,
    expiry_date: key.expiry_date,
    has_expired: key.expiry_date !== null && key.expiry_date <= now,
    last_used_at: key.last_used_at,
  };
}

const needsRoles = 'RBAC is not installed, cannot create non-admin key';
const wrongTime =
  'Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm:ss[.uuuuuu][+HH:MM|-HH:MM|Z].';
