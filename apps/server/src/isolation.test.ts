import { integrationEndpoints } from '@halyard/contract';
import { beforeAll, describe, expect, test } from 'vitest';
import { routes } from './app.ts';
import type { Tables } from './db/tables.ts';
import { type TestRequest, testContext } from './testing/context.ts';
import { type PublishedSchemas, publishedSchemas } from './testing/published-schemas.ts';
import { integrationBodies } from './testing/integrations.ts';
import { seedTenant, seedUser, type Tenant } from './testing/seed.ts';
import { testGithubApp } from './testing/trackers.ts';
import { makeVictim, marker, someRules, type Victim } from './testing/victim.ts';

/*
 * Every route against everybody who must not get through it. A route without an entry below fails, so that a new one
 * cannot be forgotten. That an entry names a real object is shown at the end: the owner's own requests succeed.
 */

/** What a request to a route names, beside the parameters of its path. */
interface Entry {
  /** Which object a `{uuid}` in the path means. */
  uuid?: keyof Victim['uuids'];
  query?: (victim: Victim) => string;
  body?: (victim: Victim) => unknown;
  /** Only about the caller: there is nobody else's object to reach. */
  own?: true;
  /** Only superusers may, whose organisations they are makes no difference. */
  superuser?: true;
  /** Members without any permission may. */
  member?: true;
  /** Members without any permission are not even told that it is there. */
  hidden?: true;
  /** Path parameters that differ from the victim's usual ones. */
  params?: (victim: Victim) => Victim['params'];
  /** The owner's own request needs somebody outside: the tests of its slice show it. */
  elsewhere?: true;
  /** The owner's own request takes what others need with it: made after all of them, the lowest first. */
  last?: number;
}

const trust = (audience: string) => ({
  name: `${marker}trust`,
  issuer: 'https://issuer.invalid',
  audience: marker + audience,
  is_admin: true,
});

