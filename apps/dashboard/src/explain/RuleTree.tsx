import type { ExplainedCondition, ExplainedRule } from '@halyard/contract';
import { Text, VisuallyHidden } from '@mantine/core';
import { IconCheck, IconX } from '@tabler/icons-react';
import { conditionSentence } from '../segments/sentence.ts';
import { shown } from '../ui/shown.ts';
import classes from './RuleTree.module.css';

const joins: Record<string, string> = {
  ALL: 'All of these hold',
  ANY: 'One of these holds',
  NONE: 'None of these holds',
};

/** What each rule and condition of a segment answered for somebody, and what it found. */
export function RuleTree({ rules }: { rules: ExplainedRule[] }) {
  if (rules.length === 0) return <Text size="sm">Without rules nobody is in it.</Text>;
  return (
    <ul className={classes.tree}>
      {rules.map((rule, index) => (
        <Rule key={index} rule={rule} isOnly={rules.length === 1} />
      ))}
    </ul>
  );
}

interface RuleProps {
  rule: Pick<ExplainedRule, 'type' | 'matched' | 'reached' | 'conditions'> & { rules: ExplainedRule['rules'] };
  isOnly?: boolean;
}

function Rule({ rule, isOnly = false }: RuleProps) {
  const parts = [
    ...rule.conditions.map((condition, index) => <Condition key={`condition ${index}`} condition={condition} />),
    ...rule.rules.map((inner, index) => <Rule key={`rule ${index}`} rule={inner} />),
  ];
  // One part under a rule that asks for all or any of its parts says the same as the rule.
  const isPlain = rule.type !== 'NONE' && parts.length === 1;
  if (isPlain || (isOnly && rule.type === 'ALL' && rule.conditions.length === 0 && parts.length > 0)) {
    return <>{parts}</>;
  }
  return (
    <li>
      <div className={classes.line} data-reached={rule.reached}>
        <Answer matched={rule.matched} />
        <Text size="sm" fw={600}>
          {parts.length === 0 ? 'A rule without conditions holds for everybody' : joins[rule.type]}
        </Text>
      </div>
      {parts.length > 0 && <ul className={classes.tree}>{parts}</ul>}
    </li>
  );
}

function Condition({ condition }: { condition: ExplainedCondition }) {
  return (
    <li className={classes.line} data-reached={condition.reached}>
      <Answer matched={condition.matched} />
      <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
        {conditionSentence(condition)}
        <Text span size="sm" c="dimmed">
          {' — '}
          {foundBy(condition)}
          {!condition.reached && ', not needed for the answer'}
        </Text>
      </Text>
    </li>
  );
}

/** What a condition found, in words. */
function foundBy({ operator, property, actual, percentage }: ExplainedCondition): string {
  if (operator === 'PERCENTAGE_SPLIT') {
    if (percentage === null) return property ? `${property} is not set` : 'there is no identity';
    return `falls at ${percentage.toFixed(2)} %`;
  }
  if (actual === null) return 'not set';
  if (actual === '') return 'it is empty';
  return `it is ${typeof actual === 'string' && /^(true|false|-?\d.*)$/.test(actual) ? `the text "${actual}"` : shown(actual)}`;
}

function Answer({ matched }: { matched: boolean }) {
  const Icon = matched ? IconCheck : IconX;
  return (
    <span className={classes.answer} data-matched={matched}>
      <Icon size={13} stroke={3} aria-hidden />
      <VisuallyHidden>{matched ? 'Holds: ' : 'Does not hold: '}</VisuallyHidden>
    </span>
  );
}
