import type { FileState, ProjectFile } from '@halyard/contract';
import { isNamePattern, nameKey } from '../names.ts';

/** Something that is wrong in a file, and where. */
export interface Problem {
  path: PropertyKey[];
  message: string;
}

/** What the parts of a file get wrong about each other: names and numbers that are used twice or not there at all. */
export function problemsIn(file: ProjectFile): Problem[] {
  const problems: Problem[] = [];
  const refuse = (path: PropertyKey[], message: string) => void problems.push({ path, message });
  const unique = <T>(items: T[], path: PropertyKey[], field: string, keyOf: (item: T) => string) => {
    const seen = new Set<string>();
    for (const [index, item] of items.entries()) {
      const key = keyOf(item);
      if (seen.has(key)) refuse([...path, index, ...(field === '' ? [] : [field])], 'This is in the list already.');
      seen.add(key);
    }
  };

  const pattern = file.project.feature_name_regex;
  if (pattern !== null && !isNamePattern(pattern)) refuse(['project', 'feature_name_regex'], 'Not a pattern of RE2.');
  unique(file.tags, ['tags'], 'ref', (tag) => String(tag.ref));
  unique(file.custom_fields, ['custom_fields'], 'ref', (field) => String(field.ref));
  unique(file.custom_fields, ['custom_fields'], 'name', (field) => field.name);
  unique(file.segments, ['segments'], 'ref', (segment) => String(segment.ref));
  unique(file.features, ['features'], 'name', (feature) => nameKey(feature.name));
  unique(file.environments, ['environments'], 'name', (environment) => environment.name);
  unique(file.environments, ['environments'], 'key', (environment) => environment.key ?? environment.name);

  const tags = new Set(file.tags.map((tag) => tag.ref));
  const segments = new Map(file.segments.map((segment) => [segment.ref, segment]));
  const features = new Map(file.features.map((feature) => [feature.name, new Set(feature.options.map((o) => o.ref))]));
  const fieldsOf = (kind: 'environment' | 'feature' | 'segment') =>
    new Set(file.custom_fields.filter((field) => field.of.includes(kind)).map((field) => field.ref));

  const checkFields = (kind: 'environment' | 'feature' | 'segment') => {
    const known = fieldsOf(kind);
    return (values: { field: number }[], path: PropertyKey[]) => {
      unique(values, [...path, 'custom_fields'], 'field', (value) => String(value.field));
      for (const [index, { field }] of values.entries()) {
        if (!known.has(field))
          refuse([...path, 'custom_fields', index, 'field'], `There is no such field of a ${kind}.`);
      }
    };
  };
  const checkFeatureFields = checkFields('feature');
  const checkSegmentFields = checkFields('segment');
  const checkEnvironmentFields = checkFields('environment');

  for (const [index, feature] of file.features.entries()) {
    const path = ['features', index];
    unique(feature.options, [...path, 'options'], 'ref', (option) => String(option.ref));
    unique(feature.options, [...path, 'options'], 'key', (option) => option.key ?? `without ${option.ref}`);
    unique(feature.tags, [...path, 'tags'], '', String);
    for (const [tagIndex, tag] of feature.tags.entries()) {
      if (!tags.has(tag)) refuse([...path, 'tags', tagIndex], 'There is no tag of this ref.');
    }
    checkFeatureFields(feature.custom_fields, path);
  }
  for (const [index, segment] of file.segments.entries()) {
    if (segment.feature !== null && !features.has(segment.feature)) {
      refuse(['segments', index, 'feature'], noSuchFeature);
    }
    checkSegmentFields(segment.custom_fields, ['segments', index]);
  }

  const checkState = (state: Pick<FileState, 'weights'>, feature: string, path: PropertyKey[]) => {
    const options = features.get(feature);
    if (options === undefined) return refuse([...path, 'feature'], noSuchFeature);
    unique(state.weights, [...path, 'weights'], 'option', (weight) => String(weight.option));
    for (const [index, { option }] of state.weights.entries()) {
      if (!options.has(option)) refuse([...path, 'weights', index, 'option'], 'The feature has no option of this ref.');
    }
    const sum = state.weights.reduce((total, weight) => total + weight.percentage, 0);
    if (sum > 100 + 1e-6) refuse([...path, 'weights'], 'Multivariate percentage values exceed 100%.');
  };

  for (const [index, environment] of file.environments.entries()) {
    const path = ['environments', index];
    checkEnvironmentFields(environment.custom_fields, path);
    unique(environment.states, [...path, 'states'], 'feature', (state) => state.feature);
    for (const [i, state] of environment.states.entries()) checkState(state, state.feature, [...path, 'states', i]);
    const present = new Set(environment.states.map((state) => state.feature));
    const missing = file.features.find((feature) => !present.has(feature.name));
    if (missing !== undefined) refuse([...path, 'states'], `The feature "${missing.name}" has no state here.`);
    unique(environment.segment_overrides, [...path, 'segment_overrides'], 'segment', (one) =>
      JSON.stringify([one.feature, one.segment]),
    );
    for (const [i, override] of environment.segment_overrides.entries()) {
      const here = [...path, 'segment_overrides', i];
      checkState(override.state ?? { weights: [] }, override.feature, here);
      const segment = segments.get(override.segment);
      if (segment === undefined) refuse([...here, 'segment'], 'There is no segment of this ref.');
      else if (segment.feature !== null && segment.feature !== override.feature) {
        refuse([...here, 'segment'], 'Only another feature may use this segment.');
      }
    }
    unique(environment.identity_overrides, [...path, 'identity_overrides'], 'identifier', (one) => one.identifier);
    for (const [i, identity] of environment.identity_overrides.entries()) {
      const here = [...path, 'identity_overrides', i, 'states'];
      unique(identity.states, here, 'feature', (state) => state.feature);
      for (const [j, state] of identity.states.entries()) checkState(state, state.feature, [...here, j]);
    }
  }
  return problems;
}

const noSuchFeature = 'There is no feature of this name.';
