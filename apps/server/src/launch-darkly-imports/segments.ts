import { type FileSegment, type Operator, conditionTextLimit, segmentConditionLimit } from '@halyard/contract';
import { checkCondition } from '@halyard/engine';
import type { LdClause, LdSegment } from './api.ts';

/*
 * LaunchDarkly's clauses as our rules. There a rule holds if all of its clauses do, and a clause if its operator holds for
 * one of its values. An attribute that somebody does not have fails a clause, also where the clause is negated.
 */

export type Rules = FileSegment['rules'];
type Rule = Rules[number];
type InnerRule = Rule['rules'][number];
type Condition = InnerRule['conditions'][number];

/** Why something cannot be said in our rules. */
export class Unmappable extends Error {}

/** Rules of the segments of one environment, by key; what cannot be said in ours is not among them. */
export type KnownSegments = ReadonlyMap<string, Rules>;

/**
 * What matches the people of a rule of a flag: usually one set of rules, of which all must hold; several where a clause
 * names one of several segments, and then one set has to. @throws Unmappable
 */
export function rulesOfClauses(clauses: LdClause[], known: KnownSegments): Rules[] {
  let sets: Rules[] = [[]];
  const branch = (choices: Rules[]) => {
    sets = sets.flatMap((set) => choices.map((choice) => [...set, ...choice]));
    if (sets.length > mostSets) throw new Unmappable('it combines too many segments');
  };
  for (const clause of clauses) {
    if (clause.op !== 'segmentMatch') {
      branch([[{ type: 'ALL', conditions: [], rules: [innerOf(clause)] }]]);
      continue;
    }
    const named = clause.values.map((key) => {
      const rules = known.get(String(key));
      if (rules === undefined) throw new Unmappable(`it asks for the segment "${String(key)}", which was not imported`);
      return rules;
    });
    if (!clause.negate) branch(named);
    else for (const rules of named) branch(rules.map((rule) => [negated(rule)]));
  }
  for (const set of sets) refuseLarge(set);
  return sets.map((set) => (set.length === 0 ? [everybody] : set));
}

/** @throws Unmappable */
export function rulesOfSegment(segment: LdSegment, tell: (problem: string) => void): Rules {
  if (segment.unbounded === true) throw new Unmappable('it is a big segment, whose members LaunchDarkly does not list');
  const people = (own: string[], contexts: LdSegment['includedContexts'], what: string) => {
    const others = contexts.filter((one) => !isUser(one.contextKind));
    if (others.some((one) => one.values.length > 0)) {
      tell(`${what} contexts of the kind ${kindsOf(others)} were left out: identities are users alone.`);
    }
    return [...new Set([...own, ...contexts.filter((one) => isUser(one.contextKind)).flatMap((one) => one.values)])];
  };
  const included = people(segment.included, segment.includedContexts, 'included');
  const excluded = people(segment.excluded, segment.excludedContexts, 'excluded');
  const isIncluded: InnerRule[] =
    included.length === 0 ? [] : [{ type: 'ANY', rules: [], conditions: isOneOf(identifier, included) }];
  const matching = [...isIncluded, ...segment.rules.flatMap(alternativesOf)];
  const rules: Rules = [{ type: 'ANY', conditions: [], rules: matching.length === 0 ? [nobody] : matching }];
  if (excluded.length > 0 && segment.rules.length > 0) {
    const isNotExcluded: InnerRule = { type: 'NONE', rules: [], conditions: isOneOf(identifier, excluded) };
    rules.push({ type: 'ANY', conditions: [], rules: [...isIncluded, isNotExcluded] });
  }
  refuseLarge(rules);
  return rules;
}

/** The same people, and of them a part. `weight` is in thousandths of a percent. @throws Unmappable */
export function withSplit(rules: Rules, weight: number, by: string | null | undefined, kind?: string | null): Rules {
  return [...rules, { type: 'ALL', rules: [], conditions: [splitOf(weight, by, kind)] }];
}

/** A rule of a segment as rules of which one must hold: our inner rules hold conditions alone. */
function alternativesOf(rule: LdSegment['rules'][number]): InnerRule[] {
  let alternatives: Condition[][] = [[]];
  for (const clause of rule.clauses) {
    if (clause.op === 'segmentMatch') throw new Unmappable('it is defined by another segment');
    const choices = clause.negate ? [noneOf(clause)] : anyOf(clause).map((condition) => [condition]);
    alternatives = alternatives.flatMap((one) => choices.map((choice) => [...one, ...choice]));
    if (alternatives.length > segmentConditionLimit) throw new Unmappable('a rule of it combines too many values');
  }
  const split =
    rule.weight === undefined || rule.weight === null
      ? []
      : [splitOf(rule.weight, rule.bucketBy, rule.rolloutContextKind)];
  return alternatives.map((conditions) => ({ type: 'ALL', rules: [], conditions: [...conditions, ...split] }));
}

