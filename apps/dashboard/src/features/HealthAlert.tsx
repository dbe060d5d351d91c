import type { FeaturePage, HealthEvent } from '@halyard/contract';
import { Alert, Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { IconHeartBroken } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { notifyDone, notifyFailed } from '../ui/notify.ts';
import { Time } from '../ui/Time.tsx';
import { dismissHealthEvent, healthEvents } from './queries.ts';

/** What monitoring says is wrong with a feature that has the tag for it, and a way to say that it is not. */
export function HealthAlert({ page: { feature, project, environments } }: { page: FeaturePage }) {
  const query = useQuery(healthEvents(project.id));
  const events = query.data?.filter((event) => event.feature === feature.id && event.type === 'UNHEALTHY') ?? [];
  if (events.length === 0) return null;
  return (
    <Alert color="red" icon={<IconHeartBroken size={20} />} title="This feature is unhealthy" mb="md">
      <Stack gap="sm">
        {events.map((event) => (
          <Event
            key={event.id}
            event={event}
            project={project.id}
            place={environments.find(({ id }) => id === event.environment)?.name}
            mayDismiss={project.my_permissions.admin}
          />
        ))}
      </Stack>
    </Alert>
  );
}

interface EventProps {
  event: HealthEvent;
  project: number;
  place: string | undefined;
  mayDismiss: boolean;
}

function Event({ event, project, place, mayDismiss }: EventProps) {
  const dismiss = useMutation({
    mutationFn: () => dismissHealthEvent(project, event.id),
    onSuccess: () => notifyDone('Dismissed'),
    onError: notifyFailed,
  });
  return (
    <Group justify="space-between" align="flex-start" wrap="nowrap">
      <div style={{ minWidth: 0 }}>
        <Text size="sm">
          {event.provider_name ?? 'A provider'} told so <Time at={event.created_at} />
          {place && ` in ${place}`}.
        </Text>
        {event.reason?.text_blocks.map(({ title, text }) => (
          <Text key={text} size="sm" style={{ overflowWrap: 'anywhere' }}>
            {title && <b>{title}: </b>}
            {text}
          </Text>
        ))}
        <Group gap="sm">
          {event.reason?.url_blocks
            .filter(({ url }) => /^https?:\/\//i.test(url))
            .map(({ title, url }) => (
              <Anchor key={url} href={url} size="sm" target="_blank" rel="noreferrer">
                {title ?? url}
              </Anchor>
            ))}
        </Group>
      </div>
      {mayDismiss && (
        <Button size="compact-sm" variant="default" loading={dismiss.isPending} onClick={() => dismiss.mutate()}>
          Dismiss
        </Button>
      )}
    </Group>
  );
}
