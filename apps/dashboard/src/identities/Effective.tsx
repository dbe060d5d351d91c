import type { Identity, ResolvedFeature } from '@halyard/contract';
import {
  ActionIcon,
  Anchor,
  Box,
  Button,
  Checkbox,
  CloseButton,
  Group,
  Menu,
  Paper,
  Select,
  Stack,
  Table,
  Text,
  TextInput,
  Title,
  Tooltip,
  VisuallyHidden,
} from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconChevronDown, IconChevronRight, IconCopy, IconPencil, IconTrash } from '@tabler/icons-react';
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Fragment, useState } from 'react';
import { Why } from '../explain/Why.tsx';
import { notifyUndoable } from '../features/notifyUndoable.tsx';
import { OnOff } from '../features/OnOff.tsx';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';
import { Empty, Loaded } from '../ui/States.tsx';
import { notifyDone, notifyFailed } from '../ui/notify.ts';
import { shown } from '../ui/shown.ts';
import { OverrideDialog } from './OverrideDialog.tsx';
import { copyOverrides, identities, identity as oneIdentity, resolved, setOverride } from './queries.ts';

interface EffectiveProps {
  project: number;
  environment: string;
  identity: Identity;
  readOnly: boolean;
}

/** What an identity gets of every feature and why, to override, and to compare with another one. */
export function Effective({ project, environment, identity, readOnly }: EffectiveProps) {
  const { with: other } = useSearch({ from: '/app/projects/$project/environments/$environment/identities/$identity' });
  const navigate = useNavigate();
  const compareWith = (id: number | undefined) =>
    void navigate({ to: '.', search: id === undefined ? {} : { with: id }, replace: true });
  const query = useQuery(resolved(environment, identity.id));
  const isCompared = other !== undefined && other !== identity.id;
  const second = useQuery({ ...oneIdentity(environment, other ?? 0), enabled: isCompared });
  const theirs = useQuery({ ...resolved(environment, other ?? 0), enabled: isCompared });
  const [search, setSearch] = useState('');
  const [onlyDifferent, setOnlyDifferent] = useState(false);
  const [edited, setEdited] = useState<ResolvedFeature>();
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set());
  const toggle = (feature: number) =>
    setOpened((before) => {
      const next = new Set(before);
      if (!next.delete(feature)) next.add(feature);
      return next;
    });
  const place = { environment: identity.environment, identity: identity.id };
  const remove = useMutation({
    mutationFn: (feature: ResolvedFeature['feature']) => setOverride(project, feature.id, place, null),
    onSuccess: ({ change_set }, feature) =>
      notifyUndoable(`${identity.identifier} has no override of ${feature.name} any more`, project, change_set),
    onError: notifyFailed,
  });
  const theirsOf = new Map((isCompared ? theirs.data : undefined)?.map((one) => [one.feature.id, one]));
  const isDifferent = (one: ResolvedFeature) => {
    const their = theirsOf.get(one.feature.id);
    return (
      their !== undefined && (their.enabled !== one.enabled || their.feature_state_value !== one.feature_state_value)
    );
  };
  return (
    <Paper p="md" bg="var(--card)" component="section" aria-label="Features">
      <Group justify="space-between" mb="sm" gap="xs">
        <Title order={2} size="h5">
          What it gets
        </Title>
        <Group gap="xs">
          <TextInput
            aria-label="Search features"
            placeholder="Search features"
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
          {!isCompared && <OtherIdentity environment={environment} self={identity.id} onChoose={compareWith} />}
        </Group>
      </Group>
      {isCompared && (
        <Loaded query={second} rows={1}>
          {(their) => (
            <Group mb="sm" gap="sm">
              <Text size="sm">
                Compared with <b>{their.identifier}</b>
              </Text>
              <CloseButton aria-label="Compare no more" size="sm" onClick={() => compareWith(undefined)} />
              <Checkbox
                label="Only what is different"
                checked={onlyDifferent}
                onChange={(event) => setOnlyDifferent(event.currentTarget.checked)}
              />
              {!readOnly && <CopyMenu environment={environment} one={identity} other={their} />}
            </Group>
          )}
        </Loaded>
      )}
      <Loaded query={query}>
        {(list) => {
          const rows = list.filter(
            (one) =>
              one.feature.name.toLowerCase().includes(search.toLowerCase()) &&
              (!isCompared || !onlyDifferent || isDifferent(one)),
          );
          if (rows.length === 0)
            return (
              <Empty title={list.length === 0 ? 'No features yet' : 'Nothing to show'}>
                {isCompared && onlyDifferent && 'Both get the same of every feature.'}
              </Empty>
            );
          return (
            <Box className="sideways" tabIndex={0} role="region" aria-label="What it gets of every feature">
              <Table aria-label="Features" miw={isCompared ? 720 : 480}>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Feature</Table.Th>
                    <Table.Th>{isCompared ? identity.identifier : 'Gets'}</Table.Th>
                    {isCompared && <Table.Th>{second.data?.identifier}</Table.Th>}
                    <Table.Th w={84}>
                      <VisuallyHidden>Actions</VisuallyHidden>
                    </Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {rows.map((one) => (
                    <Fragment key={one.feature.id}>
                      <Table.Tr {...(isDifferent(one) && { bg: 'var(--selected)' })}>
                        <Table.Td>
                          <Group gap={6} wrap="nowrap">
                            <ActionIcon
                              aria-label={`Why ${one.feature.name}`}
                              aria-expanded={opened.has(one.feature.id)}
                              onClick={() => toggle(one.feature.id)}
                            >
                              {opened.has(one.feature.id) ? (
                                <IconChevronDown size={16} />
                              ) : (
                                <IconChevronRight size={16} />
                              )}
                            </ActionIcon>
                            <Anchor
                              component={Link}
                              to={`/projects/${project}/features/${one.feature.id}`}
                              size="sm"
                              fw={600}
                              c="inherit"
                            >
                              {one.feature.name}
                            </Anchor>
                          </Group>
                        </Table.Td>
                        <Table.Td>
                          <Outcome outcome={one} />
                        </Table.Td>
                        {isCompared && (
                          <Table.Td>
                            {theirsOf.has(one.feature.id) && (
                              <Outcome outcome={theirsOf.get(one.feature.id) as ResolvedFeature} />
                            )}
                          </Table.Td>
                        )}
                        <Table.Td>
                          {!readOnly && (
                            <Group gap={2} wrap="nowrap" justify="flex-end">
                              <Tooltip label={one.overridden_by === 'IDENTITY' ? 'Edit the override' : 'Override'}>
                                <ActionIcon aria-label={`Override ${one.feature.name}`} onClick={() => setEdited(one)}>
                                  <IconPencil size={16} />
                                </ActionIcon>
                              </Tooltip>
                              {one.overridden_by === 'IDENTITY' && (
                                <Tooltip label="Remove the override">
                                  <ActionIcon
                                    color="red"
                                    aria-label={`Remove the override of ${one.feature.name}`}
                                    onClick={() => remove.mutate(one.feature)}
                                  >
                                    <IconTrash size={16} />
                                  </ActionIcon>
                                </Tooltip>
                              )}
                            </Group>
                          )}
                        </Table.Td>
                      </Table.Tr>
                      {opened.has(one.feature.id) && (
                        <Table.Tr>
                          <Table.Td colSpan={isCompared ? 4 : 3} bg="var(--page)">
                            <Why
                              project={project}
                              environment={environment}
                              feature={one.feature.id}
                              asked={{ id: identity.identifier }}
                            />
                          </Table.Td>
                        </Table.Tr>
                      )}
                    </Fragment>
                  ))}
                </Table.Tbody>
              </Table>
            </Box>
          );
        }}
      </Loaded>
      {edited && (
        <OverrideDialog project={project} identity={identity} feature={edited} onClose={() => setEdited(undefined)} />
      )}
    </Paper>
  );
}

