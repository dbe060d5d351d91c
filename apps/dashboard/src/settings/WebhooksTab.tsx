import type { WebhookPlace, WebhookSettings } from '@halyard/contract';
import {
  ActionIcon,
  Alert,
  Badge,
  Box,
  Button,
  Checkbox,
  Group,
  Modal,
  NativeSelect,
  PasswordInput,
  Stack,
  Switch,
  Text,
  TextInput,
} from '@mantine/core';
import { IconListDetails, IconPencil, IconPlus, IconSend, IconTrash, IconWebhook } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError, messageFor } from '../api/errors.ts';
import { DeliveryLog } from '../deliveries/DeliveryLog.tsx';
import { DeliveryState } from '../deliveries/DeliveryState.tsx';
import { Card } from '../ui/Card.tsx';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';
import { Empty, Loaded } from '../ui/States.tsx';
import { notifyFailed } from '../ui/notify.ts';
import { Time } from '../ui/Time.tsx';
import { useSave } from '../ui/useSave.tsx';
import {
  changeWebhook,
  createWebhook,
  deleteWebhook,
  organisationWebhooks,
  projectWebhooks,
  testWebhook,
  webhookDeliveries,
  type WebhookOwner,
} from './queries.ts';

/** Who is told of changes in the environments of a project. */
export function ProjectWebhooksTab({ id }: { id: number }) {
  return (
    <Loaded query={useQuery(projectWebhooks(id))}>
      {(places) => (
        <Webhooks
          places={places}
          ownerOf={({ environment }) => ({ environment: environment?.api_key ?? '' })}
          description="An address of yours is told when features change in an environment. What it does not take is sent again for about three hours."
        />
      )}
    </Loaded>
  );
}

/** Who is told of everything that happens in an organisation. */
export function OrganisationWebhooksTab({ id }: { id: number }) {
  return (
    <Loaded query={useQuery(organisationWebhooks(id))}>
      {(places) => (
        <Webhooks
          places={places}
          ownerOf={() => ({ organisation: id })}
          description="An address of yours is told of every entry of the audit log, of all projects. What it does not take is sent again for about three hours."
        />
      )}
    </Loaded>
  );
}

interface WebhooksProps {
  places: WebhookPlace[];
  ownerOf: (place: WebhookPlace) => WebhookOwner;
  description: string;
}

function Webhooks({ places, ownerOf, description }: WebhooksProps) {
  const [creating, setCreating] = useState(false);
  const filled = places.filter(({ webhooks }) => webhooks.length > 0);
  const add = (
    <Button
      variant="default"
      leftSection={<IconPlus size={16} />}
      disabled={places.length === 0}
      onClick={() => setCreating(true)}
    >
      Create webhook
    </Button>
  );
  return (
    <Stack>
      <Card title="Webhooks" description={description} aside={add}>
        {filled.length === 0 && (
          <Empty title="Nobody is told yet" icon={<IconWebhook size={24} />}>
            A webhook can start a deployment, fill a channel or keep a copy up to date.
          </Empty>
        )}
      </Card>
      {filled.map((place) => (
        <Card key={place.environment?.id ?? 0} title={place.environment?.name ?? 'Of the organisation'}>
          {place.webhooks.map((webhook) => (
            <WebhookRow key={webhook.id} webhook={webhook} owner={ownerOf(place)} />
          ))}
        </Card>
      ))}
      {creating && <WebhookDialog places={places} ownerOf={ownerOf} onClose={() => setCreating(false)} />}
    </Stack>
  );
}

function WebhookRow({ webhook, owner }: { webhook: WebhookSettings; owner: WebhookOwner }) {
  const [shown, setShown] = useState(false);
  const [doing, setDoing] = useState<'edit' | 'delete'>();
  const test = useMutation({ mutationFn: () => testWebhook(owner, { url: webhook.url, webhook: webhook.id }) });
  const name = nameOf(webhook);
  return (
    <Box className="card" p="sm" role="group" aria-label={name}>
      <Group justify="space-between" gap="xs">
        <Box flex="1 1 240px" miw={0}>
          <Text className="mono truncate" title={webhook.url}>
            {webhook.url}
          </Text>
          <Group gap={6} mt={4}>
            {webhook.last_delivery ? (
              <>
                <DeliveryState delivery={webhook.last_delivery} />
                <Text size="xs" c="dimmed" component="span">
                  last <Time at={webhook.last_delivery.created_at} />
                </Text>
              </>
            ) : (
              <Text size="xs" c="dimmed">
                Nothing sent yet
              </Text>
            )}
            {webhook.is_signed && <Badge color="gray">signed</Badge>}
          </Group>
        </Box>
        <Group gap={2} wrap="nowrap">
          <Switch
            mr={6}
            aria-label={`${name} is on`}
            checked={webhook.enabled}
            onChange={(event) =>
              void changeWebhook(owner, webhook.id, { enabled: event.currentTarget.checked }).catch(notifyFailed)
            }
          />
          <ActionIcon aria-label={`Edit ${name}`} onClick={() => setDoing('edit')}>
            <IconPencil size={16} />
          </ActionIcon>
          <ActionIcon color="red" aria-label={`Delete ${name}`} onClick={() => setDoing('delete')}>
            <IconTrash size={16} />
          </ActionIcon>
        </Group>
      </Group>
      <Group gap="xs" mt="xs">
        <Button
          size="compact-sm"
          variant="subtle"
          leftSection={<IconListDetails size={15} />}
          aria-expanded={shown}
          onClick={() => setShown(!shown)}
        >
          Deliveries
        </Button>
        <Button
          size="compact-sm"
          variant="subtle"
          leftSection={<IconSend size={15} />}
          loading={test.isPending}
          onClick={() => test.mutate()}
        >
          Send an example
        </Button>
      </Group>
      <TestOutcome test={test} />
      {shown && (
        <Box mt="sm">
          <DeliveryLog source={webhookDeliveries(owner, webhook.id)} />
        </Box>
      )}
      {doing === 'edit' && <EditDialog webhook={webhook} owner={owner} onClose={() => setDoing(undefined)} />}
      {doing === 'delete' && (
        <ConfirmDialog
          title="Delete this webhook?"
          action="Delete webhook"
          onConfirm={() => deleteWebhook(owner, webhook.id)}
          onClose={() => setDoing(undefined)}
        >
          <b style={{ overflowWrap: 'anywhere' }}>{webhook.url}</b> is told nothing any more, and the list of its
          deliveries goes. To pause it, switch it off instead.
        </ConfirmDialog>
      )}
    </Box>
  );
}

