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

const GithubPanel = lazy(() => import('./GithubPanel.tsx').then((file) => ({ default: file.GithubPanel })));
const GitlabPanel = lazy(() => import('./GitlabPanel.tsx').then((file) => ({ default: file.GitlabPanel })));

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

/** What has a panel of its own: it is not told of changes, but linked to features. */
type Tracker = 'github' | 'gitlab';

const trackers: Record<Tracker, { title: string; description: string }> = {
  github: {
    title: 'GitHub',
    description: 'Links features to issues and pull requests, which say how the feature does.',
  },
  gitlab: {
    title: 'GitLab',
    description: 'Links features to issues and merge requests, which say how the feature does.',
  },
};

function Catalogue({ settings, params }: CatalogueProps) {
  const search = useSearch({ strict: false }) as { vendor?: string };
  const navigate = useNavigate();
  const { catalogue, github, gitlab } = settings;
  const shown = (['github', 'gitlab'] as const).filter((tracker) => settings[tracker] !== null);
  const open = catalogue.find(({ vendor }) => vendor === search.vendor);
  const openTracker = shown.find((tracker) => tracker === search.vendor);
  const show = (vendor: string | undefined) =>
    void navigate({ to: '.', search: vendor === undefined ? {} : { vendor }, resetScroll: false });
  return (
    <>
      <Card
        title="Integrations"
        description="Let the tools that your team looks at know what changes here. What one does not take is sent again for a while."
      >
        {catalogue.length + shown.length === 0 ? (
          <Empty title="Nothing to connect here" icon={<IconPlug size={24} />} />
        ) : (
          <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm" component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
            {shown.map((tracker) => (
              <VendorCard
                key={tracker}
                {...trackers[tracker]}
                connected={trackedBy(settings, tracker)}
                onOpen={() => show(tracker)}
              />
            ))}
            {catalogue.map((entry) => (
              <VendorCard
                key={entry.vendor}
                title={entry.title}
                description={describe(entry)}
                connected={connectedTo(settings, entry)}
                onOpen={() => show(entry.vendor)}
              />
            ))}
          </SimpleGrid>
        )}
      </Card>
      <Drawer
        opened={open !== undefined || openTracker !== undefined}
        onClose={() => show(undefined)}
        size="min(560px, 100vw)"
        title={<Text fw={600}>{openTracker ? trackers[openTracker].title : open?.title}</Text>}
      >
        <Suspense fallback={<Loading rows={4} />}>
          {open && <IntegrationPanel key={open.vendor} entry={open} settings={settings} params={params} />}
          {openTracker === 'github' && github && (
            <GithubPanel organisation={params.organisation_id as number} github={github} />
          )}
          {openTracker === 'gitlab' && gitlab && (
            <GitlabPanel key={gitlab.integration?.id} project={params.project_id as number} gitlab={gitlab} />
          )}
        </Suspense>
      </Drawer>
    </>
  );
}

/** A place where something is connected, and how it does there. */
interface Connected {
  key: string | number;
  where: string;
  isOff?: boolean;
  isFailing?: boolean;
}

function connectedTo({ places }: IntegrationSettings, { vendor }: IntegrationCatalogueEntry): Connected[] {
  return places.flatMap(({ environment, place, connected }) =>
    connected
      .filter((one) => one.vendor === vendor)
      .map(({ id, enabled, last_delivery }) => ({
        key: id,
        where: environment?.name ?? (place === 'project' ? 'Whole project' : 'Everywhere'),
        isOff: !enabled,
        isFailing: enabled && last_delivery?.state === 'failed',
      })),
  );
}

function trackedBy({ github, gitlab }: IntegrationSettings, tracker: Tracker): Connected[] {
  if (tracker === 'gitlab') {
    return gitlab?.integration ? [{ key: tracker, where: new URL(gitlab.integration.gitlab_instance_url).host }] : [];
  }
  if (!github?.integration) return [];
  const { length } = github.repositories;
  return [
    { key: tracker, where: length === 1 ? 'One repository' : `${length} repositories`, isOff: !github.is_available },
  ];
}

interface VendorCardProps {
  title: string;
  description: string;
  connected: Connected[];
  onOpen: () => void;
}

function VendorCard({ title, description, connected, onOpen }: VendorCardProps) {
  return (
    <li className={classes.card}>
      <Stack gap="xs" h="100%">
        <Group gap="sm" wrap="nowrap">
          <span className={classes.mark} aria-hidden>
            {title.charAt(0)}
          </span>
          <Text fw={600}>{title}</Text>
        </Group>
        <Text size="sm" c="dimmed" style={{ flex: 1 }}>
          {description}
        </Text>
        <Group justify="space-between" gap="xs">
          <Group gap={6}>
            {connected.length === 0 && (
              <Text size="xs" c="dimmed">
                Not connected
              </Text>
            )}
            {connected.map(({ key, where, isOff, isFailing }) => (
              <Badge
                key={key}
                color={isOff ? 'gray' : isFailing ? 'red' : 'halyard'}
                title={isFailing ? 'The last delivery failed' : undefined}
              >
                {where}
                {isOff && ' (off)'}
                {isFailing && ' (failing)'}
              </Badge>
            ))}
          </Group>
          <Button
            size="xs"
            variant="default"
            aria-label={`${connected.length > 0 ? 'Manage' : 'Connect'} ${title}`}
            onClick={onOpen}
          >
            {connected.length > 0 ? 'Manage' : 'Connect'}
          </Button>
        </Group>
      </Stack>
    </li>
  );
}
