import type { Generated, Kysely } from 'kysely';

/**
 * Every table as every database stores it: text, integers, doubles; times as ISO 8601 text in UTC with microseconds;
 * booleans as 0 and 1; JSON as text. A unique column that a soft delete must free (`name_key`) becomes null with it.
 */
export interface Tables {
  users: UserTable;
  user_tokens: UserTokenTable;
  account_tokens: AccountTokenTable;
  mfa_methods: MfaMethodTable;
  mfa_backup_codes: MfaBackupCodeTable;
  throttle_counts: ThrottleCountTable;
  social_logins: SocialLoginTable;
  trust_relationships: TrustRelationshipTable;
  oauth_clients: OAuthClientTable;
  oauth_grants: OAuthGrantTable;
  oauth_tokens: OAuthTokenTable;
  organisations: OrganisationTable;
  organisation_members: OrganisationMemberTable;
  master_keys: MasterKeyTable;
  projects: ProjectTable;
  environments: EnvironmentTable;
  environment_keys: EnvironmentKeyTable;
  features: FeatureTable;
  multivariate_options: MultivariateOptionTable;
  feature_states: FeatureStateTable;
  feature_state_variants: FeatureStateVariantTable;
  feature_segments: FeatureSegmentTable;
  segments: SegmentTable;
  segment_revisions: SegmentRevisionTable;
  identities: IdentityTable;
  traits: TraitTable;
  changes: ChangeTable;
  environment_versions: EnvironmentVersionTable;
  environment_documents: EnvironmentDocumentTable;
  evaluation_counts: EvaluationCountTable;
  request_counts: RequestCountTable;
  settings: SettingTable;
  jobs: JobTable;
  change_cursors: ChangeCursorTable;
  webhooks: WebhookTable;
  webhook_deliveries: WebhookDeliveryTable;
  integrations: IntegrationTable;
  integration_deliveries: IntegrationDeliveryTable;
  user_groups: UserGroupTable;
  user_group_members: UserGroupMemberTable;
  permission_grants: PermissionGrantTable;
  invites: InviteTable;
  invite_groups: InviteGroupTable;
  invite_links: InviteLinkTable;
  tags: TagTable;
  feature_tags: FeatureTagTable;
  feature_owners: FeatureOwnerTable;
  feature_group_owners: FeatureGroupOwnerTable;
  metadata_fields: MetadataFieldTable;
  metadata_model_fields: MetadataModelFieldTable;
  metadata_requirements: MetadataRequirementTable;
  metadata_values: MetadataValueTable;
  feature_versions: FeatureVersionTable;
  version_states: VersionStateTable;
  version_state_variants: VersionStateVariantTable;
  feature_exports: FeatureExportTable;
  feature_imports: FeatureImportTable;
  health_providers: HealthProviderTable;
  health_events: HealthEventTable;
  change_sets: ChangeSetTable;
  code_repositories: CodeRepositoryTable;
  code_reference_counts: CodeReferenceCountTable;
  code_references: CodeReferenceTable;
  external_resources: ExternalResourceTable;
  github_integrations: GithubIntegrationTable;
  github_repositories: GithubRepositoryTable;
  gitlab_integrations: GitlabIntegrationTable;
  gitlab_hooks: GitlabHookTable;
  launch_darkly_imports: LaunchDarklyImportTable;
}

/** A connection or a transaction: stores cannot tell and need not. */
export type Database = Kysely<Tables>;

/** 0 or 1. */
export type Bit = number;

export interface UserTable {
  id: Generated<number>;
  uuid: string;
  email: string;
  first_name: string;
  last_name: string;
  password_hash: string;
  is_active: Bit;
  is_superuser: Bit;
  sign_up_type: string | null;
  date_joined: string;
  last_login: string | null;
  /** JSON of what the person did of the first steps. */
  onboarding: string | null;
  /** Set when the person closed the account: the row stays for the audit log, without name and address. */
  deleted_at: string | null;
}

