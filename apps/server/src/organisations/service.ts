import type * as endpoints from '@halyard/contract';
import type {
  InputOf,
  MemberRole,
  Organisation,
  OrganisationChanges,
  Page,
  SubscriptionMetadata,
} from '@halyard/contract';
import { openOrganisation, requireUser, visibleOrganisations } from '../access/service.ts';
import { changeOrganisation } from '../changes/service.ts';
import { type Context, inTransaction } from '../context.ts';
import { forbidden, notFound } from '../errors.ts';
import { addMember } from '../organisation-members/service.ts';
import { isSuperuser } from '../users/service.ts';
import {
  findOrganisationId,
  findOrganisations,
  insertOrganisation,
  markDeleted,
  type StoredOrganisation,
  updateOrganisation as updateRow,
} from './store.ts';

/** The organisations of a person, or the one of a master key. */
export async function listOrganisations(
  ctx: Context,
  { query }: InputOf<typeof endpoints.listOrganisations>,
): Promise<Page<Organisation>> {
  const visible = await visibleOrganisations(ctx);
  const roles = new Map(visible.map(({ organisationId, role }) => [organisationId, role]));
  const start = (query.page - 1) * query.page_size;
  const ids = [...roles.keys()].sort((a, b) => a - b).slice(start, start + query.page_size);
  const rows = await findOrganisations(ctx.db, ids);
  return { count: roles.size, results: rows.map((row) => shown(row, roles.get(row.id) ?? null)) };
}

/**
 * Creates an organisation whose creator administers it.
 * @throws RequestError 403 for a master key, which belongs to one, and where the installation leaves this to superusers.
 */
export async function createOrganisation(
  ctx: Context,
  { body }: InputOf<typeof endpoints.createOrganisation>,
): Promise<Organisation> {
  const { userId } = requireUser(ctx);
  if (ctx.config.onlySuperusersCreateOrganisations && !(await isSuperuser(ctx, userId))) throw forbidden();
  return inTransaction(ctx, async (ctx) => {
    const organisationId = await insertOrganisation(ctx.db, {
      uuid: crypto.randomUUID(),
      name: body.name,
      created_date: ctx.now(),
      deleted_at: null,
      webhook_notification_email: body.webhook_notification_email ?? null,
      persist_trait_data: 1,
      block_access_to_admin: 0,
      restrict_project_create_to_admin: Number(body.restrict_project_create_to_admin ?? false),
      force_2fa: Number(body.force_2fa ?? false),
      stop_serving_flags: 0,
      feature_analytics: 0,
    });
    return changeOrganisation(ctx, { organisationId }, async (ctx, record) => {
      await addMember(ctx, { organisationId, userId, role: 'ADMIN' });
      const after = await read(ctx, organisationId, null);
      record({ ...stepOf(after), changeType: 'CREATE', log: `New Organisation created: ${after.name}`, after });
      return after;
    });
  });
}

export async function getOrganisation(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getOrganisation>,
): Promise<Organisation> {
  const { organisationId } = await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  return read(ctx, organisationId, 'ADMIN');
}

export async function getOrganisationByUuid(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getOrganisationByUuid>,
): Promise<Organisation> {
  const organisationId = await findOrganisationId(ctx.db, params.uuid);
  if (organisationId === null) throw notFound();
  await openOrganisation(ctx, organisationId, 'ADMIN');
  return read(ctx, organisationId, 'ADMIN');
}

/** Changes an organisation. A repeat of what it is changes nothing. */
export async function updateOrganisation(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.patchOrganisation>,
): Promise<Organisation> {
  const scope = await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  return changeOrganisation(ctx, scope, async (ctx, record) => {
    const before = await read(ctx, scope.organisationId, 'ADMIN');
    const changes = columnsOf(body);
    if (Object.keys(changes).length === 0) return before;
    await updateRow(ctx.db, scope.organisationId, changes);
    const after = await read(ctx, scope.organisationId, 'ADMIN');
    if (JSON.stringify(before) === JSON.stringify(after)) return after;
    record({ ...stepOf(after), changeType: 'UPDATE', log: `Organisation updated: ${after.name}`, before, after });
    return after;
  });
}

/** Deletes an organisation with its projects and environments; what its environments serve is withdrawn. */
export async function deleteOrganisation(
  ctx: Context,
  { params }: InputOf<typeof endpoints.deleteOrganisation>,
): Promise<void> {
  const scope = await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  await changeOrganisation(ctx, scope, async (ctx, record) => {
    const before = await read(ctx, scope.organisationId, 'ADMIN');
    await markDeleted(ctx.db, scope.organisationId, ctx.now());
    const log = `Organisation deleted: ${before.name}`;
    record({ ...stepOf(before), changeType: 'DELETE', log, before, everyEnvironment: true });
  });
}

export async function getSubscriptionMetadata(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getSubscriptionMetadata>,
): Promise<SubscriptionMetadata> {
  await openOrganisation(ctx, params.organisation_id, 'ADMIN');
  return {
    max_seats: null,
    max_api_calls: null,
    max_projects: null,
    payment_source: null,
    chargebee_email: null,
    feature_history_visibility_days: null,
    audit_log_visibility_days: null,
  };
}

/** An organisation for a slice that let somebody in; `role` is theirs. @throws RequestError 404 where it is deleted. */
export async function organisationFor(
  ctx: Context,
  organisationId: number,
  role: MemberRole | null,
): Promise<Organisation> {
  return read(ctx, organisationId, role);
}

async function read(ctx: Context, organisationId: number, role: MemberRole | null): Promise<Organisation> {
  const [row] = await findOrganisations(ctx.db, [organisationId]);
  if (row === undefined) throw notFound();
  return shown(row, role);
}

function stepOf(organisation: Organisation) {
  return { objectType: 'ORGANISATION', objectId: organisation.id, objectUuid: organisation.uuid } as const;
}

function columnsOf(body: OrganisationChanges) {
  return {
    ...(body.name !== undefined && { name: body.name }),
    ...(body.webhook_notification_email !== undefined && {
      webhook_notification_email: body.webhook_notification_email,
    }),
    ...(body.restrict_project_create_to_admin !== undefined && {
      restrict_project_create_to_admin: Number(body.restrict_project_create_to_admin),
    }),
    ...(body.force_2fa !== undefined && { force_2fa: Number(body.force_2fa) }),
  };
}

function shown(row: StoredOrganisation, role: MemberRole | null): Organisation {
  return {
    id: row.id,
    uuid: row.uuid,
    name: row.name,
    created_date: row.created_date,
    webhook_notification_email: row.webhook_notification_email,
    num_seats: row.members,
    subscription: {
      id: row.id,
      uuid: row.uuid,
      deleted_at: null,
      subscription_id: null,
      subscription_date: row.created_date,
      plan: 'enterprise',
      // Clients compare these with what is used and cannot read null: the largest 32-bit number, and the largest exact one.
      max_seats: 2_147_483_647,
      max_api_calls: Number.MAX_SAFE_INTEGER,
      cancellation_date: null,
      customer_id: null,
      billing_status: null,
      payment_method: null,
      notes: null,
      has_active_billing_periods: false,
    },
    role,
    persist_trait_data: row.persist_trait_data === 1,
    block_access_to_admin: row.block_access_to_admin === 1,
    restrict_project_create_to_admin: row.restrict_project_create_to_admin === 1,
    force_2fa: row.force_2fa === 1,
  };
}
