import type { MemberRole, PeoplePage } from '@halyard/contract';
import {
  ActionIcon,
  Alert,
  Badge,
  Button,
  CopyButton,
  Group,
  Modal,
  MultiSelect,
  NativeSelect,
  Paper,
  Stack,
  TagsInput,
  Text,
  Title,
  Tooltip,
} from '@mantine/core';
import { IconCheck, IconCopy, IconMail, IconSend, IconTrash } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { messageFor } from '../api/errors.ts';
import { installation } from '../sign-in/queries.ts';
import { Empty } from '../ui/States.tsx';
import { notifyDone, notifyFailed } from '../ui/notify.ts';
import { exactTime } from '../ui/time.ts';
import { Time } from '../ui/Time.tsx';
import { roles } from './Members.tsx';
import { createLink, deleteLink, invite, people, resendInvite, withdrawInvite } from './queries.ts';

const lifetimes = [
  { value: '1', label: 'for a day' },
  { value: '7', label: 'for a week' },
  { value: '30', label: 'for 30 days' },
  { value: '', label: 'until it is deleted' },
];

interface InvitationsProps {
  organisation: number;
  page: PeoplePage;
  onInvite: () => void;
}

/** Who is asked to join by e-mail, and the links by which anybody may. */
export function Invitations({ organisation, page, onInvite }: InvitationsProps) {
  const did = (work: Promise<unknown>, message: string) => work.then(() => notifyDone(message), notifyFailed);
  const groupNames = new Map(page.groups.map(({ id, name }) => [id, name]));
  return (
    <Stack>
      <Paper p="md" bg="var(--card)" component="section" aria-label="Open invitations">
        <Title order={2} size="h5" mb="xs">
          Open invitations
        </Title>
        {page.invites.length === 0 ? (
          <Empty
            title="No open invitations"
            icon={<IconMail size={24} />}
            action={
              <Button variant="light" onClick={onInvite}>
                Invite somebody
              </Button>
            }
          >
            Who was invited by e-mail stands here until they join.
          </Empty>
        ) : (
          <Stack gap="xs">
            {page.invites.map(({ id, email, date_created, permission_groups }) => (
              <Group key={id} justify="space-between" wrap="nowrap">
                <div style={{ minWidth: 0 }}>
                  <Text size="sm" fw={600} className="truncate">
                    {email}
                  </Text>
                  <Group gap={6}>
                    <Text size="xs" c="dimmed">
                      invited <Time at={date_created} />
                    </Text>
                    {permission_groups.map((group) => (
                      <Badge key={group} size="xs" color="gray">
                        {groupNames.get(group)}
                      </Badge>
                    ))}
                  </Group>
                </div>
                <Group gap={4} wrap="nowrap">
                  <Tooltip label="Send again, with a new link">
                    <ActionIcon
                      aria-label={`Send the invitation of ${email} again`}
                      onClick={() => void did(resendInvite(organisation, id), `Sent to ${email} again`)}
                    >
                      <IconSend size={16} />
                    </ActionIcon>
                  </Tooltip>
                  <ActionIcon
                    color="red"
                    aria-label={`Withdraw the invitation of ${email}`}
                    onClick={() => void did(withdrawInvite(organisation, id), `${email} cannot join with it any more`)}
                  >
                    <IconTrash size={16} />
                  </ActionIcon>
                </Group>
              </Group>
            ))}
          </Stack>
        )}
      </Paper>
      <Links organisation={organisation} links={page.invite_links} />
    </Stack>
  );
}

function Links({ organisation, links }: { organisation: number; links: PeoplePage['invite_links'] }) {
  const [role, setRole] = useState<MemberRole>('USER');
  const [days, setDays] = useState('7');
  const create = () => {
    const ends = days === '' ? null : new Date(Date.now() + Number(days) * 86_400_000).toISOString();
    createLink(organisation, role, ends).then(() => notifyDone('The link is ready to copy'), notifyFailed);
  };
  return (
    <Paper p="md" bg="var(--card)" component="section" aria-label="Invitation links">
      <Title order={2} size="h5">
        Invitation links
      </Title>
      <Text size="xs" c="dimmed" mb="sm">
        Everybody who has a link may join with it, so give it to those only who shall.
      </Text>
      <Stack gap="sm">
        {links.map((link) => {
          const address = `${location.origin}/invite-link/${link.hash}`;
          const isOver = link.expires_at !== null && Date.parse(link.expires_at) < Date.now();
          return (
            <Group key={link.id} justify="space-between" wrap="nowrap">
              <div style={{ minWidth: 0 }}>
                <Text className="mono truncate" {...(isOver && { td: 'line-through', c: 'dimmed' })}>
                  {address}
                </Text>
                <Group gap={6}>
                  <Badge size="xs" color={link.role === 'ADMIN' ? 'red' : 'gray'}>
                    {link.role === 'ADMIN' ? 'Administrator' : 'Member'}
                  </Badge>
                  <Text size="xs" c="dimmed">
                    {link.expires_at === null
                      ? 'until it is deleted'
                      : isOver
                        ? 'over'
                        : `until ${exactTime(link.expires_at)}`}
                  </Text>
                </Group>
              </div>
              <Group gap={4} wrap="nowrap">
                {!isOver && (
                  <CopyButton value={address}>
                    {({ copied, copy }) => (
                      <ActionIcon aria-label={copied ? 'Copied' : 'Copy the link'} onClick={copy}>
                        {copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
                      </ActionIcon>
                    )}
                  </CopyButton>
                )}
                <ActionIcon
                  color="red"
                  aria-label="Delete the link"
                  onClick={() =>
                    deleteLink(organisation, link.id).then(
                      () => notifyDone('Nobody joins by it any more'),
                      notifyFailed,
                    )
                  }
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
            onChange={(event) => setRole(event.currentTarget.value as MemberRole)}
          />
          <NativeSelect
            size="xs"
            aria-label="How long the link works"
            data={lifetimes}
            value={days}
            onChange={(event) => setDays(event.currentTarget.value)}
          />
          <Button size="xs" variant="default" onClick={create}>
            Create link
          </Button>
        </Group>
      </Stack>
    </Paper>
  );
}

/** Asks people by e-mail; they are plain members of no group, unless it is said. */
export function InviteDialog({ organisation, onClose }: { organisation: number; onClose: () => void }) {
  const { data: about } = useQuery(installation());
  const { data: page } = useQuery(people(organisation));
  const [emails, setEmails] = useState<string[]>([]);
  const [role, setRole] = useState<MemberRole>('USER');
  const [groups, setGroups] = useState<string[]>([]);
  const send = useMutation({
    mutationFn: () => invite(organisation, emails, role, groups.map(Number)),
    onSuccess: () => {
      notifyDone(emails.length === 1 ? 'The invitation is on its way' : 'The invitations are on their way');
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>Invite people</Text>}>
      <Stack>
        {about?.has_email_provider === false && (
          <Alert color="yellow">
            This installation sends no e-mail. Create an invitation link instead, and send it yourself.
          </Alert>
        )}
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
          description="Members see what they are given access to; administrators see and change everything"
          data={roles}
          value={role}
          onChange={(event) => setRole(event.currentTarget.value as MemberRole)}
        />
        {page && page.groups.length > 0 && (
          <MultiSelect
            label="Groups"
            description="They may do at once what their groups may"
            data={page.groups.map(({ id, name }) => ({ value: String(id), label: name }))}
            value={groups}
            onChange={setGroups}
            searchable
          />
        )}
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