export interface UserTokenTable {
  id: Generated<number>;
  user_id: number;
  /** SHA-256, hex. */
  token_hash: string;
  created_at: string;
}

/** A link sent by e-mail, or the first half of a login with two factors: works once, until it expires. */
export interface AccountTokenTable {
  id: Generated<number>;
  user_id: number;
  purpose: 'password_reset' | 'activation' | 'email_reset' | 'mfa_login';
  /** SHA-256, hex. */
  token_hash: string;
  created_at: string;
  expires_at: string;
  used_at: string | null;
}

/** The authenticator app of a person; not active before its first code was right. */
export interface MfaMethodTable {
  id: Generated<number>;
  user_id: number;
  secret_encrypted: string;
  is_active: Bit;
  /** The half minute, counted from 1970, of the newest code that was taken: it and those before it are spent. */
  last_step: number;
  created_at: string;
}

export interface MfaBackupCodeTable {
  id: Generated<number>;
  user_id: number;
  /** Keyed hash: the database alone does not tell which code fits. */
  code_hash: string;
}

/** An account at another service that a person signs in with. */
export interface SocialLoginTable {
  id: Generated<number>;
  user_id: number;
  provider: 'GITHUB' | 'GOOGLE';
  /** The service's own id of the account, which it never gives to another. */
  subject: string;
  created_at: string;
}

/** Whose tokens are taken for an organisation's own. */
/** An application that may ask people to let it act for them. */
export interface OAuthClientTable {
  id: Generated<number>;
  /** What the application calls itself by: no secret. */
  client_id: string;
  name: string;
  /** JSON list of addresses. */
  redirect_uris: string;
  created_at: string;
  /** When somebody last allowed it. */
  last_used_at: string | null;
}

/** One time that a person let an application act for them. Its tokens go with it. */
export interface OAuthGrantTable {
  id: Generated<number>;
  oauth_client_id: number;
  user_id: number;
  /** Words, joined by blanks. */
  scope: string;
  redirect_uri: string;
  /** SHA-256 of the code that the tokens were got with, hex; kept, so that a repeat is noticed. */
  code_hash: string;
  /** Of the code's proof, as the application gave it. */
  code_challenge: string;
  code_used_at: string | null;
  created_at: string;
  last_used_at: string;
  /** When the code, or the newest of the tokens, ends. */
  expires_at: string;
}

export interface OAuthTokenTable {
  id: Generated<number>;
  grant_id: number;
  kind: 'access' | 'refresh';
  /** SHA-256, hex. */
  token_hash: string;
  scope: string;
  created_at: string;
  expires_at: string;
  /** When a refresh token was exchanged: it works once, and stays to notice a repeat. */
  used_at: string | null;
}

export interface TrustRelationshipTable {
  id: Generated<number>;
  organisation_id: number;
  /** Whom the bearer acts as. Nobody knows that key itself. */
  master_key_id: number;
  name: string;
  issuer: string;
  audience: string;
  /** SHA-256 of issuer and audience, hex; null once it is deleted. */
  origin_hash: string | null;
  /** JSON list of `{claim, values}`. */
  claim_rules: string;
  is_admin: Bit;
  /** One more with each change of whom it trusts: tokens given out before are void. */
  generation: number;
  created_at: string;
  created_by: number | null;
  deleted_at: string | null;
}

/** Attempts within one stretch of time, where many processes count together. */
export interface ThrottleCountTable {
  id: Generated<number>;
  /** SHA-256 of scope, key, rate and stretch. */
  bucket_key: string;
  count: number;
  ends_at: string;
}

export interface OrganisationTable {
  id: Generated<number>;
  uuid: string;
  name: string;
  created_date: string;
  deleted_at: string | null;
  webhook_notification_email: string | null;
  persist_trait_data: Bit;
  block_access_to_admin: Bit;
  restrict_project_create_to_admin: Bit;
  force_2fa: Bit;
  stop_serving_flags: Bit;
  feature_analytics: Bit;
}

