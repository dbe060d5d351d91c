import type { ProjectWithTotals, SessionEnvironment } from '@halyard/contract';
import {
  ActionIcon,
  Button,
  ColorInput,
  CopyButton,
  Group,
  NumberInput,
  Paper,
  Stack,
  Switch,
  Text,
  TextInput,
  Title,
  Tooltip,
} from '@mantine/core';
import { IconCheck, IconCopy, IconDownload, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { ApiError } from '../api/errors.ts';
import { EnvironmentName } from '../environments/EnvironmentName.tsx';
import { findProject, session } from '../shell/queries.ts';
import { TagChip } from '../tags/TagChip.tsx';
import { saveFile } from '../ui/files.ts';
import { Page } from '../ui/Page.tsx';
import { Loaded } from '../ui/States.tsx';
import { notifyDone, notifyFailed } from '../ui/notify.ts';
import {
  changeEnvironment,
  changeProject,
  createEnvironment,
  createKey,
  createTag,
  deleteEnvironment,
  deleteKey,
  deleteProject,
  deleteTag,
  environmentKeys,
  exportProject,
  project as projectQuery,
  tags as tagsQuery,
} from './queries.ts';

/** A project's rules, environments with their keys, tags, and its export. */
export function ProjectSettingsPage() {
  const id = Number(useParams({ from: '/app/projects/$project' }).project);
  const query = useQuery(projectQuery(id));
  const { data: own } = useQuery(session());
  const environments = (own && findProject(own, id)?.project.environments) ?? [];
  const isAdmin = (own && findProject(own, id)?.project.my_permissions.admin) ?? false;
  return (
    <Loaded query={query}>
      {(project) => (
        <Page title="Settings" of={project.name} width={820}>
          <Stack>
            {isAdmin && <General key={project.name} project={project} />}
            <Environments project={id} environments={environments} isAdmin={isAdmin} />
            <Tags project={id} />
            {isAdmin && <Danger project={project} />}
          </Stack>
        </Page>
      )}
    </Loaded>
  );
}

function Card({ title, description, children }: { title: string; description?: ReactNode; children: ReactNode }) {
  return (
    <Paper p="md" bg="var(--card)" component="section" aria-label={title}>
      <Title order={2} size="h5">
        {title}
      </Title>
      {description && (
        <Text size="xs" c="dimmed">
          {description}
        </Text>
      )}
      <Stack gap="sm" mt="sm">
        {children}
      </Stack>
    </Paper>
  );
}

function General({ project }: { project: ProjectWithTotals }) {
  const [draft, setDraft] = useState({
    name: project.name,
    hide_disabled_flags: project.hide_disabled_flags,
    only_allow_lower_case_feature_names: project.only_allow_lower_case_feature_names,
    prevent_flag_defaults: project.prevent_flag_defaults,
    enforce_feature_owners: project.enforce_feature_owners,
    feature_name_regex: project.feature_name_regex ?? '',
    stale_flags_limit_days: project.stale_flags_limit_days,
  });
  const [errors, setErrors] = useState<Record<string, string>>({});
  const set = (change: Partial<typeof draft>) => setDraft((before) => ({ ...before, ...change }));
  const save = async () => {
    setErrors({});
    try {
      await changeProject(project.id, { ...draft, feature_name_regex: draft.feature_name_regex || null });
      notifyDone('Saved');
    } catch (error) {
      if (error instanceof ApiError && Object.keys(error.fields).length > 0) setErrors(error.fields);
      else notifyFailed(error);
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <Card title="General">
        <TextInput
          label="Name"
          required
          error={errors.name}
          value={draft.name}
          onChange={(event) => set({ name: event.currentTarget.value })}
        />
        <TextInput
          label="Pattern for names of features"
          description="What the whole name of a new feature must match; empty for any name"
          error={errors.feature_name_regex}
          classNames={{ input: 'mono' }}
          value={draft.feature_name_regex}
          onChange={(event) => set({ feature_name_regex: event.currentTarget.value })}
        />
        <NumberInput
          label="Days until a feature counts as stale"
          min={0}
          error={errors.stale_flags_limit_days}
          value={draft.stale_flags_limit_days}
          onChange={(days) => set({ stale_flags_limit_days: Number(days) || 0 })}
        />
        <Switch
          label="Names in lower case only"
          checked={draft.only_allow_lower_case_feature_names}
          onChange={(event) => set({ only_allow_lower_case_feature_names: event.currentTarget.checked })}
        />
        <Switch
          label="Every feature needs an owner"
          checked={draft.enforce_feature_owners}
          onChange={(event) => set({ enforce_feature_owners: event.currentTarget.checked })}
        />
        <Switch
          label="SDKs do not get features that are off"
          checked={draft.hide_disabled_flags}
          onChange={(event) => set({ hide_disabled_flags: event.currentTarget.checked })}
        />
        <Switch
          label="New features start off and without a value"
          checked={draft.prevent_flag_defaults}
          onChange={(event) => set({ prevent_flag_defaults: event.currentTarget.checked })}
        />
        <Group justify="flex-end">
          <Button type="submit">Save</Button>
        </Group>
      </Card>
    </form>
  );
}

function Environments({
  project,
  environments,
  isAdmin,
}: {
  project: number;
  environments: SessionEnvironment[];
  isAdmin: boolean;
}) {
  const [name, setName] = useState('');
  return (
    <Card
      title="Environments"
      description="The client-side key may be public; server-side keys open the whole document and are secret."
    >
      {environments.map((environment) => (
        <EnvironmentCard key={environment.id} environment={environment} />
      ))}
      {isAdmin && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            createEnvironment(project, name.trim()).then(() => setName(''), notifyFailed);
          }}
        >
          <Group gap="xs">
            <TextInput
              flex="1 1 200px"
              aria-label="Name of the new environment"
              placeholder="Staging"
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Button type="submit" variant="default" disabled={name.trim() === ''}>
              Add environment
            </Button>
          </Group>
        </form>
      )}
    </Card>
  );
}

