import { Group, Pagination, Stack, Text } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Loaded } from '../ui/States.tsx';
import { Time } from '../ui/Time.tsx';
import { type Delivery, DeliveryState } from './DeliveryState.tsx';

export const deliveriesPerPage = 10;

/** The deliveries of one webhook or integration, page by page. */
export interface DeliverySource {
  /** What tells it from others: words and numbers. */
  key: (string | number)[];
  load: (page: number) => Promise<{ count: number; results: Delivery[] }>;
}

const eventNames: Record<string, string> = {
  FLAG_UPDATED: 'A feature changed',
  FLAG_DELETED: 'A feature was deleted',
  NEW_VERSION_PUBLISHED: 'A version went live',
  AUDIT_LOG_CREATED: 'Something was changed',
};

/** What was sent lately, the newest first, while it is open as fresh as it gets. */
export function DeliveryLog({ source }: { source: DeliverySource }) {
  const [number, setNumber] = useState(1);
  const query = useQuery({
    queryKey: ['deliveries', ...source.key, number],
    queryFn: () => source.load(number),
    staleTime: 0,
    refetchInterval: 3000,
    placeholderData: keepPreviousData,
  });
  return (
    <Loaded query={query} rows={3}>
      {({ count, results }) =>
        count === 0 ? (
          <Text size="sm" c="dimmed">
            Nothing was sent in the last two weeks. The next change shows up here.
          </Text>
        ) : (
          <Stack gap="sm">
            <Stack gap={0} component="ul" p={0} m={0} style={{ listStyle: 'none' }} aria-label="Deliveries">
              {results.map((delivery) => (
                <li key={delivery.id} style={{ borderTop: '1px solid var(--line)', padding: '8px 0' }}>
                  <Line delivery={delivery} />
                </li>
              ))}
            </Stack>
            {count > deliveriesPerPage && (
              <Pagination
                size="sm"
                aria-label="Pages of deliveries"
                total={Math.ceil(count / deliveriesPerPage)}
                value={number}
                onChange={setNumber}
                getControlProps={(control) => ({ 'aria-label': `${control} page` })}
              />
            )}
          </Stack>
        )
      }
    </Loaded>
  );
}

function Line({ delivery }: { delivery: Delivery }) {
  const { attempts, response_status, error, next_attempt_at } = delivery;
  return (
    <Group gap="xs" justify="space-between">
      <Group gap="xs">
        <DeliveryState delivery={delivery} />
        <Text size="sm">
          {'event_type' in delivery ? (eventNames[delivery.event_type] ?? delivery.event_type) : 'A message'}
        </Text>
      </Group>
      <Text size="xs" c="dimmed" component="div">
        {response_status !== null && `answered ${response_status} · `}
        {error !== null && `${error} · `}
        {attempts > 0 && `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'} · `}
        {next_attempt_at !== null && (
          <>
            next try <Time at={next_attempt_at} /> ·{' '}
          </>
        )}
        <Time at={delivery.created_at} />
      </Text>
    </Group>
  );
}
