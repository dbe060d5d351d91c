import { insertRows, upsertRows } from '../db/statements.ts';
import type { Database } from '../db/tables.ts';
import { contentTypes } from '../metadata/content-types.ts';
import { exactNameKey, nameKey } from '../names.ts';
import { sha256, type Vault } from '../secrets.ts';
import { seedEnvironment, seedTenant, type Tenant } from './seed.ts';

/** How many rows of each kind an installation holds. */
export interface InstallationSize {
  features: number;
  environments: number;
  segments: number;
  /** In Production, each with three traits. */
  identities: number;
  changes: number;
  /** Members, groups, grants, tags, webhooks, master keys, versions … of each. */
  others: number;
}

/** An installation whose lists are long, and where to find them. */
export interface Installation {
  tenant: Tenant;
  vault: Vault;
  environments: { id: number; apiKey: string }[];
  filled: InstallationSize;
}

/** The largest ids that a database gives by itself are far below: what is seeded never meets what is made later. */
const firstId = 1_000_000;
const idOf = (index: number): number => firstId + index;

const nothing: InstallationSize = { features: 0, environments: 0, segments: 0, identities: 0, changes: 0, others: 0 };

/** An empty database with one organisation and one project. */
export async function newInstallation(db: Database, vault: Vault): Promise<Installation> {
  const tenant = await seedTenant(db);
  return { tenant, vault, environments: [tenant.production, tenant.development], filled: nothing };
}

/** Adds rows until the installation is of that size: straight in the tables, in one transaction. */
export async function growTo(db: Database, installation: Installation, size: InstallationSize): Promise<void> {
  await db.transaction().execute(async (db) => {
    const { tenant, environments } = installation;
    while (environments.length < size.environments) {
      const { projectId } = tenant;
      environments.push(await seedEnvironment(db, { projectId, name: `Environment ${environments.length}` }));
    }
    await addOthers(db, installation, size);
    await addFeatures(db, installation, size);
    await addStates(db, installation, size);
    await addSegments(db, installation, size);
    await addIdentities(db, installation, size);
    await addChanges(db, installation, size);
    await db
      .updateTable('environments')
      .set((eb) => ({ version: eb('version', '+', 1) }))
      .execute();
    // Nobody is told of what is seeded.
    await upsertRows(db, 'change_cursors', [{ reader: 'webhooks', position: idOf(size.changes), gaps: '[]' }], {
      key: ['reader'],
      update: ['position'],
    });
    installation.filled = size;
  });
}

