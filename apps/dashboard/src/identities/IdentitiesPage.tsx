import {
  Alert,
  Anchor,
  Button,
  Group,
  Modal,
  NativeSelect,
  Pagination,
  Stack,
  Table,
  Text,
  TextInput,
} from '@mantine/core';
import { IconPlus, IconSearch, IconUser } from '@tabler/icons-react';
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { messageFor } from '../api/errors.ts';
import { findProject, session } from '../shell/queries.ts';
import { isProduction } from '../environments/colour.ts';
import { Page } from '../ui/Page.tsx';
import { Empty, Loaded } from '../ui/States.tsx';
import { createIdentity, identities } from './queries.ts';

/** Who is known in an environment. */
export function IdentitiesPage() {
  const project = Number(useParams({ from: '/app/projects/$project' }).project);
  const { q = '', page = 1, environment: chosen } = useSearch({ from: '/app/projects/$project/identities' });
  const navigate = useNavigate();
  const { data: own } = useQuery(session());
  const found = own && findProject(own, project)?.project;
  const environment =
    found?.environments.find(({ api_key }) => api_key === chosen) ??
    found?.environments.find(isProduction) ??
    found?.environments[0];
  const query = useQuery({
    ...identities(environment?.api_key ?? '', q, page),
    enabled: environment !== undefined,
    placeholderData: keepPreviousData,
  });
  const [creating, setCreating] = useState(false);
  if (!environment) return <Page title="Identities">You may see no environment of this project.</Page>;
  const set = (change: { q?: string; page?: number; environment?: string }) => {
    const next = { environment: environment.api_key, q, ...change };
    void navigate({
      to: '.',
      search: Object.fromEntries(Object.entries(next).filter(([, value]) => value)),
      replace: true,
    });
  };
  const path = (id: number) => `/projects/${project}/environments/${environment.api_key}/identities/${id}`;
  return (
    <Page
      title="Identities"
      of={found?.name}
      width={900}
      description="Users and devices that SDKs asked for, with what is known of them."
      actions={
        <Button leftSection={<IconPlus size={16} />} onClick={() => setCreating(true)}>
          Create identity
        </Button>
      }
    >
      <Group mb="sm" gap="xs">
        <NativeSelect
          aria-label="Environment"
          value={environment.api_key}
          data={found?.environments.map(({ api_key, name }) => ({ value: api_key, label: name })) ?? []}
          onChange={(event) => set({ environment: event.currentTarget.value })}
        />
        <TextInput
          flex="1 1 220px"
          aria-label="Search identities"
          placeholder="Part of the identifier"
          leftSection={<IconSearch size={16} />}
          value={q}
          onChange={(event) => set({ q: event.currentTarget.value })}
        />
      </Group>
      <Loaded query={query}>
        {({ count, results }) =>
          results.length === 0 ? (
            <div className="card">
              <Empty title={q ? 'Nobody is called so' : 'Nobody yet'} icon={<IconUser size={24} />}>
                Identities appear when an SDK asks for their flags.
              </Empty>
            </div>
          ) : (
            <>
              <div className="card">
                <Table highlightOnHover aria-label="Identities">
                  <Table.Tbody>
                    {results.map(({ id, identifier }) => (
                      <Table.Tr key={id}>
                        <Table.Td>
                          <Anchor component={Link} to={path(id)} size="sm" fw={600} c="inherit">
                            {identifier}
                          </Anchor>
                        </Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </div>
              <Group justify="space-between" mt="sm">
                <Text size="sm" c="dimmed">
                  {count.toLocaleString()} identities
                </Text>
                {count > 50 && (
                  <Pagination
                    total={Math.ceil(count / 50)}
                    value={page}
                    onChange={(next) => set({ page: next })}
                    getControlProps={(control) => ({ 'aria-label': control })}
                  />
                )}
              </Group>
            </>
          )
        }
      </Loaded>
      {creating && (
        <CreateIdentity
          environment={environment.api_key}
          onClose={() => setCreating(false)}
          onCreated={(id) => void navigate({ to: path(id) })}
        />
      )}
    </Page>
  );
}

function CreateIdentity({
  environment,
  onClose,
  onCreated,
}: {
  environment: string;
  onClose: () => void;
  onCreated: (id: number) => void;
}) {
  const [identifier, setIdentifier] = useState('');
  const create = useMutation({
    mutationFn: () => createIdentity(environment, identifier.trim()),
    onSuccess: ({ id }) => onCreated(id),
  });
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>Create identity</Text>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <Stack>
          {create.isError && <Alert color="red">{messageFor(create.error)}</Alert>}
          <TextInput
            label="Identifier"
            required
            value={identifier}
            onChange={(event) => setIdentifier(event.currentTarget.value)}
            data-autofocus
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" disabled={identifier.trim() === ''} loading={create.isPending}>
              Create
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
