import type { FeatureDifference, SessionEnvironment } from '@halyard/contract';
import {
  Anchor,
  Box,
  Button,
  Checkbox,
  Group,
  Modal,
  NativeSelect,
  Stack,
  Table,
  Text,
  TextInput,
} from '@mantine/core';
import { IconArrowRight, IconEqual } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { messageFor } from '../api/errors.ts';
import { EnvironmentName } from '../environments/EnvironmentName.tsx';
import { isProduction } from '../environments/colour.ts';
import { notifyUndoable } from '../features/notifyUndoable.tsx';
import { findProject, session } from '../shell/queries.ts';
import { OnOff } from '../features/OnOff.tsx';
import { Page } from '../ui/Page.tsx';
import { Empty, Loaded } from '../ui/States.tsx';
import { shown } from '../ui/shown.ts';
import { comparison, copyStates } from './queries.ts';

/** Two environments side by side: only what really differs, to copy across. */
export function ComparePage() {
  const project = Number(useParams({ from: '/app/projects/$project' }).project);
  const search = useSearch({ from: '/app/projects/$project/compare' });
  const navigate = useNavigate();
  const { data: own } = useQuery(session());
  const environments = (own && findProject(own, project)?.project.environments) ?? [];
  const from = environments.find(({ id }) => id === search.from) ?? environments[0];
  const to = environments.find(({ id }) => id === search.to) ?? environments.at(-1);
  if (!from || !to || environments.length < 2) {
    return (
      <Page title="Compare">
        <div className="card">
          <Empty title="There is nothing to compare">It takes two environments that you may see.</Empty>
        </div>
      </Page>
    );
  }
  const choose = (side: 'from' | 'to', id: string) =>
    void navigate({ to: '.', search: { from: from.id, to: to.id, [side]: Number(id) }, replace: true });
  const data = environments.map(({ id, name }) => ({ value: String(id), label: name }));
  return (
    <Page
      title="Compare"
      width={1200}
      description="What features serve in one environment and not in the other, overrides for segments included."
    >
      <Group mb="md" gap="sm">
        <NativeSelect
          aria-label="From"
          data={data}
          value={String(from.id)}
          onChange={(event) => choose('from', event.currentTarget.value)}
        />
        <IconArrowRight size={18} aria-hidden />
        <NativeSelect
          aria-label="To"
          data={data}
          value={String(to.id)}
          onChange={(event) => choose('to', event.currentTarget.value)}
        />
      </Group>
      {from.id === to.id ? (
        <Text size="sm">Choose two environments.</Text>
      ) : (
        <Differences key={`${from.id} ${to.id}`} project={project} from={from} to={to} />
      )}
    </Page>
  );
}

