import type { Operator, TraitValue } from '@halyard/contract';
import { compileSplit } from './hash.ts';
import { compileLookup, type Lookup, type PathScope } from './properties.ts';
import { compileStartPattern } from './regex.ts';
import {
  affords,
  compareCodePoints,
  type Frame,
  type Integer,
  integerOf,
  integerOfNumber,
  kindOfText,
  parseFloatingPoint,
  parseInteger,
  textOfValue,
} from './values.ts';
import { compareVersions, parseVersion } from './versions.ts';

/** Whether a frame satisfies a condition, a rule or a segment. */
export type Predicate = (frame: Frame) => boolean;

/** A condition with its parts read: what it does not have is an empty property or a null value. */
export interface Condition {
  operator: string;
  property: string;
  value: string | readonly string[] | null;
}

export interface Rule {
  type: string;
  conditions: readonly (Condition | null)[];
  rules: readonly (Rule | null)[];
}

/** What the rules of one segment are evaluated in. */
export interface RuleScope extends PathScope {
  /** Seed of the segment's percentage splits. */
  segmentKey: string;
}

/**
 * Takes the predicate of each rule and condition as it is compiled and answers the one to use: how whoever explains an
 * evaluation sees what every part of it answered.
 */
export type Watch<Part = Rule | Condition> = (part: Part, predicate: Predicate) => Predicate;

/** Nobody looks: the predicates stay as they are. */
export function unwatched(_part: unknown, predicate: Predicate): Predicate {
  return predicate;
}

/** A segment matches if it has rules and all of them hold. */
export function compileSegment(rules: readonly (Rule | null)[], scope: RuleScope, watch: Watch = unwatched): Predicate {
  if (rules.length === 0) return never;
  return every(rules.map((rule) => compileRule(rule, scope, 0, watch)));
}

/** Compiles one condition. An operator we do not know, and a value that the operator cannot use, never match. */
export function compileCondition(condition: Condition, scope: RuleScope): Predicate {
  const { operator, property, value } = condition;
  if (operator === 'PERCENTAGE_SPLIT') return compilePercentageSplit(property, value, scope);
  const test = compileTest(operator, value);
  if (test === never) return never;
  const lookup = compileLookup(property, scope);
  return (frame) => test(lookup(frame), frame);
}

/** What a condition looks at: the value that it compares, and where a percentage split puts it. */
export interface Sight {
  /** Null where nothing is set. */
  actual: TraitValue;
  /** Of 100; null for any other operator, and where there is nothing to put anywhere. */
  percentage: number | null;
}

/** Tells what a condition looks at, whatever it answers. */
export function compileSight({ operator, property }: Condition, scope: RuleScope): (frame: Frame) => Sight {
  const isSplit = operator === 'PERCENTAGE_SPLIT';
  const lookup: Lookup = isSplit && property === '' ? (frame) => frame.key : compileLookup(property, scope);
  const percentageOf = compileSplit(scope.segmentKey);
  return (frame) => {
    const actual = lookup(frame) ?? null;
    if (!isSplit || actual === null) return { actual, percentage: null };
    const text = property === '' ? String(actual) : textOfValue(actual);
    return { actual, percentage: affords(frame, text.length * effortOfHashing) ? percentageOf(text) : null };
  };
}

/** Reads the value of a MODULO condition, `divisor|remainder`; undefined where there is no such pair or nothing to divide by. */
export function parseModulo(value: string): { divisor: number; remainder: number } | undefined {
  const parts = value.split('|', 3);
  if (parts.length !== 2) return undefined;
  const divisor = parseFloatingPoint(parts[0] as string);
  const remainder = parseFloatingPoint(parts[1] as string);
  if (divisor === undefined || remainder === undefined || divisor === 0) return undefined;
  return { divisor, remainder };
}

/**
 * Reads the candidates of an IN condition: a list as it is, a text that is a JSON array as that array, any other text split at its
 * commas. Nothing is trimmed.
 */
export function parseCandidates(value: string | readonly string[]): {
  candidates: string[];
  from: 'list' | 'json' | 'commas';
} {
  if (typeof value !== 'string') return { candidates: value.map(textOfElement), from: 'list' };
  if (value.startsWith('[')) {
    const elements = parseJsonArray(value);
    if (elements !== undefined) return { candidates: elements.map(textOfElement), from: 'json' };
  }
  return { candidates: value.split(','), from: 'commas' };
}