/** Every list that a screen or a script asks for, as name and path. */
export function listsOf({ tenant, environments, filled: size }: Installation): [string, string][] {
  const organisation = `organisations/${tenant.organisationId}`;
  const project = `projects/${tenant.projectId}`;
  const environment = `environments/${tenant.production.apiKey}`;
  const production = tenant.production.id;
  const feature = idOf(0);
  const identity = idOf(0);
  const middle = Math.floor(size.identities / 2);
  const days = `from=2026-01-01&to=2026-01-03`;
  return [
    ['who asks, and what they may do', 'session/'],
    ['organisations', 'organisations/'],
    ['projects', 'projects/'],
    ['projects of the organisation', `${organisation}/projects/`],
    ['environments', `environments/?project=${tenant.projectId}`],
    ['environments of the project', `${project}/environments/`],
    ['members', `${organisation}/users/`],
    ['groups', `${organisation}/groups/`],
    ['groups: names', `${organisation}/groups/summaries/`],
    ['groups: mine', `${organisation}/groups/my-groups/`],
    ['invites', `${organisation}/invites/`],
    ['invite links', `${organisation}/invite-links/`],
    ['master keys', `${organisation}/master-api-keys/`],
    ['permissions of members, organisation', `${organisation}/user-permissions/`],
    ['permissions of members, project', `${project}/user-permissions/`],
    ['permissions of members, environment', `${environment}/user-permissions/`],
    ['permissions of groups, project', `${project}/user-group-permissions/`],
    ['permissions of one member', `${project}/user-detailed-permissions/${idOf(0)}/`],
    ['permissions of one throughout a project', `${project}/all-user-permissions/${idOf(0)}/`],
    ['my permissions, environment', `${environment}/my-permissions/`],
    ['features', `${project}/features/`],
    ['features: as one environment sees them', `${project}/features/?environment=${production}`],
    ['features: search', `${project}/features/?search=feature_${size.features - 1}`],
    ['features: by tag', `${project}/features/?tags=${idOf(1)}&environment=${production}`],
    ['features: by value', `${project}/features/?value_search=value&environment=${production}`],
    ['features: for an identity', `${project}/features/?environment=${production}&identity=${identity}`],
    ['features: by lifecycle stage', `${project}/features/?environment=${production}&lifecycle_stage=live`],
    ['feature table', `${project}/feature-table/`],
    ['feature page', `${project}/features/${feature}/page/`],
    ['lifecycle counts', `environments/${production}/feature-lifecycle-counts/`],
    ['variants of a feature', `${project}/features/${idOf(9)}/mv-options/`],
    ['feature states of an environment', `${environment}/featurestates/`],
    ['feature states, identities included', `${environment}/featurestates/?anyIdentity=1`],
    ['feature states of one feature', `${environment}/featurestates/?feature=${feature}`],
    ['feature states, typed', `features/featurestates/?environment=${production}`],
    ['feature states, typed, of one feature', `features/featurestates/?environment=${production}&feature=${feature}`],
    ['feature segments', `features/feature-segments/?environment=${production}&feature=${feature}`],
    ['versions of a feature', `environments/${production}/features/${feature}/versions/`],
    [
      'states of a version',
      `environments/${production}/features/${feature}/versions/${uuidOf('version 0')}/featurestates/`,
    ],
    ['segments', `${project}/segments/`],
    ['segments: search', `${project}/segments/?q=Segment ${size.segments - 1}`],
    ['segments: of an identity', `${project}/segments/?identity=${identity}`],
    ['features of a segment', `${project}/segments/${idOf(0)}/associated-features/`],
    ['identities: first page', `${environment}/identities/?page_size=50`],
    ['identities: 999', `${environment}/identities/`],
    ['identities: a page in the middle', `${environment}/identities/?page_size=50&page=${Math.floor(middle / 50)}`],
    ['identities: search, few found', `${environment}/identities/?page_size=50&q=user-${middle}`],
    ['identities: search, none found', `${environment}/identities/?page_size=50&q=nobody`],
    ['identities: search, all found', `${environment}/identities/?page_size=50&q=shop`],
    ['identities: exact search', `${environment}/identities/?q="${identifierOf(middle)}"`],
    ['traits of an identity', `${environment}/identities/${identity}/traits/`],
    ['overrides of an identity', `${environment}/identities/${identity}/featurestates/`],
    ['all features of an identity', `${environment}/identities/${identity}/featurestates/all/`],
    ['trait keys', `${environment}/trait-keys/`],
    ['audit, of all organisations', 'audit/?page_size=50'],
    ['audit, organisation', `${organisation}/audit/?page_size=50`],
    ['audit, organisation: last page', `${organisation}/audit/?page_size=50&page=${Math.floor(size.changes / 50)}`],
    ['audit, project', `${project}/audit/?page_size=50`],
    ['audit, project: 999', `${project}/audit/`],
    ['audit: search, few found', `${project}/audit/?page_size=50&search=feature_7x`],
    ['audit: search, many found', `${project}/audit/?page_size=50&search=feature`],
    ['audit: by environment', `${project}/audit/?page_size=50&environments=${environments[1]?.id}`],
    ['audit: by person', `${project}/audit/?page_size=50&actor=${idOf(1)}`],
    ['audit: by days', `${project}/audit/?page_size=50&${days}`],
    [
      'audit: of one feature',
      `${project}/audit/?page_size=50&related_object_type=FEATURE&related_object_id=${idOf(3)}`,
    ],
    ['audit: by the platform', `${project}/audit/?page_size=50&is_system_event=true`],
    ['tags', `${project}/tags/`],
    ['custom fields, organisation', `metadata/fields/?organisation=${tenant.organisationId}`],
    ['custom fields, project', `${project}/metadata/fields/?include_organisation=true`],
    ['custom fields, by kind', `${organisation}/metadata-model-fields/`],
    ['server keys', `${environment}/api-keys/`],
    ['webhooks, organisation', `${organisation}/webhooks/`],
    ['webhooks, environment', `${environment}/webhooks/`],
    ['deliveries, organisation', `${organisation}/webhooks/${idOf(0)}/deliveries/?page_size=50`],
    ['deliveries, environment', `${environment}/webhooks/${idOf(1_000_000)}/deliveries/?page_size=50`],
    ['integrations: one kind', `${project}/integrations/datadog/`],
    ['health events', `${project}/feature-health/events/`],
    ['health providers', `${project}/feature-health/providers/`],
    ['feature exports', `${project}/feature-exports/`],
    ['feature imports', `${project}/feature-imports/`],
    ['usage, organisation', `${organisation}/usage-data/`],
    ['usage, total', `${organisation}/usage-data/total-count/`],
    ['usage of a feature', `${project}/features/${feature}/evaluation-data/?environment_id=${production}&period=28`],
    ['metrics of an environment', `${environment}/metrics/`],
    ['comparing two environments', `${project}/compare/?from=${environments[0]?.id}&to=${environments[1]?.id}`],
  ];
}

