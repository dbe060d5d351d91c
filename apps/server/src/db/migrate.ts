import { Migrator } from 'kysely/migration';
import * as foundation from './migrations/0001_foundation.ts';
import * as permissions from './migrations/0002_permissions.ts';
import * as tagsOwnersMetadata from './migrations/0004_tags_owners_metadata.ts';
import * as account from './migrations/0003_account.ts';
import * as usage from './migrations/0006_usage.ts';
import * as featureVersions from './migrations/0007_feature_versions.ts';
import * as jobsWebhooks from './migrations/0005_jobs_webhooks.ts';
import * as importExport from './migrations/0008_import_export.ts';
import * as integrations from './migrations/0009_integrations.ts';
import * as signIn from './migrations/0011_sign_in.ts';
import * as featureHealth from './migrations/0012_feature_health.ts';
import * as changeSets from './migrations/0014_change_sets.ts';
import * as oauthProvider from './migrations/0016_oauth_provider.ts';
import * as repositories from './migrations/0017_repositories.ts';
import * as launchDarklyImports from './migrations/0018_launch_darkly_imports.ts';
import * as keyUse from './migrations/0020_key_use.ts';
import * as featureHistory from './migrations/0022_feature_history.ts';
import type { Database } from './tables.ts';

/** Every migration, by name, in the order of the names. One that has landed is never edited. */
const migrations = {
  '0001_foundation': foundation,
  '0002_permissions': permissions,
  '0003_account': account,
  '0004_tags_owners_metadata': tagsOwnersMetadata,
  '0005_jobs_webhooks': jobsWebhooks,
  '0006_usage': usage,
  '0007_feature_versions': featureVersions,
  '0008_import_export': importExport,
  '0009_integrations': integrations,
  '0011_sign_in': signIn,
  '0012_feature_health': featureHealth,
  '0014_change_sets': changeSets,
  '0016_oauth_provider': oauthProvider,
  '0017_repositories': repositories,
  '0018_launch_darkly_imports': launchDarklyImports,
  '0020_key_use': keyUse,
  '0022_feature_history': featureHistory,
};

/** Brings the database to this release's schema. Safe to call from many processes at once: one works, the others wait. */
export async function migrate(db: Database): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error, results } = await migrator.migrateToLatest();
  if (error !== undefined) {
    const failed = results?.find((result) => result.status === 'Error');
    throw new Error(
      `Migration ${failed?.migrationName ?? ''} failed: ${error instanceof Error ? error.message : error}`,
      {
        cause: error,
      },
    );
  }
}

/** Names of the migrations that this release has and the database has not. */
export async function pendingMigrations(db: Database): Promise<string[]> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const known = await migrator.getMigrations();
  return known.filter((migration) => migration.executedAt === undefined).map((migration) => migration.name);
}
