import { type FeatureValue, typedValueOf } from '@halyard/contract';
import type { ValueColumns } from './tables.ts';

/** The value that a row's four columns hold. */
export function valueOfColumns(row: ValueColumns): FeatureValue {
  if (row.value_type === 'int') return row.integer_value;
  if (row.value_type === 'bool') return row.boolean_value === null ? null : row.boolean_value === 1;
  return row.string_value;
}

/** A value as the four columns of a row. */
export function columnsOfValue(value: FeatureValue): ValueColumns {
  const typed = typedValueOf(value);
  return {
    value_type: typed.type,
    string_value: typed.string_value,
    integer_value: typed.integer_value,
    boolean_value: typed.boolean_value === null ? null : Number(typed.boolean_value),
  };
}
