import type { AuditRecord, SessionEnvironment, SessionOrganisation } from '@halyard/contract';
import {
  ActionIcon,
  Anchor,
  Badge,
  Button,
  CopyButton,
  Group,
  Menu,
  NativeSelect,
  Pagination,
  Select,
  Stack,
  Text,
  TextInput,
  Tooltip,
  UnstyledButton,
} from '@mantine/core';
import {
  IconArrowLeft,
  IconCheck,
  IconChevronDown,
  IconDownload,
  IconHistory,
  IconLink,
  IconSearch,
  IconX,
} from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { EnvironmentName } from '../environments/EnvironmentName.tsx';
import { undo } from '../features/queries.ts';
import { nameOf } from '../people/names.ts';
import { findProject, session } from '../shell/queries.ts';
import { Difference } from '../ui/Difference.tsx';
import { saveFile } from '../ui/files.ts';
import { notifyDone, notifyFailed } from '../ui/notify.ts';
import { Page } from '../ui/Page.tsx';
import { Empty, Loaded } from '../ui/States.tsx';
import { exactTime } from '../ui/time.ts';
import { Time } from '../ui/Time.tsx';
import { actors, downloadHistory, features, type HistoryFilters, type HistoryScope, history, step } from './queries.ts';
import type { HistorySearch } from './search.ts';

const ofProjects: [string, string][] = [
  ['FEATURE', 'Features'],
  ['FEATURE_STATE', 'States and values'],
  ['EF_VERSION', 'Versions'],
  ['SEGMENT', 'Segments'],
  ['IDENTITY', 'Identities'],
  ['ENVIRONMENT', 'Environments'],
  ['ENVIRONMENT_KEY', 'Server-side keys'],
  ['CHANGE_REQUEST', 'Change requests'],
  ['TAG', 'Tags'],
  ['PROJECT', 'The project'],
  ['PERMISSION', 'Permissions'],
  ['WEBHOOK', 'Webhooks'],
  ['INTEGRATION', 'Integrations'],
];
const ofOrganisations: [string, string][] = [
  ['ORGANISATION', 'The organisation'],
  ['ORGANISATION_MEMBER', 'Members'],
  ['GROUP', 'Groups'],
  ['INVITE', 'Invitations'],
  ['MASTER_KEY', 'API keys'],
  ['TRUST_RELATIONSHIP', 'Trust relationships'],
  ['METADATA_FIELD', 'Custom fields'],
];

/** Who changed what and when in a project; each step with its difference, and saves with a button to undo them. */
export function HistoryPage() {
  const project = Number(useParams({ from: '/app/projects/$project' }).project);
  const search = useSearch({ from: '/app/projects/$project/history' });
  const { data: own } = useQuery(session());
  const found = own && findProject(own, project);
  return (
    <History
      scope={{ project }}
      of={found?.project.name}
      organisation={found?.organisation}
      environments={found?.project.environments ?? []}
      search={search}
    />
  );
}

/** The same for all of an organisation, for its administrators. */
export function OrganisationHistoryPage() {
  const id = Number(useParams({ from: '/app/organisations/$organisation' }).organisation);
  const search = useSearch({ from: '/app/organisations/$organisation/history' });
  const { data: own } = useQuery(session());
  const organisation = own?.organisations.find((one) => one.id === id);
  if (organisation && !organisation.my_permissions.admin) {
    return (
      <Page title="History" of={organisation.name}>
        Administrators see the history of the whole organisation; each project has one of its own.
      </Page>
    );
  }
  const project = organisation?.projects.find((one) => one.id === search.project);
  return (
    <History
      scope={{ organisation: id }}
      of={organisation?.name}
      organisation={organisation}
      environments={project?.environments ?? []}
      search={search}
    />
  );
}

interface HistoryProps {
  scope: HistoryScope;
  of: string | undefined;
  organisation: SessionOrganisation | undefined;
  environments: SessionEnvironment[];
  search: HistorySearch;
}

