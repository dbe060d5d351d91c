import type { AuthorisedApplication } from '@halyard/contract';
import { Button, Group, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Card } from '../ui/Card.tsx';
import { notifyDone, notifyFailed } from '../ui/notify.ts';
import { Loaded } from '../ui/States.tsx';
import { Time } from '../ui/Time.tsx';
import { applications, endApplication } from './queries.ts';

/** Programs that one lets act for oneself, each with a way to end it. */
export function Applications() {
  const query = useQuery(applications());
  const end = useMutation({
    mutationFn: ({ client_id }: AuthorisedApplication) => endApplication(client_id),
    onSuccess: (_, { name }) => notifyDone(`${name} can no longer act for you`),
    onError: notifyFailed,
  });
  return (
    <Card title="Applications">
      <Loaded query={query} rows={1}>
        {(list) =>
          list.length === 0 ? (
            <Text size="sm">None. Programs and assistants that you allow to act for you are listed here.</Text>
          ) : (
            <Stack gap="sm" component="ul" m={0} p={0} style={{ listStyle: 'none' }}>
              {list.map((application) => (
                <Group key={application.client_id} component="li" justify="space-between" wrap="nowrap">
                  <div style={{ minWidth: 0 }}>
                    <Text size="sm" fw={600} truncate>
                      {application.name}
                    </Text>
                    <Text size="xs" c="dimmed">
                      {application.scopes.includes('admin-api') ? 'All that you can do' : 'Features only'} · last used{' '}
                      <Time at={application.last_used_at} />
                    </Text>
                  </div>
                  <Button
                    variant="default"
                    size="xs"
                    aria-label={`Remove ${application.name}`}
                    loading={end.isPending && end.variables.client_id === application.client_id}
                    onClick={() => end.mutate(application)}
                  >
                    Remove
                  </Button>
                </Group>
              ))}
            </Stack>
          )
        }
      </Loaded>
    </Card>
  );
}
