import type {
  ConnectedIntegration,
  IntegrationCatalogueEntry,
  IntegrationField,
  IntegrationSettings,
  IntegrationSettingsPlace,
} from '@halyard/contract';
import {
  Alert,
  Button,
  Code,
  Group,
  NativeSelect,
  NumberInput,
  PasswordInput,
  Select,
  Stack,
  Switch,
  Text,
  TextInput,
} from '@mantine/core';
import { IconBrandSlack } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { messageFor } from '../api/errors.ts';
import { DeliveryLog } from '../deliveries/DeliveryLog.tsx';
import { Card } from '../ui/Card.tsx';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';
import { Loading } from '../ui/States.tsx';
import { useSave } from '../ui/useSave.tsx';
import {
  integrationDeliveries,
  type IntegrationTarget,
  removeIntegration,
  saveIntegration,
  slackAddress,
  slackChannels,
} from './queries.ts';
import { describe, hintOf, labelOf } from './vendors.ts';

interface IntegrationPanelProps {
  entry: IntegrationCatalogueEntry;
  settings: IntegrationSettings;
  /** Of the project or the organisation, as paths name it. */
  params: Record<string, number>;
}

/** One vendor: where it is connected, with what, and what it was told. */
export function IntegrationPanel({ entry, settings, params }: IntegrationPanelProps) {
  const places = settings.places.filter(({ place }) => entry.places.includes(place));
  const connectedAt = ({ connected }: IntegrationSettingsPlace) =>
    connected.find(({ vendor }) => vendor === entry.vendor);
  const [at, setAt] = useState(() =>
    Math.max(
      0,
      places.findIndex((place) => connectedAt(place) !== undefined),
    ),
  );
  const place = places[at];
  if (!place) return <Text size="sm">There is no environment to connect it with yet.</Text>;
  const existing = connectedAt(place);
  const target: IntegrationTarget = {
    vendor: entry.vendor,
    place: place.place,
    params: place.environment ? { environment_api_key: place.environment.api_key } : params,
  };
  const needsSlack = entry.vendor === 'slack' && !settings.slack.is_connected;
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        {describe(entry)}
      </Text>
      {places.length > 1 && (
        <NativeSelect
          label="Where"
          description={
            entry.places.includes('project') && entry.places.includes('environment')
              ? 'What an environment has of its own comes before what the whole project has'
              : undefined
          }
          value={at}
          data={places.map((one, index) => ({
            value: String(index),
            label: `${one.environment?.name ?? 'Whole project'}${connectedAt(one) ? ' — connected' : ''}`,
          }))}
          onChange={(event) => setAt(Number(event.currentTarget.value))}
        />
      )}
      {needsSlack && place.environment ? (
        <ConnectSlack environment={place.environment.api_key} isAvailable={settings.slack.is_available} />
      ) : (
        <IntegrationForm key={`${at} ${existing?.id ?? 'new'}`} entry={entry} target={target} existing={existing} />
      )}
      {existing && (
        <>
          <Card title="Deliveries">
            <DeliveryLog key={existing.id} source={integrationDeliveries(target, existing.id)} />
          </Card>
          <Remove title={entry.title} target={target} id={existing.id} />
        </>
      )}
    </Stack>
  );
}

interface IntegrationFormProps {
  entry: IntegrationCatalogueEntry;
  target: IntegrationTarget;
  existing: ConnectedIntegration | undefined;
}

