import { type FileState, type ProjectFile } from '@halyard/contract';
import type { Selectable } from 'kysely';
import { factsOf } from '../db/dialects/dialect.ts';
import { chunks, insertRows, upsertRows } from '../db/statements.ts';
import type { Database, FeatureStateTable } from '../db/tables.ts';
import { contentTypes } from '../metadata/content-types.ts';
import { nameKey } from '../names.ts';
import { sha256 } from '../secrets.ts';
import type { Timestamp } from '../time.ts';
import { columnsOfValue, valueOfColumns } from '../db/values.ts';

/*
 * Reads and writes tables of many slices: a project is copied as a whole, in as many statements as it has kinds of rows.
 */

type Contents = Omit<ProjectFile, 'format' | 'version' | 'exported_at' | 'project'>;

/** Everything in a project, read at one moment. */
export async function readProject(db: Database, projectId: number): Promise<Contents> {
  const { snapshotIsolation } = factsOf(db);
  const transaction = db.transaction();
  return (snapshotIsolation === null ? transaction : transaction.setIsolationLevel(snapshotIsolation)).execute((db) =>
    readContents(db, projectId),
  );
}

async function readContents(db: Database, projectId: number): Promise<Contents> {
  const environments = await db
    .selectFrom('environments')
    .where('project_id', '=', projectId)
    .where('deleted_at', 'is', null)
    .selectAll()
    .orderBy('id')
    .execute();
  const features = await db
    .selectFrom('features')
    .where('project_id', '=', projectId)
    .where('deleted_at', 'is', null)
    .selectAll()
    .orderBy('id')
    .execute();
  const segments = await db
    .selectFrom('segments')
    .where('project_id', '=', projectId)
    .where('deleted_at', 'is', null)
    .selectAll()
    .orderBy('id')
    .execute();
  const options = await db
    .selectFrom('multivariate_options')
    .innerJoin('features', 'features.id', 'multivariate_options.feature_id')
    .where('features.project_id', '=', projectId)
    .where('features.deleted_at', 'is', null)
    .selectAll('multivariate_options')
    .orderBy('multivariate_options.id')
    .execute();
  const tags = await db.selectFrom('tags').where('project_id', '=', projectId).selectAll().orderBy('id').execute();
  const featureTags = await db
    .selectFrom('feature_tags')
    .innerJoin('tags', 'tags.id', 'feature_tags.tag_id')
    .where('tags.project_id', '=', projectId)
    .select(['feature_tags.feature_id', 'feature_tags.tag_id'])
    .orderBy('feature_tags.tag_id')
    .execute();
  const owners = await db
    .selectFrom('feature_owners')
    .innerJoin('features', 'features.id', 'feature_owners.feature_id')
    .innerJoin('users', 'users.id', 'feature_owners.user_id')
    .where('features.project_id', '=', projectId)
    .select(['feature_owners.feature_id', 'users.email'])
    .orderBy('users.email')
    .execute();
  const states = await db
    .selectFrom('feature_states')
    .innerJoin('environments', 'environments.id', 'feature_states.environment_id')
    .innerJoin('features', 'features.id', 'feature_states.feature_id')
    .leftJoin('identities', 'identities.id', 'feature_states.identity_id')
    .where('environments.project_id', '=', projectId)
    .where('environments.deleted_at', 'is', null)
    .where('features.deleted_at', 'is', null)
    .selectAll('feature_states')
    .select(['identities.identifier', 'identities.created_date as identity_created_date'])
    .orderBy('feature_states.id')
    .execute();
  const variants = await db
    .selectFrom('feature_state_variants')
    .innerJoin('feature_states', 'feature_states.id', 'feature_state_variants.feature_state_id')
    .innerJoin('environments', 'environments.id', 'feature_states.environment_id')
    .where('environments.project_id', '=', projectId)
    .where('environments.deleted_at', 'is', null)
    .selectAll('feature_state_variants')
    .orderBy('feature_state_variants.id')
    .execute();
  const places = await db
    .selectFrom('feature_segments')
    .innerJoin('environments', 'environments.id', 'feature_segments.environment_id')
    .innerJoin('features', 'features.id', 'feature_segments.feature_id')
    .innerJoin('segments', 'segments.id', 'feature_segments.segment_id')
    .where('environments.project_id', '=', projectId)
    .where('environments.deleted_at', 'is', null)
    .where('features.deleted_at', 'is', null)
    .where('segments.deleted_at', 'is', null)
    .selectAll('feature_segments')
    .orderBy('feature_segments.id')
    .execute();

  const variantsOf = Map.groupBy(variants, (variant) => variant.feature_state_id);
  const nameOf = new Map(features.map((feature) => [feature.id, feature.name]));
  const fileState = (row: Selectable<FeatureStateTable>): FileState => ({
    feature: nameOf.get(row.feature_id) as string,
    enabled: row.enabled === 1,
    value: valueOfColumns(row),
    seed: row.lineage_id,
    weights: (variantsOf.get(row.id) ?? []).map((variant) => ({
      option: variant.multivariate_option_id,
      percentage: variant.percentage_allocation,
    })),
  });
  const statesOf = Map.groupBy(states, (state) => state.environment_id);
  const placesOf = Map.groupBy(places, (place) => place.environment_id);
  const fields = await readFields(db, {
    environment: environments.map(({ id }) => id),
    feature: features.map(({ id }) => id),
    segment: segments.map(({ id }) => id),
  });

  return {
    tags: tags.map((tag) => ({
      ref: tag.id,
      label: tag.label,
      color: tag.color,
      description: tag.description,
      is_permanent: tag.is_permanent === 1,
      is_system_tag: tag.is_system_tag === 1,
      type: tag.type,
    })),
    custom_fields: fields.definitions,
    segments: segments.map((segment) => ({
      ref: segment.id,
      name: segment.name,
      description: segment.description,
      feature: segment.feature_id === null ? null : (nameOf.get(segment.feature_id) ?? null),
      rules: withoutIds(JSON.parse(segment.rules) as StoredRule[]),
      custom_fields: fields.valuesOf('segment', segment.id),
    })),
    features: features.map((feature) => ({
      name: feature.name,
      description: feature.description,
      initial_value: feature.initial_value,
      default_enabled: feature.default_enabled === 1,
      is_archived: feature.is_archived === 1,
      is_server_key_only: feature.is_server_key_only === 1,
      created_date: feature.created_date,
      options: options
        .filter((option) => option.feature_id === feature.id)
        .map((option) => ({
          ref: option.id,
          key: option.key,
          value: valueOfColumns(option),
          default_percentage_allocation: option.default_percentage_allocation,
        })),
      tags: featureTags.filter((one) => one.feature_id === feature.id).map((one) => one.tag_id),
      owners: owners.filter((owner) => owner.feature_id === feature.id).map((owner) => owner.email),
      custom_fields: fields.valuesOf('feature', feature.id),
    })),
    environments: environments.map((environment) => {
      const own = statesOf.get(environment.id) ?? [];
      const bySegment = new Map(own.map((state) => [state.feature_segment_id, state]));
      const orderOf = (placeId: number) => bySegment.get(placeId)?.id ?? Number.MAX_SAFE_INTEGER;
      const byIdentity = Map.groupBy(
        own.filter((state) => state.identity_id !== null),
        (state) => state.identity_id as number,
      );
      return {
        name: environment.name,
        key: environment.api_key,
        description: environment.description,
        minimum_change_request_approvals: environment.minimum_change_request_approvals,
        allow_client_traits: environment.allow_client_traits === 1,
        banner_text: environment.banner_text,
        banner_colour: environment.banner_colour,
        hide_disabled_flags: environment.hide_disabled_flags === null ? null : environment.hide_disabled_flags === 1,
        hide_sensitive_data: environment.hide_sensitive_data === 1,
        use_identity_composite_key_for_hashing: environment.use_identity_composite_key_for_hashing === 1,
        use_identity_overrides_in_local_eval: environment.use_identity_overrides_in_local_eval === 1,
        use_v2_feature_versioning: environment.use_v2_feature_versioning === 1,
        custom_fields: fields.valuesOf('environment', environment.id),
        states: own.filter((state) => state.scope === 'environment').map(fileState),
        segment_overrides: (placesOf.get(environment.id) ?? [])
          .toSorted((a, b) => orderOf(a.id) - orderOf(b.id))
          .map((place) => {
            const state = bySegment.get(place.id);
            return {
              feature: nameOf.get(place.feature_id) as string,
              segment: place.segment_id,
              priority: place.priority,
              state: state === undefined ? null : withoutFeature(fileState(state)),
            };
          }),
        identity_overrides: [...byIdentity.values()].map((rows) => ({
          identifier: rows[0]?.identifier ?? '',
          created_date: rows[0]?.identity_created_date ?? undefined,
          states: rows.map((row) => ({ ...fileState(row), uuid: row.uuid })),
        })),
      };
    }),
  };
}