/** Which operators compare by type; also those that a `:semver` value makes compare versions. */
export function isComparison(operator: string): operator is keyof typeof comparisons {
  return Object.hasOwn(comparisons, operator);
}

export const semverSuffix = ':semver';

type Test = (value: string | number | boolean | null | undefined, frame: Frame) => boolean;

/** Per character, so that a megabyte is out of reach and what identifiers and traits hold is free. */
const effortOfHashing = 4;

/** Rules nest two levels deep in practice; beyond this they never match. */
const deepestRule = 50;

function never(): false {
  return false;
}

function always(): true {
  return true;
}

function compileRule(rule: Rule | null, scope: RuleScope, depth: number, watch: Watch): Predicate {
  return rule === null ? never : watch(rule, predicateOf(rule, scope, depth, watch));
}

function predicateOf(rule: Rule, scope: RuleScope, depth: number, watch: Watch): Predicate {
  if (depth > deepestRule) return never;
  const conditions = rule.conditions.map((condition) =>
    condition === null ? never : watch(condition, compileCondition(condition, scope)),
  );
  const subRules = rule.rules.map((subRule) => compileRule(subRule, scope, depth + 1, watch));
  const combine = combinatorOf(rule.type);
  if (combine === undefined) return never;
  if (conditions.length === 0) return subRules.length === 0 ? always : combine(subRules);
  if (subRules.length === 0) return combine(conditions);
  return every([combine(conditions), combine(subRules)]);
}

function combinatorOf(type: string): ((predicates: readonly Predicate[]) => Predicate) | undefined {
  switch (type) {
    case 'ALL':
      return every;
    case 'ANY':
      return some;
    case 'NONE':
      return (predicates) => {
        const any = some(predicates);
        return (frame) => !any(frame);
      };
    default:
      return undefined;
  }
}

function every(predicates: readonly Predicate[]): Predicate {
  const [first, second] = predicates;
  if (first !== undefined && second === undefined) return first;
  return (frame) => {
    for (let i = 0; i < predicates.length; i++) if (!(predicates[i] as Predicate)(frame)) return false;
    return true;
  };
}

function some(predicates: readonly Predicate[]): Predicate {
  const [first, second] = predicates;
  if (first !== undefined && second === undefined) return first;
  return (frame) => {
    for (let i = 0; i < predicates.length; i++) if ((predicates[i] as Predicate)(frame)) return true;
    return false;
  };
}

function compileTest(operator: string, value: Condition['value']): Test {
  if (operator === 'IS_SET') return (found) => found !== null && found !== undefined;
  if (operator === 'IS_NOT_SET') return (found) => found === null || found === undefined;
  if (value === null) return never;
  if (operator === 'IN') return compileIn(value);
  if (typeof value !== 'string') return never;
  if (isComparison(operator)) return compileComparison(operator, value);
  switch (operator) {
    case 'CONTAINS':
      return (found) => typeof found === 'string' && kindOfText(found) === 'text' && found.includes(value);
    case 'NOT_CONTAINS':
      return (found) => typeof found === 'string' && kindOfText(found) === 'text' && !found.includes(value);
    case 'REGEX':
      return compileRegex(value);
    case 'MODULO':
      return compileModulo(value);
    default:
      return never;
  }
}

interface Comparison {
  numbers(left: Integer, right: Integer): boolean;
  /** Given whether left comes before (negative), with (zero) or after (positive) right. */
  order(sign: number): boolean;
}

const comparisons = {
  EQUAL: { numbers: (left, right) => left === right, order: (sign) => sign === 0 },
  NOT_EQUAL: { numbers: (left, right) => left !== right, order: (sign) => sign !== 0 },
  GREATER_THAN: { numbers: (left, right) => left > right, order: (sign) => sign > 0 },
  GREATER_THAN_INCLUSIVE: { numbers: (left, right) => left >= right, order: (sign) => sign >= 0 },
  LESS_THAN: { numbers: (left, right) => left < right, order: (sign) => sign < 0 },
  LESS_THAN_INCLUSIVE: { numbers: (left, right) => left <= right, order: (sign) => sign <= 0 },
} satisfies Partial<Record<Operator, Comparison>>;

