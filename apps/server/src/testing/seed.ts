import { insertRow } from '../db/statements.ts';
import type { Database } from '../db/tables.ts';
import { exactNameKey } from '../names.ts';
import { randomHex, randomText, sha256 } from '../secrets.ts';
import { now } from '../time.ts';

/** A tenant: an organisation with an administrator, a member without rights, an admin master key, a project and two environments. */
export interface Tenant {
  organisationId: number;
  adminId: number;
  /** `Authorization` headers. */
  admin: string;
  member: string;
  masterKey: string;
  projectId: number;
  production: { id: number; apiKey: string };
  development: { id: number; apiKey: string };
}

/** Makes a tenant straight in the database, so that the tests of one slice do not depend on another's. */
export async function seedTenant(db: Database): Promise<Tenant> {
  const at = now();
  const organisationId = await insertRow(db, 'organisations', {
    uuid: crypto.randomUUID(),
    name: 'Acme',
    created_date: at,
    deleted_at: null,
    webhook_notification_email: null,
    persist_trait_data: 1,
    block_access_to_admin: 0,
    restrict_project_create_to_admin: 0,
    force_2fa: 0,
    stop_serving_flags: 0,
    feature_analytics: 0,
  });
  const admin = await seedUser(db, { organisationId, role: 'ADMIN' });
  const member = await seedUser(db, { organisationId, role: 'USER' });
  const projectId = await insertRow(db, 'projects', {
    uuid: crypto.randomUUID(),
    organisation_id: organisationId,
    name: 'Shop',
    name_key: exactNameKey('Shop'),
    created_date: at,
    deleted_at: null,
    hide_disabled_flags: 0,
    prevent_flag_defaults: 0,
    enable_realtime_updates: 1,
    only_allow_lower_case_feature_names: 1,
    feature_name_regex: null,
    stale_flags_limit_days: 30,
    minimum_change_request_approvals: null,
    enforce_feature_owners: 0,
  });
  return {
    organisationId,
    adminId: admin.userId,
    admin: admin.authorization,
    member: member.authorization,
    masterKey: await seedMasterKey(db, { organisationId, isAdmin: true }),
    projectId,
    production: await seedEnvironment(db, { projectId, name: 'Production' }),
    development: await seedEnvironment(db, { projectId, name: 'Development' }),
  };
}

export async function seedUser(db: Database, membership?: { organisationId: number; role: 'ADMIN' | 'USER' }) {
  const email = `${randomText(8).toLowerCase()}@example.com`;
  const userId = await insertRow(db, 'users', {
    uuid: crypto.randomUUID(),
    email,
    first_name: 'Test',
    last_name: 'Person',
    password_hash: 'no password fits this',
    is_active: 1,
    is_superuser: 0,
    sign_up_type: null,
    date_joined: now(),
    last_login: null,
  });
  if (membership !== undefined) {
    await insertRow(db, 'organisation_members', {
      organisation_id: membership.organisationId,
      user_id: userId,
      role: membership.role,
      date_joined: now(),
    });
  }
  const token = randomHex(40);
  await insertRow(db, 'user_tokens', { user_id: userId, token_hash: sha256(token), created_at: now() });
  return { userId, email, authorization: `Token ${token}` };
}

/** What somebody or a group is granted: in the organisation, or in the project or environment that is named. */
export interface SeededGrant {
  organisationId: number;
  projectId?: number;
  environmentId?: number;
  to: { userId: number } | { groupId: number };
  permissions?: string[];
  admin?: boolean;
}

export async function seedGrant(db: Database, grant: SeededGrant): Promise<number> {
  const { organisationId, projectId = null, environmentId = null, to } = grant;
  const place =
    environmentId !== null
      ? `environment:${environmentId}`
      : projectId !== null
        ? `project:${projectId}`
        : `organisation:${organisationId}`;
  return insertRow(db, 'permission_grants', {
    grant_key: `${place}/${'userId' in to ? `user:${to.userId}` : `group:${to.groupId}`}`,
    organisation_id: organisationId,
    project_id: projectId,
    environment_id: environmentId,
    user_id: 'userId' in to ? to.userId : null,
    group_id: 'groupId' in to ? to.groupId : null,
    admin: Number(grant.admin ?? false),
    permissions: JSON.stringify(grant.permissions ?? []),
  });
}

/** A group with these users in it. */
export async function seedGroup(db: Database, group: { organisationId: number; userIds?: number[]; name?: string }) {
  const groupId = await insertRow(db, 'user_groups', {
    organisation_id: group.organisationId,
    name: group.name ?? 'Team',
    is_default: 0,
    external_id: null,
  });
  for (const userId of group.userIds ?? []) {
    await insertRow(db, 'user_group_members', { group_id: groupId, user_id: userId, is_admin: 0 });
  }
  return groupId;
}

/** Answers an `Authorization` header. */
export async function seedMasterKey(db: Database, key: { organisationId: number; isAdmin: boolean }): Promise<string> {
  const text = `${randomText(8)}.${randomText(32)}`;
  await insertRow(db, 'master_keys', {
    organisation_id: key.organisationId,
    prefix: text.slice(0, 8),
    key_hash: sha256(text),
    name: 'test',
    is_admin: Number(key.isAdmin),
    created: now(),
    created_by: null,
    expiry_date: null,
    revoked: 0,
    // Used just now, so that no request of a test writes that it is used.
    last_used_at: now(),
  });
  return `Api-Key ${text}`;
}

export async function seedEnvironment(db: Database, environment: { projectId: number; name: string }) {
  const apiKey = randomText(22);
  const id = await insertRow(db, 'environments', {
    uuid: crypto.randomUUID(),
    project_id: environment.projectId,
    name: environment.name,
    name_key: exactNameKey(environment.name),
    api_key: apiKey,
    description: null,
    created_date: now(),
    updated_at: now(),
    deleted_at: null,
    version: 1,
    published_version: 0,
    minimum_change_request_approvals: null,
    allow_client_traits: 1,
    banner_text: null,
    banner_colour: null,
    hide_disabled_flags: null,
    hide_sensitive_data: 0,
    use_identity_composite_key_for_hashing: 1,
    use_v2_feature_versioning: 0,
    use_identity_overrides_in_local_eval: 1,
    is_creating: 0,
    first_evaluated_at: null,
    first_evaluated_sdk_label: null,
  });
  return { id, apiKey };
}
