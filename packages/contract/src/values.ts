import { z } from 'zod';
import type { FeatureValue } from './evaluation.ts';
import { blankableTextInput, booleanInput, integerInput } from './fields.ts';

/** Longest value of a feature, in characters. */
export const featureValueLimit = 20_000;

/** A value in the form that says its type: `features/featurestates/`, multivariate options, segment overrides. */
export const typedValue = z.object({
  type: z.enum(['unicode', 'int', 'bool']),
  string_value: z.string().nullable(),
  integer_value: z.number().int().nullable(),
  boolean_value: z.boolean().nullable(),
});
export type TypedValue = z.output<typeof typedValue>;

/** The same as a request gives it; columns that `type` does not name are ignored. */
export const typedValueInput = z.object({
  type: z.enum(['unicode', 'int', 'bool']).default('unicode'),
  string_value: blankableTextInput(featureValueLimit).nullish(),
  integer_value: integerInput().nullish(),
  boolean_value: booleanInput.nullish(),
});

/** A value as SDKs see it. */
export const scalarValue = z.union([z.string(), z.number().int(), z.boolean(), z.null()]);

/** The scalar of a typed value. */
export function scalarOf(value: z.output<typeof typedValueInput>): FeatureValue {
  if (value.type === 'int') return value.integer_value ?? null;
  if (value.type === 'bool') return value.boolean_value ?? null;
  return value.string_value ?? null;
}

/** A scalar with its type. Integers beyond 32 bits and fractions are kept as text. */
export function typedValueOf(value: FeatureValue): TypedValue {
  if (typeof value === 'boolean')
    return { type: 'bool', string_value: null, integer_value: null, boolean_value: value };
  if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2_147_483_647) {
    return { type: 'int', string_value: null, integer_value: value, boolean_value: null };
  }
  const text = value === null ? null : String(value);
  return { type: 'unicode', string_value: text, integer_value: null, boolean_value: null };
}

/**
 * The value that text stands for when a feature is created: integers of 32 bits and `true`/`false` get their type,
 * everything else stays text.
 */
export function valueFromText(text: string | null): FeatureValue {
  if (text === null || text === '') return null;
  if (/^[+-]?\d+$/.test(text) && Math.abs(Number(text)) < 2_147_483_647) return Number(text);
  if (text === 'true' || text === 'True') return true;
  if (text === 'false' || text === 'False') return false;
  return text;
}