const entries: Record<string, Entry> = {
  getCurrentUser: { own: true },
  updateCurrentUser: { own: true },
  patchCurrentUser: { own: true },
  setPassword: { own: true },
  updateOnboarding: { own: true },
  setEmail: { own: true },
  closeAccount: { own: true },
  activateMfa: { own: true },
  confirmMfa: { own: true },
  deactivateMfa: { own: true },
  listActiveMfaMethods: { own: true },
  logout: { own: true },
  deleteToken: { own: true },
  endOtherSessions: { own: true },
  getSession: { own: true },
  getOAuthConsent: { own: true, query: consent },
  decideOAuthConsent: { own: true },
  introspectOAuthToken: { own: true },
  listAuthorisedApplications: { own: true },
  // What an application is called is no secret; oauth-provider.test.ts shows that nobody ends another's consent.
  revokeAuthorisedApplication: { own: true, params: someApplication },

  getEnvironmentSettings: {},
  getTagUses: {},
  getProjectCustomFields: {},
  getOrganisationCustomFields: { member: true },
  saveCustomField: { body: () => ({ name: `${marker}third field`, type: 'str', of: [{ entity: 'segment' }] }) },
  getProjectWebhooks: {},
  getOrganisationWebhooks: {},
  getProjectIntegrations: {},
  getOrganisationIntegrations: {},
  getTransfers: {},

  listOrganisations: { own: true },
  createOrganisation: { own: true },
  getOrganisation: {},
  getOrganisationByUuid: { uuid: 'organisation' },
  updateOrganisation: { body: () => ({ name: `${marker}organisation` }) },
  patchOrganisation: { body: () => ({ force_2fa: true }) },
  deleteOrganisation: { last: 5 },
  getSubscriptionMetadata: {},
  listOrganisationProjects: { member: true },
  listMembers: { member: true },
  updateMemberRole: { body: () => ({ role: 'ADMIN' }) },
  removeMembers: { body: (victim) => [{ id: victim.params.user_id }] },
  listMasterKeys: {},
  createMasterKey: { body: () => ({ name: `${marker}key` }) },
  getMasterKey: {},
  updateMasterKey: { body: () => ({ name: `${marker}renamed` }) },
  patchMasterKey: { body: () => ({ name: `${marker}renamed` }) },
  deleteMasterKey: {},

  listTrustRelationships: {},
  createTrustRelationship: { body: () => trust('second') },
  getTrustRelationship: {},
  updateTrustRelationship: { body: () => trust('first') },
  patchTrustRelationship: { body: () => ({ name: `${marker}trust renamed` }) },
  deleteTrustRelationship: { last: 1 },

  listOrganisationPermissions: { own: true },
  listProjectPermissions: { own: true },
  listEnvironmentPermissions: { own: true },
  getOwnOrganisationPermissions: { member: true },
  getOwnProjectPermissions: { member: true },
  getOwnEnvironmentPermissions: { member: true },
  // The member in the path is the one who asks: about themselves they may.
  getDetailedOrganisationPermissions: { member: true },
  getDetailedProjectPermissions: { member: true },
  getDetailedEnvironmentPermissions: { member: true },
  getPermissionsThroughoutProject: {},
  ...grantEntries('Organisation'),
  ...grantEntries('Project'),
  ...grantEntries('Environment'),

  getPeoplePage: { member: true },
  // About themselves they may.
  getMemberAccess: { member: true },
  getOrganisationAccess: { member: true },
  saveOrganisationAccess: {
    body: (victim) => ({ changes: [{ group: victim.leftover.group, permissions: ['CREATE_PROJECT'] }] }),
  },
  getProjectAccess: {},
  saveProjectAccess: {
    body: (victim) => ({ changes: [{ group: victim.leftover.group, permissions: ['VIEW_PROJECT'] }] }),
  },

  listGroups: { member: true },
  createGroup: { body: () => ({ name: `${marker}second group` }) },
  saveGroup: { body: () => ({ name: `${marker}saved group`, users: [] }) },
  listGroupSummaries: { member: true },
  listOwnGroups: { member: true },
  getGroup: {},
  updateGroup: { body: () => ({ name: `${marker}renamed group` }) },
  patchGroup: { body: () => ({ is_default: true }) },
  deleteGroup: { last: 1 },
  addGroupUsers: { body: (victim) => ({ user_ids: [victim.leftover.member] }) },
  removeGroupUsers: { body: (victim) => ({ user_ids: [victim.params.user_id] }) },
  makeGroupAdmin: { params: groupMembership },
  removeGroupAdmin: { params: groupMembership },

  inviteUsers: { body: () => ({ invites: [{ email: `${marker}another@example.com` }] }) },
  listInvites: {},
  createInvite: { body: () => ({ email: `${marker}third@example.com` }) },
  getInvite: {},
  resendInvite: {},
  deleteInvite: {},
  listInviteLinks: {},
  createInviteLink: { body: () => ({}) },
  deleteInviteLink: {},
  // What a link carries is not in anybody's tenant; invites.test.ts tells who may use it.
  joinByLink: { own: true, params: someCode },
  joinByInvite: { own: true, params: someCode },

  listProjects: { own: true },
  createProject: { body: (victim) => ({ name: `${marker}second project`, organisation: victim.organisationId }) },
  getProject: {},
  getProjectByUuid: { uuid: 'project' },
  updateProject: { body: () => ({ name: `${marker}project` }) },
  patchProject: { body: () => ({ hide_disabled_flags: true }) },
  deleteProject: { last: 4 },
  listProjectEnvironments: {},

  listEnvironments: { query: (victim) => `project=${victim.projectId}` },
  createEnvironment: { body: (victim) => ({ name: `${marker}staging`, project: victim.projectId }) },
  getEnvironment: {},
  getEnvironmentByUuid: { uuid: 'environment' },
  updateEnvironment: { body: () => ({ name: `${marker}production` }) },
  patchEnvironment: { body: () => ({ description: `${marker}description` }) },
  deleteEnvironment: { last: 3 },
  cloneEnvironment: { body: () => ({ name: `${marker}clone` }) },
  getEnvironmentDocument: {},
  setOnboardingStatus: { body: () => ({ first_evaluated_sdk_label: `${marker}sdk` }) },
  listEnvironmentKeys: {},
  createEnvironmentKey: { body: () => ({ name: `${marker}key` }) },
  updateEnvironmentKey: { body: () => ({ name: `${marker}renamed` }) },
  patchEnvironmentKey: { body: () => ({ active: false }) },
  deleteEnvironmentKey: {},

  listFeatures: {},
  createFeature: { body: () => ({ name: `${marker}second feature` }) },
  getFeature: {},
  getFeatureByUuid: { uuid: 'feature' },
  updateFeature: { body: () => ({ description: `${marker}description` }) },
  patchFeature: { body: () => ({ is_archived: true }) },
  deleteFeature: { last: 2 },
  saveFeature: { body: () => ({ settings: { description: `${marker}saved` } }) },
  changeFeatures: {
    body: (victim) => ({ features: [victim.leftover.thirdFeature], action: 'add_owners', owners: [victim.adminId] }),
  },
  compareEnvironments: { query: (victim) => `from=${victim.production.id}&to=${victim.development.id}` },
  copyStates: {
    body: (victim) => ({
      from: victim.production.id,
      to: victim.development.id,
      features: [victim.leftover.thirdFeature],
    }),
  },
  getChangeSet: {},
  undoChangeSet: { body: () => ({}) },
  reportCodeReferences: {
    body: () => ({
      repository_url: `https://github.com/${marker}acme/shop`,
      revision: 'c0ffee',
      code_references: [{ feature_name: `${marker}feature`, file_path: 'src/a.ts', line_number: 3 }],
    }),
  },
  listCodeReferences: {},
  getFeatureTable: {},
  getFeaturePage: {},
  getFeatureHistory: {},
  getConnection: {},
  listMultivariateOptions: {},
  createMultivariateOption: { body: () => ({ string_value: `${marker}value`, default_percentage_allocation: 5 }) },
  getMultivariateOption: {},
  getMultivariateOptionByUuid: { uuid: 'option' },
  updateMultivariateOption: { body: () => ({ string_value: `${marker}value` }) },
  patchMultivariateOption: { body: () => ({ string_value: `${marker}other value` }) },
  deleteMultivariateOption: {},

  listEnvironmentFeatureStates: {},
  createEnvironmentFeatureState: {
    body: (victim) => ({ feature: victim.leftover.feature, identity: victim.params.identity_id, enabled: true }),
  },
  getEnvironmentFeatureState: {},
  updateEnvironmentFeatureState: { body: () => ({ enabled: true }) },
  patchEnvironmentFeatureState: { body: () => ({ enabled: true }) },
  deleteEnvironmentFeatureState: {},
  listTypedFeatureStates: { query: (victim) => `environment=${victim.production.id}` },
  createTypedFeatureState: {
    body: (victim) => ({
      environment: victim.production.id,
      feature: victim.leftover.feature,
      feature_segment: victim.leftover.featureSegment,
      enabled: true,
    }),
  },
  updateTypedFeatureState: { body: () => ({ enabled: true }) },
  patchTypedFeatureState: { body: () => ({ enabled: true }) },
  getFeatureStateByUuid: { uuid: 'state' },

  listSegments: {},
  createSegment: { body: () => ({ name: `${marker}second segment`, rules: someRules }) },
  getSegment: {},
  getSegmentByUuid: { uuid: 'segment' },
  updateSegment: { body: () => ({ name: `${marker}segment`, rules: someRules }) },
  patchSegment: { body: () => ({ description: `${marker}description` }) },
  deleteSegment: { last: 1 },
  cloneSegment: { body: () => ({ name: `${marker}cloned segment` }) },
  listAssociatedFeatures: {},

  listFeatureSegments: { query: (victim) => `environment=${victim.production.id}&feature=${victim.params.feature_id}` },
  createFeatureSegment: {
    body: (victim) => ({
      environment: victim.production.id,
      feature: victim.params.feature_id,
      segment: victim.leftover.segment,
    }),
  },
  getFeatureSegment: {},
  updateFeatureSegment: {
    body: (victim) => ({
      environment: victim.production.id,
      feature: victim.params.feature_id,
      segment: victim.params.segment_id,
    }),
  },
  patchFeatureSegment: { body: (victim) => ({ segment: victim.params.segment_id }) },
  getFeatureSegmentByUuid: { uuid: 'featureSegment' },
  deleteFeatureSegment: {},
  updatePriorities: { body: (victim) => [{ id: victim.params.feature_segment_id, priority: 0 }] },
  createSegmentOverride: {
    body: (victim) => ({ enabled: true, feature_segment: { segment: victim.leftover.secondSegment } }),
  },

  enableFeatureVersioning: { params: (victim) => ({ environment_api_key: victim.development.apiKey }) },
  disableFeatureVersioning: { params: ofVersions, last: 2 },
  listFeatureVersions: { params: ofVersions },
  createFeatureVersion: { params: ofVersions, body: () => ({ publish_immediately: true }) },
  getFeatureVersion: { params: ofVersions },
  patchFeatureVersion: { params: ofVersions, body: () => ({ description: `${marker}description` }) },
  deleteFeatureVersion: { params: ofVersions, last: 1 },
  publishFeatureVersion: {
    params: (victim) => ({
      ...ofVersions(victim),
      feature_id: victim.leftover.feature as number,
      version_uuid: victim.params.leftover_version_uuid as string,
    }),
  },
  listVersionStates: { params: ofVersions },
  createVersionState: {
    params: ofVersions,
    body: (victim) => ({ feature_segment: { segment: victim.leftover.secondSegment }, enabled: true }),
  },
  updateVersionState: { params: ofVersions, body: () => ({ enabled: true }) },
  patchVersionState: { params: ofVersions, body: () => ({ enabled: false }) },
  deleteVersionState: { params: ofVersions },
  getFeatureVersionByUuid: {},

  getFlag: { params: ofFlag, hidden: true },
  replaceFlag: { params: ofFlag, hidden: true, body: () => ({ environment_default: { enabled: true } }) },
  patchFlag: { params: ofFlag, hidden: true, body: () => ({ environment_default: { enabled: false } }) },
  deleteFlagSegmentOverride: { params: ofFlag, hidden: true },
  updateFlagV1: {
    body: (victim) => ({
      feature: { id: victim.leftover.thirdFeature },
      segment: { id: victim.params.segment_id },
      enabled: true,
      value: { type: 'string', value: `${marker}value` },
    }),
  },
  updateFlagV2: {
    body: (victim) => ({
      feature: { id: victim.leftover.thirdFeature },
      environment_default: { enabled: true, value: { type: 'string', value: `${marker}value` } },
    }),
  },
  deleteSegmentOverride: {
    body: (victim) => ({
      feature: { id: victim.leftover.thirdFeature },
      segment: { id: victim.params.segment_id },
    }),
  },
  revertFeature: {
    params: (victim) => ({ ...ofVersions(victim), feature_id: victim.leftover.feature as number }),
    body: (victim) => ({ version_uuid: victim.params.leftover_version_uuid }),
  },

  getUsageData: {},
  getUsageTotal: {},
  getUsageReport: {},
  getUsage: {},
  listUsageNotifications: { member: true },
  getFeatureEvaluationData: { query: (victim) => `environment_id=${victim.production.id}` },
  getEnvironmentMetrics: {},
  listTraitKeys: {},
  deleteTraitsOfKey: { body: () => ({ key: `${marker}second` }) },

  listIdentities: {},
  createIdentity: { body: () => ({ identifier: `${marker}second identity` }) },
  getIdentity: {},
  updateIdentity: { body: () => ({ identifier: `${marker}identity` }) },
  patchIdentity: { body: () => ({}) },
  deleteIdentity: { last: 1 },
  listIdentityOverrides: {},
  createIdentityOverride: { body: (victim) => ({ feature: victim.leftover.thirdFeature, enabled: true }) },
  getIdentityOverride: {},
  updateIdentityOverride: { body: () => ({ enabled: false }) },
  patchIdentityOverride: { body: () => ({ enabled: true }) },
  deleteIdentityOverride: {
    params: (victim) => ({
      ...victim.params,
      identity_id: victim.leftover.identity as number,
      state_id: victim.leftover.identityState as number,
    }),
  },
  listResolvedFeatures: {},
  cloneIdentityOverrides: {
    params: (victim) => ({ ...victim.params, identity_id: victim.leftover.identity as number }),
    body: (victim) => ({ source_identity_id: victim.params.identity_id }),
  },
  listTraits: {},
  createTrait: { body: () => ({ trait_key: `${marker}second`, value_type: 'unicode', string_value: 'x' }) },
  getTrait: {},
  updateTrait: { body: () => ({ trait_key: `${marker}trait`, value_type: 'unicode', string_value: 'y' }) },
  patchTrait: { body: () => ({ string_value: 'z' }) },
  deleteTrait: {},

  explainFeatures: { body: () => ({ identifier: `${marker}identity` }) },
  runPlayground: { body: () => ({ people: [{ identifier: `${marker}identity` }] }) },
  testSegment: {
    body: (victim) => ({
      rules: someRules,
      environment: victim.production.id,
      segment: victim.params.segment_id,
      identifier: `${marker}identity`,
    }),
  },
  sampleSegment: { body: (victim) => ({ rules: someRules, environment: victim.production.id }) },
  listTraitSamples: {},

  listEnvironmentWebhooks: {},
  createEnvironmentWebhook: { body: () => ({ url: `https://${marker}hooks.invalid/`, enabled: false }) },
  updateEnvironmentWebhook: { body: () => ({ url: `https://${marker}hooks.invalid/put` }) },
  patchEnvironmentWebhook: { body: () => ({ secret: `${marker}secret` }) },
  deleteEnvironmentWebhook: { last: 1 },
  listEnvironmentWebhookDeliveries: {},
  listOrganisationWebhooks: {},
  createOrganisationWebhook: { body: () => ({ url: `https://${marker}hooks.invalid/`, enabled: false }) },
  getOrganisationWebhook: { params: ofOrganisation },
  updateOrganisationWebhook: { params: ofOrganisation, body: () => ({ url: `https://${marker}hooks.invalid/put` }) },
  patchOrganisationWebhook: { params: ofOrganisation, body: () => ({ secret: `${marker}secret` }) },
  deleteOrganisationWebhook: { params: ofOrganisation, last: 1 },
  listOrganisationWebhookDeliveries: { params: ofOrganisation },
  // Its scope is in its body, and nobody answers here: webhooks.test.ts shows whom it refuses.
  testWebhook: { own: true },

  ...integrationEntries(),
  listExternalResources: {},
  createExternalResource: { body: () => ({ type: 'GITHUB_PR', url: `https://github.com/${marker}acme/shop/pull/8` }) },
  getExternalResource: {},
  updateExternalResource: {
    body: () => ({ type: 'GITHUB_ISSUE', url: `https://github.com/${marker}acme/shop/issues/9` }),
  },
  patchExternalResource: { body: () => ({ metadata: { note: `${marker}note` } }) },
  deleteExternalResource: { last: 1 },
  listGithubIntegrations: { member: true },
  // An organisation has one: it is set up again when it is gone.
  createGithubIntegration: { body: () => ({ installation_id: '4712' }), last: 3 },
  getGithubIntegration: { member: true },
  updateGithubIntegration: { body: () => ({ installation_id: '4713' }) },
  patchGithubIntegration: { body: () => ({ installation_id: '4714' }) },
  deleteGithubIntegration: { last: 2 },
  listGithubRepositories: { member: true },
  createGithubRepository: { body: (victim) => githubRepository(victim, 'second-shop') },
  getGithubRepository: { member: true },
  updateGithubRepository: { body: (victim) => githubRepository(victim, 'shop') },
  patchGithubRepository: { body: () => ({ tagging_enabled: true }) },
  deleteGithubRepository: { last: 1 },
  // GitHub and GitLab are not there: github.test.ts and gitlab.test.ts show what the owner sees.
  browseGithubRepositories: { elsewhere: true },
  browseGithubIssues: { elsewhere: true, member: true, query: inGithubRepository },
  browseGithubPulls: { elsewhere: true, member: true, query: inGithubRepository },
  browseGithubContributors: { elsewhere: true, member: true, query: inGithubRepository },
  createCleanupIssue: { elsewhere: true, body: (victim) => ({ feature_id: victim.params.feature_id }) },
  listGitlabIntegrations: {},
  createGitlabIntegration: { body: () => gitlabConnection, last: 2 },
  getGitlabIntegration: {},
  updateGitlabIntegration: { body: () => gitlabConnection },
  patchGitlabIntegration: { body: () => ({ labeling_enabled: true }) },
  deleteGitlabIntegration: { last: 1 },
  browseGitlabProjects: { elsewhere: true },
  browseGitlabIssues: { elsewhere: true, query: () => `gitlab_project_id=${marker}shop` },
  browseGitlabMergeRequests: { elsewhere: true, query: () => `gitlab_project_id=${marker}shop` },
  getSlackSignature: {},
  listSlackChannels: { elsewhere: true },

  listHealthEvents: {},
  dismissHealthEvent: {},
  listHealthProviders: {},
  createHealthProvider: { body: () => ({ name: 'Grafana' }) },
  deleteHealthProvider: { params: (victim) => ({ ...victim.params, name: 'Webhook' }), last: 1 },
  listTags: {},
  createTag: { body: () => ({ label: `${marker}second tag` }) },
  getTag: {},
  getTagByUuid: { uuid: 'tag' },
  updateTag: { body: () => ({ label: `${marker}tag` }) },
  patchTag: { body: () => ({ is_permanent: true }) },
  deleteTag: { last: 1 },
  listAudit: { own: true },
  exportAudit: { own: true },
  getAudit: {},
  listOrganisationAudit: {},
  exportOrganisationAudit: {},
  getOrganisationAudit: {},
  listProjectAudit: {},
  exportProjectAudit: {},
  getProjectAudit: {},
  addFeatureOwners: { body: (victim) => ({ user_ids: [victim.adminId] }) },
  removeFeatureOwners: { body: (victim) => ({ user_ids: [victim.adminId] }) },
  addFeatureGroupOwners: { body: () => ({ group_ids: [] }) },
  removeFeatureGroupOwners: { body: () => ({ group_ids: [] }) },
  countFeatureLifecycles: { params: (victim) => ({ ...victim.params, environment_id: victim.production.id }) },

  listMetadataFields: { member: true, query: (victim) => `organisation=${victim.organisationId}` },
  createMetadataField: { body: (victim) => ({ name: `${marker}other`, organisation: victim.organisationId }) },
  getMetadataField: { member: true },
  updateMetadataField: { body: () => ({ name: `${marker}field` }) },
  patchMetadataField: { body: () => ({ description: `${marker}description` }) },
  deleteMetadataField: { last: 2 },
  listProjectMetadataFields: { query: () => 'include_organisation=true' },
  getProjectMetadataField: {},
  listMetadataModelFields: { member: true },
  createMetadataModelField: { body: (victim) => ({ field: victim.params.field_id, content_type: 5 }) },
  getMetadataModelField: { member: true },
  updateMetadataModelField: {
    body: (victim) => ({ is_required_for: [{ content_type: 2, object_id: victim.projectId }] }),
  },
  patchMetadataModelField: { body: () => ({ is_required_for: [] }) },
  deleteMetadataModelField: { last: 1 },
  listSupportedContentTypes: { member: true },
  listSupportedRequirements: { member: true, query: () => 'model_name=feature' },

  createFeatureExport: { body: (victim) => ({ environment_id: victim.production.id, tag_ids: [] }) },
  listFeatureExports: {},
  downloadFeatureExport: {},
  createFeatureImport: { body: () => ({ strategy: 'OVERWRITE_DESTRUCTIVE', file: '[]' }) },
  listFeatureImports: {},
  streamChanges: { query: () => 'follow=false' },
  exportProject: {},
  getPlatformSummary: { superuser: true },
  listPlatformOrganisations: { superuser: true },
  getPlatformUsage: { superuser: true },
  listPlatformStaleFlags: { superuser: true },
  listPlatformIntegrations: { superuser: true },
  importProject: { body: () => emptyProjectFile },
  listLaunchDarklyImports: {},
  createLaunchDarklyImport: { body: () => ({ token: `${marker}token`, project_key: 'shop' }) },
  getLaunchDarklyImport: {},
};