function History({ scope, of, organisation, environments, search }: HistoryProps) {
  const navigate = useNavigate();
  const filters: HistoryFilters = {
    page: search.page ?? 1,
    ...(search.q && { search: search.q }),
    ...(search.type && { related_object_type: search.type }),
    ...('organisation' in scope && search.project && { project: search.project }),
    ...(search.environment && { environments: [search.environment] }),
    ...(search.feature && { feature: search.feature }),
    ...(search.actor && { actor: search.actor }),
    ...(search.from && { from: search.from }),
    ...(search.to && { to: search.to }),
  };
  const query = useQuery({
    ...history(scope, filters),
    placeholderData: keepPreviousData,
    enabled: search.step === undefined,
  });
  const set = (change: Partial<HistorySearch>) => {
    const next = { ...search, page: undefined, ...change };
    void navigate({
      to: '.',
      search: Object.fromEntries(Object.entries(next).filter(([, value]) => value)),
      replace: true,
    });
  };
  const save = (format: 'csv' | 'json') => downloadHistory(scope, format, filters).then(saveFile, notifyFailed);
  if (search.step !== undefined) return <OneStep scope={scope} of={of} id={search.step} />;
  const isFiltered = Object.keys(filters).length > 1;
  return (
    <Page
      title="History"
      of={of}
      width={1000}
      description={`Every change in this ${'project' in scope ? 'project' : 'organisation'}, for as long as it exists.`}
      actions={
        <Menu>
          <Menu.Target>
            <Button variant="default" leftSection={<IconDownload size={16} />}>
              Export
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>{isFiltered ? 'What fits the filters' : 'Everything'}</Menu.Label>
            <Menu.Item onClick={() => void save('csv')}>CSV</Menu.Item>
            <Menu.Item onClick={() => void save('json')}>JSON</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      }
    >
      <Filters {...{ scope, organisation, environments, search, set }} />
      <Loaded query={query}>
        {({ count, results }) =>
          results.length === 0 ? (
            <div className="card">
              <Empty title="Nothing happened" icon={<IconHistory size={24} />}>
                {isFiltered ? 'No change fits these filters.' : 'What people change will stand here.'}
              </Empty>
            </div>
          ) : (
            <Stack gap="xs">
              <Text size="xs" c="dimmed">
                {count.toLocaleString()} {count === 1 ? 'change' : 'changes'}
              </Text>
              {results.map((record) => (
                <Step key={record.id} scope={scope} record={record} />
              ))}
              {count > 50 && (
                <Pagination
                  total={Math.ceil(count / 50)}
                  value={search.page ?? 1}
                  onChange={(page) => set({ page })}
                  getControlProps={(control) => ({ 'aria-label': control })}
                />
              )}
            </Stack>
          )
        }
      </Loaded>
    </Page>
  );
}

interface FiltersProps extends Omit<HistoryProps, 'of'> {
  set: (change: Partial<HistorySearch>) => void;
}