export interface OrganisationMemberTable {
  id: Generated<number>;
  organisation_id: number;
  user_id: number;
  role: 'ADMIN' | 'USER';
  date_joined: string;
}

export interface MasterKeyTable {
  id: Generated<number>;
  organisation_id: number;
  /** First eight characters of the key: its public name. */
  prefix: string;
  /** SHA-256 of the whole key, hex. */
  key_hash: string;
  name: string;
  is_admin: Bit;
  created: string;
  created_by: number | null;
  expiry_date: string | null;
  revoked: Bit;
  /** To the hour; null for one that was never used. */
  last_used_at: Generated<string | null>;
}

export interface ProjectTable {
  id: Generated<number>;
  uuid: string;
  organisation_id: number;
  name: string;
  name_key: string | null;
  created_date: string;
  deleted_at: string | null;
  hide_disabled_flags: Bit;
  prevent_flag_defaults: Bit;
  enable_realtime_updates: Bit;
  only_allow_lower_case_feature_names: Bit;
  feature_name_regex: string | null;
  stale_flags_limit_days: number;
  minimum_change_request_approvals: number | null;
  enforce_feature_owners: Bit;
}

export interface EnvironmentTable {
  id: Generated<number>;
  uuid: string;
  project_id: number;
  name: string;
  name_key: string | null;
  api_key: string;
  description: string | null;
  created_date: string;
  /** Time of the newest version; strictly grows, so that it can stand for the version on the SDK wire. */
  updated_at: string;
  deleted_at: string | null;
  /** Grows by one with each change that touches the environment. */
  version: number;
  /** The newest version whose document is in `environment_documents`. */
  published_version: number;
  minimum_change_request_approvals: number | null;
  allow_client_traits: Bit;
  banner_text: string | null;
  banner_colour: string | null;
  hide_disabled_flags: Bit | null;
  hide_sensitive_data: Bit;
  use_identity_composite_key_for_hashing: Bit;
  use_v2_feature_versioning: Bit;
  use_identity_overrides_in_local_eval: Bit;
  is_creating: Bit;
  first_evaluated_at: string | null;
  first_evaluated_sdk_label: string | null;
}

export interface EnvironmentKeyTable {
  id: Generated<number>;
  environment_id: number;
  name: string;
  /** SHA-256 of the key, hex: what a request is compared with. */
  key_hash: string;
  /** The key under the installation's secret, so that environment admins can read it again. */
  key_encrypted: string;
  active: Bit;
  created_at: string;
  expires_at: string | null;
}

export interface FeatureTable {
  id: Generated<number>;
  uuid: string;
  project_id: number;
  name: string;
  name_key: string | null;
  type: 'STANDARD' | 'MULTIVARIATE';
  initial_value: string | null;
  default_enabled: Bit;
  description: string | null;
  is_archived: Bit;
  is_server_key_only: Bit;
  created_date: string;
  deleted_at: string | null;
}

export interface ValueColumns {
  value_type: 'unicode' | 'int' | 'bool';
  string_value: string | null;
  integer_value: number | null;
  boolean_value: Bit | null;
}

export interface MultivariateOptionTable extends ValueColumns {
  id: Generated<number>;
  uuid: string;
  feature_id: number;
  key: string | null;
  default_percentage_allocation: number;
}

export interface FeatureStateTable extends ValueColumns {
  id: Generated<number>;
  uuid: string;
  environment_id: number;
  feature_id: number;
  /** `environment`, `segment:<feature_segment_id>` or `identity:<identity_id>`: what makes a state unique. */
  scope: string;
  identity_id: number | null;
  feature_segment_id: number | null;
  enabled: Bit;
  /** Id of the first state of this feature, environment and scope: the seed that buckets people into variants. */
  lineage_id: number;
  live_from: string;
  created_at: string;
  updated_at: string;
}

