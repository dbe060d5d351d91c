import type { MasterKey } from '@halyard/contract';
import {
  ActionIcon,
  Alert,
  Badge,
  Button,
  Code,
  CopyButton,
  Group,
  Modal,
  NativeSelect,
  Stack,
  Table,
  Text,
  TextInput,
  VisuallyHidden,
} from '@mantine/core';
import { IconCheck, IconCopy, IconKey, IconPlus, IconTrash } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError, messageFor } from '../api/errors.ts';
import { Card } from '../ui/Card.tsx';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';
import { notifyDone } from '../ui/notify.ts';
import { Empty, Loaded } from '../ui/States.tsx';
import { exactTime } from '../ui/time.ts';
import { Time } from '../ui/Time.tsx';
import { createMasterKey, masterKeys, revokeMasterKey } from './queries.ts';

/** The keys by which an organisation's scripts act for it. */
export function ApiKeysTab({ id: organisation }: { id: number }) {
  const query = useQuery(masterKeys(organisation));
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<MasterKey>();
  return (
    <Card
      title="API keys"
      description="For Terraform, scripts and pipelines. A key acts as an administrator of the organisation."
      aside={
        <Button size="xs" leftSection={<IconPlus size={15} />} onClick={() => setCreating(true)}>
          Create key
        </Button>
      }
    >
      <Loaded query={query} rows={2}>
        {({ results }) =>
          results.length === 0 ? (
            <Empty title="No keys" icon={<IconKey size={24} />}>
              Make one for each script, so that you can take back one without the others.
            </Empty>
          ) : (
            <div className="sideways">
              <Table aria-label="API keys" horizontalSpacing="xs">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Name</Table.Th>
                    <Table.Th visibleFrom="sm">Created</Table.Th>
                    <Table.Th>Last used</Table.Th>
                    <Table.Th visibleFrom="sm">Expires</Table.Th>
                    <Table.Th>
                      <VisuallyHidden>Actions</VisuallyHidden>
                    </Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {results.map((key) => (
                    <Table.Tr key={key.prefix}>
                      <Table.Td maw={260}>
                        <Group gap={6}>
                          <Text size="sm" fw={600}>
                            {key.name}
                          </Text>
                          {!key.is_admin && (
                            <Badge size="xs" color="gray">
                              limited
                            </Badge>
                          )}
                          {key.has_expired && (
                            <Badge size="xs" color="red">
                              expired
                            </Badge>
                          )}
                        </Group>
                        <Text className="mono" c="dimmed">
                          {key.prefix}…
                        </Text>
                      </Table.Td>
                      <Table.Td visibleFrom="sm">
                        <Text size="sm" c="dimmed">
                          <Time at={key.created} />
                        </Text>
                      </Table.Td>
                      <Table.Td>
                        <Text size="sm" c="dimmed">
                          {key.last_used_at ? <Time at={key.last_used_at} /> : 'never'}
                        </Text>
                      </Table.Td>
                      <Table.Td visibleFrom="sm">
                        <Text size="sm" c="dimmed">
                          {key.expiry_date ? exactTime(key.expiry_date) : 'never'}
                        </Text>
                      </Table.Td>
                      <Table.Td ta="right">
                        <ActionIcon
                          color="red"
                          aria-label={`Revoke the key ${key.name}`}
                          onClick={() => setRevoking(key)}
                        >
                          <IconTrash size={16} />
                        </ActionIcon>
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </div>
          )
        }
      </Loaded>
      <Text size="sm" c="dimmed">
        A script sends a key with each request, as <span className="mono">Authorization: Api-Key …</span>
      </Text>
      {creating && <CreateKey organisation={organisation} onClose={() => setCreating(false)} />}
      {revoking && (
        <ConfirmDialog
          title={`Revoke the key ${revoking.name}?`}
          action="Revoke"
          onConfirm={() =>
            revokeMasterKey(organisation, revoking.prefix).then(() => notifyDone(`${revoking.name} is revoked`))
          }
          onClose={() => setRevoking(undefined)}
        >
          {revoking.last_used_at ? (
            <>
              It was last used <Time at={revoking.last_used_at} />. What
            </>
          ) : (
            'It was never used. What'
          )}{' '}
          uses it is refused from then on; this cannot be taken back.
        </ConfirmDialog>
      )}
    </Card>
  );
}

const lifetimes = [
  { value: '30', label: 'In 30 days' },
  { value: '90', label: 'In 90 days' },
  { value: '365', label: 'In a year' },
  { value: '', label: 'Never' },
];

function CreateKey({ organisation, onClose }: { organisation: number; onClose: () => void }) {
  const [name, setName] = useState('');
  const [days, setDays] = useState('90');
  const create = useMutation({
    mutationFn: () =>
      createMasterKey(
        organisation,
        name.trim(),
        days === '' ? null : new Date(Date.now() + Number(days) * 86_400_000).toISOString(),
      ),
  });
  const fields = create.error instanceof ApiError ? create.error.fields : {};
  if (create.data) {
    return (
      <Modal opened onClose={onClose} size="lg" title={<Text fw={600}>The key {create.data.name}</Text>}>
        <Stack>
          <Text size="sm">Copy it to where it is needed now. It is not shown again, to nobody.</Text>
          <Code block aria-label="Key" style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
            {create.data.key}
          </Code>
          <Group justify="flex-end">
            <CopyButton value={create.data.key}>
              {({ copied, copy }) => (
                <Button
                  variant="default"
                  leftSection={copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
                  onClick={copy}
                >
                  {copied ? 'Copied' : 'Copy'}
                </Button>
              )}
            </CopyButton>
            <Button onClick={onClose}>I have it</Button>
          </Group>
        </Stack>
      </Modal>
    );
  }
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>Create API key</Text>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <Stack>
          {create.isError && <Alert color="red">{messageFor(create.error)}</Alert>}
          <TextInput
            label="Name"
            description="What uses it, such as Terraform"
            required
            maxLength={50}
            error={fields.name}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            data-autofocus
          />
          <NativeSelect
            label="Expires"
            data={lifetimes}
            value={days}
            onChange={(event) => setDays(event.currentTarget.value)}
          />
          <Text size="sm" c="dimmed">
            It may do everything in the organisation. For a pipeline at GitHub or elsewhere that has tokens of its own,
            a trust relationship needs no key at all.
          </Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" disabled={name.trim() === ''} loading={create.isPending}>
              Create
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