type Kind = 'environment' | 'feature' | 'segment';

/** The custom fields that objects of a project have values for. */
async function readFields(db: Database, ids: Record<Kind, number[]>) {
  const rows: { kind: Kind; objectId: number; fieldId: number; value: string }[] = [];
  for (const kind of ['environment', 'feature', 'segment'] as const) {
    for (const part of chunks(ids[kind], perStatement)) {
      const found = await db
        .selectFrom('metadata_values')
        .innerJoin('metadata_model_fields', 'metadata_model_fields.id', 'metadata_values.model_field_id')
        .where('metadata_values.content_type', '=', contentTypeOf[kind])
        .where('metadata_values.object_id', 'in', part)
        .select(['metadata_values.object_id', 'metadata_model_fields.field_id', 'metadata_values.field_value'])
        .orderBy('metadata_values.id')
        .execute();
      for (const row of found) {
        rows.push({ kind, objectId: row.object_id, fieldId: row.field_id, value: row.field_value });
      }
    }
  }
  const used = [...new Set(rows.map((row) => row.fieldId))];
  const definitions =
    used.length === 0
      ? []
      : await db.selectFrom('metadata_fields').where('id', 'in', used).selectAll().orderBy('id').execute();
  const byObject = Map.groupBy(rows, (row) => `${row.kind} ${row.objectId}`);
  return {
    definitions: definitions.map((field) => ({
      ref: field.id,
      name: field.name,
      type: field.type,
      description: field.description,
      of: [...new Set(rows.filter((row) => row.fieldId === field.id).map((row) => row.kind))],
    })),
    valuesOf: (kind: Kind, objectId: number) =>
      (byObject.get(`${kind} ${objectId}`) ?? []).map((row) => ({ field: row.fieldId, value: row.value })),
  };
}

