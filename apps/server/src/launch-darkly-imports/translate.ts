import { type FeatureValue, type FileState, featureValueLimit, maxId, type ProjectFile } from '@halyard/contract';
import { matchesNamePattern, nameKey } from '../names.ts';
import type { LdConfig, LdFlag, LdProject, LdSegment, LdServed } from './api.ts';
import {
  isUser,
  kindsOf,
  type KnownSegments,
  type Rules,
  rulesOfClauses,
  rulesOfSegment,
  Unmappable,
  withSplit,
} from './segments.ts';

/** What our project has already. */
export interface Present {
  environments: string[];
  featureKeys: ReadonlySet<string>;
  segments: ReadonlySet<string>;
  featureNameRegex: string | null;
}

/** What is to be added, as a project file says it, and what cannot be said there. */
export interface Translation {
  /** Environments by name: those that are there, and those that are new. */
  contents: Omit<ProjectFile, 'format' | 'version' | 'exported_at' | 'project'>;
  messages: string[];
}

/** Says a project of LaunchDarkly in our words: docs/reference/launchdarkly-import.md. Nothing is left out without a message. */
export function translate(source: LdProject, present: Present): Translation {
  const messages = [...source.problems];
  const tell = (message: string) => void messages.push(message);
  const environments = namedEnvironments(source, present);
  const segments = translateSegments(source, present, tell);
  const flags = source.flags.filter((flag) => isNew(flag, present, tell));
  const tags = [...new Set(flags.flatMap((flag) => flag.tags.map((tag) => cut(tag, 100))))];
  const features = new Map<string, Feature>();
  for (const flag of flags) {
    try {
      features.set(flag.key, featureOf(flag, tags));
    } catch (error) {
      if (!(error instanceof Unmappable)) throw error;
      tell(`Flag "${flag.key}" was left out: ${error.message}.`);
    }
  }

  const places = environments.map(({ name, key }): ProjectFile['environments'][number] => {
    const states: FileState[] = [];
    const overrides: Override[] = [];
    const identities = new Map<string, FileState[]>();
    for (const flag of flags) {
      const feature = features.get(flag.key);
      if (feature === undefined) continue;
      const config = key === null ? undefined : flag.environments[key];
      if (config === undefined || key === null) {
        if (key !== null) tell(`Flag "${flag.key}" says nothing of ${name}: it is off there.`);
        states.push({ feature: flag.key, ...stateOf(flag, { isOn: false, served: { variation: offOf(flag) } }) });
        continue;
      }
      const refOf = (segmentKey: string) => segments.refOf(key, segmentKey);
      const place = { flag, config, environment: name, known: segments.of(key), refOf, tell };
      const configured = translateConfig(place, segments.addOwn);
      states.push({ feature: flag.key, ...configured.state });
      overrides.push(...configured.overrides);
      for (const { identifier, state } of configured.identities) {
        identities.set(identifier, [...(identities.get(identifier) ?? []), { feature: flag.key, ...state }]);
      }
    }
    return {
      ...environmentDefaults,
      name,
      states,
      segment_overrides: overrides,
      identity_overrides: [...identities].map(([identifier, list]) => ({ identifier, states: list })),
    };
  });

  return {
    contents: {
      tags: tags.map((label, ref) => ({ ...tagDefaults, ref, label })),
      custom_fields: [],
      segments: segments.all(new Set(places.flatMap((place) => place.segment_overrides.map((one) => one.segment)))),
      features: [...features.values()],
      environments: places,
    },
    messages: [...new Set(messages)],
  };
}

type Feature = ProjectFile['features'][number];
type Override = ProjectFile['environments'][number]['segment_overrides'][number];
type State = Omit<FileState, 'feature'>;
type Tell = (message: string) => void;

