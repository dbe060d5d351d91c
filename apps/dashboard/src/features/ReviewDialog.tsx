import type { FeaturePage } from '@halyard/contract';
import { Alert, Button, Group, Modal, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError, messageFor } from '../api/errors.ts';
import { queryClient } from '../api/query.ts';
import { Loaded } from '../ui/States.tsx';
import { type Draft, saveInput } from './draft.ts';
import { notifyUndoable } from './notifyUndoable.tsx';
import { PartList } from './PartList.tsx';
import { featurePage, saveFeature } from './queries.ts';

interface ReviewDialogProps {
  project: number;
  page: FeaturePage;
  base: Draft;
  draft: Draft;
  onClose: () => void;
  onSaved: (page: FeaturePage) => void;
  onConflict: () => void;
}

/** What a draft would change, asked of the server; then the one save, with a note, now or at a later time. */
export function ReviewDialog({ project, page, base, draft, onClose, onSaved, onConflict }: ReviewDialogProps) {
  const [note, setNote] = useState('');
  const [time, setTime] = useState('');
  const input = saveInput(page, base, draft);
  const touched = page.environments.filter(({ id }) =>
    input.environments.some(({ environment }) => environment === id),
  );
  const schedulable =
    input.settings === undefined && touched.length > 0 && touched.every((one) => one.use_v2_feature_versioning);

  const conflict = async (error: unknown) => {
    if (!(error instanceof ApiError) || error.status !== 409) return;
    await queryClient.invalidateQueries({ queryKey: featurePage(project, page.feature.id).queryKey });
    onConflict();
  };
  const preview = useQuery({
    queryKey: ['review', page.feature.id, input],
    queryFn: () =>
      saveFeature(project, page.feature.id, { ...input, dry_run: true }).catch(async (error: unknown) => {
        await conflict(error);
        throw error;
      }),
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  const save = useMutation({
    mutationFn: () =>
      saveFeature(project, page.feature.id, {
        ...input,
        note,
        ...(time && { live_from: new Date(time).toISOString() }),
      }),
    onSuccess: (saved) => {
      notifyUndoable(`${page.feature.name} is ${time ? 'scheduled' : 'saved'}`, project, saved.change_set);
      if (saved.page) onSaved(saved.page);
    },
    onError: conflict,
  });
  const production = touched.some((one) => one.is_production);
  return (
    <Modal opened onClose={onClose} size="lg" title={<Text fw={600}>Review {page.feature.name}</Text>}>
      <Stack>
        {preview.isError ? (
          <Alert color="red" title="This cannot be saved">
            {preview.error instanceof ApiError && Object.keys(preview.error.fields).length > 0
              ? [...new Set(Object.values(preview.error.fields))].join(' ')
              : messageFor(preview.error)}
          </Alert>
        ) : (
          <Loaded query={preview} rows={3}>
            {({ parts }) => <PartList parts={parts} page={page} draft={draft} />}
          </Loaded>
        )}
        <Textarea
          label="Note"
          description="Why; it is kept in the history"
          autosize
          minRows={1}
          maxLength={2000}
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
          data-autofocus
        />
        {schedulable && (
          <TextInput
            type="datetime-local"
            label="Goes live"
            description="At once, where this is empty"
            value={time}
            onChange={(event) => setTime(event.currentTarget.value)}
          />
        )}
        {save.isError && <Alert color="red">{messageFor(save.error)}</Alert>}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Go on editing
          </Button>
          <Button
            {...(production && { color: 'red.8' })}
            disabled={!preview.data || preview.data.parts.length === 0}
            loading={save.isPending}
            onClick={() => save.mutate()}
          >
            {time ? 'Schedule' : production ? 'Save to production' : 'Save'}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
