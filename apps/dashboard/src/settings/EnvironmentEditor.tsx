import type { Environment, EnvironmentKey } from '@halyard/contract';
import {
  ActionIcon,
  Anchor,
  Badge,
  Button,
  ColorInput,
  Group,
  Modal,
  NativeSelect,
  Stack,
  Switch,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core';
import { IconCopyPlus, IconTrash } from '@tabler/icons-react';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { Answer } from '../api/client.ts';
import { CustomFieldInputs, type CustomValue } from '../custom-fields/CustomFieldInputs.tsx';
import { colourOf } from '../environments/colour.ts';
import { EnvironmentBanner } from '../environments/EnvironmentBanner.tsx';
import { Card } from '../ui/Card.tsx';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';
import { CopyField } from '../ui/CopyField.tsx';
import { notifyDone, notifyFailed } from '../ui/notify.ts';
import { ago } from '../ui/time.ts';
import { useSave } from '../ui/useSave.tsx';
import {
  changeEnvironment,
  changeKey,
  cloneEnvironment,
  createKey,
  deleteEnvironment,
  deleteKey,
  setVersioning,
} from './queries.ts';

interface EnvironmentEditorProps {
  project: number;
  settings: Answer<'getEnvironmentSettings'>;
  mayClone: boolean;
}

/** Everything about one environment that its administrators decide. */
export function EnvironmentEditor({ project, settings, mayClone }: EnvironmentEditorProps) {
  const { environment, keys, custom_fields } = settings;
  return (
    <Stack>
      <About environment={environment} />
      <Keys environment={environment} keys={keys} />
      <Sdks environment={environment} />
      <Versioning key={String(environment.use_v2_feature_versioning)} environment={environment} />
      {custom_fields.length > 0 && <CustomFields environment={environment} fields={custom_fields} />}
      <Card
        title="Webhooks and integrations"
        description={
          <>
            Who is told of changes in {environment.name} is set under{' '}
            <Anchor component={Link} inherit to={`/projects/${project}/settings/webhooks`} underline="always">
              Webhooks
            </Anchor>{' '}
            and{' '}
            <Anchor component={Link} inherit to={`/projects/${project}/settings/integrations`} underline="always">
              Integrations
            </Anchor>
            .
          </>
        }
      />
      <CopyOrDelete environment={environment} mayClone={mayClone} />
    </Stack>
  );
}

function About({ environment }: { environment: Environment }) {
  const [draft, setDraft] = useState({
    name: environment.name,
    description: environment.description ?? '',
    banner_text: environment.banner_text ?? '',
    banner_colour: environment.banner_colour ?? '',
  });
  const set = (change: Partial<typeof draft>) => setDraft((before) => ({ ...before, ...change }));
  const { save, saving, errors, failure } = useSave(() =>
    changeEnvironment(environment.api_key, {
      name: draft.name.trim(),
      description: draft.description || null,
      banner_text: draft.banner_text || null,
      banner_colour: draft.banner_colour || null,
    }),
  );
  const colour = colourOf({ ...environment, banner_colour: draft.banner_colour || null });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <Card title="About" description="The colour marks the environment wherever it is named.">
        {failure('name', 'description', 'banner_text', 'banner_colour')}
        <TextInput
          label="Name"
          required
          error={errors.name}
          value={draft.name}
          onChange={(event) => set({ name: event.currentTarget.value })}
        />
        <Textarea
          label="Description"
          autosize
          minRows={1}
          error={errors.description}
          value={draft.description}
          onChange={(event) => set({ description: event.currentTarget.value })}
        />
        <Group align="flex-start" gap="sm">
          <TextInput
            flex="3 1 220px"
            label="Banner text"
            placeholder="Real customers: take care"
            maxLength={255}
            error={errors.banner_text}
            value={draft.banner_text}
            onChange={(event) => set({ banner_text: event.currentTarget.value })}
          />
          <ColorInput
            flex="1 1 140px"
            label="Colour"
            placeholder={colour}
            withEyeDropper={false}
            error={errors.banner_colour}
            value={draft.banner_colour}
            onChange={(banner_colour) => set({ banner_colour })}
          />
        </Group>
        <EnvironmentBanner environment={{ ...environment, ...draft }} />
        <Group justify="flex-end">
          <Button type="submit" loading={saving}>
            Save
          </Button>
        </Group>
      </Card>
    </form>
  );
}