/** Ours with the key of the one at LaunchDarkly that has the same name, and LaunchDarkly's others. */
function namedEnvironments({ environments }: LdProject, present: Present): { name: string; key: string | null }[] {
  const taken = new Set<string>();
  const named = environments.map(({ key, name }) => {
    const own = taken.has(name) ? `${name} (${key})` : name;
    taken.add(own);
    return { name: own, key };
  });
  const keyOf = new Map(named.map(({ name, key }) => [name, key]));
  const old = new Set(present.environments);
  return [
    ...present.environments.map((name) => ({ name, key: keyOf.get(name) ?? null })),
    ...named.filter(({ name }) => !old.has(name)),
  ];
}

/** Whether a flag can become a feature of the project. */
function isNew(flag: LdFlag, { featureKeys, featureNameRegex }: Present, tell: Tell): boolean {
  const leave = (why: string) => {
    tell(`Flag "${flag.key}" was left out: ${why}.`);
    return false;
  };
  if (featureKeys.has(nameKey(flag.key))) return leave('the project has a feature of this name already');
  if (featureNameRegex !== null && !matchesNamePattern(featureNameRegex, flag.key)) {
    return leave(`names of features must match ${featureNameRegex}`);
  }
  return true;
}

function featureOf(flag: LdFlag, tags: string[]): Feature {
  refuseUnknownVariations(flag);
  const options = isBoolean(flag) ? [] : flag.variations.map((variation, index) => ({ variation, index }));
  const keys = new Set<string>();
  const about = [flag.name === flag.key ? null : flag.name, flag.description];
  const { clientSideAvailability: client } = flag;
  return {
    name: flag.key,
    description: cut(about.filter(Boolean).join('\n\n'), 20_000) || null,
    initial_value: isBoolean(flag) ? null : textOf(valueOf(flag, offOf(flag))),
    default_enabled: false,
    is_archived: flag.archived,
    is_server_key_only: client != null && !client.usingMobileKey && !client.usingEnvironmentId,
    options: options.map(({ variation, index }) => ({
      ref: index,
      key: keyOf(variation.name, index, keys),
      value: valueOf(flag, index),
      default_percentage_allocation: 0,
    })),
    tags: [...new Set(flag.tags.map((tag) => tags.indexOf(cut(tag, 100))))],
    owners: flag._maintainer == null ? [] : [flag._maintainer.email],
    custom_fields: [],
  };
}

/** @throws Unmappable */
function refuseUnknownVariations(flag: LdFlag): void {
  const ofServed = ({ variation, rollout }: LdServed) => [
    variation,
    ...(rollout?.variations ?? []).map((one) => one.variation),
  ];
  const named = Object.values(flag.environments).flatMap((config) => [
    config.offVariation,
    ...ofServed(config.fallthrough ?? {}),
    ...config.rules.flatMap(ofServed),
    ...[...config.targets, ...config.contextTargets].map((target) => target.variation),
  ]);
  for (const index of named) if (index != null) valueOf(flag, index);
}

/** A key for a variant: its name in letters that a key may have, or its number. */
function keyOf(name: string | null | undefined, index: number, taken: Set<string>): string {
  const plain = (name ?? '')
    .trim()
    .replaceAll(/[^-\w]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 200);
  const key = plain === '' || taken.has(plain) ? `variation-${index + 1}` : plain;
  taken.add(key);
  return key;
}

interface Place {
  flag: LdFlag;
  config: LdConfig;
  environment: string;
  known: KnownSegments;
  /** The segment of the project that stands for one of LaunchDarkly's here. */
  refOf: (segmentKey: string) => number | null;
  tell: Tell;
}

type AddOwn = (segment: { flag: LdFlag; name: string; rules: Rules }) => number;

