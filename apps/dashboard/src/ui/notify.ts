import { notifications } from '@mantine/notifications';
import { messageFor } from '../api/errors.ts';

/** Says shortly that something was done. */
export function notifyDone(message: string): void {
  notifications.show({ message, color: 'halyard', autoClose: 4000 });
}

/** Says what failed; stays until it is closed. */
export function notifyFailed(error: unknown): void {
  notifyProblem(messageFor(error));
}

/** The same in words of the screen. */
export function notifyProblem(message: string): void {
  notifications.show({ title: 'That did not work', message, color: 'red', autoClose: false });
}