function Keys({ environment, keys }: { environment: Environment; keys: EnvironmentKey[] }) {
  const [name, setName] = useState('');
  const [deleting, setDeleting] = useState<EnvironmentKey>();
  const { save, saving, errors } = useSave(async () => {
    await createKey(environment.api_key, name.trim());
    setName('');
  }, 'The key is there');
  return (
    <Card title="Keys" description="What applications say to get the flags of this environment.">
      <CopyField name="Client-side key" note="For apps and browsers. It is no secret." value={environment.api_key} />
      {keys.map((key) => (
        <CopyField
          key={key.id}
          name={key.name}
          value={key.key}
          secret
          note={
            <>
              Server-side key: keep it secret. Made {ago(key.created_at)}
              {key.expires_at && `, valid until ${key.expires_at.slice(0, 10)}`}.{' '}
              {!key.active && (
                <Badge size="xs" color="gray">
                  switched off
                </Badge>
              )}
            </>
          }
          actions={
            <>
              <Switch
                size="xs"
                mx={6}
                aria-label={`${key.name} works`}
                checked={key.active}
                onChange={(event) =>
                  void changeKey(environment.api_key, key.id, event.currentTarget.checked).catch(notifyFailed)
                }
              />
              <ActionIcon color="red" aria-label={`Delete ${key.name}`} onClick={() => setDeleting(key)}>
                <IconTrash size={16} />
              </ActionIcon>
            </>
          }
        />
      ))}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <Group gap="xs" align="flex-start">
          <TextInput
            flex="1 1 180px"
            aria-label="Name of a new server-side key"
            placeholder="Name of a server-side key"
            error={errors.name}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Button type="submit" variant="default" loading={saving} disabled={name.trim() === ''}>
            Create server-side key
          </Button>
        </Group>
      </form>
      {deleting && (
        <ConfirmDialog
          title={`Delete the key ${deleting.name}?`}
          action="Delete"
          onConfirm={() => deleteKey(environment.api_key, deleting.id)}
          onClose={() => setDeleting(undefined)}
        >
          Servers that use it get nothing any more. To try that first, switch it off: that can be taken back.
        </ConfirmDialog>
      )}
    </Card>
  );
}

const sdkSwitches = [
  {
    name: 'allow_client_traits',
    label: 'Apps and browsers may set traits',
    description:
      'Off: only servers may say what is known of an identity, so that nobody puts themselves into a segment.',
  },
  {
    name: 'hide_sensitive_data',
    label: 'SDKs get no more than they need',
    description: 'Names, on or off, and values. Descriptions, dates, ids of states and traits are left out.',
  },
  {
    name: 'use_identity_overrides_in_local_eval',
    label: 'Servers that evaluate themselves know identity overrides',
    description: 'They are part of the document then. With very many overrides, switching this off keeps it small.',
  },
  {
    name: 'use_identity_composite_key_for_hashing',
    label: 'Give people other buckets in each environment',
    description: 'Kept for SDKs that ask for it; people are bucketed by environment and identifier either way.',
  },
] as const;

function Sdks({ environment }: { environment: Environment }) {
  const [draft, setDraft] = useState({
    allow_client_traits: environment.allow_client_traits,
    hide_sensitive_data: environment.hide_sensitive_data,
    use_identity_overrides_in_local_eval: environment.use_identity_overrides_in_local_eval,
    use_identity_composite_key_for_hashing: environment.use_identity_composite_key_for_hashing,
    hide_disabled_flags: environment.hide_disabled_flags,
  });
  const { save, saving, failure } = useSave(() => changeEnvironment(environment.api_key, draft));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <Card title="What SDKs get and may do">
        {failure()}
        <NativeSelect
          label="Features that are off"
          description="An SDK that does not get a feature uses the default that stands in the code"
          value={String(draft.hide_disabled_flags)}
          data={[
            { value: 'null', label: 'As the project says' },
            { value: 'false', label: 'SDKs get them' },
            { value: 'true', label: 'SDKs do not get them' },
          ]}
          onChange={(event) => {
            const hide_disabled_flags = JSON.parse(event.currentTarget.value) as boolean | null;
            setDraft((before) => ({ ...before, hide_disabled_flags }));
          }}
        />
        {sdkSwitches.map(({ name, label, description }) => (
          <Switch
            key={name}
            label={label}
            description={description}
            checked={draft[name]}
            onChange={(event) => {
              const { checked } = event.currentTarget;
              setDraft((before) => ({ ...before, [name]: checked }));
            }}
          />
        ))}
        <Group justify="flex-end">
          <Button type="submit" loading={saving}>
            Save
          </Button>
        </Group>
      </Card>
    </form>
  );
}

