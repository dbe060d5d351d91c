import type { FeaturePage, FeaturePageEnvironment, SaveFeatureInput } from '@halyard/contract';

/** What one identity gets instead. */
export interface DraftIdentity {
  identifier: string;
  enabled: boolean;
  value: string | number | boolean | null;
  weights: { option: number; percentage_allocation: number }[];
}

export interface DraftServed {
  enabled: boolean;
  value: string | number | boolean | null;
  weights: { option: number; percentage_allocation: number }[];
}

export interface DraftOverride extends DraftServed {
  segment: number;
}

/** What can be edited of a feature in one environment. */
export interface EnvironmentDraft {
  state: DraftServed;
  segment_overrides: DraftOverride[];
  identity_overrides: DraftIdentity[];
}

/** A variant; a new one has a negative id until it is saved. */
export interface DraftVariant {
  id: number;
  key: string | null;
  value: string | number | boolean | null;
  default_percentage_allocation: number;
}

export interface SettingsDraft {
  description: string;
  is_archived: boolean;
  is_server_key_only: boolean;
  tags: number[];
  owners: number[];
  group_owners: number[];
  metadata: { model_field: number; field_value: string }[];
  variants: DraftVariant[];
}

/** One draft of everything, as the editor holds it until it is saved. */
export interface Draft {
  settings: SettingsDraft;
  environments: Record<number, EnvironmentDraft>;
}

/** The draft that changes nothing. */
export function draftOf(page: FeaturePage): Draft {
  const { feature } = page;
  return {
    settings: {
      description: feature.description ?? '',
      is_archived: feature.is_archived,
      is_server_key_only: feature.is_server_key_only,
      tags: feature.tags,
      owners: feature.owners,
      group_owners: feature.group_owners,
      metadata: feature.metadata.map(({ model_field, field_value }) => ({ model_field, field_value })),
      variants: feature.multivariate_options.map((option) => ({
        id: option.id,
        key: option.key,
        value:
          option.type === 'bool'
            ? option.boolean_value
            : option.type === 'int'
              ? option.integer_value
              : option.string_value,
        default_percentage_allocation: option.default_percentage_allocation,
      })),
    },
    environments: Object.fromEntries(
      page.environments.map((environment) => [environment.id, environmentDraft(environment)]),
    ),
  };
}

function environmentDraft(environment: FeaturePageEnvironment): EnvironmentDraft {
  return {
    state: environment.state ? served(environment.state) : { enabled: false, value: null, weights: [] },
    segment_overrides: environment.segment_overrides.map((override) => ({
      segment: override.segment.id,
      ...served(override),
    })),
    identity_overrides: environment.identity_overrides.results.map((override) => ({
      identifier: override.identity.identifier,
      ...served(override),
    })),
  };
}

const served = ({ enabled, value, weights }: DraftServed): DraftServed => ({ enabled, value, weights });

/** One thing that the draft changes. The path names it for merging; the words are for the person. */
export interface DraftChange {
  path: string;
  /** null for what every environment shares. */
  environment: number | null;
  what: string;
}

/** What the draft changes, in the order of the screen. */
export function changesOf(base: Draft, draft: Draft): DraftChange[] {
  return partsOf(base, draft)
    .filter(({ before, after }) => !same(before, after))
    .map(({ path, environment, what }) => ({ path, environment, what }));
}

interface Part extends DraftChange {
  before: unknown;
  after: unknown;
}

const settingNames: Record<keyof SettingsDraft, string> = {
  description: 'Description',
  is_archived: 'Archived',
  is_server_key_only: 'Server-side only',
  tags: 'Tags',
  owners: 'Owners',
  group_owners: 'Owning groups',
  metadata: 'Custom fields',
  variants: 'Variants',
};

function partsOf(base: Draft, draft: Draft): Part[] {
  const settings = (Object.keys(settingNames) as (keyof SettingsDraft)[]).map((key) => ({
    path: `settings.${key}`,
    environment: null,
    what: settingNames[key],
    before: base.settings[key],
    after: draft.settings[key],
  }));
  const environments = Object.keys(draft.environments).flatMap((key) => {
    const id = Number(key);
    const before = base.environments[id];
    const after = draft.environments[id] as EnvironmentDraft;
    const part = (name: string, what: string, read: (of: EnvironmentDraft) => unknown): Part => ({
      path: `${id}.${name}`,
      environment: id,
      what,
      before: before && read(before),
      after: read(after),
    });
    const identifiers = new Set(
      [...(before?.identity_overrides ?? []), ...after.identity_overrides].map((one) => one.identifier),
    );
    return [
      part('enabled', 'On or off', (of) => of.state.enabled),
      part('value', 'Value', (of) => of.state.value),
      part('weights', 'Variant weights', (of) => of.state.weights),
      part('segment_overrides', 'Segment overrides', (of) => of.segment_overrides),
      ...[...identifiers].map((identifier) =>
        part(`identity.${identifier}`, `Override for ${identifier}`, (of) =>
          of.identity_overrides.find((one) => one.identifier === identifier),
        ),
      ),
    ];
  });
  return [...settings, ...environments];
}