export interface FeatureStateVariantTable {
  id: Generated<number>;
  uuid: string;
  feature_state_id: number;
  multivariate_option_id: number;
  percentage_allocation: number;
}

export interface FeatureSegmentTable {
  id: Generated<number>;
  uuid: string;
  feature_id: number;
  segment_id: number;
  environment_id: number;
  /** 0 is strongest; dense within feature and environment. */
  priority: number;
}

export interface SegmentTable {
  id: Generated<number>;
  uuid: string;
  project_id: number;
  feature_id: number | null;
  name: string;
  description: string | null;
  /** JSON of the rule tree. */
  rules: string;
  version: number;
  created_at: string;
  updated_at: string;
  deleted_at: string | null;
}

export interface SegmentRevisionTable {
  id: Generated<number>;
  segment_id: number;
  version: number;
  name: string;
  description: string | null;
  rules: string;
  created_at: string;
}

export interface IdentityTable {
  id: Generated<number>;
  environment_id: number;
  identifier: string;
  /** SHA-256 of the identifier, hex: identifiers are too long for an index. */
  identifier_hash: string;
  created_date: string;
}

export interface TraitTable {
  id: Generated<number>;
  identity_id: number;
  trait_key: string;
  value_type: 'unicode' | 'int' | 'bool' | 'float';
  string_value: string | null;
  integer_value: number | null;
  boolean_value: Bit | null;
  float_value: number | null;
  created_date: string;
}

export interface ChangeTable {
  id: Generated<number>;
  organisation_id: number;
  project_id: number | null;
  /** Null where the change touches every environment of the project. */
  environment_id: number | null;
  created_date: string;
  user_id: number | null;
  master_key_id: number | null;
  /** `related_object_type` on the wire: FEATURE, FEATURE_STATE, SEGMENT, ENVIRONMENT… */
  object_type: string;
  object_id: number | null;
  object_uuid: string | null;
  change_type: 'CREATE' | 'UPDATE' | 'DELETE';
  log: string;
  /** JSON of what was, as the API shows it; null on create. */
  before: string | null;
  /** JSON of what is; null on delete. */
  after: string | null;
  is_system_event: Bit;
  /** JSON list of `{before, after}`: feature states that a step on something larger made or removed. */
  feature_states: string | null;
  /** What it was made as a part of: a save of several things at once. */
  change_set_id: Generated<number | null>;
  /** The feature that it is about, where it is about one. */
  feature_id: Generated<number | null>;
}

/** What one save, bulk action or copy changed, as a whole: what undoes it starts from here. */
export interface ChangeSetTable {
  id: Generated<number>;
  project_id: number;
  kind: 'save' | 'bulk' | 'copy' | 'undo';
  note: string | null;
  created_date: string;
  user_id: number | null;
  master_key_id: number | null;
  /** JSON list of ChangeSetPart. */
  parts: string;
  /** The change set that undid it. */
  undone_by: number | null;
  /** The one that it undoes. */
  undoes: number | null;
}

/** Which change gave an environment its version n. */
export interface EnvironmentVersionTable {
  environment_id: number;
  version: number;
  change_id: number;
}

export interface EnvironmentDocumentTable {
  environment_id: number;
  version: number;
  /** JSON of a PublishedEnvironment. */
  body: string;
}

export interface EvaluationCountTable {
  id: Generated<number>;
  /** SHA-256 over the other columns: one row per bucket and labels. */
  bucket_key: string;
  environment_id: number;
  feature_name: string;
  /** Start of the hour. */
  bucket_start: string;
  sdk_user_agent: string | null;
  application_name: string | null;
  application_version: string | null;
  /** Known only for analytics v2. */
  enabled: Bit | null;
  count: number;
}

