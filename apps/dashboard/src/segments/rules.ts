import type { Segment, TraitSamples } from '@halyard/contract';

type Saved = Segment['rules'];
export type Operator = Saved[number]['conditions'][number]['operator'];
export type RuleType = Saved[number]['type'];

export interface DraftCondition {
  operator: Operator;
  property: string;
  value: string;
  description: string;
}

export interface DraftGroup {
  type: RuleType;
  conditions: DraftCondition[];
}

/** A rule with conditions of its own and groups of conditions. */
export interface DraftRule extends DraftGroup {
  rules: DraftGroup[];
}

export const emptyCondition: DraftCondition = { operator: 'EQUAL', property: '', value: '', description: '' };

/** What a new segment, or another rule, starts with. */
export function newRule(): DraftRule {
  return { type: 'ALL', conditions: [], rules: [{ type: 'ANY', conditions: [emptyCondition] }] };
}

export function draftFrom(rules: Saved): DraftRule[] {
  const group = ({ type, conditions }: Pick<Saved[number], 'type' | 'conditions'>): DraftGroup => ({
    type,
    conditions: conditions.map(({ operator, property, value, description }) => ({
      operator,
      property: property ?? '',
      value: value ?? '',
      description: description ?? '',
    })),
  });
  return rules.map((rule) => ({ ...group(rule), rules: rule.rules.map(group) }));
}

/** The rules as the API takes them. */
export function sentRules(rules: DraftRule[]) {
  const conditions = (list: DraftCondition[]) =>
    list.map(({ operator, property, value, description }) => ({
      operator,
      property: property || null,
      value: needsValue(operator) && value !== '' ? value : null,
      description: description || null,
    }));
  return rules.map((rule) => ({
    type: rule.type,
    conditions: conditions(rule.conditions),
    rules: rule.rules.map((group) => ({ type: group.type, rules: [], conditions: conditions(group.conditions) })),
  }));
}

export function needsValue(operator: Operator): boolean {
  return operator !== 'IS_SET' && operator !== 'IS_NOT_SET';
}

export type TraitType = TraitSamples['traits'][number]['types'][number];

/** An operator as it is chosen: comparing versions is a choice of its own, which the value says on the wire. */
export type Choice = Operator | `${Operator}:semver`;

const semver = ':semver';

interface ChoiceOfOperator {
  value: Choice;
  label: string;
  /** Of the traits that it makes sense for; without them for all. */
  types?: TraitType[];
}

const numbers: TraitType[] = ['integer', 'float'];

const choices: ChoiceOfOperator[] = [
  { value: 'EQUAL', label: 'is' },
  { value: 'NOT_EQUAL', label: 'is not' },
  { value: 'IN', label: 'is one of', types: ['text', 'integer'] },
  { value: 'CONTAINS', label: 'contains', types: ['text'] },
  { value: 'NOT_CONTAINS', label: 'does not contain', types: ['text'] },
  { value: 'GREATER_THAN', label: 'is greater than', types: numbers },
  { value: 'GREATER_THAN_INCLUSIVE', label: 'is at least', types: numbers },
  { value: 'LESS_THAN', label: 'is less than', types: numbers },
  { value: 'LESS_THAN_INCLUSIVE', label: 'is at most', types: numbers },
  { value: 'IS_SET', label: 'is set' },
  { value: 'IS_NOT_SET', label: 'is not set' },
  { value: 'REGEX', label: 'matches the pattern', types: ['text'] },
  { value: 'MODULO', label: 'leaves, when divided,', types: numbers },
  { value: 'EQUAL:semver', label: 'is the version', types: ['text'] },
  { value: 'GREATER_THAN:semver', label: 'is a version after', types: ['text'] },
  { value: 'GREATER_THAN_INCLUSIVE:semver', label: 'is at least the version', types: ['text'] },
  { value: 'LESS_THAN:semver', label: 'is a version before', types: ['text'] },
  { value: 'LESS_THAN_INCLUSIVE:semver', label: 'is at most the version', types: ['text'] },
  { value: 'NOT_EQUAL:semver', label: 'is another version than', types: ['text'] },
  { value: 'PERCENTAGE_SPLIT', label: '% of identities' },
];

/** Operators to choose from for a trait of these types, with the chosen one in any case. Everything for an unknown trait. */
export function choicesFor(types: readonly TraitType[], chosen: Choice): { value: Choice; label: string }[] {
  return choices
    .filter(
      ({ value, types: of }) =>
        value === chosen || types.length === 0 || of === undefined || of.some((type) => types.includes(type)),
    )
    .map(({ value, label }) => ({ value, label }));
}

export function choiceOf({ operator, value }: Pick<DraftCondition, 'operator' | 'value'>): Choice {
  const isVersion = value.endsWith(semver) && choices.some((choice) => choice.value === `${operator}${semver}`);
  return isVersion ? `${operator}${semver}` : operator;
}

/** The condition with another operator; what was entered stays as far as it fits. */
export function withChoice(condition: DraftCondition, choice: Choice): DraftCondition {
  const isVersion = choice.endsWith(semver);
  const operator = (isVersion ? choice.slice(0, -semver.length) : choice) as Operator;
  const plain = plainValue(condition);
  const isList = operator === 'IN' || condition.operator === 'IN';
  const isSpecial = (one: Operator) => one === 'MODULO' || one === 'PERCENTAGE_SPLIT';
  if (
    isSpecial(operator) !== isSpecial(condition.operator) ||
    (isSpecial(operator) && operator !== condition.operator)
  ) {
    return { ...condition, operator, value: '' };
  }
  if (isList && operator !== condition.operator) {
    const items = listFrom(plain);
    return { ...condition, operator, value: operator === 'IN' ? plain && textOfList([plain]) : (items[0] ?? '') };
  }
  return { ...condition, operator, value: isVersion ? plain + semver : plain };
}

/** The value without what marks it as a version. */
export function plainValue(condition: Pick<DraftCondition, 'operator' | 'value'>): string {
  return choiceOf(condition).endsWith(semver) ? condition.value.slice(0, -semver.length) : condition.value;
}

/** The condition with another value, still compared as a version where it was. */
export function withValue(condition: DraftCondition, plain: string): DraftCondition {
  return { ...condition, value: choiceOf(condition).endsWith(semver) ? plain + semver : plain };
}

/** The items of a list: a JSON array as it is, any other text split at its commas, as the engine reads it. */
export function listFrom(value: string): string[] {
  if (value === '') return [];
  if (value.startsWith('[')) {
    try {
      const parsed: unknown = JSON.parse(value);
      if (Array.isArray(parsed)) return parsed.map((item) => (typeof item === 'string' ? item : JSON.stringify(item)));
    } catch {
      // No JSON: its commas count.
    }
  }
  return value.split(',');
}

/** The text that a list is kept as: with commas, unless an item has one itself. */
export function textOfList(items: string[]): string {
  const text = items.join(',');
  const isReadBack = JSON.stringify(listFrom(text)) === JSON.stringify(items);
  return isReadBack ? text : JSON.stringify(items);
}
