import { setImmediate } from 'node:timers/promises';
import type * as endpoints from '@halyard/contract';
import {
  type ExplainedFeature,
  type ExplainedRule,
  type Explanation,
  type ExplanationStep,
  type FeatureValue,
  type InputOf,
  type Playground,
  type PlaygroundServed,
  type PublishedEnvironment,
  playgroundColumnLimit,
  playgroundValueLimit,
  type SegmentRuleContext,
  type SegmentSample,
  type SegmentTest,
  type TraitSamples,
} from '@halyard/contract';
import {
  compileContext,
  compileDocument,
  explainDocument,
  explainSegment,
  type Outcome,
  type RuleExplanation,
  type Step,
} from '@halyard/engine';
import { hasPermission } from '../access/rights.ts';
import { openEnvironment, openProject, openProjectWithRights, rightsInEnvironment } from '../access/service.ts';
import type { EnvironmentScope } from '../access/service.ts';
import type { Context } from '../context.ts';
import { publishedOf, publishedOfAll } from '../documents/service.ts';
import { invalid, invalidTogether } from '../errors.ts';
import { type Person, peopleIn } from '../identities/people.ts';
import { newestIdentities } from '../identities/service.ts';
import { rulesOfContext, treeOf } from '../segments/rules.ts';
import { findEnvironmentIds } from './store.ts';

/** How many of the newest identities a count or a sample of traits looks at. */
const sampleSize = 1000;
const exampleLimit = 5;
/** Rules that are slow on purpose stop a count early; it says how many it looked at. */
const countingMs = 1000;
const sampledKeys = 500;
const sampledValues = 10;
const longestSampledValue = 100;

/** What somebody gets of each feature, by the engine that answers SDKs, and every step that led there. */
export async function explainFeatures(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.explainFeatures>,
): Promise<Explanation> {
  const scope = await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'VIEW_ENVIRONMENT');
  const { identity, shown } = await onePerson(ctx, scope, body);
  const published = await publishedOf(ctx, scope.environmentId);
  const explained = explainDocument(published.document).explain(identity);
  const wanted = body.features === undefined ? null : new Set(body.features);
  const features = explained.features
    .filter(({ outcome }) => wanted === null || wanted.has(outcome.feature.id))
    .map(
      ({ outcome, steps }): ExplainedFeature => ({
        ...shownOutcome(outcome, published),
        feature: outcome.feature,
        reason: outcome.reason,
        steps: steps.map(shownStep),
      }),
    );
  const named = new Set(
    features.flatMap(({ steps }) => steps.flatMap((step) => (step.kind === 'segment' ? step.segment.id : []))),
  );
  return {
    environment: { id: scope.environmentId, name: scope.environment.name, api_key: scope.environment.api_key },
    version: published.version,
    person: shown,
    key: explained.key,
    segments: explained.segments
      .map(({ key, name, matched, rules }) => ({ id: Number(key), name, matched, rules: rules.map(shownRule) }))
      .filter(({ id }) => named.has(id)),
    features,
  };
}

/** @throws RequestError 400 for an environment that is not one of those that the caller may see, and for too many columns. */
export async function runPlayground(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.runPlayground>,
): Promise<Playground> {
  const scope = await openProjectWithRights(ctx, params.project_id, 'VIEW_PROJECT');
  const all = await findEnvironmentIds(ctx.db, scope.projectId);
  const visible = all.filter((id) => hasPermission(scope.rightsIn(id), 'VIEW_ENVIRONMENT'));
  const unknown = body.environments?.find((id) => !visible.includes(id));
  if (unknown !== undefined) throw invalid({ environments: [`Invalid pk "${unknown}" - object does not exist.`] });
  const chosen = body.environments === undefined ? visible : visible.filter((id) => body.environments?.includes(id));
  if (chosen.length * body.people.length > playgroundColumnLimit) {
    throw invalid({
      environments: [`People times environments must not exceed ${playgroundColumnLimit}. Choose fewer environments.`],
    });
  }
  const places = chosen.map((environmentId) => ({
    environmentId,
    maySeeIdentities: hasPermission(scope.rightsIn(environmentId), 'VIEW_IDENTITIES'),
  }));
  const people = await peopleIn(ctx, places, body.people);
  const published = await publishedOfAll(ctx, chosen);
  const peopleOf = new Map(chosen.map((id, index) => [id, people[index] as Person[]]));
  return {
    environments: published.map(({ document }) => ({
      id: document.id,
      name: document.name,
      api_key: document.api_key,
    })),
    people: body.people.map((_, index) => {
      const somewhere = people[0]?.[index]?.shown;
      const where = (stored: string) => chosen.filter((id) => peopleOf.get(id)?.[index]?.shown.stored === stored);
      return {
        identifier: somewhere?.identifier ?? null,
        is_generated: somewhere?.is_generated ?? false,
        known_in: where('used'),
        hidden_in: where('hidden'),
      };
    }),
    features: await tableOf(published, peopleOf, body.features === undefined ? null : new Set(body.features)),
  };
}

