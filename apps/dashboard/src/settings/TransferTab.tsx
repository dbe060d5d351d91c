import type { FeatureExport, SessionOrganisation, SessionProject } from '@halyard/contract';
import {
  Alert,
  Anchor,
  Badge,
  Button,
  Checkbox,
  FileInput,
  Group,
  NativeSelect,
  Radio,
  Stack,
  Text,
  TextInput,
} from '@mantine/core';
import { IconDownload, IconFile, IconUpload } from '@tabler/icons-react';
import { useMutation, useQuery, type UseQueryResult } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { ApiError, messageFor } from '../api/errors.ts';
import { findProject, session } from '../shell/queries.ts';
import { Card } from '../ui/Card.tsx';
import { saveFile } from '../ui/files.ts';
import { Loaded, Loading } from '../ui/States.tsx';
import { notifyFailed } from '../ui/notify.ts';
import { Time } from '../ui/Time.tsx';
import { LaunchDarklyCard } from './LaunchDarklyCard.tsx';
import {
  downloadFeatures,
  exportFeatures,
  exportProject,
  importFeatures,
  importProject,
  type ImportStrategy,
  refreshAfterImport,
  transfers,
  type Transfers,
} from './queries.ts';

/** Takes a project or its features out as a file, and files in. */
export function TransferTab({ id }: { id: number }) {
  const { data: own } = useQuery(session());
  const query = useQuery(transfers(id));
  useEverythingAgain(query.data);
  const found = own && findProject(own, id);
  if (!found) return <Loading />;
  const { project, organisation } = found;
  const launchDarkly = query.data?.launch_darkly;
  const mayImportProject =
    organisation.my_permissions.admin || organisation.my_permissions.permissions.includes('CREATE_PROJECT');
  return (
    <Stack>
      {project.my_permissions.admin && <ExportProject project={project} />}
      {mayImportProject && <ImportProject organisation={organisation} />}
      <ExportFeatures project={project} />
      {organisation.my_permissions.admin && <ImportFeatures project={project} />}
      {launchDarkly && <LaunchDarklyCard project={project.id} imports={launchDarkly} />}
      <Lately project={project} query={query} />
    </Stack>
  );
}

/** When an import from LaunchDarkly ends, whatever else was read of the project is old. */
function useEverythingAgain(data: Transfers | undefined) {
  const isUnderWay = data?.launch_darkly?.some(({ completed_at }) => completed_at === null) ?? false;
  const wasUnderWay = useRef(false);
  useEffect(() => {
    if (wasUnderWay.current && !isUnderWay) void refreshAfterImport();
    wasUnderWay.current = isUnderWay;
  }, [isUnderWay]);
}

function ExportProject({ project }: { project: SessionProject }) {
  const work = useMutation({ mutationFn: () => exportProject(project.id).then(saveFile), onError: notifyFailed });
  return (
    <Card
      title="Take this project out"
      description="One file with everything: features, overrides, segments, tags, owners, custom fields. Keys of servers, traits and the history stay here."
    >
      <Button
        variant="default"
        w="fit-content"
        leftSection={<IconDownload size={16} />}
        loading={work.isPending}
        onClick={() => work.mutate()}
      >
        Export project
      </Button>
    </Card>
  );
}

function ImportProject({ organisation }: { organisation: SessionOrganisation }) {
  const [file, setFile] = useState<File | null>(null);
  const [name, setName] = useState('');
  const [keepKeys, setKeepKeys] = useState(false);
  const work = useMutation({
    mutationFn: () => importProject(organisation.id, file as File, name.trim(), keepKeys),
    onSuccess: () => setFile(null),
  });
  return (
    <Card
      title="Bring a project in"
      description={`A file that Halyard exported becomes a new project of ${organisation.name}.`}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          work.mutate();
        }}
      >
        <Stack gap="sm">
          <Outcome
            work={work}
            what="project"
            done={(made) => (
              <>
                <b>{made.name}</b> is there, with{' '}
                {made.environments.length === 1 ? 'one environment' : `${made.environments.length} environments`}.{' '}
                <Anchor component={Link} inherit to={`/projects/${made.id}/features`} underline="always">
                  Open it
                </Anchor>
              </>
            )}
          />
          <ChooseFile label="Project file" file={file} onChange={setFile} />
          <TextInput
            label="Name of the new project"
            placeholder="As in the file"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Checkbox
            label="Keep the client-side keys"
            description="For a move from another installation: SDKs go on with the keys that they have, and people keep their variants"
            checked={keepKeys}
            onChange={(event) => setKeepKeys(event.currentTarget.checked)}
          />
          <Group justify="flex-end">
            <Button type="submit" loading={work.isPending} disabled={!file}>
              Import project
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}

