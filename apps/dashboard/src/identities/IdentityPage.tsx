import type { Trait } from '@halyard/contract';
import {
  ActionIcon,
  Anchor,
  Badge,
  Button,
  Group,
  NativeSelect,
  Paper,
  Stack,
  Table,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { IconChevronDown, IconChevronRight, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { Why } from '../explain/Why.tsx';
import { OnOff } from '../features/OnOff.tsx';
import { Page } from '../ui/Page.tsx';
import { Loaded } from '../ui/States.tsx';
import { notifyDone, notifyFailed } from '../ui/notify.ts';
import { shown } from '../ui/values.ts';
import classes from './IdentityPage.module.css';
import { deleteIdentity, deleteTrait, identity, resolved, saveTrait, traits } from './queries.ts';

/** One identity: what is known of it, and what it gets of every feature. */
export function IdentityPage() {
  const params = useParams({ from: '/app/projects/$project/environments/$environment/identities/$identity' });
  const { project, environment } = params;
  const id = Number(params.identity);
  const query = useQuery(identity(environment, id));
  const navigate = useNavigate();
  const back = `/projects/${project}/identities?environment=${environment}`;
  const remove = async (identifier: string) => {
    if (!confirm(`Delete ${identifier} with its traits and overrides?`)) return;
    try {
      await deleteIdentity(environment, id);
      notifyDone(`${identifier} is deleted`);
      await navigate({ to: '/projects/$project/identities', params: { project }, search: { environment } });
    } catch (error) {
      notifyFailed(error);
    }
  };
  return (
    <Loaded query={query}>
      {({ identifier }) => (
        <Page
          title={identifier}
          of="Identities"
          width={1000}
          description={
            <Anchor href={back} size="sm">
              ← Identities
            </Anchor>
          }
          actions={
            <Button variant="subtle" color="red" onClick={() => void remove(identifier)}>
              Delete
            </Button>
          }
        >
          <Stack>
            <Traits environment={environment} id={id} />
            <Features project={project} environment={environment} id={id} identifier={identifier} />
          </Stack>
        </Page>
      )}
    </Loaded>
  );
}

const valueOf = (trait: Trait) =>
  trait.value_type === 'bool'
    ? trait.boolean_value
    : trait.value_type === 'int'
      ? trait.integer_value
      : trait.value_type === 'float'
        ? trait.float_value
        : trait.string_value;

function Traits({ environment, id }: { environment: string; id: number }) {
  const query = useQuery(traits(environment, id));
  const [key, setKey] = useState('');
  const [text, setText] = useState('');
  const [type, setType] = useState('text');
  const add = async () => {
    const value = type === 'number' ? Number(text) : type === 'boolean' ? text === 'true' : text;
    const existing = query.data?.results.find(({ trait_key }) => trait_key === key.trim());
    try {
      await saveTrait(environment, id, { ...(existing && { id: existing.id }), key: key.trim(), value });
      setKey('');
      setText('');
    } catch (error) {
      notifyFailed(error);
    }
  };
  return (
    <Paper p="md" bg="var(--card)" component="section" aria-label="Traits">
      <Title order={2} size="h5" mb="xs">
        Traits
      </Title>
      <Loaded query={query} rows={3}>
        {({ results }) => (
          <Table aria-label="Traits">
            <Table.Tbody>
              {results.map((trait) => (
                <Table.Tr key={trait.id}>
                  <Table.Td w="35%">
                    <Text className="mono">{trait.trait_key}</Text>
                  </Table.Td>
                  <Table.Td>
                    <Text className="mono" style={{ overflowWrap: 'anywhere' }}>
                      {shown(valueOf(trait))}
                    </Text>
                  </Table.Td>
                  <Table.Td w={90}>
                    <Badge color="gray">{trait.value_type === 'unicode' ? 'text' : trait.value_type}</Badge>
                  </Table.Td>
                  <Table.Td w={44}>
                    <ActionIcon
                      color="red"
                      aria-label={`Remove ${trait.trait_key}`}
                      onClick={() => deleteTrait(environment, id, trait.id).catch(notifyFailed)}
                    >
                      <IconTrash size={16} />
                    </ActionIcon>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
      </Loaded>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}
      >
        <Group mt="sm" gap="xs">
          <TextInput
            flex="1 1 140px"
            aria-label="Trait"
            placeholder="plan"
            value={key}
            onChange={(event) => setKey(event.currentTarget.value)}
          />
          <NativeSelect
            aria-label="Type"
            data={['text', 'number', 'boolean']}
            value={type}
            onChange={(event) => setType(event.currentTarget.value)}
          />
          <TextInput
            flex="1 1 140px"
            aria-label="Value"
            placeholder={type === 'boolean' ? 'true' : 'value'}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <Button
            type="submit"
            variant="default"
            disabled={key.trim() === '' || (type === 'number' && !Number.isFinite(Number(text || Number.NaN)))}
          >
            Set trait
          </Button>
        </Group>
      </form>
    </Paper>
  );
}

interface FeaturesProps {
  project: string;
  environment: string;
  id: number;
  identifier: string;
}

function Features({ project, environment, id, identifier }: FeaturesProps) {
  const query = useQuery(resolved(environment, id));
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set());
  const toggle = (feature: number) =>
    setOpened((before) => {
      const next = new Set(before);
      if (!next.delete(feature)) next.add(feature);
      return next;
    });
  const [search, setSearch] = useState('');
  return (
    <Paper p="md" bg="var(--card)" component="section" aria-label="Features">
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h5">
          What it gets
        </Title>
        <TextInput
          aria-label="Search features"
          placeholder="Search features"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      </Group>
      <Loaded query={query}>
        {(list) => (
          <ul className={classes.features} aria-label="Features">
            {list
              .filter(({ feature }) => feature.name.toLowerCase().includes(search.toLowerCase()))
              .map((one) => {
                const isOpen = opened.has(one.feature.id);
                return (
                  <li key={one.feature.id}>
                    <div className={classes.feature}>
                      <ActionIcon
                        aria-label={`Why ${one.feature.name}`}
                        aria-expanded={isOpen}
                        onClick={() => toggle(one.feature.id)}
                      >
                        {isOpen ? <IconChevronDown size={16} /> : <IconChevronRight size={16} />}
                      </ActionIcon>
                      <Anchor
                        component={Link}
                        to={`/projects/${project}/features/${one.feature.id}`}
                        size="sm"
                        fw={600}
                        c="inherit"
                        className={classes.name}
                      >
                        {one.feature.name}
                      </Anchor>
                      <span className={classes.state}>
                        <OnOff enabled={one.enabled} />
                      </span>
                      <Text className={`mono truncate ${classes.value}`}>{shown(one.feature_state_value)}</Text>
                      <Text size="xs" c="dimmed" className={classes.source}>
                        {one.overridden_by === 'IDENTITY'
                          ? 'its own override'
                          : one.overridden_by === 'SEGMENT'
                            ? `segment ${one.segment?.name ?? ''}`
                            : 'as everybody'}
                      </Text>
                    </div>
                    {isOpen && (
                      <div className={classes.why}>
                        <Why
                          project={project}
                          environment={environment}
                          feature={one.feature.id}
                          asked={{ id: identifier }}
                        />
                      </div>
                    )}
                  </li>
                );
              })}
          </ul>
        )}
      </Loaded>
    </Paper>
  );
}