interface StoredRule {
  type: ProjectFile['segments'][number]['rules'][number]['type'];
  rules?: StoredRule[];
  conditions?: ProjectFile['segments'][number]['rules'][number]['conditions'];
}

function withoutIds(rules: StoredRule[]): ProjectFile['segments'][number]['rules'] {
  return rules.map((rule) => ({
    type: rule.type,
    rules: (rule.rules ?? []).map((inner) => ({ type: inner.type, rules: [], conditions: conditionsOf(inner) })),
    conditions: conditionsOf(rule),
  }));
}

function conditionsOf(rule: StoredRule) {
  return (rule.conditions ?? []).map(({ operator, property, value, description }) => ({
    operator,
    property,
    value,
    description,
  }));
}

/** Rules with ids that are unique within the segment. */
function withIds(rules: ProjectFile['segments'][number]['rules']) {
  let last = 0;
  const next = () => (last += 1);
  const conditions = (rule: { conditions: ReturnType<typeof conditionsOf> }) =>
    rule.conditions.map((condition) => ({ id: next(), ...condition }));
  return rules.map((rule) => ({
    id: next(),
    type: rule.type,
    rules: rule.rules.map((inner) => ({ id: next(), type: inner.type, rules: [], conditions: conditions(inner) })),
    conditions: conditions(rule),
  }));
}