async function tableOf(
  published: PublishedEnvironment[],
  peopleOf: Map<number, Person[]>,
  wanted: Set<number> | null,
): Promise<Playground['features']> {
  interface Row {
    feature: Outcome['feature'];
    served: Map<string, { index: number; shown: PlaygroundServed }>;
    cells: number[][];
  }
  const rows = new Map<number, Row>();
  for (const [place, one] of published.entries()) {
    const segments = segmentsByState(one);
    // Whoever is served the same is shown the same, so each outcome is described once.
    const engine = compileDocument(one.document, (outcome) => {
      const shown = cutOutcome(outcome, one, segments);
      return { feature: outcome.feature, shown, text: JSON.stringify(shown) };
    });
    for (const [column, person] of (peopleOf.get(one.environmentId) ?? []).entries()) {
      for (const { feature, shown, text } of engine.decide(person.identity)) {
        if (wanted !== null && !wanted.has(feature.id)) continue;
        let row = rows.get(feature.id);
        if (row === undefined) rows.set(feature.id, (row = { feature, served: new Map(), cells: [] }));
        let served = row.served.get(text);
        if (served === undefined) row.served.set(text, (served = { index: row.served.size, shown }));
        const cells = (row.cells[place] ??= []);
        cells[column] = served.index;
      }
      // Other requests are answered between two people.
      await setImmediate();
    }
  }
  return [...rows.values()]
    .filter(({ cells }) => published.every((_, place) => cells[place] !== undefined))
    .sort((a, b) => a.feature.id - b.feature.id)
    .map(({ feature, served, cells }) => ({
      feature,
      served: [...served.values()].map(({ shown }) => shown),
      cells,
    }));
}

/**
 * Whether somebody is in a segment with these rules, as the engine would say once it is saved.
 * @throws RequestError 400 for nobody in particular, and an environment that is not the project's.
 */
export async function testSegment(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.testSegment>,
): Promise<SegmentTest> {
  const scope = await openTrial(ctx, params.project_id, body.environment);
  const { identity, shown } = await onePerson(ctx, scope, body);
  if (identity === null) throw invalidTogether('Give an identifier, traits or both.');
  const explained = explainSegment(segmentOf(body), environmentOf(scope), identity);
  return { person: shown, matched: explained.matched, rules: explained.rules.map(shownRule) };
}

/** How many of the newest identities would be in a segment with these rules. @throws RequestError 400, 403 */
export async function sampleSegment(
  ctx: Context,
  { params, body }: InputOf<typeof endpoints.sampleSegment>,
): Promise<SegmentSample> {
  const scope = await openTrial(ctx, params.project_id, body.environment);
  await openEnvironment(ctx, { id: scope.environmentId }, 'VIEW_IDENTITIES');
  const segment = segmentOf(body);
  const identities = await newestIdentities(ctx, scope.environmentId, {
    limit: sampleSize,
    keys: keysOf(segment.rules),
  });
  const engine = compileContext({ environment: environmentOf(scope), segments: { segment } });
  const examples: SegmentSample['examples'] = [];
  let matching = 0;
  let sampled = 0;
  const started = performance.now();
  for (const { id, identifier, traits } of identities) {
    if (sampled % 50 === 49) {
      await setImmediate();
      if (performance.now() - started > countingMs) break;
    }
    sampled += 1;
    if (engine.evaluate({ identifier, traits }).segments.length === 0) continue;
    matching += 1;
    if (examples.length < exampleLimit) examples.push({ id, identifier });
  }
  return { matching, sampled, examples };
}

/** Traits to choose from, as the newest identities have them. */
export async function listTraitSamples(
  ctx: Context,
  { params }: InputOf<typeof endpoints.listTraitSamples>,
): Promise<TraitSamples> {
  const scope = await openEnvironment(ctx, { apiKey: params.environment_api_key }, 'VIEW_ENVIRONMENT');
  const showsValues = await maySeeIdentities(ctx, scope);
  const identities = await newestIdentities(ctx, scope.environmentId, { limit: sampleSize, keys: null });
  type Value = string | number | boolean;
  const found = new Map<string, { count: number; types: Set<TraitType>; values: Map<Value, number> }>();
  for (const { traits } of identities) {
    for (const [key, value] of traits) {
      if (value === null) continue;
      let trait = found.get(key);
      if (trait === undefined) found.set(key, (trait = { count: 0, types: new Set(), values: new Map() }));
      trait.count += 1;
      trait.types.add(typeOf(value));
      if (typeof value === 'string' && value.length > longestSampledValue) continue;
      trait.values.set(value, (trait.values.get(value) ?? 0) + 1);
    }
  }
  const traits = [...found].map(([key, { count, types, values }]) => ({
    key,
    types: [...types].sort(),
    count,
    values: showsValues ? mostFrequent(values).slice(0, sampledValues) : [],
  }));
  traits.sort((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1));
  return { sampled: identities.length, traits: traits.slice(0, sampledKeys) };
}

