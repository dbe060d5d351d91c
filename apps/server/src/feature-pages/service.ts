import { createHash } from 'node:crypto';
import type * as endpoints from '@halyard/contract';
import {
  type Connection,
  type Feature,
  type FeatureCell,
  type FeaturePage,
  type FeatureTable,
  type FeatureValue,
  featureTableLimit,
  type InputOf,
  type LifecycleStage,
  type ScreenEnvironment,
  shownCodePlaces,
  shownIdentityOverrides,
  shownValueLimit,
} from '@halyard/contract';
import { hasPermission, isAdmin, type Rights } from '../access/rights.ts';
import { openProjectWithRights, type ProjectWithRights } from '../access/service.ts';
import { environmentPermissions, projectPermissions } from '../access/permissions.ts';
import { codeReferencesOf } from '../code-references/service.ts';
import type { Context } from '../context.ts';
import { valueOfColumns } from '../db/values.ts';
import { liveStates, type ServedState } from '../feature-states/service.ts';
import { scheduledVersions } from '../feature-versions/service.ts';
import { stageOf, staleBefore } from '../features/lifecycle.ts';
import { readFeature } from '../features/service.ts';
import { metadataFieldsFor } from '../metadata/service.ts';
import { plusSeconds, type Timestamp } from '../time.ts';
import {
  countOverrides,
  countRequests,
  evaluationsByDay,
  findEnvironments,
  findFeatures,
  findFirstFeature,
  findGroups,
  findIdentityOverrides,
  findLinks,
  findMembers,
  findOwnStates,
  findSegments,
  findTags,
  lastEvaluations,
  segmentsById,
  timesOfStates,
} from './store.ts';

/** All features of a project with a cell for each environment that the caller may see: twelve statements, however many. */
export async function getFeatureTable(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getFeatureTable>,
): Promise<FeatureTable> {
  const scope = await openProjectWithRights(ctx, params.project_id, 'VIEW_PROJECT');
  const { projectId } = scope;
  const environments = await visibleEnvironments(ctx, scope);
  const environmentIds = environments.map(({ id }) => id);
  const tags = await findTags(ctx.db, projectId);
  const found = await findFeatures(ctx.db, projectId, featureTableLimit + 1);
  const links = await findLinks(ctx.db, projectId);
  const linksOf = Map.groupBy(links, (link) => link.feature_id);
  const states = await findOwnStates(ctx.db, projectId, environmentIds);
  const stateOf = new Map(states.map((state) => [keyOf(state.environment_id, state.feature_id), state]));
  const overrides = await countOverrides(ctx.db, { projectId });
  const overridesOf = new Map(overrides.map((count) => [keyOf(count.environment_id, count.feature_id), count]));
  const evaluations = await lastEvaluations(ctx.db, environmentIds);
  const evaluationOf = new Map(
    evaluations.map((row) => [keyOf(row.environment_id, row.feature_name), row.last as Timestamp]),
  );
  const limit = staleBefore(ctx.now(), scope.project.stale_flags_limit_days);
  const features = found.slice(0, featureTableLimit).map((feature) => {
    const own = linksOf.get(feature.id) ?? [];
    const idsOf = (kind: string) => own.filter((link) => link.kind === kind).map((link) => link.id);
    const about = {
      createdDate: feature.created_date,
      isArchived: feature.is_archived === 1,
      isPermanent: own.some((link) => link.kind === 'tag' && link.number === 1),
    };
    const facts = environmentIds.map((environmentId) => {
      const state = stateOf.get(keyOf(environmentId, feature.id));
      if (state === undefined) return null;
      const count = overridesOf.get(keyOf(environmentId, feature.id));
      return { state, count, ...timesOf(state, count) };
    });
    const known = facts.filter((fact) => fact !== null);
    const lastModified = latest(known.map((fact) => fact.lastModified));
    return {
      id: feature.id,
      uuid: feature.uuid,
      name: feature.name,
      type: feature.type,
      description: feature.description,
      created_date: feature.created_date,
      is_archived: about.isArchived,
      is_server_key_only: feature.is_server_key_only === 1,
      tags: idsOf('tag'),
      owners: idsOf('person'),
      group_owners: idsOf('group'),
      variants: Number(feature.variants),
      lifecycle_stage: stageOf({ ...about, edited: known.some((fact) => fact.edited), lastModified }, limit),
      updated_at: lastModified ?? feature.created_date,
      cells: facts.map((fact, index): FeatureCell | null => {
        if (fact === null) return null;
        const { state, count } = fact;
        return {
          id: state.id,
          enabled: state.enabled === 1,
          ...cut(valueOfColumns(state)),
          segment_overrides: Number(count?.segments ?? 0),
          identity_overrides: Number(count?.identities ?? 0),
          updated_at: fact.lastModified,
          last_evaluated_at: evaluationOf.get(keyOf(environmentIds[index] as number, feature.name)) ?? null,
          lifecycle_stage: stageOf({ ...about, ...fact }, limit),
        };
      }),
    };
  });
  const unique = (kind: string) =>
    [...new Map(links.filter((link) => link.kind === kind).map((link) => [link.id, link])).values()].sort(
      (a, b) => a.id - b.id,
    );
  return {
    project: shownProject(scope),
    environments,
    tags: tags.map(shownTag),
    metadata_fields: await shownFields(ctx, scope),
    people: unique('person').map((link) => ({
      id: link.id,
      email: link.text,
      first_name: link.first_name,
      last_name: link.last_name,
    })),
    groups: unique('group').map((link) => ({ id: link.id, name: link.text })),
    features,
    is_cut: found.length > featureTableLimit,
  };
}

