import type { Operator } from '@halyard/contract';
import { isComparison, parseCandidates, parseModulo, semverSuffix } from './conditions.ts';
import { readPath } from './properties.ts';
import { compileStartPattern } from './regex.ts';
import { parseFloatingPoint } from './values.ts';
import { parseVersion } from './versions.ts';

/**
 * Says whether a condition can do what its author means. Errors are reasons to refuse it: it could never match. Warnings are about
 * conditions that work here but mean something else in some SDK, or that probably are not what was meant.
 */
export function checkCondition({
  operator,
  property,
  value,
}: {
  operator: string;
  property: string | null;
  value: string | null;
}): {
  errors: string[];
  warnings: string[];
} {
  const errors: string[] = [];
  const warnings: string[] = [];
  if (!isOperator(operator)) {
    errors.push(`There is no operator "${operator}".`);
    return { errors, warnings };
  }
  checkProperty(operator, property ?? '', errors, warnings);
  checkValue(operator, value, errors, warnings);
  return { errors, warnings };
}

const valueless: Record<Operator, boolean> = {
  EQUAL: false,
  NOT_EQUAL: false,
  GREATER_THAN: false,
  GREATER_THAN_INCLUSIVE: false,
  LESS_THAN: false,
  LESS_THAN_INCLUSIVE: false,
  CONTAINS: false,
  NOT_CONTAINS: false,
  REGEX: false,
  PERCENTAGE_SPLIT: false,
  MODULO: false,
  IN: false,
  IS_SET: true,
  IS_NOT_SET: true,
};

function isOperator(operator: string): operator is Operator {
  return Object.hasOwn(valueless, operator);
}

function checkProperty(operator: Operator, property: string, errors: string[], warnings: string[]): void {
  if (property === '') {
    if (operator !== 'PERCENTAGE_SPLIT') errors.push('Say which trait this condition is about.');
    return;
  }
  if (!property.startsWith('$.')) return;
  const path = readPath(property);
  if (!('problem' in path)) return;
  if (path.invalid) warnings.push(path.problem);
  else errors.push(path.problem);
}

function checkValue(operator: Operator, value: string | null, errors: string[], warnings: string[]): void {
  if (valueless[operator]) return;
  if (value === null) {
    errors.push('Give this condition a value to compare with.');
    return;
  }
  if (isComparison(operator)) {
    if (value.endsWith(semverSuffix) && parseVersion(value.slice(0, -semverSuffix.length)) === undefined) {
      errors.push('This is not a version: write it as 1.2.3, without a leading "v", followed by ":semver".');
    }
    return;
  }
  switch (operator) {
    case 'REGEX':
      checkPattern(value, errors, warnings);
      break;
    case 'PERCENTAGE_SPLIT': {
      const percentage = parseFloatingPoint(value);
      if (percentage === undefined || !(percentage >= 0 && percentage <= 100)) {
        errors.push('A percentage is a number from 0 to 100.');
      }
      break;
    }
    case 'MODULO':
      if (parseModulo(value) === undefined) {
        errors.push('Write divisor and remainder as "divisor|remainder", such as "4|3"; the divisor is not 0.');
      }
      break;
    case 'IN':
      checkCandidates(value, warnings);
      break;
  }
}

function checkPattern(value: string, errors: string[], warnings: string[]): void {
  const pattern = compileStartPattern(value);
  if ('problem' in pattern) {
    errors.push(pattern.problem);
    return;
  }
  if (!/^(?:\^|\\A|\.\*)/.test(value)) {
    warnings.push(
      'Patterns match from the start of the text, but some SDKs search anywhere in it. Begin with ^ or .* to mean the same everywhere.',
    );
  }
}

function checkCandidates(value: string, warnings: string[]): void {
  const { candidates, from } = parseCandidates(value);
  if (value.startsWith('[') && from === 'commas') {
    warnings.push('This begins like a JSON array but is not one, so it is split at its commas, brackets included.');
  } else if (from === 'commas' && candidates.some((candidate) => candidate !== candidate.trim())) {
    warnings.push('Blanks beside a comma belong to the value: "a, b" holds " b".');
  }
}