/** Those of the keys that environments have, deleted ones too. */
export async function keysTaken(db: Database, keys: string[]): Promise<string[]> {
  if (keys.length === 0) return [];
  const rows = await db.selectFrom('environments').where('api_key', 'in', keys).select('api_key').execute();
  return rows.map((row) => row.api_key);
}

export async function setKey(db: Database, environmentId: number, key: string): Promise<void> {
  await db.updateTable('environments').set({ api_key: key }).where('id', '=', environmentId).execute();
}

/** Those of the uuids that feature states have. */
async function uuidsTaken(db: Database, uuids: string[]): Promise<Set<string>> {
  const taken = new Set<string>();
  for (const part of chunks(uuids, perStatement)) {
    const rows = await db.selectFrom('feature_states').where('uuid', 'in', part).select('uuid').execute();
    for (const row of rows) taken.add(row.uuid);
  }
  return taken;
}

/**
 * Adds what a file holds to a project whose environments are there, in the order of the file. Its features must be new to
 * the project; tags of the same label and identities of the same identifier are those that are there.
 */
export async function insertContents(
  db: Database,
  ids: { organisationId: number; projectId: number; environmentIds: number[]; keepUuids: boolean },
  file: Contents,
  at: Timestamp,
): Promise<Map<string, number>> {
  const { projectId } = ids;
  const features = await insertFeatures(db, projectId, file, at);
  const segments = await insertSegments(db, projectId, file, features, at);
  const options = await insertOptions(db, file, features);
  await insertTags(db, projectId, file, features);
  await insertOwners(db, ids.organisationId, file, features);
  await insertFields(db, ids, file, { features, segments });
  for (const [index, environmentId] of ids.environmentIds.entries()) {
    const environment = file.environments[index] as Contents['environments'][number];
    await insertEnvironmentContents(
      db,
      environmentId,
      environment,
      { features, segments, options, keepUuids: ids.keepUuids },
      at,
    );
  }
  return features;
}

async function insertFeatures(db: Database, projectId: number, file: Contents, at: Timestamp) {
  await insertRows(
    db,
    'features',
    file.features.map((feature) => ({
      uuid: crypto.randomUUID(),
      project_id: projectId,
      name: feature.name,
      name_key: nameKey(feature.name),
      type: feature.options.length > 0 ? ('MULTIVARIATE' as const) : ('STANDARD' as const),
      initial_value: feature.initial_value,
      default_enabled: Number(feature.default_enabled),
      description: feature.description,
      is_archived: Number(feature.is_archived),
      is_server_key_only: Number(feature.is_server_key_only),
      created_date: feature.created_date ?? at,
      deleted_at: null,
    })),
  );
  const rows = await db
    .selectFrom('features')
    .where('project_id', '=', projectId)
    .where('deleted_at', 'is', null)
    .select(['id', 'name'])
    .execute();
  return new Map(rows.map((row) => [row.name, row.id]));
}

/** New ids by the refs of the file. */
async function insertSegments(
  db: Database,
  projectId: number,
  file: Contents,
  features: Map<string, number>,
  at: Timestamp,
): Promise<Map<number, number>> {
  const refOf = new Map<string, number>();
  const rows = file.segments.map((segment) => {
    const uuid = crypto.randomUUID();
    refOf.set(uuid, segment.ref);
    return {
      uuid,
      project_id: projectId,
      feature_id: segment.feature === null ? null : (features.get(segment.feature) as number),
      name: segment.name,
      description: segment.description,
      rules: JSON.stringify(withIds(segment.rules)),
      version: 1,
      created_at: at,
      updated_at: at,
      deleted_at: null,
    };
  });
  await insertRows(db, 'segments', rows);
  const found = await db.selectFrom('segments').where('project_id', '=', projectId).select(['id', 'uuid']).execute();
  return new Map(found.flatMap((row) => (refOf.has(row.uuid) ? [[refOf.get(row.uuid) as number, row.id]] : [])));
}

