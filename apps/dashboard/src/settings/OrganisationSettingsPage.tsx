import type { SessionOrganisation } from '@halyard/contract';
import {
  ActionIcon,
  Alert,
  Badge,
  Button,
  Checkbox,
  Code,
  Group,
  Paper,
  Stack,
  Switch,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { session } from '../shell/queries.ts';
import { Page } from '../ui/Page.tsx';
import { Loaded } from '../ui/States.tsx';
import { notifyDone, notifyFailed } from '../ui/notify.ts';
import { changeOrganisation, createMasterKey, deleteMasterKey, masterKeys } from './queries.ts';

/** An organisation's name and rules, and the API keys of its scripts. */
export function OrganisationSettingsPage() {
  const id = Number(useParams({ from: '/app/organisations/$organisation' }).organisation);
  const query = useQuery(session());
  return (
    <Loaded query={query}>
      {({ organisations }) => {
        const organisation = organisations.find((one) => one.id === id);
        if (!organisation?.my_permissions.admin)
          return <Page title="Settings">Administrators of the organisation change these.</Page>;
        return (
          <Page title="Settings" of={organisation.name} width={760}>
            <Stack>
              <General key={organisation.name} organisation={organisation} />
              <MasterKeys organisation={id} />
            </Stack>
          </Page>
        );
      }}
    </Loaded>
  );
}

function General({ organisation }: { organisation: SessionOrganisation }) {
  const [name, setName] = useState(organisation.name);
  const [force, setForce] = useState(organisation.force_2fa);
  return (
    <Paper p="md" bg="var(--card)" component="section" aria-label="General">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          changeOrganisation(organisation.id, { name: name.trim(), force_2fa: force }).then(
            () => notifyDone('Saved'),
            notifyFailed,
          );
        }}
      >
        <Stack>
          <Title order={2} size="h5">
            General
          </Title>
          <TextInput label="Name" required value={name} onChange={(event) => setName(event.currentTarget.value)} />
          <Switch
            label="Everybody needs two-factor login"
            checked={force}
            onChange={(event) => setForce(event.currentTarget.checked)}
          />
          <Group justify="flex-end">
            <Button type="submit">Save</Button>
          </Group>
        </Stack>
      </form>
    </Paper>
  );
}

function MasterKeys({ organisation }: { organisation: number }) {
  const query = useQuery(masterKeys(organisation));
  const [name, setName] = useState('');
  const [isAdmin, setAdmin] = useState(true);
  const [made, setMade] = useState<string>();
  const create = async () => {
    try {
      const { key } = await createMasterKey(organisation, name.trim(), isAdmin);
      setMade(key);
      setName('');
    } catch (error) {
      notifyFailed(error);
    }
  };
  return (
    <Paper p="md" bg="var(--card)" component="section" aria-label="API keys">
      <Title order={2} size="h5">
        API keys
      </Title>
      <Text size="xs" c="dimmed" mb="sm">
        For Terraform, scripts and pipelines: `Authorization: Api-Key …`
      </Text>
      {made && (
        <Alert
          color="halyard"
          title="Copy the key now; it is not shown again"
          mb="sm"
          withCloseButton
          onClose={() => setMade(undefined)}
        >
          <Code block>{made}</Code>
        </Alert>
      )}
      <Loaded query={query} rows={1}>
        {({ results }) => (
          <Stack gap={6} mb="sm">
            {results.map((key) => (
              <Group key={key.prefix} justify="space-between">
                <Group gap="xs">
                  <Text size="sm" fw={600}>
                    {key.name}
                  </Text>
                  <Text className="mono">{key.prefix}…</Text>
                  {key.is_admin && <Badge size="sm">administrator</Badge>}
                </Group>
                <ActionIcon
                  color="red"
                  aria-label={`Delete the key ${key.name}`}
                  onClick={() =>
                    confirm(`Delete the key ${key.name}?`) &&
                    void deleteMasterKey(organisation, key.prefix).catch(notifyFailed)
                  }
                >
                  <IconTrash size={16} />
                </ActionIcon>
              </Group>
            ))}
          </Stack>
        )}
      </Loaded>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void create();
        }}
      >
        <Group gap="xs">
          <TextInput
            flex="1 1 160px"
            aria-label="Name of the new key"
            placeholder="Terraform"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Checkbox
            label="Administrator"
            checked={isAdmin}
            onChange={(event) => setAdmin(event.currentTarget.checked)}
          />
          <Button type="submit" variant="default" disabled={name.trim() === ''}>
            Create key
          </Button>
        </Group>
      </form>
    </Paper>
  );
}
