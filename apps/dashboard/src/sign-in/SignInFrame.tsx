import { Box, Center, Paper, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import { Brand } from '../ui/Brand.tsx';

interface SignInFrameProps {
  title: string;
  description?: ReactNode;
  children: ReactNode;
  footer?: ReactNode;
}

/** The card in the middle that all pages before the login share. */
export function SignInFrame({ title, description, children, footer }: SignInFrameProps) {
  useEffect(() => {
    document.title = `${title} · Halyard`;
  }, [title]);
  return (
    <Center component="main" mih="100dvh" px="md" py="xl">
      <Stack w="100%" maw={400} gap="lg">
        <Center>
          <Brand />
        </Center>
        <Paper p={{ base: 'lg', xs: 'xl' }} shadow="sm" bg="var(--card)">
          <Title order={1} size="h3" mb={4}>
            {title}
          </Title>
          {description && (
            <Text size="sm" c="dimmed" mb="lg" component="div">
              {description}
            </Text>
          )}
          <Box mt="md">{children}</Box>
        </Paper>
        {footer && (
          <Text size="sm" c="dimmed" ta="center" component="div">
            {footer}
          </Text>
        )}
      </Stack>
    </Center>
  );
}