/** Requests that SDKs made. */
export interface RequestCountTable {
  id: Generated<number>;
  /** SHA-256 over the other columns: one row per day and labels. */
  bucket_key: string;
  environment_id: number;
  kind: 'flags' | 'identities' | 'traits' | 'environment_document';
  /** `2026-01-31`, UTC. */
  day: string;
  sdk_user_agent: string | null;
  application_name: string | null;
  application_version: string | null;
  count: number;
}

export interface SettingTable {
  name: string;
  value: string;
}

export interface TagTable {
  id: Generated<number>;
  uuid: string;
  project_id: number;
  label: string;
  color: string;
  description: string | null;
  is_permanent: Bit;
  is_system_tag: Bit;
  type: 'NONE' | 'STALE' | 'GITHUB' | 'UNHEALTHY' | 'GITLAB';
}

export interface FeatureTagTable {
  feature_id: number;
  tag_id: number;
}

export interface FeatureOwnerTable {
  feature_id: number;
  user_id: number;
}

export interface FeatureGroupOwnerTable {
  feature_id: number;
  group_id: number;
}

/** A custom field of an organisation, or of one project. */
export interface MetadataFieldTable {
  id: Generated<number>;
  organisation_id: number;
  project_id: number | null;
  /** `organisation` or `project:<id>`: within which the name is unique. */
  scope: string;
  name: string;
  type: 'int' | 'str' | 'bool' | 'url' | 'multiline_str';
  description: string | null;
}

/** Which kind of object a custom field is for; `content_type` as in metadata/content-types.ts. */
export interface MetadataModelFieldTable {
  id: Generated<number>;
  field_id: number;
  content_type: number;
}

/** In which organisation or project a custom field must be filled. */
export interface MetadataRequirementTable {
  model_field_id: number;
  content_type: number;
  object_id: number;
}

export interface MetadataValueTable {
  id: Generated<number>;
  model_field_id: number;
  content_type: number;
  object_id: number;
  field_value: string;
}

export interface UserGroupTable {
  id: Generated<number>;
  organisation_id: number;
  name: string;
  /** New members of the organisation join it by themselves. */
  is_default: Bit;
  external_id: string | null;
}

export interface UserGroupMemberTable {
  id: Generated<number>;
  group_id: number;
  user_id: number;
  /** May manage the group. */
  is_admin: Bit;
}

/** What one user or one group may do with one organisation, project or environment. */
export interface PermissionGrantTable {
  id: Generated<number>;
  /** `project:7/user:3`: there is one row for whom and what. */
  grant_key: string;
  organisation_id: number;
  /** Null for a grant in the organisation itself; set for one in an environment too. */
  project_id: number | null;
  environment_id: number | null;
  /** Either this or `group_id`. */
  user_id: number | null;
  group_id: number | null;
  admin: Bit;
  /** JSON list of keys. */
  permissions: string;
}

export interface InviteTable {
  id: Generated<number>;
  organisation_id: number;
  /** In lower case. */
  email: string;
  /** SHA-256 of what the mail's link carries, hex. */
  hash: string;
  role: 'ADMIN' | 'USER';
  invited_by: number | null;
  date_created: string;
}

export interface InviteGroupTable {
  invite_id: number;
  group_id: number;
}

export interface InviteLinkTable {
  id: Generated<number>;
  organisation_id: number;
  /** SHA-256 of what the link carries, hex. */
  hash: string;
  /** The same under the installation's secret, so that administrators can copy the link again. */
  hash_encrypted: string;
  role: 'ADMIN' | 'USER';
  date_created: string;
  expires_at: string | null;
}

/** Work for later, taken by one process at a time: jobs/worker.ts. */
export interface JobTable {
  id: Generated<number>;
  kind: string;
  /** JSON. */
  payload: string;
  /** Set while it waits and has never begun, and always where it recurs. */
  unique_key: string | null;
  state: 'waiting' | 'failed';
  /** When it may begin; while it runs, when its lease ends; once it failed for good, when that was. */
  run_at: string;
  attempts: number;
  /** Drawn anew by whoever takes it. */
  claim: string | null;
  last_error: string | null;
  created_at: string;
}

