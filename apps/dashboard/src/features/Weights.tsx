import { Box, Group, NumberInput, Text } from '@mantine/core';
import { useEffect } from 'react';
import { type Scalar, shown } from '../ui/shown.ts';
import { type DraftServed, type DraftVariant, weightOf } from './draft.ts';

interface WeightsProps {
  variants: DraftVariant[];
  weights: DraftServed['weights'];
  control: Scalar;
  readOnly: boolean;
  onChange: (weights: DraftServed['weights']) => void;
  onProblem: (problem: string | undefined) => void;
}

const colours = ['#0b7565', '#1c7ed6', '#7048e8', '#d9480f', '#c2255c', '#5c940d'];

/** How many percent of the identities get each variant; the rest gets the control value. */
export function Weights({ variants, weights, control, readOnly, onChange, onProblem }: WeightsProps) {
  const total = variants.reduce((sum, { id }) => sum + weightOf(weights, id), 0);
  const problem = total > 100.0001 ? `The weights add up to ${round(total)} %; 100 is the most.` : undefined;
  useEffect(() => onProblem(problem), [problem]);
  const set = (option: number, percentage_allocation: number) =>
    onChange([...weights.filter((one) => one.option !== option), { option, percentage_allocation }]);
  return (
    <Box mt="xs">
      <Group
        gap={0}
        h={8}
        mb="xs"
        wrap="nowrap"
        bg="var(--line)"
        style={{ borderRadius: 4, overflow: 'hidden' }}
        aria-hidden
      >
        {variants.map(({ id }, index) => (
          <Box key={id} h="100%" w={`${weightOf(weights, id)}%`} bg={colours[index % colours.length] as string} />
        ))}
      </Group>
      {variants.map(({ id, key, value }, index) => (
        <Group key={id} justify="space-between" wrap="nowrap" mb={6}>
          <Group gap={8} wrap="nowrap" miw={0}>
            <Box w={9} h={9} bg={colours[index % colours.length] as string} style={{ borderRadius: 2, flex: 'none' }} />
            {key && (
              <Text size="sm" fw={600}>
                {key}
              </Text>
            )}
            <Text className="mono truncate">{shown(value)}</Text>
          </Group>
          <NumberInput
            w={100}
            size="xs"
            min={0}
            max={100}
            suffix=" %"
            aria-label={`Weight of ${key ?? shown(value)}`}
            value={weightOf(weights, id)}
            readOnly={readOnly}
            decimalScale={2}
            onChange={(next) => set(id, Number(next) || 0)}
          />
        </Group>
      ))}
      <Group justify="space-between">
        <Text size="sm" c="dimmed">
          Control: <span className="mono">{shown(control)}</span>
        </Text>
        <Text size="sm" c="dimmed" pr="sm">
          {round(Math.max(0, 100 - total))} %
        </Text>
      </Group>
      {problem && (
        <Text size="xs" c="var(--mantine-color-error)" role="alert">
          {problem}
        </Text>
      )}
    </Box>
  );
}

const round = (percent: number) => Math.round(percent * 100) / 100;