function ExportFeatures({ project }: { project: SessionProject }) {
  const environments = administered(project);
  const [environment, setEnvironment] = useState(environments[0]?.id);
  const work = useMutation({ mutationFn: () => exportFeatures(environment as number, []) });
  return (
    <Card
      title="Take features out"
      description="As they stand in one environment, without overrides, in the file format that Flagsmith reads too. The file is under Lately below for two weeks."
    >
      <Outcome work={work} what="export" done={() => 'The file is ready: download it below.'} />
      <Group align="flex-end" gap="xs">
        <EnvironmentChoice project={project} value={environment} onChange={setEnvironment} />
        <Button
          variant="default"
          leftSection={<IconDownload size={16} />}
          disabled={environment === undefined}
          loading={work.isPending}
          onClick={() => work.mutate()}
        >
          Export features
        </Button>
      </Group>
    </Card>
  );
}

function ImportFeatures({ project }: { project: SessionProject }) {
  const [environment, setEnvironment] = useState(administered(project)[0]?.id);
  const [file, setFile] = useState<File | null>(null);
  const [strategy, setStrategy] = useState<ImportStrategy>('SKIP');
  const work = useMutation({
    mutationFn: () => importFeatures(environment as number, file as File, strategy),
    onSuccess: () => setFile(null),
  });
  const name = project.environments.find(({ id }) => id === environment)?.name;
  return (
    <Card
      title="Bring features in"
      description="From a file of this kind. New features come into every environment, and serve in the one you choose what the file says. All of the file is taken, or nothing of it."
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          work.mutate();
        }}
      >
        <Stack gap="sm">
          <Outcome
            work={work}
            what="import"
            done={() => (
              <>
                The features are there.{' '}
                <Anchor component={Link} inherit to={`/projects/${project.id}/features`} underline="always">
                  See them
                </Anchor>
              </>
            )}
          />
          <ChooseFile label="File of features" file={file} onChange={setFile} />
          <Group>
            <EnvironmentChoice project={project} value={environment} onChange={setEnvironment} />
          </Group>
          <Radio.Group
            label="Features that are there already"
            value={strategy}
            onChange={(next) => setStrategy(next as ImportStrategy)}
          >
            <Stack gap="xs" mt={6}>
              <Radio value="SKIP" label="Leave them as they are" />
              <Radio
                value="OVERWRITE_DESTRUCTIVE"
                label="Overwrite them"
                description={`In ${name ?? 'the environment'} they serve what the file says, and lose their segment and identity overrides there. This cannot be undone.`}
              />
            </Stack>
          </Radio.Group>
          <Group justify="flex-end">
            <Button
              type="submit"
              color={strategy === 'SKIP' ? 'halyard' : 'red'}
              leftSection={<IconUpload size={16} />}
              loading={work.isPending}
              disabled={!file || environment === undefined}
            >
              {strategy === 'SKIP' ? 'Import features' : 'Import and overwrite'}
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}

const statuses = {
  SUCCESS: { color: 'green', label: 'Done' },
  PROCESSING: { color: 'yellow', label: 'At work' },
  FAILED: { color: 'red', label: 'Failed' },
};