/** How far a reader of `changes` has come: changes/follower.ts. */
export interface ChangeCursorTable {
  reader: string;
  /** The highest id that it has seen. */
  position: number;
  /** JSON list of `[first, last, seenAt]`: ids below `position` that were not there yet. */
  gaps: string;
}

export interface WebhookTable {
  id: Generated<number>;
  organisation_id: number;
  /** Null for a webhook of the organisation. */
  environment_id: number | null;
  url: string;
  enabled: Bit;
  secret_encrypted: string | null;
  created_at: string;
  updated_at: string;
  /** When the organisation was last told by e-mail that deliveries fail. */
  failure_mailed_at: string | null;
}

export interface IntegrationTable {
  id: Generated<number>;
  /** A name of contract/integrations.ts, or `slack-workspace` for what connects a project with Slack. */
  vendor: string;
  /** `environment:12`, `project:3` or `organisation:1`. */
  place: string;
  organisation_id: number;
  /** Of a project, and of an environment's project. */
  project_id: number | null;
  environment_id: number | null;
  enabled: Bit;
  /** JSON. */
  config_encrypted: string;
  created_at: string;
  updated_at: string;
  /** Setting it up again brings the row back. */
  deleted_at: string | null;
}

export interface IntegrationDeliveryTable {
  id: Generated<number>;
  integration_id: number;
  /** Within the integration, what makes two deliveries the same. */
  event_key: string;
  /** JSON, without secrets: the request is made from it when it is sent. */
  event: string;
  state: 'pending' | 'delivered' | 'failed';
  attempts: number;
  next_attempt_at: string;
  /** Of the newest attempt; null where nobody answered. */
  response_status: number | null;
  error: string | null;
  created_at: string;
  finished_at: string | null;
  /** When it is forgotten. */
  expires_at: string;
}

export interface WebhookDeliveryTable {
  id: Generated<number>;
  webhook_id: number;
  change_id: number;
  /** Which of the events of its change this is. */
  ordinal: number;
  event_type: 'FLAG_UPDATED' | 'FLAG_DELETED' | 'NEW_VERSION_PUBLISHED' | 'AUDIT_LOG_CREATED';
  /** What is sent, byte for byte. */
  body: string;
  state: 'pending' | 'delivered' | 'failed';
  attempts: number;
  next_attempt_at: string;
  /** Of the newest attempt; null where nobody answered. */
  response_status: number | null;
  error: string | null;
  created_at: string;
  finished_at: string | null;
}

/** What a feature serves in an environment as one piece: a draft, scheduled, live, or replaced. */
export interface FeatureVersionTable {
  id: Generated<number>;
  uuid: string;
  environment_id: number;
  feature_id: number;
  description: string | null;
  /** Nothing in a published version changes any more. */
  published: Bit;
  /** When it goes live; null while nobody said. */
  live_from: string | null;
  /** When it was written to the live rows. */
  applied_at: string | null;
  /** When another version was, after it. */
  replaced_at: string | null;
  created_at: string;
  updated_at: string;
  created_by: number | null;
  created_by_master_key: number | null;
  published_by: number | null;
  published_by_master_key: number | null;
}

export interface VersionStateTable extends ValueColumns {
  id: Generated<number>;
  uuid: string;
  version_id: number;
  /** Null for the environment's own state. */
  segment_id: number | null;
  /** Order among the overrides of the version, the strongest lowest; null for the environment's own state. */
  priority: number | null;
  enabled: Bit;
  created_at: string;
  updated_at: string;
}

export interface VersionStateVariantTable {
  id: Generated<number>;
  version_state_id: number;
  multivariate_option_id: number;
  percentage_allocation: number;
}

export interface FeatureExportTable {
  id: Generated<number>;
  environment_id: number;
  name: string;
  status: 'PROCESSING' | 'SUCCESS' | 'FAILED';
  created_at: string;
  /** The file, as JSON. */
  file: string;
}