/** What is chosen is in the address; names to choose from are read once somebody wants to choose. */
function Filters({ scope, organisation, environments, search, set }: FiltersProps) {
  const [text, setText] = useState(search.q ?? '');
  const [wantsActor, setWantsActor] = useState(search.actor !== undefined);
  const [wantsFeature, setWantsFeature] = useState(search.feature !== undefined);
  const project = 'project' in scope ? scope.project : search.project;
  const people = useQuery({ ...actors(organisation?.id ?? 0), enabled: wantsActor && organisation !== undefined });
  const table = useQuery({ ...features(project ?? 0), enabled: wantsFeature && project !== undefined });
  useEffect(() => {
    const timer = setTimeout(() => (search.q ?? '') !== text && set({ q: text || undefined }), 200);
    return () => clearTimeout(timer);
  });
  const isFiltered = Object.keys(search).some((key) => key !== 'page');
  const types = 'project' in scope ? ofProjects : [...ofProjects, ...ofOrganisations];
  return (
    <Group gap="xs" mb="md">
      <TextInput
        flex="1 1 220px"
        aria-label="Search the history"
        placeholder="Search"
        leftSection={<IconSearch size={16} />}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <NativeSelect
        flex="1 1 150px"
        aria-label="What"
        data={[{ value: '', label: 'Everything' }, ...types.map(([value, label]) => ({ value, label }))]}
        value={search.type ?? ''}
        onChange={(event) => set({ type: event.currentTarget.value })}
      />
      {'organisation' in scope && (
        <NativeSelect
          flex="1 1 150px"
          aria-label="Project"
          value={search.project ?? ''}
          data={[
            { value: '', label: 'All projects' },
            ...(organisation?.projects ?? []).map(({ id, name }) => ({ value: String(id), label: name })),
          ]}
          onChange={(event) =>
            set({
              project: Number(event.currentTarget.value) || undefined,
              environment: undefined,
              feature: undefined,
            })
          }
        />
      )}
      {environments.length > 0 && (
        <NativeSelect
          flex="1 1 150px"
          aria-label="Environment"
          value={search.environment ?? ''}
          data={[
            { value: '', label: 'All environments' },
            ...environments.map(({ id, name }) => ({ value: String(id), label: name })),
          ]}
          onChange={(event) => set({ environment: Number(event.currentTarget.value) || undefined })}
        />
      )}
      {project !== undefined && (
        <Select
          flex="1 1 170px"
          aria-label="Feature"
          placeholder="All features"
          searchable
          clearable
          limit={200}
          data={(table.data?.features ?? []).map(({ id, name }) => ({ value: String(id), label: name }))}
          value={search.feature === undefined ? null : String(search.feature)}
          nothingFoundMessage={table.isPending ? 'Loading…' : 'No such feature'}
          onFocus={() => setWantsFeature(true)}
          onChange={(feature) => set({ feature: Number(feature) || undefined })}
        />
      )}
      <Select
        flex="1 1 170px"
        aria-label="Who"
        placeholder="Everybody"
        searchable
        clearable
        data={(people.data ?? []).map((person) => ({ value: String(person.id), label: nameOf(person) }))}
        value={search.actor === undefined ? null : String(search.actor)}
        nothingFoundMessage={people.isPending ? 'Loading…' : 'Nobody'}
        onFocus={() => setWantsActor(true)}
        onChange={(actor) => set({ actor: Number(actor) || undefined })}
      />
      <TextInput
        flex="1 1 130px"
        type="date"
        aria-label="From"
        leftSection={<Text size="xs">from</Text>}
        leftSectionWidth={52}
        value={search.from ?? ''}
        onChange={(event) => set({ from: event.currentTarget.value })}
      />
      <TextInput
        flex="1 1 130px"
        type="date"
        aria-label="To"
        leftSection={<Text size="xs">to</Text>}
        leftSectionWidth={52}
        value={search.to ?? ''}
        onChange={(event) => set({ to: event.currentTarget.value })}
      />
      {isFiltered && (
        <Button
          variant="subtle"
          color="gray"
          leftSection={<IconX size={15} />}
          onClick={() => {
            setText('');
            set(Object.fromEntries(Object.keys(search).map((key) => [key, undefined])));
          }}
        >
          Clear
        </Button>
      )}
    </Group>
  );
}

/** The address of one step. */
const addressOf = (scope: HistoryScope, id: number) =>
  `/${'project' in scope ? `projects/${scope.project}` : `organisations/${scope.organisation}`}/history?step=${id}`;

const whoOf = (record: AuditRecord) =>
  record.author
    ? nameOf(record.author)
    : record.master_api_key
      ? `API key ${record.master_api_key.name}`
      : record.is_system_event
        ? 'Halyard'
        : 'Somebody whose account is gone';

