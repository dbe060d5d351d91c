import { Alert, Button, Group, Text } from '@mantine/core';
import { IconCloudOff } from '@tabler/icons-react';
import { useEffect } from 'react';
import { call } from '../api/client.ts';
import { queryClient } from '../api/query.ts';
import { noteReachable, useReachable } from '../api/reachability.ts';

const pauseMs = 3000;

/** Says that the server does not answer, asks it again by itself, and has everything read again once it does. */
export function UnreachableBanner() {
  const reachable = useReachable();
  useEffect(() => {
    const lost = () => noteReachable(false);
    const found = () => void ask();
    addEventListener('offline', lost);
    addEventListener('online', found);
    return () => {
      removeEventListener('offline', lost);
      removeEventListener('online', found);
    };
  }, []);
  useEffect(() => {
    if (reachable) return;
    const timer = setInterval(() => void ask(), pauseMs);
    return () => {
      clearInterval(timer);
      void queryClient.invalidateQueries();
    };
  }, [reachable]);
  return (
    <div role="status">
      {!reachable && (
        <Alert color="yellow" icon={<IconCloudOff size={20} />} title="The server cannot be reached" mb="md">
          <Group justify="space-between" gap="xs">
            <Text size="sm">
              Drafts stay in this browser. What you see may be out of date; we keep trying by ourselves.
            </Text>
            <Button size="compact-sm" variant="default" onClick={() => void ask()}>
              Try now
            </Button>
          </Group>
        </Alert>
      )}
    </div>
  );
}

/** The answer itself says whether the server is there; what it holds is read again anyway. */
async function ask(): Promise<void> {
  await call('getSession', {}).catch(() => {});
}