function Differences({ project, from, to }: { project: number; from: SessionEnvironment; to: SessionEnvironment }) {
  const query = useQuery(comparison(project, from.id, to.id));
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const [copying, setCopying] = useState(false);
  const toggle = (id: number, on: boolean) =>
    setChosen((before) => {
      const next = new Set(before);
      if (on) next.add(id);
      else next.delete(id);
      return next;
    });
  return (
    <Loaded query={query}>
      {({ differences, same, segments }) => {
        const names = new Map(segments.map(({ id, name }) => [id, name]));
        if (differences.length === 0) {
          return (
            <div className="card">
              <Empty title="They serve the same" icon={<IconEqual size={24} />}>
                All {same.length} features.
              </Empty>
            </div>
          );
        }
        return (
          <>
            <Group justify="space-between" mb="xs">
              <Text size="sm" c="dimmed">
                {differences.length} differ, {same.length} are the same
              </Text>
              <Button disabled={chosen.size === 0} onClick={() => setCopying(true)}>
                Copy {chosen.size || ''} to {to.name}
              </Button>
            </Group>
            <Box className="card sideways" tabIndex={0} role="region" aria-label="Differences">
              <Table miw={700}>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th w={40}>
                      <Checkbox
                        size="xs"
                        aria-label="Select all"
                        checked={chosen.size === differences.length}
                        indeterminate={chosen.size > 0 && chosen.size < differences.length}
                        onChange={(event) =>
                          setChosen(
                            new Set(event.currentTarget.checked ? differences.map(({ feature }) => feature.id) : []),
                          )
                        }
                      />
                    </Table.Th>
                    <Table.Th>Feature</Table.Th>
                    <Table.Th>
                      <EnvironmentName environment={from} />
                    </Table.Th>
                    <Table.Th>
                      <EnvironmentName environment={to} />
                    </Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {differences.map((difference) => (
                    <Table.Tr key={difference.feature.id}>
                      <Table.Td>
                        <Checkbox
                          size="xs"
                          aria-label={`Select ${difference.feature.name}`}
                          checked={chosen.has(difference.feature.id)}
                          onChange={(event) => toggle(difference.feature.id, event.currentTarget.checked)}
                        />
                      </Table.Td>
                      <Table.Td>
                        <Anchor
                          component={Link}
                          to={`/projects/${project}/features/${difference.feature.id}`}
                          size="sm"
                          fw={600}
                        >
                          {difference.feature.name}
                        </Anchor>
                      </Table.Td>
                      <Table.Td>
                        <Served side={difference.from} difference={difference} names={names} />
                      </Table.Td>
                      <Table.Td>
                        <Served side={difference.to} difference={difference} names={names} />
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Box>
            {copying && (
              <CopyDialog
                project={project}
                from={from}
                to={to}
                features={[...chosen]}
                onClose={() => setCopying(false)}
                onDone={() => {
                  setCopying(false);
                  setChosen(new Set());
                }}
              />
            )}
          </>
        );
      }}
    </Loaded>
  );
}

interface ServedProps {
  side: FeatureDifference['from'];
  difference: FeatureDifference;
  names: Map<number, string>;
}

/** What one side serves; what differs stands out. */
function Served({ side, difference, names }: ServedProps) {
  const everybody = side.find(({ segment }) => segment === null);
  const overrides = side.filter(({ segment }) => segment !== null);
  return (
    <Stack gap={4}>
      <Group gap={6}>
        {everybody ? <OnOff enabled={everybody.enabled} /> : <Text size="xs">not there</Text>}
        {everybody && everybody.value !== null && (
          <Text className="mono truncate" maw={240} fw={difference.value ? 700 : 400}>
            {shown(everybody.value)}
          </Text>
        )}
      </Group>
      {difference.segment_overrides &&
        (overrides.length === 0 ? (
          <Text size="xs" c="dimmed">
            no segment overrides
          </Text>
        ) : (
          overrides.map((override) => (
            <Text key={override.segment} size="xs" c="dimmed">
              {names.get(override.segment as number) ?? 'segment'}: {override.enabled ? 'on' : 'off'},{' '}
              {shown(override.value)}
            </Text>
          ))
        ))}
    </Stack>
  );
}

interface CopyDialogProps {
  project: number;
  from: SessionEnvironment;
  to: SessionEnvironment;
  features: number[];
  onClose: () => void;
  onDone: () => void;
}

function CopyDialog({ project, from, to, features, onClose, onDone }: CopyDialogProps) {
  const [overrides, setOverrides] = useState(true);
  const [note, setNote] = useState('');
  const copy = useMutation({
    mutationFn: () => copyStates(project, from.id, to.id, features, overrides, note),
    onSuccess: ({ change_set }) => {
      notifyUndoable(`${features.length} copied to ${to.name}`, project, change_set);
      onDone();
    },
  });
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>Copy to {to.name}</Text>}>
      <Stack>
        <Text size="sm">
          {features.length === 1 ? 'One feature' : `${features.length} features`} will serve in {to.name} what they
          serve in {from.name}.
        </Text>
        <Checkbox
          label="With the segment overrides"
          description="Those that are only there go"
          checked={overrides}
          onChange={(event) => setOverrides(event.currentTarget.checked)}
        />
        <TextInput
          label="Note"
          description="Kept in the history"
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
          data-autofocus
        />
        {copy.isError && (
          <Text size="sm" c="var(--mantine-color-error)" role="alert">
            {messageFor(copy.error)}
          </Text>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button {...(isProduction(to) && { color: 'red.8' })} loading={copy.isPending} onClick={() => copy.mutate()}>
            Copy
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