/** Every vendor at every place. A place has one of each, so that the owner sets it up again when it is gone. */
function integrationEntries(): Record<string, Entry> {
  return Object.fromEntries(
    integrationEndpoints.flatMap(({ vendor, place, endpoints: of }): [string, Entry][] => {
      const params = (victim: Victim) => ({
        ...victim.params,
        integration_id: victim.integrations[`${place} ${vendor}`] as number,
      });
      const body = () => integrationBodies[vendor](`https://${marker}y.invalid/`);
      const readers = { params, ...(place === 'organisation' && { member: true as const }) };
      return [
        [of.list.id, readers],
        [of.create.id, { body, last: 2 }],
        [of.get.id, readers],
        [of.update.id, { params, body }],
        [of.patch.id, { params, body }],
        [of.remove.id, { params, last: 1 }],
        [of.deliveries.id, { params }],
      ];
    }),
  );
}

function githubRepository(victim: Victim, name: string) {
  return { project: victim.projectId, repository_owner: `${marker}acme`, repository_name: name };
}

function inGithubRepository(): string {
  return `repo_owner=${marker}acme&repo_name=shop`;
}

/** The webhook of the organisation itself. */
function ofOrganisation(victim: Victim): Victim['params'] {
  return { ...victim.params, webhook_id: victim.leftover.organisationWebhook as number };
}