type TraitType = TraitSamples['traits'][number]['types'][number];

function typeOf(value: string | number | boolean): TraitType {
  if (typeof value === 'string') return 'text';
  if (typeof value === 'boolean') return 'boolean';
  return Number.isInteger(value) ? 'integer' : 'float';
}

function mostFrequent<T>(counts: Map<T, number>): T[] {
  return [...counts].sort(([, a], [, b]) => b - a).map(([value]) => value);
}

async function onePerson(
  ctx: Context,
  scope: EnvironmentScope,
  given: Parameters<typeof peopleIn>[2][number],
): Promise<Person> {
  const place = { environmentId: scope.environmentId, maySeeIdentities: await maySeeIdentities(ctx, scope) };
  const [[person] = []] = await peopleIn(ctx, [place], [given]);
  return person as Person;
}

async function maySeeIdentities(ctx: Context, scope: EnvironmentScope): Promise<boolean> {
  const rights = await rightsInEnvironment(ctx, scope);
  return rights !== null && hasPermission(rights, 'VIEW_IDENTITIES');
}

/** @throws RequestError 400 for an environment that is not the project's. */
async function openTrial(ctx: Context, projectId: number, environmentId: number): Promise<EnvironmentScope> {
  await openProject(ctx, projectId, 'VIEW_PROJECT');
  const isOfProject = (await findEnvironmentIds(ctx.db, projectId)).includes(environmentId);
  if (!isOfProject) throw invalid({ environment: [`Invalid pk "${environmentId}" - object does not exist.`] });
  return openEnvironment(ctx, { id: environmentId }, 'VIEW_ENVIRONMENT');
}

function environmentOf({ environment }: EnvironmentScope) {
  return { key: environment.api_key, name: environment.name };
}

function segmentOf({ rules, segment }: InputOf<typeof endpoints.testSegment>['body']) {
  return { key: String(segment ?? ''), name: '', rules: rulesOfContext(treeOf(rules, [])) };
}

/** Keys of the traits that the rules look at; null where a JSONPath may look at any of them. */
function keysOf(rules: SegmentRuleContext[]): string[] | null {
  const properties = [...rules, ...rules.flatMap((rule) => rule.rules ?? [])]
    .flatMap((rule) => rule.conditions ?? [])
    .map(({ property }) => property);
  if (properties.some((property) => property.startsWith('$.'))) return null;
  return [...new Set(properties.filter((property) => property !== ''))];
}

function shownOutcome({ enabled, value, variant, source, feature }: Outcome, { document }: PublishedEnvironment) {
  const hidesDisabled = document.hide_disabled_flags ?? document.project.hide_disabled_flags;
  const isServerOnly = document.project.server_key_only_feature_ids.includes(feature.id);
  const visibility = hidesDisabled && !enabled ? 'none' : isServerOnly ? 'server' : 'all';
  return { enabled, value, variant, decided_by: source, visibility } as const;
}

function cutOutcome(
  outcome: Outcome,
  published: PublishedEnvironment,
  segments: Map<string, { id: number; name: string }>,
): PlaygroundServed {
  const shown = shownOutcome(outcome, published);
  const value = cut(shown.value);
  return { ...shown, value, value_is_cut: value !== shown.value, segment: segments.get(outcome.stateUuid) ?? null };
}

function cut(value: FeatureValue): FeatureValue {
  if (typeof value !== 'string' || value.length <= playgroundValueLimit) return value;
  return [...value].slice(0, playgroundValueLimit).join('');
}

/** By the uuid of a feature state: the segment that brings it. */
function segmentsByState({ document }: PublishedEnvironment): Map<string, { id: number; name: string }> {
  return new Map(
    document.project.segments.flatMap(({ id, name, feature_states }) =>
      feature_states.map((state) => [state.featurestate_uuid, { id, name }] as const),
    ),
  );
}

function shownStep(step: Step): ExplanationStep {
  if (step.kind === 'split') return step;
  const { enabled, value } = step.state;
  const shown = { result: step.result, enabled, value };
  if (step.kind !== 'segment') return { kind: step.kind, ...shown };
  const { key, name } = step.segment;
  const priority = Number.isSafeInteger(step.priority) ? step.priority : null;
  return { kind: 'segment', ...shown, segment: { id: Number(key), name }, priority };
}

/** Rules nest two levels, and hold what our own writer let in. */
function shownRule(rule: RuleExplanation): ExplainedRule {
  return rule as unknown as ExplainedRule;
}
