import type { MemberRole } from '@halyard/contract';
import {
  ActionIcon,
  Alert,
  Badge,
  Button,
  CopyButton,
  Group,
  Modal,
  NativeSelect,
  Paper,
  Stack,
  Table,
  TagsInput,
  Text,
  Title,
  VisuallyHidden,
} from '@mantine/core';
import { IconCheck, IconCopy, IconTrash, IconUserPlus } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { messageFor } from '../api/errors.ts';
import { nameOf } from '../features/FeatureFilters.tsx';
import { session } from '../shell/queries.ts';
import { Page } from '../ui/Page.tsx';
import { Loaded } from '../ui/States.tsx';
import { notifyDone, notifyFailed } from '../ui/notify.ts';
import { Time } from '../ui/Time.tsx';
import {
  createLink,
  deleteLink,
  invite,
  inviteLinks,
  invites,
  members,
  removeMember,
  setRole,
  withdrawInvite,
} from './queries.ts';

const roles = [
  { value: 'USER', label: 'Member' },
  { value: 'ADMIN', label: 'Administrator' },
];

/** Who belongs to an organisation, and who is asked to. */
export function PeoplePage() {
  const id = Number(useParams({ from: '/app/organisations/$organisation' }).organisation);
  const { data: own } = useQuery(session());
  const organisation = own?.organisations.find((one) => one.id === id);
  const isAdmin = organisation?.my_permissions.admin ?? false;
  const query = useQuery(members(id));
  const [inviting, setInviting] = useState(false);
  const did = (work: Promise<unknown>, message: string) => work.then(() => notifyDone(message), notifyFailed);
  return (
    <Page
      title="People"
      of={organisation?.name}
      width={1000}
      actions={
        isAdmin && (
          <Button leftSection={<IconUserPlus size={16} />} onClick={() => setInviting(true)}>
            Invite
          </Button>
        )
      }
    >
      <Loaded query={query}>
        {(list) => (
          <div className="card" style={{ overflowX: 'auto' }}>
            <Table miw={600} aria-label="Members">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Name</Table.Th>
                  <Table.Th>Role</Table.Th>
                  <Table.Th>Last login</Table.Th>
                  {isAdmin && (
                    <Table.Th>
                      <VisuallyHidden>Actions</VisuallyHidden>
                    </Table.Th>
                  )}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {list.map((member) => (
                  <Table.Tr key={member.id}>
                    <Table.Td>
                      <Text size="sm" fw={600}>
                        {nameOf(member)}
                      </Text>
                      <Text size="xs" c="dimmed">
                        {member.email}
                      </Text>
                    </Table.Td>
                    <Table.Td>
                      {isAdmin ? (
                        <NativeSelect
                          size="xs"
                          aria-label={`Role of ${nameOf(member)}`}
                          data={roles}
                          value={member.role}
                          onChange={(event) =>
                            void did(
                              setRole(id, member.id, event.currentTarget.value as MemberRole),
                              `${nameOf(member)} has another role`,
                            )
                          }
                        />
                      ) : (
                        <Badge color="gray">{member.role === 'ADMIN' ? 'Administrator' : 'Member'}</Badge>
                      )}
                    </Table.Td>
                    <Table.Td>
                      <Text size="sm" c="dimmed">
                        {member.last_login ? <Time at={member.last_login} /> : 'never'}
                      </Text>
                    </Table.Td>
                    {isAdmin && (
                      <Table.Td>
                        <ActionIcon
                          color="red"
                          aria-label={`Remove ${nameOf(member)}`}
                          disabled={member.id === own?.user.id}
                          onClick={() =>
                            confirm(`Take ${nameOf(member)} out of the organisation?`) &&
                            void did(removeMember(id, member.id), `${nameOf(member)} is out`)
                          }
                        >
                          <IconTrash size={16} />
                        </ActionIcon>
                      </Table.Td>
                    )}
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </div>
        )}
      </Loaded>
      {isAdmin && <Invitations organisation={id} />}
      {inviting && <InviteDialog organisation={id} onClose={() => setInviting(false)} />}
    </Page>
  );
}

function Invitations({ organisation }: { organisation: number }) {
  const open = useQuery(invites(organisation));
  const links = useQuery(inviteLinks(organisation));
  const [role, setLinkRole] = useState<MemberRole>('USER');
  return (
    <Stack mt="lg">
      <Paper p="md" bg="var(--card)" component="section" aria-label="Open invitations">
        <Title order={2} size="h5" mb="xs">
          Open invitations
        </Title>
        <Loaded query={open} rows={1}>
          {({ results }) =>
            results.length === 0 ? (
              <Text size="sm" c="dimmed">
                None.
              </Text>
            ) : (
              <Stack gap={4}>
                {results.map(({ id, email, date_created }) => (
                  <Group key={id} justify="space-between">
                    <Text size="sm">
                      {email}{' '}
                      <Text span size="xs" c="dimmed">
                        <Time at={date_created} />
                      </Text>
                    </Text>
                    <ActionIcon
                      color="red"
                      aria-label={`Withdraw the invitation of ${email}`}
                      onClick={() => withdrawInvite(organisation, id).catch(notifyFailed)}
                    >
                      <IconTrash size={16} />
                    </ActionIcon>
                  </Group>
                ))}
              </Stack>
            )
          }
        </Loaded>
      </Paper>
      <Paper p="md" bg="var(--card)" component="section" aria-label="Invitation links">
        <Title order={2} size="h5">
          Invitation links
        </Title>
        <Text size="xs" c="dimmed" mb="sm">
          Everybody who has a link may join with it. There is none until you make one.
        </Text>
        <Loaded query={links} rows={1}>
          {(list) => (
            <Stack gap="xs">
              {list.map((link) => {
                const address = `${location.origin}/invite-link/${link.hash}`;
                return (
                  <Group key={link.id} justify="space-between" wrap="nowrap">
                    <div style={{ minWidth: 0 }}>
                      <Text className="mono truncate">{address}</Text>
                      <Text size="xs" c="dimmed">
                        {link.role === 'ADMIN' ? 'Administrator' : 'Member'}
                        {link.expires_at && (
                          <>
                            , until <Time at={link.expires_at} />
                          </>
                        )}
                      </Text>
                    </div>
                    <Group gap={4} wrap="nowrap">
                      <CopyButton value={address}>
                        {({ copied, copy }) => (
                          <ActionIcon aria-label={copied ? 'Copied' : 'Copy the link'} onClick={copy}>
                            {copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
                          </ActionIcon>
                        )}
                      </CopyButton>
                      <ActionIcon
                        color="red"
                        aria-label="Delete the link"
                        onClick={() => deleteLink(organisation, link.id).catch(notifyFailed)}
                      >
                        <IconTrash size={16} />
                      </ActionIcon>
                    </Group>
                  </Group>
                );
              })}
              <Group gap="xs">
                <NativeSelect
                  size="xs"
                  aria-label="Role of who joins"
                  data={roles}
                  value={role}
                  onChange={(event) => setLinkRole(event.currentTarget.value as MemberRole)}
                />
                <Button
                  size="xs"
                  variant="default"
                  onClick={() =>
                    createLink(organisation, role, new Date(Date.now() + 7 * 86_400_000).toISOString()).catch(
                      notifyFailed,
                    )
                  }
                >
                  Create a link for seven days
                </Button>
              </Group>
            </Stack>
          )}
        </Loaded>
      </Paper>
    </Stack>
  );
}

function InviteDialog({ organisation, onClose }: { organisation: number; onClose: () => void }) {
  const [emails, setEmails] = useState<string[]>([]);
  const [role, setInviteRole] = useState<MemberRole>('USER');
  const send = useMutation({
    mutationFn: () => invite(organisation, emails, role),
    onSuccess: () => {
      notifyDone('The invitations are on their way');
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>Invite people</Text>}>
      <Stack>
        {send.isError && <Alert color="red">{messageFor(send.error)}</Alert>}
        <TagsInput
          label="E-mail addresses"
          description="Enter after each"
          splitChars={[',', ' ', ';']}
          value={emails}
          onChange={setEmails}
          data-autofocus
        />
        <NativeSelect
          label="Role"
          description="Members see what they are given access to"
          data={roles}
          value={role}
          onChange={(event) => setInviteRole(event.currentTarget.value as MemberRole)}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button disabled={emails.length === 0} loading={send.isPending} onClick={() => send.mutate()}>
            Send
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
