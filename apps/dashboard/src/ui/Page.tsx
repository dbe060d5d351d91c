import { Box, Group, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect, useRef } from 'react';

interface PageProps {
  title: string;
  /** What stands behind the title in the browser's tab, such as the project's name. */
  of?: string | undefined;
  /** One line under the title. */
  description?: ReactNode;
  actions?: ReactNode;
  /** Widest reading width in pixels; without it the page uses the window. */
  width?: number;
  children: ReactNode;
}

/** A screen: its title in the tab and as heading, which takes the focus when one comes from another screen. */
export function Page({ title, of, description, actions, width, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = [title, of, 'Halyard'].filter(Boolean).join(' · ');
  }, [title, of]);
  useEffect(() => {
    if (document.activeElement === document.body || document.activeElement === null) {
      heading.current?.focus({ preventScroll: true });
    }
  }, []);
  return (
    <Box maw={width ?? 'none'}>
      <Group justify="space-between" align="flex-start" mb="md" gap="sm">
        <Box miw={0}>
          <Title order={1} size="h3" ref={heading} tabIndex={-1}>
            {title}
          </Title>
          {description && (
            <Text size="sm" c="dimmed" mt={2} component="div">
              {description}
            </Text>
          )}
        </Box>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Box>
  );
}