function Outcome({ outcome }: { outcome: ResolvedFeature }) {
  return (
    <Stack gap={2}>
      <Group gap="xs" wrap="nowrap">
        <OnOff enabled={outcome.enabled} />
        <Text className="mono truncate" maw={260}>
          {shown(outcome.feature_state_value)}
        </Text>
      </Group>
      <Text size="xs" c="dimmed">
        {outcome.overridden_by === 'IDENTITY'
          ? 'its own override'
          : outcome.overridden_by === 'SEGMENT'
            ? `segment ${outcome.segment?.name ?? ''}`
            : 'as everybody'}
      </Text>
    </Stack>
  );
}

function OtherIdentity({
  environment,
  self,
  onChoose,
}: {
  environment: string;
  self: number;
  onChoose: (id: number) => void;
}) {
  const [text, setText] = useState('');
  const [sought] = useDebouncedValue(text.trim(), 200);
  const query = useQuery({ ...identities(environment, sought, 1, 20), placeholderData: keepPreviousData });
  return (
    <Select
      aria-label="Compare with another identity"
      placeholder="Compare with…"
      searchable
      searchValue={text}
      onSearchChange={setText}
      filter={({ options }) => options}
      nothingFoundMessage="Nobody is called so"
      data={(query.data?.results ?? [])
        .filter(({ id }) => id !== self)
        .map(({ id, identifier }) => ({ value: String(id), label: identifier }))}
      value={null}
      onChange={(id) => id && onChoose(Number(id))}
    />
  );
}

function CopyMenu({ environment, one, other }: { environment: string; one: Identity; other: Identity }) {
  const [asked, setAsked] = useState<{ from: Identity; to: Identity }>();
  return (
    <>
      <Menu>
        <Menu.Target>
          <Button size="compact-sm" variant="default" leftSection={<IconCopy size={14} />}>
            Copy overrides
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => setAsked({ from: one, to: other })}>
            From {one.identifier} to {other.identifier}
          </Menu.Item>
          <Menu.Item onClick={() => setAsked({ from: other, to: one })}>
            From {other.identifier} to {one.identifier}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {asked && (
        <ConfirmDialog
          title={`Copy the overrides to ${asked.to.identifier}?`}
          action="Copy them"
          onConfirm={async () => {
            await copyOverrides(environment, asked.from.id, asked.to.id);
            notifyDone(`${asked.to.identifier} has the overrides of ${asked.from.identifier}`);
          }}
          onClose={() => setAsked(undefined)}
        >
          {asked.to.identifier} gets exactly the overrides of {asked.from.identifier}; its own go.
        </ConfirmDialog>
      )}
    </>
  );
}
