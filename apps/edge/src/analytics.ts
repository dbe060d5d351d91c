import type { Opened } from './environments.ts';
import { isObject, readBoolean, readText, typeName } from './identities/traits.ts';
import type { Publication } from './publication.ts';
import { type EdgeRequest, readJson } from './request.ts';
import { type Answer, asciiBytes, asciiJson, type HeaderSets, nothing, Refusal } from './responses.ts';
import { applicationOf, sdkLabel } from './sdk-label.ts';
import type { EvaluationCount, UsageStore } from './usage/store.ts';

interface AnalyticsRequest {
  opened: Opened;
  request: EdgeRequest;
  usage: UsageStore;
  headers: HeaderSets;
}

const maxCount = 2_147_483_647;
const maxFeatureNameLength = 2000;

/** `POST /api/v1/analytics/flags/`: how often each feature was read. What cannot be counted is dropped without an error. */
export async function answerAnalytics({ opened, request, usage, headers }: AnalyticsRequest): Promise<Answer> {
  const body = readJson(request);
  if (!isObject(body)) throw new Refusal(400, { non_field_errors: ['Expected a JSON object.'] });
  const nameOf = featureNames(opened.environment.publication);
  const labels = labelsOf(opened, request);
  const counts: EvaluationCount[] = [];
  for (const [given, count] of Object.entries(body)) {
    const featureName = nameOf(given);
    if (featureName === null || !isCount(count)) continue;
    counts.push({ ...labels, featureName, count, enabled: null });
  }
  if (counts.length > 0) await usage.add(counts);
  return { status: 200, headers: headers.plain, body: nothing };
}

/** `POST /api/v2/analytics/flags/`: the same, with what the feature said. */
export async function answerAnalyticsV2({ opened, request, usage, headers }: AnalyticsRequest): Promise<Answer> {
  const evaluations = readEvaluations(readJson(request));
  const nameOf = featureNames(opened.environment.publication);
  const labels = labelsOf(opened, request);
  const counts: EvaluationCount[] = [];
  for (const { name, count, enabled } of evaluations) {
    const featureName = nameOf(name);
    if (featureName !== null && count > 0) counts.push({ ...labels, featureName, count, enabled });
  }
  if (counts.length > 0) await usage.add(counts);
  return { status: 204, headers: headers.plain, body: nothing };
}

/** `POST /api/v1/analytics/telemetry/`: other installations may report to us; we answer as they expect and keep nothing. */
export function echoTelemetry(request: EdgeRequest, headers: HeaderSets): Answer {
  const body = readJson(request);
  if (!isObject(body)) throw new Refusal(400, { non_field_errors: ['Expected a JSON object.'] });
  return { status: 201, headers: headers.json, body: asciiBytes(asciiJson(body)) };
}

/** SDKs spell names as their callers do: an exact match wins, then lower case with `_` for blanks. Null for no feature. */
function featureNames(publication: Publication): (given: string) => string | null {
  const { exact, normal } = publication.once('feature names', () => {
    const names = publication.published.document.feature_states.map((state) => state.feature.name);
    return { exact: new Set(names), normal: new Map(names.map((name) => [normalName(name), name])) };
  });
  return (given) => (exact.has(given) ? given : (normal.get(normalName(given)) ?? null));
}

function normalName(name: string): string {
  return name.toLowerCase().replaceAll(' ', '_');
}

function labelsOf({ environment }: Opened, request: EdgeRequest) {
  const application = applicationOf(request);
  return {
    environmentId: environment.id,
    sdkUserAgent: sdkLabel(request),
    applicationName: application.name,
    applicationVersion: application.version,
  };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= maxCount;
}

/** @throws {Refusal} 400 with the messages by field */
function readEvaluations(body: unknown): { name: string; count: number; enabled: boolean }[] {
  const list = isObject(body) ? body.evaluations : undefined;
  if (list === undefined || list === null) {
    throw new Refusal(400, { evaluations: ['This field is required.'] });
  }
  if (!Array.isArray(list)) {
    throw new Refusal(400, { evaluations: [`Expected a list of items but got type "${typeName(list)}".`] });
  }
  const errors = list.map((item: unknown) => {
    if (!isObject(item)) return { non_field_errors: ['Expected a JSON object.'] };
    const fields: Record<string, string[]> = {};
    const name = readText(item.feature_name, maxFeatureNameLength);
    if ('error' in name) fields.feature_name = [name.error];
    if (item.count === undefined) fields.count = ['This field is required.'];
    else if (item.count !== 0 && !isCount(item.count)) fields.count = ['A valid integer is required.'];
    if (item.enabled_when_evaluated === undefined) fields.enabled_when_evaluated = ['This field is required.'];
    else if (item.enabled_when_evaluated === null || readBoolean(item.enabled_when_evaluated) === undefined) {
      fields.enabled_when_evaluated = ['Must be a valid boolean.'];
    }
    return fields;
  });
  if (errors.some((fields) => Object.keys(fields).length > 0)) throw new Refusal(400, { evaluations: errors });
  return list.map((item: Record<string, unknown>) => ({
    name: String(item.feature_name).trim(),
    count: item.count as number,
    enabled: readBoolean(item.enabled_when_evaluated) as boolean,
  }));
}