/** Indexes of what there is not yet. */
function added({ filled }: Installation, size: InstallationSize, kind: keyof InstallationSize): number[] {
  return range(size[kind]).slice(filled[kind]);
}

async function addOthers(db: Database, installation: Installation, size: InstallationSize): Promise<void> {
  const { organisationId, projectId, production } = installation.tenant;
  const list = added(installation, size, 'others');
  const place = { organisation_id: organisationId };
  const add = <Table extends Parameters<typeof insertRows>[1]>(
    table: Table,
    row: (index: number) => Parameters<typeof insertRows<Table>>[2][number],
  ) => insertRows(db, table, list.map(row));

  await add('users', (i) => ({
    id: idOf(i),
    uuid: crypto.randomUUID(),
    email: `member-${i}@shop.example`,
    first_name: 'Member',
    last_name: String(i),
    password_hash: 'no password fits this',
    is_active: 1,
    is_superuser: 0,
    sign_up_type: null,
    date_joined: timeOf(i),
    last_login: timeOf(i),
    onboarding: null,
    deleted_at: null,
  }));
  await add('organisation_members', (i) => ({
    ...place,
    user_id: idOf(i),
    role: 'USER' as const,
    date_joined: timeOf(i),
  }));
  await add('user_groups', (i) => ({ id: idOf(i), ...place, name: `Group ${i}`, is_default: 0, external_id: null }));
  await add('user_group_members', (i) => ({ group_id: idOf(i), user_id: idOf(i), is_admin: 0 }));
  await add('user_group_members', (i) => ({ group_id: idOf(i), user_id: installation.tenant.adminId, is_admin: 0 }));
  for (const [key, where] of [
    [`organisation:${organisationId}`, { project_id: null, environment_id: null }],
    [`project:${projectId}`, { project_id: projectId, environment_id: null }],
    [`environment:${production.id}`, { project_id: projectId, environment_id: production.id }],
  ] as const) {
    const grant = { ...place, ...where, admin: 0, permissions: '[]' };
    await add('permission_grants', (i) => ({
      ...grant,
      grant_key: `${key}/user:${idOf(i)}`,
      user_id: idOf(i),
      group_id: null,
    }));
    await add('permission_grants', (i) => ({
      ...grant,
      grant_key: `${key}/group:${idOf(i)}`,
      user_id: null,
      group_id: idOf(i),
    }));
  }
  await add('tags', (i) => ({
    id: idOf(i),
    uuid: crypto.randomUUID(),
    project_id: projectId,
    label: `tag-${i}`,
    color: '#0b7285',
    description: null,
    is_permanent: 0,
    is_system_tag: 0,
    type: 'NONE' as const,
  }));
  await add('projects', (i) => ({
    id: idOf(i),
    uuid: crypto.randomUUID(),
    ...place,
    name: `Project ${i}`,
    name_key: exactNameKey(`Project ${i}`),
    created_date: timeOf(i),
    deleted_at: null,
    hide_disabled_flags: 0,
    prevent_flag_defaults: 0,
    enable_realtime_updates: 1,
    only_allow_lower_case_feature_names: 1,
    feature_name_regex: null,
    stale_flags_limit_days: 30,
    minimum_change_request_approvals: null,
    enforce_feature_owners: 0,
  }));
  await add('master_keys', (i) => ({
    ...place,
    prefix: `bench${String(i).padStart(3, '0')}`,
    key_hash: sha256(`key ${i}`),
    name: `Key ${i}`,
    is_admin: 0,
    created: timeOf(i),
    created_by: null,
    expiry_date: null,
    revoked: 0,
  }));
  await add('environment_keys', (i) => ({
    environment_id: production.id,
    name: `Key ${i}`,
    key_hash: sha256(`server key ${i}`),
    key_encrypted: installation.vault.encrypt(`server key ${i}`),
    active: 0,
    created_at: timeOf(i),
    expires_at: null,
  }));
  await add('invites', (i) => ({
    ...place,
    email: `invited-${i}@shop.example`,
    hash: sha256(`invite ${i}`),
    role: 'USER' as const,
    invited_by: null,
    date_created: timeOf(i),
  }));
  for (const environmentId of [null, production.id]) {
    await add('webhooks', (i) => ({
      id: idOf(environmentId === null ? i : 1_000_000 + i),
      ...place,
      environment_id: environmentId,
      url: `https://hooks.shop.example/${i}`,
      enabled: 1,
      secret_encrypted: null,
      created_at: timeOf(i),
      updated_at: timeOf(i),
      failure_mailed_at: null,
    }));
  }
  await add('metadata_fields', (i) => ({
    id: idOf(i),
    ...place,
    project_id: null,
    scope: 'organisation',
    name: `Field ${i}`,
    type: 'str' as const,
    description: null,
  }));
  await add('metadata_model_fields', (i) => ({ id: idOf(i), field_id: idOf(i), content_type: contentTypeOfFeatures }));
}

