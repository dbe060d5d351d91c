import type { Connection } from '@halyard/contract';
import {
  Alert,
  Anchor,
  Button,
  Chip,
  Code,
  CopyButton,
  Group,
  NativeSelect,
  Paper,
  Stack,
  Text,
  Title,
} from '@mantine/core';
import { IconCheck, IconCopy, IconHourglassLow, IconPlugConnected } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Page } from '../ui/Page.tsx';
import { Empty, Loaded } from '../ui/States.tsx';
import { Time } from '../ui/Time.tsx';
import { connection } from './queries.ts';
import { type Sdk, sdks } from './snippets.ts';

const rememberedAs = 'halyard.sdk';
type ConnectedEnvironment = Connection['environments'][number];

/** How to ask for features from one's own code, with the real key; says when the first evaluation arrived. */
export function ConnectPage() {
  const project = Number(useParams({ from: '/app/projects/$project' }).project);
  const search = useSearch({ from: '/app/projects/$project/connect' });
  const navigate = useNavigate();
  const environmentIn = (data: Connection) =>
    data.environments.find(({ id }) => id === search.environment) ?? data.environments[0];
  const query = useQuery({
    ...connection(project),
    // Nobody tells us of evaluations, since they change nothing: we look, and less often once there was one.
    refetchInterval: ({ state: { data } }) => {
      const environment = data && environmentIn(data);
      return environment && isConnected(environment) ? 30_000 : 2000;
    },
  });
  const set = (change: { environment?: number; sdk?: string }) =>
    void navigate({ to: '.', search: { ...search, ...change }, replace: true });
  const chosen = search.sdk ?? localStorage.getItem(rememberedAs);
  const sdk = sdks.find(({ id }) => id === chosen) ?? (sdks[0] as Sdk);
  const choose = (id: string) => {
    localStorage.setItem(rememberedAs, id);
    set({ sdk: id });
  };
  return (
    <Loaded query={query}>
      {(data) => {
        const environment = environmentIn(data);
        const { name } = data.project;
        return (
          <Page
            title="Connect"
            of={name}
            width={880}
            description="Any Flagsmith SDK works with this address, and OpenFeature’s OFREP providers."
          >
            {environment ? (
              <Stack>
                <Status environment={environment} />
                <NativeSelect
                  label="Environment"
                  w={260}
                  data={data.environments.map((one) => ({ value: String(one.id), label: one.name }))}
                  value={environment.id}
                  onChange={(event) => set({ environment: Number(event.currentTarget.value) })}
                />
                <Chip.Group value={sdk.id} onChange={(id) => choose(id as string)}>
                  <Group gap={6} role="radiogroup" aria-label="Language">
                    {sdks.map(({ id, name: label }) => (
                      <Chip key={id} value={id} size="sm" variant="light">
                        {label}
                      </Chip>
                    ))}
                  </Group>
                </Chip.Group>
                <Snippets sdk={sdk} environment={environment} project={project} feature={data.feature} />
              </Stack>
            ) : (
              <div className="card">
                <Empty title="You may see no environment of this project" icon={<IconPlugConnected size={24} />}>
                  Ask an administrator of the project to let you see one.
                </Empty>
              </div>
            )}
          </Page>
        );
      }}
    </Loaded>
  );
}

const isConnected = (environment: ConnectedEnvironment) =>
  environment.first_evaluated_at !== null || environment.requests > 0;

function Status({ environment }: { environment: ConnectedEnvironment }) {
  const { name, first_evaluated_at: first, first_evaluated_sdk_label: label, requests } = environment;
  return (
    <div role="status">
      {isConnected(environment) ? (
        <Alert color="halyard" icon={<IconCheck size={18} />} title={`${name} is connected`}>
          {first && (
            <>
              {label ?? 'An SDK'} first asked for flags <Time at={first} />.{' '}
            </>
          )}
          {requests > 0 &&
            `${requests.toLocaleString()} ${requests === 1 ? 'request' : 'requests'} for flags in the last 30 days.`}
        </Alert>
      ) : (
        <Alert color="gray" icon={<IconHourglassLow size={18} />} title={`Waiting for ${name}’s first evaluation`}>
          Run the code below; this turns green by itself, within a few seconds.
        </Alert>
      )}
    </div>
  );
}

function Snippets({
  sdk,
  environment,
  project,
  feature,
}: {
  sdk: Sdk;
  environment: ConnectedEnvironment;
  project: number;
  feature: string | null;
}) {
  const { origin } = location;
  const place = { key: environment.api_key, api: `${origin}/api/v1/`, origin, feature: feature ?? 'my_feature' };
  return (
    <>
      {sdk.install && <Snippet title={sdk.install.title} code={sdk.install.code} />}
      <Snippet title="Ask for a feature" code={sdk.ask(place)}>
        {feature === null && (
          <>
            There is no feature yet:{' '}
            <Anchor component={Link} to={`/projects/${project}/features?create=true`} size="xs">
              create one
            </Anchor>{' '}
            and put its name in the place of my_feature.{' '}
          </>
        )}
        {sdk.side === 'client' ? (
          'This is the client-side key: it may be public.'
        ) : (
          <>
            This is the client-side key: it may be public. To evaluate on your own server, take a server-side key from{' '}
            <Anchor component={Link} to={`/projects/${project}/settings`} size="xs">
              Settings
            </Anchor>
            .
          </>
        )}
      </Snippet>
      <Snippet title="Tell who asks" code={sdk.identify(place)}>
        Traits decide which segments somebody is in. Identity overrides are found by the identifier.
      </Snippet>
    </>
  );
}

function Snippet({ title, code, children }: { title: string; code: string; children?: React.ReactNode }) {
  return (
    <Paper p="md" bg="var(--card)" component="section" aria-label={title}>
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h5">
          {title}
        </Title>
        <CopyButton value={code}>
          {({ copied, copy }) => (
            <Button
              size="compact-sm"
              variant="default"
              leftSection={copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
              aria-label={`Copy: ${title}`}
              onClick={copy}
            >
              {copied ? 'Copied' : 'Copy'}
            </Button>
          )}
        </CopyButton>
      </Group>
      <Code block tabIndex={0} style={{ tabSize: 4 }}>
        {code}
      </Code>
      {children && (
        <Text size="xs" c="dimmed" mt="xs" component="div">
          {children}
        </Text>
      )}
    </Paper>
  );
}