function someApplication(victim: Victim): Victim['params'] {
  return { ...victim.params, client_id: 'an-application-that-nobody-allowed' };
}

/** An application's question, to whomever it is put. */
function consent(victim: Victim): string {
  return new URLSearchParams({
    response_type: 'code',
    client_id: victim.oauthClient.id,
    redirect_uri: victim.oauthClient.redirectUri,
    code_challenge: 'x'.repeat(43),
    code_challenge_method: 'S256',
  }).toString();
}

function someCode(victim: Victim): Victim['params'] {
  return { ...victim.params, hash: 'a-code-that-nobody-has' };
}

function groupMembership(victim: Victim): Victim['params'] {
  return { ...victim.params, user_id: victim.leftover.groupMember as number };
}

/** The rows of users and of groups at one level. */
function grantEntries(place: 'Organisation' | 'Project' | 'Environment'): Record<string, Entry> {
  const entriesOf = (who: 'User' | 'Group'): Record<string, Entry> => {
    const name = `${place}${who}Permissions`;
    const params = (victim: Victim) => ({
      ...victim.params,
      permission_id: victim.leftover[place + who] as number,
    });
    const of = (member: keyof Victim['leftover'], group: keyof Victim['leftover']) => (victim: Victim) =>
      who === 'User' ? { user: victim.leftover[member] } : { group: victim.leftover[group] };
    return {
      [`list${name}`]: {},
      [`create${name}`]: { body: of('member', 'group') },
      [`get${name}`]: { params },
      [`update${name}`]: {
        params,
        body: (victim) => (who === 'User' ? of('groupMember', '')(victim) : { group: victim.params.group_id }),
      },
      [`patch${name}`]: { params, body: () => ({ permissions: [] }) },
      [`delete${name}`]: { params },
    };
  };
  return { ...entriesOf('User'), ...entriesOf('Group') };
}