async function addFeatures(db: Database, installation: Installation, size: InstallationSize): Promise<void> {
  const { projectId, adminId, production } = installation.tenant;
  const list = added(installation, size, 'features');
  await insertRows(
    db,
    'features',
    list.map((i) => ({
      id: idOf(i),
      uuid: crypto.randomUUID(),
      project_id: projectId,
      name: `feature_${i}`,
      name_key: nameKey(`feature_${i}`),
      type: isMultivariate(i) ? ('MULTIVARIATE' as const) : ('STANDARD' as const),
      initial_value: `value ${i}`,
      default_enabled: 0,
      description: `What feature ${i} is for, in a sentence.`,
      is_archived: 0,
      is_server_key_only: 0,
      created_date: timeOf(i),
      deleted_at: null,
    })),
  );
  await insertRows(
    db,
    'multivariate_options',
    list.filter(isMultivariate).flatMap((i) =>
      range(optionsOf).map((option) => ({
        id: idOf(i * optionsOf + option),
        uuid: crypto.randomUUID(),
        feature_id: idOf(i),
        key: `option-${option}`,
        ...textValue(`option ${option}`),
        default_percentage_allocation: 25,
      })),
    ),
  );
  await insertRows(
    db,
    'feature_tags',
    list.flatMap((i) => range(2).map((n) => ({ feature_id: idOf(i), tag_id: idOf((i + n) % size.others) }))),
  );
  await insertRows(
    db,
    'feature_owners',
    list.map((i) => ({ feature_id: idOf(i), user_id: i % 2 === 0 ? adminId : idOf(i % size.others) })),
  );
  await insertRows(
    db,
    'metadata_values',
    list.map((i) => ({
      model_field_id: idOf(0),
      content_type: contentTypeOfFeatures,
      object_id: idOf(i),
      field_value: `Note ${i}`,
    })),
  );
  const at = new Date();
  at.setUTCMinutes(0, 0, 0);
  await insertRows(
    db,
    'evaluation_counts',
    list.flatMap((i) =>
      // Four weeks of the busiest feature, the last hours of the others.
      range(i === 0 ? 24 * 28 : 4).map((hour) => ({
        bucket_key: sha256(`evaluations ${i} ${hour}`),
        environment_id: production.id,
        feature_name: `feature_${i}`,
        bucket_start: stored(new Date(at.getTime() - hour * 3_600_000)),
        sdk_user_agent: null,
        application_name: null,
        application_version: null,
        enabled: null,
        count: 100 + hour,
      })),
    ),
  );
  await insertRows(
    db,
    'request_counts',
    added(installation, size, 'others').map((i) => ({
      bucket_key: sha256(`requests ${i}`),
      environment_id: production.id,
      kind: (['flags', 'identities', 'traits', 'environment_document'] as const)[i % 4] as 'flags',
      day: new Date(at.getTime() - (i >> 2) * 86_400_000).toISOString().slice(0, 10),
      sdk_user_agent: null,
      application_name: null,
      application_version: null,
      count: 1000 + i,
    })),
  );
  await insertRows(
    db,
    'feature_versions',
    added(installation, size, 'others').map((i) => ({
      id: idOf(i),
      uuid: uuidOf(`version ${i}`),
      environment_id: production.id,
      feature_id: idOf(0),
      description: null,
      published: 1,
      live_from: timeOf(i),
      applied_at: timeOf(i),
      replaced_at: timeOf(i + 1),
      created_at: timeOf(i),
      updated_at: timeOf(i),
      created_by: adminId,
      created_by_master_key: null,
      published_by: adminId,
      published_by_master_key: null,
    })),
  );
}

