import type { FeatureValue } from '@halyard/contract';
import type { StoredChange } from '../changes/service.ts';
import type { Context } from '../context.ts';
import type { WebhookDeliveryTable } from '../db/tables.ts';
import {
  environmentsById,
  featuresById,
  masterKeysById,
  optionsById,
  placesOfStates,
  projectsById,
  segmentsById,
  usersById,
  weightIdsOfVersions,
} from './store.ts';
import { valueOfColumns } from '../db/values.ts';
import { shownEnvironment } from '../environments/wire.ts';
import { shownProject } from '../projects/wire.ts';

/** One thing that a change has to tell. */
export interface Event {
  change: StoredChange;
  type: WebhookDeliveryTable['event_type'];
  /** Whose webhooks are told beside the organisation's; null for the organisation's only. */
  environmentId: number | null;
  data: unknown;
}

/**
 * What changes have to tell, in their order. States are as the change recorded them; what they are called (the names of a
 * feature, a segment, an environment) is read now, which is moments later. Beyond what the reference tells, the removal of
 * an override is a FLAG_UPDATED whose `new_state` is null: without it, receivers that keep a copy would keep the override.
 */
export async function eventsOf(ctx: Context, changes: StoredChange[]): Promise<Event[]> {
  const weightIds = await weightIdsOfVersions(ctx.db, versionsIn(changes));
  const steps = await statesOfChanges(ctx, changes, weightIds);
  const names = { ...(await readNames(ctx, changes, steps)), weightIds };
  return changes.flatMap((change) => {
    try {
      return [...flagEvents(change, steps.get(change.id) ?? [], names), ...auditEvents(change, names)];
    } catch (error) {
      // One change that cannot be told must not keep all others from being told.
      ctx.log.error({ err: error, change: change.id }, 'a change could not be told to webhooks');
      return [];
    }
  });
}

/** A state in the form of §"before" and "after" of a change. */
interface RecordedState {
  feature: number;
  environment: number;
  identity: number | null;
  identity_identifier: string | null;
  feature_segment: { segment: number; priority: number | null } | null;
  enabled: boolean;
  feature_state_value: FeatureValue;
  multivariate_feature_state_values: RecordedWeight[];
}

interface RecordedWeight {
  id?: number;
  multivariate_feature_option: number;
  percentage_allocation: number;
}

interface Step {
  type: 'FLAG_UPDATED' | 'FLAG_DELETED';
  /** Undefined where there was none. */
  before?: RecordedState;
  /** Null where there is none any more. */
  after: RecordedState | null;
}

async function statesOfChanges(
  ctx: Context,
  changes: StoredChange[],
  weightIds: WeightIds,
): Promise<Map<number, Step[]>> {
  const placed = changes.filter((change) => change.object_type === 'FEATURE_STATE' && change.object_id !== null);
  const unplaced = placed.filter((change) => !hasPlace(parsed(change.after) ?? parsed(change.before)));
  const places = await placesOfStates(
    ctx.db,
    unplaced.map((change) => change.object_id as number),
  );
  const steps = new Map<number, Step[]>();
  for (const change of changes) {
    const before = parsed(change.before);
    const after = parsed(change.after);
    if (change.object_type === 'FEATURE_STATE') {
      const place = places.get(change.object_id ?? 0);
      const known = place && {
        feature: place.feature_id,
        environment: place.environment_id,
        identity: place.identity_id,
        identity_identifier: place.identifier,
        feature_segment: place.segment_id === null ? null : { segment: place.segment_id, priority: place.priority },
      };
      const at = (state: Json | null) => (state === null ? null : stateFrom({ ...known, ...state }));
      steps.set(change.id, stepsFrom('FLAG_UPDATED', at(before), at(after)));
    } else if (['FEATURE', 'SEGMENT'].includes(change.object_type) && change.change_type === 'DELETE') {
      // With a segment only its overrides go.
      const type = change.object_type === 'FEATURE' ? 'FLAG_DELETED' : 'FLAG_UPDATED';
      const removed = JSON.parse(change.feature_states ?? '[]') as { before: Json }[];
      steps.set(
        change.id,
        removed.flatMap((state) => stepsFrom(type, stateFrom(state.before), null)),
      );
    } else if (change.object_type === 'FEATURE' && after === null && before !== null && 'enabled' in before) {
      // A segment override was removed.
      const { segment, priority, environment } = before;
      const override = { feature: change.object_id, environment, feature_segment: { segment, priority } };
      steps.set(change.id, stepsFrom('FLAG_UPDATED', stateFrom({ ...override, ...placeless(before) }), null));
    } else if (change.object_type === 'EF_VERSION' && change.change_type === 'UPDATE') {
      steps.set(change.id, versionSteps(change, before, after, weightIds));
    }
  }
  return steps;
}

