import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { notifyDone, notifyFailed } from '../ui/notify.ts';
import { undo } from './queries.ts';

/** Says what was done, with a button that puts it back. */
export function notifyUndoable(message: string, project: number, changeSet: number | null): void {
  if (changeSet === null) return notifyDone('Nothing had to change');
  const id = `change-set-${changeSet}`;
  notifications.show({
    id,
    color: 'halyard',
    autoClose: 10_000,
    message: (
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm">{message}</Text>
        <Button
          size="compact-sm"
          variant="light"
          onClick={() => {
            notifications.hide(id);
            undo(project, changeSet).then(() => notifyDone('Undone'), notifyFailed);
          }}
        >
          Undo
        </Button>
      </Group>
    ),
  });
}