/** A feature that has a segment override and no variants. */
function ofFlag(victim: Victim): Victim['params'] {
  return { ...victim.params, feature_id: victim.leftover.feature as number };
}

/** In the victim's environment that has versions. */
function ofVersions(victim: Victim): Victim['params'] {
  return {
    ...victim.params,
    environment_api_key: victim.params.versioned_environment_api_key as string,
    environment_id: victim.leftover.versionedEnvironment as number,
    state_id: victim.leftover.versionState as number,
  };
}
const gitlabConnection = { gitlab_instance_url: `https://${marker}gitlab.invalid`, access_token: 'glpat-1' };

const emptyProjectFile = {
  format: 'halyard-project',
  version: 1,
  project: { name: `${marker}imported project` },
  features: [],
  environments: [],
};

const context = testContext(testGithubApp().settings);
const guarded = routes.map((route) => route.endpoint).filter((endpoint) => endpoint.auth !== 'anyone');
let victim: Victim;
let rival: Tenant;
let schemas: PublishedSchemas;

beforeAll(async () => {
  victim = await makeVictim(context, await seedTenant(context.db));
  rival = await seedTenant(context.db);
  schemas = await publishedSchemas(context);
});

test('every route has an entry, and every entry a route', () => {
  expect(guarded.map((endpoint) => endpoint.id).toSorted()).toEqual(Object.keys(entries).toSorted());
});