/** A published version replaces the states of another one: told where they differ. */
function versionSteps(change: StoredChange, before: Json | null, after: Json | null, weightIds: WeightIds): Step[] {
  const old = statesOfVersion(change, before);
  const next = statesOfVersion(change, after);
  const segments = [...new Set([...next.keys(), ...old.keys()])];
  return segments.flatMap((segment) => {
    const [was, is] = [old.get(segment) ?? null, next.get(segment) ?? null];
    if (JSON.stringify(was) === JSON.stringify(is)) return [];
    const identified = (version: Json | null, state: RecordedState | null) =>
      state && {
        ...state,
        multivariate_feature_state_values: withIds(state.multivariate_feature_state_values, {
          version,
          segment,
          weightIds,
        }),
      };
    return stepsFrom('FLAG_UPDATED', identified(before, was), identified(after, is));
  });
}

function versionsIn(changes: StoredChange[]): string[] {
  return changes
    .filter((change) => change.object_type === 'EF_VERSION')
    .flatMap((change) => [parsed(change.before)?.uuid, parsed(change.after)?.uuid])
    .filter((uuid) => typeof uuid === 'string');
}

/** Changes record the weights of a version without their ids: they compare what is served. */
function withIds(
  weights: RecordedWeight[],
  of: { version: Json | null; segment: number | null; weightIds: WeightIds },
): RecordedWeight[] {
  return weights.map((weight) => {
    const id = of.weightIds.get(`${of.version?.uuid} ${of.segment} ${weight.multivariate_feature_option}`);
    return id === undefined ? weight : { ...weight, id };
  });
}

function statesOfVersion(change: StoredChange, version: Json | null): Map<number | null, RecordedState> {
  const states = (version?.feature_states ?? []) as Json[];
  return new Map(
    states.flatMap((state): [number | null, RecordedState][] => {
      const segment = (state.segment as { id: number } | null)?.id ?? null;
      const found = stateFrom({
        feature: (version?.feature as { id: number } | undefined)?.id,
        environment: change.environment_id,
        feature_segment: segment === null ? null : { segment, priority: state.priority },
        ...placeless(state),
      });
      return found === null ? [] : [[segment, found]];
    }),
  );
}

/** What cannot be placed (its row is gone, and the change does not say where it was) is not told. */
function stepsFrom(type: Step['type'], before: RecordedState | null, after: RecordedState | null): Step[] {
  if (before === null && after === null) return [];
  return [{ type, after, ...(before !== null && { before }) }];
}

function stateFrom(state: Json): RecordedState | null {
  if (typeof state.feature !== 'number' || typeof state.environment !== 'number') return null;
  return {
    feature: state.feature,
    environment: state.environment,
    identity: (state.identity as number | null | undefined) ?? null,
    identity_identifier: (state.identity_identifier as string | null | undefined) ?? null,
    feature_segment: (state.feature_segment as RecordedState['feature_segment'] | undefined) ?? null,
    ...placeless(state),
  };
}

function placeless(state: Json) {
  return {
    enabled: state.enabled === true,
    feature_state_value: (state.feature_state_value ?? null) as FeatureValue,
    multivariate_feature_state_values: (state.multivariate_feature_state_values ?? []) as RecordedWeight[],
  };
}

function hasPlace(state: Json | null): boolean {
  return state !== null && typeof state.feature === 'number';
}

type Json = Record<string, unknown>;

function parsed(text: string | null): Json | null {
  const value: unknown = text === null ? null : JSON.parse(text);
  return typeof value === 'object' && !Array.isArray(value) ? (value as Json | null) : null;
}

type WeightIds = Awaited<ReturnType<typeof weightIdsOfVersions>>;
type Names = Awaited<ReturnType<typeof readNames>> & { weightIds: WeightIds };

/** What the events of some changes call by name, in a few statements however many there are. */
async function readNames({ db }: Context, changes: StoredChange[], steps: Map<number, Step[]>) {
  const states = [...steps.values()]
    .flat()
    .flatMap((step) => [step.before, step.after].filter((state) => state != null));
  const numbers = (list: (number | null | undefined)[]) => list.filter((id) => typeof id === 'number');
  const weights = [
    ...states.flatMap((state) => state.multivariate_feature_state_values),
    ...changes.flatMap((change) =>
      change.object_type === 'EF_VERSION'
        ? ((parsed(change.after)?.feature_states ?? []) as Json[]).flatMap(
            (state) => placeless(state).multivariate_feature_state_values,
          )
        : [],
    ),
  ];
  return {
    features: await featuresById(
      db,
      states.map((state) => state.feature),
    ),
    segments: await segmentsById(db, numbers(states.map((state) => state.feature_segment?.segment))),
    options: await optionsById(
      db,
      weights.map((weight) => weight.multivariate_feature_option),
    ),
    environments: await environmentsById(
      db,
      numbers([...changes.map((change) => change.environment_id), ...states.map((state) => state.environment)]),
    ),
    projects: await projectsById(db, numbers(changes.map((change) => change.project_id))),
    users: await usersById(db, numbers(changes.map((change) => change.user_id))),
    masterKeys: await masterKeysById(db, numbers(changes.map((change) => change.master_key_id))),
  };
}

