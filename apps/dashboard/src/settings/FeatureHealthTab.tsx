import type { HealthProvider } from '@halyard/contract';
import { ActionIcon, Button, Code, Group, Text } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Card } from '../ui/Card.tsx';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';
import { CopyField } from '../ui/CopyField.tsx';
import { Loaded } from '../ui/States.tsx';
import { notifyDone, notifyFailed } from '../ui/notify.ts';
import { createHealthProvider, deleteHealthProvider, type HealthProviderName, healthProviders } from './queries.ts';

const kinds: { name: HealthProviderName; description: string }[] = [
  { name: 'Grafana', description: 'Takes the alerts of Grafana and of Alertmanager that name a feature in a label.' },
  { name: 'Webhook', description: 'Takes what your own monitoring posts.' },
];

const example = JSON.stringify(
  {
    feature: 'new_checkout',
    environment: 'Production',
    status: 'unhealthy',
    reason: { text_blocks: [{ text: 'Errors' }] },
  },
  null,
  2,
);

/** Who tells how features do: an unhealthy one is marked in every list. */
export function FeatureHealthTab({ id }: { id: number }) {
  const query = useQuery(healthProviders(id));
  return (
    <Card
      title="Feature health"
      description="Your monitoring says when something is wrong with a feature. It is marked with the tag Unhealthy until the monitoring, or somebody here, says that it is well again."
    >
      <Loaded query={query} rows={2}>
        {(providers) =>
          kinds.map((kind) => (
            <Provider
              key={kind.name}
              project={id}
              kind={kind}
              provider={providers.find(({ name }) => name === kind.name)}
            />
          ))
        }
      </Loaded>
    </Card>
  );
}

interface ProviderProps {
  project: number;
  kind: (typeof kinds)[number];
  provider: HealthProvider | undefined;
}

function Provider({ project, kind, provider }: ProviderProps) {
  const [removing, setRemoving] = useState(false);
  const create = useMutation({
    mutationFn: () => createHealthProvider(project, kind.name),
    onSuccess: () => notifyDone(`${kind.name} is set up`),
    onError: notifyFailed,
  });
  return (
    <div className="card" style={{ padding: 14 }} role="group" aria-label={kind.name}>
      <Group justify="space-between" gap="xs" mb={provider ? 'xs' : 0}>
        <div style={{ flex: '1 1 220px' }}>
          <Text size="sm" fw={600}>
            {kind.name}
          </Text>
          <Text size="sm" c="dimmed">
            {kind.description}
          </Text>
        </div>
        {!provider && (
          <Button
            variant="default"
            aria-label={`Set up ${kind.name}`}
            loading={create.isPending}
            onClick={() => create.mutate()}
          >
            Set up
          </Button>
        )}
      </Group>
      {provider && (
        <>
          <CopyField
            name={`Address for ${kind.name}`}
            value={provider.webhook_url}
            secret
            note={`Whoever knows it can post. Set up by ${provider.created_by ?? 'an API key'}.`}
            actions={
              <ActionIcon color="red" aria-label={`Remove ${kind.name}`} onClick={() => setRemoving(true)}>
                <IconTrash size={16} />
              </ActionIcon>
            }
          />
          {kind.name === 'Grafana' ? (
            <Text size="xs" c="dimmed" mt="xs" component="div">
              Add it as a webhook contact point, and give alerts the label <Code>flagsmith_feature</Code> with the name
              of the feature; <Code>flagsmith_environment</Code> where it is about one environment.
            </Text>
          ) : (
            <Text size="xs" c="dimmed" mt="xs" component="div">
              Post JSON such as this; <Code>healthy</Code> takes it back:
              <Code block mt={4} tabIndex={0}>
                {example}
              </Code>
            </Text>
          )}
        </>
      )}
      {removing && (
        <ConfirmDialog
          title={`Remove ${kind.name}?`}
          action="Remove"
          onConfirm={() => deleteHealthProvider(project, kind.name)}
          onClose={() => setRemoving(false)}
        >
          Its address stops working. Setting it up again makes a new one.
        </ConfirmDialog>
      )}
    </div>
  );
}