/** The environments' own states: of new features everywhere, and of all features in new environments. */
async function addStates(db: Database, { environments, filled }: Installation, size: InstallationSize): Promise<void> {
  const list = environments.flatMap((environment, e) => {
    const features = range(size.features).slice(e < filled.environments ? filled.features : 0);
    return features.map((i) => ({ i, environment, id: idOf(e * 100_000 + i) }));
  });
  await insertRows(
    db,
    'feature_states',
    list.map(({ i, environment, id }) => ({
      id,
      ...stateOf(environment.id, i),
      scope: 'environment',
      identity_id: null,
      feature_segment_id: null,
      lineage_id: id,
    })),
  );
  await insertRows(
    db,
    'feature_state_variants',
    list
      .filter(({ i }) => isMultivariate(i))
      .flatMap(({ i, id }) =>
        range(optionsOf).map((option) => ({
          uuid: crypto.randomUUID(),
          feature_state_id: id,
          multivariate_option_id: idOf(i * optionsOf + option),
          percentage_allocation: 25,
        })),
      ),
  );
}

/** Every second segment overrides two features; the first feature, though, is overridden for each tenth of them. */
async function addSegments(db: Database, installation: Installation, size: InstallationSize): Promise<void> {
  const { projectId, production } = installation.tenant;
  const list = added(installation, size, 'segments');
  await insertRows(
    db,
    'segments',
    list.map((i) => ({
      id: idOf(i),
      uuid: crypto.randomUUID(),
      project_id: projectId,
      feature_id: null,
      name: `Segment ${i}`,
      description: null,
      rules: JSON.stringify([
        {
          id: 1,
          type: 'ALL',
          conditions: [],
          rules: [
            {
              id: 2,
              type: 'ANY',
              rules: [],
              conditions: [
                { id: 3, operator: 'EQUAL', property: 'plan', value: `plan-${i % 7}`, description: null },
                { id: 4, operator: 'GREATER_THAN', property: 'logins', value: String(i), description: null },
              ],
            },
          ],
        },
      ]),
      version: 1,
      created_at: timeOf(i),
      updated_at: timeOf(i),
      deleted_at: null,
    })),
  );
  const overrides = list.flatMap((i) => [
    ...(i % 2 === 0 ? range(2).map((n) => ({ segment: i, n, feature: 1 + ((i + n) % (size.features - 1)) })) : []),
    ...(i % 10 === 0 ? [{ segment: i, n: 2, feature: 0 }] : []),
  ]);
  const linkOf = (override: (typeof overrides)[0]) => idOf(override.segment * 3 + override.n);
  await insertRows(
    db,
    'feature_segments',
    overrides.map((override) => ({
      id: linkOf(override),
      uuid: crypto.randomUUID(),
      feature_id: idOf(override.feature),
      segment_id: idOf(override.segment),
      environment_id: production.id,
      priority: override.segment,
    })),
  );
  await insertRows(
    db,
    'feature_states',
    overrides.map((override) => ({
      id: 2_000_000 + linkOf(override),
      ...stateOf(production.id, override.feature),
      scope: `segment:${linkOf(override)}`,
      identity_id: null,
      feature_segment_id: linkOf(override),
      lineage_id: 2_000_000 + linkOf(override),
    })),
  );
}