function EnvironmentCard({ environment }: { environment: SessionEnvironment }) {
  const isAdmin = environment.my_permissions.admin;
  const [opened, setOpened] = useState(false);
  // Read when somebody wants to see them: a page makes no request for each environment.
  const keys = useQuery({ ...environmentKeys(environment.api_key), enabled: opened });
  const [keyName, setKeyName] = useState('');
  const remove = async () => {
    if (
      prompt(`SDKs get nothing from it any more. Type the name of the environment to delete it:`) !== environment.name
    )
      return;
    await deleteEnvironment(environment.api_key).then(() => notifyDone(`${environment.name} is deleted`), notifyFailed);
  };
  return (
    <div className="card" style={{ padding: 14 }} role="group" aria-label={environment.name}>
      <Group justify="space-between" mb="xs">
        <EnvironmentName environment={environment} />
        {isAdmin && (
          <Group gap="xs">
            <ColorInput
              withEyeDropper={false}
              size="xs"
              w={120}
              aria-label={`Colour of ${environment.name}`}
              placeholder="Colour"
              defaultValue={environment.banner_colour ?? ''}
              onChangeEnd={(banner_colour) =>
                void changeEnvironment(environment.api_key, { banner_colour: banner_colour || null }).catch(
                  notifyFailed,
                )
              }
            />
            <ActionIcon color="red" aria-label={`Delete ${environment.name}`} onClick={() => void remove()}>
              <IconTrash size={16} />
            </ActionIcon>
          </Group>
        )}
      </Group>
      <Stack gap={6}>
        <Key name="Client-side key" value={environment.api_key} />
        {isAdmin && !opened && (
          <Button size="compact-sm" variant="subtle" w="fit-content" onClick={() => setOpened(true)}>
            Server-side keys
          </Button>
        )}
        {opened && (
          <Loaded query={keys} rows={1}>
            {(list) => (
              <>
                {list.map((key) => (
                  <Key
                    key={key.id}
                    name={key.name}
                    value={key.key}
                    secret
                    onDelete={() =>
                      confirm(`Delete the key ${key.name}? Servers that use it get nothing any more.`) &&
                      void deleteKey(environment.api_key, key.id).catch(notifyFailed)
                    }
                  />
                ))}
              </>
            )}
          </Loaded>
        )}
      </Stack>
      {opened && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            createKey(environment.api_key, keyName.trim()).then(() => setKeyName(''), notifyFailed);
          }}
        >
          <Group gap="xs" mt="sm">
            <TextInput
              size="xs"
              flex="1 1 160px"
              aria-label={`Name of a new server-side key for ${environment.name}`}
              placeholder="Name of a server-side key"
              value={keyName}
              onChange={(event) => setKeyName(event.currentTarget.value)}
            />
            <Button size="xs" type="submit" variant="default" disabled={keyName.trim() === ''}>
              Create key
            </Button>
          </Group>
        </form>
      )}
    </div>
  );
}

