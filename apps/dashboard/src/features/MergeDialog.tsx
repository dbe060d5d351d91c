import type { FeaturePage } from '@halyard/contract';
import { Box, Button, Group, Modal, SegmentedControl, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { Conflict, Draft, merge } from './draft.ts';

interface MergeDialogProps {
  latest: FeaturePage;
  merged: (take?: Record<string, 'mine' | 'theirs'>) => ReturnType<typeof merge>;
  onClose: () => void;
  onMerged: (draft: Draft) => void;
}

/** Puts a draft on top of what somebody else saved; where both changed the same, one says whose counts. */
export function MergeDialog({ latest, merged, onClose, onMerged }: MergeDialogProps) {
  const [take, setTake] = useState<Record<string, 'mine' | 'theirs'>>({});
  const { conflicts } = merged(take);
  const nameOf = (id: number | null) => latest.environments.find((one) => one.id === id)?.name ?? 'Settings';
  return (
    <Modal opened onClose={onClose} size="lg" title={<Text fw={600}>Somebody else saved meanwhile</Text>}>
      <Stack>
        <Text size="sm">
          {conflicts.length === 0
            ? 'They changed something else than you did. Your draft goes on top of it.'
            : 'Both of you changed the same. Choose what counts; nothing is saved yet.'}
        </Text>
        {conflicts.map((conflict) => (
          <Box key={conflict.path} className="card" p="sm">
            <Group justify="space-between" mb="xs">
              <Text size="sm" fw={600}>
                {nameOf(conflict.environment)}: {conflict.what}
              </Text>
              <SegmentedControl
                size="xs"
                aria-label={`Whose ${conflict.what} counts`}
                value={take[conflict.path] ?? 'mine'}
                onChange={(whose) => setTake((before) => ({ ...before, [conflict.path]: whose as 'mine' | 'theirs' }))}
                data={[
                  { value: 'mine', label: 'Mine' },
                  { value: 'theirs', label: 'Theirs' },
                ]}
              />
            </Group>
            <Sides conflict={conflict} />
          </Box>
        ))}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Not now
          </Button>
          <Button onClick={() => onMerged(merged(take).merged)}>Merge and go on</Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function Sides({ conflict }: { conflict: Conflict }) {
  return (
    <Group grow align="flex-start" gap="sm">
      {(['mine', 'theirs'] as const).map((side) => (
        <Box key={side}>
          <Text size="xs" c="dimmed">
            {side === 'mine' ? 'Mine' : 'Theirs'}
          </Text>
          <Text className="mono" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
            {typeof conflict[side] === 'object' ? JSON.stringify(conflict[side], null, 1) : String(conflict[side])}
          </Text>
        </Box>
      ))}
    </Group>
  );
}