/** Everything about one feature. As many statements for one environment as for many. */
export async function getFeaturePage(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getFeaturePage>,
): Promise<FeaturePage> {
  const scope = await openProjectWithRights(ctx, params.project_id, 'VIEW_PROJECT');
  return pageOf(ctx, scope, params.feature_id);
}

/** The same for somebody whose rights are known. @throws RequestError 404 */
export async function pageOf(ctx: Context, scope: ProjectWithRights, featureId: number): Promise<FeaturePage> {
  const { projectId } = scope;
  const feature = await readFeature(ctx, projectId, featureId);
  const environments = await visibleEnvironments(ctx, scope);
  const environmentIds = environments.map(({ id }) => id);
  const live = Map.groupBy(await liveStates(ctx, { environmentIds, featureId }), (state) => state.environmentId);
  const times = await timesOfStates(ctx.db, featureId);
  const overrides = await countOverrides(ctx.db, { projectId, featureId });
  const overridesIn = new Map(overrides.map((count) => [count.environment_id, count]));
  const identityOverrides = Map.groupBy(
    await findIdentityOverrides(ctx.db, { environmentIds, featureId, limit: shownIdentityOverrides }),
    (state) => state.environment_id,
  );
  const scheduled = Map.groupBy(await scheduledVersions(ctx, featureId), (version) => version.environment_id);
  const evaluations = Map.groupBy(
    await evaluationsByDay(ctx.db, {
      environmentIds,
      featureName: feature.name,
      fromDay: plusSeconds(ctx.now(), -30 * 86_400).slice(0, 10),
    }),
    (row) => row.environment_id,
  );
  const used = [...live.values()].flat().flatMap((state) => state.segmentId ?? []);
  const segments = await segmentsById(ctx.db, [...new Set(used)]);
  const tags = await findTags(ctx.db, projectId);
  const fields = await shownFields(ctx, scope);
  const members = await findMembers(ctx.db, scope.organisationId);
  const groups = await findGroups(ctx.db, scope.organisationId);
  const choosable = await findSegments(ctx.db, projectId, featureId);
  const code = await codeReferencesOf(ctx, { projectId, featureName: feature.name, limit: shownCodePlaces });
  const permanent = new Set(tags.filter((tag) => tag.is_permanent === 1).map((tag) => tag.id));
  const about = {
    createdDate: feature.created_date,
    isArchived: feature.is_archived,
    isPermanent: feature.tags.some((id) => permanent.has(id)),
  };
  const limit = staleBefore(ctx.now(), scope.project.stale_flags_limit_days);
  const memberIds = new Set(members.map(({ id }) => id));
  const settings = settingsOf(feature);
  return {
    project: shownProject(scope),
    feature: {
      id: feature.id,
      uuid: feature.uuid,
      name: feature.name,
      type: feature.type,
      created_date: feature.created_date,
      initial_value: feature.initial_value,
      default_enabled: feature.default_enabled,
      ...settings,
      version: versionOf(settings),
    },
    environments: environments.map((environment) => {
      const states = live.get(environment.id) ?? [];
      const own = states.find((state) => state.segmentId === null);
      const timesOfOwn = own === undefined ? undefined : times.get(own.stateId);
      const count = overridesIn.get(environment.id);
      const days = evaluations.get(environment.id) ?? [];
      const facts = timesOfOwn === undefined ? { edited: false, lastModified: null } : timesOf(timesOfOwn, count);
      return {
        ...environment,
        version: versionOfStates(states),
        state:
          own === undefined || timesOfOwn === undefined
            ? null
            : { id: own.stateId, ...shownState(own), updated_at: timesOfOwn.updated_at },
        segment_overrides: states.flatMap((state) => {
          const segment = state.segmentId === null ? undefined : segments.get(state.segmentId);
          if (segment === undefined) return [];
          return [
            {
              id: state.stateId,
              segment: {
                id: segment.id,
                name: segment.name,
                description: segment.description,
                is_feature_specific: segment.feature_id !== null,
                rules: JSON.parse(segment.rules),
              },
              ...shownState(state),
              updated_at: times.get(state.stateId)?.updated_at ?? feature.created_date,
            },
          ];
        }),
        identity_overrides: {
          count: Number(count?.identities ?? 0),
          results: (identityOverrides.get(environment.id) ?? []).map((state) => ({
            id: state.id,
            identity: { id: state.identity_id as number, identifier: state.identifier },
            enabled: state.enabled === 1,
            value: valueOfColumns(state),
            weights: state.weights.map((variant) => ({
              option: variant.multivariate_option_id,
              percentage_allocation: variant.percentage_allocation,
            })),
            updated_at: state.updated_at,
          })),
        },
        scheduled_versions: (scheduled.get(environment.id) ?? []).map((version) => ({
          uuid: version.uuid,
          live_from: version.live_from as Timestamp,
          description: version.description,
          published_by: version.published_by,
        })),
        evaluations: days.map((row) => ({ day: row.day, count: Number(row.count) })),
        last_evaluated_at: latest(days.map((row) => row.last as Timestamp)),
        lifecycle_stage: stageOf({ ...about, ...facts }, limit) satisfies LifecycleStage,
      };
    }),
    tags: tags.map(shownTag),
    metadata_fields: fields,
    people: [
      ...members,
      ...feature.owners
        .filter((owner) => !memberIds.has(owner.id))
        .map(({ id, email, first_name, last_name }) => ({ id, email, first_name, last_name })),
    ],
    groups,
    segments: choosable.map(({ id, name, feature_id }) => ({ id, name, is_feature_specific: feature_id !== null })),
    code: code.map((repository) => ({
      repository_url: repository.repository_url,
      revision: repository.revision,
      scanned_at: repository.last_successful_repository_scanned_at,
      last_found_at: repository.last_feature_found_at,
      count: repository.count,
      places: repository.code_references.map(({ file_path, line_number, permalink }) => ({
        file_path,
        line_number,
        permalink,
      })),
    })),
  };
}

