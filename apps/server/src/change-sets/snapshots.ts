import type { ChangeSetPart, Feature, OptionForm, ServedForm } from '@halyard/contract';
import type { Context } from '../context.ts';
import { identityOverridesOfFeature, liveStates, type ServedState } from '../feature-states/service.ts';
import { readFeatures } from '../features/service.ts';

/** What a snapshot looks at. */
export interface Extent {
  projectId: number;
  featureIds: number[];
  environmentIds: number[];
  /** Whether identity overrides are a part of it. */
  identityOverrides: boolean;
}

/** What features are and serve at one moment. */
export interface Snapshot {
  features: Map<number, Feature>;
  /** By feature and environment. */
  states: Map<string, ServedForm[]>;
  /** By feature, environment and identity. */
  overrides: Map<string, Override>;
}

type OverridePart = Extract<ChangeSetPart, { part: 'identity_override' }>;
interface Override {
  stateId: number;
  feature: number;
  environment: number;
  identity: OverridePart['identity'];
  form: NonNullable<OverridePart['before']>;
}

/** As many statements for one feature as for hundreds, but for identity overrides. */
export async function takeSnapshot(ctx: Context, extent: Extent): Promise<Snapshot> {
  const { featureIds, environmentIds } = extent;
  const features = await readFeatures(ctx, extent.projectId, featureIds);
  const live = featureIds.length === 0 ? [] : await liveStates(ctx, { environmentIds, featureIds });
  const states = new Map<string, ServedForm[]>();
  for (const state of live) {
    const key = keyOf(state.featureId, state.environmentId);
    states.set(key, [...(states.get(key) ?? []), servedForm(state)]);
  }
  const overrides = new Map<string, Override>();
  for (const featureId of extent.identityOverrides ? featureIds : []) {
    for (const state of await identityOverridesOfFeature(ctx, featureId)) {
      if (state.identity === null) continue;
      overrides.set(keyOf(featureId, state.environmentId, state.identity.id), {
        stateId: state.id,
        feature: featureId,
        environment: state.environmentId,
        identity: { id: state.identity.id, identifier: state.identity.identifier },
        form: { enabled: state.enabled, value: state.value, weights: weightsForm(state.variants) },
      });
    }
  }
  return { features, states, overrides };
}

/** What is different, part by part. */
export function differences(before: Snapshot, after: Snapshot): ChangeSetPart[] {
  const parts: ChangeSetPart[] = [];
  for (const [id, was] of before.features) {
    const is = after.features.get(id);
    if (is === undefined) {
      parts.push({ part: 'deleted', feature: id, before: false, after: true });
      continue;
    }
    const [old, current] = [settingsForm(was), settingsForm(is)];
    for (const part of settingNames) {
      if (same(old[part], current[part])) continue;
      parts.push({ part, feature: id, before: old[part], after: current[part] } as ChangeSetPart);
    }
  }
  for (const key of new Set([...before.states.keys(), ...after.states.keys()])) {
    const [feature, environment] = key.split(':').map(Number) as [number, number];
    if (!after.features.has(feature)) continue;
    const [old, current] = [before.states.get(key) ?? [], after.states.get(key) ?? []];
    if (same(old, current)) continue;
    parts.push(partOfStates({ feature, environment }, old, current));
  }
  for (const key of new Set([...before.overrides.keys(), ...after.overrides.keys()])) {
    const [old, current] = [before.overrides.get(key), after.overrides.get(key)];
    const { feature, environment, identity } = (old ?? current) as Override;
    if (!after.features.has(feature) || same(old?.form ?? null, current?.form ?? null)) continue;
    parts.push({
      part: 'identity_override',
      feature,
      environment,
      identity,
      before: old?.form ?? null,
      after: current?.form ?? null,
    });
  }
  return parts;
}

/** Which of the parts are not any more as the change set left them. */
export function changedSince(parts: ChangeSetPart[], now: Snapshot): { part: ChangeSetPart; current: unknown }[] {
  return parts.flatMap((part) => {
    const feature = now.features.get(part.feature);
    if (part.part === 'scheduled_version') return [];
    if (feature === undefined) return [{ part, current: null }];
    const current = currentOf(part, feature, now);
    return same(current, part.after) ? [] : [{ part, current }];
  });
}

function currentOf(part: ChangeSetPart, feature: Feature, now: Snapshot): unknown {
  if (part.part === 'scheduled_version' || part.part === 'deleted') return null;
  if (part.part === 'identity_override') {
    return now.overrides.get(keyOf(part.feature, part.environment, part.identity.id))?.form ?? null;
  }
  if (part.part !== 'enabled' && part.part !== 'states') return settingsForm(feature)[part.part];
  const states = now.states.get(keyOf(part.feature, part.environment)) ?? [];
  return part.part === 'states' ? states : states.find((state) => state.segment === null)?.enabled;
}

function partOfStates(
  place: { feature: number; environment: number },
  before: ServedForm[],
  after: ServedForm[],
): ChangeSetPart {
  const [old, current] = [before[0], after[0]];
  const onlyToggled =
    old?.segment === null &&
    current?.segment === null &&
    same([{ ...old, enabled: current.enabled }, ...before.slice(1)], after);
  if (onlyToggled) return { part: 'enabled', ...place, before: old.enabled, after: current.enabled };
  return { part: 'states', ...place, before, after };
}

const settingNames = [
  'description',
  'is_archived',
  'is_server_key_only',
  'tags',
  'owners',
  'group_owners',
  'metadata',
  'multivariate_options',
] as const;

function settingsForm(feature: Feature) {
  return {
    description: feature.description,
    is_archived: feature.is_archived,
    is_server_key_only: feature.is_server_key_only,
    tags: feature.tags,
    owners: feature.owners.map(({ id }) => id),
    group_owners: feature.group_owners.map(({ id }) => id),
    metadata: feature.metadata
      .map(({ model_field, field_value }) => ({ model_field, field_value }))
      .sort((a, b) => a.model_field - b.model_field),
    multivariate_options: feature.multivariate_options.map(
      ({ id, key, type, string_value, integer_value, boolean_value, default_percentage_allocation }): OptionForm => ({
        id,
        key,
        type,
        string_value,
        integer_value,
        boolean_value,
        default_percentage_allocation,
      }),
    ),
  };
}

/** A state as change sets keep it. A variant that gets nobody is the same as none. */
export function servedForm(state: ServedState): ServedForm {
  return {
    segment: state.segmentId,
    enabled: state.enabled,
    value: state.value,
    weights: weightsForm(state.weights),
  };
}

function weightsForm(weights: ServedState['weights']) {
  return weights
    .filter(({ weight }) => weight > 0)
    .map(({ optionId, weight }) => ({ option: optionId, percentage_allocation: weight }))
    .sort((a, b) => a.option - b.option);
}

export function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

export function keyOf(...ids: number[]): string {
  return ids.join(':');
}
