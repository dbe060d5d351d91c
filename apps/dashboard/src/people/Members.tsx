import type { Member, MemberRole, PeoplePage } from '@halyard/contract';
import {
  ActionIcon,
  Avatar,
  Badge,
  Group,
  Menu,
  NativeSelect,
  Table,
  Text,
  TextInput,
  VisuallyHidden,
} from '@mantine/core';
import { IconDots, IconKey, IconSearch, IconUserMinus } from '@tabler/icons-react';
import { useState } from 'react';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';
import { Empty } from '../ui/States.tsx';
import { notifyDone, notifyFailed } from '../ui/notify.ts';
import { Time } from '../ui/Time.tsx';
import { nameOf } from './names.ts';
import { removeMember, setRole } from './queries.ts';
import type { PeopleSearch } from './search.ts';

export const roles = [
  { value: 'USER', label: 'Member' },
  { value: 'ADMIN', label: 'Administrator' },
];

interface MembersProps {
  organisation: number;
  page: PeoplePage;
  self: number | undefined;
  search: PeopleSearch;
  onSearch: (change: Partial<PeopleSearch>) => void;
}

/** Everybody of the organisation: role, groups, last login. */
export function Members({ organisation, page, self, search, onSearch }: MembersProps) {
  const [leaving, setLeaving] = useState<Member>();
  const { members, may_manage_people: isAdmin } = page;
  const text = (search.q ?? '').toLowerCase();
  const shown = members.filter((member) => `${nameOf(member)} ${member.email}`.toLowerCase().includes(text));
  const change = (member: Member, role: MemberRole) =>
    setRole(organisation, member.id, role).then(
      () => notifyDone(`${nameOf(member)} is ${role === 'ADMIN' ? 'an administrator' : 'a member'} now`),
      notifyFailed,
    );
  return (
    <>
      <Group mb="sm" gap="sm">
        <TextInput
          flex="1 1 200px"
          maw={420}
          aria-label="Search people"
          placeholder="Name or e-mail address"
          leftSection={<IconSearch size={16} />}
          value={search.q ?? ''}
          onChange={(event) => onSearch({ q: event.currentTarget.value })}
        />
        <Text size="sm" c="dimmed">
          {shown.length === members.length ? members.length : `${shown.length} of ${members.length}`}{' '}
          {members.length === 1 ? 'person' : 'people'}
        </Text>
      </Group>
      <div className="card sideways">
        {shown.length === 0 ? (
          <Empty title="Nobody">Nobody fits “{search.q}”.</Empty>
        ) : (
          <Table aria-label="Members">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Name</Table.Th>
                <Table.Th visibleFrom="sm">Groups</Table.Th>
                <Table.Th>Role</Table.Th>
                <Table.Th visibleFrom="sm">Last login</Table.Th>
                <Table.Th>
                  <VisuallyHidden>Actions</VisuallyHidden>
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {shown.map((member) => (
                <Table.Tr key={member.id}>
                  <Table.Td maw={{ base: 170, sm: 320 }}>
                    <Person person={member} isSelf={member.id === self} />
                  </Table.Td>
                  <Table.Td visibleFrom="sm">
                    <Group gap={4}>
                      {page.groups
                        .filter(({ users }) => users.some(({ id }) => id === member.id))
                        .map(({ id, name }) => (
                          <Badge key={id} size="sm" color="gray">
                            {name}
                          </Badge>
                        ))}
                    </Group>
                  </Table.Td>
                  <Table.Td>
                    {isAdmin ? (
                      <NativeSelect
                        size="xs"
                        aria-label={`Role of ${nameOf(member)}`}
                        data={roles}
                        value={member.role}
                        onChange={(event) => void change(member, event.currentTarget.value as MemberRole)}
                      />
                    ) : (
                      <Badge color={member.role === 'ADMIN' ? 'halyard' : 'gray'}>
                        {member.role === 'ADMIN' ? 'Administrator' : 'Member'}
                      </Badge>
                    )}
                  </Table.Td>
                  <Table.Td visibleFrom="sm">
                    <Text size="sm" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
                      {member.last_login ? <Time at={member.last_login} /> : 'never'}
                    </Text>
                  </Table.Td>
                  <Table.Td ta="right">
                    {(isAdmin || member.id === self) && (
                      <Menu>
                        <Menu.Target>
                          <ActionIcon aria-label={`More about ${nameOf(member)}`}>
                            <IconDots size={16} />
                          </ActionIcon>
                        </Menu.Target>
                        <Menu.Dropdown>
                          <Menu.Item
                            leftSection={<IconKey size={15} />}
                            onClick={() => onSearch({ person: member.id })}
                          >
                            What may {member.id === self ? 'I' : nameOf(member)} do?
                          </Menu.Item>
                          {isAdmin && member.id !== self && (
                            <Menu.Item
                              color="red"
                              leftSection={<IconUserMinus size={15} />}
                              onClick={() => setLeaving(member)}
                            >
                              Remove
                            </Menu.Item>
                          )}
                        </Menu.Dropdown>
                      </Menu>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
      </div>
      {!isAdmin && (
        <Text size="sm" c="dimmed" mt="sm">
          Administrators of the organisation add and remove people:{' '}
          {members
            .filter(({ role }) => role === 'ADMIN')
            .slice(0, 5)
            .map(nameOf)
            .join(', ')}
          .
        </Text>
      )}
      {leaving && (
        <ConfirmDialog
          title={`Remove ${nameOf(leaving)}?`}
          action="Remove"
          onConfirm={() => removeMember(organisation, leaving.id).then(() => notifyDone(`${nameOf(leaving)} is out`))}
          onClose={() => setLeaving(undefined)}
        >
          {leaving.email} leaves the organisation, its groups, and all that was granted here, at once. The account
          itself stays, and you can invite them again. API keys that they made go on working: look through them under
          Settings.
        </ConfirmDialog>
      )}
    </>
  );
}

/** Initials, name and address. */
export function Person({
  person,
  isSelf = false,
}: {
  person: { first_name: string; last_name: string; email: string };
  isSelf?: boolean;
}) {
  const name = nameOf(person);
  return (
    <Group gap="sm" wrap="nowrap" miw={0}>
      <Avatar size={30} radius="xl" color="halyard" visibleFrom="sm" aria-hidden>
        {name
          .split(/\s+/)
          .slice(0, 2)
          .map((word) => word[0]?.toUpperCase())
          .join('')}
      </Avatar>
      <div style={{ minWidth: 0 }}>
        <Text size="sm" fw={600} className="truncate">
          {name}
          {isSelf && (
            <Text span size="xs" c="dimmed" fw={400}>
              {' '}
              (you)
            </Text>
          )}
        </Text>
        {name !== person.email && (
          <Text size="xs" c="dimmed" className="truncate">
            {person.email}
          </Text>
        )}
      </div>
    </Group>
  );
}
