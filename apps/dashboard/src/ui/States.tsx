import { Alert, Box, Button, Center, Skeleton, Stack, Text, ThemeIcon, Title, VisuallyHidden } from '@mantine/core';
import { IconAlertTriangle, IconCloudOff, IconInbox } from '@tabler/icons-react';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { messageFor, UnreachableError } from '../api/errors.ts';

/** Grey bars in the place of what is on its way. */
export function Loading({ rows = 6 }: { rows?: number }) {
  return (
    <Stack gap="sm" role="status">
      <VisuallyHidden>Loading</VisuallyHidden>
      {Array.from({ length: rows }, (_, index) => (
        <Skeleton key={index} height={36} radius="md" opacity={1 - index / (rows + 2)} />
      ))}
    </Stack>
  );
}

/** What failed, and a way to try again. */
export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
  const Icon = error instanceof UnreachableError ? IconCloudOff : IconAlertTriangle;
  return (
    <Alert color="red" icon={<Icon size={20} />} title="This could not be loaded" role="alert">
      <Text size="sm">{messageFor(error)}</Text>
      {retry && (
        <Button mt="sm" size="xs" variant="light" color="red" onClick={retry}>
          Try again
        </Button>
      )}
    </Alert>
  );
}

interface EmptyProps {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  icon?: ReactNode;
}

/** Nothing here: why, and what to do about it. */
export function Empty({ title, children, action, icon = <IconInbox size={24} /> }: EmptyProps) {
  return (
    <Center py={48} px="md">
      <Stack align="center" gap="xs" maw={440} ta="center">
        <ThemeIcon size={52} radius="xl" variant="light" aria-hidden>
          {icon}
        </ThemeIcon>
        <Title order={2} size="h4" mt="xs">
          {title}
        </Title>
        {children && (
          <Text size="sm" c="dimmed" component="div">
            {children}
          </Text>
        )}
        {action && <Box mt="sm">{action}</Box>}
      </Stack>
    </Center>
  );
}

interface LoadedProps<T> {
  query: UseQueryResult<T>;
  /** Grey rows to show while it loads. */
  rows?: number;
  children: (data: T) => ReactNode;
}

/** Shows a query's loading, failure or data. What was shown once stays while it is read again. */
export function Loaded<T>({ query, rows, children }: LoadedProps<T>) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.isError) return <Failed error={query.error} retry={() => void query.refetch()} />;
  return <Loading {...(rows !== undefined && { rows })} />;
}