function Key({
  name,
  value,
  secret = false,
  onDelete,
}: {
  name: string;
  value: string;
  secret?: boolean;
  onDelete?: () => void;
}) {
  const [visible, setVisible] = useState(!secret);
  return (
    <Group justify="space-between" wrap="nowrap" gap="xs">
      <Text size="sm" style={{ flex: '0 0 130px' }} className="truncate">
        {name}
      </Text>
      <Text className="mono truncate" flex={1}>
        {visible ? value : `${value.slice(0, 8)}…`}
      </Text>
      <Group gap={2} wrap="nowrap">
        {secret && (
          <Button
            size="compact-xs"
            variant="subtle"
            aria-label={`${visible ? 'Hide' : 'Show'} ${name}`}
            onClick={() => setVisible(!visible)}
          >
            {visible ? 'Hide' : 'Show'}
          </Button>
        )}
        <CopyButton value={value}>
          {({ copied, copy }) => (
            <Tooltip label={copied ? 'Copied' : 'Copy'}>
              <ActionIcon aria-label={`Copy ${name}`} onClick={copy}>
                {copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
              </ActionIcon>
            </Tooltip>
          )}
        </CopyButton>
        {onDelete && (
          <ActionIcon color="red" aria-label={`Delete ${name}`} onClick={onDelete}>
            <IconTrash size={16} />
          </ActionIcon>
        )}
      </Group>
    </Group>
  );
}

function Tags({ project }: { project: number }) {
  const query = useQuery(tagsQuery(project));
  const [label, setLabel] = useState('');
  const [color, setColor] = useState('#1c7ed6');
  return (
    <Card title="Tags">
      <Loaded query={query} rows={1}>
        {({ results }) => (
          <Group gap="xs">
            {results.map((tag) => (
              <Group key={tag.id} gap={2}>
                <TagChip tag={tag} />
                {!tag.is_system_tag && (
                  <ActionIcon
                    size="xs"
                    aria-label={`Delete the tag ${tag.label}`}
                    onClick={() => deleteTag(project, tag.id).catch(notifyFailed)}
                  >
                    <IconTrash size={13} />
                  </ActionIcon>
                )}
              </Group>
            ))}
          </Group>
        )}
      </Loaded>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          createTag(project, label.trim(), color).then(() => setLabel(''), notifyFailed);
        }}
      >
        <Group gap="xs">
          <TextInput
            flex="1 1 160px"
            aria-label="Name of the new tag"
            placeholder="checkout"
            value={label}
            onChange={(event) => setLabel(event.currentTarget.value)}
          />
          <ColorInput
            withEyeDropper={false}
            w={130}
            aria-label="Colour of the new tag"
            value={color}
            onChange={setColor}
          />
          <Button type="submit" variant="default" disabled={label.trim() === ''}>
            Add tag
          </Button>
        </Group>
      </form>
    </Card>
  );
}

function Danger({ project }: { project: ProjectWithTotals }) {
  const navigate = useNavigate();
  const remove = async () => {
    if (
      prompt(
        'Its environments go with it, and SDKs get nothing any more. Type the name of the project to delete it:',
      ) !== project.name
    )
      return;
    try {
      await deleteProject(project.id);
      notifyDone(`${project.name} is deleted`);
      await navigate({ to: '/' });
    } catch (error) {
      notifyFailed(error);
    }
  };
  return (
    <Card
      title="Export and delete"
      description="The export holds everything: features, overrides, segments, tags, owners, schedules, custom fields."
    >
      <Group>
        <Button
          variant="default"
          leftSection={<IconDownload size={16} />}
          onClick={() => void exportProject(project.id).then(saveFile, notifyFailed)}
        >
          Export project
        </Button>
        <Button variant="light" color="red" onClick={() => void remove()}>
          Delete project
        </Button>
      </Group>
    </Card>
  );
}
