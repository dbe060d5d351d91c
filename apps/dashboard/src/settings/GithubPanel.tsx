import type { GithubRepository, IntegrationSettings, SessionProject } from '@halyard/contract';
import {
  ActionIcon,
  Alert,
  Autocomplete,
  Button,
  Code,
  Group,
  NativeSelect,
  Stack,
  Switch,
  Text,
  TextInput,
  Tooltip,
} from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { messageFor } from '../api/errors.ts';
import { session } from '../shell/queries.ts';
import { Card } from '../ui/Card.tsx';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';
import { notifyDone, notifyFailed } from '../ui/notify.ts';
import { useSave } from '../ui/useSave.tsx';
import {
  addRepository,
  changeRepository,
  connectGithub,
  disconnectGithub,
  offeredRepositories,
  removeRepository,
} from './queries.ts';

interface GithubPanelProps {
  organisation: number;
  github: NonNullable<IntegrationSettings['github']>;
}

/** The organisation's installation of the GitHub App, and which project uses which repository. */
export function GithubPanel({ organisation, github }: GithubPanelProps) {
  const { is_available: isAvailable, integration, repositories } = github;
  const { data: own } = useQuery(session());
  const projects = own?.organisations.find(({ id }) => id === organisation)?.projects ?? [];
  const [asking, setAsking] = useState(false);
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        Features are linked to issues and pull requests, on the Settings tab of each feature. What is linked gets
        comments when the feature changes.
      </Text>
      {!isAvailable && (
        <Alert color="yellow" title="This installation has no GitHub App yet">
          Whoever runs it creates one at GitHub and sets <Code>GITHUB_APP_ID</Code>, <Code>GITHUB_PEM</Code> and{' '}
          <Code>GITHUB_WEBHOOK_SECRET</Code>. Then it can be connected here.
        </Alert>
      )}
      {integration === null && isAvailable && <Connect organisation={organisation} />}
      {integration !== null && (
        <>
          <Card
            title="Repositories"
            description="Tagging marks features with how their issues and pull requests do, and labels those at GitHub."
          >
            {repositories.length === 0 ? (
              <Text size="sm" c="dimmed">
                No project uses a repository yet.
              </Text>
            ) : (
              <Stack gap={0} component="ul" p={0} m={0} style={{ listStyle: 'none' }} aria-label="Repositories">
                {repositories.map((one) => (
                  <Repository
                    key={one.id}
                    organisation={organisation}
                    repository={one}
                    project={projects.find(({ id }) => id === one.project)?.name ?? `Project ${one.project}`}
                  />
                ))}
              </Stack>
            )}
            {isAvailable && projects.length > 0 && (
              <AddRepository organisation={organisation} github={integration.id} projects={projects} />
            )}
          </Card>
          <Group justify="space-between" gap="xs">
            <Text size="xs" c="dimmed">
              Installation {integration.installation_id}
            </Text>
            <Button variant="light" color="red" onClick={() => setAsking(true)}>
              Disconnect
            </Button>
          </Group>
          {asking && (
            <ConfirmDialog
              title="Disconnect GitHub?"
              action="Disconnect"
              onConfirm={() => disconnectGithub(organisation, integration.id)}
              onClose={() => setAsking(false)}
            >
              No project uses a repository any more, and linked issues get no more comments. At GitHub the app stays
              installed.
            </ConfirmDialog>
          )}
        </>
      )}
    </Stack>
  );
}

