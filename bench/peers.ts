import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { documentOf, type Traits, type Workload, type WorkloadCondition, type WorkloadFeature } from './workload.ts';

// The peers are dependencies of this folder alone, which is installed when the benchmark first runs.
const require = createRequire(import.meta.url);

/** An evaluation library of somebody else, holding the workload. */
export interface Peer {
  name: string;
  /** Every feature of one identity; answers how many were enabled, so that nothing can be optimised away. */
  all(identifier: string, traits: Traits): number | Promise<number>;
  /** One feature of one identity. */
  one(identifier: string, traits: Traits, feature: string): unknown;
  stop(): void;
}

/** The Flagsmith SDK, evaluating locally. */
export async function flagsmith(workload: Workload): Promise<Peer> {
  const { Flagsmith, LocalFileHandler } = require('flagsmith-nodejs');
  const folder = mkdtempSync(join(tmpdir(), 'halyard-bench-'));
  const file = join(folder, 'environment.json');
  writeFileSync(file, JSON.stringify(documentOf(workload)));
  const client = new Flagsmith({ offlineMode: true, offlineHandler: new LocalFileHandler(file) });
  rmSync(folder, { recursive: true });
  return {
    name: nameOf('flagsmith-nodejs'),
    async all(identifier, traits) {
      const flags = await client.getIdentityFlags(identifier, traits);
      let enabled = 0;
      for (const flag of flags.allFlags()) if (flag.enabled) enabled++;
      return enabled;
    },
    async one(identifier, traits, feature) {
      return (await client.getIdentityFlags(identifier, traits)).getFeatureValue(feature);
    },
    stop() {},
  };
}

/** The Unleash SDK, which evaluates locally always. */
export async function unleash(workload: Workload): Promise<Peer> {
  const { Unleash, InMemStorageProvider } = require('unleash-client');
  const { features, segments } = unleashWorkload(workload);
  const client = new Unleash({
    appName: 'bench',
    url: 'http://127.0.0.1:9/api',
    disableMetrics: true,
    refreshInterval: 0,
    storageProvider: new InMemStorageProvider(),
    bootstrap: { data: features, segments },
    bootstrapOverride: true,
    skipInstanceCountWarning: true,
  });
  client.on('error', () => {}); // there is no server: it works with what it was given
  client.on('warn', () => {});
  await new Promise((resolve) => client.once('ready', resolve));
  const names = workload.features.map((feature) => feature.name);
  return {
    name: nameOf('unleash-client'),
    all(identifier, traits) {
      const context = unleashContext(identifier, traits);
      let enabled = 0;
      // One call says whether a feature is on and which value it has.
      for (const name of names) if (client.getVariant(name, context).feature_enabled) enabled++;
      return enabled;
    },
    one: (identifier, traits, feature) => client.getVariant(feature, unleashContext(identifier, traits)),
    stop: () => client.destroy(),
  };
}

/** What Unleash is asked with: its properties are texts. */
export function unleashContext(identifier: string, traits: Traits) {
  const properties: Record<string, string> = {};
  for (const name of Object.keys(traits)) properties[name] = String(traits[name]);
  return { userId: identifier, properties };
}

/** W in Unleash's words. Its segments know only "all of these", and hold no percentage split, which its strategies do. */
export function unleashWorkload({ features, segments }: Workload) {
  const operators: Record<string, string> = {
    EQUAL: 'IN',
    IN: 'IN',
    NOT_EQUAL: 'NOT_IN',
    CONTAINS: 'STR_CONTAINS',
    REGEX: 'REGEX',
    GREATER_THAN_INCLUSIVE: 'NUM_GTE',
  };
  const constraintOf = ({ operator, property, value }: WorkloadCondition) => {
    const isVersion = value.endsWith(':semver');
    const takesList = ['EQUAL', 'IN', 'NOT_EQUAL', 'CONTAINS'].includes(operator);
    return {
      contextName: property,
      operator: isVersion ? 'SEMVER_GTE' : operators[operator],
      values: takesList ? value.split(',') : [],
      ...(takesList ? {} : { value: value.replace(':semver', '') }),
      inverted: false,
      caseInsensitive: false,
    };
  };
  const rollout = (segment: number | null, percent: string, variants: unknown[]) => ({
    name: 'flexibleRollout',
    parameters: { rollout: percent, stickiness: 'default', groupId: 'bench' },
    constraints: [],
    segments: segment === null ? [] : [segment],
    variants,
  });
  return {
    segments: segments.map(({ name, all, any }, i) => ({
      id: i + 1,
      name,
      constraints: [...all, ...any].filter(({ property }) => property !== null).map(constraintOf),
    })),
    features: features.map((feature) => {
      const overrides = segments.flatMap((segment, i) => {
        const override = segment.overrides.find((one) => one.featureName === feature.name);
        if (override === undefined) return [];
        const percent = segment.all.find(({ property }) => property === null)?.value ?? '100';
        return [rollout(i + 1, percent, unleashVariants({ ...override, variants: [] }))];
      });
      const own = feature.enabled ? [rollout(null, '100', unleashVariants(feature))] : [];
      return { name: feature.name, type: 'release', enabled: true, strategies: [...overrides, ...own] };
    }),
  };
}