/** The condition's value is read once as each type; the type of what is found picks the reading, and no reading means no match. */
function compileComparison(operator: keyof typeof comparisons, value: string): Test {
  const { numbers }: Comparison = comparisons[operator];
  const integer = parseInteger(value);
  const float = parseFloatingPoint(value);
  const boolean = value === 'False' || value === 'false' ? 0 : 1;
  const testText = compileTextComparison(operator, value);

  const testInteger = (found: Integer) => integer !== undefined && numbers(found, integer);
  const testFloat = (found: number) => float !== undefined && numbers(found, float);
  // A whole number may have been 2 or 2.0 in JSON: only the latter equals "2.0", but both are below "2.1".
  const testWhole = operator === 'EQUAL' ? never : testFloat;
  return (found) => {
    switch (typeof found) {
      case 'string':
        switch (kindOfText(found)) {
          case 'integer':
            return testInteger(integerOf(found));
          case 'float':
            return testFloat(Number(found));
          default:
            return testText(found);
        }
      case 'number':
        if (!Number.isInteger(found)) return testFloat(found);
        return integer === undefined ? testWhole(found) : testInteger(integerOfNumber(found));
      case 'boolean':
        return numbers(found ? 1 : 0, boolean);
      default:
        return false;
    }
  };
}

function compileTextComparison(operator: keyof typeof comparisons, value: string): (found: string) => boolean {
  const { order }: Comparison = comparisons[operator];
  if (value.endsWith(semverSuffix)) {
    const version = parseVersion(value.slice(0, -semverSuffix.length));
    if (version === undefined) return never;
    return (found) => {
      const foundVersion = parseVersion(found);
      return foundVersion !== undefined && order(compareVersions(foundVersion, version));
    };
  }
  if (operator === 'EQUAL') return (found) => found === value;
  if (operator === 'NOT_EQUAL') return (found) => found !== value;
  return (found) => order(compareCodePoints(found, value));
}

function compileRegex(value: string): Test {
  // On first use: most processes never evaluate most environments they hold.
  let pattern: ReturnType<typeof compileStartPattern> | undefined;
  return (found, frame) => {
    if (found === null || found === undefined) return false;
    pattern ??= compileStartPattern(value);
    return 'matches' in pattern && pattern.matches(textOfValue(found), frame);
  };
}

function compileModulo(value: string): Test {
  const parsed = parseModulo(value);
  if (parsed === undefined) return never;
  const { divisor, remainder } = parsed;
  return (found) => {
    let dividend: number;
    if (typeof found === 'number') dividend = found;
    else if (typeof found === 'string' && kindOfText(found) !== 'text') dividend = Number(found);
    else return false;
    let rest = dividend % divisor;
    if (rest !== 0 && rest < 0 !== divisor < 0) rest += divisor;
    return rest === remainder;
  };
}

/** Matches the text as it came and as it is coerced, so that both "007" and "7" name the identifier 007. Floats that came as numbers are in no list. */
function compileIn(value: string | readonly string[]): Test {
  const candidates = new Set(parseCandidates(value).candidates);
  return (found) => {
    switch (typeof found) {
      case 'string':
        return candidates.has(found) || (kindOfText(found) === 'integer' && candidates.has(String(integerOf(found))));
      case 'number':
        return Number.isInteger(found) && candidates.has(String(found + 0));
      default:
        return false;
    }
  };
}

function compilePercentageSplit(property: string, value: Condition['value'], scope: RuleScope): Predicate {
  const threshold = typeof value === 'string' ? parseFloatingPoint(value) : undefined;
  if (threshold === undefined) return never;
  const percentageOf = compileSplit(scope.segmentKey);
  if (property === '') return (frame) => frame.key !== null && percentageOf(frame.key) <= threshold;
  const lookup = compileLookup(property, scope);
  return (frame) => {
    const found = lookup(frame);
    if (found === null || found === undefined) return false;
    const text = textOfValue(found);
    return affords(frame, text.length * effortOfHashing) && percentageOf(text) <= threshold;
  };
}

function parseJsonArray(text: string): unknown[] | undefined {
  try {
    const parsed: unknown = JSON.parse(text, keepDigits);
    return Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Ids of 64 bits do not fit a double; engines that tell the source text of a number let us keep them. */
function keepDigits(_name: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === 'number' && !Number.isSafeInteger(value) ? (context?.source ?? value) : value;
}

function textOfElement(element: unknown): string {
  if (typeof element === 'string') return element;
  if (typeof element === 'boolean') return element ? 'True' : 'False';
  if (element === null) return 'None';
  return typeof element === 'number' ? String(element) : JSON.stringify(element);
}
