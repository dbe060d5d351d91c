import { Group, Paper, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useContext } from 'react';
import { HeadingLevel } from './headings.ts';

interface CardProps {
  title: string;
  /** One or two quiet lines under the title. */
  description?: ReactNode;
  /** Stands opposite the title. */
  aside?: ReactNode;
  children?: ReactNode;
}

/** A part of a page with a heading of its own. */
export function Card({ title, description, aside, children }: CardProps) {
  const level = useContext(HeadingLevel);
  return (
    <Paper p="md" bg="var(--card)" component="section" aria-label={title}>
      <Group justify="space-between" align="flex-start" gap="sm">
        <div style={{ flex: '1 1 220px', minWidth: 0 }}>
          <Title order={level} size="h5">
            {title}
          </Title>
          {description && (
            <Text size="xs" c="dimmed" component="div" mt={2}>
              {description}
            </Text>
          )}
        </div>
        {aside}
      </Group>
      {children && (
        <Stack gap="sm" mt="sm">
          {children}
        </Stack>
      )}
    </Paper>
  );
}