/** What it takes to connect an SDK, and whether one is connected. */
export async function getConnection(
  ctx: Context,
  { params }: InputOf<typeof endpoints.getConnection>,
): Promise<Connection> {
  const scope = await openProjectWithRights(ctx, params.project_id, 'VIEW_PROJECT');
  const rows = await findEnvironments(ctx.db, scope.projectId);
  const rowOf = new Map(rows.map((row) => [row.id, row]));
  const environments = visibleAmong(scope, rows);
  const counts = await countRequests(ctx.db, {
    environmentIds: environments.map(({ id }) => id),
    fromDay: plusSeconds(ctx.now(), -30 * 86_400).slice(0, 10),
  });
  const countOf = new Map(counts.map((count) => [count.environment_id, count]));
  return {
    project: { id: scope.projectId, name: scope.project.name },
    feature: await findFirstFeature(ctx.db, scope.projectId),
    environments: environments.map((environment) => {
      const row = rowOf.get(environment.id);
      const count = countOf.get(environment.id);
      return {
        ...environment,
        first_evaluated_at: (row?.first_evaluated_at ?? null) as Timestamp | null,
        first_evaluated_sdk_label: row?.first_evaluated_sdk_label ?? null,
        requests: Number(count?.count ?? 0),
        last_request_day: count?.last ?? null,
      };
    }),
  };
}

/** What a save of settings names as the feature that it was drafted on. */
export function versionOfSettings(feature: Feature): string {
  return versionOf(settingsOf(feature));
}

function settingsOf(feature: Feature) {
  return {
    description: feature.description,
    is_archived: feature.is_archived,
    is_server_key_only: feature.is_server_key_only,
    tags: feature.tags,
    owners: feature.owners.map(({ id }) => id),
    group_owners: feature.group_owners.map(({ id }) => id),
    metadata: feature.metadata,
    multivariate_options: feature.multivariate_options,
  };
}