describe('nobody gets through', () => {
  test.each(guarded.map((endpoint) => endpoint.id))('%s', async (id) => {
    const request = requestTo(id);

    const withoutKey = await context.request(request);
    const withClientKey = await context.request({
      ...request,
      headers: { 'X-Environment-Key': victim.production.apiKey },
    });

    expect([withoutKey.status, withClientKey.status]).toEqual([401, 401]);
  });
});

describe('a foreign tenant gets a 404, and changes nothing', () => {
  const reachable = guarded.filter(({ id }) => !entries[id]?.own && !entries[id]?.superuser);
  let before: Awaited<ReturnType<typeof everyRow>>;

  beforeAll(async () => {
    before = await everyRow();
  });

  test.each(reachable.map((endpoint) => endpoint.id))('%s', async (id) => {
    for (const request of [requestTo(id), ...mixedRequestsTo(id)]) {
      for (const as of [rival.admin, rival.member, rival.masterKey]) {
        const answer = await context.request({ ...request, as });

        const isRefused = answer.status === 404 || (answer.status === 403 && as !== rival.admin);
        expect([request.path, answer.status, isRefused]).toEqual([request.path, answer.status, true]);
        expect(JSON.stringify(answer.body)).not.toContain(marker);
      }
    }
    expect(await everyRow()).toEqual(before);
  });
});

