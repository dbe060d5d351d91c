import type { Condition, Rule } from './conditions.ts';
import { elementsOf, fieldsOf, keyOf, textOf } from './loose.ts';

/**
 * Reads the rules of a segment. `propertyField` is what the conditions call their property: `property` in a context,
 * `property_` in a document.
 */
export function readRules(rules: unknown, propertyField: 'property' | 'property_', depth = 0): (Rule | null)[] {
  // Two levels in practice. The depth is bounded because a document may nest deeper than the stack.
  if (depth > deepestRule) return [null];
  return elementsOf(rules).map((rule) => {
    if (typeof rule !== 'object' || rule === null) return null;
    const { type, conditions, rules: subRules } = fieldsOf(rule);
    return {
      type: textOf(type),
      conditions: elementsOf(conditions).map((condition) => readCondition(condition, propertyField)),
      rules: readRules(subRules, propertyField, depth + 1),
    };
  });
}

const deepestRule = 50;

function readCondition(condition: unknown, propertyField: 'property' | 'property_'): Condition | null {
  if (typeof condition !== 'object' || condition === null) return null;
  const fields = fieldsOf(condition);
  return { operator: textOf(fields.operator), property: textOf(fields[propertyField]), value: readValue(fields.value) };
}

function readValue(value: unknown): Condition['value'] {
  if (Array.isArray(value)) return value.map(textOfScalar);
  return value === null || value === undefined || typeof value === 'object' ? null : textOfScalar(value);
}

function textOfScalar(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return keyOf(value) ?? 'None';
}