/** What a flag does in one environment. Where it is off, its overrides are, too. */
function translateConfig({ flag, config, environment, known, refOf, tell }: Place, addOwn: AddOwn) {
  const isOn = config.on;
  const where = `Flag "${flag.key}" in ${environment}`;
  for (const { key } of config.prerequisites) {
    tell(`${where}: that it needs the flag "${key}" was left out, since features do not depend on each other here.`);
  }
  const isLost = isBoolean(flag) && !isOn;
  if (isLost && config.rules.length + config.targets.length + config.contextTargets.length > 0) {
    tell(`${where}: it is off there, so that its rules and targets came in as off, too.`);
  }
  const stateFor = (served: LdServed) =>
    stateOf(flag, { isOn, served: isLost ? { variation: config.offVariation ?? null } : served });
  const overrides: Override[] = [];
  const override = (segment: number, state: State) => {
    if (overrides.some((one) => one.segment === segment)) return false;
    overrides.push({ feature: flag.key, segment, priority: overrides.length, state });
    return true;
  };

  for (const [index, rule] of config.rules.entries()) {
    const label = rule.description || `rule ${index + 1}`;
    try {
      const { clauses } = rule;
      const split = isOn ? splitOf(flag, rule) : null;
      const [clause] = clauses;
      const sets = rulesOfClauses(clauses, known);
      const isSegment = clauses.length === 1 && clause?.op === 'segmentMatch' && !clause.negate && split === null;
      for (const [n, rules] of sets.entries()) {
        const name = `${flag.key}: ${label} (${environment}${sets.length > 1 ? `, ${n + 1}` : ''})`;
        const own = (which: string, rules: Rules) => addOwn({ flag, name: `${name}${which}`, rules });
        if (split !== null) {
          const part = withSplit(rules, split.weight, split.by, split.kind);
          override(own(', a part', part), stateOf(flag, { isOn, served: { variation: split.on } }));
          override(own('', rules), stateFor({ variation: split.off }));
          continue;
        }
        const ref = isSegment ? refOf(String(clause.values[n])) : null;
        const state = stateFor(checkedServed(flag, rule));
        if (!override(ref ?? own('', rules), state)) {
          tell(`${where}: ${label} was left out, since an earlier rule is about the same segment.`);
        }
      }
    } catch (error) {
      if (!(error instanceof Unmappable)) throw error;
      tell(`${where}: ${label} was left out: ${error.message}.`);
    }
  }

  const identities = new Map<string, State>();
  const targets = [...config.targets, ...config.contextTargets];
  const others = targets.filter((one) => !isUser(one.contextKind) && one.values.length > 0);
  if (others.length > 0) {
    tell(`${where}: targets of the kind ${kindsOf(others)} were left out: identities are users alone.`);
  }
  for (const target of targets.filter((one) => isUser(one.contextKind))) {
    for (const identifier of target.values) {
      if (identities.has(identifier)) continue;
      if (identifier.trim() === '' || identifier.length > 2000 || identifier.includes('\0')) {
        tell(`${where}: the target "${identifier.slice(0, 100)}" was left out: it is no identifier.`);
      } else identities.set(identifier, stateFor({ variation: target.variation }));
    }
  }

  return {
    state: defaultState(flag, config, { where, environment, tell }, (rules, name, state) =>
      override(addOwn({ flag, name, rules }), state),
    ),
    overrides,
    identities: [...identities].map(([identifier, state]) => ({ identifier, state })),
  };
}

/** What everybody gets whom no rule and no target is about. */
function defaultState(
  flag: LdFlag,
  config: LdConfig,
  { where, environment, tell }: { where: string; environment: string; tell: Tell },
  override: (rules: Rules, name: string, state: State) => void,
): State {
  const off = { isOn: false, served: { variation: config.offVariation ?? null } };
  if (!config.on) return stateOf(flag, off);
  try {
    const served = checkedServed(flag, config.fallthrough ?? {});
    const split = splitOf(flag, served);
    if (split === null) return stateOf(flag, { isOn: true, served });
    const name = `${flag.key}: a part of everybody (${environment})`;
    override(
      withSplit([], split.weight, split.by, split.kind),
      name,
      stateOf(flag, { isOn: true, served: { variation: split.on } }),
    );
    return stateOf(flag, { isOn: true, served: { variation: split.off } });
  } catch (error) {
    if (!(error instanceof Unmappable)) throw error;
    tell(`${where}: what everybody gets was left out, so it is off: ${error.message}.`);
    return stateOf(flag, off);
  }
}