/** Unleash delivers values as variants. */
function unleashVariants({ value, variants }: Pick<WorkloadFeature, 'value' | 'variants'>) {
  const given = variants.reduce((sum, { weightPercent }) => sum + weightPercent, 0);
  const control = { key: 'control', value: String(value), weightPercent: 100 - given };
  const all = value === null ? variants : [...variants, control];
  return all.map((variant) => ({
    name: variant.key,
    weight: variant.weightPercent * 10,
    weightType: 'variable',
    stickiness: 'default',
    payload: { type: 'string', value: variant.value },
  }));
}

/** GrowthBook's client for servers. */
export async function growthbook(workload: Workload): Promise<Peer> {
  const { GrowthBookClient } = require('@growthbook/growthbook');
  const client = new GrowthBookClient().initSync({ payload: { features: growthbookFeatures(workload) } });
  const names = workload.features.map((feature) => feature.name);
  const contextOf = (identifier: string, traits: Traits) => {
    const versions = { app_version: traits.app_version };
    return { attributes: { id: identifier, ...traits, ...versions } };
  };
  return {
    name: nameOf('@growthbook/growthbook'),
    all(identifier, traits) {
      const context = contextOf(identifier, traits);
      let enabled = 0;
      for (const name of names) if (client.evalFeature(name, context).on) enabled++;
      return enabled;
    },
    one: (identifier, traits, feature) => client.evalFeature(feature, contextOf(identifier, traits)).value,
    stop: () => client.destroy(),
  };
}

function growthbookFeatures({ features, segments }: Workload) {
  const conditionOf = ({ operator, property, value }: WorkloadCondition): Record<string, unknown> => {
    const name = property ?? 'id';
    if (value.endsWith(':semver')) return { [name]: { $vgte: value.replace(':semver', '') } };
    switch (operator) {
      case 'IN':
        return { [name]: { $in: value.split(',') } };
      case 'NOT_EQUAL':
        return { [name]: { $ne: value === 'False' ? false : value } };
      case 'GREATER_THAN_INCLUSIVE':
        return { [name]: { $gte: Number(value) } };
      case 'CONTAINS':
        return { [name]: { $regex: value.replaceAll('.', '\\.') } };
      case 'REGEX':
        return { [name]: { $regex: `^(?:${value})` } };
      default:
        return { [name]: value };
    }
  };
  return Object.fromEntries(
    features.map((feature) => {
      const overrides = segments.flatMap(({ all, any, overrides: given }) => {
        const override = given.find((one) => one.featureName === feature.name);
        if (override === undefined) return [];
        const split = all.find(({ property }) => property === null);
        const required = all.filter(({ property }) => property !== null).map(conditionOf);
        return [
          {
            condition: { $and: [...required, { $or: any.map(conditionOf) }] },
            force: override.value,
            ...(split === undefined ? {} : { coverage: Number(split.value) / 100, hashAttribute: 'id' }),
          },
        ];
      });
      const experiment = {
        variations: [feature.value, ...feature.variants.map(({ value }) => value)],
        weights: [0.25, 0.25, 0.25, 0.25],
        hashAttribute: 'id',
      };
      const rules = [...overrides, ...(feature.variants.length > 0 ? [experiment] : [])];
      return [feature.name, { defaultValue: feature.enabled ? (feature.value ?? true) : false, rules }];
    }),
  );
}

function nameOf(packageName: string): string {
  const { dependencies } = require('./package.json') as { dependencies: Record<string, string> };
  return `${packageName} ${dependencies[packageName]}`;
}
