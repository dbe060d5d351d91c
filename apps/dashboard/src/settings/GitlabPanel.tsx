import type { IntegrationSettings } from '@halyard/contract';
import { Button, Group, PasswordInput, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';
import { useSave } from '../ui/useSave.tsx';
import { disconnectGitlab, saveGitlab } from './queries.ts';

interface GitlabPanelProps {
  project: number;
  gitlab: NonNullable<IntegrationSettings['gitlab']>;
}

/** The GitLab that a project's features are linked to. */
export function GitlabPanel({ project, gitlab: { integration } }: GitlabPanelProps) {
  const [address, setAddress] = useState(integration?.gitlab_instance_url ?? 'https://gitlab.com');
  const [token, setToken] = useState('');
  const [labelling, setLabelling] = useState(integration?.labeling_enabled ?? true);
  const [asking, setAsking] = useState(false);
  const { save, saving, errors, failure } = useSave(
    async () => {
      await saveGitlab(project, integration?.id, {
        gitlab_instance_url: address.trim(),
        labeling_enabled: labelling,
        ...(token !== '' && { access_token: token.trim() }),
      });
      setToken('');
    },
    integration ? 'Saved' : 'GitLab is connected',
  );
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        Features are linked to issues and merge requests, on the Settings tab of each feature. What is linked gets
        comments when the feature changes, and the feature gets tags that say how it does.
      </Text>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <Stack>
          {failure('gitlab_instance_url', 'access_token', 'labeling_enabled')}
          <TextInput
            label="Address"
            type="url"
            required
            maxLength={200}
            error={errors.gitlab_instance_url}
            value={address}
            onChange={(event) => setAddress(event.currentTarget.value)}
          />
          <PasswordInput
            label="Access token"
            description={
              integration
                ? 'Leave it empty to keep the one that is there; another address needs it again'
                : 'Of a project, a group or a person, as maintainer, with the scope api'
            }
            placeholder={integration ? '••••••••' : 'glpat-…'}
            required={!integration}
            autoComplete="off"
            maxLength={300}
            visibilityToggleButtonProps={{ 'aria-label': 'Show the access token' }}
            error={errors.access_token}
            value={token}
            onChange={(event) => setToken(event.currentTarget.value)}
          />
          <Switch
            label="Label what is linked"
            description="Issues and merge requests get a label at GitLab"
            checked={labelling}
            onChange={(event) => setLabelling(event.currentTarget.checked)}
          />
          <Group justify="flex-end">
            <Button type="submit" loading={saving}>
              {integration ? 'Save' : 'Connect'}
            </Button>
          </Group>
        </Stack>
      </form>
      {integration && (
        <Button variant="light" color="red" w="fit-content" onClick={() => setAsking(true)}>
          Disconnect
        </Button>
      )}
      {asking && integration && (
        <ConfirmDialog
          title="Disconnect GitLab?"
          action="Disconnect"
          onConfirm={() => disconnectGitlab(project, integration.id)}
          onClose={() => setAsking(false)}
        >
          Linked issues and merge requests get no more comments. The token is deleted here, and GitLab is asked to tell
          nothing any more.
        </ConfirmDialog>
      )}
    </Stack>
  );
}