function flagEvents(change: StoredChange, steps: Step[], names: Names): Event[] {
  const changedBy = authorName(change, names);
  const events = steps.map(
    ({ type, before, after }): Event => ({
      change,
      type,
      environmentId: (after ?? before)?.environment as number,
      data: {
        changed_by: changedBy,
        timestamp: change.created_date,
        new_state: after && shownState(after, names),
        ...(before !== undefined && { previous_state: shownState(before, names) }),
      },
    }),
  );
  const version = parsed(change.after);
  const published = change.object_type === 'EF_VERSION' && change.change_type === 'UPDATE' && version !== null;
  return published ? [...events, versionEvent(change, version, names)] : events;
}

/** Each state tells its segment too, so that receivers can tell overrides from the environment's own. */
function versionEvent(change: StoredChange, version: Json, names: Names): Event {
  return {
    change,
    type: 'NEW_VERSION_PUBLISHED',
    environmentId: change.environment_id,
    data: {
      uuid: version.uuid,
      feature: version.feature,
      published_by: publisherOf(change, names),
      feature_states: ((version.feature_states ?? []) as Json[]).map((state) => ({
        enabled: state.enabled,
        value: state.feature_state_value,
        multivariate_feature_state_values: shownWeights(
          withIds(placeless(state).multivariate_feature_state_values, {
            version,
            segment: (state.segment as { id: number } | null)?.id ?? null,
            weightIds: names.weightIds,
          }),
          names,
        ),
        feature_segment: state.segment == null ? null : { segment: state.segment, priority: state.priority },
      })),
    },
  };
}

function publisherOf(change: StoredChange, names: Names) {
  const user = names.users.get(change.user_id ?? 0);
  return user === undefined ? null : { id: user.id, email: user.email };
}

function shownState(state: RecordedState, names: Names) {
  const feature = names.features.get(state.feature);
  const environment = names.environments.get(state.environment);
  const project = names.projects.get(environment?.project_id ?? 0);
  const { feature_segment: override } = state;
  const segment = override && names.segments.get(override.segment);
  return {
    feature: {
      id: state.feature,
      created_date: feature?.created_date ?? null,
      default_enabled: feature?.default_enabled === 1,
      description: feature?.description ?? null,
      initial_value: feature?.initial_value ?? null,
      name: feature?.name ?? '',
      project: { id: environment?.project_id ?? null, name: project?.name ?? '' },
      type: feature?.type ?? 'STANDARD',
    },
    environment: { id: state.environment, name: environment?.name ?? '' },
    identity: state.identity,
    identity_identifier: state.identity_identifier,
    feature_segment: override && {
      segment: { id: override.segment, name: segment?.name ?? '', description: segment?.description ?? null },
      priority: override.priority,
    },
    enabled: state.enabled,
    feature_state_value: state.feature_state_value,
    multivariate_feature_state_values: shownWeights(state.multivariate_feature_state_values, names),
  };
}

function shownWeights(weights: RecordedWeight[], names: Names) {
  return weights.map((weight) => {
    const option = names.options.get(weight.multivariate_feature_option);
    return {
      id: weight.id ?? null,
      multivariate_feature_option: {
        id: weight.multivariate_feature_option,
        value: option === undefined ? null : valueOfColumns(option),
      },
      percentage_allocation: weight.percentage_allocation,
    };
  });
}

function authorName(change: StoredChange, names: Names): string {
  if (change.user_id !== null) return names.users.get(change.user_id)?.email ?? '';
  return names.masterKeys.get(change.master_key_id ?? 0)?.name ?? '';
}

/** What belongs to the organisation as a whole is not told: its receivers know records of projects only. */
function auditEvents(change: StoredChange, names: Names): Event[] {
  if (change.project_id === null) return [];
  const environment = names.environments.get(change.environment_id ?? 0);
  const project = names.projects.get(change.project_id);
  const data = {
    id: change.id,
    created_date: change.created_date,
    log: change.log,
    author: names.users.get(change.user_id ?? 0) ?? null,
    environment: environment === undefined ? null : shownEnvironment(environment),
    project: project === undefined ? null : shownProject(project),
    related_object_id: change.object_id,
    related_object_uuid: change.object_uuid,
    related_object_type: change.object_type,
    is_system_event: change.is_system_event === 1,
  };
  return [{ change, type: 'AUDIT_LOG_CREATED', environmentId: null, data }];
}
