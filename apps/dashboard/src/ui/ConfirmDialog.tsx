import { Alert, Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { messageFor } from '../api/errors.ts';

interface ConfirmDialogProps {
  title: string;
  /** What happens then. */
  children: ReactNode;
  /** What the button says. */
  action: string;
  /** Where something is gone for good: the name that has to be typed first. */
  typed?: string;
  /** Harmless where it can be done the other way round at once. */
  color?: string;
  onConfirm: () => Promise<unknown>;
  onClose: () => void;
}

/** Asks before something is done, and says here what went wrong. */
export function ConfirmDialog({
  title,
  children,
  action,
  typed,
  color = 'red',
  onConfirm,
  onClose,
}: ConfirmDialogProps) {
  const [text, setText] = useState('');
  const work = useMutation({ mutationFn: onConfirm, onSuccess: onClose });
  const fits = typed === undefined || text.trim() === typed;
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>{title}</Text>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          // The dialog may stand in a form, which shall not be sent with this one.
          event.stopPropagation();
          if (fits) work.mutate();
        }}
      >
        <Stack>
          {work.isError && (
            <Alert color="red" role="alert">
              {messageFor(work.error)}
            </Alert>
          )}
          <Text size="sm" component="div">
            {children}
          </Text>
          {typed !== undefined && (
            <TextInput
              label={`Type ${typed} to go on`}
              autoComplete="off"
              data-autofocus
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
            />
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" color={color} disabled={!fits} loading={work.isPending}>
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