/** The request that saves the draft, with the versions that it started from. */
export function saveInput(
  page: FeaturePage,
  base: Draft,
  draft: Draft,
): Pick<SaveFeatureInput, 'settings' | 'environments'> {
  const changed = new Set(changesOf(base, draft).map(({ path }) => path));
  const ref = (option: number) => (option < 0 ? { option_ref: String(option) } : { option });
  const weights = (list: DraftServed['weights']) =>
    list.map(({ option, percentage_allocation }) => ({ ...ref(option), percentage_allocation }));
  const whole = (state: DraftServed) => ({
    enabled: state.enabled,
    value: state.value,
    weights: weights(state.weights),
  });
  const setting = (key: keyof SettingsDraft) => changed.has(`settings.${key}`);

  const settings = {
    ...(setting('description') && { description: draft.settings.description }),
    ...(setting('is_archived') && { is_archived: draft.settings.is_archived }),
    ...(setting('is_server_key_only') && { is_server_key_only: draft.settings.is_server_key_only }),
    ...(setting('tags') && { tags: draft.settings.tags }),
    ...(setting('owners') && { owners: draft.settings.owners }),
    ...(setting('group_owners') && { group_owners: draft.settings.group_owners }),
    ...(setting('metadata') && { metadata: draft.settings.metadata }),
    ...(setting('variants') && {
      multivariate_options: draft.settings.variants.map(({ id, key, value, default_percentage_allocation }) => ({
        ...(id < 0 ? { ref: String(id) } : { id }),
        key,
        ...typed(value),
        default_percentage_allocation,
      })),
    }),
  };
  const environments = page.environments.flatMap(({ id, version }) => {
    const of = draft.environments[id] as EnvironmentDraft;
    const before = base.environments[id] as EnvironmentDraft;
    const has = (name: string) => changed.has(`${id}.${name}`);
    const state = {
      ...(has('enabled') && { enabled: of.state.enabled }),
      ...(has('value') && { value: of.state.value }),
      ...(has('weights') && { weights: weights(of.state.weights) }),
    };
    const set = of.identity_overrides.filter(({ identifier }) => has(`identity.${identifier}`));
    const kept = new Set(of.identity_overrides.map(({ identifier }) => identifier));
    const removed = before.identity_overrides.filter(({ identifier }) => !kept.has(identifier));
    const part = {
      ...(Object.keys(state).length > 0 && { state }),
      ...(has('segment_overrides') && {
        segment_overrides: of.segment_overrides.map((override) => ({ segment: override.segment, ...whole(override) })),
      }),
      ...((set.length > 0 || removed.length > 0) && {
        identity_overrides: {
          set: set.map((one) => ({ identifier: one.identifier, ...whole(one) })),
          remove: removed.map(({ identifier }) => ({ identifier })),
        },
      }),
    };
    return Object.keys(part).length > 0 ? [{ environment: id, base: version, ...part }] : [];
  });
  return {
    ...(Object.keys(settings).length > 0 && { settings: { base: page.feature.version, ...settings } }),
    environments,
  } as Pick<SaveFeatureInput, 'settings' | 'environments'>;
}

function typed(value: DraftVariant['value']) {
  if (typeof value === 'boolean') return { type: 'bool', boolean_value: value };
  if (typeof value === 'number') return { type: 'int', integer_value: value };
  return { type: 'unicode', string_value: value ?? '' };
}

/** What both sides changed differently. */
export interface Conflict extends DraftChange {
  mine: unknown;
  theirs: unknown;
}

/**
 * Puts a draft on top of what others saved meanwhile: what only one side changed is taken from there; what both changed to
 * something different is a conflict, for which `take` decides by its path. Without a decision the draft's own stays.
 */
export function merge(base: Draft, theirs: Draft, mine: Draft, take: Record<string, 'mine' | 'theirs'> = {}) {
  const merged = structuredClone(theirs);
  const conflicts: Conflict[] = [];
  const theirChanges = new Map(partsOf(base, theirs).map((part) => [part.path, part]));
  for (const part of partsOf(base, mine)) {
    if (same(part.before, part.after)) continue;
    if (part.environment !== null && !merged.environments[part.environment]) continue;
    const other = theirChanges.get(part.path);
    const bothChanged = other && !same(other.before, other.after) && !same(other.after, part.after);
    if (bothChanged)
      conflicts.push({
        path: part.path,
        environment: part.environment,
        what: part.what,
        mine: part.after,
        theirs: other.after,
      });
    if (bothChanged && take[part.path] === 'theirs') continue;
    put(merged, part);
  }
  return { merged, conflicts };
}

function put(draft: Draft, { path, environment, after }: Part): void {
  if (environment === null) {
    Object.assign(draft.settings, { [path.slice('settings.'.length)]: structuredClone(after) });
    return;
  }
  const target = draft.environments[environment] as EnvironmentDraft;
  const name = path.slice(`${environment}.`.length);
  if (name.startsWith('identity.')) {
    const identifier = name.slice('identity.'.length);
    const others = target.identity_overrides.filter((one) => one.identifier !== identifier);
    target.identity_overrides = after ? [...others, structuredClone(after) as DraftIdentity] : others;
  } else if (name === 'segment_overrides') target.segment_overrides = structuredClone(after) as DraftOverride[];
  else Object.assign(target.state, { [name]: structuredClone(after) });
}

/** The weight of each variant, and of the control value that takes the rest. */
export function weightOf(weights: DraftServed['weights'], option: number): number {
  return weights.find((one) => one.option === option)?.percentage_allocation ?? 0;
}

export function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
