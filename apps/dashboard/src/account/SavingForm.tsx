import { Alert, Button, Group, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ApiError, messageFor } from '../api/errors.ts';
import { notifyDone } from '../ui/notify.ts';

interface SavingFormProps {
  save: () => Promise<unknown>;
  /** What is said when it worked; nothing where the page goes elsewhere. */
  done?: string;
  button: string;
  color?: string;
  disabled?: boolean;
  /** Stands before the button. */
  aside?: ReactNode;
  /** Given what the server said of single fields. */
  children: (fields: Record<string, string>) => ReactNode;
}

/** A form that says what the server refused: at the field where it named one, above it otherwise. */
export function SavingForm({ save, done, button, color, disabled = false, aside, children }: SavingFormProps) {
  const saving = useMutation({ mutationFn: save, onSuccess: () => done !== undefined && notifyDone(done) });
  const fields = saving.error instanceof ApiError ? saving.error.fields : {};
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        saving.mutate();
      }}
    >
      <Stack gap="sm">
        {saving.isError && <Alert color="red">{messageFor(saving.error)}</Alert>}
        {children(fields)}
        <Group justify="flex-end">
          {aside}
          <Button type="submit" disabled={disabled} loading={saving.isPending} {...(color && { color })}>
            {button}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
