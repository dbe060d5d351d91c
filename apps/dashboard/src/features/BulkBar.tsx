import type { ChangeFeaturesInput, FeatureTable } from '@halyard/contract';
import {
  Alert,
  Button,
  Group,
  List,
  Menu,
  Modal,
  MultiSelect,
  Paper,
  Select,
  Stack,
  Text,
  TextInput,
} from '@mantine/core';
import { IconChevronUp, IconX } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { messageFor } from '../api/errors.ts';
import { nameOf } from '../people/names.ts';
import { notifyUndoable } from './notifyUndoable.tsx';
import { changeFeatures } from './queries.ts';

type Action = ChangeFeaturesInput['action'];

const actions: { action: Action; label: string }[] = [
  { action: 'add_tags', label: 'Add tags' },
  { action: 'remove_tags', label: 'Remove tags' },
  { action: 'add_owners', label: 'Add owners' },
  { action: 'remove_owners', label: 'Remove owners' },
  { action: 'enable', label: 'Turn on in an environment' },
  { action: 'disable', label: 'Turn off in an environment' },
  { action: 'archive', label: 'Archive' },
  { action: 'unarchive', label: 'Take out of the archive' },
  { action: 'delete', label: 'Delete' },
];

interface BulkBarProps {
  project: number;
  table: FeatureTable;
  selected: ReadonlySet<number>;
  onDone: () => void;
}

/** What can be done with all selected features at once, with a preview before and an undo after. */
export function BulkBar({ project, table, selected, onDone }: BulkBarProps) {
  const [action, setAction] = useState<Action>();
  return (
    <>
      <Paper
        shadow="lg"
        p="xs"
        pl="md"
        bg="var(--raised)"
        role="region"
        aria-label="Selected features"
        pos="fixed"
        bottom={{ base: 70, sm: 20 }}
        left="50%"
        style={{ transform: 'translateX(-50%)', zIndex: 20 }}
      >
        <Group gap="sm" wrap="nowrap">
          <Text size="sm" fw={600} style={{ whiteSpace: 'nowrap' }}>
            {selected.size.toLocaleString()} selected
          </Text>
          <Menu position="top">
            <Menu.Target>
              <Button size="xs" rightSection={<IconChevronUp size={14} />}>
                Change
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              {actions.map(({ action, label }) => (
                <Menu.Item
                  key={action}
                  {...(action === 'delete' && { color: 'red' })}
                  onClick={() => setAction(action)}
                >
                  {label}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
          <Button size="xs" variant="subtle" color="gray" leftSection={<IconX size={14} />} onClick={onDone}>
            Clear
          </Button>
        </Group>
      </Paper>
      {action && (
        <BulkDialog
          project={project}
          table={table}
          features={[...selected]}
          action={action}
          onClose={() => setAction(undefined)}
          onDone={() => {
            setAction(undefined);
            onDone();
          }}
        />
      )}
    </>
  );
}

interface BulkDialogProps {
  project: number;
  table: FeatureTable;
  features: number[];
  action: Action;
  onClose: () => void;
  onDone: () => void;
}

function BulkDialog({ project, table, features, action, onClose, onDone }: BulkDialogProps) {
  const [tags, setTags] = useState<number[]>([]);
  const [owners, setOwners] = useState<number[]>([]);
  const [environment, setEnvironment] = useState<number>();
  const [note, setNote] = useState('');
  const label = actions.find((one) => one.action === action)?.label ?? '';
  const needsTags = action.endsWith('tags');
  const needsOwners = action.endsWith('owners');
  const needsEnvironment = action === 'enable' || action === 'disable';
  const ready = needsTags
    ? tags.length > 0
    : needsOwners
      ? owners.length > 0
      : needsEnvironment
        ? environment !== undefined
        : true;
  const body = { features, action, tags, owners, group_owners: [], ...(environment !== undefined && { environment }) };

  const preview = useQuery({
    queryKey: ['bulk preview', project, body],
    queryFn: () => changeFeatures(project, { ...body, dry_run: true }),
    enabled: ready,
    gcTime: 0,
    staleTime: 0,
  });
  const apply = useMutation({
    mutationFn: () => changeFeatures(project, { ...body, note, dry_run: false }),
    onSuccess: ({ change_set }) => {
      notifyUndoable(`${label}: ${touched.length} features`, project, change_set);
      onDone();
    },
  });
  const names = new Map(table.features.map(({ id, name }) => [id, name]));
  const touched = [...new Set((preview.data?.parts ?? []).map(({ feature }) => feature))];
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>{label}</Text>}>
      <Stack>
        {needsTags && (
          <MultiSelect
            label="Tags"
            data={table.tags
              .filter((tag) => !tag.is_system_tag)
              .map((tag) => ({ value: String(tag.id), label: tag.label }))}
            value={tags.map(String)}
            onChange={(next) => setTags(next.map(Number))}
            searchable
          />
        )}
        {needsOwners && (
          <MultiSelect
            label="Owners"
            data={table.people.map((person) => ({ value: String(person.id), label: nameOf(person) }))}
            value={owners.map(String)}
            onChange={(next) => setOwners(next.map(Number))}
            searchable
          />
        )}
        {needsEnvironment && (
          <Select
            label="Environment"
            data={table.environments.map(({ id, name }) => ({ value: String(id), label: name }))}
            value={environment === undefined ? null : String(environment)}
            onChange={(next) => setEnvironment(next ? Number(next) : undefined)}
          />
        )}
        {preview.isError && <Alert color="red">{messageFor(preview.error)}</Alert>}
        {preview.data && (
          <div>
            <Text size="sm" fw={600}>
              {touched.length === 0 ? 'Nothing would change' : `Changes ${touched.length} of ${features.length}`}
            </Text>
            <List size="sm" c="dimmed" mah={160} style={{ overflow: 'auto' }}>
              {touched.slice(0, 100).map((id) => (
                <List.Item key={id}>{names.get(id)}</List.Item>
              ))}
            </List>
          </div>
        )}
        {action === 'delete' && (
          <Alert color="red">
            Deleted features are gone from every environment. This cannot be undone; archive them to be able to go back.
          </Alert>
        )}
        <TextInput
          label="Note"
          description="Kept in the history"
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
        />
        {apply.isError && <Alert color="red">{messageFor(apply.error)}</Alert>}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            {...(action === 'delete' && { color: 'red.8' })}
            disabled={!ready || touched.length === 0}
            loading={apply.isPending}
            onClick={() => apply.mutate()}
          >
            Apply
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