describe('a member without permissions is refused, and changes nothing', () => {
  const closed = guarded.filter((endpoint) => !entries[endpoint.id]?.own && !entries[endpoint.id]?.member);
  let before: Awaited<ReturnType<typeof everyRow>>;

  beforeAll(async () => {
    before = await everyRow();
  });

  test.each(closed.map((endpoint) => endpoint.id))('%s', async (id) => {
    const answer = await context.request({ ...requestTo(id), as: victim.member });

    expect(answer.status).toBe(entries[id]?.hidden ? 404 : 403);
    expect(await everyRow()).toEqual(before);
  });
});

describe('the owner gets through, and reads what is published', () => {
  const order = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
  const inOrder = guarded
    .filter(({ id }) => !entries[id]?.own && !entries[id]?.superuser && !entries[id]?.elsewhere)
    .toSorted(
      (a, b) =>
        (entries[a.id]?.last ?? 0) - (entries[b.id]?.last ?? 0) || order.indexOf(a.method) - order.indexOf(b.method),
    );

  test.each(inOrder.map((endpoint) => endpoint.id))('%s', async (id) => {
    const answer = await context.request({ ...requestTo(id), as: victim.admin });

    expect([answer.status < 300, answer.body]).toEqual([true, answer.body]);
    expect(schemas.problemsOf(id, answer)).toEqual([]);
  });
});