/** A boolean flag that a part of people has on: how many, and the variations for on and off. Null where nothing is split. */
function splitOf(flag: LdFlag, { rollout }: LdServed) {
  if (!isBoolean(flag) || rollout == null) return null;
  const weightOf = (wanted: boolean) =>
    rollout.variations
      .filter((one) => (valueOf(flag, one.variation) === true) === wanted)
      .reduce((sum, one) => sum + one.weight, 0);
  const on = rollout.variations.find((one) => valueOf(flag, one.variation) === true)?.variation;
  const off = rollout.variations.find((one) => valueOf(flag, one.variation) !== true)?.variation;
  const weight = weightOf(true);
  if (on === undefined || off === undefined || weight === 0 || weightOf(false) === 0) return null;
  return { weight, on, off, by: rollout.bucketBy, kind: rollout.contextKind };
}

/** @throws Unmappable for what would serve other people than there */
function checkedServed(flag: LdFlag, served: LdServed): LdServed {
  const { rollout } = served;
  if (rollout == null) {
    if (served.variation == null) throw new Unmappable('it names no variation');
    return served;
  }
  if (rollout.variations.filter((one) => one.weight > 0).length < 2) return served;
  if (!isUser(rollout.contextKind))
    throw new Unmappable(`it splits contexts of the kind "${rollout.contextKind}", not users`);
  if (!isBoolean(flag) && rollout.bucketBy != null && rollout.bucketBy !== 'key') {
    throw new Unmappable(`it splits by the attribute "${rollout.bucketBy}", and variants are split by identity`);
  }
  return served;
}

/**
 * On or off, and the value. The heaviest variation of a split is the value itself, which also those get who are no identity;
 * the others are variants with their weights.
 */
function stateOf(flag: LdFlag, { isOn, served }: { isOn: boolean; served: LdServed }): State {
  const split = served.rollout?.variations.toSorted((a, b) => b.weight - a.weight) ?? [];
  const main = split[0]?.variation ?? served.variation ?? null;
  const value = main === null ? null : valueOf(flag, main);
  if (isBoolean(flag)) return { enabled: value === true, value: null, weights: [] };
  const total = split.reduce((sum, one) => sum + one.weight, 0) || 1;
  const weightOf = (index: number) =>
    split.slice(1).reduce((sum, one) => (one.variation === index ? sum + (one.weight / total) * 100 : sum), 0);
  const weights = flag.variations.map((_, index) => ({ option: index, percentage: round(weightOf(index)) }));
  return { enabled: isOn, value, weights };
}

function isBoolean(flag: LdFlag): boolean {
  return flag.kind === 'boolean';
}

function offOf(flag: LdFlag): number {
  return flag.defaults?.offVariation ?? flag.variations.length - 1;
}

/** Whole numbers, text and booleans as they are; other numbers and JSON as text. @throws Unmappable */
function valueOf(flag: LdFlag, index: number): FeatureValue {
  const variation = flag.variations[index];
  if (variation === undefined) throw new Unmappable(`it names the variation ${index}, which the flag does not have`);
  const { value } = variation;
  if (typeof value === 'boolean' || value === null || value === undefined) return value ?? null;
  if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= maxId) return value;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if ([...text].length > featureValueLimit) {
    throw new Unmappable(`a variation is longer than ${featureValueLimit} characters`);
  }
  if (text.includes('\0')) throw new Unmappable('a variation holds a null character');
  return text;
}

function textOf(value: FeatureValue): string | null {
  return value === null ? null : String(value);
}

