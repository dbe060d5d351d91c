import { ActionIcon, Box, Button, Group, NativeSelect, Stack, Text } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { ConditionFields, type KnownTraits } from './ConditionFields.tsx';
import { type DraftGroup, type DraftRule, emptyCondition, newRule, type RuleType } from './rules.ts';

interface RulesEditorProps {
  rules: DraftRule[];
  traits: KnownTraits;
  onChange: (rules: DraftRule[]) => void;
}

/** The rules of a segment, in whatever shape they were made: each must hold. One that asks for all of its groups needs no frame. */
export function RulesEditor({ rules, traits, onChange }: RulesEditorProps) {
  return (
    <Stack gap="sm">
      {rules.map((rule, index) => (
        <RuleEditor
          key={index}
          position={index}
          rule={rule}
          traits={traits}
          isFramed={rules.length > 1 || rule.type !== 'ALL' || rule.conditions.length > 0}
          onChange={(next) => onChange(replaced(rules, index, next))}
          {...(rules.length > 1 && { onRemove: () => onChange(replaced(rules, index)) })}
        />
      ))}
      <Button
        variant="subtle"
        size="xs"
        style={{ alignSelf: 'flex-start' }}
        leftSection={<IconPlus size={14} />}
        onClick={() => onChange([...rules, newRule()])}
      >
        Add another rule
      </Button>
    </Stack>
  );
}

interface RuleEditorProps {
  position: number;
  rule: DraftRule;
  traits: KnownTraits;
  isFramed: boolean;
  onChange: (rule: DraftRule) => void;
  onRemove?: () => void;
}

function RuleEditor({ position, rule, traits, isFramed, onChange, onRemove }: RuleEditorProps) {
  const addGroup = (type: RuleType) =>
    onChange({ ...rule, rules: [...rule.rules, { type, conditions: [emptyCondition] }] });
  const parts = (rule.conditions.length > 0 ? 1 : 0) + rule.rules.length;
  const content = (
    <Stack gap="sm">
      {rule.conditions.length > 0 && (
        <GroupEditor
          label={`Conditions of rule ${position + 1}`}
          group={rule}
          traits={traits}
          showsJoin={false}
          onChange={({ conditions }) => onChange({ ...rule, conditions })}
          {...(parts > 1 && { onRemove: () => onChange({ ...rule, conditions: [] }) })}
        />
      )}
      {rule.rules.map((group, index) => (
        <GroupEditor
          key={index}
          label={`Condition group ${index + 1}`}
          group={group}
          traits={traits}
          showsJoin
          onChange={(next) => onChange({ ...rule, rules: replaced(rule.rules, index, next) })}
          {...(parts > 1 && { onRemove: () => onChange({ ...rule, rules: replaced(rule.rules, index) }) })}
        />
      ))}
      <Group gap="xs">
        <Button variant="default" size="sm" leftSection={<IconPlus size={16} />} onClick={() => addGroup('ANY')}>
          {rule.type === 'ALL' ? 'And' : 'Or'}
        </Button>
        <Button variant="default" size="sm" leftSection={<IconPlus size={16} />} onClick={() => addGroup('NONE')}>
          {rule.type === 'ALL' ? 'And not' : 'Or not'}
        </Button>
      </Group>
    </Stack>
  );
  if (!isFramed) return content;
  return (
    <Box
      role="group"
      aria-label={`Rule ${position + 1}`}
      p="sm"
      style={{ border: '1px solid var(--line-strong)', borderRadius: 'var(--mantine-radius-md)' }}
    >
      <Group justify="space-between" mb="xs">
        <Group gap="xs">
          <Text size="sm" fw={600}>
            {position === 0 ? 'Rule' : 'and rule'} {position + 1}:
          </Text>
          <NativeSelect
            size="xs"
            aria-label={`How the groups of rule ${position + 1} are joined`}
            value={rule.type}
            data={[
              { value: 'ALL', label: 'all of this holds' },
              { value: 'ANY', label: 'any of this holds' },
              { value: 'NONE', label: 'nothing of this holds' },
            ]}
            onChange={(event) => onChange({ ...rule, type: event.currentTarget.value as RuleType })}
          />
        </Group>
        {onRemove && (
          <ActionIcon color="red" aria-label={`Remove rule ${position + 1}`} onClick={onRemove}>
            <IconTrash size={16} />
          </ActionIcon>
        )}
      </Group>
      {content}
    </Box>
  );
}

interface GroupEditorProps {
  label: string;
  group: DraftGroup;
  traits: KnownTraits;
  showsJoin: boolean;
  onChange: (group: DraftGroup) => void;
  onRemove?: () => void;
}

function GroupEditor({ label, group, traits, showsJoin, onChange, onRemove }: GroupEditorProps) {
  return (
    <Box role="group" aria-label={label} className="card" p="sm">
      <Group justify="space-between" mb={showsJoin || onRemove ? 'xs' : 0}>
        {showsJoin ? (
          <NativeSelect
            size="xs"
            aria-label="How the conditions are joined"
            value={group.type}
            data={[
              { value: 'ANY', label: 'one of these holds' },
              { value: 'ALL', label: 'all of these hold' },
              { value: 'NONE', label: 'none of these holds' },
            ]}
            onChange={(event) => onChange({ ...group, type: event.currentTarget.value as RuleType })}
          />
        ) : (
          <span />
        )}
        {onRemove && (
          <ActionIcon color="red" aria-label={`Remove: ${label}`} onClick={onRemove}>
            <IconTrash size={16} />
          </ActionIcon>
        )}
      </Group>
      <Stack gap="xs">
        {group.conditions.map((condition, index) => (
          <ConditionFields
            key={index}
            condition={condition}
            traits={traits}
            onChange={(next) => onChange({ ...group, conditions: replaced(group.conditions, index, next) })}
            {...(group.conditions.length > 1 && {
              onRemove: () => onChange({ ...group, conditions: replaced(group.conditions, index) }),
            })}
          />
        ))}
      </Stack>
      <Button
        mt="xs"
        size="xs"
        variant="subtle"
        leftSection={<IconPlus size={14} />}
        onClick={() => onChange({ ...group, conditions: [...group.conditions, emptyCondition] })}
      >
        Add condition
      </Button>
    </Box>
  );
}

/** The list with one item replaced, or without it. */
function replaced<T>(list: T[], index: number, item?: T): T[] {
  return list.flatMap((one, at) => (at === index ? (item === undefined ? [] : [item]) : [one]));
}
