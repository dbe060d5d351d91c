import type { Opened } from './environments.ts';
import { type Answer, asciiBytes, asciiJson, type HeaderSets, Refusal } from './responses.ts';

const pathOfOptions = /^\/api\/v1\/flags\/(\d{1,10})\/multivariate-options$/;

/** The feature whose variants a path asks for; null for any other path. */
export function featureOfOptionsPath(path: string): number | null {
  const match = pathOfOptions.exec(path);
  return match === null ? null : Number(match[1]);
}

/**
 * `GET /api/v1/flags/{feature_id}/multivariate-options/`: what people get who are in no variant, and what the variants give.
 * A feature that the key does not show in `/flags/` is not there.
 */
export function answerMultivariateOptions(
  { environment, kind }: Opened,
  featureId: number,
  headers: HeaderSets,
): Answer {
  const { publication } = environment;
  const state = publication.published.document.feature_states.find(({ feature }) => feature.id === featureId);
  const served = publication.engine.decide(null).find(({ outcome }) => outcome.feature.id === featureId);
  if (state === undefined || served === undefined || publication.flagJson(served, kind) === '') {
    throw new Refusal(404, { detail: 'Not found.' });
  }
  const options = state.multivariate_feature_state_values.map((variant) => ({
    value: variant.multivariate_feature_option.value,
  }));
  const body = asciiJson({ control_value: state.feature_state_value, options });
  return { status: 200, headers: headers.json, body: asciiBytes(body) };
}
