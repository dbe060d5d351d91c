import type { Group as UserGroup, PeoplePage } from '@halyard/contract';
import {
  ActionIcon,
  Alert,
  Badge,
  Button,
  Checkbox,
  Group,
  Modal,
  MultiSelect,
  Stack,
  Switch,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { IconPencil, IconPlus, IconTrash, IconUsersGroup } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError, messageFor } from '../api/errors.ts';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';
import { Empty } from '../ui/States.tsx';
import { notifyDone } from '../ui/notify.ts';
import { nameOf } from './names.ts';
import { deleteGroup, saveGroup } from './queries.ts';

interface GroupsProps {
  organisation: number;
  page: PeoplePage;
  isAdmin: boolean;
}

/** Members who are granted permissions together. */
export function Groups({ organisation, page, isAdmin }: GroupsProps) {
  const [editing, setEditing] = useState<UserGroup | 'new'>();
  const [going, setGoing] = useState<UserGroup>();
  const { groups, other_groups: others, may_create_groups: mayCreate } = page;
  return (
    <Stack gap="sm">
      {mayCreate && groups.length > 0 && (
        <Group justify="flex-end">
          <Button size="xs" leftSection={<IconPlus size={15} />} onClick={() => setEditing('new')}>
            Create group
          </Button>
        </Group>
      )}
      {groups.length + others.length === 0 && (
        <div className="card">
          <Empty
            title="No groups yet"
            icon={<IconUsersGroup size={24} />}
            action={mayCreate && <Button onClick={() => setEditing('new')}>Create the first one</Button>}
          >
            What you grant to a group, all its members may do. That is easier to keep in order than granting to each.
          </Empty>
        </div>
      )}
      {groups.map((group) => (
        <div key={group.id} className="card" style={{ padding: 14 }}>
          <Group justify="space-between" wrap="nowrap" align="flex-start">
            <div style={{ minWidth: 0 }}>
              <Group gap={8}>
                <Title order={2} size="h6">
                  {group.name}
                </Title>
                {group.is_default && <Badge size="sm">everybody new joins it</Badge>}
                {group.external_id && (
                  <Text size="xs" c="dimmed" className="mono">
                    {group.external_id}
                  </Text>
                )}
              </Group>
              <Text size="sm" c="dimmed" mt={2}>
                {group.users.length === 0 ? 'Nobody is in it yet.' : membersText(group)}
              </Text>
            </div>
            <Group gap={4} wrap="nowrap">
              <ActionIcon aria-label={`Edit the group ${group.name}`} onClick={() => setEditing(group)}>
                <IconPencil size={16} />
              </ActionIcon>
              <ActionIcon color="red" aria-label={`Delete the group ${group.name}`} onClick={() => setGoing(group)}>
                <IconTrash size={16} />
              </ActionIcon>
            </Group>
          </Group>
        </div>
      ))}
      {others.length > 0 && (
        <div className="card" style={{ padding: 14 }}>
          <Title order={2} size="h6" mb={6}>
            {groups.length > 0 ? 'Other groups' : 'Groups'}
          </Title>
          <Group gap={6}>
            {others.map(({ id, name }) => (
              <Badge key={id} color="gray">
                {name}
              </Badge>
            ))}
          </Group>
          <Text size="sm" c="dimmed" mt="sm">
            Administrators, and who may manage groups, see and change who is in them.
          </Text>
        </div>
      )}
      {editing && (
        <GroupDialog
          organisation={organisation}
          page={page}
          group={editing === 'new' ? undefined : editing}
          isAdmin={isAdmin}
          onClose={() => setEditing(undefined)}
        />
      )}
      {going && (
        <ConfirmDialog
          title={`Delete the group ${going.name}?`}
          action="Delete"
          onConfirm={() => deleteGroup(organisation, going.id).then(() => notifyDone(`${going.name} is gone`))}
          onClose={() => setGoing(undefined)}
        >
          Its {going.users.length === 1 ? 'member loses' : `${going.users.length} members lose`} what was granted to the
          group, unless they have it in another way as well. The people themselves stay.
        </ConfirmDialog>
      )}
    </Stack>
  );
}

function membersText({ users }: UserGroup): string {
  const names = users.slice(0, 6).map((user) => `${nameOf(user)}${user.group_admin ? ' (manages it)' : ''}`);
  return users.length > names.length ? `${names.join(', ')} and ${users.length - names.length} more` : names.join(', ');
}

interface GroupDialogProps {
  organisation: number;
  page: PeoplePage;
  group: UserGroup | undefined;
  isAdmin: boolean;
  onClose: () => void;
}

/** All of a group, with one save. */
function GroupDialog({ organisation, page, group, isAdmin, onClose }: GroupDialogProps) {
  const [name, setName] = useState(group?.name ?? '');
  const [externalId, setExternalId] = useState(group?.external_id ?? '');
  const [isDefault, setDefault] = useState(group?.is_default ?? false);
  const [users, setUsers] = useState(group?.users.map(({ id }) => String(id)) ?? []);
  const [managers, setManagers] = useState(
    group?.users.filter((user) => user.group_admin).map(({ id }) => String(id)) ?? [],
  );
  const save = useMutation({
    mutationFn: () =>
      saveGroup(organisation, {
        ...(group && { id: group.id }),
        name: name.trim(),
        external_id: externalId.trim() || null,
        is_default: isDefault,
        users: users.map((id) => ({ id: Number(id), group_admin: managers.includes(id) })),
      }),
    onSuccess: () => {
      notifyDone(`${name.trim()} is saved`);
      onClose();
    },
  });
  const fields = save.error instanceof ApiError ? save.error.fields : {};
  const nameOfId = new Map(page.members.map((member) => [String(member.id), nameOf(member)]));
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>{group ? `Edit ${group.name}` : 'Create group'}</Text>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack>
          {save.isError && <Alert color="red">{messageFor(save.error)}</Alert>}
          <TextInput
            label="Name"
            required
            maxLength={200}
            error={fields.name}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            data-autofocus
          />
          <MultiSelect
            label="Members"
            placeholder="Add people"
            searchable
            hidePickedOptions
            data={page.members.map((member) => ({
              value: String(member.id),
              label: nameOf(member) === member.email ? member.email : `${nameOf(member)} (${member.email})`,
            }))}
            value={users}
            onChange={setUsers}
          />
          {isAdmin && users.length > 0 && (
            <Checkbox.Group
              label="Who manages it"
              description="They choose who is in the group, not what it may do"
              value={managers}
              onChange={setManagers}
            >
              <Stack gap={6} mt={6} mah={160} style={{ overflowY: 'auto' }}>
                {users.map((id) => (
                  <Checkbox key={id} value={id} label={nameOfId.get(id)} />
                ))}
              </Stack>
            </Checkbox.Group>
          )}
          <Switch
            label="Everybody new joins it"
            description="Whoever joins the organisation is in it from then on"
            checked={isDefault}
            onChange={(event) => setDefault(event.currentTarget.checked)}
          />
          <TextInput
            label="External id"
            description="What your directory calls the group, if it keeps it in step"
            maxLength={255}
            error={fields.external_id}
            value={externalId}
            onChange={(event) => setExternalId(event.currentTarget.value)}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" disabled={name.trim() === ''} loading={save.isPending}>
              {group ? 'Save' : 'Create'}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