/** One step for itself, for who was sent its link. */
function OneStep({ scope, of, id }: { scope: HistoryScope; of: string | undefined; id: number }) {
  const query = useQuery(step(scope, id));
  return (
    <Page
      title="One step"
      of={of}
      width={1000}
      description={
        <Anchor component={Link} to={addressOf(scope, id).split('?')[0] as string} size="sm" underline="always">
          <IconArrowLeft size={14} style={{ verticalAlign: '-2px' }} /> All of the history
        </Anchor>
      }
    >
      <Loaded query={query} rows={3}>
        {(record) => <Step scope={scope} record={record} initiallyOpened />}
      </Loaded>
    </Page>
  );
}

interface StepProps {
  scope: HistoryScope;
  record: AuditRecord;
  initiallyOpened?: boolean;
}

function Step({ scope, record, initiallyOpened = false }: StepProps) {
  const [opened, setOpened] = useState(initiallyOpened);
  const details = useQuery({ ...step(scope, record.id), enabled: opened });
  const { change_set: changeSet, project } = record;
  const revert = (of: number, id: number) =>
    undo(of, id).then(() => notifyDone('Put back as it was before'), notifyFailed);
  return (
    <div className="card" style={{ padding: 12 }}>
      <Group justify="space-between" wrap="nowrap" align="flex-start" gap={4}>
        <UnstyledButton onClick={() => setOpened(!opened)} aria-expanded={opened} style={{ minWidth: 0, flex: 1 }}>
          <Group gap={6} wrap="nowrap" align="flex-start">
            <IconChevronDown
              size={16}
              style={{ flex: 'none', marginTop: 3, transform: opened ? undefined : 'rotate(-90deg)' }}
            />
            <div style={{ minWidth: 0 }}>
              <Text size="sm" fw={550} style={{ overflowWrap: 'anywhere' }}>
                {record.log}
              </Text>
              {changeSet?.note && (
                <Text size="sm" fs="italic">
                  “{changeSet.note}”
                </Text>
              )}
              <Group gap="sm">
                <Text size="xs" c="dimmed">
                  {whoOf(record)},{' '}
                  {initiallyOpened ? exactTime(record.created_date) : <Time at={record.created_date} />}
                </Text>
                {'organisation' in scope && project && (
                  <Text size="xs" fw={600}>
                    {project.name}
                  </Text>
                )}
                {record.environment && <EnvironmentName environment={record.environment} size="xs" />}
                {record.is_system_event && <Badge size="xs">by itself</Badge>}
              </Group>
            </div>
          </Group>
        </UnstyledButton>
        {changeSet && project && (
          <Button size="compact-sm" variant="subtle" onClick={() => void revert(project.id, changeSet.id)}>
            Undo
          </Button>
        )}
        <CopyButton value={`${location.origin}${addressOf(scope, record.id)}`}>
          {({ copied, copy }) => (
            <Tooltip label={copied ? 'Copied' : 'Copy a link to this'}>
              <ActionIcon aria-label={copied ? 'Copied' : 'Copy a link to this'} onClick={copy}>
                {copied ? <IconCheck size={16} /> : <IconLink size={16} />}
              </ActionIcon>
            </Tooltip>
          )}
        </CopyButton>
      </Group>
      {opened && (
        <Stack gap={6} mt="sm" pl={22}>
          <Loaded query={details} rows={2}>
            {({ change_details }) =>
              change_details.length === 0 ? (
                <Text size="sm" c="dimmed">
                  No single fields are known of this step.
                </Text>
              ) : (
                <>
                  {change_details.map((change) => (
                    <Difference
                      key={change.field}
                      what={change.field.replaceAll('_', ' ')}
                      before={textOf(change.old)}
                      after={textOf(change.new)}
                    />
                  ))}
                </>
              )
            }
          </Loaded>
        </Stack>
      )}
    </div>
  );
}

const textOf = (value: string | number | boolean | null) => (value === null ? null : String(value));