/** New ids by feature and ref. */
async function insertOptions(
  db: Database,
  file: Contents,
  features: Map<string, number>,
): Promise<Map<string, number>> {
  const refOf = new Map<string, string>();
  const rows = file.features.flatMap((feature) =>
    feature.options.map((option) => {
      const uuid = crypto.randomUUID();
      const feature_id = features.get(feature.name) as number;
      refOf.set(uuid, `${feature_id} ${option.ref}`);
      const { key, default_percentage_allocation } = option;
      return { uuid, feature_id, key, default_percentage_allocation, ...columnsOfValue(option.value) };
    }),
  );
  await insertRows(db, 'multivariate_options', rows);
  const ids = new Map<string, number>();
  for (const part of chunks([...new Set(rows.map((row) => row.feature_id))], perStatement)) {
    const found = await db
      .selectFrom('multivariate_options')
      .where('feature_id', 'in', part)
      .select(['id', 'uuid'])
      .execute();
    for (const row of found) ids.set(refOf.get(row.uuid) as string, row.id);
  }
  return ids;
}

async function insertTags(db: Database, projectId: number, file: Contents, features: Map<string, number>) {
  if (file.tags.length === 0) return;
  const tagsOfProject = () =>
    db.selectFrom('tags').where('project_id', '=', projectId).select(['id', 'uuid', 'label']).orderBy('id').execute();
  const idOf = new Map<number, number>();
  const present = new Map((await tagsOfProject()).toReversed().map((tag) => [tag.label, tag.id]));
  const refOf = new Map<string, number>();
  const rows = file.tags.flatMap(({ ref, ...tag }) => {
    const known = present.get(tag.label);
    if (known !== undefined) {
      idOf.set(ref, known);
      return [];
    }
    const uuid = crypto.randomUUID();
    refOf.set(uuid, ref);
    return [
      {
        ...tag,
        uuid,
        project_id: projectId,
        is_permanent: Number(tag.is_permanent),
        is_system_tag: Number(tag.is_system_tag),
      },
    ];
  });
  await insertRows(db, 'tags', rows);
  for (const { uuid, id } of await tagsOfProject()) {
    const ref = refOf.get(uuid);
    if (ref !== undefined) idOf.set(ref, id);
  }
  await insertRows(
    db,
    'feature_tags',
    file.features.flatMap((feature) =>
      feature.tags.map((tag) => ({
        feature_id: features.get(feature.name) as number,
        tag_id: idOf.get(tag) as number,
      })),
    ),
  );
}

/** People who are members of the organisation; the others cannot own anything there. */
async function insertOwners(db: Database, organisationId: number, file: Contents, features: Map<string, number>) {
  const emails = [...new Set(file.features.flatMap((feature) => feature.owners.map((email) => email.toLowerCase())))];
  const idOf = new Map<string, number>();
  for (const part of chunks(emails, perStatement)) {
    const rows = await db
      .selectFrom('users')
      .innerJoin('organisation_members', 'organisation_members.user_id', 'users.id')
      .where('organisation_members.organisation_id', '=', organisationId)
      .where('users.email', 'in', part)
      .select(['users.id', 'users.email'])
      .execute();
    for (const row of rows) idOf.set(row.email, row.id);
  }
  await insertRows(
    db,
    'feature_owners',
    file.features.flatMap((feature) => {
      const owners = new Set(feature.owners.flatMap((email) => idOf.get(email.toLowerCase()) ?? []));
      return [...owners].map((user_id) => ({ feature_id: features.get(feature.name) as number, user_id }));
    }),
  );
}