function innerOf(clause: LdClause): InnerRule {
  if (!clause.negate) return { type: 'ANY', rules: [], conditions: anyOf(clause) };
  const property = propertyOf(clause);
  const isMissing = property === identifier ? [] : [condition('IS_NOT_SET', property, null)];
  return { type: 'NONE', rules: [], conditions: [...anyOf(clause), ...isMissing] };
}

/** Rules that hold where these do not. */
function negated(rule: Rule): Rule {
  if (rule.conditions.length > 0 || (rule.type === 'ALL' && rule.rules.length > 1) || rule.type === 'NONE') {
    throw new Unmappable('it asks for people who are not in a segment of several parts');
  }
  return { type: 'NONE', conditions: [], rules: rule.rules };
}

/** Conditions of which one must hold. */
function anyOf(clause: LdClause): Condition[] {
  const property = propertyOf(clause);
  if (clause.op === 'in') {
    const texts = clause.values.filter((value) => typeof value === 'string');
    const others = clause.values.filter((value) => typeof value !== 'string').map(scalarText);
    return [
      ...(texts.length === 0 ? [] : isOneOf(property, texts)),
      ...others.map((value) => checked('EQUAL', property, value)),
    ];
  }
  return clause.values.map((value) => {
    switch (clause.op) {
      case 'startsWith':
        return checked('REGEX', property, `^${escaped(textOf(value))}`);
      case 'endsWith':
        return checked('REGEX', property, `^${anything}${escaped(textOf(value))}$`);
      case 'contains':
        return isPlainText(value)
          ? checked('CONTAINS', property, textOf(value))
          : checked('REGEX', property, `^${anything}${escaped(textOf(value))}`);
      case 'matches':
        return checked('REGEX', property, anywhere(textOf(value)));
      case 'before':
      case 'after':
        if (typeof value !== 'number') throw new Unmappable(`"${clause.op}" compares dates that are text`);
        return checked(clause.op === 'before' ? 'LESS_THAN' : 'GREATER_THAN', property, scalarText(value));
      default: {
        const comparison = comparisons[clause.op];
        if (comparison === undefined) throw new Unmappable(`there is no operator like "${clause.op}"`);
        return checked(comparison.is, property, comparedText(clause.op, value));
      }
    }
  });
}

/** Conditions of which all must hold for none of the clause's values to be there; the attribute must be. */
function noneOf(clause: LdClause): Condition[] {
  const property = propertyOf(clause);
  return clause.values.map((value) => {
    if (clause.op === 'in') return checked('NOT_EQUAL', property, scalarText(value));
    if (clause.op === 'contains' && isPlainText(value)) return checked('NOT_CONTAINS', property, textOf(value));
    const comparison = comparisons[clause.op];
    if (comparison === undefined) throw new Unmappable(`"${clause.op}" cannot be negated within a segment`);
    return checked(comparison.isNot, property, comparedText(clause.op, value));
  });
}

const comparisons: Record<string, { is: Operator; isNot: Operator }> = {
  lessThan: { is: 'LESS_THAN', isNot: 'GREATER_THAN_INCLUSIVE' },
  lessThanOrEqual: { is: 'LESS_THAN_INCLUSIVE', isNot: 'GREATER_THAN' },
  greaterThan: { is: 'GREATER_THAN', isNot: 'LESS_THAN_INCLUSIVE' },
  greaterThanOrEqual: { is: 'GREATER_THAN_INCLUSIVE', isNot: 'LESS_THAN' },
  semVerEqual: { is: 'EQUAL', isNot: 'NOT_EQUAL' },
  semVerLessThan: { is: 'LESS_THAN', isNot: 'GREATER_THAN_INCLUSIVE' },
  semVerLessThanOrEqual: { is: 'LESS_THAN_INCLUSIVE', isNot: 'GREATER_THAN' },
  semVerGreaterThan: { is: 'GREATER_THAN', isNot: 'LESS_THAN_INCLUSIVE' },
  semVerGreaterThanOrEqual: { is: 'GREATER_THAN_INCLUSIVE', isNot: 'LESS_THAN' },
};

