import type { Identity, ResolvedFeature } from '@halyard/contract';
import { Alert, Button, Group, Modal, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { messageFor } from '../api/errors.ts';
import { notifyUndoable } from '../features/notifyUndoable.tsx';
import { ValueEditor } from '../ui/ValueEditor.tsx';
import { setOverride } from './queries.ts';

interface OverrideDialogProps {
  project: number;
  identity: Identity;
  /** What it gets now: what the override starts from. */
  feature: ResolvedFeature;
  onClose: () => void;
}

/** What one identity gets of a feature, whatever everybody else gets. */
export function OverrideDialog({ project, identity, feature, onClose }: OverrideDialogProps) {
  const { name, id } = feature.feature;
  const [enabled, setEnabled] = useState(feature.enabled);
  const [value, setValue] = useState(feature.feature_state_value);
  const [note, setNote] = useState('');
  const [problem, setProblem] = useState<string>();
  const save = useMutation({
    mutationFn: () =>
      setOverride(
        project,
        id,
        { environment: identity.environment, identity: identity.id },
        { enabled, value },
        note.trim() || undefined,
      ),
    onSuccess: ({ change_set }) => {
      notifyUndoable(`${name} is overridden for ${identity.identifier}`, project, change_set);
      onClose();
    },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={
        <Text fw={600}>
          {name} for {identity.identifier}
        </Text>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack>
          {save.isError && <Alert color="red">{messageFor(save.error)}</Alert>}
          <Switch
            size="md"
            label={enabled ? 'On' : 'Off'}
            aria-label={`${name} on`}
            checked={enabled}
            onChange={(event) => setEnabled(event.currentTarget.checked)}
            data-autofocus
          />
          <ValueEditor label="Value" value={value} onChange={setValue} onProblem={setProblem} />
          <TextInput
            label="Note"
            description="Why; it is kept in the history"
            maxLength={2000}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={save.isPending} disabled={problem !== undefined}>
              Save override
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