/** Every hundredth overrides three features. */
async function addIdentities(db: Database, installation: Installation, size: InstallationSize): Promise<void> {
  const { production } = installation.tenant;
  const list = added(installation, size, 'identities');
  await insertRows(
    db,
    'identities',
    list.map((i) => ({
      id: idOf(i),
      environment_id: production.id,
      identifier: identifierOf(i),
      identifier_hash: sha256(identifierOf(i)),
      created_date: timeOf(i),
    })),
  );
  await insertRows(
    db,
    'traits',
    list.flatMap((i) => {
      const row = { identity_id: idOf(i), created_date: timeOf(i), boolean_value: null, float_value: null };
      return [
        {
          ...row,
          trait_key: 'plan',
          value_type: 'unicode' as const,
          string_value: `plan-${i % 7}`,
          integer_value: null,
        },
        { ...row, trait_key: 'logins', value_type: 'int' as const, string_value: null, integer_value: i % 1000 },
        {
          ...row,
          trait_key: `trait-${i % 40}`,
          value_type: 'unicode' as const,
          string_value: 'yes',
          integer_value: null,
        },
      ];
    }),
  );
  const overrides = list
    .filter((i) => i % 100 === 0)
    .flatMap((identity) =>
      range(3).map((n) => ({ identity, n, feature: n === 0 ? 0 : (identity / 100 + n) % size.features })),
    )
    .filter(({ n, feature }) => n === 0 || feature !== 0);
  await insertRows(
    db,
    'feature_states',
    overrides.map(({ identity, n, feature }) => ({
      id: 4_000_000 + identity * 3 + n,
      ...stateOf(production.id, feature),
      scope: `identity:${idOf(identity)}`,
      identity_id: idOf(identity),
      feature_segment_id: null,
      lineage_id: 4_000_000 + identity * 3 + n,
    })),
  );
}

