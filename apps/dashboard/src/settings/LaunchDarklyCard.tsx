import type { LaunchDarklyImport } from '@halyard/contract';
import { Anchor, Badge, Button, Group, List, Loader, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { IconChevronDown, IconUpload } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useId, useState } from 'react';
import { Card } from '../ui/Card.tsx';
import { Time } from '../ui/Time.tsx';
import { useSave } from '../ui/useSave.tsx';
import { importFromLaunchDarkly } from './queries.ts';

interface LaunchDarklyCardProps {
  project: number;
  /** The newest first. */
  imports: LaunchDarklyImport[];
}

/** Brings a project of LaunchDarkly in, and tells how that went, now and earlier. */
export function LaunchDarklyCard({ project, imports }: LaunchDarklyCardProps) {
  const [token, setToken] = useState('');
  const [projectKey, setProjectKey] = useState('');
  const { save, saving, errors, failure } = useSave(async () => {
    await importFromLaunchDarkly(project, { token: token.trim(), project_key: projectKey.trim() });
    setToken('');
  }, null);
  const isUnderWay = imports.some(({ completed_at }) => completed_at === null);
  return (
    <Card
      title="Bring a project in from LaunchDarkly"
      description="Its environments, flags, targets, rules and segments come into this project. What is here already stays as it is, so an import can be repeated."
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <Stack gap="sm">
          {failure('token', 'project_key')}
          <Group align="flex-start" gap="sm">
            <PasswordInput
              flex="2 1 240px"
              label="Access token"
              description="The role Reader will do. It is forgotten when the import is done"
              placeholder="api-…"
              required
              autoComplete="off"
              maxLength={2000}
              visibilityToggleButtonProps={{ 'aria-label': 'Show the access token' }}
              error={errors.token}
              value={token}
              onChange={(event) => setToken(event.currentTarget.value)}
            />
            <TextInput
              flex="1 1 200px"
              label="Project key"
              description="As LaunchDarkly names it under Projects"
              placeholder="default"
              required
              maxLength={255}
              error={errors.project_key}
              value={projectKey}
              onChange={(event) => setProjectKey(event.currentTarget.value)}
            />
          </Group>
          <Group justify="flex-end">
            <Button
              type="submit"
              leftSection={<IconUpload size={16} />}
              loading={saving}
              disabled={isUnderWay || token.trim() === '' || projectKey.trim() === ''}
            >
              Start the import
            </Button>
          </Group>
        </Stack>
      </form>
      {imports.length > 0 && (
        <Stack
          gap={0}
          component="ul"
          p={0}
          m={0}
          style={{ listStyle: 'none' }}
          aria-label="Imports from LaunchDarkly"
          aria-live="polite"
        >
          {imports.map((one, index) => (
            <Import key={one.id} of={one} isNewest={index === 0} />
          ))}
        </Stack>
      )}
    </Card>
  );
}

const results = {
  success: { color: 'green', label: 'Done' },
  incomplete: { color: 'yellow', label: 'Done, but not all of it' },
  failure: { color: 'red', label: 'Failed' },
};

function Import({ of, isNewest }: { of: LaunchDarklyImport; isNewest: boolean }) {
  const { result, error_messages: messages } = of.status;
  const [opened, setOpened] = useState<boolean>();
  const isOpen = opened ?? isNewest;
  const list = useId();
  return (
    <li style={{ borderTop: '1px solid var(--line)', padding: '10px 0' }}>
      <Group justify="space-between" gap="xs">
        <Group gap="xs">
          {result === null ? (
            <>
              <Loader size={14} aria-hidden />
              <Badge color="yellow">At work</Badge>
            </>
          ) : (
            <Badge color={results[result].color}>{results[result].label}</Badge>
          )}
          <Text size="sm">{told(of)}</Text>
          <Text size="xs" c="dimmed">
            <Time at={of.created_at} />
            {of.created_by !== null && ` by ${of.created_by}`}
          </Text>
        </Group>
        {messages.length > 0 && (
          <Button
            size="compact-sm"
            variant="subtle"
            rightSection={
              <IconChevronDown size={14} style={{ transform: isOpen ? undefined : 'rotate(-90deg)' }} aria-hidden />
            }
            aria-expanded={isOpen}
            aria-controls={list}
            onClick={() => setOpened(!isOpen)}
          >
            {messages.length === 1 ? 'One note' : `${messages.length.toLocaleString()} notes`}
          </Button>
        )}
        {isNewest && result !== null && result !== 'failure' && (
          <Anchor component={Link} to={`/projects/${of.project}/features`} size="sm" underline="always">
            See the features
          </Anchor>
        )}
      </Group>
      {messages.length > 0 && isOpen && (
        <List id={list} size="sm" mt={6} mah={260} spacing={2} style={{ overflowY: 'auto' }} tabIndex={0}>
          {messages.map((message, index) => (
            <List.Item key={index} style={{ overflowWrap: 'anywhere' }}>
              {message}
            </List.Item>
          ))}
        </List>
      )}
    </li>
  );
}

function told({ status }: LaunchDarklyImport): string {
  const { result, requested_environment_count: environments, requested_flag_count: flags } = status;
  if (result === null) return 'LaunchDarkly is read. It goes on when you leave this page';
  if (result === 'failure') return 'Nothing was changed';
  if (environments === null || flags === null) return 'It is here';
  const counted = (count: number, word: string) => `${count.toLocaleString()} ${word}${count === 1 ? '' : 's'}`;
  return `${counted(flags, 'flag')} in ${counted(environments, 'environment')}`;
}