/** Segments of the project: one for each of LaunchDarkly's, several where environments define it differently. */
function translateSegments(source: LdProject, present: Present, tell: Tell) {
  const nameOf = new Map(source.environments.map(({ key, name }) => [key, name]));
  const list: ProjectFile['segments'] = [];
  const rulesIn = new Map<string, Map<string, Rules>>();
  const refs = new Map<string, number>();
  const shared = new Map<string, { segment: LdSegment; environment: string; rules: Rules }[]>();
  for (const [environment, segments] of source.segments) {
    const known = new Map<string, Rules>();
    const name = nameOf.get(environment) ?? environment;
    rulesIn.set(environment, known);
    for (const segment of segments) {
      const where = `Segment "${segment.key}" in ${name}`;
      try {
        const rules = rulesOfSegment(segment, (problem) => tell(`${where}: ${problem}`));
        known.set(segment.key, rules);
        shared.set(segment.key, [...(shared.get(segment.key) ?? []), { segment, environment, rules }]);
      } catch (error) {
        if (!(error instanceof Unmappable)) throw error;
        tell(`${where} was left out: ${error.message}.`);
      }
    }
  }
  for (const [key, all] of shared) {
    for (const same of Map.groupBy(all, ({ rules }) => JSON.stringify(rules)).values()) {
      const [{ segment, rules }] = same as [(typeof same)[number]];
      const ref = list.length;
      for (const { environment } of same) refs.set(JSON.stringify([environment, key]), ref);
      const places =
        same.length === all.length ? '' : ` (${same.map((one) => nameOf.get(one.environment)).join(', ')})`;
      const about = [segment.description, segment.tags.length > 0 ? `Tags: ${segment.tags.join(', ')}` : null];
      list.push({
        ref,
        name: cut(`${segment.name}${places}`, 1900),
        description: cut(about.filter(Boolean).join('\n\n'), 20_000) || null,
        feature: null,
        rules,
        custom_fields: [],
      });
    }
  }
  const named = list.length;
  const names = new Set(present.segments);

  return {
    of: (environment: string): KnownSegments => rulesIn.get(environment) ?? new Map(),
    refOf: (environment: string, key: string) => refs.get(JSON.stringify([environment, key])) ?? null,
    addOwn({ flag, name, rules }: { flag: LdFlag; name: string; rules: Rules }): number {
      const ref = list.length;
      list.push({ ref, name: cut(name, 1900), description: null, feature: flag.key, rules, custom_fields: [] });
      return ref;
    },
    /** A segment whose name is taken comes only where a feature uses it, under another name. */
    all(used: ReadonlySet<number>): ProjectFile['segments'] {
      return list.flatMap((segment) => {
        if (segment.ref >= named) return [segment];
        if (names.has(segment.name) && !used.has(segment.ref)) {
          tell(`Segment "${segment.name}" was left out: the project has one of this name already.`);
          return [];
        }
        let { name } = segment;
        for (let n = 2; names.has(name); n++) name = `${segment.name} (${n})`;
        names.add(name);
        return [{ ...segment, name }];
      });
    },
  };
}

/** The beginning of a text. */
function cut(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : characters.slice(0, length).join('');
}

/** Weights are in thousandths of a percent there. */
function round(percentage: number): number {
  return Math.round(percentage * 1000) / 1000;
}

const tagDefaults = {
  color: '#3d4db6',
  description: null,
  is_permanent: false,
  is_system_tag: false,
  type: 'NONE' as const,
};
const environmentDefaults = {
  description: null,
  minimum_change_request_approvals: null,
  allow_client_traits: true,
  banner_text: null,
  banner_colour: null,
  hide_disabled_flags: null,
  hide_sensitive_data: false,
  use_identity_composite_key_for_hashing: true,
  use_identity_overrides_in_local_eval: true,
  use_v2_feature_versioning: false,
  custom_fields: [],
};