function comparedText(op: string, value: unknown): string {
  if (!op.startsWith('semVer')) {
    if (typeof value !== 'number') throw new Unmappable(`"${op}" compares with something that is no number`);
    return scalarText(value);
  }
  // There 2 and 2.1 stand for 2.0.0 and 2.1.0.
  const [, numbers = '', rest = ''] = /^(\d+(?:\.\d+)?(?:\.\d+)?)(.*)$/.exec(textOf(value)) ?? [];
  const parts = numbers.split('.');
  return `${[parts[0], parts[1] ?? '0', parts[2] ?? '0'].join('.')}${rest}:semver`;
}

/** The condition that somebody is in a part of all. @throws Unmappable */
function splitOf(weight: number, by: string | null | undefined, kind: string | null | undefined): Condition {
  const property = propertyOf({ attribute: by ?? 'key', contextKind: kind });
  return checked('PERCENTAGE_SPLIT', property === identifier ? null : property, String(weight / 1000));
}

/** Conditions of which one holds for exactly these texts. */
function isOneOf(property: string, values: string[]): Condition[] {
  const [first = ''] = values;
  if (values.length === 1 && isPlainText(first)) return [checked('EQUAL', property, first)];
  const parts: string[][] = [[]];
  const written = (part: string[]) => (part.every(isPlainItem) ? part.join(',') : JSON.stringify(part));
  for (const value of values) {
    const part = parts.at(-1) as string[];
    if (part.length > 0 && [...written([...part, value])].length > conditionTextLimit) parts.push([value]);
    else part.push(value);
  }
  return parts.map((part) => checked('IN', property, written(part)));
}

function propertyOf({
  attribute,
  contextKind,
}: {
  attribute: string;
  contextKind?: string | null | undefined;
}): string {
  if (!isUser(contextKind)) throw new Unmappable(`it is about contexts of the kind "${contextKind}", not about users`);
  if (attribute === 'key') return identifier;
  if (attribute === 'kind') throw new Unmappable('it asks for the kind of a context');
  if (!attribute.startsWith('/')) return attribute;
  const steps = attribute.slice(1).split('/');
  if (steps.length > 1) throw new Unmappable(`it looks inside the attribute "${attribute}", and traits have no parts`);
  return (steps[0] as string).replaceAll('~1', '/').replaceAll('~0', '~');
}

export function isUser(kind: string | null | undefined): boolean {
  return kind === undefined || kind === null || kind === '' || kind === 'user';
}

export function kindsOf(list: { contextKind?: string | null | undefined }[]): string {
  return [...new Set(list.map((one) => `"${one.contextKind}"`))].join(', ');
}

function checked(operator: Operator, property: string | null, value: string): Condition {
  const [problem] = checkCondition({ operator, property, value }).errors;
  if (problem !== undefined) throw new Unmappable(`"${value.slice(0, 100)}" cannot be compared with: ${problem}`);
  if ([...value].length > conditionTextLimit || [...(property ?? '')].length > conditionTextLimit) {
    throw new Unmappable(`it holds a text of more than ${conditionTextLimit} characters`);
  }
  return condition(operator, property, value);
}

function condition(operator: Operator, property: string | null, value: string | null): Condition {
  return { operator, property, value, description: null };
}

function refuseLarge(rules: Rules): void {
  const count = rules.flatMap((rule) => [rule, ...rule.rules]).reduce((sum, one) => sum + one.conditions.length, 0);
  if (count > segmentConditionLimit) {
    throw new Unmappable(`it takes ${count} conditions, and a segment holds ${segmentConditionLimit}`);
  }
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') throw new Unmappable('it compares text with something that is no text');
  return value;
}

function scalarText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return String(value);
  throw new Unmappable('it compares with something that is no text, number or boolean');
}

/** Text that is no number, so that our operators read it as text. */
function isPlainText(value: unknown): boolean {
  return typeof value === 'string' && /[^\d\s.eE+_-]/.test(value) && !/^[+-]?(nan|inf(inity)?)$/i.test(value);
}

/** What can stand in a list with commas. */
function isPlainItem(value: string): boolean {
  return value !== '' && value === value.trim() && !/[,[]/.test(value);
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** A pattern that may be found anywhere: ours begin at the start of the text. */
function anywhere(pattern: string): string {
  return pattern.startsWith('^') && !pattern.includes('|') ? pattern : `^${anything}(?:${pattern})`;
}

/** Lines included, as every regular expression engine writes it. */
const anything = '[\\s\\S]*';
const identifier = '$.identity.identifier';
const nobody: InnerRule = {
  type: 'ALL',
  rules: [],
  conditions: [condition('IS_SET', identifier, null), condition('IS_NOT_SET', identifier, null)],
};
const everybody: Rule = {
  type: 'ALL',
  conditions: [],
  rules: [{ type: 'ALL', rules: [], conditions: [condition('IS_SET', identifier, null)] }],
};
const mostSets = 20;