/** An organisation's field of the same name and type is used; others become fields of the project. */
async function insertFields(
  db: Database,
  {
    organisationId,
    projectId,
    environmentIds,
  }: { organisationId: number; projectId: number; environmentIds: number[] },
  file: Contents,
  { features, segments }: { features: Map<string, number>; segments: Map<number, number> },
) {
  if (file.custom_fields.length === 0) return;
  const names = file.custom_fields.map((field) => field.name);
  const ofOrganisation = await db
    .selectFrom('metadata_fields')
    .where('organisation_id', '=', organisationId)
    .where('scope', '=', 'organisation')
    .where('name', 'in', names)
    .select(['id', 'name', 'type'])
    .execute();
  const known = new Map(ofOrganisation.map((field) => [`${field.name} ${field.type}`, field.id]));
  const isKnown = (field: Contents['custom_fields'][number]) => known.has(`${field.name} ${field.type}`);
  await insertRows(
    db,
    'metadata_fields',
    file.custom_fields
      .filter((field) => !isKnown(field))
      .map(({ name, type, description }) => ({
        organisation_id: organisationId,
        project_id: projectId,
        scope: `project:${projectId}`,
        name,
        type,
        description,
      })),
  );
  const own = await db
    .selectFrom('metadata_fields')
    .where('project_id', '=', projectId)
    .select(['id', 'name', 'type'])
    .execute();
  for (const field of own) known.set(`${field.name} ${field.type}`, field.id);
  const fieldOf = new Map(
    file.custom_fields.map((field) => [field.ref, known.get(`${field.name} ${field.type}`) as number]),
  );
  const fieldIds = [...fieldOf.values()];
  const modelsOf = async () => {
    const rows = await db.selectFrom('metadata_model_fields').where('field_id', 'in', fieldIds).selectAll().execute();
    return new Map(rows.map((row) => [`${row.field_id} ${row.content_type}`, row.id]));
  };
  const present = await modelsOf();
  await insertRows(
    db,
    'metadata_model_fields',
    file.custom_fields.flatMap((field) =>
      field.of
        .map((kind) => ({ field_id: fieldOf.get(field.ref) as number, content_type: contentTypeOf[kind] }))
        .filter((row) => !present.has(`${row.field_id} ${row.content_type}`)),
    ),
  );
  const models = await modelsOf();
  const rowsOf = (kind: Kind, objectId: number, values: { field: number; value: string }[]) =>
    values.map(({ field, value }) => ({
      model_field_id: models.get(`${fieldOf.get(field)} ${contentTypeOf[kind]}`) as number,
      content_type: contentTypeOf[kind],
      object_id: objectId,
      field_value: value,
    }));
  await insertRows(db, 'metadata_values', [
    ...file.environments.flatMap((one, index) =>
      rowsOf('environment', environmentIds[index] as number, one.custom_fields),
    ),
    ...file.features.flatMap((one) => rowsOf('feature', features.get(one.name) as number, one.custom_fields)),
    ...file.segments.flatMap((one) => rowsOf('segment', segments.get(one.ref) as number, one.custom_fields)),
  ]);
}