/** What is said of features, segments and environments, a fifth of it as parts of larger saves; and what webhooks were told. */
async function addChanges(db: Database, installation: Installation, size: InstallationSize): Promise<void> {
  const { tenant, environments } = installation;
  const list = added(installation, size, 'changes');
  const userOf = (i: number) => (i % 3 === 0 ? tenant.adminId : idOf(i % size.others));
  await insertRows(
    db,
    'change_sets',
    list
      .filter((i) => i % 10 === 0)
      .map((i) => ({
        id: idOf(i),
        project_id: tenant.projectId,
        kind: 'save' as const,
        note: `Why change ${i} was made`,
        created_date: timeOf(i),
        user_id: userOf(i),
        master_key_id: null,
        parts: '[]',
        undone_by: null,
        undoes: null,
      })),
  );
  await insertRows(
    db,
    'changes',
    list.map((i) => {
      const feature = i % size.features;
      const [type, id, log] =
        i % 5 === 4
          ? ['SEGMENT', idOf(i % size.segments), `Segment updated: Segment ${i % size.segments}`]
          : i % 5 === 3
            ? ['FEATURE', idOf(feature), `Flag / Remote Config updated: feature_${feature}`]
            : ['FEATURE_STATE', idOf(feature), `Flag state updated for feature: feature_${feature}`];
      return {
        id: idOf(i),
        organisation_id: tenant.organisationId,
        project_id: tenant.projectId,
        environment_id: type === 'FEATURE_STATE' ? (environments[i % environments.length]?.id as number) : null,
        created_date: timeOf(i),
        user_id: userOf(i),
        master_key_id: null,
        object_type: type as string,
        object_id: id as number,
        object_uuid: null,
        change_type: 'UPDATE' as const,
        log: log as string,
        before: JSON.stringify({ id, enabled: false, feature, feature_state_value: `value ${i - 1}` }),
        after: JSON.stringify({ id, enabled: true, feature, feature_state_value: `value ${i}` }),
        is_system_event: Number(i % 50 === 0),
        feature_states: null,
        change_set_id: i % 5 === 0 ? idOf(i - (i % 10)) : null,
      };
    }),
  );
  for (const webhook of [idOf(0), idOf(1_000_000)]) {
    await insertRows(
      db,
      'webhook_deliveries',
      list.map((i) => ({
        webhook_id: webhook,
        change_id: idOf(i),
        ordinal: 0,
        event_type: 'FLAG_UPDATED' as const,
        body: JSON.stringify({ event_type: 'FLAG_UPDATED', data: { change: i } }),
        state: i % 20 === 0 ? ('failed' as const) : ('delivered' as const),
        attempts: 1,
        next_attempt_at: timeOf(i),
        response_status: 200,
        error: null,
        created_at: timeOf(i),
        finished_at: timeOf(i),
      })),
    );
  }
}

function stateOf(environmentId: number, feature: number) {
  return {
    uuid: crypto.randomUUID(),
    environment_id: environmentId,
    feature_id: idOf(feature),
    enabled: feature % 2,
    ...textValue(`value ${feature}`),
    live_from: timeOf(feature),
    created_at: timeOf(feature),
    updated_at: timeOf(feature),
  };
}

function textValue(text: string) {
  return { value_type: 'unicode' as const, string_value: text, integer_value: null, boolean_value: null };
}

const optionsOf = 3;
const isMultivariate = (feature: number) => feature % 10 === 9;
const contentTypeOfFeatures = contentTypes.feature.id;

function identifierOf(index: number): string {
  return `user-${index}@shop.example`;
}

/** A minute of the last year for each of them, in their order. */
function timeOf(index: number): string {
  return stored(new Date(Date.UTC(2026, 0, 1) + index * 60_000));
}

function stored(time: Date): string {
  return time.toISOString().replace('Z', '000Z');
}

function uuidOf(seed: string): string {
  const hex = sha256(seed);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