function Versioning({ environment }: { environment: Environment }) {
  const [asking, setAsking] = useState(false);
  const on = environment.use_v2_feature_versioning;
  return (
    <Card
      title="Feature versions"
      description="Each save of a feature becomes a version of it: a draft, for a later time, or live. An older one can be brought back."
    >
      <Switch
        label="Features change by versions"
        description={on ? 'On' : 'Off: features change directly'}
        checked={on}
        onChange={() => setAsking(true)}
      />
      {asking && (
        <ConfirmDialog
          title={on ? 'Stop versions?' : 'Let features change by versions?'}
          action={on ? 'Stop and remove versions' : 'Start versions'}
          color={on ? 'red' : 'halyard'}
          onConfirm={() => setVersioning(environment.api_key, !on)}
          onClose={() => setAsking(false)}
        >
          {on ? (
            <>
              All versions in {environment.name} are removed, and those that wait for their time are called off. What
              SDKs get stays as it is.
            </>
          ) : (
            <>
              What {environment.name} serves becomes the first version of each feature; SDKs notice nothing. From then
              on scripts that change features directly are refused there: they have to publish versions.
            </>
          )}
        </ConfirmDialog>
      )}
    </Card>
  );
}

interface CustomFieldsProps {
  environment: Environment;
  fields: Answer<'getEnvironmentSettings'>['custom_fields'];
}

function CustomFields({ environment, fields }: CustomFieldsProps) {
  const [values, setValues] = useState<CustomValue[]>(
    environment.metadata.map(({ model_field, field_value }) => ({ model_field, field_value })),
  );
  const { save, saving, errors, failure } = useSave(() => changeEnvironment(environment.api_key, { metadata: values }));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <Card title="Custom fields">
        {failure('metadata')}
        <CustomFieldInputs fields={fields} values={values} onChange={setValues} errors={errors} />
        <Group justify="flex-end">
          <Button type="submit" loading={saving}>
            Save
          </Button>
        </Group>
      </Card>
    </form>
  );
}

function CopyOrDelete({ environment, mayClone }: { environment: Environment; mayClone: boolean }) {
  const [doing, setDoing] = useState<'copy' | 'delete'>();
  const navigate = useNavigate();
  const remove = async () => {
    await deleteEnvironment(environment.api_key);
    notifyDone(`${environment.name} is deleted`);
    await navigate({ to: '.', search: {} });
  };
  return (
    <Card
      title="Copy or delete"
      description="A copy serves the same features and segment overrides. Identities and server-side keys are not copied."
    >
      <Group>
        {mayClone && (
          <Button variant="default" leftSection={<IconCopyPlus size={16} />} onClick={() => setDoing('copy')}>
            Copy environment
          </Button>
        )}
        <Button variant="light" color="red" onClick={() => setDoing('delete')}>
          Delete environment
        </Button>
      </Group>
      {doing === 'copy' && <CopyDialog environment={environment} onClose={() => setDoing(undefined)} />}
      {doing === 'delete' && (
        <ConfirmDialog
          title={`Delete ${environment.name}?`}
          action="Delete environment"
          typed={environment.name}
          onConfirm={remove}
          onClose={() => setDoing(undefined)}
        >
          Applications with its keys get nothing any more, and what its identities were given is gone. This cannot be
          undone.
        </ConfirmDialog>
      )}
    </Card>
  );
}

function CopyDialog({ environment, onClose }: { environment: Environment; onClose: () => void }) {
  const [name, setName] = useState('');
  const navigate = useNavigate();
  const { save, saving, errors, failure } = useSave(async () => {
    const copy = await cloneEnvironment(environment.api_key, name.trim());
    await navigate({ to: '.', search: { environment: copy.id } });
    onClose();
  }, `${environment.name} is copied`);
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>Copy {environment.name}</Text>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <Stack>
          {failure('name')}
          <TextInput
            label="Name of the copy"
            placeholder="Staging"
            required
            data-autofocus
            error={errors.name}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Text size="sm" c="dimmed">
            It gets keys of its own and is ready at once.
          </Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={saving} disabled={name.trim() === ''}>
              Copy
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