/** States keep the order of the file within environment, segments and identities, and their seeds. */
async function insertEnvironmentContents(
  db: Database,
  environmentId: number,
  environment: Contents['environments'][number],
  ids: {
    features: Map<string, number>;
    segments: Map<number, number>;
    options: Map<string, number>;
    keepUuids: boolean;
  },
  at: Timestamp,
): Promise<void> {
  const featureId = (name: string) => ids.features.get(name) as number;
  await insertRows(
    db,
    'feature_segments',
    environment.segment_overrides.map((override) => ({
      uuid: crypto.randomUUID(),
      feature_id: featureId(override.feature),
      segment_id: ids.segments.get(override.segment) as number,
      environment_id: environmentId,
      priority: override.priority,
    })),
  );
  const places = await db
    .selectFrom('feature_segments')
    .where('environment_id', '=', environmentId)
    .select(['id', 'feature_id', 'segment_id'])
    .execute();
  const placeOf = new Map(places.map((place) => [`${place.feature_id} ${place.segment_id}`, place.id]));
  await upsertRows(
    db,
    'identities',
    environment.identity_overrides.map(({ identifier, created_date }) => ({
      environment_id: environmentId,
      identifier,
      identifier_hash: sha256(identifier),
      created_date: created_date ?? at,
    })),
    { key: ['environment_id', 'identifier_hash'], update: [] },
  );
  const identityOf = new Map<string, number>();
  const hashes = environment.identity_overrides.map(({ identifier }) => sha256(identifier));
  for (const part of chunks(hashes, perStatement)) {
    const identities = await db
      .selectFrom('identities')
      .where('environment_id', '=', environmentId)
      .where('identifier_hash', 'in', part)
      .select(['id', 'identifier_hash'])
      .execute();
    for (const identity of identities) identityOf.set(identity.identifier_hash, identity.id);
  }

  const list = [
    ...environment.states.map((state) => ({ state, place: { ...nowhere, scope: 'environment' } })),
    ...environment.segment_overrides.flatMap(({ feature, segment, state }) => {
      if (state === null) return [];
      const id = placeOf.get(`${featureId(feature)} ${ids.segments.get(segment)}`) as number;
      return [{ state: { ...state, feature }, place: { ...nowhere, scope: `segment:${id}`, feature_segment_id: id } }];
    }),
    ...environment.identity_overrides.flatMap(({ identifier, states: overrides }) => {
      const id = identityOf.get(sha256(identifier)) as number;
      return overrides.map((state) => ({ state, place: { ...nowhere, scope: `identity:${id}`, identity_id: id } }));
    }),
  ];
  const wanted = ids.keepUuids ? list.flatMap(({ state }) => state.uuid ?? []) : [];
  const taken = await uuidsTaken(db, wanted);
  const free = new Set(wanted.filter((uuid) => !taken.has(uuid)));
  const states = list.map((one) => {
    const { uuid } = one.state;
    // Each only once, whatever the file says.
    return { ...one, uuid: uuid !== undefined && free.delete(uuid) ? uuid : crypto.randomUUID() };
  });
  await insertRows(
    db,
    'feature_states',
    states.map(({ state, place, uuid }) => ({
      uuid,
      environment_id: environmentId,
      feature_id: featureId(state.feature),
      ...place,
      enabled: Number(state.enabled),
      ...columnsOfValue(state.value),
      lineage_id: state.seed ?? 0,
      live_from: at,
      created_at: at,
      updated_at: at,
    })),
  );
  await db
    .updateTable('feature_states')
    .set((eb) => ({ lineage_id: eb.ref('id') }))
    .where('environment_id', '=', environmentId)
    .where('lineage_id', '=', 0)
    .execute();
  const inserted = await db
    .selectFrom('feature_states')
    .where('environment_id', '=', environmentId)
    .select(['id', 'uuid'])
    .execute();
  const stateOf = new Map(inserted.map((row) => [row.uuid, row.id]));
  await insertRows(
    db,
    'feature_state_variants',
    states.flatMap(({ state, uuid }) =>
      state.weights.map(({ option, percentage }) => ({
        uuid: crypto.randomUUID(),
        feature_state_id: stateOf.get(uuid) as number,
        multivariate_option_id: ids.options.get(`${featureId(state.feature)} ${option}`) as number,
        percentage_allocation: percentage,
      })),
    ),
  );
}

const nowhere = { identity_id: null as number | null, feature_segment_id: null as number | null };

function withoutFeature({ feature: _, ...state }: FileState) {
  return state;
}

const contentTypeOf: Record<Kind, number> = {
  environment: contentTypes.environment.id,
  feature: contentTypes.feature.id,
  segment: contentTypes.segment.id,
};

const perStatement = 5000;
