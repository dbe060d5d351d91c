import type {
  SegmentCondition,
  SegmentConditionInput,
  SegmentRule,
  SegmentRuleContext,
  SegmentRuleInput,
} from '@halyard/contract';
import { checkCondition } from '@halyard/engine';
import type { FieldErrors } from '../errors.ts';

/** What is wrong with rules, in the shape of the request; null where each condition can be evaluated. */
export function problemsOf(rules: SegmentRuleInput[]): FieldErrors | null {
  const list = problemsOfList(rules, (rule) => ({
    ...problemsOfConditions(rule.conditions),
    ...field(
      'rules',
      problemsOfList(rule.rules, (inner) => problemsOfConditions(inner.conditions)),
    ),
  }));
  return list === null ? null : { rules: list };
}

/** What other SDKs would read differently, and what is probably not meant. */
export function warningsOf(rules: SegmentRule[]): string[] {
  return rules.flatMap((rule) => [
    ...(rule.rules.length === 0 && rule.conditions.length === 0 ? [emptyRule] : []),
    ...warningsOfConditions(rule.conditions),
    ...rule.rules.flatMap((inner) => [
      ...(inner.conditions.length === 0 ? [emptyRule] : []),
      ...warningsOfConditions(inner.conditions),
    ]),
  ]);
}

/**
 * The tree that a request asks for. Rules and conditions keep the ids that they have in `previous`; new ones get the next
 * numbers. Where nothing but ids would differ, `previous` itself.
 */
export function treeOf(rules: SegmentRuleInput[], previous: SegmentRule[]): SegmentRule[] {
  const ruleIds = new Set(previous.flatMap((rule) => [rule.id, ...rule.rules.map((inner) => inner.id)]));
  const conditionIds = new Set(
    previous.flatMap((rule) => [rule, ...rule.rules]).flatMap((rule) => rule.conditions.map(({ id }) => id)),
  );
  let next = Math.max(0, ...ruleIds, ...conditionIds);
  // An id is kept once: a request that repeats it for another one gets a new one there.
  const take = (id: number | null | undefined, known: Set<number>) =>
    id != null && known.delete(id) ? id : (next += 1);
  const conditionOf = (condition: SegmentConditionInput): SegmentCondition => ({
    id: take(condition.id, conditionIds),
    operator: condition.operator,
    property: condition.property ?? null,
    value: condition.value ?? null,
    description: condition.description ?? null,
  });
  const tree = kept(rules).map((rule) => ({
    id: take(rule.id, ruleIds),
    type: rule.type,
    rules: kept(rule.rules).map((inner) => ({
      id: take(inner.id, ruleIds),
      type: inner.type,
      rules: [],
      conditions: kept(inner.conditions).map(conditionOf),
    })),
    conditions: kept(rule.conditions).map(conditionOf),
  }));
  return withoutIds(tree) === withoutIds(previous) ? previous : tree;
}

/** A condition over the identity itself has no property; a context spells that ''. */
export function rulesOfContext(rules: SegmentRule[]): SegmentRuleContext[] {
  return rules.map((rule) => ({
    type: rule.type,
    rules: rulesOfContext(rule.rules),
    conditions: rule.conditions.map(({ operator, property, value }) => ({ operator, property: property ?? '', value })),
  }));
}

function problemsOfConditions(conditions: SegmentConditionInput[]): FieldErrors {
  return field('conditions', problemsOfList(conditions, problemsOfCondition));
}

/** The engine is asked about property and value apart, so that each message stands at its field. */
function problemsOfCondition({ operator, property = null, value = null }: SegmentConditionInput): FieldErrors {
  const mayBeBlank = operator === 'PERCENTAGE_SPLIT' && !property;
  const aboutProperty = mayBeBlank ? [] : checkCondition({ operator: 'IS_SET', property, value: null }).errors;
  const aboutValue = checkCondition({ operator, property: 'any', value }).errors;
  return {
    ...(aboutProperty.length > 0 && { property: aboutProperty }),
    ...(aboutValue.length > 0 && { value: aboutValue }),
  };
}

function warningsOfConditions(conditions: SegmentCondition[]): string[] {
  return conditions.flatMap((condition) =>
    checkCondition(condition).warnings.map((warning) =>
      condition.property ? `${condition.property}: ${warning}` : warning,
    ),
  );
}

/** `{}` for the good items; null where all are good. */
function problemsOfList<T extends { delete?: boolean | undefined }>(
  items: T[],
  problems: (item: T) => FieldErrors,
): FieldErrors[] | null {
  const list = items.map((item) => (item.delete ? {} : problems(item)));
  return list.some((errors) => Object.keys(errors).length > 0) ? list : null;
}

function field(name: string, list: FieldErrors[] | null): FieldErrors {
  return list === null ? {} : { [name]: list };
}

function kept<T extends { delete?: boolean | undefined }>(items: T[]): T[] {
  return items.filter((item) => !item.delete);
}

function withoutIds(tree: SegmentRule[]): string {
  return JSON.stringify(tree, (name, value: unknown) => (name === 'id' ? undefined : value));
}

const emptyRule = 'A rule without conditions holds for everybody.';
