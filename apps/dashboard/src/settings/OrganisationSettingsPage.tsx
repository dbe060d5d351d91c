import type { SessionOrganisation } from '@halyard/contract';
import { Button, Group, Paper, Stack, Switch, Tabs, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { ApiKeysTab } from '../api-keys/ApiKeysTab.tsx';
import { TrustTab } from '../api-keys/TrustTab.tsx';
import { session } from '../shell/queries.ts';
import { Page } from '../ui/Page.tsx';
import { Loaded } from '../ui/States.tsx';
import { notifyDone, notifyFailed } from '../ui/notify.ts';
import { changeOrganisation } from './queries.ts';

/** An organisation's name and rules, and the API keys of its scripts. */
export function OrganisationSettingsPage() {
  const id = Number(useParams({ from: '/app/organisations/$organisation' }).organisation);
  const tab = useSearch({ from: '/app/organisations/$organisation/settings' }).tab ?? 'general';
  const navigate = useNavigate();
  const query = useQuery(session());
  return (
    <Loaded query={query}>
      {({ organisations }) => {
        const organisation = organisations.find((one) => one.id === id);
        if (!organisation?.my_permissions.admin)
          return <Page title="Settings">Administrators of the organisation change these.</Page>;
        return (
          <Page title="Settings" of={organisation.name} width={760}>
            <Tabs
              value={tab}
              onChange={(next) =>
                void navigate({ to: '.', search: next === 'general' || next === null ? {} : { tab: next } })
              }
            >
              <Tabs.List mb="md" style={{ flexWrap: 'nowrap', overflowX: 'auto', overflowY: 'hidden' }}>
                <Tabs.Tab value="general">General</Tabs.Tab>
                <Tabs.Tab value="api-keys">API keys</Tabs.Tab>
                <Tabs.Tab value="trust">Trust relationships</Tabs.Tab>
              </Tabs.List>
              <Tabs.Panel value="general">
                <General key={organisation.name} organisation={organisation} />
              </Tabs.Panel>
              <Tabs.Panel value="api-keys">
                <ApiKeysTab id={id} />
              </Tabs.Panel>
              <Tabs.Panel value="trust">
                <TrustTab id={id} />
              </Tabs.Panel>
            </Tabs>
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
