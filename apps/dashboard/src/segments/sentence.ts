interface Condition {
  operator: string;
  property: string | null;
  value: string | null;
}

interface Rule {
  type: string;
  rules?: Rule[];
  conditions: Condition[];
}

const operatorWords: Record<string, string> = {
  EQUAL: 'is',
  NOT_EQUAL: 'is not',
  GREATER_THAN: 'is greater than',
  GREATER_THAN_INCLUSIVE: 'is at least',
  LESS_THAN: 'is less than',
  LESS_THAN_INCLUSIVE: 'is at most',
  CONTAINS: 'contains',
  NOT_CONTAINS: 'does not contain',
  REGEX: 'matches the pattern',
  IN: 'is one of',
  IS_SET: 'is set',
  IS_NOT_SET: 'is not set',
  MODULO: 'modulo',
};

const properties: Record<string, string> = {
  '$.identity.key': 'identity key',
  '$.identity.identifier': 'identifier',
  '$.environment.name': 'environment',
};

/** A condition in words: `plan is enterprise`. */
export function conditionSentence({ operator, property, value }: Condition): string {
  if (operator === 'PERCENTAGE_SPLIT') {
    return property
      ? `within the first ${value ?? 0} % by ${nameOf(property)}`
      : `within the first ${value ?? 0} % of identities`;
  }
  const name = nameOf(property);
  if (operator === 'IS_SET' || operator === 'IS_NOT_SET') return `${name} ${operatorWords[operator]}`;
  if (operator === 'MODULO') {
    const [divisor, remainder] = (value ?? '').split('|');
    return `${name} modulo ${divisor} is ${remainder ?? 0}`;
  }
  const semver = value?.endsWith(':semver');
  const shown = semver
    ? `version ${value?.slice(0, -':semver'.length)}`
    : operator === 'IN'
      ? listOf(value)
      : (value ?? '');
  return `${name} ${operatorWords[operator] ?? operator} ${shown === '' ? '(empty)' : shown}`;
}

/** Rules in words, such as `plan is enterprise and (country is DE or country is AT)`. */
export function rulesSentence(rules: Rule[]): string {
  const parts = rules.map((rule) => ruleSentence(rule, rules.length > 1)).filter((part) => part !== '');
  return parts.length === 0 ? 'everybody' : parts.join(' and ');
}

/** A rule joins its conditions and, apart from them, its rules; both must hold. */
function ruleSentence(rule: Rule, nested: boolean): string {
  const conditions = rule.conditions.map(conditionSentence);
  const inner = rule.rules ?? [];
  const rules = inner
    .map((one) => ruleSentence(one, inner.length > 1 || conditions.length > 0))
    .filter((part) => part !== '');
  if (conditions.length === 0 || rules.length === 0) return joined(rule.type, [...conditions, ...rules], nested);
  const both = `${joined(rule.type, conditions, true)} and ${joined(rule.type, rules, true)}`;
  return nested ? `(${both})` : both;
}

function joined(type: string, parts: string[], nested: boolean): string {
  if (parts.length === 0) return '';
  if (type === 'NONE')
    return parts.length === 1 ? `not ${wrapped(parts[0] as string)}` : `none of (${parts.join('; ')})`;
  const text = parts.join(type === 'ANY' ? ' or ' : ' and ');
  return nested && parts.length > 1 ? `(${text})` : text;
}

const wrapped = (text: string) => (text.startsWith('(') ? text : `(${text})`);
const nameOf = (property: string | null) => (property ? (properties[property] ?? property) : 'identity');

function listOf(value: string | null): string {
  const items = (value ?? '').split(',').map((item) => item.trim());
  if (items.length <= 4) return items.join(', ');
  return `${items.slice(0, 3).join(', ')} and ${items.length - 3} more`;
}
