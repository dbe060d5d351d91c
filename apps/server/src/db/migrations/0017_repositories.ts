import type { Database } from '../tables.ts';
import { createTables, indexes } from './columns.ts';

/** Where code names features; issues and changes that are linked to them; GitHub and GitLab. */
export async function up(db: Database): Promise<void> {
  await createTables(db, ({ id, uuid, text, varchar, hash, integer, bit, time, reference, optional }) => ({
    code_repositories: {
      id,
      project_id: reference('projects'),
      url_key: hash,
      url: text,
      vcs_provider: varchar(20),
      revision: varchar(100),
      scanned_at: time,
    },
    code_reference_counts: {
      id,
      repository_id: reference('code_repositories'),
      name_key: hash,
      count: integer,
      last_found_at: time,
    },
    code_references: {
      id,
      repository_id: reference('code_repositories'),
      name_key: hash,
      file_path: text,
      line_number: integer,
    },
    external_resources: {
      id,
      project_id: reference('projects'),
      feature_id: reference('features'),
      type: varchar(20),
      url: text,
      url_key: hash,
      metadata: optional(text),
      state: optional(varchar(20)),
      created_at: time,
    },
    github_integrations: {
      id,
      organisation_id: reference('organisations'),
      installation_id: varchar(20),
      created_at: time,
    },
    github_repositories: {
      id,
      github_id: reference('github_integrations'),
      project_id: reference('projects'),
      repository_owner: varchar(100),
      repository_name: varchar(100),
      tagging_enabled: bit,
    },
    gitlab_integrations: {
      id,
      project_id: reference('projects'),
      instance_url: text,
      access_token_encrypted: text,
      labeling_enabled: bit,
      webhook_uuid: uuid,
      webhook_secret_encrypted: text,
      created_at: time,
    },
    gitlab_hooks: {
      id,
      gitlab_id: reference('gitlab_integrations'),
      path_key: hash,
      path: text,
      hook_id: varchar(20),
    },
  }));

  await indexes(db, {
    unique: [
      ['code_repositories', 'project_id', 'url_key'],
      ['code_reference_counts', 'repository_id', 'name_key'],
      ['external_resources', 'feature_id', 'url_key'],
      ['github_integrations', 'organisation_id'],
      ['github_integrations', 'installation_id'],
      ['github_repositories', 'project_id', 'repository_owner', 'repository_name'],
      ['gitlab_integrations', 'project_id'],
      ['gitlab_integrations', 'webhook_uuid'],
      ['gitlab_hooks', 'gitlab_id', 'path_key'],
    ],
    plain: [
      ['code_references', 'repository_id', 'name_key'],
      ['external_resources', 'project_id'],
      ['external_resources', 'url_key'],
      ['github_repositories', 'github_id'],
    ],
  });
}
