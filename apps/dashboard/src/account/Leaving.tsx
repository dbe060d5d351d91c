import type { CurrentUser } from '@halyard/contract';
import { Button, Checkbox, Group, Modal, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { queryClient } from '../api/query.ts';
import { forgetToken } from '../api/token.ts';
import { Card } from '../ui/Card.tsx';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';
import { notifyDone } from '../ui/notify.ts';
import { closeAccount, endOtherSessions } from './queries.ts';
import { SavingForm } from './SavingForm.tsx';

/** Every other browser and script that is logged in is out. */
export function Sessions() {
  const [asking, setAsking] = useState(false);
  return (
    <Card title="Logins">
      <Text size="sm">
        Lost a laptop, or showed a token to somebody? End every login but this one; scripts that use your own token need
        a new one then.
      </Text>
      <Group>
        <Button variant="default" onClick={() => setAsking(true)}>
          Log out everywhere else
        </Button>
      </Group>
      {asking && (
        <ConfirmDialog
          title="Log out everywhere else?"
          action="Log out"
          onConfirm={() => endOtherSessions().then(() => notifyDone('You are logged in here only'))}
          onClose={() => setAsking(false)}
        >
          Other browsers, and scripts that use a token of yours, are out at once. You stay logged in here.
        </ConfirmDialog>
      )}
    </Card>
  );
}

/** The end of an account, with what happens to organisations that would have nobody. */
export function CloseAccount({ user }: { user: CurrentUser }) {
  const [asking, setAsking] = useState(false);
  return (
    <Card title="Close the account">
      <Text size="sm">You leave every organisation, and your name goes. What you changed stays in the history.</Text>
      <Group>
        <Button variant="default" c="var(--mantine-color-error)" onClick={() => setAsking(true)}>
          Close my account
        </Button>
      </Group>
      {asking && <CloseDialog user={user} onClose={() => setAsking(false)} />}
    </Card>
  );
}

function CloseDialog({ user, onClose }: { user: CurrentUser; onClose: () => void }) {
  const navigate = useNavigate();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [orphans, setOrphans] = useState(false);
  return (
    <Modal opened onClose={onClose} title={<Text fw={600}>Close your account for good?</Text>}>
      <SavingForm
        button="Close the account"
        color="red.8"
        disabled={email.trim().toLowerCase() !== user.email.toLowerCase() || password === ''}
        save={async () => {
          await closeAccount(password, orphans);
          forgetToken();
          await navigate({ to: '/login' });
          queryClient.clear();
        }}
      >
        {(fields) => (
          <Stack gap="sm">
            <Text size="sm">This cannot be taken back.</Text>
            <TextInput
              label={`Type ${user.email} to go on`}
              autoComplete="off"
              value={email}
              onChange={(event) => setEmail(event.currentTarget.value)}
              data-autofocus
            />
            <PasswordInput
              label="Password"
              autoComplete="current-password"
              error={fields.current_password}
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
            />
            <Checkbox
              label="Delete organisations that nobody else belongs to, with all their projects"
              description="Flags of theirs stop being served. Leave this off to be told if there are any."
              error={fields.delete_orphan_organisations}
              checked={orphans}
              onChange={(event) => setOrphans(event.currentTarget.checked)}
            />
          </Stack>
        )}
      </SavingForm>
    </Modal>
  );
}