/** Where a webhook leads, without the path: that may be long, and may be secret. */
function nameOf({ url }: { url: string }): string {
  return URL.parse(url)?.host ?? url;
}

interface Test {
  data: { status: number } | undefined;
  error: unknown;
  isPending: boolean;
}

/** What came back for an example. */
function TestOutcome({ test }: { test: Test }) {
  if (test.isPending || (!test.data && !test.error)) return null;
  const said = test.error instanceof ApiError ? (test.error.body as { body?: unknown }).body : undefined;
  return (
    <Alert mt="xs" p="xs" color={test.error ? 'red' : 'green'} role="status">
      {test.error
        ? typeof said === 'string'
          ? said
          : messageFor(test.error)
        : `It was taken: the answer is ${test.data?.status}.`}
    </Alert>
  );
}

interface DialogProps {
  places: WebhookPlace[];
  ownerOf: (place: WebhookPlace) => WebhookOwner;
  onClose: () => void;
}

function WebhookDialog({ places, ownerOf, onClose }: DialogProps) {
  const [at, setAt] = useState(0);
  const [url, setUrl] = useState('');
  const [secret, setSecret] = useState('');
  const owner = ownerOf(places[at] as WebhookPlace);
  const { save, saving, errors, failure } = useSave(async () => {
    await createWebhook(owner, { url: url.trim(), secret });
    onClose();
  }, 'The webhook is there');
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>Create webhook</Text>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <Stack>
          {failure('url', 'secret')}
          {places.length > 1 && (
            <NativeSelect
              label="Environment"
              value={at}
              data={places.map(({ environment }, index) => ({ value: String(index), label: environment?.name ?? '' }))}
              onChange={(event) => setAt(Number(event.currentTarget.value))}
            />
          )}
          <Address url={url} onChange={setUrl} error={errors.url} />
          <PasswordInput
            label="Secret"
            description="What we send is signed with it, so that you can tell it comes from here. It is not shown again."
            autoComplete="new-password"
            error={errors.secret}
            value={secret}
            onChange={(event) => setSecret(event.currentTarget.value)}
          />
          <TryOut message={() => testWebhook(owner, { url: url.trim(), secret })} disabled={url.trim() === ''} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={saving} disabled={url.trim() === ''}>
              Create
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

interface EditDialogProps {
  webhook: WebhookSettings;
  owner: WebhookOwner;
  onClose: () => void;
}

function EditDialog({ webhook, owner, onClose }: EditDialogProps) {
  const [url, setUrl] = useState(webhook.url);
  const [secret, setSecret] = useState('');
  const [unsigned, setUnsigned] = useState(false);
  const { save, saving, errors, failure } = useSave(async () => {
    const changed = unsigned ? { secret: '' } : secret ? { secret } : {};
    await changeWebhook(owner, webhook.id, { url: url.trim(), ...changed });
    onClose();
  });
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>Edit webhook</Text>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <Stack>
          {failure('url', 'secret')}
          <Address url={url} onChange={setUrl} error={errors.url} />
          <PasswordInput
            label={webhook.is_signed ? 'New secret' : 'Secret'}
            description={
              webhook.is_signed
                ? 'Empty: it stays as it is. Nobody can read it here.'
                : 'What we send is signed with it, so that you can tell it comes from here.'
            }
            autoComplete="new-password"
            disabled={unsigned}
            error={errors.secret}
            value={secret}
            onChange={(event) => setSecret(event.currentTarget.value)}
          />
          {webhook.is_signed && (
            <Checkbox
              label="Remove the secret: send unsigned"
              checked={unsigned}
              onChange={(event) => setUnsigned(event.currentTarget.checked)}
            />
          )}
          <TryOut
            message={() => testWebhook(owner, { url: url.trim(), secret, ...(!unsigned && { webhook: webhook.id }) })}
            disabled={url.trim() === ''}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={saving} disabled={url.trim() === ''}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

interface AddressProps {
  url: string;
  onChange: (url: string) => void;
  error: string | undefined;
}

function Address({ url, onChange, error }: AddressProps) {
  return (
    <TextInput
      label="Address"
      description="It gets a POST with JSON for each change"
      placeholder="https://example.com/hooks/flags"
      type="url"
      required
      data-autofocus
      error={error}
      value={url}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

function TryOut({ message, disabled }: { message: () => Promise<{ status: number }>; disabled: boolean }) {
  const test = useMutation({ mutationFn: message });
  return (
    <div>
      <Button
        variant="default"
        size="xs"
        leftSection={<IconSend size={15} />}
        disabled={disabled}
        loading={test.isPending}
        onClick={() => test.mutate()}
      >
        Send an example
      </Button>
      <TestOutcome test={test} />
    </div>
  );
}
