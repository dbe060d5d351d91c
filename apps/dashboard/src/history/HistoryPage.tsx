import type { AuditRecord } from '@halyard/contract';
import {
  Badge,
  Button,
  Group,
  Menu,
  NativeSelect,
  Pagination,
  Stack,
  Text,
  TextInput,
  UnstyledButton,
} from '@mantine/core';
import { IconChevronDown, IconDownload, IconHistory, IconSearch } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { EnvironmentName } from '../environments/EnvironmentName.tsx';
import { nameOf } from '../people/names.ts';
import { undo } from '../features/queries.ts';
import { findProject, session } from '../shell/queries.ts';
import { Difference } from '../ui/Difference.tsx';
import { saveFile } from '../ui/files.ts';
import { Page } from '../ui/Page.tsx';
import { Empty, Loaded } from '../ui/States.tsx';
import { notifyDone, notifyFailed } from '../ui/notify.ts';
import { Time } from '../ui/Time.tsx';
import { downloadHistory, history, type HistoryFilters, step } from './queries.ts';

const types = [
  { value: '', label: 'Everything' },
  { value: 'FEATURE', label: 'Features' },
  { value: 'FEATURE_STATE', label: 'States' },
  { value: 'SEGMENT', label: 'Segments' },
  { value: 'ENVIRONMENT', label: 'Environments' },
  { value: 'CHANGE_REQUEST', label: 'Change requests' },
  { value: 'EF_VERSION', label: 'Versions' },
];

/** Who changed what and when in a project; each step with its difference, and saves with a button to undo them. */
export function HistoryPage() {
  const project = Number(useParams({ from: '/app/projects/$project' }).project);
  const search = useSearch({ from: '/app/projects/$project/history' });
  const navigate = useNavigate();
  const { data: own } = useQuery(session());
  const environments = (own && findProject(own, project)?.project.environments) ?? [];
  const filters: HistoryFilters = {
    page: search.page ?? 1,
    ...(search.q && { search: search.q }),
    ...(search.type && { related_object_type: search.type }),
    ...(search.environment && { environments: [search.environment] }),
    ...(search.from && { from: search.from }),
    ...(search.to && { to: search.to }),
  };
  const query = useQuery({ ...history(project, filters), placeholderData: keepPreviousData });
  const set = (change: Partial<typeof search>) => {
    const next = { ...search, page: undefined, ...change };
    void navigate({
      to: '.',
      search: Object.fromEntries(Object.entries(next).filter(([, value]) => value)),
      replace: true,
    });
  };
  const save = (format: 'csv' | 'json') => downloadHistory(project, format, filters).then(saveFile, notifyFailed);
  return (
    <Page
      title="History"
      width={1000}
      description="Every change in this project, for as long as it exists."
      actions={
        <Menu>
          <Menu.Target>
            <Button variant="default" leftSection={<IconDownload size={16} />}>
              Export
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => void save('csv')}>CSV</Menu.Item>
            <Menu.Item onClick={() => void save('json')}>JSON</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      }
    >
      <Group gap="xs" mb="md">
        <TextInput
          flex="1 1 220px"
          aria-label="Search the history"
          placeholder="Search"
          leftSection={<IconSearch size={16} />}
          value={search.q ?? ''}
          onChange={(event) => set({ q: event.currentTarget.value })}
        />
        <NativeSelect
          aria-label="What"
          data={types}
          value={search.type ?? ''}
          onChange={(event) => set({ type: event.currentTarget.value })}
        />
        <NativeSelect
          aria-label="Environment"
          value={search.environment ?? ''}
          data={[
            { value: '', label: 'All environments' },
            ...environments.map(({ id, name }) => ({ value: String(id), label: name })),
          ]}
          onChange={(event) => set({ environment: Number(event.currentTarget.value) || undefined })}
        />
        <TextInput
          type="date"
          aria-label="From"
          value={search.from ?? ''}
          onChange={(event) => set({ from: event.currentTarget.value })}
        />
        <TextInput
          type="date"
          aria-label="To"
          value={search.to ?? ''}
          onChange={(event) => set({ to: event.currentTarget.value })}
        />
      </Group>
      <Loaded query={query}>
        {({ count, results }) =>
          results.length === 0 ? (
            <div className="card">
              <Empty title="Nothing happened" icon={<IconHistory size={24} />}>
                No change fits these filters.
              </Empty>
            </div>
          ) : (
            <Stack gap="xs">
              {results.map((record) => (
                <Step key={record.id} project={project} record={record} />
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

function Step({ project, record }: { project: number; record: AuditRecord }) {
  const [opened, setOpened] = useState(false);
  const details = useQuery({ ...step(project, record.id), enabled: opened });
  const who = record.author
    ? nameOf(record.author)
    : record.master_api_key
      ? `API key ${record.master_api_key.name}`
      : 'Halyard';
  const revert = (changeSet: number) =>
    undo(project, changeSet).then(() => notifyDone('Put back as it was before'), notifyFailed);
  return (
    <div className="card" style={{ padding: 12 }}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
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
              {record.change_set?.note && (
                <Text size="sm" fs="italic">
                  “{record.change_set.note}”
                </Text>
              )}
              <Group gap="sm">
                <Text size="xs" c="dimmed">
                  {who}, <Time at={record.created_date} />
                </Text>
                {record.environment && <EnvironmentName environment={record.environment} size="xs" />}
                {record.is_system_event && <Badge size="xs">by itself</Badge>}
              </Group>
            </div>
          </Group>
        </UnstyledButton>
        {record.change_set && (
          <Button size="compact-sm" variant="subtle" onClick={() => void revert(record.change_set?.id as number)}>
            Undo
          </Button>
        )}
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
