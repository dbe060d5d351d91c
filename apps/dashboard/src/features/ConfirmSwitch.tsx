import type { FeatureRow, ScreenEnvironment } from '@halyard/contract';
import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { EnvironmentName } from '../environments/EnvironmentName.tsx';

interface ConfirmSwitchProps {
  row: FeatureRow;
  environment: ScreenEnvironment;
  enabled: boolean;
  onConfirm: (note: string) => void;
  onCancel: () => void;
}

/** Asks before a switch in production, and takes a note for the history. */
export function ConfirmSwitch({ row, environment, enabled, onConfirm, onCancel }: ConfirmSwitchProps) {
  const [note, setNote] = useState('');
  return (
    <Modal opened onClose={onCancel} title={<EnvironmentName environment={environment} size="md" />}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onConfirm(note);
        }}
      >
        <Stack>
          <Text>
            Turn <b>{row.name}</b> {enabled ? 'on' : 'off'} for everybody there, but for overrides?
          </Text>
          <TextInput
            label="Note"
            description="Kept in the history"
            value={note}
            maxLength={2000}
            onChange={(event) => setNote(event.currentTarget.value)}
            data-autofocus
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onCancel}>
              Cancel
            </Button>
            <Button type="submit" color="red.8">
              Turn {enabled ? 'on' : 'off'}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
