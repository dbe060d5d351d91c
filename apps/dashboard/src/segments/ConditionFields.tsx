import type { TraitSamples } from '@halyard/contract';
import {
  ActionIcon,
  Autocomplete,
  Box,
  Group,
  NativeSelect,
  NumberInput,
  TagsInput,
  TextInput,
  Tooltip,
} from '@mantine/core';
import { IconNote, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import {
  type Choice,
  choiceOf,
  choicesFor,
  type DraftCondition,
  listFrom,
  needsValue,
  plainValue,
  textOfList,
  withChoice,
  withValue,
} from './rules.ts';
import { conditionSentence } from './sentence.ts';

/** Traits that are known, for completing what is typed. */
export type KnownTraits = TraitSamples['traits'];

const places = ['$.identity.identifier', '$.identity.key', '$.environment.name'];

interface ConditionFieldsProps {
  condition: DraftCondition;
  traits: KnownTraits;
  onChange: (condition: DraftCondition) => void;
  onRemove?: () => void;
}

/** One condition: a trait, an operator that fits its type, and a value with those that people have. */
export function ConditionFields({ condition, traits, onChange, onRemove }: ConditionFieldsProps) {
  const [noted, setNoted] = useState(condition.description !== '');
  const known = traits.find(({ key }) => key === condition.property);
  return (
    <Box role="group" aria-label={conditionSentence(condition)}>
      <Group gap="xs" align="flex-start" wrap="wrap">
        <Autocomplete
          flex="2 1 150px"
          aria-label="Trait"
          placeholder={condition.operator === 'PERCENTAGE_SPLIT' ? 'the identity itself' : 'trait, such as plan'}
          data={[
            { group: 'Traits', items: traits.map(({ key }) => key) },
            { group: 'Always there', items: places.filter((place) => !traits.some(({ key }) => key === place)) },
          ]}
          limit={60}
          maxDropdownHeight={280}
          renderOption={({ option }) => {
            const trait = traits.find(({ key }) => key === option.value);
            return (
              <Group gap={8} justify="space-between" wrap="nowrap" w="100%">
                <span className="truncate">{option.value}</span>
                {trait && <Sample trait={trait} />}
              </Group>
            );
          }}
          value={condition.property}
          onChange={(property) => onChange({ ...condition, property })}
        />
        <NativeSelect
          flex="2 1 150px"
          aria-label="Operator"
          value={choiceOf(condition)}
          data={choicesFor(known?.types ?? [], choiceOf(condition))}
          onChange={(event) => onChange(withChoice(condition, event.currentTarget.value as Choice))}
        />
        {needsValue(condition.operator) && <ValueField condition={condition} trait={known} onChange={onChange} />}
        <Group gap={2} wrap="nowrap">
          <Tooltip label={noted ? 'Remove the note' : 'Add a note'}>
            <ActionIcon
              size={36}
              aria-label={noted ? 'Remove the note' : 'Add a note'}
              onClick={() => {
                if (noted) onChange({ ...condition, description: '' });
                setNoted(!noted);
              }}
            >
              <IconNote size={16} />
            </ActionIcon>
          </Tooltip>
          <ActionIcon size={36} aria-label="Remove the condition" disabled={!onRemove} onClick={onRemove}>
            <IconTrash size={16} />
          </ActionIcon>
        </Group>
      </Group>
      {noted && (
        <TextInput
          mt={6}
          size="xs"
          aria-label="Note"
          placeholder="Why this condition is here"
          value={condition.description}
          onChange={(event) => onChange({ ...condition, description: event.currentTarget.value })}
        />
      )}
    </Box>
  );
}

function Sample({ trait }: { trait: KnownTraits[number] }) {
  const values = trait.values.slice(0, 3).map(String).join(', ');
  return (
    <span
      className="truncate"
      style={{ color: 'var(--mantine-color-dimmed)', fontSize: '0.75rem', maxWidth: '60%', flexShrink: 0 }}
    >
      {values || trait.types.join(', ')}
    </span>
  );
}

interface ValueFieldProps {
  condition: DraftCondition;
  trait: KnownTraits[number] | undefined;
  onChange: (condition: DraftCondition) => void;
}

/** The value in the form that the operator and the type of the trait ask for. */
function ValueField({ condition, trait, onChange }: ValueFieldProps) {
  const value = plainValue(condition);
  const samples = (trait?.values ?? []).map(String);
  const set = (next: string) => onChange(withValue(condition, next));
  const flex = '2 1 130px';
  if (condition.operator === 'PERCENTAGE_SPLIT') {
    return (
      <NumberInput
        flex={flex}
        aria-label="Value"
        placeholder="25"
        suffix=" %"
        min={0}
        max={100}
        decimalScale={2}
        value={value}
        onChange={(next) => set(String(next))}
      />
    );
  }
  if (condition.operator === 'MODULO') {
    const [divisor = '', remainder = ''] = value.split('|');
    const join = (by: string, rest: string) => set(by === '' && rest === '' ? '' : `${by}|${rest}`);
    return (
      <Group flex={flex} gap={4} wrap="nowrap">
        <NumberInput
          aria-label="Divisor"
          placeholder="by 4"
          prefix="by "
          hideControls
          value={divisor}
          onChange={(next) => join(String(next), remainder)}
        />
        <NumberInput
          aria-label="Remainder"
          placeholder="rest 0"
          prefix="rest "
          hideControls
          value={remainder}
          onChange={(next) => join(divisor, String(next))}
        />
      </Group>
    );
  }
  if (condition.operator === 'IN') {
    return (
      <TagsInput
        flex="3 1 200px"
        aria-label="Value"
        placeholder={value === '' ? 'value, Enter, value' : ''}
        data={samples}
        splitChars={[]}
        acceptValueOnBlur
        value={[...new Set(listFrom(value))]}
        onChange={(items) => set(textOfList(items))}
      />
    );
  }
  if (trait && trait.types.every((type) => type === 'boolean')) {
    return (
      <NativeSelect
        flex={flex}
        aria-label="Value"
        value={value}
        data={[
          ...(value === 'true' || value === 'false' ? [] : [{ value, label: value || 'choose' }]),
          'true',
          'false',
        ]}
        onChange={(event) => set(event.currentTarget.value)}
      />
    );
  }
  const isNumber = trait?.types.every((type) => type === 'integer' || type === 'float') ?? false;
  return (
    <Autocomplete
      flex={flex}
      aria-label="Value"
      placeholder={choiceOf(condition).endsWith(':semver') ? '4.2.0' : 'value'}
      inputMode={isNumber ? 'decimal' : 'text'}
      autoComplete="off"
      error={isNumber && value !== '' && Number.isNaN(Number(value)) && 'This trait is a number'}
      data={condition.operator === 'REGEX' ? [] : samples}
      value={value}
      onChange={set}
    />
  );
}