export interface FeatureImportTable {
  id: Generated<number>;
  environment_id: number;
  strategy: 'SKIP' | 'OVERWRITE_DESTRUCTIVE';
  status: 'PROCESSING' | 'SUCCESS' | 'FAILED';
  created_at: string;
}

export interface HealthProviderTable {
  id: Generated<number>;
  uuid: string;
  project_id: number;
  name: 'Webhook' | 'Grafana';
  created_by: number | null;
}

export interface HealthEventTable {
  id: Generated<number>;
  /** Hash of provider, feature, environment and the provider's own id of what it tells of: one row for each. */
  event_key: string;
  project_id: number;
  feature_id: number;
  environment_id: number | null;
  provider_name: string;
  type: 'UNHEALTHY' | 'HEALTHY';
  /** JSON. */
  reason: string | null;
  created_at: string;
}

/** A repository whose code a CI looks through for features, at its newest scan. */
export interface CodeRepositoryTable {
  id: Generated<number>;
  project_id: number;
  /** Hash of its address. */
  url_key: string;
  url: string;
  vcs_provider: 'github' | 'gitlab';
  revision: string;
  scanned_at: string;
}

/** How often the newest scan found a name; zero where only earlier ones did. */
export interface CodeReferenceCountTable {
  id: Generated<number>;
  repository_id: number;
  /** As in `features`: a feature that is made after the scan finds what was found of it. */
  name_key: string;
  count: number;
  last_found_at: string;
}

/** A line that the newest scan of a repository found a name in. */
export interface CodeReferenceTable {
  id: Generated<number>;
  repository_id: number;
  name_key: string;
  file_path: string;
  line_number: number;
}

/** An issue, or a pull or merge request, that is linked to a feature. */
export interface ExternalResourceTable {
  id: Generated<number>;
  /** Of the feature. */
  project_id: number;
  feature_id: number;
  type: 'GITHUB_ISSUE' | 'GITHUB_PR' | 'GITLAB_ISSUE' | 'GITLAB_MR';
  url: string;
  /** Hash of the address in lower case. */
  url_key: string;
  /** JSON. */
  metadata: string | null;
  /** Open, merged…, as it was last told; null before that. */
  state: string | null;
  created_at: string;
}

export interface GithubIntegrationTable {
  id: Generated<number>;
  organisation_id: number;
  installation_id: string;
  created_at: string;
}

export interface GithubRepositoryTable {
  id: Generated<number>;
  github_id: number;
  project_id: number;
  repository_owner: string;
  repository_name: string;
  tagging_enabled: Bit;
}

export interface GitlabIntegrationTable {
  id: Generated<number>;
  project_id: number;
  instance_url: string;
  access_token_encrypted: string;
  labeling_enabled: Bit;
  /** Where it calls us, and what it shows then. */
  webhook_uuid: string;
  webhook_secret_encrypted: string;
  created_at: string;
}

/** A project at GitLab that was asked to call us. */
export interface GitlabHookTable {
  id: Generated<number>;
  gitlab_id: number;
  /** Hash of the path of the project. */
  path_key: string;
  path: string;
  hook_id: string;
}

export interface LaunchDarklyImportTable {
  id: Generated<number>;
  project_id: number;
  /** The project while the import is not done, null afterwards: a project has one at a time. */
  open_project_id: number | null;
  /** Of the project at LaunchDarkly. */
  project_key: string;
  /** Of the API; null as soon as the import is done. */
  token_encrypted: string | null;
  created_by: number | null;
  created_by_master_key: number | null;
  created_at: string;
  updated_at: string;
  completed_at: string | null;
  result: 'success' | 'incomplete' | 'failure' | null;
  requested_environment_count: number | null;
  requested_flag_count: number | null;
  /** Flags that LaunchDarkly calls deprecated. */
  deprecated_flag_count: number;
  /** JSON list of sentences. */
  error_messages: string;
}