function Connect({ organisation }: { organisation: number }) {
  const [installation, setInstallation] = useState('');
  const { save, saving, errors, failure } = useSave(
    () => connectGithub(organisation, installation.trim()),
    'GitHub is connected',
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <Stack>
        {failure('installation_id')}
        <Text size="sm">
          First install the app at GitHub for the repositories that it shall use. The address of the page that GitHub
          shows then ends with the id of the installation.
        </Text>
        <TextInput
          label="Installation id"
          placeholder="12345678"
          inputMode="numeric"
          required
          maxLength={20}
          error={errors.installation_id}
          value={installation}
          onChange={(event) => setInstallation(event.currentTarget.value)}
        />
        <Group justify="flex-end">
          <Button type="submit" loading={saving} disabled={installation.trim() === ''}>
            Connect
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface RepositoryProps {
  organisation: number;
  repository: GithubRepository;
  /** Its name. */
  project: string;
}

function Repository({ organisation, repository, project }: RepositoryProps) {
  const name = `${repository.repository_owner}/${repository.repository_name}`;
  const [asking, setAsking] = useState(false);
  const tagging = useMutation({
    mutationFn: (on: boolean) => changeRepository(organisation, repository, { tagging_enabled: on }),
    onSuccess: (_, on) => notifyDone(`Tagging by ${name} is ${on ? 'on' : 'off'}`),
    onError: notifyFailed,
  });
  return (
    <li style={{ borderTop: '1px solid var(--line)', padding: '10px 0' }}>
      <Group justify="space-between" gap="xs">
        <div style={{ flex: '1 1 180px', minWidth: 0 }}>
          <Text size="sm" fw={600} style={{ overflowWrap: 'anywhere' }}>
            {name}
          </Text>
          <Text size="xs" c="dimmed" className="truncate">
            {project}
          </Text>
        </div>
        <Group gap="xs" wrap="nowrap">
          <Switch
            label="Tagging"
            labelPosition="left"
            aria-label={`Tagging by ${name} in ${project}`}
            disabled={tagging.isPending}
            checked={tagging.isPending ? tagging.variables : repository.tagging_enabled}
            onChange={(event) => tagging.mutate(event.currentTarget.checked)}
          />
          <Tooltip label="Remove">
            <ActionIcon color="red" aria-label={`Remove ${name} from ${project}`} onClick={() => setAsking(true)}>
              <IconTrash size={16} />
            </ActionIcon>
          </Tooltip>
        </Group>
      </Group>
      {asking && (
        <ConfirmDialog
          title={`Remove ${name}?`}
          action="Remove"
          onConfirm={() => removeRepository(organisation, repository)}
          onClose={() => setAsking(false)}
        >
          Features of {project} can no longer be linked to what is there. At GitHub nothing is deleted.
        </ConfirmDialog>
      )}
    </li>
  );
}

interface AddRepositoryProps {
  organisation: number;
  github: number;
  projects: SessionProject[];
}

function AddRepository({ organisation, github, projects }: AddRepositoryProps) {
  const [project, setProject] = useState(projects[0]?.id);
  const [repository, setRepository] = useState('');
  const [tagging, setTagging] = useState(true);
  const offered = useQuery(offeredRepositories(organisation));
  const [owner = '', name = '', ...rest] = repository.trim().split('/');
  const isName = owner !== '' && name !== '' && rest.length === 0;
  const { save, saving, errors, failure } = useSave(async () => {
    await addRepository(organisation, github, {
      project: project as number,
      repository_owner: owner,
      repository_name: name,
      tagging_enabled: tagging,
    });
    setRepository('');
  }, `${owner}/${name} is added`);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <Stack gap="sm">
        {failure('project', 'repository_owner', 'repository_name')}
        <Group align="flex-start" gap="sm">
          <Autocomplete
            flex="1 1 220px"
            label="Repository"
            placeholder="acme/shop"
            required
            data={[...new Set(offered.data?.results.map(({ full_name }) => full_name))]}
            limit={20}
            description={offered.isError ? messageFor(offered.error) : undefined}
            error={
              (errors.repository_owner ?? errors.repository_name) ||
              (repository !== '' && !saving && repository.includes('/') && !isName && 'Write it as owner/name')
            }
            value={repository}
            onChange={setRepository}
          />
          <NativeSelect
            flex="1 1 160px"
            label="Project"
            error={errors.project}
            value={project}
            data={projects.map(({ id, name: label }) => ({ value: String(id), label }))}
            onChange={(event) => setProject(Number(event.currentTarget.value))}
          />
        </Group>
        <Group justify="space-between">
          <Switch
            label="Tag features"
            checked={tagging}
            onChange={(event) => setTagging(event.currentTarget.checked)}
          />
          <Button type="submit" variant="default" loading={saving} disabled={!isName}>
            Add repository
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