/** What a save names as the state that it was drafted on. */
export function versionOfStates(states: ServedState[]): string {
  return versionOf(
    states.map((state) => [
      state.segmentId,
      state.enabled,
      state.value,
      state.weights.map((w) => [w.optionId, w.weight]),
    ]),
  );
}

function versionOf(content: unknown): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('base64url').slice(0, 22);
}

/** Environments that the caller may see, in the order in which they were made. */
async function visibleEnvironments(ctx: Context, scope: ProjectWithRights): Promise<ScreenEnvironment[]> {
  return visibleAmong(scope, await findEnvironments(ctx.db, scope.projectId));
}

function visibleAmong(
  scope: ProjectWithRights,
  rows: Awaited<ReturnType<typeof findEnvironments>>,
): ScreenEnvironment[] {
  return rows.flatMap((row) => {
    const rights = scope.rightsIn(row.id);
    if (!hasPermission(rights, 'VIEW_ENVIRONMENT')) return [];
    return [
      {
        id: row.id,
        uuid: row.uuid,
        api_key: row.api_key,
        name: row.name,
        description: row.description,
        banner_colour: row.banner_colour,
        banner_text: row.banner_text,
        is_production: /(^|[^a-z])(prod|production|live)([^a-z]|$)/i.test(row.name),
        use_v2_feature_versioning: row.use_v2_feature_versioning === 1,
        minimum_change_request_approvals: row.minimum_change_request_approvals,
        my_permissions: shownRights(rights, environmentPermissions),
      },
    ];
  });
}

function shownRights(rights: Rights, keys: readonly string[]) {
  return { admin: isAdmin(rights), permissions: keys.filter((key) => hasPermission(rights, key)) };
}

async function shownFields(ctx: Context, scope: ProjectWithRights): Promise<FeatureTable['metadata_fields']> {
  const fields = await metadataFieldsFor(ctx, scope, 'feature');
  return fields.map(({ id, name, type, required }) => ({ model_field: id, name, type, is_required: required }));
}

function shownProject(scope: ProjectWithRights): FeatureTable['project'] {
  const { project } = scope;
  return {
    id: project.id,
    uuid: project.uuid,
    name: project.name,
    organisation: project.organisation_id,
    hide_disabled_flags: project.hide_disabled_flags === 1,
    prevent_flag_defaults: project.prevent_flag_defaults === 1,
    only_allow_lower_case_feature_names: project.only_allow_lower_case_feature_names === 1,
    feature_name_regex: project.feature_name_regex,
    stale_flags_limit_days: project.stale_flags_limit_days,
    enforce_feature_owners: project.enforce_feature_owners === 1,
    my_permissions: shownRights(scope.rights, projectPermissions),
  };
}

function shownTag(tag: Awaited<ReturnType<typeof findTags>>[number]): FeatureTable['tags'][number] {
  return {
    id: tag.id,
    label: tag.label,
    color: tag.color,
    description: tag.description,
    is_permanent: tag.is_permanent === 1,
    is_system_tag: tag.is_system_tag === 1,
    type: tag.type,
  };
}

function shownState(state: ServedState) {
  return {
    enabled: state.enabled,
    value: state.value,
    weights: state.weights.map(({ optionId, weight }) => ({ option: optionId, percentage_allocation: weight })),
  };
}

function timesOf(
  state: { created_at: Timestamp; updated_at: Timestamp },
  overrides: { updated_at: Timestamp | null } | undefined,
) {
  return {
    edited: overrides !== undefined || state.updated_at > state.created_at,
    lastModified: latest([state.updated_at, overrides?.updated_at ?? state.updated_at]) as Timestamp,
  };
}

function latest(times: Timestamp[]): Timestamp | null {
  return times.reduce<Timestamp | null>((last, time) => (last === null || time > last ? time : last), null);
}

/** By code points, so that no character is cut in two. */
function cut(value: FeatureValue): { value: FeatureValue; value_is_cut: boolean } {
  if (typeof value !== 'string' || value.length <= shownValueLimit) return { value, value_is_cut: false };
  const points = [...value];
  return points.length <= shownValueLimit
    ? { value, value_is_cut: false }
    : { value: points.slice(0, shownValueLimit).join(''), value_is_cut: true };
}

function keyOf(environmentId: number, feature: number | string): string {
  return `${environmentId}:${feature}`;
}
