import { Alert, Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { messageFor } from '../api/errors.ts';

interface ConfirmDialogProps {
  title: string;
  /** What happens, and what does not. */
  children: ReactNode;
  /** What the button says: a verb. */
  action: string;
  work: () => Promise<unknown>;
  onDone?: () => void;
  onClose: () => void;
}

/** Asks before something is taken away, and says there what was refused. */
export function ConfirmDialog({ title, children, action, work, onDone, onClose }: ConfirmDialogProps) {
  const doing = useMutation({
    mutationFn: work,
    onSuccess: () => {
      onDone?.();
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>{title}</Text>}>
      <Stack>
        <Text size="sm" component="div">
          {children}
        </Text>
        {doing.isError && <Alert color="red">{messageFor(doing.error)}</Alert>}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            Cancel
          </Button>
          <Button color="red.8" loading={doing.isPending} onClick={() => doing.mutate()}>
            {action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
