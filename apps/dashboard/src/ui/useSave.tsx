import { Alert } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { ApiError, messageFor } from '../api/errors.ts';
import { notifyDone } from './notify.ts';

interface Saving {
  save: () => void;
  saving: boolean;
  /** What the server said of single fields. */
  errors: Record<string, string>;
  /** What it said that stands at none of these fields, to show above the form. */
  failure: (...shown: string[]) => React.ReactNode;
}

/** What a form needs to save itself: `work` runs once at a time, and `done` is said when it has. */
export function useSave(work: () => Promise<unknown>, done: string | null = 'Saved'): Saving {
  const mutation = useMutation({ mutationFn: work, onSuccess: () => done !== null && notifyDone(done) });
  const errors = mutation.error instanceof ApiError ? mutation.error.fields : {};
  return {
    save: () => mutation.mutate(),
    saving: mutation.isPending,
    errors,
    failure: (...shown) =>
      mutation.isError && !Object.keys(errors).some((name) => shown.includes(name)) ? (
        <Alert color="red" role="alert">
          {messageFor(mutation.error)}
        </Alert>
      ) : null,
  };
}