function IntegrationForm({ entry, target, existing }: IntegrationFormProps) {
  const [values, setValues] = useState<Record<string, unknown>>(() =>
    Object.fromEntries(
      entry.fields.map(({ name, kind, is_secret, choices }) => [
        name,
        is_secret ? '' : (existing?.settings[name] ?? usual(name, kind, choices)),
      ]),
    ),
  );
  const { save, saving, errors, failure } = useSave(
    () => saveIntegration(target, existing?.id, sent(entry.fields, values, existing !== undefined)),
    existing ? 'Saved' : `${entry.title} is connected`,
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <Stack>
        {failure(...entry.fields.map(({ name }) => name))}
        {entry.fields.map((field) => (
          <Field
            key={field.name}
            vendor={entry.vendor}
            field={field}
            target={target}
            isKept={existing !== undefined && Boolean(existing.settings[field.name])}
            value={values[field.name]}
            error={errors[field.name]}
            onChange={(value) => setValues((before) => ({ ...before, [field.name]: value }))}
          />
        ))}
        <Group justify="flex-end">
          <Button type="submit" loading={saving}>
            {existing ? 'Save' : 'Connect'}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function usual(name: string, kind: IntegrationField['kind'], choices: string[]): unknown {
  if (kind === 'boolean') return name === 'enabled';
  return kind === 'choice' ? choices[0] : '';
}

/** An empty secret stays as it was; what may be empty and is goes to the vendor's usual. */
function sent(fields: IntegrationField[], values: Record<string, unknown>, exists: boolean): Record<string, unknown> {
  return Object.fromEntries(
    fields.flatMap(({ name, is_secret, is_required }) => {
      const value = typeof values[name] === 'string' ? values[name].trim() : values[name];
      if (value === '' && (is_secret || !is_required) && (is_secret ? exists || !is_required : !exists)) return [];
      return [[name, value]];
    }),
  );
}

interface FieldProps {
  vendor: string;
  field: IntegrationField;
  target: IntegrationTarget;
  /** Whether there is a secret already, which an empty field leaves alone. */
  isKept: boolean;
  value: unknown;
  error: string | undefined;
  onChange: (value: unknown) => void;
}

function Field({ vendor, field, target, isKept, value, error, onChange }: FieldProps) {
  const text = String(value ?? '');
  const label = labelOf(field.name);
  if (field.kind === 'boolean') {
    return (
      <Switch label={label} checked={value === true} onChange={(event) => onChange(event.currentTarget.checked)} />
    );
  }
  if (vendor === 'slack' && field.name === 'channel_id') {
    return <SlackChannel environment={String(target.params.environment_api_key)} value={text} onChange={onChange} />;
  }
  if (field.kind === 'choice') {
    return (
      <NativeSelect
        label={label}
        error={error}
        value={text}
        data={field.choices}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    );
  }
  if (field.kind === 'number') {
    return <NumberInput label={label} error={error} value={text} onChange={(next) => onChange(next)} />;
  }
  const shared = {
    label,
    error,
    required: field.is_required && !(field.is_secret && isKept),
    placeholder: hintOf(vendor, field.name),
    value: text,
    onChange: (event: { currentTarget: { value: string } }) => onChange(event.currentTarget.value),
  };
  return field.is_secret ? (
    <PasswordInput
      {...shared}
      autoComplete="new-password"
      {...(isKept && { description: 'Empty: it stays as it is. Nobody can read it here.' })}
    />
  ) : (
    <TextInput {...shared} type={field.is_address ? 'url' : 'text'} />
  );
}

interface SlackChannelProps {
  environment: string;
  value: string;
  onChange: (channel: string) => void;
}

/** The channels of the connected workspace; its id can be typed where Slack does not tell them. */
function SlackChannel({ environment, value, onChange }: SlackChannelProps) {
  const query = useQuery(slackChannels(environment));
  if (query.isPending) return <Loading rows={1} />;
  if (query.isError) {
    return (
      <TextInput
        label="Channel id"
        required
        placeholder={hintOf('slack', 'channel_id')}
        description={messageFor(query.error)}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    );
  }
  const { channels } = query.data;
  const known = channels.some(({ channel_id }) => channel_id === value) || value === '';
  return (
    <Select
      label="Channel"
      required
      searchable
      allowDeselect={false}
      data={[
        ...channels.map(({ channel_id, channel_name }) => ({ value: channel_id, label: `#${channel_name}` })),
        ...(known ? [] : [{ value, label: value }]),
      ]}
      value={value || null}
      onChange={(channel) => onChange(channel ?? '')}
    />
  );
}

function ConnectSlack({ environment, isAvailable }: { environment: string; isAvailable: boolean }) {
  const begin = useMutation({
    mutationFn: async () => {
      location.assign(await slackAddress(environment));
    },
  });
  if (!isAvailable) {
    return (
      <Alert color="yellow" title="This installation has no Slack app yet">
        Whoever runs it makes one at Slack and sets <Code>SLACK_CLIENT_ID</Code> and <Code>SLACK_CLIENT_SECRET</Code>.
      </Alert>
    );
  }
  return (
    <Stack>
      {begin.isError && <Alert color="red">{messageFor(begin.error)}</Alert>}
      <Text size="sm">
        First choose your workspace at Slack. You come back here, and choose the channel. All environments of this
        project use the same workspace.
      </Text>
      <Button
        w="fit-content"
        leftSection={<IconBrandSlack size={16} />}
        loading={begin.isPending}
        onClick={() => begin.mutate()}
      >
        Go to Slack
      </Button>
    </Stack>
  );
}

function Remove({ title, target, id }: { title: string; target: IntegrationTarget; id: number }) {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button variant="light" color="red" w="fit-content" onClick={() => setAsking(true)}>
        Disconnect
      </Button>
      {asking && (
        <ConfirmDialog
          title={`Disconnect ${title}?`}
          action="Disconnect"
          onConfirm={() => removeIntegration(target, id)}
          onClose={() => setAsking(false)}
        >
          It is told nothing any more. What was entered here, secrets included, is deleted.
        </ConfirmDialog>
      )}
    </>
  );
}
