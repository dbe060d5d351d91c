import { integrationEndpoints } from '@halyard/contract';
import { insertRow } from '../db/statements.ts';
import { randomHex, sha256 } from '../secrets.ts';
import { now } from '../time.ts';
import type { TestContext } from './context.ts';
import { integrationBodies } from './integrations.ts';
import { seedUser, type Tenant } from './seed.ts';

/** A tenant with one real object of every kind: what routes are tried on. */
export interface Victim extends Tenant {
  /** Values of path parameters. */
  params: Record<string, string | number>;
  uuids: Record<
    'organisation' | 'project' | 'environment' | 'feature' | 'option' | 'state' | 'segment' | 'featureSegment' | 'tag',
    string
  >;
  leftover: Record<string, number>;
  /** An application that anybody may be asked to allow. */
  oauthClient: { id: string; redirectUri: string };
  /** Ids, by place and vendor. */
  integrations: Record<string, number>;
}

/** In the name of all that is a victim's: nobody else may ever read it. */
export const marker = 'victims-own-';

export const someRules = [
  {
    type: 'ALL',
    conditions: [],
    rules: [{ type: 'ANY', rules: [], conditions: [{ operator: 'EQUAL', property: `${marker}plan`, value: 'pro' }] }],
  },
];

/** Fills a tenant through its own API. */
export async function makeVictim(context: TestContext, tenant: Tenant): Promise<Victim> {
  const post = async (path: string, body: unknown) => {
    const answer = await context.request({ method: 'POST', path: `/api/v1/${path}`, as: tenant.admin, body });
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const get = async (path: string) => (await context.request({ path: `/api/v1/${path}`, as: tenant.admin })).body;
  const environment = `environments/${tenant.production.apiKey}`;
  const feature = await post(`projects/${tenant.projectId}/features/`, {
    name: `${marker}feature`,
    multivariate_options: [{ string_value: `${marker}variant`, default_percentage_allocation: 10 }],
  });
  const second = await post(`projects/${tenant.projectId}/features/`, { name: `${marker}leftover feature` });
  const segments = [];
  for (const name of ['segment', 'leftover segment', 'second leftover segment']) {
    segments.push(await post(`projects/${tenant.projectId}/segments/`, { name: marker + name, rules: someRules }));
  }
  const quietHook = { url: `https://${marker}hooks.invalid/`, enabled: false, secret: `${marker}shared` };
  const webhook = await post(`${environment}/webhooks/`, quietHook);
  const organisationWebhook = await post(`organisations/${tenant.organisationId}/webhooks/`, quietHook);
  const integrations: Record<string, number> = {};
  for (const { vendor, place } of integrationEndpoints) {
    const paths = {
      environment,
      project: `projects/${tenant.projectId}`,
      organisation: `organisations/${tenant.organisationId}`,
    };
    const { id } = await post(
      `${paths[place]}/integrations/${vendor}/`,
      integrationBodies[vendor](`https://${marker}x.invalid/`),
    );
    integrations[`${place} ${vendor}`] = id;
  }
  const override = await post(`${environment}/features/${feature.id}/create-segment-override/`, {
    enabled: true,
    feature_segment: { segment: segments[0].id },
  });
  const leftoverFeatureSegment = await post('features/feature-segments/', {
    environment: tenant.production.id,
    feature: second.id,
    segment: segments[0].id,
  });
  const identity = await post(`${environment}/identities/`, { identifier: `${marker}identity` });
  const trait = await post(`${environment}/identities/${identity.id}/traits/`, {
    trait_key: `${marker}trait`,
    value_type: 'unicode',
    string_value: 'x',
  });
  const third = await post(`projects/${tenant.projectId}/features/`, { name: `${marker}third feature` });
  const secondIdentity = await post(`${environment}/identities/`, { identifier: `${marker}leftover identity` });
  const secondIdentityState = await post(`${environment}/identities/${secondIdentity.id}/featurestates/`, {
    feature: feature.id,
    enabled: true,
  });
  const identityState = await post(`${environment}/identities/${identity.id}/featurestates/`, {
    feature: feature.id,
    enabled: true,
  });
  const tag = await post(`projects/${tenant.projectId}/tags/`, { label: `${marker}tag` });
  const provider = await post(`projects/${tenant.projectId}/feature-health/providers/`, { name: 'Webhook' });
  await post(new URL(provider.webhook_url).pathname.replace('/api/v1/', ''), {
    feature: `${marker}feature`,
    status: 'unhealthy',
  });
  const [healthEvent] = await get(`projects/${tenant.projectId}/feature-health/events/`);
  await post(`projects/${tenant.projectId}/code-references/`, {
    repository_url: `https://github.com/${marker}acme/shop`,
    revision: 'c0ffee',
    code_references: [{ feature_name: `${marker}feature`, file_path: `src/${marker}checkout.ts`, line_number: 7 }],
  });
  const links = await linkRepositories(context, tenant, { feature: feature.id });
  const field = await post('metadata/fields/', { name: `${marker}field`, organisation: tenant.organisationId });
  const modelField = await post(`organisations/${tenant.organisationId}/metadata-model-fields/`, {
    field: field.id,
    content_type: 4,
  });
  const change = (await get(`projects/${tenant.projectId}/audit/`)).results[0];
  const key = await post(`${environment}/api-keys/`, { name: `${marker}server key` });
  const masterKey = await post(`organisations/${tenant.organisationId}/master-api-keys/`, {
    name: `${marker}master key`,
  });
  const organisationPath = `organisations/${tenant.organisationId}`;
  const trustRelationship = await post(`${organisationPath}/trust-relationships/`, {
    name: `${marker}trust`,
    issuer: 'https://issuer.invalid',
    audience: `${marker}audience-${tenant.organisationId}`,
    is_admin: true,
  });
  const group = await post(`${organisationPath}/groups/`, { name: `${marker}group` });
  const leftoverGroup = await post(`${organisationPath}/groups/`, { name: `${marker}leftover group` });
  const groupMember = await seedUser(context.db, { organisationId: tenant.organisationId, role: 'USER' });
  await post(`${organisationPath}/groups/${group.id}/add-users/`, { user_ids: [groupMember.userId] });
  const leftoverMember = await seedUser(context.db, { organisationId: tenant.organisationId, role: 'USER' });
  const grants: Record<string, number> = {};
  for (const [place, path] of Object.entries({
    Organisation: organisationPath,
    Project: `projects/${tenant.projectId}`,
    Environment: environment,
  })) {
    const user = await post(`${path}/user-permissions/`, { user: groupMember.userId });
    const ofGroup = await post(`${path}/user-group-permissions/`, { group: group.id });
    Object.assign(grants, { [`${place}User`]: user.id, [`${place}Group`]: ofGroup.id });
  }
  const featureExport = await post('features/create-feature-export/', {
    environment_id: tenant.production.id,
    tag_ids: [],
  });
  const versioned = await post('environments/', { name: `${marker}versioned`, project: tenant.projectId });
  await post(`environments/${versioned.api_key}/enable-v2-versioning/`, {});
  const versions = (featureId: number) => `environments/${versioned.id}/features/${featureId}/versions/`;
  const draft = await post(versions(feature.id), {
    description: `${marker}draft`,
    feature_states_to_create: [{ feature_segment: { segment: segments[0].id }, enabled: true }],
  });
  const leftoverDraft = await post(versions(second.id), { description: `${marker}leftover draft` });
  const draftStates = await get(`${versions(feature.id)}${draft.uuid}/featurestates/`);
  const saved = await post(`projects/${tenant.projectId}/features/${second.id}/save/`, {
    note: `${marker}note`,
    settings: { description: `${marker}saved description` },
  });
  const launchDarklyImport = await insertRow(context.db, 'launch_darkly_imports', {
    project_id: tenant.projectId,
    open_project_id: null,
    project_key: `${marker}launch-darkly`,
    token_encrypted: null,
    created_by: tenant.adminId,
    created_by_master_key: null,
    created_at: now(),
    updated_at: now(),
    completed_at: now(),
    result: 'failure',
    requested_environment_count: null,
    requested_flag_count: null,
    deprecated_flag_count: 0,
    error_messages: JSON.stringify([`${marker}import message`]),
  });
  const invite = await post(`${organisationPath}/invites/`, { email: `${marker}guest@example.com` });
  const inviteLink = await post(`${organisationPath}/invite-links/`, {});
  const project = await get(`projects/${tenant.projectId}/`);
  const member = await context.db
    .selectFrom('organisation_members')
    .where('organisation_id', '=', tenant.organisationId)
    .where('user_id', '<>', tenant.adminId)
    .select('user_id')
    .executeTakeFirstOrThrow();
  const organisation = await context.db
    .selectFrom('organisations')
    .where('id', '=', tenant.organisationId)
    .select('uuid')
    .executeTakeFirstOrThrow();
  const redirectUri = 'https://app.example.com/callback';
  const oauthClientId = randomHex(32);
  // Straight into the database: a fuzz makes more victims than one client may register applications.
  await insertRow(context.db, 'oauth_clients', {
    client_id: oauthClientId,
    name: 'Some application',
    redirect_uris: JSON.stringify([redirectUri]),
    created_at: now(),
    last_used_at: null,
  });
  const environmentRow = await get(`${environment}/`);
  return {
    ...tenant,
    params: {
      method: 'app',
      organisation_id: tenant.organisationId,
      user_id: member.user_id,
      prefix: masterKey.prefix,
      trust_relationship_id: trustRelationship.id,
      project_id: tenant.projectId,
      environment_api_key: tenant.production.apiKey,
      environment_id: tenant.production.id,
      feature_export_id: featureExport.id,
      key_id: key.id,
      feature_id: feature.id,
      option_id: feature.multivariate_options[0].id,
      state_id: identityState.id,
      segment_id: segments[0].id,
      feature_segment_id: override.feature_segment.id ?? override.feature_segment,
      versioned_environment_api_key: versioned.api_key,
      version_uuid: draft.uuid,
      leftover_version_uuid: leftoverDraft.uuid,
      identity_id: identity.id,
      trait_id: trait.id,
      group_id: group.id,
      invite_id: invite.id,
      invite_link_id: inviteLink.id,
      tag_id: tag.id,
      health_event_id: healthEvent.id,
      webhook_id: webhook.id,
      change_id: change.id,
      change_set_id: saved.change_set,
      ...links,
      import_id: launchDarklyImport,
      field_id: field.id,
      model_field_id: modelField.id,
    },
    uuids: {
      organisation: organisation.uuid,
      project: project.uuid,
      environment: environmentRow.uuid,
      feature: feature.uuid,
      option: feature.multivariate_options[0].uuid,
      state: identityState.uuid,
      segment: segments[0].uuid,
      featureSegment: leftoverFeatureSegment.uuid,
      tag: tag.uuid,
    },
    oauthClient: { id: oauthClientId, redirectUri },
    integrations,
    leftover: {
      organisationWebhook: organisationWebhook.id,
      ...grants,
      group: leftoverGroup.id,
      groupMember: groupMember.userId,
      member: leftoverMember.userId,
      feature: second.id,
      featureSegment: leftoverFeatureSegment.id,
      segment: segments[1].id,
      secondSegment: segments[2].id,
      thirdFeature: third.id,
      identity: secondIdentity.id,
      identityState: secondIdentityState.id,
      versionedEnvironment: versioned.id,
      versionState: draftStates[1].id,
    },
  };
}

/** What is linked to a feature, at a GitHub and a GitLab that nobody answers at. */
async function linkRepositories(
  { db, app }: TestContext,
  { organisationId, projectId }: Tenant,
  { feature }: { feature: number },
) {
  const { vault, now } = app.systemContext();
  const github = await insertRow(db, 'github_integrations', {
    organisation_id: organisationId,
    installation_id: String(organisationId),
    created_at: now(),
  });
  const repository = await insertRow(db, 'github_repositories', {
    github_id: github,
    project_id: projectId,
    repository_owner: `${marker}acme`,
    repository_name: 'shop',
    tagging_enabled: 0,
  });
  const gitlab = await insertRow(db, 'gitlab_integrations', {
    project_id: projectId,
    instance_url: `https://${marker}gitlab.invalid`,
    access_token_encrypted: vault.encrypt('glpat-1'),
    labeling_enabled: 0,
    webhook_uuid: crypto.randomUUID(),
    webhook_secret_encrypted: vault.encrypt('x'.repeat(40)),
    created_at: now(),
  });
  const url = `https://github.com/${marker}acme/shop/issues/7`;
  const resource = await insertRow(db, 'external_resources', {
    project_id: projectId,
    feature_id: feature,
    type: 'GITHUB_ISSUE',
    url,
    url_key: sha256(url),
    metadata: JSON.stringify({ title: `${marker}issue` }),
    state: null,
    created_at: now(),
  });
  return { github_id: github, repository_id: repository, gitlab_id: gitlab, resource_id: resource };
}