describe('only a superuser gets through to what is about the whole installation', () => {
  const ofAll = guarded.filter(({ id }) => entries[id]?.superuser);

  test.each(ofAll.map(({ id }) => id))('%s', async (id) => {
    for (const as of [rival.admin, rival.member, rival.masterKey]) {
      const answer = await context.request({ ...requestTo(id), as });
      expect([answer.status, JSON.stringify(answer.body).includes(marker)]).toEqual([403, false]);
    }
    const { userId, authorization } = await seedUser(context.db);
    await context.db.updateTable('users').set({ is_superuser: 1 }).where('id', '=', userId).execute();

    const answer = await context.request({ ...requestTo(id), as: authorization });

    expect([answer.status, schemas.problemsOf(id, answer)]).toEqual([200, []]);
  });
});

describe('what is about the caller is as published too', () => {
  const own = guarded.filter((endpoint) => endpoint.method === 'GET' && entries[endpoint.id]?.own);

  test.each(own.map((endpoint) => endpoint.id))('%s', async (id) => {
    const answer = await context.request({ ...requestTo(id), as: rival.admin });

    expect([answer.status, schemas.problemsOf(id, answer)]).toEqual([200, []]);
  });
});

function requestTo(id: string, parents: Victim['params'] = {}): TestRequest {
  const endpoint = guarded.find((candidate) => candidate.id === id);
  const entry = entries[id];
  if (endpoint === undefined || entry === undefined) throw new Error(`No route or no entry is named ${id}`);
  const params: Victim['params'] = { ...(entry.params?.(victim) ?? victim.params), ...parents };
  const path = endpoint.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = name === 'uuid' && entry.uuid !== undefined ? victim.uuids[entry.uuid] : params[name];
    if (value === undefined) throw new Error(`The victim has no ${name} for ${endpoint.path}`);
    return encodeURIComponent(value);
  });
  const query = entry.query === undefined ? '' : `?${entry.query(victim)}`;
  const body = entry.body?.(victim);
  return { method: endpoint.method, path: path + query, ...(body !== undefined && { body }) };
}

/** The victim's objects asked for through the rival's own parents. */
function mixedRequestsTo(id: string): TestRequest[] {
  const path = guarded.find((endpoint) => endpoint.id === id)?.path ?? '';
  if ((path.match(/\{/g) ?? []).length < 2) return [];
  const own = {
    organisation_id: rival.organisationId,
    project_id: rival.projectId,
    environment_api_key: rival.production.apiKey,
    environment_id: rival.production.id,
  };
  return [requestTo(id, own)];
}

/** Everything that a request could have changed. */
async function everyRow(): Promise<Record<string, unknown[]>> {
  const tables: (keyof Tables)[] = [
    'organisations',
    'organisation_members',
    'user_groups',
    'user_group_members',
    'permission_grants',
    'invites',
    'invite_groups',
    'invite_links',
    'master_keys',
    'projects',
    'environment_keys',
    'features',
    'multivariate_options',
    'feature_states',
    'feature_state_variants',
    'feature_segments',
    'feature_versions',
    'version_states',
    'version_state_variants',
    'segments',
    'segment_revisions',
    'identities',
    'traits',
    'changes',
    'environment_versions',
    'feature_exports',
    'feature_imports',
    'health_providers',
    'health_events',
    'tags',
    'feature_tags',
    'feature_owners',
    'feature_group_owners',
    'metadata_fields',
    'metadata_model_fields',
    'metadata_requirements',
    'metadata_values',
    'integrations',
    'oauth_grants',
    'oauth_tokens',
    'code_repositories',
    'code_reference_counts',
    'code_references',
    'external_resources',
    'github_integrations',
    'github_repositories',
    'gitlab_integrations',
  ];
  const rows = await Promise.all(tables.map((table) => context.db.selectFrom(table).selectAll().execute()));
  return Object.fromEntries(tables.map((table, index) => [table, rows[index] as unknown[]]));
}
