import type { Tag } from '@halyard/contract';
import {
  ActionIcon,
  Anchor,
  Badge,
  Button,
  ColorInput,
  Group,
  Modal,
  Stack,
  Switch,
  Text,
  TextInput,
} from '@mantine/core';
import { IconPencil, IconPlus, IconTags, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { findProject, session } from '../shell/queries.ts';
import { TagChip } from '../tags/TagChip.tsx';
import { Card } from '../ui/Card.tsx';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';
import { Empty, Loaded } from '../ui/States.tsx';
import { useSave } from '../ui/useSave.tsx';
import { deleteTag, saveTag, tags as tagsQuery } from './queries.ts';

type CountedTag = Tag & { features: number };

/** The tags of a project, and how many features carry each. */
export function TagsTab({ id }: { id: number }) {
  const query = useQuery(tagsQuery(id));
  const { data: own } = useQuery(session());
  const rights = own && findProject(own, id)?.project.my_permissions;
  const mayEdit = rights !== undefined && (rights.admin || rights.permissions.includes('MANAGE_TAGS'));
  const [editing, setEditing] = useState<CountedTag | 'new'>();
  const [deleting, setDeleting] = useState<CountedTag>();
  const add = mayEdit && (
    <Button variant="default" leftSection={<IconPlus size={16} />} onClick={() => setEditing('new')}>
      Create tag
    </Button>
  );
  return (
    <Card
      title="Tags"
      description="Short labels to find features by. One that says “stays” keeps its features from counting as stale."
      aside={add}
    >
      <Loaded query={query} rows={3}>
        {(tags) =>
          tags.length === 0 ? (
            <Empty title="No tags yet" icon={<IconTags size={24} />}>
              Group features by team, by release or by what they are for.
            </Empty>
          ) : (
            <Stack gap={0} component="ul" p={0} m={0} style={{ listStyle: 'none' }} aria-label="Tags">
              {tags.map((tag) => (
                <li key={tag.id} style={{ borderTop: '1px solid var(--line)', padding: '8px 0' }}>
                  <Group justify="space-between" gap="xs">
                    <Group gap="xs">
                      <TagChip tag={tag} />
                      {tag.is_permanent && <Badge color="gray">stays</Badge>}
                      {tag.is_system_tag && <Badge color="gray">kept by Halyard</Badge>}
                      {tag.description && (
                        <Text size="sm" c="dimmed">
                          {tag.description}
                        </Text>
                      )}
                    </Group>
                    <Group gap="xs" wrap="nowrap">
                      <Anchor
                        size="sm"
                        renderRoot={(props) => (
                          <Link
                            {...props}
                            to="/projects/$project/features"
                            params={{ project: String(id) }}
                            search={{ tags: [tag.id] }}
                          />
                        )}
                      >
                        {tag.features === 1 ? '1 feature' : `${tag.features} features`}
                      </Anchor>
                      {mayEdit && !tag.is_system_tag && (
                        <>
                          <ActionIcon aria-label={`Edit ${tag.label}`} onClick={() => setEditing(tag)}>
                            <IconPencil size={16} />
                          </ActionIcon>
                          <ActionIcon color="red" aria-label={`Delete ${tag.label}`} onClick={() => setDeleting(tag)}>
                            <IconTrash size={16} />
                          </ActionIcon>
                        </>
                      )}
                    </Group>
                  </Group>
                </li>
              ))}
            </Stack>
          )
        }
      </Loaded>
      {editing && (
        <TagDialog project={id} tag={editing === 'new' ? undefined : editing} onClose={() => setEditing(undefined)} />
      )}
      {deleting && (
        <ConfirmDialog
          title={`Delete ${deleting.label}?`}
          action="Delete"
          onConfirm={() => deleteTag(id, deleting.id)}
          onClose={() => setDeleting(undefined)}
        >
          {deleting.features === 0
            ? 'No feature carries it.'
            : `It is taken off ${deleting.features === 1 ? 'one feature' : `${deleting.features} features`}; the features themselves stay.`}
        </ConfirmDialog>
      )}
    </Card>
  );
}

const swatches = ['#1c7ed6', '#0ca678', '#5c940d', '#e8890c', '#c2255c', '#7048e8', '#55636f'];

function TagDialog({ project, tag, onClose }: { project: number; tag: CountedTag | undefined; onClose: () => void }) {
  const [label, setLabel] = useState(tag?.label ?? '');
  const [color, setColor] = useState(tag?.color ?? (swatches[0] as string));
  const [description, setDescription] = useState(tag?.description ?? '');
  const [stays, setStays] = useState(tag?.is_permanent ?? false);
  const { save, saving, errors, failure } = useSave(async () => {
    await saveTag(project, tag?.id, { label: label.trim(), color, description, is_permanent: stays });
    onClose();
  });
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>{tag ? `Edit ${tag.label}` : 'Create tag'}</Text>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <Stack>
          {failure('label', 'color', 'description')}
          <TextInput
            label="Label"
            required
            data-autofocus
            error={errors.label}
            value={label}
            onChange={(event) => setLabel(event.currentTarget.value)}
          />
          <ColorInput
            label="Colour"
            withEyeDropper={false}
            swatches={swatches}
            error={errors.color}
            value={color}
            onChange={setColor}
          />
          <TextInput
            label="Description"
            error={errors.description}
            value={description}
            onChange={(event) => setDescription(event.currentTarget.value)}
          />
          <Switch
            label="Stays"
            description="Features with this tag are meant to be there for good, and never count as stale"
            checked={stays}
            onChange={(event) => setStays(event.currentTarget.checked)}
          />
          <Group justify="space-between">
            <TagChip tag={{ label: label || 'Preview', color }} />
            <Button type="submit" loading={saving} disabled={label.trim() === ''}>
              {tag ? 'Save' : 'Create'}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
