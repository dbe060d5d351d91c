import type { IntegrationCatalogueEntry, IntegrationSettings } from '@halyard/contract';
import { Badge, Button, Drawer, Group, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconPlug } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { Card } from '../ui/Card.tsx';
import { Empty, Loaded, Loading } from '../ui/States.tsx';
import { organisationIntegrations, projectIntegrations } from './queries.ts';
import { describe } from './vendors.ts';
import classes from './IntegrationsTab.module.css';

const IntegrationPanel = lazy(() =>
  import('./IntegrationPanel.tsx').then((file) => ({ default: file.IntegrationPanel })),
);

/** What a project and its environments are connected with, and what they can be. */
export function ProjectIntegrationsTab({ id }: { id: number }) {
  return (
    <Loaded query={useQuery(projectIntegrations(id))}>
      {(settings) => <Catalogue settings={settings} params={{ project_id: id }} />}
    </Loaded>
  );
}

/** What all projects of an organisation are connected with, unless one of them says otherwise. */
export function OrganisationIntegrationsTab({ id }: { id: number }) {
  return (
    <Loaded query={useQuery(organisationIntegrations(id))}>
      {(settings) => <Catalogue settings={settings} params={{ organisation_id: id }} />}
    </Loaded>
  );
}

interface CatalogueProps {
  settings: IntegrationSettings;
  params: Record<string, number>;
}

function Catalogue({ settings, params }: CatalogueProps) {
  const search = useSearch({ strict: false }) as { vendor?: string };
  const navigate = useNavigate();
  const open = settings.catalogue.find(({ vendor }) => vendor === search.vendor);
  const show = (vendor: string | undefined) =>
    void navigate({ to: '.', search: vendor === undefined ? {} : { vendor }, resetScroll: false });
  return (
    <>
      <Card
        title="Integrations"
        description="Let the tools that your team looks at know what changes here. What one does not take is sent again for a while."
      >
        {settings.catalogue.length === 0 ? (
          <Empty title="Nothing to connect here" icon={<IconPlug size={24} />} />
        ) : (
          <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm" component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
            {settings.catalogue.map((entry) => (
              <VendorCard key={entry.vendor} entry={entry} settings={settings} onOpen={() => show(entry.vendor)} />
            ))}
          </SimpleGrid>
        )}
      </Card>
      <Drawer
        opened={open !== undefined}
        onClose={() => show(undefined)}
        size="min(560px, 100vw)"
        title={<Text fw={600}>{open?.title}</Text>}
      >
        {open && (
          <Suspense fallback={<Loading rows={4} />}>
            <IntegrationPanel key={open.vendor} entry={open} settings={settings} params={params} />
          </Suspense>
        )}
      </Drawer>
    </>
  );
}

interface VendorCardProps {
  entry: IntegrationCatalogueEntry;
  settings: IntegrationSettings;
  onOpen: () => void;
}

function VendorCard({ entry, settings, onOpen }: VendorCardProps) {
  const connected = settings.places.flatMap(({ environment, place, connected }) =>
    connected
      .filter(({ vendor }) => vendor === entry.vendor)
      .map((one) => ({ ...one, where: environment?.name ?? (place === 'project' ? 'Whole project' : 'Everywhere') })),
  );
  return (
    <li className={classes.card}>
      <Stack gap="xs" h="100%">
        <Group gap="sm" wrap="nowrap">
          <span className={classes.mark} aria-hidden>
            {entry.title.charAt(0)}
          </span>
          <Text fw={600}>{entry.title}</Text>
        </Group>
        <Text size="sm" c="dimmed" style={{ flex: 1 }}>
          {describe(entry)}
        </Text>
        <Group justify="space-between" gap="xs">
          <Group gap={6}>
            {connected.length === 0 && (
              <Text size="xs" c="dimmed">
                Not connected
              </Text>
            )}
            {connected.map(({ id, where, enabled, last_delivery }) => (
              <Badge
                key={id}
                color={!enabled ? 'gray' : last_delivery?.state === 'failed' ? 'red' : 'halyard'}
                title={last_delivery?.state === 'failed' ? 'The last delivery failed' : undefined}
              >
                {where}
                {!enabled && ' (off)'}
                {enabled && last_delivery?.state === 'failed' && ' (failing)'}
              </Badge>
            ))}
          </Group>
          <Button
            size="xs"
            variant="default"
            aria-label={`${connected.length > 0 ? 'Manage' : 'Connect'} ${entry.title}`}
            onClick={onOpen}
          >
            {connected.length > 0 ? 'Manage' : 'Connect'}
          </Button>
        </Group>
      </Stack>
    </li>
  );
}