function Lately({ project, query }: { project: SessionProject; query: UseQueryResult<Transfers> }) {
  const nameOf = (id: number) => project.environments.find((one) => one.id === id)?.name ?? 'an environment';
  return (
    <Card title="Lately" description="Exports and imports of features of the last two weeks.">
      <Loaded query={query} rows={2}>
        {({ exports, imports }) =>
          exports.length + imports.length === 0 ? (
            <Text size="sm" c="dimmed">
              There was none.
            </Text>
          ) : (
            <Stack gap={0} component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
              {[
                ...exports.map((one) => ({ ...one, export: one, text: `Export of ${nameOf(one.environment_id)}` })),
                ...imports.map((one) => ({
                  ...one,
                  export: undefined,
                  text: `Import into ${nameOf(one.environment_id)}`,
                })),
              ]
                .sort((a, b) => b.created_at.localeCompare(a.created_at))
                .map((one) => (
                  <li key={`${one.text} ${one.id}`} style={{ borderTop: '1px solid var(--line)', padding: '8px 0' }}>
                    <Group justify="space-between" gap="xs">
                      <Group gap="xs">
                        <Badge color={statuses[one.status].color}>{statuses[one.status].label}</Badge>
                        <Text size="sm">{one.text}</Text>
                        <Text size="xs" c="dimmed">
                          <Time at={one.created_at} />
                        </Text>
                      </Group>
                      {one.export?.status === 'SUCCESS' && <Download of={one.export} />}
                    </Group>
                  </li>
                ))}
            </Stack>
          )
        }
      </Loaded>
    </Card>
  );
}

function Download({ of }: { of: FeatureExport }) {
  return (
    <Button
      size="compact-sm"
      variant="subtle"
      aria-label={`Download ${of.name}`}
      onClick={() => void downloadFeatures(of.id).then(saveFile, notifyFailed)}
    >
      Download
    </Button>
  );
}

function administered(project: SessionProject) {
  return project.environments.filter(({ my_permissions }) => my_permissions.admin);
}

interface EnvironmentChoiceProps {
  project: SessionProject;
  value: number | undefined;
  onChange: (environment: number) => void;
}

function EnvironmentChoice({ project, value, onChange }: EnvironmentChoiceProps) {
  return (
    <NativeSelect
      label="Environment"
      flex="1 1 200px"
      value={value ?? ''}
      data={administered(project).map(({ id, name }) => ({ value: String(id), label: name }))}
      onChange={(event) => onChange(Number(event.currentTarget.value))}
    />
  );
}

interface ChooseFileProps {
  label: string;
  file: File | null;
  onChange: (file: File | null) => void;
}

function ChooseFile({ label, file, onChange }: ChooseFileProps) {
  return (
    <FileInput
      label={label}
      placeholder="Choose a file"
      accept="application/json,.json"
      leftSection={<IconFile size={16} />}
      clearable
      clearButtonProps={{ 'aria-label': 'Take the file away' }}
      value={file}
      onChange={onChange}
    />
  );
}

interface OutcomeProps<T> {
  work: { data: T | undefined; error: unknown; isError: boolean; isSuccess: boolean };
  what: string;
  done: (result: T) => React.ReactNode;
}

/** How an import or export ended: where a file is wrong, at which place in it. */
function Outcome<T>({ work, what, done }: OutcomeProps<T>) {
  if (work.isError) {
    const problems = work.error instanceof ApiError ? Object.entries(work.error.fields) : [];
    return (
      <Alert color="red" role="alert" title={`The ${what} did not work, and nothing was changed`}>
        {work.error instanceof SyntaxError ? (
          'The file is not JSON.'
        ) : problems.length === 0 ? (
          messageFor(work.error)
        ) : (
          <ul style={{ margin: 0, paddingLeft: 18 }}>
            {problems.slice(0, 10).map(([place, problem]) => (
              <li key={place} style={{ overflowWrap: 'anywhere' }}>
                {place}: {problem}
              </li>
            ))}
          </ul>
        )}
      </Alert>
    );
  }
  if (!work.isSuccess) return null;
  return (
    <Alert color="green" role="status">
      {done(work.data as T)}
    </Alert>
  );
}
