import { Alert, Button, Code, CopyButton, Group, NativeSelect, Paper, Stack, Text, Title } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { featureTable } from '../features/queries.ts';
import { Page } from '../ui/Page.tsx';
import { Loaded } from '../ui/States.tsx';
import { Time } from '../ui/Time.tsx';
import { snippets } from './snippets.ts';

/** How to ask for features from one's own code, with the real key; says when the first evaluation arrived. */
export function ConnectPage() {
  const project = Number(useParams({ from: '/app/projects/$project' }).project);
  // Evaluations change nothing in the project, so nobody tells us of them: we look.
  const query = useQuery({ ...featureTable(project), refetchInterval: 5000 });
  const [language, setLanguage] = useState('JavaScript');
  const [chosen, setChosen] = useState<string>();
  return (
    <Loaded query={query}>
      {({ environments, features, project: { name } }) => {
        const environment = environments.find(({ api_key }) => api_key === chosen) ?? environments[0];
        if (!environment) return <Page title="Connect">You may see no environment of this project.</Page>;
        const column = environments.indexOf(environment);
        const last = features
          .map(({ cells }) => cells[column]?.last_evaluated_at ?? '')
          .sort()
          .at(-1);
        const snippet = snippets.find((one) => one.name === language) ?? (snippets[0] as (typeof snippets)[number]);
        const { origin } = location;
        const code = snippet.code({
          key: environment.api_key,
          api: `${origin}/api/v1/`,
          origin,
          feature: features[0]?.name ?? 'my_feature',
        });
        return (
          <Page
            title="Connect"
            of={name}
            width={820}
            description="Any Flagsmith SDK works with this address, and OpenFeature's OFREP providers."
          >
            <Group mb="md" align="flex-end">
              <NativeSelect
                label="Environment"
                data={environments.map((one) => ({ value: one.api_key, label: one.name }))}
                value={environment.api_key}
                onChange={(event) => setChosen(event.currentTarget.value)}
              />
              <NativeSelect
                label="Language"
                data={snippets.map((one) => one.name)}
                value={language}
                onChange={(event) => setLanguage(event.currentTarget.value)}
              />
            </Group>
            <Stack>
              {snippet.install && <Snippet title="Install" code={snippet.install} />}
              <Snippet title="Ask for a feature" code={code} />
              {last ? (
                <Alert color="halyard" icon={<IconCheck size={18} />} title="Connected" role="status">
                  An SDK reported an evaluation in {environment.name} <Time at={last} />.
                </Alert>
              ) : (
                <Alert color="gray" title="Waiting for the first evaluation" role="status">
                  Run your code; this turns green by itself. SDKs with analytics report within some seconds of use.
                </Alert>
              )}
            </Stack>
          </Page>
        );
      }}
    </Loaded>
  );
}

function Snippet({ title, code }: { title: string; code: string }) {
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
              onClick={copy}
            >
              {copied ? 'Copied' : 'Copy'}
            </Button>
          )}
        </CopyButton>
      </Group>
      <Code block tabIndex={0}>
        {code}
      </Code>
      {title !== 'Install' && (
        <Text size="xs" c="dimmed" mt="xs">
          This is the client-side key: it may be public. Server-side keys, for local evaluation, are under Settings.
        </Text>
      )}
    </Paper>
  );
}
